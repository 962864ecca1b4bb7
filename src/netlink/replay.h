/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay: a device's addresses and routes into the journal, off the device, and back onto it.
 * Private to netlink/.
 */
#ifndef NETLINK_REPLAY_H
#define NETLINK_REPLAY_H

#include "netlink/journal.h"
#include "netlink/netlink.h"

/**
 * replay_record - add the addresses of a device and what depends on them to a journal
 * @nl: request socket
 * @j:  journal without messages; its link is filled in
 *
 * That is the routes through the device, and those elsewhere whose source is one of its addresses:
 * the kernel drops both with the address. What the kernel makes by itself is left out.
 *
 * Context: agent. Return: 0 or a negative errno.
 */
[[nodiscard]] int replay_record(struct netlink *nl, struct journal *j);

/**
 * replay_remove - take the addresses and the routes off a device
 *
 * Context: agent. Return: 0 or a negative errno; -EBUSY when somebody keeps adding addresses.
 */
[[nodiscard]] int replay_remove(struct netlink *nl, int ifindex);

/**
 * replay_restore - put back what replay_record() noted
 * @nl:  request socket
 * @j:   journal
 * @why: set when it returns anything but 0
 *
 * Context: agent; may wait up to three seconds for duplicate address detection when a route
 * needs an IPv6 address as its source.
 * Return: 0; the first negative errno, with everything else tried.
 */
[[nodiscard]] int replay_restore(struct netlink *nl, const struct journal *j, struct why *why);

#endif
