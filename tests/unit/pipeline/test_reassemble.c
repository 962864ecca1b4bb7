/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "pieces.h"

static struct packet whole;
static struct pieces pieces;

/* An echo request to the router with @size bytes of ICMP, to be sent in pieces. */
static void echo(uint16_t id, uint32_t size)
{
	router_ip4(&whole, 0,
	           &(struct packet_ip4){.dst = ROUTER_IP(0), .proto = IP_PROTO_ICMP, .id = id},
	           size);
	packet_icmp(&whole, ICMP4_ECHO, 0);
}

/* Send bytes [@at, @at + @len) of the request. */
static void give(struct road *t, uint32_t at, uint32_t len, bool more)
{
	pieces_cut(&t->in, &whole, at, len, more);
	router_send(t->r, 0, &t->in);
}

/* The reply is there, whole or in pieces, with the request's data. */
static void replied(struct road *t)
{
	uint32_t n = packet_payload4_len(&whole), at = 0, frag;

	do {
		road_out(t, 0);
		frag = ip4_frag(packet_head4(&t->out));
		assert_int_equal((frag & IP4_OFFSET) * 8, at);
		memcpy(pieces.bytes + at, packet_payload4(&t->out), packet_payload4_len(&t->out));
		at += packet_payload4_len(&t->out);
	} while (frag & IP4_MF);
	assert_int_equal(at, n);
	assert_int_equal(pieces.bytes[0], ICMP4_ECHO_REPLY);
	assert_int_equal(packet_sum(pieces.bytes, n), 0xffff);
	assert_memory_equal(pieces.bytes + 4, packet_payload4(&whole) + 4, n - 4);
	assert_int_equal(packet_head4(&t->out)[8], 64);
	road_silent(t);
	router_run(t->r);
}

/* After whatever happened, pings are answered and packets forwarded. */
static void still_works(struct road *t)
{
	router_drain(t->r);
	echo(9999, 2000);
	give(t, 0, 1480, true);
	give(t, 1480, 520, false);
	replied(t);
	router_udp(&t->in, 0, HOST_IP(1), 100);
	road_forwards(t, 0, 1);
}

/* frag4-reassemble */
static void an_echo_in_two_fragments_is_answered(void **state)
{
	struct road *t = *state;
	uint64_t copies = t->r->worker.pipeline.counters.copies;

	for (uint32_t size = 1481; size < 1480 + 1480; size += 13) {
		echo((uint16_t)size, size);
		give(t, 0, 1480, true);
		road_silent(t);
		give(t, 1480, size - 1480, false);
		replied(t);
	}
	assert_int_equal(router_count(t->r, CONSUMED_FRAGMENT), 2 * 114);
	assert_int_equal(router_count(t->r, CONSUMED_ICMP_ECHO), 114);
	assert_int_equal(t->r->worker.pipeline.counters.copies - copies, 2 * 114);
	assert_int_equal(t->r->worker.pipeline.counters.moved, 0);
}

/* frag4-reassemble-reverse */
static void in_reverse_order_too(void **state)
{
	struct road *t = *state;

	echo(1, 256);
	for (uint32_t i = 4; i-- > 0;) {
		road_silent(t);
		give(t, i * 64, 64, i < 3);
	}
	replied(t);
}

/* frag4-reassemble-dup */
static void a_fragment_sent_twice_does_no_harm(void **state)
{
	struct road *t = *state;

	for (uint32_t twice = 0; twice < 3; twice++) {
		echo((uint16_t)twice, 300);
		for (uint32_t i = 0; i < 3; i++) {
			give(t, i * 104, i < 2 ? 104 : 92, i < 2);
			if (i == twice && i < 2)
				give(t, i * 104, 104, true);
		}
		replied(t);
	}
}

/* frag4-reassemble-large, and beyond: the reply is cut as the link wants it */
static void long_echoes_are_answered_in_fragments(void **state)
{
	struct road *t = *state;

	for (uint32_t size = 4008; size <= 36480; size += 4059) {
		echo((uint16_t)size, size);
		for (uint32_t at = 0; at < size; at += 1480)
			give(t, at, at + 1480 < size ? 1480 : size - at, at + 1480 < size);
		replied(t);
	}
}

