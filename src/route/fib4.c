/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three parts: the RIB (rib4.h) knows every route, the tree (tree4.h) which prefixes have one, the
 * table (table/lpm4.h) what workers get. A change of a prefix rewrites the range it covers, less
 * what longer prefixes below it cover: the tree tells.
 *
 * A second-level group exists exactly where the tree has something below a /24.
 */
#include "route/fib4.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "route/rib4.h"
#include "route/tree4.h"
#include "table/lpm4.h"

/* How far the loader looks ahead to fetch what it will touch. */
#define LOAD_AHEAD 16

struct fib4 {
	struct lpm4 *lpm;
	struct rib4 rib;
	struct tree4 tree;
	size_t prefixes;
	size_t refused;
};

int fib4_new(struct fib4 **out)
{
	struct fib4 *fib = calloc(1, sizeof(*fib));
	int err;

	if (fib == NULL)
		return -ENOMEM;
	err = lpm4_new(&fib->lpm);
	if (err < 0)
		goto free_fib;
	err = tree4_init(&fib->tree, fib->lpm);
	if (err < 0)
		goto free_lpm;
	err = rib4_init(&fib->rib);
	if (err < 0)
		goto fini_tree;
	*out = fib;
	return 0;

fini_tree:
	tree4_fini(&fib->tree);
free_lpm:
	lpm4_free(fib->lpm);
free_fib:
	free(fib);
	return err;
}

void fib4_free(struct fib4 *fib)
{
	if (fib == NULL)
		return;
	rib4_fini(&fib->rib);
	tree4_fini(&fib->tree);
	lpm4_free(fib->lpm);
	free(fib);
}

static bool route_valid(const struct fib4_route *r)
{
	return r->len <= 32 && r->nh != 0 && r->nh < LPM4_GROUP &&
	       (r->dst & (uint32_t)(0xffffffffull >> r->len)) == 0;
}

/*
 * Let @id be what is found below a prefix, but where longer prefixes say otherwise. Walks down from
 * the prefix to the largest ranges without any of them, in the order of addresses.
 */
static void range_fill(struct fib4 *fib, uint32_t dst, unsigned int len, uint32_t id)
{
	const unsigned int top = len;

	for (;;) {
		bool other = len > top && tree4_has(&fib->tree, dst, len);

		if (!other && tree4_below(&fib->tree, dst, len)) {
			len++;
			continue;
		}
		if (!other)
			lpm4_store(fib->lpm, dst, len, id);
		while (len > top && dst >> (32 - len) & 1) {
			dst ^= 1u << (32 - len);
			len--;
		}
		if (len == top)
			return;
		dst ^= 1u << (32 - len);
	}
}

/* Make sure of the group that a prefix needs. Return: 0 or -ENOSPC. */
static int group_make(struct fib4 *fib, uint32_t dst, unsigned int len)
{
	if (len <= 24 || tree4_below(&fib->tree, dst, 24))
		return 0;
	return lpm4_split(fib->lpm, dst);
}

/* Give back the group that a prefix needed, if it was the last one. */
static void group_drop(struct fib4 *fib, uint32_t dst, unsigned int len)
{
	if (len > 24 && !tree4_below(&fib->tree, dst, 24))
		lpm4_join(fib->lpm, dst);
}

/* Add @r, which is not there; @best is in force for its prefix now, or NULL. */
static int insert_new(struct fib4 *fib, const struct fib4_route *r, const struct fib4_route *best)
{
	bool first = best == NULL, wins = first || rib4_wins(r, best);
	int err;

	err = group_make(fib, r->dst, r->len);
	if (err < 0) {
		fib->refused++;
		return err;
	}
	err = rib4_reserve(&fib->rib, 1); /* @best is stale from here on */
	if (err < 0) {
		group_drop(fib, r->dst, r->len);
		return err;
	}
	rib4_add(&fib->rib, r);
	if (first) {
		tree4_add(&fib->tree, r->dst, r->len);
		fib->prefixes++;
	}
	if (wins)
		range_fill(fib, r->dst, r->len, r->nh);
	return 0;
}

