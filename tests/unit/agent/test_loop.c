/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/loop.h"
#include "base/clock.h"
#include "base/rcu.h"

/* What a callback did, in order, and what it takes away. */
struct probe {
	struct loop *loop;
	struct loop_watch watch;
	struct loop_timer timer;
	struct probe *victim;
	unsigned int calls;
	uint64_t at_ns;
	int order;
	int signal;
};

static int order;

static void probe_ready(void *ctx, uint32_t)
{
	struct probe *p = ctx;

	p->calls++;
	if (p->victim != NULL)
		loop_watch_del(p->loop, &p->victim->watch);
}

static void probe_fire(void *ctx, uint64_t now_ns)
{
	struct probe *p = ctx;

	p->calls++;
	p->at_ns = now_ns;
	p->order = ++order;
	if (p->victim != NULL)
		loop_timer_disarm(&p->victim->timer);
}

static void probe_fire_and_stop(void *ctx, uint64_t)
{
	struct probe *p = ctx;

	if (++p->calls == 3)
		loop_stop(p->loop);
}

static void probe_fire_again_at_once(void *ctx, uint64_t now_ns)
{
	struct probe *p = ctx;

	p->calls++;
	loop_timer_arm(p->loop, &p->timer, now_ns, 0);
}

static void probe_caught(void *ctx, int signal)
{
	struct probe *p = ctx;

	p->signal = signal;
}

static struct probe probe_of(struct loop *l)
{
	return (struct probe){.loop = l};
}

static void probe_watch(struct probe *p)
{
	p->watch =
		(struct loop_watch){.fd = eventfd(1, EFD_CLOEXEC), .ready = probe_ready, .ctx = p};
	assert_true(p->watch.fd >= 0);
	assert_int_equal(loop_watch_add(p->loop, &p->watch, EPOLLIN), 0);
}

static void probe_arm(struct probe *p, uint64_t due_ns, uint64_t period_ns)
{
	if (p->timer.fire == NULL)
		p->timer.fire = probe_fire;
	p->timer.ctx = p;
	loop_timer_arm(p->loop, &p->timer, due_ns, period_ns);
}

static int loop_setup(void **state)
{
	rcu_register_thread();
	return loop_new((struct loop **)state);
}

static int loop_teardown(void **state)
{
	loop_free(*state);
	rcu_unregister_thread();
	return 0;
}

static void a_ready_descriptor_is_called_until_it_is_taken_away(void **state)
{
	struct probe p = probe_of(*state);

	probe_watch(&p);
	assert_int_equal(loop_turn(p.loop, UINT64_MAX), 0);
	assert_int_equal(loop_turn(p.loop, UINT64_MAX), 0);
	assert_int_equal(p.calls, 2);
	loop_watch_set(p.loop, &p.watch, 0);
	assert_int_equal(loop_turn(p.loop, 0), 0);
	assert_int_equal(p.calls, 2);
	loop_watch_del(p.loop, &p.watch);
	close(p.watch.fd);
}

static void a_callback_may_take_away_another_that_is_ready_too(void **state)
{
	struct probe a = probe_of(*state);
	struct probe b = probe_of(*state);

	probe_watch(&a);
	probe_watch(&b);
	a.victim = &b;
	b.victim = &a;
	assert_int_equal(loop_turn(a.loop, UINT64_MAX), 0);
	assert_int_equal(a.calls + b.calls, 1);
	close(a.watch.fd);
	close(b.watch.fd);
}

static void timers_fire_in_order_and_not_early(void **state)
{
	struct probe p[3] = {probe_of(*state), probe_of(*state), probe_of(*state)};
	uint64_t now = clock_ns();

	order = 0;
	probe_arm(&p[0], now + 3 * NS_PER_MS, 0);
	probe_arm(&p[1], now + 1 * NS_PER_MS, 0);
	probe_arm(&p[2], now + 2 * NS_PER_MS, 0);
	while (p[0].calls == 0)
		assert_int_equal(loop_turn(*state, UINT64_MAX), 0);
	assert_int_equal(p[1].order, 1);
	assert_int_equal(p[2].order, 2);
	assert_int_equal(p[0].order, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(p[i].calls, 1);
		assert_true(p[i].at_ns >= p[i].timer.due_ns);
		assert_false(p[i].timer.armed);
	}
}

