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

#define REMOTE IP(198, 18, 0, 0)

static void urpf(struct road *t, uint16_t port, enum iface_urpf mode)
{
	t->r->iface[port].urpf = (uint8_t)mode;
	router_publish(t->r);
}

static void from(struct road *t, uint32_t src)
{
	router_ip4(&t->in, 0, &(struct packet_ip4){.src = src, .dst = HOST_IP(1)}, 64);
	packet_udp(&t->in);
}

/* martians-urpf-drop, -pass, -noroute */
static void strict_takes_only_what_is_routed_back(void **state)
{
	struct road *t = *state;

	router_route(t->r, REMOTE, 16, 0, HOST_IP(0));
	router_route(t->r, IP(198, 19, 0, 0), 16, 2, HOST_IP(2));
	urpf(t, 0, URPF_STRICT);
	from(t, HOST_IP(0)); /* connected */
	road_forwards(t, 0, 1);
	from(t, REMOTE + 9);
	road_forwards(t, 0, 1);
	from(t, HOST_IP(2)); /* connected elsewhere */
	road_ends(t, 0, DROP_URPF);
	from(t, IP(198, 19, 0, 1));
	road_ends(t, 0, DROP_URPF);
	from(t, IP(192, 0, 2, 1)); /* no route at all */
	road_ends(t, 0, DROP_URPF);
	router_route_kind(t->r, IP(192, 0, 2, 0), 24, NH_BLACKHOLE);
	road_ends(t, 0, DROP_URPF);
	router_route(t->r, 0, 0, 0, HOST_IP(0));
	from(t, IP(203, 0, 113, 1)); /* by the default route */
	road_forwards(t, 0, 1);
}

static void from6(struct road *t, struct ip src)
{
	router_ip6(&t->in, 0, &(struct packet_ip6){.src = src, .dst = HOST_IP6(1)}, 64);
}

/* The same of IPv6. */
static void strict_takes_only_ip6_that_is_routed_back(void **state)
{
	const struct ip remote = IP6(0x2001067c00000000, 0), other = IP6(0x2001067d00000000, 0);
	struct road *t = *state;

	router_route6(t->r, remote, 32, 0, HOST_IP6(0));
	router_route6(t->r, other, 32, 2, HOST_IP6(2));
	urpf(t, 0, URPF_STRICT);
	from6(t, HOST_IP6(0));
	road_forwards(t, 0, 1);
	from6(t, IP6(remote.hi, 9));
	road_forwards(t, 0, 1);
	from6(t, HOST_IP6(2));
	road_ends(t, 0, DROP_URPF);
	from6(t, IP6(other.hi, 9));
	road_ends(t, 0, DROP_URPF);
	router_route_group6(t->r, other, 32, 0, 2);
	from6(t, IP6(other.hi, 9));
	road_forwards(t, 0, 1);
	from6(t, IP6(0x20014860ull << 32, 1));
	road_ends(t, 0, DROP_URPF);
	router_route6(t->r, IP6(0, 0), 0, 0, HOST_LINK6(0));
	road_forwards(t, 0, 1);
	urpf(t, 0, URPF_LOOSE);
	from6(t, HOST_IP6(2));
	road_forwards(t, 0, 1);
	router_route_kind6(t->r, remote, 32, NH_BLACKHOLE);
	from6(t, IP6(remote.hi, 9));
	road_ends(t, 0, DROP_URPF);
}

/* An echo request to @group from @src, and whether that is answered at port 0. */
static void group_hears(struct road *t, struct ip src, bool answered)
{
	const struct packet_ip6 f = {.src = src, .dst = IP6_ALL_NODES, .next = IP6_ICMP};
	uint64_t before = router_count(t->r, DROP_URPF);

	router_ip6(&t->in, 0, &f, 64);
	packet_icmp(&t->in, ICMP6_ECHO, 0);
	router_send(t->r, 0, &t->in);
	assert_int_equal(router_count(t->r, DROP_URPF), before + !answered);
	assert_int_equal(router_drain(t->r), answered);
}

