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

static struct pieces pieces;

/* p0 has jumbo frames, p1 an MTU of 1400, p2 one of 1500. */
static int setup(void **state)
{
	static const struct router_config cfg = {.mtu = {9000, 1400, 1500}};

	*state = road_open(&cfg);
	return 0;
}

#define frag_test(f) cmocka_unit_test_setup_teardown(f, setup, road_teardown)

/* t->in goes in at p0 and comes out of @to in pieces. */
static void is_cut(struct road *t, uint16_t to)
{
	uint64_t copies = t->r->worker.pipeline.counters.copies;

	router_send(t->r, 0, &t->in);
	pieces_take(t, to, &t->in, &pieces, (ip4_frag(packet_head4(&t->in)) & IP4_MF) != 0);
	assert_int_equal(t->r->worker.pipeline.counters.copies, copies + pieces.n - 1);
	road_silent(t);
	router_run(t->r); /* takes the completions */
}

/* frag4-fragment, -fragment-sizes */
static void what_is_longer_than_the_mtu_is_cut(void **state)
{
	struct road *t = *state;

	for (uint32_t total = 1401; total <= 1500; total++) {
		router_ip4(&t->in, 0, &(struct packet_ip4){.dst = HOST_IP(1), .id = 0xbeef},
		           total - 20);
		packet_udp(&t->in);
		is_cut(t, 1);
		assert_int_equal(pieces.n, 2);
	}
	assert_int_equal(t->r->worker.pipeline.counters.moved, 0);
}

/* frag4-fits */
static void what_fits_is_forwarded_whole(void **state)
{
	struct road *t = *state;

	for (uint32_t df = 0; df <= IP4_DF; df += IP4_DF) {
		router_ip4(&t->in, 0, &(struct packet_ip4){.dst = HOST_IP(1), .frag = (uint16_t)df},
		           1380);
		road_forwards(t, 0, 1);
	}
	assert_int_equal(t->r->worker.pipeline.counters.copies, 0);
}

/* frag4-jumbo: to a link of 1500, then to one of 1400. */
static void jumbo_packets_are_cut(void **state)
{
	struct road *t = *state;

	for (uint16_t to = 1; to < 3; to++) {
		for (uint32_t total = 1501; total <= 9000; total += 97) {
			router_udp(&t->in, 0, HOST_IP(to), total - 20);
			is_cut(t, to);
			assert_int_equal(pieces.n, (total - 20 + (to == 1 ? 1375 : 1479)) /
			                                   (to == 1 ? 1376 : 1480));
		}
	}
}

/* frag4-jumbo: what was cut once is cut again. */
static void fragments_are_cut_again(void **state)
{
	struct road *t = *state;

	for (uint32_t i = 0; i < 3; i++) {
		const uint16_t frag[] = {IP4_MF, IP4_MF | 185, 370};

		router_ip4(&t->in, 0,
		           &(struct packet_ip4){.dst = HOST_IP(1), .id = 7, .frag = frag[i]},
		           i < 2 ? 1480 : 1411);
		is_cut(t, 1);
		assert_int_equal(pieces.n, 2);
	}
}

/* frag4-jumbo-df */
static void jumbo_packets_with_df_learn_the_mtu(void **state)
{
	struct road *t = *state;
	const uint8_t *m;

	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = HOST_IP(2), .frag = IP4_DF}, 2980);
	router_send(t->r, 0, &t->in);
	m = road_icmp(t, 0, ICMP4_UNREACHABLE, ICMP4_FRAG_NEEDED);
	assert_int_equal(m[6] << 8 | m[7], 1500);
	road_silent(t);
}

/* A first frame that ends before the first piece does, and others that end anywhere. */
static void chains_are_cut_wherever_their_frames_end(void **state)
{
	struct road *t = *state;

	for (uint32_t part = 1260; part <= 1792; part += 13) {
		router_udp(&t->in, 0, HOST_IP(1), 4000 + part);
		assert_true(router_inject_parts(t->r, 0, &t->in, part));
		router_run(t->r);
		pieces_take(t, 1, &t->in, &pieces, false);
		road_silent(t);
		router_run(t->r);
	}
}

