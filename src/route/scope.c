/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a link-local destination means depends on the link (RFC 4007 6): all of fe80::/10 is one
 * route of kind NH_LINK, and here each packet gets the line of its own link.
 */
#include "route/route.h"

void scope6_stage(const struct route *r, const struct ifaces *s, struct batch *b)
{
	struct lane *l = &b->ip6;

	for (uint32_t i = 0; i < l->n; i++) {
		struct pkt *p = &l->pkt[i];
		const struct iface *f = &s->iface[p->in];
		const struct nexthop *nh = NULL;

		if (p->nh->kind != NH_LINK)
			continue;
		if (iface_speaks6(f, (struct ip){l->hi[i], l->lo[i]}))
			nh = idtab_get(r->nexthops, f->nh_local);
		else if (p->flags & PKT_ORIGINATED)
			nh = idtab_get(r->nexthops, f->nh_link);
		if (nh == NULL)
			continue;
		l->kinds |= 1u << nh->kind;
		p->nh = nh;
	}
}
