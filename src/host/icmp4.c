/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/icmp4.h"

#include "host/own4.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"

#define TOS_CONTROL 0xc0 /* precedence 6, internetwork control (RFC 1812 4.3.2.5) */

bool icmp4_error_of(enum verdict v, uint16_t value, struct icmp4_error *e)
{
	*e = (struct icmp4_error){.type = ICMP4_UNREACHABLE};
	switch ((int)v) {
	case DROP_TTL_EXPIRED: /* RFC 1812 5.3.1 */
		e->type = ICMP4_TIME_EXCEEDED;
		return true;
	case DROP_REASSEMBLY: /* RFC 792, RFC 1122 3.3.2 */
		e->type = ICMP4_TIME_EXCEEDED;
		e->code = ICMP4_REASSEMBLY_TIME;
		return true;
	case DROP_NO_ROUTE: /* RFC 1812 5.2.7.1 */
		e->code = ICMP4_NET_UNREACHABLE;
		return true;
	case DROP_UNREACHABLE:
	case DROP_NEIGH_FAILED:
		e->code = ICMP4_HOST_UNREACHABLE;
		return true;
	case DROP_PROHIBIT:
		e->code = ICMP4_ADMIN_PROHIBITED;
		return true;
	case DROP_TOO_BIG: /* RFC 1191 4: the MTU in the low 16 bits */
		e->code = ICMP4_FRAG_NEEDED;
		e->value = value;
		return true;
	case DROP_IP_OPTION: /* RFC 1812 4.3.3.5: which octet is wrong, in the top byte */
		e->type = ICMP4_PARAMETER;
		e->value = (uint32_t)value << 24;
		return true;
	default:
		return false;
	}
}

bool icmp4_may_answer(const struct pkt *p)
{
	const uint8_t *h = p->data + ETHER_LEN;
	uint32_t hlen = ip4_header_len(h);

	if (p->flags & (PKT_ORIGINATED | PKT_TAKEN))
		return false;
	if (ip4_frag(h) & IP4_OFFSET)
		return false; /* only about the first fragment */
	if (ip4_proto(h) != IP_PROTO_ICMP)
		return true;
	return p->len > ETHER_LEN + hlen && !icmp4_is_error(h[hlen]);
}

/* Write the error @e and its headers before @quote, of which @quoted bytes are cut to what fits. */
static void error_put(uint8_t *quote, uint32_t quoted, const struct icmp4_error *e, struct own4 *o)
{
	uint8_t *m = quote - ICMP4_LEN;

	if (quoted > ICMP4_QUOTE_MAX)
		quoted = ICMP4_QUOTE_MAX;
	m[0] = e->type;
	m[1] = e->code;
	store16(m + 2, 0);
	store32(m + 4, __builtin_bswap32(e->value));
	store16(m + 2, (uint16_t)~csum_fold(csum_add(m, ICMP4_LEN + quoted, 0)));
	o->dst = ip4_src(quote);
	o->head = IP4_LEN;
	o->l4 = (uint16_t)(ICMP4_LEN + quoted);
	o->tos = TOS_CONTROL;
	o->proto = IP_PROTO_ICMP;
}

void icmp4_write_error(const struct pkt *p, const struct icmp4_error *e, uint32_t src, uint16_t id,
                       struct pkt *a)
{
	struct own4 o = {.src = src, .id = id};
	uint8_t *quote = p->data + ETHER_LEN;

	error_put(quote, p->len - ETHER_LEN, e, &o);
	*a = own4_write(quote - ICMP4_LEN - IP4_LEN, &o, p->in);
}

void icmp4_write_redirect(const struct pkt *p, uint32_t gateway, uint32_t src, uint16_t id,
                          struct pkt *a)
{
	const struct icmp4_error e = {
		.type = ICMP4_REDIRECT, .code = ICMP4_REDIRECT_HOST, .value = gateway};
	uint8_t *h = a->data + ETHER_LEN, *quote = h + IP4_LEN + ICMP4_LEN;
	uint32_t quoted = p->len - ETHER_LEN;
	struct own4 o = {.src = src, .id = id};

	memcpy(quote, p->data + ETHER_LEN, quoted < ICMP4_QUOTE_MAX ? quoted : ICMP4_QUOTE_MAX);
	error_put(quote, quoted, &e, &o);
	*a = own4_write(h, &o, p->in);
}

void icmp4_write_echo(const struct pkt *p, uint32_t head, uint16_t id, struct pkt *a)
{
	uint8_t *old = p->data + ETHER_LEN, *m = old + ip4_header_len(old);
	struct own4 o = {.src = ip4_dst(old),
	                 .dst = ip4_src(old),
	                 .head = (uint16_t)head,
	                 .l4 = (uint16_t)(p->len - (m - p->data)),
	                 .id = id,
	                 .tos = old[1],
	                 .proto = IP_PROTO_ICMP};
	uint32_t sum;

	/* Type 8 becomes 0: RFC 1624 eqn. 3 with m = 8, m' = 0 in the first byte on the wire. */
	m[0] = ICMP4_ECHO_REPLY;
	sum = (uint16_t)~load16(m + 2) + (uint16_t)~ICMP4_ECHO;
	store16(m + 2, (uint16_t)~csum_fold(sum));
	*a = own4_write(m - head, &o, p->in);
	a->flags |= p->flags & PKT_CHAIN;
}
