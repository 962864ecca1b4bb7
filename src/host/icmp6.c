/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/icmp6.h"

#include <assert.h>

#include "host/own6.h"
#include "host/walk6.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/icmp6.h"
#include "wire/ip6.h"

/* Unreachable, with code @code. */
static bool unreachable(struct icmp6_error *e, uint8_t code)
{
	*e = (struct icmp6_error){.type = ICMP6_UNREACHABLE, .code = code};
	return true;
}

static bool time_exceeded(struct icmp6_error *e, uint8_t code)
{
	*e = (struct icmp6_error){.type = ICMP6_TIME_EXCEEDED, .code = code};
	return true;
}

/* Parameter problem @code at octet @at; the first one is never wrong and stands for none. */
static bool problem(struct icmp6_error *e, uint8_t code, uint16_t at)
{
	*e = (struct icmp6_error){.type = ICMP6_PARAMETER, .code = code, .value = at};
	return at != 0;
}

bool icmp6_error_of(enum verdict v, uint16_t value, struct icmp6_error *e)
{
	switch ((int)v) {
	case DROP_TTL_EXPIRED: /* RFC 4443 3.3 */
		return time_exceeded(e, ICMP6_HOP_LIMIT);
	case DROP_REASSEMBLY: /* RFC 8200 4.5 */
		return time_exceeded(e, ICMP6_REASSEMBLY_TIME);
	case DROP_NO_ROUTE: /* RFC 4443 3.1 */
	case DROP_UNREACHABLE:
		return unreachable(e, ICMP6_NO_ROUTE);
	case DROP_PROHIBIT:
		return unreachable(e, ICMP6_ADMIN_PROHIBITED);
	case DROP_SCOPE: /* RFC 4007 9 */
		return unreachable(e, ICMP6_BEYOND_SCOPE);
	case DROP_NEIGH_FAILED: /* RFC 4861 7.2.2 */
		return unreachable(e, ICMP6_ADDR_UNREACHABLE);
	case DROP_TOO_BIG: /* RFC 4443 3.2 */
		*e = (struct icmp6_error){.type = ICMP6_TOO_BIG, .value = value};
		return true;
	case DROP_IP6_HEADER: /* RFC 4443 3.4 */
	case DROP_ROUTING_HEADER:
		return problem(e, ICMP6_BAD_FIELD, value);
	case DROP_IP6_OPTION:
		return problem(e, ICMP6_BAD_OPTION, value);
	default:
		return false;
	}
}

/*
 * RFC 4443 2.4 e.1, e.2: is @p an error or a redirect, or has it lost what would tell? Fragments
 * beyond the first are none: what is never longer than 1280 bytes is never cut.
 */
static bool may_be_error(const struct pkt *p, const struct walk6 *w, bool there)
{
	uint8_t type;

	if (w->next != IP6_ICMP || w->offset != 0)
		return false;
	if (!there)
		return true;
	type = p->data[ETHER_LEN + w->at];
	return icmp6_is_error(type) || type == ICMP6_REDIRECT;
}

bool icmp6_may_answer(const struct pkt *p, const struct icmp6_error *e)
{
	const uint8_t *h = p->data + ETHER_LEN;
	struct ip src = ip6_src(h);
	struct walk6 w;
	bool there;

	if (p->flags & (PKT_ORIGINATED | PKT_TAKEN))
		return false;
	if (ip_is_none(src) || ip6_is_multicast(src)) /* e.6 */
		return false;
	if ((p->flags & PKT_GROUP || ip6_is_multicast(ip6_dst(h))) && e->type != ICMP6_TOO_BIG &&
	    (e->type != ICMP6_PARAMETER || e->code != ICMP6_BAD_OPTION)) /* e.3, e.4, e.5 */
		return false;
	there = walk6_skip(p, &w);
	/* RFC 8200 4.5: only if the first fragment is there. */
	if (e->type == ICMP6_TIME_EXCEEDED && e->code == ICMP6_REASSEMBLY_TIME && w.offset != 0)
		return false;
	return !may_be_error(p, &w, there);
}

/* Write the type of the message @m and its second word; the checksum is made later. */
static void message_start(uint8_t *m, uint8_t type, uint8_t code, uint32_t value)
{
	m[0] = type;
	m[1] = code;
	store16(m + 2, 0);
	store32(m + 4, __builtin_bswap32(value));
}

/* Write the header before the message @m, and the message's checksum. */
static struct pkt message_end(uint8_t *m, const struct own6 *o, uint16_t in)
{
	uint8_t *h = m - IP6_LEN;
	struct pkt a = own6_write(h, o, in);

