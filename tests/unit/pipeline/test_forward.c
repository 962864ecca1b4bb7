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

#define FAR IP(198, 18, 0, 1)

/* eth-full-mtu, ip4-sizes, eth-flows */
static void every_size_is_forwarded_as_it_is(void **state)
{
	struct road *t = *state;

	for (uint32_t payload = 0; payload <= 1480; payload++) {
		router_ip4(&t->in, 0, &(struct packet_ip4){.dst = HOST_IP(1)}, payload);
		road_forwards(t, 0, 1);
		assert_true(mac_load(t->out.bytes) == HOST_MAC(1, 2));
	}
	assert_int_equal(t->r->worker.pipeline.counters.moved, 0);
}

/* ip4-ttl-64, ip4-ttl-255 */
static void the_ttl_falls_by_one(void **state)
{
	static const uint8_t ttl[] = {2, 3, 64, 128, 255};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(ttl); i++) {
		router_ip4(&t->in, 0, &(struct packet_ip4){.dst = HOST_IP(2), .ttl = ttl[i]}, 20);
		road_forwards(t, 0, 2);
		assert_int_equal(ip4_ttl(packet_head4(&t->out)), ttl[i] - 1);
	}
}

/* ip4-cksum-edges: every checksum there is, RFC 1624 3. The id makes the sum. */
static void every_header_checksum_is_right_after_the_ttl_fell(void **state)
{
	struct road *t = *state;

	for (uint32_t id = 0; id < 65536; id++) {
		router_ip4(&t->in, 0,
		           &(struct packet_ip4){.dst = HOST_IP(1),
		                                .id = (uint16_t)id,
		                                .ttl = (uint8_t)(2 + id % 254)},
		           26);
		road_forwards(t, 0, 1);
	}
}

/* A sum of zero may be written as 0xffff: RFC 1624 3 tells why nobody should, and some do. */
static void a_checksum_of_all_ones_is_right_after_the_ttl_fell(void **state)
{
	struct road *t = *state;
	uint8_t *h = packet_head4(&t->in);
	uint32_t met = 0;

	for (uint32_t id = 0; id < 65536; id++) {
		router_ip4(&t->in, 0, &(struct packet_ip4){.dst = HOST_IP(1), .id = (uint16_t)id},
		           26);
		if (load16(h + 10) != 0)
			continue;
		store16(h + 10, 0xffff);
		road_forwards(t, 0, 1);
		met++;
	}
	assert_int_equal(met, 1);
}

/* ip4-tos-ef, -ce, -all, ip4-df-id, ip4-l4-untouched, ip4-proto-*, frag4-pass */
static void fields_that_are_not_the_routers_stay(void **state)
{
	static const uint16_t frag[] = {IP4_DF, IP4_MF, IP4_MF | 1, 185, 0x8000, IP4_OFFSET};
	struct road *t = *state;

	for (uint32_t i = 0; i < 256; i++) {
		router_ip4(&t->in, 0,
		           &(struct packet_ip4){.dst = HOST_IP(1),
		                                .tos = (uint8_t)i,
		                                .proto = (uint8_t)i,
		                                .id = (uint16_t)(0xffff - i),
		                                .frag = frag[i % ARRAY_SIZE(frag)]},
		           100);
		if (i == 0) {
			packet_head4(&t->in)[9] = 0;
			packet_fix_ip4(&t->in);
		}
		road_forwards(t, 0, 1);
	}
}

/* ip4-opt-nop, -unknown, -eol, -ra. Those that are read have test_options.c. */
static void options_of_no_concern_are_carried_unchanged(void **state)
{
	static const uint8_t options[][40] = {
		{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	         1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
		{0x5e, 4, 1, 2, 0xde, 4, 3, 4},
		{0, 0xaa, 0xbb, 0xcc},
		{0, 7, 0, 131},
		{148, 4, 0, 0},
		{148, 4, 0xff, 0xff},
	};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		for (uint32_t n = 4; n <= 40; n += 4) {
			router_ip4(&t->in, 0,
			           &(struct packet_ip4){.dst = HOST_IP(1),
			                                .options = options[i],
			                                .n_options = n},
			           n % 12);
			road_forwards(t, 0, 1);
		}
	}
}

