/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutant6: the bad packets of IPv6: chains of extension headers, fragments, ICMPv6, neighbour and
 * listener discovery. Most are nearly right; mutant.c damages them further.
 */
#include <string.h>

#include "mutant.h"

#define GLOBAL 0x20010db800000000ull /* 2001:db8::/64, and what follows it */

/* --- Addresses ---------------------------------------------------------------------------------
 */

/* Destinations by every kind of route that the configuration has, and by none. */
static struct ip address6_routed(struct dice *d)
{
	uint64_t port = dice_roll(d, SOAK_PORTS), low = dice_roll(d, 256);

	switch (dice_roll(d, 16)) {
	case 0: /* by a static gateway, by one that answers, by a silent one */
	case 1:
	case 2:
		return IP6(GLOBAL | (0x18ull + dice_roll(d, 3)) << 16 | port, low);
	case 3: /* blackhole, unreachable, prohibit */
	case 4:
		return IP6(GLOBAL | (0x21ull + dice_roll(d, 3)) << 16 | port, low);
	case 5: /* several gateways */
		return IP6(GLOBAL | 0x24ull << 16 | low, dice_word(d));
	case 6:
	case 7: /* one of thousands */
		return IP6(0x20010db900000000ull | (uint64_t)dice_roll(d, 10000) << 16, low);
	case 8: /* the link that flaps */
		return SOAK_IP6(4, low);
	case 9: /* mostly nothing */
		return IP6((uint64_t)dice_word(d) << 32 | dice_word(d), dice_word(d));
	case 10: /* one of very many on the link */
		return SOAK_IP6(port, (uint64_t)dice_word(d) << 16 | low);
	default:
		return SOAK_IP6(port, low);
	}
}

static struct ip address6_link(unsigned int port, uint64_t host)
{
	return IP6(0xfe80ull << 48, 0xfffe000000ull | (port + 1ull) << 16 | host);
}

static struct ip address6_strange(struct dice *d, unsigned int port)
{
	static const struct ip strange[] = {
		{0, 0},
		{0, 1},
		{0, 0xffff0a000002},
		{0xff02ull << 48, 1},
		{0xff02ull << 48, 2},
		{0xff02ull << 48, 0x16},
		{0xff02ull << 48, 0x1ff000001},
		{0xff01ull << 48, 1},
		{0xff0eull << 48, 0x99},
		{0xff00ull << 48, 0},
		{0xfe80ull << 48, 0},
		{0xfe80ull << 48, 0x1234},
		{0xfec0ull << 48, 1},
		{0xfdull << 56, 1},
		{~0ull, ~0ull},
	};

	switch (dice_roll(d, 5)) {
	case 0:
		return SOAK_IP6(dice_roll(d, SOAK_PORTS), dice_roll(d, 2));
	case 1:
		return address6_link(port, 1 + dice_roll(d, 200));
	default:
		return strange[dice_roll(d, sizeof(strange) / sizeof(*strange))];
	}
}

static struct ip address6_source(struct mutant *m)
{
	if (dice_one_in(&m->d, 12))
		return address6_strange(&m->d, m->port);
	if (dice_one_in(&m->d, 6))
		return address6_routed(&m->d);
	if (dice_one_in(&m->d, 6))
		return address6_link(m->port, 2 + dice_roll(&m->d, 250));
	return SOAK_IP6(m->port, 2 + dice_roll(&m->d, 250));
}

static struct ip address6_destination(struct mutant *m)
{
	if (dice_one_in(&m->d, 16))
		return address6_strange(&m->d, m->port);
	if (dice_one_in(&m->d, 4)) /* the router, by the near address or another */
		return SOAK_IP6(dice_one_in(&m->d, 3) ? dice_roll(&m->d, SOAK_PORTS) : m->port, 1);
	return address6_routed(&m->d);
}

/* --- Packets -----------------------------------------------------------------------------------
 */

uint32_t mutant_upper6(const struct packet *p, uint8_t *proto)
{
	uint32_t at = 54, end = 54 + soak_get16(p->bytes + 18);

	*proto = p->bytes[20];
	if (end > p->len)
		return 0;
	while (*proto == 0 || *proto == 43 || *proto == 44 || *proto == 60) {
		const uint8_t *h = p->bytes + at;

		if (at + 8 > end || (*proto == 44 && (soak_get16(h + 2) & 0xfff9) != 0))
			return 0;
		at += *proto == 44 ? 8 : 8 + h[1] * 8u;
		*proto = h[0];
		if (at > end)
			return 0;
	}
	return at;
}

