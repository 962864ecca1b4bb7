/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two parts: the RIB (rib6.h) knows every route, the table (table/lpm6.h) is what workers get;
 * compile6.h makes it match the RIB after each change.
 */
#include "route/fib6.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "route/compile6.h"
#include "route/rib6.h"
#include "route/sort6.h"
#include "table/lpm6.h"

struct fib6 {
	struct compile6 c;
	struct rib6 rib;
	size_t refused;
};

int fib6_new(struct fib6 **out)
{
	struct fib6 *fib = calloc(1, sizeof(*fib));
	int err;

	if (fib == NULL)
		return -ENOMEM;
	err = rib6_init(&fib->rib);
	if (err < 0)
		goto free_fib;
	err = lpm6_new(&fib->c.lpm);
	if (err < 0)
		goto fini_rib;
	fib->c.rib = &fib->rib;
	*out = fib;
	return 0;

fini_rib:
	rib6_fini(&fib->rib);
free_fib:
	free(fib);
	return err;
}

void fib6_free(struct fib6 *fib)
{
	if (fib == NULL)
		return;
	rib6_fini(&fib->rib);
	lpm6_free(fib->c.lpm);
	free(fib);
}

static bool route_valid(const struct fib6_route *r)
{
	return r->len <= 128 && r->nh != 0 && r->nh < LPM6_SUB &&
	       ip_equal(r->dst, ip_and(r->dst, ip6_mask(r->len)));
}

static int compile(struct fib6 *fib, struct ip dst, unsigned int len, bool last)
{
	fib->c.dst = dst;
	fib->c.len = len;
	fib->c.gone = last;
	fib->c.last = last;
	return compile6_run(&fib->c);
}

/* As after a change, where it may not fail: what is taken away needs no more room than there was.
 */
static void compile_surely(struct fib6 *fib, struct ip dst, unsigned int len)
{
	int err = compile(fib, dst, len, true);

	assert(err == 0);
	(void)err;
}

/* The route in force of @r's prefix, and the one of its source and metric; NULL: there is none. */
static struct fib6_route *routes_find(const struct fib6 *fib, const struct fib6_route *r,
                                      struct fib6_route **same)
{
	struct rib6_at at = rib6_seek_prefix(&fib->rib, r->dst, r->len);
	struct fib6_route *best = NULL, *next;

	*same = NULL;
	for (; *same == NULL; rib6_step(&at)) {
		next = rib6_at(&at);
		if (next == NULL || next->len != r->len || !ip_equal(next->dst, r->dst))
			break;
		if (best == NULL)
			best = next;
		if (next->metric == r->metric && next->source == r->source)
			*same = next;
	}
	return best;
}

static int insert_new(struct fib6 *fib, const struct fib6_route *r, bool wins)
{
	int err = rib6_add(&fib->rib, r);

	if (err < 0 || !wins)
		goto count;
	err = compile(fib, r->dst, r->len, false);
	if (err < 0) {
		rib6_del(&fib->rib, r);
		compile_surely(fib, r->dst, r->len);
	}
count:
	fib->refused += err < 0;
	return err;
}

/* Give the route @same another next hop. */
static int change(struct fib6 *fib, struct fib6_route *same, uint16_t nh, bool wins)
{
	uint16_t was = same->nh;
	int err;

	same->nh = nh;
	if (!wins || was == nh)
		return 0;
	err = compile(fib, same->dst, same->len, false);
	if (err < 0) {
		same->nh = was;
		compile_surely(fib, same->dst, same->len);
		fib->refused++;
	}
	return err;
}

int fib6_insert(struct fib6 *fib, const struct fib6_route *r, uint16_t *old)
{
	struct fib6_route *best, *same;
	uint16_t was = 0;
	int err;

	if (!route_valid(r))
		return -EINVAL;
	best = routes_find(fib, r, &same);
	if (same == NULL) {
		/* Where the next hop is the same the table need not know. */
		err = insert_new(fib, r,
		                 best == NULL || (rib6_compare(r, best) < 0 && r->nh != best->nh));
	} else {
		was = same->nh;
		err = change(fib, same, r->nh, same == best);
	}
	if (err == 0)
		*old = was;
	return err;
}

