/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "cli/cell.h"

struct cell_case {
	const char *json, *cell;
};

static void check(cell_format format, const struct cell_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *value = json_loads(cases[i].json, JSON_DECODE_ANY, NULL);
		char cell[CELL_BYTES];

		assert_non_null(value);
		format(cell, value);
		assert_string_equal(cell, cases[i].cell);
		json_decref(value);
	}
}

#define CHECK(format, cases) check(format, cases, sizeof(cases) / sizeof((cases)[0]))

static void text_is_shown_as_it_is(void **)
{
	static const struct cell_case cases[] = {
		{"\"zero-copy\"", "zero-copy"},
		{"18446744", "18446744"},
		{"-1", "-1"},
		{"0.25", "0.25"},
		{"true", "yes"},
		{"false", "no"},
		{"[\"10.0.0.1/24\",\"10.0.1.1/24\"]", "10.0.0.1/24, 10.0.1.1/24"},
		{"{\"rx\":1,\"tx\":2}", "rx=1 tx=2"},
		{"{\"a\":[1]}", "a=..."},
		{"[]", ""},
	};

	CHECK(cell_text, cases);
}

static void nothing_that_a_terminal_obeys_comes_through(void **)
{
	static const struct cell_case cases[] = {
		{"\"a\\u001b[31mb\\n\\u007f\"", "a?[31mb??"},
		{"\"\\u009b2J\"", "?2J"},
		{"\"\\u00a0\\u00e4\"", "\xc2\xa0\xc3\xa4"},
	};

	CHECK(cell_text, cases);
}

static void a_long_value_is_cut_visibly(void **)
{
	char cell[CELL_BYTES];
	char long_text[2 * CELL_BYTES];
	json_t *value;

	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	value = json_string(long_text);
	cell_text(cell, value);
	assert_int_equal(strlen(cell), CELL_BYTES - 1);
	assert_string_equal(cell + CELL_BYTES - 5, "x...");
	json_decref(value);
}

static void as_many_gateways_as_a_route_has_fit_a_cell(void **)
{
	char cell[CELL_BYTES];
	json_t *list = json_array();

	for (int i = 0; i < 16; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:[s]}", "gateway",
		                                      "2001:db8:1111:2222:3333:4444:5555:6666",
		                                      "dev", "fifteen-letters", "flags", "dead"));
	cell_gateways(cell, list);
	assert_string_equal(cell + strlen(cell) - strlen("6666 fifteen-letters dead"),
	                    "6666 fifteen-letters dead");
	json_decref(list);
}

static void rates_have_three_digits_and_a_unit(void **)
{
	static const struct cell_case cases[] = {
		{"0", "0"},           {"12", "12"},
		{"0.04", "<0.1"},     {"0.4", "0.4"},
		{"9.96", "10"},       {"999", "999"},
		{"999.4", "999"},     {"999.5", "1.00k"},
		{"1000", "1.00k"},    {"9994", "9.99k"},
		{"9996", "10.0k"},    {"99960", "100k"},
		{"999499", "999k"},   {"999500", "1.00M"},
		{"1912345", "1.91M"}, {"14880952", "14.9M"},
		{"2e9", "2.00G"},     {"\"odd\"", "odd"},
		{"-1", "-1"},
	};

	CHECK(cell_human, cases);
}

static void decimals_have_one(void **)
{
	static const struct cell_case cases[] = {{"51.24", "51.2"}, {"64", "64.0"}, {"\"-\"", "-"}};

	CHECK(cell_decimal, cases);
}

static void ages_are_said_as_a_person_does(void **)
{
	static const struct cell_case cases[] = {
		{"0", "0s"},       {"0.42", "0.4s"},    {"12.7", "12s"},
		{"59.99", "59s"},  {"185", "3m05s"},    {"3599", "59m59s"},
		{"7800", "2h10m"}, {"443000", "5d03h"}, {"\"never\"", "never"},
	};

	CHECK(cell_age, cases);
}

static void gateways_come_with_device_and_flags(void **)
{
	static const struct cell_case cases[] = {
		{"\"10.0.1.2\"", "10.0.1.2"},
		{"[]", ""},
		{"[{\"gateway\": \"10.0.1.2\", \"dev\": \"p1\", \"flags\": []}]", "10.0.1.2 p1"},
		{"[{\"gateway\": \"10.0.1.2\", \"dev\": \"p1\", \"flags\": [\"dead\"]}, "
	         "{\"gateway\": \"10.0.2.2\"}, 7]",
	         "10.0.1.2 p1 dead, 10.0.2.2, "},
	};

	CHECK(cell_gateways, cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_shown_as_it_is),
		cmocka_unit_test(nothing_that_a_terminal_obeys_comes_through),
		cmocka_unit_test(a_long_value_is_cut_visibly),
		cmocka_unit_test(as_many_gateways_as_a_route_has_fit_a_cell),
		cmocka_unit_test(rates_have_three_digits_and_a_unit),
		cmocka_unit_test(decimals_have_one),
		cmocka_unit_test(gateways_come_with_device_and_flags),
		cmocka_unit_test(ages_are_said_as_a_person_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