/* frag4-jumbo-in: fragments that are chains, and a reply that goes out as one */
static void jumbo_fragments_become_jumbo_replies(void **state)
{
	const struct router_config cfg = {.mtu = {9000, 1500, 1500}};
	struct road *t = road_open(&cfg);

	*state = t;
	echo(1, 2980);
	router_send(t->r, 0, &whole);
	replied(t);
	for (uint32_t size = 8977; size <= 20000; size += 1111) {
		echo((uint16_t)size, size);
		for (uint32_t at = 0; at < size; at += 8976)
			give(t, at, at + 8976 < size ? 8976 : size - at, at + 8976 < size);
		replied(t);
	}
	echo(2, 8000); /* two halves, in one packet out */
	give(t, 4000, 4000, false);
	give(t, 0, 4000, true);
	replied(t);
	assert_int_equal(t->out.len, 8034);
}

/* frag4-overlap (RFC 1858, CVE-2018-5391): no reply of mixed data, whichever comes first */
static void overlaps_end_the_datagram(void **state)
{
	struct road *t = *state;

	for (uint32_t shift = 8; shift <= 64; shift += 8) {
		for (uint32_t reverse = 0; reverse < 2; reverse++) {
			echo((uint16_t)(shift * 2 + reverse), 256);
			if (!reverse)
				give(t, 0, 128, true);
			packet_payload4(&whole)[130 - shift] ^= 0xff;
			give(t, 128 - shift, 128 + shift, false);
			packet_payload4(&whole)[130 - shift] ^= 0xff;
			if (reverse)
				give(t, 0, 128, true);
			give(t, 128, 128, false); /* what would have made it whole */
			road_silent(t);
		}
	}
	assert_int_equal(router_count(t->r, DROP_FRAGMENT), 2 * 16);
	still_works(t);
	assert_int_equal(t->r->worker.pipeline.reass.held, 0);
}

/* The same bytes' place with other bytes: not a repetition. */
static void a_changed_repetition_ends_the_datagram(void **state)
{
	struct road *t = *state;

	echo(1, 256);
	give(t, 0, 128, true);
	packet_payload4(&whole)[100] ^= 1;
	give(t, 0, 128, true);
	packet_payload4(&whole)[100] ^= 1;
	give(t, 128, 128, false);
	road_silent(t);
	assert_int_equal(router_count(t->r, DROP_FRAGMENT), 2);
	/* When its time is up the poisoned one is forgotten, and nothing is said. */
	router_pass(t->r, 31 * NS_PER_SEC);
	road_silent(t);
	give(t, 0, 128, true);
	give(t, 128, 128, false);
	replied(t);
}

/* frag4-ping-of-death (CVE-1999-0128) */
static void beyond_65535_bytes_nothing_is_answered(void **state)
{
	struct road *t = *state;

	echo(1, 1480);
	for (uint32_t at = 0; at <= 65120; at += 1480) {
		pieces_cut(&t->in, &whole, 0, 1480, true);
		pieces_put16(packet_head4(&t->in) + 6, IP4_MF | at / 8);
		packet_fix_ip4(&t->in);
		router_send(t->r, 0, &t->in);
	}
	pieces_cut(&t->in, &whole, 0, 1480, false);
	pieces_put16(packet_head4(&t->in) + 6, 8189);
	packet_fix_ip4(&t->in);
	router_send(t->r, 0, &t->in);
	road_silent(t);
	assert_true(router_count(t->r, DROP_FRAGMENT) > 0);
	still_works(t);
}

/* frag4-teardrop (CVE-1999-0015): one fragment within another, and over its end */
static void enclosed_fragments_do_no_harm(void **state)
{
	struct road *t = *state;

	for (uint32_t i = 0; i < 20; i++) {
		echo((uint16_t)i, 256);
		give(t, 0, 64, true);
		give(t, 24, 4 + i, false);
		give(t, 0, 64, i % 2 != 0);
		give(t, 56, 16, true);
		give(t, 64, 192, false);
		road_silent(t);
	}
	still_works(t);
}

