/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer: the table to compare with: DPDK's rte_fib, DIR-24-8 with next hops of two bytes and its
 * AVX-512 look-up, in this process. It is there if DPDK was when the benchmark was built.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stddef.h>
#include <stdint.h>

#include "workload.h"

#define PEER_NAME "rte_fib2"

struct peer;

/**
 * peer_open - start DPDK without devices, files or reserved memory, and make an empty table
 * @max_routes: to have room for
 * @why:        set on failure: what there is to say to a user
 *
 * Once in a process. Return: 0 or -ENOTSUP.
 */
[[nodiscard]] int peer_open(struct peer **out, size_t max_routes, const char **why);
void peer_close(struct peer *p);

/* Next hops of @n destinations; 0: none. @dst is in host byte order, as the router's own. */
void peer_lookup(const struct peer *p, const uint32_t *dst, uint64_t *nh, uint32_t n);

/* Add a route or change its next hop. Return: 0 or a negative errno. */
[[nodiscard]] int peer_insert(struct peer *p, const struct workload_route *r, uint16_t nh);
[[nodiscard]] int peer_remove(struct peer *p, const struct workload_route *r);

#endif
