/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static void assert_text(const struct json *j, const char *want)
{
	assert_false(j->failed);
	assert_int_equal(j->len, strlen(want));
	assert_memory_equal(j->text, want, j->len);
}

static void commas_part_what_follows_and_nothing_else(void **)
{
	struct json j = {0};

	json_begin_object(&j);
	json_add_string(&j, "ifname", "wan0");
	json_key(&j, "addresses");
	json_begin_array(&j);
	json_put_string(&j, "10.0.0.1/24");
	json_put_string(&j, "10.0.1.1/24");
	json_end_array(&j);
	json_key(&j, "none");
	json_begin_array(&j);
	json_end_array(&j);
	json_key(&j, "xsk");
	json_begin_object(&j);
	json_add_uint(&j, "rx", 1);
	json_end_object(&j);
	json_add_bool(&j, "best", true);
	json_end_object(&j);
	json_end_line(&j);
	json_begin_object(&j);
	json_end_object(&j);
	json_end_line(&j);
	assert_text(&j, "{\"ifname\":\"wan0\",\"addresses\":[\"10.0.0.1/24\",\"10.0.1.1/24\"],"
	                "\"none\":[],\"xsk\":{\"rx\":1},\"best\":true}\n{}\n");
	json_fini(&j);
}

static void numbers_keep_every_digit(void **)
{
	struct json j = {0};

	json_begin_array(&j);
	json_put_uint(&j, UINT64_MAX);
	json_put_int(&j, INT64_MIN);
	json_put_bool(&j, false);
	json_put_real(&j, 51.2);
	json_put_real(&j, 1912345.0004);
	json_put_real(&j, -0.0001);
	json_put_real(&j, 100);
	json_put_real(&j, NAN);
	json_end_array(&j);
	assert_text(&j, "[18446744073709551615,-9223372036854775808,false,51.2,1912345,0,100,"
	                "null]");
	json_fini(&j);
}

static void unknown_members_are_left_out(void **)
{
	struct json j = {0};

	json_begin_object(&j);
	json_add_string(&j, "note", NULL);
	json_add_real(&j, "rx_pps", INFINITY);
	json_add_int(&j, "metric", -1);
	json_end_object(&j);
	assert_text(&j, "{\"metric\":-1}");
	json_fini(&j);
}

static void strings_are_escaped(void **)
{
	struct json j = {0};

	json_put_bytes(&j, "a\"b\\c\n\r\t\x01\x7f\0z", 12);
	assert_text(&j, "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f\\u0000z\"");
	json_fini(&j);
}

static void bytes_that_are_no_utf8_become_replacement_characters(void **)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"\xc3\xa4", "\"\xc3\xa4\""},
		{"\xf0\x9f\x90\xa7", "\"\xf0\x9f\x90\xa7\""},
		{"\xff", "\"\xef\xbf\xbd\""},
		{"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* overlong */
		{"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* surrogate */
		{"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xc3", "\"\xef\xbf\xbd\""}, /* cut short */
		{"\xc3z", "\"\xef\xbf\xbdz\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json j = {0};

		json_put_string(&j, cases[i].in);
		assert_text(&j, cases[i].out);
		json_fini(&j);
	}
}

static void a_rewound_writer_starts_over(void **)
{
	struct json j = {0};
	size_t line;

	json_put_uint(&j, 1);
	json_end_line(&j);
	line = j.len;
	json_begin_object(&j);
	json_add_uint(&j, "half", 1);
	json_rewind(&j, line);
	json_put_uint(&j, 2);
	assert_text(&j, "1\n2");
	json_fini(&j);
}

/* The independent judge: whatever bytes go in, jansson reads them and finds valid UTF-8. */
static void random_bytes_always_make_valid_json(void **)
{
	unsigned short seed[3] = {1, 2, 3};
	struct json j = {0};

	for (int round = 0; round < 20000; round++) {
		char in[24];
		size_t n = (size_t)(nrand48(seed) % (long)sizeof(in));
		json_t *parsed;

		for (size_t i = 0; i < n; i++)
			in[i] = (char)(nrand48(seed) % 3 == 0 ? nrand48(seed) % 128
			                                      : 128 + nrand48(seed) % 128);
		json_rewind(&j, 0);
		json_begin_array(&j);
		json_put_bytes(&j, in, n);
		json_end_array(&j);
		parsed = json_loadb(j.text, j.len, JSON_ALLOW_NUL, NULL);
		assert_non_null(parsed);
		assert_true(json_is_string(json_array_get(parsed, 0)));
		json_decref(parsed);
	}
	json_fini(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_part_what_follows_and_nothing_else),
		cmocka_unit_test(numbers_keep_every_digit),
		cmocka_unit_test(unknown_members_are_left_out),
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(bytes_that_are_no_utf8_become_replacement_characters),
		cmocka_unit_test(a_rewound_writer_starts_over),
		cmocka_unit_test(random_bytes_always_make_valid_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
