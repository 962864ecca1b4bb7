/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * input: the one place that reads frames. Parses, checks and sorts what a queue received, by value,
 * into the lanes of the batch.
 */
#include "packet/parse4.h"
#include "packet/partial.h"
#include "pipeline/chain.h"
#include "pipeline/pipeline.h"
#include "wire/ether.h"

/* How far ahead headers are fetched into the cache: 17-30 cycles a packet when they come cold. */
#define PREFETCH_AHEAD 8

/* Add to the IPv4 lane what passes the checks. */
static force_inline enum verdict input_ip4(const struct ifaces *s, uint16_t in, struct lane *l,
                                           uint8_t *data, uint32_t len)
{
	struct pkt *p = &l->pkt[l->n];
	uint8_t *h = data + ETHER_LEN;
	uint32_t total = 0;
	uint8_t flags = 0;
	enum verdict v;

	if (unlikely(len < ETHER_LEN + IP4_LEN))
		return DROP_SHORT;
	v = parse4(h, len - ETHER_LEN, &total, &flags);
	if (unlikely(ifaces_maybe_not_source4(s, ip4_src(h))) && v == KEEP &&
	    ifaces_not_source4(s, ip4_src(h)))
		v = DROP_MARTIAN_SOURCE;
	/* Field by field: gcc would build a compound literal on the stack and reload it. */
	p->data = data;
	p->len = (uint16_t)(ETHER_LEN + total);
	p->in = in;
	p->flags = flags;
	l->dst[l->n] = ip4_dst(h);
	l->n += v == KEEP;
	return v;
}

static bool input_is_ip4(const struct iface *f, const uint8_t *data)
{
	return f->up && mac_load(data) == f->mac && ether_type(data) == ETHERTYPE_IP4;
}

/* Why a frame that is not IPv4 to the interface's own MAC goes no further; KEEP: it is ARP. */
static enum verdict input_why(const struct iface *f, const uint8_t *data)
{
	uint64_t to = mac_load(data);
	uint16_t type = ether_type(data);

	if (!f->up)
		return DROP_IFACE_DOWN;
	if (to != f->mac && !mac_is_group(to))
		return DROP_OTHER_MAC; /* RFC 1812 5.2.1 */
	if (type == ETHERTYPE_ARP && (to == f->mac || to == MAC_BROADCAST))
		return KEEP;
	if (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ)
		return DROP_VLAN;
	if (type == ETHERTYPE_IP4 && mac_is_group(to))
		return DROP_L2_GROUP; /* RFC 1812 5.3.4; multicast is not routed */
	return DROP_ETHERTYPE;
}

/*
 * A tag with VID 0 gives a priority and names no VLAN: the frame counts as untagged (802.1Q 6.9).
 * Takes the tag away: the MACs move up to what follows it. What follows may be one more tag.
 * Return: was there one?
 */
static bool input_untag(uint8_t **data, uint32_t *len)
{
	uint8_t *frame = *data;

	if (ether_type(frame) != ETHERTYPE_VLAN || *len < ETHER_LEN + VLAN_TAG_LEN ||
	    vlan_vid(frame) != 0)
		return false;
	memmove(frame + VLAN_TAG_LEN, frame, 2ul * ETHER_ADDR_LEN);
	*data += VLAN_TAG_LEN;
	*len -= VLAN_TAG_LEN;
	return true;
}

static never_inline void input_end(struct batch *b, uint8_t *data, uint32_t len, uint16_t in,
                                   enum verdict v)
{
	struct pkt p = {.len = (uint16_t)len, .in = in};

	p.data = data;
	pkt_list_add(&b->ended, &p, v);
}

/* What is not plain IPv4 to the interface's own MAC: put it where it belongs. */
static never_inline void input_other(struct batch *b, const struct ifaces *s, uint16_t in,
                                     uint8_t *data, uint32_t len)
{
	const struct iface *f = &s->iface[in];
	bool untagged = input_untag(&data, &len);
	enum verdict v;

	if (untagged && input_is_ip4(f, data)) {
		v = input_ip4(s, in, &b->ip4, data, len);
	} else {
		const struct pkt p = {.data = data, .len = (uint16_t)len, .in = in};

		v = input_why(f, data);
		if (v == KEEP)
			pkt_list_add(&b->arp, &p, KEEP);
	}
	if (v != KEEP)
		input_end(b, data, len, in, v);
}