	store16(m + 2, (uint16_t)~csum_fold(csum_add(m, o->l4, csum_pseudo6(h, IP6_ICMP, o->l4))));
	return a;
}

void icmp6_write_error(const struct pkt *p, const struct icmp6_error *e, struct ip src,
                       struct pkt *a)
{
	uint8_t *quote = p->data + ETHER_LEN, *m = quote - ICMP6_LEN;
	uint32_t quoted = pkt_head_len(p) - ETHER_LEN;
	struct own6 o = {
		.src = src, .dst = ip6_src(quote), .next = IP6_ICMP, .hop_limit = OWN6_HOP_LIMIT};

	if (quoted > ICMP6_QUOTE_MAX)
		quoted = ICMP6_QUOTE_MAX;
	o.l4 = (uint16_t)(ICMP6_LEN + quoted);
	message_start(m, e->type, e->code, e->value);
	*a = message_end(m, &o, p->in);
}

/* What the options before the quote take, and their heads. */
#define REDIRECTED_HEAD    8
#define REDIRECT_QUOTE     (ND_REDIRECT_LEN + ND_LLADDR_LEN + REDIRECTED_HEAD)
/* Options are multiples of 8 (RFC 4861 4.6). */
#define REDIRECT_QUOTE_MAX ((IP6_MIN_MTU - IP6_LEN - REDIRECT_QUOTE) / 8 * 8)
static_assert(REDIRECT_QUOTE_MAX <= CHAIN_HEAD - ETHER_LEN, "a chain's first frame has it");

/* The redirected header option at @o: as much of @p as fits, and zeros up to 8. Return: its end. */
static uint8_t *redirected_write(uint8_t *o, const struct pkt *p)
{
	uint32_t n = p->len - ETHER_LEN, even;

	if (n > REDIRECT_QUOTE_MAX)
		n = REDIRECT_QUOTE_MAX;
	even = (n + 7) / 8 * 8;
	store64(o, 0);
	o[0] = ND_OPT_REDIRECTED;
	o[1] = (uint8_t)(1 + even / 8);
	memcpy(o + REDIRECTED_HEAD, p->data + ETHER_LEN, n);
	memset(o + REDIRECTED_HEAD + n, 0, even - n);
	return o + REDIRECTED_HEAD + even;
}

void icmp6_write_redirect(const struct pkt *p, const struct icmp6_redirect *r, struct pkt *a)
{
	const uint8_t *old = p->data + ETHER_LEN;
	uint8_t *m = a->data + ETHER_LEN + IP6_LEN, *o = m + ND_REDIRECT_LEN;
	struct own6 own = {
		.src = r->src, .dst = ip6_src(old), .next = IP6_ICMP, .hop_limit = OWN6_HOP_255};

	message_start(m, ICMP6_REDIRECT, 0, 0);
	ip_store(m + 8, r->target);
	ip_store(m + 24, ip6_dst(old));
	nd_lladdr_write(o, ND_OPT_TARGET_LLADDR, mac_load(r->mac));
	own.l4 = (uint16_t)(redirected_write(o + ND_LLADDR_LEN, p) - m);
	*a = message_end(m, &own, p->in);
}

void icmp6_write_echo(const struct pkt *p, uint8_t *m, struct ip src, struct pkt *a)
{
	const uint8_t *old = p->data + ETHER_LEN;
	struct own6 o = {.src = src,
	                 .dst = ip6_src(old),
	                 .tclass_flow = ip6_first(old) & 0xfffffff,
	                 .l4 = (uint16_t)(p->len - (m - p->data)),
	                 .next = IP6_ICMP,
	                 .hop_limit = OWN6_HOP_LIMIT};
	uint32_t sum;

	/* RFC 1624 eqn. 3: the type, in the first byte on the wire, and what the addresses become:
	 * that both change places makes no difference. */
	m[0] = ICMP6_ECHO_REPLY;
	sum = (uint16_t)~load16(m + 2) + (uint16_t)~ICMP6_ECHO + ICMP6_ECHO_REPLY;
	sum += (uint16_t)~csum_fold(csum_add(old + 24, 16, 0));
	*a = own6_write(m - IP6_LEN, &o, p->in);
	sum += csum_fold(csum_add(m - IP6_LEN + 8, 16, 0));
	store16(m + 2, (uint16_t)~csum_fold(sum));
	a->flags |= p->flags & PKT_CHAIN;
}
