/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>

#include "base/compiler.h"
#include "bridge/fdb.h"

#define TICK 1000

/* Of station number @i. */
static uint64_t key_of(uint32_t i)
{
	return fdb_key(0x020000000000 + i, (uint16_t)(i % 3));
}

static struct fdb *table_of(uint32_t max)
{
	struct fdb *t = NULL;

	assert_int_equal(fdb_new(&t, max), 0);
	return t;
}

static uint64_t find_one(const struct fdb *t, uint64_t key)
{
	uint64_t value;

	fdb_find(t, &key, &value, 1);
	return value;
}

static struct fdb_heard hear_one(struct fdb *t, uint64_t key, uint16_t port, uint32_t tick,
                                 bool stay)
{
	struct fdb_heard heard;

	fdb_hear(t, &key, 1, port, tick, stay, &heard);
	return heard;
}

static void assert_behind(uint64_t value, uint16_t port, uint32_t tick)
{
	assert_true(value & FDB_KNOWN);
	assert_int_equal(fdb_port(value), port);
	assert_int_equal(fdb_seen(value), tick);
}

static void a_station_is_found_until_it_is_removed(void **)
{
	struct fdb *t = table_of(10);

	assert_int_equal(find_one(t, key_of(1)), 0);
	assert_int_equal(fdb_set(t, key_of(1), 5, 0, TICK), 0);
	assert_behind(find_one(t, key_of(1)), 5, TICK);
	assert_int_equal(find_one(t, key_of(2)), 0);
	assert_int_equal(fdb_count(t), 1);
	assert_true(fdb_remove(t, key_of(1)));
	assert_false(fdb_remove(t, key_of(1)));
	assert_int_equal(find_one(t, key_of(1)), 0);
	assert_int_equal(fdb_count(t), 0);
	fdb_free(t);
}

static void one_mac_is_another_station_in_each_vlan(void **)
{
	struct fdb *t = table_of(10);

	assert_int_equal(fdb_set(t, fdb_key(7, 10), 1, 0, TICK), 0);
	assert_int_equal(fdb_set(t, fdb_key(7, 20), 2, 0, TICK), 0);
	assert_int_equal(fdb_port(find_one(t, fdb_key(7, 10))), 1);
	assert_int_equal(fdb_port(find_one(t, fdb_key(7, 20))), 2);
	assert_int_equal(find_one(t, fdb_key(7, 0)), 0);
	fdb_free(t);
}

static void a_key_of_0_is_nobody(void **)
{
	uint64_t key[3] = {0, key_of(1), 0}, value[3] = {9, 9, 9};
	struct fdb *t = table_of(10);
	struct fdb_heard heard;

	assert_int_equal(fdb_set(t, key_of(1), 1, 0, TICK), 0);
	fdb_find(t, key, value, 3);
	assert_int_equal(value[0], 0);
	assert_behind(value[1], 1, TICK);
	assert_int_equal(value[2], 0);
	fdb_hear(t, key, 3, 1, TICK, false, &heard);
	assert_int_equal(heard.unknown, 0);
	fdb_free(t);
}

static void a_table_takes_as_many_as_it_was_made_for_and_finds_all(void **)
{
	static const uint32_t sizes[] = {1, 48, 4096, 49152, 98304};

	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct fdb *t = table_of(sizes[s]);
		uint64_t key[64], value[64];

		for (uint32_t i = 0; i < sizes[s]; i++)
			assert_int_equal(fdb_set(t, key_of(i), (uint16_t)(i % 61), 0, i), 0);
		assert_int_equal(fdb_set(t, key_of(sizes[s]), 1, 0, TICK), -ENOSPC);
		assert_int_equal(fdb_count(t), sizes[s]);
		for (uint32_t i = 0; i < sizes[s]; i += 64) {
			uint32_t n = sizes[s] - i < 64 ? sizes[s] - i : 64;

			for (uint32_t j = 0; j < n; j++)
				key[j] = key_of(i + j);
			fdb_find(t, key, value, n);
			for (uint32_t j = 0; j < n; j++)
				assert_behind(value[j], (uint16_t)((i + j) % 61), i + j);
		}
		fdb_free(t);
	}
}

