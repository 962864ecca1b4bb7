/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/host.h"

#include "base/clock.h"
#include "base/counter.h"
#include "host/icmp4.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"

void host_set_rate(struct host *h, uint64_t rate)
{
	uint64_t interval = rate == 0 ? 0 : NS_PER_SEC / rate;

	__atomic_store_n(&h->limit.interval_ns, interval, __ATOMIC_RELAXED);
}

/* A token bucket kept as one point in time (the generic cell rate algorithm). */
static bool host_limit_pass(struct host_limit *l, uint64_t now_ns)
{
	uint64_t interval = __atomic_load_n(&l->interval_ns, __ATOMIC_RELAXED);
	uint64_t burst = interval < NS_PER_SEC / 10 ? NS_PER_SEC / 10 : interval;
	uint64_t due = l->due_ns;

	if (interval == 0)
		return true;
	if (due < now_ns)
		due = now_ns;
	due += interval;
	if (due > now_ns + burst)
		return false;
	l->due_ns = due;
	return true;
}

/* An answer goes to the IPv4 lane, to be routed like any other packet. */
static void host_say(struct host *h, struct batch *b, const struct pkt *a)
{
	struct lane4 *l = &b->ip4;

	l->dst[l->n] = ip4_dst(a->data + ETHER_LEN);
	l->pkt[l->n++] = *a;
	counter_add(&h->originated, 1);
}

/* What one call of host_stage() works with. */
struct host_call {
	struct host *h;
	const struct ifaces *ifaces;
	uint64_t now_ns;
	struct batch *b;
};

/*
 * Send error @e about @p from @src (0: the address to use on the interface it came by).
 * Return: how @p ends if it was for the router.
 */
static enum verdict host_error(const struct host_call *c, struct pkt *p,
                               const struct icmp4_error *e, uint32_t src)
{
	struct pkt a;

	if (!icmp4_may_answer(p))
		return CONSUMED_LOCAL;
	if (src == 0) /* RFC 1812 4.3.2.4 */
		src = iface_source4(&c->ifaces->iface[p->in], ip4_src(p->data + ETHER_LEN));
	if (src == 0)
		return CONSUMED_LOCAL;
	if (!host_limit_pass(&c->h->limit, c->now_ns))
		return DROP_ICMP_LIMIT;
	icmp4_write_error(p, e, src, c->h->ip_id++, &a);
	host_say(c->h, c->b, &a);
	p->flags |= PKT_TAKEN;
	return CONSUMED_UNREACH;
}

/* An ICMP message to the router. @l4_len: its length. */
static enum verdict host_icmp(const struct host_call *c, struct pkt *p, const uint8_t *m,
                              uint32_t l4_len)
{
	struct pkt a;

	/* The sum over a chain is left to the asker: the reply's is derived from the request's. */
	if (l4_len < ICMP4_LEN)
		return DROP_ICMP_BAD;
	if (!(p->flags & PKT_CHAIN) && csum_fold(csum_add(m, l4_len, 0)) != 0xffff)
		return DROP_ICMP_BAD;
	if (m[0] != ICMP4_ECHO || m[1] != 0)
		return CONSUMED_ICMP;
	icmp4_write_echo(p, c->h->ip_id++, &a);
	host_say(c->h, c->b, &a);
	p->flags |= PKT_TAKEN;
	p->flags &= (uint8_t)~PKT_CHAIN; /* the answer has it now */
	return CONSUMED_ICMP_ECHO;
}

/*
 * The options of a packet to the router. A source route that goes on from here is not followed
 * (RFC 7126 4.3, 4.4); one that ends here has done no harm. Return: KEEP, or how the packet ends.
 */
static enum verdict host_options(const uint8_t *h, uint32_t hlen)
{
	for (uint32_t at = IP4_LEN; at < hlen && h[at] != IP4_OPT_END;) {
		const uint8_t *o = h + at;

		if (o[0] == IP4_OPT_NOP) {
			at++;
			continue;
		}
		if (at + 2 > hlen || o[1] < 2 || at + o[1] > hlen)
			return DROP_IP_HEADER;
		if ((o[0] == IP4_OPT_LSRR || o[0] == IP4_OPT_SSRR) && (o[1] < 3 || o[2] <= o[1]))
			return DROP_SOURCE_ROUTE;
		at += o[1];
	}
	return KEEP;
}

/* A packet to one of the router's addresses, never a fragment. Return: how it ends. */
static enum verdict host_one(const struct host_call *c, struct pkt *p)
{
	struct icmp4_error e = {.type = ICMP4_UNREACHABLE};
	const uint8_t *h = p->data + ETHER_LEN;
	uint32_t hlen = ip4_header_len(h);
	enum verdict v = host_options(h, hlen);

	if (v != KEEP)
		return v;
	switch (ip4_proto(h)) {
	case IP_PROTO_ICMP:
		return host_icmp(c, p, h + hlen, p->len - ETHER_LEN - hlen);
	case IP_PROTO_TCP:
		return CONSUMED_LOCAL;
	case IP_PROTO_UDP:
		e.code = ICMP4_PORT_UNREACHABLE; /* RFC 1122 4.1.3.1 */
		break;
	default:
		e.code = ICMP4_PROTO_UNREACHABLE; /* RFC 1122 3.2.2.1 */
		break;
	}
	return host_error(c, p, &e, ip4_dst(h));
}

void host_stage(struct host *h, const struct ifaces *ifaces, uint64_t now_ns, struct batch *b)
{
	const struct host_call c = {.h = h, .ifaces = ifaces, .now_ns = now_ns, .b = b};

	for (uint32_t i = 0; i < b->ended.n; i++) {
		struct pkt *p = &b->ended.pkt[i];
		struct icmp4_error e;

		if (!icmp4_error_of((enum verdict)p->verdict, p->value, &e))
			continue;
		/* RFC 791: without DF the sender allows fragments and learns nothing from an error.
		 */
		if (p->verdict == DROP_TOO_BIG && !(ip4_frag(p->data + ETHER_LEN) & IP4_DF))
			continue;
		host_error(&c, p, &e, 0);
	}
	for (uint32_t i = 0; i < b->host.n; i++) {
		struct pkt *p = &b->host.pkt[i];
		enum verdict v = host_one(&c, p);

		pkt_list_add(&b->ended, p, v);
	}
	b->host.n = 0;
}
