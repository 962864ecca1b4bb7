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
#include <string.h>

#include "base/rcu.h"
#include "route/fib4.h"

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

static int setup(void **state)
{
	struct fib4 *fib = NULL;
	int err = fib4_new(&fib);

	*state = fib;
	return err;
}

static int teardown(void **state)
{
	fib4_free(*state);
	return 0;
}

static struct fib4_route route(uint32_t dst, uint8_t len, uint16_t nh)
{
	return (struct fib4_route){.dst = dst, .len = len, .source = ROUTE_STATIC, .nh = nh};
}

static void add(struct fib4 *fib, uint32_t dst, uint8_t len, uint16_t nh)
{
	const struct fib4_route r = route(dst, len, nh);
	uint16_t old;

	assert_int_equal(fib4_insert(fib, &r, &old), 0);
	assert_int_equal(old, 0);
}

static void del(struct fib4 *fib, uint32_t dst, uint8_t len, uint16_t nh)
{
	const struct fib4_route r = route(dst, len, 0);
	uint16_t old;

	assert_int_equal(fib4_remove(fib, &r, &old), 0);
	assert_int_equal(old, nh);
}

static void longest_prefix_wins(void **state)
{
	struct fib4 *fib = *state;

	add(fib, IP(10, 1, 2, 3), 32, 5);
	add(fib, 0, 0, 1);
	add(fib, IP(10, 1, 2, 0), 24, 4);
	add(fib, IP(10, 0, 0, 0), 8, 2);
	add(fib, IP(10, 1, 0, 0), 16, 3);
	assert_int_equal(fib4_lookup_one(fib, IP(9, 1, 2, 3)), 1);
	assert_int_equal(fib4_lookup_one(fib, IP(10, 2, 2, 3)), 2);
	assert_int_equal(fib4_lookup_one(fib, IP(10, 1, 3, 3)), 3);
	assert_int_equal(fib4_lookup_one(fib, IP(10, 1, 2, 4)), 4);
	assert_int_equal(fib4_lookup_one(fib, IP(10, 1, 2, 3)), 5);
}

static void a_removed_prefix_uncovers_the_next_shorter_one(void **state)
{
	struct fib4 *fib = *state;

	longest_prefix_wins(state);
	del(fib, IP(10, 1, 2, 0), 24, 4);
	assert_int_equal(fib4_lookup_one(fib, IP(10, 1, 2, 4)), 3);
	assert_int_equal(fib4_lookup_one(fib, IP(10, 1, 2, 3)), 5);
	del(fib, IP(10, 1, 2, 3), 32, 5);
	assert_int_equal(fib4_lookup_one(fib, IP(10, 1, 2, 3)), 3);
	del(fib, IP(10, 1, 0, 0), 16, 3);
	assert_int_equal(fib4_lookup_one(fib, IP(10, 1, 2, 3)), 2);
	del(fib, 0, 0, 1);
	assert_int_equal(fib4_lookup_one(fib, IP(11, 0, 0, 0)), 0);
	del(fib, IP(10, 0, 0, 0), 8, 2);
	assert_int_equal(fib4_lookup_one(fib, IP(10, 1, 2, 3)), 0);
}

static void a_group_is_given_back_with_its_last_long_prefix(void **state)
{
	struct fib4 *fib = *state;
	struct fib4_stats s;

	add(fib, IP(10, 0, 0, 0), 8, 1);
	add(fib, IP(10, 0, 0, 128), 25, 2);
	add(fib, IP(10, 0, 0, 129), 32, 3);
	fib4_stats(fib, &s);
	assert_int_equal(s.groups, 1);
	del(fib, IP(10, 0, 0, 128), 25, 2);
	fib4_stats(fib, &s);
	assert_int_equal(s.groups, 1);
	assert_int_equal(fib4_lookup_one(fib, IP(10, 0, 0, 130)), 1);
	assert_int_equal(fib4_lookup_one(fib, IP(10, 0, 0, 129)), 3);
	del(fib, IP(10, 0, 0, 129), 32, 3);
	fib4_stats(fib, &s);
	assert_int_equal(s.groups, 0);
	assert_int_equal(fib4_lookup_one(fib, IP(10, 0, 0, 129)), 1);
}

