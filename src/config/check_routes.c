/* SPDX-License-Identifier: BSD-2-Clause */
/* check_routes: routes and neighbours against the interfaces, and against each other. */
#include <stdlib.h>
#include <string.h>

#include "config/address.h"
#include "config/check.h"
#include "config/suggest.h"
#include "config/value.h"
#include "wire/addr.h"

/* A route or a neighbour, by what is common to them. */
struct referrer {
	const char *list, *key; /* routes and via; neighbours and address */
	uint32_t index;
	struct ip addr;        /* ::: none */
	const char *interface; /* as the file says */
	const struct check_place *place;
	const struct config_gateway *gateway; /* which one of several; NULL: there is only one */
};

static bool is_port(const struct config_interface *f)
{
	return f->kind == CONFIG_DEVICE && f->bridge != CONFIG_NO_BRIDGE;
}

static void refuse_interface(struct check *k, const struct referrer *r, const char *why)
{
	errors_add(k->errs, r->place->interface,
	           PATH({.key = r->list}, {.index = r->index}, {.key = "interface"}), "%s %s",
	           r->interface, why);
}

static void unknown_interface(struct check *k, const struct referrer *r)
{
	const struct config_bridge *b = check_find_bridge(k->config, r->interface);
	struct suggest near = {.word = r->interface};
	char hint[SUGGEST_TEXT];

	if (b != NULL) {
		refuse_interface(k, r,
		                 b->vlan_aware ? "is VLAN-aware: name its interface in a VLAN"
		                               : "has no addresses, so no packet is routed there");
		return;
	}
	for (size_t i = 0; i < k->config->n_interfaces && !errors_full(k->errs); i++)
		if (!is_port(&k->config->interfaces[i]))
			suggest_try(&near, k->config->interfaces[i].name);
	errors_add(k->errs, r->place->interface,
	           PATH({.key = r->list}, {.index = r->index}, {.key = "interface"}),
	           "unknown interface \"%s\"%s", r->interface, suggest_text(&near, hint));
}

static void refuse_address(struct check *k, const struct referrer *r, const char *why)
{
	char text[IP_TEXT], line[WHY_MAX];

	(void)snprintf(line, sizeof(line), "%s is %s", ip_format(text, r->addr), why);
	if (r->gateway != NULL)
		check_refuse_gateway(k, r->index, r->gateway->index, line);
	else
		errors_add(k->errs, r->place->address,
		           PATH({.key = r->list}, {.index = r->index}, {.key = r->key}), "%s",
		           line);
}

/* The interface that @r names, CONFIG_NO_IFACE if it names none, or after complaining. */
static uint16_t resolve_interface(struct check *k, const struct referrer *r)
{
	uint16_t iface = CONFIG_NO_IFACE;

	if (r->interface[0] != '\0') {
		iface = config_find_interface(k->config, r->interface);
		/* Of a broken section some names may be missing. */
		if (iface == CONFIG_NO_IFACE && !k->interfaces_broken)
			unknown_interface(k, r);
	}
	if (iface != CONFIG_NO_IFACE && is_port(&k->config->interfaces[iface])) {
		refuse_interface(k, r, "is a port of a bridge: name the bridge's own interface");
		return CONFIG_NO_IFACE;
	}
	return iface;
}

/* The link-local address of @f as far as the file says it, :: if it does not. */
static struct ip link_local_of(const struct config *c, const struct config_interface *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_addresses; i++) {
		if (ip6_is_link_local(f->addresses[i].addr))
			return f->addresses[i].addr;
	}
	/* A VLAN has the MAC of its device; of one that goes round, there are errors. */
	while (f->kind == CONFIG_VLAN && f->on != CONFIG_NO_IFACE && n++ < c->n_interfaces)
		f = &c->interfaces[f->on];
	return f->mac != 0 ? ip6_link_local(f->mac) : (struct ip){};
}

static uint16_t resolve_link_local(struct check *k, const struct referrer *r, uint16_t named)
{
	const struct config *c = k->config;

	if (r->interface[0] == '\0')
		refuse_address(k, r, "on every link: say its \"interface\"");
	else if (named != CONFIG_NO_IFACE &&
	         ip_equal(link_local_of(c, &c->interfaces[named]), r->addr))
		refuse_address(k, r, "the router's own address");
	else
		return named;
	return CONFIG_NO_IFACE;
}

/* The interface that the address of @r is behind, @named being what resolve_interface() says;
 * CONFIG_NO_IFACE after complaining. */
