/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "host/options4.h"
#include "packet.h"
#include "wire/ip4.h"

#define OWN  10, 0, 1, 1
#define TIME 0x01, 0x02, 0x03, 0x04

/* A header of 20 bytes and @n of @options. */
static void make(struct packet *p, const uint8_t *options, uint32_t n)
{
	packet_ether(p, 1, 2, 0x0800);
	packet_ip4(p,
	           &(struct packet_ip4){.src = IP(10, 0, 0, 2),
	                                .dst = IP(10, 0, 1, 2),
	                                .options = options,
	                                .n_options = n},
	           8);
}

static struct packet packet;

/* RFC 791 3.1: which octet is wrong, counted from the header's start; 0: none. */
static void what_is_malformed_is_found_where_it_is(void **)
{
	static const struct {
		uint8_t n, flaw, options[40];
	} want[] = {
		{4, 0, {1, 1, 1, 1}},
		{4, 0, {0, 7, 0, 0}},            /* behind the end nothing is an option */
		{4, 0, {148, 4, 0, 0}},          /* router alert */
		{4, 0, {94, 4, 1, 2}},           /* nobody knows it */
		{4, 0, {94, 2, 94, 2}},          /* and twice is no harm */
		{4, 21, {94, 0, 0, 0}},          /* no length */
		{4, 21, {94, 1, 0, 0}},          /* less than itself */
		{4, 21, {94, 5, 0, 0}},          /* beyond the header */
		{4, 23, {1, 1, 1, 94}},          /* cut off before its length */
		{4, 23, {1, 1, 7, 3}},           /* cut off before its pointer */
		{4, 21, {7, 2, 0, 0}},           /* no pointer */
		{4, 0, {7, 3, 4, 0}},            /* no slot: full */
		{8, 0, {7, 7, 4, 0}},            /* one */
		{8, 0, {7, 7, 8, 1, 2, 3, 4}},   /* none left */
		{8, 0, {7, 7, 255, 1, 2, 3, 4}}, /* far beyond is full as well */
		{8, 22, {7, 7, 0}},
		{8, 22, {7, 7, 3}},
		{8, 22, {7, 7, 5}},             /* between two slots */
		{8, 22, {7, 5, 4}},             /* room, but not for an address */
		{8, 24, {7, 3, 4, 1, 7, 3, 4}}, /* once is enough */
		{4, 21, {68, 2, 0, 0}},
		{4, 21, {68, 3, 5, 0}},
		{4, 0, {68, 4, 5, 0}},
		{4, 0, {68, 4, 5, 0xe0}},  /* fourteen had no room: one more may have none */
		{4, 23, {68, 4, 5, 0xf0}}, /* fifteen: that overflows */
		{4, 23, {68, 4, 5, 0xf1}},
		{4, 0, {68, 4, 5, 0xf3}}, /* all that are named had room */
		{8, 0, {68, 8, 5, 0xf0}}, /* there is room for this one */
		{8, 22, {68, 8, 4, 0}},
		{8, 22, {68, 8, 6, 0}},
		{8, 22, {68, 7, 5, 0}},
		{8, 22, {68, 8, 5, 1}}, /* room for a time, not for an address too */
		{12, 0, {68, 12, 5, 1}},
		{12, 0, {68, 12, 5, 3}},
		{12, 22, {68, 12, 9, 3}},
		{8, 23, {68, 8, 5, 2}}, /* no such flags */
		{8, 23, {68, 8, 5, 4}},
		{8, 23, {68, 8, 5, 15}},
		{8, 24, {68, 4, 5, 0, 68, 4, 5, 0}},
		{40, 58, {7, 35, 40, [35] = 1, 1, 94, 9}},
	};
	struct options4 o;

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		const uint8_t *h = packet_head4(&packet);
		enum verdict v;

		make(&packet, want[i].options, want[i].n);
		v = options4_check(h, i % 2, &o);
		assert_int_equal(o.flaw, want[i].flaw);
		assert_int_equal(v, want[i].flaw != 0 ? DROP_IP_OPTION : KEEP);
	}
}

/* RFC 7126 4.3, 4.4 */
static void source_routes_end_where_they_are_met(void **)
{
	static const struct {
		uint8_t options[12];
		enum verdict transit, local;
	} want[] = {
		{{131, 7, 4, 10, 0, 1, 2}, DROP_SOURCE_ROUTE, DROP_SOURCE_ROUTE},
		{{137, 7, 4, 10, 0, 1, 2}, DROP_SOURCE_ROUTE, DROP_SOURCE_ROUTE},
		{{131, 7, 8, 10, 0, 1, 2}, DROP_SOURCE_ROUTE, KEEP},
		{{1, 137, 3, 4}, DROP_SOURCE_ROUTE, KEEP},
		{{131, 2, 200}, DROP_SOURCE_ROUTE, DROP_SOURCE_ROUTE},
		{{7, 3, 4, 131, 7, 4}, DROP_SOURCE_ROUTE, DROP_SOURCE_ROUTE},
		{{131, 13, 4}, DROP_IP_OPTION, DROP_IP_OPTION},
		{{0, 131, 7, 4}, KEEP, KEEP},
	};
	struct options4 o;

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		make(&packet, want[i].options, 12);
		assert_int_equal(options4_check(packet_head4(&packet), false, &o), want[i].transit);
		assert_int_equal(options4_check(packet_head4(&packet), true, &o), want[i].local);
	}
}

