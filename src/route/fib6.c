/* SPDX-License-Identifier: BSD-2-Clause */
#include "route/fib6.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The routes in the order of fib6_next(). */
struct fib6 {
	size_t n, room;
	struct fib6_route *r;
};

static int order(const struct fib6_route *a, const struct fib6_route *b)
{
	int c = ip_compare(a->dst, b->dst);

	if (c != 0)
		return c;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	return (a->source > b->source) - (a->source < b->source);
}

int fib6_new(struct fib6 **out)
{
	*out = calloc(1, sizeof(**out));
	return *out == NULL ? -ENOMEM : 0;
}

void fib6_free(struct fib6 *fib)
{
	if (fib != NULL)
		free(fib->r);
	free(fib);
}

static size_t place(const struct fib6 *fib, const struct fib6_route *r)
{
	size_t i = 0;

	while (i < fib->n && order(&fib->r[i], r) < 0)
		i++;
	return i;
}

int fib6_insert(struct fib6 *fib, const struct fib6_route *r, uint16_t *old)
{
	size_t i = place(fib, r);

	*old = 0;
	if (i < fib->n && order(&fib->r[i], r) == 0) {
		*old = fib->r[i].nh;
		fib->r[i].nh = r->nh;
		return 0;
	}
	if (fib->n == fib->room) {
		size_t room = 2 * fib->room + 16;
		struct fib6_route *grown = realloc(fib->r, room * sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		fib->r = grown;
		fib->room = room;
	}
	memmove(&fib->r[i + 1], &fib->r[i], (fib->n - i) * sizeof(*r));
	fib->r[i] = *r;
	fib->n++;
	return 0;
}

int fib6_remove(struct fib6 *fib, const struct fib6_route *r, uint16_t *old)
{
	size_t i = place(fib, r);

	if (i == fib->n || order(&fib->r[i], r) != 0)
		return -ENOENT;
	*old = fib->r[i].nh;
	fib->n--;
	memmove(&fib->r[i], &fib->r[i + 1], (fib->n - i) * sizeof(*r));
	return 0;
}

uint16_t fib6_find(const struct fib6 *fib, const struct fib6_route *r)
{
	size_t i = place(fib, r);

	return i < fib->n && order(&fib->r[i], r) == 0 ? fib->r[i].nh : 0;
}

int fib6_load(struct fib6 *fib, struct fib6_route *r, size_t n)
{
	uint16_t old;
	int err = 0;

	for (size_t i = 0; err == 0 && i < n; i++)
		err = fib6_insert(fib, &r[i], &old);
	return err;
}

uint32_t fib6_lookup_one(const struct fib6 *fib, struct ip dst)
{
	const struct fib6_route *best = NULL;

	for (size_t i = 0; i < fib->n; i++) {
		const struct fib6_route *r = &fib->r[i];

		if (ip6_same_prefix(r->dst, dst, r->len) && (best == NULL || r->len > best->len))
			best = r;
	}
	return best == NULL ? 0 : best->nh;
}

void fib6_lookup(const struct fib6 *fib, const uint64_t *hi, const uint64_t *lo, uint32_t *id,
                 uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		id[i] = fib6_lookup_one(fib, (struct ip){hi[i], lo[i]});
}

bool fib6_next(const struct fib6 *fib, const struct fib6_route *after, struct fib6_route *r,
               bool *best)
{
	size_t i = after == NULL ? 0 : place(fib, after);

	if (after != NULL && i < fib->n && order(&fib->r[i], after) == 0)
		i++;
	if (i == fib->n)
		return false;
	*r = fib->r[i];
	*best = i == 0 || fib->r[i - 1].len != r->len || !ip_equal(fib->r[i - 1].dst, r->dst);
	return true;
}

void fib6_stats(const struct fib6 *fib, struct fib6_stats *s)
{
	*s = (struct fib6_stats){
		.routes = fib->n, .prefixes = fib->n, .bytes = fib->room * sizeof(*fib->r)};
}
