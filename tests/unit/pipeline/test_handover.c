/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two workers in one thread, turn by turn. p0 has two queues, one a worker's; p1 and p2 have one:
 *
 *     p0 queue 0, p2     worker 0
 *     p0 queue 1, p1     worker 1
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "pieces.h"

#define NEW_IP IP(10, 0, 1, 77)
#define RING   64

static int setup(void **state)
{
	const struct router_config cfg = {
		.workers = 2, .queues = {2, 1, 1}, .frames = 4096, .ring = RING};

	*state = road_open(&cfg);
	return 0;
}

#define pair_test(f) cmocka_unit_test_setup_teardown(f, setup, road_teardown)

/* A packet to @dst, numbered by its IP id, comes in by p0's queue @queue. */
static void inject(struct road *t, uint16_t queue, uint32_t dst, uint16_t id)
{
	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = dst, .id = id}, 40);
	packet_udp(&t->in);
	assert_true(router_inject_at(t->r, 0, queue, t->in.bytes, t->in.len));
}

/* The next @n packets out of @port are numbered from @id on. */
static void come(struct road *t, uint16_t port, uint16_t id, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		road_out(t, port);
		assert_int_equal(__builtin_bswap16(load16(packet_head4(&t->out) + 4)), id + i);
	}
}

static const struct pipeline_counters *counters(const struct road *t, unsigned int w)
{
	return &t->r->workers[w].pipeline.counters;
}

/* @n workers and a port of @m queues: who has one sends by its own, the others are spread. */
static void check_spread(unsigned int n, uint16_t m)
{
	const struct port port = {.id = (uint16_t)(n * 3), .n_queues = m, .n_tx = m};
	unsigned int senders[8] = {0};

	for (unsigned int w = 0; w < n; w++) {
		uint16_t k = queue_to_send(&port, w, n);
		bool owns = false;

		assert_true(k < m);
		senders[k]++;
		for (uint16_t i = 0; i < m; i++)
			owns = owns || queue_worker(port.id, i, n) == w;
		assert_true(owns == (queue_worker(port.id, k, n) == w));
	}
	for (uint16_t k = 0; k < m && n >= m; k++)
		assert_in_range(senders[k], n / m, n / m + 1);
}

static void each_worker_has_a_way_out(void **)
{
	for (unsigned int n = 1; n <= WORKERS_MAX; n++) {
		for (uint16_t m = 1; m <= 8; m++)
			check_spread(n, m);
	}
}

static void ports_of_one_queue_are_spread(void **)
{
	unsigned int load[4] = {0};

	for (uint16_t port = 0; port < 12; port++)
		load[queue_worker(port, 0, 4)]++;
	for (int w = 0; w < 4; w++)
		assert_int_equal(load[w], 3);
}

/* What worker 0 of as many as there may be has for each other one gets there. */
static void the_last_of_all_workers_gets_its_packets(void **)
{
	struct pipeline *p = aligned_alloc(CACHE_LINE, sizeof(*p));
	struct pipeline_queues *q = calloc(1, sizeof(*q));
	struct frames *frames;
	uint64_t addr = 0;

	assert_non_null(p);
	assert_non_null(q);
	memset(p, 0, sizeof(*p));
	assert_int_equal(frames_new(&frames, 64, 2048, FRAMES_HUGE_NEVER), 0);
	assert_int_equal(frame_cache_init(&p->cache, frames), 0);
	frame_cache_fill(&p->cache);
	assert_int_equal(handover_new(&p->handover, WORKERS_MAX), 0);
	p->queues = q;
	for (uint16_t to = 1; to < WORKERS_MAX; to++) {
		q->via[to] = handover_ring(p->handover, 0, to);
		assert_true(frame_get(&p->cache, &addr));
		frame_tag_set(frames, addr, 0);
		tx_list_add(&p->batch.tx, frames, frame_data(frames, addr), 60, to);
	}
	transmit_stage(p);
	for (uint16_t to = 1; to < WORKERS_MAX; to++)
		assert_int_equal(handover_ready(q->via[to]), 1);
	handover_free(p->handover);
	frame_cache_fini(&p->cache);
	frames_free(frames);
	free(q);
	free(p);
}

