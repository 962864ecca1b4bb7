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

#define NEW_IP  IP(10, 0, 1, 77)
#define NEW_MAC HOST_MAC(1, 77)
#define GATEWAY IP(10, 0, 1, 99)
#define ARP_REQ 1
#define ARP_ANS 2

/* UDP from host 0 to @dst, numbered by its IP id. */
static void send_numbered(struct road *t, uint32_t dst, uint16_t id)
{
	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = dst, .id = id}, 40);
	packet_udp(&t->in);
	router_send(t->r, 0, &t->in);
}

static uint32_t id_out(struct road *t)
{
	const uint8_t *h = packet_head4(&t->out);

	return (uint32_t)h[4] << 8 | h[5];
}

/* The next packet out of port 1 asks for @ip (arp-resolve). */
static void asks_for(struct road *t, uint32_t ip)
{
	const uint8_t *a = t->out.bytes + 14;

	road_out(t, 1);
	assert_int_equal(ether_type(t->out.bytes), ETHERTYPE_ARP);
	assert_true(mac_load(t->out.bytes) == MAC_BROADCAST);
	assert_int_equal(a[7], ARP_REQ);
	assert_true(mac_load(a + 8) == ROUTER_MAC(1));
	assert_int_equal(__builtin_bswap32(load32(a + 14)), ROUTER_IP(1));
	assert_int_equal(__builtin_bswap32(load32(a + 24)), ip);
}

static void answer(struct road *t, uint32_t ip, uint64_t mac)
{
	packet_arp(&t->in, &(struct packet_arp){.dst = ROUTER_MAC(1),
	                                        .sender_mac = mac,
	                                        .target_mac = ROUTER_MAC(1),
	                                        .sender = ip,
	                                        .target = ROUTER_IP(1),
	                                        .op = ARP_ANS});
	router_send(t->r, 1, &t->in);
}

static void held_packets_leave_in_their_order(void **state)
{
	struct road *t = *state;

	for (uint16_t i = 0; i < 3; i++)
		send_numbered(t, NEW_IP, i);
	asks_for(t, NEW_IP);
	road_silent(t);
	assert_null(router_check(t->r)); /* I4 with packets held */
	answer(t, NEW_IP, NEW_MAC);
	for (uint32_t i = 0; i < 3; i++) {
		road_out(t, 1);
		assert_int_equal(id_out(t), i);
		assert_true(mac_load(t->out.bytes) == NEW_MAC);
		assert_int_equal(ip4_ttl(packet_head4(&t->out)), 63);
	}
	road_silent(t);
	send_numbered(t, NEW_IP, 9);
	road_out(t, 1);
	assert_int_equal(router_count(t->r, HELD_NEIGH), 3);
	assert_int_equal(t->r->worker.pipeline.counters.released, 3);
}

static void the_newest_sixteen_are_held(void **state)
{
	struct road *t = *state;

	for (uint16_t i = 0; i < 21; i++)
		send_numbered(t, NEW_IP, i);
	asks_for(t, NEW_IP);
	assert_int_equal(router_count(t->r, DROP_NEIGH_QUEUE), 5);
	answer(t, NEW_IP, NEW_MAC);
	for (uint32_t i = 5; i < 21; i++) {
		road_out(t, 1);
		assert_int_equal(id_out(t), i);
	}
}

/* A flood to a neighbour must not make the router deaf to that neighbour's answer. */
static void an_answer_is_heard_however_many_packets_wait(void **state)
{
	struct road *t = *state;

	for (uint16_t i = 0; i < 100; i++)
		send_numbered(t, NEW_IP, i);
	asks_for(t, NEW_IP);
	answer(t, NEW_IP, NEW_MAC);
	assert_int_equal(router_drain(t->r), 16);
	send_numbered(t, NEW_IP, 1000);
	road_out(t, 1);
	assert_int_equal(id_out(t), 1000);
}

/* ... nor must whoever announces the neighbour's address as its own. */
static void announcements_do_not_drown_the_answer(void **state)
{
	struct road *t = *state;

	send_numbered(t, NEW_IP, 1);
	asks_for(t, NEW_IP);
	for (int i = 0; i < 20; i++) {
		packet_arp(&t->in, &(struct packet_arp){.dst = MAC_BROADCAST,
		                                        .sender_mac = HOST_MAC(1, 99),
		                                        .sender = NEW_IP,
		                                        .target = NEW_IP,
		                                        .op = ARP_REQ});
		router_send(t->r, 1, &t->in);
	}
	router_drain(t->r);
	answer(t, NEW_IP, NEW_MAC);
	send_numbered(t, NEW_IP, 2);
	road_out(t, 1);
	assert_true(mac_load(t->out.bytes) == NEW_MAC);
}

/* arp-unreachable: within 5 s; the sender hears of the packets that were held. */
static void a_silent_host_is_unreachable(void **state)
{
	struct road *t = *state;

	send_numbered(t, NEW_IP, 1);
	asks_for(t, NEW_IP);
	router_pass(t->r, 5 * NS_PER_SEC);
	road_icmp(t, 0, ICMP4_UNREACHABLE, ICMP4_HOST_UNREACHABLE);
	assert_int_equal(router_count(t->r, DROP_NEIGH_FAILED), 1);
	router_drain(t->r);
	assert_int_equal(t->r->held, 0);
}

