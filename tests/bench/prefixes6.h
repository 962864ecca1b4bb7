/* SPDX-License-Identifier: BSD-2-Clause */
/* prefixes6: as prefixes.h, of IPv6. */
#ifndef BENCH_PREFIXES6_H
#define BENCH_PREFIXES6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/ip.h"

#define PREFIXES6_NONE UINT32_MAX

struct prefix6 {
	struct ip dst;
	uint8_t len;
	uint16_t nh;
};

struct prefixes6 {
	struct prefix6 *route; /* distinct */
	size_t n, max;
	uint32_t *slot; /* hash by prefix: number + 1 */
	unsigned int bits;
};

/**
 * prefixes6_read - the IPv6 prefixes of a file
 * @path: text, a prefix a line (2001:db8::/32); lines without a colon are IPv4 and passed over
 * @max:  room for so many in all
 *
 * Return: 0, -ENOENT if there are none, -EINVAL for another line, -ENOSPC, -ENOMEM, or why the file
 * cannot be read. Given back with prefixes6_free().
 */
[[nodiscard]] int prefixes6_read(struct prefixes6 *p, const char *path, size_t max);

/* As many of each length as the Internet had in January 2024, some 160,000, the longer ones most of
 * them below few of the shorter ones. Return: 0, -ENOSPC or -ENOMEM. */
[[nodiscard]] int prefixes6_make(struct prefixes6 *p, size_t max);
void prefixes6_free(struct prefixes6 *p);

/* Add more-specifics of what is there until there are @n, in the lengths' proportion. */
void prefixes6_grow(struct prefixes6 *p, size_t n);

/* Spread @n next hops over them, from 1 on. */
void prefixes6_spread(struct prefixes6 *p, uint32_t n);

/* The longest prefix of at most @len bits that covers @dst, or PREFIXES6_NONE. */
uint32_t prefixes6_cover(const struct prefixes6 *p, struct ip dst, int len);

#endif