static void a_worker_sends_by_its_own_queue(void **state)
{
	struct road *t = *state;

	inject(t, 0, HOST_IP(2), 1);
	inject(t, 1, HOST_IP(1), 2);
	router_run(t->r);
	come(t, 2, 1, 1);
	come(t, 1, 2, 1);
	for (uint16_t from = 1; from < 3; from++) { /* each to its own queue of p0 */
		uint64_t before = t->r->port[0]->queue[2 - from].counters.tx_packets;

		router_udp(&t->in, from, HOST_IP(0), 40);
		road_forwards(t, from, 0);
		assert_int_equal(t->r->port[0]->queue[2 - from].counters.tx_packets, before + 1);
	}
	assert_int_equal(counters(t, 0)->handed_over + counters(t, 1)->handed_over, 0);
}

static void what_is_handed_over_leaves_in_order(void **state)
{
	struct road *t = *state;

	for (uint16_t i = 0; i < 100; i++) {
		inject(t, 1, HOST_IP(2), i);
		if (i % 7 == 0)
			router_poll(t->r, 1);
	}
	router_poll(t->r, 1);
	road_silent(t);
	assert_int_equal(counters(t, 1)->handed_over, 100);
	router_poll(t->r, 0); /* a batch, and no more at once */
	assert_int_equal(counters(t, 0)->relayed, BATCH_MAX);
	come(t, 2, 0, BATCH_MAX);
	router_run(t->r);
	come(t, 2, BATCH_MAX, 100 - BATCH_MAX);
	assert_int_equal(counters(t, 0)->relayed, 100);
	assert_int_equal(counters(t, 1)->moved, 0);
	assert_int_equal(t->r->workers[0].counters.packets, 0); /* it received none */
}

/* Own packets of a batch and others' part where their ports do. */
static void a_mixed_batch_goes_two_ways(void **state)
{
	struct road *t = *state;

	for (uint16_t i = 0; i < 40; i++)
		inject(t, 1, HOST_IP(i % 2 + 1), i / 2);
	router_run(t->r);
	come(t, 1, 0, 20);
	come(t, 2, 0, 20);
	assert_int_equal(counters(t, 1)->handed_over, 20);
}

static void a_full_transmit_ring_drops_at_the_taker(void **state)
{
	struct road *t = *state;

	for (uint16_t i = 0; i < 50; i++)
		inject(t, 1, HOST_IP(2), i);
	router_run(t->r);
	for (uint16_t i = 50; i < 100; i++)
		inject(t, 1, HOST_IP(2), i);
	router_run(t->r);
	assert_int_equal(counters(t, 0)->verdict[2][DROP_TX_FULL], 100 - RING);
	assert_int_equal(t->r->port[2]->queue[0].counters.tx_full, 100 - RING);
	come(t, 2, 0, RING);
}

static void a_full_ring_between_workers_drops_at_the_giver(void **state)
{
	struct road *t = *state;

	for (uint16_t i = 0; i < HANDOVER_SLOTS + 40; i++) {
		inject(t, 1, HOST_IP(2), i);
		if (i % RING == RING - 1)
			router_poll(t->r, 1);
	}
	router_poll(t->r, 1);
	assert_int_equal(counters(t, 1)->verdict[2][DROP_HANDOVER_FULL], 40);
	for (uint16_t i = 0; i < HANDOVER_SLOTS; i += BATCH_MAX) {
		router_poll(t->r, 0);
		come(t, 2, i, BATCH_MAX);
	}
	inject(t, 1, HOST_IP(2), 7); /* there is room again */
	router_run(t->r);
	come(t, 2, 7, 1);
}

static void a_port_that_goes_meanwhile_drops_at_the_taker(void **state)
{
	struct road *t = *state;

	for (uint16_t i = 0; i < 10; i++)
		inject(t, 1, HOST_IP(2), i);
	router_poll(t->r, 1);
	router_unplug(t->r, 2);
	assert_int_equal(counters(t, 0)->verdict[2][DROP_TX_DOWN], 10);
	assert_null(router_check(t->r));
	inject(t, 1, HOST_IP(2), 11);
	router_run(t->r);
	road_icmp(t, 0, ICMP4_UNREACHABLE, 1);
	assert_int_equal(counters(t, 1)->handed_over, 10); /* there is nobody for it */
}

