/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replay: the whole router as a function of captures. One thread is agent and worker in turn, time
 * is that of the captures, so the same input gives the same output.
 */
#include <errno.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "port/pcap.h"

#define REPLAY_TAIL_NS (10 * NS_PER_SEC) /* after the last packet: held ones get their end */

/* When the next packet comes in by any port. */
static uint64_t replay_next(const struct agent *a)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < PORT_MAX; i++) {
		if (a->iface[i].port == NULL)
			continue;
		uint64_t t = pcap_port_next_ns(a->iface[i].port);

		next = t < next ? t : next;
	}
	return next;
}

/* Let what is due come in by every port (@in), or write what goes out. */
static int replay_files(struct agent *a, uint64_t now, bool in, struct why *e)
{
	for (size_t i = 0; i < PORT_MAX; i++) {
		struct port *port = a->iface[i].port;
		struct why why;
		int n;

		if (port == NULL)
			continue;
		n = in ? pcap_port_deliver(port, now, &why) : pcap_port_flush(port, now, &why);
		if (n < 0)
			return why_fail(e, n, "interfaces.%s.pcap: %s", a->iface[i].name, why.text);
	}
	return 0;
}

/* All that happens at @now: packets in, through, what the agent says to it, and out. */
static int replay_step(struct agent *a, uint64_t now, struct why *e)
{
	struct worker *w = &a->worker[0];
	bool more = true;
	int err;

	a->now_ns = now;
	agent_neigh_tick(a);
	while (more) {
		err = replay_files(a, now, true, e);
		if (err < 0)
			return err;
		more = worker_poll(w, now) > 0;
		agent_reports(a);
		more = more || ring_has(w->pipeline.orders);
		err = replay_files(a, now, false, e);
		if (err < 0)
			return err;
		rcu_quiescent_state();
	}
	return 0;
}

/* Run what the neighbours' timers ask for before @until. */
static int replay_timers(struct agent *a, uint64_t until, struct why *e)
{
	uint64_t timer;
	int err = 0;

	while (err == 0 && (timer = neigh_tick(a->neigh, a->now_ns)) < until)
		err = replay_step(a, timer > a->now_ns ? timer : a->now_ns + 1, e);
	return err;
}

int agent_replay(struct agent *a, struct why *e)
{
	uint64_t next;
	int err = 0;

	a->now_ns = replay_next(a);
	if (a->now_ns == UINT64_MAX)
		return why_fail(e, -ENODATA, "the captures have no packets");
	while (err == 0 && (next = replay_next(a)) != UINT64_MAX) {
		err = replay_timers(a, next, e);
		if (err == 0)
			err = replay_step(a, next, e);
	}
	return err < 0 ? err : replay_timers(a, a->now_ns + REPLAY_TAIL_NS, e);
}
