/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A binary heap with room for every entry, so that setting a timer cannot fail: 16 steps with 65536
 * entries, and the next deadline is at hand.
 */
#include <assert.h>

#include "neigh/entry.h"

static void heap_put(struct neigh_table *t, uint32_t i, struct neigh_timer e)
{
	t->heap[i] = e;
	e.n->timer = i + 1;
}

/* Move @e, which belongs at @i or above it, to its place. */
static void heap_rise(struct neigh_table *t, uint32_t i, struct neigh_timer e)
{
	while (i > 0 && t->heap[(i - 1) / 2].due > e.due) {
		heap_put(t, i, t->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_put(t, i, e);
}

/* Move @e, which belongs at @i or below it, to its place. */
static void heap_sink(struct neigh_table *t, uint32_t i, struct neigh_timer e)
{
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child + 1 < t->n_heap && t->heap[child + 1].due < t->heap[child].due)
			child++;
		if (child >= t->n_heap || t->heap[child].due >= e.due)
			break;
		heap_put(t, i, t->heap[child]);
		i = child;
	}
	heap_put(t, i, e);
}

static void heap_place(struct neigh_table *t, uint32_t i, struct neigh_timer e)
{
	if (i > 0 && t->heap[(i - 1) / 2].due > e.due)
		heap_rise(t, i, e);
	else
		heap_sink(t, i, e);
}

void neigh_timer_set(struct neigh_table *t, struct neigh *n, uint64_t due)
{
	uint32_t i = n->timer - 1;

	if (n->timer == 0) {
		assert(t->n_heap < t->limits.entries);
		i = t->n_heap++;
	}
	heap_place(t, i, (struct neigh_timer){due, n});
}

void neigh_timer_cancel(struct neigh_table *t, struct neigh *n)
{
	uint32_t i = n->timer - 1;

	if (n->timer == 0)
		return;
	n->timer = 0;
	t->n_heap--;
	if (i < t->n_heap)
		heap_place(t, i, t->heap[t->n_heap]);
}
