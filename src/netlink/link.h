/* SPDX-License-Identifier: BSD-2-Clause */
/* link: what an RTM_NEWLINK message says about a network device. Pure: bytes in, struct out. */
#ifndef NETLINK_LINK_H
#define NETLINK_LINK_H

#include <linux/netlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define LINK_NO_IPV6 0xff

struct device_info {
	int ifindex;
	int master;        /* ifindex of the bridge, bond or VRF that it is a port of; 0: none */
	int lower;         /* ifindex of the device it stands on (VLAN, macvlan); 0: none */
	uint64_t mac;      /* as mac_load() of wire/ether.h gives */
	uint64_t perm_mac; /* burnt in; 0: has none (veth) */
	uint32_t mtu;
	uint32_t rx_queues, tx_queues; /* allocated; how many are in use: device_channels() */
	uint8_t addr_gen_mode;         /* enum in6_addr_gen_mode, or LINK_NO_IPV6 */
	bool up;                       /* IFF_UP: the administrator's word */
	bool carrier;                  /* and the wire's */
	bool deleted;                  /* the message was RTM_DELLINK */
	char name[IF_NAMESIZE];
	char kind[16]; /* "veth", "bridge", ...; empty: a driver's own device */
};

/**
 * link_parse - read an RTM_NEWLINK or RTM_DELLINK message
 * @nlh: message, whole
 * @out: filled on success
 *
 * Context: any. Return: 0, -EBADMSG when it is no such message or is broken.
 */
[[nodiscard]] int link_parse(const struct nlmsghdr *nlh, struct device_info *out);

/**
 * channels_parse - read an ETHTOOL_MSG_CHANNELS_NTF message
 * @nlh:     message, whole
 * @ifindex: set on success
 *
 * Context: any. Return: 0, -EBADMSG when it is another message or is broken.
 */
[[nodiscard]] int channels_parse(const struct nlmsghdr *nlh, int *ifindex);

#endif
