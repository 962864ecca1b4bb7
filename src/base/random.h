/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers (xorshift) that spread timers: for no secrets. @state: its owner's, never 0. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return x * 0x2545f4914f6cdd1dull;
}

/* Uniformly out of @low..@high, both included, which are less than 2^63 apart. */
static inline uint64_t random_between(uint64_t *state, uint64_t low, uint64_t high)
{
	return low + (uint64_t)((__uint128_t)random_next(state) * (high - low + 1) >> 64);
}

#endif
