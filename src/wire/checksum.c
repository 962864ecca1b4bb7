/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/checksum.h"

uint64_t csum_add(const void *p, size_t len, uint64_t sum)
{
	const uint8_t *b = p;
	uint64_t s = sum;

	/* 32-bit words into a 64-bit sum: no carry is lost below 2^32 words. */
	for (; len >= 8; len -= 8, b += 8)
		s += (uint64_t)load32(b) + load32(b + 4);
	if (len >= 4) {
		s += load32(b);
		b += 4;
		len -= 4;
	}
	if (len >= 2) {
		s += load16(b);
		b += 2;
		len -= 2;
	}
	if (len > 0)
		s += *b;
	return s;
}
