/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What devices are told about frames that a router alone would not care for: those with tags, where
 * there are VLANs, and on a bridge's port everybody's. Groups, and promiscuous mode, are with the
 * multicasts of announce.c.
 */
#include <errno.h>

#include "agent/agent.h"
#include "base/log.h"
#include "netlink/device.h"
#include "port/steer.h"
#include "port/xsk.h"

static bool is_device(const struct agent_iface *f)
{
	return f->port != NULL && f->port->ifindex != 0 && !f->gone;
}

/* Let @f's device show frames of all VLANs as they are, as far as it can. Once a binding, for it
 * may be another device then. */
static void tags_see(struct agent_iface *f)
{
	if (f->sees_tags)
		return;
	f->sees_tags = true;
	if (device_see_tags(f->name, &f->filters) < 0)
		f->strips |= AGENT_STRIPS_S;
	if (f->filters)
		log_notice("%s: the driver filters VLANs and cannot be told not to: it is made "
		           "promiscuous",
		           f->name);
}

/* The device that frames of @ci come by, if they have tags or may have some; NULL: they have none.
 */
static struct agent_iface *tagged_device(struct agent *a, const struct config *c,
                                         const struct config_interface *ci)
{
	const struct config_interface *on = ci;
	struct agent_iface *f;

	while (on->kind == CONFIG_VLAN)
		on = &c->interfaces[on->on];
	if (on->kind != CONFIG_DEVICE || (on == ci && ci->bridge >= c->n_bridges))
		return NULL;
	f = agent_iface_find(a, on->name);
	return f != NULL && is_device(f) ? f : NULL;
}

static int tags_refuse(const struct config *c, const struct config_interface *ci,
                       const struct agent_iface *f, struct why *e)
{
	const char *which = f->strips & AGENT_STRIPS_C ? "" : "802.1ad ";

	if (ci->kind == CONFIG_VLAN)
		return why_fail(e, -EOPNOTSUPP,
		                "interfaces.%s: %s's driver takes %sVLAN tags off received frames "
		                "and cannot be told not to: no such VLAN can be on it",
		                ci->name, f->name, which);
	return why_fail(e, -EOPNOTSUPP,
	                "bridges.%s.ports.%s: the driver takes %sVLAN tags off received frames and "
	                "cannot be told not to: it cannot be a bridge's port",
	                c->bridges[ci->bridge].name, f->name, which);
}

/* Frames of the bridge's port or VLAN @ci come by @f: are they seen as they are? */
static bool tags_lost(const struct config_interface *ci, const struct agent_iface *f)
{
	if (ci->kind != CONFIG_VLAN)
		return f->strips != 0;
	return (f->strips & (ci->protocol == CONFIG_8021AD ? AGENT_STRIPS_S : AGENT_STRIPS_C)) != 0;
}

int agent_tags_check(struct agent *a, const struct config *c, struct why *e)
{
	for (size_t i = 0; i < c->n_interfaces; i++) {
		struct agent_iface *f = tagged_device(a, c, &c->interfaces[i]);

		if (f == NULL)
			continue;
		tags_see(f);
		if (tags_lost(&c->interfaces[i], f))
			return tags_refuse(c, &c->interfaces[i], f, e);
	}
	return 0;
}

static void strips_tell(struct agent_iface *f)
{
	if ((f->strips & AGENT_STRIPS_C) == 0 || f->strips_told)
		return;
	f->strips_told = true;
	log_warning("interfaces.%s: the driver takes VLAN tags off received frames and cannot be "
	            "told not to: tagged traffic is not seen as such",
	            f->name);
}

void agent_tags_follow(struct agent *a, const struct ifaces *s)
{
	for (uint16_t i = 0; i < PORT_MAX; i++) {
		struct agent_iface *f = &a->iface[i];
		bool bridge_port = s->iface[i].bridge != NULL;

		if (!is_device(f))
			continue;
		if (bridge_port || s->iface[i].vlans != NULL)
			tags_see(f);
		strips_tell(f);
		if (steer_bridge_port_set(xsk_port_steer(f->port), bridge_port) < 0)
			log_error("%s: link protocols do not reach the kernel", f->name);
	}
}
