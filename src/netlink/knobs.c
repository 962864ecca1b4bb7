// SPDX-License-Identifier: BSD-2-Clause
#include "netlink/knobs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/compiler.h"
#include "netlink/device.h"

/*
 * disable_ipv6 ends MLD (a forwarding kernel joins ff02::2 without having an address), DAD and
 * router solicitations. An IPv4 kernel answers ARP for any of its addresses on any device, unless
 * arp_ignore is 8 or it has proxy_arp for whole networks; arp_notify announces addresses.
 * The order is the journal's.
 */
static const struct {
	const char *family, *name;
	int32_t silent;
} sysctls[JOURNAL_SYSCTLS] = {
	{"ipv6", "disable_ipv6", 1},
	{"ipv4", "arp_ignore", 8},
	{"ipv4", "proxy_arp", 0},
	{"ipv4", "arp_notify", 0},
};

static int sysctl_open(const char *name, int i, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", sysctls[i].family, name,
	         sysctls[i].name);
	return open(path, flags | O_CLOEXEC);
}

static int32_t sysctl_get(const char *name, int i)
{
	int fd = sysctl_open(name, i, O_RDONLY);
	char text[16] = "";
	ssize_t n;

	if (fd < 0)
		return JOURNAL_UNKNOWN;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 ? (int32_t)strtol(text, NULL, 10) : JOURNAL_UNKNOWN;
}

void sysctl_read(const char *name, int32_t values[JOURNAL_SYSCTLS])
{
	for (int i = 0; i < JOURNAL_SYSCTLS; i++)
		values[i] = sysctl_get(name, i);
}

static int sysctl_set(const char *name, int i, int32_t value)
{
	int fd = sysctl_open(name, i, O_WRONLY);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%d\n", value) < 0)
		err = -errno;
	close(fd);
	return err;
}

int sysctl_write(const char *name, const int32_t values[JOURNAL_SYSCTLS])
{
	int first = 0;

	for (int i = 0; i < JOURNAL_SYSCTLS; i++) {
		int32_t is = sysctl_get(name, i);
		int err = 0;

		if (values[i] != JOURNAL_UNKNOWN && is != JOURNAL_UNKNOWN && is != values[i])
			err = sysctl_set(name, i, values[i]);
		if (first == 0)
			first = err;
	}
	return first;
}

void sysctl_silent(int32_t values[JOURNAL_SYSCTLS])
{
	for (int i = 0; i < JOURNAL_SYSCTLS; i++)
		values[i] = sysctls[i].silent;
}

static int ethtool_ask(const char *name, void *request)
{
	struct ifreq ifr = {.ifr_data = request};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, SIOCETHTOOL, &ifr) < 0)
		err = -errno;
	close(fd);
	return err;
}

int32_t rxvlan_read(const char *name)
{
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};

	if (ethtool_ask(name, &flags) < 0)
		return JOURNAL_UNKNOWN;
	return (flags.data & ETH_FLAG_RXVLAN) != 0;
}

int rxvlan_write(const char *name, int32_t on)
{
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};
	int err = ethtool_ask(name, &flags);

	if (err < 0)
		return err;
	flags.cmd = ETHTOOL_SFLAGS;
	flags.data = on ? flags.data | ETH_FLAG_RXVLAN : flags.data & ~(uint32_t)ETH_FLAG_RXVLAN;
	err = ethtool_ask(name, &flags);
	if (err < 0 && err != -EINVAL && err != -EOPNOTSUPP)
		return err;
	/* Some drivers say yes and do nothing; some tie it to transmission. Look. */
	return rxvlan_read(name) == on ? 0 : -EOPNOTSUPP;
}

#define FEATURE_WORDS 8 /* a bit for each; kernels have 64 and some */
#define FEATURES      (FEATURE_WORDS * 32)

/* Those of enum tag_feature, in its order, as the kernel calls them. */
static const char *const tag_feature[] = {
	"rx-vlan-filter",
	"rx-vlan-stag-filter",
	"rx-vlan-stag-hw-parse",
};

