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
#include "wire/tcp.h"

/* TCP from host 0 to the router's port @to, with @data bytes. */
static void make(struct road *t, uint16_t to, const struct packet_tcp *f, uint32_t data)
{
	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = ROUTER_IP(to), .tos = 0x2f},
	           (f->words != 0 ? f->words : 5) * 4u + data);
	packet_tcp(&t->in, f);
}

/* t->out resets t->in, with these numbers. */
static void resets(struct road *t, uint32_t seq, uint32_t ack, uint8_t flags)
{
	const uint8_t *h = packet_head4(&t->out), *was = packet_head4(&t->in);
	const uint8_t *s;

	road_out(t, 0);
	s = packet_payload4(&t->out);
	assert_int_equal(ip4_proto(h), IP_PROTO_TCP);
	assert_int_equal(ip4_ttl(h), 64);
	assert_int_equal(h[1], was[1] & 0xfc);
	assert_int_equal(ip4_src(h), ip4_dst(was));
	assert_int_equal(ip4_dst(h), ip4_src(was));
	assert_int_equal(packet_payload4_len(&t->out), TCP_LEN);
	assert_int_equal(s[0] << 8 | s[1], 80);
	assert_int_equal(s[2] << 8 | s[3], 1024);
	assert_int_equal(tcp_seq(s), seq);
	assert_int_equal(tcp_ack(s), ack);
	assert_int_equal(tcp_flags(s), flags);
	assert_int_equal(tcp_header_len(s), TCP_LEN);
	assert_int_equal(s[14] | s[15] | s[18] | s[19], 0);
	assert_int_equal(packet_sum4(h, s, TCP_LEN), 0xffff);
	road_silent(t);
}

/* icmp4-tcp-rst, RFC 9293 3.10.7.1 */
static void what_does_not_acknowledge_is_acknowledged_by_the_reset(void **state)
{
	struct road *t = *state;

	for (uint32_t i = 0; i < 64; i++) {
		uint8_t flags = (uint8_t)((i & 1 ? TCP_SYN : 0) | (i & 2 ? TCP_FIN : 0) | 0x08);
		uint32_t seq = 0xffffffff - 20 + i, data = i * 20 % 301;

		make(t, (uint16_t)(i % 3),
		     &(struct packet_tcp){
			     .seq = seq, .flags = flags, .words = (uint8_t)(5 + i % 11)},
		     data);
		router_send(t->r, 0, &t->in);
		resets(t, 0, seq + data + (i & 1) + (i >> 1 & 1), TCP_RST | TCP_ACK);
		assert_int_equal(router_count(t->r, CONSUMED_RESET), i + 1);
	}
	assert_int_equal(t->r->worker.pipeline.host.originated, 64);
}

static void what_acknowledges_is_reset_where_it_waits(void **state)
{
	struct road *t = *state;

	for (uint32_t i = 0; i < 16; i++) {
		make(t, 0,
		     &(struct packet_tcp){.seq = 77,
		                          .ack = 0xdeadbeef + i,
		                          .flags = (uint8_t)(TCP_ACK | (i & 3))},
		     i * 7);
		router_send(t->r, 0, &t->in);
		resets(t, 0xdeadbeef + i, 0, TCP_RST);
	}
}

static void a_reset_is_not_answered(void **state)
{
	struct road *t = *state;

	for (uint32_t flags = 0; flags < 256; flags++) {
		if (!(flags & TCP_RST))
			continue;
		make(t, 0, &(struct packet_tcp){.flags = (uint8_t)flags}, 8);
		road_ends(t, 0, CONSUMED_LOCAL);
	}
}

static void what_is_malformed_is_dropped(void **state)
{
	struct road *t = *state;

	for (uint32_t bit = 0; bit < 8 * 26; bit++) { /* each bit that the checksum covers */
		make(t, 0, &(struct packet_tcp){.flags = TCP_SYN}, 6);
		packet_payload4(&t->in)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		road_ends(t, 0, CONSUMED_LOCAL);
	}
	for (uint32_t words = 1; words < 16; words++) { /* beyond the segment, or no header */
		make(t, 0, &(struct packet_tcp){.flags = TCP_SYN}, 3);
		packet_payload4(&t->in)[12] = 0;
		packet_tcp(&t->in, &(struct packet_tcp){.flags = TCP_SYN, .words = (uint8_t)words});
		if (words != 5)
			road_ends(t, 0, CONSUMED_LOCAL);
	}
	for (uint32_t n = 0; n < TCP_LEN; n++) {
		router_ip4(&t->in, 0,
		           &(struct packet_ip4){.dst = ROUTER_IP(0), .proto = IP_PROTO_TCP}, n);
		road_ends(t, 0, CONSUMED_LOCAL);
	}
}

/* martians-land: from the router's own address nothing comes, so there is nothing to answer. */
static void a_segment_from_the_router_itself_is_a_martian(void **state)
{
	struct road *t = *state;

	for (uint16_t to = 0; to < ROUTER_PORTS; to++) {
		router_ip4(&t->in, 0,
		           &(struct packet_ip4){.src = ROUTER_IP(to), .dst = ROUTER_IP(to)}, 20);
		packet_tcp(&t->in, &(struct packet_tcp){.flags = TCP_SYN});
		road_ends(t, 0, DROP_MARTIAN_SOURCE);
	}
}

/* Off the link the reset goes by the routing table; options and jumbo frames make no difference. */
static void resets_are_routed_and_as_short_as_ever(void **state)
{
	static const struct router_config cfg = {.mtu = {9000, 9000, 9000}};
	static const uint8_t options[8] = {148, 4, 0, 0, 1, 1, 1, 1};
	struct road *t = road_open(&cfg);

	*state = t;
	router_ip4(&t->in, 0,
	           &(struct packet_ip4){.dst = ROUTER_IP(1), .options = options, .n_options = 8},
	           6001);
	packet_tcp(&t->in, &(struct packet_tcp){.seq = 5, .flags = TCP_SYN});
	assert_true(router_inject_parts(t->r, 0, &t->in, 1701));
	router_run(t->r);
	resets(t, 0, 5 + 5981 + 1, TCP_RST | TCP_ACK);
	packet_payload4(&t->in)[5000] ^= 1;
	assert_true(router_inject_parts(t->r, 0, &t->in, 1701));
	router_run(t->r);
	road_silent(t);
	assert_int_equal(router_count(t->r, CONSUMED_LOCAL), 1);
}

static void resets_are_under_the_limit_of_errors(void **state)
{
	static const struct router_config cfg = {.rate = 100};
	struct road *t = road_open(&cfg);

	*state = t;
	for (uint32_t i = 0; i < 50; i++) {
		make(t, 0, &(struct packet_tcp){.flags = TCP_SYN}, 0);
		router_send(t->r, 0, &t->in);
		assert_int_equal(router_drain(t->r), i < 10);
	}
	assert_int_equal(router_count(t->r, CONSUMED_RESET), 10);
	assert_int_equal(router_count(t->r, DROP_ICMP_LIMIT), 40);
	assert_int_equal(t->r->worker.pipeline.host.limited, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(what_does_not_acknowledge_is_acknowledged_by_the_reset),
		road_test(what_acknowledges_is_reset_where_it_waits),
		road_test(a_reset_is_not_answered),
		road_test(what_is_malformed_is_dropped),
		road_test(a_segment_from_the_router_itself_is_a_martian),
		cmocka_unit_test_teardown(resets_are_routed_and_as_short_as_ever, road_teardown),
		cmocka_unit_test_teardown(resets_are_under_the_limit_of_errors, road_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