static void a_moved_timer_fires_at_its_new_time_only(void **state)
{
	struct probe p = probe_of(*state);
	struct probe last = probe_of(*state);
	uint64_t now = clock_ns();

	probe_arm(&p, now + 3600 * NS_PER_SEC, 0);
	probe_arm(&p, now, 0);
	probe_arm(&last, now + NS_PER_MS, 0);
	while (last.calls == 0)
		assert_int_equal(loop_turn(*state, UINT64_MAX), 0);
	assert_int_equal(p.calls, 1);
}

static void a_periodic_timer_fires_again_and_stops_the_loop(void **state)
{
	struct probe p = probe_of(*state);

	p.timer.fire = probe_fire_and_stop;
	probe_arm(&p, clock_ns(), NS_PER_MS);
	assert_int_equal(loop_run(p.loop), 0);
	assert_int_equal(p.calls, 3);
	assert_true(p.timer.armed);
	loop_timer_disarm(&p.timer);
}

static void missed_periods_are_not_made_up_for(void **state)
{
	struct probe p = probe_of(*state);
	uint64_t now = clock_ns();

	assert_true(now > NS_PER_SEC);
	probe_arm(&p, now - NS_PER_SEC, 50 * NS_PER_MS);
	assert_int_equal(loop_turn(p.loop, UINT64_MAX), 0);
	assert_int_equal(p.calls, 1);
	assert_true(p.timer.due_ns >= now + 50 * NS_PER_MS);
	loop_timer_disarm(&p.timer);
}

static void a_timer_may_disarm_another_that_is_due_too(void **state)
{
	struct probe a = probe_of(*state);
	struct probe b = probe_of(*state);

	a.victim = &b;
	probe_arm(&a, 1, 0);
	probe_arm(&b, 2, 0);
	assert_int_equal(loop_turn(*state, UINT64_MAX), 0);
	assert_int_equal(a.calls, 1);
	assert_int_equal(b.calls, 0);
}

static void a_timer_that_arms_itself_at_once_does_not_hold_up_the_loop(void **state)
{
	struct probe p = probe_of(*state);

	p.timer.fire = probe_fire_again_at_once;
	probe_arm(&p, 0, 0);
	assert_int_equal(loop_turn(*state, UINT64_MAX), 0);
	assert_int_equal(p.calls, 1);
	assert_int_equal(loop_turn(*state, UINT64_MAX), 0);
	assert_int_equal(p.calls, 2);
	loop_timer_disarm(&p.timer);
}

static void signals_come_as_callbacks(void **state)
{
	struct probe p = probe_of(*state);
	struct loop_signals s = {.caught = probe_caught, .ctx = &p};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	assert_int_equal(loop_signals_add(p.loop, &s, &set), 0);
	raise(SIGHUP);
	assert_int_equal(loop_turn(p.loop, UINT64_MAX), 0);
	assert_int_equal(p.signal, SIGHUP);
	loop_signals_del(p.loop, &s);
}

#define loop_test(f) cmocka_unit_test_setup_teardown(f, loop_setup, loop_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(a_ready_descriptor_is_called_until_it_is_taken_away),
		loop_test(a_callback_may_take_away_another_that_is_ready_too),
		loop_test(timers_fire_in_order_and_not_early),
		loop_test(a_moved_timer_fires_at_its_new_time_only),
		loop_test(a_periodic_timer_fires_again_and_stops_the_loop),
		loop_test(missed_periods_are_not_made_up_for),
		loop_test(a_timer_may_disarm_another_that_is_due_too),
		loop_test(a_timer_that_arms_itself_at_once_does_not_hold_up_the_loop),
		loop_test(signals_come_as_callbacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
