/* SPDX-License-Identifier: BSD-2-Clause */
/* Queues that really stand still, seen by the watchdog, and mended as the agent does it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "agent/watchdog.h"

#include "road.h"

/* What the agent sees of port @port's queue. The worker's loop is turned by router_run(). */
static void look(struct road *t, uint16_t port, struct watchdog_sample *s)
{
	*s = (struct watchdog_sample){.up = true, .loops = t->r->now};
	watchdog_read(&t->r->port[port]->queue[0], s);
}

static enum watchdog_action second(struct road *t, struct watchdog *w, uint16_t port)
{
	struct watchdog_sample s;

	t->r->now += NS_PER_SEC;
	router_run(t->r);
	look(t, port, &s);
	return watchdog_look(w, 0, &s, t->r->now);
}

static void inject(struct road *t, uint16_t from, uint32_t dst)
{
	router_udp(&t->in, from, dst, 64);
	assert_true(router_inject(t->r, from, t->in.bytes, t->in.len));
}

static uint64_t kicks(struct road *t, uint16_t port)
{
	return memory_port_queue(t->r->port[port], 0)->kicks;
}

static void a_nudge_makes_both_calls_once(void **state)
{
	struct road *t = *state;
	uint64_t before;

	t->r->port[1]->queue[0].need_wakeup = true;
	memory_port_want_kick(t->r->port[1], 0, false, false);
	router_run(t->r);
	before = kicks(t, 1);
	router_run(t->r);
	assert_int_equal(kicks(t, 1), before); /* nobody asks */
	port_nudge(&t->r->port[1]->queue[0]);
	router_run(t->r);
	router_run(t->r);
	assert_int_equal(kicks(t, 1), before + 2);
}

/* AF_XDP row 36: the other end takes descriptors and never completes them. */
static void a_queue_that_loses_completions_is_bound_anew(void **state)
{
	struct watchdog *w = calloc(1, sizeof(*w));
	struct road *t = *state;

	assert_non_null(w);
	assert_int_equal(second(t, w, 1), WATCHDOG_NOTHING);
	for (int i = 0; i < 100; i++) {
		inject(t, 0, HOST_IP(1));
		if (i % 20 == 19)
			router_run(t->r);
	}
	router_run(t->r);
	assert_int_equal(t->r->port[1]->queue[0].tx_pending, 64);
	assert_int_equal(router_count(t->r, DROP_TX_FULL), 36);
	assert_int_equal(second(t, w, 1), WATCHDOG_NOTHING);
	assert_int_equal(second(t, w, 1), WATCHDOG_KICK);
	assert_int_equal(second(t, w, 1), WATCHDOG_KICK);
	assert_int_equal(second(t, w, 1), WATCHDOG_REBIND);
	watchdog_rebound(w, 0, t->r->now);
	router_unplug(t->r, 1);
	assert_null(router_check(t->r)); /* I2: not one frame went down with it */
	router_plug(t->r, 1);
	assert_null(router_check(t->r));
	for (int i = 0; i < 30; i++) {
		router_drain(t->r); /* now the other end is well; its address is announced anew */
		assert_int_equal(second(t, w, 1), WATCHDOG_NOTHING);
	}
	inject(t, 0, HOST_IP(1));
	router_run(t->r);
	road_out(t, 1);
	inject(t, 1, HOST_IP(0)); /* and it receives */
	router_run(t->r);
	road_out(t, 0);
	free(w);
}

/* A port that stands still takes nothing from the others, however long. */
static void the_others_forward_meanwhile(void **state)
{
	struct road *t = *state;

	for (int i = 0; i < 500; i++) {
		inject(t, 0, HOST_IP(1));
		inject(t, 0, HOST_IP(2));
		router_run(t->r);
		road_out(t, 2);
	}
	assert_int_equal(router_count(t->r, DROP_TX_FULL), 500 - 64);
	assert_null(router_check(t->r));
}

/*
 * X-numa-starve: more than the transmit side takes, and no frame left to receive with. Everything
 * is counted, nothing leaks, and with the load gone it is as before.
 */
static void starvation_is_counted_and_passes(void **state)
{
	const struct router_config cfg = {.frames = 3 * 64 + 16};
	struct road *t = road_open(&cfg);
	struct port_queue *out = &t->r->port[1]->queue[0], *in = &t->r->port[0]->queue[0];
	uint64_t refused = 0, offered = 0, full, before = out->counters.tx_packets;

	*state = t;
	for (int i = 0; i < 400; i++) {
		for (int k = 0; k < 8; k++) {
			router_udp(&t->in, 0, HOST_IP(1), 64);
			offered++;
			if (!router_inject(t->r, 0, t->in.bytes, t->in.len))
				refused++; /* as a NIC without descriptors: it drops */
		}
		router_run(t->r);
		if (i % 4 == 0)
			memory_port_tx_complete(t->r->port[1], 0, 1);
	}
	assert_true(in->counters.fill_short > 0);
	assert_null(router_check(t->r));
	full = router_count(t->r, DROP_TX_FULL);
	assert_int_equal(in->counters.rx_packets, offered - refused);
	assert_int_equal(out->counters.tx_packets - before + full, offered - refused);
	assert_int_equal(out->counters.tx_full, full);

	router_drain(t->r);
	router_run(t->r);
	assert_int_equal(out->tx_pending, 0);
	for (int i = 0; i < 1000; i++) { /* at the rate it can carry: no loss, no delay */
		inject(t, 0, HOST_IP(1));
		router_run(t->r);
		road_out(t, 1);
	}
	assert_int_equal(router_count(t->r, DROP_TX_FULL), full);
}

/* AF_XDP row 47: what is to be sent is sent before more is received. */
static void under_overload_transmission_goes_on(void **state)
{
	const struct router_config cfg = {.frames = 4096, .ring = 256};
	struct road *t = road_open(&cfg);
	uint32_t out = 0, idx;

	*state = t;
	for (int i = 0; i < 200; i++) {
		router_udp(&t->in, 0, HOST_IP(1), 64);
		while (router_inject(t->r, 0, t->in.bytes, t->in.len))
			; /* the rx ring is full, always */
		worker_poll(&t->r->worker, t->r->now);
		rcu_quiescent_state();
		uint32_t n = memory_port_tx_peek(t->r->port[1], 0, 48, &idx);

		memory_port_tx_complete(t->r->port[1], 0, n);
		out += n;
	}
	assert_int_equal(out, 200 * 48); /* all that the link carries, in each round */
	assert_true(router_count(t->r, DROP_TX_FULL) > 0);
	router_run(t->r);
	router_drain(t->r);
	router_run(t->r);
	inject(t, 0, HOST_IP(1)); /* the first one afterwards waits behind nobody */
	router_run(t->r);
	road_out(t, 1);
	road_silent(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(a_nudge_makes_both_calls_once),
		road_test(a_queue_that_loses_completions_is_bound_anew),
		road_test(the_others_forward_meanwhile),
		cmocka_unit_test_teardown(starvation_is_counted_and_passes, road_teardown),
		cmocka_unit_test_teardown(under_overload_transmission_goes_on, road_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
