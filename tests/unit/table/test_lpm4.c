/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>

#include "base/rcu.h"
#include "table/lpm4.h"
#include "table/lpm4_lookup.h"

static int setup(void **state)
{
	struct lpm4 *t = NULL;
	int err = lpm4_new(&t);

	*state = t;
	return err;
}

static int teardown(void **state)
{
	lpm4_free(*state);
	return 0;
}

static void a_new_table_knows_nothing(void **state)
{
	assert_int_equal(lpm4_lookup_one(*state, 0), 0);
	assert_int_equal(lpm4_lookup_one(*state, 0x0a000001), 0);
	assert_int_equal(lpm4_lookup_one(*state, UINT32_MAX), 0);
	assert_int_equal(lpm4_groups(*state), 0);
}

static void a_stored_range_ends_where_its_prefix_ends(void **state)
{
	for (unsigned int len = 1; len <= 24; len++) {
		uint32_t first = 1u << (32 - len), last = 2 * first - 1;

		lpm4_store(*state, first, len, len);
		assert_int_equal(lpm4_lookup_one(*state, first), len);
		assert_int_equal(lpm4_lookup_one(*state, last), len);
		assert_int_not_equal(lpm4_lookup_one(*state, first - 1), len);
		assert_int_not_equal(lpm4_lookup_one(*state, last + 1), len);
	}
}

static void the_whole_range_is_stored(void **state)
{
	lpm4_store(*state, 0, 0, 32767);
	assert_int_equal(lpm4_lookup_one(*state, 0), 32767);
	assert_int_equal(lpm4_lookup_one(*state, 0x80000000), 32767);
	assert_int_equal(lpm4_lookup_one(*state, UINT32_MAX), 32767);
}

static void a_group_begins_with_what_was_there(void **state)
{
	struct lpm4 *t = *state;
	uint32_t group;

	lpm4_store(t, 0xc0000200, 24, 5);
	assert_false(lpm4_group(t, 0xc0000200, &group));
	assert_int_equal(lpm4_split(t, 0xc0000280), 0);
	assert_true(lpm4_group(t, 0xc0000201, &group));
	assert_int_equal(lpm4_groups(t), 1);
	for (uint32_t i = 0; i < 256; i++)
		assert_int_equal(lpm4_lookup_one(t, 0xc0000200 + i), 5);
	lpm4_store(t, 0xc0000281, 32, 7);
	lpm4_store(t, 0xc00002c0, 26, 8);
	assert_int_equal(lpm4_lookup_one(t, 0xc0000280), 5);
	assert_int_equal(lpm4_lookup_one(t, 0xc0000281), 7);
	assert_int_equal(lpm4_lookup_one(t, 0xc0000282), 5);
	assert_int_equal(lpm4_lookup_one(t, 0xc00002bf), 5);
	assert_int_equal(lpm4_lookup_one(t, 0xc00002c0), 8);
	assert_int_equal(lpm4_lookup_one(t, 0xc00002ff), 8);
	assert_int_equal(lpm4_lookup_one(t, 0xc0000300), 0);
}

static void joining_gives_the_group_back(void **state)
{
	struct lpm4 *t = *state;

	for (int i = 0; i < 3 * (int)LPM4_MAX_GROUPS; i++) {
		lpm4_store(t, 0xc0000200, 24, 5);
		assert_int_equal(lpm4_split(t, 0xc0000200), 0);
		lpm4_store(t, 0xc0000200, 25, 6);
		lpm4_store(t, 0xc0000280, 25, 6);
		lpm4_join(t, 0xc0000200);
		assert_int_equal(lpm4_groups(t), 0);
		assert_int_equal(lpm4_lookup_one(t, 0xc00002ff), 6);
	}
}

static void groups_run_out(void **state)
{
	struct lpm4 *t = *state;

	for (uint32_t i = 0; i < LPM4_MAX_GROUPS; i++)
		assert_int_equal(lpm4_split(t, i << 8), 0);
	assert_int_equal(lpm4_split(t, LPM4_MAX_GROUPS << 8), -ENOSPC);
	lpm4_join(t, 77 << 8);
	assert_int_equal(lpm4_split(t, LPM4_MAX_GROUPS << 8), 0);
}

static void fill_everything(struct lpm4 *t)
{
	for (uint32_t i = 0; i < 65536; i++)
		lpm4_store(t, i << 16, 16, i % 32768);
	for (uint32_t i = 0; i < LPM4_MAX_GROUPS; i++) {
		uint32_t at = 0xffff8000u - i;

		assert_int_equal(lpm4_split(t, at << 8), 0);
		for (uint32_t j = 0; j < 256; j++)
			lpm4_store(t, at << 8 | j, 32, (i + j) % 32768);
	}
}

static void compare(struct lpm4 *t, lpm4_lookup_fn *way)
{
	uint32_t key[LPM4_BATCH], id[LPM4_BATCH];
	uint32_t random = 1;

	for (uint32_t round = 0; round < 20000; round++) {
		uint32_t n = round % LPM4_BATCH + 1;

		for (uint32_t i = 0; i < LPM4_BATCH; i++) {
			random = random * 1664525 + 1013904223;
			key[i] = round % 3 == 0 ? ~(random >> 9) : random;
		}
		key[0] = round % 2 ? UINT32_MAX : 0;
		way(t->entry, key, id, n);
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(id[i], lpm4_lookup_one(t, key[i]));
	}
}

static void each_way_of_look_up_finds_the_same(void **state)
{
	fill_everything(*state);
	compare(*state, lpm4_lookup_scalar);
	if (lpm4_lookup_gather() != NULL)
		compare(*state, lpm4_lookup_gather());
}

/* The last group's last entry is the last of the mapping: a gather reads on behind it. */
static void the_very_last_entry_can_be_looked_up(void **state)
{
	struct lpm4 *t = *state;
	uint32_t key[LPM4_BATCH], id[LPM4_BATCH], group;

	for (uint32_t i = 0; i < LPM4_MAX_GROUPS; i++)
		assert_int_equal(lpm4_split(t, i << 8), 0);
	assert_true(lpm4_group(t, (LPM4_MAX_GROUPS - 1) << 8, &group));
	assert_int_equal(group, LPM4_MAX_GROUPS - 1);
	for (uint32_t i = 0; i < LPM4_BATCH; i++)
		key[i] = (LPM4_MAX_GROUPS - 1) << 8 | 255;
	lpm4_store(t, key[0], 32, 9);
	lpm4_lookup(t, key, id, LPM4_BATCH);
	for (uint32_t i = 0; i < LPM4_BATCH; i++)
		assert_int_equal(id[i], 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_new_table_knows_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stored_range_ends_where_its_prefix_ends, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(the_whole_range_is_stored, setup, teardown),
		cmocka_unit_test_setup_teardown(a_group_begins_with_what_was_there, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(joining_gives_the_group_back, setup, teardown),
		cmocka_unit_test_setup_teardown(groups_run_out, setup, teardown),
		cmocka_unit_test_setup_teardown(each_way_of_look_up_finds_the_same, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(the_very_last_entry_can_be_looked_up, setup,
	                                        teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
