// SPDX-License-Identifier: BSD-2-Clause
/* The part of device.h that only asks. */
#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "netlink/attr.h"
#include "netlink/device.h"
#include "netlink/saved.h"

static int info_take(void *context, const struct nlmsghdr *nlh)
{
	return link_parse(nlh, context);
}

int device_info(struct netlink *nl, int ifindex, struct device_info *out, struct why *why)
{
	uint8_t bytes[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(bytes);
	struct device_info info = {0};
	struct ifinfomsg *head;
	int err;

	nlh->nlmsg_type = RTM_GETLINK;
	head = mnl_nlmsg_put_extra_header(nlh, sizeof(*head));
	head->ifi_index = ifindex;
	err = netlink_ask(nl, nlh, info_take, &info);
	if (err >= 0 && info.ifindex != ifindex)
		err = -ENODEV;
	if (err == -ENODEV)
		return why_fail(why, err, "there is no network device %d", ifindex);
	if (err < 0)
		return why_fail(why, err, "cannot ask for network device %d: %s", ifindex,
		                netlink_error(nl, err));
	*out = info;
	return 0;
}

static int rx_packets_take(void *context, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr = attr_find(nlh, sizeof(struct ifinfomsg), IFLA_STATS64);
	uint64_t *packets = context;

	if (nlh->nlmsg_type != RTM_NEWLINK || attr == NULL ||
	    mnl_attr_get_payload_len(attr) < sizeof(*packets))
		return 0;
	static_assert(offsetof(struct rtnl_link_stats64, rx_packets) == 0, "the first of them");
	memcpy(packets, mnl_attr_get_payload(attr), sizeof(*packets));
	return 0;
}

int device_rx_packets(struct netlink *nl, int ifindex, uint64_t *packets)
{
	uint8_t bytes[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(bytes);
	uint64_t got = UINT64_MAX;
	struct ifinfomsg *head;
	int err;

	nlh->nlmsg_type = RTM_GETLINK;
	head = mnl_nlmsg_put_extra_header(nlh, sizeof(*head));
	head->ifi_index = ifindex;
	err = netlink_ask(nl, nlh, rx_packets_take, &got);
	if (err < 0 || got == UINT64_MAX)
		return err < 0 ? err : -ENODATA;
	*packets = got;
	return 0;
}

/* All devices, and which of them are the one in question or stand on it. */
struct tower {
	struct device_info *devices;
	bool *above;
	size_t n;
};

static int tower_take(void *context, const struct nlmsghdr *nlh)
{
	struct tower *t = context;
	struct device_info info;
	struct device_info *more;

	if (link_parse(nlh, &info) < 0)
		return 0;
	more = realloc(t->devices, (t->n + 1) * sizeof(*more));
	if (more == NULL)
		return -ENOMEM;
	t->devices = more;
	t->devices[t->n++] = info;
	return 0;
}

static bool tower_has(const struct tower *t, int ifindex)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->above[i] && t->devices[i].ifindex == ifindex)
			return true;
	}
	return false;
}

/* Is the device @i the master of one that is in the tower? */
static bool tower_masters(const struct tower *t, size_t i)
{
	for (size_t k = 0; k < t->n; k++) {
		if (t->above[k] && t->devices[k].master == t->devices[i].ifindex)
			return true;
	}
	return false;
}

static void tower_climb(struct tower *t, int ifindex)
{
	bool grown = true;

	while (grown) {
		grown = false;
		for (size_t i = 0; i < t->n; i++) {
			if (t->above[i])
				continue;
			t->above[i] =
				t->devices[i].ifindex == ifindex || tower_masters(t, i) ||
				(t->devices[i].lower != 0 && tower_has(t, t->devices[i].lower));
			grown |= t->above[i];
		}
	}
}

static int tower_build(struct netlink *nl, int ifindex, struct tower *t)
{
	uint8_t bytes[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(bytes);
	int err;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	err = netlink_ask(nl, nlh, tower_take, t);
	if (err < 0)
		return err;
	t->above = calloc(t->n + 1, sizeof(*t->above));
	if (t->above == NULL)
		return -ENOMEM;
	tower_climb(t, ifindex);
	return 0;
}

static void tower_fini(struct tower *t)
{
	free(t->above);
	free(t->devices);
}

struct search {
	const struct tower *tower;
	bool found;
};

static int default_take(void *context, const struct nlmsghdr *nlh)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(nlh);
	struct search *s = context;

	if (nlh->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(nlh) < sizeof(*head))
		return 0;
	if (head->rtm_dst_len != 0 || head->rtm_type != RTN_UNICAST ||
	    route_table(nlh) != RT_TABLE_MAIN)
		return 0;
	for (size_t i = 0; i < s->tower->n; i++) {
		if (s->tower->above[i] && route_is_through(nlh, s->tower->devices[i].ifindex))
			s->found = true;
	}
	return 0;
}

static int default_search(struct netlink *nl, uint8_t family, struct search *s)
{
	uint8_t bytes[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(bytes);
	struct rtmsg *head;
	int err;

	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_DUMP;
	head = mnl_nlmsg_put_extra_header(nlh, sizeof(*head));
	head->rtm_family = family;
	err = netlink_ask(nl, nlh, default_take, s);
	return err == -EAFNOSUPPORT || err == -EOPNOTSUPP || err > 0 ? 0 : err;
}

int device_is_default_route(struct netlink *nl, int ifindex, bool *out, struct why *why)
{
	struct tower tower = {0};
	struct search s = {.tower = &tower};
	int err = tower_build(nl, ifindex, &tower);

	if (err == 0)
		err = default_search(nl, AF_INET, &s);
	if (err == 0)
		err = default_search(nl, AF_INET6, &s);
	tower_fini(&tower);
	if (err < 0)
		return why_fail(why, err, "cannot look for the default route: %s",
		                netlink_error(nl, err));
	*out = s.found;
	return 0;
}
