/* SPDX-License-Identifier: BSD-2-Clause */
#include "fdbrace.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "bridge/fdb.h"
#include "cycles.h"
#include "packet/batch.h"
#include "peer_mac.h"
#include "rng.h"

#define TRACE  ((size_t)1 << 21)
#define SLICE  ((size_t)1 << 16) /* look-ups in a turn */
#define SLICES (TRACE / SLICE)

#define PORT 1 /* that all are behind */
#define TICK 7

enum fdb_trace {
	FDB_UNIFORM, /* all stations alike */
	FDB_ZIPF,    /* the k-th of them 1/k as often as the first */
	FDB_TRACES,
};

struct fdbrace {
	struct fdb *fdb;
	struct peer_mac *peer; /* NULL: none */
	uint32_t stations;
	const char *name; /* of the table */
	uint64_t *key;    /* TRACE of them */
	size_t n;
	double *ours, *theirs, *ratio, *hear; /* a figure a turn */
};

static uint64_t station_key(uint32_t i)
{
	/* Addresses as cards have them, some makers and any number; in some VLANs. */
	return fdb_key(0x020000000000 | (uint64_t)(i % 61) << 24 | ((i * 0x9e3779b1u) & 0xffffff),
	               (uint16_t)(1 + i % 16));
}

static uint32_t station_draw(uint64_t *rng, uint32_t n, enum fdb_trace kind)
{
	double u = (double)(rng_next(rng) >> 11) * 0x1p-53;

	return kind == FDB_UNIFORM ? rng_below(rng, n) : (uint32_t)(exp(u * log(n)) - 1);
}

static double turn_ours(const struct fdbrace *r, const uint64_t *key)
{
	cache_aligned uint64_t value[BATCH_MAX];
	uint64_t t = cycles_now();

	for (size_t i = 0; i < SLICE; i += BATCH_MAX) {
		fdb_find(r->fdb, key + i, value, BATCH_MAX);
		__asm__ volatile("" : : "r"(value) : "memory"); /* the result is wanted */
	}
	return (double)(cycles_now() - t) / (double)SLICE;
}

/* All were heard in this tick already, as most are in a busy bridge. */
static double turn_hear(const struct fdbrace *r, const uint64_t *key)
{
	struct fdb_heard heard;
	uint64_t t = cycles_now();

	for (size_t i = 0; i < SLICE; i += BATCH_MAX) {
		fdb_hear(r->fdb, key + i, BATCH_MAX, PORT, TICK, false, &heard);
		__asm__ volatile("" : : "r"(&heard) : "memory");
	}
	return (double)(cycles_now() - t) / (double)SLICE;
}

static double turn_theirs(const struct fdbrace *r, const uint64_t *key)
{
	cache_aligned uint64_t value[BATCH_MAX];
	uint64_t t = cycles_now();

	for (size_t i = 0; i < SLICE; i += BATCH_MAX) {
		peer_mac_lookup(r->peer, key + i, value, BATCH_MAX);
		__asm__ volatile("" : : "r"(value) : "memory");
	}
	return (double)(cycles_now() - t) / (double)SLICE;
}

static void race_run(struct fdbrace *r, size_t turns)
{
	for (size_t turn = 0; turn < turns; turn++, r->n++) {
		const uint64_t *key = r->key + turn % SLICES * SLICE;
		bool second = turn / SLICES % 2 == turn % 2;

		if (r->peer != NULL && second)
			r->theirs[r->n] = turn_theirs(r, key);
		r->ours[r->n] = turn_ours(r, key);
		if (r->peer != NULL && !second)
			r->theirs[r->n] = turn_theirs(r, key);
		r->hear[r->n] = turn_hear(r, key);
		r->ratio[r->n] = r->peer != NULL ? r->theirs[r->n] / r->ours[r->n] : 0;
	}
}

