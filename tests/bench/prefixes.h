/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prefixes: a routing table of the Internet's kind to measure with: one that was seen there, from a
 * file, or one made up with as many prefixes of each length. Each prefix can be found again, which
 * is also the naive longest-prefix match that results are compared with.
 */
#ifndef BENCH_PREFIXES_H
#define BENCH_PREFIXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workload.h"

#define PREFIXES_NONE UINT32_MAX

struct prefixes {
	struct workload_route *route; /* distinct */
	size_t n;
	uint32_t *slot; /* hash by prefix: number + 1 */
	unsigned int bits;
};

/**
 * prefixes_read - the IPv4 prefixes of a file
 * @path: text, a prefix a line (192.0.2.0/24); lines with a colon are IPv6 and passed over
 * @max:  room for so many in all
 *
 * Return: 0, -EINVAL for another line, -ENOSPC, -ENOMEM, or why the file cannot be read. Given back
 * with prefixes_free().
 */
[[nodiscard]] int prefixes_read(struct prefixes *p, const char *path, size_t max);

/* As many of each length as the Internet had in January 2024, some 902,000, at random places.
 * Return: 0, -ENOSPC or -ENOMEM. */
[[nodiscard]] int prefixes_make(struct prefixes *p, size_t max);
void prefixes_free(struct prefixes *p);

/* Add one; there is room. Return: was it new? */
bool prefixes_add(struct prefixes *p, uint32_t dst, uint8_t len);

/* Add more-specifics of what is there until there are @n, in the lengths' proportion. */
void prefixes_grow(struct prefixes *p, size_t n);

/* Spread @n next hops over them, from 1 on. */
void prefixes_spread(struct prefixes *p, uint32_t n);

/* The number of a prefix, or PREFIXES_NONE. */
uint32_t prefixes_find(const struct prefixes *p, uint32_t dst, uint8_t len);

/* The longest prefix of at most @len bits that covers @dst, or PREFIXES_NONE. */
uint32_t prefixes_cover(const struct prefixes *p, uint32_t dst, int len);

#endif
