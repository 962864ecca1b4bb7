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

static void to_host(struct road *t)
{
	router_udp6(&t->in, 0, HOST_IP6(1), 64);
}

/* t->in goes in at @port and is counted as @v; what answers it goes to its source only. */
static void ends(struct road *t, uint16_t port, enum verdict v)
{
	uint64_t before = router_count(t->r, v);

	router_send(t->r, port, &t->in);
	assert_int_equal(router_count(t->r, v), before + 1);
	while (router_take(t->r, port, &t->out))
		assert_true(mac_load(t->out.bytes) == mac_load(t->in.bytes + 6));
	road_silent(t);
}

/* A packet of 64 bytes from @src to @dst ends at port 0 as @v, and nobody hears of it. */
static void addresses_end(struct road *t, struct ip src, struct ip dst, enum verdict v)
{
	for (uint8_t limit = 1; limit < 3; limit++) {
		const struct packet_ip6 f = {
			.src = src, .unspecified = true, .dst = dst, .hop_limit = limit};

		router_ip6(&t->in, 0, &f, 64);
		mac_store(t->in.bytes, ROUTER_MAC(0));
		road_ends(t, 0, v);
		packet_icmp(&t->in, ICMP6_ECHO, 0);
		road_ends(t, 0, v);
	}
}

/* eth-other-mac, -mcast-mac, -bcast-mac */
static void what_is_not_for_the_router_is_not_forwarded(void **state)
{
	static const uint64_t groups[] = {MAC_BROADCAST, 0x3333, 0x0100005e0001, 0x1};
	struct road *t = *state;

	to_host(t);
	mac_store(t->in.bytes, HOST_MAC(0, 9));
	road_ends(t, 0, DROP_OTHER_MAC);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		uint64_t mac = groups[i] | MAC_GROUP;

		mac_store(t->in.bytes, mac);
		road_ends(t, 0, DROP_L2_GROUP);
	}
	/* A group that the router is in, by a MAC that no group has. */
	router_ip6(&t->in, 0, &(struct packet_ip6){.dst = IP6_ALL_NODES}, 64);
	mac_store(t->in.bytes, MAC_BROADCAST);
	road_ends(t, 0, DROP_L2_GROUP);
}

/* ip6-version-*, -len-beyond, -truncated-header, -hbh-truncated, -hbh-jumbo */
static void contradicting_headers_are_dropped(void **state)
{
	static const uint8_t padding[6] = {1, 4}, jumbo[6] = {IP6_OPT_JUMBO, 4, 0, 1, 0, 0};
	struct road *t = *state;

	for (uint32_t version = 0; version < 16; version++) {
		to_host(t);
		packet_head6(&t->in)[0] = (uint8_t)(version << 4);
		if (version != 6)
			road_ends(t, 0, DROP_IP_VERSION);
	}
	to_host(t);
	packet_head6(&t->in)[5]++;
	road_ends(t, 0, DROP_IP_HEADER);
	for (uint32_t len = 14; len < 54; len++) {
		to_host(t);
		t->in.len = len;
		road_ends(t, 0, DROP_SHORT);
		mac_store(t->in.bytes, ip6_group_mac(IP6_ALL_NODES));
		road_ends(t, 0, DROP_SHORT);
	}
	to_host(t);
	packet_ext6(&t->in, IP6_HOP_BY_HOP, padding, 6);
	packet_head6(&t->in)[41] = 9;
	road_ends(t, 0, DROP_IP_HEADER);
	to_host(t);
	packet_ext6(&t->in, IP6_HOP_BY_HOP, jumbo, 6);
	store16(packet_head6(&t->in) + 4, 0);
	road_ends(t, 0, DROP_JUMBO);
	/* eth-mismatched-type */
	router_udp(&t->in, 0, HOST_IP(1), 64);
	store16(t->in.bytes + 12, ETHERTYPE_IP6);
	road_ends(t, 0, DROP_IP_VERSION);
	to_host(t);
	store16(t->in.bytes + 12, ETHERTYPE_IP4);
	road_ends(t, 0, DROP_IP_VERSION);
	to_host(t);
	road_forwards(t, 0, 1);
}

