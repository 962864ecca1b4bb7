/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fib4: the IPv4 routes. The agent keeps all of them (the RIB) and compiles the best of each prefix
 * into a DIR-24-8 table that workers look up in (table/lpm4.h). Entries name next hops by id.
 */
#ifndef ROUTE_FIB4_H
#define ROUTE_FIB4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fib4;
struct lpm4;

/* A route of the RIB. For one prefix the lowest metric wins, then the lowest source. */
struct fib4_route {
	uint32_t dst;   /* host byte order, bits beyond len zero */
	uint8_t len;    /* 0..32 */
	uint8_t source; /* enum route_source */
	uint16_t nh;    /* next-hop id, never 0 */
	uint32_t metric;
};

enum route_source {
	ROUTE_LOCAL,     /* the router's own addresses and broadcasts */
	ROUTE_CONNECTED, /* subnets of interfaces */
	ROUTE_STATIC,    /* of the configuration */
};

/**
 * fib4_new - an empty table
 * @out: set on success; freed with fib4_free() when no reader is left
 *
 * Context: agent. Return: 0 or -ENOMEM.
 */
[[nodiscard]] int fib4_new(struct fib4 **out);
void fib4_free(struct fib4 *fib);

/**
 * fib4_insert - add a route, or replace the one of the same prefix, source and metric
 *
 * Next-hop references are the caller's business: *old is the id that was replaced, or 0.
 * Context: agent. A reader sees the old next hop or the new one, never a mix.
 * Return: 0; -EINVAL; -ENOMEM or -ENOSPC (no second-level group left) with nothing changed.
 */
[[nodiscard]] int fib4_insert(struct fib4 *fib, const struct fib4_route *r, uint16_t *old);

/* Remove the route of @r's prefix, source and metric. Return: 0 and *old, or -ENOENT. Context:
 * agent. */
[[nodiscard]] int fib4_remove(struct fib4 *fib, const struct fib4_route *r, uint16_t *old);

/* The next-hop id of the route of @r's prefix, source and metric, in force or not; 0 if there is
 * none. Context: agent. */
uint16_t fib4_find(const struct fib4 *fib, const struct fib4_route *r);

/**
 * fib4_load - insert @n routes into an empty table at once
 * @r: in any order; the array is sorted in place. Of routes with the same prefix, source and metric
 *     the last one in the array wins
 *
 * Return: 0, -EBUSY if the table is not empty, -EINVAL, -ENOMEM, -ENOSPC. Context: agent.
 */
[[nodiscard]] int fib4_load(struct fib4 *fib, struct fib4_route *r, size_t n);

/**
 * fib4_lookup - next-hop ids of up to 64 destinations
 * @dst: host byte order; readable, and @id writable, up to a multiple of 16
 *
 * Context: worker, or the agent.
 */
void fib4_lookup(const struct fib4 *fib, const uint32_t *dst, uint32_t *id, uint32_t n);

/* The table that look-ups go through, to look up in one way or another. Context: any. */
const struct lpm4 *fib4_table(const struct fib4 *fib);

/* One destination. Context: any reader. */
uint32_t fib4_lookup_one(const struct fib4 *fib, uint32_t dst);

/**
 * fib4_next - walk the RIB in the order of prefixes
 * @r:    in: the last route seen (or NULL for the first); out: the next one
 * @best: set: this is the one of its prefix that is in force
 *
 * The table may change between calls. Return: false at the end. Context: agent.
 */
bool fib4_next(const struct fib4 *fib, const struct fib4_route *after, struct fib4_route *r,
               bool *best);

struct fib4_stats {
	size_t routes;   /* in the RIB */
	size_t prefixes; /* in force */
	size_t groups;   /* second-level groups in use */
	size_t refused;  /* insertions and loads that found no group left */
	size_t bytes;    /* memory, RIB and FIB */
};
void fib4_stats(const struct fib4 *fib, struct fib4_stats *s);

#endif
