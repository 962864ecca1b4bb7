/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loop: the agent's event loop. It waits in epoll, calls back for file descriptors that are ready,
 * then for timers that are due. Watches and timers are structs of their owners: nothing is
 * allocated, and a callback may take away any of them, its own too.
 *
 * The agent is offline for RCU while it waits; its thread is registered with rcu_register_thread()
 * before the first turn. Context of everything here: the one thread that runs the loop.
 */
#ifndef AGENT_LOOP_H
#define AGENT_LOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <urcu/list.h>

struct loop;

struct loop_watch {
	int fd;
	void (*ready)(void *ctx, uint32_t events);
	void *ctx;
};

/* All zero is a timer that is not armed. */
struct loop_timer {
	void (*fire)(void *ctx, uint64_t now_ns);
	void *ctx;
	/* The loop's own: */
	bool armed;
	uint64_t due_ns;
	uint64_t period_ns;
	struct cds_list_head node;
};

struct loop_signals {
	void (*caught)(void *ctx, int signal);
	void *ctx;
	struct loop_watch watch; /* the loop's own */
};

/**
 * loop_new - an empty loop
 * @out: set on success; freed with loop_free(), after the owners took their watches away
 *
 * Return: 0 or a negative errno.
 */
[[nodiscard]] int loop_new(struct loop **out);
void loop_free(struct loop *l);

/**
 * loop_turn - wait for something to happen and call back for all that did
 * @max_wait_ns: wait no longer than this, UINT64_MAX for as long as it takes
 *
 * Return: 0 or a negative errno.
 */
[[nodiscard]] int loop_turn(struct loop *l, uint64_t max_wait_ns);

/* Turn until loop_stop(). Return: 0 or a negative errno. */
[[nodiscard]] int loop_run(struct loop *l);

/* Let loop_run() return when the callbacks of this turn are done. */
void loop_stop(struct loop *l);

/**
 * loop_watch_add - call @w->ready while @w->fd is ready for @events (EPOLLIN, EPOLLOUT, ...)
 * @events: level-triggered; EPOLLERR and EPOLLHUP are always watched for
 *
 * @w stays where it is until loop_watch_del(). Return: 0 or a negative errno.
 */
[[nodiscard]] int loop_watch_add(struct loop *l, struct loop_watch *w, uint32_t events);

/* Watch for other @events. Cannot fail for a watch that was added. */
void loop_watch_set(struct loop *l, struct loop_watch *w, uint32_t events);

/* Watch no more; @w->fd is still open, and @w is not called for events already waiting. */
void loop_watch_del(struct loop *l, struct loop_watch *w);

/**
 * loop_timer_arm - call @t->fire at @due_ns of clock_ns(), or up to a millisecond later
 * @period_ns: 0 for once; else again each time that passed. Periods missed are not made up for.
 *
 * An armed timer is moved. @t stays where it is until it fired for the last time or is disarmed.
 */
void loop_timer_arm(struct loop *l, struct loop_timer *t, uint64_t due_ns, uint64_t period_ns);
void loop_timer_disarm(struct loop_timer *t);

/**
 * loop_signals_add - let @s->caught be called for signals instead of their handlers
 * @set: signals, blocked from now on in this thread and those that it makes
 *
 * Return: 0 or a negative errno.
 */
[[nodiscard]] int loop_signals_add(struct loop *l, struct loop_signals *s, const sigset_t *set);
/* Catch no more; the signals stay blocked. */
void loop_signals_del(struct loop *l, struct loop_signals *s);

#endif
