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

static void to_host(struct road *t)
{
	router_udp(&t->in, 0, HOST_IP(1), 64);
}

static void set_type(struct road *t, uint16_t type)
{
	store16(t->in.bytes + 12, ETHERTYPE_BE(type));
}

/* eth-other-mac, -bcast-mac, -mcast-mac; icmp4-no-error-l2-broadcast */
static void other_stations_packets_are_not_forwarded(void **state)
{
	struct road *t = *state;

	for (uint8_t ttl = 1; ttl < 3; ttl++) {
		to_host(t);
		packet_head4(&t->in)[8] = ttl;
		packet_fix_ip4(&t->in);
		mac_store(t->in.bytes, ROUTER_MAC(1));
		road_ends(t, 0, DROP_OTHER_MAC);
		mac_store(t->in.bytes, MAC_BROADCAST);
		road_ends(t, 0, DROP_L2_GROUP);
		mac_store(t->in.bytes, 0x0100005e0001ull);
		road_ends(t, 0, DROP_L2_GROUP);
	}
}

/* eth-unknown-type, -length-frame, -mismatched-type */
static void other_protocols_are_not_forwarded(void **state)
{
	struct road *t = *state;

	to_host(t);
	set_type(t, 0x88b5);
	road_ends(t, 0, DROP_ETHERTYPE);
	set_type(t, 92);
	road_ends(t, 0, DROP_ETHERTYPE);
	set_type(t, 0x86dd);
	road_ends(t, 0, DROP_IP_VERSION);
	set_type(t, 0x0800);
	packet_head4(&t->in)[0] = 0x60;
	road_ends(t, 0, DROP_IP_VERSION);
	to_host(t);
	road_forwards(t, 0, 1);
}

/* eth-runts, arp-truncated: every length of every type, and then a good packet. */
static void runts_do_no_harm(void **state)
{
	static const uint16_t type[] = {0x0800, 0x0806, 0x86dd, 0x8100, 0x88a8, 0};
	struct road *t = *state;

	for (uint32_t len = 0; len <= 60; len++) {
		for (size_t i = 0; i < ARRAY_SIZE(type); i++) {
			packet_arp(&t->in, &(struct packet_arp){.dst = ROUTER_MAC(0),
			                                        .sender_mac = HOST_MAC(0, 2),
			                                        .sender = HOST_IP(0),
			                                        .target = ROUTER_IP(0),
			                                        .op = 1});
			set_type(t, type[i]);
			t->in.len = len;
			router_send(t->r, 0, &t->in);
			assert_int_equal(router_drain(t->r), type[i] == 0x0806 && len >= 42);
		}
	}
	assert_int_equal(router_count(t->r, DROP_SHORT), 14 * 6 + 20 + 40);
	assert_int_equal(router_count(t->r, DROP_ARP_BAD), 28);
	to_host(t);
	road_forwards(t, 0, 1);
}

/* arp-bad-hwtype, -bad-lengths */
static void malformed_arp_is_not_answered(void **state)
{
	static const struct {
		uint8_t at, value;
	} bad[] = {{1, 7},  {0, 1}, {2, 0x86}, {3, 6}, {4, 5}, {4, 8}, {4, 255},
	           {5, 16}, {5, 0}, {7, 0},    {7, 3}, {6, 1}, {8, 1}};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		packet_arp(&t->in, &(struct packet_arp){.dst = MAC_BROADCAST,
		                                        .sender_mac = HOST_MAC(0, 2),
		                                        .sender = HOST_IP(0),
		                                        .target = ROUTER_IP(0),
		                                        .op = 1});
		t->in.bytes[14 + bad[i].at] = bad[i].value;
		road_ends(t, 0, DROP_ARP_BAD);
	}
}

/* ip4-bad-cksum, -zero-cksum */
static void wrong_header_checksums_are_dropped(void **state)
{
	struct road *t = *state;
	uint16_t right;

	to_host(t);
	right = load16(packet_head4(&t->in) + 10);
	for (int bit = 0; bit < 16; bit++) {
		store16(packet_head4(&t->in) + 10, (uint16_t)(right ^ 1 << bit));
		road_ends(t, 0, DROP_IP_CHECKSUM);
	}
	store16(packet_head4(&t->in) + 10, 0);
	road_ends(t, 0, DROP_IP_CHECKSUM);
}

