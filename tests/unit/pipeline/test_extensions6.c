/* SPDX-License-Identifier: BSD-2-Clause */
/* Extension headers of packets to the router (RFC 8200 4), and TCP to it (RFC 9293 3.10.7.1). */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "road.h"
#include "wire/tcp.h"

static const uint8_t pad[6] = {1, 4};

static void echo_to(struct road *t, struct ip dst)
{
	router_ip6(&t->in, 0, &(struct packet_ip6){.dst = dst, .next = IP6_ICMP}, 64);
	packet_icmp(&t->in, ICMP6_ECHO, 0);
}

static void echo(struct road *t)
{
	echo_to(t, ROUTER_IP6(0));
}

/* t->in is answered by parameter problem @code of octet @at. */
static void problem(struct road *t, uint8_t code, uint32_t at)
{
	const uint8_t *m;

	router_send(t->r, 0, &t->in);
	m = road_icmp6(t, 0, ICMP6_PARAMETER, code);
	assert_int_equal(__builtin_bswap32(load32(m + 4)), at);
	assert_memory_equal(m + 8, packet_head6(&t->in), t->in.len - 14);
	road_silent(t);
}

static void replied(struct road *t)
{
	router_send(t->r, 0, &t->in);
	road_icmp6(t, 0, ICMP6_ECHO_REPLY, 0);
	assert_int_equal(t->out.len, 14 + 40 + 64); /* nothing of them comes back */
	road_silent(t);
}

/* ip6-dstopt-mine, -mine-skip; RFC 8200 4.2, of each type there is */
static void unknown_options_say_what_is_done_with_them(void **state)
{
	struct road *t = *state;

	for (uint32_t i = 0; i < 3 * 256; i++) {
		static const uint8_t header[] = {IP6_DEST_OPTIONS, IP6_HOP_BY_HOP,
		                                 IP6_DEST_OPTIONS};
		uint8_t type = (uint8_t)i, body[14] = {1, 1, 0, type, 4, 9, 9, 9, 9, 1, 3};
		bool group = i >= 512;

		if (type == IP6_OPT_PAD1)
			continue; /* has no length */
		echo_to(t, group ? IP6_ALL_ROUTERS : ROUTER_IP6(0));
		packet_ext6(&t->in, header[i / 256], body, sizeof(body));
		if (type >> 6 == 0)
			replied(t);
		else if (type >> 6 == 1 || (type >> 6 == 3 && group))
			road_ends(t, 0, DROP_IP6_OPTION);
		else
			problem(t, ICMP6_BAD_OPTION, 40 + 2 + 3);
	}
}

static void options_beyond_their_header_are_malformed(void **state)
{
	struct road *t = *state;
	uint8_t body[6] = {1, 5}; /* one octet too many */

	echo(t);
	packet_ext6(&t->in, IP6_DEST_OPTIONS, body, sizeof(body));
	problem(t, ICMP6_BAD_FIELD, 43);
	memset(body, 0, sizeof(body));
	body[5] = 1; /* without a length */
	echo(t);
	packet_ext6(&t->in, IP6_DEST_OPTIONS, body, sizeof(body));
	problem(t, ICMP6_BAD_FIELD, 47);
}

/* RFC 8200 4.1: in any order, any number of times; but hop-by-hop options first, or not at all. */
static void headers_come_in_any_order(void **state)
{
	static const uint8_t none[6] = {4, 0, 0, 0, 0, 0}; /* a route that ends here */
	struct road *t = *state;

	echo(t);
	for (uint32_t i = 0; i < 5; i++) {
		packet_ext6(&t->in, IP6_DEST_OPTIONS, pad, sizeof(pad));
		packet_ext6(&t->in, IP6_ROUTING, none, sizeof(none));
		packet_frag6(&t->in, 0, 5); /* atomic: RFC 6946 */
	}
	replied(t);
	packet_ext6(&t->in, IP6_HOP_BY_HOP, pad, sizeof(pad));
	replied(t);
	echo(t);
	for (uint32_t i = 0; i < 17; i++) /* too many */
		packet_ext6(&t->in, IP6_DEST_OPTIONS, pad, sizeof(pad));
	road_ends(t, 0, DROP_IP6_HEADER);
	echo(t);
	packet_ext6(&t->in, IP6_HOP_BY_HOP, pad, sizeof(pad));
	packet_ext6(&t->in, IP6_DEST_OPTIONS, pad, sizeof(pad));
	problem(t, ICMP6_BAD_NEXT_HEADER, 40);
}

