/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * made: the interfaces that follow from bridges: ports that `interfaces` does not list, and the
 * router's feet. All are sorted then, and everything points to what it means.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "config/value.h"
#include "config/vids.h"

bool interface_is_vlan(const void *base)
{
	const struct config_interface *f = base;

	return f->parent[0] != '\0' || f->vlan != 0 || name_is_vlan(f->name);
}

bool vlan_is_named(const void *base)
{
	const struct config_interface *f = base;

	return f->parent[0] == '\0';
}

struct path check_path_of(const struct check *k, const struct config_interface *f, char *vid)
{
	if (f->kind != CONFIG_BRIDGE)
		return *PATH({.key = "interfaces"}, {.key = f->name});
	if (f->vlan == 0)
		return *PATH({.key = "bridges"}, {.key = f->name});
	(void)snprintf(vid, 8, "%u", f->vlan);
	return *PATH({.key = "bridges"}, {.key = k->config->bridges[f->bridge].name},
	             {.key = "vlans"}, {.key = vid});
}

/* What the name says of a VLAN is filled in, and what the file says beside it is forgotten. */
static void interface_complete(struct config_interface *f)
{
	char parent[CONFIG_NAME_LEN];
	uint16_t vid;

	f->kind = interface_is_vlan(f) ? CONFIG_VLAN : CONFIG_DEVICE;
	f->on = CONFIG_NO_IFACE;
	f->bridge = CONFIG_NO_BRIDGE;
	if (f->kind != CONFIG_VLAN || !name_is_vlan(f->name))
		return;
	name_split(f->name, parent, &vid);
	f->vlan = vid;
	memset(f->parent, 0, sizeof(f->parent));
}

/* The interface @name while they are not sorted; NULL if there is none. */
static struct config_interface *find(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_interfaces; i++) {
		if (strcmp(c->interfaces[i].name, name) == 0)
			return &c->interfaces[i];
	}
	return NULL;
}

/* Add @f as one of the interfaces. Return: NULL without memory. */
static struct config_interface *add(struct check *k, const struct config_interface *f)
{
	struct config *c = k->config;
	struct config_interface *slot = array_slot(&c->interfaces, c->n_interfaces, sizeof(*slot));

	if (slot == NULL) {
		k->err = -ENOMEM;
		return NULL;
	}
	*slot = *f;
	slot->made = true;
	slot->index = (uint32_t)c->n_interfaces++;
	return slot;
}

static void refuse_port(struct check *k, const struct config_bridge *b,
                        const struct config_bridge_port *p, const char *why)
{
	if (p->index < k->n_ports && k->ports[p->index].whole.line != 0)
		errors_add(k->errs, k->ports[p->index].whole,
		           PATH({.key = "bridges"}, {.key = b->name}, {.key = "ports"},
		                {.key = p->name}),
		           "%s", why);
}

/* Why @p cannot be the device @f; NULL if it can. @text has WHY_MAX bytes. */
static const char *port_refusal(const struct config *c, const struct config_bridge_port *p,
                                const struct config_interface *f, char *text)
{
	if (check_find_bridge(c, p->name) != NULL)
		return "a bridge is no port of another, nor of itself";
	if (f->kind == CONFIG_VLAN || name_is_vlan(p->name))
		return "a VLAN's interface is no port: name the device, with \"access\" or "
		       "\"trunk\"";
	if (f->bridge == CONFIG_NO_BRIDGE)
		return NULL;
	(void)snprintf(text, WHY_MAX, "a port of %s, too: it can be in one bridge only",
	               c->bridges[f->bridge].name);
	return text;
}

/* Make the device that @p is, if it is not listed. Return: false without memory. */
static bool port_make(struct check *k, uint16_t bridge, struct config_bridge_port *p)
{
	const struct config *c = k->config;
	const struct config_bridge *b = &c->bridges[bridge];
	const struct schema *interfaces = schema_field(&config_schema, "interfaces");
	struct config_interface *f = find(c, p->name);
	char text[WHY_MAX];
	const char *why;

	if (f == NULL) {
		struct config_interface device = {.bridge = CONFIG_NO_BRIDGE,
		                                  .on = CONFIG_NO_IFACE};

		value_set_defaults(interfaces->fields, &device);
		memcpy(device.name, p->name, sizeof(p->name));
		f = add(k, &device);
		if (f == NULL)
			return false;
	}
	p->iface = (uint16_t)(f - c->interfaces);
	why = port_refusal(c, p, f, text);
	if (why != NULL)
		refuse_port(k, b, p, why);
	else
		f->bridge = bridge;
	return true;
}

static bool foot_make(struct check *k, uint16_t bridge, const struct config_interface *foot,
                      uint16_t vid)
{
	const struct config_bridge *b = &k->config->bridges[bridge];
	struct config_interface *f, copy = *foot;
	char name[CONFIG_NAME_LEN + 8];

	(void)snprintf(name, sizeof(name), vid == 0 ? "%s" : "%s.%u", b->name, vid);
	/* Both have been complained about by now, or will be by check_vlans(). */
	if (strlen(name) >= CONFIG_NAME_LEN || find(k->config, name) != NULL)
		return true;
	memcpy(copy.name, name, CONFIG_NAME_LEN);
	copy.kind = CONFIG_BRIDGE;
	copy.vlan = vid;
	copy.on = CONFIG_NO_IFACE;
	copy.bridge = bridge;
	copy.mac = b->mac;
	f = add(k, &copy);
	if (f == NULL)
		return false;
	if (foot->index != 0)
		k->feet[foot->index - 1].iface = (uint16_t)f->index;
	return true;
}

