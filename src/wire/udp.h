/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP as it lies on the wire (RFC 768). @u points to the header; numbers in host order. */
#ifndef WIRE_UDP_H
#define WIRE_UDP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

#define UDP_LEN 8

/* Of header and data. */
static inline uint32_t udp_len(const uint8_t *u)
{
	return __builtin_bswap16(load16(u + 4));
}

static inline bool udp_has_checksum(const uint8_t *u)
{
	return load16(u + 6) != 0;
}

#endif
