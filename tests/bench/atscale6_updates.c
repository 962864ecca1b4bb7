/* SPDX-License-Identifier: BSD-2-Clause */
/* As atscale_updates.c. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "atscale6.h"
#include "base/clock.h"
#include "base/rcu.h"
#include "netarg.h"
#include "packet/batch.h"
#include "rng.h"
#include "trace.h"

#define CHANGES 500 /* between two looks at the clock: less than the scheduler gives at once */
#define SLICES  400 /* of so many, in a run */

struct updates {
	const struct atscale6 *s;
	uint16_t *nh; /* of each prefix now; 0: it is not there */
	uint8_t *dst;
	struct prefix6 change[CHANGES]; /* with the new next hop; 0: it goes */
	bool theirs;
	pthread_t reader;
	uint64_t batches; /* read */
	bool stop;
};

static int apply(const struct updates *u, const struct prefix6 *c)
{
	struct fib6_route r = {.dst = c->dst, .len = c->len, .source = ROUTE_STATIC, .nh = c->nh};
	const struct atscale6 *s = u->s;
	uint16_t old;

	if (u->theirs)
		return c->nh != 0 ? peer6_insert(s->peer, c, c->nh) : peer6_remove(s->peer, c);
	return c->nh != 0 ? fib6_insert(s->fib, &r, &old) : fib6_remove(s->fib, &r, &old);
}

static void look_up(const struct updates *u, const uint8_t *dst, uint64_t *nh)
{
	uint64_t hi[BATCH_MAX], lo[BATCH_MAX];
	uint32_t id[BATCH_MAX];

	if (u->theirs) {
		peer6_lookup(u->s->peer, dst, nh, BATCH_MAX);
		return;
	}
	for (size_t i = 0; i < BATCH_MAX; i++) {
		struct ip a = ip_load(dst + 16 * i);

		hi[i] = a.hi;
		lo[i] = a.lo;
	}
	fib6_lookup(u->s->fib, hi, lo, id, BATCH_MAX);
	for (size_t i = 0; i < BATCH_MAX; i++)
		nh[i] = id[i];
}

static void *read_on(void *arg)
{
	struct updates *u = arg;
	uint64_t nh[BATCH_MAX];

	if (u->s->other_cpu >= 0)
		(void)netarg_pin((unsigned int)u->s->other_cpu);
	rcu_register_thread();
	while (!__atomic_load_n(&u->stop, __ATOMIC_RELAXED)) {
		look_up(u, u->dst + u->batches % (TRACE_LEN / BATCH_MAX) * BATCH_MAX * 16, nh);
		__asm__ volatile("" : : "r"(nh) : "memory");
		__atomic_store_n(&u->batches, u->batches + 1, __ATOMIC_RELAXED);
		rcu_quiescent_state();
	}
	rcu_unregister_thread();
	return NULL;
}

static void changes_draw(struct updates *u, uint64_t *rng)
{
	for (size_t i = 0; i < CHANGES; i++) {
		uint32_t at = rng_below(rng, (uint32_t)u->s->prefixes.n);
		bool out = u->nh[at] != 0 && rng_below(rng, 2) == 0;

		u->nh[at] = out ? 0 : (uint16_t)(1 + rng_below(rng, 250));
		u->change[i] = u->s->prefixes.route[at];
		u->change[i].nh = u->nh[at];
	}
}

/* What the naive match finds among the prefixes that are there. */
static uint32_t expect(const struct updates *u, struct ip dst)
{
	const struct prefixes6 *p = &u->s->prefixes;

	for (int len = 128; len >= 0;) {
		uint32_t at = prefixes6_cover(p, dst, len);

		if (at == PREFIXES6_NONE)
			return 0;
		if (u->nh[at] != 0)
			return u->nh[at];
		len = p->route[at].len - 1;
	}
	return 0;
}

static bool table_right(const struct updates *u)
{
	uint64_t nh[BATCH_MAX];

	for (size_t i = 0; i < TRACE_LEN; i += (size_t)64 * BATCH_MAX) {
		look_up(u, u->dst + 16 * i, nh);
		for (size_t j = 0; j < BATCH_MAX; j++) {
			if (nh[j] != expect(u, ip_load(u->dst + 16 * (i + j))))
				return false;
		}
	}
	return true;
}

/* Return: 0, or the errno of a change. *rate: million changes a second. */
static int changes_apply(const struct updates *u, double *rate)
{
	uint64_t t = clock_ns();
	int err = 0;

	for (size_t i = 0; err == 0 && i < CHANGES; i++)
		err = apply(u, &u->change[i]);
	*rate = CHANGES * 1e3 / (double)(clock_ns() - t);
	return err;
}

static int measure(struct updates *u, const char *name)
{
	size_t n = u->s->runs * SLICES;
	double *rate = calloc(n, sizeof(*rate));
	uint64_t rng = 7, t = clock_ns();
	int err = rate != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; i < u->s->prefixes.n; i++)
		u->nh[i] = u->s->prefixes.route[i].nh;
	u->stop = false;
	u->batches = 0;
	if (err == 0)
		err = -pthread_create(&u->reader, NULL, read_on, u);
	if (err < 0)
		goto free_rate;
	for (size_t i = 0; err == 0 && i < n; i++) {
		changes_draw(u, &rng);
		err = changes_apply(u, &rate[i]);
	}
	__atomic_store_n(&u->stop, true, __ATOMIC_RELAXED);
	pthread_join(u->reader, NULL);
	if (err == 0 && (!table_right(u) || u->batches == 0))
		err = -EIO;
	if (err == 0) {
		double reads = (double)u->batches * BATCH_MAX * 1e3 / (double)(clock_ns() - t);
		char readers[80];

		atscale_print(name, rate, n, 2, "M/s");
		snprintf(readers, sizeof(readers), "%s.reader", name);
		atscale_print(readers, &reads, 1, 0, "M/s");
	}
free_rate:
	free(rate);
	return err;
}

int atscale6_updates(const struct atscale6 *s)
{
	struct updates *u = calloc(1, sizeof(*u));
	int err = -ENOMEM;

	if (u == NULL)
		return -ENOMEM;
	u->s = s;
	u->nh = calloc(s->prefixes.n, sizeof(*u->nh));
	u->dst = atscale6_trace(&s->prefixes, TRACE_TABLE);
	if (u->nh == NULL || u->dst == NULL)
		goto free_updates;
	err = measure(u, "lookup.fib6.updates");
	u->theirs = true;
	if (err == 0 && s->peer != NULL) {
		err = measure(u, "lookup.fib6.updates." PEER6_NAME);
		if (err == -ENOSPC) {
			printf("lookup.fib6.updates." PEER6_NAME " skipped: it ran out of nodes\n");
			err = 0;
		}
	}

free_updates:
	free(u->dst);
	free(u->nh);
	free(u);
	return err;
}
