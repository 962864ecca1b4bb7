/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * relay: what other workers hand over, onto the transmit list. Nothing is handed over twice: what
 * this worker has no queue for ends here, as it does when the port went while the packet waited.
 */
#include <uapi/if_xdp.h>

#include "pipeline/pipeline.h"

static void relay_one(struct pipeline *p, const struct xdp_desc *d)
{
	struct tx_list *t = &p->batch.tx;
	uint16_t port = (uint16_t)(d->options >> 16);
	bool chain = d->options & XDP_PKT_CONTD;

	if (p->queues->tx[port] == NULL) {
		const struct pkt k = {.data = frame_data(p->cache.frames, d->addr),
		                      .len = (uint16_t)d->len,
		                      .in = port,
		                      .flags = chain ? PKT_CHAIN : 0};

		pkt_list_add(&p->batch.ended, &k, DROP_TX_DOWN);
		return;
	}
	t->desc[t->n] = *d;
	t->desc[t->n].options = d->options & 0xffff;
	t->port[t->n++] = port;
	t->mixed |= (port ^ t->port[0]) | (chain ? UINT32_MAX : 0);
	t->bytes += d->len;
}

size_t relay_stage(struct pipeline *p, unsigned int from)
{
	struct handover_ring *r = handover_ring(p->handover, from, p->worker);
	uint32_t n = handover_ready(r);

	if (n == 0)
		return 0;
	n = n < BATCH_MAX ? n : BATCH_MAX;
	for (uint32_t i = 0; i < n; i++)
		relay_one(p, &r->slot[(r->tail + i) % HANDOVER_SLOTS]);
	handover_pop(r, n);
	counter_add(&p->counters.relayed, n);
	return n;
}
