/* SPDX-License-Identifier: BSD-2-Clause */
#include "route/route.h"

static const struct nexthop no_route = {.kind = NH_NONE};

/* From the ids of @l to next-hop lines. */
static force_inline void lines_get(const struct route *r, struct lane *l)
{
	uint32_t kinds = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		const struct nexthop *nh = idtab_get(r->nexthops, l->id[i]);

		nh = nh != NULL ? nh : &no_route;
		kinds |= 1u << nh->kind;
		l->pkt[i].nh = nh;
	}
	l->kinds = kinds;
}

void route4_stage(const struct route *r, struct batch *b)
{
	struct lane *l = &b->ip4;
	uint32_t n = l->n;

	for (uint32_t i = n; i % 16 != 0; i++)
		l->dst[i] = 0; /* whole vectors are looked up */
	fib4_lookup(r->fib4, l->dst, l->id, n);
	lines_get(r, l);
}

void route6_stage(const struct route *r, struct batch *b)
{
	struct lane *l = &b->ip6;

	fib6_lookup(r->fib6, l->hi, l->lo, l->id, l->n);
	lines_get(r, l);
}