int fib6_remove(struct fib6 *fib, const struct fib6_route *r, uint16_t *old)
{
	struct fib6_route *best, *gone;
	uint16_t was;
	bool won;

	if (r->len > 128)
		return -ENOENT;
	best = routes_find(fib, r, &gone);
	if (gone == NULL)
		return -ENOENT;
	was = gone->nh;
	won = gone == best;
	rib6_del(&fib->rib, r);
	if (won)
		compile_surely(fib, r->dst, r->len);
	*old = was;
	return 0;
}

uint16_t fib6_find(const struct fib6 *fib, const struct fib6_route *r)
{
	struct fib6_route *same;

	(void)routes_find(fib, r, &same);
	return same != NULL ? same->nh : 0;
}

/* Of equal routes only the last one stays. Return: how many are left. */
static size_t routes_thin(struct fib6_route *r, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		if (i + 1 == n || rib6_compare(&r[i], &r[i + 1]) != 0)
			r[left++] = r[i];
	}
	return left;
}

static int load(struct fib6 *fib, struct fib6_route *r, size_t n)
{
	int err = sort6(r, n);

	if (err < 0)
		return err;
	n = routes_thin(r, n);
	err = rib6_load(&fib->rib, r, n);
	if (err < 0)
		return err;
	err = compile(fib, (struct ip){0, 0}, 0, false);
	if (err == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		rib6_del(&fib->rib, &r[i]);
	compile_surely(fib, (struct ip){0, 0}, 0);
	return err;
}

int fib6_load(struct fib6 *fib, struct fib6_route *r, size_t n)
{
	int err;

	if (fib->rib.n > 0)
		return -EBUSY;
	for (size_t i = 0; i < n; i++) {
		if (!route_valid(&r[i]))
			return -EINVAL;
	}
	err = load(fib, r, n);
	fib->refused += err < 0;
	return err;
}

/* Are all of a batch to one address, as the packets of a bulk transfer are? */
static bool all_alike(const uint64_t *hi, const uint64_t *lo, uint32_t n)
{
	uint64_t differ = (hi[0] ^ hi[n - 1]) | (lo[0] ^ lo[n - 1]);

	for (uint32_t i = 1; differ == 0 && i < n; i++)
		differ = (hi[0] ^ hi[i]) | (lo[0] ^ lo[i]);
	return differ == 0;
}

void fib6_lookup(const struct fib6 *fib, const uint64_t *hi, const uint64_t *lo, uint32_t *id,
                 uint32_t n)
{
	uint32_t one;

	if (!all_alike(hi, lo, n)) {
		lpm6_lookup(fib->c.lpm, hi, lo, id, n);
		return;
	}
	one = lpm6_lookup_one(fib->c.lpm, hi[0], lo[0]);
	for (uint32_t i = 0; i < n; i++)
		id[i] = one;
}

const struct lpm6 *fib6_table(const struct fib6 *fib)
{
	return fib->c.lpm;
}

uint32_t fib6_lookup_one(const struct fib6 *fib, struct ip dst)
{
	return lpm6_lookup_one(fib->c.lpm, dst.hi, dst.lo);
}

bool fib6_next(const struct fib6 *fib, const struct fib6_route *after, struct fib6_route *r,
               bool *best)
{
	static const struct fib6_route first;
	struct rib6_at at = rib6_seek(&fib->rib, after != NULL ? after : &first);
	const struct fib6_route *found = rib6_at(&at);

	if (found != NULL && after != NULL && rib6_compare(found, after) == 0) {
		rib6_step(&at);
		found = rib6_at(&at);
	}
	if (found == NULL)
		return false;
	*best = after == NULL || after->len != found->len || !ip_equal(after->dst, found->dst);
	if (!*best) { /* those before it may be gone */
		at = rib6_seek_prefix(&fib->rib, found->dst, found->len);
		*best = rib6_at(&at) == found;
	}
	*r = *found;
	return true;
}

void fib6_stats(const struct fib6 *fib, struct fib6_stats *s)
{
	*s = (struct fib6_stats){
		.routes = fib->rib.n,
		.prefixes = rib6_prefixes(&fib->rib),
		.refused = fib->refused,
		.bytes = lpm6_bytes(fib->c.lpm) + rib6_bytes(&fib->rib),
	};
}