/* RFC 5095, RFC 8200 4.4 */
static void a_route_for_the_router_to_follow_is_refused(void **state)
{
	struct road *t = *state;

	for (uint32_t type = 0; type < 256; type++) {
		uint8_t body[22] = {(uint8_t)type, 1};

		echo(t);
		packet_ext6(&t->in, IP6_ROUTING, body, sizeof(body));
		problem(t, ICMP6_BAD_FIELD, 42);
		body[1] = 0; /* no segments are left */
		echo(t);
		packet_ext6(&t->in, IP6_ROUTING, body, sizeof(body));
		replied(t);
	}
	assert_int_equal(router_count(t->r, DROP_ROUTING_HEADER), 256);
}

/* RFC 8200 4: what no module takes is told, with where it says so. */
static void unknown_next_headers_are_told(void **state)
{
	struct road *t = *state;

	for (uint32_t next = 1; next < 256; next++) {
		if (next == IP_PROTO_TCP || next == IP_PROTO_UDP || next == IP6_ICMP ||
		    next == IP6_ROUTING || next == IP6_FRAGMENT || next == IP6_DEST_OPTIONS)
			continue;
		router_ip6(&t->in, 0,
		           &(struct packet_ip6){.dst = ROUTER_IP6(1), .next = (uint8_t)next}, 64);
		if (next == IP6_NO_NEXT) { /* RFC 8200 4.7 */
			road_ends(t, 0, CONSUMED_LOCAL);
			continue;
		}
		problem(t, ICMP6_BAD_NEXT_HEADER, 6);
		assert_true(ip_equal(ip6_src(packet_head6(&t->out)), ROUTER_IP6(1)));
		packet_ext6(&t->in, IP6_DEST_OPTIONS, pad, sizeof(pad));
		problem(t, ICMP6_BAD_NEXT_HEADER, 40);
	}
}

/* frag6-truncated: cut anywhere, by the length the header says. */
static void headers_cut_short_do_no_harm(void **state)
{
	static const uint8_t body[22] = {1, 20};
	struct road *t = *state;

	for (uint32_t len = 0; len < 56; len++) {
		echo(t);
		packet_frag6(&t->in, 0, 7);
		packet_ext6(&t->in, IP6_DEST_OPTIONS, body, sizeof(body));
		packet_ext6(&t->in, IP6_ROUTING, (const uint8_t[6]){0}, 6);
		t->in.len = 54 + len;
		packet_head6(&t->in)[4] = 0;
		packet_head6(&t->in)[5] = (uint8_t)len;
		router_send(t->r, 0, &t->in);
		if (len < 40)
			road_icmp6(t, 0, ICMP6_PARAMETER, ICMP6_BAD_FIELD);
		road_silent(t);
	}
	assert_int_equal(router_count(t->r, DROP_IP6_HEADER), 40);
}

/* TCP from host 0 to @dst, with @data bytes. */
static void segment(struct road *t, struct ip dst, const struct packet_tcp *f, uint32_t data)
{
	router_ip6(&t->in, 0,
	           &(struct packet_ip6){.dst = dst, .next = IP_PROTO_TCP, .tclass_flow = 0x2f12345},
	           (f->words != 0 ? f->words : 5) * 4u + data);
	packet_tcp(&t->in, f);
}