static void a_walk_comes_by_each_once(void **)
{
	struct fdb *t = table_of(3000);
	uint8_t seen[3000] = {};
	uint64_t key, value;
	size_t at = 0;

	for (uint32_t i = 0; i < 3000; i++)
		assert_int_equal(fdb_set(t, key_of(i), 1, 0, i), 0);
	while (fdb_next(t, &at, &key, &value)) {
		assert_true(fdb_seen(value) < 3000);
		assert_int_equal(key, key_of(fdb_seen(value)));
		assert_int_equal(seen[fdb_seen(value)]++, 0);
	}
	for (uint32_t i = 0; i < 3000; i++)
		assert_int_equal(seen[i], 1);
	fdb_free(t);
}

static void a_walk_may_remove_what_it_comes_by(void **)
{
	struct fdb *t = table_of(3000);
	uint64_t key, value;
	size_t at = 0;

	for (uint32_t i = 0; i < 3000; i++)
		assert_int_equal(fdb_set(t, key_of(i), 1, 0, i), 0);
	while (fdb_next(t, &at, &key, &value))
		assert_true(fdb_remove(t, key));
	assert_int_equal(fdb_count(t), 0);
	fdb_free(t);
}

static void who_speaks_is_noted(void **)
{
	struct fdb *t = table_of(10);
	struct fdb_heard heard;

	heard = hear_one(t, key_of(1), 3, TICK, false);
	assert_int_equal(heard.unknown, 1);
	assert_int_equal(find_one(t, key_of(1)), 0);
	assert_int_equal(fdb_set(t, key_of(1), 3, 0, TICK), 0);
	heard = hear_one(t, key_of(1), 3, TICK + 5, false);
	assert_int_equal(heard.unknown | heard.moved | heard.router, 0);
	assert_behind(find_one(t, key_of(1)), 3, TICK + 5);
	fdb_free(t);
}

static void time_comes_round(void **)
{
	struct fdb *t = table_of(10);

	assert_int_equal(fdb_set(t, key_of(1), 3, 0, UINT32_MAX), 0);
	hear_one(t, key_of(1), 3, 0, false);
	assert_behind(find_one(t, key_of(1)), 3, 0);
	fdb_free(t);
}

static void a_station_that_moves_is_followed_and_told_once(void **)
{
	uint64_t key[3] = {key_of(1), key_of(2), key_of(1)};
	struct fdb *t = table_of(10);
	struct fdb_heard heard;

	assert_int_equal(fdb_set(t, key_of(1), 3, 0, TICK), 0);
	assert_int_equal(fdb_set(t, key_of(2), 4, 0, TICK), 0);
	fdb_hear(t, key, 3, 4, TICK, false, &heard);
	assert_int_equal(heard.moved, 1);
	assert_int_equal(heard.old[0], 3);
	assert_behind(find_one(t, key_of(1)), 4, TICK);
	heard = hear_one(t, key_of(1), 4, TICK, false);
	assert_int_equal(heard.moved, 0);
	fdb_free(t);
}

static void nobody_moves_to_a_port_that_is_full(void **)
{
	struct fdb *t = table_of(10);
	struct fdb_heard heard;

	assert_int_equal(fdb_set(t, key_of(1), 3, 0, TICK), 0);
	heard = hear_one(t, key_of(1), 4, TICK + 1, true);
	assert_int_equal(heard.moved | heard.unknown, 0);
	assert_behind(find_one(t, key_of(1)), 3, TICK);
	/* Who is there already is heard. */
	hear_one(t, key_of(1), 3, TICK + 2, true);
	assert_behind(find_one(t, key_of(1)), 3, TICK + 2);
	fdb_free(t);
}

