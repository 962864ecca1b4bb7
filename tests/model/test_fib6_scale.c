/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fib6 with prefixes of the Internet's lengths, against a list searched from end to end; readers
 * look up beside in every way there is (one key, scalar, AVX2, AVX-512, the one chosen), whichever
 * was chosen here, while the table is loaded and while it changes.
 *
 * A result's id names its prefix: what readers find is legal if that prefix covers the address.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>

#include "base/compiler.h"
#include "base/rcu.h"
#include "model.h"
#include "route/fib4.h"
#include "route/fib6.h"
#include "table/lpm6.h"
#include "table/lpm6_lookup.h"

#define N_PREFIXES 10000u /* each has three ids: 1 + i + N_PREFIXES * (0 .. 2) */
#define N_READERS  2
#define BATCH      64
#define WAYS       5

struct world {
	struct fib6 *fib;
	struct fib6_route route[N_PREFIXES]; /* nh 0: not there. The prefixes do not change */
	uint64_t random;
	bool stop;
	uint64_t illegal, read;
	pthread_t reader[N_READERS];
};

/* Of a thousand; more beyond /48 than the Internet has, so that subs come and go. */
static const struct {
	uint8_t len;
	uint16_t share;
} lengths[] = {{48, 430}, {32, 140}, {44, 80}, {40, 75}, {36, 40},  {29, 30}, {46, 20},
               {34, 20},  {38, 10},  {30, 5},  {64, 60}, {128, 50}, {56, 30}, {112, 10}};

/* Bits 0 to 15 of what is there. */
static const uint16_t tops[] = {0x2001, 0x2400, 0x2600, 0x2800, 0x2a00, 0x2a01, 0x2c0f, 0xfd00};

static uint8_t len_draw(uint64_t *random)
{
	uint32_t x = model_below(random, 1000);
	size_t i = 0;

	while (x >= lengths[i].share)
		x -= lengths[i++].share;
	return lengths[i].len;
}

static bool known(const struct world *w, uint32_t n, struct ip dst, uint8_t len)
{
	for (uint32_t i = 0; i < n; i++) {
		if (ip_equal(w->route[i].dst, dst) && w->route[i].len == len)
			return true;
	}
	return false;
}

static struct ip random_addr(uint64_t *random)
{
	uint64_t a = model_random(random), b = model_random(random), c = model_random(random);

	return (struct ip){a << 32 | b, c << 32 | model_random(random)};
}

/* A host of a prefix. */
static struct ip addr_draw(const struct world *w, uint32_t n, uint64_t *random)
{
	const struct fib6_route *r = &w->route[model_below(random, n)];
	struct ip m = ip6_mask(r->len), a = random_addr(random);

	return (struct ip){r->dst.hi | (a.hi & ~m.hi), r->dst.lo | (a.lo & ~m.lo)};
}

/* Three of four lie below an earlier one, so that they nest and crowd. */
static void world_make(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->random = model_seed();
	assert_int_equal(fib6_new(&w->fib), 0);
	w->route[0] = (struct fib6_route){.source = ROUTE_STATIC};
	for (uint32_t i = 1; i < N_PREFIXES;) {
		uint8_t len = len_draw(&w->random);
		uint64_t top = tops[model_below(&w->random, ARRAY_SIZE(tops))];
		struct ip dst = random_addr(&w->random);

		dst.hi = top << 48 | (dst.hi & 0xffffffffffffull);
		if (i > 64 && i % 4 != 0)
			dst = addr_draw(w, 1 + model_below(&w->random, i), &w->random);
		dst = ip_and(dst, ip6_mask(len));
		if (known(w, i, dst, len))
			continue;
		w->route[i++] = (struct fib6_route){.dst = dst, .len = len, .source = ROUTE_STATIC};
	}
}

/* Look 64 keys up in way @way. Return: false if there is no such way here. */
static bool look_up(const struct fib6 *fib, unsigned int way, const struct ip *dst, uint32_t *id)
{
	lpm6_lookup_fn *const ways[3] = {lpm6_lookup_scalar, lpm6_lookup_avx2(),
	                                 lpm6_lookup_avx512()};
	uint64_t hi[BATCH], lo[BATCH];

	for (int i = 0; i < BATCH; i++) {
		hi[i] = dst[i].hi;
		lo[i] = dst[i].lo;
	}
	if (way == 0) {
		fib6_lookup(fib, hi, lo, id, BATCH);
		return true;
	}
	if (way == 1) {
		for (int i = 0; i < BATCH; i++)
			id[i] = fib6_lookup_one(fib, dst[i]);
		return true;
	}
	if (ways[way - 2] == NULL)
		return false;
	ways[way - 2](fib6_table(fib), hi, lo, id, BATCH);
	return true;
}

/* @strict: "none" is not legal, for a route covers everything. */
static bool legal(const struct world *w, struct ip addr, uint32_t id, bool strict)
{
	const struct fib6_route *r = &w->route[(id - 1) % N_PREFIXES];

	if (id == 0)
		return !strict;
	return id <= 3 * N_PREFIXES && ip6_same_prefix(addr, r->dst, r->len);
}

struct reading {
	struct world *world;
	bool strict;
};