/* ip4-version-*, -ihl-short, -ihl-long, -len-short: with right checksums */
static void contradicting_headers_are_dropped(void **state)
{
	static const uint16_t total[] = {0, 8, 19, 85, 65535};
	struct road *t = *state;

	for (uint8_t version = 0; version < 16; version++) {
		to_host(t);
		packet_head4(&t->in)[0] = (uint8_t)(version << 4 | 5);
		packet_fix_ip4(&t->in);
		if (version != 4)
			road_ends(t, 0, DROP_IP_VERSION);
	}
	for (uint8_t ihl = 0; ihl < 5; ihl++) {
		to_host(t);
		packet_head4(&t->in)[0] = (uint8_t)(0x40 | ihl);
		packet_fix_ip4(&t->in);
		road_ends(t, 0, DROP_IP_HEADER);
	}
	for (uint8_t ihl = 8; ihl < 16; ihl++) {
		router_ip4(&t->in, 0, &(struct packet_ip4){.dst = HOST_IP(1)}, 8);
		memset(t->in.bytes + t->in.len, 0, 60);
		t->in.len = 100;
		packet_head4(&t->in)[0] = (uint8_t)(0x40 | ihl);
		packet_fix_ip4(&t->in);
		road_ends(t, 0, DROP_IP_HEADER);
	}
	for (size_t i = 0; i < ARRAY_SIZE(total); i++) {
		to_host(t);
		store16(packet_head4(&t->in) + 2, __builtin_bswap16(total[i]));
		packet_fix_ip4(&t->in);
		road_ends(t, 0, DROP_IP_HEADER);
	}
}

/* martians-src-*, icmp4-no-error-src-*; the last ones are the router's and its subnets' */
static void sources_that_are_nobodys_are_dropped(void **state)
{
	static const uint32_t src[] = {
		IP(0, 1, 2, 3),         IP(0, 0, 0, 1),    IP(127, 0, 0, 1),
		IP(127, 255, 255, 254), IP(224, 0, 0, 1),  IP(224, 0, 0, 9),
		IP(239, 255, 255, 255), IP(240, 0, 0, 1),  IP(255, 255, 255, 255),
		IP(169, 254, 1, 1),     IP(10, 0, 0, 255), IP(10, 0, 0, 0),
		IP(10, 0, 2, 255),      ROUTER_IP(0),      ROUTER_IP(1),
	};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(src); i++) {
		for (uint8_t ttl = 1; ttl < 3; ttl++) {
			router_ip4(
				&t->in, 0,
				&(struct packet_ip4){.src = src[i], .dst = HOST_IP(1), .ttl = ttl},
				64);
			road_ends(t, 0, DROP_MARTIAN_SOURCE);
		}
	}
	router_ip4(&t->in, 0, &(struct packet_ip4){.src = 1, .dst = HOST_IP(1)}, 64);
	store32(packet_head4(&t->in) + 12, 0);
	packet_fix_ip4(&t->in);
	road_ends(t, 0, DROP_MARTIAN_SOURCE);
}

/* martians-land: also as an echo request, that would otherwise be answered for ever */
static void a_packet_from_the_router_to_the_router_is_dropped(void **state)
{
	struct road *t = *state;

	router_ip4(&t->in, 0, &(struct packet_ip4){.src = ROUTER_IP(0), .dst = ROUTER_IP(0)}, 64);
	road_ends(t, 0, DROP_MARTIAN_SOURCE);
	router_ip4(&t->in, 0,
	           &(struct packet_ip4){
			   .src = ROUTER_IP(1), .dst = ROUTER_IP(0), .proto = IP_PROTO_ICMP},
	           64);
	packet_icmp(&t->in, ICMP4_ECHO, 0);
	road_ends(t, 0, DROP_MARTIAN_SOURCE);
}

/* martians-dst-*, ip4-limited-bcast, -directed-bcast, -mcast-local, icmp4-echo-broadcast,
 * icmp4-no-error-dst-multicast, -bcast-port: with a default route that would take them */
