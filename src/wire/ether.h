/* SPDX-License-Identifier: BSD-2-Clause */
/* Ethernet II as it lies on the wire. */
#ifndef WIRE_ETHER_H
#define WIRE_ETHER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

#define ETHER_LEN      14 /* header without tags */
#define ETHER_MIN_LEN  60 /* shortest frame without FCS (IEEE 802.3 4.2.3.3) */
#define ETHER_ADDR_LEN 6
#define VLAN_TAG_LEN   4 /* 802.1Q: between the MACs and the EtherType */

/* EtherTypes as a 16-bit load finds them in the frame. */
#define ETHERTYPE_BE(x) ((uint16_t)__builtin_bswap16(x))
#define ETHERTYPE_IP4   ETHERTYPE_BE(0x0800)
#define ETHERTYPE_ARP   ETHERTYPE_BE(0x0806)
#define ETHERTYPE_VLAN  ETHERTYPE_BE(0x8100)
#define ETHERTYPE_QINQ  ETHERTYPE_BE(0x88a8)
#define ETHERTYPE_IP6   ETHERTYPE_BE(0x86dd)

/*
 * A MAC address in a register: the six bytes as a little-endian load of eight finds them, the upper
 * two cleared. Byte 0 of the address is the lowest byte, so the group bit is bit 0.
 */
#define MAC_MASK      0xffffffffffffull
#define MAC_GROUP     0x1ull
#define MAC_BROADCAST MAC_MASK

/* The MAC at @p, of which eight bytes must be readable. */
static force_inline uint64_t mac_load(const uint8_t *p)
{
	return load64(p) & MAC_MASK;
}

static inline void mac_store(uint8_t *p, uint64_t mac)
{
	store32(p, (uint32_t)mac);
	store16(p + 4, (uint16_t)(mac >> 32));
}

static inline bool mac_is_group(uint64_t mac)
{
	return (mac & MAC_GROUP) != 0;
}

/* Is it one that IPv6 multicast goes to (RFC 2464 7)? */
static inline bool mac_is_group6(uint64_t mac)
{
	return (mac & 0xffff) == 0x3333;
}

static force_inline uint16_t ether_type(const uint8_t *frame)
{
	return load16(frame + 12);
}

/* The VLAN that the tag of a tagged frame names; 0: none, the tag gives a priority only. */
static inline uint32_t vlan_vid(const uint8_t *frame)
{
	return __builtin_bswap16(load16(frame + ETHER_LEN)) & 0xfff;
}

#endif
