/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "crossing.h"
#include "wire/arp.h"

/*
 * The router's own feet in a bridge.
 *
 *   p0 --- [bridge br0] --- p1        p0 --- [ VLAN 10: br0.10 ] --- p2, trunk
 *          p2 |   | foot              p1 --- [ VLAN 20: br0.20 ] --- p2
 *               [router] --- p3                  [router] --- p3
 */

#define FOOT   IFACE_PORTS       /* of the bridge, or of VLAN 10 */
#define FOOT20 (IFACE_PORTS + 1) /* of VLAN 20 */

static int setup(void **state)
{
	struct road *t = road_open(&(struct router_config){.ports = 4, .frames = 1024});
	struct test_bridge *b = bridge_new(t->r, PORTS(0, 1, 2), false);

	bridge_publish(b);
	assert_int_equal(bridge_foot(b, 0), FOOT);
	router_pass(t->r, 2 * NS_PER_SEC);
	router_drain(t->r);
	*state = t;
	return 0;
}

static int setup_vlans(void **state)
{
	struct road *t = road_open(&(struct router_config){.ports = 4, .frames = 1024});
	struct test_bridge *b = bridge_new(t->r, PORTS(0, 1, 2), true);

	bridge_access(b, 0, 10);
	bridge_access(b, 1, 20);
	bridge_tagged(b, 2, 10);
	bridge_tagged(b, 2, 20);
	bridge_publish(b);
	assert_int_equal(bridge_foot(b, 10), FOOT);
	assert_int_equal(bridge_foot(b, 20), FOOT20);
	router_pass(t->r, 2 * NS_PER_SEC);
	router_drain(t->r);
	*state = t;
	return 0;
}

#define foot_test(f) cmocka_unit_test_setup_teardown(f, setup, road_teardown)
#define vlan_test(f) cmocka_unit_test_setup_teardown(f, setup_vlans, road_teardown)

/* t->in: who has the address of foot @iface? Asked by its host. */
static void who_has(struct road *t, uint16_t iface)
{
	packet_arp(&t->in, &(struct packet_arp){.dst = BROADCAST,
	                                        .sender_mac = HOST_MAC(iface, 2),
	                                        .sender = HOST_IP(iface),
	                                        .target = ROUTER_IP(iface),
	                                        .op = 1});
}

/* t->in: an echo request of the host of foot @iface to its address, or another packet of it. */
static void echo(struct road *t, uint16_t iface)
{
	packet_ether(&t->in, BRIDGE_MAC, HOST_MAC(iface, 2), 0x0800);
	packet_ip4(&t->in,
	           &(struct packet_ip4){
			   .src = HOST_IP(iface), .dst = ROUTER_IP(iface), .proto = IP_PROTO_ICMP},
	           40);
	packet_icmp(&t->in, 8, 0);
}

static void echo6(struct road *t, uint16_t iface)
{
	packet_ether(&t->in, BRIDGE_MAC, HOST_MAC(iface, 2), 0x86dd);
	packet_ip6(&t->in,
	           &(struct packet_ip6){
			   .src = HOST_IP6(iface), .dst = ROUTER_IP6(iface), .next = IP6_ICMP},
	           40);
	packet_icmp(&t->in, 128, 0);
}

static void udp(struct road *t, uint16_t iface, uint32_t dst)
{
	packet_ether(&t->in, BRIDGE_MAC, HOST_MAC(iface, 2), 0x0800);
	packet_ip4(&t->in, &(struct packet_ip4){.src = HOST_IP(iface), .dst = dst}, 40);
	packet_udp(&t->in);
}

/* t->out comes out of @port, from the bridge's MAC to @to, with a tag of @tci if it is not 0, which
 * is taken off here. */
static void comes_out(struct road *t, uint16_t port, uint64_t to, uint16_t tci)
{
	assert_true(router_take(t->r, port, &t->out));
	assert_int_equal(mac_load(t->out.bytes), to);
	assert_int_equal(mac_load(t->out.bytes + 6), BRIDGE_MAC);
	assert_true(t->out.len >= 60);
	if (tci == 0)
		return;
	assert_int_equal(ether_type(t->out.bytes), ETHERTYPE_VLAN);
	assert_int_equal(vlan_vid(t->out.bytes), tci);
	frame_untag(&t->out);
}

static void an_arp_request_is_answered_and_flooded(void **state)
{
	static struct packet asked;
	struct road *t = *state;

	for (uint16_t port = 0; port < 3; port++) {
		who_has(t, FOOT);
		asked = t->in;
		router_send(t->r, port, &t->in);
		comes_out(t, port, HOST_MAC(FOOT, 2), 0);
		assert_int_equal(ether_type(t->out.bytes), ETHERTYPE_ARP);
		crossing_out_all(t, PORTS(0, 1, 2) & ~(1ull << port), &asked);
		road_silent(t);
	}
}

