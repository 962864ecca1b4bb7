/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * saved: which address and route messages of a dump belong in the journal, and what they must
 * look like to be asked for again. Pure: messages in, messages out. Private to netlink/.
 */
#ifndef NETLINK_SAVED_H
#define NETLINK_SAVED_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Gets a message made by route_save(). */
typedef int saved_fn(void *context, const struct nlmsghdr *nlh);

/* Is @nlh an address of the device? Context: any. */
bool addr_is_on(const struct nlmsghdr *nlh, int ifindex);

/* Is it one that the kernel makes by itself from another one (RFC 8981)? Context: any. */
bool addr_is_temporary(const struct nlmsghdr *nlh);

/* Is it the address of which @prefsrc is a route's RTA_PREFSRC? Context: any. */
bool addr_is(const struct nlmsghdr *nlh, const struct nlattr *prefsrc);

/* Does the route @nlh leave by the device, also as one of several ways? Context: any. */
bool route_is_through(const struct nlmsghdr *nlh, int ifindex);

/*
 * Has the IPv4 route @nlh also ways by others than the device? With the last address of the device
 * the kernel turns its ways off, and on again with the first. Context: any.
 */
bool route_is_shared(const struct nlmsghdr *nlh, int ifindex);

/* Does the kernel make the route @nlh by itself with an address? Context: any. */
bool route_is_automatic(const struct nlmsghdr *nlh);

/* The table of the route @nlh. Context: any. */
uint32_t route_table(const struct nlmsghdr *nlh);

/**
 * route_save - turn a route of a dump into the requests that make it again
 * @nlh:     RTM_NEWROUTE message of a dump
 * @ifindex: device; of an IPv6 route with several ways, those by it are made one by one, since the
 *           kernel keeps the others and refuses a set of which it has a part
 * @fn:      gets each request
 * @context: handed to @fn
 *
 * Context: any. Return: 0, -EMSGSIZE, -EBADMSG, or what @fn returned.
 */
[[nodiscard]] int route_save(const struct nlmsghdr *nlh, int ifindex, saved_fn *fn, void *context);

/**
 * saved_age - shorten the lifetimes in a request by the time that has passed
 * @nlh:     RTM_NEWADDR or RTM_NEWROUTE
 * @seconds: since it was saved
 *
 * Context: any. Return: 0, -ETIME when it would no longer exist.
 */
[[nodiscard]] int saved_age(struct nlmsghdr *nlh, uint64_t seconds);

/* "address 192.0.2.1/24" or "route 10.0.0.0/8" for messages to people. Context: any. */
void saved_print(const struct nlmsghdr *nlh, char *out, size_t bytes);

#endif