static uint32_t length6_any(struct mutant *m, uint32_t before)
{
	uint32_t most = soak_mtu(m->port) - before;

	switch (dice_roll(&m->d, 24)) {
	case 0:
		return most;
	case 1:
		return dice_roll(&m->d, most);
	case 2:
		return dice_roll(&m->d, 1300 - before);
	case 3:
		return dice_roll(&m->d, 8);
	default:
		return 8 + dice_roll(&m->d, 64);
	}
}

static struct packet_ip6 head6_any(struct mutant *m)
{
	static const uint8_t next[] = {17, 17, 17, 6, 6, 6, 58, 58, 58, 59, 47, 50, 89, 4, 41};
	static const uint8_t edge[] = {1, 1, 2, 3, 254, 255};

	return (struct packet_ip6){
		.src = address6_source(m),
		.dst = address6_destination(m),
		.unspecified = true,
		.next = dice_one_in(&m->d, 16) ? (uint8_t)dice_word(&m->d)
	                                       : next[dice_roll(&m->d, sizeof(next))],
		.hop_limit = dice_one_in(&m->d, 8) ? edge[dice_roll(&m->d, sizeof(edge))]
	                                           : (uint8_t)(3 + dice_roll(&m->d, 250)),
		.tclass_flow = dice_word(&m->d) & 0xfffffff,
	};
}

static void shape6(struct mutant *m, uint8_t proto, uint32_t len)
{
	static const uint8_t type[] = {128, 128, 128, 129, 1, 2, 3, 4, 100, 200, 139, 127};
	static const uint16_t port[] = {7, 9, 53, 80, 179, 521, 33434, 0};
	uint8_t *l4 = m->p->bytes + 54;

	for (uint32_t i = 0; i < len && i < 64; i++)
		l4[i] = (uint8_t)dice_word(&m->d);
	if (proto == 58 && len >= 8) {
		l4[0] = dice_one_in(&m->d, 8) ? (uint8_t)dice_word(&m->d)
		                              : type[dice_roll(&m->d, sizeof(type))];
		l4[1] = (uint8_t)dice_roll(&m->d, dice_one_in(&m->d, 8) ? 256 : 5);
		if (l4[0] < 128 && len >= 56) /* a packet that it speaks of */
			l4[8] = 0x60;
	} else if ((proto == 6 || proto == 17) && len >= 8) {
		soak_put16(l4 + 2, port[dice_roll(&m->d, sizeof(port) / sizeof(*port))]);
		if (proto == 17)
			soak_put16(l4 + 4, dice_one_in(&m->d, 8) ? dice_word(&m->d) : len);
		else if (len >= 20)
			l4[12] = (uint8_t)(dice_one_in(&m->d, 8) ? dice_word(&m->d) : 0x50);
	}
}

static void ip6_make(struct mutant *m, const struct packet_ip6 *head, uint32_t len)
{
	mutant_ether(m, 0x86dd);
	packet_ip6(m->p, head, len);
	shape6(m, head->next, len);
}

void make6_any(struct mutant *m)
{
	struct packet_ip6 head = head6_any(m);

	ip6_make(m, &head, length6_any(m, 40));
	soak_fix_l4(m->p, false);
}

void make6_icmp(struct mutant *m)
{
	struct packet_ip6 head = head6_any(m);

	head.next = 58;
	ip6_make(m, &head, length6_any(m, 40));
	soak_fix_l4(m->p, false);
}

void make6_strange(struct mutant *m)
{
	struct packet_ip6 head = head6_any(m);

	if (dice_one_in(&m->d, 2))
		head.src = address6_strange(&m->d, m->port);
	else
		head.dst = address6_strange(&m->d, m->port);
	ip6_make(m, &head, length6_any(m, 40));
	soak_fix_l4(m->p, false);
}

/* --- Extension headers -------------------------------------------------------------------------
 */

/* Options, often with a length that is not what it should be. */
static void options6_write(struct dice *d, uint8_t *at, uint32_t room)
{
	/* to be skipped, dropped, reported; router alert, jumbo, home address, padding */
	static const uint8_t kind[] = {0x1e, 0x3e, 0x5e, 0x9e, 0xde, 5, 0xc2, 0xc9, 1, 1};

	while (room > 0) {
		uint32_t len = dice_roll(d, 9);

		if (room < 2 || dice_one_in(d, 4)) {
			*at++ = 0;
			room--;
			continue;
		}
		if (len > room - 2)
			len = room - 2;
		at[0] = dice_one_in(d, 8) ? (uint8_t)dice_word(d)
		                          : kind[dice_roll(d, sizeof(kind))];
		at[1] = (uint8_t)(dice_one_in(d, 8) ? dice_word(d) : len);
		for (uint32_t i = 0; i < len; i++)
			at[2 + i] = (uint8_t)(dice_one_in(d, 2) ? dice_word(d) : 0);
		at += 2 + len;
		room -= 2 + len;
	}
}

