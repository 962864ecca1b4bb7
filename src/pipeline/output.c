/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * output: the one place that writes frames. In one loop: next hop, TTL, MTU, header, descriptor.
 * What cannot simply be sent goes through output_special().
 */
#include "host/options4.h"
#include "pipeline/chain.h"
#include "pipeline/pipeline.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

/* Traffic goes to a neighbour whose line is stale: the agent should confirm it. */
static void output_stale(struct pipeline *p, const struct nexthop *nh)
{
	const struct report r = {.kind = REPORT_NEIGH_USED, .iface = nh->iface, .ip = nh->gateway};

	if (ask_allowed(p, REPORT_NEIGH_USED, r.iface, r.ip, 1) && !report_send(p, &r))
		counter_add(&p->counters.reports_lost, 1);
}

/* The verdict of a next hop that does not forward; KEEP if it does. */
static enum verdict output_kind(struct pipeline *p, const struct nexthop *nh)
{
	switch ((enum nexthop_kind)nh->kind) {
	case NH_STALE:
		output_stale(p, nh);
		return KEEP;
	case NH_FORWARD:
		return KEEP;
	case NH_RESOLVE:
	case NH_CONNECTED:
		/* Behind a link that is down no one answers: say so now, to each. */
		return p->ifaces->iface[nh->iface].up ? HELD_NEIGH : DROP_NEIGH_FAILED;
	case NH_FAILED:
		return DROP_NEIGH_FAILED;
	case NH_BROADCAST:
		return DROP_BROADCAST; /* RFC 2644 */
	case NH_BLACKHOLE:
		return DROP_BLACKHOLE;
	case NH_UNREACHABLE:
		return DROP_UNREACHABLE;
	case NH_PROHIBIT:
		return DROP_PROHIBIT;
	case NH_LINK: /* scope6_stage() found no link that is meant */
		return DROP_MARTIAN_DEST;
	case NH_LOCAL:
	case NH_GROUP: /* group4_stage() left none */
	case NH_NONE:
		break;
	}
	return DROP_NO_ROUTE;
}

/* What options say against sending @k, for which @v speaks. Nothing is changed yet: it may wait. */
static enum verdict output_options_check(struct pkt *k, enum verdict v, struct options4 *o)
{
	enum verdict flaw = options4_check(k->data + ETHER_LEN, false, o);

	if (flaw == KEEP)
		return v;
	k->value = o->flaw;
	return flaw;
}

/* Record route and timestamp, right before @k is sent (RFC 1812 5.3.13.3, 5.3.13.5). */
static void output_options_stamp(struct pipeline *p, struct pkt *k, const struct options4 *o)
{
	const struct options4_stamp s = {
		.addr = iface_source4(&p->ifaces->iface[k->nh->iface], ip_to4(k->nh->gateway)),
		.ms = host_day_ms(&p->host, p->now_ns),
		.ifaces = p->ifaces,
	};

	options4_stamp(k->data + ETHER_LEN, o, &s);
}

/* output_fits() of IPv6. RFC 8200 5: no router cuts a packet but its own; its sender hears how long
 * it may be. */
static enum verdict output_fits6(struct pipeline *p, struct pkt *k, enum verdict v, bool *sent)
{
	const struct nexthop *nh = k->nh;

	/* RFC 4007 9: a link-local source means nothing on another link. */
	if (k->flags & PKT_LINK && nh->iface != k->in)
		return DROP_SCOPE;
	/* What the router itself says leaves with 255 if it has 0 here (host/own6.h). */
	if (ip6_hop_limit(k->data + ETHER_LEN) <= 1 && !(k->flags & PKT_ORIGINATED))
		return DROP_TTL_EXPIRED;
	if (k->len <= nh->max_len || nh->max_len == 0)
		return v;
	if (k->flags & PKT_ORIGINATED) {
		v = v == KEEP ? fragment6(p, k) : v;
		*sent = v == KEEP;
		return v;
	}
	k->value = (uint16_t)(nh->max_len - ETHER_LEN);
	if (k->value < IP6_MIN_MTU)
		k->value = IP6_MIN_MTU;
	return DROP_TOO_BIG;
}

