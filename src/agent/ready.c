/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When the daemon says READY: once its links are there. Some NICs reset theirs when a program or a
 * socket comes (AF_XDP row 16), and who starts what needs the network wants to find one.
 */
#include "agent/agent.h"
#include "base/clock.h"
#include "base/log.h"

#define LINK_BACK_NS (30 * NS_PER_SEC) /* for a link that was there before */
#define LINK_COME_NS (5 * NS_PER_SEC)  /* for one that was not: there may be no cable */

void agent_link_await(struct agent_iface *f, bool carrier)
{
	f->link_due_ns = clock_ns() + (carrier ? LINK_BACK_NS : LINK_COME_NS);
}

static bool link_missing(const struct agent_iface *f)
{
	return f->port != NULL && !(f->up && f->carrier);
}

/* When READY no longer waits for any link; 0: it does not wait. */
static uint64_t links_due(const struct agent *a)
{
	uint64_t due = 0;

	for (size_t i = 0; i < PORT_MAX; i++) {
		const struct agent_iface *f = &a->iface[i];

		if (link_missing(f) && f->link_due_ns > a->now_ns && f->link_due_ns > due)
			due = f->link_due_ns;
	}
	return due;
}

void agent_ready_check(struct agent *a)
{
	uint64_t due = links_due(a);

	if (a->ready)
		return;
	if (due != 0) {
		loop_timer_arm(a->loop, &a->ready_timer, due, 0);
		return;
	}
	loop_timer_disarm(&a->ready_timer);
	for (size_t i = 0; i < PORT_MAX; i++) {
		if (link_missing(&a->iface[i]))
			log_warning("interfaces.%s: has no link", a->iface[i].name);
	}
	log_notice("ready: %zu interface%s, configuration %s", a->config->n_interfaces,
	           a->config->n_interfaces == 1 ? "" : "s", a->options.config_path);
	a->ready = true;
	notify("READY=1");
}