static bool feet_make(struct check *k, uint16_t bridge)
{
	const struct config_bridge *b = &k->config->bridges[bridge];
	bool fine = true;

	if (!b->vlan_aware && b->foot.n_addresses > 0)
		fine = foot_make(k, bridge, &b->foot, 0);
	for (size_t i = 0; b->vlan_aware && fine && i < b->n_vlans; i++)
		fine = foot_make(k, bridge, &b->vlans[i].foot, b->vlans[i].vid);
	return fine;
}

static void make_all(struct check *k)
{
	struct config *c = k->config;
	bool fine = true;

	for (size_t i = 0; i < c->n_interfaces; i++) {
		c->interfaces[i].index = (uint32_t)i;
		interface_complete(&c->interfaces[i]);
	}
	for (uint16_t i = 0; fine && i < c->n_bridges; i++) {
		c->bridges[i].index = i;
		for (size_t j = 0; fine && j < c->bridges[i].n_ports; j++)
			fine = port_make(k, i, &c->bridges[i].ports[j]);
	}
	for (uint16_t i = 0; fine && i < c->n_bridges && c->n_interfaces <= UINT16_MAX / 2; i++)
		fine = feet_make(k, i);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b); /* interfaces, bridges and ports start with their names */
}

static int by_vid(const void *a, const void *b)
{
	const struct config_bridge_vlan *x = a, *y = b;

	return x->vid < y->vid ? -1 : x->vid > y->vid;
}

static void sort(void *array, size_t n, size_t size, int (*order)(const void *, const void *))
{
	if (n > 1)
		qsort(array, n, size, order);
}

/* The order of an array that was sorted, by what it was before. */
static uint16_t *order_new(struct check *k, size_t n)
{
	uint16_t *now = calloc(n + 1, sizeof(*now));

	if (now == NULL)
		k->err = -ENOMEM;
	return now;
}

/* Sort the bridges; @now is where each one is then. */
static void sort_bridges(struct config *c, uint16_t *now)
{
	for (size_t i = 0; i < c->n_bridges; i++) {
		uint16_t before = 0;

		for (size_t j = 0; j < c->n_bridges; j++)
			if (strcmp(c->bridges[j].name, c->bridges[i].name) < 0)
				before++;
		now[i] = before;
	}
	sort(c->bridges, c->n_bridges, sizeof(c->bridges[0]), by_name);
	for (size_t i = 0; i < c->n_bridges; i++) {
		struct config_bridge *b = &c->bridges[i];

		sort(b->ports, b->n_ports, sizeof(b->ports[0]), by_name);
		sort(b->vlans, b->n_vlans, sizeof(b->vlans[0]), by_vid);
	}
}

/* Those of feet that there is no interface for, as something is wrong with it, are left out. */
static void place_subnets(struct check *k, const uint16_t *now)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n_subnets; i++) {
		struct check_subnet *s = &k->subnets[i];

		s->iface = s->foot == 0 ? now[s->iface] : k->feet[s->foot - 1].iface;
		if (s->iface != CONFIG_NO_IFACE)
			k->subnets[n++] = *s;
	}
	k->n_subnets = n;
}

static void sort_interfaces(struct check *k, const uint16_t *bridge_now)
{
	struct config *c = k->config;
	uint16_t *now = order_new(k, c->n_interfaces);

	if (now == NULL)
		return;
	sort(c->interfaces, c->n_interfaces, sizeof(c->interfaces[0]), by_name);
	for (size_t i = 0; i < c->n_interfaces; i++) {
		struct config_interface *f = &c->interfaces[i];

		now[f->index] = (uint16_t)i;
		if (f->bridge != CONFIG_NO_BRIDGE)
			f->bridge = bridge_now[f->bridge];
	}
	for (size_t i = 0; i < c->n_bridges; i++) {
		for (size_t j = 0; j < c->bridges[i].n_ports; j++)
			c->bridges[i].ports[j].iface = now[c->bridges[i].ports[j].iface];
	}
	for (size_t i = 0; i < k->n_feet; i++) {
		if (k->feet[i].iface != CONFIG_NO_IFACE)
			k->feet[i].iface = now[k->feet[i].iface];
	}
	place_subnets(k, now);
	free(now);
}

/* Names are resolved; those that lead nowhere are complained about elsewhere. */
static void link_all(struct config *c)
{
	for (size_t i = 0; i < c->n_interfaces; i++) {
		struct config_interface *f = &c->interfaces[i];
		char parent[CONFIG_NAME_LEN];

		if (f->kind == CONFIG_VLAN && parent_of(f, parent))
			f->on = config_find_interface(c, parent);
	}
	for (size_t i = 0; i < c->n_bridges; i++) {
		for (size_t j = 0; j < c->bridges[i].n_stations; j++) {
			struct config_station *s = &c->bridges[i].stations[j];

			s->iface = config_find_interface(c, s->port);
		}
	}
}

void check_made(struct check *k)
{
	uint16_t *bridge_now = order_new(k, k->config->n_bridges);

	if (k->err == 0)
		make_all(k);
	if (k->err == 0) {
		sort_bridges(k->config, bridge_now);
		sort_interfaces(k, bridge_now);
	}
	if (k->err == 0)
		link_all(k->config);
	free(bridge_now);
}
