/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nexthop: where a packet goes. What workers see is one immutable cache line, found through an id
 * in an idtab; when a neighbour's MAC changes, the agent publishes a new line under the same id and
 * no route is touched. Agent-side, next hops are shared by all routes that name the same one, and
 * counted.
 */
#ifndef ROUTE_NEXTHOP_H
#define ROUTE_NEXTHOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "table/idtab.h"
#include "wire/ether.h"

/* What becomes of a packet. NH_FORWARD is 0, so that the hot path's test is one compare. */
enum nexthop_kind {
	NH_FORWARD,   /* @header is complete: rewrite and send */
	NH_STALE,     /* as NH_FORWARD, and tell the agent that the neighbour is in use */
	NH_RESOLVE,   /* the MAC of @gateway is wanted: hold the packet */
	NH_FAILED,    /* @gateway does not answer */
	NH_CONNECTED, /* the destination is the neighbour: look it up on @iface */
	NH_LOCAL,     /* the router itself */
	NH_BROADCAST, /* broadcast address of a connected subnet */
	NH_BLACKHOLE,
	NH_UNREACHABLE,
	NH_PROHIBIT,
	NH_NONE, /* no route: what readers make of id 0, in no table */
};

struct nexthop {
	uint8_t kind;
	uint8_t header_len; /* bytes of @header */
	uint16_t iface;     /* to send by */
	uint16_t max_len;   /* longest frame: MTU plus Ethernet header */
	uint16_t pad;
	uint32_t gateway;   /* host byte order; of NH_RESOLVE, NH_STALE, NH_FAILED: the neighbour */
	uint32_t id;        /* its own id in its table */
	uint8_t header[16]; /* destination MAC, source MAC, EtherType; 14 used */
	struct rcu_head rcu;
} cache_aligned;
static_assert(sizeof(struct nexthop) == CACHE_LINE, "a next hop is one line");

/* The max_len of an interface whose IP packets have @mtu bytes. A frame that 16 bits cannot tell is
 * never in a batch. */
static inline uint16_t nexthop_max_len(uint32_t mtu)
{
	return mtu < UINT16_MAX - ETHER_LEN ? (uint16_t)(mtu + ETHER_LEN) : UINT16_MAX;
}

/* Ids of FIB4 have 15 bits; 0 is "no route". */
#define NEXTHOP_MAX 32768

/* What a route says of its next hop: the key that next hops are shared by. */
struct nexthop_key {
	enum nexthop_kind kind; /* NH_RESOLVE for a gateway, or a kind without one */
	uint16_t iface;         /* NH_RESOLVE, NH_CONNECTED, NH_BROADCAST; else 0 */
	uint32_t gateway;       /* NH_RESOLVE; else 0 */
};

struct nexthops;

/**
 * nexthops_new - an empty table
 * @out: set on success; freed with nexthops_free() when no reader is left
 *
 * Context: agent. Return: 0 or -ENOMEM.
 */
[[nodiscard]] int nexthops_new(struct nexthops **out);
void nexthops_free(struct nexthops *t);

/* The table that workers follow ids through: of const struct nexthop. Context: any. */
struct idtab *nexthops_idtab(struct nexthops *t);

/**
 * nexthop_get - the next hop of @key, made if need be, with one more reference
 * @max_len: longest frame of the interface; 0 where @key has none
 * @id:      set on success; given back by nexthop_put()
 *
 * A new NH_RESOLVE next hop starts as NH_RESOLVE until nexthop_resolve() says more.
 * Context: agent. Return: 0, -ENOSPC when all ids are taken, -ENOMEM.
 */
[[nodiscard]] int nexthop_get(struct nexthops *t, const struct nexthop_key *key, uint16_t max_len,
                              uint16_t *id);

/* Drop a reference; the last one frees the id after a grace period. Context: agent. */
void nexthop_put(struct nexthops *t, uint16_t id);

/* The key of @id. Context: agent. */
struct nexthop_key nexthop_key(const struct nexthops *t, uint16_t id);

/**
 * nexthop_resolve - publish what became of a gateway
 * @iface, @gateway: whose lines change; nothing happens where no next hop has them
 * @line:  kind (NH_FORWARD, NH_STALE, NH_RESOLVE or NH_FAILED), header and max_len; copied
 *
 * Context: agent. Return: 0, or -ENOMEM with the old lines in force.
 */
[[nodiscard]] int nexthop_resolve(struct nexthops *t, uint16_t iface, uint32_t gateway,
                                  const struct nexthop *line);

/* Set the longest frame of all next hops of @iface. Return: 0 or -ENOMEM. Context: agent. */
[[nodiscard]] int nexthop_set_max_len(struct nexthops *t, uint16_t iface, uint16_t max_len);

#endif