/* t->out resets t->in, with these numbers. */
static void resets(struct road *t, uint32_t seq, uint32_t ack, uint8_t flags)
{
	const uint8_t *h = packet_head6(&t->out), *was = packet_head6(&t->in), *s;

	road_out(t, 0);
	s = h + 40;
	assert_int_equal(ip6_next(h), IP_PROTO_TCP);
	assert_int_equal(ip6_hop_limit(h), 64);
	assert_int_equal(ip6_payload_len(h), TCP_LEN);
	assert_int_equal(ip6_first(h), 6u << 28 | 0x2c00000); /* without ECN and flow label */
	assert_true(ip_equal(ip6_src(h), ip6_dst(was)));
	assert_true(ip_equal(ip6_dst(h), ip6_src(was)));
	assert_int_equal(s[0] << 8 | s[1], 80);
	assert_int_equal(s[2] << 8 | s[3], 1024);
	assert_int_equal(tcp_seq(s), seq);
	assert_int_equal(tcp_ack(s), ack);
	assert_int_equal(tcp_flags(s), flags);
	assert_int_equal(packet_sum6(h, IP_PROTO_TCP, s, TCP_LEN), 0xffff);
	road_silent(t);
}

/* icmp6-tcp-rst */
static void a_segment_to_the_router_is_reset(void **state)
{
	struct road *t = *state;

	for (uint32_t data = 0; data < 1400; data += 117) {
		segment(t, ROUTER_IP6(1), &(struct packet_tcp){.seq = 7, .flags = TCP_SYN}, data);
		if (data % 2)
			packet_ext6(&t->in, IP6_DEST_OPTIONS, pad, sizeof(pad));
		router_send(t->r, 0, &t->in);
		resets(t, 0, 7 + data + 1, TCP_RST | TCP_ACK);
		segment(t, ROUTER_LINK6(0),
		        &(struct packet_tcp){.seq = 7, .ack = 99, .flags = TCP_ACK, .words = 8},
		        data);
		router_send(t->r, 0, &t->in);
		resets(t, 99, 0, TCP_RST);
	}
	segment(t, ROUTER_IP6(0), &(struct packet_tcp){.flags = TCP_RST}, 0);
	road_ends(t, 0, CONSUMED_LOCAL);
	segment(t, ROUTER_IP6(0), &(struct packet_tcp){.flags = TCP_SYN}, 9);
	packet_payload6(&t->in)[25] ^= 1;
	road_ends(t, 0, CONSUMED_LOCAL);
	for (uint32_t n = 0; n < 20; n++) {
		router_ip6(&t->in, 0,
		           &(struct packet_ip6){.dst = ROUTER_IP6(0), .next = IP_PROTO_TCP}, n);
		road_ends(t, 0, CONSUMED_LOCAL);
	}
}

static int setup_jumbo(void **state)
{
	static const struct router_config cfg = {.mtu = {9000}};

	*state = road_open(&cfg);
	return 0;
}

/* Of a packet in several frames only the first is read: what it does not reach is not guessed from
 * what lies behind it. */
static void an_upper_layer_beyond_the_first_frame_is_not_read(void **state)
{
	static const uint8_t next[] = {IP6_ICMP, IP_PROTO_TCP, IP_PROTO_UDP, 253};
	struct road *t = *state;
	uint8_t options[1190] = {0};

	for (uint32_t i = 0; i < ARRAY_SIZE(next); i++) {
		for (uint32_t short_by = 0; short_by <= 16; short_by += 8) {
			uint64_t before = router_count(t->r, DROP_IP6_HEADER);
			struct packet_ip6 f = {.dst = ROUTER_IP6(0), .next = next[i]};

			router_ip6(&t->in, 0, &f, 4000);
			packet_ext6(&t->in, IP6_DEST_OPTIONS, options, sizeof(options) - short_by);
			assert_true(router_inject_parts(t->r, 0, &t->in, CHAIN_HEAD));
			router_run(t->r);
			assert_int_equal(router_count(t->r, DROP_IP6_HEADER), before + 1);
			road_silent(t);
		}
	}
}

/* Few values, and those mostly that mean something. */
static uint32_t drawn(uint64_t *random, const uint8_t *of, uint32_t n)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random % 4 == 0 ? (uint8_t)(*random >> 32) : of[(*random >> 32) % n];
}

