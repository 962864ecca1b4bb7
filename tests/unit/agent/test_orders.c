/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "agent/agent.h"
#include "base/ring.h"
#include "wire/icmp6.h"
#include "wire/ip6.h"

#define SLOTS 256

/* An agent with a worker that carries nothing out. */
static int bed_setup(void **state)
{
	struct agent *a = calloc(1, sizeof(*a));

	assert_non_null(a);
	a->n_workers = 1;
	a->worker = calloc(1, sizeof(*a->worker));
	assert_non_null(a->worker);
	a->worker->running = true;
	assert_int_equal(ring_new(&a->worker->pipeline.orders, SLOTS, sizeof(struct order)), 0);
	*state = a;
	return 0;
}

static int bed_teardown(void **state)
{
	struct agent *a = *state;

	ring_free(a->worker->pipeline.orders);
	free(a->worker);
	free(a);
	return 0;
}

/* What the worker took out. */
struct taken {
	struct worker *w;
	atomic_bool last; /* there will be no more */
	bool probe;       /* by interface 7 */
};

static void *take_all(void *arg)
{
	struct taken *t = arg;
	struct ring *ring = t->w->pipeline.orders;
	const struct order *o;

	for (bool last = false; !last || ring_has(ring);) {
		last = atomic_load(&t->last);
		o = ring_peek(ring);
		if (o == NULL)
			continue;
		t->probe |= o->iface == 7;
		ring_pop(ring);
	}
	return NULL;
}

static uint16_t solicit(uint8_t *frame, struct ip src)
{
	const struct ip target = {0x20010db800000000, 1};
	const struct nd_fields ask = {
		.src = src,
		.dst = ip6_solicited_node(target),
		.target = target,
		.type = ICMP6_NS,
	};

	return nd_write(frame, &ask);
}

/* RFC 4862 5.4: an address that nobody was asked about is not known to be nobody's. */
static void a_probe_for_duplicates_waits_for_room_and_others_do_not(void **state)
{
	struct agent *a = *state;
	uint8_t frame[ND_FRAME_MAX];
	uint16_t len = solicit(frame, (struct ip){0x20010db800000000, 2});
	struct taken taken = {.w = a->worker};
	pthread_t worker;

	for (unsigned int i = 0; i < SLOTS; i++)
		agent_neigh_ops.send(a, 0, frame, len);
	assert_int_equal(a->worker->orders_lost, 0);
	agent_neigh_ops.send(a, 0, frame, len);
	assert_int_equal(a->worker->orders_lost, 1);
	assert_int_equal(pthread_create(&worker, NULL, take_all, &taken), 0);
	agent_neigh_ops.send(a, 7, frame, solicit(frame, (struct ip){}));
	atomic_store(&taken.last, true);
	assert_int_equal(pthread_join(worker, NULL), 0);
	assert_true(taken.probe);
	assert_int_equal(a->worker->orders_lost, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_probe_for_duplicates_waits_for_room_and_others_do_not, bed_setup,
			bed_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
