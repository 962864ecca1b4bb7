/* SPDX-License-Identifier: BSD-2-Clause */
#include "atscale.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cycles.h"

#define NEXT_HOPS    250
#define MILLION      1000000
#define PREFIXES_MAX 2000000 /* of a file */

void atscale_print(const char *name, double *rate, size_t n, int digits, const char *unit)
{
	double median = cycles_percentile(rate, n, 50);

	printf("%s best=%.*f median=%.*f unit=%s\n", name, digits, rate[n - 1], digits, median,
	       unit);
	fflush(stdout);
}

/* Return: seconds for all prefixes into an empty table, which is then *fib, or a negative errno. */
static double load_time(struct fib4 **fib, const struct prefixes *p)
{
	struct fib4_route *r = calloc(p->n, sizeof(*r));
	uint64_t t;
	int err;

	if (r == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++)
		r[i] = (struct fib4_route){
			.dst = p->route[i].dst,
			.len = p->route[i].len,
			.source = ROUTE_STATIC,
			.nh = p->route[i].nh,
		};
	t = clock_ns();
	err = fib4_new(fib);
	if (err == 0) {
		err = fib4_load(*fib, r, p->n);
		t = clock_ns() - t;
		if (err < 0)
			fib4_free(*fib);
	}
	free(r);
	return err < 0 ? err : (double)t * 1e-9;
}

/* Memory of this process on pages of 2 MiB, in MiB. */
static long pages_huge(void)
{
	FILE *in = fopen("/proc/self/smaps_rollup", "re");
	char line[128];
	long kib = 0;

	while (in != NULL && fgets(line, sizeof(line), in) != NULL) {
		if (strncmp(line, "AnonHugePages:", 14) == 0 ||
		    strncmp(line, "Private_Hugetlb:", 16) == 0)
			kib += strtol(strchr(line, ':') + 1, NULL, 10);
	}
	if (in != NULL)
		(void)fclose(in);
	return kib / 1024;
}

/* What came since: look-ups in small pages would cost up to twice as much. */
static void pages_print(const char *name, long before)
{
	printf("%s huge_mib=%ld\n", name, pages_huge() - before);
	fflush(stdout);
}

/* The table of the file, or one like the Internet's. */
static int prefixes_get(struct prefixes *p, const char *path)
{
	int err = path != NULL ? prefixes_read(p, path, PREFIXES_MAX)
	                       : prefixes_make(p, PREFIXES_MAX);

	if (err == 0)
		prefixes_spread(p, NEXT_HOPS);
	return err;
}

static void peer_start(struct atscale *s)
{
	const struct prefixes *p = &s->prefixes;
	uint64_t t;
	double seconds;
	const char *why;
	long before = pages_huge();
	int err = peer_open(&s->peer, PREFIXES_MAX, &why);

	if (err < 0) {
		printf("lookup.fib4." PEER_NAME " skipped: %s\n", why);
		return;
	}
	t = clock_ns();
	for (size_t i = 0; err == 0 && i < p->n; i++)
		err = peer_insert(s->peer, &p->route[i], p->route[i].nh);
	seconds = (double)(clock_ns() - t) * 1e-9;
	if (err < 0) {
		printf("lookup.fib4." PEER_NAME " skipped: it cannot hold the table\n");
		peer_close(s->peer);
		s->peer = NULL;
		return;
	}
	atscale_print("lookup.fib4.load." PEER_NAME, &seconds, 1, 4, "s");
	pages_print("lookup.fib4.load.pages." PEER_NAME, before);
}

/* Loading, @n times; the last table stays. */
static int load_print(struct atscale *s, const char *name)
{
	struct cycles_runs loads = {0};
	struct fib4_stats stats;
	long before = 0;
	char full[64];

	for (uint64_t i = 0; i < s->runs; i++) {
		double seconds;

		fib4_free(s->fib);
		s->fib = NULL;
		before = pages_huge();
		seconds = load_time(&s->fib, &s->prefixes);
		if (seconds < 0)
			return (int)seconds;
		cycles_runs_add(&loads, seconds);
	}
	snprintf(full, sizeof(full), "lookup.fib4.%s", name);
	cycles_runs_print(&loads, full, 4, "s");
	fib4_stats(s->fib, &stats);
	printf("lookup.fib4.%s.memory bytes=%zu mib=%.1f routes=%zu groups=%zu\n", name,
	       stats.bytes, (double)stats.bytes / (1 << 20), stats.routes, stats.groups);
	snprintf(full, sizeof(full), "lookup.fib4.%s.pages", name);
	pages_print(full, before);
	return 0;
}

/* A million routes: the table, and more-specifics of its prefixes. */
static int bench_million(struct atscale *s)
{
	int err;

	prefixes_grow(&s->prefixes, MILLION);
	prefixes_spread(&s->prefixes, NEXT_HOPS);
	err = load_print(s, "million");
	fib4_free(s->fib);
	s->fib = NULL;
	return err;
}

static int bench_table(struct atscale *s, const struct atscale_options *o)
{
	int err = load_print(s, "load");

	if (err < 0)
		return err;
	peer_start(s);
	if (o->race)
		err = atscale_race(s);
	if (err == 0 && o->updates)
		err = atscale_updates(s);
	if (s->peer != NULL)
		peer_close(s->peer);
	return err;
}

int atscale_bench(const struct atscale_options *o)
{
	struct atscale s = {.runs = o->runs, .other_cpu = o->other_cpu};
	int err = prefixes_get(&s.prefixes, o->table);

	if (err < 0)
		return err;
	if (o->race || o->updates)
		err = bench_table(&s, o);
	if (err == 0 && o->million)
		err = bench_million(&s);
	fib4_free(s.fib);
	prefixes_free(&s.prefixes);
	return err;
}
