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
#include "wire/addr.h"
#include "wire/ether.h"

static void an_address_is_read_in_host_order(void **)
{
	uint32_t addr;

	assert_true(ip4_parse("192.0.2.1", &addr));
	assert_int_equal(addr, 0xc0000201u);
	assert_true(ip4_parse("0.0.0.0", &addr));
	assert_int_equal(addr, 0);
	assert_true(ip4_parse("255.255.255.255", &addr));
	assert_int_equal(addr, 0xffffffffu);
}

static void what_is_no_address_is_refused(void **)
{
	static const char *const bad[] = {
		"",           "1",         "1.2.3",
		"1.2.3.",     "1.2.3.4.",  "1.2.3.4.5",
		"01.2.3.4",   "1.2.3.00",  "1.2.3.256",
		"1.2.3.4 ",   " 1.2.3.4",  "1..3.4",
		"1.2.3.-4",   "+1.2.3.4",  "0x1.2.3.4",
		"1.2.3.4/24", "1.2.3.1e1", "1.2.3.9999999999999999999",
		"::1",        "a.b.c.d",
	};
	uint32_t addr = 7;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (ip4_parse(bad[i], &addr))
			fail_msg("accepted \"%s\"", bad[i]);
	}
	assert_int_equal(addr, 7);
}

static void a_prefix_keeps_its_host_bits(void **)
{
	uint32_t addr;
	uint8_t len;

	assert_true(ip4_prefix_parse("10.1.2.3/8", &addr, &len));
	assert_int_equal(addr, 0x0a010203u);
	assert_int_equal(len, 8);
	assert_true(ip4_prefix_parse("0.0.0.0/0", &addr, &len));
	assert_int_equal(len, 0);
	assert_true(ip4_prefix_parse("1.2.3.4/32", &addr, &len));
	assert_int_equal(len, 32);
}

static void what_is_no_prefix_is_refused(void **)
{
	static const char *const bad[] = {
		"10.0.0.0",    "10.0.0.0/",    "10.0.0.0/33",        "10.0.0.0/08",
		"10.0.0.0/8 ", "10.0.0.0/-1",  "10.0.0/8",           "10.0.0.0//8",
		"/8",          "10.0.0.0/8/8", "10.0.0.0/255.0.0.0",
	};
	uint32_t addr;
	uint8_t len;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (ip4_prefix_parse(bad[i], &addr, &len))
			fail_msg("accepted \"%s\"", bad[i]);
	}
}

static void a_mac_is_as_a_load_from_the_frame_gives_it(void **)
{
	static const uint8_t bytes[8] = {0x02, 0x1a, 0x2b, 0x3c, 0x4d, 0xfe, 0xff, 0xff};
	uint64_t mac;

	assert_true(mac_parse("02:1a:2B:3c:4D:fe", &mac));
	assert_true(mac == mac_load(bytes));
	assert_true(mac_parse("01:00:00:00:00:00", &mac));
	assert_true(mac_is_group(mac));
}

static void what_is_no_mac_is_refused(void **)
{
	static const char *const bad[] = {
		"",
		"02:00:00:00:00",
		"02:00:00:00:00:",
		"02:00:00:00:00:0",
		"02:00:00:00:00:011",
		"02:00:00:00:00:01:02",
		"02-00-00-00-00-01",
		"020000000001",
		"0200.0000.0001",
		"02:00:00:00:00:0g",
		" 2:00:00:00:00:01",
	};
	uint64_t mac;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (mac_parse(bad[i], &mac))
			fail_msg("accepted \"%s\"", bad[i]);
	}
}

static void what_is_printed_reads_back(void **)
{
	char ip[IP4_TEXT], prefix[IP4_PREFIX_TEXT], mac[MAC_TEXT];

	assert_string_equal(ip4_format(ip, 0xffffffffu), "255.255.255.255");
	assert_string_equal(ip4_format(ip, 0x01020304u), "1.2.3.4");
	assert_string_equal(ip4_prefix_format(prefix, 0xfffffffeu, 32), "255.255.255.254/32");
	assert_string_equal(ip4_prefix_format(prefix, 0, 0), "0.0.0.0/0");
	assert_string_equal(mac_format(mac, 0xfe4d3c2b1a02ull), "02:1a:2b:3c:4d:fe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_read_in_host_order),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(a_prefix_keeps_its_host_bits),
		cmocka_unit_test(what_is_no_prefix_is_refused),
		cmocka_unit_test(a_mac_is_as_a_load_from_the_frame_gives_it),
		cmocka_unit_test(what_is_no_mac_is_refused),
		cmocka_unit_test(what_is_printed_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
