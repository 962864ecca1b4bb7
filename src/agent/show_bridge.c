/* SPDX-License-Identifier: BSD-2-Clause */
/* show bridge, show bridge-ports, clear bridge, bridge: stations and ports, row by row. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/bridges.h"
#include "agent/show.h"
#include "base/clock.h"
#include "wire/addr.h"

#define STEPS      512  /* stations that are passed over before the loop gets its turn */
#define NAMES_TEXT 1200 /* all bridges there may be */

static const char *const state_name[] = {
	[BRIDGE_FORWARDING] = "forwarding",
	[BRIDGE_LEARNING] = "learning",
	[BRIDGE_BLOCKING] = "blocking",
};

/* Refuse: there is no bridge called @name. Which there are is said. */
static int no_bridge(const struct agent *a, struct control_reply *r, const char *name)
{
	char names[NAMES_TEXT] = "";
	size_t len = 0;

	for (const struct agent_bridge *b = agent_bridge_after(a, ""); b != NULL;
	     b = agent_bridge_after(a, b->name))
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
		                        len > 0 ? ", " : "", b->name);
	if (len == 0)
		return control_refuse(r, VIADUCT_EXIT_FAILED,
		                      "bridges.%s: no such bridge: none is configured", name);
	return control_refuse(r, VIADUCT_EXIT_FAILED, "bridges.%s: no such bridge: there is %s",
	                      name, names);
}

/* The bridge in force that is called @name, or a refusal and NULL. */
static struct agent_bridge *bridge_named(const struct agent *a, struct control_reply *r,
                                         const char *name)
{
	struct agent_bridge *b = agent_bridge_find(a, name);

	if (b == NULL || b->current == NULL) {
		no_bridge(a, r, name);
		return NULL;
	}
	return b;
}

/* Which stations are wanted. */
struct stations_filter {
	const char *bridge; /* NULL: of all; while the request is there */
	long vid;           /* -1: of all */
	uint64_t mac;       /* 0: all */
};

/* Read `[BRIDGE] [vlan N] [mac M]`. Return: an enum viaduct_exit. */
static int filter_parse(struct stations_filter *f, const struct agent *a, struct control_reply *r,
                        char *const *args, size_t n)
{
	size_t i = 0;
	char *end;

	*f = (struct stations_filter){.vid = -1};
	if (n > 0 && agent_bridge_find(a, args[0]) == NULL && n % 2 == 1)
		return no_bridge(a, r, args[0]);
	if (n % 2 == 1)
		f->bridge = args[i++];
	for (; i + 1 < n; i += 2) {
		if (strcmp(args[i], "vlan") == 0) {
			f->vid = strtol(args[i + 1], &end, 10);
			if (*end != '\0' || f->vid < 1 || f->vid > 4094)
				return control_refuse(r, VIADUCT_EXIT_USAGE,
				                      "vlan %s: no VLAN: 1 to 4094 are",
				                      args[i + 1]);
		} else if (strcmp(args[i], "mac") == 0) {
			if (!mac_parse(args[i + 1], &f->mac) || f->mac == 0)
				return control_refuse(
					r, VIADUCT_EXIT_USAGE,
					"mac %s: no MAC address: write 02:00:00:00:00:01",
					args[i + 1]);
		} else {
			break;
		}
	}
	if (i < n)
		return control_refuse(r, VIADUCT_EXIT_USAGE,
		                      "show bridge: say `show bridge [BRIDGE] [vlan N] [mac M]`");
	return VIADUCT_EXIT_DONE;
}

static bool filter_passes(const struct stations_filter *f, const struct station *s)
{
	return (f->vid < 0 || f->vid == s->vid) && (f->mac == 0 || f->mac == s->mac);
}

/* Where the list of stations stands: in which bridge, and where in its table. */
struct stations_cursor {
	struct agent *a;
	struct stations_filter filter;
	char name[CONFIG_NAME_LEN];
	size_t at;
};

static void station_row(const struct stations_cursor *c, const struct agent_bridge *b,
                        const struct station *s, struct json *row)
{
	bool own = s->port == FDB_ROUTER;
	uint16_t foot = b->current->vlan[b->current->vlan_aware ? s->vid : 0].iface;
	const char *type = own ? "router" : s->is_static ? "static" : "learned";
	char mac[MAC_TEXT];

	json_add_string(row, "master", b->name);
	json_add_string(row, "mac", mac_format(mac, s->mac));
	if (b->current->vlan_aware)
		json_add_uint(row, "vlan", s->vid);
	json_add_string(row, "ifname", c->a->iface[own ? foot : s->port].name);
	if (!s->is_static)
		json_add_real(row, "age", (double)s->age_ns / NS_PER_SEC);
	json_add_string(row, "state", type);
}