/* I7: the queue it came by is closed and its frames taken back while it waits: it is not one. */
static void a_packet_outlives_the_queue_it_came_by(void **state)
{
	struct road *t = *state;
	uint64_t recovered;

	for (uint16_t i = 0; i < 10; i++)
		inject(t, 0, HOST_IP(1), i);
	router_poll(t->r, 0);
	assert_int_equal(counters(t, 0)->handed_over, 10);
	router_unplug(t->r, 0); /* worker 0 is asked first, worker 1 sends then */
	recovered = counters(t, 0)->recovered + counters(t, 1)->recovered;
	assert_int_equal(recovered, 2 * RING);
	come(t, 1, 0, 10);
	assert_null(router_check(t->r));
}

static void chains_are_handed_over_whole(void **state)
{
	const struct router_config cfg = {.workers = 2,
	                                  .queues = {2, 1, 1},
	                                  .frames = 4096,
	                                  .ring = RING,
	                                  .mtu = {9000, 9000, 9000}};
	struct road *t = road_open(&cfg);

	*state = t;
	for (uint32_t payload = 1700; payload <= 8900; payload += 450) {
		router_udp(&t->in, 1, HOST_IP(2), payload);
		road_forwards(t, 1, 2);
	}
	assert_int_equal(counters(t, 1)->handed_over, 17);
	/* and end whole */
	router_udp(&t->in, 1, HOST_IP(2), 8000);
	assert_true(router_inject(t->r, 1, t->in.bytes, t->in.len));
	router_poll(t->r, 1);
	router_unplug(t->r, 2);
	assert_int_equal(counters(t, 0)->verdict[2][DROP_TX_DOWN], 1);
}

/* An echo request from 10.9.0.@host to the router. */
static void echo(struct packet *whole, uint32_t host, uint32_t size)
{
	router_ip4(whole, 0,
	           &(struct packet_ip4){.src = IP(10, 9, 0, host),
	                                .dst = ROUTER_IP(0),
	                                .proto = IP_PROTO_ICMP,
	                                .id = 77},
	           size);
	packet_icmp(whole, ICMP4_ECHO, 0);
}

static struct packet whole;

/* Whichever queues they come by, and whichever worker they belong to. */
static void fragments_that_come_by_several_workers_become_whole(void **state)
{
	struct road *t = *state;

	router_route(t->r, IP(10, 9, 0, 0), 16, 0, HOST_IP(0));
	for (uint32_t host = 0; host < 32; host++) {
		echo(&whole, host, 1400);
		for (uint32_t i = 0; i < 3; i++) {
			pieces_cut(&t->in, &whole, i * 480, i < 2 ? 480 : 440, i < 2);
			assert_true(
				router_inject_at(t->r, 0, host >> i & 1, t->in.bytes, t->in.len));
			router_poll(t->r, host >> i & 1);
		}
		router_run(t->r);
		road_icmp(t, 0, ICMP4_ECHO_REPLY, 0);
		assert_int_equal(packet_payload4_len(&t->out), 1400);
		assert_memory_equal(packet_payload4(&t->out) + 4, packet_payload4(&whole) + 4,
		                    1396);
		road_silent(t);
		assert_null(router_check(t->r));
	}
	assert_int_equal(router_count(t->r, CONSUMED_FRAGMENT), 3 * 32);
	for (unsigned int w = 0; w < 2; w++) {
		assert_true(counters(t, w)->copies > 0);
		assert_true(counters(t, w)->relayed > 0);
		assert_int_equal(t->r->workers[w].pipeline.reass.held, 0);
	}
}

/* The part that is late is missed, and answered, where the others are. */
static void fragments_in_several_frames_are_handed_over(void **state)
{
	const struct router_config cfg = {.workers = 2,
	                                  .queues = {2, 1, 1},
	                                  .frames = 4096,
	                                  .ring = RING,
	                                  .mtu = {9000, 9000, 9000}};
	struct road *t = road_open(&cfg);

	*state = t;
	router_route(t->r, IP(10, 9, 0, 0), 16, 0, HOST_IP(0));
	for (uint32_t host = 0; host < 8; host++) {
		echo(&whole, host, 8800);
		for (uint16_t queue = 0; queue < 2; queue++) {
			pieces_cut(&t->in, &whole, queue * 4400, 4400, queue == 0);
			assert_true(router_inject_at(t->r, 0, queue, t->in.bytes, t->in.len));
		}
		router_run(t->r);
		road_icmp(t, 0, ICMP4_ECHO_REPLY, 0);
		assert_memory_equal(packet_payload4(&t->out) + 4, packet_payload4(&whole) + 4,
		                    8796);
		pieces_cut(&t->in, &whole, 0, 4400, true);
		packet_head4(&t->in)[5]++;
		packet_fix_ip4(&t->in);
		assert_true(router_inject_at(t->r, 0, 1, t->in.bytes, t->in.len));
		router_run(t->r);
	}
	router_pass(t->r, 31 * NS_PER_SEC);
	assert_int_equal(router_count(t->r, DROP_REASSEMBLY), 8);
	for (int i = 0; i < 8; i++)
		road_icmp(t, 0, ICMP4_TIME_EXCEEDED, ICMP4_REASSEMBLY_TIME);
	assert_true(counters(t, 0)->relayed > 0 && counters(t, 1)->relayed > 0);
}

