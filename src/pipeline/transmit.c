/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transmit: the transmit list onto the ports' rings. A full ring is counted and never waited for
 * (AF_XDP row 47). Usually all packets of a batch go to one port: that case is one copy.
 */
#include "pipeline/chain.h"
#include "pipeline/pipeline.h"

/* Note in which ring the frame goes down. Return: 1 if the packet was moved here from the frame it
 * came in by; nothing does that, and what the router itself wrote does not count
 * (frame_get_blank()). */
/* NOLINTNEXTLINE(readability-non-const-parameter): the builtin writes through it */
static force_inline uint64_t transmit_tag(uint16_t *slot, uint16_t tag)
{
	uint64_t moved = *slot >> 15;

	assert(moved == 0); /* zero copy means it */
	__atomic_store_n(slot, tag, __ATOMIC_RELAXED);
	return moved;
}

/* One packet, of one frame or a chain. Return: false without room. */
static bool transmit_one(struct pipeline *p, struct port_queue *q, const struct xdp_desc *d)
{
	struct frames *f = p->cache.frames;
	uint8_t *data = frame_data(f, d->addr);
	const struct frame_chain *chain = frame_chain(f, data);
	uint32_t idx, rest = d->options & XDP_PKT_CONTD ? chain->n : 0;
	uint16_t tag = q->tag | FRAME_TAG_OTHER;
	uint64_t bytes = d->len;

	if (!port_tx_reserve(q, 1 + rest, &idx))
		return false;
	counter_add(&p->counters.moved, transmit_tag(&f->tag[d->addr >> f->shift], tag));
	*port_tx_desc(q, idx) = *d;
	for (uint32_t i = 0; i < rest; i++) {
		struct xdp_desc *x = port_tx_desc(q, idx + 1 + i);

		x->addr = chain->part[i].addr;
		x->len = chain->part[i].len;
		x->options = i + 1 < rest ? XDP_PKT_CONTD : 0;
		(void)transmit_tag(&f->tag[x->addr >> f->shift], tag);
		bytes += x->len;
	}
	port_tx_submit(q, 1 + rest);
	counter_add(&q->counters.tx_packets, 1);
	counter_add(&q->counters.tx_bytes, bytes);
	return true;
}

enum verdict transmit_elsewhere(struct pipeline *p, struct handover_ring *via,
                                const struct xdp_desc *d, uint16_t port)
{
	struct frames *f = p->cache.frames;

	if (via == NULL)
		return DROP_TX_DOWN;
	if (!handover_fill(via, d, port))
		return DROP_HANDOVER_FULL;
	/* The end of the queue it came by must not take it along: it is another's now (I7). */
	counter_add(&p->counters.moved, f->tag[frame_index(f, d->addr)] >> 15);
	chain_untag(f, frame_data(f, d->addr), d->options & XDP_PKT_CONTD);
	counter_add(&p->counters.handed_over, 1);
	p->handed |= 1u << via->to;
	return KEEP;
}

void transmit_handed(struct pipeline *p)
{
	static_assert(WORKERS_MAX <= 32, "a bit each");
	for (uint32_t to = p->handed; to != 0; to &= to - 1)
		handover_push(handover_ring(p->handover, p->worker, (uint32_t)__builtin_ctz(to)));
}

/* Return: KEEP, or why it was not sent. */
static enum verdict transmit_each(struct pipeline *p, const struct xdp_desc *d, uint16_t port)
{
	struct port_queue *q = p->queues->tx[port];

	if (q == NULL)
		return transmit_elsewhere(p, p->queues->via[port], d, port);
	if (transmit_one(p, q, d))
		return KEEP;
	counter_add(&q->counters.tx_full, 1);
	return DROP_TX_FULL;
}

/* Several ports, chains, a ring without room for all, or another worker's queue. */
static never_inline void transmit_mixed(struct pipeline *p, struct tx_list *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		enum verdict v = transmit_each(p, &t->desc[i], t->port[i]);
		struct pkt k = {.data = frame_data(p->cache.frames, t->desc[i].addr),
		                .len = (uint16_t)t->desc[i].len,
		                .in = t->port[i]};

		if (v == KEEP)
			continue;
		if (t->desc[i].options & XDP_PKT_CONTD)
			k.flags = PKT_CHAIN;
		pkt_list_add(&p->batch.ended, &k, v);
	}
	transmit_handed(p);
}

/* All to one port, all in one frame each. Return: false without room for all. */
static force_inline bool transmit_same(struct pipeline *p, struct tx_list *t)
{
	struct port_queue *q = p->queues->tx[t->port[0]];
	uint16_t *tags = p->cache.frames->tag, tag;
	uint32_t n = t->n, idx, shift = p->cache.frames->shift;
	uint64_t moved = 0;

	if (unlikely(q == NULL) || !port_tx_reserve(q, n, &idx))
		return false;
	tag = q->tag | FRAME_TAG_OTHER;
	for (uint32_t i = 0; i < n; i++) {
		*port_tx_desc(q, idx + i) = t->desc[i];
		moved += transmit_tag(&tags[t->desc[i].addr >> shift], tag);
	}
	port_tx_submit(q, n);
	counter_add(&q->counters.tx_packets, n);
	counter_add(&q->counters.tx_bytes, t->bytes);
	counter_add(&p->counters.moved, moved);
	return true;
}

void transmit_stage(struct pipeline *p)
{
	struct tx_list *t = &p->batch.tx;

	if (t->n > 0 && (t->mixed != 0 || !transmit_same(p, t)))
		transmit_mixed(p, t);
	t->n = 0;
	t->mixed = 0;
	t->bytes = 0;
}

void transmit_now(struct pipeline *p)
{
	uint32_t ended = p->batch.ended.n;

	if (p->batch.tx.n == 0)
		return;
	transmit_stage(p);
	finish_behind(p, ended);
}

void transmit_room(struct pipeline *p, uint32_t n)
{
	const struct batch *b = &p->batch;

	if (b->tx.n + n > TX_MAX || b->tx.n + n + b->ended.n > ARRAY_SIZE(b->ended.pkt))
		transmit_now(p);
}