int fib4_insert(struct fib4 *fib, const struct fib4_route *r, uint16_t *old)
{
	const struct fib4_route *best;
	struct fib4_route *same;
	int err;

	if (!route_valid(r))
		return -EINVAL;
	lpm4_prefetch(fib->lpm, r->dst);
	tree4_prefetch(&fib->tree, r->dst, r->len);
	best = rib4_best(&fib->rib, r->dst, r->len, NULL);
	same = best != NULL ? rib4_find(&fib->rib, r) : NULL;
	if (same == NULL) {
		err = insert_new(fib, r, best);
		if (err == 0)
			*old = 0;
		return err;
	}
	*old = same->nh;
	same->nh = r->nh;
	if (same == best && *old != r->nh)
		range_fill(fib, r->dst, r->len, r->nh);
	return 0;
}

uint16_t fib4_find(const struct fib4 *fib, const struct fib4_route *r)
{
	const struct fib4_route *found = rib4_find(&fib->rib, r);

	return found != NULL ? found->nh : 0;
}

/* The prefix that covers the one of @r, whose route is wanted soon; of length -1: none. */
static int cover_find(const struct fib4 *fib, const struct fib4_route *r, uint32_t *dst)
{
	int len = tree4_cover(&fib->tree, r->dst, r->len);

	*dst = 0;
	if (len < 0)
		return len;
	*dst = r->dst & ~(uint32_t)(0xffffffffull >> len);
	rib4_prefetch(&fib->rib, *dst, (unsigned int)len);
	return len;
}

/*
 * The table is far larger than the caches, so most of the time goes by waiting for memory. What a
 * removal touches is asked for before the first of it is needed.
 */
int fib4_remove(struct fib4 *fib, const struct fib4_route *r, uint16_t *old)
{
	const struct fib4_route *best;
	struct fib4_route *gone;
	uint32_t above;
	int above_len;

	if (r->len > 32)
		return -ENOENT;
	rib4_prefetch(&fib->rib, r->dst, r->len);
	lpm4_prefetch(fib->lpm, r->dst);
	tree4_prefetch(&fib->tree, r->dst, r->len);
	above_len = cover_find(fib, r, &above);
	gone = rib4_find(&fib->rib, r);
	if (gone == NULL)
		return -ENOENT;
	*old = gone->nh;
	rib4_del(&fib->rib, gone);
	best = rib4_best(&fib->rib, r->dst, r->len, NULL);
	if (best != NULL) {
		if (rib4_wins(r, best))
			range_fill(fib, r->dst, r->len, best->nh);
		return 0;
	}
	if (above_len >= 0)
		best = rib4_best(&fib->rib, above, (unsigned int)above_len, NULL);
	range_fill(fib, r->dst, r->len, best != NULL ? best->nh : 0);
	tree4_del(&fib->tree, r->dst, r->len);
	fib->prefixes--;
	group_drop(fib, r->dst, r->len);
	return 0;
}

/* Would the prefixes beyond 24 bits need more groups than there are? */
static int groups_suffice(const struct fib4_route *r, size_t n)
{
	uint64_t *seen = calloc(LPM4_FIRST / 64, sizeof(*seen));
	size_t groups = 0;

	if (seen == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		uint32_t upper = r[i].dst >> 8;
		uint64_t bit = 1ull << upper % 64;

		if (r[i].len <= 24)
			continue;
		groups += !(seen[upper / 64] & bit);
		seen[upper / 64] |= bit;
	}
	free(seen);
	return groups <= LPM4_MAX_GROUPS ? 0 : -ENOSPC;
}

