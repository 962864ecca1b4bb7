/* SPDX-License-Identifier: BSD-2-Clause */
/* route: the stage that finds the next hop of each routed packet. */
#ifndef ROUTE_ROUTE_H
#define ROUTE_ROUTE_H

#include "iface/iface.h"
#include "packet/batch.h"
#include "route/fib4.h"
#include "route/fib6.h"
#include "route/nexthop.h"

/* What makes the flow hash of this daemon unlike that of the next router, which would otherwise see
 * only flows of one half of the buckets. */
struct route_seed {
	uint64_t word[3];
};

struct route {
	const struct fib4 *fib4; /* updated in place, never replaced */
	const struct fib6 *fib6; /* the same */
	struct idtab *nexthops;
	struct route_seed seed; /* the same for all workers */
};

/* Fill @seed with what nobody can guess. Context: agent. */
void route_seed_draw(struct route_seed *seed);

/**
 * flow_hash4 - a number that all packets of a flow have in common
 * @h:     IPv4 header
 * @total: bytes from @h to the packet's end; the ports, if any, are in the same frame
 *
 * Of addresses, protocol and, for TCP, UDP, DCCP, SCTP and UDP-Lite, ports; fragments have none.
 * Context: any. Return: 32 bits of which each is as good as any other.
 */
uint32_t flow_hash4(const struct route_seed *seed, const uint8_t *h, uint32_t total);

/**
 * flow_hash6 - the same of an IPv6 packet
 * @h:     IPv6 header
 * @total: bytes from @h to the packet's end
 *
 * Of addresses, flow label (RFC 6437 2, RFC 6438), next header and, where they follow at once, the
 * ports. So all fragments of a packet have the same.
 */
uint32_t flow_hash6(const struct route_seed *seed, const uint8_t *h, uint32_t total);

/**
 * urpf4_stage - end packets whose source is not where the routes say
 * @strict: the route to the source has to lead back by the interface the packet came in by; else
 *          any route that leads somewhere will do, a default route too
 *
 * What fails ends as DROP_URPF, in silence; the lane closes up. Context: worker.
 */
void urpf4_stage(const struct route *r, bool strict, struct batch *b);

/* The same of IPv6. Link-local sources, which no route leads to, pass. */
void urpf6_stage(const struct route *r, bool strict, struct batch *b);

/* The same of the host list, as long as input alone has put something there: packets to groups.
 * Those from :: pass too, whose senders look for an address. */
void urpf6_groups(const struct route *r, bool strict, struct batch *b);

/* All of these for a batch that came in by several interfaces: each packet as its own of @s says.
 * Context: as above. */
void urpf_each(const struct route *r, const struct ifaces *s, struct batch *b);

/* Set nh of each packet of the IPv4 lane, never NULL, and the lane's kinds. Context: worker. */
void route4_stage(const struct route *r, struct batch *b);

/* The same for the IPv6 lane. */
void route6_stage(const struct route *r, struct batch *b);

/* Give packets whose next hop is a group the member's line that their flow goes by. Context:
 * worker.
 */
void group4_stage(const struct route *r, struct batch *b);
void group6_stage(const struct route *r, struct batch *b);

/**
 * scope6_stage - give packets to link-local addresses the line of their link
 * @s: interfaces; of the one that the packet came in by, nh_local is taken if the address is its
 *     own, nh_link if the packet is the router's own
 *
 * Others keep their line of kind NH_LINK: what comes in is not forwarded to a link-local address
 * (RFC 4291 2.5.6), and output ends it. Context: worker.
 */
void scope6_stage(const struct route *r, const struct ifaces *s, struct batch *b);

#endif
