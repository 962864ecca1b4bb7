/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interfaces without a port of their own: VLANs of other interfaces, and the router's feet in
 * bridges. What carries them says whether they are up, their MAC, and how long their packets may
 * be; all else they have as ports have it.
 */
#include <errno.h>
#include <stdio.h>

#include "agent/agent.h"
#include "agent/bridges.h"
#include "base/log.h"
#include "wire/ether.h"

/* What an interface gets from what it is on. */
struct carrier {
	const char *name;
	bool up;
	uint64_t mac;
	uint32_t mtu;
};

uint16_t agent_iface_port(const struct agent *a, uint16_t id)
{
	while (a->iface[id].kind == IFACE_VLAN)
		id = a->iface[id].parent;
	return id < PORT_MAX ? id : 0;
}

static struct carrier carrier_of(const struct agent *a, const struct agent_iface *f)
{
	const struct agent_iface *on = &a->iface[f->parent];
	struct agent_foot foot;

	if (f->kind == IFACE_VLAN)
		return (struct carrier){on->name, agent_iface_up(on), on->mac, on->mtu};
	/* Of a bridge that is to go: it goes, too, or all stays as it was. */
	if (!agent_foot(a, f->name, &foot))
		return (struct carrier){"its bridge", f->carrier, f->mac, f->mtu};
	return (struct carrier){"its bridge", foot.up, foot.mac, foot.mtu};
}

/* The last two octets of its tag before the first two, as they lie in frames. */
static uint32_t tag_of(const struct config_interface *ci)
{
	uint16_t tpid = ci->protocol == CONFIG_8021AD ? ETHERTYPE_QINQ : ETHERTYPE_VLAN;

	return tpid | (uint32_t)__builtin_bswap16(ci->vlan) << 16;
}

/* Let @f be what @ci says that it is, but for what it gets from others. */
static void virtual_describe(struct agent *a, struct agent_iface *f, const struct config *c,
                             const struct config_interface *ci)
{
	bool vlan = ci->kind == CONFIG_VLAN;

	f->kind = vlan ? IFACE_VLAN : IFACE_BRIDGE;
	f->parent = vlan ? agent_iface_id(a, c->interfaces[ci->on].name) : 0;
	f->vid = ci->vlan;
	f->tag = vlan ? tag_of(ci) : 0;
	f->mtu_wish = ci->mtu;
}

static uint32_t mtu_of(const struct agent_iface *f, const struct carrier *on)
{
	return f->mtu_wish != 0 && f->mtu_wish < on->mtu ? f->mtu_wish : on->mtu;
}

int agent_virtual_check(struct agent *a, const struct config *c, const struct config_interface *ci,
                        struct why *e)
{
	struct carrier on = carrier_of(a, agent_iface_find(a, ci->name));
	char path[2 * CONFIG_NAME_LEN + 32];

	if (ci->mtu <= on.mtu)
		return 0;
	if (ci->kind == CONFIG_VLAN)
		snprintf(path, sizeof(path), "interfaces.%s", ci->name);
	else if (ci->vlan == 0)
		snprintf(path, sizeof(path), "bridges.%s", ci->name);
	else
		snprintf(path, sizeof(path), "bridges.%s.vlans.%u", c->bridges[ci->bridge].name,
		         ci->vlan);
	return why_fail(e, -EINVAL, "%s.mtu: %u is more than %s can carry, %u", path, ci->mtu,
	                on.name, on.mtu);
}

int agent_virtual_open(struct agent *a, const struct config *c, const struct config_interface *ci,
                       struct why *e)
{
	struct agent_iface *f = agent_iface_slot(a, PORT_MAX, IFACE_MAX);
	struct carrier on;
	int err;

	if (f == NULL)
		return why_fail(e, -ENOSPC,
		                "interfaces.%s: more than %d VLANs and interfaces of bridges",
		                ci->name, IFACE_MAX - PORT_MAX);
	memcpy(f->name, ci->name, sizeof(f->name));
	virtual_describe(a, f, c, ci);
	on = carrier_of(a, f);
	f->up = true;
	f->carrier = on.up;
	f->mac = on.mac;
	f->mtu = mtu_of(f, &on);
	f->rate.at_ns = a->now_ns;
	err = agent_iface_nexthops(a, f);
	f->open = err == 0;
	if (err == 0)
		return 0;
	f->name[0] = '\0';
	return why_fail(e, err, "interfaces.%s: no room for its next hop: %s", ci->name,
	                strerror(-err));
}

/* Take over what the interface in slot @id is on; duplicates are looked for if it was @anew. */
static void virtual_follow(struct agent *a, uint16_t id, bool anew)
{
	struct agent_iface *f = &a->iface[id];
	struct carrier on = carrier_of(a, f);
	uint32_t mtu = mtu_of(f, &on);

	if (!anew && f->carrier == on.up && f->mac == on.mac && f->mtu == mtu)
		return;
	/* A VLAN's link is its port's, which has been told of. */
	if (f->kind == IFACE_BRIDGE && f->carrier != on.up)
		log_notice("%s: link %s", f->name, on.up ? "up" : "down");
	f->carrier = on.up;
	f->mac = on.mac;
	if (f->mtu != mtu && nexthop_set_max_len(a->nexthops, id, nexthop_max_len(mtu)) == 0)
		f->mtu = mtu;
	f->addrs_up = f->addrs_up && !anew;
	agent_addrs_refresh(a, id);
}

void agent_virtual_change(struct agent *a, const struct config *c,
                          const struct config_interface *ci, bool anew)
{
	uint16_t id = agent_iface_id(a, ci->name);

	if (anew) { /* its last words go by the old one */
		agent_announce_stop(a, id);
		neigh_clear(a->neigh, id);
	}
	virtual_describe(a, &a->iface[id], c, ci);
	virtual_follow(a, id, anew);
}

void agent_virtual_follow(struct agent *a)
{
	bool changing = a->bridges != NULL && a->bridges->changing;

	/* VLANs of VLANs when these have followed. */
	for (int on_vlan = 0; on_vlan < 2; on_vlan++) {
		for (uint16_t i = PORT_MAX; i < a->iface_top; i++) {
			const struct agent_iface *f = &a->iface[i];

			if (f->kind == IFACE_BRIDGE && changing)
				continue;
			if (f->open && (f->kind == IFACE_VLAN && f->parent >= PORT_MAX) == on_vlan)
				virtual_follow(a, i, false);
		}
	}
}

void agent_feet_follow(struct agent *a)
{
	for (uint16_t i = PORT_MAX; i < a->iface_top; i++) {
		if (a->iface[i].kind == IFACE_BRIDGE && a->iface[i].open)
			virtual_follow(a, i, false);
	}
}
