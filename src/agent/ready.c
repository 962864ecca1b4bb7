/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When the daemon says READY: once its links are there, and its IPv6 addresses known to be nobody
 * else's. Some NICs reset their link when a program or a socket comes (AF_XDP row 16), and who
 * starts what needs the network wants to find one.
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
	return agent_iface_serves(f) && !agent_iface_up(f);
}

/* Has it addresses that are configured, and may not be used yet? A link-local one that nobody asked
 * for is not waited for. */
static bool addrs_missing(const struct agent_iface *f)
{
	bool missing = false;

	for (uint16_t i = 0; f->conf.n6 > 0 && i < f->addrs.n6; i++)
		missing = missing || f->addrs.addr6[i].state == ADDR_TENTATIVE;
	return missing && !link_missing(f);
}

/* When READY no longer waits for anything; 0: it does not wait. */
static uint64_t ready_due(const struct agent *a)
{
	uint64_t due = 0;

	for (size_t i = 0; i < a->iface_top; i++) {
		const struct agent_iface *f = &a->iface[i];
		uint64_t until = 0; /* of one without a port its port's link is waited for */

		if (link_missing(f))
			until = f->link_due_ns;
		else if (addrs_missing(f))
			until = f->addrs_due_ns;
		if (until > a->now_ns && until > due)
			due = until;
	}
	return due;
}

void agent_ready_check(struct agent *a)
{
	uint64_t due = ready_due(a);

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