/* martians-src6-*, martians-src-own6, icmp6-no-error-src-* */
static void sources_that_are_nobodys_are_dropped(void **state)
{
	static const struct ip src[] = {
		{0, 0},
		{0, 1},
		{0, 0x0a000002},
		{0, 0xffff0a000002},
		{0xff02ull << 48, 1},
		{0xff02ull << 48, 5},
		{0xff0eull << 48, 0x99},
	};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(src); i++)
		addresses_end(t, src[i], HOST_IP6(1), DROP_MARTIAN_SOURCE);
	for (uint16_t i = 0; i < ROUTER_PORTS; i++) {
		addresses_end(t, ROUTER_IP6(i), HOST_IP6(1), DROP_MARTIAN_SOURCE);
		addresses_end(t, ROUTER_IP6(i), ROUTER_IP6(0), DROP_MARTIAN_SOURCE); /* land */
	}
	addresses_end(t, ROUTER_LINK6(0), HOST_IP6(0), DROP_MARTIAN_SOURCE);
}

/* Another's link-local address may be the one that the router has on another link. */
static void a_link_local_source_is_ours_on_its_link_only(void **state)
{
	struct road *t = *state;

	router_static6(t->r, 0, NET_IP6(0, 9), HOST_MAC(0, 9));
	router_ip6(&t->in, 0, &(struct packet_ip6){.src = ROUTER_LINK6(1), .dst = NET_IP6(0, 9)},
	           64);
	road_forwards(t, 0, 0);
}

/* martians-dst6-*, with a default route that would take them */
static void destinations_that_are_nobodys_are_dropped(void **state)
{
	static const struct ip groups[] = {
		{0xff01ull << 48, 1},    {0xff02ull << 48, 0x99}, {0xff05ull << 48, 2},
		{0xff0eull << 48, 0x99}, {0xff00ull << 48, 1},
	};
	static const struct ip dst[] = {
		{0, 0},
		{0, 1},
		{0, 0x0a000102},
		{0, 0xffff0a000102},
		{0xfe80ull << 48, 0x99},
		{0xfebfull << 48, 0x99},
	};
	struct road *t = *state;

	router_route6(t->r, IP6(0, 0), 0, 1, HOST_IP6(1));
	for (size_t i = 0; i < ARRAY_SIZE(dst); i++)
		addresses_end(t, HOST_IP6(0), dst[i], DROP_MARTIAN_DEST);
	addresses_end(t, HOST_LINK6(0), IP6(0xfe80ull << 48, 0x99), DROP_MARTIAN_DEST);
	addresses_end(t, HOST_IP6(0), HOST_LINK6(0), DROP_MARTIAN_DEST);
	addresses_end(t, HOST_IP6(0), ROUTER_LINK6(1), DROP_MARTIAN_DEST);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		addresses_end(t, HOST_IP6(0), groups[i], DROP_MULTICAST);
		router_ip6(&t->in, 0, &(struct packet_ip6){.dst = groups[i]}, 64);
		road_ends(t, 0, DROP_MULTICAST);
	}
}

/* ip6-hlim-0, -hlim-1 */
static void a_hop_limit_that_is_used_up_ends_the_packet(void **state)
{
	struct road *t = *state;

	for (uint8_t limit = 0; limit < 2; limit++) {
		to_host(t);
		packet_head6(&t->in)[7] = limit;
		ends(t, 0, DROP_TTL_EXPIRED);
	}
}

/* icmp6-scope, martians-src6-link-local; the route is chosen first (RFC 4007 9) */
static void a_link_local_source_stays_on_its_link(void **state)
{
	struct road *t = *state;
	struct packet_ip6 f = {.src = HOST_LINK6(0), .dst = HOST_IP6(1)};

	router_ip6(&t->in, 0, &f, 64);
	ends(t, 0, DROP_SCOPE);
	packet_head6(&t->in)[7] = 1;
	ends(t, 0, DROP_SCOPE);
	f.dst = FAR;
	router_ip6(&t->in, 0, &f, 64);
	ends(t, 0, DROP_NO_ROUTE);
}

