/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VLANs of ports as interfaces:
 *
 *   p0 --- p0.10 (802.1Q)   p1 --- p1.20 (802.1Q)   p2
 *      \-- p0.11 (802.1Q)      \-- p1.20 (802.1ad)
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

enum { VLAN10 = IFACE_PORTS, VLAN11, VLAN20, SVLAN20 };

static struct road *vlans_open(const struct router_config *cfg)
{
	struct road *t = road_open(cfg);

	assert_int_equal(router_vlan(t->r, 0, C_TAG, 10), VLAN10);
	assert_int_equal(router_vlan(t->r, 0, C_TAG, 11), VLAN11);
	assert_int_equal(router_vlan(t->r, 1, C_TAG, 20), VLAN20);
	assert_int_equal(router_vlan(t->r, 1, S_TAG, 20), SVLAN20);
	router_publish(t->r);
	router_pass(t->r, 3 * NS_PER_SEC);
	router_drain(t->r);
	return t;
}

static int setup(void **state)
{
	*state = vlans_open(NULL);
	return 0;
}

#define vlan_test(f) cmocka_unit_test_setup_teardown(f, setup, road_teardown)

static const uint16_t everywhere[] = {VLAN10, VLAN11, VLAN20, SVLAN20, 0, 1, 2};

/* Of many lengths, and both families. */
static void routed(struct road *t, uint16_t from, uint16_t to)
{
	for (uint32_t size = 8; size <= 1480; size += 92) {
		router_udp(&t->in, from, HOST_IP(to), size);
		road_forwards(t, from, to);
	}
	router_udp(&t->in, from, HOST_IP(to), 1480);
	road_forwards(t, from, to);
	for (uint32_t size = 8; size <= 1460; size += 96) {
		router_udp6(&t->in, from, HOST_IP6(to), size);
		road_forwards(t, from, to);
	}
}

/* eth-pad-in, -out: an untagged receiver has to have 60 bytes, whatever the tags. */
static void packets_are_routed_from_and_to_vlans(void **state)
{
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(everywhere); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(everywhere); k++) {
			if (i != k)
				routed(t, everywhere[i], everywhere[k]);
		}
	}
}

/* As the daemon has it: VLANs have the MAC of their port. */
static void vlans_with_the_mac_of_their_port_are_told_apart(void **state)
{
	static const uint16_t at_port0[] = {0, VLAN10, VLAN11};
	struct road *t = *state;

	router_iface(t->r, VLAN10)->mac = ROUTER_MAC(0);
	router_iface(t->r, VLAN11)->mac = ROUTER_MAC(0);
	router_publish(t->r);
	router_run(t->r);
	router_drain(t->r);
	for (size_t i = 0; i < ARRAY_SIZE(at_port0); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(at_port0); k++) {
			router_udp(&t->in, at_port0[i], HOST_IP(at_port0[k]), 100);
			mac_store(t->in.bytes, ROUTER_MAC(0));
			router_send(t->r, at_port0[i], &t->in);
			road_out(t, at_port0[k]);
			assert_true(mac_load(t->out.bytes) == HOST_MAC(at_port0[k], 2));
			road_silent(t);
		}
	}
}

/* A mixed batch: the order of each flow stays. */
static void a_batch_may_have_packets_of_all_interfaces(void **state)
{
	struct road *t = *state;
	uint16_t id = 0;

	for (uint16_t round = 0; round < 10; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(everywhere); i++) {
			uint16_t in = everywhere[i];

			if (router_vlan_port(t->r, in) != 0)
				continue;
			router_ip4(&t->in, in,
			           &(struct packet_ip4){.dst = HOST_IP(SVLAN20), .id = id}, 30);
			id++;
			assert_true(router_inject(t->r, in, t->in.bytes, t->in.len));
		}
	}
	router_run(t->r);
	for (uint16_t i = 0; i < id; i++) {
		road_out(t, SVLAN20);
		assert_int_equal(__builtin_bswap16(load16(packet_head4(&t->out) + 4)), i);
	}
	road_silent(t);
}