static void *read_on(void *arg)
{
	const struct reading *r = arg;
	struct world *w = r->world;
	uint64_t random = 7, illegal = 0, n = 0;
	struct ip dst[BATCH];
	uint32_t id[BATCH];

	rcu_register_thread();
	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		for (uint32_t i = 0; i < BATCH; i++)
			dst[i] = addr_draw(w, N_PREFIXES, &random);
		if (look_up(w->fib, (unsigned int)(n++ % WAYS), dst, id)) {
			for (uint32_t i = 0; i < BATCH; i++)
				illegal += !legal(w, dst[i], id[i], r->strict);
		}
		__atomic_add_fetch(&w->read, 1, __ATOMIC_RELAXED);
		rcu_quiescent_state();
	}
	rcu_unregister_thread();
	__atomic_add_fetch(&w->illegal, illegal, __ATOMIC_RELAXED);
	return NULL;
}

/* Return: when they read. */
static void readers_start(struct reading *r)
{
	uint64_t before = r->world->read;

	r->world->stop = false;
	for (int i = 0; i < N_READERS; i++)
		assert_int_equal(pthread_create(&r->world->reader[i], NULL, read_on, r), 0);
	while (__atomic_load_n(&r->world->read, __ATOMIC_RELAXED) == before)
		sched_yield();
}

static void readers_stop(struct world *w)
{
	__atomic_store_n(&w->stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < N_READERS; i++)
		pthread_join(w->reader[i], NULL);
	assert_int_equal(w->illegal, 0);
}

static uint16_t id_draw(struct world *w, uint32_t i)
{
	return (uint16_t)(1 + i + N_PREFIXES * model_below(&w->random, 3));
}

static uint32_t model_lookup(const struct world *w, struct ip addr)
{
	const struct fib6_route *best = &w->route[0];

	for (uint32_t i = 1; i < N_PREFIXES; i++) {
		const struct fib6_route *r = &w->route[i];

		if (r->nh != 0 && r->len > best->len && ip6_same_prefix(addr, r->dst, r->len))
			best = r;
	}
	return best->nh;
}

static void compare(struct world *w)
{
	uint32_t id[BATCH], want[BATCH];
	struct ip dst[BATCH];

	for (uint32_t i = 0; i < BATCH; i++) {
		dst[i] =
			i % 8 == 0 ? random_addr(&w->random) : addr_draw(w, N_PREFIXES, &w->random);
		want[i] = model_lookup(w, dst[i]);
	}
	for (unsigned int way = 0; way < WAYS; way++) {
		if (look_up(w->fib, way, dst, id))
			assert_memory_equal(id, want, sizeof(id));
	}
}

static void load(struct world *w)
{
	static struct fib6_route r[N_PREFIXES];

	for (uint32_t i = 0; i < N_PREFIXES; i++)
		w->route[i].nh = id_draw(w, i);
	memcpy(r, w->route, sizeof(r)); /* sorted by the load */
	assert_int_equal(fib6_load(w->fib, r, N_PREFIXES), 0);
}

static void readers_see_only_legal_ids_while_the_table_is_loaded(void **)
{
	static struct world w;
	struct reading r = {.world = &w};
	uint64_t end = model_end_ns();

	world_make(&w);
	do {
		readers_start(&r);
		load(&w);
		readers_stop(&w);
		compare(&w);
		fib6_free(w.fib);
		assert_int_equal(fib6_new(&w.fib), 0);
	} while (clock_ns() < end);
	fib6_free(w.fib);
}

static void change_some(struct world *w)
{
	for (int n = 0; n < 1000; n++) {
		uint32_t i = 1 + model_below(&w->random, N_PREFIXES - 1);
		uint16_t was = w->route[i].nh, old = 0xffff;

		w->route[i].nh = id_draw(w, i);
		if (was != 0 && model_below(&w->random, 2) == 0) {
			assert_int_equal(fib6_remove(w->fib, &w->route[i], &old), 0);
			w->route[i].nh = 0;
		} else {
			assert_int_equal(fib6_insert(w->fib, &w->route[i], &old), 0);
		}
		assert_int_equal(old, was);
	}
}

static void readers_see_only_legal_ids_while_a_loaded_table_changes(void **)
{
	static struct world w;
	struct reading r = {.world = &w, .strict = true};
	uint64_t end = model_end_ns();
	struct fib6_stats s;
	uint16_t old;

	world_make(&w);
	load(&w);
	readers_start(&r);
	do {
		change_some(&w);
		compare(&w);
	} while (clock_ns() < end);
	for (uint32_t i = 1; i < N_PREFIXES; i++) {
		if (w.route[i].nh != 0)
			assert_int_equal(fib6_remove(w.fib, &w.route[i], &old), 0);
		w.route[i].nh = 0;
	}
	compare(&w);
	readers_stop(&w);
	fib6_stats(w.fib, &s);
	assert_int_equal(s.prefixes, 1);
	assert_int_equal(lpm6_subs(fib6_table(w.fib)), 0);
	fib6_free(w.fib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_see_only_legal_ids_while_the_table_is_loaded),
		cmocka_unit_test(readers_see_only_legal_ids_while_a_loaded_table_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
