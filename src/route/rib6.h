/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rib6: all IPv6 routes, also those that are not in force, in the order of fib6_next(): a tree of
 * nodes of a KiB. The routes of a prefix lie side by side, the one in force first, and those below
 * a prefix follow it. Private to route/; the agent alone uses it.
 */
#ifndef ROUTE_RIB6_H
#define ROUTE_RIB6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "route/fib6.h"

#define RIB6_LEAF_MAX 42u

struct rib6_leaf {
	struct rib6_leaf *next;
	uint32_t n;
	struct fib6_route r[RIB6_LEAF_MAX];
};

struct rib6 {
	void *root;
	unsigned int depth; /* levels above the leaves */
	size_t n;           /* routes */
	char *pool;         /* where nodes lie */
	size_t fresh;       /* nodes from here on were never used */
	void *spare;        /* nodes that came back, chained through their first words */
	uint32_t lens[129]; /* prefixes of each length */
};

/* A place in the order. Valid until the next change. */
struct rib6_at {
	struct rib6_leaf *leaf;
	uint32_t i;
};

/* Return: 0 or -ENOMEM. */
[[nodiscard]] int rib6_init(struct rib6 *t);
void rib6_fini(struct rib6 *t);

/* Below 0, 0 or above 0: where @a comes in the order, seen from @b. */
int rib6_compare(const struct fib6_route *a, const struct fib6_route *b);

/* The place of the first route that is not before @key. */
struct rib6_at rib6_seek(const struct rib6 *t, const struct fib6_route *key);

/* The place of the first route of a prefix, or where it would be. */
struct rib6_at rib6_seek_prefix(const struct rib6 *t, struct ip dst, unsigned int len);

/* The route at a place, NULL behind the last. */
static inline struct fib6_route *rib6_at(struct rib6_at *at)
{
	while (at->leaf != NULL && at->i == at->leaf->n)
		*at = (struct rib6_at){at->leaf->next, 0};
	return at->leaf != NULL ? &at->leaf->r[at->i] : NULL;
}

/* On to the next one, from a place that has a route. */
static inline void rib6_step(struct rib6_at *at)
{
	at->i++;
}

/* Add @r, which is not there. Return: 0, or -ENOMEM with nothing changed. */
[[nodiscard]] int rib6_add(struct rib6 *t, const struct fib6_route *r);

/* Take out @r, which is there. */
void rib6_del(struct rib6 *t, const struct fib6_route *r);

/* Put @n routes, in order and each once, into an empty tree. Return: 0, or -ENOMEM with nothing
 * changed. */
[[nodiscard]] int rib6_load(struct rib6 *t, const struct fib6_route *r, size_t n);

/* The route in force of the longest prefix of at most @len bits that covers @dst, or NULL. */
const struct fib6_route *rib6_cover(const struct rib6 *t, struct ip dst, unsigned int len);

/* How many prefixes have a route. */
size_t rib6_prefixes(const struct rib6 *t);

/* Memory it takes. */
size_t rib6_bytes(const struct rib6 *t);

#endif