static void a_request_for_its_address_is_answered_in_the_vlan(void **state)
{
	struct road *t = *state;

	for (uint16_t in = VLAN10; in <= (uint16_t)SVLAN20; in++) {
		packet_arp(&t->in, &(struct packet_arp){.dst = MAC_BROADCAST,
		                                        .sender_mac = HOST_MAC(in, 2),
		                                        .sender = HOST_IP(in),
		                                        .target = ROUTER_IP(in),
		                                        .op = 1});
		router_send(t->r, in, &t->in);
		road_out(t, in);
		assert_int_equal(ether_type(t->out.bytes), ETHERTYPE_ARP);
		assert_true(mac_load(t->out.bytes) == HOST_MAC(in, 2));
		assert_int_equal(arp_sender(t->out.bytes + 14), ROUTER_IP(in));
		road_silent(t);
		/* Another VLAN's address is none of this one's (RFC 1027 is not done). */
		packet_arp(&t->in, &(struct packet_arp){.dst = MAC_BROADCAST,
		                                        .sender_mac = HOST_MAC(in, 2),
		                                        .sender = HOST_IP(in),
		                                        .target = ROUTER_IP(0),
		                                        .op = 1});
		router_send(t->r, in, &t->in);
		road_silent(t);
	}
}

/* Start t->in: a solicitation, by multicast if @to is a group, of @target of interface @in. */
static void solicitation(struct road *t, uint16_t in, struct ip to, struct ip target)
{
	const struct packet_ip6 f = {.src = HOST_IP6(in), .dst = to, .hop_limit = 255};
	uint8_t *m;

	router_ip6(&t->in, in, &f, 32);
	m = packet_head6(&t->in) + IP6_LEN;
	memset(m, 0, 8);
	ip_store(m + 8, target);
	nd_lladdr_write(m + 24, ND_OPT_SOURCE_LLADDR, HOST_MAC(in, 2));
	packet_icmp(&t->in, ICMP6_NS, 0);
}

static void a_solicitation_is_answered_in_the_vlan(void **state)
{
	struct road *t = *state;

	for (uint16_t in = VLAN10; in <= (uint16_t)SVLAN20; in++) {
		const struct ip target[] = {ROUTER_IP6(in), ROUTER_LINK6(in)};

		for (size_t i = 0; i < ARRAY_SIZE(target); i++) {
			const uint8_t *m;

			solicitation(t, in, ip6_solicited_node(target[i]), target[i]);
			router_send(t->r, in, &t->in);
			m = road_icmp6(t, in, ICMP6_NA, 0);
			assert_true(ip_equal(ip_load(m + 8), target[i]));
			solicitation(t, in, target[i], target[i]);
			router_send(t->r, in, &t->in);
			road_icmp6(t, in, ICMP6_NA, 0);
			road_silent(t);
		}
		/* RFC 4291 2.8: the groups of the port's own addresses are not its. */
		solicitation(t, in, ip6_solicited_node(ROUTER_LINK6(2)), ROUTER_LINK6(2));
		road_ends(t, in, DROP_MULTICAST);
	}
}

