/* SPDX-License-Identifier: BSD-2-Clause */
/* show routes: the RIB, row by row, each with its gateways. */
#include <string.h>

#include "agent/show.h"
#include "wire/addr.h"

/* The gateways of a route, as its row tells them. */
struct gateways {
	unsigned int n;
	struct gateway {
		const char *dev; /* NULL: none */
		char text[IP_TEXT];
		bool dead; /* gets no flows of its group */
	} at[NEXTHOP_MEMBERS];
};

static const char *route_type(enum nexthop_kind kind)
{
	switch (kind) {
	case NH_LOCAL:
		return "local";
	case NH_BROADCAST:
		return "broadcast";
	case NH_BLACKHOLE:
		return "blackhole";
	case NH_UNREACHABLE:
		return "unreachable";
	case NH_PROHIBIT:
		return "prohibit";
	case NH_FORWARD:
	case NH_STALE:
	case NH_RESOLVE:
	case NH_FAILED:
	case NH_CONNECTED:
	case NH_LINK:
	case NH_GROUP:
	case NH_NONE:
		break;
	}
	return "unicast";
}

/* To the routers of a subnet (RFC 4291 2.6.1)? The next hop is that of local ones. */
static bool route_is_anycast(const struct agent_route *r)
{
	return !ip_is4(r->dst) && r->source == ROUTE_LOCAL && r->metric == AGENT_METRIC_BESIDE;
}

static void gateway_fill(const struct agent *a, uint16_t nh, struct gateway *g)
{
	struct nexthop_key key = nexthop_key(a->nexthops, nh);

	g->text[0] = '\0';
	g->dev = NULL;
	g->dead = nexthop_is_dead(a->nexthops, nh);
	if (key.kind == NH_RESOLVE)
		ip_format(g->text, key.gateway);
	if (key.kind == NH_RESOLVE || key.kind == NH_CONNECTED || key.kind == NH_BROADCAST)
		g->dev = a->iface[key.iface].name;
}

/* The one next hop of @nh, or the members of the group it is. */
static void gateways_fill(const struct agent *a, uint16_t nh, struct gateways *g)
{
	uint16_t member[NEXTHOP_MEMBERS] = {nh};

	g->n = nexthop_members(a->nexthops, nh, member);
	for (unsigned int i = 0; i == 0 || i < g->n; i++)
		gateway_fill(a, member[i], &g->at[i]);
}

/* @alias is a word that it is found by and does not show. */
static bool row_matches(const struct cursor *c, const char *const fixed[3], const char *alias,
                        const struct gateways *g)
{
	const char *words[4 + 2 * NEXTHOP_MEMBERS + 1];
	size_t n = 0;

	for (; n < 3; n++)
		words[n] = fixed[n];
	words[n++] = alias;
	for (unsigned int i = 0; i == 0 || i < g->n; i++) {
		words[n++] = g->at[i].text;
		words[n++] = g->at[i].dev != NULL ? g->at[i].dev : "";
	}
	words[n] = NULL;
	return show_matches(c, words);
}

/* As `ip -j route` has it: a gateway, or a list called nexthops. */
static void row_gateways(struct json *row, const struct gateways *g)
{
	if (g->n == 0) {
		json_add_string(row, "gateway", g->at[0].text[0] != '\0' ? g->at[0].text : NULL);
		json_add_string(row, "dev", g->at[0].dev);
		return;
	}
	json_key(row, "nexthops");
	json_begin_array(row);
	for (unsigned int i = 0; i < g->n; i++) {
		json_begin_object(row);
		json_add_string(row, "gateway", g->at[i].text);
		json_add_string(row, "dev", g->at[i].dev);
		json_add_uint(row, "weight", 1);
		json_key(row, "flags");
		json_begin_array(row);
		if (g->at[i].dead)
			json_put_string(row, "dead");
		json_end_array(row);
		json_end_object(row);
	}
	json_end_array(row);
}

static bool routes_next(struct control_reply *r, struct json *row)
{
	static const char *const protocol[] = {"local", "connected", "static"};
	struct cursor *c = r->state;
	struct agent_route route;
	char dst[IP_PREFIX_TEXT];
	struct gateways g;
	bool best;

	if (!agent_route_next(c->a, c->started ? &c->route : NULL, &route, &best))
		return false;
	c->route = route;
	c->started = true;
	ip_prefix_format(dst, route.dst, route.len);
	gateways_fill(c->a, route.nh, &g);
	/* As ip(8) has it IPv4's is `default`; IPv6's is ::/0, so that one tells them apart. */
	const char *const words[3] = {
		route.len == 0 && ip_is4(route.dst) ? "default" : dst,
		protocol[route.source],
		route_is_anycast(&route) ? "anycast"
					 : route_type(nexthop_key(c->a->nexthops, route.nh).kind),
	};

	if (!row_matches(c, words, route.len == 0 && !ip_is4(route.dst) ? "default" : dst, &g))
		return true; /* no row: the loop gets its turn between the steps of a search */
	json_add_string(row, "dst", words[0]);
	row_gateways(row, &g);
	json_add_uint(row, "metric", route.metric);
	json_add_string(row, "protocol", words[1]);
	json_add_string(row, "type", words[2]);
	json_add_bool(row, "best", best);
	return true;
}

int show_routes(void *ctx, struct control_reply *r, char *const *args, size_t n)
{
	return show_start(ctx, r, args, n, routes_next);
}
