/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flow: the good packets. What each is like is known from its flow and number alone, so both ends
 * make it for themselves. UDP goes to hosts .2 themselves, TCP to a network behind hosts .3.
 */
#include <string.h>

#include "soak.h"

#define ECHO_FIRST (FLOWS - SOAK_PORTS)
#define MARK_BYTES 16 /* mark, flow, number */

struct route {
	unsigned int from, to;
	bool behind; /* a gateway */
};

static struct route flow_route(unsigned int f)
{
	unsigned int pair = f / 2, from = pair / (SOAK_PORTS - 1), to = pair % (SOAK_PORTS - 1);

	if (f >= ECHO_FIRST)
		return (struct route){f - ECHO_FIRST, f - ECHO_FIRST, false};
	return (struct route){from, to + (to >= from), f % 2 == 1};
}

unsigned int flow_from(unsigned int f)
{
	return flow_route(f).from;
}

static uint32_t head_bytes(unsigned int f)
{
	return f < ECHO_FIRST && f % 2 == 1 ? 20 : 8;
}

/* Bytes behind the IPv4 header: as few as go, as many as go, and between. */
static uint32_t payload_bytes(struct dice *d, uint32_t mtu, uint32_t n_options)
{
	uint32_t most = mtu - 20 - n_options;

	switch (dice_roll(d, 8)) {
	case 0:
		return most;
	case 1:
	case 2:
		return 44 + dice_roll(d, most - 43);
	default:
		return 44 + dice_roll(d, 64);
	}
}

static void mark_write(uint8_t *at, uint32_t len, struct good g, uint64_t seed)
{
	uint64_t mark = dice_mix(seed);

	soak_put32(at, (uint32_t)(mark >> 32));
	soak_put32(at + 4, (uint32_t)mark);
	soak_put32(at + 8, g.f);
	soak_put32(at + 12, g.seq);
	for (uint32_t i = MARK_BYTES; i < len; i++)
		at[i] = (uint8_t)(g.seq * 31 + g.f + i * 7 + (i >> 8));
}

static void head_write(struct packet *p, struct good g)
{
	uint8_t *h = packet_payload4(p);

	memset(h, 0, head_bytes(g.f));
	if (g.f >= ECHO_FIRST) {
		h[0] = 8;
		soak_put16(h + 4, g.f);
		soak_put16(h + 6, g.seq);
		return;
	}
	soak_put16(h, 40000 + g.f);
	soak_put16(h + 2, 50000 + g.f);
	if (g.f % 2 == 1) {
		soak_put32(h + 4, g.seq);
		h[12] = 0x50;
		h[13] = 0x10; /* ACK */
		soak_put16(h + 14, 1000);
	} else {
		soak_put16(h + 4, packet_payload4_len(p));
	}
}

void flow_make(struct packet *p, struct good g, uint64_t seed)
{
	static const uint8_t nops[8] = {1, 1, 1, 1, 1, 1, 1, 0};
	struct dice d = {dice_mix(seed + g.f) ^ g.seq};
	struct route r = flow_route(g.f);
	uint32_t mtu = soak_mtu(r.from) < soak_mtu(r.to) ? soak_mtu(r.from) : soak_mtu(r.to);
	struct packet_ip4 head = {
		.src = SOAK_IP(r.from, 2),
		.dst = r.behind ? IP(198, 18, r.to, 1 + r.from) : SOAK_IP(r.to, 2),
		.proto = r.behind ? 6 : 17,
		.ttl = (uint8_t)(2 + dice_roll(&d, 254)),
		.tos = (uint8_t)dice_roll(&d, 256),
		.id = (uint16_t)dice_word(&d),
		.frag = dice_one_in(&d, 2) ? 0x4000 : 0,
		.options = nops,
	};

	if (g.f >= ECHO_FIRST) {
		head.dst = SOAK_IP(r.from, 1);
		head.proto = 1;
	} else if (dice_one_in(&d, 16)) {
		head.n_options = sizeof(nops);
	}
	packet_ether(p, SOAK_ROUTER_MAC(r.from), SOAK_MAC(r.from, 2), 0x0800);
	packet_ip4(p, &head, payload_bytes(&d, mtu, head.n_options));
	head_write(p, g);
	mark_write(packet_payload4(p) + head_bytes(g.f), packet_payload4_len(p) - head_bytes(g.f),
	           g, seed);
	soak_fix_l4(p, false);
}

bool flow_known(const uint8_t *frame, uint32_t len, uint64_t seed, struct good *g)
{
	uint64_t mark = dice_mix(seed);
	uint32_t at;

	if (len < 34 || soak_get16(frame + 12) != 0x0800)
		return false;
	at = 14 + (frame[14] & 15u) * 4 + (frame[23] == 6 ? 20 : 8);
	if (at + MARK_BYTES > len || soak_get32(frame + at) != mark >> 32 ||
	    soak_get32(frame + at + 4) != (uint32_t)mark)
		return false;
	g->f = soak_get32(frame + at + 8);
	g->seq = soak_get32(frame + at + 12);
	return g->f < FLOWS;
}

/* Of an echo reply all but TTL, ID and type of service is known. */
static const char *echo_differs(const uint8_t *frame, uint32_t len, const struct packet *asked)
{
	const uint8_t *h = frame + 14;

	if (len != asked->len || soak_get16(h + 2) != len - 14 || h[0] != 0x45 || h[9] != 1)
		return "an echo reply of another length or protocol";
	if (memcmp(h + 12, asked->bytes + 30, 4) != 0 || memcmp(h + 16, asked->bytes + 26, 4) != 0)
		return "an echo reply whose addresses are not those of the question";
	if (memcmp(frame, asked->bytes + 6, 6) != 0)
		return "an echo reply to another MAC address";
	if (h[20] != 0 || h[21] != 0 || memcmp(h + 24, asked->bytes + 38, len - 38) != 0)
		return "an echo reply that does not echo";
	return packet_sum(h + 20, len - 34) == 0xffff ? NULL : "an echo reply's checksum is wrong";
}

const char *flow_differs(const uint8_t *frame, uint32_t len, unsigned int port, struct good g,
                         uint64_t seed, struct packet *want)
{
	struct route r = flow_route(g.f);
	uint16_t sum;

	flow_make(want, g, seed);
	if (port != r.to)
		return "came out of another port";
	if (g.f >= ECHO_FIRST)
		return echo_differs(frame, len, want);
	want->bytes[22]--; /* TTL */
	packet_fix_ip4(want);
	sum = (uint16_t)soak_get16(want->bytes + 12);
	packet_ether(want, SOAK_MAC(r.to, r.behind ? 3 : 2), SOAK_ROUTER_MAC(r.to), sum);
	want->len = 14 + soak_get16(want->bytes + 16);
	if (len != want->len)
		return "has another length";
	return memcmp(frame, want->bytes, len) == 0 ? NULL : "has changed";
}