static void neighbours_are_asked_for_in_the_vlan(void **state)
{
	const uint32_t who = IP(10, 0, SVLAN20, 77);
	struct road *t = *state;

	router_udp(&t->in, VLAN10, who, 40);
	router_send(t->r, VLAN10, &t->in);
	road_out(t, SVLAN20);
	assert_int_equal(ether_type(t->out.bytes), ETHERTYPE_ARP);
	assert_true(mac_load(t->out.bytes) == MAC_BROADCAST);
	assert_int_equal(__builtin_bswap32(load32(t->out.bytes + 14 + 24)), who);
	packet_arp(&t->in, &(struct packet_arp){.dst = ROUTER_MAC(SVLAN20),
	                                        .sender_mac = HOST_MAC(SVLAN20, 77),
	                                        .target_mac = ROUTER_MAC(SVLAN20),
	                                        .sender = who,
	                                        .target = ROUTER_IP(SVLAN20),
	                                        .op = 2});
	/* Said in another VLAN it is of another link. */
	mac_store(t->in.bytes, ROUTER_MAC(VLAN20));
	router_send(t->r, VLAN20, &t->in);
	road_silent(t);
	mac_store(t->in.bytes, ROUTER_MAC(SVLAN20));
	router_send(t->r, SVLAN20, &t->in);
	road_out(t, SVLAN20);
	assert_true(mac_load(t->out.bytes) == HOST_MAC(SVLAN20, 77));
	assert_int_equal(ip4_dst(packet_head4(&t->out)), who);
	road_silent(t);
}

static void ip6_neighbours_are_asked_for_in_the_vlan(void **state)
{
	const struct ip who = NET_IP6(SVLAN20, 77);
	struct road *t = *state;
	uint8_t *m;

	router_udp6(&t->in, VLAN10, who, 40);
	router_send(t->r, VLAN10, &t->in);
	road_icmp6(t, SVLAN20, ICMP6_NS, 0);
	assert_true(ip_equal(ip6_dst(packet_head6(&t->out)), ip6_solicited_node(who)));
	router_ip6(&t->in, SVLAN20,
	           &(struct packet_ip6){.src = who, .dst = ROUTER_IP6(SVLAN20), .hop_limit = 255},
	           32);
	m = packet_head6(&t->in) + IP6_LEN;
	memset(m, 0, 8);
	m[4] = ND_NA_SOLICITED | ND_NA_OVERRIDE;
	ip_store(m + 8, who);
	nd_lladdr_write(m + 24, ND_OPT_TARGET_LLADDR, HOST_MAC(SVLAN20, 77));
	packet_icmp(&t->in, ICMP6_NA, 0);
	router_send(t->r, SVLAN20, &t->in);
	road_out(t, SVLAN20);
	assert_true(mac_load(t->out.bytes) == HOST_MAC(SVLAN20, 77));
	assert_true(ip_equal(ip6_dst(packet_head6(&t->out)), who));
	road_silent(t);
}

static void errors_and_echoes_go_back_with_tags(void **state)
{
	struct road *t = *state;

	for (uint16_t in = VLAN10; in <= (uint16_t)SVLAN20; in++) {
		router_ip4(&t->in, in, &(struct packet_ip4){.dst = HOST_IP(2), .ttl = 1}, 600);
		router_send(t->r, in, &t->in);
		road_icmp(t, in, ICMP4_TIME_EXCEEDED, 0);
		assert_int_equal(ip4_src(packet_head4(&t->out)), ROUTER_IP(in));
		router_udp(&t->in, in, IP(192, 0, 2, 1), 60);
		router_send(t->r, in, &t->in);
		road_icmp(t, in, ICMP4_UNREACHABLE, ICMP4_NET_UNREACHABLE);
		for (uint32_t size = 8; size < 1400; size += 300) {
			router_ip4(&t->in, in,
			           &(struct packet_ip4){.dst = ROUTER_IP(in), .proto = 1}, size);
			packet_icmp(&t->in, ICMP4_ECHO, 0);
			router_send(t->r, in, &t->in);
			road_icmp(t, in, ICMP4_ECHO_REPLY, 0);
		}
		router_ip6(&t->in, in, &(struct packet_ip6){.dst = HOST_IP6(2), .hop_limit = 1},
		           600);
		router_send(t->r, in, &t->in);
		road_icmp6(t, in, ICMP6_TIME_EXCEEDED, 0);
		assert_true(ip_equal(ip6_src(packet_head6(&t->out)), ROUTER_IP6(in)));
		router_ip6(&t->in, in, &(struct packet_ip6){.dst = ROUTER_IP6(in)}, 64);
		packet_icmp(&t->in, ICMP6_ECHO, 0);
		router_send(t->r, in, &t->in);
		road_icmp6(t, in, ICMP6_ECHO_REPLY, 0);
		/* fe80:: of this link, and from there. */
		router_ip6(&t->in, in,
		           &(struct packet_ip6){.src = HOST_LINK6(in), .dst = ROUTER_LINK6(in)},
		           64);
		packet_icmp(&t->in, ICMP6_ECHO, 0);
		router_send(t->r, in, &t->in);
		road_icmp6(t, in, ICMP6_ECHO_REPLY, 0);
		/* RFC 4007 9: it goes to no other. */
		router_ip6(&t->in, in,
		           &(struct packet_ip6){.src = HOST_LINK6(in), .dst = HOST_IP6(2)}, 64);
		router_send(t->r, in, &t->in);
		road_icmp6(t, in, ICMP6_UNREACHABLE, ICMP6_BEYOND_SCOPE);
		road_silent(t);
	}
}