static void static_ones_stay_as_they_are(void **)
{
	uint64_t key[2] = {key_of(1), key_of(2)};
	struct fdb *t = table_of(10);
	struct fdb_heard heard;

	assert_int_equal(fdb_set(t, key_of(1), 3, FDB_STATIC, TICK), 0);
	assert_int_equal(fdb_set(t, key_of(2), FDB_ROUTER, FDB_STATIC, TICK), 0);
	fdb_hear(t, key, 2, 4, TICK + 1, false, &heard);
	assert_int_equal(heard.unknown | heard.moved, 0);
	assert_int_equal(heard.router, 2);
	assert_behind(find_one(t, key_of(1)), 3, TICK);
	assert_true(find_one(t, key_of(1)) & FDB_STATIC);
	assert_behind(find_one(t, key_of(2)), FDB_ROUTER, TICK);
	/* Also when it speaks where it is. */
	hear_one(t, key_of(1), 3, TICK + 1, false);
	assert_behind(find_one(t, key_of(1)), 3, TICK);
	fdb_free(t);
}

/* A batch from one station, or to one, goes a way of its own. */
static void a_batch_of_one_station_is_as_any_other(void **)
{
	struct fdb *t = table_of(10);
	uint64_t key[64], value[64];
	struct fdb_heard heard;

	for (int i = 0; i < 64; i++)
		key[i] = key_of(1);
	fdb_hear(t, key, 64, 2, TICK, false, &heard);
	/* Who is told needs no more than one. */
	assert_true(heard.unknown == 1);
	assert_int_equal(fdb_set(t, key_of(1), FDB_ROUTER, FDB_STATIC, TICK), 0);
	fdb_hear(t, key, 64, 2, TICK, false, &heard);
	assert_true(heard.router == UINT64_MAX);
	assert_int_equal(fdb_set(t, key_of(1), 5, 0, TICK), 0);
	fdb_hear(t, key, 64, 2, TICK, false, &heard);
	assert_true(heard.moved == 1);
	fdb_find(t, key, value, 64);
	for (int i = 0; i < 64; i++)
		assert_behind(value[i], 2, TICK);
	/* Ends alike, and is not. */
	key[40] = key_of(2);
	fdb_find(t, key, value, 64);
	assert_int_equal(value[40], 0);
	assert_behind(value[63], 2, TICK);
	fdb_free(t);
}

static void a_value_is_replaced_in_place(void **)
{
	struct fdb *t = table_of(1);

	assert_int_equal(fdb_set(t, key_of(1), 3, 0, TICK), 0);
	assert_int_equal(fdb_set(t, key_of(1), 4, FDB_STATIC, TICK + 1), 0);
	assert_behind(find_one(t, key_of(1)), 4, TICK + 1);
	assert_true(find_one(t, key_of(1)) & FDB_STATIC);
	assert_int_equal(fdb_count(t), 1);
	assert_int_equal(fdb_set(t, key_of(1), 5, 0, TICK), 0);
	assert_false(find_one(t, key_of(1)) & FDB_STATIC);
	fdb_free(t);
}

/* A worker that still has the value of the slot's last key cannot swap it for one of its own. */
static void a_slot_that_changed_hands_has_another_value(void **)
{
	struct fdb *t = table_of(10);
	uint64_t last = 0;

	for (int i = 0; i < 300; i++) {
		uint64_t value;

		assert_int_equal(fdb_set(t, key_of(1), 3, 0, TICK), 0);
		value = find_one(t, key_of(1));
		assert_true(value != last);
		last = value;
		assert_true(fdb_remove(t, key_of(1)));
	}
	fdb_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_station_is_found_until_it_is_removed),
		cmocka_unit_test(one_mac_is_another_station_in_each_vlan),
		cmocka_unit_test(a_key_of_0_is_nobody),
		cmocka_unit_test(a_table_takes_as_many_as_it_was_made_for_and_finds_all),
		cmocka_unit_test(a_walk_comes_by_each_once),
		cmocka_unit_test(a_walk_may_remove_what_it_comes_by),
		cmocka_unit_test(who_speaks_is_noted),
		cmocka_unit_test(time_comes_round),
		cmocka_unit_test(a_station_that_moves_is_followed_and_told_once),
		cmocka_unit_test(nobody_moves_to_a_port_that_is_full),
		cmocka_unit_test(static_ones_stay_as_they_are),
		cmocka_unit_test(a_batch_of_one_station_is_as_any_other),
		cmocka_unit_test(a_value_is_replaced_in_place),
		cmocka_unit_test(a_slot_that_changed_hands_has_another_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