/* How many features the kernel knows of. */
static int features_count(const char *name)
{
	union {
		struct ethtool_sset_info ask;
		uint8_t room[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)];
	} set;
	int err;

	memset(&set, 0, sizeof(set));
	set.ask.cmd = ETHTOOL_GSSET_INFO;
	set.ask.sset_mask = 1ull << ETH_SS_FEATURES;
	err = ethtool_ask(name, &set);
	if (err == 0 && (set.ask.sset_mask == 0 || set.ask.data[0] > FEATURES))
		err = -EOPNOTSUPP;
	return err < 0 ? err : (int)set.ask.data[0];
}

/* The numbers of these among the features of device @name; those that it has not: -1. Return: how
 * many features there are, or a negative errno. */
static int tag_features_find(const char *name, int found[ARRAY_SIZE(tag_feature)])
{
	struct ethtool_gstrings *list =
		calloc(1, sizeof(*list) + (size_t)FEATURES * ETH_GSTRING_LEN);
	int n = features_count(name), err = list == NULL ? -ENOMEM : 0;

	if (err == 0 && n < 0)
		err = n;
	if (err == 0) {
		list->cmd = ETHTOOL_GSTRINGS;
		list->string_set = ETH_SS_FEATURES;
		list->len = (uint32_t)n;
		err = ethtool_ask(name, list);
	}
	for (size_t k = 0; k < ARRAY_SIZE(tag_feature) && err == 0; k++) {
		found[k] = -1;
		for (int i = 0; i < n; i++) {
			const char *text = (const char *)list->data + (size_t)i * ETH_GSTRING_LEN;

			if (strncmp(text, tag_feature[k], ETH_GSTRING_LEN) == 0)
				found[k] = i;
		}
	}
	free(list);
	return err < 0 ? err : n;
}

int32_t tag_features_read(const char *name)
{
	union {
		struct ethtool_gfeatures ask;
		uint8_t room[sizeof(struct ethtool_gfeatures) +
		             FEATURE_WORDS * sizeof(struct ethtool_get_features_block)];
	} all;
	int found[ARRAY_SIZE(tag_feature)] = {0};
	int32_t on = 0;

	memset(&all, 0, sizeof(all));
	all.ask.cmd = ETHTOOL_GFEATURES;
	all.ask.size = FEATURE_WORDS;
	if (tag_features_find(name, found) < 0 || ethtool_ask(name, &all) < 0)
		return JOURNAL_UNKNOWN;
	for (size_t k = 0; k < ARRAY_SIZE(tag_feature); k++) {
		int i = found[k];

		if (i >= 0 && (all.ask.features[i / 32].active >> i % 32 & 1) != 0)
			on |= 1 << k;
	}
	return on;
}

int tag_features_write(const char *name, int32_t on)
{
	union {
		struct ethtool_sfeatures ask;
		uint8_t room[sizeof(struct ethtool_sfeatures) +
		             FEATURE_WORDS * sizeof(struct ethtool_set_features_block)];
	} some;
	int found[ARRAY_SIZE(tag_feature)] = {0};
	int n = tag_features_find(name, found), err;

	if (n < 0)
		return n;
	memset(&some, 0, sizeof(some));
	some.ask.cmd = ETHTOOL_SFEATURES;
	for (size_t k = 0; k < ARRAY_SIZE(tag_feature); k++) {
		int i = found[k];

		if (i < 0)
			continue;
		some.ask.features[i / 32].valid |= 1u << i % 32;
		some.ask.features[i / 32].requested |= (uint32_t)(on >> k & 1) << i % 32;
	}
	some.ask.size = ((uint32_t)n + 31) / 32; /* the kernel wants just its own */
	err = ethtool_ask(name, &some);
	if (err < 0)
		return err;
	return tag_features_read(name) == on ? 0 : -EOPNOTSUPP;
}

int device_channels(const char *name, uint32_t *rx, uint32_t *tx)
{
	struct ethtool_channels c = {.cmd = ETHTOOL_GCHANNELS};
	int err = ethtool_ask(name, &c);

	if (err < 0 && err != -EOPNOTSUPP)
		return err;
	*rx = c.combined_count + c.rx_count;
	*tx = c.combined_count + c.tx_count;
	if (err == -EOPNOTSUPP || *rx == 0)
		*rx = 1;
	if (err == -EOPNOTSUPP || *tx == 0)
		*tx = 1;
	return 0;
}
