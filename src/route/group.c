/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stage that chooses among equal gateways. All packets of a flow go by one of them, so that
 * they stay in order; a flow is what has the same addresses, protocol and ports.
 */
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "route/route.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

void route_seed_draw(struct route_seed *seed)
{
	if (getrandom(seed, sizeof(*seed), GRND_NONBLOCK) == sizeof(*seed))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(seed->word); i++)
		seed->word[i] = clock_ns() * 0x9e3779b97f4a7c15ull + i;
}

/* Protocols whose header starts with the two ports. */
static bool has_ports(uint8_t proto)
{
	return proto == IP_PROTO_TCP || proto == IP_PROTO_UDP || proto == IP_PROTO_DCCP ||
	       proto == IP_PROTO_SCTP || proto == IP_PROTO_UDPLITE;
}

/* Both ports of the packet with IPv4 header @h, of @total bytes; 0 where it has none. */
static uint32_t flow_ports(const uint8_t *h, uint32_t total)
{
	uint32_t at = ip4_header_len(h);

	/* All fragments go one way, so the first one does not count its ports either. */
	if (!has_ports(ip4_proto(h)) || total < at + 4 || (ip4_frag(h) & (IP4_MF | IP4_OFFSET)))
		return 0;
	return load32(h + at);
}

/* The halves of a product of 128 bits: each bit of the result hangs on all bits of both. */
static force_inline uint64_t fold(uint64_t x, uint64_t y)
{
	unsigned __int128 m = (unsigned __int128)x * y;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

uint32_t flow_hash4(const struct route_seed *seed, const uint8_t *h, uint32_t total)
{
	uint64_t addresses = load64(h + 12);
	uint64_t rest = (uint64_t)flow_ports(h, total) << 8 | ip4_proto(h);
	uint64_t x = fold(addresses ^ seed->word[0], rest ^ seed->word[1]);

	return (uint32_t)(fold(x ^ seed->word[2], 0x9fb21c651e98df25ull) >> 32);
}

uint32_t flow_hash6(const struct route_seed *seed, const uint8_t *h, uint32_t total)
{
	struct ip src = ip6_src(h), dst = ip6_dst(h);
	uint8_t next = ip6_next(h);
	uint64_t label = ip6_first(h) & IP6_FLOW_LABEL, rest = label << 40 | next;
	uint64_t x, y;

	if (has_ports(next) && total >= IP6_LEN + 4)
		rest |= (uint64_t)load32(h + IP6_LEN) << 8;
	x = fold(src.hi ^ seed->word[0], src.lo ^ seed->word[1]);
	y = fold(dst.hi ^ seed->word[1], dst.lo ^ seed->word[2]);
	x = fold(x ^ seed->word[0], y ^ rest);
	return (uint32_t)(fold(x ^ seed->word[2], 0x9fb21c651e98df25ull) >> 32);
}

static force_inline void group_stage(const struct route *r, struct lane *l, bool ip6)
{
	for (uint32_t i = 0; i < l->n; i++) {
		struct pkt *p = &l->pkt[i];
		const struct nexthop *nh = p->nh;
		uint32_t hash;

		if (nh->kind != NH_GROUP)
			continue;
		hash = ip6 ? flow_hash6(&r->seed, p->data + ETHER_LEN, p->len - ETHER_LEN)
		           : flow_hash4(&r->seed, p->data + ETHER_LEN, p->len - ETHER_LEN);
		/* The group holds its members: none is without a line. */
		nh = idtab_get(r->nexthops, nh->group->bucket[hash % NEXTHOP_BUCKETS]);
		l->kinds |= 1u << nh->kind;
		p->nh = nh;
	}
	l->kinds &= ~(1u << NH_GROUP);
}

void group4_stage(const struct route *r, struct batch *b)
{
	group_stage(r, &b->ip4, false);
}

void group6_stage(const struct route *r, struct batch *b)
{
	group_stage(r, &b->ip6, true);
}
