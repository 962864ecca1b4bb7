/* SPDX-License-Identifier: BSD-2-Clause */
/* The routes that the configuration says, and those that follow from addresses. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "agent/agent.h"
#include "table/lpm4.h"
#include "wire/addr.h"
#include "wire/ether.h"
#include "wire/ip4.h"

/* From this many routes on, an empty table is loaded at once instead of route by route. */
#define LOAD_MIN 256

/* A route with the next hop it wants. */
struct wanted {
	struct fib4_route route;
	struct nexthop_key key;        /* NH_GROUP: that of @of's gateways */
	const struct config_route *of; /* a route of the configuration, else NULL */
	const struct config *config;   /* that it is of */
};

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
		err = nexthop_get_group(a->nexthops, member, n, fib4_find(a->fib4, &w->route), nh);
	while (err < 0 && n > 0)
		nexthop_put(a->nexthops, member[--n]);
	return err;
}

/* The next hop that @w wants, with a reference. */
static int wanted_get(struct agent *a, const struct wanted *w, uint16_t *nh)
{
	return w->key.kind == NH_GROUP ? group_get(a, w, nh) : key_get(a, &w->key, nh);
}

/* New next hops learn what is known of their gateways. */
static void wanted_sync(struct agent *a, const struct wanted *w)
{
	if (w->key.kind == NH_RESOLVE)
		neigh_sync_gateway(a->neigh, w->key.iface, w->key.gateway);
	for (uint16_t i = 0; w->key.kind == NH_GROUP && i < w->of->via.n; i++) {
		const struct config_gateway *g = &w->of->via.list[i];

		neigh_sync_gateway(
			a->neigh, agent_iface_id(a, w->config->interfaces[g->iface].name), g->addr);
	}
}

static int route_insert(struct agent *a, const struct wanted *w)
{
	struct fib4_route r = w->route;
	uint16_t old;
	int err = wanted_get(a, w, &r.nh);

	if (err < 0)
		return err;
	err = fib4_insert(a->fib4, &r, &old);
	if (err < 0) {
		nexthop_put(a->nexthops, r.nh);
		return err;
	}
	if (old != 0)
		nexthop_put(a->nexthops, old);
	wanted_sync(a, w);
	return 0;
}

static void route_remove(struct agent *a, const struct wanted *w)
{
	uint16_t old;

	if (fib4_remove(a->fib4, &w->route, &old) == 0)
		nexthop_put(a->nexthops, old);
}

/* The routes that follow from an address of interface @id. Return: how many of the four. */
static unsigned int addr_routes(uint16_t id, struct iface_addr4 addr, struct wanted w[4])
{
	uint32_t net = addr.addr & ip4_mask(addr.len);
	unsigned int n = 0;

	w[n++] = (struct wanted){
		.route = {.dst = addr.addr, .len = 32, .source = ROUTE_LOCAL},
		.key = {.kind = NH_LOCAL},
	};
	if (addr.len == 32)
		return n;
	w[n++] = (struct wanted){
		.route = {.dst = net, .len = addr.len, .source = ROUTE_CONNECTED},
		.key = {.kind = NH_CONNECTED, .iface = id},
	};
	if (addr.len == 31)
		return n;             /* RFC 3021: no broadcast address */
	for (int i = 0; i < 2; i++) { /* RFC 1812 5.3.5.2: all ones, and the old all zeros */
		w[n++] = (struct wanted){
			.route = {.dst = i == 0 ? net : net | ~ip4_mask(addr.len),
		                  .len = 32,
		                  .source = ROUTE_LOCAL,
		                  .metric = 1}, /* an own address comes first */
			.key = {.kind = NH_BROADCAST, .iface = id},
		};
	}
	return n;
}

static bool same_place(const struct fib4_route *x, const struct fib4_route *y)
{
	return x->dst == y->dst && x->len == y->len && x->source == y->source &&
	       x->metric == y->metric;
}

/* Does one of the addresses of interface @id want the route? @by: then, as it wants it. */
static bool route_wanted(uint16_t id, const struct iface_addr4 *addr, uint16_t n,
                         const struct fib4_route *r, struct wanted *by)
{
	struct wanted w[4];
	unsigned int m;

	for (uint16_t i = 0; i < n; i++) {
		if (((addr[i].addr ^ r->dst) & ip4_mask(addr[i].len)) != 0)
			continue; /* all of an address's routes lie within its subnet */
		m = addr_routes(id, addr[i], w);
		while (m-- > 0) {
			*by = w[m];
			if (same_place(&by->route, r))
				return true;
		}
	}
	return false;
}

/*
 * Interface @id wants the route no more. While addresses move from one interface to another, that
 * one wants it: it may have replaced the route already, or be owed it back by an undo.
 */
static void route_release(struct agent *a, uint16_t id, const struct wanted *w)
{
	for (uint16_t i = 0; i < PORT_MAX; i++) {
		const struct agent_iface *f = &a->iface[i];
		struct wanted by;

		if (i == id || !route_wanted(i, f->addr4, f->n_addr4, &w->route, &by))
			continue;
		if (route_insert(a, &by) < 0)
			a->lost_routes++;
		return;
	}
	route_remove(a, w);
}

static void addrs_remove(struct agent *a, uint16_t id, const struct iface_addr4 *gone, uint16_t n,
                         const struct iface_addr4 *stay, uint16_t n_stay)
{
	struct wanted w[4], by;

	for (uint16_t i = 0; i < n; i++) {
		unsigned int m = addr_routes(id, gone[i], w);

		for (unsigned int k = 0; k < m; k++) {
			if (!route_wanted(id, stay, n_stay, &w[k].route, &by))
				route_release(a, id, &w[k]);
		}
	}
}

