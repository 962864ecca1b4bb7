/* SPDX-License-Identifier: BSD-2-Clause */
/* What an interface says of its packets is said by each VLAN for itself: where sources are, who is
 * told of better gateways, and what the port's device makes of checksums. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "road.h"
#include "router_vlan.h"

enum { VLAN10 = IFACE_PORTS, VLAN11 };

#define BEYOND   IP(198, 18, 0, 1) /* by a gateway in VLAN 10 */
#define GATEWAY  IP(10, 0, VLAN10, 7)
#define BEYOND6  IP6(0x20010db8ff000000, 1)
#define GATEWAY6 ip6_link_local(HOST_MAC(VLAN10, 7))

static int setup(void **state)
{
	static const struct router_config cfg = {
		.redirects = true, .partial_csum = {true, false, false}, .frames = 1024};
	struct road *t = road_open(&cfg);

	*state = t;
	assert_int_equal(router_vlan(t->r, 0, C_TAG, 10), VLAN10);
	assert_int_equal(router_vlan(t->r, 0, C_TAG, 11), VLAN11);
	router_publish(t->r);
	router_static(t->r, VLAN10, GATEWAY, HOST_MAC(VLAN10, 7));
	router_static6(t->r, VLAN10, GATEWAY6, HOST_MAC(VLAN10, 7));
	router_route(t->r, IP(198, 18, 0, 0), 16, VLAN10, GATEWAY);
	router_route6(t->r, IP6(0x20010db8ff000000, 0), 48, VLAN10, GATEWAY6);
	router_pass(t->r, 3 * NS_PER_SEC);
	router_drain(t->r);
	return 0;
}

#define rules_test(f) cmocka_unit_test_setup_teardown(f, setup, road_teardown)

static void urpf(struct road *t, uint16_t iface, enum iface_urpf mode)
{
	router_iface(t->r, iface)->urpf = (uint8_t)mode;
	router_publish(t->r);
}

static void from(struct road *t, uint16_t in, uint32_t src)
{
	router_ip4(&t->in, in, &(struct packet_ip4){.src = src, .dst = HOST_IP(1)}, 64);
	packet_udp(&t->in);
}

static void from6(struct road *t, uint16_t in, struct ip src)
{
	router_ip6(&t->in, in, &(struct packet_ip6){.src = src, .dst = HOST_IP6(1)}, 64);
}

static void sources_are_checked_as_their_vlan_says(void **state)
{
	struct road *t = *state;

	urpf(t, VLAN10, URPF_STRICT);
	from(t, VLAN10, HOST_IP(VLAN10));
	road_forwards(t, VLAN10, 1);
	from(t, VLAN10, BEYOND);
	road_forwards(t, VLAN10, 1);
	from(t, VLAN10, HOST_IP(VLAN11)); /* of the same port, and of another link */
	road_ends(t, VLAN10, DROP_URPF);
	from(t, VLAN10, HOST_IP(0));
	road_ends(t, VLAN10, DROP_URPF);
	from(t, VLAN11, HOST_IP(VLAN10)); /* nobody looks there */
	road_forwards(t, VLAN11, 1);
	from(t, 0, IP(192, 0, 2, 1));
	road_forwards(t, 0, 1);
	urpf(t, 0, URPF_LOOSE);
	from(t, 0, IP(192, 0, 2, 1));
	road_ends(t, 0, DROP_URPF);
	from(t, 0, HOST_IP(VLAN10));
	road_forwards(t, 0, 1);
	from(t, VLAN11, IP(192, 0, 2, 1));
	road_forwards(t, VLAN11, 1);
	from6(t, VLAN10, HOST_IP6(VLAN10));
	road_forwards(t, VLAN10, 1);
	from6(t, VLAN10, BEYOND6);
	road_forwards(t, VLAN10, 1);
	from6(t, VLAN10, HOST_IP6(VLAN11));
	road_ends(t, VLAN10, DROP_URPF);
	from6(t, VLAN11, HOST_IP6(VLAN10));
	road_forwards(t, VLAN11, 1);
	from6(t, 0, IP6(0x2001067c00000000, 1));
	road_ends(t, 0, DROP_URPF);
	assert_int_equal(t->r->worker.pipeline.counters.verdict[VLAN10][DROP_URPF], 3);
	assert_int_equal(t->r->worker.pipeline.counters.verdict[0][DROP_URPF], 2);
}

