/* SPDX-License-Identifier: BSD-2-Clause */
/* diff: one walk over two sorted arrays for each kind of thing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/address.h"
#include "config/check.h"
#include "config/value.h"

/* Two models side by side; @out is the difference they add to. */
struct pair {
	const struct config *was, *is;
	struct config_diff *out;
};

static const char *iface_name(const struct config *c, uint16_t iface)
{
	return iface == CONFIG_NO_IFACE ? "" : c->interfaces[iface].name;
}

/* What differs between two structs of @mapping, as enum config_change bits. */
static uint32_t changes(const struct schema *mapping, const void *was, const void *is)
{
	uint32_t bits = 0;

	for (const struct schema *f = mapping->fields; f->key != NULL; f++) {
		if (f->change != 0 && !value_equal(f, was, is))
			bits |= f->change;
	}
	return bits;
}

static int order_of(uint64_t x, uint64_t y)
{
	return x < y ? -1 : x > y;
}

/* The fields in order of their weight; the first that differs decides. */
static int route_order(const struct config_route *was, const struct config_route *is)
{
	int order = ip_order(was->to.addr, is->to.addr);

	if (order == 0)
		order = order_of(was->to.len, is->to.len);
	if (order == 0)
		order = order_of(was->metric, is->metric);
	return order;
}

static bool routes_same(const struct pair *p, const struct config_route *was,
                        const struct config_route *is)
{
	if (!ip_equal(was->via.addr, is->via.addr) || was->via.n != is->via.n ||
	    was->type != is->type)
		return false;
	for (uint16_t i = 0; i < was->via.n; i++) {
		const struct config_gateway *x = &was->via.list[i], *y = &is->via.list[i];

		if (!ip_equal(x->addr, y->addr) ||
		    strcmp(iface_name(p->was, x->iface), iface_name(p->is, y->iface)) != 0)
			return false;
	}
	return strcmp(iface_name(p->was, was->iface), iface_name(p->is, is->iface)) == 0;
}

static int neighbour_order(const struct pair *p, const struct config_neighbour *was,
                           const struct config_neighbour *is)
{
	int order = strcmp(iface_name(p->was, was->iface), iface_name(p->is, is->iface));

	return order != 0 ? order : ip_order(was->address, is->address);
}

/* Which of two sorted arrays to take the next element from: both, if @order is 0. */
struct step {
	bool was, is;
};

static struct step step_of(bool has_was, bool has_is, int order)
{
	return (struct step){has_was && (!has_is || order <= 0),
	                     has_is && (!has_was || order >= 0)};
}

static const char *bridge_name(const struct config *c, uint16_t bridge)
{
	return bridge == CONFIG_NO_BRIDGE ? "" : c->bridges[bridge].name;
}

/* What differs between two interfaces of one name, what was made out of bridges too. */
static uint32_t interface_changes(const struct pair *p, const struct config_interface *was,
                                  const struct config_interface *is)
{
	const struct schema *names = schema_field(&config_schema, "interfaces");
	uint32_t bits = changes(names->fields, was, is);

	if (was->kind != is->kind)
		bits |= CONFIG_CHANGE_VLAN;
	if (strcmp(bridge_name(p->was, was->bridge), bridge_name(p->is, is->bridge)) != 0)
		bits |= CONFIG_CHANGE_BRIDGE;
	return bits;
}

static int diff_interfaces(const struct pair *p)
{
	size_t n = p->was->n_interfaces, m = p->is->n_interfaces;
	struct config_diff *d = p->out;

	for (size_t i = 0, j = 0; i < n || j < m;) {
		const struct config_interface *was = i < n ? &p->was->interfaces[i] : NULL;
		const struct config_interface *is = j < m ? &p->is->interfaces[j] : NULL;
		int order = was != NULL && is != NULL ? strcmp(was->name, is->name) : 0;
		struct step s = step_of(was != NULL, is != NULL, order);
		uint32_t changed = s.was && s.is ? interface_changes(p, was, is) : 0;

		i += s.was;
		j += s.is;
		if (s.was && s.is && changed == 0)
			continue;
		if (array_slot(&d->interfaces, d->n_interfaces, sizeof(*d->interfaces)) == NULL)
			return -ENOMEM;
		d->interfaces[d->n_interfaces++] = (struct config_diff_interface){
			s.was ? was : NULL,
			s.is ? is : NULL,
			changed,
		};
	}
	return 0;
}

