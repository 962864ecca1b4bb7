/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rcu.h"

#define LOOP_EVENTS 64 /* callbacks for file descriptors a turn; the rest has the next turn */

struct loop {
	int epoll;
	bool stopped;
	int n_events;
	struct epoll_event event[LOOP_EVENTS];
	/* Armed timers by due time. There are few, and most are armed for later than all others, so
	 * that an insertion from the end is short. */
	struct cds_list_head timers;
};

int loop_new(struct loop **out)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return -ENOMEM;
	CDS_INIT_LIST_HEAD(&l->timers);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0) {
		int err = -errno;

		free(l);
		return err;
	}
	*out = l;
	return 0;
}

void loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	while (!cds_list_empty(&l->timers))
		loop_timer_disarm(cds_list_first_entry(&l->timers, struct loop_timer, node));
	close(l->epoll);
	free(l);
}

int loop_watch_add(struct loop *l, struct loop_watch *w, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};

	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, w->fd, &e) < 0 ? -errno : 0;
}

void loop_watch_set(struct loop *l, struct loop_watch *w, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};
	int rc = epoll_ctl(l->epoll, EPOLL_CTL_MOD, w->fd, &e);

	assert(rc == 0);
	(void)rc;
}

void loop_watch_del(struct loop *l, struct loop_watch *w)
{
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	/* Its owner may free it before this turn comes to its event. */
	for (int i = 0; i < l->n_events; i++)
		if (l->event[i].data.ptr == w)
			l->event[i].data.ptr = NULL;
}

void loop_timer_arm(struct loop *l, struct loop_timer *t, uint64_t due_ns, uint64_t period_ns)
{
	struct cds_list_head *at;

	loop_timer_disarm(t);
	t->due_ns = due_ns;
	t->period_ns = period_ns;
	t->armed = true;
	at = l->timers.prev;
	while (at != &l->timers && cds_list_entry(at, struct loop_timer, node)->due_ns > due_ns)
		at = at->prev;
	cds_list_add(&t->node, at);
}

void loop_timer_disarm(struct loop_timer *t)
{
	if (t->armed)
		cds_list_del(&t->node);
	t->armed = false;
}

/* Milliseconds for epoll_wait(), rounded up, so that no timer makes the loop turn in vain. */
static int loop_wait_ms(struct loop *l, uint64_t max_wait_ns)
{
	uint64_t wait_ns = max_wait_ns;

	if (!cds_list_empty(&l->timers)) {
		uint64_t due_ns = cds_list_first_entry(&l->timers, struct loop_timer, node)->due_ns;
		uint64_t now_ns = clock_ns();
		uint64_t timer_ns = due_ns > now_ns ? due_ns - now_ns : 0;

		wait_ns = timer_ns < wait_ns ? timer_ns : wait_ns;
	}
	if (wait_ns == UINT64_MAX)
		return -1;
	if (wait_ns / NS_PER_MS >= INT_MAX)
		return INT_MAX;
	return (int)(wait_ns / NS_PER_MS + (wait_ns % NS_PER_MS != 0));
}

static void loop_fire(struct loop *l)
{
	uint64_t now_ns = clock_ns();
	CDS_LIST_HEAD(due);

	/* What callbacks arm for at once has the next turn: the loop goes round. */
	while (!cds_list_empty(&l->timers)) {
		struct loop_timer *t = cds_list_first_entry(&l->timers, struct loop_timer, node);

		if (t->due_ns > now_ns)
			break;
		cds_list_move(&t->node, due.prev);
	}
	while (!cds_list_empty(&due)) {
		struct loop_timer *t = cds_list_first_entry(&due, struct loop_timer, node);
		uint64_t next_ns = t->due_ns + t->period_ns;

		loop_timer_disarm(t);
		if (t->period_ns > 0)
			loop_timer_arm(l, t, next_ns > now_ns ? next_ns : now_ns + t->period_ns,
			               t->period_ns);
		t->fire(t->ctx, now_ns);
	}
}

int loop_turn(struct loop *l, uint64_t max_wait_ns)
{
	int wait_ms = loop_wait_ms(l, max_wait_ns);
	int n;
	int err;

	rcu_thread_offline();
	n = epoll_wait(l->epoll, l->event, LOOP_EVENTS, wait_ms);
	err = n < 0 && errno != EINTR ? -errno : 0;
	rcu_thread_online();
	l->n_events = n < 0 ? 0 : n;
	for (int i = 0; i < l->n_events; i++) {
		struct loop_watch *w = l->event[i].data.ptr;

		if (w != NULL)
			w->ready(w->ctx, l->event[i].events);
	}
	l->n_events = 0;
	loop_fire(l);
	return err;
}

int loop_run(struct loop *l)
{
	int err = 0;

	while (err == 0 && !l->stopped)
		err = loop_turn(l, UINT64_MAX);
	l->stopped = false;
	return err;
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
}

static void loop_signals_ready(void *ctx, uint32_t)
{
	struct loop_signals *s = ctx;
	struct signalfd_siginfo info;

	/* One a turn: the callback may have taken @s away. */
	if (read(s->watch.fd, &info, sizeof(info)) == sizeof(info))
		s->caught(s->ctx, (int)info.ssi_signo);
}

int loop_signals_add(struct loop *l, struct loop_signals *s, const sigset_t *set)
{
	int err = pthread_sigmask(SIG_BLOCK, set, NULL);

	if (err != 0)
		return -err;
	s->watch.fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->watch.fd < 0)
		return -errno;
	s->watch.ready = loop_signals_ready;
	s->watch.ctx = s;
	err = loop_watch_add(l, &s->watch, EPOLLIN);
	if (err < 0)
		close(s->watch.fd);
	return err;
}

void loop_signals_del(struct loop *l, struct loop_signals *s)
{
	loop_watch_del(l, &s->watch);
	close(s->watch.fd);
}