/* To a group: a solicitation from a source that is not there is not answered. */
static void sources_of_what_goes_to_groups_too(void **state)
{
	const struct packet_ip6 f = {
		.src = HOST_IP6(VLAN11), .dst = IP6(0xff02000000000000, 1), .hop_limit = 255};
	struct road *t = *state;

	urpf(t, VLAN10, URPF_STRICT);
	router_ip6(&t->in, VLAN10, &f, 64);
	packet_icmp(&t->in, ICMP6_ECHO, 0);
	road_ends(t, VLAN10, DROP_URPF);
	router_send(t->r, VLAN11, &t->in);
	road_icmp6(t, VLAN11, ICMP6_ECHO_REPLY, 0);
	road_silent(t);
}

/* One batch of all three interfaces, of which one checks. */
static void in_one_batch_each_is_checked_for_itself(void **state)
{
	static const uint16_t in[] = {0, VLAN10, VLAN11};
	struct road *t = *state;
	uint16_t id = 0;

	urpf(t, VLAN10, URPF_STRICT);
	for (int round = 0; round < 8; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(in); i++) {
			router_ip4(&t->in, in[i],
			           &(struct packet_ip4){
					   .src = HOST_IP(VLAN11), .dst = HOST_IP(1), .id = id},
			           30);
			id++;
			assert_true(router_inject(t->r, in[i], t->in.bytes, t->in.len));
		}
	}
	router_run(t->r);
	for (uint16_t i = 0; i < id; i++) {
		if (i % 3 == 1)
			continue;
		road_out(t, 1);
		assert_int_equal(__builtin_bswap16(load16(packet_head4(&t->out) + 4)), i);
	}
	assert_int_equal(router_count(t->r, DROP_URPF), 8);
	road_silent(t);
}

/* icmp4-redirect, in a VLAN */
static void a_host_is_told_of_a_better_gateway_in_its_vlan(void **state)
{
	struct road *t = *state;
	const uint8_t *m;

	router_udp(&t->in, VLAN10, BEYOND, 64);
	router_send(t->r, VLAN10, &t->in);
	road_out(t, VLAN10);
	assert_true(mac_load(t->out.bytes) == HOST_MAC(VLAN10, 7));
	m = road_icmp(t, VLAN10, ICMP4_REDIRECT, ICMP4_REDIRECT_HOST);
	assert_int_equal(__builtin_bswap32(load32(m + 4)), GATEWAY);
	assert_int_equal(ip4_src(packet_head4(&t->out)), ROUTER_IP(VLAN10));
	assert_memory_equal(m + 8 + 12, packet_head4(&t->in) + 12, 16);
	router_send(t->r, VLAN10, &t->in); /* once a second */
	road_out(t, VLAN10);
	road_silent(t);
	router_udp6(&t->in, VLAN10, BEYOND6, 64);
	router_send(t->r, VLAN10, &t->in);
	road_out(t, VLAN10);
	m = road_icmp6(t, VLAN10, ICMP6_REDIRECT, 0);
	assert_true(ip_equal(ip_load(m + 8), GATEWAY6));
	assert_true(ip_equal(ip6_src(packet_head6(&t->out)), ROUTER_LINK6(VLAN10)));
	road_silent(t);
}

/* The port has one link for each VLAN: by the same port is not by the same link. */
static void who_is_in_another_vlan_is_not_told(void **state)
{
	static const uint16_t in[] = {0, VLAN11};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(in); i++) {
		router_udp(&t->in, in[i], BEYOND, 64);
		road_forwards(t, in[i], VLAN10);
		router_udp6(&t->in, in[i], BEYOND6, 64);
		road_forwards(t, in[i], VLAN10);
		/* A source that only looks like one of that VLAN. */
		router_ip4(&t->in, in[i],
		           &(struct packet_ip4){.src = IP(10, 0, VLAN10, 9), .dst = BEYOND}, 64);
		road_forwards(t, in[i], VLAN10);
	}
	router_udp(&t->in, VLAN10, HOST_IP(0), 64);
	road_forwards(t, VLAN10, 0);
	router_iface(t->r, VLAN10)->redirects = false;
	router_publish(t->r);
	router_udp(&t->in, VLAN10, BEYOND, 64);
	road_forwards(t, VLAN10, VLAN10);
}

