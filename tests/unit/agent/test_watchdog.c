/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "agent/watchdog.h"
#include "base/clock.h"

/* An interface that is looked at once a second. */
struct bed {
	struct watchdog w;
	struct watchdog_sample s;
	uint64_t now;
	uint64_t device, taken;
	enum watchdog_action last;
};

static int bed_setup(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->s = (struct watchdog_sample){.up = true, .fill = 4096};
	b->now = 5 * NS_PER_SEC;
	*state = b;
	return 0;
}

static int bed_teardown(void **state)
{
	free(*state);
	return 0;
}

/* A second goes by, the worker turns its loop, and queue 0 looks as b->s says. */
static enum watchdog_action second(struct bed *b)
{
	b->now += NS_PER_SEC;
	b->s.loops += 1000;
	if (watchdog_doubts(&b->w, 0, &b->s))
		watchdog_device(&b->w, b->device, b->taken);
	else
		watchdog_device_unknown(&b->w);
	b->last = watchdog_look(&b->w, 0, &b->s, b->now);
	return b->last;
}

/* So many seconds as they come, in none of which anything is to be done. */
static void quiet(struct bed *b, unsigned int seconds)
{
	for (unsigned int i = 0; i < seconds; i++)
		assert_int_equal(second(b), WATCHDOG_NOTHING);
}

/* Seconds until a new binding is asked for, at most @most; it is counted as done. */
static unsigned int until_rebind(struct bed *b, unsigned int most)
{
	for (unsigned int i = 1; i <= most; i++) {
		if (second(b) == WATCHDOG_REBIND) {
			watchdog_rebound(&b->w, 0, b->now);
			return i;
		}
	}
	fail_msg("no new binding in %u s", most);
	return 0;
}

static void an_idle_queue_is_left_alone(void **state)
{
	struct bed *b = *state;

	quiet(b, 100);
}

static void owed_completions_make_a_kick_and_then_a_rebind(void **state)
{
	struct bed *b = *state;

	quiet(b, 1);
	b->s.tx_pending = 7;
	assert_int_equal(second(b), WATCHDOG_NOTHING); /* they may have gone out just now */
	assert_int_equal(second(b), WATCHDOG_KICK);
	assert_int_equal(second(b), WATCHDOG_KICK);
	assert_int_equal(second(b), WATCHDOG_REBIND);
	assert_int_equal(b->w.queue[0].tx.stalls, 1);
	assert_int_equal(b->w.queue[0].rx.stalls, 0);
}

static void a_kick_that_helps_is_the_end_of_it(void **state)
{
	struct bed *b = *state;

	quiet(b, 1);
	b->s.tx_pending = 7;
	quiet(b, 1);
	assert_int_equal(second(b), WATCHDOG_KICK);
	b->s.completed += 7;
	b->s.tx_pending = 0;
	quiet(b, 10);
	b->s.tx_pending = 1; /* again, later: counted again */
	quiet(b, 1);
	assert_int_equal(second(b), WATCHDOG_KICK);
	assert_int_equal(b->w.queue[0].tx.stalls, 2);
}

/* Pause frames, a slow line, overload: the ring is full all the time, but it moves. */
static void a_slow_queue_that_moves_is_left_alone(void **state)
{
	struct bed *b = *state;

	b->s.tx_pending = 2048;
	for (int i = 0; i < 1000; i++) {
		b->s.completed++;
		quiet(b, 1);
	}
}

static void indexes_may_wrap(void **state)
{
	struct bed *b = *state;

	b->s.tx_pending = 64;
	b->s.completed = UINT32_MAX - 5;
	b->s.received = UINT32_MAX - 2;
	for (int i = 0; i < 20; i++) {
		b->s.completed++;
		b->s.received++;
		quiet(b, 1);
	}
	assert_true(b->s.completed < 64);
	quiet(b, 1); /* and standing still behind the wrap is seen as ever */
	assert_int_equal(second(b), WATCHDOG_KICK);
}

static void a_link_that_is_down_is_left_alone(void **state)
{
	struct bed *b = *state;

	quiet(b, 1);
	b->s.tx_pending = 100; /* nothing completes without a link */
	b->s.up = false;
	quiet(b, 100);
	b->s.up = true;
	quiet(b, 2); /* the time without does not count */
	assert_int_equal(second(b), WATCHDOG_KICK);
}

