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

#define FAR IP6(0x2001067c00000000, 1)

/* ip6-forward, eth-flows */
static void packets_go_between_all_ports(void **state)
{
	struct road *t = *state;

	for (uint16_t i = 0; i < ROUTER_PORTS; i++) {
		for (uint16_t k = 0; k < ROUTER_PORTS; k++) {
			router_udp6(&t->in, i, HOST_IP6(k), 100);
			road_forwards(t, i, k);
			assert_true(mac_load(t->out.bytes) == HOST_MAC(k, 2));
		}
	}
}

/* ip6-empty, -no-next-header, -full-mtu; eth-pad-leak */
static void every_size_is_forwarded_as_it_is(void **state)
{
	struct road *t = *state;

	for (uint32_t payload = 0; payload <= 1460; payload++) {
		router_ip6(&t->in, 0, &(struct packet_ip6){.dst = HOST_IP6(1), .next = IP6_NO_NEXT},
		           payload);
		road_forwards(t, 0, 1);
	}
	assert_int_equal(t->r->worker.pipeline.counters.moved, 0);
}

/* ip6-hlim-2, -hlim-255 */
static void the_hop_limit_falls_by_one(void **state)
{
	struct road *t = *state;

	for (uint32_t limit = 2; limit < 256; limit++) {
		router_ip6(&t->in, 0,
		           &(struct packet_ip6){.dst = HOST_IP6(1), .hop_limit = (uint8_t)limit},
		           limit);
		road_forwards(t, 0, 1);
	}
}

/* ip6-tc-flow */
static void traffic_class_and_flow_label_stay(void **state)
{
	struct road *t = *state;

	for (uint32_t bit = 0; bit < 28; bit++) {
		router_ip6(&t->in, 0,
		           &(struct packet_ip6){.dst = HOST_IP6(1), .tclass_flow = 1u << bit}, 64);
		road_forwards(t, 0, 1);
	}
	router_ip6(&t->in, 0, &(struct packet_ip6){.dst = HOST_IP6(1), .tclass_flow = 0xbbabcde},
	           64);
	road_forwards(t, 0, 1);
}

/* ip6-trailer */
static void a_trailer_is_not_part_of_the_packet(void **state)
{
	struct road *t = *state;

	for (uint32_t payload = 0; payload < 40; payload++) {
		router_ip6(&t->in, 0, &(struct packet_ip6){.dst = HOST_IP6(1)}, payload);
		memset(t->in.bytes + t->in.len, 0xaa, 50);
		t->in.len += 50;
		road_forwards(t, 0, 1);
	}
}

/* ip6-nh-* */
static void all_next_headers_are_forwarded(void **state)
{
	struct road *t = *state;

	for (uint32_t next = 1; next < 256; next++) {
		router_ip6(&t->in, 0,
		           &(struct packet_ip6){.dst = HOST_IP6(1), .next = (uint8_t)next}, 64);
		road_forwards(t, 0, 1);
	}
}

/* ip6-hbh-unknown-skip, -unknown-report, -router-alert */
static void hop_by_hop_options_pass(void **state)
{
	static const uint8_t options[][6] = {
		{0x1e, 4},
		{0x9e, 4},
		{0xde, 4},
		{0x5e, 4},
		{IP6_OPT_ROUTER_ALERT, 2, 0, 5},
		{IP6_OPT_JUMBO, 4, 0, 1},
		{0, 0, 0, 0, 0, 0},
		{1, 200, 1, 1, 1, 1},
	};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		router_udp6(&t->in, 0, HOST_IP6(1), 64);
		packet_ext6(&t->in, IP6_HOP_BY_HOP, options[i], 6);
		road_forwards(t, 0, 1);
	}
}

