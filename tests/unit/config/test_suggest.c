/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "base/compiler.h"
#include "config/suggest.h"

/* What is suggested for @word among a few keys; "" for nothing. */
static const char *meant(const char *word)
{
	static const char *const keys[] = {"native", "auto", "generic", "mtu", "mac", "addresses"};
	struct suggest s = {.word = word};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		suggest_try(&s, keys[i]);
	return s.best != NULL ? s.best : "";
}

static void a_slip_is_understood(void **)
{
	assert_string_equal(meant("nativ"), "native");
	assert_string_equal(meant("nnative"), "native");
	assert_string_equal(meant("mative"), "native");
	assert_string_equal(meant("naitve"), "native");
	assert_string_equal(meant("adress"), "");
	assert_string_equal(meant("adresses"), "addresses");
	assert_string_equal(meant("addreses"), "addresses");
	assert_string_equal(meant("mut"), "mtu");
	assert_string_equal(meant("auot"), "auto");
}

static void what_is_far_off_is_left_alone(void **)
{
	assert_string_equal(meant(""), "");
	assert_string_equal(meant("x"), "");
	assert_string_equal(meant("ma"), "mac");
	assert_string_equal(meant("router"), "");
	assert_string_equal(meant("nativenativenativenativenativenative"), "");
}

static void the_nearest_one_wins(void **)
{
	struct suggest s = {.word = "lan1"};
	char text[SUGGEST_TEXT];

	assert_string_equal(suggest_text(&s, text), "");
	suggest_try(&s, "lan23");
	suggest_try(&s, "lan11");
	suggest_try(&s, "wan0");
	assert_string_equal(suggest_text(&s, text), ", did you mean \"lan11\"?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slip_is_understood),
		cmocka_unit_test(what_is_far_off_is_left_alone),
		cmocka_unit_test(the_nearest_one_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
