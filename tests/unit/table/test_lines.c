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
#include "table/lines.h"

#define SIZE    1000u
#define RESERVE 100u

static int setup(void **state)
{
	struct lines *l = NULL;
	int err = lines_new(&l, SIZE, RESERVE);

	*state = l;
	return err;
}

static int teardown(void **state)
{
	lines_free(*state);
	return 0;
}

static uint32_t get(struct lines *l, uint32_t n)
{
	uint32_t line = 0;

	assert_int_equal(lines_get(l, n, false, &line), 0);
	assert_true(line > 0 && line + n <= SIZE);
	return line;
}

static void runs_do_not_overlap_and_are_whole_lines(void **state)
{
	uint32_t a = get(*state, 3), b = get(*state, 128), c = get(*state, 1);

	assert_true(b >= a + 3);
	assert_true(c >= b + 128);
	assert_int_equal((uintptr_t)lines_base(*state) % CACHE_LINE, 0);
	assert_int_equal(lines_used(*state), 132);
}

static void what_came_back_is_given_out_again(void **state)
{
	uint32_t a = get(*state, 5), b = get(*state, 5);

	lines_put(*state, a, 5);
	assert_int_equal(get(*state, 5), a);
	lines_put(*state, b, 5);
	assert_int_equal(lines_used(*state), 5);
}

static void the_reserve_is_for_those_who_may_not_fail(void **state)
{
	uint32_t line, n = 0;

	while (lines_get(*state, 1, false, &line) == 0)
		n++;
	assert_int_equal(n, SIZE - RESERVE - 1);
	for (n = 0; lines_get(*state, 1, true, &line) == 0;)
		n++;
	assert_int_equal(n, RESERVE);
}

static void long_runs_are_cut_up_where_nothing_else_is_left(void **state)
{
	uint32_t run[7], line;

	for (int i = 0; i < 7; i++)
		run[i] = get(*state, 128);
	assert_int_equal(lines_get(*state, 4, false, &line), -ENOSPC);
	lines_put(*state, run[3], 128);
	for (int i = 0; i < 32; i++) {
		line = get(*state, 4);
		assert_true(line >= run[3] && line + 4 <= run[3] + 128);
	}
	assert_int_equal(lines_get(*state, 4, false, &line), -ENOSPC);
}

static void retired_runs_come_back_after_a_grace_period(void **state)
{
	uint32_t run[7], line;

	for (int i = 0; i < 7; i++)
		run[i] = get(*state, 128);
	for (int i = 0; i < 7; i++)
		lines_retire(*state, run[i], 128);
	assert_int_equal(lines_used(*state), 0);
	/* Nothing else is left: it waits for them. */
	for (int i = 0; i < 7; i++)
		assert_int_equal(lines_get(*state, 128, false, &line), 0);
	assert_int_equal(lines_used(*state), 7 * 128);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(runs_do_not_overlap_and_are_whole_lines),
		TEST(what_came_back_is_given_out_again),
		TEST(the_reserve_is_for_those_who_may_not_fail),
		TEST(long_runs_are_cut_up_where_nothing_else_is_left),
		TEST(retired_runs_come_back_after_a_grace_period),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
