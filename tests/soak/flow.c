/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flow: the good packets. What each is like is known from its flow and number alone, so both ends
 * make it for themselves. UDP goes to hosts 2 themselves, TCP to a network behind hosts 3.
 */
#include <string.h>

#include "soak.h"

#define MARK_BYTES 16 /* mark, flow, number */

struct route {
	unsigned int from, to;
	bool six, echo;
	bool behind; /* a gateway */
};

static struct route flow_route(unsigned int f)
{
	unsigned int k = f % FLOWS_EACH, pair = k / 2;
	unsigned int from = pair / (SOAK_PORTS - 1), to = pair % (SOAK_PORTS - 1);
	bool six = f >= FLOWS_EACH;

	if (k >= FLOWS_EACH - SOAK_PORTS) {
		from = k - (FLOWS_EACH - SOAK_PORTS);
		return (struct route){from, from, six, true, false};
	}
	return (struct route){from, to + (to >= from), six, false, k % 2 == 1};
}

unsigned int flow_from(unsigned int f)
{
	return f < FLOWS_ROUTED ? flow_route(f).from : switched_from(f);
}

static uint32_t head_bytes(struct route r)
{
	return r.behind ? 20 : 8;
}

/* Bytes behind the IP header of @head bytes: as few as go, as many as go, and between. */
static uint32_t payload_bytes(struct dice *d, uint32_t mtu, uint32_t head)
{
	uint32_t most = mtu - head;

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

void flow_mark(uint8_t *at, uint32_t len, struct good g, uint64_t seed)
{
	uint64_t mark = dice_mix(seed);

	soak_put32(at, (uint32_t)(mark >> 32));
	soak_put32(at + 4, (uint32_t)mark);
	soak_put32(at + 8, g.f);
	soak_put32(at + 12, g.seq);
	for (uint32_t i = MARK_BYTES; i < len; i++)
		at[i] = (uint8_t)(g.seq * 31 + g.f + i * 7 + (i >> 8));
}

/* What stands at @h, @len bytes with its data. */
static void head_write(uint8_t *h, uint32_t len, struct route r, struct good g)
{
	memset(h, 0, head_bytes(r));
	if (r.echo) {
		h[0] = r.six ? 128 : 8;
		soak_put16(h + 4, g.f);
		soak_put16(h + 6, g.seq);
		return;
	}
	soak_put16(h, 40000 + g.f);
	soak_put16(h + 2, 50000 + g.f);
	if (r.behind) {
		soak_put32(h + 4, g.seq);
		h[12] = 0x50;
		h[13] = 0x10; /* ACK */
		soak_put16(h + 14, 1000);
	} else {
		soak_put16(h + 4, len);
	}
}

static uint32_t flow_mtu(struct route r)
{
	return soak_mtu(r.from) < soak_mtu(r.to) ? soak_mtu(r.from) : soak_mtu(r.to);
}

static void head4_make(struct packet *p, struct dice *d, struct route r)
{
	static const uint8_t nops[8] = {1, 1, 1, 1, 1, 1, 1, 0};
	struct packet_ip4 head = {
		.src = SOAK_IP(r.from, 2),
		.dst = r.behind ? IP(198, 18, r.to, 1 + r.from) : SOAK_IP(r.to, 2),
		.proto = r.behind ? 6 : 17,
		.ttl = (uint8_t)(2 + dice_roll(d, 254)),
		.tos = (uint8_t)dice_roll(d, 256),
		.id = (uint16_t)dice_word(d),
		.frag = dice_one_in(d, 2) ? 0x4000 : 0,
		.options = nops,
	};

	if (r.echo) {
		head.dst = SOAK_IP(r.from, 1);
		head.proto = 1;
	} else if (dice_one_in(d, 16)) {
		head.n_options = sizeof(nops);
	}
	packet_ether(p, SOAK_ROUTER_MAC(r.from), SOAK_MAC(r.from, 2), 0x0800);
	packet_ip4(p, &head, payload_bytes(d, flow_mtu(r), 20 + head.n_options));
}

static void head6_make(struct packet *p, struct dice *d, struct route r)
{
	static const uint8_t pad[6] = {1, 4};
	struct packet_ip6 head = {
		.src = SOAK_IP6(r.from, 2),
		.dst = r.behind ? IP6(0x20010db800180000ull | r.to, 1 + r.from) : SOAK_IP6(r.to, 2),
		.next = r.behind ? 6 : 17,
		.hop_limit = (uint8_t)(2 + dice_roll(d, 254)),
		/* One label a flow, and options in each packet or in none: by these, too, a device
	         * chooses the queue. */
		.tclass_flow = dice_roll(d, 256) << 20 | (1 + r.from * 16 + r.to),
	};
	bool options = !r.echo && (r.from + r.to) % 3 == 0;

	if (r.echo) {
		head.dst = SOAK_IP6(r.from, 1);
		head.next = 58;
	}
	packet_ether(p, SOAK_ROUTER_MAC(r.from), SOAK_MAC(r.from, 2), 0x86dd);
	packet_ip6(p, &head, payload_bytes(d, flow_mtu(r), 40 + (options ? 8 : 0)));
	if (options)
		packet_ext6(p, r.to % 2 == 0 ? 0 : 60, pad, sizeof(pad));
}

void flow_make(struct packet *p, struct good g, uint64_t seed)
{
	struct dice d = {dice_mix(seed + g.f) ^ g.seq};
	struct route r = flow_route(g.f);
	uint8_t *h;
	uint32_t len;

	if (g.f >= FLOWS_ROUTED) {
		switched_make(p, g, seed);
		return;
	}
	if (r.six)
		head6_make(p, &d, r);
	else
		head4_make(p, &d, r);
	h = r.six ? packet_payload6(p) : packet_payload4(p);
	len = r.six ? packet_payload6_len(p) : packet_payload4_len(p);
	head_write(h, len, r, g);
	flow_mark(h + head_bytes(r), len - head_bytes(r), g, seed);
	soak_fix_l4(p, false);
}

/* Where the data of a good packet would begin. */
static uint32_t mark_at(const uint8_t *frame)
{
	const uint8_t *h = frame + 14;

	if (soak_get16(frame + 12) == 0x0800)
		return 14 + (h[0] & 15u) * 4 + (h[9] == 6 ? 20 : 8);
	if (h[6] == 0 || h[6] == 60)
		return 14 + 48 + (h[40] == 6 ? 20 : 8);
	return 14 + 40 + (h[6] == 6 ? 20 : 8);
}

bool flow_known(const uint8_t *frame, uint32_t len, uint64_t seed, struct good *g)
{
	uint64_t mark = dice_mix(seed);
	uint32_t type = soak_get16(frame + 12), at;

	if (type == 0x8100 && len >= 64)
		return flow_known(frame + 4, len - 4, seed, g);
	if ((type != 0x0800 && type != 0x86dd) || len < (type == 0x0800 ? 34 : 55))
		return false;
	at = mark_at(frame);
	if (at + MARK_BYTES > len || soak_get32(frame + at) != mark >> 32 ||
	    soak_get32(frame + at + 4) != (uint32_t)mark)
		return false;
	g->f = soak_get32(frame + at + 8);
	g->seq = soak_get32(frame + at + 12);
	return g->f < FLOWS;
}

/* Of an echo reply all but TTL, ID and type of service is known. */
static const char *echo4_differs(const uint8_t *frame, uint32_t len, const struct packet *asked)
{
	const uint8_t *h = frame + 14;

	if (len != asked->len || soak_get16(h + 2) != len - 14 || h[0] != 0x45 || h[9] != 1)
		return "an echo reply of another length or protocol";
	if (memcmp(h + 12, asked->bytes + 30, 4) != 0 || memcmp(h + 16, asked->bytes + 26, 4) != 0)
		return "an echo reply whose addresses are not those of the question";
	if (h[20] != 0 || h[21] != 0 || memcmp(h + 24, asked->bytes + 38, len - 38) != 0)
		return "an echo reply that does not echo";
	return packet_sum(h + 20, len - 34) == 0xffff ? NULL : "an echo reply's checksum is wrong";
}

static const char *echo6_differs(const uint8_t *frame, uint32_t len, const struct packet *asked)
{
	const uint8_t *h = frame + 14;

	if (len != asked->len || soak_get16(h + 4) != len - 54 || h[0] >> 4 != 6 || h[6] != 58)
		return "an echo reply of another length or protocol";
	if (memcmp(h + 8, asked->bytes + 38, 16) != 0 || memcmp(h + 24, asked->bytes + 22, 16) != 0)
		return "an echo reply whose addresses are not those of the question";
	if (h[40] != 129 || h[41] != 0 || memcmp(h + 44, asked->bytes + 58, len - 58) != 0)
		return "an echo reply that does not echo";
	return packet_sum6(h, 58, h + 40, len - 54) == 0xffff ? NULL
	                                                      : "an echo reply's checksum is wrong";
}

static const char *echo_differs(const uint8_t *frame, uint32_t len, const struct packet *asked)
{
	if (memcmp(frame, asked->bytes + 6, 6) != 0)
		return "an echo reply to another MAC address";
	if (soak_get16(frame + 12) != soak_get16(asked->bytes + 12))
		return "an echo reply of another family";
	return soak_get16(frame + 12) == 0x0800 ? echo4_differs(frame, len, asked)
	                                        : echo6_differs(frame, len, asked);
}

const char *flow_differs(const uint8_t *frame, uint32_t len, unsigned int port, struct good g,
                         uint64_t seed, struct packet *want)
{
	struct route r = flow_route(g.f);
	uint32_t whole;
	uint16_t type;

	if (g.f >= FLOWS_ROUTED)
		return switched_differs(frame, len, port, g, seed, want);
	flow_make(want, g, seed);
	if (port != r.to)
		return "came out of another port";
	if (r.echo)
		return echo_differs(frame, len, want);
	whole = want->len; /* packet_ether() begins anew */
	type = (uint16_t)soak_get16(want->bytes + 12);
	want->bytes[r.six ? 21 : 22]--; /* hop limit, TTL */
	if (!r.six)
		packet_fix_ip4(want);
	packet_ether(want, SOAK_MAC(r.to, r.behind ? 3 : 2), SOAK_ROUTER_MAC(r.to), type);
	want->len = whole;
	if (len != want->len)
		return "has another length";
	return memcmp(frame, want->bytes, len) == 0 ? NULL : "has changed";
}
