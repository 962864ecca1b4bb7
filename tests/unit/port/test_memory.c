/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <string.h>
#include <uapi/if_xdp.h>

#include "port/census.h"
#include "port/memory.h"

#define RING 8

struct bench {
	struct frames *frames;
	struct frame_cache cache;
	struct port *port;
};

static int setup(void **state)
{
	static struct bench b;
	struct memory_config cfg = {
		.name = "m0",
		.id = 3,
		.n_queues = 2,
		.tag = 5,
		.ring_size = RING,
		.mtu = 1500,
	};

	assert_int_equal(frames_new(&b.frames, 64, 2048, FRAMES_HUGE_NEVER), 0);
	assert_int_equal(frame_cache_init(&b.cache, b.frames), 0);
	frame_cache_fill(&b.cache);
	assert_int_equal(memory_port_open(&b.port, b.frames, &cfg), 0);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	for (uint16_t i = 0; b->port != NULL && i < b->port->n_queues; i++)
		frames_recover(&b->cache, b->port->queue[i].tag);
	port_close(&b->port);
	assert_null(frames_check(&b->cache, NULL, 0));
	frame_cache_fini(&b->cache);
	frames_free(b->frames);
	return 0;
}

/* What a worker does, without a pipeline: each received frame goes out of the queue it came by. */
static uint32_t echo(struct bench *b, uint16_t queue)
{
	struct port_queue *q = &b->port->queue[queue];
	uint32_t rx = 0, tx = 0, n;

	port_reclaim(q, &b->cache);
	port_refill(q, &b->cache);
	n = port_rx_peek(q, 64, &rx);
	if (n == 0 || !port_tx_reserve(q, n, &tx)) {
		xsk_ring_cons__cancel(&q->rx, n);
		return 0;
	}
	for (uint32_t i = 0; i < n; i++) {
		*port_tx_desc(q, tx + i) = *port_rx_desc(q, rx + i);
		b->frames->tag[frame_index(b->frames, port_rx_desc(q, rx + i)->addr)] = q->tag;
	}
	port_rx_release(q, n);
	port_tx_submit(q, n);
	return n;
}

static void packets_come_out_as_they_went_in(void **state)
{
	struct bench *b = *state;
	uint8_t in[100], out[100];
	uint32_t len = 0;

	assert_int_equal(echo(b, 1), 0);
	for (uint32_t i = 0; i < 1000; i++) {
		memset(in, (int)i, sizeof(in));
		assert_true(memory_port_inject(b->port, 1, in, 60 + i % 40));
		assert_false(memory_port_take(b->port, 1, out, &len));
		assert_int_equal(echo(b, 1), 1);
		len = sizeof(out);
		assert_true(memory_port_take(b->port, 1, out, &len));
		assert_int_equal(len, 60 + i % 40);
		assert_memory_equal(in, out, len);
		assert_null(frames_check(&b->cache, &b->port, 1));
	}
	assert_int_equal(b->port->queue[1].tx_pending, 1);
	port_reclaim(&b->port->queue[1], &b->cache);
	assert_int_equal(b->port->queue[1].tx_pending, 0);
	assert_int_equal(b->port->queue[0].tx_pending, 0);
}

static void long_packets_are_chains(void **state)
{
	static uint8_t in[8942], out[9000];
	struct bench *b = *state;
	uint32_t len = sizeof(out);
	uint32_t idx = 0;

	for (uint32_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7);
	echo(b, 0);
	assert_true(memory_port_inject(b->port, 0, in, sizeof(in)));
	assert_int_equal(echo(b, 0), 5); /* of 1792 bytes at most */
	assert_int_equal(memory_port_tx_peek(b->port, 0, 64, &idx), 5);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(memory_port_tx_desc(b->port, 0, idx + i)->options,
		                 i < 4 ? XDP_PKT_CONTD : 0);
	assert_true(memory_port_take(b->port, 0, out, &len));
	assert_int_equal(len, sizeof(in));
	assert_memory_equal(in, out, len);
	/* With five of eight frames gone another one does not fit, and nothing changes. */
	assert_true(memory_port_inject(b->port, 0, in, sizeof(in)));
	assert_false(memory_port_inject(b->port, 0, in, sizeof(in)));
	assert_null(frames_check(&b->cache, &b->port, 1));
}

static void injection_stops_when_the_fill_ring_is_empty(void **state)
{
	struct bench *b = *state;

	assert_false(memory_port_inject(b->port, 0, "x", 1));
	assert_int_equal(port_refill(&b->port->queue[0], &b->cache), RING);
	assert_int_equal(port_refill(&b->port->queue[0], &b->cache), 0);
	for (int i = 0; i < RING; i++)
		assert_true(memory_port_inject(b->port, 0, "x", 1));
	assert_false(memory_port_inject(b->port, 0, "x", 1));
	port_refill(&b->port->queue[0], &b->cache);
	assert_false(memory_port_inject(b->port, 0, "x", 1)); /* the rx ring is full */
	assert_int_equal(b->port->queue[0].counters.fill_short, 0);
	assert_null(frames_check(&b->cache, &b->port, 1));
}