/* Sort by length, in place: count, then swap each route to where its length begins. */
static void sort_by_len(struct fib4_route *r, size_t n)
{
	size_t at[34] = {}, end[33];

	for (size_t i = 0; i < n; i++)
		at[r[i].len + 1]++;
	for (unsigned int len = 0; len <= 32; len++) {
		at[len + 1] += at[len];
		end[len] = at[len + 1];
	}
	for (unsigned int len = 0; len <= 32; len++) {
		while (at[len] < end[len]) {
			struct fib4_route *here = &r[at[len]];
			struct fib4_route *there = &r[at[here->len]++];
			struct fib4_route t = *there;

			*there = *here;
			*here = t;
		}
	}
}

static void load_rib(struct fib4 *fib, const struct fib4_route *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct fib4_route *ahead = &r[i + LOAD_AHEAD < n ? i + LOAD_AHEAD : i];
		struct fib4_route *same = rib4_find(&fib->rib, &r[i]);

		rib4_prefetch(&fib->rib, ahead->dst, ahead->len);
		if (same != NULL)
			same->nh = r[i].nh;
		else
			rib4_add(&fib->rib, &r[i]);
	}
}

/* Short prefixes first, so that longer ones write over them and no range has holes. */
static void load_table(struct fib4 *fib, const struct fib4_route *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct fib4_route *ahead = &r[i + LOAD_AHEAD < n ? i + LOAD_AHEAD : i];
		int err;

		rib4_prefetch(&fib->rib, ahead->dst, ahead->len);
		tree4_prefetch(&fib->tree, ahead->dst, ahead->len);
		lpm4_prefetch(fib->lpm, ahead->dst);
		if (tree4_has(&fib->tree, r[i].dst, r[i].len))
			continue;
		err = group_make(fib, r[i].dst, r[i].len);
		assert(err == 0); /* groups_suffice() */
		(void)err;
		tree4_add(&fib->tree, r[i].dst, r[i].len);
		fib->prefixes++;
		lpm4_store(fib->lpm, r[i].dst, r[i].len,
		           rib4_best(&fib->rib, r[i].dst, r[i].len, NULL)->nh);
	}
}

int fib4_load(struct fib4 *fib, struct fib4_route *r, size_t n)
{
	int err;

	if (fib->rib.n > 0)
		return -EBUSY;
	for (size_t i = 0; i < n; i++) {
		if (!route_valid(&r[i]))
			return -EINVAL;
	}
	err = groups_suffice(r, n);
	if (err < 0) {
		fib->refused += err == -ENOSPC;
		return err;
	}
	err = rib4_reserve(&fib->rib, n);
	if (err < 0)
		return err;
	load_rib(fib, r, n);
	sort_by_len(r, n);
	load_table(fib, r, n);
	return 0;
}

void fib4_lookup(const struct fib4 *fib, const uint32_t *dst, uint32_t *id, uint32_t n)
{
	lpm4_lookup(fib->lpm, dst, id, n);
}

const struct lpm4 *fib4_table(const struct fib4 *fib)
{
	return fib->lpm;
}

uint32_t fib4_lookup_one(const struct fib4 *fib, uint32_t dst)
{
	return lpm4_lookup_one(fib->lpm, dst);
}

bool fib4_next(const struct fib4 *fib, const struct fib4_route *after, struct fib4_route *r,
               bool *best)
{
	uint32_t dst = after != NULL ? after->dst : 0;
	unsigned int len = after != NULL ? after->len : 0;
	const struct fib4_route *found = rib4_best(&fib->rib, dst, len, after);

	if (found == NULL) {
		if (!tree4_next(&fib->tree, &dst, &len))
			return false;
		found = rib4_best(&fib->rib, dst, len, NULL);
	}
	*best = found == rib4_best(&fib->rib, dst, len, NULL);
	*r = *found;
	return true;
}

void fib4_stats(const struct fib4 *fib, struct fib4_stats *s)
{
	*s = (struct fib4_stats){
		.routes = fib->rib.n,
		.prefixes = fib->prefixes,
		.groups = lpm4_groups(fib->lpm),
		.refused = fib->refused,
		.bytes = lpm4_bytes(fib->lpm) + tree4_bytes(&fib->tree) + rib4_bytes(&fib->rib),
	};
}
