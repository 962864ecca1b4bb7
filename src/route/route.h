/* SPDX-License-Identifier: BSD-2-Clause */
/* route: the stage that finds the next hop of each routed packet. */
#ifndef ROUTE_ROUTE_H
#define ROUTE_ROUTE_H

#include "packet/batch.h"
#include "route/fib4.h"
#include "route/nexthop.h"

struct route {
	const struct fib4 *fib4; /* updated in place, never replaced */
	struct idtab *nexthops;
};

/* Set nh of each packet of the IPv4 lane, never NULL, and the lane's kinds. Context: worker. */
void route4_stage(const struct route *r, struct batch *b);

#endif
