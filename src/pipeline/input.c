/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * input: the one place that reads frames. Parses, checks and sorts what a queue received, by value,
 * into the lanes of the batch.
 */
#include "packet/parse4.h"
#include "packet/parse6.h"
#include "packet/partial.h"
#include "pipeline/chain.h"
#include "pipeline/pipeline.h"
#include "wire/ether.h"
#include "wire/icmp6.h"

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

/* Is the source of the IPv6 header @h an address of the router's own? A link-local one is so on
 * its own link only. */
static never_inline bool input_own6(const struct ifaces *s, uint16_t in, const uint8_t *h)
{
	struct ip src = ip6_src(h);

	if (ip6_is_link_local(src))
		return iface_own6(&s->iface[in], src) != NULL;
	return ifaces_own6(s, src);
}

/* The same of IPv6. DROP_MULTICAST: see parse6(). */
static force_inline enum verdict input_ip6(const struct ifaces *s, uint16_t in, struct lane *l,
                                           uint8_t *data, uint32_t len)
{
	struct pkt *p = &l->pkt[l->n];
	uint8_t *h = data + ETHER_LEN;
	uint32_t total = 0;
	uint8_t flags = PKT_IP6;
	struct ip dst;
	enum verdict v;

	if (unlikely(len < ETHER_LEN + IP6_LEN))
		return DROP_SHORT;
	v = parse6(h, len - ETHER_LEN, &total, &flags);
	if (unlikely(ifaces_maybe_own6(s, ip6_src(h))) && v == KEEP && input_own6(s, in, h))
		v = DROP_MARTIAN_SOURCE;
	dst = ip6_dst(h);
	p->data = data;
	p->len = (uint16_t)(ETHER_LEN + total);
	p->in = in;
	p->flags = flags;
	l->hi[l->n] = dst.hi;
	l->lo[l->n] = dst.lo;
	l->n += v == KEEP;
	return v;
}

/* A neighbour advertisement is the one packet that may come from an address of ours: whoever else
 * has it says so (RFC 4862 5.4.4). */
static bool input_is_advert(const uint8_t *h, uint32_t total)
{
	return ip6_next(h) == IP6_ICMP && total > IP6_LEN && h[IP6_LEN] == ICMP6_NA;
}

/*
 * An IPv6 packet to a group: it is the router's if its interface is in the group (RFC 4291 2.8),
 * and may have come by a unicast MAC (RFC 6085). Nothing but the group is against it so far.
 * Return: KEEP: it is in the host list, else how it ends.
 */
static enum verdict input_group6(struct pipeline *p, struct pkt *k)
{
	const uint8_t *h = k->data + ETHER_LEN;
	uint8_t flags = k->flags | PKT_IP6 | PKT_GROUP;
	uint32_t total = 0;

	if (!iface_in_group6(&p->ifaces->iface[k->in], ip6_dst(h)))
		return DROP_MULTICAST;
	(void)parse6(h, k->len - ETHER_LEN, &total, &flags);
	if (input_own6(p->ifaces, k->in, h) && !input_is_advert(h, total))
		return DROP_MARTIAN_SOURCE;
	total += ETHER_LEN;
	if (k->flags & PKT_CHAIN && total < k->len && !chain_trim(&p->cache, k, total))
		flags &= (uint8_t)~PKT_CHAIN;
	k->len = (uint16_t)total;
	k->flags = flags;
	pkt_list_add(&p->batch.host, k, KEEP);
	return KEEP;
}

/* @k goes no further, by @v: unless the router is in the group that it is for. */
static void input_end(struct pipeline *p, struct pkt *k, enum verdict v)
{
	if (v == DROP_MULTICAST && ether_type(k->data) == ETHERTYPE_IP6)
		v = input_group6(p, k);
	if (v != KEEP)
		pkt_list_add(&p->batch.ended, k, v);
}

/* IPv6 in a frame to a group of stations: KEEP is none of what it may be. */
static enum verdict input_why_ip6(const uint8_t *data, uint32_t len)
{
	uint32_t total;
	uint8_t flags = 0;
	enum verdict v = DROP_SHORT;

	if (len >= ETHER_LEN + IP6_LEN)
		v = parse6(data + ETHER_LEN, len - ETHER_LEN, &total, &flags);
	if (v == KEEP || (v == DROP_MULTICAST && !mac_is_group6(mac_load(data))))
		return DROP_L2_GROUP; /* RFC 2464 7 */
	return v;
}

