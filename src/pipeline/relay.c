/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * relay: what other workers hand over, onto the transmit list or the host list. Nothing is handed
 * over twice: what this worker has no queue for ends here, as it does when the port went while the
 * packet waited.
 */
#include <uapi/if_xdp.h>

#include "pipeline/chain.h"
#include "pipeline/pipeline.h"

/* What is not sent, as a packet. */
static struct pkt relay_pkt(const struct pipeline *p, const struct xdp_desc *d)
{
	return (struct pkt){
		.data = frame_data(p->cache.frames, d->addr),
		.len = (uint16_t)d->len,
		.in = (uint16_t)(d->options >> 16) & (uint16_t)~HANDOVER_HOST,
		.flags = d->options & XDP_PKT_CONTD ? PKT_CHAIN : 0,
	};
}

/* What input found out about the IPv6 header @h. */
static uint8_t relay_flags6(const uint8_t *h)
{
	uint8_t flags = PKT_IP6;

	if (ip6_next(h) == IP6_HOP_BY_HOP)
		flags |= PKT_OPTIONS;
	if (ip6_is_multicast(ip6_dst(h)))
		flags |= PKT_GROUP;
	if (ip6_is_link_local(ip6_src(h)))
		flags |= PKT_LINK;
	return flags;
}

/* A fragment to the router itself. */
static void relay_host(struct pipeline *p, const struct xdp_desc *d)
{
	struct pkt k = relay_pkt(p, d);

	if (k.flags & PKT_CHAIN)
		k.len += chain_rest_len(p->cache.frames, k.data);
	if (ether_type(k.data) == ETHERTYPE_IP6)
		k.flags |= relay_flags6(k.data + ETHER_LEN);
	pkt_list_add(&p->batch.host, &k, KEEP);
}

static void relay_one(struct pipeline *p, const struct xdp_desc *d)
{
	struct tx_list *t = &p->batch.tx;
	uint16_t port = (uint16_t)(d->options >> 16);
	bool chain = d->options & XDP_PKT_CONTD;

	if (unlikely(port & HANDOVER_HOST)) {
		relay_host(p, d);
		return;
	}
	if (p->queues->tx[port] == NULL) {
		const struct pkt k = relay_pkt(p, d);

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
