/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As atscale_race.c. Both tables get destinations as they lie on the wire; what the router's own
 * does to have them in host order is part of its time, and `.host` is without.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "atscale6.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "cycles.h"
#include "packet/batch.h"
#include "trace.h"

#define SLICE  ((size_t)1 << 18) /* look-ups in a turn: a millisecond, hundreds of times a cache */
#define SLICES (TRACE_LEN / SLICE)
#define PASSES 4 /* over a trace, in a run */

/* BATCH_MAX destinations in host order. */
typedef void convert_fn(const uint8_t *dst, uint64_t *hi, uint64_t *lo);

struct race {
	const struct atscale6 *s;
	convert_fn *convert;
	const uint8_t *dst;
	uint64_t *hi, *lo; /* the same in host order */
	size_t n;
	double *ours, *host, *theirs, *ratio; /* a figure a turn */
};

/* Million look-ups a second. */
static double rate_of(uint64_t ns)
{
	return (double)SLICE * 1e3 / (double)ns;
}

static force_inline void convert_all(const uint8_t *dst, uint64_t *restrict hi,
                                     uint64_t *restrict lo)
{
	for (size_t i = 0; i < BATCH_MAX; i++) {
		struct ip a = ip_load(dst + 16 * i);

		hi[i] = a.hi;
		lo[i] = a.lo;
	}
}

static void convert_plain(const uint8_t *dst, uint64_t *hi, uint64_t *lo)
{
	convert_all(dst, hi, lo);
}

#ifdef __x86_64__

/* With the instructions that the peer does it with. */
__attribute__((target("avx512bw"))) static void convert_avx512(const uint8_t *dst, uint64_t *hi,
                                                               uint64_t *lo)
{
	convert_all(dst, hi, lo);
}

static convert_fn *convert_choose(void)
{
	return __builtin_cpu_supports("avx512bw") ? convert_avx512 : convert_plain;
}

#else

static convert_fn *convert_choose(void)
{
	return convert_plain;
}

#endif

static double turn_ours(const struct race *r, size_t from)
{
	cache_aligned uint64_t hi[BATCH_MAX], lo[BATCH_MAX];
	cache_aligned uint32_t id[BATCH_MAX];
	uint64_t t = clock_ns();

	for (size_t i = 0; i < SLICE; i += BATCH_MAX) {
		r->convert(r->dst + 16 * (from + i), hi, lo);
		fib6_lookup(r->s->fib, hi, lo, id, BATCH_MAX);
		__asm__ volatile("" : : "r"(id) : "memory"); /* the result is wanted */
	}
	return rate_of(clock_ns() - t);
}

static double turn_host(const struct race *r, size_t from)
{
	cache_aligned uint32_t id[BATCH_MAX];
	uint64_t t = clock_ns();

	for (size_t i = from; i < from + SLICE; i += BATCH_MAX) {
		fib6_lookup(r->s->fib, r->hi + i, r->lo + i, id, BATCH_MAX);
		__asm__ volatile("" : : "r"(id) : "memory");
	}
	return rate_of(clock_ns() - t);
}

static double turn_theirs(const struct race *r, size_t from)
{
	cache_aligned uint64_t nh[BATCH_MAX];
	uint64_t t = clock_ns();

	for (size_t i = 0; i < SLICE; i += BATCH_MAX) {
		peer6_lookup(r->s->peer, r->dst + 16 * (from + i), nh, BATCH_MAX);
		__asm__ volatile("" : : "r"(nh) : "memory");
	}
	return rate_of(clock_ns() - t);
}

static void race_run(struct race *r)
{
	for (size_t turn = 0; turn < PASSES * SLICES; turn++, r->n++) {
		size_t from = turn % SLICES * SLICE;
		bool second = turn / SLICES % 2 == turn % 2, peer = r->s->peer != NULL;

		if (peer && second)
			r->theirs[r->n] = turn_theirs(r, from);
		r->ours[r->n] = turn_ours(r, from);
		if (peer && !second)
			r->theirs[r->n] = turn_theirs(r, from);
		r->host[r->n] = turn_host(r, from);
		if (peer)
			r->ratio[r->n] = r->ours[r->n] / r->theirs[r->n];
	}
}