/* Why a frame that is not IP to the interface's own MAC goes no further; KEEP: it is ARP. */
static enum verdict input_why(const struct iface *f, const uint8_t *data, uint32_t len)
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
	return type == ETHERTYPE_IP6 ? input_why_ip6(data, len) : DROP_ETHERTYPE;
}

/* The tag of the frame at @data goes: the MACs move up to what follows it. Return: where they are.
 */
static force_inline uint8_t *input_untag(uint8_t *data)
{
	uint64_t macs = load64(data);
	uint32_t rest = load32(data + 8);

	store64(data + VLAN_TAG_LEN, macs);
	store32(data + VLAN_TAG_LEN + 8, rest);
	return data + VLAN_TAG_LEN;
}

/*
 * Whose frame is it? Tags that name VLANs of the interface are taken off, and it came in by theirs.
 * A tag of 802.1Q with VID 0 gives a priority and names no VLAN: it goes too, and the frame counts
 * as one without (802.1Q 6.9); what follows may be one more tag then, which is nobody's. So is one
 * that names no VLAN here: it stays.
 */
static void input_tags(const struct ifaces *s, struct pkt *k)
{
	for (uint16_t type = ether_type(k->data);
	     (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ) &&
	     k->len >= ETHER_LEN + VLAN_TAG_LEN;
	     type = ether_type(k->data)) {
		const struct iface_vlans *v = s->iface[k->in].vlans;
		uint32_t vid = vlan_vid(k->data);
		uint16_t id = 0;

		if (v != NULL)
			id = type == ETHERTYPE_VLAN ? v->c[vid] : v->s[vid];
		if (id == 0 && (vid != 0 || type != ETHERTYPE_VLAN))
			return;
		k->data = input_untag(k->data);
		k->len = (uint16_t)(k->len - VLAN_TAG_LEN);
		if (id == 0)
			return;
		k->in = id;
	}
}

/* The lane for what is in the frame, if that is IP to the interface's own MAC; else NULL. */
static struct lane *input_lane(struct batch *b, const struct iface *f, const uint8_t *data)
{
	if (!f->up || mac_load(data) != f->mac)
		return NULL;
	if (ether_type(data) == ETHERTYPE_IP4)
		return &b->ip4;
	return ether_type(data) == ETHERTYPE_IP6 ? &b->ip6 : NULL;
}

/* IP of either family, for lane @l. */
static enum verdict input_ip(struct pipeline *p, struct lane *l, const struct pkt *k)
{
	if (l == &p->batch.ip6)
		return input_ip6(p->ifaces, k->in, l, k->data, k->len);
	return input_ip4(p->ifaces, k->in, l, k->data, k->len);
}

/* @k is IP to its interface, for lane @l. Of a chain, what is behind the packet is not part of it
 * (RFC 894, RFC 2464). */
static enum verdict input_routed(struct pipeline *p, struct lane *l, const struct pkt *k)
{
	struct pkt *x = &l->pkt[l->n];
	enum verdict v = input_ip(p, l, k);

	if (k->flags & PKT_CHAIN && v == KEEP &&
	    (x->len == k->len || chain_trim(&p->cache, k, x->len)))
		x->flags |= PKT_CHAIN;
	return v;
}

void input_iface(struct pipeline *p, struct pkt *k)
{
	const struct iface *f = &p->ifaces->iface[k->in];
	struct lane *l = input_lane(&p->batch, f, k->data);
	enum verdict v;

	if (k->flags & PKT_CHAIN && chain_first_len(p->cache.frames, k) < CHAIN_HEAD) {
		pkt_list_add(&p->batch.ended, k, DROP_SHORT); /* without its tags, that is */
		return;
	}
	v = l != NULL ? input_routed(p, l, k) : input_why(f, k->data, k->len);
	if (l == NULL && v == KEEP && k->flags & PKT_CHAIN)
		v = DROP_ARP_BAD; /* ARP is never this long */
	if (v != KEEP)
		input_end(p, k, v);
	else if (l == NULL)
		pkt_list_add(&p->batch.arp, k, KEEP);
}

/* Plain IP to a VLAN of port @in, with one tag of 802.1Q, is soon told. Return: whether it is, and
 * where it belongs. */
