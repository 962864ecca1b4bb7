// SPDX-License-Identifier: BSD-2-Clause
#include "netlink/link.h"

#include <errno.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/attr.h"
#include "wire/ether.h"

/* From linux/if.h, which does not go together with net/if.h. */
#define LINK_LOWER_UP     (1u << 16)
#define OPERSTATE_UNKNOWN 0
#define OPERSTATE_UP      6

static uint64_t mac_parse(const struct nlattr *attr)
{
	uint8_t bytes[8] = {0};

	if (mnl_attr_get_payload_len(attr) != ETHER_ADDR_LEN)
		return 0; /* a tunnel's or loopback's idea of an address */
	memcpy(bytes, mnl_attr_get_payload(attr), ETHER_ADDR_LEN);
	return mac_load(bytes);
}

static void text_parse(const struct nlattr *attr, char *out, size_t bytes)
{
	size_t n = mnl_attr_get_payload_len(attr);

	snprintf(out, bytes, "%.*s", (int)(n < bytes ? n : bytes - 1),
	         (const char *)mnl_attr_get_payload(attr));
}

static void af_spec_parse(const struct nlattr *nest, struct device_info *out)
{
	const struct nlattr *inet6 = attr_inner_find(nest, AF_INET6);
	const struct nlattr *mode;

	if (inet6 == NULL)
		return;
	mode = attr_inner_find(inet6, IFLA_INET6_ADDR_GEN_MODE);
	if (mode != NULL && mnl_attr_get_payload_len(mode) >= 1)
		out->addr_gen_mode = mnl_attr_get_u8(mode);
}

/* What the attributes tell that counts only together. */
struct hints {
	uint8_t operstate;
	bool foreign; /* IFLA_LINK is a number of another network namespace */
};

static void attr_parse(const struct nlattr *attr, struct device_info *out, struct hints *hints)
{
	const struct nlattr *kind;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		text_parse(attr, out->name, sizeof(out->name));
		break;
	case IFLA_ADDRESS:
		out->mac = mac_parse(attr);
		break;
	case IFLA_PERM_ADDRESS:
		out->perm_mac = mac_parse(attr);
		break;
	case IFLA_MTU:
		out->mtu = attr_u32(attr);
		break;
	case IFLA_MASTER:
		out->master = (int)attr_u32(attr);
		break;
	case IFLA_LINK:
		out->lower = (int)attr_u32(attr);
		break;
	case IFLA_NUM_RX_QUEUES:
		out->rx_queues = attr_u32(attr);
		break;
	case IFLA_NUM_TX_QUEUES:
		out->tx_queues = attr_u32(attr);
		break;
	case IFLA_OPERSTATE:
		hints->operstate = mnl_attr_get_payload_len(attr) >= 1 ? mnl_attr_get_u8(attr) : 0;
		break;
	case IFLA_LINK_NETNSID:
		hints->foreign = true;
		break;
	case IFLA_LINKINFO:
		kind = attr_inner_find(attr, IFLA_INFO_KIND);
		if (kind != NULL)
			text_parse(kind, out->kind, sizeof(out->kind));
		break;
	case IFLA_AF_SPEC:
		af_spec_parse(attr, out);
		break;
	default:
		break;
	}
}

int link_parse(const struct nlmsghdr *nlh, struct device_info *out)
{
	struct device_info info = {.addr_gen_mode = LINK_NO_IPV6};
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(nlh);
	struct hints hints = {.operstate = OPERSTATE_UNKNOWN};
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWLINK && nlh->nlmsg_type != RTM_DELLINK)
		return -EBADMSG;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*head) || head->ifi_index <= 0)
		return -EBADMSG;
	for (attr = attr_first(nlh, sizeof(*head)); attr != NULL; attr = attr_next(nlh, attr))
		attr_parse(attr, &info, &hints);
	if (info.name[0] == '\0')
		return -EBADMSG;
	info.ifindex = head->ifi_index;
	info.deleted = nlh->nlmsg_type == RTM_DELLINK;
	info.up = (head->ifi_flags & IFF_UP) != 0;
	info.carrier = (head->ifi_flags & LINK_LOWER_UP) != 0 &&
	               (hints.operstate == OPERSTATE_UNKNOWN || hints.operstate == OPERSTATE_UP);
	/* A veth names its peer there, which it does not stand on. */
	if (hints.foreign || strcmp(info.kind, "veth") == 0)
		info.lower = 0;
	*out = info;
	return 0;
}

int channels_parse(const struct nlmsghdr *nlh, int *ifindex)
{
	const struct genlmsghdr *head = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *header;
	uint32_t index;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*head) || head->cmd != ETHTOOL_MSG_CHANNELS_NTF)
		return -EBADMSG;
	header = attr_find(nlh, sizeof(*head), ETHTOOL_A_CHANNELS_HEADER);
	if (header == NULL)
		return -EBADMSG;
	index = attr_u32(attr_inner_find(header, ETHTOOL_A_HEADER_DEV_INDEX));
	if (index == 0)
		return -EBADMSG;
	*ifindex = (int)index;
	return 0;
}
