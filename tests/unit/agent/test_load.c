/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "agent/load.h"
#include "base/clock.h"

/* Half a second on a counter of 2 GHz. */
static struct load half_a_second(struct load_sample done)
{
	struct load l = {0};
	struct load_sample s = {.at_ns = 7 * NS_PER_SEC,
	                        .ticks = 123,
	                        .packets = 1000000,
	                        .batches = 999,
	                        .busy_cycles = 1ull << 40,
	                        .order_cycles = 1ull << 33};

	load_update(&l, &s);
	assert_false(l.known);
	s.at_ns += NS_PER_SEC / 2;
	s.ticks += 1000000000;
	s.packets += done.packets;
	s.batches += done.batches;
	s.busy_cycles += done.busy_cycles;
	s.order_cycles += done.order_cycles;
	load_update(&l, &s);
	assert_true(l.known);
	return l;
}

static void nothing_is_known_of_less_than_two_samples(void **)
{
	struct load l = {0};

	load_update(&l, &(struct load_sample){.at_ns = 5, .ticks = 5, .packets = 100});
	assert_false(l.known);
	load_update(&l, &(struct load_sample){.at_ns = 5, .ticks = 5, .packets = 100});
	assert_false(l.known); /* no time has passed */
}

static void rates_are_those_since_the_last_sample(void **)
{
	struct load l = half_a_second((struct load_sample){
		.packets = 3200000, .batches = 50000, .busy_cycles = 250000000});

	assert_float_equal(l.pps, 6400000, 0.5);
	assert_float_equal(l.packets_per_batch, 64, 1e-6);
	assert_float_equal(l.cycles_per_packet, 78.125, 1e-6);
	assert_float_equal(l.idle_percent, 75, 1e-6);
}

/* Whether it sleeps or spins meanwhile: neither is in any counter of cycles. */
static void a_worker_without_work_is_idle(void **)
{
	struct load l = half_a_second((struct load_sample){0});

	assert_float_equal(l.pps, 0, 1e-9);
	assert_float_equal(l.packets_per_batch, 0, 1e-9);
	assert_float_equal(l.cycles_per_packet, 0, 1e-9);
	assert_float_equal(l.idle_percent, 100, 1e-9);
}

static void orders_are_work_but_no_packets(void **)
{
	struct load l = half_a_second((struct load_sample){.order_cycles = 100000000});

	assert_float_equal(l.idle_percent, 90, 1e-6);
	assert_float_equal(l.pps, 0, 1e-9);
	assert_float_equal(l.cycles_per_packet, 0, 1e-9);
}

static void a_long_loop_is_no_negative_idleness(void **)
{
	struct load l = half_a_second(
		(struct load_sample){.packets = 1, .batches = 1, .busy_cycles = 1500000000});

	assert_float_equal(l.idle_percent, 0, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_of_less_than_two_samples),
		cmocka_unit_test(rates_are_those_since_the_last_sample),
		cmocka_unit_test(a_worker_without_work_is_idle),
		cmocka_unit_test(orders_are_work_but_no_packets),
		cmocka_unit_test(a_long_loop_is_no_negative_idleness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
