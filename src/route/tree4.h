/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree4: the set of prefixes as a binary tree without pointers. Every possible prefix has its place
 * and two bits there: is it in the set, and is a longer one below it. Eight levels make a block of
 * two cache lines, so that walking up to the covering prefix touches three or four lines. Blocks of
 * prefixes beyond 24 bits exist where the FIB has a second-level group, under the group's number.
 * Private to route/; the agent alone uses it.
 */
#ifndef ROUTE_TREE4_H
#define ROUTE_TREE4_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "table/lpm4.h"

/* Levels 1 to 8 below its root (which is a leaf of the block above) as a heap: 2-3, 4-7, .. 511. */
struct tree4_block {
	uint64_t has[8];
	uint64_t below[8];
} cache_aligned;

struct tree4 {
	struct tree4_block *block;
	const struct lpm4 *lpm;
};

/* @lpm tells the groups. Return: 0 or -ENOMEM. */
[[nodiscard]] int tree4_init(struct tree4 *t, const struct lpm4 *lpm);
void tree4_fini(struct tree4 *t);

/* Is the prefix in the set? Is a longer one that it covers? */
bool tree4_has(const struct tree4 *t, uint32_t dst, unsigned int len);
bool tree4_below(const struct tree4 *t, uint32_t dst, unsigned int len);

/* Add the prefix; beyond 24 bits its group exists. */
void tree4_add(struct tree4 *t, uint32_t dst, unsigned int len);

/* Take out the prefix, which is there. */
void tree4_del(struct tree4 *t, uint32_t dst, unsigned int len);

/* The longest prefix that covers this one, itself excluded. Return: its length, or -1. */
int tree4_cover(const struct tree4 *t, uint32_t dst, unsigned int len);

/* Go on to the next prefix in order (by address, then by length). Return: false at the end. */
bool tree4_next(const struct tree4 *t, uint32_t *dst, unsigned int *len);

/* The place of a prefix is wanted soon. */
void tree4_prefetch(const struct tree4 *t, uint32_t dst, unsigned int len);

/* Memory it takes. */
size_t tree4_bytes(const struct tree4 *t);

#endif
