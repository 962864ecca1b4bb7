/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What changes: a random prefix of the table. If it is there, it goes or gets another next hop; if
 * it is not, it comes back. A thread on the other core looks up all the while.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atscale.h"
#include "base/clock.h"
#include "base/rcu.h"
#include "netarg.h"
#include "packet/batch.h"
#include "rng.h"
#include "trace.h"

#define CHANGES 5000 /* between two looks at the clock: less than the scheduler gives at once */
#define SLICES  40   /* of so many, in a run */

struct updates {
	const struct atscale *s;
	uint16_t *nh; /* of each prefix now; 0: it is not there */
	const uint32_t *dst;
	struct workload_route change[CHANGES]; /* with the new next hop; 0: it goes */
	int (*apply)(const struct atscale *s, const struct workload_route *c);
	void (*read)(const struct atscale *s, const uint32_t *dst);
	pthread_t reader;
	uint64_t batches; /* read */
	bool stop;
};

static int apply_ours(const struct atscale *s, const struct workload_route *c)
{
	struct fib4_route r = {.dst = c->dst, .len = c->len, .source = ROUTE_STATIC, .nh = c->nh};
	uint16_t old;

	return c->nh != 0 ? fib4_insert(s->fib, &r, &old) : fib4_remove(s->fib, &r, &old);
}

static int apply_theirs(const struct atscale *s, const struct workload_route *c)
{
	return c->nh != 0 ? peer_insert(s->peer, c, c->nh) : peer_remove(s->peer, c);
}

static void read_ours(const struct atscale *s, const uint32_t *dst)
{
	uint32_t id[BATCH_MAX];

	fib4_lookup(s->fib, dst, id, BATCH_MAX);
	__asm__ volatile("" : : "r"(id) : "memory");
}

static void read_theirs(const struct atscale *s, const uint32_t *dst)
{
	uint64_t nh[BATCH_MAX];

	peer_lookup(s->peer, dst, nh, BATCH_MAX);
	__asm__ volatile("" : : "r"(nh) : "memory");
}

static void *read_on(void *arg)
{
	struct updates *u = arg;

	if (u->s->other_cpu >= 0)
		(void)netarg_pin((unsigned int)u->s->other_cpu);
	rcu_register_thread();
	while (!__atomic_load_n(&u->stop, __ATOMIC_RELAXED)) {
		u->read(u->s, u->dst + u->batches % (TRACE_LEN / BATCH_MAX) * BATCH_MAX);
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
static uint32_t expect(const struct updates *u, uint32_t dst)
{
	const struct prefixes *p = &u->s->prefixes;

	for (int len = 32; len >= 0;) {
		uint32_t at = prefixes_cover(p, dst, len);

		if (at == PREFIXES_NONE)
			return 0;
		if (u->nh[at] != 0)
			return u->nh[at];
		len = p->route[at].len - 1;
	}
	return 0;
}

static bool table_right(const struct updates *u)
{
	for (size_t i = 0; i < TRACE_LEN; i += (size_t)16 * BATCH_MAX) {
		uint64_t nh[BATCH_MAX] = {};
		uint32_t id[BATCH_MAX] = {};

		if (u->apply == apply_theirs)
			peer_lookup(u->s->peer, u->dst + i, nh, BATCH_MAX);
		else
			fib4_lookup(u->s->fib, u->dst + i, id, BATCH_MAX);
		for (size_t j = 0; j < BATCH_MAX; j++) {
			if (u->apply == apply_ours)
				nh[j] = id[j];
			if (nh[j] != expect(u, u->dst[i + j]))
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
		err = u->apply(u->s, &u->change[i]);
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

int atscale_updates(const struct atscale *s)
{
	struct updates *u = calloc(1, sizeof(*u));
	int err = -ENOMEM;

	if (u == NULL)
		return -ENOMEM;
	u->s = s;
	u->nh = calloc(s->prefixes.n, sizeof(*u->nh));
	u->dst = trace_make(&s->prefixes, TRACE_TABLE);
	if (u->nh == NULL || u->dst == NULL)
		goto free_updates;
	u->apply = apply_ours;
	u->read = read_ours;
	err = measure(u, "lookup.fib4.updates");
	if (err == 0 && s->peer != NULL) {
		u->apply = apply_theirs;
		u->read = read_theirs;
		err = measure(u, "lookup.fib4.updates." PEER_NAME);
	}

free_updates:
	free((void *)u->dst);
	free(u->nh);
	free(u);
	return err;
}
