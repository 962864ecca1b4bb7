/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "road.h"
#include "wire/checksum.h"

/* Half-made checksums of IPv6 (AF_XDP row 25). */

static int setup(void **state)
{
	static const struct router_config cfg = {
		.mtu = {9000, 9000, 9000},
		.partial_csum = {true, false, false},
	};

	*state = road_open(&cfg);
	return 0;
}

#define half_test(f) cmocka_unit_test_setup_teardown(f, setup, road_teardown)

static const struct {
	uint8_t proto;
	uint8_t at; /* the checksum */
} known[] = {{IP_PROTO_UDP, 6}, {IP_PROTO_TCP, 16}, {IP6_ICMP, 2}};

/* What a local sender leaves in the checksum field, of the @i-th protocol. */
static void half_made(struct road *t, uint16_t in, size_t i, uint32_t payload)
{
	const struct packet_ip6 f = {.dst = HOST_IP6(2), .next = known[i].proto};

	router_ip6(&t->in, in, &f, payload);
	store16(packet_payload6(&t->in) + known[i].at,
	        csum_fold(csum_pseudo6(packet_head6(&t->in), known[i].proto, payload)));
}

static bool whole(struct packet *p)
{
	return packet_sum6(packet_head6(p), packet_proto6(p), packet_payload6(p),
	                   packet_payload6_len(p)) == 0xffff;
}

static void half_made_checksums_are_completed(void **state)
{
	struct road *t = *state;

	for (uint32_t payload = 18; payload <= 8900; payload += payload < 200 ? 1 : 97) {
		for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
			half_made(t, 0, i, payload);
			assert_false(whole(&t->in));
			router_send(t->r, 0, &t->in);
			road_out(t, 2);
			assert_true(whole(&t->out));
		}
	}
}

/* Frames end where the driver likes, at odd bytes too. */
static void odd_pieces_are_summed_right(void **state)
{
	struct road *t = *state;

	for (uint32_t part = CHAIN_HEAD + 1; part < 1792; part += 31) {
		half_made(t, 0, 1, 5000 + part % 3);
		assert_true(router_inject_parts(t->r, 0, &t->in, part));
		router_run(t->r);
		road_out(t, 2);
		assert_true(whole(&t->out));
	}
}

static void they_are_found_behind_options(void **state)
{
	static const uint8_t padding[246] = {IP6_OPT_PADN, 244};
	struct road *t = *state;

	for (uint32_t n = 6; n <= sizeof(padding); n += 8) {
		for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
			half_made(t, 0, i, 100 + n % 3);
			packet_ext6(&t->in, IP6_DEST_OPTIONS, padding, n);
			packet_ext6(&t->in, IP6_HOP_BY_HOP, padding, 14);
			router_send(t->r, 0, &t->in);
			road_out(t, 2);
			assert_true(whole(&t->out));
		}
	}
}

static void others_are_left_alone(void **state)
{
	static const uint8_t padding[2046] = {IP6_OPT_PADN, 255};
	struct road *t = *state;

	router_udp6(&t->in, 0, HOST_IP6(2), 100); /* right */
	road_forwards(t, 0, 2);
	router_udp6(&t->in, 0, HOST_IP6(2), 100);
	packet_payload6(&t->in)[7] ^= 1; /* wrong */
	road_forwards(t, 0, 2);
	half_made(t, 0, 0, 100);
	packet_frag6(&t->in, IP6_MF, 9);
	road_forwards(t, 0, 2);
	half_made(t, 0, 0, 100); /* farther behind than local senders put it */
	packet_ext6(&t->in, IP6_DEST_OPTIONS, padding, sizeof(padding));
	road_forwards(t, 0, 2);
	half_made(t, 0, 0, 100); /* options that do not end */
	packet_ext6(&t->in, IP6_DEST_OPTIONS, padding, 6);
	packet_head6(&t->in)[41] = 60;
	road_forwards(t, 0, 2);
	for (uint32_t payload = 0; payload < 18; payload++) { /* without room for the field */
		router_ip6(&t->in, 0,
		           &(struct packet_ip6){.dst = HOST_IP6(2), .next = IP_PROTO_TCP}, payload);
		road_forwards(t, 0, 2);
	}
	half_made(t, 1, 0, 100); /* a port whose sums are whole */
	road_forwards(t, 1, 2);
}

/* RFC 8200 8.1: of UDP zero is sent as all ones; others have it as it is. */
static void a_sum_of_zero_is_written_as_its_protocol_says(void **state)
{
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		uint16_t rest;

		half_made(t, 0, i, 40);
		store16(packet_payload6(&t->in) + 30, 0);
		rest = packet_sum(packet_payload6(&t->in), 40);
		store16(packet_payload6(&t->in) + 30, __builtin_bswap16((uint16_t)~rest));
		router_send(t->r, 0, &t->in);
		road_out(t, 2);
		assert_int_equal(load16(packet_payload6(&t->out) + known[i].at),
		                 i == 0 ? 0xffff : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		half_test(half_made_checksums_are_completed),
		half_test(odd_pieces_are_summed_right),
		half_test(they_are_found_behind_options),
		half_test(others_are_left_alone),
		half_test(a_sum_of_zero_is_written_as_its_protocol_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