/*
 * The verdict of a packet that its next hop would take; KEEP if it goes, cut if need be. @sent is
 * set if it has gone already. @v: KEEP, or HELD_NEIGH: what is held is cut when it comes back. @o:
 * its options, if it has any.
 */
static enum verdict output_fits(struct pipeline *p, struct pkt *k, enum verdict v,
                                const struct options4 *o, bool *sent)
{
	const struct nexthop *nh = k->nh;
	const uint8_t *h = k->data + ETHER_LEN;

	if (k->flags & PKT_IP6)
		return output_fits6(p, k, v, sent);
	/* RFC 1812 5.3.1 before 5.2.6: a packet that dies here is not too big. */
	if (ip4_ttl(h) <= 1)
		return DROP_TTL_EXPIRED;
	if (k->len <= nh->max_len || nh->max_len == 0)
		return v;
	if (ip4_frag(h) & IP4_DF) {
		k->value = (uint16_t)(nh->max_len - ETHER_LEN);
		return DROP_TOO_BIG;
	}
	if (v != KEEP)
		return v;
	if (k->flags & PKT_OPTIONS)
		output_options_stamp(p, k, o);
	v = fragment4(p, k);
	*sent = v == KEEP;
	return v;
}

/* The word of the IP header that the TTL or hop limit is in. */
static force_inline uint32_t output_word(const uint8_t *h, bool ip6)
{
	return load32(h + (ip6 ? 4 : 8));
}

/* What is left of it. */
static force_inline uint32_t output_hops(uint32_t word, bool ip6)
{
	return ip6 ? word >> 24 : word & 0xff;
}

