/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer6: as peer.h, of IPv6: DPDK's rte_fib6, its trie with next hops of four bytes (those of two
 * have too few nodes for the Internet's table) and its AVX-512 look-up.
 */
#ifndef BENCH_PEER6_H
#define BENCH_PEER6_H

#include <stddef.h>
#include <stdint.h>

#include "prefixes6.h"

#define PEER6_NAME "rte_fib6"

struct peer6;

[[nodiscard]] int peer6_open(struct peer6 **out, size_t max_routes, const char **why);
void peer6_close(struct peer6 *p);

/* Next hops of @n destinations as they lie on the wire; 0: none. */
void peer6_lookup(const struct peer6 *p, const uint8_t *dst, uint64_t *nh, uint32_t n);

[[nodiscard]] int peer6_insert(struct peer6 *p, const struct prefix6 *r, uint16_t nh);
[[nodiscard]] int peer6_remove(struct peer6 *p, const struct prefix6 *r);

/* Memory that it took, in bytes. */
size_t peer6_bytes(void);

#endif
