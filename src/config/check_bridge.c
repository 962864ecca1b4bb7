/* SPDX-License-Identifier: BSD-2-Clause */
/* check_bridge: a bridge, its ports and its stations. */
#include <errno.h>
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
	if (p->native != 0)
		vids_add(&p->trunk, p->native);
}

void check_bridge_vlan(struct check *k, const struct seen *seen)
{
	struct config_interface *f = seen->value;
	struct check_foot *place = check_foot_place(k, f);

	if (place == NULL)
		return;
	place->whole = seen->at[0];
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

void check_bridge(struct check *k, const struct seen *seen)
{
	struct config_bridge *b = seen->value;

	check_addressed(k, seen, &b->foot);
}

void check_bridges(struct check *)
{
}

void check_vlan(struct check *, const struct seen *)
{
}

void check_vlans(struct check *)
{
}
