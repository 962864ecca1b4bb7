/* SPDX-License-Identifier: BSD-2-Clause */
/* Is a packet's source where its routes say it is? RFC 3704 (BCP 84), RFC 1812 5.3.8. */
#include "route/route.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

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

static force_inline void lane_move(struct lane *l, uint32_t to, uint32_t from, bool ip6)
{
	l->pkt[to] = l->pkt[from];
	if (ip6) {
		l->hi[to] = l->hi[from];
		l->lo[to] = l->lo[from];
	} else {
		l->dst[to] = l->dst[from];
	}
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

/* Is the source of @p, which was looked up to @id, right? */
static force_inline bool pkt_passes(const struct route *r, bool strict, const struct pkt *p,
                                    uint32_t id)
{
	const struct nexthop *nh = idtab_get(r->nexthops, id);

	/* Where a link-local source is, no route says; output keeps it to its link. */
	return p->flags & PKT_LINK || (nh != NULL && source_is_right(nh, strict, p->in));
}

/* How the sources of a batch are checked: as @mode says, or each as its own interface of @each. */
struct urpf {
	const struct route *r;
	const struct ifaces *each; /* NULL: all are of one */
	uint8_t mode;
};

static force_inline bool urpf_passes(const struct urpf *u, const struct pkt *p, uint32_t id)
{
	uint8_t mode = u->each == NULL ? u->mode : u->each->iface[p->in].urpf;

	return mode == URPF_OFF || pkt_passes(u->r, mode == URPF_STRICT, p, id);
}

/* End those of @l whose sources, which were looked up to @id, fail; the lane closes up. */
static force_inline void urpf_settle(const struct urpf *u, struct batch *b, struct lane *l,
                                     const uint32_t *id, bool ip6)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		if (!urpf_passes(u, &l->pkt[i], id[i])) {
			pkt_list_add(&b->ended, &l->pkt[i], DROP_URPF);
			continue;
		}
		if (kept < i)
			lane_move(l, kept, i, ip6);
		kept++;
	}
	l->n = kept;
}

static force_inline void urpf4(const struct urpf *u, struct batch *b)
{
	cache_aligned uint32_t src[BATCH_MAX] = {}, id[BATCH_MAX];
	struct lane *l = &b->ip4;

	for (uint32_t i = 0; i < l->n; i++)
		src[i] = ip4_src(l->pkt[i].data + ETHER_LEN);
	fib4_lookup(u->r->fib4, src, id, l->n);
	urpf_settle(u, b, l, id, false);
}

void urpf4_stage(const struct route *r, bool strict, struct batch *b)
{
	const struct urpf u = {.r = r, .mode = strict ? URPF_STRICT : URPF_LOOSE};

	urpf4(&u, b);
}

/* Look up the sources of @n packets to @id. */
static void sources6(const struct route *r, const struct pkt *p, uint32_t n, uint32_t *id)
{
	cache_aligned uint64_t hi[BATCH_MAX] = {}, lo[BATCH_MAX] = {};

	for (uint32_t i = 0; i < n; i++) {
		struct ip src = ip6_src(p[i].data + ETHER_LEN);

		hi[i] = src.hi;
		lo[i] = src.lo;
	}
	fib6_lookup(r->fib6, hi, lo, id, n);
}

static force_inline void urpf6(const struct urpf *u, struct batch *b)
{
	cache_aligned uint32_t id[BATCH_MAX];

	sources6(u->r, b->ip6.pkt, b->ip6.n, id);
	urpf_settle(u, b, &b->ip6, id, true);
}

void urpf6_stage(const struct route *r, bool strict, struct batch *b)
{
	const struct urpf u = {.r = r, .mode = strict ? URPF_STRICT : URPF_LOOSE};

	urpf6(&u, b);
}

static void groups6(const struct urpf *u, struct batch *b)
{
	cache_aligned uint32_t id[BATCH_MAX];
	struct pkt_list *l = &b->host;
	uint32_t kept = 0;

	assert(l->n <= BATCH_MAX); /* what came in, no more */
	sources6(u->r, l->pkt, l->n, id);
	for (uint32_t i = 0; i < l->n; i++) {
		struct pkt *p = &l->pkt[i];

		if (ip_is_none(ip6_src(p->data + ETHER_LEN)) || urpf_passes(u, p, id[i]))
			l->pkt[kept++] = *p;
		else
			pkt_list_add(&b->ended, p, DROP_URPF);
	}
	l->n = kept;
}

void urpf6_groups(const struct route *r, bool strict, struct batch *b)
{
	const struct urpf u = {.r = r, .mode = strict ? URPF_STRICT : URPF_LOOSE};

	groups6(&u, b);
}

/* Does any of the interfaces that the @n packets came in by want sources to be checked? */
static bool any_checked(const struct ifaces *s, const struct pkt *p, uint32_t n)
{
	uint32_t modes = 0;

	for (uint32_t i = 0; i < n; i++)
		modes |= s->iface[p[i].in].urpf;
	return modes != URPF_OFF;
}

void urpf_each(const struct route *r, const struct ifaces *s, struct batch *b)
{
	const struct urpf u = {.r = r, .each = s};

	if (any_checked(s, b->ip4.pkt, b->ip4.n))
		urpf4(&u, b);
	if (any_checked(s, b->ip6.pkt, b->ip6.n))
		urpf6(&u, b);
	if (any_checked(s, b->host.pkt, b->host.n))
		groups6(&u, b);
}
