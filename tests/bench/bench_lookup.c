/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_lookup: the IPv4 table alone: cycles a look-up in batches of 64, over the destinations of a
 * workload in their order, and seconds to load its routes into an empty table. Then, with a table
 * of the Internet's size, the same beside DPDK's (atscale.h), that of IPv6 (atscale6.h), and a
 * bridge's stations (fdbrace.h).
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atscale.h"
#include "atscale6.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "cycles.h"
#include "fdbrace.h"
#include "netarg.h"
#include "packet/batch.h"
#include "route/fib4.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "workload.h"

#define NH 1 /* where all routes lead, but in a table of the Internet's size */

static const char usage[] =
	"usage: bench_lookup [OPTION...] [NAME...]\n"
	"  NAME          ip4_1, ip4_100k, ..., race, updates, million, race6, updates6,\n"
	"                quarter, fdb (default: all)\n"
	"  --cpu N       core to run on\n"
	"  --other-cpu N core for readers beside\n"
	"  --runs N      1 to 64 (default 5)\n"
	"  --table FILE  prefixes, one a line (default: made up)\n";

struct options {
	int64_t cpu, other_cpu;
	uint64_t runs;
	const char *table;
};

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

static int bench_atscale(const struct options *o, char **names, int n)
{
	struct atscale_options a = {
		.table = o->table,
		.runs = o->runs,
		.other_cpu = o->other_cpu,
		.race = wanted("race", names, n),
		.updates = wanted("updates", names, n),
		.million = wanted("million", names, n),
	};

	return a.race || a.updates || a.million ? atscale_bench(&a) : 0;
}

static int bench_atscale6(const struct options *o, char **names, int n)
{
	struct atscale_options a = {
		.table = o->table,
		.runs = o->runs,
		.other_cpu = o->other_cpu,
		.race = wanted("race6", names, n),
		.updates = wanted("updates6", names, n),
		.million = wanted("quarter", names, n),
	};

	return a.race || a.updates || a.million ? atscale6_bench(&a) : 0;
}

static bool option_take(struct options *o, int c)
{
	uint64_t number;

	if (c == 't')
		o->table = optarg;
	else if (c == 'r')
		return netarg_number(optarg, 1, CYCLES_RUNS_MAX, &o->runs);
	else if (c == '?' || !netarg_number(optarg, 0, 1023, &number))
		return false;
	else if (c == 'c')
		o->cpu = (int64_t)number;
	else
		o->other_cpu = (int64_t)number;
	return true;
}

static bool options_parse(struct options *o, int argc, char **argv)
{
	static const struct option known[] = {
		{"cpu", required_argument, NULL, 'c'},
		{"other-cpu", required_argument, NULL, 'o'},
		{"runs", required_argument, NULL, 'r'},
		{"table", required_argument, NULL, 't'},
		{},
	};
	bool good = true;
	int c;

	*o = (struct options){.cpu = -1, .other_cpu = -1, .runs = 5};
	while (good && (c = getopt_long(argc, argv, "", known, NULL)) != -1)
		good = option_take(o, c);
	return good;
}

int main(int argc, char **argv)
{
	struct options o;
	int err = 0;

	if (!options_parse(&o, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	if (o.cpu >= 0)
		err = netarg_pin((unsigned int)o.cpu);
	if (err == 0)
		err = cycles_calibrate(o.runs);
	if (err == 0)
		err = bench_all(o.runs, argv + optind, argc - optind);
	if (err == 0)
		err = bench_atscale(&o, argv + optind, argc - optind);
	if (err == 0)
		err = bench_atscale6(&o, argv + optind, argc - optind);
	if (err == 0 && wanted("fdb", argv + optind, argc - optind))
		err = fdbrace_bench(o.runs);
	if (err < 0) {
		fprintf(stderr, "bench_lookup: %s\n", strerror(-err));
		return 1;
	}
	return 0;
}
