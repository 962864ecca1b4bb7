/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netlink: a socket for synchronous rtnetlink requests. The agent alone uses it; what the kernel
 * tells unasked comes through the monitor's own socket.
 */
#ifndef NETLINK_NETLINK_H
#define NETLINK_NETLINK_H

#include <linux/netlink.h>
#include <stdint.h>

#include "base/why.h"

#define NETLINK_MESSAGE_MAX 8192 /* the longest request that we build */

struct netlink;

/* What a dump is handed to, message by message; a negative errno ends it. */
typedef int netlink_fn(void *context, const struct nlmsghdr *nlh);

/**
 * netlink_open - open a request socket in the network namespace of the caller
 * @out: set on success; closed with netlink_close()
 * @bus: NETLINK_ROUTE or NETLINK_GENERIC
 * @why: set on failure
 *
 * Context: agent. Return: 0 or a negative errno.
 */
[[nodiscard]] int netlink_open(struct netlink **out, int bus, struct why *why);

/* Close @nl; NULL is allowed. Context: agent. */
void netlink_close(struct netlink *nl);

/**
 * netlink_ask - send a request and wait until the kernel has answered it
 * @nl:      socket
 * @nlh:     the request; the sequence number and NLM_F_REQUEST are filled in, NLM_F_ACK as well
 *           unless it is a dump
 * @fn:      gets every message of the answer; NULL when there is none
 * @context: handed to @fn
 *
 * Context: agent; may block for as long as the kernel works.
 * Return: 0; 1 when the answer is complete but the kernel's table changed under the dump; the
 * kernel's negative errno, with its words in netlink_error(); @fn's negative errno.
 */
int netlink_ask(struct netlink *nl, struct nlmsghdr *nlh, netlink_fn *fn, void *context);

/* The kernel's own words about the last failure @err, else the errno's. Context: agent. */
const char *netlink_error(const struct netlink *nl, int err);

#endif
