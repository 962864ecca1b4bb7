/* SPDX-License-Identifier: BSD-2-Clause */
/* The pipeline's side of ARP: neigh/arp.c judges and answers, this hands answers and news on. */
#include "pipeline/pipeline.h"

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
			report_news(p, &r);
		if (answer)
			egress_answer(p, k);
		pkt_list_add(&b->ended, k, v);
	}
	b->arp.n = 0;
}
