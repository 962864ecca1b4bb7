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
#include "table/lpm6.h"
#include "table/lpm6_lookup.h"

static int setup(void **state)
{
	struct lpm6 *t = NULL;
	int err = lpm6_new(&t);

	*state = t;
	return err;
}

static int teardown(void **state)
{
	lpm6_free(*state);
	return 0;
}

/* All of 2001:200::/23, and where its entry is. */
#define BASE 0x2001020000000000ull

static uint32_t *base_slot(struct lpm6 *t)
{
	return &t->index[lpm6_index(BASE)];
}

static uint32_t find(const struct lpm6 *t, uint32_t key)
{
	return lpm6_lookup_one(t, (BASE & 0xffffull << 48) | (uint64_t)key << 16, 0);
}

static const uint32_t first = (uint32_t)(BASE >> 16);

static void a_new_table_knows_nothing(void **state)
{
	assert_int_equal(lpm6_lookup_one(*state, 0, 0), 0);
	assert_int_equal(lpm6_lookup_one(*state, BASE, 0), 0);
	assert_int_equal(lpm6_lookup_one(*state, UINT64_MAX, UINT64_MAX), 0);
	assert_int_equal(lines_used(((struct lpm6 *)*state)->lines), 0);
}

static void the_index_tells_all_entries_apart(void **)
{
	assert_int_equal(lpm6_index(0), 0);
	assert_int_equal(lpm6_index(0x1fffull << 48), 0x1fff);
	assert_int_equal(lpm6_index(0x2000ull << 48), LPM6_REST);
	assert_int_equal(lpm6_index(0x200001ffull << 32), LPM6_REST);
	assert_int_equal(lpm6_index(0x20000200ull << 32), LPM6_REST + 1);
	assert_int_equal(lpm6_index(0x3fffffffull << 32), LPM6_INDEX - 1);
	assert_int_equal(lpm6_index(0x4000ull << 48), 0x4000);
	assert_int_equal(lpm6_index(UINT64_MAX), 0xffff);
}

/* As many intervals as fit, and each number of them before. */
static void each_interval_ends_where_the_next_begins(void **state)
{
	struct lpm6_edge e[LPM6_MAX_EDGES];
	struct lpm6 *t = *state;
	uint32_t entry;

	for (uint32_t i = 0; i < LPM6_MAX_EDGES; i++)
		e[i] = (struct lpm6_edge){first + i * 3, 1 + i};
	for (uint32_t n = 1; n <= LPM6_MAX_EDGES; n++) {
		assert_int_equal(lpm6_pack(t, e, n, 77, false, &entry), 0);
		assert_int_equal(lpm6_cover(t, entry), 77);
		lpm6_store(base_slot(t), entry);
		for (uint32_t i = 0; i < n; i++) {
			assert_int_equal(find(t, e[i].key), e[i].id);
			assert_int_equal(find(t, e[i].key + 2), e[i].id);
		}
		assert_int_equal(find(t, first + (1u << 25) - 1), n);
		lpm6_store(base_slot(t), 0);
		lpm6_drop(t, entry, LPM6_RETIRE, 0);
	}
	assert_int_equal(lines_used(t->lines), 0);
}

static void a_radix_node_goes_by_its_own_bits(void **state)
{
	struct lpm6 *t = *state;
	uint32_t entry;

	for (unsigned int width = LPM6_RADIX_MIN; width <= LPM6_RADIX_MAX; width++) {
		assert_int_equal(lpm6_radix(t, width, 25 - width, false, &entry), 0);
		for (uint32_t i = 0; i < 1u << width; i++)
			lpm6_store(&lpm6_slots(t, entry)[i], 5 + i);
		lpm6_store(base_slot(t), entry);
		for (uint32_t i = 0; i < 1u << width; i++) {
			assert_int_equal(find(t, first + (i << (25 - width))), 5 + i);
			assert_int_equal(find(t, first + ((i + 1) << (25 - width)) - 1), 5 + i);
		}
		lpm6_store(base_slot(t), 0);
		lpm6_drop(t, entry, LPM6_RETIRE, 0);
	}
	assert_int_equal(lines_used(t->lines), 0);
}

