/* SPDX-License-Identifier: BSD-2-Clause */
/* Fragments of IPv6 to the router (RFC 8200 4.5, RFC 5722, RFC 6946, RFC 7112). */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "road.h"

static struct packet whole;
static uint32_t ident;

/* An echo request to the router with @size bytes of ICMPv6, to be sent in pieces, of which none is
 * like those before. */
static void echo(uint32_t size)
{
	router_ip6(&whole, 0, &(struct packet_ip6){.dst = ROUTER_IP6(0), .next = IP6_ICMP}, size);
	packet_icmp(&whole, ICMP6_ECHO, 0);
	ident++;
}

/* Set t->in to bytes [@at, @at + @len) of what follows the IPv6 header of @whole. */
static void cut(struct road *t, uint32_t at, uint32_t len, bool more)
{
	uint8_t *h = packet_head6(&t->in);

	memcpy(t->in.bytes, whole.bytes, 54);
	memcpy(t->in.bytes + 54, whole.bytes + 54 + at, len);
	t->in.len = 54 + len;
	h[4] = (uint8_t)(len >> 8);
	h[5] = (uint8_t)len;
	packet_frag6(&t->in, (uint16_t)(at | (more ? IP6_MF : 0)), ident);
}

static void give(struct road *t, uint32_t at, uint32_t len, bool more)
{
	cut(t, at, len, more);
	router_send(t->r, 0, &t->in);
}

/* The reply is there, with the request's data. */
static void replied(struct road *t)
{
	const uint8_t *m = packet_payload6(&whole), *a;
	uint32_t n = packet_payload6_len(&whole);

	a = road_icmp6(t, 0, ICMP6_ECHO_REPLY, 0);
	assert_ptr_equal(a, t->out.bytes + 54);
	assert_int_equal(packet_payload6_len(&t->out), n);
	assert_memory_equal(a + 4, m + 4, n - 4);
	assert_int_equal(ip6_hop_limit(packet_head6(&t->out)), 64);
	road_silent(t);
	router_run(t->r);
}

/* After whatever happened, pings are answered and packets forwarded. */
static void still_works(struct road *t)
{
	router_drain(t->r);
	echo(1452);
	give(t, 0, 1400, true);
	give(t, 1400, 52, false);
	replied(t);
	router_udp6(&t->in, 0, HOST_IP6(1), 100);
	road_forwards(t, 0, 1);
}

/* t->in is answered by parameter problem @code of octet @at, and quoted. */
static void problem(struct road *t, uint8_t code, uint32_t at)
{
	const uint8_t *m;

	router_send(t->r, 0, &t->in);
	m = road_icmp6(t, 0, ICMP6_PARAMETER, code);
	assert_int_equal(__builtin_bswap32(load32(m + 4)), at);
	assert_memory_equal(m + 8, packet_head6(&t->in), t->in.len < 1246 ? t->in.len - 14 : 1232);
	road_silent(t);
}

/* frag6-reassemble-1500 */
static void an_echo_in_two_fragments_is_answered(void **state)
{
	struct road *t = *state;

	for (uint32_t size = 1449; size <= 1460; size++) {
		for (uint32_t reverse = 0; reverse < 2; reverse++) {
			echo(size);
			give(t, reverse ? 1448 : 0, reverse ? size - 1448 : 1448, !reverse);
			road_silent(t);
			give(t, reverse ? 0 : 1448, reverse ? 1448 : size - 1448, reverse);
			replied(t);
		}
	}
	assert_int_equal(router_count(t->r, CONSUMED_FRAGMENT), 48);
	assert_int_equal(router_count(t->r, CONSUMED_ICMP_ECHO), 24);
	assert_int_equal(t->r->worker.pipeline.counters.moved, 0);
}

/* What came in many frames goes out as one packet, where the link takes that. */
static void long_echoes_are_answered(void **state)
{
	static const struct router_config cfg = {.mtu = {40000, 1500, 1500}, .frames = 1024};
	struct road *t = road_open(&cfg);

	*state = t;
	for (uint32_t size = 4008; size <= 36480; size += 4059) {
		echo(size);
		for (uint32_t at = 0; at < size; at += 1448)
			give(t, at, at + 1448 < size ? 1448 : size - at, at + 1448 < size);
		replied(t);
		for (uint32_t at = 0; at < size; at += 8944) /* fragments that are chains */
			give(t, at, at + 8944 < size ? 8944 : size - at, at + 8944 < size);
		replied(t);
	}
}