static uint16_t resolve_address(struct check *k, const struct referrer *r, uint16_t named)
{
	const struct check_subnet *subnet;

	if (k->interfaces_broken || ip_is_none(r->addr))
		return named;
	if (ip6_is_link_local(r->addr))
		return resolve_link_local(k, r, named);
	if (check_find_taken(k, r->addr) != NULL) {
		refuse_address(k, r, check_find_taken(k, r->addr));
		return CONFIG_NO_IFACE;
	}
	if (r->interface[0] != '\0')
		return named;
	subnet = check_find_subnet(k, r->addr);
	if (subnet != NULL)
		return subnet->iface;
	refuse_address(k, r,
	               "in no interface's subnet; if it is on the link all the same, "
	               "say its \"interface\"");
	return CONFIG_NO_IFACE;
}

static int route_key_compare(const struct config_route *x, const struct config_route *y)
{
	int order = ip_order(x->to.addr, y->to.addr);

	if (order != 0)
		return order;
	if (x->to.len != y->to.len)
		return x->to.len < y->to.len ? -1 : 1;
	return x->metric < y->metric ? -1 : x->metric > y->metric;
}

static int by_prefix(const void *a, const void *b)
{
	const struct config_route *x = a, *y = b;
	int order = route_key_compare(x, y);

	return order != 0 ? order : x->index < y->index ? -1 : 1;
}

static bool routes_are_sorted(const struct config *c)
{
	for (size_t i = 1; i < c->n_routes; i++) {
		if (by_prefix(&c->routes[i - 1], &c->routes[i]) > 0)
			return false;
	}
	return true;
}

/* Find the interfaces that @r leaves by. */
static void route_resolve(struct check *k, struct config_route *r)
{
	struct referrer ref = {.list = "routes",
	                       .key = "via",
	                       .index = r->index,
	                       .addr = r->via.addr,
	                       .interface = r->interface,
	                       .place = &k->routes.at[r->index]};
	uint16_t named;

	if (r->type != CONFIG_ROUTE_UNICAST)
		return;
	named = resolve_interface(k, &ref);
	if (r->via.n == 0)
		r->iface = resolve_address(k, &ref, named);
	for (uint16_t i = 0; i < r->via.n; i++) {
		struct config_gateway *g = &r->via.list[i];

		ref.addr = g->addr;
		ref.gateway = g;
		g->iface = resolve_address(k, &ref, named);
	}
}

void check_routes(struct check *k)
{
	struct config *c = k->config;

	for (size_t i = 0; i < c->n_routes; i++)
		route_resolve(k, &c->routes[i]);
	if (!routes_are_sorted(c))
		qsort(c->routes, c->n_routes, sizeof(c->routes[0]), by_prefix);
	for (size_t i = 1; i < c->n_routes; i++) {
		const struct config_route *r = &c->routes[i];

		if (route_key_compare(r - 1, r) == 0)
			errors_add(k->errs, k->routes.at[r->index].whole,
			           PATH({.key = "routes"}, {.index = r->index}),
			           "same prefix and metric as routes[%u]", r[-1].index);
	}
}

static int neighbour_key_compare(const struct config_neighbour *x, const struct config_neighbour *y)
{
	if (x->iface != y->iface)
		return x->iface < y->iface ? -1 : 1;
	return ip_order(x->address, y->address);
}

static int by_neighbour(const void *a, const void *b)
{
	const struct config_neighbour *x = a, *y = b;
	int order = neighbour_key_compare(x, y);

	return order != 0 ? order : x->index < y->index ? -1 : 1;
}

void check_neighbours(struct check *k)
{
	struct config *c = k->config;

	for (size_t i = 0; i < c->n_neighbours; i++) {
		struct config_neighbour *n = &c->neighbours[i];
		struct referrer ref = {"neighbours", "address",    n->index,
		                       n->address,   n->interface, &k->neighbours.at[n->index],
		                       NULL};

		n->iface = resolve_address(k, &ref, resolve_interface(k, &ref));
	}
	if (c->n_neighbours > 1)
		qsort(c->neighbours, c->n_neighbours, sizeof(c->neighbours[0]), by_neighbour);
	for (size_t i = 1; i < c->n_neighbours; i++) {
		const struct config_neighbour *n = &c->neighbours[i];

		if (neighbour_key_compare(n - 1, n) == 0)
			errors_add(k->errs, k->neighbours.at[n->index].whole,
			           PATH({.key = "neighbours"}, {.index = n->index}),
			           "same address and interface as neighbours[%u]", n[-1].index);
	}
}
