/* SPDX-License-Identifier: BSD-2-Clause */
/* Is a packet's source where its routes say it is? RFC 3704 (BCP 84), RFC 1812 5.3.8. */
#include "iface/iface.h"
#include "route/route.h"
#include "wire/ip4.h"

/* Is @in one of the interfaces behind which the group has members? Dead ones count: their hosts
 * still send that way. */
static bool group_has_iface(const struct nexthop_group *g, uint16_t in)
{
	for (uint16_t i = 0; i < g->n; i++) {
		if (g->iface[i] == in)
			return true;
	}
	return false;
}

/* Does the route to the source, by @nh, lead anywhere, and if @strict, back by @in? */
static bool source_is_right(const struct nexthop *nh, bool strict, uint16_t in)
{
	switch ((enum nexthop_kind)nh->kind) {
	case NH_FORWARD:
	case NH_STALE:
	case NH_RESOLVE:
	case NH_FAILED:
	case NH_CONNECTED:
		return !strict || nh->iface == in;
	case NH_GROUP:
		return !strict || group_has_iface(nh->group, in);
	case NH_LOCAL: /* nobody else has our addresses or broadcasts */
	case NH_BROADCAST:
	case NH_LINK:
	case NH_BLACKHOLE:
	case NH_UNREACHABLE:
	case NH_PROHIBIT:
	case NH_NONE:
		break;
	}
	return false;
}

void urpf4_stage(const struct route *r, bool strict, struct batch *b)
{
	cache_aligned uint32_t src[BATCH_MAX] = {}, id[BATCH_MAX];
	struct lane *l = &b->ip4;
	uint32_t n = l->n, kept = 0;

	for (uint32_t i = 0; i < n; i++)
		src[i] = ip4_src(l->pkt[i].data + ETHER_LEN);
	fib4_lookup(r->fib4, src, id, n);
	for (uint32_t i = 0; i < n; i++) {
		const struct nexthop *nh = idtab_get(r->nexthops, id[i]);

		if (nh == NULL || !source_is_right(nh, strict, l->pkt[i].in)) {
			pkt_list_add(&b->ended, &l->pkt[i], DROP_URPF);
			continue;
		}
		if (kept < i) {
			l->pkt[kept] = l->pkt[i];
			l->dst[kept] = l->dst[i];
		}
		kept++;
	}
	l->n = kept;
}
