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
#include "wire/arp.h"

#define REMOTE IP(198, 18, 0, 0)
#define FLOWS  256

/* Gateways that are to be asked for: 10.0.1.9 on p1 and 10.0.2.9 on p2. */
#define GATEWAY(port) IP(10, 0, port, 9)

static void flow(struct road *t, uint32_t i)
{
	router_udp(&t->in, 0, REMOTE + 1 + i / 16, 64);
	store16(packet_payload4(&t->in), __builtin_bswap16((uint16_t)(1024 + i % 16)));
}

/* The port that flow @i leaves by, to the MAC ending in @low there; 0 if it does not leave. */
static uint8_t flow_port(struct road *t, uint32_t i, uint8_t low)
{
	flow(t, i);
	router_send(t->r, 0, &t->in);
	for (uint8_t port = 1; port < ROUTER_PORTS; port++) {
		while (router_take(t->r, port, &t->out)) {
			if (ether_type(t->out.bytes) != ETHERTYPE_IP4)
				continue;
			assert_int_equal(mac_load(t->out.bytes), HOST_MAC(port, low));
			assert_memory_equal(packet_payload4(&t->out), packet_payload4(&t->in), 64);
			return port;
		}
	}
	return 0;
}

static void flows(struct road *t, uint8_t *port, uint8_t low)
{
	for (uint32_t i = 0; i < FLOWS; i++)
		port[i] = flow_port(t, i, low);
}

static uint32_t count(const uint8_t *port, uint8_t of)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < FLOWS; i++)
		n += port[i] == of;
	return n;
}

/* X-ecmp, RFC 1812 5.2.4.5 */
static void one_flow_has_one_path_and_all_paths_are_used(void **state)
{
	struct road *t = *state;
	uint8_t first[FLOWS], again[FLOWS];

	router_route_group(t->r, REMOTE, 16, 1, 2);
	flows(t, first, 2);
	flows(t, again, 2);
	assert_memory_equal(first, again, sizeof(first));
	assert_in_range(count(first, 1), 90, 166);
	assert_int_equal(count(first, 1) + count(first, 2), FLOWS);
}

