// SPDX-License-Identifier: BSD-2-Clause
#include "netlink/monitor.h"

#include <errno.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "netlink/attr.h"
#include "netlink/link.h"
#include "netlink/netlink.h"

#define MONITOR_HELPING 64 /* datagrams a dispatch reads of each socket */
#define DUMP_TRIES      8

/* A device that the callback has been told of. */
struct known {
	struct link_event last;
	bool seen; /* by the dump under way */
};

struct monitor {
	struct mnl_socket *links;
	struct mnl_socket *ethtool; /* NULL: this kernel has no ethtool netlink */
	struct netlink *requests;
	int epoll_fd;
	monitor_fn *fn;
	void *context;
	struct known *known;
	size_t n_known, room;
	uint64_t losses;
	bool told_channels; /* the dump under way stands for lost channel changes too */
	uint8_t buffer[32768] __attribute__((aligned(8)));
};

static struct known *known_find(struct monitor *m, int ifindex)
{
	for (size_t i = 0; i < m->n_known; i++) {
		if (m->known[i].last.ifindex == ifindex)
			return &m->known[i];
	}
	return NULL;
}

static struct known *known_add(struct monitor *m, int ifindex)
{
	struct known *k = known_find(m, ifindex);

	if (k != NULL)
		return k;
	if (m->n_known == m->room) {
		size_t room = m->room == 0 ? 16 : m->room * 2;
		struct known *more = realloc(m->known, room * sizeof(*more));

		if (more == NULL)
			return NULL;
		m->known = more;
		m->room = room;
	}
	k = &m->known[m->n_known++];
	*k = (struct known){.last.ifindex = ifindex};
	return k;
}

static void known_drop(struct monitor *m, struct known *k)
{
	struct link_event gone = k->last;

	*k = m->known[--m->n_known];
	gone.deleted = true;
	gone.up = false;
	gone.carrier = false;
	m->fn(m->context, &gone);
}

