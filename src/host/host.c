/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/host.h"

#include "base/clock.h"
#include "base/counter.h"
#include "host/icmp4.h"
#include "host/options4.h"
#include "host/reset4.h"
#include "route/nexthop.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"
#include "wire/udp.h"

#define DAY_MS (24ull * 3600 * 1000)

uint32_t host_day_ms(const struct host *h, uint64_t now_ns)
{
	uint64_t ns = now_ns + __atomic_load_n(&h->common->wall_ns, __ATOMIC_RELAXED);

	return (uint32_t)(ns / NS_PER_MS % DAY_MS);
}

/* May one more error or reset be sent? What may not is counted. */
static bool host_may_say(struct host *h, uint64_t now_ns)
{
	if (host_limit_pass(&h->common->limit, now_ns))
		return true;
	counter_add(&h->limited, 1);
	return false;
}

/* An answer goes to the IPv4 lane, to be routed like any other packet. */
static void host_say(struct host *h, struct batch *b, const struct pkt *a)
{
	struct lane *l = &b->ip4;

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
	if (!host_may_say(c->h, c->now_ns))
		return DROP_ICMP_LIMIT;
	icmp4_write_error(p, e, src, c->h->ip_id++, &a);
	host_say(c->h, c->b, &a);
	p->flags |= PKT_TAKEN;
	return CONSUMED_UNREACH;
}

/* The folded sum of all that follows the IPv4 header of @p, which may lie in several frames. */
static uint16_t host_sum(const struct pkt *p, const uint8_t *l4)
{
	if (p->flags & PKT_CHAIN)
		return p->value;
	return csum_fold(csum_add(l4, p->len - (size_t)(l4 - p->data), 0));
}

/*
 * RFC 1122 3.2.2.6, RFC 1812 4.3.3.6: record route and timestamp come back in the reply, the router
 * recorded once. Return: bytes of the reply's IPv4 header.
 */
static uint32_t host_echo_options(const struct host_call *c, uint8_t *h, const struct options4 *o)
{
	const struct options4_stamp s = {
		.addr = ip4_dst(h),
		.ms = host_day_ms(c->h, c->now_ns),
		.ifaces = c->ifaces,
	};

	if (o->record == 0 && o->timestamp == 0)
		return IP4_LEN;
	options4_strip(h, o);
	options4_stamp(h, o, &s);
	return ip4_header_len(h);
}

/* An ICMP message to the router. */
static enum verdict host_icmp(const struct host_call *c, struct pkt *p, const struct options4 *o)
{
	uint8_t *h = p->data + ETHER_LEN;
	const uint8_t *m = h + ip4_header_len(h);
	struct pkt a;

	if (p->len - (m - p->data) < ICMP4_LEN || host_sum(p, m) != 0xffff)
		return DROP_ICMP_BAD;
	if (m[0] != ICMP4_ECHO || m[1] != 0)
		return CONSUMED_ICMP;
	icmp4_write_echo(p, host_echo_options(c, h, o), c->h->ip_id++, &a);
	host_say(c->h, c->b, &a);
	p->flags |= PKT_TAKEN;
	p->flags &= (uint8_t)~PKT_CHAIN; /* the answer has it now */
	return CONSUMED_ICMP_ECHO;
}

/* TCP to the router, where nothing listens. */
static enum verdict host_tcp(const struct host_call *c, struct pkt *p)
{
	const uint8_t *h = p->data + ETHER_LEN;
	struct pkt a;

	if (!reset4_is_due(p, host_sum(p, h + ip4_header_len(h))))
		return CONSUMED_LOCAL;
	if (!host_may_say(c->h, c->now_ns))
		return DROP_ICMP_LIMIT;
	reset4_write(p, c->h->ip_id++, &a);
	host_say(c->h, c->b, &a);
	p->flags |= PKT_TAKEN;
	return CONSUMED_RESET;
}

/*
 * RFC 1122 4.1.3.4: is the datagram sound? Bytes behind its end are not part of it. Of a packet in
 * several frames the sum has those too: there it must not end earlier.
 */
static bool host_udp_is_sound(const struct pkt *p, const uint8_t *h)
{
	const uint8_t *u = h + ip4_header_len(h);
	uint32_t room = p->len - (uint32_t)(u - p->data), len;
	uint16_t sum;

	if (room < UDP_LEN)
		return false;
	len = udp_len(u);
	if (len < UDP_LEN || len > room)
		return false;
	if (!udp_has_checksum(u))
		return true;
	sum = p->flags & PKT_CHAIN ? p->value : csum_fold(csum_add(u, len, 0));
	return csum_fold(csum_pseudo4(h, len) + sum) == 0xffff;
}

/* A packet to the router with the option @o->flaw malformed: answered, whatever else it is. */
static enum verdict host_option(const struct host_call *c, struct pkt *p, const struct options4 *o)
{
	struct icmp4_error e;

	if (icmp4_error_of(DROP_IP_OPTION, o->flaw, &e))
		host_error(c, p, &e, ip4_dst(p->data + ETHER_LEN));
	return DROP_IP_OPTION;
}

/* A packet to one of the router's addresses, never a fragment. Return: how it ends. */
static enum verdict host_one(const struct host_call *c, struct pkt *p)
{
	struct icmp4_error e = {.type = ICMP4_UNREACHABLE};
	const uint8_t *h = p->data + ETHER_LEN;
	struct options4 o;
	enum verdict v = options4_check(h, true, &o);

	if (v != KEEP)
		return v == DROP_IP_OPTION ? host_option(c, p, &o) : v;
	switch (ip4_proto(h)) {
	case IP_PROTO_ICMP:
		return host_icmp(c, p, &o);
	case IP_PROTO_TCP:
		return host_tcp(c, p);
	case IP_PROTO_UDP:
		if (!host_udp_is_sound(p, h))
			return CONSUMED_LOCAL;
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

		if (p->flags & PKT_IP6 || !icmp4_error_of((enum verdict)p->verdict, p->value, &e))
			continue;
		/* RFC 791: without DF the sender allows fragments and learns nothing from an error.
		 */
		if (p->verdict == DROP_TOO_BIG && !(ip4_frag(p->data + ETHER_LEN) & IP4_DF))
			continue;
		host_error(&c, p, &e, 0);
	}
	for (uint32_t i = 0; i < b->host.n; i++) {
		struct pkt *p = &b->host.pkt[i];
		enum verdict v = p->flags & PKT_IP6 ? CONSUMED_LOCAL : host_one(&c, p);

		pkt_list_add(&b->ended, p, v);
	}
	b->host.n = 0;
}

bool host_may_answer(const struct pkt *p)
{
	return icmp4_may_answer(p);
}

bool host_redirect(struct host *h, const struct iface *f, uint64_t now_ns, const struct pkt *p,
                   struct batch *b, uint8_t *frame)
{
	uint32_t to = ip4_src(p->data + ETHER_LEN);
	struct pkt a = {0};

	if (!host_may_say(h, now_ns))
		return false;
	a.data = frame;
	icmp4_write_redirect(p, ip_to4(p->nh->gateway), iface_source4(f, to), h->ip_id++, &a);
	host_say(h, b, &a);
	return true;
}
