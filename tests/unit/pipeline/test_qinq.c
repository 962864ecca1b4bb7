/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VLANs of VLANs, two tags deep:
 *
 *   p0 --- p0.100 (802.1ad) --- p0.100.10, p0.100.11 (802.1Q)
 *   p1 --- p1.30 (802.1Q) ----- p1.30.10 (802.1Q)
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "pieces.h"
#include "router_vlan.h"
#include "wire/arp.h"

enum { OUTER = IFACE_PORTS, INNER10, INNER11, PLAIN30, PLAIN30_10 };

static int setup_with(void **state, const struct router_config *cfg)
{
	struct road *t = road_open(cfg);

	assert_int_equal(router_vlan(t->r, 0, S_TAG, 100), OUTER);
	assert_int_equal(router_vlan(t->r, OUTER, C_TAG, 10), INNER10);
	assert_int_equal(router_vlan(t->r, OUTER, C_TAG, 11), INNER11);
	assert_int_equal(router_vlan(t->r, 1, C_TAG, 30), PLAIN30);
	assert_int_equal(router_vlan(t->r, PLAIN30, C_TAG, 10), PLAIN30_10);
	router_publish(t->r);
	router_pass(t->r, 3 * NS_PER_SEC);
	router_drain(t->r);
	*state = t;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, NULL);
}

static int setup_jumbo(void **state)
{
	return setup_with(state, &(struct router_config){.mtu = {9000, 9000, 9000}});
}

#define qinq_test(f) cmocka_unit_test_setup_teardown(f, setup, road_teardown)

static const uint16_t everywhere[] = {OUTER, INNER10, INNER11, PLAIN30, PLAIN30_10, 0, 1, 2};

/* Of many lengths, and both families. */
static void routed(struct road *t, uint16_t from, uint16_t to)
{
	for (uint32_t size = 8; size <= 1480; size += 184) {
		router_udp(&t->in, from, HOST_IP(to), size);
		road_forwards(t, from, to);
	}
	for (uint32_t size = 8; size <= 1460; size += 181) {
		router_udp6(&t->in, from, HOST_IP6(to), size);
		road_forwards(t, from, to);
	}
}

static void packets_are_routed_from_and_to_vlans_of_vlans(void **state)
{
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(everywhere); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(everywhere); k++) {
			if (i != k)
				routed(t, everywhere[i], everywhere[k]);
		}
	}
}

static void requests_and_echoes_are_answered_with_both_tags(void **state)
{
	struct road *t = *state;

	for (uint16_t in = OUTER; in <= (uint16_t)PLAIN30_10; in++) {
		packet_arp(&t->in, &(struct packet_arp){.dst = MAC_BROADCAST,
		                                        .sender_mac = HOST_MAC(in, 2),
		                                        .sender = HOST_IP(in),
		                                        .target = ROUTER_IP(in),
		                                        .op = 1});
		router_send(t->r, in, &t->in);
		road_out(t, in);
		assert_int_equal(arp_sender(t->out.bytes + 14), ROUTER_IP(in));
		router_ip4(&t->in, in, &(struct packet_ip4){.dst = HOST_IP(2), .ttl = 1}, 600);
		router_send(t->r, in, &t->in);
		road_icmp(t, in, ICMP4_TIME_EXCEEDED, 0);
		router_ip6(&t->in, in, &(struct packet_ip6){.dst = ROUTER_LINK6(in)}, 1000);
		packet_icmp(&t->in, ICMP6_ECHO, 0);
		router_send(t->r, in, &t->in);
		road_icmp6(t, in, ICMP6_ECHO_REPLY, 0);
		road_silent(t);
	}
}

static void neighbours_are_asked_for_with_both_tags(void **state)
{
	struct road *t = *state;

	router_udp(&t->in, PLAIN30_10, IP(10, 0, INNER11, 77), 40);
	router_send(t->r, PLAIN30_10, &t->in);
	road_out(t, INNER11);
	assert_int_equal(ether_type(t->out.bytes), ETHERTYPE_ARP);
	router_udp6(&t->in, 0, NET_IP6(PLAIN30_10, 77), 40);
	router_send(t->r, 0, &t->in);
	road_icmp6(t, PLAIN30_10, ICMP6_NS, 0);
	road_silent(t);
}