static int link_take(void *context, const struct nlmsghdr *nlh)
{
	struct monitor *m = context;
	struct device_info info;
	struct link_event event;
	struct known *k;

	if (((const struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_family != AF_UNSPEC)
		return 0; /* a bridge tells about its ports in the same group, deletions too */
	if (link_parse(nlh, &info) < 0)
		return 0;
	if (info.deleted) {
		k = known_find(m, info.ifindex);
		if (k != NULL)
			known_drop(m, k);
		return 0;
	}
	k = known_add(m, info.ifindex);
	if (k == NULL)
		return -ENOMEM;
	k->seen = true;
	k->last = (struct link_event){
		.ifindex = info.ifindex,
		.mac = info.mac,
		.mtu = info.mtu,
		.up = info.up,
		.carrier = info.carrier,
	};
	memcpy(k->last.name, info.name, sizeof(k->last.name));
	event = k->last;
	event.channels = m->told_channels;
	m->fn(m->context, &event);
	return 0;
}

static int channels_take(void *context, const struct nlmsghdr *nlh)
{
	struct monitor *m = context;
	struct link_event event;
	const struct known *k;
	int ifindex;

	if (channels_parse(nlh, &ifindex) < 0)
		return 0;
	k = known_find(m, ifindex);
	if (k == NULL)
		return 0; /* its RTM_NEWLINK has yet to come, and is told with the rest */
	event = k->last;
	event.channels = true;
	m->fn(m->context, &event);
	return 0;
}

static int links_ask(struct monitor *m)
{
	uint8_t bytes[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(bytes);

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	return netlink_ask(m->requests, nlh, link_take, m);
}

/* Throw away what is queued: it is older than what is about to be read. */
static void socket_drain(struct monitor *m, const struct mnl_socket *s)
{
	while (mnl_socket_recvfrom(s, m->buffer, sizeof(m->buffer)) >= 0 || errno == ENOBUFS ||
	       errno == EINTR)
		;
}

int monitor_dump(struct monitor *m, struct why *why)
{
	int err = 1;

	socket_drain(m, m->links);
	for (int i = 0; i < DUMP_TRIES && err == 1; i++) {
		for (size_t k = 0; k < m->n_known; k++)
			m->known[k].seen = false;
		err = links_ask(m);
	}
	if (err < 0)
		return why_fail(why, err, "netlink: cannot list the network devices: %s",
		                netlink_error(m->requests, err));
	if (err == 1) /* changing all the time: what changes is told anyway, so sweep nothing */
		return 0;
	for (size_t k = m->n_known; k-- > 0;) {
		if (!m->known[k].seen)
			known_drop(m, &m->known[k]);
	}
	return 0;
}

/* Read a helping. Return: 0, 1 when the kernel lost messages, a negative errno. */
static int socket_read(struct monitor *m, const struct mnl_socket *s, netlink_fn *fn)
{
	for (int i = 0; i < MONITOR_HELPING; i++) {
		ssize_t n = mnl_socket_recvfrom(s, m->buffer, sizeof(m->buffer));
		const struct nlmsghdr *nlh = (const void *)m->buffer;
		int left = (int)n;
		int err = 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return errno == ENOBUFS ? 1 : -errno;
		for (; err == 0 && mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
			err = nlh->nlmsg_type < NLMSG_MIN_TYPE ? 0 : fn(m, nlh);
		if (err < 0)
			return err;
	}
	return 0;
}

int monitor_dispatch(struct monitor *m, struct why *why)
{
	int lost_links = socket_read(m, m->links, link_take);
	int lost_channels = m->ethtool == NULL ? 0 : socket_read(m, m->ethtool, channels_take);
	int err = lost_links < 0 ? lost_links : lost_channels;

	if (err < 0)
		return why_fail(why, err, "netlink: cannot follow the network devices: %s",
		                strerror(-err));
	if (lost_links == 0 && lost_channels == 0)
		return 0;
	m->losses++;
	if (lost_channels != 0)
		socket_drain(m, m->ethtool);
	m->told_channels = lost_channels != 0;
	err = monitor_dump(m, why);
	m->told_channels = false;
	return err;
}

static int socket_watch(const struct monitor *m, const struct mnl_socket *s)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(m->epoll_fd, EPOLL_CTL_ADD, mnl_socket_get_fd(s), &event) < 0 ? -errno : 0;
}

static struct mnl_socket *socket_open(int bus, unsigned int groups)
{
	struct mnl_socket *s = mnl_socket_open2(bus, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (s == NULL || mnl_socket_bind(s, groups, MNL_SOCKET_AUTOPID) == 0)
		return s;
	mnl_socket_close(s);
	return NULL;
}

/* The number of ethtool's "monitor" group, out of the answer to CTRL_CMD_GETFAMILY. */
static int group_take(void *context, const struct nlmsghdr *nlh)
{
	const struct nlattr *groups =
		attr_find(nlh, sizeof(struct genlmsghdr), CTRL_ATTR_MCAST_GROUPS);
	const struct nlattr *group = groups == NULL ? NULL : attr_inner(groups);
	int *out = context;

	for (; group != NULL; group = attr_inner_next(groups, group)) {
		const struct nlattr *name = attr_inner_find(group, CTRL_ATTR_MCAST_GRP_NAME);

		if (name != NULL && mnl_attr_validate(name, MNL_TYPE_NUL_STRING) == 0 &&
		    strcmp(mnl_attr_get_str(name), ETHTOOL_MCGRP_MONITOR_NAME) == 0)
			*out = (int)attr_u32(attr_inner_find(group, CTRL_ATTR_MCAST_GRP_ID));
	}
	return 0;
}

static int group_ask(struct netlink *nl)
{
	uint8_t bytes[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(bytes);
	struct genlmsghdr *head;
	int group = 0;

	nlh->nlmsg_type = GENL_ID_CTRL;
	head = mnl_nlmsg_put_extra_header(nlh, sizeof(*head));
	head->cmd = CTRL_CMD_GETFAMILY;
	head->version = 1;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, ETHTOOL_GENL_NAME);
	return netlink_ask(nl, nlh, group_take, &group) < 0 ? 0 : group;
}

/* ethtool's notifications are a refinement: a kernel without them is followed without them. */
static int ethtool_watch(struct monitor *m, struct why *why)
{
	struct netlink *genl;
	int group;

	if (netlink_open(&genl, NETLINK_GENERIC, why) < 0)
		return 0;
	group = group_ask(genl);
	netlink_close(genl);
	if (group == 0)
		return 0;
	m->ethtool = socket_open(NETLINK_GENERIC, 0);
	if (m->ethtool == NULL)
		return -errno;
	if (mnl_socket_setsockopt(m->ethtool, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return -errno;
	return socket_watch(m, m->ethtool);
}

int monitor_open(struct monitor **out, monitor_fn *fn, void *context, struct why *why)
{
	struct monitor *m = calloc(1, sizeof(*m));
	int err;

	if (m == NULL)
		return why_fail(why, -ENOMEM, "netlink: out of memory");
	m->fn = fn;
	m->context = context;
	m->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	err = m->epoll_fd < 0 ? -errno : 0;
	if (err < 0)
		goto close_monitor;
	m->links = socket_open(NETLINK_ROUTE, RTMGRP_LINK);
	err = m->links == NULL ? -errno : socket_watch(m, m->links);
	if (err < 0)
		goto close_monitor;
	err = ethtool_watch(m, why);
	if (err < 0)
		goto close_monitor;
	err = netlink_open(&m->requests, NETLINK_ROUTE, why);
	if (err < 0)
		goto close_monitor;
	*out = m;
	return 0;

close_monitor:
	monitor_close(m);
	return why_fail(why, err, "netlink: cannot watch the network devices: %s", strerror(-err));
}

void monitor_close(struct monitor *m)
{
	if (m == NULL)
		return;
	netlink_close(m->requests);
	if (m->ethtool != NULL)
		mnl_socket_close(m->ethtool);
	if (m->links != NULL)
		mnl_socket_close(m->links);
	if (m->epoll_fd >= 0)
		close(m->epoll_fd);
	free(m->known);
	free(m);
}

int monitor_fd(const struct monitor *m)
{
	return m->epoll_fd;
}

uint64_t monitor_losses(const struct monitor *m)
{
	return m->losses;
}
