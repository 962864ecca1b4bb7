// SPDX-License-Identifier: BSD-2-Clause
#include "netlink/saved.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netlink/attr.h"
#include "netlink/netlink.h"

#define FOREVER UINT32_MAX

static bool head_fits(const struct nlmsghdr *nlh, uint16_t type, size_t head)
{
	return nlh->nlmsg_type == type && mnl_nlmsg_get_payload_len(nlh) >= head;
}

bool addr_is_on(const struct nlmsghdr *nlh, int ifindex)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(nlh);

	return head_fits(nlh, RTM_NEWADDR, sizeof(*head)) && (int)head->ifa_index == ifindex &&
	       (head->ifa_family == AF_INET || head->ifa_family == AF_INET6);
}

bool addr_is_temporary(const struct nlmsghdr *nlh)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(nlh);

	/* The same bit means "secondary" in IPv4. */
	return head->ifa_family == AF_INET6 && (head->ifa_flags & IFA_F_TEMPORARY) != 0;
}

bool addr_is(const struct nlmsghdr *nlh, const struct nlattr *prefsrc)
{
	const struct nlattr *own = attr_find(nlh, sizeof(struct ifaddrmsg), IFA_LOCAL);

	if (own == NULL)
		own = attr_find(nlh, sizeof(struct ifaddrmsg), IFA_ADDRESS);
	return own != NULL && own->nla_len == prefsrc->nla_len &&
	       memcmp(mnl_attr_get_payload(own), mnl_attr_get_payload(prefsrc),
	              mnl_attr_get_payload_len(own)) == 0;
}

static const struct nlattr *route_attr(const struct nlmsghdr *nlh, uint16_t type)
{
	return attr_find(nlh, sizeof(struct rtmsg), type);
}

/* The way at @at of a route with several, NULL behind the last. */
static struct rtnexthop *hop_at(const struct nlattr *multipath, size_t at)
{
	size_t bytes = mnl_attr_get_payload_len(multipath);
	struct rtnexthop *hop = (void *)((uint8_t *)mnl_attr_get_payload(multipath) + at);

	if (at + sizeof(*hop) > bytes || hop->rtnh_len < sizeof(*hop) || at + hop->rtnh_len > bytes)
		return NULL;
	return hop;
}

/* Is there a way by the device (@by), or by another one? */
static bool hop_exists(const struct nlmsghdr *nlh, int ifindex, bool by)
{
	const struct nlattr *multipath = route_attr(nlh, RTA_MULTIPATH);
	const struct rtnexthop *hop;

	if (multipath == NULL)
		return false;
	for (size_t at = 0; (hop = hop_at(multipath, at)) != NULL;
	     at += RTNH_ALIGN(hop->rtnh_len)) {
		if ((hop->rtnh_ifindex == ifindex) == by)
			return true;
	}
	return false;
}

bool route_is_through(const struct nlmsghdr *nlh, int ifindex)
{
	if (!head_fits(nlh, RTM_NEWROUTE, sizeof(struct rtmsg)))
		return false;
	return (int)attr_u32(route_attr(nlh, RTA_OIF)) == ifindex || hop_exists(nlh, ifindex, true);
}

bool route_is_shared(const struct nlmsghdr *nlh, int ifindex)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(nlh);

	return head->rtm_family == AF_INET && hop_exists(nlh, ifindex, false);
}

uint32_t route_table(const struct nlmsghdr *nlh)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *table = route_attr(nlh, RTA_TABLE);

	return table != NULL ? attr_u32(table) : head->rtm_table;
}

bool route_is_automatic(const struct nlmsghdr *nlh)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(nlh);

	return head->rtm_protocol == RTPROT_KERNEL && route_table(nlh) == RT_TABLE_LOCAL;
}

/* Attributes that are answers only, or said already by a next hop object. */
static bool attr_is_asked(const struct nlattr *attr, bool object)
{
	switch (mnl_attr_get_type(attr)) {
	case RTA_CACHEINFO:
		return false;
	case RTA_OIF:
	case RTA_GATEWAY:
	case RTA_VIA:
	case RTA_MULTIPATH:
	case RTA_ENCAP:
	case RTA_ENCAP_TYPE:
		return !object;
	default:
		return true;
	}
}

/* IPv6 tells the rest of a route's life in clock ticks, and wants to hear it in seconds. */
static bool expiry_put(struct nlmsghdr *out, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr = route_attr(nlh, RTA_CACHEINFO);
	const struct rtmsg *head = mnl_nlmsg_get_payload(nlh);
	long ticks = sysconf(_SC_CLK_TCK);
	struct rta_cacheinfo info;

	if (head->rtm_family != AF_INET6 || attr == NULL || ticks <= 0 ||
	    mnl_attr_get_payload_len(attr) < sizeof(info))
		return true;
	memcpy(&info, mnl_attr_get_payload(attr), sizeof(info));
	if (info.rta_expires <= 0)
		return true;
	return mnl_attr_put_u32_check(out, NETLINK_MESSAGE_MAX, RTA_EXPIRES,
	                              (uint32_t)(info.rta_expires / ticks));
}

