/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP as it lies on the wire (RFC 792, RFC 1191). @m points to the message. */
#ifndef WIRE_ICMP4_H
#define WIRE_ICMP4_H

#include <stdbool.h>
#include <stdint.h>

#define ICMP4_LEN 8

enum icmp4_type {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_UNREACHABLE = 3,
	ICMP4_SOURCE_QUENCH = 4,
	ICMP4_REDIRECT = 5,
	ICMP4_ECHO = 8,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAMETER = 12,
};

enum icmp4_unreachable {
	ICMP4_NET_UNREACHABLE = 0,
	ICMP4_HOST_UNREACHABLE = 1,
	ICMP4_PROTO_UNREACHABLE = 2,
	ICMP4_PORT_UNREACHABLE = 3,
	ICMP4_FRAG_NEEDED = 4,
	ICMP4_ADMIN_PROHIBITED = 13, /* RFC 1812 5.2.7.1 */
};

enum icmp4_time_exceeded {
	ICMP4_TTL_EXPIRED = 0,
	ICMP4_REASSEMBLY_TIME = 1,
};

#define ICMP4_REDIRECT_HOST 1 /* the code: of one destination */

/* Is @type an error message? Types nobody knows count as errors: no error is sent about them. */
static inline bool icmp4_is_error(uint8_t type)
{
	switch (type) {
	case ICMP4_ECHO_REPLY:
	case ICMP4_ECHO:
	case 9:  /* router advertisement */
	case 10: /* router solicitation */
	case 13: /* timestamp */
	case 14:
	case 15: /* information */
	case 16:
	case 17: /* address mask */
	case 18:
	case 42: /* extended echo, RFC 8335 */
	case 43:
		return false;
	default:
		return true;
	}
}

#endif