/* A gateway that the configuration says is on the link, though it is in no subnet of ours. */
static void a_gateway_outside_all_subnets_is_asked_for_and_believed(void **state)
{
	const uint32_t gateway = IP(172, 16, 0, 1);
	struct road *t = *state;

	router_route(t->r, IP(198, 18, 0, 0), 15, 1, gateway);
	send_numbered(t, IP(198, 18, 1, 1), 1);
	asks_for(t, gateway);
	answer(t, gateway, NEW_MAC);
	road_out(t, 1);
	assert_int_equal(id_out(t), 1);
	assert_true(mac_load(t->out.bytes) == NEW_MAC);
	router_publish(t->r); /* any other change of interfaces leaves it alone */
	send_numbered(t, IP(198, 18, 1, 1), 2);
	road_out(t, 1);
	assert_int_equal(id_out(t), 2);
	/* Nobody asked for this one: what it says is not believed. */
	answer(t, gateway + 1, NEW_MAC);
	router_route(t->r, IP(198, 20, 0, 0), 16, 1, gateway + 1);
	send_numbered(t, IP(198, 20, 1, 1), 3);
	asks_for(t, gateway + 1);
}

/* Through a gateway, and while it is known to be silent: answered at once. */
static void a_silent_gateway_is_unreachable_at_once(void **state)
{
	struct road *t = *state;

	router_route(t->r, IP(198, 18, 0, 0), 15, 1, GATEWAY);
	send_numbered(t, IP(198, 18, 1, 1), 1);
	asks_for(t, GATEWAY);
	router_pass(t->r, 3500 * NS_PER_MS);
	road_icmp(t, 0, ICMP4_UNREACHABLE, ICMP4_HOST_UNREACHABLE);
	router_drain(t->r);
	send_numbered(t, IP(198, 18, 1, 2), 2);
	road_icmp(t, 0, ICMP4_UNREACHABLE, ICMP4_HOST_UNREACHABLE);
	road_silent(t);
}

static void a_gateway_is_asked_for_once_for_all_its_packets(void **state)
{
	struct road *t = *state;

	router_route(t->r, IP(198, 18, 0, 0), 15, 1, GATEWAY);
	send_numbered(t, IP(198, 18, 1, 1), 1);
	send_numbered(t, IP(198, 19, 1, 1), 2);
	asks_for(t, GATEWAY);
	road_silent(t);
	answer(t, GATEWAY, NEW_MAC);
	assert_int_equal(router_drain(t->r), 2);
}

/* RFC 1812 2.2.7: a link without an address of its own; the router speaks with another of its. */
static void a_gateway_on_an_unnumbered_link_is_asked_for_and_believed(void **state)
{
	const uint32_t gateway = IP(172, 16, 0, 1);
	const uint8_t *a;
	struct road *t = *state;

	t->r->iface[1].n_addr4 = 0;
	router_publish(t->r);
	router_route(t->r, IP(198, 51, 100, 0), 24, 1, gateway);
	send_numbered(t, IP(198, 51, 100, 1), 1);
	road_out(t, 1);
	a = t->out.bytes + 14;
	assert_int_equal(ether_type(t->out.bytes), ETHERTYPE_ARP);
	assert_int_equal(__builtin_bswap32(load32(a + 14)), ROUTER_IP(0));
	assert_int_equal(__builtin_bswap32(load32(a + 24)), gateway);
	packet_arp(&t->in, &(struct packet_arp){.dst = ROUTER_MAC(1),
	                                        .sender_mac = NEW_MAC,
	                                        .target_mac = ROUTER_MAC(1),
	                                        .sender = gateway,
	                                        .target = ROUTER_IP(0),
	                                        .op = ARP_ANS});
	router_send(t->r, 1, &t->in);
	road_out(t, 1);
	assert_int_equal(id_out(t), 1);
	assert_true(mac_load(t->out.bytes) == NEW_MAC);
	/* And the gateway, which knows us by that address, gets an answer. */
	packet_arp(&t->in, &(struct packet_arp){.dst = MAC_BROADCAST,
	                                        .sender_mac = NEW_MAC,
	                                        .sender = gateway,
	                                        .target = ROUTER_IP(0),
	                                        .op = ARP_REQ});
	router_send(t->r, 1, &t->in);
	road_out(t, 1);
	assert_int_equal((t->out.bytes + 14)[7], ARP_ANS);
	assert_true(mac_load(t->out.bytes + 14 + 8) == ROUTER_MAC(1));
}

/* arp-static-wins, arp-mcast-mac, arp-own-address */
static void forged_answers_are_not_believed(void **state)
{
	struct road *t = *state;

	answer(t, HOST_IP(1), NEW_MAC);
	send_numbered(t, HOST_IP(1), 1);
	road_out(t, 1);
	assert_true(mac_load(t->out.bytes) == HOST_MAC(1, 2));
	send_numbered(t, NEW_IP, 2);
	asks_for(t, NEW_IP);
	answer(t, NEW_IP, MAC_BROADCAST);
	answer(t, NEW_IP, 0x010000005e0001ull);
	road_silent(t);
	answer(t, ROUTER_IP(1), NEW_MAC);
	answer(t, NEW_IP, NEW_MAC);
	router_drain(t->r);
	send_numbered(t, NEW_IP, 3);
	road_out(t, 1);
	assert_true(mac_load(t->out.bytes) == NEW_MAC);
}