/* RFC 791 3.1: record route stays in the first, the security option is in all. Both of those that
 * the router would write into are full. */
static void options_are_copied_as_their_flag_says(void **state)
{
	static const uint8_t options[] = {
		1,    7,    11,   12,   0, 0, 0, 0, 0, 0, 0, 0, /* 7: no */
		1,    130,  11,   1,    2, 3, 4, 5, 6, 7, 8, 9, /* yes */
		0x88, 4,    0xab, 0xcd,                         /* yes */
		68,   4,    5,    3,                            /* no */
		0,    0xff, 0xff, 0xff};
	static const uint8_t later[] = {130, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x88, 4, 0xab, 0xcd, 0};
	const struct packet_ip4 f = {
		.dst = HOST_IP(1), .options = options, .n_options = sizeof(options)};
	struct road *t = *state;

	router_ip4(&t->in, 0, &f, 1400);
	is_cut(t, 1);
	assert_int_equal(pieces.n, 2);
	assert_int_equal(ip4_header_len(packet_head4(&t->out)), 20 + sizeof(later));
	assert_memory_equal(packet_head4(&t->out) + 20, later, sizeof(later));
}

/* How many packets ended for what their options are. */
static uint64_t refused(const struct road *t)
{
	return router_count(t->r, DROP_IP_OPTION) + router_count(t->r, DROP_SOURCE_ROUTE);
}

/* Whatever lies there, nothing is read behind the header, and what goes on is cut right. */
static void malformed_options_do_no_harm(void **state)
{
	struct road *t = *state;

	for (uint32_t i = 0; i < 4096; i++) {
		uint64_t before = refused(t);
		uint8_t options[40];

		for (uint32_t k = 0; k < sizeof(options); k++)
			options[k] = (uint8_t)(rand() % 5 != 0 ? rand() % 8 + 128 : rand() % 7);
		router_ip4(&t->in, 0,
		           &(struct packet_ip4){.dst = HOST_IP(1),
		                                .options = options,
		                                .n_options = 4u + 4u * (i % 10)},
		           1400);
		router_send(t->r, 0, &t->in);
		if (refused(t) == before)
			pieces_take(t, 1, &t->in, &pieces, false);
		router_drain(t->r);
		router_run(t->r);
	}
	assert_in_range(refused(t), 1000, 4000);
}

/* RFC 1812 5.3.13.3: what is recorded in a packet that is cut is in its first piece. */
static void a_route_is_recorded_before_the_cut(void **state)
{
	static const uint8_t options[] = {7, 7, 4, 0, 0, 0, 0, 0}, want[] = {7, 7, 8, 10, 0, 1, 1};
	struct road *t = *state;

	router_ip4(&t->in, 0,
	           &(struct packet_ip4){.dst = HOST_IP(1), .options = options, .n_options = 8},
	           1400);
	router_send(t->r, 0, &t->in);
	road_out(t, 1);
	assert_memory_equal(packet_head4(&t->out) + 20, want, sizeof(want));
	road_out(t, 1);
	assert_int_equal(ip4_header_len(packet_head4(&t->out)), 20);
	road_silent(t);
}

/* The smallest link there is: 68 bytes, 8 of data behind the longest header (RFC 791 3.2). */
static void the_smallest_link_has_room_for_8_bytes(void **state)
{
	const struct router_config cfg = {
		.mtu = {65535, 68, 1500}, .chunk = 4096, .frames = 8192, .ring = 2048};
	uint8_t options[40];
	struct road *t = road_open(&cfg);

	*state = t;
	memset(options, 1, sizeof(options));
	options[0] = 0x88; /* copied */
	options[1] = 40;
	router_udp(&t->in, 0, HOST_IP(1), 65500);
	is_cut(t, 1);
	assert_int_equal(pieces.n, (65500 + 47) / 48);
	router_ip4(&t->in, 0,
	           &(struct packet_ip4){.dst = HOST_IP(1), .options = options, .n_options = 40},
	           9001);
	is_cut(t, 1);
	assert_int_equal(pieces.n, 9001 / 8 + 1);
}