/* frag4-odd-length */
static void odd_lengths_are_dropped(void **state)
{
	struct road *t = *state;

	for (uint32_t len = 121; len < 128; len++) {
		echo((uint16_t)len, 256);
		give(t, 0, len, true);
		give(t, 128, 128, false);
	}
	road_silent(t);
	assert_int_equal(router_count(t->r, DROP_FRAGMENT), 7);
	still_works(t);
}

/* The first fragment of a datagram that never goes on, the @i-th of a flood. */
static void flood(struct road *t, uint32_t src, uint32_t i)
{
	router_ip4(&t->in, 0,
	           &(struct packet_ip4){
			   .src = src, .dst = ROUTER_IP(0), .id = (uint16_t)i, .frag = IP4_MF},
	           1480);
	router_send(t->r, 0, &t->in);
	if (i % 100 != 0)
		return;
	router_udp(&t->in, 0, HOST_IP(1), 100);
	road_forwards(t, 0, 1);
}

/* frag4-flood (CVE-2018-5391): 3000 datagrams begun, of one source and of many */
static void a_flood_of_first_fragments_starves_nobody(void **state)
{
	struct road *t = *state;

	for (uint32_t i = 0; i < 3000; i++)
		flood(t, HOST_IP(0), i);
	still_works(t);
	for (uint32_t i = 0; i < 3000; i++)
		flood(t, IP(10, 9, i >> 8, i), i);
	still_works(t);
	assert_int_equal(router_count(t->r, DROP_NO_FRAME), 0);
	assert_true(t->r->worker.pipeline.reass.held <= 512 / 16);
	assert_true(t->r->worker.pipeline.reass.evicted > 5000);
}

/* frag4-timeout (RFC 792, RFC 1122 3.3.2) */
static void a_first_fragment_alone_is_answered_in_time(void **state)
{
	struct road *t = *state;
	const uint8_t *m;

	echo(77, 3000);
	give(t, 0, 1480, true);
	router_pass(t->r, 29 * NS_PER_SEC);
	road_silent(t);
	router_pass(t->r, 2 * NS_PER_SEC);
	m = road_icmp(t, 0, ICMP4_TIME_EXCEEDED, ICMP4_REASSEMBLY_TIME);
	assert_int_equal(t->out.len, 14 + 576);
	assert_memory_equal(m + 8, packet_head4(&t->in), 548); /* as it came in */
	assert_int_equal(ip4_dst(packet_head4(&t->out)), HOST_IP(0));
	road_silent(t);
	assert_int_equal(router_count(t->r, DROP_REASSEMBLY), 1);
	assert_int_equal(t->r->worker.pipeline.reass.held, 0);
	still_works(t);
}

/* RFC 792: without the first fragment nothing is said. */
static void later_fragments_alone_end_in_silence(void **state)
{
	struct road *t = *state;

	for (uint32_t i = 1; i < 20; i++) {
		echo((uint16_t)i, 36000);
		give(t, i * 1480, 1480, true);
	}
	router_pass(t->r, 31 * NS_PER_SEC);
	road_silent(t);
	assert_int_equal(router_count(t->r, DROP_REASSEMBLY) + t->r->worker.pipeline.reass.evicted,
	                 19);
	assert_int_equal(t->r->worker.pipeline.reass.held, 0);
}

/* One half of an echo request of the @i-th host goes in, and waits for the router to run. */
static void half_of(struct road *t, uint32_t i, bool first)
{
	router_ip4(&whole, 0,
	           &(struct packet_ip4){.src = IP(10, 0, 0, 100 + i),
	                                .dst = ROUTER_IP(0),
	                                .proto = IP_PROTO_ICMP},
	           1000);
	packet_icmp(&whole, ICMP4_ECHO, 0);
	pieces_cut(&t->in, &whole, first ? 0 : 512, first ? 512 : 488, first);
	assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
}

