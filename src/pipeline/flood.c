/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flood: frames to groups and to stations that nobody knows, by all ports of their VLAN (802.1Q
 * 8.8.9). Each but the last gets a copy, of all of the frame in frames of its own; the last, or the
 * router, gets the original. Off the hot path.
 */
#include "pipeline/bridge_run.h"
#include "pipeline/chain.h"
#include "wire/ip6.h"

/* Copy the @len bytes at @addr into a free frame, to the same place in it: so they fit. */
static uint64_t part_copy(struct pipeline *p, uint64_t addr, uint32_t len)
{
	struct frames *f = p->cache.frames;
	uint64_t to = 0;
	bool got = frame_get(&p->cache, &to);

	assert(got); /* copy_make() has counted them */
	(void)got;
	frame_tag_set(f, to, 0); /* what lies in it did not come in there */
	to += addr - frame_base(f, addr);
	memcpy(frame_data(f, to), frame_data(f, addr), len);
	return to;
}

/* A copy of @k, in *copy. Return: false without frames. */
static bool copy_make(struct pipeline *p, const struct pkt *k, struct pkt *copy)
{
	const struct frames *f = p->cache.frames;
	bool many = (k->flags & PKT_CHAIN) != 0;
	const struct frame_chain *from = frame_chain(f, k->data);
	uint32_t rest = many ? from->n : 0;
	uint64_t first;

	if (p->cache.n < 1 + rest)
		return false;
	*copy = *k;
	first = part_copy(p, frame_addr(f, k->data), many ? chain_first_len(f, k) : k->len);
	copy->data = frame_data(f, first);
	if (many) {
		struct frame_chain *to = frame_chain(f, copy->data);

		to->n = rest;
		for (uint32_t i = 0; i < rest; i++) {
			to->part[i].len = from->part[i].len;
			to->part[i].addr = part_copy(p, from->part[i].addr, from->part[i].len) &
			                   0xffffffffffffull;
		}
	}
	return true;
}

/* Send a copy of @k by @port. Where there is no frame for it, it ends as what it would have been
 * (I4). */
static void copy_send(struct pipeline *p, const struct bridge_run *r, const struct pkt *k,
                      uint16_t port)
{
	struct pkt copy;

	counter_add(&p->counters.copies, 1);
	if (copy_make(p, k, &copy)) {
		bridge_send(p, r, &copy, port);
		return;
	}
	copy = (struct pkt){.in = k->in, .flags = PKT_TAKEN};
	bridge_end(p, &copy, DROP_NO_FRAME);
}

/* Bytes of the tag that @k has and that means nothing to the router: that of its VLAN, or one that
 * gives a priority. To a bridge that is not VLAN-aware all others are part of the frame. */
static uint32_t foot_tag_len(const struct pkt *k)
{
	if (k->flags & PKT_TAGGED)
		return VLAN_TAG_LEN;
	return !k->bridge->vlan_aware && ether_type(k->data) == ETHERTYPE_VLAN &&
	                       k->len >= ETHER_LEN + VLAN_TAG_LEN && vlan_vid(k->data) == 0
	               ? VLAN_TAG_LEN
	               : 0;
}

/* Is @k, to a group, for the router as well: ARP, or a multicast group of IPv6 that its foot @f is
 * in? All else that goes to groups it would drop. */
static bool foot_wants(const struct iface *f, const struct pkt *k)
{
	uint32_t tag = foot_tag_len(k);
	const uint8_t *head = k->data + tag;
	uint64_t to = mac_load(k->data);

	if (!f->up)
		return false;
	if (ether_type(head) == ETHERTYPE_ARP)
		return to == MAC_BROADCAST;
	return ether_type(head) == ETHERTYPE_IP6 && mac_is_group6(to) &&
	       k->len >= tag + ETHER_LEN + IP6_LEN && iface_in_group6(f, ip6_dst(head + ETHER_LEN));
}

void bridge_to_foot(struct pipeline *p, struct pkt *k)
{
	if (foot_tag_len(k) != 0)
		tag_pop(k);
	k->in = bridge_vlan_of(k->bridge, k)->iface;
	k->flags &= PKT_CHAIN;
	input_iface(p, k);
}

/* Storm control: may one more frame from the port be flooded? */
static bool flood_allowed(const struct pipeline *p, const struct bridge_run *r)
{
	return r->own || limit_pass(&r->bridge->live->storm[r->in], p->now_ns);
}

void bridge_flood(struct pipeline *p, const struct bridge_run *r, struct pkt *k)
{
	const struct bridge_vlan *vlan = bridge_vlan_of(r->bridge, k);
	uint64_t left = vlan->members & r->ports;
	bool foot = !r->own && vlan->iface != 0 && foot_wants(&p->ifaces->iface[vlan->iface], k);

	if (left == 0 && !foot) {
		bridge_end(p, k, DROP_NO_PORT);
		return;
	}
	if (!flood_allowed(p, r)) {
		bridge_end(p, k, DROP_STORM);
		return;
	}
	counter_add(&p->counters.flooded, 1);
	/* What is before it goes first; behind it the list has as much room as it had (I5). */
	transmit_now(p);
	for (; left != 0 && (foot || (left & (left - 1)) != 0); left &= left - 1)
		copy_send(p, r, k, (uint16_t)__builtin_ctzll(left));
	if (foot)
		bridge_to_foot(p, k);
	else
		bridge_send(p, r, k, (uint16_t)__builtin_ctzll(left));
	transmit_now(p);
}
