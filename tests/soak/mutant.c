/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutant: the bad packets. Frames of a group of eight are of one kind, of one sender and to one
 * port, so that fragments meet; each is then left as it is, or damaged, or damaged and given right
 * checksums, so that it gets further. Nothing here bears the mark of the good packets.
 */
#include <string.h>

#include "mutant.h"

/* --- Addresses ---------------------------------------------------------------------------------
 */

/* Destinations by every kind of route that the configuration has, and by none. */
static uint32_t address_routed(struct dice *d)
{
	unsigned int port = dice_roll(d, SOAK_PORTS);
	uint32_t low = dice_roll(d, 256);

	switch (dice_roll(d, 16)) {
	case 0:
		return IP(198, 18, port, low); /* by a static gateway */
	case 1:
		return IP(198, 19, port, low); /* by one that answers ARP */
	case 2:
		return IP(198, 20, port, low); /* by a silent one */
	case 3:
		return IP(198, 21, port, low); /* blackhole */
	case 4:
		return IP(198, 22, port, low); /* unreachable */
	case 5:
		return IP(198, 23, port, low); /* prohibit */
	case 6:
		return IP(198, 24, low, dice_roll(d, 256)); /* several gateways */
	case 7:
	case 8:
		return IP(11, dice_roll(d, 40), low, dice_roll(d, 256)); /* one of ten thousand */
	case 9:
		return IP(10, 0, 4, low); /* the link that flaps */
	case 10:
		return dice_word(d); /* mostly nothing */
	default:
		return SOAK_IP(port, low);
	}
}

static uint32_t address_strange(struct dice *d, unsigned int port)
{
	static const uint32_t strange[] = {
		0,
		0xffffffff,
		IP(127, 0, 0, 1),
		IP(224, 0, 0, 1),
		IP(239, 255, 255, 250),
		IP(240, 0, 0, 1),
		IP(169, 254, 0, 1),
		IP(0, 1, 2, 3),
		IP(255, 255, 255, 254),
	};

	switch (dice_roll(d, 4)) {
	case 0:
		return SOAK_IP(port, 255);
	case 1:
		return SOAK_IP(dice_roll(d, SOAK_PORTS), dice_one_in(d, 2) ? 0 : 1);
	default:
		return strange[dice_roll(d, sizeof(strange) / sizeof(*strange))];
	}
}

static uint32_t address_source(struct mutant *m)
{
	if (dice_one_in(&m->d, 12))
		return address_strange(&m->d, m->port);
	if (dice_one_in(&m->d, 6))
		return address_routed(&m->d);
	return SOAK_IP(m->port, 2 + dice_roll(&m->d, 250));
}

static uint32_t address_destination(struct mutant *m)
{
	if (dice_one_in(&m->d, 16))
		return address_strange(&m->d, m->port);
	if (dice_one_in(&m->d, 4)) /* the router, by the near address or another */
		return SOAK_IP(dice_one_in(&m->d, 3) ? dice_roll(&m->d, SOAK_PORTS) : m->port, 1);
	return address_routed(&m->d);
}

/* --- IPv4 --------------------------------------------------------------------------------------
 */

static uint32_t length_any(struct mutant *m)
{
	uint32_t most = soak_mtu(m->port) - 60;

	switch (dice_roll(&m->d, 24)) {
	case 0:
		return most;
	case 1:
		return dice_roll(&m->d, most);
	case 2:
		return dice_roll(&m->d, 1341);
	case 3:
		return dice_roll(&m->d, 8);
	default:
		return 8 + dice_roll(&m->d, 64);
	}
}

static uint8_t ttl_any(struct mutant *m)
{
	static const uint8_t edge[] = {1, 1, 2, 3, 254, 255};

	if (dice_one_in(&m->d, 8))
		return edge[dice_roll(&m->d, sizeof(edge))];
	return (uint8_t)(3 + dice_roll(&m->d, 250));
}