/* The request for @nlh with the one way @only, or with all when it is NULL. */
static int route_build(struct nlmsghdr *out, const struct nlmsghdr *nlh,
                       const struct rtnexthop *only)
{
	bool object = route_attr(nlh, RTA_NH_ID) != NULL;
	const struct nlattr *attr = attr_first(nlh, sizeof(struct rtmsg));
	struct rtmsg *head;

	out->nlmsg_type = RTM_NEWROUTE;
	head = mnl_nlmsg_put_extra_header(out, sizeof(*head));
	memcpy(head, mnl_nlmsg_get_payload(nlh), sizeof(*head));
	head->rtm_flags &= RTNH_F_ONLINK; /* the others are states */
	for (; attr != NULL; attr = attr_next(nlh, attr)) {
		const void *data = mnl_attr_get_payload(attr);
		size_t bytes = mnl_attr_get_payload_len(attr);

		if (!attr_is_asked(attr, object))
			continue;
		if (only != NULL && mnl_attr_get_type(attr) == RTA_MULTIPATH) {
			data = only;
			bytes = only->rtnh_len;
		}
		if (!mnl_attr_put_check(out, NETLINK_MESSAGE_MAX, attr->nla_type, bytes, data))
			return -EMSGSIZE;
	}
	return expiry_put(out, nlh) ? 0 : -EMSGSIZE;
}

static void hops_clean(const struct nlmsghdr *nlh)
{
	const struct nlattr *multipath = route_attr(nlh, RTA_MULTIPATH);
	struct rtnexthop *hop;

	if (multipath == NULL)
		return;
	for (size_t at = 0; (hop = hop_at(multipath, at)) != NULL; at += RTNH_ALIGN(hop->rtnh_len))
		hop->rtnh_flags &= RTNH_F_ONLINK;
}

static int route_emit(const struct nlmsghdr *nlh, const struct rtnexthop *only, saved_fn *fn,
                      void *context)
{
	uint8_t bytes[NETLINK_MESSAGE_MAX] __attribute__((aligned(8)));
	struct nlmsghdr *out = mnl_nlmsg_put_header(bytes);
	int err = route_build(out, nlh, only);

	if (err < 0)
		return err;
	hops_clean(out);
	return fn(context, out);
}

int route_save(const struct nlmsghdr *nlh, int ifindex, saved_fn *fn, void *context)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *multipath;
	const struct rtnexthop *hop;
	int err = 0;

	if (!head_fits(nlh, RTM_NEWROUTE, sizeof(*head)))
		return -EBADMSG;
	multipath = route_attr(nlh, RTA_MULTIPATH);
	if (head->rtm_family != AF_INET6 || multipath == NULL ||
	    route_attr(nlh, RTA_NH_ID) != NULL || !route_is_through(nlh, ifindex))
		return route_emit(nlh, NULL, fn, context);
	for (size_t at = 0; err == 0 && (hop = hop_at(multipath, at)) != NULL;
	     at += RTNH_ALIGN(hop->rtnh_len)) {
		if (hop->rtnh_ifindex == ifindex)
			err = route_emit(nlh, hop, fn, context);
	}
	return err;
}

/* What is left of a lifetime. */
static uint32_t life_age(uint32_t life, uint64_t seconds)
{
	if (life == FOREVER)
		return life;
	return life > seconds ? (uint32_t)(life - seconds) : 0;
}

int saved_age(struct nlmsghdr *nlh, uint64_t seconds)
{
	bool is_addr = nlh->nlmsg_type == RTM_NEWADDR;
	const struct nlattr *attr =
		is_addr ? attr_find(nlh, sizeof(struct ifaddrmsg), IFA_CACHEINFO)
			: route_attr(nlh, RTA_EXPIRES);
	struct ifa_cacheinfo info;
	uint32_t life;

	if (attr == NULL)
		return 0;
	if (!is_addr) {
		life = life_age(attr_u32(attr), seconds);
		if (mnl_attr_get_payload_len(attr) >= sizeof(life))
			memcpy(mnl_attr_get_payload(attr), &life, sizeof(life));
		return life == 0 ? -ETIME : 0;
	}
	if (mnl_attr_get_payload_len(attr) < sizeof(info))
		return 0;
	memcpy(&info, mnl_attr_get_payload(attr), sizeof(info));
	info.ifa_valid = life_age(info.ifa_valid, seconds);
	info.ifa_prefered = life_age(info.ifa_prefered, seconds);
	memcpy(mnl_attr_get_payload(attr), &info, sizeof(info));
	return info.ifa_valid == 0 ? -ETIME : 0;
}

void saved_print(const struct nlmsghdr *nlh, char *out, size_t bytes)
{
	/* Family and prefix length lie alike in both headers. */
	const struct rtmsg *head = mnl_nlmsg_get_payload(nlh);
	bool is_addr = nlh->nlmsg_type == RTM_NEWADDR;
	const struct nlattr *attr = is_addr ? attr_find(nlh, sizeof(struct ifaddrmsg), IFA_ADDRESS)
	                                    : route_attr(nlh, RTA_DST);
	char text[INET6_ADDRSTRLEN] = "default";

	if (attr != NULL &&
	    mnl_attr_get_payload_len(attr) >= (head->rtm_family == AF_INET ? 4 : 16))
		inet_ntop(head->rtm_family, mnl_attr_get_payload(attr), text, sizeof(text));
	if (attr == NULL)
		snprintf(out, bytes, "%s %s", is_addr ? "address" : "route", text);
	else
		snprintf(out, bytes, "%s %s/%u", is_addr ? "address" : "route", text,
		         head->rtm_dst_len);
}
