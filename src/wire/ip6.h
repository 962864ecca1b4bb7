/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 as it lies on the wire (RFC 8200 3, 4). @h points to the header. */
#ifndef WIRE_IP6_H
#define WIRE_IP6_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "wire/ip.h"

#define IP6_LEN      40
#define IP6_FRAG_LEN 8
#define IP6_MIN_MTU  1280 /* RFC 8200 5 */

/* Next headers; those of transports are in enum ip_proto. */
enum ip6_next {
	IP6_HOP_BY_HOP = 0,
	IP6_ROUTING = 43,
	IP6_FRAGMENT = 44,
	IP6_ESP = 50,
	IP6_AH = 51,
	IP6_ICMP = 58,
	IP6_NO_NEXT = 59,
	IP6_DEST_OPTIONS = 60,
	IP6_MOBILITY = 135,
	IP6_HIP = 139,
	IP6_SHIM6 = 140,
};

/* Options of hop-by-hop and destination options headers. */
enum ip6_option {
	IP6_OPT_PAD1 = 0,
	IP6_OPT_PADN = 1,
	IP6_OPT_ROUTER_ALERT = 5, /* RFC 2711 */
	IP6_OPT_JUMBO = 0xc2,     /* RFC 2675 */
};

/* Of a fragment header's third and fourth octet, host order. */
#define IP6_MF     0x0001
#define IP6_OFFSET 0xfff8 /* in octets */

static force_inline uint32_t ip6_version(const uint8_t *h)
{
	return h[0] >> 4;
}

static force_inline uint32_t ip6_payload_len(const uint8_t *h)
{
	return __builtin_bswap16(load16(h + 4));
}

static force_inline uint8_t ip6_next(const uint8_t *h)
{
	return h[6];
}

static force_inline uint8_t ip6_hop_limit(const uint8_t *h)
{
	return h[7];
}

static force_inline struct ip ip6_src(const uint8_t *h)
{
	return ip_load(h + 8);
}

static force_inline struct ip ip6_dst(const uint8_t *h)
{
	return ip_load(h + 24);
}

#define IP6_FLOW_LABEL 0xfffffu /* of the first word */

/* The first word: version, traffic class, flow label; host order. */
static force_inline uint32_t ip6_first(const uint8_t *h)
{
	return __builtin_bswap32(load32(h));
}

/* Write a header. @tclass_flow: of the first word the lower 28 bits. */
static inline void ip6_write(uint8_t *h, uint32_t tclass_flow, uint16_t payload, uint8_t next,
                             uint8_t hop_limit)
{
	store32(h, __builtin_bswap32(6u << 28 | tclass_flow));
	store16(h + 4, __builtin_bswap16(payload));
	h[6] = next;
	h[7] = hop_limit;
}

#endif
