/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handover: who sends by what, and the rings by which a worker hands packets that are ready to be
 * sent to the one that owns the queue. They exist for ports with fewer queues than there are
 * workers. A ring has one worker at each end; order is kept: what came by one queue is handed over
 * by one worker, through one ring, to one transmit queue. Fragments to the router itself go the
 * same way to the worker that puts them together.
 */
#ifndef PIPELINE_HANDOVER_H
#define PIPELINE_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "port/port.h"

#define WORKERS_MAX    32
#define HANDOVER_SLOTS 1024

/* The worker, of @n, that queue @queue of port @port belongs to: both its rx and its tx. By the
 * port's number too, so that ports of one queue each do not all fall to the same worker. */
static inline unsigned int queue_worker(uint16_t port, uint16_t queue, unsigned int n)
{
	return (port + queue) % n;
}

/* The queue of @port that what worker @w, of @n, has for it is sent by: the worker's first one if
 * it has any, else another's. Workers without one are spread over the queues there are. */
static inline uint16_t queue_to_send(const struct port *port, unsigned int w, unsigned int n)
{
	return (uint16_t)((w + n - port->id % n) % n % port->n_tx);
}

/* Beside the number of a port: a fragment to the router itself, which came in by it. */
#define HANDOVER_HOST 0x8000

/* From one worker to one other. A slot's options have the port in their upper half. */
struct handover_ring {
	/* The giver's. */
	cache_aligned uint32_t head; /* handed over up to here; the taker reads it */
	uint32_t next;               /* filled up to here */
	uint32_t seen;               /* @tail as last looked at */
	uint32_t to;                 /* number of the taker */
	/* The taker's. */
	cache_aligned uint32_t tail; /* taken up to here; the giver reads it */
	cache_aligned struct xdp_desc slot[HANDOVER_SLOTS];
};

/* All rings of one daemon. */
struct handover {
	unsigned int n;              /* workers */
	struct handover_ring ring[]; /* n * n: from worker a to b at a * n + b */
};

/* The rings of @n workers, empty. Return: 0 or -ENOMEM. Context: agent. */
[[nodiscard]] int handover_new(struct handover **out, unsigned int n);
void handover_free(struct handover *h);

static inline struct handover_ring *handover_ring(struct handover *h, unsigned int from,
                                                  unsigned int to)
{
	return &h->ring[from * h->n + to];
}

/**
 * handover_fill - put a packet into @r, for @port
 * @d:    its first descriptor; its frames bear no queue's tag when it is pushed (I7)
 * @port: to send it by, or the one it came in by and HANDOVER_HOST
 *
 * The taker sees it after handover_push(). Return: false without room. Context: the giver.
 */
[[nodiscard]] bool handover_fill(struct handover_ring *r, const struct xdp_desc *d, uint16_t port);

/* Hand over what was filled in: the packets' frames are the taker's. Context: the giver. */
void handover_push(struct handover_ring *r);

/* How many packets wait in @r; the oldest is slot[r->tail % HANDOVER_SLOTS]. Context: the taker. */
static inline uint32_t handover_ready(const struct handover_ring *r)
{
	return __atomic_load_n(&r->head, __ATOMIC_ACQUIRE) - r->tail;
}

/* The @n oldest are taken: their slots are the giver's again. Context: the taker. */
void handover_pop(struct handover_ring *r, uint32_t n);

/* Does anything wait for worker @to? Context: that worker. */
bool handover_has(struct handover *h, unsigned int to);

/* Packets in all rings, which is exact when nothing moves. Context: any. */
uint64_t handover_count(const struct handover *h);

#endif
