/* SPDX-License-Identifier: BSD-2-Clause */
/* What workers see of bridges, built of the configuration, ports and the router's feet. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/bridges.h"
#include "base/log.h"

#define MTU_NONE 1500              /* of a foot in a bridge without ports */
#define MAC_NONE 0x010000000002ull /* the same: 02:00:00:00:00:01 */

static_assert(CONFIG_LEARNING == (int)BRIDGE_LEARNING && CONFIG_BLOCKING == (int)BRIDGE_BLOCKING,
              "the file's words for what a port does");

enum bridge_state agent_bridge_state(const struct agent_bridge *b,
                                     const struct config_bridge_port *p, uint16_t id)
{
	return b->state[id] != 0 ? (enum bridge_state)(b->state[id] - 1)
	                         : (enum bridge_state)p->state;
}

bool agent_bridge_member(const struct config_bridge *c, const struct config_bridge_port *p,
                         uint16_t vid)
{
	if (!c->vlan_aware)
		return vid == 0;
	if (vid == 0)
		return false;
	return p->access == vid || p->native == vid ||
	       (p->trunk.bits[vid / 64] >> vid % 64 & 1) != 0;
}

/* The slot of port @p; NULL while it has none. */
static const struct agent_iface *port_slot(const struct agent *a,
                                           const struct config_bridge_port *p)
{
	for (uint16_t i = 0; i < IFACE_PORTS; i++) {
		if (strcmp(a->iface[i].name, p->name) == 0)
			return &a->iface[i];
	}
	return NULL;
}

/* Which VLANs frames of port @p, bit @bit, are of, and how they leave. */
static void port_vlans(struct bridge *s, const struct config_bridge_port *p, uint64_t bit,
                       uint16_t id)
{
	uint16_t pvid = p->access != 0 ? p->access : p->native;

	if (!s->vlan_aware) {
		s->vlan[0].members |= bit;
		s->vlan[0].untagged |= bit;
		return;
	}
	for (uint16_t vid = 1; vid < VLAN_VIDS; vid++) {
		if (p->access == 0 && (p->trunk.bits[vid / 64] >> vid % 64 & 1) != 0)
			s->vlan[vid].members |= bit;
	}
	if (p->access != 0)
		s->no_tagged |= bit;
	s->pvid[id] = pvid;
	if (pvid == 0)
		return;
	s->vlan[pvid].members |= bit;
	s->vlan[pvid].untagged |= bit;
}

static void port_build(const struct agent_bridge *b, const struct config_bridge_port *p,
                       const struct agent_iface *f, uint16_t id)
{
	struct bridge *s = b->built;
	enum bridge_state state = agent_bridge_state(b, p, id);
	uint64_t bit = 1ull << id;
	bool live = f->up && f->carrier && !f->gone;

	s->ports |= bit;
	s->learning |= live && state != BRIDGE_BLOCKING ? bit : 0;
	s->forwarding |= live && state == BRIDGE_FORWARDING ? bit : 0;
	s->isolated |= p->isolated ? bit : 0;
	port_vlans(s, p, bit, id);
}

/* The lower one, as people read them. */
static uint64_t mac_lower(uint64_t x, uint64_t y)
{
	return __builtin_bswap64(x) < __builtin_bswap64(y) ? x : y;
}

static uint64_t bridge_mac(const struct agent *a, const struct config_bridge *c)
{
	uint64_t mac = UINT64_MAX;

	for (size_t i = 0; c->mac == 0 && i < c->n_ports; i++) {
		const struct agent_iface *f = port_slot(a, &c->ports[i]);

		if (f != NULL && f->mac != 0)
			mac = mac_lower(mac, f->mac);
	}
	if (c->mac != 0)
		return c->mac;
	return mac != UINT64_MAX ? mac : MAC_NONE;
}

static struct bridge *bridge_build(struct agent *a, struct agent_bridge *b)
{
	size_t n_vlans = b->conf->vlan_aware ? VLAN_VIDS : 1;
	struct bridge *s = calloc(1, sizeof(*s) + n_vlans * sizeof(s->vlan[0]));

	b->built = s;
	if (s == NULL)
		return NULL;
	s->live = stations_live(b->stations);
	s->mac = bridge_mac(a, b->conf);
	s->vlan_aware = b->conf->vlan_aware;
	memcpy(s->name, b->name, sizeof(s->name));
	for (size_t i = 0; i < b->conf->n_ports; i++) {
		const struct config_bridge_port *p = &b->conf->ports[i];
		const struct agent_iface *f = port_slot(a, p);
		uint16_t id = f != NULL ? (uint16_t)(f - a->iface) : 0;

		if (f == NULL || f->port == NULL)
			continue;
		a->bridges->of[id] = s;
		port_build(b, p, f, id);
	}
	return s;
}

/* The bridge in whose VLAN @vid, configured to be, @name is a foot: BRIDGE.VID, or BRIDGE where
 * VLANs are not looked at. */
