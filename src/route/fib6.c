/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two parts: the RIB (rib6.h) knows every route, the table (table/lpm6.h) is what workers get;
 * compile6.h makes it match the RIB after each change.
 */
#include "route/fib6.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "route/compile6.h"
#include "route/rib6.h"
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

/* The id in force of a prefix, or 0. */
static uint16_t in_force(const struct fib6 *fib, const struct fib6_route *r)
{
	struct rib6_at at = rib6_seek_prefix(&fib->rib, r->dst, r->len);
	const struct fib6_route *best = rib6_at(&at);

	return best != NULL && best->len == r->len && ip_equal(best->dst, r->dst) ? best->nh : 0;
}

/* The route of @r's prefix, source and metric, or NULL. */
static struct fib6_route *route_find(const struct fib6 *fib, const struct fib6_route *r)
{
	struct rib6_at at = rib6_seek(&fib->rib, r);
	struct fib6_route *found = rib6_at(&at);

	return found != NULL && rib6_compare(found, r) == 0 ? found : NULL;
}

/* Let the table follow a change of @r's prefix. @was: the id in force before. */
static int follow(struct fib6 *fib, const struct fib6_route *r, uint16_t was)
{
	int err;

	if (in_force(fib, r) == was)
		return 0;
	err = compile(fib, r->dst, r->len, false);
	fib->refused += err < 0;
	return err;
}

static int insert_new(struct fib6 *fib, const struct fib6_route *r)
{
	uint16_t was = in_force(fib, r);
	int err = rib6_add(&fib->rib, r);

	if (err < 0) {
		fib->refused++;
		return err;
	}
	err = follow(fib, r, was);
	if (err < 0) {
		rib6_del(&fib->rib, r);
		compile_surely(fib, r->dst, r->len);
	}
	return err;
}

int fib6_insert(struct fib6 *fib, const struct fib6_route *r, uint16_t *old)
{
	struct fib6_route *same;
	uint16_t was, nh;
	int err;

	if (!route_valid(r))
		return -EINVAL;
	same = route_find(fib, r);
	if (same == NULL) {
		err = insert_new(fib, r);
		if (err == 0)
			*old = 0;
		return err;
	}
	was = in_force(fib, r);
	nh = same->nh;
	same->nh = r->nh;
	err = follow(fib, r, was);
	if (err < 0) {
		same->nh = nh;
		compile_surely(fib, r->dst, r->len);
		return err;
	}
	*old = nh;
	return 0;
}

int fib6_remove(struct fib6 *fib, const struct fib6_route *r, uint16_t *old)
{
	const struct fib6_route *gone;
	uint16_t was;

	if (r->len > 128)
		return -ENOENT;
	gone = route_find(fib, r);
	if (gone == NULL)
		return -ENOENT;
	*old = gone->nh;
	was = in_force(fib, r);
	rib6_del(&fib->rib, r);
	if (in_force(fib, r) != was)
		compile_surely(fib, r->dst, r->len);
	return 0;
}

uint16_t fib6_find(const struct fib6 *fib, const struct fib6_route *r)
{
	const struct fib6_route *found = route_find(fib, r);

	return found != NULL ? found->nh : 0;
}

static bool sorted(const struct fib6_route *r, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (rib6_compare(&r[i - 1], &r[i]) > 0)
			return false;
	}
	return true;
}

/* Runs of @run, side by side in @from, become such of twice the length in @to. */
static void runs_merge(const struct fib6_route *from, struct fib6_route *to, size_t n, size_t run)
{
	for (size_t start = 0; start < n; start += 2 * run) {
		size_t a = start, a_end = start + run < n ? start + run : n;
		size_t b = a_end, b_end = start + 2 * run < n ? start + 2 * run : n;

		while (a < a_end || b < b_end) {
			bool right =
				a == a_end || (b < b_end && rib6_compare(&from[b], &from[a]) < 0);

			*to++ = from[right ? b : a];
			b += right;
			a += !right;
		}
	}
}

/* Sort, keeping the order of equal ones. Return: 0 or -ENOMEM. */
static int routes_sort(struct fib6_route *r, size_t n)
{
	struct fib6_route *spare, *from = r, *to;

	if (sorted(r, n))
		return 0;
	spare = calloc(n, sizeof(*r));
	if (spare == NULL)
		return -ENOMEM;
	to = spare;
	for (size_t run = 1; run < n; run *= 2) {
		struct fib6_route *t = from;

		runs_merge(from, to, n, run);
		from = to;
		to = t;
	}
	if (from != r)
		memcpy(r, from, n * sizeof(*r));
	free(spare);
	return 0;
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
	int err = routes_sort(r, n);

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

void fib6_lookup(const struct fib6 *fib, const uint64_t *hi, const uint64_t *lo, uint32_t *id,
                 uint32_t n)
{
	lpm6_lookup(fib->c.lpm, hi, lo, id, n);
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
