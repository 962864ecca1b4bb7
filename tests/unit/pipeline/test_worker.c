/* SPDX-License-Identifier: BSD-2-Clause */
/* A worker in its own thread. The test waits for what the worker does, never for time to pass. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "road.h"

#define ROUNDS   20
#define PATIENCE (20 * NS_PER_SEC)

/* A sleep ends by itself after 500 ms at the latest: 20 that are ended take much less than that. */
#define SOON (200ull * ROUNDS * NS_PER_MS)

static int setup(void **state)
{
	struct road *t = road_open(NULL);

	*state = t;
	assert_int_equal(worker_start(&t->r->worker), 0);
	return 0;
}

static int teardown(void **state)
{
	struct road *t = *state;

	worker_stop(&t->r->worker);
	assert_false(t->r->worker.running);
	rcu_quiescent_state();
	router_run(t->r);
	router_drain(t->r);
	return road_teardown(state);
}

#define worker_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void wait_for(bool (*holds)(struct road *), struct road *t)
{
	uint64_t end = clock_ns() + PATIENCE;

	while (!holds(t)) {
		assert_true(clock_ns() < end);
		sched_yield();
		rcu_quiescent_state();
	}
}

static bool asleep(struct road *t)
{
	return atomic_load(&t->r->worker.asleep);
}

static bool awake(struct road *t)
{
	return !asleep(t);
}

static bool sent(struct road *t)
{
	uint32_t idx;

	return memory_port_tx_peek(t->r->port[1], 0, 1, &idx) > 0;
}

static void give_packet(struct road *t)
{
	router_udp(&t->in, 0, HOST_IP(1), 64);
	assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
}

static void it_forwards(struct road *t)
{
	give_packet(t);
	worker_wake(&t->r->worker);
	wait_for(sent, t);
	road_out(t, 1);
}

static void an_idle_worker_sleeps(void **state)
{
	struct road *t = *state;

	wait_for(asleep, t);
	it_forwards(t);
	wait_for(asleep, t);
	assert_true(counter_read(&t->r->worker.counters.sleeps) > 0);
	assert_int_equal(counter_read(&t->r->worker.counters.packets), 1);
	assert_int_equal(counter_read(&t->r->worker.counters.batches), 1);
}

/* An order to greet the neighbours of port 1. */
static void order_greeting(struct road *t)
{
	struct order *o = ring_reserve(t->r->worker.pipeline.orders);

	assert_non_null(o);
	packet_arp(&t->in, &(struct packet_arp){.dst = MAC_BROADCAST,
	                                        .sender_mac = ROUTER_MAC(1),
	                                        .sender = ROUTER_IP(1),
	                                        .target = IP(10, 0, 1, 9),
	                                        .op = 1});
	*o = (struct order){.kind = ORDER_SEND, .iface = 1, .len = 60};
	memcpy(o->bytes, t->in.bytes, 60);
	ring_push(t->r->worker.pipeline.orders);
}

static void an_order_wakes_it(void **state)
{
	struct road *t = *state;
	uint64_t took = 0;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t start;

		wait_for(asleep, t);
		start = clock_ns();
		order_greeting(t);
		worker_wake(&t->r->worker);
		wait_for(sent, t);
		took += clock_ns() - start;
		road_out(t, 1);
	}
	assert_true(took < SOON);
}

static void new_queues_wake_it(void **state)
{
	struct road *t = *state;
	uint64_t took = 0;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t start;

		wait_for(asleep, t);
		give_packet(t); /* no event tells of it: a memory port has nothing to poll */
		start = clock_ns();
		router_publish(t->r);
		wait_for(sent, t);
		took += clock_ns() - start;
		road_out(t, 1);
	}
	assert_true(took < SOON);
}

/* What the agent does while the worker is in the middle of a loop. */
struct meanwhile {
	struct port_ops ops;
	struct road *t;
	bool done;
};

static void agent_opens_port(struct port_queue *q, bool)
{
	struct meanwhile *m = caa_container_of(q->ops, struct meanwhile, ops);

	if (m->done)
		return;
	m->done = true;
	router_publish(m->t->r);
	order_greeting(m->t);
}