/* What is to a group, which is not routed, has a source as well: the answer would go there. */
static void sources_of_packets_to_groups_are_looked_at(void **state)
{
	const struct ip none = {0, 0};
	struct road *t = *state;

	urpf(t, 0, URPF_STRICT);
	group_hears(t, HOST_IP6(0), true);
	group_hears(t, HOST_LINK6(0), true);
	group_hears(t, HOST_IP6(2), false);
	group_hears(t, IP6(0x2001067c00000000, 9), false);
	urpf(t, 0, URPF_LOOSE);
	group_hears(t, HOST_IP6(2), true);
	group_hears(t, IP6(0x2001067c00000000, 9), false);
	/* Who has no address yet looks for one (RFC 4862 5.4.2). */
	router_ip6(&t->in, 0,
	           &(struct packet_ip6){.unspecified = true,
	                                .dst = ip6_solicited_node(ROUTER_IP6(0)),
	                                .next = IP6_ICMP,
	                                .hop_limit = 255},
	           24);
	memset(packet_payload6(&t->in), 0, 8);
	ip_store(packet_payload6(&t->in) + 8, ROUTER_IP6(0));
	packet_icmp(&t->in, ICMP6_NS, 0);
	assert_true(ip_equal(ip6_src(packet_head6(&t->in)), none));
	router_send(t->r, 0, &t->in);
	assert_int_equal(router_count(t->r, CONSUMED_ND), 1);
	assert_int_equal(router_drain(t->r), 1);
}

/* No route leads to link-local sources: their own link keeps them. Lanes close up, of both
 * families, and what is left keeps its key. */
static void link_local_sources_pass_among_others_that_fail(void **state)
{
	struct road *t = *state;
	uint32_t n[2] = {};

	router_static6(t->r, 0, NET_IP6(0, 9), HOST_MAC(0, 9));
	urpf(t, 0, URPF_STRICT);
	for (uint32_t i = 0; i < 60; i++) {
		const struct packet_ip6 near = {.src = HOST_LINK6(0), .dst = NET_IP6(0, 9)};

		if (i % 5 == 0)
			router_ip6(&t->in, 0, &near, 64);
		else if (i % 5 == 1)
			from(t, HOST_IP(2));
		else if (i % 5 == 2)
			from(t, HOST_IP(0));
		else
			from6(t, i % 5 == 3 ? HOST_IP6(2) : HOST_IP6(0));
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	assert_int_equal(router_count(t->r, DROP_URPF), 24);
	for (uint16_t port = 0; port < 2; port++) {
		while (router_take(t->r, port, &t->out)) {
			assert_null(packet_flaw(t->out.bytes, t->out.len, ROUTER_MAC(port), 1500));
			n[port]++;
		}
	}
	assert_int_equal(n[0], 12);
	assert_int_equal(n[1], 24);
}

static void loose_takes_what_is_routed_anywhere(void **state)
{
	struct road *t = *state;
	static const enum nexthop_kind refused[] = {NH_BLACKHOLE, NH_UNREACHABLE, NH_PROHIBIT};

	router_route(t->r, REMOTE, 16, 2, HOST_IP(2));
	urpf(t, 0, URPF_LOOSE);
	from(t, REMOTE + 9);
	road_forwards(t, 0, 1);
	from(t, HOST_IP(2));
	road_forwards(t, 0, 1);
	from(t, IP(192, 0, 2, 1));
	road_ends(t, 0, DROP_URPF);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		router_route_kind(t->r, IP(192, 0, 2, 0), 24, refused[i]);
		road_ends(t, 0, DROP_URPF);
	}
}

static void each_interface_has_its_own_and_it_changes_live(void **state)
{
	struct road *t = *state;

	urpf(t, 2, URPF_STRICT); /* not where it comes in */
	from(t, IP(192, 0, 2, 1));
	road_forwards(t, 0, 1);
	urpf(t, 0, URPF_STRICT);
	from(t, IP(192, 0, 2, 1));
	road_ends(t, 0, DROP_URPF);
	urpf(t, 0, URPF_OFF);
	road_forwards(t, 0, 1);
}

static void a_member_of_the_sources_group_is_enough(void **state)
{
	struct road *t = *state;

	router_route_group(t->r, REMOTE, 16, 1, 2);
	urpf(t, 0, URPF_STRICT);
	from(t, REMOTE + 1);
	road_ends(t, 0, DROP_URPF);
	router_route_group(t->r, REMOTE, 16, 0, 2);
	urpf(t, 2, URPF_STRICT);
	from(t, REMOTE + 1);
	road_forwards(t, 0, 1);
	/* A dead one too: its hosts do not know. */
	assert_int_equal(nexthop_resolve(t->r->nexthops, 0, ip_from4(HOST_IP(0)),
	                                 &(struct nexthop){.kind = NH_FAILED}),
	                 0);
	from(t, REMOTE + 1);
	road_forwards(t, 0, 1);
	urpf(t, 0, URPF_LOOSE);
	from(t, REMOTE + 1);
	road_forwards(t, 0, 1);
}