static void lowest_metric_wins_then_lowest_source(void **state)
{
	struct fib4_route r = route(IP(10, 0, 0, 0), 8, 1);
	struct fib4 *fib = *state;
	struct fib4_stats s;
	uint16_t old;

	r.metric = 20;
	assert_int_equal(fib4_insert(fib, &r, &old), 0);
	r.metric = 10;
	r.nh = 2;
	assert_int_equal(fib4_insert(fib, &r, &old), 0);
	assert_int_equal(fib4_lookup_one(fib, r.dst), 2);
	r.metric = 30;
	r.nh = 3;
	assert_int_equal(fib4_insert(fib, &r, &old), 0);
	assert_int_equal(fib4_lookup_one(fib, r.dst), 2);
	r.metric = 10;
	r.source = ROUTE_CONNECTED;
	r.nh = 4;
	assert_int_equal(fib4_insert(fib, &r, &old), 0);
	assert_int_equal(fib4_lookup_one(fib, r.dst), 4);
	fib4_stats(fib, &s);
	assert_int_equal(s.routes, 4);
	assert_int_equal(s.prefixes, 1);
	assert_int_equal(fib4_remove(fib, &r, &old), 0);
	assert_int_equal(old, 4);
	assert_int_equal(fib4_lookup_one(fib, r.dst), 2);
	assert_int_equal(fib4_remove(fib, &r, &old), -ENOENT);
}

static void the_same_route_again_replaces_its_next_hop(void **state)
{
	struct fib4_route r = route(IP(10, 0, 0, 0), 8, 7);
	struct fib4_stats s;
	uint16_t old;

	add(*state, IP(10, 0, 0, 0), 8, 1);
	assert_int_equal(fib4_insert(*state, &r, &old), 0);
	assert_int_equal(old, 1);
	assert_int_equal(fib4_lookup_one(*state, r.dst), 7);
	fib4_stats(*state, &s);
	assert_int_equal(s.routes, 1);
}

static void nonsense_is_refused(void **state)
{
	const struct fib4_route bad[] = {
		{.dst = IP(10, 0, 0, 1), .len = 8, .nh = 1},
		{.dst = 1, .len = 0, .nh = 1},
		{.dst = 0, .len = 33, .nh = 1},
		{.dst = 0, .len = 0, .nh = 0},
		{.dst = 0, .len = 0, .nh = 32768},
	};
	struct fib4_route copy;
	uint16_t old;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(fib4_insert(*state, &bad[i], &old), -EINVAL);
		assert_int_equal(fib4_remove(*state, &bad[i], &old), -ENOENT);
		copy = bad[i];
		assert_int_equal(fib4_load(*state, &copy, 1), -EINVAL);
	}
}

/* 32-bit prefixes, each in a /24 of its own. */
static uint32_t spread(uint32_t i)
{
	return i * 40503u << 8 | (i & 0xff);
}

static void more_groups_than_there_are_are_refused_and_counted(void **state)
{
	struct fib4 *fib = *state;
	struct fib4_stats s;
	uint16_t old;

	add(fib, 0, 0, 1);
	for (uint32_t i = 0; i < 40000; i++) {
		const struct fib4_route r = route(spread(i), 32, 2);

		assert_int_equal(fib4_insert(fib, &r, &old), i < 32768 ? 0 : -ENOSPC);
	}
	fib4_stats(fib, &s);
	assert_int_equal(s.routes, 32769);
	assert_int_equal(s.prefixes, 32769);
	assert_int_equal(s.groups, 32768);
	assert_int_equal(s.refused, 40000 - 32768);
	for (uint32_t i = 0; i < 40000; i++) {
		assert_int_equal(fib4_lookup_one(fib, spread(i)), i < 32768 ? 2 : 1);
		assert_int_equal(fib4_lookup_one(fib, spread(i) ^ 1), 1);
	}
	add(fib, spread(5) ^ 3, 32, 3); /* needs no new group */
	del(fib, spread(9), 32, 2);
	add(fib, spread(39999), 32, 4); /* takes the one given back */
	assert_int_equal(fib4_lookup_one(fib, spread(9)), 1);
	assert_int_equal(fib4_lookup_one(fib, spread(39999)), 4);
}

static void a_load_of_too_many_groups_changes_nothing(void **state)
{
	struct fib4_route *r = calloc(40000, sizeof(*r));
	struct fib4_stats s;

	assert_non_null(r);
	for (uint32_t i = 0; i < 40000; i++)
		r[i] = route(spread(i), 32, 2);
	assert_int_equal(fib4_load(*state, r, 40000), -ENOSPC);
	fib4_stats(*state, &s);
	assert_int_equal(s.routes, 0);
	assert_int_equal(s.groups, 0);
	assert_int_equal(s.refused, 1);
	assert_int_equal(fib4_lookup_one(*state, spread(0)), 0);
	assert_int_equal(fib4_load(*state, r, 32768), 0);
	assert_int_equal(fib4_lookup_one(*state, spread(0)), 2);
	assert_int_equal(fib4_load(*state, r, 1), -EBUSY);
	free(r);
}