/* RFC 1812 5.3.13.3, 5.3.13.5 */
static void routes_and_times_are_recorded_where_there_is_room(void **)
{
	static const struct {
		uint8_t n, in[40], out[40];
	} want[] = {
		{4, {1, 1, 1, 0}, {1, 1, 1, 0}},
		{8, {7, 7, 4, 9, 9, 9, 9}, {7, 7, 8, OWN}},
		{8, {7, 7, 8, 9, 9, 9, 9}, {7, 7, 8, 9, 9, 9, 9}},
		{16,
	         {1, 94, 2, 7, 11, 8, 9, 9, 9, 9, 0, 0, 0, 0},
	         {1, 94, 2, 7, 11, 12, 9, 9, 9, 9, OWN}},
		{8, {68, 8, 5, 0}, {68, 8, 9, 0, TIME}},
		{8, {68, 8, 9, 0, 9, 9, 9, 9}, {68, 8, 9, 0x10, 9, 9, 9, 9}},
		{4, {68, 4, 5, 0xe1}, {68, 4, 5, 0xf1}},
		{12, {68, 12, 5, 1}, {68, 12, 13, 1, OWN, TIME}},
		{12, {68, 12, 5, 0x23, OWN}, {68, 12, 13, 0x23, OWN, TIME}},
		{12, {68, 12, 5, 3, 10, 0, 2, 1}, {68, 12, 13, 3, 10, 0, 2, 1, TIME}},
		{12, {68, 12, 5, 3, 10, 0, 2, 9}, {68, 12, 5, 3, 10, 0, 2, 9}},
		{12, {68, 12, 13, 0xf3, 9, 9, 9, 9}, {68, 12, 13, 0xf3, 9, 9, 9, 9}},
		{20,
	         {7, 7, 4, 0, 0, 0, 0, 1, 68, 12, 5, 1},
	         {7, 7, 8, OWN, 1, 68, 12, 13, 1, OWN, TIME}},
	};
	static const struct iface_addr4 addr[] = {{IP(10, 0, 1, 1), 24}, {IP(10, 0, 2, 1), 24}};
	const struct iface f = {.n_addr4 = 2, .addr4 = addr};
	struct ifaces *s = ifaces_new(1);
	const struct options4_stamp stamp = {IP(10, 0, 1, 1), 0x01020304, s};

	assert_true(s != NULL && ifaces_set(s, &f) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		uint8_t *h = packet_head4(&packet);
		struct options4 o;

		make(&packet, want[i].in, want[i].n);
		assert_int_equal(options4_check(h, false, &o), KEEP);
		options4_stamp(h, &o, &stamp);
		assert_memory_equal(h + IP4_LEN, want[i].out, want[i].n);
		assert_int_equal(packet_sum(h, IP4_LEN + want[i].n), 0xffff);
		assert_int_equal(options4_check(h, false, &o), i == 6 ? DROP_IP_OPTION : KEEP);
	}
	ifaces_free(s);
}

static void only_route_and_times_are_left_for_a_reply(void **)
{
	static const uint8_t in[] = {94, 3, 5,  7, 7, 8, 9, 9, 9, 9, 148, 4,
	                             0,  0, 68, 4, 5, 0, 0, 7, 8, 9, 9,   9};
	static const uint8_t out[] = {1, 1, 1,  7, 7, 8, 9, 9, 9, 9, 1, 1,
	                              1, 1, 68, 4, 5, 0, 1, 1, 1, 1, 1, 1};
	struct options4 o;

	make(&packet, in, sizeof(in));
	assert_int_equal(options4_check(packet_head4(&packet), true, &o), KEEP);
	options4_strip(packet_head4(&packet), &o);
	assert_memory_equal(packet_head4(&packet) + IP4_LEN, out, sizeof(out));
}

/* Whatever the bytes are, no look goes beyond the header, and what was found sound can be stamped.
 */
static void random_options_do_no_harm(void **)
{
	static const uint8_t types[] = {0, 1, 7, 68, 131, 137, 148, 94};
	struct ifaces *s = ifaces_new(0);
	const struct options4_stamp stamp = {1, 2, s};
	uint64_t rng = 1;
	uint32_t kept = 0;

	assert_non_null(s);
	for (uint32_t round = 0; round < 300000; round++) {
		uint8_t options[40], before[60], *h = packet_head4(&packet);
		uint32_t n = round % 10 * 4 + 4;
		struct options4 o;

		for (uint32_t i = 0; i < n; i++) {
			rng = rng * 6364136223846793005ull + 1442695040888963407ull;
			options[i] =
				(rng >> 60) < 8 ? types[rng >> 33 & 7] : (uint8_t)(rng >> 40 & 15);
		}
		make(&packet, options, n);
		memcpy(before, h, IP4_LEN + n);
		if (options4_check(h, round & 1, &o) != KEEP) {
			assert_memory_equal(before, h, IP4_LEN + n);
			continue;
		}
		kept++;
		options4_stamp(h, &o, &stamp);
		assert_int_equal(packet_sum(h, IP4_LEN + n), 0xffff);
		assert_memory_equal(before + 12, h + 12, 8);
	}
	assert_true(kept > 10000);
	ifaces_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_malformed_is_found_where_it_is),
		cmocka_unit_test(source_routes_end_where_they_are_met),
		cmocka_unit_test(routes_and_times_are_recorded_where_there_is_room),
		cmocka_unit_test(only_route_and_times_are_left_for_a_reply),
		cmocka_unit_test(random_options_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
