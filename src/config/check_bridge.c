/* SPDX-License-Identifier: BSD-2-Clause */
/* check_bridge: a bridge, its ports, its VLANs and its stations, as the reader meets them. */
#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "config/value.h"
#include "config/vids.h"

void check_bridge_port(struct check *k, const struct seen *seen)
{
	struct config_bridge_port *p = seen->value;
	struct check_port *place;

	p->index = (uint32_t)k->n_ports;
	place = check_slot(k, &k->ports, &k->n_ports, k->n_ports, sizeof(*place));
	if (place == NULL)
		return;
	place->whole = seen->at[0];
	memcpy(place->field, seen->at + 1, sizeof(place->field));
	if (p->access != 0 && place->field[PORT_TRUNK].line != 0)
		check_refuse_field(
			k, seen, PORT_TRUNK,
			"a port is either \"access\" or \"trunk\": \"native\" is the VLAN "
			"of a trunk's frames without a tag");
	else if (p->access != 0 && p->native != 0)
		check_refuse_field(k, seen, PORT_NATIVE,
		                   "of a trunk; the VLAN of this port is its \"access\"");
	else if (p->native != 0 && place->field[PORT_TRUNK].line == 0)
		check_refuse_field(k, seen, PORT_NATIVE,
		                   "of a trunk: say the VLANs of it in \"trunk\", or \"access\" in "
		                   "place of this");
	if (p->native != 0)
		vids_add(&p->trunk, p->native);
}

void check_bridge_vlan(struct check *k, const struct seen *seen)
{
	const struct schema *mtu = schema_field(seen->schema, "mtu");
	struct config_interface *f = seen->value;
	struct check_foot *place = check_foot_place(k, f);

	if (place == NULL)
		return;
	place->whole = seen->at[0];
	place->mtu = seen->at[1 + (mtu - seen->schema->fields)];
	check_addressed(k, seen, f);
}

void check_station(struct check *k, const struct seen *seen)
{
	struct config_station *s = seen->value;
	struct check_station *place;

	s->index = seen->index;
	place = check_slot(k, &k->stations, &k->n_stations, seen->index, sizeof(*place));
	if (place == NULL)
		return;
	place->whole = seen->at[0];
	memcpy(place->field, seen->at + 1, sizeof(place->field));
}

/* Complain about field @i of port @p of the bridge @seen. */
static void refuse_port(struct check *k, const struct seen *seen,
                        const struct config_bridge_port *p, enum port_field i, const char *why)
{
	const struct schema *ports = &seen->schema->fields[BRIDGE_PORTS];
	const struct check_port *place = &k->ports[p->index];
	struct path path = *seen->path;

	path.step[path.n++] = (struct path_step){.key = ports->key};
	path.step[path.n++] = (struct path_step){.key = p->name};
	if (i != PORT_FIELDS)
		path.step[path.n++] = (struct path_step){.key = ports->fields->fields[i].key};
	errors_add(k->errs, i != PORT_FIELDS ? place->field[i] : place->whole, &path, "%s", why);
}

/* Without VLANs, a port has none. */
static void check_plain(struct check *k, const struct seen *seen)
{
	const struct config_bridge *b = seen->value;
	static const char why[] = "of a VLAN-aware bridge: say \"vlan-aware: yes\" of it";

	for (size_t i = 0; i < b->n_ports; i++) {
		for (enum port_field j = PORT_ACCESS; j <= PORT_NATIVE; j++) {
			if (k->ports[b->ports[i].index].field[j].line != 0)
				refuse_port(k, seen, &b->ports[i], j, why);
		}
	}
	if (seen->at[1 + BRIDGE_VLANS].line != 0)
		check_refuse_field(k, seen, BRIDGE_VLANS, why);
	for (enum bridge_field i = BRIDGE_MTU; b->foot.n_addresses == 0 && i <= BRIDGE_RA; i++) {
		if (seen->at[1 + i].line != 0)
			check_refuse_field(k, seen, i,
			                   "of the router's own interface here, which there is "
			                   "only with \"addresses\"");
	}
}

static void check_aware(struct check *k, const struct seen *seen)
{
	const struct config_bridge *b = seen->value;

	for (size_t i = 0; i < b->n_ports; i++) {
		if (b->ports[i].access == 0 && vids_are_none(&b->ports[i].trunk))
			refuse_port(k, seen, &b->ports[i], PORT_FIELDS,
			            "in no VLAN of this VLAN-aware bridge: say its \"access\" or "
			            "\"trunk\"");
	}
	for (enum bridge_field i = BRIDGE_ADDRESSES; i <= BRIDGE_RA; i++) {
		if (seen->at[1 + i].line != 0)
			check_refuse_field(
				k, seen, i,
				"a VLAN-aware bridge has an interface for each VLAN: say "
				"this in its \"vlans\", as in \"vlans: {10: {...}}\"");
	}
	for (size_t i = 0; i < b->n_vlans; i++) {
		const struct config_bridge_vlan *v = &b->vlans[i];
		struct path path = *seen->path;
		char name[CONFIG_NAME_LEN + 8];

		(void)snprintf(name, sizeof(name), "%s.%u", b->name, v->vid);
		if (strlen(name) < CONFIG_NAME_LEN)
			continue;
		path.step[path.n++] = (struct path_step){.key = "vlans"};
		path.step[path.n++] = (struct path_step){.key = name + strlen(b->name) + 1};
		errors_add(k->errs, k->feet[v->foot.index - 1].whole, &path,
		           "its interface would be %s, and a name has at most %d characters: give "
		           "the bridge a shorter one",
		           name, CONFIG_NAME_LEN - 1);
	}
}

