/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/bridges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "wire/addr.h"

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

static uint64_t ageing_ns(const struct config_bridge *c)
{
	return c->ageing == CONFIG_INFINITE ? 0 : c->ageing * NS_PER_SEC;
}

/* An empty table for @b as its configuration wants it. */
static int stations_open(struct agent_bridge *b, struct stations **out)
{
	const struct stations_config cfg = {
		.limit = b->conf->mac_limit,
		.ageing_ns = ageing_ns(b->conf),
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

static const struct config_bridge_port *port_named(const struct config_bridge *c, const char *name)
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
		const struct config_bridge_port *was = port_named(b->was, name);
		const struct config_bridge_port *is = port_named(b->conf, name);

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
	if (err < 0)
		agent_bridges_undo(a);
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
		if (b->stations != NULL)
			stations_free_rcu(b->stations);
		free(b);
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

/* A static entry, or one of an address of the router's own. */
struct fixed {
	uint64_t key;
	uint16_t port;
};

static int fixed_compare(const void *x, const void *y)
{
	const struct fixed *f = x, *g = y;

	return (f->key > g->key) - (f->key < g->key);
}

/* All that @b is to have, sorted; those of ports that are not there wait until they are. Return:
 * an array, freed by free(); NULL without memory. */
static struct fixed *fixed_list(const struct agent_bridge *b, size_t *n)
{
	const struct bridge *s = b->current;
	size_t n_vlans = s->vlan_aware ? VLAN_VIDS : 1;
	struct fixed *list = calloc(n_vlans + b->conf->n_stations, sizeof(*list));

	*n = 0;
	if (list == NULL)
		return NULL;
	for (uint16_t vid = 0; vid < n_vlans; vid++) {
		if (s->vlan[vid].iface != 0)
			list[(*n)++] = (struct fixed){fdb_key(s->mac, vid), FDB_ROUTER};
	}
	for (size_t i = 0; i < b->conf->n_stations; i++) {
		const struct config_station *c = &b->conf->stations[i];

		for (uint64_t left = s->ports; left != 0; left &= left - 1) {
			uint16_t id = (uint16_t)__builtin_ctzll(left);

			if (strcmp(b->a->iface[id].name, c->port) == 0)
				list[(*n)++] = (struct fixed){fdb_key(c->lladdr, c->vlan), id};
		}
	}
	qsort(list, *n, sizeof(*list), fixed_compare);
	return list;
}

/* Let the table have just the entries of @list, beside those that were learned. */
static void fixed_put(struct agent_bridge *b, const struct fixed *list, size_t n)
{
	struct station st;
	char mac[MAC_TEXT];

	for (size_t at = 0; stations_next(b->stations, &at, b->a->now_ns, &st);) {
		const struct fixed key = {.key = fdb_key(st.mac, st.vid)};

		if (st.is_static && bsearch(&key, list, n, sizeof(key), fixed_compare) == NULL)
			stations_unset(b->stations, key.key);
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t key = list[i].key;
		int err = stations_set(b->stations, key, list[i].port, b->a->now_ns);

		if (err == -EEXIST)
			log_error("bridges.%s.stations: %s is the bridge's own MAC: another must "
			          "have it",
			          b->name, mac_format(mac, fdb_key_mac(key)));
		else if (err < 0)
			log_error("bridges.%s.stations: no room for %s: raise mac-limit", b->name,
			          mac_format(mac, fdb_key_mac(key)));
	}
}

/* Limits of the ports, and what they may flood. */
static void limits_put(struct agent_bridge *b)
{
	struct bridge_live *live = stations_live(b->stations);

	stations_set_ageing(b->stations, ageing_ns(b->conf));
	for (uint64_t left = b->current->ports; left != 0; left &= left - 1) {
		uint16_t id = (uint16_t)__builtin_ctzll(left);
		const struct config_bridge_port *p = port_named(b->conf, b->a->iface[id].name);
		uint32_t storm;

		if (p == NULL)
			continue;
		storm = p->storm == UINT32_MAX ? b->conf->storm : p->storm;
		limit_set(&live->storm[id], storm);
		if (stations_set_limit(b->stations, id, p->mac_limit) < 0)
			log_error("bridges.%s.ports.%s: no such limit", b->name, p->name);
	}
}

/* Do the stations know all that the new snapshot says? */
static bool bridge_settled(const struct agent_bridge *b, const struct bridge *was)
{
	const struct bridge *is = b->current;
	size_t n_vlans = is->vlan_aware ? VLAN_VIDS : 1;

	return b->settled && was != NULL && was->live == is->live && was->ports == is->ports &&
	       was->mac == is->mac &&
	       memcmp(was->vlan, is->vlan, n_vlans * sizeof(is->vlan[0])) == 0;
}

void agent_bridge_settle(struct agent_bridge *b, const struct bridge *was)
{
	struct fixed *list;
	size_t n;

	if (bridge_settled(b, was))
		return;
	limits_put(b);
	b->run_ns = 0;
	list = fixed_list(b, &n);
	b->settled = list != NULL;
	if (list == NULL) {
		log_error("bridges.%s: no memory for its static stations", b->name);
		return;
	}
	fixed_put(b, list, n);
	free(list);
}

void agent_station_report(struct agent *a, const struct report *r)
{
	for (size_t i = 0; a->bridges != NULL && i < a->bridges->n; i++) {
		struct agent_bridge *b = a->bridges->list[i];

		if (b->current == NULL || (b->current->ports >> r->iface & 1) == 0)
			continue;
		stations_report(b->stations, b->current, r, a->now_ns);
		return;
	}
}

static void on_bridges(void *ctx, uint64_t now_ns)
{
	struct agent *a = ctx;

	a->now_ns = now_ns;
	agent_bridges_tick(a);
}

void agent_bridges_tick(struct agent *a)
{
	uint64_t next = UINT64_MAX;

	if (a->bridges == NULL)
		return;
	for (size_t i = 0; i < a->bridges->n; i++) {
		struct agent_bridge *b = a->bridges->list[i];

		if (b->stations == NULL)
			continue;
		if (b->run_ns <= a->now_ns || b->run_ns == UINT64_MAX)
			b->run_ns = stations_run(b->stations, a->now_ns);
		next = b->run_ns < next ? b->run_ns : next;
	}
	a->bridges->timer.fire = on_bridges;
	a->bridges->timer.ctx = a;
	if (next == UINT64_MAX)
		loop_timer_disarm(&a->bridges->timer);
	else if (!a->replay && a->loop != NULL)
		loop_timer_arm(a->loop, &a->bridges->timer, next, 0);
}
