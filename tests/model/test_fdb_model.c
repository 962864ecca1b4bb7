/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fdb against an array, each way that this CPU can look up. Keys come and go in a table that is
 * full enough for them to displace each other without pause; workers beside look up, refresh and
 * move. The lower six bits of a port tell of which key it is, so that a value of another key is
 * seen; the other bits move.
 *
 * Then by itself: what is said of a key while it moves from line to line is not lost.
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

#include "model.h"

#include "bridge/fdb.c" /* NOLINT(bugprone-suspicious-include) */

#define N_KEYS    300u
#define MAX       190u /* of 256 slots, so that some insertions displace */
#define N_WORKERS 2
#define BATCH     64u

struct universe {
	struct fdb *t;
	uint64_t random;
	bool there[N_KEYS]; /* the model */
	bool fixed[N_KEYS];
	uint32_t n;
	bool stop;
	uint64_t foreign, found, moved;
};

/* Keys differ in few bits, as those of one maker do. */
static uint64_t key_of(uint32_t k)
{
	return fdb_key(0x020000000001 + k, (uint16_t)(k % 2));
}

/* What of a value is the key's own. */
static bool is_of(uint64_t value, uint32_t k)
{
	return (fdb_port(value) & 0x1ff) == k && (value & FDB_KNOWN);
}

static uint16_t a_port(uint64_t *random, uint32_t k)
{
	return (uint16_t)(k | model_below(random, 64) << 9);
}

static void change_one(struct universe *u)
{
	uint32_t k = model_below(&u->random, N_KEYS);
	uint32_t what = model_below(&u->random, 8);
	uint64_t flags = what == 0 ? FDB_STATIC : 0;
	int err;

	if (what == 1 || u->n == MAX) {
		assert_int_equal(fdb_remove(u->t, key_of(k)), u->there[k]);
		u->n -= u->there[k];
		u->there[k] = false;
		return;
	}
	err = fdb_set(u->t, key_of(k), a_port(&u->random, k), flags, what);
	/* That full, there may be no slot near. */
	assert_true(err == 0 || (err == -ENOSPC && !u->there[k]));
	if (err < 0)
		return;
	u->n += !u->there[k];
	u->there[k] = true;
	u->fixed[k] = flags != 0;
}

static void compare(const struct universe *u)
{
	uint64_t key[BATCH], value[BATCH], at_key, at_value;
	uint32_t n = 0;
	size_t at = 0;

	assert_int_equal(fdb_count(u->t), u->n);
	for (uint32_t k = 0; k < N_KEYS; k += BATCH) {
		uint32_t some = N_KEYS - k < BATCH ? N_KEYS - k : BATCH;

		for (uint32_t i = 0; i < some; i++)
			key[i] = key_of(k + i);
		fdb_find(u->t, key, value, some);
		for (uint32_t i = 0; i < some; i++) {
			assert_int_equal(value[i] != 0, u->there[k + i]);
			if (value[i] == 0)
				continue;
			assert_true(is_of(value[i], k + i));
			assert_int_equal((value[i] & FDB_STATIC) != 0, u->fixed[k + i]);
		}
	}
	for (; fdb_next(u->t, &at, &at_key, &at_value); n++)
		assert_true(is_of(at_value, (uint32_t)(fdb_key_mac(at_key) - 0x020000000001)));
	assert_int_equal(n, u->n);
}

/* All of a batch come in by one port, so that a worker speaks for one key at a time. */
static uint64_t speak(struct universe *u, uint64_t *random)
{
	uint32_t k = model_below(random, N_KEYS);
	struct fdb_heard heard;
	uint64_t key = key_of(k);

	fdb_hear(u->t, &key, 1, a_port(random, k), model_random(random), false, &heard);
	if (heard.moved && (heard.old[0] & 0x1ff) != k)
		__atomic_add_fetch(&u->foreign, 1, __ATOMIC_RELAXED);
	return heard.moved;
}