static struct agent_bridge *foot_bridge(const struct agent *a, const char *name, uint16_t *vid)
{
	for (size_t i = 0; a->bridges != NULL && i < a->bridges->n; i++) {
		struct agent_bridge *b = a->bridges->list[i];
		size_t len = strlen(b->name);
		char *end;

		if (b->conf == NULL || strncmp(name, b->name, len) != 0)
			continue;
		*vid = 0;
		if (!b->conf->vlan_aware && name[len] == '\0')
			return b;
		if (b->conf->vlan_aware && name[len] == '.')
			*vid = (uint16_t)strtoul(name + len + 1, &end, 10);
		if (*vid != 0 && *end != '\0')
			continue; /* "a.1.b.2" is of "a.1.b" */
		for (size_t k = 0; *vid != 0 && k < b->conf->n_vlans; k++) {
			if (b->conf->vlans[k].vid == *vid)
				return b;
		}
	}
	return NULL;
}

static void feet_build(struct agent *a)
{
	for (uint16_t i = IFACE_PORTS; i < a->iface_top; i++) {
		struct agent_bridge *b = NULL;
		uint16_t vid;

		if (a->iface[i].kind == IFACE_BRIDGE && a->iface[i].open)
			b = foot_bridge(a, a->iface[i].name, &vid);
		if (b == NULL)
			continue;
		b->built->vlan[vid].iface = i;
		a->bridges->of[i] = b->built;
	}
}

int agent_bridges_build(struct agent *a)
{
	struct agent_bridges *bs = a->bridges;

	if (bs == NULL)
		return 0;
	memset(bs->of, 0, sizeof(bs->of));
	for (size_t i = 0; i < bs->n; i++) {
		if (bs->list[i]->conf != NULL && bridge_build(a, bs->list[i]) == NULL) {
			agent_bridges_discard(a);
			return -ENOMEM;
		}
	}
	feet_build(a);
	return 0;
}

const struct bridge *agent_bridge_of(const struct agent *a, uint16_t id)
{
	return a->bridges != NULL ? a->bridges->of[id] : NULL;
}

void agent_bridges_discard(struct agent *a)
{
	for (size_t i = 0; a->bridges != NULL && i < a->bridges->n; i++) {
		free(a->bridges->list[i]->built);
		a->bridges->list[i]->built = NULL;
	}
}

bool agent_foot(const struct agent *a, const char *name, struct agent_foot *foot)
{
	uint16_t vid;
	const struct agent_bridge *b = foot_bridge(a, name, &vid);
	uint32_t mtu = UINT32_MAX;

	if (b == NULL)
		return false;
	*foot = (struct agent_foot){.mac = bridge_mac(a, b->conf)};
	for (size_t i = 0; i < b->conf->n_ports; i++) {
		const struct config_bridge_port *p = &b->conf->ports[i];
		const struct agent_iface *f = port_slot(a, p);

		if (f == NULL)
			continue;
		mtu = f->mtu < mtu ? f->mtu : mtu;
		foot->up = foot->up || (f->port != NULL && f->up && f->carrier && !f->gone &&
		                        agent_bridge_member(b->conf, p, vid) &&
		                        agent_bridge_state(b, p, (uint16_t)(f - a->iface)) ==
		                                BRIDGE_FORWARDING);
	}
	foot->mtu = mtu != UINT32_MAX ? mtu : MTU_NONE;
	return true;
}

/* Ports of @was whose stations @is does not lead to any more: frames of them are not learned from,
 * or leave one of their VLANs. */
static uint64_t ports_lost(const struct bridge *was, const struct bridge *is)
{
	uint64_t lost = was->learning & ~is->learning;

	for (size_t vid = 0; vid < (was->vlan_aware ? VLAN_VIDS : 1); vid++)
		lost |= was->vlan[vid].members & ~is->vlan[vid].members;
	return lost;
}

static void stations_forget(struct agent_bridge *b, const struct bridge *was)
{
	bool same = was != NULL && was->vlan_aware == b->current->vlan_aware;
	uint64_t lost = same ? ports_lost(was, b->current) : 0; /* another table has copies */

	if (lost == 0)
		return;
	/* Workers with the last snapshot would let stations move to these ports. */
	synchronize_rcu();
	for (; lost != 0; lost &= lost - 1)
		stations_flush_port(b->stations, (uint16_t)__builtin_ctzll(lost));
}

static void bridge_reclaim(struct rcu_head *head)
{
	free(caa_container_of(head, struct bridge, rcu));
}

void agent_bridges_published(struct agent *a)
{
	if (a->bridges == NULL)
		return;
	for (size_t i = 0; i < a->bridges->n; i++) {
		struct agent_bridge *b = a->bridges->list[i];
		struct bridge *was = (struct bridge *)b->current;

		b->current = b->built;
		b->built = NULL;
		if (b->current != NULL) {
			stations_forget(b, was);
			agent_bridge_settle(b, was);
		}
		if (was != NULL)
			call_rcu(&was->rcu, bridge_reclaim);
	}
	agent_bridges_reap(a);
	agent_bridges_tick(a);
}