/* What finds no room on its way to the others ends where it came in. */
static void fragments_beyond_a_full_ring_end_at_the_giver(void **state)
{
	struct road *t = *state;
	uint32_t n = 0, host = 0;

	do { /* until it is one of worker 0's */
		echo(&whole, host++, 1400);
		pieces_cut(&t->in, &whole, 0, 480, true);
		assert_true(router_inject_at(t->r, 0, 1, t->in.bytes, t->in.len));
		router_poll(t->r, 1);
	} while (counters(t, 1)->handed_over == 0);
	for (n = 1; n < HANDOVER_SLOTS + 10; n++) {
		assert_true(router_inject_at(t->r, 0, 1, t->in.bytes, t->in.len));
		router_poll(t->r, 1);
	}
	assert_int_equal(counters(t, 1)->verdict[0][DROP_HANDOVER_FULL], 10);
	router_run(t->r);
	assert_int_equal(counters(t, 0)->verdict[0][CONSUMED_FRAGMENT], HANDOVER_SLOTS);
}

/* Behind its neighbour's answer a held packet comes before what came later. */
static void a_held_packet_goes_back_to_the_worker_that_had_it(void **state)
{
	struct road *t = *state;

	for (uint16_t queue = 0; queue < 2; queue++)
		inject(t, queue, NEW_IP, queue);
	router_run(t->r);
	road_out(t, 1); /* who has it */
	assert_null(router_check(t->r));
	packet_arp(&t->in, &(struct packet_arp){.dst = ROUTER_MAC(1),
	                                        .sender_mac = HOST_MAC(1, 77),
	                                        .target_mac = ROUTER_MAC(1),
	                                        .sender = NEW_IP,
	                                        .target = ROUTER_IP(1),
	                                        .op = 2});
	router_send(t->r, 1, &t->in);
	assert_int_equal(counters(t, 0)->released, 1);
	assert_int_equal(counters(t, 1)->released, 1);
	assert_int_equal(counters(t, 0)->handed_over, 1);
	road_out(t, 1);
	road_out(t, 1);
	road_silent(t);
}

/* All frames would end up with who sends, if the depot did not bring them back. */
static void frames_come_back_to_who_receives(void **state)
{
	struct road *t = *state;

	for (int round = 0; round < 200; round++) {
		for (uint16_t i = 0; i < RING; i++)
			inject(t, 1, HOST_IP(2), i);
		router_run(t->r);
		come(t, 2, 0, RING);
	}
	assert_int_equal(t->r->port[0]->queue[1].counters.fill_short, 0);
	assert_null(router_check(t->r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_worker_has_a_way_out),
		cmocka_unit_test(ports_of_one_queue_are_spread),
		cmocka_unit_test(the_last_of_all_workers_gets_its_packets),
		pair_test(a_worker_sends_by_its_own_queue),
		pair_test(what_is_handed_over_leaves_in_order),
		pair_test(a_mixed_batch_goes_two_ways),
		pair_test(a_full_transmit_ring_drops_at_the_taker),
		pair_test(a_full_ring_between_workers_drops_at_the_giver),
		pair_test(a_port_that_goes_meanwhile_drops_at_the_taker),
		pair_test(a_packet_outlives_the_queue_it_came_by),
		cmocka_unit_test_teardown(chains_are_handed_over_whole, road_teardown),
		pair_test(fragments_that_come_by_several_workers_become_whole),
		cmocka_unit_test_teardown(fragments_in_several_frames_are_handed_over,
	                                  road_teardown),
		pair_test(fragments_beyond_a_full_ring_end_at_the_giver),
		pair_test(a_held_packet_goes_back_to_the_worker_that_had_it),
		pair_test(frames_come_back_to_who_receives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
