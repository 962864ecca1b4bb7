/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "cli/filter.h"

static void addresses_are_asked_for_as_rows_have_them(void **)
{
	static const struct {
		char word[50];
		const char *want;
	} rows[] = {
		{"2001:0DB8::0001", "2001:db8::1"},
		{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
		{"FE80:0:0:0:0:0:0:1", "fe80::1"},
		{"2001:DB8:0:0::/48", "2001:db8::/48"},
		{"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
		{"0:0:0:0:0:0:0:0", "::"},
		{"0::0/0", "::/0"},
		{"2001:db8:1111:2222:3333:4444:5555:6666/128",
	         "2001:db8:1111:2222:3333:4444:5555:6666/128"},
		{"0.0.0.0/0", "0.0.0.0/0"},
		{"192.0.2.1", "192.0.2.1"},
		{"192.0.2.0/24", "192.0.2.0/24"},
	};
	char *words[ARRAY_SIZE(rows)], **filters;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		words[i] = strdup(rows[i].word);
	filters = filters_new(words, ARRAY_SIZE(rows));
	assert_non_null(filters);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_string_equal(filters[i], rows[i].want);
		free(words[i]);
	}
	free(filters);
}

static void other_words_stay_what_they_are(void **)
{
	char show[] = "show", name[] = "lan0.10", mac[] = "02:00:00:00:00:FE", bad[] = "fe80::1%a",
	     long_word[] = "2001:db8:1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb/128",
	     empty[] = "";
	char *words[] = {show, name, mac, bad, long_word, empty};
	char **filters = filters_new(words, ARRAY_SIZE(words));

	assert_non_null(filters);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_ptr_equal(filters[i], words[i]);
	free(filters);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_asked_for_as_rows_have_them),
		cmocka_unit_test(other_words_stay_what_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
