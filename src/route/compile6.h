/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compile6: what the RIB says (rib6.h), put into the table that workers look up in (table/lpm6.h).
 * A change of a prefix makes anew what the range it covers is made of, from the routes there, and
 * nothing beside. Private to route/; the agent alone uses it.
 */
#ifndef ROUTE_COMPILE6_H
#define ROUTE_COMPILE6_H

#include "route/rib6.h"
#include "table/lpm6.h"

struct compile6 {
	struct lpm6 *lpm;
	const struct rib6 *rib;
	uint64_t made; /* counts what was made */
	struct ip dst; /* the prefix that changes */
	unsigned int len;
	bool gone; /* a route less there than there was */
	bool last; /* lines of the reserve may be used */
};

/**
 * compile6_run - make the table match the RIB below the prefix @c->dst, @c->len
 *
 * The RIB has changed already, at this prefix alone; or the table is empty, and the prefix ::/0.
 * Return: 0 or -ENOSPC, with part of it done. What there was before can then be had again by
 * undoing the change of the RIB and running with @c->last.
 */
[[nodiscard]] int compile6_run(struct compile6 *c);

#endif
