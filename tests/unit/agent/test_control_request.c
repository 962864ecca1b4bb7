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

#include "agent/control_request.h"

static char error[128];

static int parse(const char *line, struct control_request *r)
{
	error[0] = '\0';
	return control_request_parse(line, strlen(line), r, error, sizeof(error));
}

static void words_come_out_as_they_went_in(void **)
{
	struct control_request r;

	assert_int_equal(
		parse("{\"viaduct\":1,\"command\":[\"show\",\"a \\\"b\\n\"],\"x\":{}}", &r), 0);
	assert_int_equal(r.n, 2);
	assert_string_equal(r.word[0], "show");
	assert_string_equal(r.word[1], "a \"b\n");
	assert_null(r.word[2]);
	control_request_fini(&r);
}

static void what_is_wrong_is_said(void **)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
		{"", "not JSON: "},
		{"show routes", "not JSON: "},
		{"{\"viaduct\":1,\"viaduct\":1,\"command\":[\"x\"]}", "not JSON: "},
		{"{\"viaduct\":1,\"command\":[\"\\u0000\"]}", "not JSON: "},
		{"[1]", "not a JSON object"},
		{"{}", "\"viaduct\", the protocol's version, is missing"},
		{"{\"viaduct\":\"1\"}", "\"viaduct\", the protocol's version, is missing"},
		{"{\"viaduct\":2}", "this daemon speaks version 1 of the protocol only"},
		{"{\"viaduct\":1}", "\"command\" is not an array of 1 to 256 words"},
		{"{\"viaduct\":1,\"command\":[]}", "\"command\" is not an array of 1 to 256 words"},
		{"{\"viaduct\":1,\"command\":[\"a\",1]}", "a word of \"command\" is not a string"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct control_request r;

		assert_int_equal(parse(cases[i].line, &r), -EINVAL);
		error[strlen(cases[i].error)] = '\0';
		assert_string_equal(error, cases[i].error);
	}
}

/* Whatever happens to a good request, it is taken apart or refused with a sentence. */
static void random_damage_is_refused_or_understood(void **)
{
	static const char good[] =
		"{\"viaduct\":1,\"command\":[\"show\",\"routes\",\"10.0.0.0/8\"]}";
	unsigned short seed[3] = {7, 11, 13};
	unsigned int understood = 0;
	unsigned int refused = 0;

	for (int round = 0; round < 50000; round++) {
		size_t len = sizeof(good) - 1;
		struct control_request r;
		char line[sizeof(good)];

		memcpy(line, good, sizeof(good));
		for (long n = nrand48(seed) % 4; n > 0; n--)
			line[nrand48(seed) % (long)len] = (char)(nrand48(seed) % 256);
		if (nrand48(seed) % 4 == 0)
			len = (size_t)(nrand48(seed) % (long)len);
		error[0] = '\0';
		if (control_request_parse(line, len, &r, error, sizeof(error)) == 0) {
			assert_true(r.n > 0);
			control_request_fini(&r);
			understood++;
		} else {
			assert_true(error[0] != '\0');
			refused++;
		}
	}
	assert_true(understood > 1000);
	assert_true(refused > 1000);
}

static void deep_nesting_is_refused(void **)
{
	struct control_request r;
	char line[60000];

	memset(line, '[', sizeof(line));
	assert_int_equal(control_request_parse(line, sizeof(line), &r, error, sizeof(error)),
	                 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_come_out_as_they_went_in),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(random_damage_is_refused_or_understood),
		cmocka_unit_test(deep_nesting_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