/* What the router itself says waits for its neighbour too, and no error is sent about it. */
static void the_routers_own_packets_wait_in_silence(void **state)
{
	struct road *t = *state;

	/* A packet without a route from a host that nobody knows: the error has to be held. */
	router_ip4(&t->in, 1, &(struct packet_ip4){.src = NEW_IP, .dst = IP(9, 9, 9, 9)}, 40);
	router_send(t->r, 1, &t->in);
	asks_for(t, NEW_IP);
	road_silent(t);
	answer(t, NEW_IP, NEW_MAC);
	road_icmp(t, 1, ICMP4_UNREACHABLE, ICMP4_NET_UNREACHABLE);
	assert_int_equal(ip4_ttl(packet_head4(&t->out)), 64);
	router_ip4(&t->in, 1, &(struct packet_ip4){.src = NEW_IP + 1, .dst = IP(9, 9, 9, 9)}, 40);
	router_send(t->r, 1, &t->in);
	asks_for(t, NEW_IP + 1);
	router_pass(t->r, 2500 * NS_PER_MS);
	asks_for(t, NEW_IP + 1);
	asks_for(t, NEW_IP + 1);
	router_pass(t->r, 2500 * NS_PER_MS);
	road_silent(t);
	assert_int_equal(router_count(t->r, DROP_NEIGH_FAILED), 1);
}

/* arp-flood: hosts that do not answer take nothing from those that do. */
static void a_sweep_over_silent_hosts_leaves_room(void **state)
{
	const struct router_config cfg = {.frames = 2048};
	struct road *t = road_open(&cfg);

	*state = t;
	for (uint32_t i = 0; i < 2000; i++) {
		send_numbered(t, IP(10, 0, 2, 3 + i % 250), 1);
		router_drain(t->r);
	}
	send_numbered(t, NEW_IP, 7);
	asks_for(t, NEW_IP);
	answer(t, NEW_IP, NEW_MAC);
	road_out(t, 1);
	assert_int_equal(id_out(t), 7);
	send_numbered(t, HOST_IP(1), 8);
	road_out(t, 1);
	assert_int_equal(id_out(t), 8);
	router_pass(t->r, 10 * NS_PER_SEC);
	router_drain(t->r);
	assert_int_equal(t->r->held, 0);
}

/* The agent does not empty the ring: packets end, and are counted. */
static void a_busy_agent_costs_the_packet(void **state)
{
	struct road *t = *state;
	struct worker *w = &t->r->worker;

	struct report *slot;

	while ((slot = ring_reserve(w->pipeline.reports)) != NULL) {
		*slot = (struct report){.kind = REPORT_NEIGH_USED};
		ring_push(w->pipeline.reports);
	}
	router_udp(&t->in, 0, IP(10, 0, 2, 254), 40);
	assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	worker_poll(w, t->r->now);
	assert_int_equal(router_count(t->r, DROP_AGENT_BUSY), 1);
	router_run(t->r);
	router_pass(t->r, 10 * NS_PER_SEC);
}

/* A neighbour that is used while stale is confirmed: the worker tells the agent. */
static void use_of_a_stale_neighbour_is_reported(void **state)
{
	struct road *t = *state;

	send_numbered(t, NEW_IP, 1);
	answer(t, NEW_IP, NEW_MAC);
	router_pass(t->r, 60 * NS_PER_SEC);
	router_drain(t->r);
	send_numbered(t, NEW_IP, 2);
	road_out(t, 1);
	assert_int_equal(id_out(t), 2);
	router_pass(t->r, 6 * NS_PER_SEC);
	assert_true(router_take(t->r, 1, &t->out));
	assert_int_equal(ether_type(t->out.bytes), ETHERTYPE_ARP);
	assert_true(mac_load(t->out.bytes) == NEW_MAC); /* a unicast probe */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(held_packets_leave_in_their_order),
		road_test(the_newest_sixteen_are_held),
		road_test(an_answer_is_heard_however_many_packets_wait),
		road_test(announcements_do_not_drown_the_answer),
		road_test(a_silent_host_is_unreachable),
		road_test(a_silent_gateway_is_unreachable_at_once),
		road_test(a_gateway_outside_all_subnets_is_asked_for_and_believed),
		road_test(a_gateway_is_asked_for_once_for_all_its_packets),
		road_test(a_gateway_on_an_unnumbered_link_is_asked_for_and_believed),
		road_test(forged_answers_are_not_believed),
		road_test(the_routers_own_packets_wait_in_silence),
		cmocka_unit_test_teardown(a_sweep_over_silent_hosts_leaves_room, road_teardown),
		road_test(a_busy_agent_costs_the_packet),
		road_test(use_of_a_stale_neighbour_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
