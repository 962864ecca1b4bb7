/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bridge over the queues of two workers in two threads, each the other end of its own queues too.
 * The test is the agent meanwhile: stations come and go, and ports are blocked.
 *
 *     p0, two queues: VLAN 10 ---+----------------------+
 *     p1, two queues: VLAN 10 ---| feet in 10 and in 20 |
 *     p2, one queue: 10 and 20 --+----------------------+
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "crossing.h"

#define PACKETS     60000ul /* that each worker receives at least */
#define CHANGES     200
#define STRANGER    100 /* the first of those who are new, or gone, or moved, all the time */
#define N_STRANGERS 900
#define ROAMER      7 /* behind all ports, to both workers */
#define PATIENCE    (60 * NS_PER_SEC)

enum { FOOT = IFACE_PORTS, FOOT20 };
enum { TO_STATION, TO_ROAMER, TO_ALL, TO_STRANGER, TO_ROUTER, KINDS };

struct player {
	pthread_t id;
	unsigned int number;
	struct router *r;
	struct packet frame[ROUTER_PORTS][KINDS];
	atomic_bool *stop;
	atomic_ulong came, went; /* packets; written by this player */
};

/* What comes in by @port of each kind. Station N is behind port N. */
static void frames_make(struct packet *p, uint16_t port)
{
	uint64_t self = STATION(port);

	frame_make(&p[TO_STATION], STATION((port + 1) % ROUTER_PORTS), self, 64);
	frame_make(&p[TO_ROAMER], STATION(ROAMER), self, 300);
	frame_make(&p[TO_ALL], BROADCAST, STATION(ROAMER), 1000);
	frame_make(&p[TO_STRANGER], STATION(STRANGER), STATION(STRANGER), 60);
	packet_ether(&p[TO_ROUTER], BRIDGE_MAC, HOST_MAC(FOOT, 2), 0x0800);
	packet_ip4(&p[TO_ROUTER],
	           &(struct packet_ip4){.src = HOST_IP(FOOT), .dst = HOST_IP(FOOT20)}, 40);
	packet_udp(&p[TO_ROUTER]);
	for (int i = 0; port == 2 && i < KINDS; i++)
		frame_tag(&p[i], 0x8100, 10);
}

/* Another stranger speaks to another one. */
static void strangers_turn(struct packet *p, unsigned long turn)
{
	mac_store(p->bytes, STATION(STRANGER + turn * 7 % N_STRANGERS));
	mac_store(p->bytes + 6, STATION(STRANGER + turn % N_STRANGERS));
}

static void come_in(struct player *p, uint16_t port, uint16_t queue)
{
	strangers_turn(&p->frame[port][TO_STRANGER], atomic_load(&p->came));
	for (int i = 0; i < KINDS; i++) {
		const struct packet *k = &p->frame[port][i];

		if (memory_port_inject(p->r->port[port], queue, k->bytes, k->len))
			atomic_store(&p->came, atomic_load(&p->came) + 1);
	}
}

static void go_out(struct player *p, uint16_t port, uint16_t queue)
{
	uint32_t idx, n = memory_port_tx_peek(p->r->port[port], queue, UINT32_MAX, &idx);

	memory_port_tx_complete(p->r->port[port], queue, n);
	atomic_store(&p->went, atomic_load(&p->went) + n);
}

static void each_queue(struct player *p, void (*what)(struct player *, uint16_t, uint16_t))
{
	for (uint16_t i = 0; i < ROUTER_PORTS; i++) {
		for (uint16_t k = 0; k < p->r->port[i]->n_queues; k++) {
			if (queue_worker(i, k, ROUTER_WORKERS) == p->number)
				what(p, i, k);
		}
	}
}

static void *play(void *arg)
{
	struct player *p = arg;

	rcu_register_thread();
	while (atomic_load(&p->came) < PACKETS || !atomic_load(p->stop)) {
		each_queue(p, come_in);
		(void)worker_poll(&p->r->workers[p->number], p->r->now);
		each_queue(p, go_out);
		rcu_quiescent_state();
	}
	rcu_unregister_thread();
	return NULL;
}

/* The @turn-th change: some strangers are learned, others forgotten, and p1 is blocked or not. */
static void change(struct test_bridge *b, unsigned int turn)
{
	for (unsigned int i = 0; i < 100; i++) {
		uint64_t who = STATION(STRANGER + (turn * 100 + i) % N_STRANGERS);
		uint64_t old = STATION(STRANGER + (turn * 100 + i * 5) % N_STRANGERS);

		if (fdb_set(b->live.fdb, fdb_key(who, 10), (uint16_t)(i % ROUTER_PORTS), 0, turn) <
		    0)
			b->refused++;
		(void)fdb_remove(b->live.fdb, fdb_key(old, 10));
	}
	__atomic_store_n(&b->live.full[0], turn % 8 == 7, __ATOMIC_RELAXED);
	bridge_state(b, 1, turn % 4 == 3 ? BRIDGE_BLOCKING : BRIDGE_FORWARDING);
	bridge_publish(b);
}