static void a_worker_that_does_not_run_is_no_stall(void **state)
{
	struct bed *b = *state;

	quiet(b, 1);
	b->s.tx_pending = 100;
	for (int i = 0; i < 100; i++) {
		b->s.loops -= 1000; /* second() has it turn */
		quiet(b, 1);
	}
	quiet(b, 1);
	assert_int_equal(second(b), WATCHDOG_KICK);
}

/* The empty fill ring that is never looked at again. */
static void fall_silent(struct bed *b)
{
	quiet(b, 2);
	b->s.received += 100;
	quiet(b, 1);
	b->s.fill_empty += 3;
}

static void packets_that_arrive_and_are_not_received_are_a_stall(void **state)
{
	struct bed *b = *state;

	fall_silent(b);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(second(b), i < 2 ? WATCHDOG_NOTHING : WATCHDOG_KICK);
		b->device += 10;
	}
	assert_int_equal(second(b), WATCHDOG_KICK);
	b->device += 10;
	assert_int_equal(second(b), WATCHDOG_REBIND);
	assert_int_equal(b->w.queue[0].rx.stalls, 1);
}

/* It was empty once, and since then nobody has sent anything. */
static void without_traffic_nothing_is_missed(void **state)
{
	struct bed *b = *state;

	fall_silent(b);
	quiet(b, 100);
}

static void traffic_of_other_queues_is_not_missed(void **state)
{
	struct bed *b = *state;

	fall_silent(b);
	for (int i = 0; i < 100; i++) {
		b->device += 1000;
		b->taken += 1000;
		quiet(b, 1);
	}
}

/* ... nor what a driver does not count. */
static void a_driver_that_counts_less_is_believed_idle(void **state)
{
	struct bed *b = *state;

	fall_silent(b);
	for (int i = 0; i < 100; i++) {
		b->taken += 1000;
		quiet(b, 1);
	}
}

static void packets_lost_elsewhere_blame_no_queue_whose_ring_was_never_empty(void **state)
{
	struct bed *b = *state;

	quiet(b, 2);
	for (int i = 0; i < 100; i++) {
		b->device += 1000;
		quiet(b, 1);
	}
}

/* More comes than can be taken: the fill ring is found empty each second, but packets come in. */
static void overload_is_no_stall(void **state)
{
	struct bed *b = *state;

	b->s.tx_pending = 2048;
	for (int i = 0; i < 100; i++) {
		b->s.fill_empty += 100000;
		b->s.fill_short += 500;
		b->s.received += 1000;
		b->s.completed += 1000;
		b->device += 101000;
		b->taken += 1000;
		b->s.fill = i % 2 ? 0 : 60;
		quiet(b, 1);
	}
}

/* No new binding has frames that the old one had not. */
static void a_queue_without_frames_is_kicked_but_not_bound_anew(void **state)
{
	struct bed *b = *state;
	char text[96];

	quiet(b, 2);
	b->s.fill = 0;
	for (int i = 0; i < 100; i++) {
		b->s.fill_short += 500;
		b->device += 10;
		assert_int_equal(second(b), i < 2 ? WATCHDOG_NOTHING : WATCHDOG_KICK);
	}
	assert_int_equal(b->w.queue[0].rx.stalls, 1);
	assert_true(watchdog_describe(&b->w, 0, text, sizeof(text)));
	assert_string_equal(text, "queue 0: no frame is free to receive with");
	b->s.fill = 64;
	b->s.received += 3;
	quiet(b, 10);
	assert_false(watchdog_describe(&b->w, 0, text, sizeof(text)));
}

static void what_does_not_help_is_done_ever_more_rarely(void **state)
{
	struct bed *b = *state;

	b->s.tx_pending = 7;
	assert_int_equal(until_rebind(b, 10), 5);
	assert_int_equal(until_rebind(b, 100), 30);
	assert_int_equal(until_rebind(b, 100), 30);
	assert_int_equal(until_rebind(b, 1000), 600); /* and it is said that it is of no use */
	assert_int_equal(until_rebind(b, 1000), 600);
	assert_int_equal(b->w.queue[0].rebinds, 5);
	assert_int_equal(b->w.queue[0].tx.stalls, 5);
}

