/* SPDX-License-Identifier: BSD-2-Clause */
#include "port/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uapi/if_xdp.h>

/* The words that the two ends of a ring share, each on its own line. */
struct ring_words {
	cache_aligned uint32_t producer;
	cache_aligned uint32_t consumer;
	cache_aligned uint32_t flags;
};

enum { RING_RX, RING_TX, RING_FILL, RING_COMP, RING_COUNT };

struct memory_port {
	struct port port;
	struct memory_queue other[];
};

/* The producer's cached consumer runs a ring's size ahead, see xsk_prod_nb_free(). */
static void ring_join(struct xsk_ring_prod *p, struct xsk_ring_cons *c, struct ring_words *w,
                      void *ring, uint32_t size)
{
	*p = (struct xsk_ring_prod){
		.cached_cons = size,
		.mask = size - 1,
		.size = size,
		.producer = &w->producer,
		.consumer = &w->consumer,
		.ring = ring,
		.flags = &w->flags,
	};
	*c = (struct xsk_ring_cons){
		.mask = size - 1,
		.size = size,
		.producer = &w->producer,
		.consumer = &w->consumer,
		.ring = ring,
		.flags = &w->flags,
	};
}

static int memory_queue_init(struct memory_queue *m, struct port_queue *q, uint32_t size)
{
	size_t words = RING_COUNT * sizeof(struct ring_words);
	size_t bytes = words + 2ull * size * (sizeof(struct xdp_desc) + sizeof(uint64_t));
	struct ring_words *w = aligned_alloc(CACHE_LINE, (bytes + CACHE_LINE - 1) & -CACHE_LINE);
	struct xdp_desc *desc;
	uint64_t *addr;

	if (w == NULL)
		return -ENOMEM;
	memset(w, 0, bytes);
	desc = (struct xdp_desc *)((uint8_t *)w + words);
	addr = (uint64_t *)(desc + 2ull * size);
	ring_join(&m->rx, &q->rx, &w[RING_RX], desc, size);
	ring_join(&q->tx, &m->tx, &w[RING_TX], desc + size, size);
	ring_join(&q->fill, &m->fill, &w[RING_FILL], addr, size);
	ring_join(&m->comp, &q->comp, &w[RING_COMP], addr + size, size);
	m->memory = w;
	q->backend = m;
	return 0;
}

static void memory_kick(struct port_queue *q, bool)
{
	struct memory_queue *m = q->backend;

	counter_add(&m->kicks, 1);
}

static void memory_close(struct port *port)
{
	struct memory_port *mp = port->backend;

	for (uint16_t i = 0; i < port->n_queues; i++)
		free(mp->other[i].memory);
	free(port->queue);
	free(mp);
}

static const struct port_ops memory_ops = {
	.kick = memory_kick,
	.close = memory_close,
};

static bool config_valid(const struct memory_config *cfg)
{
	return cfg->n_queues > 0 && cfg->n_queues <= PORT_QUEUE_MAX && cfg->n_tx <= cfg->n_queues &&
	       cfg->ring_size > 0 && (cfg->ring_size & (cfg->ring_size - 1)) == 0 && cfg->tag > 0 &&
	       cfg->tag + cfg->n_queues <= UINT16_MAX;
}

static int memory_port_queues(struct memory_port *mp, struct frames *f,
                              const struct memory_config *cfg)
{
	for (uint16_t i = 0; i < cfg->n_queues; i++) {
		struct port_queue *q = &mp->port.queue[i];
		int err = memory_queue_init(&mp->other[i], q, cfg->ring_size);

		if (err < 0)
			return err;
		mp->other[i].frames = f;
		q->port = cfg->id;
		q->index = i;
		q->tag = (uint16_t)(cfg->tag + i);
		q->need_wakeup = true;
		q->fd = -1;
		q->ops = &memory_ops;
		q->mode = PORT_MODE_MEMORY;
		mp->port.n_queues++;
	}
	return 0;
}

int memory_port_open(struct port **out, struct frames *f, const struct memory_config *cfg)
{
	size_t queue_bytes = cfg->n_queues * sizeof(struct port_queue);
	struct memory_port *mp;
	int err = -ENOMEM;

	if (!config_valid(cfg))
		return -EINVAL;
	mp = calloc(1, sizeof(*mp) + cfg->n_queues * sizeof(mp->other[0]));
	if (mp == NULL)
		return -ENOMEM;
	mp->port.id = cfg->id;
	mp->port.n_tx = cfg->n_tx > 0 ? cfg->n_tx : cfg->n_queues;
	mp->port.mac = cfg->mac;
	mp->port.mtu = cfg->mtu;
	mp->port.partial_csum = cfg->partial_csum;
	mp->port.ops = &memory_ops;
	mp->port.backend = mp;
	snprintf(mp->port.name, sizeof(mp->port.name), "%s", cfg->name);
	mp->port.queue = aligned_alloc(CACHE_LINE, queue_bytes);
	if (mp->port.queue == NULL)
		goto close_port;
	memset(mp->port.queue, 0, queue_bytes);
	err = memory_port_queues(mp, f, cfg);
	if (err < 0)
		goto close_port;
	*out = &mp->port;
	return 0;

close_port:
	memory_close(&mp->port);
	return err;
}

