/* SPDX-License-Identifier: BSD-2-Clause */
/* rng: splitmix64, for workloads that are the same on each run: small, fast, and any seed will do.
 */
#ifndef BENCH_RNG_H
#define BENCH_RNG_H

#include <stdint.h>

static inline uint64_t rng_next(uint64_t *rng)
{
	uint64_t x = *rng += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

/* A number below @n. */
static inline uint32_t rng_below(uint64_t *rng, uint32_t n)
{
	return (uint32_t)((rng_next(rng) >> 32) * n >> 32);
}

#endif
