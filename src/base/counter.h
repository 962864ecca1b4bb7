/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A counter has one writing thread and any number of readers. The writer adds with a plain load and
 * a relaxed store (no lock prefix: one mov each on x86), readers load relaxed: never torn, never
 * lost, at most a moment old.
 */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include <stdint.h>

/* Context: the counter's one writer. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the builtin writes through it */
static inline void counter_add(uint64_t *c, uint64_t n)
{
	__atomic_store_n(c, *c + n, __ATOMIC_RELAXED);
}

/* Context: any. */
static inline uint64_t counter_read(const uint64_t *c)
{
	return __atomic_load_n(c, __ATOMIC_RELAXED);
}

#endif
