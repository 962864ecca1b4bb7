/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 as it lies on the wire (RFC 791 3.1). @h points to the header; addresses in host order. */
#ifndef WIRE_IP4_H
#define WIRE_IP4_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

#define IP4_LEN     20
#define IP4_MAX_LEN 60

enum ip_proto {
	IP_PROTO_ICMP = 1,
	IP_PROTO_TCP = 6,
	IP_PROTO_UDP = 17,
	IP_PROTO_DCCP = 33,
	IP_PROTO_SCTP = 132,
	IP_PROTO_UDPLITE = 136,
};

enum ip4_option {
	IP4_OPT_END = 0,
	IP4_OPT_NOP = 1,
	IP4_OPT_RR = 7,     /* record route */
	IP4_OPT_TS = 68,    /* timestamp */
	IP4_OPT_LSRR = 131, /* loose source and record route */
	IP4_OPT_SSRR = 137, /* strict */
};

/* An option's type with this bit is copied into all fragments (RFC 791 3.1). */
#define IP4_OPT_COPIED 0x80

/* Flags of a timestamp option, the low four bits of its fourth octet; the high ones count those who
 * found no room. */
enum ip4_stamp {
	IP4_STAMP_TIME = 0,
	IP4_STAMP_ADDRESS = 1,   /* each time behind the address of who gives it */
	IP4_STAMP_SPECIFIED = 3, /* only those give it whose addresses are there already */
};

#define IP4_DF     0x4000
#define IP4_MF     0x2000
#define IP4_OFFSET 0x1fff

static force_inline uint32_t ip4_header_len(const uint8_t *h)
{
	return (h[0] & 15u) * 4;
}

static force_inline uint32_t ip4_total_len(const uint8_t *h)
{
	return __builtin_bswap16(load16(h + 2));
}

/* Flags and fragment offset, host order. */
static force_inline uint32_t ip4_frag(const uint8_t *h)
{
	return __builtin_bswap16(load16(h + 6));
}

static force_inline uint8_t ip4_ttl(const uint8_t *h)
{
	return h[8];
}

static force_inline uint8_t ip4_proto(const uint8_t *h)
{
	return h[9];
}

static force_inline uint32_t ip4_src(const uint8_t *h)
{
	return __builtin_bswap32(load32(h + 12));
}

static force_inline uint32_t ip4_dst(const uint8_t *h)
{
	return __builtin_bswap32(load32(h + 16));
}

/* The netmask of a prefix length 0..32, host order. */
static inline uint32_t ip4_mask(unsigned int len)
{
	return len == 0 ? 0 : ~0u << (32 - len);
}

#endif