/* Wait until each player has received a @part-th more of its packets. */
static void progress(struct player *const *p, unsigned long part)
{
	uint64_t end = clock_ns() + PATIENCE;

	for (int i = 0; i < ROUTER_WORKERS; i++) {
		while (atomic_load(&p[i]->came) < PACKETS / CHANGES * part) {
			assert_true(clock_ns() < end);
			sched_yield();
			rcu_quiescent_state();
		}
	}
}

static struct player *player_start(struct router *r, unsigned int number, atomic_bool *stop)
{
	struct player *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->number = number;
	p->r = r;
	p->stop = stop;
	for (uint16_t port = 0; port < ROUTER_PORTS; port++)
		frames_make(p->frame[port], port);
	assert_int_equal(pthread_create(&p->id, NULL, play, p), 0);
	return p;
}

static void play_all(struct road *t, unsigned int changes)
{
	struct player *p[ROUTER_WORKERS];
	atomic_bool stop = false;

	for (unsigned int i = 0; i < ROUTER_WORKERS; i++)
		p[i] = player_start(t->r, i, &stop);
	for (unsigned int i = 0; i < changes; i++) {
		progress(p, i);
		change(bridge_of(t), i);
	}
	atomic_store(&stop, true);
	rcu_thread_offline();
	for (int i = 0; i < ROUTER_WORKERS; i++)
		(void)pthread_join(p[i]->id, NULL);
	rcu_thread_online();
	for (int i = 0; i < ROUTER_WORKERS; i++) {
		assert_true(atomic_load(&p[i]->went) > 0);
		free(p[i]);
	}
	do {
		router_run(t->r);
	} while (router_drain(t->r) > 0);
}

static int setup(void **state)
{
	static const struct router_config cfg = {
		.workers = 2, .queues = {2, 2, 1}, .frames = 8192, .ring = 256};
	struct road *t = road_open(&cfg);
	struct test_bridge *b = bridge_new(t->r, PORTS(0, 1, 2), true);

	*state = t;
	bridge_access(b, 0, 10);
	bridge_access(b, 1, 10);
	bridge_tagged(b, 2, 10);
	bridge_tagged(b, 2, 20);
	bridge_publish(b);
	assert_int_equal(bridge_foot(b, 10), FOOT);
	assert_int_equal(bridge_foot(b, 20), FOOT20);
	router_pass(t->r, 3 * NS_PER_SEC);
	router_drain(t->r);
	for (uint16_t i = 0; i < ROUTER_PORTS; i++)
		bridge_static(b, STATION(i), 10, i);
	assert_int_equal(fdb_set(b->live.fdb, fdb_key(STATION(ROAMER), 10), 0, 0, 0), 0);
	return 0;
}

static void assert_shared(struct road *t)
{
	const struct worker *w = t->r->workers;

	assert_null(router_check(t->r));
	for (int i = 0; i < ROUTER_WORKERS; i++) {
		assert_true(w[i].counters.packets >= PACKETS);
		assert_true(w[i].pipeline.counters.flooded > PACKETS / 20);
		assert_true(w[i].pipeline.counters.copies > PACKETS / 20);
		assert_int_equal(w[i].pipeline.counters.handed_over,
		                 w[1 - i].pipeline.counters.relayed);
	}
	assert_true(w[0].pipeline.counters.handed_over + w[1].pipeline.counters.handed_over >
	            HANDOVER_SLOTS);
	assert_true(bridge_of(t)->moved > 0);
	assert_int_equal(router_count(t->r, DROP_NO_ROUTE), 0);
	assert_int_equal(router_count(t->r, DROP_VLAN), 0);
}

static void two_threads_of_a_bridge_lose_nothing(void **state)
{
	struct road *t = *state;

	play_all(t, 0);
	assert_shared(t);
	assert_int_equal(router_count(t->r, DROP_PORT_STATE), 0);
}

static void stations_and_ports_that_change_meanwhile_lose_nothing(void **state)
{
	struct road *t = *state;

	play_all(t, CHANGES);
	assert_shared(t);
	assert_true(router_count(t->r, DROP_PORT_STATE) > 0);
	for (uint16_t i = 0; i < ROUTER_PORTS; i++)
		assert_int_equal(bridge_where(bridge_of(t), STATION(i), 10), i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_threads_of_a_bridge_lose_nothing, setup,
	                                        road_teardown),
		cmocka_unit_test_setup_teardown(
			stations_and_ports_that_change_meanwhile_lose_nothing, setup,
			road_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
