/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place6: which part of the address space an entry of the table is about, and what covers it.
 * Private to route/compile6.c.
 */
#ifndef ROUTE_PLACE6_H
#define ROUTE_PLACE6_H

#include <assert.h>
#include <stdbool.h>

#include "base/compiler.h"
#include "route/rib6.h"
#include "table/lpm6.h"

/* What an entry is about: the addresses of a prefix, looked at through a window. */
struct place {
	struct ip base;
	unsigned int len;
	unsigned int window;
};

/* Entries side by side: those of the index or of a radix node; or one alone, of width 0. */
struct slots {
	uint32_t *slot;
	struct place place; /* of all of them */
	unsigned int width;
	bool fresh;   /* no reader knows them, and all are 0 */
	uint32_t old; /* then: what is to be replaced by all this */
};

/* Prefixes that cover what is being looked at, the innermost last. */
struct covers {
	struct {
		uint32_t end; /* the last entry or key that it covers */
		uint32_t id;
	} of[34];
	unsigned int n;
};

static inline unsigned __int128 whole(struct ip a)
{
	return lpm6_whole(a.hi, a.lo);
}

static inline struct ip halves(unsigned __int128 a)
{
	return (struct ip){(uint64_t)(a >> 64), (uint64_t)a};
}

/* Has the cursor not left @p yet? */
static force_inline bool below(const struct fib6_route *r, const struct place *p)
{
	return r != NULL && ip6_same_prefix(r->dst, p->base, p->len);
}

/* The same for loops, which have the mask of @p at hand. */
static force_inline bool inside(const struct fib6_route *r, const struct place *p, struct ip mask)
{
	return r != NULL && ip_equal(ip_and(r->dst, mask), p->base);
}

static inline unsigned int window_end(const struct place *p)
{
	return p->window + 32;
}

/* Most places are of the first window. */
static force_inline uint32_t key_of(const struct place *p, struct ip a)
{
	if (likely(p->window == LPM6_WINDOW))
		return lpm6_key(a.hi, a.lo, LPM6_WINDOW);
	return lpm6_key(a.hi, a.lo, p->window);
}

static inline struct place slot_place(const struct slots *s, uint32_t i)
{
	unsigned int len = s->place.len + s->width;
	unsigned __int128 base = whole(s->place.base) | (unsigned __int128)i << (128 - len);

	return (struct place){halves(base), len, s->place.window};
}

static inline uint32_t slot_of(const struct slots *s, struct ip dst)
{
	unsigned int len = s->place.len + s->width;

	return (uint32_t)(whole(dst) >> (128 - len)) & (uint32_t)((1ull << s->width) - 1);
}

/* Which of the prefixes still covers @i. */
static inline uint32_t covers_at(struct covers *v, uint32_t i)
{
	while (v->of[v->n - 1].end < i)
		v->n--;
	return v->of[v->n - 1].id;
}

static inline void covers_push(struct covers *v, uint32_t end, uint32_t id)
{
	assert(v->n < ARRAY_SIZE(v->of));
	v->of[v->n].end = end;
	v->of[v->n].id = id;
	v->n++;
}

#endif
