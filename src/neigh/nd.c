/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbour discovery as the worker sees it: what is well-formed, what is for us, what the agent
 * should hear of. Stricter than RFC 4861 as neigh/arp.c is than RFC 826: a group's MAC is nobody's,
 * our own MAC is no neighbour's, and nobody off the link is told of.
 */
#include "neigh/neigh.h"
#include "wire/checksum.h"
#include "wire/icmp6.h"
#include "wire/ip6.h"

/* A message, read. */
struct nd {
	const struct iface *f;
	const uint8_t *m;
	uint32_t len; /* of the message */
	uint32_t nonce;
	struct ip src, dst;
	struct ip target;    /* of NS, NA and redirects */
	uint64_t ether_src;  /* as mac_load() gives it, as the next two */
	uint64_t source_mac; /* of the source link-layer address option, 0: there is none */
	uint64_t target_mac; /* of the target link-layer address option, 0: there is none */
};

uint16_t nd_write(uint8_t *frame, const struct nd_fields *a)
{
	const struct icmp6_head head = {
		.mac_dst = a->ether_dst,
		.mac_src = a->mac,
		.src = a->src,
		.dst = a->dst,
		.hop_limit = a->routed ? 0 : ND_HOP_LIMIT,
	};
	uint8_t *m = frame + ICMP6_FRAME_HEAD(false);
	uint16_t len = ND_NS_LEN; /* an advertisement's is the same */

	static_assert(ND_NS_LEN == ND_NA_LEN, "one length for both");
	static_assert(ICMP6_FRAME_HEAD(false) + ND_NS_LEN + ND_LLADDR_LEN == ND_FRAME_MAX, "");
	store64(m, a->type | (uint64_t)a->flags << 32);
	ip_store(m + 8, a->target);
	if (a->nonce != 0) {
		nd_nonce_write(m + len, a->nonce);
		len += ND_NONCE_LEN;
	} else if (a->type == ICMP6_NS) {
		nd_lladdr_write(m + len, ND_OPT_SOURCE_LLADDR, a->mac);
		len += ND_LLADDR_LEN;
	} else {
		nd_lladdr_write(m + len, ND_OPT_TARGET_LLADDR, a->mac);
		len += ND_LLADDR_LEN;
	}
	return icmp6_frame(frame, &head, len);
}

/* The first of each kind counts. Return: false for one that is malformed. */
static bool nd_option(struct nd *n, const uint8_t *o)
{
	uint64_t value = load64(o) >> 16, *mac;

	if (o[0] == ND_OPT_NONCE && n->nonce == 0)
		n->nonce = (uint32_t)value;
	if (o[0] != ND_OPT_SOURCE_LLADDR && o[0] != ND_OPT_TARGET_LLADDR)
		return true; /* RFC 4861 4.6: what is unknown is skipped */
	if (o[1] * 8 != ND_LLADDR_LEN || value == 0 || mac_is_group(value))
		return false;
	mac = o[0] == ND_OPT_SOURCE_LLADDR ? &n->source_mac : &n->target_mac;
	if (*mac == 0)
		*mac = value;
	return true;
}

/* Walk the options from octet @at of the message on. Return: are all of them whole? */
static bool nd_options(struct nd *n, uint32_t at)
{
	while (at < n->len) {
		const uint8_t *o = n->m + at;
		uint32_t left = n->len - at;

		if (left < 8 || o[1] == 0 || o[1] * 8u > left || !nd_option(n, o))
			return false;
		at += o[1] * 8u;
	}
	return true;
}

/* RFC 4861 8.1, as far as a router that obeys none needs it. */
static bool nd_redirect_is_sound(const struct nd *n)
{
	struct ip dst = ip_load(n->m + 24);

	return ip6_is_link_local(n->src) && !ip6_is_multicast(dst) &&
	       (ip6_is_link_local(n->target) || ip_equal(n->target, dst));
}

/* What each type asks for beyond what all of them do: RFC 4861 6.1.1, 6.1.2, 7.1.1, 7.1.2, 8.1. */
static bool nd_type_is_sound(const struct nd *n)
{
	uint8_t type = n->m[0];

	if (type == ICMP6_RS)
		return !ip_is_none(n->src) || n->source_mac == 0;
	if (type == ICMP6_RA)
		return ip6_is_link_local(n->src);
	if (type == ICMP6_REDIRECT)
		return nd_redirect_is_sound(n);
	if (type == ICMP6_NA && ip6_is_multicast(n->dst) && n->m[4] & ND_NA_SOLICITED)
		return false;
	if (type == ICMP6_NS && ip_is_none(n->src) &&
	    (n->source_mac != 0 || !ip6_is_solicited_node(n->dst)))
		return false;
	return !ip6_is_multicast(n->target);
}

/* Read the message at @m. Return: is it to be believed at all? */
static bool nd_read(struct nd *n, const struct pkt *p, const uint8_t *m)
{
	static const uint8_t least[] = {ND_RS_LEN, ND_RA_LEN, ND_NS_LEN, ND_NA_LEN,
	                                ND_REDIRECT_LEN};
	const uint8_t *h = p->data + ETHER_LEN;
	uint8_t min;

	if (p->flags & (PKT_CHAIN | PKT_WHOLE))
		return false; /* RFC 6980 5; and none is longer than a frame */
	n->m = m;
	n->len = (uint32_t)(p->data + p->len - m);
	if (n->len < ND_RS_LEN || ip6_hop_limit(h) != ND_HOP_LIMIT || m[1] != 0)
		return false;
	min = least[m[0] - ICMP6_RS];
	if (n->len < min ||
	    csum_fold(csum_add(m, n->len, csum_pseudo6(h, IP6_ICMP, n->len))) != 0xffff)
		return false;
	n->src = ip6_src(h);
	n->dst = ip6_dst(h);
	n->ether_src = mac_load(p->data + ETHER_ADDR_LEN);
	if (min >= ND_NS_LEN)
		n->target = ip_load(m + 8);
	return !mac_is_group(n->ether_src) && !ip6_is_multicast(n->src) && nd_options(n, min) &&
	       nd_type_is_sound(n);
}

