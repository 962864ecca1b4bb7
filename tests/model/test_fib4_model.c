/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fib4 against a list of routes that is searched from end to end. The universe is small, so that
 * prefixes overlap: addresses of eight /16s, of which only a few bits vary.
 *
 * Readers run beside. What they may find at an address is known without looking at the writer's
 * state: the id of a route tells its prefix, so a result is legal if that prefix covers the
 * address. One route covers everything and is never removed, so "none" is never legal.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/rcu.h"
#include "model.h"
#include "route/fib4.h"

#define N_PREFIXES 600u
#define N_ROUTES   1800u /* three a prefix */
#define N_READERS  2

/* Prefix i is named by the ids 1 + i + N_PREFIXES * (0 .. 2). */
struct universe {
	struct fib4 *fib;
	struct {
		uint32_t dst;
		uint8_t len;
	} prefix[N_PREFIXES];
	struct fib4_route route[N_ROUTES]; /* the model: nh 0 where there is none */
	uint64_t random;
	bool stop;
	uint64_t illegal;
};

static uint32_t mask_of(unsigned int len)
{
	return ~(uint32_t)(0xffffffffull >> len);
}

static uint32_t random_addr(uint64_t *random)
{
	/* Few values a byte: 8 * 4 * 8 * 256 addresses. */
	return 0x0a000000u | (model_random(random) & 7) << 18 | (model_random(random) & 3) << 14 |
	       (model_random(random) & 7) << 8 | (model_random(random) & 0xff);
}

static uint32_t prefix_of(uint32_t id)
{
	return (id - 1) % N_PREFIXES;
}

static void universe_init(struct universe *u)
{
	memset(u, 0, sizeof(*u));
	u->random = model_seed();
	assert_int_equal(fib4_new(&u->fib), 0);
	/* The first one covers all and is never removed. */
	for (uint32_t i = 1; i < N_PREFIXES; i++) {
		uint8_t len = (uint8_t)(1 + model_below(&u->random, 32));

		u->prefix[i].dst = random_addr(&u->random) & mask_of(len);
		u->prefix[i].len = len;
		/* Each prefix once, so that its ids tell all. */
		for (uint32_t j = 0; j < i; j++) {
			if (u->prefix[j].dst != u->prefix[i].dst || u->prefix[j].len != len)
				continue;
			i--;
			break;
		}
	}
}

/* The id that the model finds. */
static uint32_t model_lookup(const struct universe *u, uint32_t addr)
{
	const struct fib4_route *best = NULL;

	for (uint32_t i = 0; i < N_ROUTES; i++) {
		const struct fib4_route *r = &u->route[i];

		if (r->nh == 0 || ((addr ^ r->dst) & mask_of(r->len)) != 0)
			continue;
		if (best == NULL || r->len > best->len ||
		    (r->len == best->len && r->metric < best->metric) ||
		    (r->len == best->len && r->metric == best->metric && r->source < best->source))
			best = r;
	}
	return best != NULL ? best->nh : 0;
}

/* The route that slot @i of the model is about: its prefix, and one of three metrics or sources. */
static struct fib4_route slot_route(const struct universe *u, uint32_t i, uint16_t nh)
{
	uint32_t p = i % N_PREFIXES, rank = i / N_PREFIXES;

	return (struct fib4_route){.dst = u->prefix[p].dst,
	                           .len = u->prefix[p].len,
	                           .source = rank == 1 ? ROUTE_CONNECTED : ROUTE_STATIC,
	                           .metric = rank == 2 ? 100 : 50,
	                           .nh = nh};
}

static void insert_one(struct universe *u, uint32_t i)
{
	uint32_t nh = 1 + i % N_PREFIXES + N_PREFIXES * model_below(&u->random, 3);
	struct fib4_route r = slot_route(u, i, (uint16_t)nh);
	uint16_t old = 0xffff;

	assert_int_equal(fib4_insert(u->fib, &r, &old), 0);
	assert_int_equal(old, u->route[i].nh);
	u->route[i] = r;
}

static void remove_one(struct universe *u, uint32_t i)
{
	struct fib4_route r = slot_route(u, i, 0);
	uint16_t old = 0;

	if (u->route[i].nh == 0) {
		assert_int_equal(fib4_remove(u->fib, &r, &old), -ENOENT);
		return;
	}
	assert_int_equal(fib4_remove(u->fib, &r, &old), 0);
	assert_int_equal(old, u->route[i].nh);
	u->route[i].nh = 0;
}