static bool stations_row(struct control_reply *r, struct json *row)
{
	struct stations_cursor *c = r->state;
	struct agent_bridge *b = agent_bridge_find(c->a, c->name);
	struct station s;

	for (unsigned int i = 0; i < STEPS; i++) {
		if (b == NULL || b->current == NULL ||
		    !stations_next(b->stations, &c->at, clock_ns(), &s)) {
			b = agent_bridge_after(c->a, c->name);
			if (b == NULL || c->filter.bridge != NULL)
				return false;
			memcpy(c->name, b->name, sizeof(c->name));
			c->at = 0;
			return true; /* a turn between two bridges */
		}
		if (filter_passes(&c->filter, &s)) {
			station_row(c, b, &s, row);
			return true;
		}
	}
	return true;
}

static void state_free(struct control_reply *r)
{
	free(r->state);
}

int show_bridge(void *ctx, struct control_reply *r, char *const *args, size_t n)
{
	struct agent *a = ctx;
	struct stations_cursor *c = calloc(1, sizeof(*c));
	int exit;

	r->next = stations_row;
	r->close = state_free;
	r->state = c;
	if (c == NULL)
		return control_refuse(r, VIADUCT_EXIT_FAILED, "show: out of memory");
	exit = filter_parse(&c->filter, a, r, args, n);
	if (exit != VIADUCT_EXIT_DONE)
		return exit;
	c->a = a;
	if (c->filter.bridge != NULL)
		snprintf(c->name, sizeof(c->name), "%s", c->filter.bridge);
	return VIADUCT_EXIT_DONE;
}

/* VIDs as the file has them: a list of "10", "20-29". */
static void vids_put(struct json *row, const char *key, const struct config_vids *v)
{
	char text[16];

	json_key(row, key);
	json_begin_array(row);
	for (unsigned int vid = 0; vid < VLAN_VIDS; vid++) {
		unsigned int first = vid;

		if ((v->bits[vid / 64] >> vid % 64 & 1) == 0)
			continue;
		while (vid + 1 < VLAN_VIDS && (v->bits[(vid + 1) / 64] >> (vid + 1) % 64 & 1) != 0)
			vid++;
		snprintf(text, sizeof(text), first == vid ? "%u" : "%u-%u", first, vid);
		json_put_string(row, text);
	}
	json_end_array(row);
}

/* Where the list of ports stands. */
struct ports_cursor {
	struct agent *a;
	bool one;                   /* bridge only */
	char name[CONFIG_NAME_LEN]; /* of the bridge */
	size_t at;                  /* in its configuration */
};

static void port_vlans_put(struct json *row, const struct config_bridge_port *p)
{
	if (p->access != 0) {
		json_add_uint(row, "access", p->access);
		return;
	}
	vids_put(row, "trunk", &p->trunk);
	if (p->native != 0)
		json_add_uint(row, "native", p->native);
}

/* What its traffic shows of the port in slot @id. */
static void port_traffic(const struct agent_bridge *b, const struct config_bridge_port *p,
                         uint16_t id, struct json *row)
{
	uint32_t storm = p->storm == UINT32_MAX ? b->conf->storm : p->storm;
	struct stations_stats stats;

	stations_get_stats(b->stations, &stats);
	json_add_uint(row, "stations", stats.port[id]);
	if (stats.port_limit[id] != 0)
		json_add_uint(row, "mac_limit", stats.port_limit[id]);
	if (storm != 0)
		json_add_uint(row, "storm", storm);
	json_add_uint(row, "storm_drops", agent_verdicts(b->a, id, DROP_STORM));
}

static void port_row(const struct agent_bridge *b, const struct config_bridge_port *p,
                     struct json *row)
{
	const struct agent_iface *f = agent_iface_find(b->a, p->name);
	uint16_t id = f != NULL ? (uint16_t)(f - b->a->iface) : 0;
	bool up = f != NULL && f->port != NULL && f->up && f->carrier;

	json_add_string(row, "master", b->name);
	json_add_string(row, "ifname", p->name);
	json_add_string(row, "state", up ? state_name[agent_bridge_state(b, p, id)] : "down");
	if (f != NULL)
		json_add_string(row, "state_by", b->state[id] != 0 ? "command" : "configuration");
	if (b->conf->vlan_aware)
		port_vlans_put(row, p);
	json_add_bool(row, "isolated", p->isolated);
	if (f != NULL)
		port_traffic(b, p, id, row);
}