/* One option, often with a length or a pointer that is not what it should be. Return: its bytes. */
static uint32_t option_write(struct dice *d, uint8_t *at, uint32_t room)
{
	/* record route, timestamp, loose and strict source route, security, stream, alert, MTU */
	static const uint8_t kind[] = {7, 7, 68, 68, 131, 137, 130, 136, 148, 11, 12, 82, 30};
	uint8_t type = dice_one_in(d, 8) ? (uint8_t)dice_word(d) : kind[dice_roll(d, sizeof(kind))];
	uint32_t len = 3 + dice_roll(d, 5) * 4 + (type == 68 ? 1 : 0);

	if (dice_one_in(d, 6) || room < 3) {
		at[0] = (uint8_t)dice_roll(d, 2); /* end, or nothing */
		return 1;
	}
	if (len > room)
		len = room;
	at[0] = type;
	at[1] = (uint8_t)(dice_one_in(d, 8) ? dice_word(d) : len);
	at[2] = (uint8_t)(dice_one_in(d, 8) ? dice_word(d)
	                                    : 4 + dice_roll(d, 5) * 4 + (type == 68));
	for (uint32_t i = 3; i < len; i++)
		at[i] = (uint8_t)(dice_one_in(d, 2) ? dice_word(d) : 0);
	if (type == 68 && len > 3) /* its flags: stamps, addresses too, addresses given */
		at[3] = (uint8_t)(dice_one_in(d, 4) ? dice_word(d) : dice_roll(d, 4));
	if ((type == 68 || type == 7 || type == 131 || type == 137) && len >= 8)
		soak_put32(at + len - 4, SOAK_IP(dice_roll(d, SOAK_PORTS), 1 + dice_roll(d, 3)));
	return len;
}

static uint32_t options_write(struct dice *d, uint8_t options[40])
{
	uint32_t n = 4 * (1 + dice_roll(d, 10)), at = 0;

	memset(options, 0, 40);
	while (at < n)
		at += option_write(d, options + at, n - at);
	return n;
}

/* What stands behind the header: of the protocol's shape where there is room. */
static void payload_shape(struct mutant *m, uint8_t proto)
{
	static const uint8_t type[] = {8, 8, 8, 0, 3, 3, 11, 12, 5, 4, 13, 17, 10, 9, 40};
	static const uint16_t port[] = {7, 9, 53, 80, 179, 520, 33434, 0};
	uint8_t *l4 = packet_payload4(m->p);
	uint32_t len = packet_payload4_len(m->p);

	for (uint32_t i = 0; i < len && i < 64; i++)
		l4[i] = (uint8_t)dice_word(&m->d);
	if (proto == 1 && len >= 8) {
		l4[0] = dice_one_in(&m->d, 8) ? (uint8_t)dice_word(&m->d)
		                              : type[dice_roll(&m->d, sizeof(type))];
		l4[1] = (uint8_t)dice_roll(&m->d, dice_one_in(&m->d, 8) ? 256 : 5);
		if (l4[0] != 8 && len >= 36) { /* a packet that it speaks of */
			l4[8] = 0x45;
			soak_put32(l4 + 20, address_routed(&m->d));
			soak_put32(l4 + 24, address_routed(&m->d));
		}
	} else if ((proto == 6 || proto == 17) && len >= 8) {
		soak_put16(l4 + 2, port[dice_roll(&m->d, sizeof(port) / sizeof(*port))]);
		if (proto == 17)
			soak_put16(l4 + 4, dice_one_in(&m->d, 8) ? dice_word(&m->d) : len);
		else if (len >= 20)
			l4[12] = (uint8_t)(dice_one_in(&m->d, 8) ? dice_word(&m->d) : 0x50);
	}
}

void mutant_ether(struct mutant *m, uint16_t type)
{
	uint64_t to = SOAK_ROUTER_MAC(m->port);

	if (dice_one_in(&m->d, 24))
		to = SOAK_BROADCAST;
	else if (dice_one_in(&m->d, 24))
		to = 0x5e0001 | (uint64_t)dice_word(&m->d) << 24; /* a group */
	else if (dice_one_in(&m->d, 24))
		to = SOAK_MAC(m->port, 77);
	packet_ether(m->p, to & SOAK_BROADCAST, SOAK_MAC(m->port, 2 + dice_roll(&m->d, 250)), type);
}