/* Also the first one of a station, before the agent has heard of that. */
static void a_ping_from_each_port_is_answered_there(void **state)
{
	struct road *t = *state;

	for (uint16_t port = 0; port < 3; port++) {
		echo(t, FOOT);
		router_send(t->r, port, &t->in);
		comes_out(t, port, HOST_MAC(FOOT, 2), 0);
		assert_int_equal(packet_payload4(&t->out)[0], 0);
		road_silent(t);
		echo6(t, FOOT);
		router_send(t->r, port, &t->in);
		comes_out(t, port, HOST_MAC(FOOT, 2), 0);
		assert_int_equal(packet_payload6(&t->out)[0], 129);
		road_silent(t);
	}
}

static void a_priority_tag_to_the_router_is_none(void **state)
{
	struct road *t = *state;

	echo(t, FOOT);
	frame_tag(&t->in, 0x8100, 0xa000);
	router_send(t->r, 1, &t->in);
	comes_out(t, 1, HOST_MAC(FOOT, 2), 0);
	road_silent(t);
	echo(t, FOOT);
	frame_tag(&t->in, 0x8100, 0xa005);
	road_ends(t, 1, DROP_VLAN);
}

/* What asks for the router too, which is flooded. */
static void priority_tags_of_groups_are_none(void **state)
{
	static struct packet asked;
	struct road *t = *state;

	who_has(t, FOOT);
	frame_tag(&t->in, 0x8100, 0xa000);
	asked = t->in;
	router_send(t->r, 1, &t->in);
	comes_out(t, 1, HOST_MAC(FOOT, 2), 0);
	assert_int_equal(ether_type(t->out.bytes), ETHERTYPE_ARP);
	crossing_out_all(t, PORTS(0, 2), &asked);
	road_silent(t);
	who_has(t, FOOT);
	frame_tag(&t->in, 0x8100, 0xa005);
	crosses(t, 1, PORTS(0, 2));
}

static void packets_are_routed_out_of_the_bridge(void **state)
{
	struct road *t = *state;

	udp(t, FOOT, HOST_IP(3));
	router_send(t->r, 0, &t->in);
	road_out(t, 3);
	assert_int_equal(packet_head4(&t->out)[8], 63);
	road_silent(t);
}

/* Where nobody knows the neighbour's station, the frame is flooded; then it is not. */
static void packets_are_routed_into_the_bridge(void **state)
{
	struct road *t = *state;

	router_udp(&t->in, 3, HOST_IP(FOOT), 40);
	router_send(t->r, 3, &t->in);
	for (uint16_t port = 0; port < 3; port++)
		comes_out(t, port, HOST_MAC(FOOT, 2), 0);
	road_silent(t);
	echo(t, FOOT);
	router_send(t->r, 1, &t->in);
	router_drain(t->r);
	router_udp(&t->in, 3, HOST_IP(FOOT), 40);
	router_send(t->r, 3, &t->in);
	comes_out(t, 1, HOST_MAC(FOOT, 2), 0);
	assert_int_equal(packet_head4(&t->out)[8], 63);
	road_silent(t);
	router_udp6(&t->in, 3, HOST_IP6(FOOT), 40);
	router_send(t->r, 3, &t->in);
	comes_out(t, 1, HOST_MAC(FOOT, 2), 0);
	assert_int_equal(packet_head6(&t->out)[7], 63);
	road_silent(t);
}

/* A neighbour that nobody knows is asked for on all ports, answers by one, and has its packet. */
static void neighbours_are_asked_for_by_flooding(void **state)
{
	const uint32_t ip = IP(10, 0, FOOT, 77);
	const uint64_t mac = HOST_MAC(FOOT, 77);
	struct road *t = *state;

	router_udp(&t->in, 3, ip, 40);
	router_send(t->r, 3, &t->in);
	for (uint16_t port = 0; port < 3; port++) {
		comes_out(t, port, BROADCAST, 0);
		assert_int_equal(ether_type(t->out.bytes), ETHERTYPE_ARP);
	}
	road_silent(t);
	packet_arp(&t->in, &(struct packet_arp){.dst = BRIDGE_MAC,
	                                        .sender_mac = mac,
	                                        .target_mac = BRIDGE_MAC,
	                                        .sender = ip,
	                                        .target = ROUTER_IP(FOOT),
	                                        .op = 2});
	router_send(t->r, 2, &t->in);
	comes_out(t, 2, mac, 0);
	assert_int_equal(ip4_dst(packet_head4(&t->out)), ip);
	road_silent(t);
}