/* Each piece has to fit into a frame of its own, whatever the link takes. */
static void pieces_are_no_longer_than_a_frame(void **state)
{
	const struct router_config cfg = {.mtu = {9000, 4000, 1500}};
	struct road *t = road_open(&cfg);

	*state = t;
	for (uint32_t total = 4001; total <= 9000; total += 71) {
		router_udp(&t->in, 0, HOST_IP(1), total - 20);
		is_cut(t, 1);
		assert_int_equal(pieces.n, (total - 20 + 1751) / 1752);
	}
}

/* The offset of a piece must not come round to 0. */
static void fragments_beyond_65535_bytes_are_not_cut(void **state)
{
	struct road *t = *state;

	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = HOST_IP(1), .frag = 8191}, 1480);
	road_ends(t, 0, DROP_IP_HEADER);
	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = HOST_IP(1), .frag = 8191 - 172}, 1480);
	is_cut(t, 1);
	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = HOST_IP(1), .frag = 8191}, 1380);
	road_forwards(t, 0, 1);
}

static uint64_t sent[ROUTER_PORTS]; /* bytes of each port before */
static const uint16_t mixed_size[] = {100, 1480, 50, 64, 8000, 1000, 1480, 1480, 60};

/* What comes out of @port is whole and in order, ids from @id in steps of 2. Return: packets. */
static uint32_t in_order(struct road *t, uint16_t port, uint32_t id)
{
	uint64_t before = t->r->port[port]->queue[0].counters.tx_bytes, bytes = 0;
	uint32_t seen = 0, end = 0;

	router_run(t->r);
	while (router_take(t->r, port, &t->out)) {
		const uint8_t *h = packet_head4(&t->out);

		bytes += t->out.len;
		assert_int_equal(h[4] << 8 | h[5], id);
		assert_int_equal((ip4_frag(h) & IP4_OFFSET) * 8, end);
		end += packet_payload4_len(&t->out);
		if (ip4_frag(h) & IP4_MF)
			continue;
		assert_int_equal(end, mixed_size[id / 2]);
		id += 2;
		end = 0;
		seen++;
	}
	assert_int_equal(before - sent[port], bytes); /* the ports' counters are right too */
	return seen;
}