/* Is it one of ours that came back, or does it say that another has our MAC? No news either way. */
static bool nd_is_own(const struct nd *n)
{
	return n->ether_src == n->f->mac || n->source_mac == n->f->mac ||
	       n->target_mac == n->f->mac;
}

static bool nd_tell(const struct nd *n, struct report *r, uint8_t claim, struct ip ip, uint64_t mac)
{
	*r = (struct report){
		.kind = n->m[0] == ICMP6_RS ? REPORT_SOLICIT : REPORT_ND,
		.claim = claim,
		.iface = n->f->id,
		.value = claim == ND_CLAIM_PROBE ? n->nonce : 0,
		.ip = ip,
		.mac = mac,
	};
	return true;
}

/* RFC 4861 7.2.4. The frame is written anew as a whole. For an anycast address another speaks
 * (4.4), if there is one. */
static enum nd_answer nd_advertise(const struct nd *n, struct pkt *p, bool anycast)
{
	bool probe = ip_is_none(n->src), routed = !probe && n->source_mac == 0;
	struct ip to = probe ? IP6_ALL_NODES : n->src;
	struct ip from = anycast ? iface_source6(n->f, to) : n->target;
	const struct nd_fields say = {
		.ether_dst = probe ? ip6_group_mac(to) : n->source_mac,
		.mac = n->f->mac,
		.src = from,
		.dst = to,
		.target = n->target,
		.type = ICMP6_NA,
		.flags = ND_NA_ROUTER | (probe ? 0 : ND_NA_SOLICITED) |
	                 (anycast ? 0 : ND_NA_OVERRIDE),
		.routed = routed,
	};

	if (ip_is_none(from))
		return ND_SILENT;
	p->len = nd_write(p->data, &say);
	return routed ? ND_ROUTED : ND_DIRECT;
}

/* Someone asks for the address of a neighbour (RFC 4861 7.2.3, 7.2.4; RFC 4862 5.4.3). */
static enum nd_answer nd_solicited(const struct nd *n, struct pkt *p, struct report *r,
                                   bool *report)
{
	const struct iface_addr6 *own = iface_own6(n->f, n->target);
	bool anycast = own == NULL && iface_anycast6(n->f, n->target);

	if (own == NULL && !anycast)
		return ND_SILENT;
	if (ip_is_none(n->src) && own != NULL && own->state == ADDR_TENTATIVE) {
		/* The agent tells by the nonce whether it is our own that came back. */
		*report = nd_tell(n, r, ND_CLAIM_PROBE, n->target, n->ether_src);
		return ND_SILENT;
	}
	if ((own != NULL && own->state != ADDR_USABLE) || nd_is_own(n))
		return ND_SILENT;
	if (ip_is_none(n->src))
		return nd_advertise(n, p, anycast);
	if (!iface_on_link6(n->f, n->src))
		return n->source_mac != 0 ? nd_advertise(n, p, anycast) : ND_SILENT;
	if (n->source_mac != 0)
		*report = nd_tell(n, r, ND_CLAIM_SOLICIT, n->src, n->source_mac);
	if (iface_own6(n->f, n->src) != NULL)
		return ND_SILENT; /* another has our address: the agent defends it */
	return nd_advertise(n, p, anycast);
}

/* Someone says where a neighbour is. */
static bool nd_advertised(const struct nd *n, struct report *r)
{
	uint8_t flags = n->m[4];
	uint8_t claim = ND_CLAIM_ADVERT | (flags & ND_NA_ROUTER ? ND_CLAIM_ROUTER : 0) |
	                (flags & ND_NA_SOLICITED ? ND_CLAIM_SOLICITED : 0) |
	                (flags & ND_NA_OVERRIDE ? ND_CLAIM_OVERRIDE : 0);

	if (iface_own6(n->f, n->target) != NULL) /* a conflict, with or without the option */
		return nd_tell(n, r, claim, n->target,
		               n->target_mac != 0 ? n->target_mac : n->ether_src);
	/* An answer may be of a gateway outside all subnets: the agent knows whom it asked. */
	if (!(flags & ND_NA_SOLICITED) && !iface_on_link6(n->f, n->target))
		return false;
	return nd_tell(n, r, claim, n->target, n->target_mac);
}

enum verdict nd_input(const struct iface *f, struct pkt *p, const uint8_t *m, struct report *r,
                      bool *report, enum nd_answer *answer)
{
	struct nd n = {.f = f};

	*report = false;
	*answer = ND_SILENT;
	if (!nd_read(&n, p, m))
		return DROP_ND_BAD;
	if (m[0] == ICMP6_NS)
		*answer = nd_solicited(&n, p, r, report);
	else if (nd_is_own(&n))
		return CONSUMED_ND;
	else if (m[0] == ICMP6_NA)
		*report = nd_advertised(&n, r);
	else if (m[0] == ICMP6_RS)
		*report = nd_tell(&n, r, ND_CLAIM_SOLICIT, n.src, n.source_mac);
	else if (m[0] == ICMP6_RA) /* RFC 4861 6.2.7: no route, no address */
		*report = nd_tell(&n, r, ND_CLAIM_ROUTER, n.src, n.source_mac);
	return CONSUMED_ND; /* RFC 4861 8.3: a router obeys no redirect */
}