static int diff_bridges(const struct pair *p)
{
	const struct schema *names = schema_field(&config_schema, "bridges");
	size_t n = p->was->n_bridges, m = p->is->n_bridges;
	struct config_diff *d = p->out;

	for (size_t i = 0, j = 0; i < n || j < m;) {
		const struct config_bridge *was = i < n ? &p->was->bridges[i] : NULL;
		const struct config_bridge *is = j < m ? &p->is->bridges[j] : NULL;
		int order = was != NULL && is != NULL ? strcmp(was->name, is->name) : 0;
		struct step s = step_of(was != NULL, is != NULL, order);

		i += s.was;
		j += s.is;
		if (s.was && s.is && value_equal(names->fields, was, is))
			continue;
		if (array_slot(&d->bridges, d->n_bridges, sizeof(*d->bridges)) == NULL)
			return -ENOMEM;
		d->bridges[d->n_bridges++] = (struct config_diff_bridge){
			s.was ? was : NULL,
			s.is ? is : NULL,
		};
	}
	return 0;
}

static int diff_routes(const struct pair *p)
{
	size_t n = p->was->n_routes, m = p->is->n_routes;
	struct config_diff *d = p->out;

	for (size_t i = 0, j = 0; i < n || j < m;) {
		const struct config_route *was = i < n ? &p->was->routes[i] : NULL;
		const struct config_route *is = j < m ? &p->is->routes[j] : NULL;
		int order = was != NULL && is != NULL ? route_order(was, is) : 0;
		struct step s = step_of(was != NULL, is != NULL, order);

		i += s.was;
		j += s.is;
		if (s.was && s.is && routes_same(p, was, is))
			continue;
		if (array_slot(&d->routes, d->n_routes, sizeof(*d->routes)) == NULL)
			return -ENOMEM;
		d->routes[d->n_routes++] = (struct config_diff_route){
			s.was ? was : NULL,
			s.is ? is : NULL,
		};
	}
	return 0;
}

static int diff_neighbours(const struct pair *p)
{
	size_t n = p->was->n_neighbours, m = p->is->n_neighbours;
	struct config_diff *d = p->out;

	for (size_t i = 0, j = 0; i < n || j < m;) {
		const struct config_neighbour *was = i < n ? &p->was->neighbours[i] : NULL;
		const struct config_neighbour *is = j < m ? &p->is->neighbours[j] : NULL;
		int order = was != NULL && is != NULL ? neighbour_order(p, was, is) : 0;
		struct step s = step_of(was != NULL, is != NULL, order);

		i += s.was;
		j += s.is;
		if (s.was && s.is && was->lladdr == is->lladdr)
			continue;
		if (array_slot(&d->neighbours, d->n_neighbours, sizeof(*d->neighbours)) == NULL)
			return -ENOMEM;
		d->neighbours[d->n_neighbours++] = (struct config_diff_neighbour){
			s.was ? was : NULL,
			s.is ? is : NULL,
		};
	}
	return 0;
}

int config_diff(struct config_diff *out, const struct config *was, const struct config *is)
{
	static const struct config nothing;
	const struct schema *system = schema_field(&config_schema, "system");
	struct config_diff d = {};
	struct pair p = {was != NULL ? was : &nothing, is, &d};
	int err;

	if (was != NULL)
		d.system = changes(system, &was->system, &is->system);
	err = diff_interfaces(&p);
	if (err == 0)
		err = diff_bridges(&p);
	if (err == 0)
		err = diff_routes(&p);
	if (err == 0)
		err = diff_neighbours(&p);
	if (err != 0) {
		config_diff_fini(&d);
		return err;
	}
	*out = d;
	return 0;
}

void config_diff_fini(struct config_diff *d)
{
	free(d->interfaces);
	free(d->bridges);
	free(d->routes);
	free(d->neighbours);
	*d = (struct config_diff){};
}
