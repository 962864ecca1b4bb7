/* SPDX-License-Identifier: BSD-2-Clause */
/* Time: monotonic nanoseconds. Stages never ask the clock; their worker tells them, once a loop. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_SEC 1000000000ull
#define NS_PER_MS  1000000ull

/* Nanoseconds of CLOCK_MONOTONIC. Context: any. */
static inline uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

/* What makes clock_ns() the time of day, in nanoseconds since 1970, UTC. Context: any. */
static inline uint64_t clock_wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec - clock_ns();
}

#endif
