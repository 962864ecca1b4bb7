/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fib4 with prefixes of the Internet's lengths, against a list searched from end to end; readers
 * look up beside in every way there is (one key, scalar, gathers, the one chosen), whichever was
 * chosen here, while the table is loaded and while it changes.
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

#include "base/rcu.h"
#include "model.h"
#include "route/fib4.h"
#include "table/lpm4.h"
#include "table/lpm4_lookup.h"

#define N_PREFIXES 10000u /* each has three ids: 1 + i + N_PREFIXES * (0 .. 2) */
#define N_READERS  2
#define BATCH      64

struct world {
	struct fib4 *fib;
	struct fib4_route route[N_PREFIXES]; /* nh 0: not there. The prefixes do not change */
	uint64_t random;
	bool stop;
	uint64_t illegal, read;
	pthread_t reader[N_READERS];
};

/* Of a thousand; more beyond /24 than the Internet has, so that groups come and go. */
static const struct {
	uint8_t len;
	uint16_t share;
} lengths[] = {{24, 540}, {22, 110}, {23, 100}, {21, 50}, {20, 40}, {19, 25}, {16, 15},
               {18, 13},  {17, 4},   {12, 3},   {32, 60}, {28, 20}, {25, 20}};

static uint32_t mask_of(unsigned int len)
{
	return ~(uint32_t)(0xffffffffull >> len);
}

static uint8_t len_draw(uint64_t *random)
{
	uint32_t x = model_below(random, 1000);
	size_t i = 0;

	while (x >= lengths[i].share)
		x -= lengths[i++].share;
	return lengths[i].len;
}

static bool known(const struct world *w, uint32_t n, uint32_t dst, uint8_t len)
{
	for (uint32_t i = 0; i < n; i++) {
		if (w->route[i].dst == dst && w->route[i].len == len)
			return true;
	}
	return false;
}

/* A host of a prefix. */
static uint32_t addr_draw(const struct world *w, uint32_t n, uint64_t *random)
{
	const struct fib4_route *r = &w->route[model_below(random, n)];

	return r->dst | (model_random(random) & ~mask_of(r->len));
}

/* Every other prefix lies in the /16 of an earlier one, so that they nest. */
static void world_make(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->random = model_seed();
	assert_int_equal(fib4_new(&w->fib), 0);
	w->route[0] = (struct fib4_route){.source = ROUTE_STATIC};
	for (uint32_t i = 1; i < N_PREFIXES;) {
		uint8_t len = len_draw(&w->random);
		uint32_t dst = model_random(&w->random);

		if (i % 2 == 0)
			dst = (addr_draw(w, i, &w->random) & 0xffff0000) | (dst & 0xffff);
		dst &= mask_of(len);
		if (known(w, i, dst, len))
			continue;
		w->route[i++] = (struct fib4_route){.dst = dst, .len = len, .source = ROUTE_STATIC};
	}
}

/* Look 64 keys up in way @way. Return: false if there is no such way here. */
static bool look_up(const struct fib4 *fib, unsigned int way, const uint32_t *dst, uint32_t *id)
{
	const uint16_t *entry = fib4_table(fib)->entry;

	switch (way) {
	case 0:
		fib4_lookup(fib, dst, id, BATCH);
		return true;
	case 1:
		lpm4_lookup_scalar(entry, dst, id, BATCH);
		return true;
	case 2:
		for (int i = 0; i < BATCH; i++)
			id[i] = fib4_lookup_one(fib, dst[i]);
		return true;
	default:
		if (lpm4_lookup_gather() == NULL)
			return false;
		lpm4_lookup_gather()(entry, dst, id, BATCH);
		return true;
	}
}

/* @strict: "none" is not legal, for a route covers everything. */
static bool legal(const struct world *w, uint32_t addr, uint32_t id, bool strict)
{
	const struct fib4_route *r = &w->route[(id - 1) % N_PREFIXES];

	if (id == 0)
		return !strict;
	return id <= 3 * N_PREFIXES && ((addr ^ r->dst) & mask_of(r->len)) == 0;
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
	uint32_t dst[BATCH], id[BATCH];

	rcu_register_thread();
	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		for (uint32_t i = 0; i < BATCH; i++)
			dst[i] = addr_draw(w, N_PREFIXES, &random);
		if (look_up(w->fib, (unsigned int)(n++ % 4), dst, id)) {
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

static uint32_t model_lookup(const struct world *w, uint32_t addr)
{
	const struct fib4_route *best = &w->route[0];

	for (uint32_t i = 1; i < N_PREFIXES; i++) {
		const struct fib4_route *r = &w->route[i];

		if (r->nh != 0 && r->len > best->len && ((addr ^ r->dst) & mask_of(r->len)) == 0)
			best = r;
	}
	return best->nh;
}

static void compare(struct world *w)
{
	uint32_t dst[BATCH], id[BATCH], want[BATCH];

	for (uint32_t i = 0; i < BATCH; i++) {
		dst[i] = i % 8 == 0 ? model_random(&w->random)
		                    : addr_draw(w, N_PREFIXES, &w->random);
		want[i] = model_lookup(w, dst[i]);
	}
	for (unsigned int way = 0; way < 4; way++) {
		if (look_up(w->fib, way, dst, id))
			assert_memory_equal(id, want, sizeof(id));
	}
}

static void load(struct world *w)
{
	static struct fib4_route r[N_PREFIXES];

	for (uint32_t i = 0; i < N_PREFIXES; i++)
		w->route[i].nh = id_draw(w, i);
	memcpy(r, w->route, sizeof(r)); /* sorted by the load */
	assert_int_equal(fib4_load(w->fib, r, N_PREFIXES), 0);
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
		fib4_free(w.fib);
		assert_int_equal(fib4_new(&w.fib), 0);
	} while (clock_ns() < end);
	fib4_free(w.fib);
}

static void change_some(struct world *w)
{
	for (int n = 0; n < 1000; n++) {
		uint32_t i = 1 + model_below(&w->random, N_PREFIXES - 1);
		uint16_t was = w->route[i].nh, old = 0xffff;

		w->route[i].nh = id_draw(w, i);
		if (was != 0 && model_below(&w->random, 2) == 0) {
			assert_int_equal(fib4_remove(w->fib, &w->route[i], &old), 0);
			w->route[i].nh = 0;
		} else {
			assert_int_equal(fib4_insert(w->fib, &w->route[i], &old), 0);
		}
		assert_int_equal(old, was);
	}
}

static void readers_see_only_legal_ids_while_a_loaded_table_changes(void **)
{
	static struct world w;
	struct reading r = {.world = &w, .strict = true};
	uint64_t end = model_end_ns();
	struct fib4_stats s;
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
			assert_int_equal(fib4_remove(w.fib, &w.route[i], &old), 0);
		w.route[i].nh = 0;
	}
	compare(&w);
	readers_stop(&w);
	fib4_stats(w.fib, &s);
	assert_int_equal(s.prefixes, 1);
	assert_int_equal(s.groups, 0);
	fib4_free(w.fib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_see_only_legal_ids_while_the_table_is_loaded),
		cmocka_unit_test(readers_see_only_legal_ids_while_a_loaded_table_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
