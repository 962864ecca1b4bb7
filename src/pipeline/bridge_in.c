/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bridge_in: input of a bridge's ports. Each frame goes by value into the bridged lane, with its
 * VLAN and the keys of both stations; nothing behind its tag is looked at.
 */
#include "pipeline/bridge_run.h"
#include "pipeline/chain.h"
#include "wire/ether.h"

#define PREFETCH_AHEAD 8 /* as in input.c */

/* 01:80:c2:00:00:00 to 0f, and what of an address tells them. */
#define MAC_RESERVED      0x00000000c28001ull
#define MAC_RESERVED_MASK 0xf0ffffffffffull

/* Of no EtherType: tags are nobody's business. */
#define TAG_NONE 0x10000u

/* What all frames of a port have in common. */
struct ingress {
	const struct bridge *bridge;
	uint64_t tagged;   /* the port's bit, if it takes frames with a VID */
	uint32_t tag_type; /* EtherType of tags */
	uint16_t in;
	uint16_t vid;  /* of frames without one */
	bool no_plain; /* these are of no VLAN */
};

static void ingress_init(struct ingress *c, const struct bridge *br, uint16_t in)
{
	uint64_t bit = 1ull << in;

	*c = (struct ingress){.bridge = br, .in = in, .tag_type = TAG_NONE};
	if (!br->vlan_aware)
		return;
	c->tagged = br->no_tagged & bit ? 0 : bit;
	c->tag_type = ETHERTYPE_VLAN;
	c->vid = br->pvid[in];
	c->no_plain = c->vid == 0 || !(br->vlan[c->vid].members & bit);
}

/* A tag without a VID gives a priority: the frame is of the VLAN of those without a tag (802.1Q
 * 6.9), which it names from here on. Return: whether that is so. */
static never_inline bool ingress_priority(const struct ingress *c, uint8_t *data, uint32_t len)
{
	if (len < ETHER_LEN + VLAN_TAG_LEN || (tag_tci(data) & TAG_VID) != 0 || c->no_plain)
		return false;
	tag_set_vid(data, c->vid);
	return true;
}

/* The frame has a tag. Return: is it of a VLAN that the port is in? No VLAN has a VID of 0 or
 * 4095. */
static force_inline bool ingress_tag(const struct ingress *c, uint8_t *data, uint32_t len)
{
	if (likely((c->bridge->vlan[tag_tci(data) & TAG_VID].members & c->tagged) != 0 &&
	           len >= ETHER_LEN + VLAN_TAG_LEN))
		return true;
	return ingress_priority(c, data, len);
}

/* Why a frame goes no further though it is of a VLAN of the port. */
static enum verdict ingress_why(const uint8_t *data, uint32_t len)
{
	if (len < ETHER_LEN)
		return DROP_SHORT;
	if ((mac_load(data) & MAC_RESERVED_MASK) == MAC_RESERVED)
		return DROP_RESERVED_MAC;
	return DROP_SOURCE_MAC;
}

/* A received frame. KEEP: it is in the lane. */
static force_inline enum verdict ingress_one(const struct ingress *c, struct l2_lane *l,
                                             uint8_t *data, uint32_t len, uint8_t flags)
{
	struct pkt *k = &l->pkt[l->n];
	/* The second load has the EtherType behind the source. */
	uint64_t to = load64(data), from = load64(data + ETHER_ADDR_LEN);
	uint16_t tci = c->vid;

	if ((from >> 48) == c->tag_type) {
		if (unlikely(!ingress_tag(c, data, len)))
			return len < ETHER_LEN ? DROP_SHORT : DROP_VLAN;
		tci = tag_tci(data);
		flags |= PKT_TAGGED;
	} else if (unlikely(c->no_plain)) {
		return len < ETHER_LEN ? DROP_SHORT : DROP_VLAN;
	}
	if (unlikely((len < ETHER_LEN) | ((from & MAC_GROUP) != 0) | (from << 16 == 0) |
	             ((to & MAC_RESERVED_MASK) == MAC_RESERVED)))
		return ingress_why(data, len);
	k->data = data;
	k->len = (uint16_t)len;
	k->in = c->in;
	k->flags = flags;
	k->value = tci;
	k->bridge = c->bridge;
	/* Shifted, the upper two bytes are gone. */
	l->src[l->n] = from << 16 | (tci & TAG_VID);
	l->dst[l->n] = to << 16 | (tci & TAG_VID);
	l->n++;
	return KEEP;
}

