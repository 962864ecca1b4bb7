/* SPDX-License-Identifier: BSD-2-Clause */
/* The pipeline's side of ARP: neigh/arp.c judges and answers, this hands answers and news on. */
#include "pipeline/pipeline.h"

static void arp_report(struct pipeline *p, const struct report *r)
{
	/* A few a second of one station are news, more are noise. Each way of claiming for itself:
	 * whoever announces another's address may not drown its answer to our question. */
	uint16_t topic = (uint16_t)(r->claim << 8 | REPORT_ARP);

	if (ask_allowed(p, topic, r->iface, r->ip, 8) && !report_send(p, r))
		counter_add(&p->counters.reports_lost, 1);
}

void arp_stage(struct pipeline *p)
{
	struct batch *b = &p->batch;

	for (uint32_t i = 0; i < b->arp.n; i++) {
		struct pkt *k = &b->arp.pkt[i];
		struct report r = {0};
		bool report = false, answer = false;
		enum verdict v;

		v = arp_input(&p->ifaces->iface[k->in], k, &r, &report, &answer);
		if (report)
			arp_report(p, &r);
		if (answer) {
			counter_add(&p->counters.originated, 1);
			tx_list_add(&b->tx, p->cache.frames, k->data, k->len, k->in);
			k->flags |= PKT_TAKEN;
		}
		pkt_list_add(&b->ended, k, v);
	}
	b->arp.n = 0;
}
