/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/bridges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct agent_bridge *agent_bridge_find(const struct agent *a, const char *name)
{
	for (size_t i = 0; a->bridges != NULL && i < a->bridges->n; i++) {
		if (strcmp(a->bridges->list[i]->name, name) == 0)
			return a->bridges->list[i];
	}
	return NULL;
}

struct agent_bridge *agent_bridge_after(const struct agent *a, const char *name)
{
	for (size_t i = 0; a->bridges != NULL && i < a->bridges->n; i++) {
		struct agent_bridge *b = a->bridges->list[i];

		if (b->current != NULL && strcmp(b->name, name) > 0)
			return b;
	}
	return NULL;
}

/* stations_config.reached. */
static void on_reached(void *ctx, uint16_t port, uint32_t limit)
{
	const struct agent_bridge *b = ctx;

	if (port == STATIONS_BRIDGE)
		log_warning("bridges.%s: %u stations, as many as mac-limit allows: more are not "
		            "learned, and frames to them are flooded",
		            b->name, limit);
	else
		log_warning("bridges.%s.ports.%s: %u stations, as many as mac-limit allows: more "
		            "are not learned, and frames to them are flooded",
		            b->name, b->a->iface[port].name, limit);
}

/* An empty table for @b as its configuration wants it. */
static int stations_open(struct agent_bridge *b, struct stations **out)
{
	const struct stations_config cfg = {
		.limit = b->conf->mac_limit,
		.reached = on_reached,
		.ctx = b,
	};

	return stations_new(out, &cfg);
}

/* Put an empty bridge called @name into the list. */
static struct agent_bridge *bridge_new(struct agent *a, const char *name)
{
	struct agent_bridges *bs = a->bridges;
	struct agent_bridge *b = bs->n < ARRAY_SIZE(bs->list) ? calloc(1, sizeof(*b)) : NULL;
	size_t at = bs->n;

	if (b == NULL)
		return NULL;
	b->a = a;
	memcpy(b->name, name, sizeof(b->name));
	while (at > 0 && strcmp(bs->list[at - 1]->name, name) > 0) {
		bs->list[at] = bs->list[at - 1];
		at--;
	}
	bs->list[at] = b;
	bs->n++;
	return b;
}

/* Let @b have a table that its configuration asks for. */
static int bridge_table(struct agent_bridge *b)
{
	bool same = b->stations != NULL && b->vlan_aware == b->conf->vlan_aware;
	struct stations *s;
	int err;

	if (same && stations_set_limit(b->stations, STATIONS_BRIDGE, b->conf->mac_limit) == 0)
		return 0;
	err = stations_open(b, &s);
	if (err < 0)
		return err;
	if (same)
		stations_copy(s, b->stations);
	b->stations_was = b->stations;
	b->stations = s;
	b->vlan_aware = b->conf->vlan_aware;
	return 0;
}

const struct config_bridge_port *agent_bridge_port(const struct config_bridge *c, const char *name)
{
	for (size_t i = 0; c != NULL && i < c->n_ports; i++) {
		if (strcmp(c->ports[i].name, name) == 0)
			return &c->ports[i];
	}
	return NULL;
}

/* What the command line says of a port's state holds until the file says something else. */
static void states_keep(struct agent_bridge *b)
{
	for (uint16_t i = 0; i < IFACE_PORTS; i++) {
		const char *name = b->a->iface[i].name;
		const struct config_bridge_port *was = agent_bridge_port(b->was, name);
		const struct config_bridge_port *is = agent_bridge_port(b->conf, name);

		if (was == NULL || is == NULL || was->state != is->state)
			b->state[i] = 0;
	}
}

static int bridge_change(struct agent *a, const struct config_bridge *is)
{
	struct agent_bridge *b = agent_bridge_find(a, is->name);

	if (b == NULL)
		b = bridge_new(a, is->name);
	if (b == NULL)
		return -ENOMEM;
	b->conf = is;
	b->settled = false;
	states_keep(b);
	return bridge_table(b);
}