/* bridge-l3-not-bridged */
static void what_is_routed_is_not_flooded(void **state)
{
	struct road *t = *state;

	udp(t, FOOT, IP(99, 0, 0, 1)); /* no route */
	router_send(t->r, 0, &t->in);
	assert_int_equal(router_count(t->r, DROP_NO_ROUTE), 1);
	comes_out(t, 0, HOST_MAC(FOOT, 2), 0); /* which its sender is told */
	road_silent(t);
}

/* 802.1D 7.9: who claims to be the router is not believed, and not forwarded. */
static void the_routers_own_address_is_nobodys_source(void **state)
{
	struct road *t = *state;

	frame_make(&t->in, BROADCAST, BRIDGE_MAC, 100);
	road_ends(t, 1, DROP_SOURCE_MAC);
	frame_make(&t->in, BRIDGE_MAC, BRIDGE_MAC, 100);
	road_ends(t, 1, DROP_SOURCE_MAC);
	assert_int_equal(bridge_where(bridge_of(t), BRIDGE_MAC, 0), FDB_ROUTER);
	a_ping_from_each_port_is_answered_there(state);
}

static void groups_of_the_router_reach_it_and_all_others(void **state)
{
	static struct packet asked;
	const struct ip group = ip6_solicited_node(ROUTER_IP6(FOOT));
	struct road *t = *state;

	packet_ether(&t->in, ip6_group_mac(group), HOST_MAC(FOOT, 2), 0x86dd);
	packet_ip6(&t->in,
	           &(struct packet_ip6){.src = HOST_IP6(FOOT), .dst = group, .next = IP6_ICMP}, 40);
	packet_icmp(&t->in, 128, 0);
	asked = t->in;
	router_send(t->r, 1, &t->in);
	crossing_out_all(t, PORTS(0, 2), &asked);
	comes_out(t, 1, HOST_MAC(FOOT, 2), 0);
	road_silent(t);
	/* Of a group that it is not in the router hears nothing. */
	packet_ether(&t->in, ip6_group_mac(IP6(0xff02ull << 48, 0x4711)), HOST_MAC(FOOT, 2),
	             0x86dd);
	packet_ip6(&t->in,
	           &(struct packet_ip6){.src = HOST_IP6(FOOT), .dst = IP6(0xff02ull << 48, 0x4711)},
	           40);
	crosses(t, 1, PORTS(0, 2));
}

static void the_only_port_talks_to_the_router(void **state)
{
	struct road *t = *state;
	struct test_bridge *b = bridge_of(t);

	b->next->forwarding = PORTS(1);
	bridge_publish(b);
	who_has(t, FOOT);
	router_send(t->r, 1, &t->in);
	comes_out(t, 1, HOST_MAC(FOOT, 2), 0);
	road_silent(t);
	assert_int_equal(router_count(t->r, DROP_NO_PORT), 0);
	/* And the router to nobody, when that is gone. */
	b->next->forwarding = 0;
	bridge_publish(b);
	router_udp(&t->in, 3, HOST_IP(FOOT), 40);
	road_ends(t, 3, DROP_NO_PORT);
}

static void isolated_ports_talk_to_the_router(void **state)
{
	struct road *t = *state;
	struct test_bridge *b = bridge_of(t);

	b->next->isolated = PORTS(0, 1, 2);
	bridge_publish(b);
	a_ping_from_each_port_is_answered_there(state);
	who_has(t, FOOT);
	router_send(t->r, 0, &t->in);
	comes_out(t, 0, HOST_MAC(FOOT, 2), 0);
	road_silent(t);
}