/* One less, and IPv4's checksum with it (RFC 1624 eqn. 3), in one 32-bit store. */
static force_inline void output_ttl(uint8_t *h, uint32_t w, bool ip6)
{
	uint32_t sum = (~w >> 16) + 0xfffe; /* ~C + ~m + m', m the word TTL and protocol are in */

	if (ip6) {
		store32(h + 4, w - (1u << 24));
		return;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	store32(h + 8, ((w - 1) & 0xffff) | (~sum << 16));
}

/*
 * The usual packet by a VLAN, with nothing against it: one that only wants tags. 20 cycles less
 * than the way through output_special(). Return: whether it is one, and sent.
 */
static never_inline bool output_vlan(struct pipeline *p, struct pkt *k)
{
	const struct nexthop *nh = k->nh;
	const struct iface *f = &p->ifaces->iface[nh->iface];
	bool ip6 = (k->flags & PKT_IP6) != 0;
	struct tx_list *t = &p->batch.tx;
	uint8_t *data = k->data, *to = data - (ptrdiff_t)f->n_tags * VLAN_TAG_LEN;
	uint32_t w = output_word(data + ETHER_LEN, ip6), len = k->len, n = t->n;

	if (f->kind != IFACE_VLAN || f->n_tags == 0 || (nh->kind != NH_FORWARD) ||
	    (output_hops(w, ip6) <= 1) | (len > nh->max_len) | (len < ETHER_MIN_LEN) ||
	    k->flags & (PKT_CHAIN | PKT_OPTIONS | PKT_LINK))
		return false;
	output_ttl(data + ETHER_LEN, w, ip6);
	store64(to, load64(nh->header));
	store32(to + 8, load32(nh->header + 8));
	store32(to + 12, f->tag[0]);
	store32(data + 8, f->tag[f->n_tags - 1]); /* the same place, if there is one */
	store16(data + 12, load16(nh->header + 12));
	len += (uint32_t)(data - to);
	t->desc[n].addr = frame_addr(p->cache.frames, to);
	t->desc[n].len = len;
	t->desc[n].options = 0;
	t->port[n] = f->port;
	t->mixed |= f->port ^ t->port[0];
	t->bytes += len;
	t->n = n + 1;
	k->flags |= PKT_TAKEN;
	return true;
}

/* Send @k by an interface without a port. It stays in its place, with PKT_TAKEN, for
 * redirect_stage(). */
static void output_virtual(struct pipeline *p, struct pkt *k)
{
	const struct nexthop *nh = k->nh;
	bool ip6 = (k->flags & PKT_IP6) != 0;
	uint8_t *h = k->data + ETHER_LEN;

	output_ttl(h, output_word(h, ip6), ip6);
	store64(k->data, load64(nh->header));
	store64(k->data + 6, load64(nh->header + 6));
	egress_send(p, k, nh->iface);
	k->flags |= PKT_TAKEN;
}

/*
 * A packet that is not sent just like that. Return: whether it is sent after all, with @k prepared
 * so that the loop in output_stage() does the right thing.
 */
static never_inline bool output_special(struct pipeline *p, struct pkt *k)
{
	struct batch *b = &p->batch;
	const struct nexthop *nh = k->nh;
	/* Of IPv6 a hop-by-hop header passes as it is (RFC 8200 4.3). */
	bool options = (k->flags & (PKT_OPTIONS | PKT_IP6)) == PKT_OPTIONS, sent = false;
	struct options4 o = {0};
	enum verdict v;

	if (nh->kind == NH_LOCAL && !(k->flags & PKT_ORIGINATED)) {
		pkt_list_add(&b->host, k, KEEP);
		return false;
	}
	v = output_kind(p, nh);
	if (options && (v == KEEP || v == HELD_NEIGH))
		v = output_options_check(k, v, &o);
	if (v == KEEP || v == HELD_NEIGH)
		v = output_fits(p, k, v, &o, &sent);
	if (sent)
		return false;
	if (v != KEEP) {
		pkt_list_add(&b->ended, k, v);
		return false;
	}
	if (options)
		output_options_stamp(p, k, &o);
	if (nh->header_len != ETHER_LEN) {
		output_virtual(p, k);
		return false;
	}
	if (k->len < ETHER_MIN_LEN)
		memset(k->data + k->len, 0, ETHER_MIN_LEN - k->len); /* no EtherLeak */
	if (k->flags & PKT_CHAIN) {
		b->tx.mixed |= UINT32_MAX;
		k->len = chain_first_len(p->cache.frames, k);
	}
	return true;
}

/* What the loop keeps in registers, where others find it. */
static force_inline void output_commit(struct tx_list *t, uint32_t n, uint32_t mixed,
                                       uint64_t bytes)
{
	t->n = n;
	t->mixed |= mixed;
	t->bytes += bytes;
}

/* @special: flags of packets that are not sent just like that */
static force_inline void output_stage(struct pipeline *p, struct lane *l, uint32_t special,
                                      bool ip6)
{
	struct tx_list *t = &p->batch.tx;
	const struct frames *f = p->cache.frames;
	uint32_t n = l->n, k = t->n, mixed = 0;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct pkt *x = &l->pkt[i];
		const struct nexthop *nh = x->nh;
		uint8_t *data = x->data;
		uint32_t w = output_word(data + ETHER_LEN, ip6), len;

		if (unlikely((int)!nexthop_is_plain(nh) | (output_hops(w, ip6) <= 1) |
		             (x->len > nh->max_len) | (x->len < ETHER_MIN_LEN) |
		             (x->flags & special))) {
			/* A packet that is cut goes right behind those before it. */
			output_commit(t, k, mixed, bytes);
			bytes = 0;
			bool goes = !output_vlan(p, x) && output_special(p, x);

			k = t->n;
			if (!goes)
				continue;
			w = output_word(data + ETHER_LEN, ip6); /* options change the checksum */
		}
		output_ttl(data + ETHER_LEN, w, ip6);
		store64(data, load64(nh->header));
		store64(data + 6, load64(nh->header + 6));
		len = x->len < ETHER_MIN_LEN ? ETHER_MIN_LEN : x->len;
		t->desc[k].addr = frame_addr(f, data);
		t->desc[k].len = len;
		t->desc[k].options = x->flags & PKT_CHAIN ? XDP_PKT_CONTD : 0;
		t->port[k] = nh->iface;
		mixed |= nh->iface ^ t->port[0];
		bytes += len;
		k++;
	}
	output_commit(t, k, mixed, bytes);
	l->n = 0;
}

void output4_stage(struct pipeline *p)
{
	output_stage(p, &p->batch.ip4, PKT_CHAIN | PKT_OPTIONS, false);
}

void output6_stage(struct pipeline *p)
{
	output_stage(p, &p->batch.ip6, PKT_CHAIN | PKT_LINK, true);
}