static struct packet_ip4 head_any(struct mutant *m)
{
	static const uint8_t proto[] = {17, 17, 17, 6, 6, 6, 1, 1, 1, 1, 2, 47, 50, 89, 132, 4};

	return (struct packet_ip4){
		.src = address_source(m),
		.dst = address_destination(m),
		.proto = dice_one_in(&m->d, 16) ? (uint8_t)(1 + dice_roll(&m->d, 255))
	                                        : proto[dice_roll(&m->d, sizeof(proto))],
		.ttl = ttl_any(m),
		.tos = (uint8_t)dice_word(&m->d),
		.id = (uint16_t)dice_word(&m->d),
		.frag = dice_one_in(&m->d, 2) ? 0x4000 : 0,
	};
}

static void ip4_make(struct mutant *m, const struct packet_ip4 *head, uint32_t payload)
{
	mutant_ether(m, 0x0800);
	packet_ip4(m->p, head, payload);
	payload_shape(m, head->proto);
	soak_fix_l4(m->p, dice_one_in(&m->d, 16));
}

static void make_ip4(struct mutant *m)
{
	struct packet_ip4 head = head_any(m);

	ip4_make(m, &head, length_any(m));
}

static void make_options(struct mutant *m)
{
	struct packet_ip4 head = head_any(m);
	uint8_t options[40];

	head.n_options = options_write(&m->d, options);
	head.options = options;
	ip4_make(m, &head, length_any(m));
}

/* The first piece of a whole of @pieces: what it says of length and checksum is of the whole. The
 * others are alike, and @sum is that of each. */
static void first_shape(struct mutant *m, uint8_t proto, uint32_t pieces, uint32_t sum)
{
	uint8_t *l4 = packet_payload4(m->p);
	uint32_t len = packet_payload4_len(m->p);

	payload_shape(m, proto);
	if (proto == 17) {
		soak_put16(l4 + 4, pieces * len);
		soak_put16(l4 + 6, 0); /* no sum */
		return;
	}
	soak_put16(l4, 0x0800); /* echo */
	soak_put16(l4 + 2, 0);
	sum = sum * (pieces - 1) + packet_sum(l4, len);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	soak_put16(l4 + 2, ~sum);
}

enum style {
	WHOLE,
	ALSO_WHOLE,
	TINY,
	OVERLAP,
	BEYOND, /* 64 KiB */
	FLOOD,  /* no two of one packet */
	ODD,    /* lengths not a multiple of 8 */
	STYLES,
};

/* Pieces of what the group sends: in order or not, some twice, and worse. */
static void make_fragment(struct mutant *m)
{
	struct dice shared = m->group;
	enum style style = (enum style)dice_roll(&shared, STYLES);
	uint32_t size = style == TINY ? 8 : 8 * (1 + dice_roll(&shared, 160));
	uint32_t pieces = 2 + dice_roll(&shared, GROUP - 1), turn = dice_roll(&shared, GROUP);
	uint32_t piece = (m->place + turn) % GROUP % pieces, at = piece * (size / 8);
	struct packet_ip4 head = {
		.src = SOAK_IP(m->port, 2 + dice_roll(&shared, 250)),
		.dst = dice_one_in(&shared, 3) ? address_routed(&shared) : SOAK_IP(m->port, 1),
		.proto = dice_one_in(&shared, 2) ? 1 : 17,
		.ttl = 64,
		.id = (uint16_t)dice_word(&shared),
	};

	if (style == OVERLAP && at > 0 && dice_one_in(&m->d, 2))
		at--;
	else if (style == BEYOND && dice_one_in(&m->d, 3))
		at = 0x1fff - dice_roll(&m->d, 4);
	else if (style == FLOOD)
		head.id = (uint16_t)dice_word(&m->d);
	else if (style == ODD && dice_one_in(&m->d, 4))
		size += dice_roll(&m->d, 8);
	head.frag = (uint16_t)(at | (piece + 1 < pieces ? 0x2000 : 0));
	mutant_ether(m, 0x0800);
	packet_ip4(m->p, &head, size);
	if (piece == 0)
		first_shape(m, head.proto, pieces, packet_sum(packet_payload4(m->p), size));
}

