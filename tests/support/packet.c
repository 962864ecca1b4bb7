/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet.h"

#include <assert.h>
#include <string.h>

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static void put_mac(uint8_t *p, uint64_t mac)
{
	for (int i = 0; i < 6; i++)
		p[i] = (uint8_t)(mac >> 8 * i);
}

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

uint16_t packet_sum(const uint8_t *p, uint32_t len)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint16_t packet_sum4(const uint8_t *h, const uint8_t *l4, uint32_t len)
{
	uint64_t sum = (uint64_t)packet_sum(h + 12, 8) + h[9] + len + packet_sum(l4, len);

	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint16_t packet_sum6(const uint8_t *h, uint8_t proto, const uint8_t *l4, uint32_t len)
{
	uint64_t sum = (uint64_t)packet_sum(h + 8, 32) + proto + len + packet_sum(l4, len);

	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

void packet_ether(struct packet *p, uint64_t dst, uint64_t src, uint16_t type)
{
	put_mac(p->bytes, dst);
	put_mac(p->bytes + 6, src);
	put16(p->bytes + 12, type);
	p->len = 14;
}

void packet_ip4(struct packet *p, const struct packet_ip4 *f, uint32_t payload)
{
	uint32_t hlen = 20 + f->n_options;
	uint8_t *h = packet_head4(p);

	assert(f->n_options % 4 == 0 && 14 + hlen + payload <= PACKET_MAX);
	memset(h, 0, hlen);
	h[0] = (uint8_t)(0x40 | hlen / 4);
	h[1] = f->tos;
	put16(h + 2, hlen + payload);
	put16(h + 4, f->id);
	put16(h + 6, f->frag);
	h[8] = f->ttl != 0 ? f->ttl : 64;
	h[9] = f->proto != 0 ? f->proto : 17;
	put32(h + 12, f->src);
	put32(h + 16, f->dst);
	if (f->n_options > 0)
		memcpy(h + 20, f->options, f->n_options);
	for (uint32_t i = 0; i < payload; i++)
		h[hlen + i] = (uint8_t)(i * 7 + (i >> 8));
	p->len = 14 + hlen + payload;
	packet_fix_ip4(p);
}

void packet_ip6(struct packet *p, const struct packet_ip6 *f, uint32_t payload)
{
	uint8_t *h = packet_head6(p);

	assert(14 + 40 + payload <= PACKET_MAX);
	put32(h, 6u << 28 | f->tclass_flow);
	put16(h + 4, payload);
	h[6] = f->next != 0 ? f->next : 17;
	h[7] = f->hop_limit != 0 ? f->hop_limit : 64;
	for (int i = 0; i < 8; i++) {
		h[8 + i] = (uint8_t)(f->src.hi >> (56 - 8 * i));
		h[16 + i] = (uint8_t)(f->src.lo >> (56 - 8 * i));
		h[24 + i] = (uint8_t)(f->dst.hi >> (56 - 8 * i));
		h[32 + i] = (uint8_t)(f->dst.lo >> (56 - 8 * i));
	}
	for (uint32_t i = 0; i < payload; i++)
		h[40 + i] = (uint8_t)(i * 7 + (i >> 8));
	p->len = 14 + 40 + payload;
}

void packet_ext6(struct packet *p, uint8_t type, const void *body, uint32_t n)
{
	uint8_t *h = packet_head6(p), *x = h + 40;

	assert((n + 2) % 8 == 0 && p->len + n + 2 <= PACKET_MAX);
	memmove(x + 2 + n, x, p->len - 54);
	x[0] = h[6];
	x[1] = (uint8_t)((n + 2) / 8 - 1);
	memcpy(x + 2, body, n);
	h[6] = type;
	put16(h + 4, get16(h + 4) + n + 2);
	p->len += n + 2;
}

void packet_frag6(struct packet *p, uint16_t frag, uint32_t id)
{
	uint8_t body[6];

	put16(body, frag);
	put32(body + 2, id);
	packet_ext6(p, 44, body, sizeof(body));
}

/* Where the extension headers of @h end, @room bytes from it on being there. */
static uint32_t walk6(const uint8_t *h, uint32_t room, uint8_t *proto)
{
	uint32_t at = 40;

	*proto = h[6];
	while ((*proto == 0 || *proto == 43 || *proto == 44 || *proto == 60) && at + 8 <= room) {
		uint32_t len = *proto == 44 ? 8 : (h[at + 1] + 1u) * 8;

		*proto = h[at];
		at += len;
	}
	return at < room ? at : room;
}

uint8_t *packet_payload6(struct packet *p)
{
	uint8_t *h = packet_head6(p), proto;

	return h + walk6(h, 40 + get16(h + 4), &proto);
}

uint32_t packet_payload6_len(struct packet *p)
{
	uint8_t *h = packet_head6(p);

	return (uint32_t)(h + 40 + get16(h + 4) - packet_payload6(p));
}

uint8_t packet_proto6(struct packet *p)
{
	uint8_t *h = packet_head6(p), proto;

	(void)walk6(h, 40 + get16(h + 4), &proto);
	return proto;
}

static bool is_ip6(struct packet *p)
{
	return get16(p->bytes + 12) == 0x86dd;
}

/* What follows the IP header of either family, which is made @proto's. */
static uint8_t *payload_of(struct packet *p, uint8_t proto, uint32_t *len)
{
	uint8_t *h = packet_head4(p);

	if (is_ip6(p)) {
		if (packet_payload6(p) == h + 40)
			h[6] = proto;
		*len = packet_payload6_len(p);
		return packet_payload6(p);
	}
	h[9] = proto;
	packet_fix_ip4(p);
	*len = packet_payload4_len(p);
	return packet_payload4(p);
}

/* The sum with the pseudo-header of either family. */
static uint16_t sum_of(struct packet *p, uint8_t proto, const uint8_t *l4, uint32_t len)
{
	uint8_t *h = packet_head4(p);

	return is_ip6(p) ? packet_sum6(h, proto, l4, len) : packet_sum4(h, l4, len);
}

void packet_fix_ip4(struct packet *p)
{
	uint8_t *h = packet_head4(p);

	put16(h + 10, 0);
	put16(h + 10, (uint16_t)~packet_sum(h, (h[0] & 15u) * 4));
}

uint8_t *packet_payload4(struct packet *p)
{
	uint8_t *h = packet_head4(p);

	return h + (size_t)(h[0] & 15) * 4;
}

uint32_t packet_payload4_len(struct packet *p)
{
	uint8_t *h = packet_head4(p);

	return get16(h + 2) - (h[0] & 15u) * 4;
}

void packet_udp(struct packet *p)
{
	uint32_t len;
	uint8_t *u = payload_of(p, 17, &len);
	uint16_t sum;

	assert(len >= 8);
	put16(u, 1024);
	put16(u + 2, 9);
	put16(u + 4, len);
	put16(u + 6, 0);
	sum = sum_of(p, 17, u, len);
	put16(u + 6, sum == 0xffff ? 0xffff : ~sum);
}

void packet_tcp(struct packet *p, const struct packet_tcp *f)
{
	uint32_t len;
	uint8_t *t = payload_of(p, 6, &len);

	assert(len >= 20);
	put16(t, 1024);
	put16(t + 2, 80);
	put32(t + 4, f->seq);
	put32(t + 8, f->ack);
	t[12] = (uint8_t)((f->words != 0 ? f->words : 5) << 4);
	t[13] = f->flags;
	put16(t + 14, 8192);
	put16(t + 16, 0);
	put16(t + 18, 0);
	put16(t + 16, (uint16_t)~sum_of(p, 6, t, len));
}

void packet_icmp(struct packet *p, uint8_t type, uint8_t code)
{
	bool ip6 = is_ip6(p);
	uint32_t len;
	uint8_t *m = payload_of(p, ip6 ? 58 : packet_head4(p)[9], &len);

	assert(len >= 4);
	m[0] = type;
	m[1] = code;
	put16(m + 2, 0);
	put16(m + 2, (uint16_t) ~(ip6 ? sum_of(p, 58, m, len) : packet_sum(m, len)));
}

void packet_arp(struct packet *p, const struct packet_arp *a)
{
	static const uint8_t fixed[] = {0, 1, 8, 0, 6, 4};
	uint8_t *q = p->bytes + 14;

	packet_ether(p, a->dst, a->sender_mac, 0x0806);
	memset(q, 0, 60 - 14);
	memcpy(q, fixed, sizeof(fixed));
	put16(q + 6, a->op);
	put_mac(q + 8, a->sender_mac);
	put32(q + 14, a->sender);
	put_mac(q + 18, a->target_mac);
	put32(q + 24, a->target);
	p->len = 60;
}

static bool is_zero(const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		if (p[i] != 0)
			return false;
	}
	return true;
}

static const char *flaw_icmp(const uint8_t *m, uint32_t len)
{
	if (len < 8)
		return "ICMP shorter than its header";
	return packet_sum(m, len) != 0xffff ? "wrong checksum of the router's ICMP" : NULL;
}

static const char *flaw_tcp(const uint8_t *h, const uint8_t *t, uint32_t len)
{
	if (len != 20 || (t[13] & 4) == 0)
		return "TCP of the router's that is no reset";
	return packet_sum4(h, t, len) != 0xffff ? "wrong checksum of a reset" : NULL;
}

static const char *flaw_ip4(const uint8_t *h, uint32_t room, uint32_t mtu)
{
	uint32_t hlen = (h[0] & 15u) * 4, total = get16(h + 2);

	if (h[0] >> 4 != 4 || hlen < 20)
		return "no IPv4 header";
	if (total < hlen || total > room || hlen > room)
		return "IPv4 length beyond the frame";
	if (total > mtu)
		return "longer than the MTU";
	if (packet_sum(h, hlen) != 0xffff)
		return "wrong header checksum";
	if (h[8] == 0)
		return "TTL 0";
	if (room != (total < 46 ? 46 : total))
		return "a trailer";
	if (!is_zero(h + total, room - total))
		return "padding that is not zero";
	if ((get16(h + 6) & 0x3fff) != 0)
		return NULL; /* a fragment: what it is part of has the checksum */
	/* Nothing that is forwarded comes from 10.0.x.1, the router's own addresses. */
	if (h[12] != 10 || h[13] != 0 || h[14] >= 3 || h[15] != 1)
		return NULL;
	if (h[9] == 1)
		return flaw_icmp(h + hlen, total - hlen);
	return h[9] == 6 ? flaw_tcp(h, h + hlen, total - hlen) : NULL;
}

/* Has what the router itself says, with @len bytes at @l4 of protocol @proto, a right checksum? */
static const char *flaw_own6(const uint8_t *h, uint8_t proto, const uint8_t *l4, uint32_t len)
{
	bool right = packet_sum6(h, proto, l4, len) == 0xffff;

	if (proto == 58 && len < 8)
		return "ICMPv6 shorter than its header";
	if (proto == 58 && !right)
		return "wrong checksum of the router's ICMPv6";
	if (proto == 6 && (len != 20 || (l4[13] & 4) == 0))
		return "TCP of the router's that is no reset";
	return proto == 6 && !right ? "wrong checksum of a reset" : NULL;
}

/* Is the address 2001:db8:x::1 or, of which @mac is part, the link-local one of the port? */
static bool is_own6(const uint8_t *a, const uint8_t *mac)
{
	static const uint8_t net[5] = {0x20, 0x01, 0x0d, 0xb8, 0};

	const uint8_t link[16] = {0xfe,       0x80,   0,      0,    0,    0,      0,      0,
	                          mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};

	if (a[0] == 0xfe)
		return memcmp(a, link, sizeof(link)) == 0;
	return memcmp(a, net, sizeof(net)) == 0 && a[5] < 3 && is_zero(a + 6, 9) && a[15] == 1;
}

static const char *flaw_ip6(const uint8_t *frame, uint32_t room, uint32_t mtu)
{
	const uint8_t *h = frame + 14;
	uint32_t total = 40 + get16(h + 4), at;
	uint8_t proto;

	if (h[0] >> 4 != 6)
		return "no IPv6 header";
	if (total > room)
		return "IPv6 length beyond the frame";
	if (total > mtu)
		return "longer than the MTU";
	if (h[7] == 0)
		return "hop limit 0";
	if (room != (total < 46 ? 46 : total))
		return "a trailer";
	if (!is_zero(h + total, room - total))
		return "padding that is not zero";
	if ((frame[0] & 1) != 0 && (h[24] != 0xff || memcmp(frame + 2, h + 36, 4) != 0))
		return "a group MAC that is not the destination's";
	at = walk6(h, total, &proto);
	if (h[6] == 44 || !is_own6(h + 8, frame + 6))
		return NULL;
	return flaw_own6(h, proto, h + at, total - at);
}

const char *packet_flaw(const uint8_t *frame, uint32_t len, uint64_t mac, uint32_t mtu)
{
	static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint8_t from[6];

	if (len < 60)
		return "a runt";
	put_mac(from, mac);
	if (memcmp(frame + 6, from, sizeof(from)) != 0)
		return "not from the port's MAC";
	if (get16(frame + 12) == 0x0806) {
		if ((frame[0] & 1) != 0 && memcmp(frame, broadcast, sizeof(broadcast)) != 0)
			return "ARP to a multicast MAC";
		return len == 60 && is_zero(frame + 42, 18) ? NULL : "ARP with a trailer";
	}
	if (get16(frame + 12) == 0x86dd)
		return flaw_ip6(frame, len - 14, mtu);
	if ((frame[0] & 1) != 0)
		return "IPv4 to a group MAC";
	if (get16(frame + 12) != 0x0800)
		return "neither IP nor ARP";
	return flaw_ip4(frame + 14, len - 14, mtu);
}
