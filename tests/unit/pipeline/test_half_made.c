/* SPDX-License-Identifier: BSD-2-Clause */
/* Half-made checksums (AF_XDP row 25) on their way through: mended on ports that have them. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "road.h"

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

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* The pseudo-header's sum, in host order. */
static uint16_t pseudo(struct packet *p)
{
	const uint8_t *h = packet_head4(p);

	return fold((uint32_t)packet_sum(h + 12, 8) + h[9] + packet_payload4_len(p));
}

/* UDP or TCP from port @in with what a local sender leaves in the checksum field. */
static void half_made(struct road *t, uint16_t in, uint8_t proto, uint32_t payload)
{
	uint32_t at = proto == IP_PROTO_UDP ? 6 : 16;

	router_ip4(&t->in, in, &(struct packet_ip4){.dst = HOST_IP(2), .proto = proto}, payload);
	store16(packet_payload4(&t->in) + at, __builtin_bswap16(pseudo(&t->in)));
}

static bool whole(struct packet *p)
{
	return fold((uint32_t)pseudo(p) + packet_sum(packet_payload4(p), packet_payload4_len(p))) ==
	       0xffff;
}

static void half_made_checksums_are_completed(void **state)
{
	static const uint8_t proto[] = {IP_PROTO_UDP, IP_PROTO_TCP};
	struct road *t = *state;

	for (uint32_t payload = 18; payload <= 8900; payload += payload < 200 ? 1 : 97) {
		for (int i = 0; i < 2; i++) {
			half_made(t, 0, proto[i], payload);
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

	for (uint32_t part = 1251; part < 1792; part += 15) {
		half_made(t, 0, IP_PROTO_TCP, 5000 + part % 3);
		assert_true(router_inject_parts(t->r, 0, &t->in, part));
		router_run(t->r);
		road_out(t, 2);
		assert_true(whole(&t->out));
	}
}

/* ip4-l4-untouched */
static void others_are_left_alone(void **state)
{
	struct road *t = *state;

	router_udp(&t->in, 0, HOST_IP(2), 100); /* right */
	road_forwards(t, 0, 2);
	router_udp(&t->in, 0, HOST_IP(2), 100);
	packet_payload4(&t->in)[7] ^= 1; /* wrong */
	road_forwards(t, 0, 2);
	store16(packet_payload4(&t->in) + 6, 0); /* none */
	mac_store(t->in.bytes, ROUTER_MAC(0));
	road_forwards(t, 0, 2);
	half_made(t, 0, IP_PROTO_UDP, 100);
	store16(packet_head4(&t->in) + 6, __builtin_bswap16(IP4_MF)); /* a fragment */
	packet_fix_ip4(&t->in);
	road_forwards(t, 0, 2);
	half_made(t, 1, IP_PROTO_UDP, 100); /* a port whose sums are whole */
	road_forwards(t, 1, 2);
}

/* A sum that comes out as zero is sent as all ones by UDP (RFC 768), as it is by TCP. */
static void a_sum_of_zero_is_written_as_its_protocol_says(void **state)
{
	struct road *t = *state;

	for (int i = 0; i < 2; i++) {
		uint8_t proto = i == 0 ? IP_PROTO_UDP : IP_PROTO_TCP;
		uint32_t at = i == 0 ? 6 : 16;
		uint16_t rest;

		half_made(t, 0, proto, 40);
		store16(packet_payload4(&t->in) + 30, 0);
		rest = packet_sum(packet_payload4(&t->in), 40);
		store16(packet_payload4(&t->in) + 30, __builtin_bswap16((uint16_t)~rest));
		router_send(t->r, 0, &t->in);
		road_out(t, 2);
		assert_int_equal(load16(packet_payload4(&t->out) + at), i == 0 ? 0xffff : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		half_test(half_made_checksums_are_completed),
		half_test(odd_pieces_are_summed_right),
		half_test(others_are_left_alone),
		half_test(a_sum_of_zero_is_written_as_its_protocol_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