/* The port itself tells as before, among frames of its VLANs. */
static void the_port_tells_among_frames_of_its_vlans(void **state)
{
	struct road *t = *state;
	unsigned int told = 0;

	router_static(t->r, 0, IP(10, 0, 0, 8), HOST_MAC(0, 8));
	for (int i = 0; i < 3; i++) {
		router_udp(&t->in, VLAN11, HOST_IP(VLAN10), 64);
		assert_true(router_inject(t->r, VLAN11, t->in.bytes, t->in.len));
		router_udp(&t->in, 0, IP(10, 0, 0, 8), 64);
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
		router_ip4(&t->in, 0, &(struct packet_ip4){.dst = IP(10, 0, 0, 8), .ttl = 1}, 64);
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	while (router_take(t->r, 0, &t->out))
		told += ether_type(t->out.bytes) == ETHERTYPE_IP4 &&
		        packet_payload4(&t->out)[0] == ICMP4_REDIRECT &&
		        ip4_proto(packet_head4(&t->out)) == IP_PROTO_ICMP;
	assert_int_equal(told, 1);
}

/* More than a few a batch are not told, and fragments, which leave at once, not either. */
static void a_cut_packet_is_not_told_of(void **state)
{
	struct road *t = *state;

	assert_int_equal(nexthop_set_max_len(t->r->nexthops, VLAN10, 590), 0);
	router_udp(&t->in, VLAN10, BEYOND, 1000);
	router_send(t->r, VLAN10, &t->in);
	road_out(t, VLAN10);
	road_out(t, VLAN10);
	road_silent(t);
}

/* A next hop may be found, and not yet its interface, or no longer: what goes there ends, and is
 * not cut before. */
static void what_goes_by_an_interface_that_is_not_there_ends_whole(void **state)
{
	struct road *t = *state;
	struct ifaces *without = ifaces_new(IFACE_MAX);

	assert_non_null(without);
	for (uint16_t i = 0; i < ROUTER_PORTS; i++)
		assert_int_equal(ifaces_set(without, router_iface(t->r, i)), 0);
	assert_int_equal(nexthop_set_max_len(t->r->nexthops, VLAN10, 214), 0);
	(void)rcu_swap(&t->r->table.current, without);
	router_udp(&t->in, 1, BEYOND, 1400);
	for (uint32_t i = 0; i < 32; i++)
		assert_true(router_inject(t->r, 1, t->in.bytes, t->in.len));
	router_udp(&t->in, 1, BEYOND, 100);
	for (uint32_t i = 0; i < 32; i++)
		assert_true(router_inject(t->r, 1, t->in.bytes, t->in.len));
	router_run(t->r);
	road_silent(t);
	assert_int_equal(t->r->worker.pipeline.counters.verdict[1][DROP_TX_DOWN], 64);
	assert_int_equal(t->r->worker.pipeline.counters.copies, 0);
	(void)rcu_swap(&t->r->table.current, t->r->ifaces);
	ifaces_free(without);
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* Half-made checksums of both families: port 0 completes them in its VLANs too. */
static void half_made_checksums_are_completed_in_vlans(void **state)
{
	struct road *t = *state;
	uint8_t *h = t->in.bytes + 14;
	uint32_t sum;

	for (uint32_t size = 20; size < 1400; size += 230) {
		router_udp(&t->in, VLAN10, HOST_IP(1), size);
		sum = (uint32_t)packet_sum(h + 12, 8) + h[9] + size;
		store16(h + 26, __builtin_bswap16(fold(sum)));
		router_send(t->r, VLAN10, &t->in);
		road_out(t, 1);
		assert_int_equal(packet_sum4(packet_head4(&t->out), packet_payload4(&t->out), size),
		                 0xffff);
		router_udp6(&t->in, VLAN11, HOST_IP6(1), size);
		sum = (uint32_t)packet_sum(h + 8, 32) + IP_PROTO_UDP + size;
		store16(h + 46, __builtin_bswap16(fold(sum)));
		router_send(t->r, VLAN11, &t->in);
		road_out(t, 1);
		assert_int_equal(packet_sum6(packet_head6(&t->out), IP_PROTO_UDP,
		                             packet_payload6(&t->out), size),
		                 0xffff);
		road_silent(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rules_test(sources_are_checked_as_their_vlan_says),
		rules_test(sources_of_what_goes_to_groups_too),
		rules_test(in_one_batch_each_is_checked_for_itself),
		rules_test(a_host_is_told_of_a_better_gateway_in_its_vlan),
		rules_test(who_is_in_another_vlan_is_not_told),
		rules_test(the_port_tells_among_frames_of_its_vlans),
		rules_test(a_cut_packet_is_not_told_of),
		rules_test(what_goes_by_an_interface_that_is_not_there_ends_whole),
		rules_test(half_made_checksums_are_completed_in_vlans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