/* Complain about field @i of station @s of the bridge @seen. */
static void refuse_station(struct check *k, const struct seen *seen, const struct config_station *s,
                           enum station_field i, const char *why)
{
	const struct schema *stations = &seen->schema->fields[BRIDGE_STATIONS];
	const struct check_station *place = &k->stations[s->index];
	struct path path = *seen->path;
	bool whole = i == STATION_FIELDS || place->field[i].line == 0;

	path.step[path.n++] = (struct path_step){.key = stations->key};
	path.step[path.n++] = (struct path_step){.index = s->index};
	if (!whole)
		path.step[path.n++] = (struct path_step){.key = stations->fields->fields[i].key};
	errors_add(k->errs, whole ? place->whole : place->field[i], &path, "%s", why);
}

/* The port of @b that @s is behind; NULL if there is none. */
static const struct config_bridge_port *port_of(const struct config_bridge *b,
                                                const struct config_station *s)
{
	for (size_t i = 0; i < b->n_ports; i++) {
		if (strcmp(b->ports[i].name, s->port) == 0)
			return &b->ports[i];
	}
	return NULL;
}

static void check_one_station(struct check *k, const struct seen *seen,
                              const struct config_station *s)
{
	const struct config_bridge *b = seen->value;
	const struct config_bridge_port *p = port_of(b, s);
	char why[WHY_MAX];

	(void)snprintf(why, sizeof(why), "%s is no port of this bridge", s->port);
	if (p == NULL)
		refuse_station(k, seen, s, STATION_PORT, why);
	if (b->mac != 0 && s->lladdr == b->mac)
		refuse_station(k, seen, s, STATION_LLADDR, "the bridge's own address");
	(void)snprintf(why, sizeof(why), "%s is not in this VLAN", s->port);
	if (!b->vlan_aware && s->vlan != 0)
		refuse_station(k, seen, s, STATION_VLAN,
		               "of a VLAN-aware bridge: say \"vlan-aware: yes\" of it");
	else if (b->vlan_aware && s->vlan == 0)
		refuse_station(k, seen, s, STATION_FIELDS,
		               "\"vlan\" must be said, as the bridge is VLAN-aware");
	else if (b->vlan_aware && p != NULL && p->access != s->vlan &&
	         !config_vids_has(&p->trunk, s->vlan))
		refuse_station(k, seen, s, STATION_VLAN, why);
}

static int by_station(const void *a, const void *b)
{
	const struct config_station *x = a, *y = b;

	if (x->vlan != y->vlan)
		return x->vlan < y->vlan ? -1 : 1;
	if (x->lladdr != y->lladdr)
		return x->lladdr < y->lladdr ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static void check_stations(struct check *k, const struct seen *seen)
{
	struct config_bridge *b = seen->value;
	char why[WHY_MAX];

	for (size_t i = 0; i < b->n_stations; i++)
		check_one_station(k, seen, &b->stations[i]);
	if (b->n_stations > 1)
		qsort(b->stations, b->n_stations, sizeof(b->stations[0]), by_station);
	for (size_t i = 1; i < b->n_stations; i++) {
		const struct config_station *s = &b->stations[i];

		if (s[-1].vlan != s->vlan || s[-1].lladdr != s->lladdr)
			continue;
		(void)snprintf(why, sizeof(why), "same address and VLAN as stations[%u]",
		               s[-1].index);
		refuse_station(k, seen, s, STATION_FIELDS, why);
	}
}

/* Static stations count. */
static void check_limits(struct check *k, const struct seen *seen)
{
	const struct config_bridge *b = seen->value;
	char why[WHY_MAX];

	(void)snprintf(why, sizeof(why), "%zu static ones are more than the mac-limit, %u",
	               b->n_stations, b->mac_limit);
	if (b->n_stations > b->mac_limit)
		check_refuse_field(k, seen, BRIDGE_STATIONS, why);
	for (size_t i = 0; i < b->n_ports; i++) {
		const struct config_bridge_port *p = &b->ports[i];
		size_t n = 0;

		if (p->mac_limit == 0)
			continue;
		for (size_t j = 0; j < b->n_stations; j++)
			n += strcmp(b->stations[j].port, p->name) == 0;
		(void)snprintf(why, sizeof(why), "less than its %zu static stations", n);
		if (n > p->mac_limit)
			refuse_port(k, seen, p, PORT_MAC_LIMIT, why);
	}
}

void check_bridge(struct check *k, const struct seen *seen)
{
	struct config_bridge *b = seen->value;
	struct check_bridge *place =
		check_slot(k, &k->bridges, &k->n_bridges, seen->index, sizeof(*place));

	if (place == NULL)
		return;
	place->whole = seen->at[0];
	memcpy(place->field, seen->at + 1, sizeof(place->field));
	if (b->foot.index != 0) {
		k->feet[b->foot.index - 1].whole = place->whole;
		k->feet[b->foot.index - 1].mtu = place->field[BRIDGE_MTU];
	}
	if (name_is_vlan(b->name))
		errors_add(k->errs, seen->at[0], seen->path,
		           "a name that ends in a dot and a number is a VLAN's, not a bridge's");
	if (b->vlan_aware)
		check_aware(k, seen);
	else
		check_plain(k, seen);
	check_stations(k, seen);
	check_limits(k, seen);
	check_addressed(k, seen, &b->foot);
}
