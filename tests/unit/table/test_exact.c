/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <stdlib.h>

#include "base/rcu.h"
#include "table/exact.h"

/* Key number @i: short ones differ in the first word only, long ones in the last as well. */
static const uint64_t *key_of(uint64_t *key, uint32_t i)
{
	key[0] = i;
	key[1] = 0x1234;
	key[2] = (uint64_t)i << 40;
	return key;
}

static void fill(struct exact *t, uint32_t from, uint32_t to)
{
	uint64_t key[EXACT_MAX_WORDS];

	for (uint32_t i = from; i < to; i++)
		assert_int_equal(exact_insert(t, key_of(key, i), i + 1), 0);
}

static void what_is_inserted_is_found_until_it_is_removed(void **)
{
	for (unsigned int words = 1; words <= EXACT_MAX_WORDS; words++) {
		uint64_t key[EXACT_MAX_WORDS];
		struct exact *t;
		uint32_t id = 0;

		assert_int_equal(exact_new(&t, words, 100), 0);
		assert_int_equal(exact_find(t, key_of(key, 7)), 0);
		assert_int_equal(exact_insert(t, key, 70), 0);
		assert_int_equal(exact_find(t, key), 70);
		assert_int_equal(exact_find(t, key_of(key, 8)), 0);
		assert_int_equal(exact_count(t), 1);
		assert_int_equal(exact_remove(t, key, &id), -ENOENT);
		assert_int_equal(exact_remove(t, key_of(key, 7), &id), 0);
		assert_int_equal(id, 70);
		assert_int_equal(exact_find(t, key), 0);
		assert_int_equal(exact_count(t), 0);
		exact_free(t);
	}
}

static void every_word_of_the_key_counts(void **)
{
	for (unsigned int words = 1; words <= EXACT_MAX_WORDS; words++) {
		uint64_t key[EXACT_MAX_WORDS] = {1, 2, 3};
		struct exact *t;

		assert_int_equal(exact_new(&t, words, 100), 0);
		assert_int_equal(exact_insert(t, key, 5), 0);
		for (unsigned int w = 0; w < words; w++) {
			key[w] ^= 1ull << 63;
			assert_int_equal(exact_find(t, key), 0);
			key[w] ^= 1ull << 63;
		}
		assert_int_equal(exact_find(t, key), 5);
		exact_free(t);
	}
}

static void a_key_is_inserted_once(void **)
{
	uint64_t key = 9;
	struct exact *t;

	assert_int_equal(exact_new(&t, 1, 10), 0);
	assert_int_equal(exact_insert(t, &key, 0), -EINVAL);
	assert_int_equal(exact_insert(t, &key, 1), 0);
	assert_int_equal(exact_insert(t, &key, 2), -EEXIST);
	assert_int_equal(exact_find(t, &key), 1);
	exact_free(t);
}

static void nonsense_is_refused(void **)
{
	struct exact *t = NULL;

	assert_int_equal(exact_new(&t, 0, 10), -EINVAL);
	assert_int_equal(exact_new(&t, 4, 10), -EINVAL);
	assert_int_equal(exact_new(&t, 1, 0), -EINVAL);
	assert_int_equal(exact_new(&t, 1, UINT32_MAX), -EINVAL);
	assert_null(t);
}

/* 85 % of 2^14 buckets of eight: only with displacement do all find room. */
static void a_table_takes_all_keys_that_it_was_made_for(void **)
{
	const uint32_t capacity = 111411;

	for (unsigned int words = 1; words <= EXACT_MAX_WORDS; words++) {
		uint64_t key[EXACT_MAX_WORDS];
		struct exact *t;

		assert_int_equal(exact_new(&t, words, capacity), 0);
		assert_true(exact_bytes(t) < (size_t)capacity * 48);
		fill(t, 0, capacity);
		assert_int_equal(exact_insert(t, key_of(key, capacity), 1), -ENOSPC);
		assert_int_equal(exact_count(t), capacity);
		for (uint32_t i = 0; i < capacity; i++)
			assert_int_equal(exact_find(t, key_of(key, i)), i + 1);
		exact_free(t);
	}
}

