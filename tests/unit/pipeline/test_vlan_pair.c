/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two workers in one thread, turn by turn, and VLANs of ports that the one or the other sends by:
 *
 *     p0 queue 0, p2     worker 0
 *     p0 queue 1, p1     worker 1
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

enum { VLAN10 = IFACE_PORTS, VLAN20, OUTER, INNER };

static int setup(void **state)
{
	static const struct router_config cfg = {
		.workers = 2, .queues = {2, 1, 1}, .frames = 4096, .mtu = {9000, 9000, 9000}};
	struct road *t = road_open(&cfg);

	*state = t;
	assert_int_equal(router_vlan(t->r, 0, C_TAG, 10), VLAN10);
	assert_int_equal(router_vlan(t->r, 1, C_TAG, 20), VLAN20);
	assert_int_equal(router_vlan(t->r, 2, S_TAG, 100), OUTER);
	assert_int_equal(router_vlan(t->r, OUTER, C_TAG, 10), INNER);
	router_publish(t->r);
	router_pass(t->r, 3 * NS_PER_SEC);
	router_drain(t->r);
	return 0;
}

#define pair_test(f) cmocka_unit_test_setup_teardown(f, setup, road_teardown)

/* t->in comes in by VLAN 10, at p0's queue @queue. */
static void inject(struct road *t, uint16_t queue)
{
	router_vlan_tag(t->r, VLAN10, &t->in, 0);
	assert_true(router_inject_at(t->r, 0, queue, t->in.bytes, t->in.len));
}

static void tagged_packets_are_handed_over_in_order(void **state)
{
	static const uint16_t to[] = {VLAN20, INNER};
	struct road *t = *state;

	for (uint16_t i = 0; i < 120; i++) {
		const struct packet_ip4 f = {.dst = HOST_IP(to[i % 2]), .id = i};

		router_ip4(&t->in, VLAN10, &f, 40);
		inject(t, i / 2 % 2);
		router_run(t->r);
		road_out(t, to[i % 2]);
		assert_int_equal(__builtin_bswap16(load16(packet_head4(&t->out) + 4)), i);
	}
	road_silent(t);
	assert_true(t->r->workers[0].pipeline.counters.handed_over >= 30);
	assert_true(t->r->workers[1].pipeline.counters.handed_over >= 30);
}

static void tagged_chains_are_handed_over(void **state)
{
	struct packet *in = packet_new();
	struct road *t = *state;

	router_udp(&t->in, OUTER, HOST_IP(VLAN20), 7000); /* p2 is worker 0's */
	memcpy(in, &t->in, sizeof(*in));
	router_vlan_tag(t->r, OUTER, in, 0);
	assert_true(router_inject_parts(t->r, 2, in, 1500));
	free(in);
	router_run(t->r);
	road_out(t, VLAN20);
	assert_int_equal(t->out.len, t->in.len);
	assert_memory_equal(t->out.bytes + 42, t->in.bytes + 42, 6992);
	road_silent(t);
}

/* The interface that fragments to the router came in by goes along: ids are beyond ports' (I7). */
static void fragments_to_the_router_keep_their_vlan(void **state)
{
	struct packet *whole = packet_new();
	struct road *t = *state;

	for (uint16_t id = 0; id < 32; id++) {
		const struct packet_ip4 f = {
			.src = IP(10, 0, VLAN10, 2), .dst = IP(10, 0, 1, 1), .proto = 1, .id = id};

		router_ip4(whole, VLAN10, &f, 1600);
		packet_icmp(whole, ICMP4_ECHO, 0);
		for (uint16_t k = 0; k < 2; k++) {
			pieces_cut(&t->in, whole, 800u * k, 800, k == 0);
			inject(t, k);
		}
		router_run(t->r);
		road_icmp(t, VLAN10, ICMP4_ECHO_REPLY, 0);
		road_silent(t);
	}
	assert_true(t->r->workers[0].pipeline.counters.handed_over +
	                    t->r->workers[1].pipeline.counters.handed_over >=
	            32);
	/* What is missing is told of where it came in. */
	pieces_cut(&t->in, whole, 0, 800, true);
	inject(t, 0);
	router_run(t->r);
	router_pass(t->r, 61 * NS_PER_SEC);
	road_icmp(t, VLAN10, ICMP4_TIME_EXCEEDED, 1);
	assert_int_equal(
		t->r->workers[0].pipeline.counters.verdict[VLAN10][DROP_REASSEMBLY] +
			t->r->workers[1].pipeline.counters.verdict[VLAN10][DROP_REASSEMBLY],
		1);
	road_silent(t);
	free(whole);
}

/* Who asks in a VLAN of a port that the other worker sends by. */
static void neighbours_are_asked_for_by_whose_port_it_is(void **state)
{
	struct road *t = *state;

	router_udp(&t->in, VLAN10, IP(10, 0, VLAN20, 77), 40);
	inject(t, 0);
	router_run(t->r);
	road_out(t, VLAN20);
	assert_int_equal(ether_type(t->out.bytes), ETHERTYPE_ARP);
	packet_arp(&t->in, &(struct packet_arp){.dst = ROUTER_MAC(VLAN20),
	                                        .sender_mac = HOST_MAC(VLAN20, 77),
	                                        .target_mac = ROUTER_MAC(VLAN20),
	                                        .sender = IP(10, 0, VLAN20, 77),
	                                        .target = ROUTER_IP(VLAN20),
	                                        .op = 2});
	router_send(t->r, VLAN20, &t->in);
	road_out(t, VLAN20);
	assert_true(mac_load(t->out.bytes) == HOST_MAC(VLAN20, 77));
	road_silent(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pair_test(tagged_packets_are_handed_over_in_order),
		pair_test(tagged_chains_are_handed_over),
		pair_test(fragments_to_the_router_keep_their_vlan),
		pair_test(neighbours_are_asked_for_by_whose_port_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