/* Headers before the fragment header stay, and the next header is the first fragment's. */
static void headers_before_and_behind_are_kept(void **state)
{
	static const uint8_t pad[30] = {1, 28}, little[6] = {1, 4};
	struct road *t = *state;

	echo(600);
	packet_ext6(&whole, IP6_DEST_OPTIONS, little, 6);
	for (uint32_t i = 0; i < 2; i++) {
		cut(t, i == 0 ? 0 : 304, 304, i == 0);
		if (i == 1) /* a next header that says nothing */
			packet_head6(&t->in)[40] = 200;
		packet_ext6(&t->in, IP6_DEST_OPTIONS, pad, 30);
		packet_ext6(&t->in, IP6_HOP_BY_HOP, pad, 30);
		router_send(t->r, 0, &t->in);
	}
	replied(t);
	cut(t, 0, 304, true); /* 72 octets are too many */
	packet_ext6(&t->in, IP6_DEST_OPTIONS, pad, 30);
	packet_ext6(&t->in, IP6_DEST_OPTIONS, pad, 30);
	packet_ext6(&t->in, IP6_DEST_OPTIONS, little, 6);
	road_ends(t, 0, DROP_FRAGMENT);
	/* What they say is obeyed of each fragment. */
	cut(t, 0, 304, true);
	packet_ext6(&t->in, IP6_DEST_OPTIONS, (const uint8_t[6]){0x9e, 4}, 6);
	problem(t, ICMP6_BAD_OPTION, 42);
}

/* RFC 6946: not mixed with fragments of the same identification, nor kept. */
static void atomic_fragments_are_packets_of_their_own(void **state)
{
	struct road *t = *state;

	echo(256);
	give(t, 0, 128, true);
	give(t, 0, 256, false);
	replied(t);
	give(t, 128, 128, false);
	replied(t);
	cut(t, 0, 256, false); /* frag6-nested */
	for (uint32_t i = 0; i < 4; i++)
		packet_frag6(&t->in, 0, i);
	router_send(t->r, 0, &t->in);
	replied(t);
	assert_int_equal(router_count(t->r, CONSUMED_FRAGMENT), 2);
}

/* frag6-nested: what is put together is a fragment again. */
static void a_fragment_within_a_whole_is_dropped(void **state)
{
	struct road *t = *state;

	echo(256);
	packet_frag6(&whole, IP6_MF, 77);
	give(t, 0, 128, true);
	give(t, 128, 136, false);
	road_silent(t);
	assert_int_equal(router_count(t->r, DROP_FRAGMENT), 1);
	echo(256);
	packet_frag6(&whole, 0, 77); /* that is all of it does no harm */
	give(t, 0, 128, true);
	give(t, 128, 136, false);
	road_icmp6(t, 0, ICMP6_ECHO_REPLY, 0);
	still_works(t);
}

/* frag6-overlap, -overlap-last (RFC 5722): no reply, whichever comes first, and nothing is said */
static void overlaps_end_the_datagram(void **state)
{
	struct road *t = *state;

	for (uint32_t shift = 8; shift <= 64; shift += 8) {
		for (uint32_t reverse = 0; reverse < 2; reverse++) {
			echo(256);
			if (!reverse)
				give(t, 0, 128, true);
			give(t, 128 - shift, 128 + shift, false);
			if (reverse)
				give(t, 0, 128, true);
			give(t, 128, 128, false); /* what would have made it whole */
			road_silent(t);
		}
	}
	assert_int_equal(router_count(t->r, DROP_FRAGMENT), 2 * 16);
	assert_int_equal(t->r->worker.pipeline.reass.held, 0);
	router_pass(t->r, 61 * NS_PER_SEC);
	road_silent(t);
	still_works(t);
}

/* RFC 8200 4.5: exact repetitions may be ignored. */
static void a_fragment_sent_twice_does_no_harm(void **state)
{
	struct road *t = *state;

	echo(300);
	give(t, 104, 104, true);
	give(t, 104, 104, true);
	give(t, 208, 92, false);
	give(t, 208, 92, false);
	give(t, 0, 104, true);
	replied(t);
}

/* frag6-odd-length, -too-long */
static void lengths_that_cannot_be_are_told(void **state)
{
	struct road *t = *state;

	echo(1400);
	for (uint32_t len = 121; len < 128; len++) {
		cut(t, 0, len, true);
		problem(t, ICMP6_BAD_FIELD, 4);
		cut(t, 128, len, true);
		problem(t, ICMP6_BAD_FIELD, 4);
	}
	for (uint32_t len = 8; len <= 1400; len += 8) {
		cut(t, 0, len, false);
		packet_payload6(&t->in)[-6] = 0xff; /* offset 65528 */
		packet_payload6(&t->in)[-5] = 0xf8;
		problem(t, ICMP6_BAD_FIELD, 42);
	}
	cut(t, 0, 7, false); /* to the last octet there can be */
	packet_payload6(&t->in)[-6] = 0xff;
	packet_payload6(&t->in)[-5] = 0xf8;
	road_ends(t, 0, DROP_FRAGMENT);
	still_works(t);
}

