/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP as it lies on the wire (RFC 9293 3.1). @t points to the header; numbers in host order. */
#ifndef WIRE_TCP_H
#define WIRE_TCP_H

#include <stdint.h>

#include "base/compiler.h"

#define TCP_LEN 20

enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_ACK = 0x10,
};

static inline uint32_t tcp_seq(const uint8_t *t)
{
	return __builtin_bswap32(load32(t + 4));
}

static inline uint32_t tcp_ack(const uint8_t *t)
{
	return __builtin_bswap32(load32(t + 8));
}

static inline uint32_t tcp_header_len(const uint8_t *t)
{
	return (t[12] >> 4) * 4u;
}

static inline uint8_t tcp_flags(const uint8_t *t)
{
	return t[13];
}

#endif