/* Start t->in: a short packet to the router or by it, with @n bytes behind the header. */
static void short_packet(struct road *t, uint64_t *random, uint32_t n)
{
	static const uint8_t next[] = {0, 6, 17, 43, 44, 50, 51, 58, 58, 58, 59, 60};
	static const uint8_t byte[] = {0,  0,  0,  1,   2,   5,   6,   17,
	                               44, 58, 60, 128, 130, 133, 135, 136};
	static const uint8_t hops[] = {255, 255, 1, 64};
	const struct ip src[] = {HOST_IP6(0), HOST_LINK6(0), {0, 0}};
	const struct ip dst[] = {ROUTER_IP6(0), ROUTER_LINK6(0), IP6_ALL_NODES,
	                         ip6_solicited_node(ROUTER_IP6(0)), HOST_IP6(1)};
	const struct packet_ip6 f = {
		.src = src[drawn(random, byte, 4) % ARRAY_SIZE(src)],
		.unspecified = true,
		.dst = dst[drawn(random, byte, sizeof(byte)) % ARRAY_SIZE(dst)],
		.next = (uint8_t)drawn(random, next, sizeof(next)),
		.hop_limit = (uint8_t)drawn(random, hops, sizeof(hops)),
	};
	uint8_t *x = packet_head6(&t->in) + IP6_LEN;

	router_ip6(&t->in, 0, &f, n);
	for (uint32_t i = 0; i < n; i++)
		x[i] = (uint8_t)drawn(random, byte, sizeof(byte));
	if (packet_payload6_len(&t->in) >= 4 && packet_proto6(&t->in) == IP6_ICMP)
		packet_icmp(&t->in, packet_payload6(&t->in)[0], 0);
}

/* t->in goes in with bytes of @behind after it. Return: a number for all that came of it. */
static uint64_t padded(struct road *t, uint8_t behind)
{
	uint64_t sum = 0;

	memset(t->in.bytes + t->in.len, behind, 64);
	t->in.len += 64;
	router_send(t->r, 0, &t->in);
	for (uint16_t i = 0; i < ROUTER_PORTS; i++) {
		while (router_take(t->r, i, &t->out)) {
			for (uint32_t k = 0; k < t->out.len; k++)
				sum = (sum + t->out.bytes[k] + i) * 0x9e3779b97f4a7c15ull;
		}
	}
	for (enum verdict v = DROP_FIRST; v < VERDICT_COUNT; v++)
		sum = sum * 31 + router_count(t->r, v);
	return sum;
}

#define SHORT_PACKETS 20000

/* What comes of many short packets: @sum, a number each. @behind: @n bytes, of which each packet
 * has one behind it. */
static void short_packets(const uint8_t *behind, uint32_t n, uint64_t *sum)
{
	struct road *t = road_open(NULL);
	uint64_t random = 0x2545f4914f6cdd1d;
	void *state = t;

	for (uint32_t i = 0; i < SHORT_PACKETS; i++) {
		short_packet(t, &random, i % 41);
		sum[i] = padded(t, behind[i % n]);
	}
	assert_int_equal(road_teardown(&state), 0);
}

/* Nothing is read beyond a packet's end, however short it is: whatever lies there, a router does
 * the same. */
static void what_lies_behind_a_packet_makes_no_difference(void **)
{
	static const uint8_t zero[] = {0}, other[] = {IP6_ICMP, ICMP6_ECHO, ICMP6_NS, 0xff};
	static uint64_t sum[2][SHORT_PACKETS];

	short_packets(zero, sizeof(zero), sum[0]);
	short_packets(other, sizeof(other), sum[1]);
	for (uint32_t i = 0; i < SHORT_PACKETS; i++) {
		if (sum[0][i] != sum[1][i])
			fail_msg("the packet %u", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(unknown_options_say_what_is_done_with_them),
		road_test(options_beyond_their_header_are_malformed),
		road_test(headers_come_in_any_order),
		road_test(a_route_for_the_router_to_follow_is_refused),
		road_test(unknown_next_headers_are_told),
		road_test(headers_cut_short_do_no_harm),
		road_test(a_segment_to_the_router_is_reset),
		cmocka_unit_test(what_lies_behind_a_packet_makes_no_difference),
		cmocka_unit_test_setup_teardown(an_upper_layer_beyond_the_first_frame_is_not_read,
	                                        setup_jumbo, road_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
