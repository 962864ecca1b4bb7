/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/icmp4.h"

#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"

#define ERROR_MAX   576  /* longest error, RFC 1812 4.3.2.3 */
#define TTL_OWN     65   /* output takes one off: 64 on the wire (RFC 1700) */
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

/* An IPv4 header without options; the checksum is made here. */
static void ip4_write(uint8_t *h, uint32_t total, uint16_t id, uint8_t tos)
{
	h[0] = 0x45;
	h[1] = tos;
	store16(h + 2, __builtin_bswap16((uint16_t)total));
	store16(h + 4, __builtin_bswap16(id));
	store16(h + 6, 0);
	h[8] = TTL_OWN;
	h[9] = IP_PROTO_ICMP;
	store16(h + 10, 0);
	store16(h + 10, (uint16_t)~csum_fold(csum_add(h, IP4_LEN, 0)));
}

void icmp4_write_error(const struct pkt *p, const struct icmp4_error *e, uint32_t src, uint16_t id,
                       struct pkt *a)
{
	uint8_t *quote = p->data + ETHER_LEN;
	uint32_t quoted = p->len - ETHER_LEN;
	uint32_t to = ip4_src(quote);
	uint8_t *m = quote - ICMP4_LEN, *h = m - IP4_LEN;

	if (quoted > ERROR_MAX - IP4_LEN - ICMP4_LEN)
		quoted = ERROR_MAX - IP4_LEN - ICMP4_LEN;
	m[0] = e->type;
	m[1] = e->code;
	store16(m + 2, 0);
	store32(m + 4, __builtin_bswap32(e->value));
	store16(m + 2, (uint16_t)~csum_fold(csum_add(m, ICMP4_LEN + quoted, 0)));
	store32(h + 12, __builtin_bswap32(src));
	store32(h + 16, __builtin_bswap32(to));
	ip4_write(h, IP4_LEN + ICMP4_LEN + quoted, id, TOS_CONTROL);
	*a = (struct pkt){
		.data = h - ETHER_LEN,
		.len = (uint16_t)(ETHER_LEN + IP4_LEN + ICMP4_LEN + quoted),
		.in = p->in,
		.flags = PKT_ORIGINATED,
	};
}

void icmp4_write_echo(const struct pkt *p, uint16_t id, struct pkt *a)
{
	uint8_t *old = p->data + ETHER_LEN;
	uint8_t *m = old + ip4_header_len(old), *h = m - IP4_LEN;
	uint32_t l4_len = p->len - (uint32_t)(m - p->data), src = load32(old + 12);
	uint32_t dst = load32(old + 16), sum;
	uint8_t tos = old[1];

	store32(h + 12, dst);
	store32(h + 16, src);
	ip4_write(h, IP4_LEN + l4_len, id, tos);
	/* Type 8 becomes 0: RFC 1624 eqn. 3 with m = 8, m' = 0 in the first byte on the wire. */
	m[0] = ICMP4_ECHO_REPLY;
	sum = (uint16_t)~load16(m + 2) + (uint16_t)~ICMP4_ECHO;
	store16(m + 2, (uint16_t)~csum_fold(sum));
	*a = (struct pkt){
		.data = h - ETHER_LEN,
		.len = (uint16_t)(ETHER_LEN + IP4_LEN + l4_len),
		.in = p->in,
		.flags = (uint8_t)(PKT_ORIGINATED | (p->flags & PKT_CHAIN)),
	};
}
