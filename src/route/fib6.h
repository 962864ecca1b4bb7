/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fib6: the IPv6 routes, as fib4.h has those of IPv4. The agent keeps all of them (the RIB) and
 * compiles the best of each prefix into a table that workers look up in (table/lpm6.h). Entries
 * name next hops by the same ids.
 */
#ifndef ROUTE_FIB6_H
#define ROUTE_FIB6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/ip.h"

struct fib6;
struct lpm6;

/* A route of the RIB. For one prefix the lowest metric wins, then the lowest source. */
struct fib6_route {
	struct ip dst;  /* bits beyond len zero */
	uint8_t len;    /* 0..128 */
	uint8_t source; /* enum route_source */
	uint16_t nh;    /* next-hop id, never 0 */
	uint32_t metric;
};

/* As their namesakes of fib4.h, in every respect. */
[[nodiscard]] int fib6_new(struct fib6 **out);
void fib6_free(struct fib6 *fib);
[[nodiscard]] int fib6_insert(struct fib6 *fib, const struct fib6_route *r, uint16_t *old);
[[nodiscard]] int fib6_remove(struct fib6 *fib, const struct fib6_route *r, uint16_t *old);
uint16_t fib6_find(const struct fib6 *fib, const struct fib6_route *r);
[[nodiscard]] int fib6_load(struct fib6 *fib, struct fib6_route *r, size_t n);

/**
 * fib6_lookup - next-hop ids of 1 to 64 destinations
 * @hi, @lo: upper and lower 64 bits of each, host byte order; readable, and @id writable, up to a
 *           multiple of 16
 *
 * Context: worker, or the agent.
 */
void fib6_lookup(const struct fib6 *fib, const uint64_t *hi, const uint64_t *lo, uint32_t *id,
                 uint32_t n);

/* The table that look-ups go through, to look up in one way or another. Context: any. */
const struct lpm6 *fib6_table(const struct fib6 *fib);

/* One destination. Context: any reader. */
uint32_t fib6_lookup_one(const struct fib6 *fib, struct ip dst);

/* As fib4_next(). Context: agent. */
bool fib6_next(const struct fib6 *fib, const struct fib6_route *after, struct fib6_route *r,
               bool *best);

struct fib6_stats {
	size_t routes;   /* in the RIB */
	size_t prefixes; /* in force */
	size_t refused;  /* insertions and loads for which there was no room */
	size_t bytes;    /* memory, RIB and FIB */
};
void fib6_stats(const struct fib6 *fib, struct fib6_stats *s);

#endif
