/* SPDX-License-Identifier: BSD-2-Clause */
#include "port/census.h"

#include <stdio.h>
#include <stdlib.h>

struct census {
	const struct frames *frames;
	uint32_t met;
	char error[128];     /* the first thing found wrong */
	const char *where[]; /* a frame: where it was met, or NULL */
};

struct census *census_new(const struct frames *f)
{
	struct census *s = calloc(1, sizeof(*s) + f->n * sizeof(s->where[0]));

	if (s != NULL)
		s->frames = f;
	return s;
}

void census_free(struct census *s)
{
	free(s);
}

void census_frame(struct census *s, uint64_t addr, const char *where)
{
	uint64_t i = addr >> s->frames->shift;

	if (s->error[0] != 0)
		return;
	if (i >= s->frames->n) {
		snprintf(s->error, sizeof(s->error), "address %#llx in %s is outside the memory",
		         (unsigned long long)addr, where);
		return;
	}
	if (s->where[i] != NULL) {
		snprintf(s->error, sizeof(s->error), "frame %llu is in %s and in %s",
		         (unsigned long long)i, s->where[i], where);
		return;
	}
	s->where[i] = where;
	s->met++;
}

void census_cache(struct census *s, const struct frame_cache *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		census_frame(s, c->addr[i], "a free list");
}

void census_depot(struct census *s, const struct depot *d)
{
	uint32_t n = 0;

	/* Where a frame was met twice, the walk may not end by itself. */
	for (uint32_t at = (uint32_t)d->top; at != 0 && n < s->frames->n; at = d->below[at - 1]) {
		const uint64_t *addr = depot_magazine(d, at);

		for (int i = 0; i < DEPOT_MAGAZINE; i++, n++)
			census_frame(s, addr[i], "the depot");
	}
}

static void census_addrs(struct census *s, const void *ring, const uint32_t *ends[2], uint32_t mask,
                         const char *where)
{
	const uint64_t *addr = ring;

	for (uint32_t i = *ends[0]; i != *ends[1]; i++)
		census_frame(s, addr[i & mask], where);
}

static void census_descs(struct census *s, const void *ring, const uint32_t *ends[2], uint32_t mask,
                         const char *where)
{
	const struct xdp_desc *desc = ring;

	for (uint32_t i = *ends[0]; i != *ends[1]; i++)
		census_frame(s, desc[i & mask].addr, where);
}

void census_port(struct census *s, const struct port *port)
{
	for (uint16_t i = 0; i < port->n_queues; i++) {
		const struct port_queue *q = &port->queue[i];

		census_descs(s, q->rx.ring, (const uint32_t *[]){q->rx.consumer, q->rx.producer},
		             q->rx.mask, "an rx ring");
		census_descs(s, q->tx.ring, (const uint32_t *[]){q->tx.consumer, q->tx.producer},
		             q->tx.mask, "a tx ring");
		census_addrs(s, q->fill.ring,
		             (const uint32_t *[]){q->fill.consumer, q->fill.producer}, q->fill.mask,
		             "a fill ring");
		census_addrs(s, q->comp.ring,
		             (const uint32_t *[]){q->comp.consumer, q->comp.producer}, q->comp.mask,
		             "a completion ring");
	}
}

const char *census_result(struct census *s)
{
	if (s->error[0] == 0 && s->met != s->frames->n) {
		uint32_t i = 0;

		while (s->where[i] != NULL)
			i++;
		snprintf(s->error, sizeof(s->error), "%u of %u frames are lost, frame %u first",
		         s->frames->n - s->met, s->frames->n, i);
	}
	return s->error[0] == 0 ? NULL : s->error;
}

const char *frames_check(const struct frame_cache *c, struct port *const *ports, uint16_t n)
{
	static __thread char line[128];
	struct census *s = census_new(c->frames);
	const char *error;

	if (s == NULL)
		return "no memory to count frames";
	census_cache(s, c);
	for (uint16_t i = 0; i < n; i++) {
		if (ports[i] != NULL)
			census_port(s, ports[i]);
	}
	error = census_result(s);
	if (error != NULL)
		snprintf(line, sizeof(line), "%s", error);
	census_free(s);
	return error == NULL ? NULL : line;
}