/* ip6-dstopt, -hbh-second, -ext-chain, -rh0-transit; frag6-pass, -truncated */
static void extension_headers_are_the_destinations_business(void **state)
{
	static const uint8_t unknown[6] = {0xde, 4}, padding[6] = {1, 4};
	static const uint8_t rh0[22] = {0, 1, 0, 0, 0, 0, 0x20, 1};
	struct road *t = *state;

	router_udp6(&t->in, 0, HOST_IP6(1), 64);
	packet_ext6(&t->in, IP6_DEST_OPTIONS, unknown, 6);
	road_forwards(t, 0, 1);
	router_udp6(&t->in, 0, HOST_IP6(1), 64);
	packet_ext6(&t->in, IP6_HOP_BY_HOP, padding, 6);
	packet_ext6(&t->in, IP6_DEST_OPTIONS, padding, 6);
	road_forwards(t, 0, 1);
	router_udp6(&t->in, 0, HOST_IP6(1), 64);
	for (int i = 0; i < 20; i++)
		packet_ext6(&t->in, IP6_DEST_OPTIONS, padding, 6);
	road_forwards(t, 0, 1);
	router_udp6(&t->in, 0, HOST_IP6(1), 64);
	packet_ext6(&t->in, IP6_ROUTING, rh0, 22);
	road_forwards(t, 0, 1);
	for (uint16_t frag = 0; frag < 3; frag++) {
		router_ip6(&t->in, 0, &(struct packet_ip6){.dst = HOST_IP6(1)}, 64);
		packet_frag6(&t->in, (uint16_t)(frag * 64 | (frag < 2)), 7);
		road_forwards(t, 0, 1);
	}
	router_ip6(&t->in, 0, &(struct packet_ip6){.dst = HOST_IP6(1), .next = IP6_FRAGMENT}, 3);
	road_forwards(t, 0, 1);
}

/* ip6-lpm-* */
static void the_longest_prefix_wins(void **state)
{
	struct road *t = *state;

	router_route6(t->r, IP6(0, 0), 0, 0, HOST_IP6(0));
	router_route6(t->r, IP6(0x20010db8f0000000, 0), 36, 1, HOST_IP6(1));
	router_route6(t->r, IP6(0x20010db8f1800000, 0), 41, 2, HOST_LINK6(2));
	router_route6(t->r, IP6(0x20010db8f1800000, 1ull << 63), 65, 1, HOST_IP6(1));
	router_udp6(&t->in, 1, FAR, 64);
	road_forwards(t, 1, 0);
	router_udp6(&t->in, 0, IP6(0x20010db8f0000000, 1), 64);
	road_forwards(t, 0, 1);
	router_udp6(&t->in, 0, IP6(0x20010db8f1800000, 1), 64);
	road_forwards(t, 0, 2);
	assert_true(mac_load(t->out.bytes) == HOST_MAC(2, 2));
	router_udp6(&t->in, 0, IP6(0x20010db8f1800000, 1ull << 63), 64);
	road_forwards(t, 0, 1);
}

/* ip6-hairpin: with a link-local source too, for that link is its own */
static void what_came_in_may_go_back(void **state)
{
	struct road *t = *state;

	router_static6(t->r, 0, NET_IP6(0, 9), HOST_MAC(0, 9));
	router_udp6(&t->in, 0, NET_IP6(0, 9), 64);
	road_forwards(t, 0, 0);
	router_ip6(&t->in, 0, &(struct packet_ip6){.src = HOST_LINK6(0), .dst = NET_IP6(0, 9)}, 64);
	road_forwards(t, 0, 0);
}

