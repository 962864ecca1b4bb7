/* SPDX-License-Identifier: BSD-2-Clause */
/* The routes that the configuration says, of both families. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "agent/wanted.h"
#include "table/lpm4.h"
#include "wire/addr.h"

/* From this many routes on, an empty table is loaded at once instead of route by route. */
#define LOAD_MIN 256

/* What a route of the configuration @c wants. */
static struct wanted config_wanted(struct agent *a, const struct config *c,
                                   const struct config_route *r)
{
	struct wanted w = {
		.route = {.dst = r->to.addr,
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
		                "routes: %s: no room for one more prefix%s, or for one more next "
		                "hop: use fewer of them",
		                text, ip_is4(r->to.addr) ? " beyond /24" : "");
	return why_fail(e, err, "routes: %s: %s", text, strerror(-err));
}

static int load_fail(size_t n, bool is4, int err, struct why *e)
{
	if (err == -ENOSPC && is4)
		return why_fail(e, err,
		                "routes: those beyond /24 lie in more than %u different /24s, for "
		                "which there is no room: use fewer of them",
		                LPM4_MAX_GROUPS);
	if (err == -ENOSPC)
		return why_fail(e, err, "routes: no room for %zu of IPv6: use fewer of them", n);
	return why_fail(e, err, "routes: %zu cannot be loaded: %s", n, strerror(-err));
}

/* Routes on their way into empty tables, each family's in its own form. */
struct loading {
	size_t n4, n6;
	struct fib4_route *r4;
	struct fib6_route *r6;
};

static int load_add(struct agent *a, const struct wanted *w, struct loading *l)
{
	struct agent_route r = w->route;
	int err = wanted_get(a, w, &r.nh);

	if (err < 0)
		return err;
	wanted_sync(a, w);
	if (ip_is4(r.dst))
		l->r4[l->n4++] = route_to4(&r);
	else
		l->r6[l->n6++] = route_to6(&r);
	return 0;
}

/* Both, or none. */
static int load_both(struct agent *a, struct loading *l, struct why *e)
{
	uint16_t old;
	int err = l->n4 > 0 ? fib4_load(a->fib4, l->r4, l->n4) : 0;

	if (err < 0)
		return load_fail(l->n4, true, err, e);
	err = l->n6 > 0 ? fib6_load(a->fib6, l->r6, l->n6) : 0;
	if (err == 0)
		return 0;
	for (size_t i = 0; i < l->n4; i++)
		(void)!fib4_remove(a->fib4, &l->r4[i], &old); /* its reference goes with all */
	return load_fail(l->n6, false, err, e);
}

/* The routes of tables that are empty: sorted and written in one go. */
static int routes_load(struct agent *a, const struct config *c, struct why *e)
{
	struct loading l = {.r4 = calloc(c->n_routes, sizeof(*l.r4)),
	                    .r6 = calloc(c->n_routes, sizeof(*l.r6))};
	int err = 0;

	if (l.r4 == NULL || l.r6 == NULL) {
		err = why_fail(e, -ENOMEM, "routes: out of memory");
		goto free_routes;
	}
	for (size_t i = 0; err == 0 && i < c->n_routes; i++) {
		struct wanted w = config_wanted(a, c, &c->routes[i]);

		err = load_add(a, &w, &l);
		if (err < 0)
			route_fail(&c->routes[i], err, e);
	}
	if (err == 0)
		err = load_both(a, &l, e);
	for (size_t i = 0; err < 0 && i < l.n4; i++)
		nexthop_put(a->nexthops, l.r4[i].nh);
	for (size_t i = 0; err < 0 && i < l.n6; i++)
		nexthop_put(a->nexthops, l.r6[i].nh);

free_routes:
	free(l.r4);
	free(l.r6);
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
			wanted_remove(a, &w);
		else if (wanted_insert(a, &w) < 0)
			a->lost_routes++;
	}
}

int agent_routes_apply(struct agent *a, const struct config *was, const struct config *is,
                       const struct config_diff *d, struct why *e)
{
	struct fib4_stats stats4;
	struct fib6_stats stats6;

	fib4_stats(a->fib4, &stats4);
	fib6_stats(a->fib6, &stats6);
	if (was == NULL && stats4.routes + stats6.routes == 0 && is->n_routes >= LOAD_MIN)
		return routes_load(a, is, e);
	for (size_t i = 0; i < d->n_routes; i++) {
		const struct config_diff_route *r = &d->routes[i];
		struct wanted w;
		int err = 0;

		if (r->is != NULL) {
			w = config_wanted(a, is, r->is);
			err = wanted_insert(a, &w);
		} else {
			w = config_wanted(a, was, r->was);
			wanted_remove(a, &w);
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