/* --- Everything else ---------------------------------------------------------------------------
 */

/* Not even in ARP does anyone claim what the good packets need: they have static neighbours. */
static void make_arp(struct mutant *m)
{
	struct packet_arp a = {
		.dst = dice_one_in(&m->d, 3) ? SOAK_ROUTER_MAC(m->port) : SOAK_BROADCAST,
		.sender_mac = SOAK_MAC(m->port, 2 + dice_roll(&m->d, 250)),
		.target_mac = dice_one_in(&m->d, 2) ? SOAK_ROUTER_MAC(m->port) : 0,
		.sender = SOAK_IP(m->port, dice_roll(&m->d, 256)),
		.target = SOAK_IP(m->port, 1),
		.op = (uint16_t)(1 + dice_roll(&m->d, 2)),
	};
	uint8_t *body = m->p->bytes + 14;

	if (dice_one_in(&m->d, 4))
		a.sender = address_routed(&m->d);
	if (dice_one_in(&m->d, 8))
		a.sender = address_strange(&m->d, m->port);
	if (dice_one_in(&m->d, 4))
		a.target = dice_one_in(&m->d, 2) ? a.sender : address_routed(&m->d);
	if (dice_one_in(&m->d, 16))
		a.sender_mac = dice_one_in(&m->d, 2) ? SOAK_BROADCAST : SOAK_ROUTER_MAC(m->port);
	packet_arp(m->p, &a);
	if (dice_one_in(&m->d, 12))
		body[dice_roll(&m->d, 8)] = (uint8_t)dice_word(&m->d); /* its fixed part */
	if (dice_one_in(&m->d, 6))
		m->p->len = 14 + dice_roll(&m->d, 46);
}

static void make_tagged(struct mutant *m)
{
	uint32_t tags = 1 + dice_roll(&m->d, 4);
	struct packet *p = m->p;

	if (dice_one_in(&m->d, 4))
		make_arp(m);
	else
		make_ip4(m);
	for (uint32_t i = 0; i < tags && p->len + 4 <= SOAK_FRAME_MAX; i++) {
		memmove(p->bytes + 16, p->bytes + 12, p->len - 12);
		soak_put16(p->bytes + 12, dice_one_in(&m->d, 3) ? 0x88a8 : 0x8100);
		soak_put16(p->bytes + 14, dice_word(&m->d));
		p->len += 4;
	}
}

static void noise_add(struct mutant *m, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		m->p->bytes[m->p->len++] = (uint8_t)dice_word(&m->d);
}

static void make_noise(struct mutant *m)
{
	static const uint16_t type[] = {0x0800, 0x0806, 0x8100, 0x88cc, 0x0027, 0x8863, 0x8847};

	mutant_ether(m, dice_one_in(&m->d, 4)
	                        ? (uint16_t)dice_word(&m->d)
	                        : type[dice_roll(&m->d, sizeof(type) / sizeof(*type))]);
	noise_add(m, dice_one_in(&m->d, 3) ? dice_roll(&m->d, 46) : dice_roll(&m->d, 300));
}

static void make_strange(struct mutant *m)
{
	struct packet_ip4 head = head_any(m);

	if (dice_one_in(&m->d, 2))
		head.src = address_strange(&m->d, m->port);
	else
		head.dst = address_strange(&m->d, m->port);
	ip4_make(m, &head, length_any(m));
}

/* --- Damage ------------------------------------------------------------------------------------
 */

static void bits_flip(struct mutant *m, uint32_t from, uint32_t to)
{
	if (to > m->p->len)
		to = m->p->len;
	for (uint32_t n = 1 + dice_roll(&m->d, 4); n > 0 && to > from; n--)
		m->p->bytes[from + dice_roll(&m->d, to - from)] ^=
			(uint8_t)(1u << dice_roll(&m->d, 8));
}

static bool header6_whole(const struct packet *p)
{
	return p->len >= 54 && soak_get16(p->bytes + 12) == 0x86dd;
}

