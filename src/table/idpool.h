/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * idpool: numbers that name slots of a table which readers follow without locks. A number that
 * readers may still hold is retired, and comes back into use only after a grace period.
 * The agent is the only one who calls; one call_rcu() at a time is under way for a whole pool.
 */
#ifndef TABLE_IDPOOL_H
#define TABLE_IDPOOL_H

#include <stdint.h>

struct idpool;

/**
 * idpool_new - a pool of the numbers 0 .. @size - 1
 * @out: set on success; freed with idpool_free()
 *
 * Numbers that were never used are given out in ascending order, after those that came back: a
 * table behind the pool is touched no further than it has to be.
 * Context: agent. Return: 0 or -ENOMEM.
 */
[[nodiscard]] int idpool_new(struct idpool **out, uint32_t size);

/* Free @p, and wait for its last call_rcu(), if one is under way; NULL is allowed. */
void idpool_free(struct idpool *p);

/**
 * idpool_get - take a number
 * @id: set on success
 *
 * Waits for a grace period only where nothing but retired numbers is left.
 * Context: agent. Return: 0 or -ENOSPC.
 */
[[nodiscard]] int idpool_get(struct idpool *p, uint32_t *id);

/* Give back @id, which no reader has seen. Context: agent. */
void idpool_put(struct idpool *p, uint32_t id);

/* Give back @id, which readers may still follow until the next grace period. Context: agent. */
void idpool_retire(struct idpool *p, uint32_t id);

/* Numbers taken and not given back. Context: agent. */
uint32_t idpool_used(const struct idpool *p);

#endif