static void a_sub_is_for_what_has_its_bits(void **state)
{
	struct lpm6_edge e[] = {{0, 2}, {5, 3}, {9, 2}};
	struct lpm6 *t = *state;
	uint32_t n, at;

	assert_int_equal(lpm6_sub_get(t, &n), 0);
	lpm6_sub_set(&t->sub[n], BASE, 0, 96);
	t->sub[n].other = 4;
	assert_int_equal(lpm6_pack(t, e, 3, 4, false, &t->sub[n].entry), 0);
	e[0] = (struct lpm6_edge){first, n | LPM6_SUB};
	e[1] = (struct lpm6_edge){first + 1, 6};
	assert_int_equal(lpm6_pack(t, e, 2, 6, false, &at), 0);
	lpm6_store(base_slot(t), at);
	assert_int_equal(lpm6_lookup_one(t, BASE, 4), 2);
	assert_int_equal(lpm6_lookup_one(t, BASE, 5), 3);
	assert_int_equal(lpm6_lookup_one(t, BASE, 9), 2);
	assert_int_equal(lpm6_lookup_one(t, BASE, 1ull << 32), 4);
	assert_int_equal(lpm6_lookup_one(t, BASE | 1, 5), 4);
	assert_int_equal(lpm6_lookup_one(t, BASE | 1 << 16, 5), 6);
	lpm6_store(base_slot(t), 0);
	lpm6_drop(t, at, LPM6_RETIRE, 1);
	assert_int_equal(lpm6_subs(t), 0);
	assert_int_equal(lines_used(t->lines), 0);
}

static void kept_subs_outlive_what_led_to_them(void **state)
{
	const struct lpm6_edge inner = {0, 2};
	struct lpm6 *t = *state;
	uint32_t n, at;

	assert_int_equal(lpm6_sub_get(t, &n), 0);
	lpm6_sub_set(&t->sub[n], BASE, 0, 96);
	t->life[n] = (struct lpm6_life){.made = 3, .kept = 8};
	assert_int_equal(lpm6_pack(t, &inner, 1, 0, false, &t->sub[n].entry), 0);
	assert_int_equal(lpm6_pack(t, &(struct lpm6_edge){first, n | LPM6_SUB}, 1, 0, false, &at),
	                 0);
	lpm6_drop(t, at, LPM6_RETIRE, 8);
	assert_int_equal(lpm6_subs(t), 1);
	assert_int_equal(lines_used(t->lines), 1);
	lpm6_sub_drop(t, n, LPM6_RETIRE);
	assert_int_equal(lpm6_subs(t), 0);
	assert_int_equal(lines_used(t->lines), 0);
}

/* Forks, leaves, radix nodes and ids side by side in 2000::/12 and in 0::/4. */
static void fill(struct lpm6 *t)
{
	struct lpm6_edge e[LPM6_MAX_EDGES];
	uint64_t random = 1;

	for (uint32_t i = 0; i < 0x1000; i++) {
		uint32_t n = i % LPM6_MAX_EDGES + 1, entry, radix;
		uint32_t *slot = i % 2 ? &t->index[i] : &t->index[LPM6_REST + i];
		uint32_t step = i % 2 ? UINT32_MAX / n : (1u << 25) / n;
		uint32_t from = i % 2 ? 0 : i << 25;

		for (uint32_t j = 0; j < n; j++) {
			random = random * 6364136223846793005ull + 1442695040888963407ull;
			e[j].key = from + j * step + (j > 0 ? (uint32_t)(random >> 32) % step : 0);
			e[j].id = 1 + (uint32_t)(random >> 40) % 32767;
		}
		assert_int_equal(lpm6_pack(t, e, n, 0, false, &entry), 0);
		if (i % 16 == 7) {
			assert_int_equal(lpm6_radix(t, 4, 21, false, &radix), 0);
			for (uint32_t j = 0; j < 16; j++)
				lpm6_slots(t, radix)[j] = j % 3 ? entry : j;
			entry = radix;
		}
		lpm6_store(slot, i % 16 == 5 ? 9 : entry);
	}
}

static void compare(struct lpm6 *t, lpm6_lookup_fn *way)
{
	uint64_t hi[LPM6_BATCH], lo[LPM6_BATCH] = {}, random = 1;
	uint32_t id[LPM6_BATCH];

	for (uint32_t round = 0; round < 5000; round++) {
		uint32_t n = round % LPM6_BATCH + 1;

		for (uint32_t i = 0; i < LPM6_BATCH; i++) {
			random = random * 6364136223846793005ull + 1442695040888963407ull;
			hi[i] = round % 3 == 0 ? random : random >> 4 | (random & 1) << 61;
		}
		hi[0] = round % 2 ? UINT64_MAX : 0;
		way(t, hi, lo, id, n);
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(id[i], lpm6_lookup_one(t, hi[i], lo[i]));
	}
}

static void each_way_of_look_up_finds_the_same(void **state)
{
	fill(*state);
	compare(*state, lpm6_lookup_scalar);
	if (lpm6_lookup_avx2() != NULL)
		compare(*state, lpm6_lookup_avx2());
	if (lpm6_lookup_avx512() != NULL)
		compare(*state, lpm6_lookup_avx512());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_table_knows_nothing),
		TEST(the_index_tells_all_entries_apart),
		TEST(each_interval_ends_where_the_next_begins),
		TEST(a_radix_node_goes_by_its_own_bits),
		TEST(a_sub_is_for_what_has_its_bits),
		TEST(kept_subs_outlive_what_led_to_them),
		TEST(each_way_of_look_up_finds_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