/* A frame that ends here. */
static never_inline void ingress_end(struct pipeline *p, uint16_t in, uint8_t *data, uint32_t len,
                                     enum verdict v)
{
	struct pkt k = {.len = (uint16_t)len, .in = in};

	k.data = data;
	pkt_list_add(&p->batch.ended, &k, v);
}

/* As input_chain(). */
static never_inline uint32_t ingress_chain(struct pipeline *p, const struct ingress *c,
                                           struct port_queue *q, uint32_t idx, uint32_t n)
{
	struct pkt k = {.in = c->in, .flags = PKT_CHAIN};
	uint32_t used = chain_gather(&p->cache, q, idx, n, &k);
	enum verdict v;

	if (used == 0)
		return 0;
	counter_add(&q->counters.rx_bytes, k.len);
	v = (enum verdict)k.verdict;
	if (v == KEEP)
		v = ingress_one(c, &p->batch.l2, k.data, k.len, PKT_CHAIN);
	if (v != KEEP)
		pkt_list_add(&p->batch.ended, &k, v);
	return used;
}

/* The port does not forward: its frames are learned from at most (802.1Q 8.4). */
static never_inline void ingress_closed(struct pipeline *p, const struct iface *f)
{
	struct l2_lane *l = &p->batch.l2;
	const struct bridge *br = f->bridge;

	if (f->up && br->learning >> f->id & 1)
		(void)bridge_learn(p, br, f->id);
	for (uint32_t i = 0; i < l->n; i++)
		pkt_list_add(&p->batch.ended, &l->pkt[i],
		             f->up ? DROP_PORT_STATE : DROP_IFACE_DOWN);
	l->n = 0;
}

/* What comes of all frames, once they are in the lane. */
static void ingress_done(struct pipeline *p, const struct iface *f)
{
	if (unlikely(!f->up || !(f->bridge->forwarding >> f->id & 1)))
		ingress_closed(p, f);
	if (unlikely(f->partial_csum))
		bridge_partial(p);
}

size_t bridge_input(struct pipeline *p, struct port_queue *q)
{
	const struct iface *f = &p->ifaces->iface[q->port];
	struct l2_lane *l = &p->batch.l2;
	uint8_t *base = p->cache.frames->base;
	uint64_t bytes = 0, packets = 0;
	uint32_t idx = 0, i, n = port_rx_peek(q, BATCH_MAX, &idx);
	struct ingress c;

	assert(l->n == 0); /* what is in it came in by one port */
	ingress_init(&c, f->bridge, q->port);
	for (i = 0; i < n; i++, packets++) {
		const struct xdp_desc *d = port_rx_desc(q, idx + i);
		uint8_t *data = base + d->addr;
		uint32_t len = d->len;
		enum verdict v;

		prefetch(base + port_rx_desc(q, idx + i + PREFETCH_AHEAD)->addr);
		if (unlikely(d->options & XDP_PKT_CONTD)) {
			uint32_t used = ingress_chain(p, &c, q, idx + i, n - i);

			if (used == 0)
				break;
			i += used - 1;
			continue;
		}
		bytes += len;
		v = ingress_one(&c, l, data, len, 0);
		if (unlikely(v != KEEP))
			ingress_end(p, q->port, data, len, v);
	}
	port_rx_done(q, n, i, packets, bytes);
	ingress_done(p, f);
	return packets;
}
