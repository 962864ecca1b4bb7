/* SPDX-License-Identifier: BSD-2-Clause */
#include "route/rib4.h"

#include <assert.h>
#include <errno.h>
#include <sys/random.h>

#include "table/pages.h"

/* The least size fills most of one page of 2 MiB. */
#define MIN_BITS 17

static_assert(sizeof(struct fib4_route) == 12, "a million routes fit in 24 MiB of slots");

static size_t slot_bytes(unsigned int bits)
{
	return sizeof(struct fib4_route) << bits;
}

static size_t next_slot(const struct rib4 *t, size_t i)
{
	return (i + 1) & (((size_t)1 << t->bits) - 1);
}

int rib4_init(struct rib4 *t)
{
	*t = (struct rib4){.bits = MIN_BITS};
	if (getrandom(&t->seed, sizeof(t->seed), 0) != sizeof(t->seed))
		return -ENOMEM;
	t->slot = pages_map(slot_bytes(t->bits), 0);
	return t->slot != NULL ? 0 : -ENOMEM;
}

void rib4_fini(struct rib4 *t)
{
	pages_unmap(t->slot, slot_bytes(t->bits));
}

int rib4_reserve(struct rib4 *t, size_t more)
{
	struct rib4 new = *t;

	/* Three quarters full at most: runs of some eight slots, two lines. */
	while (t->n + more > ((size_t)3 << new.bits) / 4)
		new.bits++;
	if (new.bits == t->bits)
		return 0;
	new.n = 0;
	new.slot = pages_map(slot_bytes(new.bits), 0);
	if (new.slot == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < (size_t)1 << t->bits; i++) {
		if (t->slot[i].nh != 0)
			rib4_add(&new, &t->slot[i]);
	}
	rib4_fini(t);
	*t = new;
	return 0;
}

struct fib4_route *rib4_find(const struct rib4 *t, const struct fib4_route *r)
{
	size_t i = rib4_home(t, r->dst, r->len);

	for (; t->slot[i].nh != 0; i = next_slot(t, i)) {
		struct fib4_route *s = &t->slot[i];

		if (s->dst == r->dst && s->len == r->len && s->source == r->source &&
		    s->metric == r->metric)
			return s;
	}
	return NULL;
}

void rib4_add(struct rib4 *t, const struct fib4_route *r)
{
	size_t i = rib4_home(t, r->dst, r->len);

	while (t->slot[i].nh != 0)
		i = next_slot(t, i);
	t->slot[i] = *r;
	t->n++;
}

/* Close the gap: move up what would otherwise no longer be reached from its home. */
void rib4_del(struct rib4 *t, struct fib4_route *r)
{
	const size_t mask = ((size_t)1 << t->bits) - 1;
	size_t gap = (size_t)(r - t->slot);

	for (size_t i = next_slot(t, gap); t->slot[i].nh != 0; i = next_slot(t, i)) {
		size_t home = rib4_home(t, t->slot[i].dst, t->slot[i].len);

		if (((i - home) & mask) < ((i - gap) & mask))
			continue;
		t->slot[gap] = t->slot[i];
		gap = i;
	}
	t->slot[gap].nh = 0;
	t->n--;
}

bool rib4_wins(const struct fib4_route *a, const struct fib4_route *b)
{
	return a->metric < b->metric || (a->metric == b->metric && a->source < b->source);
}

const struct fib4_route *rib4_best(const struct rib4 *t, uint32_t dst, unsigned int len,
                                   const struct fib4_route *after)
{
	const struct fib4_route *best = NULL;
	size_t i = rib4_home(t, dst, len);

	for (; t->slot[i].nh != 0; i = next_slot(t, i)) {
		const struct fib4_route *s = &t->slot[i];

		if (s->dst != dst || s->len != len || (after != NULL && !rib4_wins(after, s)))
			continue;
		if (best == NULL || rib4_wins(s, best))
			best = s;
	}
	return best;
}

size_t rib4_bytes(const struct rib4 *t)
{
	return slot_bytes(t->bits);
}
