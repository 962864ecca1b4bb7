/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two workers in two threads, each the other end of its own queues too: it lets packets come in,
 * polls, and takes what goes out, as often as it can. The test changes what is in force meanwhile.
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

#include "pieces.h"

#define PACKETS  100000ul /* that each worker receives at least */
#define RELOADS  40
#define PATIENCE (60 * NS_PER_SEC)

struct player {
	pthread_t id;
	unsigned int number;
	struct router *r;
	struct port *port[ROUTER_PORTS]; /* whatever the router has of them */
	struct packet to[ROUTER_PORTS][ROUTER_PORTS];
	atomic_bool *stop;
	atomic_ulong came, went; /* packets; written by this player */
};

static bool plays(const struct player *p, uint16_t port, uint16_t queue)
{
	return queue_worker(port, queue, ROUTER_WORKERS) == p->number;
}

/* One packet to each other port, and half of one to the router. */
static void come_in(struct player *p, uint16_t from, uint16_t queue)
{
	for (uint16_t to = 0; to < ROUTER_PORTS; to++) {
		struct packet *k = &p->to[from][to];

		if (memory_port_inject(p->port[from], queue, k->bytes, k->len))
			atomic_store(&p->came, atomic_load(&p->came) + 1);
	}
}

static void go_out(struct player *p, uint16_t port, uint16_t queue)
{
	uint32_t idx, n = memory_port_tx_peek(p->port[port], queue, UINT32_MAX, &idx);

	memory_port_tx_complete(p->port[port], queue, n);
	atomic_store(&p->went, atomic_load(&p->went) + n);
}

static void turn(struct player *p, bool receive)
{
	for (uint16_t i = 0; i < ROUTER_PORTS; i++) {
		for (uint16_t k = 0; k < p->port[i]->n_queues; k++) {
			if (plays(p, i, k) && receive)
				come_in(p, i, k);
		}
	}
	(void)worker_poll(&p->r->workers[p->number], p->r->now);
	for (uint16_t i = 0; i < ROUTER_PORTS; i++) {
		for (uint16_t k = 0; k < p->port[i]->n_queues; k++) {
			if (plays(p, i, k))
				go_out(p, i, k);
		}
	}
	rcu_quiescent_state();
}

static void *play(void *arg)
{
	struct player *p = arg;

	rcu_register_thread();
	while (atomic_load(&p->came) < PACKETS || !atomic_load(p->stop))
		turn(p, true);
	rcu_unregister_thread();
	return NULL;
}

/* An echo request's first or second half. By p0, which each player has a queue of, both come. */
static void echo_half(struct packet *p, uint16_t from, unsigned int half)
{
	static struct packet whole;

	router_ip4(&whole, from,
	           &(struct packet_ip4){.dst = ROUTER_IP(from), .proto = IP_PROTO_ICMP}, 160);
	packet_icmp(&whole, ICMP4_ECHO, 0);
	pieces_cut(p, &whole, half * 80, 80, half == 0);
}

static void player_make(struct player *p, struct router *r, unsigned int number, atomic_bool *stop)
{
	p->r = r;
	p->number = number;
	p->stop = stop;
	for (uint16_t from = 0; from < ROUTER_PORTS; from++) {
		p->port[from] = r->port[from];
		for (uint16_t to = 0; to < ROUTER_PORTS; to++)
			router_udp(&p->to[from][to], from, HOST_IP(to), 64);
		echo_half(&p->to[from][from], from, number);
	}
}

/* The @turn-th change: a port vanishes from all lists, or is there again. */
static void reload(struct router *r, struct port *const *port, int turn)
{
	uint16_t which = (uint16_t)(turn / 2 % ROUTER_PORTS);

	r->port[which] = turn % 2 == 0 ? NULL : port[which];
	r->iface[which].up = true;
	router_publish(r);
	/* Its neighbour went with the link; nobody asks for it here. */
	router_static(r, which, HOST_IP(which), HOST_MAC(which, 2));
}

/* Wait until each player has received a @part-th more of its packets. */
static void progress(struct player *const *p, unsigned long part, unsigned long parts)
{
	uint64_t end = clock_ns() + PATIENCE;

	for (int i = 0; i < ROUTER_WORKERS; i++) {
		while (atomic_load(&p[i]->came) < PACKETS / parts * part) {
			assert_true(clock_ns() < end);
			sched_yield();
			rcu_quiescent_state();
		}
	}
}

static void play_all(struct road *t, int reloads)
{
	struct player *p[ROUTER_WORKERS];
	atomic_bool stop = false;

	for (unsigned int i = 0; i < ROUTER_WORKERS; i++) {
		p[i] = calloc(1, sizeof(*p[i]));
		assert_non_null(p[i]);
		player_make(p[i], t->r, i, &stop);
	}
	for (int i = 0; i < ROUTER_WORKERS; i++)
		assert_int_equal(pthread_create(&p[i]->id, NULL, play, p[i]), 0);
	for (int i = 0; i < reloads; i++) {
		progress(p, (unsigned long)i, (unsigned long)reloads);
		reload(t->r, p[0]->port, i);
	}
	atomic_store(&stop, true);
	rcu_thread_offline();
	for (int i = 0; i < ROUTER_WORKERS; i++)
		assert_int_equal(pthread_join(p[i]->id, NULL), 0);
	rcu_thread_online();
	for (int i = 0; i < ROUTER_WORKERS; i++) {
		assert_true(atomic_load(&p[i]->went) > 0);
		free(p[i]);
	}
	router_run(t->r);
	router_drain(t->r);
	router_run(t->r);
}

static struct road *pair_open(void **state)
{
	const struct router_config cfg = {
		.workers = 2, .queues = {2, 1, 1}, .frames = 8192, .ring = 256};
	struct road *t = road_open(&cfg);

	*state = t;
	return t;
}

static void two_threads_lose_nothing(void **state)
{
	struct road *t = pair_open(state);
	const struct worker *w = t->r->workers;

	play_all(t, 0);
	assert_null(router_check(t->r));
	for (int i = 0; i < ROUTER_WORKERS; i++) {
		assert_true(w[i].counters.packets >= PACKETS);
		assert_true(w[i].pipeline.counters.handed_over > HANDOVER_SLOTS);
		assert_int_equal(w[i].pipeline.counters.handed_over,
		                 w[1 - i].pipeline.counters.relayed);
	}
	assert_true(router_count(t->r, CONSUMED_ICMP_ECHO) > 0);
	assert_int_equal(router_count(t->r, DROP_NO_ROUTE), 0);
	assert_int_equal(router_count(t->r, DROP_TX_DOWN), 0);
}

static void ports_that_come_and_go_meanwhile_lose_nothing(void **state)
{
	struct road *t = pair_open(state);

	play_all(t, RELOADS);
	assert_null(router_check(t->r));
	assert_true(router_count(t->r, DROP_NEIGH_FAILED) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(two_threads_lose_nothing, road_teardown),
		cmocka_unit_test_teardown(ports_that_come_and_go_meanwhile_lose_nothing,
	                                  road_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
