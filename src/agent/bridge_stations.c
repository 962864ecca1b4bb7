/* SPDX-License-Identifier: BSD-2-Clause */
/* What the agent tells the stations of bridges, and they it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/bridges.h"
#include "base/clock.h"
#include "base/log.h"
#include "wire/addr.h"

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

/* Of one key the router's own comes first. */
static int fixed_order(const void *x, const void *y)
{
	const struct fixed *f = x, *g = y;
	int order = fixed_compare(x, y);

	return order != 0 ? order : (g->port == FDB_ROUTER) - (f->port == FDB_ROUTER);
}

/* Leave out stations that have an address of the router's own. Return: how many are left. */
static size_t fixed_refuse(const struct agent_bridge *b, struct fixed *list, size_t n)
{
	char mac[MAC_TEXT];
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && list[kept - 1].key == list[i].key)
			log_error("bridges.%s.stations: %s is the bridge's own MAC: another must "
			          "have it",
			          b->name, mac_format(mac, fdb_key_mac(list[i].key)));
		else
			list[kept++] = list[i];
	}
	return kept;
}

/* All that @b is to have, sorted; those of ports that are not there wait until they are. Return:
 * an array, freed by free(); NULL without memory. */
static struct fixed *fixed_list(const struct agent_bridge *b, size_t *n)
{
	const struct bridge *s = b->current;
	uint16_t n_vlans = s->vlan_aware ? VLAN_VIDS : 1;
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
	qsort(list, *n, sizeof(*list), fixed_order);
	*n = fixed_refuse(b, list, *n);
	return list;
}

/* Let the table have just the entries of @list, beside those that were learned. */
static void fixed_put(struct agent_bridge *b, const struct fixed *list, size_t n)
{
	struct station st;
	char mac[MAC_TEXT];

	for (size_t at = 0; stations_next(b->stations, &at, b->a->now_ns, &st);) {
		const struct fixed key = {.key = fdb_key(st.mac, st.vid)}, *stays;

		stays = bsearch(&key, list, n, sizeof(key), fixed_compare);
		/* What was the router's own may have become a station's. */
		if (st.is_static &&
		    (stays == NULL || (st.port == FDB_ROUTER && stays->port != FDB_ROUTER)))
			stations_unset(b->stations, key.key);
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t key = list[i].key;

		if (stations_set(b->stations, key, list[i].port, b->a->now_ns) < 0)
			log_error("bridges.%s.stations: no room for %s: raise mac-limit", b->name,
			          mac_format(mac, fdb_key_mac(key)));
	}
}

static uint64_t ageing_ns(const struct config_bridge *c)
{
	return c->ageing == CONFIG_INFINITE ? 0 : c->ageing * NS_PER_SEC;
}

/* Limits of the ports, and what they may flood. */
static void limits_put(struct agent_bridge *b)
{
	struct bridge_live *live = stations_live(b->stations);

	stations_set_ageing(b->stations, ageing_ns(b->conf));
	for (uint64_t left = b->current->ports; left != 0; left &= left - 1) {
		uint16_t id = (uint16_t)__builtin_ctzll(left);
		const struct config_bridge_port *p =
			agent_bridge_port(b->conf, b->a->iface[id].name);
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

void agent_bridge_stats_add(struct agent_bridges_stats *sum, const struct stations *of)
{
	struct stations_stats s;

	stations_get_stats(of, &s);
	sum->stations += s.stations;
	sum->learned += s.learned;
	sum->moved += s.moved;
	sum->aged += s.aged;
	sum->flushed += s.flushed;
	sum->limited += s.limit_bridge + s.limit_port;
}

void agent_bridges_get_stats(const struct agent *a, struct agent_bridges_stats *sum)
{
	*sum = (struct agent_bridges_stats){0};
	if (a->bridges == NULL)
		return;
	*sum = a->bridges->gone;
	for (size_t i = 0; i < a->bridges->n; i++) {
		if (a->bridges->list[i]->stations != NULL)
			agent_bridge_stats_add(sum, a->bridges->list[i]->stations);
	}
}