static force_inline bool input_vlan(struct pipeline *p, uint16_t in, uint8_t *data, uint32_t len)
{
	const struct ifaces *s = p->ifaces;
	const struct iface_vlans *vlans = s->iface[in].vlans;
	struct pkt k = {.len = (uint16_t)(len - VLAN_TAG_LEN)};
	const struct iface *f;
	uint16_t type;
	enum verdict v;

	if (vlans == NULL || ether_type(data) != ETHERTYPE_VLAN || len < ETHER_LEN + VLAN_TAG_LEN)
		return false;
	k.in = vlans->c[vlan_vid(data)];
	f = &s->iface[k.in];
	type = ether_type(data + VLAN_TAG_LEN);
	if (k.in == 0 || !f->up || mac_load(data) != f->mac ||
	    (type != ETHERTYPE_IP4 && type != ETHERTYPE_IP6))
		return false;
	k.data = input_untag(data);
	if (type == ETHERTYPE_IP4)
		v = input_ip4(s, k.in, &p->batch.ip4, k.data, k.len);
	else
		v = input_ip6(s, k.in, &p->batch.ip6, k.data, k.len);
	if (unlikely(v != KEEP))
		input_end(p, &k, v);
	return true;
}

/* What is not plain IP to the port's own MAC: put it where it belongs. */
static never_inline void input_other(struct pipeline *p, uint16_t in, uint8_t *data, uint32_t len)
{
	struct pkt k = {.len = (uint16_t)len, .in = in};

	if (input_vlan(p, in, data, len))
		return;
	k.data = data;
	input_tags(p->ifaces, &k);
	input_iface(p, &k);
}

/* A received packet of one frame that is plain IP and failed a check. */
static never_inline void input_bad(struct pipeline *p, uint16_t in, uint8_t *data, uint32_t len,
                                   enum verdict v)
{
	struct pkt k = {.len = (uint16_t)len, .in = in};

	k.data = data;
	input_end(p, &k, v);
}

/* A received packet of one frame. KEEP: it is where it belongs. */
static force_inline enum verdict input_one(struct pipeline *p, const struct ifaces *s, uint16_t in,
                                           uint64_t mac, uint8_t *data, uint32_t len)
{
	if (unlikely(len < ETHER_LEN))
		return DROP_SHORT;
	if (likely(mac_load(data) == mac && ether_type(data) == ETHERTYPE_IP4))
		return input_ip4(s, in, &p->batch.ip4, data, len);
	if (likely(mac_load(data) == mac && ether_type(data) == ETHERTYPE_IP6))
		return input_ip6(s, in, &p->batch.ip6, data, len);
	input_other(p, in, data, len);
	return KEEP;
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
	if (v != KEEP) {
		pkt_list_add(&p->batch.ended, &k, v);
		return used;
	}
	input_tags(p->ifaces, &k);
	input_iface(p, &k);
	return used;
}

static void input_partial6(struct pipeline *p, const struct pkt *k)
{
	uint8_t *h = k->data + ETHER_LEN;
	struct partial6 at;

	if (partial6_is(h, k->len - ETHER_LEN, &at))
		partial6_complete(h, &at, chain_csum(p->cache.frames, k));
}

/* Half-made checksums that veth, tap and virtio hand over (AF_XDP row 25). */
static never_inline void input_partial(struct pipeline *p)
{
	struct batch *b = &p->batch;

	for (uint32_t i = 0; i < b->ip4.n; i++) {
		const struct pkt *k = &b->ip4.pkt[i];
		uint8_t *h = k->data + ETHER_LEN;

		if (partial4_is(h, k->len - ETHER_LEN))
			partial4_complete(h, chain_csum(p->cache.frames, k));
	}
	for (uint32_t i = 0; i < b->ip6.n; i++)
		input_partial6(p, &b->ip6.pkt[i]);
	for (uint32_t i = 0; i < b->host.n; i++)
		input_partial6(p, &b->host.pkt[i]);
}

size_t input_stage(struct pipeline *p, struct port_queue *q)
{
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
		v = input_one(p, s, in, mac, data, len);
		if (unlikely(v != KEEP))
			input_bad(p, in, data, len, v);
	}
	port_rx_done(q, n, i, packets, bytes);
	if (unlikely(f->partial_csum))
		input_partial(p);
	return packets;
}
