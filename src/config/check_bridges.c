/* SPDX-License-Identifier: BSD-2-Clause */
/* check_bridges: bridges against interfaces, and how many of all there are. */
#include <string.h>

#include "config/check.h"
#include "config/value.h"

const struct config_bridge *check_find_bridge(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_bridges; i++) {
		if (strcmp(c->bridges[i].name, name) == 0)
			return &c->bridges[i];
	}
	return NULL;
}

/* A bridge and an interface cannot have one name, whether the bridge makes one of it or not. */
static void check_name(struct check *k, const struct config_bridge *b)
{
	uint16_t i = config_find_interface(k->config, b->name);

	if (i == CONFIG_NO_IFACE || k->config->interfaces[i].made || b->index >= k->n_bridges ||
	    k->bridges[b->index].whole.line == 0)
		return;
	errors_add(k->errs, k->bridges[b->index].whole, PATH({.key = "bridges"}, {.key = b->name}),
	           "an interface has this name, too: its addresses go here, or one of them gets "
	           "another name");
}

/* A device that is a port says only what devices do. */
static void check_device(struct check *k, const struct config_interface *f)
{
	static const struct {
		enum interface_field field;
		const char *key;
	} of_router[] = {
		{INTERFACE_ADDRESSES, "addresses"},     {INTERFACE_URPF, "urpf"},
		{INTERFACE_REDIRECTS, "redirects"},     {INTERFACE_DAD, "dad"},
		{INTERFACE_RA, "router-advertisement"},
	};
	const struct config_bridge *b = &k->config->bridges[f->bridge];

	if (f->index >= k->n_interfaces)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(of_router); i++) {
		struct mark at = k->interfaces[f->index].field[of_router[i].field];

		if (at.line != 0)
			errors_add(k->errs, at,
			           PATH({.key = "interfaces"}, {.key = f->name},
			                {.key = of_router[i].key}),
			           "not of a port of a bridge: say it in bridges.%s%s", b->name,
			           b->vlan_aware ? ".vlans" : "");
	}
}

/* Where interface @i is said: in `interfaces` or in a bridge; line 0: it has errors. */
static struct mark place_of(const struct check *k, uint16_t i)
{
	const struct config_interface *f = &k->config->interfaces[i];

	if (f->index < k->n_interfaces)
		return k->interfaces[f->index].whole;
	for (size_t j = 0; f->kind == CONFIG_BRIDGE && j < k->n_feet; j++) {
		if (k->feet[j].iface == i)
			return k->feet[j].whole;
	}
	if (f->kind == CONFIG_DEVICE && f->bridge != CONFIG_NO_BRIDGE) {
		const struct config_bridge *b = &k->config->bridges[f->bridge];

		for (size_t j = 0; j < b->n_ports; j++) {
			if (b->ports[j].iface == i && b->ports[j].index < k->n_ports)
				return k->ports[b->ports[j].index].whole;
		}
	}
	return (struct mark){};
}

/* Complain, at the last one of them, that there are too many. */
static void check_count(struct check *k, bool devices, size_t max, const char *what)
{
	const struct config *c = k->config;
	struct mark last = {};
	size_t n = 0;

	for (size_t i = 0; i < c->n_interfaces; i++)
		n += (c->interfaces[i].kind == CONFIG_DEVICE) == devices;
	for (uint16_t i = 0; n > max && i < c->n_interfaces; i++) {
		struct mark at = place_of(k, i);

		if ((c->interfaces[i].kind == CONFIG_DEVICE) == devices &&
		    (at.line > last.line || (at.line == last.line && at.column > last.column)))
			last = at;
	}
	if (n > max)
		errors_add(k->errs, last, &(struct path){}, "%zu %s: %zu are the most", n, what,
		           max);
}

static void check_foot(struct check *k, const struct config_interface *foot)
{
	const struct check_foot *place = foot->index != 0 ? &k->feet[foot->index - 1] : NULL;

	if (place != NULL && place->iface != CONFIG_NO_IFACE && place->whole.line != 0)
		check_bound(k, &k->config->interfaces[place->iface], place->whole, place->mtu);
}

void check_bridges(struct check *k)
{
	const struct config *c = k->config;

	for (size_t i = 0; i < c->n_bridges; i++) {
		const struct config_bridge *b = &c->bridges[i];

		check_name(k, b);
		check_foot(k, &b->foot);
		for (size_t j = 0; j < b->n_vlans; j++)
			check_foot(k, &b->vlans[j].foot);
	}
	for (size_t i = 0; i < c->n_interfaces; i++) {
		const struct config_interface *f = &c->interfaces[i];

		if (f->kind == CONFIG_DEVICE && f->bridge != CONFIG_NO_BRIDGE)
			check_device(k, f);
	}
	check_count(k, true, CONFIG_DEVICES_MAX, "devices, ports of bridges too");
	check_count(k, false, CONFIG_VIRTUAL_MAX, "VLANs and interfaces in bridges");
}
