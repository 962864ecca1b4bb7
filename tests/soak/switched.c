/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * switched: the good packets to and from hosts behind the bridge: within a VLAN, where nothing but
 * the tag changes; between VLANs; and between a VLAN and a routed port. UDP, of both families.
 */
#include <string.h>

#include "soak.h"

/* Where hosts are. Routed ports are in nets 0 to 3, VLANs in nets of their own number. */
struct place {
	unsigned int wire, net, host;
};

static const struct place places[] = {
	{SOAK_TRUNK, 10, 2}, {SOAK_TRUNK + 1, 10, 3},
	{SOAK_TRUNK, 20, 2}, {SOAK_TRUNK + 2, 20, 3},
	{0, 0, 2},           {3, 3, 2},
};

/* Who sends to whom. */
static const uint8_t pairs[FLOWS_SWITCHED / 2][2] = {
	{0, 1}, {1, 0}, {2, 3}, {3, 2}, /* within a VLAN */
	{0, 3}, {3, 1},                 /* between two, once out of the trunk and once not */
	{4, 1}, {2, 5},                 /* with routed ports */
};

struct leg {
	const struct place *from, *to;
	bool six;
};

static struct leg leg_of(unsigned int f)
{
	unsigned int k = (f - FLOWS_ROUTED) / 2;

	return (struct leg){&places[pairs[k][0]], &places[pairs[k][1]], f % 2 == 1};
}

static bool is_tagged(const struct place *p)
{
	return p->wire == SOAK_TRUNK;
}

static uint64_t router_mac(const struct place *p)
{
	return p->wire < SOAK_PORTS ? SOAK_ROUTER_MAC(p->net) : SOAK_BRIDGE;
}

static uint64_t host_mac(const struct place *p)
{
	return SOAK_MAC(p->net, p->host);
}

unsigned int switched_from(unsigned int f)
{
	return leg_of(f).from->wire;
}

/* A tag of @vid with a priority that follows from @g. */
static void tag_put(struct packet *p, unsigned int vid, uint32_t priority)
{
	memmove(p->bytes + 16, p->bytes + 12, p->len - 12);
	soak_put16(p->bytes + 12, 0x8100);
	soak_put16(p->bytes + 14, priority << 13 | vid);
	p->len += 4;
}

/* The packet without tags, from a host in @l to @dst. */
static void plain_make(struct packet *p, struct leg l, uint64_t dst, struct good g, uint64_t seed)
{
	struct dice d = {dice_mix(seed + g.f) ^ g.seq};
	uint32_t most = 1500 - (l.six ? 40 : 20);
	uint32_t len = dice_one_in(&d, 8) ? most : 44 + dice_roll(&d, 300);
	const struct packet_ip4 four = {.src = SOAK_IP(l.from->net, l.from->host),
	                                .dst = SOAK_IP(l.to->net, l.to->host),
	                                .id = (uint16_t)g.seq,
	                                .ttl = (uint8_t)(2 + dice_roll(&d, 254))};
	const struct packet_ip6 six = {.src = SOAK_IP6(l.from->net, l.from->host),
	                               .dst = SOAK_IP6(l.to->net, l.to->host),
	                               .tclass_flow = 1 + g.f,
	                               .hop_limit = (uint8_t)(2 + dice_roll(&d, 254))};
	uint8_t *u = p->bytes + (l.six ? 54 : 34);

	packet_ether(p, dst, host_mac(l.from), l.six ? 0x86dd : 0x0800);
	if (l.six)
		packet_ip6(p, &six, len);
	else
		packet_ip4(p, &four, len);
	packet_udp(p);
	flow_mark(u + 8, len - 8, g, seed);
	soak_fix_l4(p, false);
}

void switched_make(struct packet *p, struct good g, uint64_t seed)
{
	struct leg l = leg_of(g.f);
	bool within = l.from->net == l.to->net;

	plain_make(p, l, within ? host_mac(l.to) : router_mac(l.from), g, seed);
	if (is_tagged(l.from))
		tag_put(p, l.from->net, g.seq % 8);
}

const char *switched_differs(const uint8_t *frame, uint32_t len, unsigned int wire, struct good g,
                             uint64_t seed, struct packet *want)
{
	struct leg l = leg_of(g.f);
	bool within = l.from->net == l.to->net;
	uint32_t whole;

	if (wire != l.to->wire)
		return "came out of another port";
	plain_make(want, l, host_mac(l.to), g, seed);
	whole = want->len;
	if (!within) {
		want->bytes[l.six ? 21 : 22]--; /* hop limit, TTL */
		if (!l.six)
			packet_fix_ip4(want);
		packet_ether(want, host_mac(l.to), router_mac(l.to), l.six ? 0x86dd : 0x0800);
		want->len = whole;
	}
	/* What comes untagged has no priority, and what the router sends neither. */
	if (is_tagged(l.to))
		tag_put(want, l.to->net, within && is_tagged(l.from) ? g.seq % 8 : 0);
	if (len != want->len)
		return "has another length";
	return memcmp(frame, want->bytes, len) == 0 ? NULL : "has changed";
}

const char *switched_flaw(const uint8_t *frame, uint32_t len, unsigned int wire)
{
	static uint8_t plain[SOAK_FRAME_MAX + 64];
	struct packet bridge;
	uint32_t vid, tag = 0;

	if (len < 60)
		return "a runt";
	if (soak_get16(frame + 12) == 0x8100) {
		vid = soak_get16(frame + 14) & 0xfff;
		if (wire != SOAK_TRUNK || (vid != 10 && vid != 20))
			return "a tag that the port does not have";
		tag = 4;
	} else if (wire == SOAK_TRUNK) {
		return "no tag, by a trunk";
	}
	packet_ether(&bridge, SOAK_BROADCAST, SOAK_BRIDGE, 0);
	if (memcmp(frame + 6, bridge.bytes + 6, 6) != 0)
		return NULL; /* a station's, and as it came */
	memcpy(plain, frame, 12);
	memcpy(plain + 12, frame + 12 + tag, len - 12 - tag);
	return packet_flaw(plain, len - tag, SOAK_BRIDGE, 1500);
}