/* ip4-lpm-*: the longest prefix, and the default route when there is none. */
static void the_longest_prefix_wins(void **state)
{
	static const struct {
		uint32_t dst;
		uint16_t to;
	} want[] = {
		{IP(198, 18, 1, 9), 1},   {IP(198, 18, 1, 127), 1}, {IP(198, 18, 1, 128), 2},
		{IP(198, 18, 1, 255), 2}, {IP(198, 18, 1, 200), 0}, {IP(198, 18, 1, 199), 2},
		{IP(198, 18, 2, 0), 0},   {IP(8, 8, 8, 8), 2},
	};
	struct road *t = *state;

	router_route(t->r, 0, 0, 2, HOST_IP(2));
	router_route(t->r, IP(198, 18, 0, 0), 16, 0, HOST_IP(0));
	router_route(t->r, IP(198, 18, 1, 0), 24, 1, HOST_IP(1));
	router_route(t->r, IP(198, 18, 1, 128), 25, 2, HOST_IP(2));
	router_route(t->r, IP(198, 18, 1, 200), 32, 0, HOST_IP(0));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		router_udp(&t->in, 0, want[i].dst, 64);
		road_forwards(t, 0, want[i].to); /* ip4-hairpin where it is port 0 */
	}
}

/* A full batch for three ports, with drops first and between: none is lost, each keeps its order.
 */
static void mixed_ports_keep_their_order(void **state)
{
	struct road *t = *state;
	uint32_t next[ROUTER_PORTS] = {0};

	router_route_kind(t->r, IP(198, 19, 0, 0), 16, NH_BLACKHOLE);
	for (uint32_t i = 0; i < 64; i++) {
		router_udp(&t->in, 0, i % 5 == 0 ? IP(198, 19, 0, 1) : HOST_IP(i % 3), 40);
		store16(packet_head4(&t->in) + 4, (uint16_t)i);
		packet_fix_ip4(&t->in);
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	for (uint16_t p = 0; p < ROUTER_PORTS; p++) {
		while (router_take(t->r, p, &t->out)) {
			uint32_t id = load16(packet_head4(&t->out) + 4);

			assert_int_equal(id % 3, p);
			assert_true(id >= next[p]);
			next[p] = id + 1;
		}
	}
	assert_true(next[0] == 64 && next[1] == 62 && next[2] == 63);
	assert_int_equal(router_count(t->r, DROP_BLACKHOLE), 13);
}

/* The first packets of a batch do not go out, the others all by one port that is not theirs. */
static void a_batch_may_begin_with_what_is_not_sent(void **state)
{
	struct road *t = *state;

	for (uint32_t first = 0; first < 3; first++) {
		for (uint32_t i = 0; i < 20; i++) {
			router_udp(&t->in, 0, i <= first ? IP(9, 9, 9, 9) : HOST_IP(1), 40);
			packet_head4(&t->in)[8] = i == 0 ? 1 : 64;
			packet_fix_ip4(&t->in);
			assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
		}
		router_run(t->r);
		for (uint32_t i = first + 1; i < 20; i++)
			road_out(t, 1);
		assert_false(router_take(t->r, 1, &t->out));
		assert_int_equal(router_drain(t->r), first + 1); /* errors, back to port 0 */
	}
}

/* A packet and an ARP reply in one batch: the transmit list begins with neither's port twice. */
static void arp_answers_go_with_the_packets_of_their_batch(void **state)
{
	struct road *t = *state;
	const struct packet_arp ask = {
		.dst = MAC_BROADCAST,
		.sender_mac = HOST_MAC(0, 7),
		.sender = IP(10, 0, 0, 7),
		.target = ROUTER_IP(0),
		.op = 1,
	};

	packet_arp(&t->in, &ask);
	assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	router_udp(&t->in, 0, HOST_IP(1), 40);
	assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	router_udp(&t->in, 0, FAR, 40);
	assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	router_run(t->r);
	road_out(t, 1);
	road_out(t, 0); /* the ARP reply */
	assert_int_equal(ether_type(t->out.bytes), ETHERTYPE_ARP);
	road_icmp(t, 0, ICMP4_UNREACHABLE, ICMP4_NET_UNREACHABLE);
	road_silent(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(every_size_is_forwarded_as_it_is),
		road_test(the_ttl_falls_by_one),
		road_test(every_header_checksum_is_right_after_the_ttl_fell),
		road_test(a_checksum_of_all_ones_is_right_after_the_ttl_fell),
		road_test(fields_that_are_not_the_routers_stay),
		road_test(options_of_no_concern_are_carried_unchanged),
		road_test(the_longest_prefix_wins),
		road_test(mixed_ports_keep_their_order),
		road_test(a_batch_may_begin_with_what_is_not_sent),
		road_test(arp_answers_go_with_the_packets_of_their_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