static void what_is_too_long_for_a_vlan_is_cut_or_told_of(void **state)
{
	struct pieces *x = malloc(sizeof(*x));
	struct road *t = *state;

	assert_non_null(x);
	router_iface(t->r, VLAN20)->mtu = 576;
	router_publish(t->r);
	assert_int_equal(nexthop_set_max_len(t->r->nexthops, VLAN20, 590), 0);
	router_run(t->r);
	router_drain(t->r);
	for (uint32_t size = 560; size <= 1480; size += 115) {
		router_udp(&t->in, VLAN10, HOST_IP(VLAN20), size);
		router_send(t->r, VLAN10, &t->in);
		pieces_take(t, VLAN20, &t->in, x, false);
		road_silent(t);
	}
	router_ip4(&t->in, VLAN10, &(struct packet_ip4){.dst = HOST_IP(VLAN20), .frag = IP4_DF},
	           600);
	router_send(t->r, VLAN10, &t->in);
	assert_int_equal(__builtin_bswap16(load16(
				 road_icmp(t, VLAN10, ICMP4_UNREACHABLE, ICMP4_FRAG_NEEDED) + 6)),
	                 576);
	router_udp(&t->in, VLAN10, HOST_IP(SVLAN20), 1480);
	road_forwards(t, VLAN10, SVLAN20);
	free(x);
}

static void fragments_to_the_router_are_put_together_in_a_vlan(void **state)
{
	struct packet *piece = packet_new();
	struct pieces *x = malloc(sizeof(*x));
	struct road *t = *state;

	assert_non_null(x);
	router_ip4(&t->in, VLAN10, &(struct packet_ip4){.dst = ROUTER_IP(2), .proto = 1}, 3000);
	packet_icmp(&t->in, ICMP4_ECHO, 0);
	for (uint32_t at = 0; at < 3000; at += 1000) {
		pieces_cut(piece, &t->in, at, 1000, at < 2000);
		router_send(t->r, VLAN10, piece);
	}
	for (uint32_t n = 0, at = 0; at < 3000; n++) {
		road_out(t, VLAN10);
		assert_int_equal((ip4_frag(packet_head4(&t->out)) & IP4_OFFSET) * 8, at);
		at += packet_payload4_len(&t->out);
	}
	road_silent(t);
	free(piece);
	free(x);
}