static void *work_on(void *arg)
{
	struct universe *u = arg;
	uint64_t key[BATCH], value[BATCH], random = (uintptr_t)&key, moved = 0, found = 0;
	uint64_t foreign = 0;
	uint32_t k[BATCH];

	while (!__atomic_load_n(&u->stop, __ATOMIC_RELAXED)) {
		for (uint32_t i = 0; i < BATCH; i++) {
			k[i] = model_below(&random, N_KEYS);
			key[i] = key_of(k[i]);
			moved += speak(u, &random);
		}
		fdb_find(u->t, key, value, BATCH);
		for (uint32_t i = 0; i < BATCH; i++) {
			foreign += value[i] != 0 && !is_of(value[i], k[i]);
			found += value[i] != 0;
		}
	}
	__atomic_add_fetch(&u->foreign, foreign, __ATOMIC_RELAXED);
	__atomic_add_fetch(&u->found, found, __ATOMIC_RELAXED);
	__atomic_add_fetch(&u->moved, moved, __ATOMIC_RELAXED);
	return NULL;
}

static void run(struct fdb_way way)
{
	struct universe u = {.random = model_seed()};
	uint64_t end = model_end_ns();
	pthread_t worker[N_WORKERS];

	static_assert(N_KEYS <= 0x200, "nine bits of a port");
	if (fdb_new(&u.t, MAX) < 0) {
		fail();
		return;
	}
	u.t->way = way;
	for (int i = 0; i < N_WORKERS; i++)
		assert_int_equal(pthread_create(&worker[i], NULL, work_on, &u), 0);
	while (clock_ns() < end) {
		for (int i = 0; i < 2000; i++)
			change_one(&u);
		compare(&u);
	}
	__atomic_store_n(&u.stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < N_WORKERS; i++)
		pthread_join(worker[i], NULL);
	compare(&u);
	assert_int_equal(u.foreign, 0);
	assert_int_not_equal(u.found, 0);
	assert_int_not_equal(u.moved, 0);
	fdb_free(u.t);
}

static void nobody_gets_another_keys_value(void **)
{
	struct fdb_way way[3];
	unsigned int n = fdb_ways(way);

	for (unsigned int i = 0; i < n; i++)
		run(way[i]);
}

/* One key that goes from line to line, while its worker says where it is. */
struct commuter {
	struct fdb *t;
	bool stop;
	uint64_t lost, said;
	uint32_t last; /* tick of what was said last, but for frames that met a move */
};

static const uint64_t the_key = 42ull << 16;

static void *say_on(void *arg)
{
	struct commuter *c = arg;

	for (uint32_t i = 1; !__atomic_load_n(&c->stop, __ATOMIC_RELAXED); i++) {
		struct fdb_heard heard;
		uint64_t value;

		fdb_hear(c->t, &the_key, 1, (uint16_t)(i % 60000), i, false, &heard);
		if (heard.moved)
			c->last = i;
		c->said += heard.moved;
		fdb_find(c->t, &the_key, &value, 1);
		c->lost += value != 0 && !(value & FROZEN) && fdb_seen(value) != c->last;
	}
	return NULL;
}

static void what_is_said_of_a_key_on_the_move_is_kept(void **)
{
	uint64_t end = model_end_ns(), value;
	struct commuter c = {};
	unsigned int to = 0;
	pthread_t thread;

	if (fdb_new(&c.t, 100) < 0) {
		fail();
		return;
	}
	assert_int_equal(fdb_set(c.t, the_key, 60001, 0, 0), 0);
	assert_int_equal(pthread_create(&thread, NULL, say_on, &c), 0);
	while (clock_ns() < end) {
		uint64_t *from = slot_find(c.t, the_key);

		to = LINE_KEYS - to;
		slot_move(from, fdb_slot_key(c.t, fdb_hash(c.t, the_key), to));
	}
	__atomic_store_n(&c.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	fdb_find(c.t, &the_key, &value, 1);
	assert_int_equal(fdb_seen(value), c.last);
	assert_int_not_equal(c.said, 0);
	assert_int_equal(c.lost, 0);
	fdb_free(c.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_gets_another_keys_value),
		cmocka_unit_test(what_is_said_of_a_key_on_the_move_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