static void head6_damage(struct mutant *m)
{
	uint8_t *h = packet_head6(m->p);

	switch (dice_roll(&m->d, 6)) {
	case 0:
		soak_put16(h + 4, dice_word(&m->d)); /* length */
		break;
	case 1:
		soak_put16(h + 4, soak_get16(h + 4) + dice_roll(&m->d, 9) - 4);
		break;
	case 2:
		h[6] = (uint8_t)dice_word(&m->d); /* next header */
		break;
	case 3: /* the first bytes of what follows: lengths of headers and options, offsets */
		bits_flip(m, 54, 62);
		break;
	default:
		bits_flip(m, 14, 54);
	}
}

static bool header_whole(const struct packet *p)
{
	return p->len >= 34 && soak_get16(p->bytes + 12) == 0x0800 && (p->bytes[14] & 15) >= 5 &&
	       p->len >= 14 + (p->bytes[14] & 15u) * 4;
}

static void head_damage(struct mutant *m)
{
	uint8_t *h = packet_head4(m->p);

	if (header6_whole(m->p)) {
		head6_damage(m);
		return;
	}
	if (!header_whole(m->p)) {
		bits_flip(m, 0, 60);
		return;
	}
	switch (dice_roll(&m->d, 6)) {
	case 0:
		soak_put16(h + 2, dice_word(&m->d)); /* length */
		break;
	case 1:
		soak_put16(h + 2, soak_get16(h + 2) + dice_roll(&m->d, 9) - 4);
		break;
	case 2:
		h[0] = (uint8_t)((h[0] & 0xf0) | dice_roll(&m->d, 16));
		break;
	case 3:
		soak_put16(h + 6, dice_word(&m->d)); /* fragment */
		break;
	default:
		bits_flip(m, 14, 34);
	}
	if (header_whole(m->p))
		packet_fix_ip4(m->p);
}

static void damage(struct mutant *m)
{
	struct packet *p = m->p;

	switch (dice_roll(&m->d, 16)) {
	case 0:
	case 1:
		bits_flip(m, 0, p->len);
		break;
	case 2:
	case 3:
	case 4:
		head_damage(m);
		break;
	case 5: /* cut off */
		p->len = 14 + dice_roll(&m->d, p->len - 13);
		break;
	case 6: /* a trailer */
		noise_add(m, dice_roll(&m->d, 60));
		break;
	case 7:
		bits_flip(m, 14, p->len);
		if (header_whole(p))
			packet_fix_ip4(p);
		if (header_whole(p) || header6_whole(p))
			soak_fix_l4(p, false);
		break;
	default:
		break;
	}
	if (p->len > SOAK_FRAME_MAX)
		p->len = SOAK_FRAME_MAX;
}

/* Let the frame come to the bridge: from one of many stations, to the router, to one of them, or to
 * all, with tags of every kind. Return: the wire. */
static unsigned int mutant_switch(struct mutant *m)
{
	static const uint16_t vids[] = {10, 10, 10, 20, 20, 0, 30, 4095};
	unsigned int wire = SOAK_TRUNK + dice_roll(&m->group, SOAK_WIRES - SOAK_TRUNK);
	uint32_t tags = wire == SOAK_TRUNK || dice_one_in(&m->d, 8) ? 1 : 0;
	uint32_t to = dice_roll(&m->d, 8),
		 from = dice_roll(&m->d, 1u << (4 + dice_roll(&m->d, 18)));
	struct packet *p = m->p;
	uint16_t type = (uint16_t)(p->len >= 14 ? soak_get16(p->bytes + 12) : 0);
	uint32_t len = p->len;
	uint64_t dst = SOAK_BRIDGE;

	if (to == 0)
		dst = SOAK_BROADCAST;
	else if (to < 3)
		dst = 0x4602ull | (uint64_t)dice_roll(&m->d, 64) << 16;
	else if (to == 4 && dice_one_in(&m->d, 8)) /* of the link alone, mostly */
		dst = 0xc28001 | (uint64_t)dice_roll(&m->d, 20) << 40;
	else if (to == 3)
		dst = SOAK_MAC(dice_one_in(&m->d, 2) ? 10 : 20, 2 + dice_roll(&m->d, 2));
	packet_ether(p, dst, 0x4602ull | (uint64_t)from << 16, type);
	if (dice_one_in(&m->d, 32)) /* someone else's address: a group, the router's, a station's */
		packet_ether(p, dst, to % 2 == 0 ? SOAK_BRIDGE : SOAK_MAC(10, to), type);
	p->len = len;
	tags += dice_one_in(&m->d, 8);
	for (uint32_t i = 0; i < tags && p->len >= 14 && p->len + 4 <= 1518; i++) {
		memmove(p->bytes + 16, p->bytes + 12, p->len - 12);
		soak_put16(p->bytes + 12, dice_one_in(&m->d, 12) ? 0x88a8 : 0x8100);
		soak_put16(p->bytes + 14, dice_roll(&m->d, 16) << 12 | vids[dice_roll(&m->d, 8)]);
		p->len += 4;
	}
	return wire;
}

