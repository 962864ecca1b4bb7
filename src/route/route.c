/* SPDX-License-Identifier: BSD-2-Clause */
#include "route/route.h"

static const struct nexthop no_route = {.kind = NH_NONE};

void route4_stage(const struct route *r, struct batch *b)
{
	struct lane *l = &b->ip4;
	uint32_t n = l->n;
	uint32_t kinds = 0;

	for (uint32_t i = n; i % 16 != 0; i++)
		l->dst[i] = 0; /* whole vectors are looked up */
	fib4_lookup(r->fib4, l->dst, l->id, n);
	for (uint32_t i = 0; i < n; i++) {
		const struct nexthop *nh = idtab_get(r->nexthops, l->id[i]);

		nh = nh != NULL ? nh : &no_route;
		kinds |= 1u << nh->kind;
		l->pkt[i].nh = nh;
	}
	l->kinds = kinds;
}