/* What is for the router is checked as well; ARP is not concerned, nor what it asks for itself. */
static void echo_is_checked_and_arp_is_not(void **state)
{
	struct road *t = *state;

	urpf(t, 0, URPF_STRICT);
	router_ip4(&t->in, 0,
	           &(struct packet_ip4){.src = HOST_IP(2), .dst = ROUTER_IP(0), .proto = 1}, 64);
	packet_icmp(&t->in, ICMP4_ECHO, 0);
	road_ends(t, 0, DROP_URPF);
	router_ip4(&t->in, 0,
	           &(struct packet_ip4){.src = HOST_IP(0), .dst = ROUTER_IP(0), .proto = 1}, 64);
	packet_icmp(&t->in, ICMP4_ECHO, 0);
	router_send(t->r, 0, &t->in);
	road_icmp(t, 0, ICMP4_ECHO_REPLY, 0);
	packet_arp(&t->in, &(struct packet_arp){.dst = MAC_BROADCAST,
	                                        .sender_mac = HOST_MAC(0, 2),
	                                        .sender = HOST_IP(2),
	                                        .target = ROUTER_IP(0),
	                                        .op = 1});
	router_send(t->r, 0, &t->in);
	road_out(t, 0);
	road_silent(t);
}

static void no_error_is_sent_for_a_forged_source(void **state)
{
	struct road *t = *state;

	urpf(t, 0, URPF_STRICT);
	from(t, HOST_IP(2));
	packet_head4(&t->in)[8] = 1;
	packet_fix_ip4(&t->in);
	road_ends(t, 0, DROP_URPF);
}

/* The lane closes up: of a batch of good and bad, the good ones go on, in order. */
static void in_a_mixed_batch_the_good_ones_go_on(void **state)
{
	struct road *t = *state;
	uint64_t bad = 0;

	urpf(t, 0, URPF_STRICT);
	for (uint16_t i = 0; i < 60; i++) {
		from(t, i % 3 != 1 ? HOST_IP(0) : IP(192, 0, 2, i));
		store16(packet_head4(&t->in) + 4, i);
		if (i % 2 == 0)
			store32(packet_head4(&t->in) + 16, __builtin_bswap32(HOST_IP(2)));
		packet_fix_ip4(&t->in);
		bad += i % 3 == 1;
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	assert_int_equal(router_count(t->r, DROP_URPF), bad);
	for (uint16_t i = 0; i < 60; i++) {
		if (i % 3 == 1)
			continue;
		road_out(t, i % 2 == 0 ? 2 : 1);
		assert_int_equal(load16(packet_head4(&t->out) + 4), i);
	}
	road_silent(t);
}

static void a_jumbo_that_fails_leaks_no_frame(void **state)
{
	const struct router_config cfg = {.mtu = {9000, 9000, 1500}};
	struct road *t = road_open(&cfg);

	*state = t;
	urpf(t, 0, URPF_STRICT);
	router_ip4(&t->in, 0, &(struct packet_ip4){.src = HOST_IP(2), .dst = HOST_IP(1)}, 5000);
	assert_true(router_inject_parts(t->r, 0, &t->in, 1792));
	router_run(t->r);
	assert_int_equal(router_count(t->r, DROP_URPF), 1);
	road_silent(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(strict_takes_only_what_is_routed_back),
		road_test(strict_takes_only_ip6_that_is_routed_back),
		road_test(sources_of_packets_to_groups_are_looked_at),
		road_test(link_local_sources_pass_among_others_that_fail),
		road_test(loose_takes_what_is_routed_anywhere),
		road_test(each_interface_has_its_own_and_it_changes_live),
		road_test(a_member_of_the_sources_group_is_enough),
		road_test(echo_is_checked_and_arp_is_not),
		road_test(no_error_is_sent_for_a_forged_source),
		road_test(in_a_mixed_batch_the_good_ones_go_on),
		cmocka_unit_test_teardown(a_jumbo_that_fails_leaks_no_frame, road_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
