/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_lookup: the IPv4 table alone: cycles a look-up in batches of 64, over the destinations of a
 * workload in their order, and seconds to load its routes into an empty table.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "cycles.h"
#include "netarg.h"
#include "packet/batch.h"
#include "route/fib4.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "workload.h"

#define NH 1 /* where all routes lead */

static const char usage[] = "usage: bench_lookup [OPTION...] [NAME...]\n"
			    "  NAME      ip4_1, ip4_100k, ... (default: all)\n"
			    "  --cpu N   core to run on\n"
			    "  --runs N  1 to 64 (default 5)\n";

/* Return: seconds, or a negative errno with *fib unset. */
static double load_time(struct fib4 **fib, const struct workload *w)
{
	struct fib4_route *r = calloc(w->n_routes, sizeof(*r));
	struct fib4 *f;
	uint64_t t;
	int err;

	if (r == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < w->n_routes; i++)
		r[i] = (struct fib4_route){
			.dst = w->route[i].dst,
			.len = w->route[i].len,
			.source = ROUTE_STATIC,
			.nh = NH,
		};
	t = clock_ns();
	err = fib4_new(&f);
	if (err == 0) {
		err = fib4_load(f, r, w->n_routes);
		t = clock_ns() - t;
		if (err < 0)
			fib4_free(f);
	}
	free(r);
	if (err < 0)
		return err;
	*fib = f;
	return (double)t * 1e-9;
}

/* Cycles a look-up over all of @dst; a look-up that finds nothing is a wrong table: *wrong. */
static double lookup_time(const struct fib4 *fib, const uint32_t *dst, size_t n, uint64_t *wrong)
{
	uint64_t overhead = cycles_overhead(), t = cycles_now(), found = 0;

	for (size_t i = 0; i + BATCH_MAX <= n; i += BATCH_MAX) {
		cache_aligned uint32_t id[BATCH_MAX];

		fib4_lookup(fib, dst + i, id, BATCH_MAX);
		for (int j = 0; j < BATCH_MAX; j++)
			found += id[j] == NH;
	}
	t = cycles_now() - t - overhead;
	n -= n % BATCH_MAX;
	*wrong += n - found;
	return (double)t / (double)n;
}

static uint32_t *destinations(const struct workload *w)
{
	uint32_t *dst = aligned_alloc(CACHE_LINE, w->n_frames * sizeof(*dst));

	for (size_t i = 0; dst != NULL && i < w->n_frames; i++)
		dst[i] = ip4_dst(workload_frame(w, i) + ETHER_LEN);
	return dst;
}

/* Return: 0, -EIO when look-ups failed, or another negative errno. */
static int bench(const struct workload *w, size_t n_runs)
{
	struct cycles_runs loads = {0}, lookups = {0};
	uint32_t *dst = destinations(w);
	uint64_t wrong = 0;
	char name[64];

	if (dst == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n_runs; i++) {
		struct fib4 *fib = NULL;
		double s = load_time(&fib, w);

		if (s < 0) {
			free(dst);
			return (int)s;
		}
		cycles_runs_add(&loads, s);
		lookup_time(fib, dst, w->n_frames, &wrong);
		cycles_runs_add(&lookups, lookup_time(fib, dst, w->n_frames, &wrong));
		fib4_free(fib);
	}
	free(dst);
	if (wrong > 0)
		return -EIO;
	snprintf(name, sizeof(name), "lookup.fib4.%s", w->name);
	cycles_runs_print(&lookups, name, 2, CYCLES_UNIT);
	snprintf(name, sizeof(name), "lookup.fib4.%s.load", w->name);
	cycles_runs_print(&loads, name, 4, "s");
	return 0;
}

static bool wanted(const char *name, char **names, int n)
{
	for (int i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return n == 0;
}

static int bench_all(size_t runs, char **names, int n)
{
	for (const char *const *name = workload_names(); *name != NULL; name++) {
		struct workload w;
		int err;

		if (!wanted(*name, names, n))
			continue;
		err = workload_make(&w, *name);
		if (err < 0)
			return err;
		err = bench(&w, runs);
		workload_free(&w);
		if (err < 0)
			return err;
	}
	return 0;
}

static bool options_parse(int64_t *cpu, uint64_t *runs, int argc, char **argv)
{
	static const struct option known[] = {
		{"cpu", required_argument, NULL, 'c'},
		{"runs", required_argument, NULL, 'r'},
		{},
	};
	uint64_t number;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		bool good = false;

		if (c == 'c' && netarg_number(optarg, 0, 1023, &number)) {
			*cpu = (int64_t)number;
			good = true;
		} else if (c == 'r') {
			good = netarg_number(optarg, 1, CYCLES_RUNS_MAX, runs);
		}
		if (!good)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	uint64_t runs = 5;
	int64_t cpu = -1;
	int err = 0;

	if (!options_parse(&cpu, &runs, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	if (cpu >= 0)
		err = netarg_pin((unsigned int)cpu);
	if (err == 0)
		err = cycles_calibrate(runs);
	if (err == 0)
		err = bench_all(runs, argv + optind, argc - optind);
	if (err < 0) {
		fprintf(stderr, "bench_lookup: %s\n", strerror(-err));
		return 1;
	}
	return 0;
}