static void ext_add(struct mutant *m)
{
	static const uint8_t type[] = {0, 0, 60, 60, 60, 43, 43, 44, 51, 135, 139, 140, 253};
	uint8_t t = type[dice_roll(&m->d, sizeof(type))], body[6 + 8 * 31] = {0};
	uint32_t n = 6 + 8 * dice_roll(&m->d, dice_one_in(&m->d, 8) ? 32 : 4);

	if (t == 44) {
		packet_frag6(m->p, dice_one_in(&m->d, 2) ? 0 : (uint16_t)dice_word(&m->d),
		             dice_word(&m->d));
		return;
	}
	options6_write(&m->d, body, n);
	if (t == 43) { /* type and segments left */
		body[0] = (uint8_t)(dice_one_in(&m->d, 2) ? 0 : dice_roll(&m->d, 6));
		body[1] = (uint8_t)dice_roll(&m->d, dice_one_in(&m->d, 4) ? 256 : 3);
	}
	packet_ext6(m->p, t, body, n);
}

void make6_ext(struct mutant *m)
{
	struct packet_ip6 head = head6_any(m);
	uint32_t n = 1 + dice_roll(&m->d, dice_one_in(&m->d, 6) ? 20 : 4);

	ip6_make(m, &head, 8 + dice_roll(&m->d, 64));
	while (n-- > 0 && m->p->len + 264 < 14 + soak_mtu(m->port))
		ext_add(m);
	soak_fix_l4(m->p, false);
	if (dice_one_in(&m->d, 8)) /* the length of a header */
		m->p->bytes[55] = (uint8_t)dice_word(&m->d);
	if (dice_one_in(&m->d, 16)) /* as of a jumbogram */
		soak_put16(m->p->bytes + 18, 0);
}

/* As make_fragment(): pieces of what the group sends, in order or not, some twice, and worse. */
void make6_fragment(struct mutant *m)
{
	enum { WHOLE, TINY, OVERLAP, BEYOND, FLOOD, ODD, EXTENDED, STYLES };
	struct dice shared = m->group;
	uint32_t style = dice_roll(&shared, STYLES), ident = dice_word(&shared);
	uint32_t size = style == TINY ? 8 : 8 * (1 + dice_roll(&shared, 150));
	uint32_t pieces = 1 + dice_roll(&shared, GROUP), turn = dice_roll(&shared, GROUP);
	uint32_t piece = (m->place + turn) % GROUP % pieces, at = piece * size;
	struct packet_ip6 head = {
		.src = SOAK_IP6(m->port, 2 + dice_roll(&shared, 250)),
		.dst = dice_one_in(&shared, 3) ? address6_routed(&shared) : SOAK_IP6(m->port, 1),
		.next = dice_one_in(&shared, 2) ? 58 : 17,
	};

	if (style == OVERLAP && at > 0 && dice_one_in(&m->d, 2))
		at -= 8;
	else if (style == BEYOND && dice_one_in(&m->d, 3))
		at = 0xfff8 - 8 * dice_roll(&m->d, 4);
	else if (style == FLOOD)
		ident = dice_word(&m->d);
	else if (style == ODD && dice_one_in(&m->d, 4))
		size += dice_roll(&m->d, 8);
	mutant_ether(m, 0x86dd);
	packet_ip6(m->p, &head, size);
	if (piece == 0)
		shape6(m, head.next, size);
	packet_frag6(m->p, (uint16_t)((at & 0xfff8) | (piece + 1 < pieces)), ident);
	if (style == EXTENDED)
		ext_add(m);
	soak_fix_l4(m->p, false); /* where there is but one piece */
}

/* --- Discovery ---------------------------------------------------------------------------------
 */

static void put_ip(uint8_t *at, struct ip a)
{
	soak_put32(at, (uint32_t)(a.hi >> 32));
	soak_put32(at + 4, (uint32_t)a.hi);
	soak_put32(at + 8, (uint32_t)(a.lo >> 32));
	soak_put32(at + 12, (uint32_t)a.lo);
}

/* An option of a message; mostly a MAC. Return: its bytes. */
static uint32_t nd_option_write(struct mutant *m, uint8_t *o)
{
	static const uint8_t kind[] = {1, 1, 1, 2, 2, 2, 3, 4, 5, 14, 24, 25, 31, 200};
	uint64_t mac = SOAK_MAC(m->port, 2 + dice_roll(&m->d, 250));
	uint32_t n;

	o[0] = kind[dice_roll(&m->d, sizeof(kind))];
	n = o[0] == 3 ? 32 : o[0] <= 2 ? 8 : 8 * (1 + dice_roll(&m->d, 4));
	o[1] = (uint8_t)(n / 8);
	for (uint32_t i = 2; i < n; i++)
		o[i] = (uint8_t)dice_word(&m->d);
	for (int i = 0; o[0] <= 2 && i < 6; i++)
		o[2 + i] = (uint8_t)(mac >> 8 * i);
	if (dice_one_in(&m->d, 16))
		o[1] = (uint8_t)dice_roll(&m->d, dice_one_in(&m->d, 2) ? 256 : 2);
	return n;
}