/* Both families in one batch, each in its order. */
static void families_share_a_batch(void **state)
{
	struct road *t = *state;
	uint32_t next[2] = {};

	for (uint8_t i = 0; i < 60; i++) {
		if (i % 3 == 0)
			router_udp(&t->in, 0, HOST_IP(1), 64);
		else
			router_udp6(&t->in, 0, HOST_IP6(1), 64);
		t->in.bytes[t->in.len - 1] = i;
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	for (uint32_t i = 0; i < 60; i++) {
		bool ip6;
		uint8_t number;

		road_out(t, 1);
		ip6 = ether_type(t->out.bytes) == ETHERTYPE_IP6;
		number = t->out.bytes[t->out.len - 1];
		assert_int_equal(number % 3 != 0, ip6);
		assert_true(number >= next[ip6]);
		next[ip6] = number + 1u;
	}
	road_silent(t);
}

/* Until the neighbour is known; then they are routed anew, as what they were. */
static void held_packets_come_back_to_their_lane(void **state)
{
	static const uint32_t size[] = {0, 64, 8000};
	struct road *t = *state;

	router_route6(t->r, IP6(FAR.hi, 0), 64, 1, IP6(0xfe80ull << 48, 0x77));
	for (size_t i = 0; i < ARRAY_SIZE(size); i++) {
		router_udp6(&t->in, 0, i == 1 ? NET_IP6(1, 0x77) : FAR, 8 + size[i]);
		router_send(t->r, 0, &t->in);
	}
	router_ip6(&t->in, 1, &(struct packet_ip6){.src = HOST_LINK6(1), .dst = FAR}, 64);
	router_send(t->r, 1, &t->in);
	assert_int_equal(t->r->held, 4);
	assert_null(router_check(t->r)); /* I4 with packets held */
	router_drain(t->r);              /* the questions */
	router_static6(t->r, 1, NET_IP6(1, 0x77), HOST_MAC(1, 0x77));
	router_run(t->r);
	road_out(t, 1);
	assert_int_equal(t->out.len, 54 + 8 + 64);
	assert_int_equal(packet_head6(&t->out)[7], 63);
	road_silent(t);
	router_static6(t->r, 1, IP6(0xfe80ull << 48, 0x77), HOST_MAC(1, 0x77));
	router_run(t->r);
	for (size_t i = 0; i < 3; i++) {
		road_out(t, 1);
		assert_true(mac_load(t->out.bytes) == HOST_MAC(1, 0x77));
		assert_int_equal(packet_head6(&t->out)[7], 63);
	}
	assert_true(ip6_is_link_local(ip6_src(packet_head6(&t->out))));
	road_silent(t);
	assert_int_equal(t->r->held, 0);
}

static void jumbos_are_forwarded_whole_and_without_their_trailer(void **state)
{
	struct road *t = *state;

	for (uint32_t payload = 1700; payload <= 8960; payload += 73) {
		router_udp6(&t->in, 0, HOST_IP6(1), payload);
		road_forwards(t, 0, 1);
		router_udp6(&t->in, 0, HOST_IP6(1), payload);
		memset(t->in.bytes + t->in.len, 0xaa, payload % 39);
		t->in.len += payload % 39;
		road_forwards(t, 0, 1);
	}
	router_udp6(&t->in, 0, HOST_IP6(1), 600); /* its trailer was all of the second frame */
	memset(t->in.bytes + t->in.len, 0xaa, 1400);
	t->in.len += 1400;
	road_forwards(t, 0, 1);
}

/* eth-priority-tag */
static void a_priority_tag_is_taken_off(void **state)
{
	struct road *t = *state;

	for (uint32_t payload = 0; payload <= 8900; payload += 41) {
		router_ip6(&t->in, 0, &(struct packet_ip6){.dst = HOST_IP6(1)}, payload);
		memcpy(&t->out, &t->in, sizeof(t->in));
		memmove(t->out.bytes + 16, t->in.bytes + 12, t->in.len - 12);
		store16(t->out.bytes + 12, ETHERTYPE_VLAN);
		store16(t->out.bytes + 14, __builtin_bswap16(0xa000));
		t->out.len += 4;
		router_send(t->r, 0, &t->out);
		road_out(t, 1);
		packet_head6(&t->in)[7]--;
		assert_int_equal(t->out.len, t->in.len < 60 ? 60 : t->in.len);
		assert_memory_equal(packet_head6(&t->out), packet_head6(&t->in), t->in.len - 14);
		road_silent(t);
	}
}

static int setup_jumbo(void **state)
{
	static const struct router_config cfg = {.mtu = {9000, 9000, 9000}};

	*state = road_open(&cfg);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(packets_go_between_all_ports),
		road_test(every_size_is_forwarded_as_it_is),
		road_test(the_hop_limit_falls_by_one),
		road_test(traffic_class_and_flow_label_stay),
		road_test(a_trailer_is_not_part_of_the_packet),
		road_test(all_next_headers_are_forwarded),
		road_test(hop_by_hop_options_pass),
		road_test(extension_headers_are_the_destinations_business),
		road_test(the_longest_prefix_wins),
		road_test(what_came_in_may_go_back),
		road_test(families_share_a_batch),
		cmocka_unit_test_setup_teardown(
			jumbos_are_forwarded_whole_and_without_their_trailer, setup_jumbo,
			road_teardown),
		cmocka_unit_test_setup_teardown(held_packets_come_back_to_their_lane, setup_jumbo,
	                                        road_teardown),
		cmocka_unit_test_setup_teardown(a_priority_tag_is_taken_off, setup_jumbo,
	                                        road_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
