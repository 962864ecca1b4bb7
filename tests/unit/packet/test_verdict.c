/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "packet/verdict.h"

/* What a counter can be called: lower-case words and digits joined by hyphens. */
static void every_verdict_has_a_name(void **)
{
	for (enum verdict v = KEEP; v < VERDICT_COUNT; v++) {
		const char *name = verdict_name(v);

		assert_non_null(name);
		assert_true(name[0] >= 'a' && name[0] <= 'z');
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"),
		                 strlen(name));
	}
}

static void no_two_verdicts_share_a_name(void **)
{
	for (enum verdict v = KEEP; v < VERDICT_COUNT; v++) {
		for (enum verdict w = v + 1; w < VERDICT_COUNT; w++)
			assert_string_not_equal(verdict_name(v), verdict_name(w));
	}
}

/* The balance sums up ranges (I4): they leave nothing out but KEEP and HELD_NEIGH. */
static void the_ranges_cover_all_ends(void **)
{
	assert_int_equal(DROP_FIRST, KEEP + 1);
	assert_int_equal(CONSUMED_FIRST, DROP_LAST + 1);
	assert_int_equal(HELD_NEIGH, CONSUMED_LAST + 1);
	assert_int_equal(VERDICT_COUNT, HELD_NEIGH + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verdict_has_a_name),
		cmocka_unit_test(no_two_verdicts_share_a_name),
		cmocka_unit_test(the_ranges_cover_all_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
