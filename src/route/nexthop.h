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
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "table/idtab.h"
#include "wire/ether.h"
#include "wire/ip.h"

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
	NH_LINK,  /* link-local: what it is depends on the packet's interface (route/scope.c) */
	NH_GROUP, /* several gateways: the flow's bucket of @group names the one */
	NH_NONE,  /* no route: what readers make of id 0, in no table */
};

#define NEXTHOP_MEMBERS 16  /* of a group */
#define NEXTHOP_BUCKETS 256 /* that a group's flows are hashed to */

/* What a line of kind NH_GROUP has beside it: immutable, and freed with it. */
struct nexthop_group {
	uint16_t n;                       /* members, dead ones too */
	uint16_t iface[NEXTHOP_MEMBERS];  /* that each of them is behind */
	uint16_t bucket[NEXTHOP_BUCKETS]; /* ids of members */
};

struct nexthop {
	uint8_t kind;
	uint8_t header_len; /* ETHER_LEN: @iface is a port; else what it is adds to @header
	                       (egress_send()) */
	uint16_t iface;     /* to send by */
	uint16_t max_len;   /* longest frame: MTU plus Ethernet header */
	uint16_t pad;
	struct ip gateway; /* of NH_FORWARD, NH_RESOLVE, NH_STALE, NH_FAILED: the neighbour */
	union {
		uint8_t header[16]; /* destination MAC, source MAC, EtherType; 14 used */
		const struct nexthop_group *group; /* of NH_GROUP */
	};
	struct rcu_head rcu;
	uint32_t id; /* its own id in its table */
} cache_aligned;
static_assert(sizeof(struct nexthop) == CACHE_LINE, "a next hop is one line");

/* Is @header all that goes before a packet by @nh, and nothing else to be done? One load. */
static force_inline bool nexthop_is_plain(const struct nexthop *nh)
{
	static_assert(offsetof(struct nexthop, header_len) == 1, "behind the kind");
	return load16(nh) == (ETHER_LEN << 8 | NH_FORWARD);
}

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
	struct ip gateway;      /* NH_RESOLVE; else :: */
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
 * In groups a gateway is alive with NH_FORWARD and NH_STALE, dead with NH_FAILED, and with
 * NH_RESOLVE if it was told anything else before: who was known has to be known again.
 * Context: agent. Return: 0, or -ENOMEM with the old lines in force.
 */
[[nodiscard]] int nexthop_resolve(struct nexthops *t, uint16_t iface, struct ip gateway,
                                  const struct nexthop *line);

/**
 * nexthop_get_group - the group of @n gateways, made if need be, with one more reference
 * @member: ids of NH_RESOLVE next hops in any order, none twice; the reference of each is taken
 * over on success, and stays the caller's on failure
 * @n:      2..NEXTHOP_MEMBERS
 * @prior:  what the route had before, still referenced: if that is a group, flows move from it only
 *          as far as evenness asks; 0: nothing
 * @id:     set on success; given back by nexthop_put()
 *
 * Routes with the same gateways share a group. Which gateways are alive is known from
 * nexthop_resolve() and nexthop_set_iface_up(); flows of the others go by those. If none is, flows
 * go as if all were, and meet what the gateways' own lines say.
 * Context: agent. Return: 0, -ENOSPC when all ids are taken, -ENOMEM.
 */
[[nodiscard]] int nexthop_get_group(struct nexthops *t, const uint16_t *member, unsigned int n,
                                    uint16_t prior, uint16_t *id);

/* The members of group @id, NEXTHOP_MEMBERS at most. Return: how many; 0: no group. Context: agent.
 */
unsigned int nexthop_members(const struct nexthops *t, uint16_t id, uint16_t *member);

/* Does @id, a gateway, get no flows of its groups as long as others are alive? Context: agent. */
bool nexthop_is_dead(const struct nexthops *t, uint16_t id);

/* The next id behind @after, from 0, that is a member of a group; 0: none. Context: agent. */
uint16_t nexthop_next_member(const struct nexthops *t, uint16_t after);

/* Publish those groups for which memory was too short before. Context: agent. */
void nexthop_groups_retry(struct nexthops *t);

/* The gateways behind @iface are dead when it goes down, until nexthop_resolve() says more.
 * Context: agent. */
void nexthop_set_iface_up(struct nexthops *t, uint16_t iface, bool up);

/* Set the longest frame of all next hops of @iface. Return: 0 or -ENOMEM. Context: agent. */
[[nodiscard]] int nexthop_set_max_len(struct nexthops *t, uint16_t iface, uint16_t max_len);

#endif