/* Have all bridges ready for a change. */
static int bridges_begin(struct agent *a)
{
	struct agent_bridges *bs = a->bridges;

	if (bs == NULL)
		bs = a->bridges = calloc(1, sizeof(*bs));
	for (size_t i = 0; bs != NULL && i < bs->n; i++) {
		if (bs->list[i]->stations_was != NULL)
			return -ENOMEM; /* there was none to publish what the last undo left */
	}
	if (bs == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < bs->n; i++) {
		struct agent_bridge *b = bs->list[i];

		b->was = b->conf;
		b->conf = NULL;
		memcpy(b->state_was, b->state, sizeof(b->state_was));
	}
	bs->changing = true;
	return 0;
}

int agent_bridges_apply(struct agent *a, const struct config *is, struct why *e)
{
	int err;

	if (a->bridges == NULL && is->n_bridges == 0)
		return 0;
	err = bridges_begin(a);
	if (err < 0)
		return why_fail(e, err, "bridges: out of memory");
	for (size_t i = 0; i < is->n_bridges && err == 0; i++) {
		err = bridge_change(a, &is->bridges[i]);
		if (err < 0)
			why_fail(e, err,
			         "bridges.%s: no memory for its stations: a lower mac-limit "
			         "takes less",
			         is->bridges[i].name);
	}
	if (err < 0) {
		agent_bridges_undo(a);
		agent_bridges_reap(a); /* no snapshot led to what was made */
	}
	return err;
}

static void bridge_undo(struct agent_bridge *b)
{
	struct stations *new = b->stations;

	b->conf = b->was;
	b->was = NULL;
	b->settled = false;
	memcpy(b->state, b->state_was, sizeof(b->state));
	if (b->stations_was != NULL) {
		b->stations = b->stations_was;
		b->stations_was = new; /* a snapshot may lead to it */
	}
	if (b->conf == NULL)
		return;
	b->vlan_aware = b->conf->vlan_aware;
	if (stations_set_limit(b->stations, STATIONS_BRIDGE, b->conf->mac_limit) < 0)
		log_error("bridges.%s.mac-limit: cannot be what it was", b->name);
}

void agent_bridges_undo(struct agent *a)
{
	if (a->bridges == NULL)
		return;
	for (size_t i = 0; i < a->bridges->n; i++)
		bridge_undo(a->bridges->list[i]);
	a->bridges->changing = false;
}

void agent_bridges_finish(struct agent *a)
{
	if (a->bridges == NULL)
		return;
	for (size_t i = 0; i < a->bridges->n; i++)
		a->bridges->list[i]->was = NULL;
	a->bridges->changing = false;
	agent_bridges_reap(a);
}

/* @b is in no snapshot, and in no configuration. */
static void bridge_free(struct agent_bridge *b)
{
	struct agent_bridges *bs = b->a->bridges;

	if (b->stations != NULL) {
		agent_bridge_stats_add(&bs->gone, b->stations);
		bs->gone.stations = 0;
		stations_free_rcu(b->stations);
	}
	free(b);
}

void agent_bridges_reap(struct agent *a)
{
	struct agent_bridges *bs = a->bridges;
	size_t kept = 0;

	for (size_t i = 0; i < bs->n; i++) {
		struct agent_bridge *b = bs->list[i];

		bs->list[kept++] = b;
		if (bs->changing)
			continue;
		if (b->stations_was != NULL)
			stations_free_rcu(b->stations_was);
		b->stations_was = NULL;
		if (b->conf != NULL || b->current != NULL)
			continue;
		bridge_free(b);
		kept--;
	}
	bs->n = kept;
}

void agent_bridges_close(struct agent *a)
{
	struct agent_bridges *bs = a->bridges;

	if (bs == NULL)
		return;
	loop_timer_disarm(&bs->timer);
	for (size_t i = 0; i < bs->n; i++) {
		struct agent_bridge *b = bs->list[i];

		free((struct bridge *)b->current);
		stations_free(b->stations);
		stations_free(b->stations_was);
		free(b);
	}
	free(bs);
	a->bridges = NULL;
}