/* In one batch with connected hosts, other routes and packets for the router. */
static void groups_mix_with_everything_else(void **state)
{
	struct road *t = *state;
	uint32_t n[ROUTER_PORTS] = {};

	router_route_group(t->r, REMOTE, 16, 1, 2);
	router_route(t->r, IP(198, 19, 0, 0), 16, 1, HOST_IP(1));
	for (uint32_t i = 0; i < 60; i++) {
		static const uint32_t other[] = {HOST_IP(1), HOST_IP(2), IP(198, 19, 0, 1)};

		if (i % 2 == 0)
			flow(t, i);
		else
			router_udp(&t->in, 0, other[i % 3], 64);
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	for (uint16_t port = 0; port < ROUTER_PORTS; port++) {
		while (router_take(t->r, port, &t->out))
			n[port]++;
	}
	assert_int_equal(n[0], 0);
	assert_int_equal(n[1] + n[2], 60);
	assert_true(n[1] > 20 && n[2] > 10);
}

/* Send the flow twice, with @port as its port. Return: the port that both come out of. */
static uint16_t path_of(struct road *t, const struct packet_ip6 *f, uint8_t port)
{
	uint16_t by = 0;

	for (int again = 0; again < 2; again++) {
		router_ip6(&t->in, 0, f, 64);
		packet_udp(&t->in);
		packet_payload6(&t->in)[1] = port;
		router_send(t->r, 0, &t->in);
		assert_true(router_take(t->r, 1, &t->out) || router_take(t->r, 2, &t->out));
		assert_true(by == 0 || by == t->out.bytes[11] - 1);
		by = t->out.bytes[11] - 1;
		assert_true(mac_load(t->out.bytes) == HOST_MAC(by, 2));
	}
	return by;
}

/* Flows of IPv6 by what tells them apart: a port, the flow label, or an address. */
static void flows_of_ip6_have_one_path_each_too(void **state)
{
	struct road *t = *state;

	router_route_group6(t->r, IP6(0x2001067c00000000, 0), 32, 1, 2);
	for (int what = 0; what < 3; what++) {
		uint32_t n[ROUTER_PORTS] = {};

		for (uint32_t i = 0; i < FLOWS; i++) {
			const struct packet_ip6 f = {
				.dst = IP6(0x2001067c00000000, what == 0 ? i : 1),
				.tclass_flow = what == 1 ? i : 0,
			};

			n[path_of(t, &f, what == 2 ? (uint8_t)i : 0)]++;
		}
		assert_in_range(n[1], 90, 166);
	}
}

static void fragments_of_ip6_go_one_way(void **state)
{
	struct road *t = *state;

	router_route_group6(t->r, IP6(0x2001067c00000000, 0), 32, 1, 2);
	for (uint32_t i = 0; i < 64; i++) {
		uint32_t by[ROUTER_PORTS] = {};

		for (uint16_t k = 0; k < 3; k++) {
			router_ip6(&t->in, 0,
			           &(struct packet_ip6){.dst = IP6(0x2001067c00000000, i)}, 64);
			packet_payload6(&t->in)[1] = (uint8_t)k;
			packet_frag6(&t->in, (uint16_t)(k * 64 | (k < 2)), i);
			router_send(t->r, 0, &t->in);
			by[1] += router_take(t->r, 1, &t->out);
			by[2] += router_take(t->r, 2, &t->out);
		}
		assert_true(by[1] == 3 || by[2] == 3);
	}
}

static void fragments_of_a_packet_go_one_way(void **state)
{
	struct road *t = *state;

	router_route_group(t->r, REMOTE, 16, 1, 2);
	for (uint32_t i = 0; i < 64; i++) {
		static const uint16_t frag[] = {0x2000, 0x2008, 0x0010};
		uint32_t by[ROUTER_PORTS] = {};

		for (uint16_t k = 0; k < 3; k++) {
			router_ip4(&t->in, 0,
			           &(struct packet_ip4){.dst = REMOTE + i, .frag = frag[k]}, 64);
			packet_payload4(&t->in)[1] = (uint8_t)k;
			router_send(t->r, 0, &t->in);
			by[1] += router_take(t->r, 1, &t->out);
			by[2] += router_take(t->r, 2, &t->out);
		}
		assert_true(by[1] == 3 || by[2] == 3);
	}
}

/* When a link goes down its flows alone move, at once, and when it is back they return. */
static void a_link_that_fails_moves_its_own_flows_only(void **state)
{
	struct road *t = *state;
	uint8_t before[FLOWS], without[FLOWS], after[FLOWS];

	router_route_group(t->r, REMOTE, 16, 1, 2);
	flows(t, before, 2);
	t->r->iface[1].up = false;
	router_publish(t->r);
	flows(t, without, 2);
	assert_int_equal(count(without, 2), FLOWS);
	t->r->iface[1].up = true;
	router_publish(t->r);
	flows(t, after, 2);
	assert_memory_equal(before, after, sizeof(before));
	router_pass(t->r, 2 * NS_PER_SEC); /* the second announcement of its address */
	router_drain(t->r);
}

/* Route by the gateways that have to be asked for. */
static void route_by_gateways(struct road *t)
{
	const struct fib4_route to = {.dst = REMOTE, .len = 16, .source = ROUTE_STATIC};
	struct fib4_route route = to;
	uint16_t member[2], old;

	for (uint16_t i = 0; i < 2; i++) {
		const struct nexthop_key key = {NH_RESOLVE, (uint16_t)(i + 1),
		                                ip_from4(GATEWAY(i + 1))};

		assert_int_equal(nexthop_get(t->r->nexthops, &key, 1514, &member[i]), 0);
	}
	assert_int_equal(nexthop_get_group(t->r->nexthops, member, 2, 0, &route.nh), 0);
	assert_int_equal(fib4_insert(t->r->fib, &route, &old), 0);
	for (uint16_t i = 1; i < 3; i++)
		neigh_sync_gateway(t->r->neigh, i, ip_from4(GATEWAY(i)));
}

/* The gateways that answer, a bit a port, answer what is asked within @ns. Return: questions. */
static uint32_t answer(struct road *t, uint32_t who, uint64_t ns)
{
	uint32_t asked = 0;

	for (uint64_t at = 0; at <= ns; at += 100 * NS_PER_MS) {
		router_pass(t->r, 100 * NS_PER_MS);
		for (uint16_t port = 1; port < ROUTER_PORTS; port++) {
			if (!router_take(t->r, port, &t->out))
				continue;
			if (ether_type(t->out.bytes) != ETHERTYPE_ARP)
				continue;
			assert_int_equal(arp_target(t->out.bytes + 14), GATEWAY(port));
			asked++;
			if ((who >> port & 1) == 0)
				continue;
			packet_arp(&t->in, &(struct packet_arp){.dst = ROUTER_MAC(port),
			                                        .sender_mac = HOST_MAC(port, 9),
			                                        .target_mac = ROUTER_MAC(port),
			                                        .sender = GATEWAY(port),
			                                        .target = ROUTER_IP(port),
			                                        .op = 2});
			router_send(t->r, port, &t->in);
		}
	}
	return asked;
}

static void a_gateway_that_falls_silent_is_found_out_and_found_again(void **state)
{
	struct road *t = *state;
	uint8_t before[FLOWS], without[FLOWS], after[FLOWS];

	route_by_gateways(t);
	answer(t, 6, NS_PER_SEC); /* they are asked before any packet wants them */
	flows(t, before, 9);
	assert_in_range(count(before, 1), 90, 166);
	assert_int_equal(count(before, 0), 0);

	answer(t, 1u << 2, 12 * NS_PER_SEC);
	flows(t, without, 9);
	assert_int_equal(count(without, 2), FLOWS);
	/* However long it is away: it is asked for, and nothing is held for it. */
	for (int i = 0; i < 10; i++) {
		assert_true(answer(t, 1u << 2, 6 * NS_PER_SEC) > 2);
		flows(t, without, 9);
		assert_int_equal(count(without, 2), FLOWS);
	}
	answer(t, 6, 9 * NS_PER_SEC);
	flows(t, after, 9);
	assert_memory_equal(before, after, sizeof(before));
}

/* With none alive packets wait for their own gateway, and end as the only one's would. */
static void if_all_are_silent_packets_end_as_neighbour_failed(void **state)
{
	struct road *t = *state;
	uint64_t failed;

	route_by_gateways(t);
	answer(t, 0, 5 * NS_PER_SEC);
	failed = router_count(t->r, DROP_NEIGH_FAILED);
	for (uint32_t i = 0; i < 16; i++) { /* as many as one gateway's entry holds */
		flow(t, i);
		router_send(t->r, 0, &t->in);
	}
	answer(t, 0, 8 * NS_PER_SEC);
	assert_int_equal(router_count(t->r, DROP_NEIGH_FAILED), failed + 16);
	router_drain(t->r);
}

/* The group changes while the route stays: flows of gateways that are in both do not move. */
static void a_route_that_gets_another_gateway_keeps_its_flows(void **state)
{
	struct road *t = *state;
	uint8_t two[FLOWS], three[FLOWS];

	router_route_group(t->r, REMOTE, 16, 1, 2);
	flows(t, two, 2);
	router_route_group(t->r, REMOTE, 16, 0, 2);
	for (uint32_t i = 0; i < FLOWS; i++) {
		three[i] = flow_port(t, i, 2);
		if (three[i] != 0)
			assert_int_equal(three[i], two[i]);
	}
	assert_in_range(count(three, 0), 50, 120); /* back by p0 */
	router_drain(t->r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(one_flow_has_one_path_and_all_paths_are_used),
		road_test(groups_mix_with_everything_else),
		road_test(flows_of_ip6_have_one_path_each_too),
		road_test(fragments_of_ip6_go_one_way),
		road_test(fragments_of_a_packet_go_one_way),
		road_test(a_link_that_fails_moves_its_own_flows_only),
		road_test(a_gateway_that_falls_silent_is_found_out_and_found_again),
		road_test(if_all_are_silent_packets_end_as_neighbour_failed),
		road_test(a_route_that_gets_another_gateway_keeps_its_flows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
