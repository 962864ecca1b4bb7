/* SPDX-License-Identifier: BSD-2-Clause */
/* What model tests share: how long to run, from which seed, and a small random generator. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

static inline uint64_t model_env(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);

	return s != NULL ? strtoull(s, NULL, 0) : otherwise;
}

/* When a test that begins now is to end. */
static inline uint64_t model_end_ns(void)
{
	return clock_ns() + model_env("VIADUCT_MODEL_MS", 700) * NS_PER_MS;
}

/* The seed, printed so that a failure can be repeated. */
static inline uint64_t model_seed(void)
{
	uint64_t seed = model_env("VIADUCT_MODEL_SEED", clock_ns());

	printf("# VIADUCT_MODEL_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

/* A random number; @state is any number, and moves on. */
static inline uint32_t model_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ull;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ull;
	return (uint32_t)(x >> 32);
}

static inline uint32_t model_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((uint64_t)model_random(state) * n >> 32);
}

#endif