static void of_equal_routes_in_a_load_the_last_one_wins(void **state)
{
	struct fib4_route r[] = {route(IP(10, 0, 0, 0), 8, 1), route(IP(10, 0, 0, 0), 8, 2),
	                         route(IP(10, 1, 0, 0), 16, 3), route(IP(10, 0, 0, 0), 8, 4)};
	struct fib4_stats s;

	r[1].metric = 5;
	assert_int_equal(fib4_load(*state, r, 4), 0);
	assert_int_equal(fib4_lookup_one(*state, IP(10, 0, 0, 1)), 4);
	assert_int_equal(fib4_lookup_one(*state, IP(10, 1, 0, 1)), 3);
	fib4_stats(*state, &s);
	assert_int_equal(s.routes, 3);
	assert_int_equal(s.prefixes, 2);
}

static void the_walk_goes_in_order_and_says_who_is_in_force(void **state)
{
	const struct fib4_route want[] = {
		{0, 0, ROUTE_STATIC, 1, 0},
		{IP(10, 0, 0, 0), 8, ROUTE_STATIC, 2, 0},
		{IP(10, 0, 0, 0), 24, ROUTE_CONNECTED, 3, 5},
		{IP(10, 0, 0, 0), 24, ROUTE_STATIC, 4, 5},
		{IP(10, 0, 0, 0), 24, ROUTE_LOCAL, 5, 6},
		{IP(10, 0, 0, 0), 32, ROUTE_STATIC, 6, 0},
		{IP(10, 0, 0, 255), 32, ROUTE_STATIC, 7, 0},
		{IP(128, 0, 0, 0), 1, ROUTE_STATIC, 8, 0},
		{UINT32_MAX, 32, ROUTE_STATIC, 9, 0},
	};
	const bool force[] = {true, true, true, false, false, true, true, true, true};
	const size_t n = sizeof(want) / sizeof(want[0]);
	struct fib4_route r;
	uint16_t old;
	bool best;

	assert_false(fib4_next(*state, NULL, &r, &best));
	for (size_t i = n; i-- > 0;)
		assert_int_equal(fib4_insert(*state, &want[i], &old), 0);
	for (size_t i = 0; i < n; i++) {
		assert_true(fib4_next(*state, i == 0 ? NULL : &r, &r, &best));
		assert_memory_equal(&r, &want[i], sizeof(r));
		assert_int_equal(best, force[i]);
	}
	assert_false(fib4_next(*state, &r, &r, &best));
}

static void the_walk_goes_on_where_the_last_route_is_gone(void **state)
{
	struct fib4_route r = route(IP(10, 0, 0, 7), 32, 0);
	bool best;

	add(*state, IP(10, 0, 0, 6), 32, 1);
	add(*state, IP(192, 0, 2, 0), 30, 2);
	assert_true(fib4_next(*state, &r, &r, &best));
	assert_int_equal(r.nh, 2);
	del(*state, IP(192, 0, 2, 0), 30, 2);
	assert_false(fib4_next(*state, &r, &r, &best));
}

static void a_batch_finds_what_one_key_finds(void **state)
{
	uint32_t dst[64], id[64];

	longest_prefix_wins(state);
	for (uint32_t i = 0; i < 64; i++)
		dst[i] = IP(10, i & 1, 2, i & 3);
	for (uint32_t n = 1; n <= 64; n++) {
		memset(id, 0xff, sizeof(id));
		fib4_lookup(*state, dst, id, n);
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(id[i], fib4_lookup_one(*state, dst[i]));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(longest_prefix_wins),
		TEST(a_removed_prefix_uncovers_the_next_shorter_one),
		TEST(a_group_is_given_back_with_its_last_long_prefix),
		TEST(lowest_metric_wins_then_lowest_source),
		TEST(the_same_route_again_replaces_its_next_hop),
		TEST(nonsense_is_refused),
		TEST(more_groups_than_there_are_are_refused_and_counted),
		TEST(a_load_of_too_many_groups_changes_nothing),
		TEST(of_equal_routes_in_a_load_the_last_one_wins),
		TEST(the_walk_goes_in_order_and_says_who_is_in_force),
		TEST(the_walk_goes_on_where_the_last_route_is_gone),
		TEST(a_batch_finds_what_one_key_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
