/* SPDX-License-Identifier: BSD-2-Clause */
/* What the router says in IPv6: RFC 4443, RFC 8200 4, RFC 4861 8.2. */
#include "host/call.h"
#include "host/icmp6.h"
#include "host/walk6.h"
#include "route/nexthop.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"

/* Is @a the subnet-router anycast address of a subnet of the router's (RFC 4291 2.6.1)? */
static bool is_anycast(const struct ifaces *s, struct ip a)
{
	for (uint16_t i = 0; i < s->n; i++) {
		const struct iface *f = &s->iface[i];

		for (uint16_t k = 0; k < f->n_addr6; k++) {
			const struct iface_addr6 *own = &f->addr6[k];

			if (own->len < 127 && ip_equal(a, ip_and(own->addr, ip6_mask(own->len))))
				return true;
		}
	}
	return false;
}

/* Is @a an address that the router speaks from? */
static bool is_own(const struct ifaces *s, struct ip a)
{
	if (!ifaces_maybe_own6(s, a))
		return false;
	for (uint16_t i = 0; i < s->n; i++) {
		if (iface_speaks6(&s->iface[i], a))
			return true;
	}
	return false;
}

/* The address to answer @p from: the one asked if it is the router's, or one of the interface that
 * it came in by (RFC 4443 2.2, 4.2). :: if there is none. */
static struct ip call6_source(const struct host_call *c, const struct pkt *p)
{
	struct ip src = ip6_src(p->data + ETHER_LEN), dst = ip6_dst(p->data + ETHER_LEN);

	if (is_own(c->ifaces, dst))
		return dst;
	return iface_source6(&c->ifaces->iface[p->in], src);
}

/* Send error @e about @p. Return: how @p ends if it was for the router. */
static enum verdict call6_error(const struct host_call *c, struct pkt *p,
                                const struct icmp6_error *e)
{
	struct ip src = call6_source(c, p);
	struct pkt a;

	if (ip_is_none(src) || !icmp6_may_answer(p, e) ||
	    is_anycast(c->ifaces, ip6_src(p->data + ETHER_LEN)))
		return CONSUMED_LOCAL;
	if (!call_may_say(c->h, c->now_ns))
		return DROP_ICMP_LIMIT;
	icmp6_write_error(p, e, src, &a);
	call_answer(c, p, &a);
	return CONSUMED_UNREACH;
}

void call6_ended(const struct host_call *c, struct pkt *p)
{
	struct icmp6_error e;

	if (icmp6_error_of((enum verdict)p->verdict, p->value, &e))
		call6_error(c, p, &e);
}

/* An ICMPv6 message @m to the router, or to a group that it is in. */
static enum verdict call6_icmp(const struct host_call *c, struct pkt *p, uint8_t *m)
{
	const uint8_t *h = p->data + ETHER_LEN;
	uint32_t len = p->len - (uint32_t)(m - p->data);
	struct ip src = call6_source(c, p);
	struct pkt a;

	if (len < ICMP6_LEN || csum_fold(csum_pseudo6(h, IP6_ICMP, len) + call_sum(p, m)) != 0xffff)
		return DROP_ICMP_BAD;
	/* What is sound is taken before: this came in fragments, or behind headers that it never
	 * has (RFC 6980 5). */
	if (m[0] >= ICMP6_RS && m[0] <= ICMP6_REDIRECT)
		return DROP_ND_BAD;
	if (m[0] != ICMP6_ECHO || m[1] != 0 || ip_is_none(src) || ip_is_none(ip6_src(h)))
		return CONSUMED_ICMP; /* RFC 4443 2.4 a, b */
	icmp6_write_echo(p, m, src, &a);
	call_answer(c, p, &a);
	return CONSUMED_ICMP_ECHO;
}

/* Extension headers say that @p ends by @v, and whether its sender is told. */
static enum verdict call6_flaw(const struct host_call *c, struct pkt *p, enum verdict v,
                               const struct walk6 *w)
{
	const struct icmp6_error e = {.type = ICMP6_PARAMETER, .code = w->code, .value = w->flaw};

	if (w->told)
		call6_error(c, p, &e);
	return v;
}

/* What @p carries is nothing that anybody here knows (RFC 8200 4). */
static enum verdict call6_unknown(const struct host_call *c, struct pkt *p, struct walk6 *w)
{
	w->told = true;
	w->code = ICMP6_BAD_NEXT_HEADER;
	w->flaw = w->said_at;
	return call6_flaw(c, p, DROP_IP6_HEADER, w);
}

enum verdict call6_one(const struct host_call *c, struct pkt *p)
{
	static const struct icmp6_error closed = {.type = ICMP6_UNREACHABLE,
	                                          .code = ICMP6_PORT_UNREACHABLE};
	const uint8_t *h = p->data + ETHER_LEN;
	struct walk6 w;
	enum verdict v = walk6(p, &w);
	uint8_t *l4 = p->data + ETHER_LEN + w.at;

	if (v != KEEP)
		return call6_flaw(c, p, v, &w);
	switch (w.next) {
	case IP6_ICMP:
		return call6_icmp(c, p, l4);
	case IP_PROTO_TCP:
		/* Who tried to connect to what is no node's own address gets no answer from one. */
		if (!ip_equal(call6_source(c, p), ip6_dst(h)))
			return CONSUMED_LOCAL;
		return call_tcp(c, p, l4);
	case IP_PROTO_UDP:
		return call_udp_is_sound(p, l4) ? call6_error(c, p, &closed) : CONSUMED_LOCAL;
	case IP6_NO_NEXT: /* RFC 8200 4.7 */
		return CONSUMED_LOCAL;
	case IP6_FRAGMENT: /* within a whole: nobody sends that */
		return DROP_FRAGMENT;
	default:
		return call6_unknown(c, p, &w);
	}
}

void call6_redirect(const struct iface *f, const struct pkt *p, struct pkt *a)
{
	const struct icmp6_redirect r = {
		.src = iface_link6(f), .target = p->nh->gateway, .mac = p->nh->header};

	icmp6_write_redirect(p, &r, a);
}
