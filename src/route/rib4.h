/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rib4: all IPv4 routes, also those that are not in force, in a hash by prefix: open addressing,
 * linear probing, 12 bytes a slot. The routes of one prefix lie in the same run of slots, so that
 * the best one is found by walking the run. Private to route/; the agent alone uses it.
 */
#ifndef ROUTE_RIB4_H
#define ROUTE_RIB4_H

#include <stdint.h>

#include "base/compiler.h"
#include "route/fib4.h"

struct rib4 {
	struct fib4_route *slot; /* nh 0: free */
	unsigned int bits;       /* 1 << bits slots */
	size_t n;
	uint64_t seed;
};

/* Where the run of a prefix begins. Strangers announce prefixes: the seed keeps runs short. */
static force_inline size_t rib4_home(const struct rib4 *t, uint32_t dst, unsigned int len)
{
	unsigned __int128 m =
		(unsigned __int128)(((uint64_t)dst << 6 | len) ^ t->seed) * 0x9fb21c651e98df25ull;

	return (size_t)(((uint64_t)m ^ (uint64_t)(m >> 64)) >> (64 - t->bits));
}

/* The run of a prefix is wanted soon. */
static force_inline void rib4_prefetch(const struct rib4 *t, uint32_t dst, unsigned int len)
{
	prefetch(&t->slot[rib4_home(t, dst, len)]);
}

/* Return: 0 or -ENOMEM. */
[[nodiscard]] int rib4_init(struct rib4 *t);
void rib4_fini(struct rib4 *t);

/* Make room for @more routes. Return: 0, or -ENOMEM with nothing changed. */
[[nodiscard]] int rib4_reserve(struct rib4 *t, size_t more);

/* The route of @r's prefix, source and metric, or NULL. Valid until the next change. */
struct fib4_route *rib4_find(const struct rib4 *t, const struct fib4_route *r);

/* Add @r, which is not there; there is room. */
void rib4_add(struct rib4 *t, const struct fib4_route *r);

/* Take out @r, which rib4_find() gave. */
void rib4_del(struct rib4 *t, struct fib4_route *r);

/* Does @a win over @b, a route of the same prefix? */
bool rib4_wins(const struct fib4_route *a, const struct fib4_route *b);

/**
 * rib4_best - the route in force of a prefix
 * @after: only among those that this one of the same prefix wins over; NULL: among all
 *
 * Return: NULL if there is none.
 */
const struct fib4_route *rib4_best(const struct rib4 *t, uint32_t dst, unsigned int len,
                                   const struct fib4_route *after);

/* Memory it takes. */
size_t rib4_bytes(const struct rib4 *t);

#endif
