/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spread: which of a group's members has which of its 256 buckets of flows. Each bucket has a home,
 * one of all members, and a place, one of those that are alive. Both are even, to within one
 * bucket, and change as little as evenness allows (RFC 2992). Pure arithmetic, private to route/;
 * the agent alone uses it.
 */
#ifndef ROUTE_SPREAD_H
#define ROUTE_SPREAD_H

#include <stdint.h>

#include "route/nexthop.h"

#define SPREAD_NONE UINT8_MAX

struct spread {
	uint8_t n;                     /* members, 1..NEXTHOP_MEMBERS */
	uint8_t home[NEXTHOP_BUCKETS]; /* position of a member */
	uint8_t at[NEXTHOP_BUCKETS];   /* the same, of one that is alive if any is */
};

/**
 * spread_init - give @n members their homes
 * @was:  of the members before, NULL: there were none
 * @from: by position in @was, the position now; SPREAD_NONE for a member that is gone
 *
 * Buckets move only from members that are gone or have more than their share now. Places are as
 * they were, or none: spread_settle() follows.
 */
void spread_init(struct spread *s, uint8_t n, const struct spread *was, const uint8_t *from);

/**
 * spread_settle - find places for all buckets
 * @alive: a bit for each member; none set counts as all
 *
 * A bucket is at its home if that is alive. Those of the dead stay where they are, if that is alive
 * and has not too many. So when one member dies only its buckets move, and when it comes back as
 * the last one that was dead, just these return.
 */
void spread_settle(struct spread *s, uint32_t alive);

#endif