static void a_full_batch_is_routed_into_the_bridge(void **state)
{
	struct road *t = *state;

	echo(t, FOOT);
	router_send(t->r, 1, &t->in);
	router_drain(t->r);
	for (uint32_t i = 0; i < 64; i++) {
		router_udp(&t->in, 3, HOST_IP(FOOT), 40);
		assert_true(router_inject(t->r, 3, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	for (uint32_t i = 0; i < 64; i++)
		comes_out(t, 1, HOST_MAC(FOOT, 2), 0);
	road_silent(t);
}

/* I2, I4, I5: of each packet there are three pieces, and of each piece three, in rings of 64. */
static void a_batch_is_cut_and_flooded(void **state)
{
	struct road *t = *state;
	uint64_t full;
	uint32_t out;

	router_iface(t->r, FOOT)->mtu = 576;
	bridge_publish(bridge_of(t));
	for (uint32_t i = 0; i < 64; i++) {
		router_udp(&t->in, 3, HOST_IP(FOOT), i % 2 == 0 ? 1400 : 40);
		assert_true(router_inject(t->r, 3, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	out = router_drain(t->r);
	full = router_count(t->r, DROP_TX_FULL) + router_count(t->r, DROP_NO_FRAME);
	assert_int_equal(out + full, (32 * 3 + 32) * 3);
	road_silent(t);
}

static void a_jumbo_ping_is_answered_in_its_vlan(void **state)
{
	struct road *t = *state;

	for (uint16_t i = 0; i < 4; i++)
		t->r->iface[i].mtu = 9000;
	router_iface(t->r, FOOT20)->mtu = 9000;
	bridge_publish(bridge_of(t));
	packet_ether(&t->in, BRIDGE_MAC, HOST_MAC(FOOT20, 2), 0x0800);
	packet_ip4(&t->in,
	           &(struct packet_ip4){.src = HOST_IP(FOOT20),
	                                .dst = ROUTER_IP(FOOT20),
	                                .proto = IP_PROTO_ICMP},
	           8000);
	packet_icmp(&t->in, 8, 0);
	frame_tag(&t->in, 0x8100, 20);
	assert_true(router_inject_parts(t->r, 2, &t->in, 1700));
	router_run(t->r);
	comes_out(t, 2, HOST_MAC(FOOT20, 2), 20);
	assert_int_equal(packet_payload4(&t->out)[0], 0);
	assert_int_equal(t->out.len, 14 + 20 + 8000);
	assert_int_equal(packet_sum(packet_payload4(&t->out), 8000), 0xffff);
	road_silent(t);
}

static void each_vlan_has_its_own_foot(void **state)
{
	struct road *t = *state;

	who_has(t, FOOT);
	frame_tag(&t->in, 0x8100, 10);
	router_send(t->r, 2, &t->in);
	comes_out(t, 2, HOST_MAC(FOOT, 2), 10);
	assert_int_equal(router_drain(t->r), 1); /* the request, by p0 */
	echo(t, FOOT);
	router_send(t->r, 0, &t->in);
	comes_out(t, 0, HOST_MAC(FOOT, 2), 0);
	road_silent(t);
	echo6(t, FOOT20);
	frame_tag(&t->in, 0x8100, 20);
	router_send(t->r, 2, &t->in);
	comes_out(t, 2, HOST_MAC(FOOT20, 2), 20);
	assert_int_equal(packet_payload6(&t->out)[0], 129);
	road_silent(t);
}

/* vlan-svi-isolation: addresses belong to their own VLAN. */
static void a_foot_answers_for_no_other(void **state)
{
	struct road *t = *state;

	who_has(t, FOOT);
	router_send(t->r, 1, &t->in);
	assert_int_equal(router_drain(t->r), 1); /* by the trunk, with tag 20 */
	road_silent(t);
}

static void packets_are_routed_from_vlan_to_vlan(void **state)
{
	struct road *t = *state;

	echo(t, FOOT20);
	frame_tag(&t->in, 0x8100, 20);
	router_send(t->r, 2, &t->in); /* who is where */
	router_drain(t->r);
	udp(t, FOOT, HOST_IP(FOOT20));
	router_send(t->r, 0, &t->in);
	comes_out(t, 2, HOST_MAC(FOOT20, 2), 20);
	assert_int_equal(packet_head4(&t->out)[8], 63);
	road_silent(t);
	/* Its priority is the router's: none. */
	udp(t, FOOT20, HOST_IP(FOOT));
	frame_tag(&t->in, 0x8100, 0xe014);
	router_send(t->r, 2, &t->in);
	comes_out(t, 0, HOST_MAC(FOOT, 2), 0);
	road_silent(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		foot_test(an_arp_request_is_answered_and_flooded),
		foot_test(a_ping_from_each_port_is_answered_there),
		foot_test(a_priority_tag_to_the_router_is_none),
		foot_test(priority_tags_of_groups_are_none),
		foot_test(packets_are_routed_out_of_the_bridge),
		foot_test(packets_are_routed_into_the_bridge),
		foot_test(neighbours_are_asked_for_by_flooding),
		foot_test(what_is_routed_is_not_flooded),
		foot_test(the_routers_own_address_is_nobodys_source),
		foot_test(groups_of_the_router_reach_it_and_all_others),
		foot_test(the_only_port_talks_to_the_router),
		foot_test(isolated_ports_talk_to_the_router),
		foot_test(a_full_batch_is_routed_into_the_bridge),
		foot_test(a_batch_is_cut_and_flooded),
		vlan_test(a_jumbo_ping_is_answered_in_its_vlan),
		vlan_test(each_vlan_has_its_own_foot),
		vlan_test(a_foot_answers_for_no_other),
		vlan_test(packets_are_routed_from_vlan_to_vlan),
	};

	return cmocka_run_group_tests_name("bridge_foot", tests, NULL, NULL);
}
