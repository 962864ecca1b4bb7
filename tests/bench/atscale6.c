/* SPDX-License-Identifier: BSD-2-Clause */
#include "atscale6.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "cycles.h"
#include "rng.h"
#include "trace.h"

#define NEXT_HOPS    250
#define QUARTER      250000
#define PREFIXES_MAX 1000000 /* of a file */

/* Return: seconds for all prefixes into an empty table, which is then *fib, or a negative errno. */
static double load_time(struct fib6 **fib, const struct prefixes6 *p)
{
	struct fib6_route *r = calloc(p->n, sizeof(*r));
	uint64_t t;
	int err;

	if (r == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++)
		r[i] = (struct fib6_route){
			.dst = p->route[i].dst,
			.len = p->route[i].len,
			.source = ROUTE_STATIC,
			.nh = p->route[i].nh,
		};
	t = clock_ns();
	err = fib6_new(fib);
	if (err == 0) {
		err = fib6_load(*fib, r, p->n);
		t = clock_ns() - t;
		if (err < 0)
			fib6_free(*fib);
	}
	free(r);
	return err < 0 ? err : (double)t * 1e-9;
}

static int prefixes_get(struct prefixes6 *p, const char *path)
{
	int err = path != NULL ? prefixes6_read(p, path, PREFIXES_MAX) : -ENOENT;

	if (err == -ENOENT)
		err = prefixes6_make(p, PREFIXES_MAX);
	if (err == 0)
		prefixes6_spread(p, NEXT_HOPS);
	return err;
}

static void peer_start(struct atscale6 *s)
{
	const struct prefixes6 *p = &s->prefixes;
	size_t before = peer6_bytes();
	const char *why;
	double seconds;
	uint64_t t;
	int err = peer6_open(&s->peer, PREFIXES_MAX, &why);

	if (err < 0) {
		printf("lookup.fib6." PEER6_NAME " skipped: %s\n", why);
		return;
	}
	t = clock_ns();
	for (size_t i = 0; err == 0 && i < p->n; i++)
		err = peer6_insert(s->peer, &p->route[i], p->route[i].nh);
	seconds = (double)(clock_ns() - t) * 1e-9;
	if (err < 0) {
		printf("lookup.fib6." PEER6_NAME " skipped: it cannot hold the table\n");
		peer6_close(s->peer);
		s->peer = NULL;
		return;
	}
	atscale_print("lookup.fib6.load." PEER6_NAME, &seconds, 1, 4, "s");
	printf("lookup.fib6.load.memory." PEER6_NAME " mib=%.1f\n",
	       (double)(peer6_bytes() - before) / (1 << 20));
}

/* Loading, @n times; the last table stays. */
static int load_print(struct atscale6 *s, const char *name)
{
	struct cycles_runs loads = {0};
	struct fib6_stats stats;
	char full[64];

	for (uint64_t i = 0; i < s->runs; i++) {
		double seconds;

		fib6_free(s->fib);
		s->fib = NULL;
		seconds = load_time(&s->fib, &s->prefixes);
		if (seconds < 0)
			return (int)seconds;
		cycles_runs_add(&loads, seconds);
	}
	snprintf(full, sizeof(full), "lookup.fib6.%s", name);
	cycles_runs_print(&loads, full, 4, "s");
	fib6_stats(s->fib, &stats);
	printf("lookup.fib6.%s.memory bytes=%zu mib=%.1f routes=%zu\n", name, stats.bytes,
	       (double)stats.bytes / (1 << 20), stats.routes);
	return 0;
}

/* A quarter of a million routes: the table, and more-specifics of its prefixes. */
static int bench_quarter(struct atscale6 *s)
{
	int err;

	prefixes6_grow(&s->prefixes, QUARTER);
	prefixes6_spread(&s->prefixes, NEXT_HOPS);
	err = load_print(s, "quarter");
	fib6_free(s->fib);
	s->fib = NULL;
	return err;
}

static int bench_table(struct atscale6 *s, const struct atscale_options *o)
{
	int err = load_print(s, "load");

	if (err < 0)
		return err;
	peer_start(s);
	if (o->race)
		err = atscale6_race(s);
	if (err == 0 && o->updates)
		err = atscale6_updates(s);
	if (s->peer != NULL)
		peer6_close(s->peer);
	return err;
}

int atscale6_bench(const struct atscale_options *o)
{
	struct atscale6 s = {.runs = o->runs, .other_cpu = o->other_cpu};
	int err = prefixes_get(&s.prefixes, o->table);

	if (err < 0)
		return err;
	if (o->race || o->updates)
		err = bench_table(&s, o);
	if (err == 0 && o->million)
		err = bench_quarter(&s);
	fib6_free(s.fib);
	prefixes6_free(&s.prefixes);
	return err;
}

static struct ip host_draw(const struct prefixes6 *p, uint64_t *rng)
{
	const struct prefix6 *r = &p->route[rng_below(rng, (uint32_t)p->n)];
	struct ip m = ip6_mask(r->len);

	return (struct ip){r->dst.hi | (rng_next(rng) & ~m.hi),
	                   r->dst.lo | (rng_next(rng) & ~m.lo)};
}

static struct ip draw(const struct prefixes6 *p, const struct ip *hosts, uint64_t *rng)
{
	return hosts != NULL ? hosts[trace_rank(rng)] : host_draw(p, rng);
}

uint8_t *atscale6_trace(const struct prefixes6 *p, enum trace_kind kind)
{
	uint8_t *dst = aligned_alloc(CACHE_LINE, TRACE_LEN * 16);
	struct ip *hosts = NULL;
	uint64_t rng = 1 + kind;

	if (kind == TRACE_ZIPF)
		hosts = calloc(TRACE_HOSTS, sizeof(*hosts));
	if (dst == NULL || (kind == TRACE_ZIPF && hosts == NULL)) {
		free(dst);
		free(hosts);
		return NULL;
	}
	for (size_t i = 0; hosts != NULL && i < TRACE_HOSTS; i++)
		hosts[i] = host_draw(p, &rng);
	for (size_t i = 0; i < TRACE_LEN; i++) {
		struct ip any = {rng_next(&rng) >> 3 | 1ull << 61, rng_next(&rng)};

		ip_store(dst + 16 * i, kind == TRACE_UNIFORM ? any : draw(p, hosts, &rng));
	}
	free(hosts);
	return dst;
}