static void what_was_removed_makes_room(void **)
{
	uint64_t key[EXACT_MAX_WORDS];
	struct exact *t;

	assert_int_equal(exact_new(&t, 2, 1000), 0);
	fill(t, 0, 1000);
	for (uint32_t i = 1000; i < 20000; i++) {
		assert_int_equal(exact_remove(t, key_of(key, i - 1000), NULL), 0);
		assert_int_equal(exact_insert(t, key_of(key, i), i + 1), 0);
	}
	for (uint32_t i = 0; i < 20000; i++)
		assert_int_equal(exact_find(t, key_of(key, i)), i < 19000 ? 0 : i + 1);
	exact_free(t);
}

static void a_batch_finds_what_one_key_finds(void **)
{
	for (unsigned int words = 1; words <= EXACT_MAX_WORDS; words++) {
		uint64_t keys[EXACT_BATCH * EXACT_MAX_WORDS], key[EXACT_MAX_WORDS];
		uint32_t id[EXACT_BATCH + 1];
		struct exact *t;

		assert_int_equal(exact_new(&t, words, 3000), 0);
		fill(t, 0, 2000);
		for (uint32_t n = 0; n <= EXACT_BATCH; n++) {
			for (uint32_t i = 0; i < n * words; i++)
				keys[i] = key_of(key, i / words * 61)[i % words];
			id[n] = 77;
			exact_find_batch(t, keys, id, n);
			for (uint32_t i = 0; i < n; i++)
				assert_int_equal(id[i], i * 61 < 2000 ? i * 61 + 1 : 0);
			assert_int_equal(id[n], 77);
		}
		exact_free(t);
	}
}

static void a_larger_table_is_filled_from_a_smaller_one(void **)
{
	uint64_t key[EXACT_MAX_WORDS];
	struct exact *small, *large, *tiny;

	assert_int_equal(exact_new(&small, 3, 100), 0);
	assert_int_equal(exact_new(&large, 3, 200), 0);
	assert_int_equal(exact_new(&tiny, 3, 50), 0);
	fill(small, 0, 100);
	assert_int_equal(exact_copy(tiny, small), -ENOSPC);
	assert_int_equal(exact_copy(large, small), 0);
	exact_free_rcu(small);
	fill(large, 100, 200);
	for (uint32_t i = 0; i < 200; i++)
		assert_int_equal(exact_find(large, key_of(key, i)), i + 1);
	exact_free_rcu(tiny);
	exact_free(large);
	rcu_barrier();
}

static void a_table_with_retired_slots_can_go_by_call_rcu(void **)
{
	uint64_t key[EXACT_MAX_WORDS];
	struct exact *t;

	assert_int_equal(exact_new(&t, 1, 100), 0);
	fill(t, 0, 100);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(exact_remove(t, key_of(key, i), NULL), 0);
	exact_free_rcu(t);
	rcu_barrier();
}

static void the_walk_sees_each_key_once(void **)
{
	uint64_t key[EXACT_MAX_WORDS];
	uint32_t cursor = 0, id, n = 0;
	bool seen[500] = {};
	struct exact *t;

	assert_int_equal(exact_new(&t, 3, 500), 0);
	assert_false(exact_next(t, &cursor, key, &id));
	fill(t, 0, 500);
	for (uint32_t i = 0; i < 500; i += 5)
		assert_int_equal(exact_remove(t, key_of(key, i), NULL), 0);
	cursor = 0;
	while (exact_next(t, &cursor, key, &id)) {
		assert_int_equal(key[0] + 1, id);
		assert_int_equal(key[2], key[0] << 40);
		assert_int_not_equal(key[0] % 5, 0);
		assert_false(seen[key[0]]);
		seen[key[0]] = true;
		n++;
	}
	assert_int_equal(n, 400);
	exact_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_inserted_is_found_until_it_is_removed),
		cmocka_unit_test(every_word_of_the_key_counts),
		cmocka_unit_test(a_key_is_inserted_once),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(a_table_takes_all_keys_that_it_was_made_for),
		cmocka_unit_test(what_was_removed_makes_room),
		cmocka_unit_test(a_batch_finds_what_one_key_finds),
		cmocka_unit_test(a_larger_table_is_filled_from_a_smaller_one),
		cmocka_unit_test(a_table_with_retired_slots_can_go_by_call_rcu),
		cmocka_unit_test(the_walk_sees_each_key_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