/* A batch in which each fragment completes a datagram, and no answer finds room (I5). */
static void a_batch_of_last_fragments_overflows_no_list(void **state)
{
	const struct router_config cfg = {.frames = 2048};
	struct road *t = road_open(&cfg);

	*state = t;
	t->r->worker.pipeline.reass.seed = 3; /* no slot has too many of these sources */
	for (uint32_t i = 0; i < 64; i++) {
		router_static(t->r, 0, IP(10, 0, 0, 100 + i), HOST_MAC(0, 100 + i));
		half_of(t, i, true);
		router_run(t->r);
	}
	for (int k = 0; k < 64; k++) { /* the ring fills with other packets */
		router_udp(&t->in, 1, HOST_IP(0), 64);
		assert_true(router_inject(t->r, 1, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	for (uint32_t i = 0; i < 64; i++)
		half_of(t, i, false);
	router_run(t->r);
	assert_int_equal(router_count(t->r, CONSUMED_ICMP_ECHO), 64);
	assert_int_equal(router_count(t->r, DROP_TX_FULL), 64);
	assert_int_equal(router_drain(t->r), 64);
}

/* What is whole is treated like any packet to the router. */
static void wholes_are_answered_by_what_they_are(void **state)
{
	struct road *t = *state;
	const uint8_t *m;

	router_udp(&whole, 0, ROUTER_IP(0), 3000);
	for (uint32_t at = 0; at < 3000; at += 1000)
		give(t, at, 1000, at < 2000);
	m = road_icmp(t, 0, ICMP4_UNREACHABLE, ICMP4_PORT_UNREACHABLE);
	assert_int_equal(ip4_total_len(m + 8), 3020);
	assert_int_equal(router_count(t->r, CONSUMED_UNREACH), 1);
	road_silent(t);
}

/* A queue that closes takes nothing of what waits here along (I7). */
static void frames_that_wait_are_no_queues(void **state)
{
	struct road *t = *state;

	echo(5, 3000);
	give(t, 0, 1480, true);
	router_unplug(t->r, 1);
	assert_null(router_check(t->r));
	give(t, 1480, 1480, true);
	give(t, 2960, 40, false);
	replied(t);
}

/* Send an echo request in two fragments with these ECN codepoints. */
static void give_marked(struct road *t, uint8_t first, uint8_t second)
{
	echo((uint16_t)(first << 8 | second), 300);
	pieces_cut(&t->in, &whole, 0, 200, true);
	packet_head4(&t->in)[1] |= first;
	packet_fix_ip4(&t->in);
	router_send(t->r, 0, &t->in);
	pieces_cut(&t->in, &whole, 200, 100, false);
	packet_head4(&t->in)[1] |= second;
	packet_fix_ip4(&t->in);
	router_send(t->r, 0, &t->in);
}

/* RFC 3168 5.3 */
static void congestion_that_a_fragment_met_is_not_forgotten(void **state)
{
	struct road *t = *state;

	give_marked(t, 2, 3);
	replied(t);
	assert_int_equal(packet_head4(&t->out)[1], 3);
	give_marked(t, 3, 1);
	replied(t);
	assert_int_equal(packet_head4(&t->out)[1], 3);
	give_marked(t, 2, 2);
	replied(t);
	assert_int_equal(packet_head4(&t->out)[1], 2);
	/* Who does not speak of it cannot be told: dropped, as without marks. */
	give_marked(t, 0, 3);
	give_marked(t, 3, 0);
	road_silent(t);
	assert_int_equal(router_count(t->r, DROP_FRAGMENT), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(an_echo_in_two_fragments_is_answered),
		road_test(in_reverse_order_too),
		road_test(a_fragment_sent_twice_does_no_harm),
		road_test(long_echoes_are_answered_in_fragments),
		cmocka_unit_test_teardown(jumbo_fragments_become_jumbo_replies, road_teardown),
		road_test(overlaps_end_the_datagram),
		road_test(a_changed_repetition_ends_the_datagram),
		road_test(beyond_65535_bytes_nothing_is_answered),
		road_test(enclosed_fragments_do_no_harm),
		road_test(odd_lengths_are_dropped),
		road_test(a_flood_of_first_fragments_starves_nobody),
		road_test(a_first_fragment_alone_is_answered_in_time),
		road_test(later_fragments_alone_end_in_silence),
		cmocka_unit_test_teardown(a_batch_of_last_fragments_overflows_no_list,
	                                  road_teardown),
		road_test(wholes_are_answered_by_what_they_are),
		road_test(frames_that_wait_are_no_queues),
		road_test(congestion_that_a_fragment_met_is_not_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
