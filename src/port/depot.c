/* SPDX-License-Identifier: BSD-2-Clause */
#include "port/depot.h"

#include <errno.h>
#include <stdlib.h>

int depot_new(struct depot **out, struct frames *f)
{
	struct depot *d = aligned_alloc(CACHE_LINE, sizeof(*d));

	if (d == NULL)
		return -ENOMEM;
	*d = (struct depot){.frames = f, .below = calloc(f->n, sizeof(*d->below))};
	if (d->below == NULL) {
		free(d);
		return -ENOMEM;
	}
	*out = d;
	return 0;
}

void depot_free(struct depot *d)
{
	if (d == NULL)
		return;
	free(d->below);
	free(d);
}

/* @top with the magazine @at on it, and one more change. */
static uint64_t depot_top(uint64_t top, uint32_t at)
{
	return ((top >> 32) + 1) << 32 | at;
}

void depot_give(struct depot *d, struct frame_cache *c)
{
	const uint64_t *addr = c->addr + c->n - DEPOT_MAGAZINE;
	uint32_t at = frame_index(d->frames, addr[0]) + 1;
	uint64_t top = __atomic_load_n(&d->top, __ATOMIC_RELAXED);

	assert(c->n >= DEPOT_MAGAZINE);
	for (int i = 0; i < DEPOT_MAGAZINE; i++)
		frame_tag_set(d->frames, addr[i], 0);
	memcpy(depot_magazine(d, at), addr, DEPOT_MAGAZINE * sizeof(*addr));
	c->n -= DEPOT_MAGAZINE;
	/* Before anyone can take it off again: readers never see less than none. */
	__atomic_fetch_add(&d->magazines, 1, __ATOMIC_RELAXED);
	do
		__atomic_store_n(&d->below[at - 1], (uint32_t)top, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&d->top, &top, depot_top(top, at), true,
	                                    __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

bool depot_take(struct depot *d, struct frame_cache *c)
{
	uint64_t top = __atomic_load_n(&d->top, __ATOMIC_ACQUIRE);
	uint32_t at, below;

	do {
		at = (uint32_t)top;
		if (at == 0)
			return false;
		below = __atomic_load_n(&d->below[at - 1], __ATOMIC_RELAXED);
	} while (!__atomic_compare_exchange_n(&d->top, &top, depot_top(top, below), true,
	                                      __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE));
	__atomic_fetch_sub(&d->magazines, 1, __ATOMIC_RELAXED);
	assert(c->n + DEPOT_MAGAZINE <= c->size); /* I2 */
	memcpy(c->addr + c->n, depot_magazine(d, at), DEPOT_MAGAZINE * sizeof(*c->addr));
	c->n += DEPOT_MAGAZINE;
	return true;
}