/* Do all of them find the same: the batch, the one key, the naive match, the peer? */
static bool agree(const struct race *r)
{
	const struct prefixes6 *p = &r->s->prefixes;
	const struct atscale6 *s = r->s;
	uint32_t id[BATCH_MAX];
	uint64_t nh[BATCH_MAX] = {};
	size_t wrong = 0;

	for (size_t i = 0; i < TRACE_LEN; i += BATCH_MAX) {
		fib6_lookup(s->fib, r->hi + i, r->lo + i, id, BATCH_MAX);
		if (s->peer != NULL)
			peer6_lookup(s->peer, r->dst + 16 * i, nh, BATCH_MAX);
		for (size_t j = 0; j < BATCH_MAX; j++) {
			struct ip dst = {r->hi[i + j], r->lo[i + j]};

			wrong += id[j] != fib6_lookup_one(s->fib, dst);
			wrong += s->peer != NULL && id[j] != nh[j];
		}
		if (i / BATCH_MAX % 16 == 0) { /* slow */
			uint32_t at = prefixes6_cover(p, ip_load(r->dst + 16 * i), 128);

			wrong += id[0] != (at != PREFIXES6_NONE ? p->route[at].nh : 0u);
		}
	}
	if (wrong > 0)
		fprintf(stderr, "bench_lookup: %zu look-ups differ\n", wrong);
	return wrong == 0;
}

static void race_print(struct race *r, const char *trace)
{
	char name[64];

	snprintf(name, sizeof(name), "lookup.fib6.%s", trace);
	atscale_print(name, r->ours, r->n, 1, "M/s");
	snprintf(name, sizeof(name), "lookup.fib6.%s.host", trace);
	atscale_print(name, r->host, r->n, 1, "M/s");
	if (r->s->peer == NULL)
		return;
	snprintf(name, sizeof(name), "lookup.fib6.%s." PEER6_NAME, trace);
	atscale_print(name, r->theirs, r->n, 1, "M/s");
	printf("lookup.fib6.%s.ratio median=%.3f low=%.3f high=%.3f unit=x\n", trace,
	       cycles_percentile(r->ratio, r->n, 50), cycles_percentile(r->ratio, r->n, 10),
	       cycles_percentile(r->ratio, r->n, 90));
	fflush(stdout);
}

static int race_trace(struct race *r, enum trace_kind kind)
{
	uint8_t *dst = atscale6_trace(&r->s->prefixes, kind);
	int err = dst != NULL ? 0 : -ENOMEM;

	r->dst = dst;
	r->n = 0;
	for (size_t i = 0; err == 0 && i < TRACE_LEN; i += BATCH_MAX)
		r->convert(dst + 16 * i, r->hi + i, r->lo + i);
	if (err == 0 && !agree(r))
		err = -EIO;
	for (uint64_t i = 0; err == 0 && i < r->s->runs; i++)
		race_run(r);
	if (err == 0)
		race_print(r, trace_name(kind));
	free(dst);
	return err;
}

int atscale6_race(const struct atscale6 *s)
{
	size_t turns = s->runs * PASSES * SLICES;
	double *figures = calloc(4 * turns, sizeof(*figures));
	struct race r = {
		.s = s,
		.convert = convert_choose(),
		.hi = aligned_alloc(CACHE_LINE, TRACE_LEN * sizeof(*r.hi)),
		.lo = aligned_alloc(CACHE_LINE, TRACE_LEN * sizeof(*r.lo)),
		.ours = figures,
	};
	int err = -ENOMEM;

	if (figures == NULL || r.hi == NULL || r.lo == NULL)
		goto free_race;
	err = 0;
	r.host = figures + turns;
	r.theirs = figures + 2 * turns;
	r.ratio = figures + 3 * turns;
	for (enum trace_kind kind = 0; err == 0 && kind < TRACE_KINDS; kind++)
		err = race_trace(&r, kind);

free_race:
	free(figures);
	free(r.hi);
	free(r.lo);
	return err;
}
