/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>

#include "base/ring.h"

static void what_goes_in_comes_out_in_order(void **)
{
	struct ring *r;

	assert_int_equal(ring_new(&r, 4, sizeof(int)), 0);
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 3; i++) {
			int *slot = ring_reserve(r);

			assert_non_null(slot);
			*slot = round * 3 + i;
			ring_push(r);
		}
		for (int i = 0; i < 3; i++) {
			int *slot = ring_peek(r);

			assert_non_null(slot);
			assert_int_equal(*slot, round * 3 + i);
			ring_pop(r);
		}
	}
	assert_null(ring_peek(r));
	ring_free(r);
}

static void a_full_ring_refuses(void **)
{
	struct ring *r;

	assert_int_equal(ring_new(&r, 2, 8), 0);
	assert_false(ring_has(r));
	for (int i = 0; i < 2; i++) {
		assert_non_null(ring_reserve(r));
		ring_push(r);
	}
	assert_true(ring_has(r));
	assert_null(ring_reserve(r));
	ring_pop(r);
	assert_non_null(ring_reserve(r));
	ring_free(r);
}

static void records_that_leave_room_for_others_are_refused_first(void **)
{
	struct ring *r;

	assert_int_equal(ring_new(&r, 4, 8), 0);
	for (int i = 0; i < 3; i++) {
		assert_non_null(ring_reserve_but(r, 1));
		ring_push(r);
	}
	assert_null(ring_reserve_but(r, 1));
	assert_non_null(ring_reserve(r));
	ring_push(r);
	assert_null(ring_reserve(r));
	ring_pop(r);
	assert_null(ring_reserve_but(r, 1));
	ring_pop(r);
	assert_non_null(ring_reserve_but(r, 1));
	ring_free(r);
}

static void slots_must_be_a_power_of_two(void **)
{
	struct ring *r = NULL;

	assert_int_equal(ring_new(&r, 3, 8), -EINVAL);
	assert_int_equal(ring_new(&r, 0, 8), -EINVAL);
	assert_null(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out_in_order),
		cmocka_unit_test(a_full_ring_refuses),
		cmocka_unit_test(records_that_leave_room_for_others_are_refused_first),
		cmocka_unit_test(slots_must_be_a_power_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
