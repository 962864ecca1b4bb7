/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lines: memory for tables that readers follow without locks, in runs of cache lines that 32-bit
 * numbers name. A run that readers may still look at is retired, and given out again only after a
 * grace period. The agent is the only one who calls; readers know the memory and nothing else.
 */
#ifndef TABLE_LINES_H
#define TABLE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#define LINES_RUN_MAX 128u /* lines in a run */

struct lines;

/**
 * lines_new - a store of @size lines, none of them taken
 * @out:     set on success; freed with lines_free()
 * @reserve: how many of them only those get who may not fail
 *
 * Memory is taken from the system when it is touched, in ascending order. Line 0 is never given
 * out. Context: agent. Return: 0 or -ENOMEM.
 */
[[nodiscard]] int lines_new(struct lines **out, uint32_t size, uint32_t reserve);

/* Free @l, and wait for its last call_rcu(), if one is under way; NULL is allowed. */
void lines_free(struct lines *l);

/* Line 0. Context: any. */
void *lines_base(const struct lines *l);

/**
 * lines_get - take @n consecutive lines, 1 to LINES_RUN_MAX
 * @last: may go into the reserve
 * @line: set on success: the first of them. What is in them is undefined
 *
 * Waits for a grace period only where nothing but retired runs is left.
 * Context: agent. Return: 0 or -ENOSPC.
 */
[[nodiscard]] int lines_get(struct lines *l, uint32_t n, bool last, uint32_t *line);

/* Give back a run that no reader has seen. Context: agent. */
void lines_put(struct lines *l, uint32_t line, uint32_t n);

/* Give back a run that readers may still follow until the next grace period. Context: agent. */
void lines_retire(struct lines *l, uint32_t line, uint32_t n);

/* Lines taken and not given back. Context: agent. */
uint32_t lines_used(const struct lines *l);

/* Memory touched so far. Context: agent. */
size_t lines_bytes(const struct lines *l);

#endif
