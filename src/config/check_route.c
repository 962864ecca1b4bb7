/* SPDX-License-Identifier: BSD-2-Clause */
/* check_route: a single route, as the reader meets it: its type, its gateways and their family. */
#include <errno.h>
#include <stdlib.h>

#include "config/address.h"
#include "config/check.h"

static void check_no_gateway(struct check *k, const struct seen *seen)
{
	if (seen->at[1 + ROUTE_VIA].line != 0)
		check_refuse_field(k, seen, ROUTE_VIA, "only a unicast route has a gateway");
	if (seen->at[1 + ROUTE_INTERFACE].line != 0)
		check_refuse_field(k, seen, ROUTE_INTERFACE,
		                   "only a unicast route has an interface");
}

static void check_unicast(struct check *k, const struct seen *seen)
{
	const struct config_route *r = seen->value;
	const char *martian = prefix_martian(&r->to);

	if (ip_is_none(r->via.addr) && r->via.n == 0 && r->interface[0] == '\0')
		errors_add(k->errs, seen->at[0], seen->path,
		           "neither \"via\" nor \"interface\" is said");
	if (martian != NULL)
		check_refuse_field(k, seen, ROUTE_TO, martian);
}

void check_gateway(struct check *k, const struct seen *seen)
{
	struct check_gateway *g = array_slot(&k->gateways, k->n_gateways, sizeof(*g));

	if (g == NULL) {
		k->err = -ENOMEM;
		return;
	}
	/* Its path is routes[...].via[...]. */
	*g = (struct check_gateway){seen->path->step[1].index, seen->index, seen->at[0]};
	k->n_gateways++;
}

void check_refuse_gateway(struct check *k, uint32_t route, uint32_t index, const char *why)
{
	struct mark at = k->routes.at[route].address;

	for (size_t i = 0; i < k->n_gateways; i++) {
		if (k->gateways[i].route == route && k->gateways[i].index == index)
			at = k->gateways[i].at;
	}
	errors_add(k->errs, at,
	           PATH({.key = "routes"}, {.index = route}, {.key = "via"}, {.index = index}),
	           "%s", why);
}

static int by_address(const void *a, const void *b)
{
	const struct config_gateway *x = a, *y = b;
	int order = ip_order(x->addr, y->addr);

	return order != 0 ? order : x->index < y->index ? -1 : 1;
}

/* What a route to `default` means: the family of its gateway decides. */
static void decide_default(struct config_route *r)
{
	const struct config_via *via = &r->via;
	struct ip gateway = via->n > 0 ? via->list[0].addr : via->addr;

	if (r->to.len != PREFIX_DEFAULT)
		return;
	r->to.len = 0;
	r->to.addr = ip_is_none(gateway) || ip_is4(gateway) ? ip_from4(0) : (struct ip){};
}

static void check_families(struct check *k, const struct seen *seen)
{
	const struct config_route *r = seen->value;
	bool is4 = ip_is4(r->to.addr);
	const char *why = is4 ? "the gateway of an IPv4 route is an IPv4 address"
	                      : "the gateway of an IPv6 route is an IPv6 address";

	for (uint16_t i = 0; i < r->via.n; i++) {
		if (ip_is4(r->via.list[i].addr) != is4)
			check_refuse_gateway(k, seen->index, i, why);
	}
	if (!ip_is_none(r->via.addr) && ip_is4(r->via.addr) != is4)
		check_refuse_field(k, seen, ROUTE_VIA, why);
}

/* In order, each once; a list of one is as if there were no list. */
static void check_gateways(struct check *k, uint32_t route, struct config_via *via)
{
	if (via->n > 1)
		qsort(via->list, via->n, sizeof(via->list[0]), by_address);
	for (uint16_t i = 1; i < via->n; i++) {
		if (ip_equal(via->list[i].addr, via->list[i - 1].addr))
			check_refuse_gateway(k, route, via->list[i].index, "said before");
	}
	if (via->n == 1) {
		struct ip addr = via->list[0].addr;

		free(via->list);
		*via = (struct config_via){.addr = addr};
	}
}

void check_route(struct check *k, const struct seen *seen)
{
	struct config_route *r = seen->value;

	r->index = seen->index;
	r->iface = CONFIG_NO_IFACE;
	decide_default(r);
	if (ip6_is_link_local(r->to.addr) && r->to.len >= 10)
		check_refuse_field(k, seen, ROUTE_TO,
		                   "link-local addresses are on every link, no route leads there");
	else if (r->type == CONFIG_ROUTE_UNICAST)
		check_unicast(k, seen);
	else
		check_no_gateway(k, seen);
	check_place(k, &k->routes, seen->index,
	            (struct check_place){
			    .whole = seen->at[0],
			    .address = seen->at[1 + ROUTE_VIA],
			    .interface = seen->at[1 + ROUTE_INTERFACE],
		    });
	if (k->err != 0)
		return;
	check_families(k, seen);
	check_gateways(k, seen->index, &r->via);
}