static void compare_lookups(struct universe *u)
{
	uint32_t dst[64], id[64];

	for (uint32_t i = 0; i < 64; i++) {
		dst[i] = random_addr(&u->random);
		if (i % 8 == 0)
			dst[i] = model_random(&u->random);
	}
	fib4_lookup(u->fib, dst, id, 64);
	for (uint32_t i = 0; i < 64; i++)
		assert_int_equal(id[i], model_lookup(u, dst[i]));
}

static void compare_walks(struct universe *u)
{
	struct fib4_route r, last = {};
	struct fib4_stats s;
	size_t n = 0, want = 0;
	bool best;

	while (fib4_next(u->fib, n > 0 ? &last : NULL, &r, &best)) {
		if (n > 0) {
			assert_true(r.dst >= last.dst);
			assert_true(r.dst > last.dst || r.len >= last.len);
		}
		if (best)
			assert_true(n == 0 || r.dst != last.dst || r.len != last.len);
		last = r;
		n++;
	}
	for (uint32_t i = 0; i < N_ROUTES; i++)
		want += u->route[i].nh != 0;
	assert_int_equal(n, want);
	fib4_stats(u->fib, &s);
	assert_int_equal(s.routes, want);
}

static bool legal(const struct universe *u, uint32_t addr, uint32_t id)
{
	uint32_t p = prefix_of(id);

	return id != 0 && id <= N_ROUTES &&
	       ((addr ^ u->prefix[p].dst) & mask_of(u->prefix[p].len)) == 0;
}

static void *read_on(void *arg)
{
	struct universe *u = arg;
	uint64_t random = 7, illegal = 0;
	uint32_t dst[64], id[64];

	rcu_register_thread();
	while (!__atomic_load_n(&u->stop, __ATOMIC_RELAXED)) {
		for (uint32_t i = 0; i < 64; i++)
			dst[i] = random_addr(&random);
		fib4_lookup(u->fib, dst, id, 64);
		for (uint32_t i = 0; i < 64; i++)
			illegal += !legal(u, dst[i], id[i]);
		rcu_quiescent_state();
	}
	rcu_unregister_thread();
	__atomic_add_fetch(&u->illegal, illegal, __ATOMIC_RELAXED);
	return NULL;
}

/* Fill up for a while, then empty, and so on. */
static void change_some(struct universe *u, uint32_t round)
{
	for (int i = 0; i < 100; i++) {
		uint32_t slot = 1 + model_below(&u->random, N_ROUTES - 1);

		if (model_below(&u->random, 100) < (round / 50 % 2 ? 30u : 70u))
			insert_one(u, slot);
		else
			remove_one(u, slot);
	}
}

static void random_changes_match_the_model_and_readers_see_only_legal_ids(void **)
{
	static struct universe u;
	pthread_t reader[N_READERS];
	uint64_t end = model_end_ns();

	universe_init(&u);
	insert_one(&u, 0);
	for (int i = 0; i < N_READERS; i++)
		assert_int_equal(pthread_create(&reader[i], NULL, read_on, &u), 0);
	for (uint32_t round = 0; clock_ns() < end; round++) {
		change_some(&u, round);
		compare_lookups(&u);
		if (round % 16 == 0)
			compare_walks(&u);
	}
	for (uint32_t i = 1; i < N_ROUTES; i++)
		remove_one(&u, i);
	compare_lookups(&u);
	__atomic_store_n(&u.stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < N_READERS; i++)
		pthread_join(reader[i], NULL);
	assert_int_equal(u.illegal, 0);
	remove_one(&u, 0);
	compare_lookups(&u);
	fib4_free(u.fib);
}

static void a_load_equals_as_many_insertions(void **)
{
	static struct universe u;
	static struct fib4_route r[N_ROUTES];
	struct fib4_stats s;

	universe_init(&u);
	for (uint32_t i = 0; i < N_ROUTES; i++) {
		uint32_t slot = model_below(&u.random, N_ROUTES);

		r[i] = slot_route(&u, slot, (uint16_t)(1 + i));
		u.route[slot] = r[i];
	}
	assert_int_equal(fib4_load(u.fib, r, N_ROUTES), 0);
	for (int i = 0; i < 200; i++)
		compare_lookups(&u);
	compare_walks(&u);
	for (uint32_t i = 0; i < N_ROUTES; i++)
		remove_one(&u, i);
	fib4_stats(u.fib, &s);
	assert_int_equal(s.routes, 0);
	assert_int_equal(s.prefixes, 0);
	assert_int_equal(s.groups, 0);
	fib4_free(u.fib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_changes_match_the_model_and_readers_see_only_legal_ids),
		cmocka_unit_test(a_load_equals_as_many_insertions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