static void a_refill_without_frames_is_counted(void **state)
{
	struct bench *b = *state;
	struct frame_cache none = {.frames = b->frames};

	assert_int_equal(port_refill(&b->port->queue[0], &none), 0);
	assert_int_equal(b->port->queue[0].counters.fill_short, 1);
}

/* I3 */
static void the_tx_ring_takes_no_more_than_its_size_until_completed(void **state)
{
	struct bench *b = *state;
	struct port_queue *q = &b->port->queue[0];
	uint32_t idx = 0;

	assert_false(port_tx_reserve(q, RING + 1, &idx));
	for (int round = 0; round < 2; round++) {
		assert_true(port_tx_reserve(q, RING, &idx));
		for (uint32_t i = 0; i < RING; i++) {
			struct xdp_desc *d = port_tx_desc(q, idx + i);
			uint64_t addr = 0;

			assert_true(frame_get(&b->cache, &addr));
			d->addr = addr + FRAME_HEADROOM;
			d->len = 60;
			d->options = 0;
		}
		port_tx_submit(q, RING);
		assert_false(port_tx_reserve(q, 1, &idx));
		memory_port_tx_complete(b->port, 0, RING);
		assert_false(port_tx_reserve(q, 1, &idx)); /* a completion waits for its room */
		assert_null(frames_check(&b->cache, &b->port, 1));
		assert_int_equal(port_reclaim(q, &b->cache), RING);
	}
}

static void kicks_follow_the_flags(void **state)
{
	struct bench *b = *state;
	struct port_queue *q = &b->port->queue[0];
	const struct memory_queue *m = memory_port_queue(b->port, 0);

	memory_port_want_kick(b->port, 0, true, false);
	port_kick(q);
	assert_int_equal(m->kicks, 0); /* nothing to send */
	echo(b, 0);
	assert_true(memory_port_inject(b->port, 0, "x", 1));
	assert_int_equal(echo(b, 0), 1);
	port_kick(q);
	assert_int_equal(m->kicks, 1);
	memory_port_want_kick(b->port, 0, false, true);
	port_kick(q);
	assert_int_equal(m->kicks, 2);
	assert_int_equal(q->counters.tx_kicks, 1);
	assert_int_equal(q->counters.rx_wakeups, 1);
	memory_port_want_kick(b->port, 0, false, false);
	port_kick(q);
	assert_int_equal(m->kicks, 2);
	q->need_wakeup = false; /* without the flags, whatever waits is kicked */
	port_kick(q);
	assert_int_equal(m->kicks, 3);
	memory_port_tx_complete(b->port, 0, 1);
	port_kick(q);
	assert_int_equal(m->kicks, 3);
}

static void descriptors_go_through_without_a_copy(void **state)
{
	struct bench *b = *state;
	struct xdp_desc desc[4] = {0};
	uint64_t addr[RING + 1];
	uint32_t idx = 0;

	echo(b, 0);
	assert_int_equal(memory_port_fill_take(b->port, 0, addr, 4), 4);
	for (int i = 0; i < 4; i++) {
		desc[i].addr = addr[i] + FRAME_HEADROOM;
		desc[i].len = 60;
	}
	assert_true(memory_port_rx_put(b->port, 0, desc, 4));
	assert_int_equal(echo(b, 0), 4);
	assert_int_equal(memory_port_tx_peek(b->port, 0, 3, &idx), 3);
	assert_int_equal(memory_port_tx_desc(b->port, 0, idx + 2)->addr, desc[2].addr);
	memory_port_tx_complete(b->port, 0, 3);
	assert_int_equal(memory_port_tx_peek(b->port, 0, 64, &idx), 1);
	assert_int_equal(memory_port_tx_desc(b->port, 0, idx)->addr, desc[3].addr);
	assert_int_equal(port_reclaim(&b->port->queue[0], &b->cache), 3);
	assert_int_equal(memory_port_fill_take(b->port, 0, addr, RING + 1), RING);
	for (int i = 0; i < RING; i++)
		frame_put(&b->cache, addr[i]);
	assert_null(frames_check(&b->cache, &b->port, 1));
}

static void impossible_ports_are_refused(void **state)
{
	struct bench *b = *state;
	struct memory_config cfg = {.name = "m1", .n_queues = 1, .tag = 9, .ring_size = 12};
	struct port *port = NULL;

	assert_int_equal(memory_port_open(&port, b->frames, &cfg), -EINVAL);
	cfg.ring_size = 16;
	cfg.tag = 0;
	assert_int_equal(memory_port_open(&port, b->frames, &cfg), -EINVAL);
	cfg.tag = 9;
	cfg.n_queues = PORT_QUEUE_MAX + 1;
	assert_int_equal(memory_port_open(&port, b->frames, &cfg), -EINVAL);
	assert_null(port);
	port_close(&port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(packets_come_out_as_they_went_in, setup, teardown),
		cmocka_unit_test_setup_teardown(long_packets_are_chains, setup, teardown),
		cmocka_unit_test_setup_teardown(injection_stops_when_the_fill_ring_is_empty, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(a_refill_without_frames_is_counted, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(
			the_tx_ring_takes_no_more_than_its_size_until_completed, setup, teardown),
		cmocka_unit_test_setup_teardown(kicks_follow_the_flags, setup, teardown),
		cmocka_unit_test_setup_teardown(descriptors_go_through_without_a_copy, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(impossible_ports_are_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
