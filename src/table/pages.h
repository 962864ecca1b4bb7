/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pages: memory for large tables, on pages of 2 MiB where the kernel has them. Look-ups all over a
 * table of 32 MiB cost 1.4 to 1.9 times as much on pages of 4 KiB.
 */
#ifndef TABLE_PAGES_H
#define TABLE_PAGES_H

#include <stddef.h>

#define PAGES_HUGE ((size_t)2 << 20)

/**
 * pages_map - zeroed memory, aligned to 2 MiB
 * @bytes: how much; taken from the system when it is touched
 * @eager: how much of it, a multiple of 2 MiB, is worth pages of the reserved pool; the rest, and
 *         all of it where the pool is empty, is left to transparent huge pages
 *
 * Context: agent. Return: NULL if there is none.
 */
void *pages_map(size_t bytes, size_t eager);

/* Give back all @bytes of @p; NULL is allowed. Context: agent. */
void pages_unmap(void *p, size_t bytes);

#endif