/* A received packet of one frame. KEEP: it is where it belongs. */
static force_inline enum verdict input_one(const struct ifaces *s, uint16_t in, uint64_t mac,
                                           struct batch *b, uint8_t *data, uint32_t len)
{
	if (unlikely(len < ETHER_LEN))
		return DROP_SHORT;
	if (likely(mac_load(data) == mac && ether_type(data) == ETHERTYPE_IP4))
		return input_ip4(s, in, &b->ip4, data, len);
	input_other(b, s, in, data, len);
	return KEEP;
}

/* A packet in several frames. It is in the IPv4 lane if the return is KEEP. */
static enum verdict input_chain4(struct pipeline *pl, struct pkt *k)
{
	const struct iface *f = &pl->ifaces->iface[k->in];
	struct lane *l = &pl->batch.ip4;
	struct pkt *p = &l->pkt[l->n];
	uint32_t len = k->len;
	enum verdict v;

	if (input_untag(&k->data, &len))
		k->len = (uint16_t)len;
	if (!input_is_ip4(f, k->data)) {
		v = input_why(f, k->data);
		return v == KEEP ? DROP_ARP_BAD : v; /* ARP is never this long */
	}
	v = input_ip4(pl->ifaces, k->in, l, k->data, k->len);
	/* RFC 894: what is behind the packet is not part of it. */
	if (v == KEEP && (p->len == k->len || chain_trim(&pl->cache, k, p->len)))
		p->flags |= PKT_CHAIN;
	return v;
}

/*
 * A packet in several frames (XDP_PKT_CONTD), up to @n descriptors from @idx.
 * Return: descriptors used, 0 if the packet is not whole yet.
 */
static never_inline uint32_t input_chain(struct pipeline *p, struct port_queue *q, uint32_t idx,
                                         uint32_t n)
{
	struct pkt k = {.in = q->port, .flags = PKT_CHAIN};
	uint32_t used = chain_gather(&p->cache, q, idx, n, &k);
	enum verdict v;

	if (used == 0)
		return 0;
	counter_add(&q->counters.rx_bytes, k.len);
	v = (enum verdict)k.verdict;
	if (v == KEEP)
		v = input_chain4(p, &k);
	if (v != KEEP)
		pkt_list_add(&p->batch.ended, &k, v);
	return used;
}

/* Half-made checksums that veth, tap and virtio hand over (AF_XDP row 25). */
static never_inline void input_partial(struct pipeline *p)
{
	struct lane *l = &p->batch.ip4;

	for (uint32_t i = 0; i < l->n; i++) {
		uint8_t *h = l->pkt[i].data + ETHER_LEN;

		if (partial4_is(h, l->pkt[i].len - ETHER_LEN))
			partial4_complete(h, chain_csum4(p->cache.frames, &l->pkt[i]));
	}
}

size_t input_stage(struct pipeline *p, struct port_queue *q)
{
	struct batch *b = &p->batch;
	const struct ifaces *s = p->ifaces;
	uint16_t in = q->port;
	const struct iface *f = &s->iface[in];
	uint64_t mac = f->up ? f->mac : ~0ull; /* no MAC is equal to that: all goes the other way */
	uint8_t *base = p->cache.frames->base;
	uint64_t bytes = 0, packets = 0;
	uint32_t idx = 0, i, n = port_rx_peek(q, BATCH_MAX, &idx);

	for (i = 0; i < n; i++, packets++) {
		const struct xdp_desc *d = port_rx_desc(q, idx + i);
		uint8_t *data = base + d->addr;
		uint32_t len = d->len;
		enum verdict v;

		prefetch(base + port_rx_desc(q, idx + i + PREFETCH_AHEAD)->addr);
		if (unlikely(d->options & XDP_PKT_CONTD)) {
			uint32_t used = input_chain(p, q, idx + i, n - i);

			if (used == 0)
				break;
			i += used - 1;
			continue;
		}
		bytes += len;
		v = input_one(s, in, mac, b, data, len);
		if (unlikely(v != KEEP))
			input_end(b, data, len, in, v);
	}
	if (unlikely(i < n))
		xsk_ring_cons__cancel(&q->rx, n - i);
	port_rx_release(q, i);
	counter_add(&q->counters.rx_packets, packets);
	counter_add(&q->counters.rx_bytes, bytes);
	if (unlikely(f->partial_csum))
		input_partial(p);
	return packets;
}