/* The tags count in their order, and by their types; three are one too many. */
static void other_stacks_are_nobodys(void **state)
{
	static const struct {
		uint16_t outer_type, outer, inner_type, inner, whose;
	} stack[] = {
		{S_TAG, 100, C_TAG, 12, OUTER},  {S_TAG, 100, C_TAG, 4095, OUTER},
		{S_TAG, 100, S_TAG, 10, OUTER},  {S_TAG, 100, S_TAG, 0, OUTER},
		{S_TAG, 101, C_TAG, 10, 0},      {C_TAG, 100, C_TAG, 10, 0},
		{C_TAG, 10, S_TAG, 100, 0},      {S_TAG, 0, C_TAG, 10, 0},
		{S_TAG, 4095, C_TAG, 10, 0},     {C_TAG, 0, S_TAG, 100, 0},
		{S_TAG, 100, S_TAG, 100, OUTER},
	};
	struct road *t = *state;
	uint64_t before;

	for (size_t i = 0; i < ARRAY_SIZE(stack); i++) {
		uint16_t whose = stack[i].whose;

		before = t->r->worker.pipeline.counters.verdict[whose][DROP_VLAN];
		router_udp(&t->in, whose, HOST_IP(2), 64);
		packet_tag(&t->in, stack[i].inner_type, stack[i].inner);
		packet_tag(&t->in, stack[i].outer_type, stack[i].outer);
		road_ends(t, 0, DROP_VLAN);
		assert_int_equal(t->r->worker.pipeline.counters.verdict[whose][DROP_VLAN],
		                 before + 1);
	}
	for (uint16_t vid = 0; vid < VLAN_VIDS; vid++) {
		router_udp(&t->in, INNER10, HOST_IP(2), 64);
		packet_tag(&t->in, S_TAG, vid);
		road_ends(t, INNER10, DROP_VLAN);
	}
}

/* A priority alone, in the outer VLAN, and behind both tags. */
static void priorities_change_nothing(void **state)
{
	struct road *t = *state;

	for (uint32_t priority = 0; priority < 0x10000; priority += 0x1000) {
		router_udp(&t->in, OUTER, HOST_IP(2), 64);
		packet_tag(&t->in, C_TAG, (uint16_t)priority);
		router_send(t->r, OUTER, &t->in);
		road_out(t, 2);
		router_udp(&t->in, INNER10, HOST_IP(INNER11), 64);
		packet_tag(&t->in, C_TAG, (uint16_t)priority);
		router_vlan_tag(t->r, INNER10, &t->in, (uint16_t)priority);
		router_send(t->r, 0, &t->in);
		road_out(t, INNER11);
		road_silent(t);
	}
}

static void frames_that_end_too_early_do_no_harm(void **state)
{
	struct road *t = *state;

	for (uint32_t len = 14; len < 66; len++) {
		router_udp6(&t->in, INNER10, HOST_IP6(2), 64);
		router_vlan_tag(t->r, INNER10, &t->in, 0);
		t->in.len = len;
		router_send(t->r, 0, &t->in);
		road_silent(t);
	}
	assert_int_equal(router_count(t->r, DROP_SHORT), 54 - 14);
	router_udp6(&t->in, INNER10, HOST_IP6(2), 64);
	road_forwards(t, INNER10, 2);
}

/* With the outer VLAN down its VLANs are, as with the port. */
static void what_is_on_a_vlan_goes_down_with_it(void **state)
{
	struct road *t = *state;

	router_iface(t->r, OUTER)->up = false;
	router_publish(t->r);
	router_udp(&t->in, INNER10, HOST_IP(2), 64);
	road_ends(t, INNER10, DROP_IFACE_DOWN);
	router_udp(&t->in, 0, HOST_IP(2), 64);
	road_forwards(t, 0, 2);
}

/* t->in, of @n bytes behind the IP header, comes in by @from in pieces of @part and leaves by @to
 * as a chain. */
static void long_one(struct road *t, uint16_t from, uint16_t to, uint32_t part)
{
	struct packet *in = packet_new();

	memcpy(in, &t->in, sizeof(*in));
	router_vlan_tag(t->r, from, in, 0xa000);
	assert_true(router_inject_parts(t->r, router_vlan_port(t->r, from), in, part));
	free(in);
	router_run(t->r);
	road_out(t, to);
	assert_int_equal(t->out.len, t->in.len);
	assert_memory_equal(t->out.bytes + 58, t->in.bytes + 58, t->in.len - 58);
	road_silent(t);
}

static void long_ones(struct road *t, uint16_t from, uint16_t to)
{
	for (uint32_t part = 1300; part <= 1792; part += 82) {
		router_udp(&t->in, from, HOST_IP(to), 8900);
		long_one(t, from, to, part);
		router_udp6(&t->in, from, HOST_IP6(to), 7000 + part);
		long_one(t, from, to, part);
	}
}

