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

/* Answers of the router's own that are too long for their way: port 0 takes long packets, from a
 * host behind port 1, where the answers go. */

static struct packet whole; /* that the fragments make */

static int setup(void **state)
{
	static const struct router_config cfg = {.mtu = {40000, 1500, 1280}, .frames = 1024};

	*state = road_open(&cfg);
	return 0;
}

#define cut_test(f) cmocka_unit_test_setup_teardown(f, setup, road_teardown)

/* An echo request with @size bytes of ICMPv6 from the host of port @to, by port 0. */
static void echo(struct road *t, uint16_t to, uint32_t size)
{
	const struct packet_ip6 f = {
		.src = HOST_IP6(to), .dst = ROUTER_IP6(0), .tclass_flow = 0xa00000};

	router_ip6(&t->in, 0, &f, size);
	packet_icmp(&t->in, ICMP6_ECHO, 0);
}

/* The next fragment out of @port goes to its place in whole. Return: its fragment header's word. */
static uint32_t fragment(struct road *t, uint16_t port, uint32_t *id)
{
	const uint8_t *h = packet_head6(&t->out);
	uint32_t frag, n;

	road_out(t, port);
	assert_true(t->out.len <= 14 + 1280);
	assert_int_equal(h[6], IP6_FRAGMENT);
	assert_int_equal(h[7], 64);
	assert_int_equal(h[40], IP6_ICMP);
	assert_int_equal(h[41], 0);
	frag = (uint32_t)h[42] << 8 | h[43];
	n = ip6_payload_len(h) - 8;
	assert_int_equal(whole.len, 54 + (frag & IP6_OFFSET));
	assert_true((frag & IP6_MF) == 0 || n % 8 == 0);
	memcpy(whole.bytes + whole.len, h + 48, n);
	whole.len += n;
	*id = load32(h + 44);
	return frag;
}

/* t->in is answered by fragments out of @port that make the reply. Return: how many. */
static uint32_t answered(struct road *t, uint16_t port)
{
	uint32_t n = 0, id = 0, before = 0, frag = IP6_MF;
	const uint8_t *m = packet_payload6(&t->in), *a = whole.bytes + 54;

	whole.len = 54;
	router_send(t->r, 0, &t->in);
	for (; frag & IP6_MF; n++) {
		frag = fragment(t, port, &id);
		assert_true(n == 0 || id == before);
		before = id;
	}
	assert_int_equal(whole.len, t->in.len);
	memcpy(whole.bytes, t->out.bytes, 54);
	assert_int_equal(a[0], ICMP6_ECHO_REPLY);
	assert_memory_equal(a + 4, m + 4, whole.len - 58);
	assert_int_equal(packet_sum6(packet_head6(&whole), IP6_ICMP, a, whole.len - 54), 0xffff);
	assert_true(ip_equal(ip6_dst(packet_head6(&whole)), HOST_IP6(port)));
	road_silent(t);
	return n;
}

/* RFC 8200 5: all pieces have 1280 bytes at most, whatever their first link takes. */
static void own_answers_are_cut_to_what_every_link_takes(void **state)
{
	struct road *t = *state;
	uint64_t copies = 0;

	for (uint32_t size = 1461; size < 30000; size += size < 1500 ? 1 : 531) {
		echo(t, 1, size);
		copies += answered(t, 1) - 1;
		router_run(t->r);
	}
	assert_int_equal(t->r->worker.pipeline.counters.copies, copies);
	assert_int_equal(router_count(t->r, DROP_TOO_BIG), 0);
}

static void what_fits_the_link_is_not_cut(void **state)
{
	struct road *t = *state;

	echo(t, 1, 1460);
	router_send(t->r, 0, &t->in);
	(void)road_icmp6(t, 1, ICMP6_ECHO_REPLY, 0);
	assert_int_equal(t->out.len, 1514);
	echo(t, 2, 1240);
	router_send(t->r, 0, &t->in);
	(void)road_icmp6(t, 2, ICMP6_ECHO_REPLY, 0);
	echo(t, 2, 1241);
	assert_int_equal(answered(t, 2), 2);
}

static void identifications_differ(void **state)
{
	uint32_t id[2] = {}, frag;
	struct road *t = *state;

	for (int i = 0; i < 2; i++) {
		whole.len = 54;
		echo(t, 1, 2000);
		router_send(t->r, 0, &t->in);
		do
			frag = fragment(t, 1, &id[i]);
		while (frag & IP6_MF);
	}
	assert_int_not_equal(id[0], id[1]);
}

/* All pieces or none. */
static void without_frames_or_room_nothing_is_sent(void **state)
{
	struct road *t = *state;
	struct frame_cache *c = &t->r->worker.pipeline.cache;
	uint64_t addr[1024];
	uint32_t n = 0;

	echo(t, 1, 20000);
	assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	while (c->n > 0 && frame_get(c, &addr[n]))
		n++;
	router_run(t->r);
	while (n > 0)
		frame_put(c, addr[--n]);
	assert_int_equal(router_count(t->r, DROP_NO_FRAME), 1);
	road_silent(t);
	echo(t, 1, 20000);
	assert_true(answered(t, 1) > 10);
}

/* A packet that is not the router's own never is. */
static void what_is_forwarded_is_not_cut(void **state)
{
	struct road *t = *state;
	const uint8_t *m;

	router_udp6(&t->in, 0, HOST_IP6(1), 1461);
	router_send(t->r, 0, &t->in);
	m = road_icmp6(t, 0, ICMP6_TOO_BIG, 0);
	assert_int_equal(__builtin_bswap32(load32(m + 4)), 1500);
	road_silent(t);
}

/* What waits for its neighbour is cut when it comes back. */
static void held_answers_are_cut_later(void **state)
{
	struct road *t = *state;
	const struct packet_ip6 f = {.src = NET_IP6(1, 0x77), .dst = ROUTER_IP6(0)};
	uint32_t id;

	router_ip6(&t->in, 0, &f, 3000);
	packet_icmp(&t->in, ICMP6_ECHO, 0);
	router_send(t->r, 0, &t->in);
	router_drain(t->r); /* the question */
	assert_int_equal(t->r->held, 1);
	router_static6(t->r, 1, NET_IP6(1, 0x77), HOST_MAC(1, 0x77));
	router_run(t->r);
	whole.len = 54;
	while (fragment(t, 1, &id) & IP6_MF)
		;
	assert_int_equal(whole.len, 3054);
	road_silent(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cut_test(own_answers_are_cut_to_what_every_link_takes),
		cut_test(what_fits_the_link_is_not_cut),
		cut_test(identifications_differ),
		cut_test(without_frames_or_room_nothing_is_sent),
		cut_test(what_is_forwarded_is_not_cut),
		cut_test(held_answers_are_cut_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
