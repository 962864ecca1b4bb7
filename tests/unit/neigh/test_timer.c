/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "bed.h"

#define N 1000

/* The heap alone, against a search through all. */
static void timers_run_out_in_order_whatever_was_set_moved_or_cancelled(void **)
{
	struct neigh_table t = {.limits.entries = N, .random = 42};
	struct neigh *n = calloc(N, sizeof(*n));
	uint64_t due[N] = {};
	uint64_t last = 0;

	t.heap = calloc(N, sizeof(*t.heap));
	assert_non_null(n);
	assert_non_null(t.heap);
	for (int step = 0; step < 20000; step++) {
		uint32_t i = (uint32_t)(neigh_random(&t) % N);

		due[i] = neigh_random(&t) % 3 == 0 ? 0 : 1 + neigh_random(&t) % 5000;
		if (due[i] == 0)
			neigh_timer_cancel(&t, &n[i]);
		else
			neigh_timer_set(&t, &n[i], due[i]);
	}
	while (t.n_heap > 0) {
		ptrdiff_t i = t.heap[0].n - n;

		assert_true(t.heap[0].due == due[i] && due[i] >= last);
		last = due[i];
		due[i] = 0;
		neigh_timer_cancel(&t, &n[i]);
	}
	for (int i = 0; i < N; i++)
		assert_true(due[i] == 0 && n[i].timer == 0);
	free(t.heap);
	free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_run_out_in_order_whatever_was_set_moved_or_cancelled),
	};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