static void other_vlans_are_nobodys(void **state)
{
	static const struct {
		uint16_t tpid, vid;
	} tag[] = {{C_TAG, 9}, {C_TAG, 12}, {C_TAG, 4095}, {C_TAG, 1},    {C_TAG, 20},
	           {S_TAG, 0}, {S_TAG, 10}, {S_TAG, 11},   {S_TAG, 4095}, {0x9100, 10}};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(tag); i++) {
		for (uint16_t priority = 0; priority < 8; priority++) {
			bool known = tag[i].tpid != 0x9100;

			router_udp(&t->in, 0, HOST_IP(1), 64);
			packet_tag(&t->in, tag[i].tpid, (uint16_t)(priority << 13 | tag[i].vid));
			road_ends(t, 0, known ? DROP_VLAN : DROP_ETHERTYPE);
		}
	}
	/* Of a VLAN there may be VLANs, but this one has none. */
	router_udp(&t->in, VLAN10, HOST_IP(1), 64);
	packet_tag(&t->in, C_TAG, 11);
	road_ends(t, VLAN10, DROP_VLAN);
	assert_int_equal(t->r->worker.pipeline.counters.verdict[VLAN10][DROP_VLAN], 1);
}

/* eth-priority-tag: VID 0 names no VLAN, before a VLAN's tag and behind one. */
static void priorities_change_nothing(void **state)
{
	struct road *t = *state;

	for (uint32_t priority = 0; priority < 0x10000; priority += 0x1000) {
		router_udp(&t->in, VLAN10, HOST_IP(2), 64);
		router_vlan_tag(t->r, VLAN10, &t->in, (uint16_t)priority);
		router_send(t->r, 0, &t->in);
		road_out(t, 2);
		router_udp(&t->in, 0, HOST_IP(VLAN11), 64);
		packet_tag(&t->in, C_TAG, (uint16_t)priority);
		router_send(t->r, 0, &t->in);
		road_out(t, VLAN11);
		router_udp(&t->in, VLAN10, HOST_IP(VLAN11), 64);
		packet_tag(&t->in, C_TAG, (uint16_t)priority);
		router_vlan_tag(t->r, VLAN10, &t->in, 0);
		router_send(t->r, 0, &t->in);
		road_out(t, VLAN11);
		road_silent(t);
	}
	/* Behind it there is no VLAN's tag: this is a frame without one that has a strange type. */
	router_udp(&t->in, VLAN10, HOST_IP(VLAN11), 64);
	router_vlan_tag(t->r, VLAN10, &t->in, 0);
	packet_tag(&t->in, C_TAG, 0);
	mac_store(t->in.bytes, ROUTER_MAC(0));
	road_ends(t, 0, DROP_VLAN);
}

static void frames_that_end_too_early_do_no_harm(void **state)
{
	struct road *t = *state;

	for (uint32_t len = 14; len < 64; len++) {
		for (int ip6 = 0; ip6 < 2; ip6++) {
			if (ip6)
				router_udp6(&t->in, VLAN10, HOST_IP6(2), 64);
			else
				router_udp(&t->in, VLAN10, HOST_IP(2), 64);
			router_vlan_tag(t->r, VLAN10, &t->in, 0);
			t->in.len = len;
			router_send(t->r, 0, &t->in);
			road_silent(t);
		}
	}
	assert_int_equal(router_count(t->r, DROP_OTHER_MAC), 2 * 4); /* the tag itself is cut */
	assert_int_equal(router_count(t->r, DROP_SHORT), (34 - 14) + (54 - 14));
	router_udp(&t->in, VLAN10, HOST_IP(2), 64);
	road_forwards(t, VLAN10, 2);
}

static void the_checks_are_those_of_the_vlan(void **state)
{
	struct road *t = *state;

	router_udp(&t->in, VLAN10, HOST_IP(2), 64);
	mac_store(t->in.bytes, ROUTER_MAC(VLAN11));
	road_ends(t, VLAN10, DROP_OTHER_MAC);
	mac_store(t->in.bytes, MAC_BROADCAST);
	road_ends(t, VLAN10, DROP_L2_GROUP);
	router_udp(&t->in, VLAN10, HOST_IP(2), 64);
	packet_head4(&t->in)[10] ^= 1;
	road_ends(t, VLAN10, DROP_IP_CHECKSUM);
	router_ip4(&t->in, VLAN10,
	           &(struct packet_ip4){.src = ROUTER_IP(VLAN11), .dst = HOST_IP(2)}, 64);
	road_ends(t, VLAN10, DROP_MARTIAN_SOURCE);
	router_udp(&t->in, VLAN10, HOST_IP(2), 64);
	store16(t->in.bytes + 12, ETHERTYPE_BE(0x88b5));
	road_ends(t, VLAN10, DROP_ETHERTYPE);
	assert_int_equal(t->r->worker.pipeline.counters.verdict[0][DROP_ETHERTYPE], 0);
}

