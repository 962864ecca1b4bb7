/* SPDX-License-Identifier: BSD-2-Clause */
#include "port/device.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/compiler.h"
#include "wire/ether.h"

static int ethtool(int fd, const char *name, void *command)
{
	struct ifreq ifr = {.ifr_data = command};

	memcpy(ifr.ifr_name, name, strnlen(name, sizeof(ifr.ifr_name) - 1));
	return ioctl(fd, SIOCETHTOOL, &ifr) < 0 ? -errno : 0;
}

static void driver_read(struct device *d, int fd)
{
	static const char *const partial[] = {"veth", "tun", "virtio_net"};
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};

	if (ethtool(fd, d->name, &info) < 0)
		return;
	snprintf(d->driver, sizeof(d->driver), "%s", info.driver);
	for (size_t i = 0; i < ARRAY_SIZE(partial); i++)
		d->partial_csum |= strcmp(d->driver, partial[i]) == 0;
}

static int link_attr(const struct nlattr *attr, void *data)
{
	struct device *d = data;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_MTU:
		d->mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_ADDRESS: {
		uint8_t mac[8] = {0};

		if (mnl_attr_get_payload_len(attr) == ETHER_ADDR_LEN)
			memcpy(mac, mnl_attr_get_payload(attr), ETHER_ADDR_LEN);
		d->mac = mac_load(mac);
		break;
	}
	case IFLA_NUM_RX_QUEUES:
		d->rx_queues = mnl_attr_get_u32(attr);
		break;
	case IFLA_NUM_TX_QUEUES:
		d->tx_queues = mnl_attr_get_u32(attr);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int link_message(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct ifinfomsg), link_attr, data);
}

/* One RTM_GETLINK: MTU, MAC, and the queues the device was made with. */
static int link_read(struct device *d)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	_Alignas(struct nlmsghdr) char buf[32768]; /* a message with statistics and VFs is long */
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;
	ssize_t n;
	int err = -1;

	if (nl == NULL)
		return -errno;
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = 1;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = (int)d->ifindex;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) >= 0) {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (n > 0)
			err = mnl_cb_run(buf, (size_t)n, 1, 0, link_message, d);
	}
	err = err < 0 ? -errno : 0;
	mnl_socket_close(nl);
	return err;
}

/* The queues in use, which may be fewer than the device was made with. */
static void queues_read(struct device *d, int fd)
{
	struct ethtool_channels ch = {.cmd = ETHTOOL_GCHANNELS};

	if (ethtool(fd, d->name, &ch) < 0)
		return;
	if (ch.rx_count + ch.combined_count > 0)
		d->rx_queues = ch.rx_count + ch.combined_count;
	if (ch.tx_count + ch.combined_count > 0)
		d->tx_queues = ch.tx_count + ch.combined_count;
}

static void ring_read(struct device *d, int fd)
{
	struct ethtool_ringparam ring = {.cmd = ETHTOOL_GRINGPARAM};

	if (ethtool(fd, d->name, &ring) == 0)
		d->rx_ring = ring.rx_pending;
}

int device_read(struct device *d, const char *name)
{
	struct device got = {.ifindex = if_nametoindex(name)};
	int err, fd;

	if (got.ifindex == 0 || if_indextoname(got.ifindex, got.name) == NULL)
		return -ENODEV;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = link_read(&got);
	if (err == 0) {
		driver_read(&got, fd);
		queues_read(&got, fd);
		ring_read(&got, fd);
		*d = got;
	}
	close(fd);
	return err;
}
