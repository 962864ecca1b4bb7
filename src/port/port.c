/* SPDX-License-Identifier: BSD-2-Clause */
#include "port/port.h"

#include <stddef.h>

uint32_t port_reclaim(struct port_queue *q, struct frame_cache *c)
{
	uint32_t idx = 0;
	uint32_t n = xsk_ring_cons__peek(&q->comp, q->comp.size, &idx);
	uint64_t *to = c->addr + c->n;

	if (n == 0)
		return 0;
	assert(n <= q->tx_pending);  /* I3 */
	assert(c->n + n <= c->size); /* I2 */
	for (uint32_t i = 0; i < n; i++)
		to[i] = frame_base(c->frames, *xsk_ring_cons__comp_addr(&q->comp, idx + i));
	xsk_ring_cons__release(&q->comp, n);
	c->n += n;
	q->tx_pending -= n;
	return n;
}

uint32_t port_refill(struct port_queue *q, struct frame_cache *c)
{
	uint32_t room = xsk_prod_nb_free(&q->fill, q->fill.size);
	uint16_t *tags = c->frames->tag, tag = q->tag;
	uint32_t n = room, shift = c->frames->shift;
	uint32_t idx = 0;
	const uint64_t *from;

	if (unlikely(room > c->n)) {
		n = c->n;
		counter_add(&q->counters.fill_short, 1);
	}
	if (n == 0)
		return 0;
	xsk_ring_prod__reserve(&q->fill, n, &idx);
	from = c->addr + c->n - n;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t addr = from[i];

		*xsk_ring_prod__fill_addr(&q->fill, idx + i) = addr;
		__atomic_store_n(&tags[addr >> shift], tag, __ATOMIC_RELAXED);
	}
	xsk_ring_prod__submit(&q->fill, n);
	c->n -= n;
	return n;
}

/*
 * Is there something that only a system call gets going? In copy mode nothing moves but by a call,
 * and the flag is always up, so the ring itself says whether a call is worth it. A zero-copy driver
 * may need one to collect completions too.
 */
static bool port_tx_waits(const struct port_queue *q)
{
	if (q->tx_pending == 0)
		return false;
	if (q->need_wakeup && !xsk_ring_prod__needs_wakeup(&q->tx))
		return false;
	return q->mode == PORT_MODE_ZERO_COPY ||
	       __atomic_load_n(q->tx.consumer, __ATOMIC_RELAXED) != *q->tx.producer;
}

void port_nudge(struct port_queue *q)
{
	__atomic_store_n(&q->nudged, true, __ATOMIC_RELAXED);
}

void port_kick(struct port_queue *q)
{
	bool nudged = __atomic_load_n(&q->nudged, __ATOMIC_RELAXED);

	if (unlikely(nudged))
		__atomic_store_n(&q->nudged, false, __ATOMIC_RELAXED);
	if (port_tx_waits(q) || nudged) {
		counter_add(&q->counters.tx_kicks, 1);
		q->ops->kick(q, true);
	}
	if ((q->need_wakeup && xsk_ring_prod__needs_wakeup(&q->fill)) || nudged) {
		counter_add(&q->counters.rx_wakeups, 1);
		q->ops->kick(q, false);
	}
}

void port_close(struct port **port)
{
	if (*port != NULL)
		(*port)->ops->close(*port);
	*port = NULL;
}

const char *port_mode_name(enum port_mode mode)
{
	switch (mode) {
	case PORT_MODE_NONE:
		return "none";
	case PORT_MODE_ZERO_COPY:
		return "zero-copy";
	case PORT_MODE_COPY:
		return "copy";
	case PORT_MODE_GENERIC:
		return "generic";
	case PORT_MODE_MEMORY:
		return "memory";
	case PORT_MODE_PCAP:
		return "pcap";
	}
	return "none";
}
