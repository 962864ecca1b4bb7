/* SPDX-License-Identifier: BSD-2-Clause */
#include "port/groups.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/ether.h"

void groups_close(struct groups *g)
{
	if (g->ifindex != 0)
		close(g->fd);
	free(g->mac);
	g->mac = NULL;
	g->n = 0;
	g->all = false;
	g->ifindex = 0;
}

/* Protocol 0: nothing is received, so that there is nothing to read and no packet is copied. */
static int groups_open(struct groups *g, int ifindex)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	g->fd = fd;
	g->ifindex = ifindex;
	return 0;
}

static int group_change(const struct groups *g, int option, uint16_t type, uint64_t mac)
{
	struct packet_mreq r = {
		.mr_ifindex = g->ifindex,
		.mr_type = type,
		.mr_alen = type == PACKET_MR_MULTICAST ? ETHER_ADDR_LEN : 0,
	};

	if (type == PACKET_MR_MULTICAST)
		mac_store(r.mr_address, mac);
	return setsockopt(g->fd, SOL_PACKET, option, &r, sizeof(r)) < 0 ? -errno : 0;
}

static bool mac_in(const uint64_t *mac, uint16_t n, uint64_t wanted)
{
	for (uint16_t i = 0; i < n; i++) {
		if (mac[i] == wanted)
			return true;
	}
	return false;
}

/* Ask for what is new. Return: 0, or the errno with which not even all could be asked for. */
static int groups_ask(const struct groups *g, const uint64_t *mac, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		int err = 0;

		if (!mac_in(g->mac, g->n, mac[i]) && !mac_in(mac, i, mac[i]))
			err = group_change(g, PACKET_ADD_MEMBERSHIP, PACKET_MR_MULTICAST, mac[i]);
		if (err < 0)
			err = group_change(g, PACKET_ADD_MEMBERSHIP, PACKET_MR_ALLMULTI, 0);
		if (err < 0)
			return err;
	}
	return 0;
}

/* Have a socket of the device. */
static int groups_reach(struct groups *g, int ifindex)
{
	if (g->ifindex != ifindex)
		groups_close(g);
	return g->ifindex == 0 && ifindex != 0 ? groups_open(g, ifindex) : 0;
}

int groups_set_all(struct groups *g, int ifindex)
{
	int err = groups_reach(g, ifindex);

	if (err == 0 && !g->all)
		err = group_change(g, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC, 0);
	g->all = g->all || err == 0;
	return err;
}

int groups_set(struct groups *g, int ifindex, const uint64_t *mac, uint16_t n)
{
	int err = groups_reach(g, ifindex);
	uint64_t *kept;

	if (err < 0 || ifindex == 0)
		return err;
	kept = malloc((n + 1u) * sizeof(*kept));
	if (kept == NULL)
		return -ENOMEM;
	err = groups_ask(g, mac, n);
	for (uint16_t i = 0; i < g->n; i++) {
		/* What cannot be given back is let in for longer: that does no harm. */
		if (!mac_in(mac, n, g->mac[i]))
			(void)group_change(g, PACKET_DROP_MEMBERSHIP, PACKET_MR_MULTICAST,
			                   g->mac[i]);
	}
	if (err == 0 && g->all)
		g->all = group_change(g, PACKET_DROP_MEMBERSHIP, PACKET_MR_PROMISC, 0) < 0;
	free(g->mac);
	memcpy(kept, mac, n * sizeof(*kept));
	g->mac = kept;
	g->n = n;
	return err;
}
