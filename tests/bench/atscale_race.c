/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two tables take turns over the same part of a trace, each going first as often as second, so
 * that what else the machine does meets both. A ratio is formed turn by turn.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "atscale.h"
#include "base/clock.h"
#include "cycles.h"
#include "packet/batch.h"
#include "trace.h"

#define SLICE  ((size_t)1 << 18) /* look-ups in a turn: a millisecond, hundreds of times a cache */
#define SLICES (TRACE_LEN / SLICE)
#define PASSES 4 /* over a trace, in a run */

struct race {
	const struct atscale *s;
	const uint32_t *dst;
	size_t n;
	double *ours, *theirs, *ratio; /* a figure a turn */
};

/* Million look-ups a second. */
static double rate_of(uint64_t ns)
{
	return (double)SLICE * 1e3 / (double)ns;
}

static double turn_ours(const struct fib4 *fib, const uint32_t *dst)
{
	cache_aligned uint32_t id[BATCH_MAX];
	uint64_t t = clock_ns();

	for (size_t i = 0; i < SLICE; i += BATCH_MAX) {
		fib4_lookup(fib, dst + i, id, BATCH_MAX);
		__asm__ volatile("" : : "r"(id) : "memory"); /* the result is wanted */
	}
	return rate_of(clock_ns() - t);
}

static double turn_theirs(const struct peer *peer, const uint32_t *dst)
{
	cache_aligned uint64_t nh[BATCH_MAX];
	uint64_t t = clock_ns();

	for (size_t i = 0; i < SLICE; i += BATCH_MAX) {
		peer_lookup(peer, dst + i, nh, BATCH_MAX);
		__asm__ volatile("" : : "r"(nh) : "memory");
	}
	return rate_of(clock_ns() - t);
}

static void race_run(struct race *r)
{
	const struct atscale *s = r->s;

	for (size_t turn = 0; turn < PASSES * SLICES; turn++, r->n++) {
		const uint32_t *dst = r->dst + turn % SLICES * SLICE;
		bool second = turn / SLICES % 2 == turn % 2;

		if (s->peer != NULL && second)
			r->theirs[r->n] = turn_theirs(s->peer, dst);
		r->ours[r->n] = turn_ours(s->fib, dst);
		if (s->peer == NULL)
			continue;
		if (!second)
			r->theirs[r->n] = turn_theirs(s->peer, dst);
		r->ratio[r->n] = r->ours[r->n] / r->theirs[r->n];
	}
}

/* Do all of them find the same: the batch, the one key, the naive match, the peer? */
static bool agree(const struct atscale *s, const uint32_t *dst)
{
	const struct prefixes *p = &s->prefixes;
	uint32_t id[BATCH_MAX];
	uint64_t nh[BATCH_MAX] = {};
	size_t wrong = 0;

	for (size_t i = 0; i < TRACE_LEN; i += BATCH_MAX) {
		fib4_lookup(s->fib, dst + i, id, BATCH_MAX);
		if (s->peer != NULL)
			peer_lookup(s->peer, dst + i, nh, BATCH_MAX);
		for (size_t j = 0; j < BATCH_MAX; j++) {
			wrong += id[j] != fib4_lookup_one(s->fib, dst[i + j]);
			wrong += s->peer != NULL && id[j] != nh[j];
		}
		if (i / BATCH_MAX % 16 == 0) { /* slow */
			uint32_t at = prefixes_cover(p, dst[i], 32);

			wrong += id[0] != (at != PREFIXES_NONE ? p->route[at].nh : 0u);
		}
	}
	if (wrong > 0)
		fprintf(stderr, "bench_lookup: %zu look-ups differ\n", wrong);
	return wrong == 0;
}

static void race_print(struct race *r, const char *trace)
{
	char name[64];

	snprintf(name, sizeof(name), "lookup.fib4.%s", trace);
	atscale_print(name, r->ours, r->n, 1, "M/s");
	if (r->s->peer == NULL)
		return;
	snprintf(name, sizeof(name), "lookup.fib4.%s." PEER_NAME, trace);
	atscale_print(name, r->theirs, r->n, 1, "M/s");
	printf("lookup.fib4.%s.ratio median=%.3f low=%.3f high=%.3f unit=x\n", trace,
	       cycles_percentile(r->ratio, r->n, 50), cycles_percentile(r->ratio, r->n, 10),
	       cycles_percentile(r->ratio, r->n, 90));
	fflush(stdout);
}

static int race_trace(struct race *r, enum trace_kind kind)
{
	uint32_t *dst = trace_make(&r->s->prefixes, kind);
	int err = dst != NULL ? 0 : -ENOMEM;

	r->dst = dst;
	r->n = 0;
	if (err == 0 && !agree(r->s, dst))
		err = -EIO;
	for (uint64_t i = 0; err == 0 && i < r->s->runs; i++)
		race_run(r);
	if (err == 0)
		race_print(r, trace_name(kind));
	free(dst);
	return err;
}

int atscale_race(const struct atscale *s)
{
	size_t turns = s->runs * PASSES * SLICES;
	double *figures = calloc(3 * turns, sizeof(*figures));
	struct race r = {.s = s, .ours = figures};
	int err = 0;

	if (figures == NULL)
		return -ENOMEM;
	r.theirs = figures + turns;
	r.ratio = figures + 2 * turns;
	for (enum trace_kind kind = 0; err == 0 && kind < TRACE_KINDS; kind++)
		err = race_trace(&r, kind);
	free(figures);
	return err;
}