static void destinations_that_are_nobodys_are_dropped(void **state)
{
	static const struct {
		uint32_t dst;
		enum verdict v;
	} want[] = {
		{IP(0, 0, 0, 0), DROP_MARTIAN_DEST},
		{IP(0, 1, 2, 3), DROP_MARTIAN_DEST},
		{IP(127, 9, 9, 9), DROP_MARTIAN_DEST},
		{IP(169, 254, 1, 1), DROP_MARTIAN_DEST},
		{IP(240, 0, 0, 1), DROP_MARTIAN_DEST},
		{IP(255, 255, 255, 254), DROP_MARTIAN_DEST},
		{IP(255, 255, 255, 255), DROP_BROADCAST},
		{IP(10, 0, 1, 255), DROP_BROADCAST},
		{IP(10, 0, 1, 0), DROP_BROADCAST},
		{IP(10, 0, 0, 255), DROP_BROADCAST},
		{IP(224, 0, 0, 5), DROP_MULTICAST},
		{IP(239, 1, 2, 3), DROP_MULTICAST},
	};
	struct road *t = *state;

	router_route(t->r, 0, 0, 1, HOST_IP(1));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		for (uint8_t ttl = 1; ttl < 3; ttl++) {
			router_ip4(&t->in, 0, &(struct packet_ip4){.dst = want[i].dst, .ttl = ttl},
			           64);
			road_ends(t, 0, want[i].v);
			router_ip4(&t->in, 0,
			           &(struct packet_ip4){
					   .dst = want[i].dst, .ttl = ttl, .proto = IP_PROTO_ICMP},
			           64);
			packet_icmp(&t->in, ICMP4_ECHO, 0);
			road_ends(t, 0, want[i].v);
		}
	}
}

/* ip4-blackhole, ip4-blackhole-default */
static void a_blackhole_does_not_fall_to_the_default(void **state)
{
	struct road *t = *state;

	router_route(t->r, 0, 0, 1, HOST_IP(1));
	router_route_kind(t->r, IP(198, 18, 0, 0), 16, NH_BLACKHOLE);
	router_udp(&t->in, 0, IP(198, 18, 1, 1), 64);
	road_ends(t, 0, DROP_BLACKHOLE);
}

static void a_port_that_is_down_takes_nothing(void **state)
{
	struct road *t = *state;

	t->r->iface[0].up = false;
	router_publish(t->r);
	to_host(t);
	road_ends(t, 0, DROP_IFACE_DOWN);
	packet_arp(&t->in, &(struct packet_arp){.dst = MAC_BROADCAST,
	                                        .sender_mac = HOST_MAC(0, 2),
	                                        .sender = HOST_IP(0),
	                                        .target = ROUTER_IP(0),
	                                        .op = 1});
	road_ends(t, 0, DROP_IFACE_DOWN);
	t->r->iface[0].up = true;
	router_publish(t->r);
	router_pass(t->r, 2 * NS_PER_SEC);
	router_drain(t->r);
	to_host(t);
	road_forwards(t, 0, 1);
}

static void the_last_drop_is_kept_as_an_example(void **state)
{
	struct road *t = *state;
	const struct drop_example *e = &t->r->worker.pipeline.example[0][DROP_TTL_EXPIRED];

	router_udp(&t->in, 0, HOST_IP(1), 30);
	packet_head4(&t->in)[8] = 1;
	packet_fix_ip4(&t->in);
	router_send(t->r, 0, &t->in); /* the answer is made in the frame of the packet */
	assert_int_equal(router_drain(t->r), 1);
	assert_int_equal(e->len, 50);
	assert_int_equal(e->type, ETHERTYPE_IP4);
	assert_memory_equal(e->bytes, packet_head4(&t->in), 50);
	assert_int_equal(e->seq % 2, 0);
	t->in.len = 20;
	road_ends(t, 0, DROP_SHORT);
	e = &t->r->worker.pipeline.example[0][DROP_SHORT];
	assert_int_equal(e->len, 6);
	assert_memory_equal(e->bytes, packet_head4(&t->in), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(other_stations_packets_are_not_forwarded),
		road_test(other_protocols_are_not_forwarded),
		road_test(runts_do_no_harm),
		road_test(malformed_arp_is_not_answered),
		road_test(wrong_header_checksums_are_dropped),
		road_test(contradicting_headers_are_dropped),
		road_test(sources_that_are_nobodys_are_dropped),
		road_test(a_packet_from_the_router_to_the_router_is_dropped),
		road_test(destinations_that_are_nobodys_are_dropped),
		road_test(a_blackhole_does_not_fall_to_the_default),
		road_test(a_port_that_is_down_takes_nothing),
		road_test(the_last_drop_is_kept_as_an_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
