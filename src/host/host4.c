/* SPDX-License-Identifier: BSD-2-Clause */
/* What the router says in IPv4: RFC 792, RFC 1122 3.2.2, RFC 1812 4.3. */
#include "host/call.h"
#include "host/icmp4.h"
#include "host/options4.h"
#include "route/nexthop.h"
#include "wire/ether.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"

/*
 * Send error @e about @p from @src (0: the address to use on the interface it came by).
 * Return: how @p ends if it was for the router.
 */
static enum verdict call4_error(const struct host_call *c, struct pkt *p,
                                const struct icmp4_error *e, uint32_t src)
{
	struct pkt a;

	if (!icmp4_may_answer(p))
		return CONSUMED_LOCAL;
	if (src == 0) /* RFC 1812 4.3.2.4 */
		src = iface_source4(&c->ifaces->iface[p->in], ip4_src(p->data + ETHER_LEN));
	if (src == 0)
		return CONSUMED_LOCAL;
	if (!call_may_say(c->h, c->now_ns))
		return DROP_ICMP_LIMIT;
	icmp4_write_error(p, e, src, c->h->ip_id++, &a);
	call_answer(c, p, &a);
	return CONSUMED_UNREACH;
}

void call4_ended(const struct host_call *c, struct pkt *p)
{
	struct icmp4_error e;

	if (!icmp4_error_of((enum verdict)p->verdict, p->value, &e))
		return;
	/* RFC 791: without DF the sender allows fragments and learns nothing from an error. */
	if (p->verdict == DROP_TOO_BIG && !(ip4_frag(p->data + ETHER_LEN) & IP4_DF))
		return;
	call4_error(c, p, &e, 0);
}

/*
 * RFC 1122 3.2.2.6, RFC 1812 4.3.3.6: record route and timestamp come back in the reply, the router
 * recorded once. Return: bytes of the reply's IPv4 header.
 */
static uint32_t call4_echo_options(const struct host_call *c, uint8_t *h, const struct options4 *o)
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
static enum verdict call4_icmp(const struct host_call *c, struct pkt *p, const struct options4 *o)
{
	uint8_t *h = p->data + ETHER_LEN;
	const uint8_t *m = h + ip4_header_len(h);
	struct pkt a;

	if (p->len - (m - p->data) < ICMP4_LEN || call_sum(p, m) != 0xffff)
		return DROP_ICMP_BAD;
	if (m[0] != ICMP4_ECHO || m[1] != 0)
		return CONSUMED_ICMP;
	icmp4_write_echo(p, call4_echo_options(c, h, o), c->h->ip_id++, &a);
	call_answer(c, p, &a);
	return CONSUMED_ICMP_ECHO;
}

/* A packet to the router with the option @o->flaw malformed: answered, whatever else it is. */
static enum verdict call4_option(const struct host_call *c, struct pkt *p, const struct options4 *o)
{
	struct icmp4_error e;

	if (icmp4_error_of(DROP_IP_OPTION, o->flaw, &e))
		call4_error(c, p, &e, ip4_dst(p->data + ETHER_LEN));
	return DROP_IP_OPTION;
}

enum verdict call4_one(const struct host_call *c, struct pkt *p)
{
	struct icmp4_error e = {.type = ICMP4_UNREACHABLE};
	uint8_t *h = p->data + ETHER_LEN, *l4 = h + ip4_header_len(h);
	struct options4 o;
	enum verdict v = options4_check(h, true, &o);

	if (v != KEEP)
		return v == DROP_IP_OPTION ? call4_option(c, p, &o) : v;
	switch (ip4_proto(h)) {
	case IP_PROTO_ICMP:
		return call4_icmp(c, p, &o);
	case IP_PROTO_TCP:
		return call_tcp(c, p, l4);
	case IP_PROTO_UDP:
		if (!call_udp_is_sound(p, l4))
			return CONSUMED_LOCAL;
		e.code = ICMP4_PORT_UNREACHABLE; /* RFC 1122 4.1.3.1 */
		break;
	default:
		e.code = ICMP4_PROTO_UNREACHABLE; /* RFC 1122 3.2.2.1 */
		break;
	}
	return call4_error(c, p, &e, ip4_dst(h));
}

void call4_redirect(struct host *h, const struct iface *f, const struct pkt *p, struct pkt *a)
{
	uint32_t to = ip4_src(p->data + ETHER_LEN);

	icmp4_write_redirect(p, ip_to4(p->nh->gateway), iface_source4(f, to), h->ip_id++, a);
}
