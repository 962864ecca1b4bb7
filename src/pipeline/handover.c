/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/handover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int handover_new(struct handover **out, unsigned int n)
{
	size_t bytes = sizeof(struct handover) + (size_t)n * n * sizeof(struct handover_ring);
	struct handover *h = aligned_alloc(CACHE_LINE, bytes);

	if (h == NULL)
		return -ENOMEM;
	memset(h, 0, bytes);
	h->n = n;
	for (unsigned int i = 0; i < n * n; i++)
		h->ring[i].to = i % n;
	*out = h;
	return 0;
}

void handover_free(struct handover *h)
{
	free(h);
}

bool handover_fill(struct handover_ring *r, const struct xdp_desc *d, uint16_t port)
{
	struct xdp_desc *slot = &r->slot[r->next % HANDOVER_SLOTS];

	if (r->next - r->seen == HANDOVER_SLOTS)
		r->seen = __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);
	if (r->next - r->seen == HANDOVER_SLOTS)
		return false;
	*slot = *d;
	slot->options |= (uint32_t)port << 16;
	r->next++;
	return true;
}

void handover_push(struct handover_ring *r)
{
	__atomic_store_n(&r->head, r->next, __ATOMIC_RELEASE);
}

void handover_pop(struct handover_ring *r, uint32_t n)
{
	__atomic_store_n(&r->tail, r->tail + n, __ATOMIC_RELEASE);
}

bool handover_has(struct handover *h, unsigned int to)
{
	for (unsigned int from = 0; from < h->n; from++) {
		if (handover_ready(handover_ring(h, from, to)) > 0)
			return true;
	}
	return false;
}

uint64_t handover_count(const struct handover *h)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < h->n * h->n; i++) {
		uint32_t tail = __atomic_load_n(&h->ring[i].tail, __ATOMIC_RELAXED);

		sum += __atomic_load_n(&h->ring[i].head, __ATOMIC_RELAXED) - tail;
	}
	return sum;
}
