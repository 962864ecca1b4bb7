/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMPv6 as it lies on the wire (RFC 4443), neighbour discovery (RFC 4861) and MLDv2 (RFC 3810)
 * with it. @m points to the message. */
#ifndef WIRE_ICMP6_H
#define WIRE_ICMP6_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "wire/ip.h"

#define ICMP6_LEN 8

enum icmp6_type {
	ICMP6_UNREACHABLE = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_PARAMETER = 4,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
	ICMP6_MLD_QUERY = 130,
	ICMP6_MLD1_REPORT = 131,
	ICMP6_MLD1_DONE = 132,
	ICMP6_RS = 133,
	ICMP6_RA = 134,
	ICMP6_NS = 135,
	ICMP6_NA = 136,
	ICMP6_REDIRECT = 137,
	ICMP6_MLD2_REPORT = 143,
};

enum icmp6_unreachable {
	ICMP6_NO_ROUTE = 0,
	ICMP6_ADMIN_PROHIBITED = 1,
	ICMP6_BEYOND_SCOPE = 2,
	ICMP6_ADDR_UNREACHABLE = 3,
	ICMP6_PORT_UNREACHABLE = 4,
	ICMP6_REJECT_ROUTE = 6,
};

enum icmp6_time_exceeded {
	ICMP6_HOP_LIMIT = 0,
	ICMP6_REASSEMBLY_TIME = 1,
};

enum icmp6_parameter {
	ICMP6_BAD_FIELD = 0,
	ICMP6_BAD_NEXT_HEADER = 1,
	ICMP6_BAD_OPTION = 2,
	ICMP6_BAD_FIRST_FRAGMENT = 3, /* RFC 7112: the header chain is not whole */
};

/* RFC 4443 2.1: messages with the top bit clear are errors, unknown ones too. */
static inline bool icmp6_is_error(uint8_t type)
{
	return type < 128;
}

/* Neighbour discovery: RFC 4861 4. */
#define ND_HOP_LIMIT    255
#define ND_RS_LEN       8
#define ND_RA_LEN       16
#define ND_NS_LEN       24
#define ND_NA_LEN       24
#define ND_REDIRECT_LEN 40

enum nd_na_flag {
	ND_NA_ROUTER = 0x80,
	ND_NA_SOLICITED = 0x40,
	ND_NA_OVERRIDE = 0x20,
};

enum nd_ra_flag {
	ND_RA_MANAGED = 0x80,
	ND_RA_OTHER = 0x40,
	ND_RA_PREFERENCE = 0x18, /* both bits (RFC 4191 2.2) */
};

enum nd_option {
	ND_OPT_SOURCE_LLADDR = 1,
	ND_OPT_TARGET_LLADDR = 2,
	ND_OPT_PREFIX = 3,
	ND_OPT_REDIRECTED = 4,
	ND_OPT_MTU = 5,
	ND_OPT_NONCE = 14, /* RFC 3971 5.3.2 */
	ND_OPT_RDNSS = 25, /* RFC 8106 */
	ND_OPT_DNSSL = 31,
};

#define ND_LLADDR_LEN 8 /* of a link-layer address option */
#define ND_NONCE_LEN  8 /* of a nonce option as Viaduct writes it: six bytes of nonce */

enum nd_prefix_flag {
	ND_PREFIX_ON_LINK = 0x80,
	ND_PREFIX_AUTONOMOUS = 0x40,
};

/* What is told of a message that the router itself makes, see icmp6_frame(). */
struct icmp6_head {
	uint64_t mac_dst, mac_src; /* as mac_load() gives them */
	struct ip src, dst;
	uint8_t hop_limit;
	bool router_alert; /* put a hop-by-hop header with it before the message (MLD) */
};

#define ICMP6_FRAME_HEAD(alert) (54u + ((alert) ? 8 : 0)) /* what stands before the message */

/**
 * icmp6_frame - put the headers before an ICMPv6 message, and its checksum into it
 * @frame: where the Ethernet header goes; the message, @len bytes, stands ICMP6_FRAME_HEAD() behind
 *
 * Context: any. Return: bytes of the frame.
 */
uint16_t icmp6_frame(uint8_t *frame, const struct icmp6_head *h, uint16_t len);

/* Write a source or target link-layer address option (RFC 4861 4.6.1), 8 bytes. */
static inline void nd_lladdr_write(uint8_t *o, uint8_t type, uint64_t mac)
{
	store64(o, (mac << 16) | 1u << 8 | type);
}

/* Write a nonce option (RFC 3971 5.3.2) of the lower 48 bits of @nonce, 8 bytes. */
static inline void nd_nonce_write(uint8_t *o, uint64_t nonce)
{
	store64(o, (nonce << 16) | 1u << 8 | ND_OPT_NONCE);
}

#endif
