/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Internet checksum (RFC 1071) and its incremental update (RFC 1624). Sums are of 16-bit words
 * as the machine loads them: the one's complement sum does not care about byte order as long as
 * what it is compared with or stored into is treated alike.
 */
#ifndef WIRE_CHECKSUM_H
#define WIRE_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* Fold a sum of 16-bit words into 16 bits, not complemented. */
static force_inline uint16_t csum_fold(uint64_t sum)
{
	uint32_t s = (uint32_t)(sum >> 32) + (uint32_t)sum;

	s += s < (uint32_t)sum; /* the end-around carry */
	s = (s & 0xffff) + (s >> 16);
	return (uint16_t)(s + (s >> 16));
}

/**
 * csum_add - sum of @len bytes at @p, added to @sum
 *
 * An odd last byte counts as the first byte of a word. The result is to be folded; summing pieces
 * one after the other is right as long as all but the last have an even length. Context: any.
 */
uint64_t csum_add(const void *p, size_t len, uint64_t sum);

/* Is the checksum of the IPv4 header at @h, of @len bytes (20..60), right? */
static force_inline bool ip4_checksum_ok(const uint8_t *h, uint32_t len)
{
	uint64_t s = (uint64_t)load32(h) + load32(h + 4) + load32(h + 8) + load32(h + 12) +
	             load32(h + 16);
	uint32_t t;

	for (uint32_t i = 20; unlikely(i < len); i += 4)
		s += load32(h + i);
	/* Two folds: the carries of at most 15 words, then the two halves by one rotation. */
	t = (uint32_t)s + (uint32_t)(s >> 32);
	t += t < (uint32_t)s;
	return ((t + (t << 16 | t >> 16)) >> 16) == 0xffff;
}

/* Write the checksum of the IPv4 header at @h, of @len bytes. Context: the frame's owner. */
static inline void ip4_checksum_set(uint8_t *h, uint32_t len)
{
	store16(h + 10, 0);
	store16(h + 10, (uint16_t)~csum_fold(csum_add(h, len, 0)));
}

/* Sum of the IPv4 pseudo-header (RFC 9293 3.1), not folded. @h: IPv4 header; @l4_len: host order.
 */
static inline uint64_t csum_pseudo4(const uint8_t *h, uint32_t l4_len)
{
	return (uint64_t)load32(h + 12) + load32(h + 16) + __builtin_bswap16((uint16_t)l4_len) +
	       ((uint32_t)h[9] << 8);
}

/* Sum of the IPv6 pseudo-header (RFC 8200 8.1), not folded. @h: IPv6 header; @next: the upper-layer
 * protocol, which extension headers may separate from it; @l4_len: host order, up to 65535. */
static inline uint64_t csum_pseudo6(const uint8_t *h, uint8_t next, uint32_t l4_len)
{
	uint64_t s = 0;

	for (unsigned int i = 8; i < 40; i += 4)
		s += load32(h + i);
	return s + __builtin_bswap16((uint16_t)l4_len) + ((uint32_t)next << 8);
}

#endif