/* frag6-header-chain: RFC 7112 5 */
static void a_first_fragment_without_all_headers_is_told(void **state)
{
	static const uint8_t pad[62] = {1, 60};
	struct road *t = *state;

	for (uint32_t len = 8; len <= 64; len += 8) {
		echo(256);
		packet_ext6(&whole, IP6_DEST_OPTIONS, pad, sizeof(pad));
		cut(t, 0, len, true);
		if (len < 64)
			problem(t, ICMP6_BAD_FIRST_FRAGMENT, 0);
		else /* ICMPv6, and perhaps an error */
			road_ends(t, 0, DROP_FRAGMENT);
	}
	router_ip6(&whole, 0, &(struct packet_ip6){.dst = ROUTER_IP6(0), .next = IP_PROTO_TCP}, 60);
	for (uint32_t len = 8; len < 24; len += 8) {
		cut(t, 0, len, true);
		problem(t, ICMP6_BAD_FIRST_FRAGMENT, 0);
	}
	assert_int_equal(t->r->worker.pipeline.reass.held, 0);
	still_works(t);
}

/* frag6-truncated */
static void fragment_headers_cut_short_do_no_harm(void **state)
{
	struct road *t = *state;

	for (uint32_t len = 0; len < 9; len++) {
		echo(64);
		cut(t, len % 2 * 64, 8, true);
		packet_head6(&t->in)[5] = (uint8_t)len;
		t->in.len = 54 + len;
		router_send(t->r, 0, &t->in);
		router_drain(t->r);
		router_ip6(&t->in, 0,
		           &(struct packet_ip6){.dst = HOST_IP6(1), .next = IP6_FRAGMENT}, len);
		road_forwards(t, 0, 1);
	}
	still_works(t);
}

/* X-frag6-timeout, and IPv4's own time beside it */
static void a_first_fragment_alone_is_answered_in_time(void **state)
{
	struct road *t = *state;
	const uint8_t *m;

	echo(3000);
	give(t, 1448, 1448, true); /* without the first one nothing is said */
	echo(3000);
	give(t, 0, 1448, true);
	router_ip4(&t->out, 0, &(struct packet_ip4){.dst = ROUTER_IP(0), .frag = IP4_MF}, 800);
	router_send(t->r, 0, &t->out);
	router_pass(t->r, 31 * NS_PER_SEC);
	road_icmp(t, 0, ICMP4_TIME_EXCEEDED, ICMP4_REASSEMBLY_TIME);
	router_pass(t->r, 28 * NS_PER_SEC);
	road_silent(t);
	router_pass(t->r, 2 * NS_PER_SEC);
	m = road_icmp6(t, 0, ICMP6_TIME_EXCEEDED, ICMP6_REASSEMBLY_TIME);
	assert_int_equal(t->out.len, 14 + 1280);
	assert_memory_equal(m + 8, packet_head6(&t->in), 1232); /* as it came in */
	road_silent(t);
	assert_int_equal(router_count(t->r, DROP_REASSEMBLY), 3);
	assert_int_equal(t->r->worker.pipeline.reass.held, 0);
	still_works(t);
}

/* frag6-flood (CVE-2018-5391): 3000 packets begun, by one host with all addresses of its subnet */
static void a_flood_of_first_fragments_starves_nobody(void **state)
{
	struct road *t = *state;

	t->r->worker.pipeline.reass.seed = 1; /* with which the two do not share a slot */
	echo(256);
	give(t, 0, 128, true);
	for (uint32_t i = 0; i < 3000; i++) {
		struct packet_ip6 f = {.src = IP6(0x20010db800990000, 1 + i), .dst = ROUTER_IP6(0)};

		router_ip6(&t->in, 0, &f, 1400);
		packet_frag6(&t->in, IP6_MF, i);
		router_send(t->r, 0, &t->in);
		if (i % 100 != 0)
			continue;
		router_udp6(&t->in, 0, HOST_IP6(1), 100);
		road_forwards(t, 0, 1);
	}
	assert_int_equal(t->r->worker.pipeline.reass.held, REASS_PER_SOURCE + 1);
	give(t, 128, 128, false);
	replied(t);
	assert_int_equal(router_count(t->r, DROP_NO_FRAME), 0);
}

/* Send an echo request in two fragments with these ECN codepoints. */
static void give_marked(struct road *t, uint8_t first, uint8_t second)
{
	echo(300);
	for (uint32_t i = 0; i < 2; i++) {
		cut(t, i * 200, i == 0 ? 200 : 100, i == 0);
		packet_head6(&t->in)[1] |= (uint8_t)((i == 0 ? first : second) << 4);
		router_send(t->r, 0, &t->in);
	}
}

