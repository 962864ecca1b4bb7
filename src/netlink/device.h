/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * device: takes a network device from the kernel and gives it back. Taken, the kernel has no
 * address there, no IPv6 and no answer to ARP, and sends nothing of its own. What it was like is
 * in the journal before the first change.
 */
#ifndef NETLINK_DEVICE_H
#define NETLINK_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/why.h"
#include "netlink/link.h"
#include "netlink/netlink.h"

/* What the configuration wants of a device. */
struct device_wish {
	uint32_t mtu; /* 0: as it was */
	uint64_t mac; /* 0: as it was */
};

/* What could not be had, but does not prevent the taking. */
struct device_flaws {
	bool strips_vlan;     /* the driver takes VLAN tags off received frames, and insists */
	bool sysctl_readonly; /* /proc/sys is: the kernel may send MLD reports and answer ARP */
};

/**
 * device_info - what the kernel says about a device
 * @nl:      request socket of NETLINK_ROUTE
 * @ifindex: device
 * @out:     set on success
 * @why:     set on failure
 *
 * Context: agent. Return: 0, -ENODEV, or another negative errno.
 */
[[nodiscard]] int device_info(struct netlink *nl, int ifindex, struct device_info *out,
                              struct why *why);

/**
 * device_rx_packets - how many packets the device says it has received
 * @packets: set on success. What AF_XDP sockets got counts with most drivers, not with all.
 *
 * Context: agent. Return: 0, -ENODATA if it does not say, or another negative errno.
 */
[[nodiscard]] int device_rx_packets(struct netlink *nl, int ifindex, uint64_t *packets);

/**
 * device_channels - how many queues are in use
 * @name: of the device
 * @rx:   set: receive queues
 * @tx:   set: transmit queues
 *
 * A driver without channels has one of each. Context: agent. Return: 0 or a negative errno.
 */
[[nodiscard]] int device_channels(const char *name, uint32_t *rx, uint32_t *tx);

/**
 * device_is_default_route - does a default route of the main table leave by a device?
 * @nl:      request socket of NETLINK_ROUTE
 * @ifindex: device
 * @out:     set on success; also true when it is a VLAN, bridge or bond on top of @ifindex by
 *           which the route leaves
 * @why:     set on failure
 *
 * Context: agent. Return: 0 or a negative errno.
 */
[[nodiscard]] int device_is_default_route(struct netlink *nl, int ifindex, bool *out,
                                          struct why *why);

/**
 * device_take - take a device from the kernel, or change the wishes for one already taken
 * @nl:      request socket of NETLINK_ROUTE
 * @run_dir: where its journal goes; must exist. A journal that is there stays the original.
 * @ifindex: device
 * @wish:    from the configuration
 * @flaws:   set on success
 * @why:     set on failure
 *
 * Context: agent; the device is up afterwards. Return: 0; a negative errno with the device given
 * back as far as possible when it was taken by this very call.
 */
[[nodiscard]] int device_take(struct netlink *nl, const char *run_dir, int ifindex,
                              const struct device_wish *wish, struct device_flaws *flaws,
                              struct why *why);

/**
 * device_see_tags - have a taken device let frames of all VLANs in, with their tags
 * @name:    of the device; device_take() has seen to tags of 802.1Q
 * @filters: set: the driver insists on dropping those of VLANs that nobody asked it for, unless it
 *           is promiscuous
 *
 * device_give_back() undoes it. Context: agent. Return: 0, or -EOPNOTSUPP: it insists on taking
 * tags of 802.1ad off.
 */
[[nodiscard]] int device_see_tags(const char *name, bool *filters);

/**
 * device_give_back - make a device what it was before device_take()
 * @nl:      request socket of NETLINK_ROUTE
 * @run_dir: where its journal is
 * @ifindex: device
 * @why:     set when it returns anything but 0
 *
 * What exists already stays. What fails does not keep the rest from being restored; the journal
 * then stays for the next attempt.
 *
 * Context: agent; may wait up to three seconds for IPv6 addresses to become usable.
 * Return: 0; 1 when there was nothing left to give back (no journal, or the device is gone or
 * another one) and @why says so; the first failure's negative errno.
 */
[[nodiscard]] int device_give_back(struct netlink *nl, const char *run_dir, int ifindex,
                                   struct why *why);

/* Told of each device that a crashed run left: @err as device_give_back() returns it. */
typedef void device_report_fn(void *context, int err, const char *text);

/**
 * device_restore_all - at start, give back what a crashed run has left taken
 * @nl:      request socket of NETLINK_ROUTE
 * @run_dir: where the journals are; none is fine
 * @keep:    ifindexes of the present configuration, whose journals stay for device_take()
 * @n_keep:  how many
 * @report:  told the outcome of each device that was not kept, and of damaged journals
 * @context: handed to @report
 *
 * Context: agent.
 */
void device_restore_all(struct netlink *nl, const char *run_dir, const int *keep, size_t n_keep,
                        device_report_fn *report, void *context);

#endif
