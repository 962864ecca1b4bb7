/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/ring.h"

#include <errno.h>
#include <stdlib.h>

#include "base/compiler.h"

struct ring {
	uint32_t mask;
	uint32_t bytes;
	/* Each end's index has a line of its own: no line bounces while a batch goes through. */
	cache_aligned uint32_t head; /* written by the producer */
	cache_aligned uint32_t tail; /* written by the consumer */
	cache_aligned unsigned char slot[];
};

int ring_new(struct ring **out, uint32_t slots, uint32_t bytes)
{
	uint32_t stride = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	struct ring *r;

	if (slots == 0 || (slots & (slots - 1)) != 0)
		return -EINVAL;
	r = aligned_alloc(CACHE_LINE, sizeof(*r) + (size_t)slots * stride);
	if (r == NULL)
		return -ENOMEM;
	r->mask = slots - 1;
	r->bytes = stride;
	r->head = 0;
	r->tail = 0;
	*out = r;
	return 0;
}

void ring_free(struct ring *r)
{
	free(r);
}

static void *ring_slot(struct ring *r, uint32_t index)
{
	return r->slot + (size_t)(index & r->mask) * r->bytes;
}

void *ring_reserve(struct ring *r)
{
	uint32_t tail = __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);

	return r->head - tail > r->mask ? NULL : ring_slot(r, r->head);
}

void *ring_reserve_but(struct ring *r, uint32_t spare)
{
	uint32_t tail = __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);

	return r->head - tail + spare > r->mask ? NULL : ring_slot(r, r->head);
}

void ring_push(struct ring *r)
{
	__atomic_store_n(&r->head, r->head + 1, __ATOMIC_RELEASE);
}

void *ring_peek(struct ring *r)
{
	uint32_t head = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE);

	return head == r->tail ? NULL : ring_slot(r, r->tail);
}

void ring_pop(struct ring *r)
{
	__atomic_store_n(&r->tail, r->tail + 1, __ATOMIC_RELEASE);
}

bool ring_has(const struct ring *r)
{
	return __atomic_load_n(&r->head, __ATOMIC_ACQUIRE) !=
	       __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);
}
