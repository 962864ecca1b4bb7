/* SPDX-License-Identifier: BSD-2-Clause */
/* The question for a neighbour, as its family puts it: to all while its MAC is not known, else to
 * that. */
#include "neigh/entry.h"
#include "wire/arp.h"
#include "wire/icmp6.h"

static void solicit4(struct neigh_table *t, const struct neigh *n, const struct iface *f)
{
	uint8_t frame[ETHER_MIN_LEN];
	const struct arp_fields ask = {
		.ether_dst = n->mac != 0 ? n->mac : MAC_BROADCAST,
		.sender_mac = f->mac,
		.sender = iface_source4(f, ip_to4(n->key.ip)),
		.target = ip_to4(n->key.ip),
		.op = ARP_REQUEST,
	};

	arp_write(frame, &ask);
	t->ops.send(t->ctx, f->id, frame, sizeof(frame));
}

/* RFC 4861 7.2.2: from an address of the interface, so not from one that it was lent. Without a
 * usable one there is nothing to ask with yet. */
static void solicit6(struct neigh_table *t, const struct neigh *n, const struct iface *f)
{
	struct ip group = ip6_solicited_node(n->key.ip), src = iface_source6(f, n->key.ip);
	uint8_t frame[ND_FRAME_MAX];
	struct nd_fields ask = {
		.ether_dst = n->mac != 0 ? n->mac : ip6_group_mac(group),
		.mac = f->mac,
		.dst = n->mac != 0 ? n->key.ip : group,
		.target = n->key.ip,
		.type = ICMP6_NS,
	};

	ask.src = iface_speaks6(f, src) ? src : iface_link6(f);
	if (!ip_is_none(ask.src))
		t->ops.send(t->ctx, f->id, frame, nd_write(frame, &ask));
}

void neigh_solicit(struct neigh_table *t, const struct neigh *n)
{
	const struct iface *f = neigh_iface(t, n->key);

	if (f == NULL)
		return;
	if (ip_is4(n->key.ip))
		solicit4(t, n, f);
	else
		solicit6(t, n, f);
}