static struct ip nd_target(struct mutant *m)
{
	if (dice_one_in(&m->d, 3))
		return SOAK_IP6(m->port, 1);
	if (dice_one_in(&m->d, 6))
		return address6_strange(&m->d, m->port);
	return SOAK_IP6(m->port, dice_roll(&m->d, 256));
}

/* The destination: the router, its solicited-node group, all nodes, all routers, or anything. */
static struct ip nd_destination(struct mutant *m)
{
	static const struct ip group[] = {
		{0xff02ull << 48, 1}, {0xff02ull << 48, 2}, {0xff02ull << 48, 0x1ff000001}};

	if (dice_one_in(&m->d, 2))
		return group[dice_roll(&m->d, 3)];
	return dice_one_in(&m->d, 8) ? address6_destination(m) : SOAK_IP6(m->port, 1);
}

/* A group's MAC for a group, for otherwise it is dropped before anybody looks. */
static void mac_group(struct mutant *m, struct ip dst)
{
	if (dst.hi >> 56 != 0xff || dice_one_in(&m->d, 16))
		return;
	soak_put16(m->p->bytes, 0x3333);
	soak_put32(m->p->bytes + 2, (uint32_t)dst.lo);
}

/* Not even here does anyone claim what the good packets need: they have static neighbours. */
void make6_nd(struct mutant *m)
{
	static const uint8_t fixed[] = {8, 16, 24, 24, 40}; /* RS, RA, NS, NA, redirect */
	uint8_t message[200] = {0};
	uint32_t kind = dice_one_in(&m->d, 3) ? dice_roll(&m->d, 5) : 2 + dice_roll(&m->d, 2);
	uint32_t n = fixed[kind], options = dice_roll(&m->d, 4);
	struct packet_ip6 head = head6_any(m);

	head.dst = nd_destination(m);
	if (dice_one_in(&m->d, 8))
		head.src = IP6(0, 0);
	head.next = 58;
	head.hop_limit = dice_one_in(&m->d, 12) ? (uint8_t)dice_word(&m->d) : 255;
	message[0] = (uint8_t)(133 + kind);
	message[1] = (uint8_t)(dice_one_in(&m->d, 16) ? dice_word(&m->d) : 0);
	soak_put32(message + 4, dice_one_in(&m->d, 2) ? dice_word(&m->d) : 0x60000000);
	if (kind >= 2)
		put_ip(message + 8, nd_target(m));
	if (kind == 4)
		put_ip(message + 24, address6_routed(&m->d));
	while (options-- > 0)
		n += nd_option_write(m, message + n);
	if (dice_one_in(&m->d, 16))
		n = dice_roll(&m->d, n);
	mutant_ether(m, 0x86dd);
	mac_group(m, head.dst);
	packet_ip6(m->p, &head, n);
	memcpy(m->p->bytes + 54, message, n);
	if (dice_one_in(&m->d, 16))
		ext_add(m);
	soak_fix_l4(m->p, false);
}

void make6_mld(struct mutant *m)
{
	static const uint8_t type[] = {130, 130, 130, 131, 132, 143};
	static const uint8_t alert[6] = {5, 2};
	struct packet_ip6 head = head6_any(m);
	uint32_t n = dice_one_in(&m->d, 8) ? dice_roll(&m->d, 60) : dice_one_in(&m->d, 2) ? 24 : 28;
	uint8_t *h;

	head.src = dice_one_in(&m->d, 8) ? head.src : address6_link(m->port, 2);
	head.dst = nd_destination(m);
	head.next = 58;
	head.hop_limit = dice_one_in(&m->d, 12) ? (uint8_t)dice_word(&m->d) : 1;
	mutant_ether(m, 0x86dd);
	mac_group(m, head.dst);
	packet_ip6(m->p, &head, n);
	h = m->p->bytes + 54;
	for (uint32_t i = 0; i < n; i++)
		h[i] = (uint8_t)(dice_one_in(&m->d, 4) ? dice_word(&m->d) : 0);
	if (n > 0)
		h[0] = type[dice_roll(&m->d, sizeof(type))];
	if (!dice_one_in(&m->d, 8))
		packet_ext6(m->p, 0, alert, sizeof(alert));
	soak_fix_l4(m->p, false);
}
