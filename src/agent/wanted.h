/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wanted: routes of either family as the agent wants them, each with the next hop it takes, and the
 * two FIBs behind one set of functions. Private to agent/.
 */
#ifndef AGENT_WANTED_H
#define AGENT_WANTED_H

#include "agent/agent.h"

/* A route with the next hop it wants. */
struct wanted {
	struct agent_route route;      /* its nh is not yet known */
	struct nexthop_key key;        /* NH_GROUP: that of @of's gateways */
	const struct config_route *of; /* a route of the configuration, else NULL */
	const struct config *config;   /* that it is of */
};

/* The next hop that @w wants, with a reference. Return: 0, -ENOSPC or -ENOMEM. */
[[nodiscard]] int wanted_get(struct agent *a, const struct wanted *w, uint16_t *nh);

/* New next hops of @w learn what is known of their gateways. */
void wanted_sync(struct agent *a, const struct wanted *w);

/* Put @w in force, for what has its place. Return: 0, or an errno with nothing changed. */
[[nodiscard]] int wanted_insert(struct agent *a, const struct wanted *w);

/* Take what has @w's place out of force; its next hop loses the reference. */
void wanted_remove(struct agent *a, const struct wanted *w);

/* Do both have the same prefix, source and metric? */
bool route_same_place(const struct agent_route *x, const struct agent_route *y);

struct fib4_route route_to4(const struct agent_route *r);
struct fib6_route route_to6(const struct agent_route *r);

#endif
