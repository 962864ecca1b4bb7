/* SPDX-License-Identifier: BSD-2-Clause */
/* Routes of either family, put into the FIB of theirs. */
#include "agent/wanted.h"

#include <assert.h>

struct fib4_route route_to4(const struct agent_route *r)
{
	return (struct fib4_route){ip_to4(r->dst), r->len, r->source, r->nh, r->metric};
}

struct fib6_route route_to6(const struct agent_route *r)
{
	return (struct fib6_route){r->dst, r->len, r->source, r->nh, r->metric};
}

bool route_same_place(const struct agent_route *x, const struct agent_route *y)
{
	return ip_equal(x->dst, y->dst) && x->len == y->len && x->source == y->source &&
	       x->metric == y->metric;
}

static int fib_insert(struct agent *a, const struct agent_route *r, uint16_t *old)
{
	struct fib4_route r4 = route_to4(r);
	struct fib6_route r6 = route_to6(r);

	return ip_is4(r->dst) ? fib4_insert(a->fib4, &r4, old) : fib6_insert(a->fib6, &r6, old);
}

static int fib_remove(struct agent *a, const struct agent_route *r, uint16_t *old)
{
	struct fib4_route r4 = route_to4(r);
	struct fib6_route r6 = route_to6(r);

	return ip_is4(r->dst) ? fib4_remove(a->fib4, &r4, old) : fib6_remove(a->fib6, &r6, old);
}

static uint16_t fib_find(const struct agent *a, const struct agent_route *r)
{
	struct fib4_route r4 = route_to4(r);
	struct fib6_route r6 = route_to6(r);

	return ip_is4(r->dst) ? fib4_find(a->fib4, &r4) : fib6_find(a->fib6, &r6);
}

bool agent_route_next(const struct agent *a, const struct agent_route *after, struct agent_route *r,
                      bool *best)
{
	struct fib4_route r4;
	struct fib6_route r6;
	bool within6 = after != NULL && !ip_is4(after->dst);

	if (!within6) {
		const struct fib4_route after4 =
			after != NULL ? route_to4(after) : (struct fib4_route){0};

		if (fib4_next(a->fib4, after != NULL ? &after4 : NULL, &r4, best)) {
			*r = (struct agent_route){ip_from4(r4.dst), r4.len, r4.source, r4.nh,
			                          r4.metric};
			return true;
		}
	}
	const struct fib6_route after6 = within6 ? route_to6(after) : (struct fib6_route){0};

	if (!fib6_next(a->fib6, within6 ? &after6 : NULL, &r6, best))
		return false;
	*r = (struct agent_route){r6.dst, r6.len, r6.source, r6.nh, r6.metric};
	return true;
}

static int key_get(struct agent *a, const struct nexthop_key *key, uint16_t *nh)
{
	uint16_t max_len = 0;

	if (key->kind == NH_RESOLVE || key->kind == NH_CONNECTED)
		max_len = nexthop_max_len(a->iface[key->iface].mtu);
	return nexthop_get(a->nexthops, key, max_len, nh);
}

/* The group of a route's gateways. */
static int group_get(struct agent *a, const struct wanted *w, uint16_t *nh)
{
	const struct config_via *via = &w->of->via;
	uint16_t member[NEXTHOP_MEMBERS];
	unsigned int n = 0;
	int err = 0;

	static_assert(NEXTHOP_MEMBERS == CONFIG_GATEWAYS_MAX, "what is configured has room");
	while (err == 0 && n < via->n) {
		const struct config_gateway *g = &via->list[n];
		const struct nexthop_key key = {
			.kind = NH_RESOLVE,
			.iface = agent_iface_id(a, w->config->interfaces[g->iface].name),
			.gateway = g->addr,
		};

		err = key_get(a, &key, &member[n]);
		n += err == 0;
	}
	if (err == 0) /* flows stay as they are, as far as the old gateways are the new ones */
		err = nexthop_get_group(a->nexthops, member, n, fib_find(a, &w->route), nh);
	while (err < 0 && n > 0)
		nexthop_put(a->nexthops, member[--n]);
	return err;
}

int wanted_get(struct agent *a, const struct wanted *w, uint16_t *nh)
{
	return w->key.kind == NH_GROUP ? group_get(a, w, nh) : key_get(a, &w->key, nh);
}

void wanted_sync(struct agent *a, const struct wanted *w)
{
	if (w->key.kind == NH_RESOLVE)
		neigh_sync_gateway(a->neigh, w->key.iface, w->key.gateway);
	for (uint16_t i = 0; w->key.kind == NH_GROUP && i < w->of->via.n; i++) {
		const struct config_gateway *g = &w->of->via.list[i];

		neigh_sync_gateway(
			a->neigh, agent_iface_id(a, w->config->interfaces[g->iface].name), g->addr);
	}
}

int wanted_insert(struct agent *a, const struct wanted *w)
{
	struct agent_route r = w->route;
	uint16_t old;
	int err = wanted_get(a, w, &r.nh);

	if (err < 0)
		return err;
	err = fib_insert(a, &r, &old);
	if (err < 0) {
		nexthop_put(a->nexthops, r.nh);
		return err;
	}
	if (old != 0)
		nexthop_put(a->nexthops, old);
	wanted_sync(a, w);
	return 0;
}

void wanted_remove(struct agent *a, const struct wanted *w)
{
	uint16_t old;

	if (fib_remove(a, &w->route, &old) == 0)
		nexthop_put(a->nexthops, old);
}