/* Do both find all of the trace, and the same? */
static bool agree(const struct fdbrace *r)
{
	uint64_t value[BATCH_MAX], other[BATCH_MAX] = {};
	size_t wrong = 0;

	for (size_t i = 0; i < TRACE; i += BATCH_MAX) {
		fdb_find(r->fdb, r->key + i, value, BATCH_MAX);
		if (r->peer != NULL)
			wrong += peer_mac_lookup(r->peer, r->key + i, other, BATCH_MAX) !=
			         UINT64_MAX;
		for (size_t j = 0; j < BATCH_MAX; j++) {
			wrong += fdb_port(value[j]) != PORT || fdb_seen(value[j]) != TICK;
			wrong += r->peer != NULL && other[j] != PORT;
		}
	}
	if (wrong > 0)
		fprintf(stderr, "bench_lookup: %zu stations differ\n", wrong);
	return wrong == 0;
}

static void figures_print(const struct fdbrace *r, double *figure, const char *what, unsigned best)
{
	printf("lookup.fdb.%s.%s best=%.2f median=%.2f unit=%s\n", r->name, what,
	       cycles_percentile(figure, r->n, best), cycles_percentile(figure, r->n, 50),
	       CYCLES_UNIT);
}

static void race_print(struct fdbrace *r, enum fdb_trace kind)
{
	const char *trace = kind == FDB_UNIFORM ? "uniform" : "zipf";
	char what[32];

	figures_print(r, r->ours, trace, 0);
	snprintf(what, sizeof(what), "%s.hear", trace);
	figures_print(r, r->hear, what, 0);
	if (r->peer == NULL)
		return;
	snprintf(what, sizeof(what), "%s." PEER_MAC_NAME, trace);
	figures_print(r, r->theirs, what, 0);
	printf("lookup.fdb.%s.%s.ratio median=%.3f low=%.3f high=%.3f unit=x\n", r->name, trace,
	       cycles_percentile(r->ratio, r->n, 50), cycles_percentile(r->ratio, r->n, 10),
	       cycles_percentile(r->ratio, r->n, 90));
	fflush(stdout);
}

static int race_trace(struct fdbrace *r, enum fdb_trace kind, uint64_t runs)
{
	uint64_t rng = 1 + kind;

	for (size_t i = 0; i < TRACE; i++)
		r->key[i] = station_key(station_draw(&rng, r->stations, kind));
	if (!agree(r))
		return -EIO;
	r->n = 0;
	race_run(r, runs * SLICES);
	race_print(r, kind);
	return 0;
}

static int stations_put(struct fdbrace *r)
{
	for (uint32_t i = 0; i < r->stations; i++) {
		uint64_t key = station_key(i);
		int err = fdb_set(r->fdb, key, PORT, 0, TICK);

		if (err == 0 && r->peer != NULL)
			err = peer_mac_insert(r->peer, key, PORT);
		if (err < 0)
			return err;
	}
	return 0;
}

static int race_table(struct fdbrace *r, uint64_t runs)
{
	const char *why;
	int err = fdb_new(&r->fdb, r->stations);

	if (err < 0)
		return err;
	if (peer_mac_open(&r->peer, r->stations, r->name, &why) < 0) {
		r->peer = NULL;
		printf("lookup.fdb.%s." PEER_MAC_NAME " skipped: %s\n", r->name, why);
	}
	err = stations_put(r);
	for (enum fdb_trace kind = 0; err == 0 && kind < FDB_TRACES; kind++)
		err = race_trace(r, kind, runs);
	if (r->peer != NULL)
		peer_mac_close(r->peer);
	fdb_free(r->fdb);
	return err;
}

int fdbrace_bench(uint64_t runs)
{
	static const struct {
		const char *name;
		uint32_t stations;
	} table[] = {{"4k", 1 << 12}, {"64k", 1 << 16}, {"256k", 1 << 18}, {"1m", 1 << 20}};
	size_t turns = runs * SLICES;
	struct fdbrace r = {.key = calloc(TRACE, sizeof(*r.key))};
	double *figure = calloc(4 * turns, sizeof(*figure));
	int err = r.key == NULL || figure == NULL ? -ENOMEM : 0;

	for (size_t i = 0; err == 0 && i < ARRAY_SIZE(table); i++) {
		r.name = table[i].name;
		r.stations = table[i].stations;
		r.ours = figure;
		r.theirs = figure + turns;
		r.ratio = figure + 2 * turns;
		r.hear = figure + 3 * turns;
		err = race_table(&r, runs);
	}
	free(figure);
	free(r.key);
	return err;
}
