/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Half-made checksums. veth, tap and virtio deliver TCP and UDP from a local sender with only the
 * pseudo-header's sum in the checksum field (CHECKSUM_PARTIAL). They are completed if, and only if,
 * the field equals that sum, folded and not complemented; all others, wrong ones too, stay as they
 * are, for checksums are end to end. One in 65,536 wrong sums looks half-made and gets mended: that
 * is the price, and it is paid on these devices only.
 */
#ifndef PACKET_PARTIAL_H
#define PACKET_PARTIAL_H

#include <stdbool.h>
#include <stdint.h>

/* Does the packet with IPv4 header @h, of @total bytes, have a half-made checksum? Context: any. */
bool partial4_is(const uint8_t *h, uint32_t total);

/* Complete it. @sum: csum_add() over all that follows the IPv4 header. Context: the frame's owner.
 */
void partial4_complete(uint8_t *h, uint64_t sum);

/* Where a checksum lies behind an IPv6 header @h. */
struct partial6 {
	uint32_t l4;    /* bytes from @h to the transport's header */
	uint32_t field; /* to the checksum */
	uint8_t proto;
};

/**
 * partial6_is - has the packet with IPv6 header @h, of @total bytes, a half-made checksum?
 * @at: set if so
 *
 * TCP, UDP and ICMPv6 behind the header, or behind options of some 500 bytes at most. Context: any.
 */
bool partial6_is(const uint8_t *h, uint32_t total, struct partial6 *at);

/* Complete it. @sum: csum_add() over all that follows the IPv6 header. Context: the frame's owner.
 */
void partial6_complete(uint8_t *h, const struct partial6 *at, uint64_t sum);

#endif