/* In one batch, to two ports: each flow's packets leave as they came. */
static void the_order_of_packets_is_kept(void **state)
{
	struct road *t = *state;
	const uint32_t n = 2 * ARRAY_SIZE(mixed_size);

	for (uint16_t port = 1; port < 3; port++)
		sent[port] = t->r->port[port]->queue[0].counters.tx_bytes;
	for (uint32_t i = 0; i < n; i++) {
		router_ip4(&t->in, 0,
		           &(struct packet_ip4){.dst = HOST_IP(1 + i % 2), .id = (uint16_t)i},
		           mixed_size[i / 2]);
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	assert_int_equal(in_order(t, 1, 0) + in_order(t, 2, 1), n);
}

/* Packets before and behind a cut one, all to one port: none is counted twice. */
static void bytes_are_counted_once(void **state)
{
	const struct port_queue_counters *c;
	struct road *t = *state;
	uint64_t bytes = 0, before;

	c = &t->r->port[1]->queue[0].counters;
	before = c->tx_bytes;
	for (uint32_t i = 0; i < 9; i++) {
		router_udp(&t->in, 0, HOST_IP(1), i == 4 ? 4000 : 1000);
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	while (router_take(t->r, 1, &t->out))
		bytes += t->out.len;
	assert_int_equal(c->tx_bytes - before, bytes);
}

/* More pieces than the lists hold, behind and before others. */
static void a_batch_of_cut_packets_overflows_no_list(void **state)
{
	const struct router_config cfg = {.mtu = {9000, 68, 68}, .frames = 16384, .ring = 4096};
	struct road *t = road_open(&cfg);
	uint32_t n = 0;

	*state = t;
	for (uint32_t i = 0; i < 64; i++) {
		router_udp(&t->in, 0, HOST_IP(1 + i % 2), i % 3 == 0 ? 48 : 4000);
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	for (uint16_t port = 1; port < 3; port++) {
		while (router_take(t->r, port, &t->out)) {
			assert_null(packet_flaw(t->out.bytes, t->out.len, ROUTER_MAC(port), 68));
			n++;
		}
	}
	assert_int_equal(n, 22 + 42 * 84);
}

/* A ring with room for some of the pieces takes none. */
static void pieces_go_into_a_ring_all_or_none(void **state)
{
	const struct router_config cfg = {.ring = 16, .mtu = {9000, 600, 600}};
	struct road *t = road_open(&cfg);

	*state = t;
	router_udp(&t->in, 0, HOST_IP(1), 5000); /* 9 pieces */
	for (int i = 0; i < 2; i++) {
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
		router_run(t->r);
	}
	assert_int_equal(router_count(t->r, DROP_TX_FULL), 1);
	assert_int_equal(t->r->worker.pipeline.counters.verdict[1][DROP_TX_FULL], 1);
	assert_int_equal(t->r->port[1]->queue[0].counters.tx_full, 1);
	pieces_take(t, 1, &t->in, &pieces, false);
	assert_int_equal(pieces.n, 9);
	road_silent(t);
}

/*
 * In one batch: a chain whose answer finds no room, and an echo whose reply is cut. The answer's
 * frame is the first of the chain, has the list of the others, and is free for a piece by then.
 */
static void a_piece_in_an_answers_frame_does_no_harm(void **state)
{
	const struct router_config cfg = {.ring = 64, .mtu = {9000, 1400, 600}};
	struct road *t = road_open(&cfg);

	*state = t;
	for (uint32_t i = 0; i < 64; i++) { /* p1's ring is full */
		router_udp(&t->in, 2, HOST_IP(1), 100);
		router_send(t->r, 2, &t->in);
	}
	router_ip4(&t->in, 0,
	           &(struct packet_ip4){.src = HOST_IP(1), .dst = IP(10, 0, 2, 9), .ttl = 1}, 8000);
	assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	router_ip4(&t->in, 0,
	           &(struct packet_ip4){
			   .src = HOST_IP(2), .dst = ROUTER_IP(0), .proto = IP_PROTO_ICMP},
	           1400);
	packet_icmp(&t->in, ICMP4_ECHO, 0);
	router_send(t->r, 0, &t->in);
	assert_int_equal(router_count(t->r, DROP_TTL_EXPIRED), 1);
	assert_int_equal(t->r->worker.pipeline.counters.verdict[1][DROP_TX_FULL], 1);
	assert_int_equal(router_drain(t->r), 64 + 3);
}

static void without_frames_a_packet_is_not_cut(void **state)
{
	const struct router_config cfg = {.ring = 256, .frames = 800, .mtu = {9000, 68, 1500}};
	struct road *t = road_open(&cfg);

	*state = t;
	router_udp(&t->in, 0, HOST_IP(1), 8000);
	road_ends(t, 0, DROP_NO_FRAME);
	router_udp(&t->in, 0, HOST_IP(1), 400);
	is_cut(t, 1);
}

/* The interface to send by is gone, and the routes do not know it yet. More pieces end than the
 * lists have room for (I5). */
static void pieces_to_a_port_that_is_gone_are_counted(void **state)
{
	const struct router_config cfg = {.mtu = {9000, 68, 1500}};
	struct pipeline_queues *q = calloc(1, sizeof(*q));
	struct road *t = road_open(&cfg);

	*state = t;
	assert_non_null(q);
	*q = (struct pipeline_queues){.n_rx = 1, .rx = {&t->r->port[0]->queue[0]}};
	worker_set_queues(&t->r->worker, q);
	router_udp(&t->in, 0, HOST_IP(1), 8000);
	router_send(t->r, 0, &t->in);
	assert_int_equal(router_count(t->r, DROP_TX_DOWN), (8000 + 47) / 48);
	road_silent(t);
}

/* It waits for its neighbour as a whole. */
static void a_held_packet_is_cut_when_it_goes_on(void **state)
{
	struct road *t = *state;

	router_udp(&t->in, 0, IP(10, 0, 1, 77), 4000);
	router_send(t->r, 0, &t->in);
	assert_int_equal(t->r->held, 1);
	assert_int_equal(router_drain(t->r), 1); /* the question */
	packet_arp(&t->out, &(struct packet_arp){.dst = ROUTER_MAC(1),
	                                         .sender_mac = HOST_MAC(1, 77),
	                                         .target_mac = ROUTER_MAC(1),
	                                         .sender = IP(10, 0, 1, 77),
	                                         .target = ROUTER_IP(1),
	                                         .op = 2});
	router_send(t->r, 1, &t->out);
	pieces_take(t, 1, &t->in, &pieces, false);
	assert_int_equal(pieces.n, 3);
	road_silent(t);
}

/* frag4-pass, -pass-reverse, -pass-tiny: RFC 1812 5.2.6, routers do not reassemble. */
static void fragments_in_transit_pass_unchanged(void **state)
{
	struct road *t = *state;

	for (uint32_t i = 0; i < 6; i++) {
		uint32_t k = i < 3 ? i : 5 - i;

		router_ip4(&t->in, 0,
		           &(struct packet_ip4){.dst = HOST_IP(1),
		                                .id = 9,
		                                .frag = (uint16_t)((k < 2 ? IP4_MF : 0u) | k * 8)},
		           64);
		road_forwards(t, 0, 1);
	}
	for (uint32_t i = 0; i < 20; i++) {
		router_ip4(&t->in, 0,
		           &(struct packet_ip4){.dst = HOST_IP(1), .frag = (uint16_t)(IP4_MF | i)},
		           8);
		road_forwards(t, 0, 1);
	}
	assert_int_equal(t->r->worker.pipeline.reass.held, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		frag_test(what_is_longer_than_the_mtu_is_cut),
		frag_test(what_fits_is_forwarded_whole),
		frag_test(jumbo_packets_are_cut),
		frag_test(fragments_are_cut_again),
		frag_test(jumbo_packets_with_df_learn_the_mtu),
		frag_test(chains_are_cut_wherever_their_frames_end),
		frag_test(options_are_copied_as_their_flag_says),
		frag_test(malformed_options_do_no_harm),
		frag_test(a_route_is_recorded_before_the_cut),
		cmocka_unit_test_teardown(the_smallest_link_has_room_for_8_bytes, road_teardown),
		cmocka_unit_test_teardown(pieces_are_no_longer_than_a_frame, road_teardown),
		frag_test(fragments_beyond_65535_bytes_are_not_cut),
		frag_test(the_order_of_packets_is_kept),
		frag_test(bytes_are_counted_once),
		cmocka_unit_test_teardown(a_batch_of_cut_packets_overflows_no_list, road_teardown),
		cmocka_unit_test_teardown(pieces_go_into_a_ring_all_or_none, road_teardown),
		cmocka_unit_test_teardown(a_piece_in_an_answers_frame_does_no_harm, road_teardown),
		cmocka_unit_test_teardown(without_frames_a_packet_is_not_cut, road_teardown),
		cmocka_unit_test_teardown(pieces_to_a_port_that_is_gone_are_counted, road_teardown),
		frag_test(a_held_packet_is_cut_when_it_goes_on),
		frag_test(fragments_in_transit_pass_unchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
