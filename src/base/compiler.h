/* SPDX-License-Identifier: BSD-2-Clause */
/* What the language lacks for the hot path: hints, alignment, unaligned loads. */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#include <stdint.h>
#include <string.h>

#define CACHE_LINE 64

#define likely(x)     __builtin_expect(!!(x), 1)
#define unlikely(x)   __builtin_expect(!!(x), 0)
#define force_inline  inline __attribute__((always_inline))
#define never_inline  __attribute__((noinline))
#define cache_aligned __attribute__((aligned(CACHE_LINE)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Loads and stores at any alignment, in the byte order of the machine. */
static force_inline uint16_t load16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static force_inline uint32_t load32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static force_inline uint64_t load64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static force_inline void store16(void *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

static force_inline void store32(void *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static force_inline void store64(void *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

static force_inline void prefetch(const void *p)
{
	__builtin_prefetch(p, 0, 3);
}

#endif
