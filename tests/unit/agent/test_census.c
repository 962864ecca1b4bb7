/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "agent/census.h"

#define WORKERS 2

/* An agent that has what the census counts, and nothing else. */
static int bed_setup(void **state)
{
	const struct neigh_limits limits = {.entries = 16, .incomplete = 16, .held = 16};
	struct agent *a = calloc(1, sizeof(*a));
	size_t size = WORKERS * sizeof(*a->worker);

	assert_non_null(a);
	a->worker = aligned_alloc(CACHE_LINE, size);
	assert_non_null(a->worker);
	memset(a->worker, 0, size);
	a->n_workers = WORKERS;
	rcu_register_thread();
	assert_int_equal(frames_new(&a->frames, 64, 2048, FRAMES_HUGE_NEVER), 0);
	assert_int_equal(fib4_new(&a->fib4), 0);
	assert_int_equal(fib6_new(&a->fib6), 0);
	assert_int_equal(nexthops_new(&a->nexthops), 0);
	assert_int_equal(neigh_new(&a->neigh, &agent_neigh_ops, a, a->nexthops, &limits, NULL), 0);
	*state = a;
	return 0;
}

static int bed_teardown(void **state)
{
	struct agent *a = *state;

	neigh_free(a->neigh);
	fib4_free(a->fib4);
	fib6_free(a->fib6);
	rcu_barrier();
	nexthops_free(a->nexthops);
	frames_free(a->frames);
	free(a->worker);
	free(a);
	rcu_unregister_thread();
	return 0;
}

static uint64_t counter(const struct agent *a, const char *wanted)
{
	uint64_t value = 0;
	const char *name;

	for (unsigned int i = 0; (name = census_counter(a, i, &value)) != NULL; i++) {
		if (strcmp(name, wanted) == 0)
			return value;
	}
	fail_msg("there is no counter %s", wanted);
	return 0;
}

/* Each by a number of its own, so that none can stand for another. */
static void each_counter_has_its_own_name(void **state)
{
	struct agent *a = *state;

	for (unsigned int i = 0; i < WORKERS; i++) {
		struct worker *w = &a->worker[i];

		w->pipeline.counters.moved = 1;
		w->pipeline.counters.recovered = 2;
		w->pipeline.counters.handed_over = 4;
		w->pipeline.counters.relayed = 8;
		w->pipeline.counters.copies = 16;
		w->pipeline.counters.reports_lost = 32;
		w->pipeline.host.limited = 64;
		w->pipeline.reass.evicted = 128;
		w->orders_lost = 256;
		w->pipeline.counters.originated = 512;
		w->pipeline.host.originated = 1024;
		w->pipeline.reass.held = 2048;
	}
	a->held = 4096;
	a->lost_routes = 8192;
	assert_int_equal(counter(a, "frames.total"), 64);
	assert_int_equal(counter(a, "frames.moved"), WORKERS * 1);
	assert_int_equal(counter(a, "frames.recovered"), WORKERS * 2);
	assert_int_equal(counter(a, "handover.given"), WORKERS * 4);
	assert_int_equal(counter(a, "handover.taken"), WORKERS * 8);
	assert_int_equal(counter(a, "balance.copies"), WORKERS * 16);
	assert_int_equal(counter(a, "reports.lost"), WORKERS * 32);
	assert_int_equal(counter(a, "icmp.limited"), WORKERS * 64);
	assert_int_equal(counter(a, "reassembly.evicted"), WORKERS * 128);
	assert_int_equal(counter(a, "orders.full"), WORKERS * 256);
	assert_int_equal(counter(a, "balance.originated"), WORKERS * (512 + 1024));
	assert_int_equal(counter(a, "frames.held"), 4096 + WORKERS * 2048);
	assert_int_equal(counter(a, "routes.lost"), 8192);
}

static void behind_the_last_there_is_none(void **state)
{
	uint64_t value = 7;

	assert_null(census_counter(*state, 1000, &value));
	assert_int_equal(value, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_counter_has_its_own_name, bed_setup,
	                                        bed_teardown),
		cmocka_unit_test_setup_teardown(behind_the_last_there_is_none, bed_setup,
	                                        bed_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
