/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * knobs: settings of a device that netlink does not reach: per-interface sysctls that keep the
 * kernel silent, and ethtool's legacy flags. Private to netlink/.
 */
#ifndef NETLINK_KNOBS_H
#define NETLINK_KNOBS_H

#include <stdint.h>

#include "netlink/journal.h"

/* The sysctls of device @name into @values, JOURNAL_UNKNOWN where there is none. */
void sysctl_read(const char *name, int32_t values[JOURNAL_SYSCTLS]);

/* Set those that differ, but for JOURNAL_UNKNOWN. Return: 0 or the first negative errno. */
int sysctl_write(const char *name, const int32_t values[JOURNAL_SYSCTLS]);

/* The values of a taken device, in sysctl_read()'s order. */
void sysctl_silent(int32_t values[JOURNAL_SYSCTLS]);

/* Does the driver take VLAN tags off? 0, 1, or JOURNAL_UNKNOWN. */
int32_t rxvlan_read(const char *name);

/* Switch it, and look whether it is. Return: 0, -EOPNOTSUPP when the driver insists. */
int rxvlan_write(const char *name, int32_t on);

/* What else of a device keeps tagged frames from being seen as they are. */
enum tag_feature {
	TAG_FILTER_C = 1 << 0, /* drops those of VLANs that nobody asked it for; 802.1Q */
	TAG_FILTER_S = 1 << 1, /* the same, 802.1ad */
	TAG_STRIP_S = 1 << 2,  /* takes tags of 802.1ad off; rxvlan is that for 802.1Q */
};

/* Which of them are on: enum tag_feature bits, or JOURNAL_UNKNOWN. */
int32_t tag_features_read(const char *name);

/* Let just @on be on, and look. Return: 0, -EOPNOTSUPP when the driver insists on others. */
int tag_features_write(const char *name, int32_t on);

#endif
