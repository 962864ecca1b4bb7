/* SPDX-License-Identifier: BSD-2-Clause */
/* ARP for IPv4 over Ethernet as it lies on the wire (RFC 826). @a points behind the Ethernet
 * header. */
#ifndef WIRE_ARP_H
#define WIRE_ARP_H

#include <stdint.h>

#include "base/compiler.h"
#include "wire/ether.h"

#define ARP_LEN 28

enum arp_op { ARP_REQUEST = 1, ARP_REPLY = 2 };

/* Hardware type 1, protocol type 0x0800, lengths 6 and 4, as an 8-byte load finds them; the upper
 * 16 bits are the operation. */
#define ARP_FIXED 0x040600080100ull

static inline uint16_t arp_op(const uint8_t *a)
{
	return __builtin_bswap16(load16(a + 6));
}

static inline uint64_t arp_sender_mac(const uint8_t *a)
{
	return mac_load(a + 8);
}

static inline uint32_t arp_sender(const uint8_t *a)
{
	return __builtin_bswap32(load32(a + 14));
}

static inline uint32_t arp_target(const uint8_t *a)
{
	return __builtin_bswap32(load32(a + 24));
}

#endif