/* icmp6-too-big, -too-big-edge; frag6-too-big */
static void what_is_too_long_is_never_cut(void **state)
{
	static const struct router_config cfg = {.mtu = {1500, 1400, 9000}};
	struct road *t = road_open(&cfg);

	*state = t;
	router_udp6(&t->in, 0, HOST_IP6(1), 1360);
	road_forwards(t, 0, 1);
	router_udp6(&t->in, 0, HOST_IP6(1), 1361);
	ends(t, 0, DROP_TOO_BIG);
	router_ip6(&t->in, 0, &(struct packet_ip6){.dst = HOST_IP6(1)}, 1452);
	packet_frag6(&t->in, IP6_MF, 7);
	ends(t, 0, DROP_TOO_BIG);
	router_udp6(&t->in, 2, HOST_IP6(1), 8000);
	ends(t, 2, DROP_TOO_BIG);
	assert_int_equal(t->r->worker.pipeline.counters.copies, 0);
	/* What dies here is not too big. */
	packet_head6(&t->in)[7] = 1;
	ends(t, 2, DROP_TTL_EXPIRED);
}

/* ip6-blackhole, icmp6-no-route, -unreachable-route, -prohibit-route */
static void routes_that_lead_nowhere_end_packets(void **state)
{
	struct road *t = *state;

	router_udp6(&t->in, 0, FAR, 64);
	ends(t, 0, DROP_NO_ROUTE);
	router_route_kind6(t->r, FAR, 128, NH_UNREACHABLE);
	ends(t, 0, DROP_UNREACHABLE);
	router_route_kind6(t->r, FAR, 128, NH_PROHIBIT);
	ends(t, 0, DROP_PROHIBIT);
	router_route6(t->r, IP6(0, 0), 0, 1, HOST_IP6(1));
	router_route_kind6(t->r, FAR, 128, NH_BLACKHOLE);
	road_ends(t, 0, DROP_BLACKHOLE);
}

static void a_port_that_is_down_takes_nothing(void **state)
{
	struct road *t = *state;

	t->r->iface[0].up = false;
	router_publish(t->r);
	to_host(t);
	road_ends(t, 0, DROP_IFACE_DOWN);
	router_ip6(&t->in, 0, &(struct packet_ip6){.dst = IP6_ALL_NODES}, 64);
	road_ends(t, 0, DROP_IFACE_DOWN);
}

static void long_frames_end_like_short_ones(void **state)
{
	static const struct router_config cfg = {.mtu = {9000, 9000, 9000}};
	struct road *t = road_open(&cfg);

	*state = t;
	router_udp6(&t->in, 0, HOST_IP6(1), 8000);
	packet_head6(&t->in)[0] = 0x50;
	road_ends(t, 0, DROP_IP_VERSION);
	router_udp6(&t->in, 0, HOST_IP6(1), 8000);
	t->in.len--;
	road_ends(t, 0, DROP_IP_HEADER);
	router_ip6(&t->in, 0, &(struct packet_ip6){.src = {0, 1}, .dst = HOST_IP6(1)}, 8000);
	road_ends(t, 0, DROP_MARTIAN_SOURCE);
	router_ip6(&t->in, 0, &(struct packet_ip6){.dst = {0xff02ull << 48, 0x99}}, 8000);
	road_ends(t, 0, DROP_MULTICAST);
	router_udp6(&t->in, 0, HOST_IP6(1), 8000);
	mac_store(t->in.bytes, ip6_group_mac(HOST_IP6(1)));
	road_ends(t, 0, DROP_L2_GROUP);
}

static void the_last_drop_is_kept_as_an_example(void **state)
{
	struct road *t = *state;
	const struct drop_example *e = &t->r->worker.pipeline.example[0][DROP_NO_ROUTE];

	router_udp6(&t->in, 0, FAR, 8);
	router_send(t->r, 0, &t->in); /* an answer may be made in the frame of the packet */
	router_drain(t->r);
	assert_int_equal(e->len, 48);
	assert_int_equal(e->type, ETHERTYPE_IP6);
	assert_memory_equal(e->bytes, packet_head6(&t->in), 48);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(what_is_not_for_the_router_is_not_forwarded),
		road_test(contradicting_headers_are_dropped),
		road_test(sources_that_are_nobodys_are_dropped),
		road_test(a_link_local_source_is_ours_on_its_link_only),
		road_test(destinations_that_are_nobodys_are_dropped),
		road_test(a_hop_limit_that_is_used_up_ends_the_packet),
		road_test(a_link_local_source_stays_on_its_link),
		cmocka_unit_test_teardown(what_is_too_long_is_never_cut, road_teardown),
		road_test(routes_that_lead_nowhere_end_packets),
		road_test(a_port_that_is_down_takes_nothing),
		cmocka_unit_test_teardown(long_frames_end_like_short_ones, road_teardown),
		road_test(the_last_drop_is_kept_as_an_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