static bool ports_row(struct control_reply *r, struct json *row)
{
	struct ports_cursor *c = r->state;
	struct agent_bridge *b = agent_bridge_find(c->a, c->name);

	while (b == NULL || b->current == NULL || c->at >= b->conf->n_ports) {
		if (c->one)
			return false;
		b = agent_bridge_after(c->a, c->name);
		if (b == NULL)
			return false;
		memcpy(c->name, b->name, sizeof(c->name));
		c->at = 0;
	}
	port_row(b, &b->conf->ports[c->at++], row);
	return true;
}

int show_bridge_ports(void *ctx, struct control_reply *r, char *const *args, size_t n)
{
	struct ports_cursor *c = calloc(1, sizeof(*c));

	r->next = ports_row;
	r->close = state_free;
	r->state = c;
	if (c == NULL)
		return control_refuse(r, VIADUCT_EXIT_FAILED, "show: out of memory");
	c->a = ctx;
	c->one = n > 0;
	if (n > 0 && bridge_named(ctx, r, args[0]) == NULL)
		return VIADUCT_EXIT_FAILED;
	if (n > 0)
		snprintf(c->name, sizeof(c->name), "%s", args[0]);
	return VIADUCT_EXIT_DONE;
}

int command_clear_bridge(void *ctx, struct control_reply *r, char *const *args, size_t n)
{
	struct agent *a = ctx;
	uint64_t flushed = 0;

	if (n > 0 && bridge_named(a, r, args[0]) == NULL)
		return VIADUCT_EXIT_FAILED;
	for (struct agent_bridge *b = agent_bridge_after(a, ""); b != NULL;
	     b = agent_bridge_after(a, b->name)) {
		if (n == 0 || strcmp(b->name, args[0]) == 0)
			flushed += stations_flush(b->stations);
	}
	control_say(r, "%llu stations forgotten", (unsigned long long)flushed);
	return VIADUCT_EXIT_DONE;
}

/* Refuse: @b has no port called @name. Which it has is said. */
static int no_port(const struct agent_bridge *b, struct control_reply *r, const char *name)
{
	char names[NAMES_TEXT] = "";
	size_t len = 0;

	for (size_t i = 0; i < b->conf->n_ports; i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
		                        len > 0 ? ", " : "", b->conf->ports[i].name);
	if (len == 0)
		return control_refuse(r, VIADUCT_EXIT_FAILED,
		                      "bridges.%s.ports.%s: no such port: there is none", b->name,
		                      name);
	return control_refuse(r, VIADUCT_EXIT_FAILED,
	                      "bridges.%s.ports.%s: no such port: there is %s", b->name, name,
	                      names);
}

/* Put what the command line says of port @id in force, 1 + enum bridge_state. */
static int state_put(struct agent_bridge *b, struct control_reply *r, uint16_t id, uint8_t state)
{
	uint8_t was = b->state[id];

	b->state[id] = state;
	b->a->now_ns = clock_ns();
	agent_virtual_follow(b->a);
	if (agent_publish(b->a) == 0)
		return VIADUCT_EXIT_DONE;
	b->state[id] = was;
	return control_refuse(r, VIADUCT_EXIT_FAILED, "bridges.%s.ports.%s: out of memory", b->name,
	                      b->a->iface[id].name);
}

/* bridge BRIDGE port PORT state STATE. */
int command_bridge(void *ctx, struct control_reply *r, char *const *args, size_t n)
{
	const struct agent_iface *f;
	struct agent_bridge *b;
	bool found = false;

	if (n != 5 || strcmp(args[1], "port") != 0 || strcmp(args[3], "state") != 0)
		return control_refuse(
			r, VIADUCT_EXIT_USAGE,
			"bridge: say `bridge BRIDGE port PORT state forwarding|learning|blocking`");
	b = bridge_named(ctx, r, args[0]);
	if (b == NULL)
		return VIADUCT_EXIT_FAILED;
	for (size_t i = 0; i < b->conf->n_ports && !found; i++)
		found = strcmp(b->conf->ports[i].name, args[2]) == 0;
	f = found ? agent_iface_find(ctx, args[2]) : NULL;
	if (f == NULL)
		return no_port(b, r, args[2]);
	for (size_t i = 0; i < ARRAY_SIZE(state_name); i++) {
		if (strcmp(args[4], state_name[i]) == 0)
			return state_put(b, r, (uint16_t)(f - b->a->iface), (uint8_t)(i + 1));
	}
	return control_refuse(r, VIADUCT_EXIT_USAGE,
	                      "%s: no state of a port: say forwarding, learning or blocking",
	                      args[4]);
}
