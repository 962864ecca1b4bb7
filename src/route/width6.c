/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prefixes lie in clumps: a /32 full of /48s beside many that are empty. A node that looks at too
 * few bits to see into the clump only leads to the next one, and each of these is a step more for
 * nearly all packets.
 */
#include "route/width6.h"

#include "table/lpm6.h"

/* Entries of 4 bytes that a route may be worth: from 2 to 16 is a tenth of a look-up's time. */
#define ENTRIES_PER_ROUTE 16

/* Of which addresses there are how many, by the first @width bits below the prefix. */
static void routes_spread(struct rib6_at at, struct ip base, unsigned int len, unsigned int width,
                          uint32_t *count)
{
	for (const struct fib6_route *r = rib6_at(&at);
	     r != NULL && ip6_same_prefix(r->dst, base, len); r = rib6_at(&at)) {
		unsigned __int128 a = lpm6_whole(r->dst.hi, r->dst.lo);

		count[(uint32_t)(a >> (128 - len - width)) & ((1u << width) - 1)]++;
		rib6_step(&at);
	}
}

/* Routes below entries that have more than a few. */
static size_t crowded(const uint32_t *count, unsigned int width, size_t few)
{
	size_t sum = 0;

	for (uint32_t i = 0; i < 1u << width; i++)
		sum += count[i] > few ? count[i] : 0;
	return sum;
}

unsigned int width6(struct rib6_at at, struct ip base, unsigned int len, unsigned int left,
                    size_t n, size_t few)
{
	uint32_t count[1u << LPM6_RADIX_MAX] = {};
	unsigned int width = LPM6_RADIX_MIN, best;
	size_t least;

	while (width < LPM6_RADIX_MAX && width < left &&
	       (size_t)2 << width <= ENTRIES_PER_ROUTE * n)
		width++;
	routes_spread(at, base, len, width, count);
	least = crowded(count, width, few);
	best = width;
	/* Fewer bits, where the rest does not become many more. */
	while (width > LPM6_RADIX_MIN) {
		width--;
		for (uint32_t i = 0; i < 1u << width; i++)
			count[i] = count[(size_t)2 * i] + count[(size_t)2 * i + 1];
		if (crowded(count, width, few) > least + n / 8)
			break;
		/* All in one, whatever the width: then as many bits as there may be. */
		if (least < n / 2)
			best = width;
	}
	return best;
}