struct memory_queue *memory_port_queue(struct port *port, uint16_t queue)
{
	return port->queue[queue].backend;
}

/* How many entries wait in @r; none is taken. */
static uint32_t ring_ready(struct xsk_ring_cons *r)
{
	r->cached_prod = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
	return r->cached_prod - r->cached_cons;
}

static void ring_take(struct xsk_ring_cons *r, uint32_t n)
{
	r->cached_cons += n;
	xsk_ring_cons__release(r, n);
}

bool memory_port_inject(struct port *port, uint16_t queue, const void *bytes, uint32_t len)
{
	struct memory_queue *m = memory_port_queue(port, queue);
	uint32_t room = m->frames->chunk - FRAME_HEADROOM;
	uint32_t n = len == 0 ? 1 : (len + room - 1) / room;
	const uint8_t *from = bytes;
	uint32_t rx = 0;

	if (ring_ready(&m->fill) < n || xsk_ring_prod__reserve(&m->rx, n, &rx) < n)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t base = *xsk_ring_cons__comp_addr(&m->fill, m->fill.cached_cons + i);
		uint32_t part = len < room ? len : room;
		struct xdp_desc *d = xsk_ring_prod__tx_desc(&m->rx, rx + i);

		d->addr = base + FRAME_HEADROOM;
		d->len = part;
		d->options = i + 1 < n ? XDP_PKT_CONTD : 0;
		if (part > 0)
			memcpy(frame_data(m->frames, d->addr), from, part);
		from += part;
		len -= part;
	}
	ring_take(&m->fill, n);
	xsk_ring_prod__submit(&m->rx, n);
	return true;
}

bool memory_port_take(struct port *port, uint16_t queue, void *buf, uint32_t *len)
{
	struct memory_queue *m = memory_port_queue(port, queue);
	uint8_t *to = buf;
	uint32_t room = *len;
	uint32_t got = 0;
	uint32_t idx;
	uint32_t n = memory_port_tx_peek(port, queue, m->tx.size, &idx);

	for (uint32_t i = 0; i < n; i++) {
		const struct xdp_desc *d = xsk_ring_cons__rx_desc(&m->tx, idx + i);
		uint32_t part = got >= room ? 0 : d->len < room - got ? d->len : room - got;

		if (part > 0)
			memcpy(to + got, frame_data(m->frames, d->addr), part);
		got += d->len;
		if ((d->options & XDP_PKT_CONTD) == 0) {
			memory_port_tx_complete(port, queue, i + 1);
			*len = got;
			return true;
		}
	}
	return false;
}

uint32_t memory_port_fill_take(struct port *port, uint16_t queue, uint64_t *addr, uint32_t max)
{
	struct memory_queue *m = memory_port_queue(port, queue);
	uint32_t n = ring_ready(&m->fill);

	n = n < max ? n : max;
	for (uint32_t i = 0; i < n; i++)
		addr[i] = *xsk_ring_cons__comp_addr(&m->fill, m->fill.cached_cons + i);
	ring_take(&m->fill, n);
	return n;
}

bool memory_port_rx_put(struct port *port, uint16_t queue, const struct xdp_desc *desc, uint32_t n)
{
	struct memory_queue *m = memory_port_queue(port, queue);
	uint32_t idx;

	if (n == 0)
		return true;
	if (xsk_ring_prod__reserve(&m->rx, n, &idx) < n)
		return false;
	for (uint32_t i = 0; i < n; i++)
		*xsk_ring_prod__tx_desc(&m->rx, idx + i) = desc[i];
	xsk_ring_prod__submit(&m->rx, n);
	return true;
}

uint32_t memory_port_tx_peek(struct port *port, uint16_t queue, uint32_t max, uint32_t *idx)
{
	struct memory_queue *m = memory_port_queue(port, queue);
	uint32_t n = ring_ready(&m->tx);

	*idx = m->tx.cached_cons;
	return n < max ? n : max;
}

const struct xdp_desc *memory_port_tx_desc(struct port *port, uint16_t queue, uint32_t idx)
{
	return xsk_ring_cons__rx_desc(&memory_port_queue(port, queue)->tx, idx);
}

void memory_port_tx_complete(struct port *port, uint16_t queue, uint32_t n)
{
	struct memory_queue *m = memory_port_queue(port, queue);
	uint32_t tx = m->tx.cached_cons;
	uint32_t comp = 0;

	if (n == 0)
		return;
	/* I3: at most a ring's size is under way, so completions find room. */
	if (xsk_ring_prod__reserve(&m->comp, n, &comp) < n)
		abort();
	for (uint32_t i = 0; i < n; i++)
		*xsk_ring_prod__fill_addr(&m->comp, comp + i) =
			xsk_ring_cons__rx_desc(&m->tx, tx + i)->addr;
	ring_take(&m->tx, n);
	xsk_ring_prod__submit(&m->comp, n);
}

void memory_port_want_kick(struct port *port, uint16_t queue, bool tx, bool fill)
{
	struct memory_queue *m = memory_port_queue(port, queue);

	__atomic_store_n(m->tx.flags, tx ? XDP_RING_NEED_WAKEUP : 0, __ATOMIC_RELAXED);
	__atomic_store_n(m->fill.flags, fill ? XDP_RING_NEED_WAKEUP : 0, __ATOMIC_RELAXED);
}