/* The first words on an interface may be a probe for its address, which is not said again. */
static void an_order_for_a_port_that_was_just_opened_finds_it(void **state)
{
	struct road *t = *state;
	struct port *first = t->r->port[0], *opened = t->r->port[1];
	const struct port_ops *ops = first->queue[0].ops;
	struct meanwhile m = {.ops = *ops, .t = t};

	m.ops.kick = agent_opens_port;
	t->r->port[1] = NULL;
	router_publish(t->r);
	t->r->port[1] = opened;
	port_nudge(&first->queue[0]);
	first->queue[0].ops = &m.ops;
	worker_poll(&t->r->worker, 1);
	first->queue[0].ops = ops;
	assert_true(m.done);
	assert_true(sent(t));
	road_out(t, 1);
}

static void reports_wake_the_agent(void **state)
{
	struct road *t = *state;
	struct pollfd p = {.fd = t->r->report_fd, .events = POLLIN};
	uint64_t told;

	wait_for(asleep, t);
	(void)!read(t->r->report_fd, &told, sizeof(told)); /* of the setup */
	router_udp(&t->in, 0, IP(10, 0, 1, 77), 64);
	assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	worker_wake(&t->r->worker);
	assert_int_equal(poll(&p, 1, (int)(PATIENCE / NS_PER_MS)), 1);
	assert_true(ring_has(t->r->worker.pipeline.reports));
}

static void a_busy_worker_never_sleeps(void **state)
{
	struct road *t = *state;

	worker_stop(&t->r->worker);
	t->r->worker.idle = WORKER_IDLE_BUSY;
	t->r->worker.counters.sleeps = 0;
	assert_int_equal(worker_start(&t->r->worker), 0);
	wait_for(awake, t);
	for (int i = 0; i < ROUNDS; i++)
		it_forwards(t);
	assert_int_equal(counter_read(&t->r->worker.counters.sleeps), 0);
}

static void it_can_be_stopped_and_started(void **state)
{
	struct road *t = *state;

	for (int i = 0; i < ROUNDS; i++) {
		if (i % 2 == 0)
			wait_for(asleep, t);
		worker_stop(&t->r->worker);
		worker_stop(&t->r->worker); /* once more does no harm */
		rcu_quiescent_state();
		router_run(t->r);
		assert_null(router_check(t->r));
		assert_int_equal(worker_start(&t->r->worker), 0);
		it_forwards(t);
	}
}

static bool order_counted(struct road *t)
{
	return counter_read(&t->r->worker.counters.order_cycles) > 0;
}

/* What the agent shows as cycles a packet would else count what no packet has cost. */
static void loops_of_orders_are_accounted_apart(void **state)
{
	struct road *t = *state;
	struct worker *w = &t->r->worker;
	struct order *o = ring_reserve(w->pipeline.orders);

	wait_for(asleep, t);
	assert_non_null(o);
	*o = (struct order){.kind = ORDER_RETURN, .value = 1};
	ring_push(w->pipeline.orders);
	worker_wake(w);
	wait_for(order_counted, t);
	assert_int_equal(counter_read(&w->counters.busy_loops), 0);
	assert_int_equal(counter_read(&w->counters.busy_cycles), 0);
	it_forwards(t);
	wait_for(asleep, t);
	assert_int_equal(counter_read(&w->counters.busy_loops), 1);
	assert_true(counter_read(&w->counters.busy_cycles) > 0);
}

/* As the agent does while the thread does not run. */
static void orders_alone_see_what_is_in_force_now(void **state)
{
	const struct order say = {.kind = ORDER_SEND, .iface = 1, .len = ETHER_MIN_LEN};
	struct road *t = *state;
	struct pipeline *p = &t->r->worker.pipeline;
	struct order *slot;

	router_publish(t->r);
	router_run(t->r);
	router_drain(t->r);
	router_publish(t->r);
	rcu_barrier(); /* what was in force is freed */
	slot = ring_reserve(p->orders);
	assert_non_null(slot);
	*slot = say;
	ring_push(p->orders);
	assert_int_equal(worker_orders(&t->r->worker, t->r->now), 1);
	assert_ptr_equal(p->ifaces, rcu_get(&t->r->table.current));
	assert_false(ring_has(p->orders));
	assert_int_equal(router_drain(t->r), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(orders_alone_see_what_is_in_force_now),
		worker_test(an_idle_worker_sleeps),
		worker_test(an_order_wakes_it),
		worker_test(loops_of_orders_are_accounted_apart),
		worker_test(new_queues_wake_it),
		road_test(an_order_for_a_port_that_was_just_opened_finds_it),
		worker_test(reports_wake_the_agent),
		worker_test(a_busy_worker_never_sleeps),
		worker_test(it_can_be_stopped_and_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