static void jumbos_have_tags_in_their_first_frame(void **state)
{
	static const uint16_t from[] = {OUTER, INNER10, PLAIN30, PLAIN30_10, 2};
	static const uint16_t to[] = {PLAIN30_10, INNER11, OUTER, 0};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(to); k++) {
			if (from[i] != to[k])
				long_ones(t, from[i], to[k]);
		}
	}
}

static void a_jumbo_is_answered_with_tags(void **state)
{
	struct road *t = *state;

	router_ip6(&t->in, INNER10, &(struct packet_ip6){.dst = HOST_IP6(2), .hop_limit = 1}, 6000);
	router_vlan_tag(t->r, INNER10, &t->in, 0);
	assert_true(router_inject_parts(t->r, 0, &t->in, 1700));
	router_run(t->r);
	road_icmp6(t, INNER10, ICMP6_TIME_EXCEEDED, 0);
	router_ip4(&t->in, INNER10, &(struct packet_ip4){.dst = ROUTER_IP(2), .proto = 1}, 6000);
	packet_icmp(&t->in, ICMP4_ECHO, 0);
	router_vlan_tag(t->r, INNER10, &t->in, 0);
	assert_true(router_inject_parts(t->r, 0, &t->in, 1700));
	router_run(t->r);
	road_icmp(t, INNER10, ICMP4_ECHO_REPLY, 0);
	road_silent(t);
}

/* What is quoted is read in the first frame, which has less without its tags. */
static void a_first_frame_that_is_short_without_its_tags_is_none(void **state)
{
	struct road *t = *state;

	for (uint32_t part = CHAIN_HEAD; part < CHAIN_HEAD + 12; part++) {
		router_ip6(&t->in, INNER10,
		           &(struct packet_ip6){.dst = HOST_IP6(2), .hop_limit = 1}, 6000);
		router_vlan_tag(t->r, INNER10, &t->in, 0);
		assert_true(router_inject_parts(t->r, 0, &t->in, part));
		router_run(t->r);
		if (part >= CHAIN_HEAD + 8) {
			const uint8_t *m = road_icmp6(t, INNER10, ICMP6_TIME_EXCEEDED, 0);

			assert_memory_equal(m + 48, t->in.bytes + 22 + 40, 1232 - 40);
		}
		road_silent(t);
	}
	assert_int_equal(router_count(t->r, DROP_SHORT), 8);
}

/* From 9000 octets to 1500, which is all the way of a piece: headroom, tags, order. */
static void a_jumbo_is_cut_for_a_vlan(void **state)
{
	struct pieces *x = malloc(sizeof(*x));
	struct packet *in = packet_new();
	struct road *t = *state;

	assert_non_null(x);
	router_iface(t->r, INNER11)->mtu = 1500;
	router_publish(t->r);
	assert_int_equal(nexthop_set_max_len(t->r->nexthops, INNER11, 1514), 0);
	router_run(t->r);
	router_drain(t->r);
	router_udp(&t->in, PLAIN30_10, HOST_IP(INNER11), 8900);
	memcpy(in, &t->in, sizeof(*in));
	router_vlan_tag(t->r, PLAIN30_10, in, 0);
	assert_true(router_inject_parts(t->r, 1, in, 1400));
	router_run(t->r);
	pieces_take(t, INNER11, &t->in, x, false);
	assert_int_equal(x->n, 7);
	road_silent(t);
	free(in);
	free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		qinq_test(packets_are_routed_from_and_to_vlans_of_vlans),
		qinq_test(requests_and_echoes_are_answered_with_both_tags),
		qinq_test(neighbours_are_asked_for_with_both_tags),
		qinq_test(other_stacks_are_nobodys),
		qinq_test(priorities_change_nothing),
		qinq_test(frames_that_end_too_early_do_no_harm),
		qinq_test(what_is_on_a_vlan_goes_down_with_it),
		cmocka_unit_test_setup_teardown(jumbos_have_tags_in_their_first_frame, setup_jumbo,
	                                        road_teardown),
		cmocka_unit_test_setup_teardown(a_jumbo_is_answered_with_tags, setup_jumbo,
	                                        road_teardown),
		cmocka_unit_test_setup_teardown(
			a_first_frame_that_is_short_without_its_tags_is_none, setup_jumbo,
			road_teardown),
		cmocka_unit_test_setup_teardown(a_jumbo_is_cut_for_a_vlan, setup_jumbo,
	                                        road_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