/* Insert the routes of one address. Return: 0, or an errno with some of them inserted. */
static int addr_insert(struct agent *a, uint16_t id, struct iface_addr4 addr)
{
	struct wanted w[4];
	unsigned int n = addr_routes(id, addr, w);
	int err = 0;

	for (unsigned int k = 0; err == 0 && k < n; k++)
		err = route_insert(a, &w[k]);
	return err;
}

int agent_addrs_change(struct agent *a, uint16_t id, const struct iface_addr4 *was, uint16_t n_was,
                       const struct iface_addr4 *is, uint16_t n_is)
{
	/* The new ones first: what both have is replaced by its equal, and never missing. */
	for (uint16_t i = 0; i < n_is; i++) {
		int err = addr_insert(a, id, is[i]);

		if (err < 0) {
			addrs_remove(a, id, is, (uint16_t)(i + 1), was, n_was);
			return err;
		}
	}
	addrs_remove(a, id, was, n_was, is, n_is);
	return 0;
}

/* What a route of the configuration @c wants. */
static struct wanted config_wanted(struct agent *a, const struct config *c,
                                   const struct config_route *r)
{
	struct wanted w = {
		.route = {.dst = ip_to4(r->to.addr),
	                  .len = r->to.len,
	                  .source = ROUTE_STATIC,
	                  .metric = r->metric},
		.of = r,
		.config = c,
	};

	assert(c != NULL); /* the one that @r is of */
	switch ((enum config_route_type)r->type) {
	case CONFIG_ROUTE_BLACKHOLE:
		w.key.kind = NH_BLACKHOLE;
		break;
	case CONFIG_ROUTE_UNREACHABLE:
		w.key.kind = NH_UNREACHABLE;
		break;
	case CONFIG_ROUTE_PROHIBIT:
		w.key.kind = NH_PROHIBIT;
		break;
	case CONFIG_ROUTE_UNICAST:
		if (r->via.n > 1) {
			w.key.kind = NH_GROUP;
			break;
		}
		w.key.kind = !ip_is_none(r->via.addr) ? NH_RESOLVE : NH_CONNECTED;
		w.key.gateway = r->via.addr;
		w.key.iface = agent_iface_id(a, c->interfaces[r->iface].name);
		break;
	}
	return w;
}

static int route_fail(const struct config_route *r, int err, struct why *e)
{
	char text[IP_PREFIX_TEXT];

	ip_prefix_format(text, r->to.addr, r->to.len);
	if (err == -ENOSPC)
		return why_fail(e, err,
		                "routes: %s: no room for one more prefix beyond /24, or for one "
		                "more next hop: use fewer of them",
		                text);
	return why_fail(e, err, "routes: %s: %s", text, strerror(-err));
}

static int load_fail(size_t n, int err, struct why *e)
{
	if (err == -ENOSPC)
		return why_fail(e, err,
		                "routes: those beyond /24 lie in more than %u different /24s, for "
		                "which there is no room: use fewer of them",
		                LPM4_MAX_GROUPS);
	return why_fail(e, err, "routes: %zu cannot be loaded: %s", n, strerror(-err));
}

/* The routes of a table that is empty but for interfaces': sorted and written in one go. */
static int routes_load(struct agent *a, const struct config *c, struct why *e)
{
	struct fib4_route *r = calloc(c->n_routes, sizeof(*r));
	size_t n = 0;
	int err = r == NULL ? -ENOMEM : 0;

	while (err == 0 && n < c->n_routes) {
		struct wanted w = config_wanted(a, c, &c->routes[n]);

		r[n] = w.route;
		err = wanted_get(a, &w, &r[n].nh);
		if (err == 0)
			wanted_sync(a, &w);
		n += err == 0;
	}
	if (err < 0 && r != NULL)
		route_fail(&c->routes[n], err, e);
	if (err == 0) {
		err = fib4_load(a->fib4, r, n);
		if (err < 0)
			load_fail(n, err, e);
	}
	for (size_t i = 0; err < 0 && i < n; i++)
		nexthop_put(a->nexthops, r[i].nh);
	free(r);
	return err;
}

/* Take back the first @n differences that were applied. */
static void routes_undo(struct agent *a, const struct config *was, const struct config *is,
                        const struct config_diff *d, size_t n)
{
	while (n-- > 0) {
		const struct config_diff_route *r = &d->routes[n];
		struct wanted w = config_wanted(a, r->was != NULL ? was : is,
		                                r->was != NULL ? r->was : r->is);

		/* There was room for it a moment ago, and what took it is being removed. */
		if (r->was == NULL)
			route_remove(a, &w);
		else if (route_insert(a, &w) < 0)
			a->lost_routes++;
	}
}

int agent_routes_apply(struct agent *a, const struct config *was, const struct config *is,
                       const struct config_diff *d, struct why *e)
{
	struct fib4_stats stats;

	fib4_stats(a->fib4, &stats);
	if (was == NULL && stats.routes == 0 && is->n_routes >= LOAD_MIN)
		return routes_load(a, is, e);
	for (size_t i = 0; i < d->n_routes; i++) {
		const struct config_diff_route *r = &d->routes[i];
		struct wanted w;
		int err = 0;

		if (r->is != NULL) {
			w = config_wanted(a, is, r->is);
			err = route_insert(a, &w);
		} else {
			w = config_wanted(a, was, r->was);
			route_remove(a, &w);
		}
		if (err < 0) {
			routes_undo(a, was, is, d, i);
			return route_fail(r->is, err, e);
		}
	}
	return 0;
}

void agent_routes_undo(struct agent *a, const struct config *was, const struct config *is,
                       const struct config_diff *d)
{
	routes_undo(a, was, is, d, d->n_routes);
}