static void a_vlan_that_is_down_takes_nothing(void **state)
{
	struct road *t = *state;

	router_iface(t->r, VLAN10)->up = false;
	router_publish(t->r);
	router_udp(&t->in, VLAN10, HOST_IP(2), 64);
	road_ends(t, VLAN10, DROP_IFACE_DOWN);
	router_udp(&t->in, VLAN11, HOST_IP(2), 64);
	road_forwards(t, VLAN11, 2);
	router_iface(t->r, 0)->up = false; /* and with the port all of its VLANs */
	router_publish(t->r);
	router_udp(&t->in, VLAN11, HOST_IP(2), 64);
	road_ends(t, VLAN11, DROP_IFACE_DOWN);
	assert_int_equal(t->r->worker.pipeline.counters.verdict[VLAN11][DROP_IFACE_DOWN], 1);
}

/* ip4-record-route: what has options takes the long way out. */
static void options_are_stamped_with_the_address_of_the_vlan(void **state)
{
	static const uint8_t record[] = {7, 7, 4, 0, 0, 0, 0, 0};
	struct road *t = *state;

	router_ip4(&t->in, 0,
	           &(struct packet_ip4){
			   .dst = HOST_IP(VLAN20), .options = record, .n_options = sizeof(record)},
	           64);
	router_send(t->r, 0, &t->in);
	road_out(t, VLAN20);
	assert_int_equal(__builtin_bswap32(load32(packet_head4(&t->out) + 23)), ROUTER_IP(VLAN20));
	road_silent(t);
}

/* Room in the ring is the port's, and so is the count of what found none. */
static void a_full_ring_is_counted_at_the_port(void **state)
{
	struct road *t = vlans_open(&(struct router_config){.ring = 32});
	const uint64_t *full;

	*state = t;
	full = t->r->worker.pipeline.counters.verdict[1];
	for (int i = 0; i < 40; i++) {
		router_udp(&t->in, VLAN10, HOST_IP(VLAN20), 64);
		router_send(t->r, VLAN10, &t->in);
	}
	assert_int_equal(full[DROP_TX_FULL], 40 - 32);
	for (int i = 0; i < 32; i++)
		road_out(t, VLAN20);
	road_silent(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vlan_test(packets_are_routed_from_and_to_vlans),
		vlan_test(vlans_with_the_mac_of_their_port_are_told_apart),
		vlan_test(a_batch_may_have_packets_of_all_interfaces),
		vlan_test(a_request_for_its_address_is_answered_in_the_vlan),
		vlan_test(a_solicitation_is_answered_in_the_vlan),
		vlan_test(neighbours_are_asked_for_in_the_vlan),
		vlan_test(ip6_neighbours_are_asked_for_in_the_vlan),
		vlan_test(errors_and_echoes_go_back_with_tags),
		vlan_test(what_is_too_long_for_a_vlan_is_cut_or_told_of),
		vlan_test(fragments_to_the_router_are_put_together_in_a_vlan),
		vlan_test(other_vlans_are_nobodys),
		vlan_test(priorities_change_nothing),
		vlan_test(frames_that_end_too_early_do_no_harm),
		vlan_test(the_checks_are_those_of_the_vlan),
		vlan_test(a_vlan_that_is_down_takes_nothing),
		vlan_test(options_are_stamped_with_the_address_of_the_vlan),
		cmocka_unit_test_teardown(a_full_ring_is_counted_at_the_port, road_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
