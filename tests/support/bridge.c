/* SPDX-License-Identifier: BSD-2-Clause */
#include "bridge.h"

#include <stdio.h>
#include <stdlib.h>

static void must_at(bool holds, int line, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, line, what);
	abort();
}
#define must(holds) must_at(holds, __LINE__, #holds)

static size_t bridge_bytes(const struct bridge *b)
{
	return sizeof(*b) + (b->vlan_aware ? VLAN_VIDS : 1) * sizeof(b->vlan[0]);
}

struct test_bridge *bridge_new(struct router *r, uint64_t ports, bool vlan_aware)
{
	struct test_bridge *b = calloc(1, sizeof(*b));
	int i = r->bridge[0] != NULL;

	must(b != NULL && i < ROUTER_BRIDGES && r->bridge[i] == NULL);
	r->bridge[i] = b;
	b->r = r;
	b->next = calloc(1, sizeof(struct bridge) + VLAN_VIDS * sizeof(struct bridge_vlan));
	must(b->next != NULL && fdb_new(&b->live.fdb, BRIDGE_STATIONS) == 0);
	*b->next = (struct bridge){
		.live = &b->live,
		.mac = BRIDGE_MAC,
		.ports = ports,
		.learning = ports,
		.forwarding = ports,
		.vlan_aware = vlan_aware,
		.name = "br0",
	};
	if (!vlan_aware)
		b->next->vlan[0].members = ports;
	return b;
}

void bridge_tagged(struct test_bridge *b, uint16_t port, uint16_t vid)
{
	must(b->next->vlan_aware);
	b->next->vlan[vid].members |= 1ull << port;
}

void bridge_native(struct test_bridge *b, uint16_t port, uint16_t vid)
{
	bridge_tagged(b, port, vid);
	b->next->vlan[vid].untagged |= 1ull << port;
	b->next->pvid[port] = vid;
}

void bridge_access(struct test_bridge *b, uint16_t port, uint16_t vid)
{
	bridge_native(b, port, vid);
	b->next->no_tagged |= 1ull << port;
}

void bridge_state(struct test_bridge *b, uint16_t port, enum bridge_state state)
{
	uint64_t bit = 1ull << port;

	b->next->learning &= ~bit;
	b->next->forwarding &= ~bit;
	if (state != BRIDGE_BLOCKING)
		b->next->learning |= bit;
	if (state == BRIDGE_FORWARDING)
		b->next->forwarding |= bit;
}

uint16_t bridge_foot(struct test_bridge *b, uint16_t vid)
{
	const struct iface like = {.kind = IFACE_BRIDGE,
	                           .mac = b->next->mac,
	                           .vid = vid,
	                           .bridge = b->current,
	                           .name = "br0"};
	uint16_t id;

	must(b->current != NULL); /* its foot announces itself by it */
	id = router_virtual(b->r, &like);
	b->next->vlan[vid].iface = id;
	bridge_static(b, b->next->mac, vid, FDB_ROUTER);
	bridge_publish(b);
	return id;
}

static void bridge_reclaim(struct rcu_head *head)
{
	free(caa_container_of(head, struct bridge, rcu));
}

void bridge_publish(struct test_bridge *b)
{
	struct bridge *old = (struct bridge *)b->current, *s = malloc(bridge_bytes(b->next));
	struct router *r = b->r;

	must(s != NULL);
	memcpy(s, b->next, bridge_bytes(b->next));
	b->current = s;
	for (uint16_t i = 0; i < r->n_ports; i++) {
		if (s->ports >> i & 1)
			r->iface[i].bridge = s;
		else if (r->iface[i].bridge == old)
			r->iface[i].bridge = NULL;
	}
	for (uint16_t i = 0; i < r->n_virtual; i++) {
		if (r->virtual[i].iface.bridge == old)
			r->virtual[i].iface.bridge = s;
	}
	router_publish(r);
	if (old != NULL)
		call_rcu(&old->rcu, bridge_reclaim);
}

void bridge_static(struct test_bridge *b, uint64_t mac, uint16_t vid, uint16_t port)
{
	must(fdb_set(b->live.fdb, fdb_key(mac, vid), port, FDB_STATIC, fdb_tick(b->r->now)) == 0);
}

int bridge_where(const struct test_bridge *b, uint64_t mac, uint16_t vid)
{
	uint64_t key = fdb_key(mac, vid), value;

	fdb_find(b->live.fdb, &key, &value, 1);
	return value != 0 ? fdb_port(value) : -1;
}

void bridge_station(struct router *r, const struct report *report)
{
	uint64_t key = fdb_key(report->mac, (uint16_t)report->value);
	struct test_bridge *b = r->bridge[0];

	if (b == NULL || !(b->next->ports >> report->iface & 1))
		b = r->bridge[1];
	must(b != NULL);
	if (report->claim == STATION_MOVED) {
		b->moved++;
		return;
	}
	b->told++;
	if (!b->deaf && fdb_set(b->live.fdb, key, report->iface, 0, fdb_tick(r->now)) < 0)
		b->refused++;
}

void bridge_free(struct test_bridge *b)
{
	if (b == NULL)
		return;
	fdb_free(b->live.fdb);
	free((struct bridge *)b->current);
	free(b->next);
	free(b);
}
