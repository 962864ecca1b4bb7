/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbour discovery messages built here, judged by nd_input() on iface 0 of the bed, with an IPv6
 * address in each state.
 */
#ifndef TEST_NEIGH_ND_CASE_H
#define TEST_NEIGH_ND_CASE_H

#include "neigh/neigh.h"
#include "wire/checksum.h"
#include "wire/icmp6.h"
#include "wire/ip6.h"

#include "links.h"

#define LINK_OF_US ((struct ip){0xfe80ull << 48, 0xfffe000001ull})
#define NEW6       ((struct ip){NET0, 0x42}) /* tentative */
#define TAKEN6     ((struct ip){NET0, 0x43}) /* a duplicate */
#define ANYCAST6   ((struct ip){NET0, 0})
#define ANY6       ((struct ip){0, 0})

static const struct iface_addr6 addrs[] = {
	{{0xfe80ull << 48, 0xfffe000001ull}, 64, ADDR_USABLE},
	{{NET0, 1}, 64, ADDR_USABLE},
	{{NET0, 0x42}, 64, ADDR_TENTATIVE},
	{{NET0, 0x43}, 64, ADDR_DUPLICATE},
};

struct nd_case {
	struct iface f;
	uint8_t frame[192];
	uint32_t m; /* where the message stands in it */
	struct pkt p;
	struct report r;
	bool report;
	enum nd_answer answer;
	enum verdict v;
};

static inline void checksum(struct nd_case *c)
{
	uint8_t *h = c->frame + ETHER_LEN, *m = c->frame + c->m;
	uint32_t len = c->p.len - c->m;

	store16(m + 2, 0);
	store16(m + 2, (uint16_t)~csum_fold(csum_add(m, len, csum_pseudo6(h, IP6_ICMP, len))));
}

/* A message of @len bytes, zero behind its type, from MAC_A. */
static inline struct nd_case nd_case(uint8_t type, struct ip src, struct ip dst, uint16_t len)
{
	struct nd_case c = {.f = bed_iface(0), .m = ETHER_LEN + IP6_LEN};
	uint8_t *h = c.frame + ETHER_LEN;

	c.f.addr6 = addrs;
	c.f.n_addr6 = ARRAY_SIZE(addrs);
	mac_store(c.frame, ip6_is_multicast(dst) ? ip6_group_mac(dst) : OUR_MAC0);
	mac_store(c.frame + 6, MAC_A);
	store16(c.frame + 12, ETHERTYPE_IP6);
	ip6_write(h, 0, len, IP6_ICMP, 255);
	ip_store(h + 8, src);
	ip_store(h + 24, dst);
	h[IP6_LEN] = type;
	c.p.len = (uint16_t)(c.m + len);
	c.p.flags = PKT_IP6;
	return c;
}

/* Let @c go on with the option at @o. */
static inline void option(struct nd_case *c, const uint8_t *o, uint32_t len)
{
	memcpy(c->frame + c->p.len, o, len);
	c->p.len += (uint16_t)len;
	store16(c->frame + ETHER_LEN + 4, __builtin_bswap16((uint16_t)(c->p.len - 54)));
}

static inline void lladdr(struct nd_case *c, uint8_t type, uint64_t mac)
{
	uint8_t o[8];

	nd_lladdr_write(o, type, mac);
	option(c, o, sizeof(o));
}

/* A solicitation for @target as hosts send it; without an option if @src is ::. */
static inline struct nd_case solicitation(struct ip src, struct ip target)
{
	struct nd_case c = nd_case(ICMP6_NS, src, ip6_solicited_node(target), ND_NS_LEN);

	ip_store(c.frame + c.m + 8, target);
	if (!ip_is_none(src))
		lladdr(&c, ND_OPT_SOURCE_LLADDR, MAC_A);
	return c;
}

static inline struct nd_case advert(struct ip target, struct ip dst, uint8_t flags)
{
	struct nd_case c = nd_case(ICMP6_NA, target, dst, ND_NA_LEN);

	c.frame[c.m + 4] = flags;
	ip_store(c.frame + c.m + 8, target);
	lladdr(&c, ND_OPT_TARGET_LLADDR, MAC_A);
	return c;
}

/* As it is, without a right checksum if it has none. */
static inline void judge_raw(struct nd_case *c)
{
	c->p.data = c->frame;
	c->report = true;
	c->answer = ND_ROUTED;
	c->v = nd_input(&c->f, &c->p, c->frame + c->m, &c->r, &c->report, &c->answer);
}

static inline void judge(struct nd_case *c)
{
	checksum(c);
	judge_raw(c);
}

static inline void is_refused(const struct nd_case *c, enum verdict v)
{
	assert_int_equal(c->v, v);
	assert_int_equal(c->answer, ND_SILENT);
	assert_false(c->report);
}

/* Malformed whatever way it is looked at. */
static inline void is_bad(struct nd_case *c)
{
	judge(c);
	is_refused(c, DROP_ND_BAD);
}

static inline void is_ignored(struct nd_case *c)
{
	judge(c);
	is_refused(c, CONSUMED_ND);
}

#endif