/* RFC 3168 5.3 */
static void congestion_that_a_fragment_met_is_not_forgotten(void **state)
{
	struct road *t = *state;

	give_marked(t, 2, 3);
	replied(t);
	assert_int_equal(packet_head6(&t->out)[1] >> 4, 3);
	give_marked(t, 2, 2);
	replied(t);
	assert_int_equal(packet_head6(&t->out)[1] >> 4, 2);
	give_marked(t, 0, 3);
	road_silent(t);
	assert_int_equal(router_count(t->r, DROP_FRAGMENT), 1);
}

/* RFC 6980: neighbour discovery never comes in fragments. To a group nothing is said. */
static void groups_get_fragments_too(void **state)
{
	struct road *t = *state;

	router_ip6(&whole, 0, &(struct packet_ip6){.dst = IP6_ALL_NODES, .next = IP6_ICMP}, 256);
	packet_icmp(&whole, ICMP6_ECHO, 0);
	give(t, 0, 128, true);
	give(t, 128, 128, false);
	replied(t);
	packet_icmp(&whole, ICMP6_NS, 0);
	ident++;
	give(t, 0, 128, true);
	give(t, 128, 128, false);
	road_silent(t);
	give(t, 0, 256, false);
	road_silent(t);
	assert_int_equal(router_count(t->r, DROP_ND_BAD), 2);
	cut(t, 0, 121, true);
	road_ends(t, 0, DROP_FRAGMENT);
	ident++;
	give(t, 0, 128, true);
	router_pass(t->r, 61 * NS_PER_SEC);
	road_silent(t);
}

/* RFC 4007 6: link-local addresses of two links are of two nodes, though they look the same. Of
 * other addresses fragments may come by any link. */
static void fragments_of_two_links_have_nothing_in_common(void **state)
{
	struct road *t = *state;
	struct packet_ip6 f = {.src = HOST_LINK6(0), .dst = IP6_ALL_NODES, .next = IP6_ICMP};

	router_ip6(&whole, 0, &f, 256);
	packet_icmp(&whole, ICMP6_ECHO, 0);
	give(t, 0, 128, true);
	cut(t, 128, 128, false);
	router_send(t->r, 1, &t->in);
	road_silent(t);
	give(t, 128, 128, false);
	replied(t);
	f.src = HOST_IP6(0);
	router_ip6(&whole, 0, &f, 256);
	packet_icmp(&whole, ICMP6_ECHO, 0);
	ident++;
	give(t, 0, 128, true);
	cut(t, 128, 128, false);
	router_send(t->r, 1, &t->in);
	replied(t);
}

/* Two workers, each with a queue of the port: which has the store is not for the queue to say. */
static void fragments_meet_whatever_queue_they_come_by(void **state)
{
	static const struct router_config cfg = {.workers = 2, .queues = {2, 1, 1}, .frames = 4096};
	struct road *t = road_open(&cfg);

	*state = t;
	for (uint32_t i = 0; i < 16; i++) {
		router_ip6(&whole, 0,
		           &(struct packet_ip6){.src = NET_IP6(0, 0x100 + i),
		                                .dst = ROUTER_IP6(0),
		                                .next = IP6_ICMP},
		           256);
		packet_icmp(&whole, ICMP6_ECHO, 0);
		router_static6(t->r, 0, NET_IP6(0, 0x100 + i), HOST_MAC(0, 2));
		ident++;
		cut(t, 0, 128, true);
		assert_true(router_inject_at(t->r, 0, i % 2, t->in.bytes, t->in.len));
		router_run(t->r);
		cut(t, 128, 128, false);
		packet_head6(&t->in)[3] ^= 7; /* another flow label */
		assert_true(router_inject_at(t->r, 0, 1 - i % 2, t->in.bytes, t->in.len));
		router_run(t->r);
		replied(t);
	}
	assert_true(t->r->workers[0].pipeline.counters.handed_over > 0);
	assert_true(t->r->workers[1].pipeline.counters.handed_over > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(an_echo_in_two_fragments_is_answered),
		cmocka_unit_test_teardown(long_echoes_are_answered, road_teardown),
		road_test(headers_before_and_behind_are_kept),
		road_test(atomic_fragments_are_packets_of_their_own),
		road_test(a_fragment_within_a_whole_is_dropped),
		road_test(overlaps_end_the_datagram),
		road_test(a_fragment_sent_twice_does_no_harm),
		road_test(lengths_that_cannot_be_are_told),
		road_test(a_first_fragment_without_all_headers_is_told),
		road_test(fragment_headers_cut_short_do_no_harm),
		road_test(a_first_fragment_alone_is_answered_in_time),
		road_test(a_flood_of_first_fragments_starves_nobody),
		road_test(congestion_that_a_fragment_met_is_not_forgotten),
		road_test(groups_get_fragments_too),
		road_test(fragments_of_two_links_have_nothing_in_common),
		cmocka_unit_test_teardown(fragments_meet_whatever_queue_they_come_by,
	                                  road_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