unsigned int mutant_make(struct packet *p, uint64_t seed, uint64_t k)
{
	typedef void make_fn(struct mutant * m);
	static make_fn *const make[] = {
		make_ip4,       make_ip4,       make_ip4,     make_ip4,      make_ip4,
		make_ip4,       make_arp,       make_arp,     make_tagged,   make_options,
		make_options,   make_options,   make_strange, make_fragment, make_fragment,
		make_fragment,  make_noise,     make6_any,    make6_any,     make6_any,
		make6_ext,      make6_ext,      make6_ext,    make6_icmp,    make6_nd,
		make6_nd,       make6_nd,       make6_mld,    make6_strange, make6_fragment,
		make6_fragment, make6_fragment,
	};
	struct mutant m = {
		.p = p,
		.group = {dice_mix(dice_mix(seed) + k / GROUP)},
		.d = {dice_mix(dice_mix(seed + 1) + k)},
		.port = (unsigned int)(k / GROUP % SOAK_PORTS),
		.place = (unsigned int)(k % GROUP),
	};

	make[dice_roll(&m.group, sizeof(make) / sizeof(*make))](&m);
	damage(&m);
	return dice_one_in(&m.group, 3) ? mutant_switch(&m) : m.port;
}

static void fix_l4_ip6(struct packet *p)
{
	uint8_t proto;
	uint32_t at = mutant_upper6(p, &proto), len, sum;
	uint8_t *field = p->bytes + at + (proto == 58 ? 2 : proto == 6 ? 16 : 6);

	if (at == 0 || (proto != 58 && proto != 6 && proto != 17))
		return;
	len = 54 + soak_get16(p->bytes + 18) - at;
	if (field + 2 > p->bytes + at + len)
		return;
	soak_put16(field, 0);
	sum = ~(uint32_t)packet_sum6(p->bytes + 14, proto, p->bytes + at, len) & 0xffff;
	soak_put16(field, sum == 0 ? 0xffff : sum);
}

void soak_fix_l4(struct packet *p, bool half)
{
	uint8_t *h = packet_head4(p), *l4 = packet_payload4(p);
	uint32_t total = soak_get16(h + 2), hlen = (h[0] & 15u) * 4, len, sum = 0;
	uint32_t at = h[9] == 1 ? 2 : h[9] == 6 ? 16 : 6;

	if (soak_get16(p->bytes + 12) == 0x86dd) {
		fix_l4_ip6(p);
		return;
	}
	if (total < hlen || total + 14 > p->len || total - hlen < at + 2)
		return;
	if (h[9] != 1 && h[9] != 6 && h[9] != 17)
		return;
	len = total - hlen;
	soak_put16(l4 + at, 0);
	if (h[9] != 1)
		sum = packet_sum(h + 12, 8) + h[9] + len;
	if (!half || h[9] == 1)
		sum += packet_sum(l4, len);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	if (!half)
		sum = sum == 0xffff ? 0xffff : ~sum & 0xffff;
	soak_put16(l4 + at, sum);
}
