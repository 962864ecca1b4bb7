/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * monitor: what happens to network devices, as plain events for the agent's epoll loop. The kernel
 * loses messages under any buffer; when it says that it did, the monitor reads everything anew
 * (mark and sweep) and the callback gets the full picture, deletions included.
 */
#ifndef NETLINK_MONITOR_H
#define NETLINK_MONITOR_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/why.h"

struct monitor;

struct link_event {
	int ifindex;
	char name[IF_NAMESIZE];
	uint64_t mac; /* as mac_load() of wire/ether.h gives */
	uint32_t mtu;
	bool up;       /* IFF_UP: the administrator's word */
	bool carrier;  /* and the wire's */
	bool deleted;  /* the device is gone; the rest is what was last known */
	bool channels; /* its number of queues may have changed: read it again */
};

/* Gets each event; it may call nothing of the monitor. */
typedef void monitor_fn(void *context, const struct link_event *event);

/**
 * monitor_open - subscribe to the links of the caller's network namespace
 * @out:     set on success; closed with monitor_close()
 * @fn:      gets the events, from monitor_dump() and monitor_dispatch() only
 * @context: handed to @fn
 * @why:     set on failure
 *
 * Context: agent. Return: 0 or a negative errno.
 */
[[nodiscard]] int monitor_open(struct monitor **out, monitor_fn *fn, void *context,
                               struct why *why);

/* Unsubscribe; NULL is allowed. Context: agent. */
void monitor_close(struct monitor *m);

/* A descriptor that is readable when monitor_dispatch() has work; for epoll, level-triggered. */
int monitor_fd(const struct monitor *m);

/**
 * monitor_dump - tell about every device that there is, and those that went since the last time
 *
 * Called once after monitor_open(); monitor_dispatch() calls it by itself after a loss. Events that
 * wait already are older, and go untold.
 *
 * Context: agent. Return: 0 or a negative errno with @why set.
 */
[[nodiscard]] int monitor_dump(struct monitor *m, struct why *why);

/**
 * monitor_dispatch - read what the kernel has sent; never waits
 *
 * A burst is taken in bounded helpings, so that the agent's other duties get their turn.
 *
 * Context: agent. Return: 0 or a negative errno with @why set.
 */
[[nodiscard]] int monitor_dispatch(struct monitor *m, struct why *why);

/* How often the kernel lost messages and everything was read anew. Context: agent. */
uint64_t monitor_losses(const struct monitor *m);

#endif