static void the_third_attempt_in_vain_is_said_to_be_so(void **state)
{
	struct bed *b = *state;

	assert_false(watchdog_rebound(&b->w, 0, b->now));
	assert_false(watchdog_may_rebind(&b->w, b->now + 29 * NS_PER_SEC));
	assert_true(watchdog_may_rebind(&b->w, b->now + 30 * NS_PER_SEC));
	assert_false(watchdog_rebound(&b->w, 0, b->now));
	assert_true(watchdog_rebound(&b->w, 0, b->now));
	assert_false(watchdog_may_rebind(&b->w, b->now + 599 * NS_PER_SEC));
	assert_true(watchdog_may_rebind(&b->w, b->now + 600 * NS_PER_SEC));
}

static void a_minute_without_stall_is_a_new_beginning(void **state)
{
	struct bed *b = *state;

	b->s.tx_pending = 7;
	for (int i = 0; i < 3; i++)
		until_rebind(b, 100);
	for (int i = 0; i < 61; i++) {
		b->s.completed++;
		quiet(b, 1);
	}
	assert_in_range(until_rebind(b, 100), 3, 5);
	assert_false(watchdog_may_rebind(&b->w, b->now + 29 * NS_PER_SEC));
	assert_true(watchdog_may_rebind(&b->w, b->now + 30 * NS_PER_SEC));
}

/* New sockets count from 0: that is no progress, and no stall. */
static void nothing_is_compared_across_a_rebind(void **state)
{
	struct bed *b = *state;

	b->s.tx_pending = 7;
	b->s.completed = 1000;
	until_rebind(b, 10);
	b->s.completed = 0;
	quiet(b, 2);
	b->s.completed++;
	quiet(b, 1);
}

/* As when a reload binds an interface anew that stood still: its sockets get their own time. */
static void sockets_bound_by_others_are_judged_afresh(void **state)
{
	struct bed *b = *state;

	quiet(b, 1);
	b->s.tx_pending = 7;
	quiet(b, 1);
	assert_int_equal(second(b), WATCHDOG_KICK);
	assert_int_equal(second(b), WATCHDOG_KICK);
	watchdog_bound(&b->w);
	quiet(b, 2);
	assert_int_equal(second(b), WATCHDOG_KICK);
	assert_int_equal(second(b), WATCHDOG_KICK);
	assert_int_equal(second(b), WATCHDOG_REBIND);
	assert_int_equal(b->w.queue[0].tx.stalls, 2);
	assert_int_equal(b->w.queue[0].rebinds, 0);
}

/* ... and what the old ones lacked is nothing that the new ones miss. */
static void an_idle_interface_bound_by_others_is_left_alone(void **state)
{
	struct bed *b = *state;

	b->s.fill_empty = 3; /* found so while the ring was being filled */
	b->device = 5000;
	quiet(b, 2);
	watchdog_bound(&b->w);
	b->s.fill_empty = 0;
	for (int i = 0; i < 100; i++) {
		b->device += 10; /* the device drops them itself */
		quiet(b, 1);
	}
}

#define bed_test(f) cmocka_unit_test_setup_teardown(f, bed_setup, bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bed_test(an_idle_queue_is_left_alone),
		bed_test(owed_completions_make_a_kick_and_then_a_rebind),
		bed_test(a_kick_that_helps_is_the_end_of_it),
		bed_test(a_slow_queue_that_moves_is_left_alone),
		bed_test(indexes_may_wrap),
		bed_test(a_link_that_is_down_is_left_alone),
		bed_test(a_worker_that_does_not_run_is_no_stall),
		bed_test(packets_that_arrive_and_are_not_received_are_a_stall),
		bed_test(without_traffic_nothing_is_missed),
		bed_test(traffic_of_other_queues_is_not_missed),
		bed_test(a_driver_that_counts_less_is_believed_idle),
		bed_test(packets_lost_elsewhere_blame_no_queue_whose_ring_was_never_empty),
		bed_test(overload_is_no_stall),
		bed_test(a_queue_without_frames_is_kicked_but_not_bound_anew),
		bed_test(what_does_not_help_is_done_ever_more_rarely),
		bed_test(the_third_attempt_in_vain_is_said_to_be_so),
		bed_test(a_minute_without_stall_is_a_new_beginning),
		bed_test(nothing_is_compared_across_a_rebind),
		bed_test(sockets_bound_by_others_are_judged_afresh),
		bed_test(an_idle_interface_bound_by_others_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
