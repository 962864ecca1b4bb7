/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of the devices while we have them: links go down, devices go and come again. */
#include <errno.h>
#include <net/if.h>

#include "agent/agent.h"
#include "base/log.h"
#include "port/xsk.h"

/* Say what is worth a line. */
static void link_log(const struct agent_iface *f, const struct link_event *ev)
{
	bool was_up = f->up && f->carrier, is_up = ev->up && ev->carrier;

	if (ev->deleted)
		log_warning("%s: the device is gone; when there is one of its name again, "
		            "`viaduct reload` takes it",
		            f->name);
	else if (was_up != is_up)
		log_notice("%s: link %s", f->name, is_up ? "up" : "down");
	if (!ev->deleted && f->mtu != ev->mtu)
		log_notice("%s: MTU %u", f->name, ev->mtu);
}

/* A device that bears the name of one that we lost. */
static void link_hint(struct agent_iface *f, const struct link_event *ev)
{
	if (ev->deleted || !f->gone || f->successor == ev->ifindex ||
	    strcmp(f->name, ev->name) != 0)
		return;
	f->successor = ev->ifindex;
	log_notice("%s: there is a device of this name again: `viaduct reload` takes it", f->name);
}

/*
 * Does the device want a new binding? Queues that came have no socket, and lose packets (AF_XDP row
 * 10); packets of a larger MTU may be longer than the sockets were told to expect.
 */
static const char *link_outgrown(const struct agent_iface *f, const struct config_interface *ci,
                                 const struct link_event *ev)
{
	if (ev->deleted)
		return NULL;
	if (ev->mtu > f->port->mtu)
		return "its MTU has grown";
	if (ev->channels && ci->xdp.queues == 0 && xsk_port_uncovered(f->port) > 0)
		return "its queues have changed";
	return NULL;
}

/* Bind anew where that is needed. Return: was it so? */
static bool link_rebind(struct agent *a, struct agent_iface *f, const struct link_event *ev)
{
	uint16_t k = config_find_interface(a->config, f->name);
	const struct config_interface *ci = &a->config->interfaces[k];
	struct config_interface now;
	struct why e;
	const char *why;

	if (k == CONFIG_NO_IFACE)
		return false;
	why = link_outgrown(f, ci, ev);
	if (why == NULL)
		return false;
	log_notice("%s: %s: bound anew", f->name, why);
	now = *ci;
	if (now.mtu == 0)
		now.mtu = (uint16_t)ev->mtu; /* whoever set it meant it; else it went back */
	if (agent_iface_rebind(a, ci, &now, &e) < 0)
		log_error("%s", e.text);
	return true;
}

/* Take over what the event says. Return: has anything changed? */
static bool link_follow(struct agent *a, struct agent_iface *f, const struct link_event *ev)
{
	bool up = ev->up && !ev->deleted, carrier = ev->carrier && !ev->deleted;

	if (f->up == up && f->carrier == carrier && f->mac == ev->mac && f->mtu == ev->mtu &&
	    f->gone == ev->deleted)
		return false;
	link_log(f, ev);
	f->up = up;
	f->carrier = carrier;
	f->mac = ev->mac;
	f->gone = ev->deleted;
	if (f->mtu != ev->mtu && nexthop_set_max_len(a->nexthops, (uint16_t)(f - a->iface),
	                                             nexthop_max_len(ev->mtu)) == 0)
		f->mtu = ev->mtu;
	return true;
}

void agent_link_event(void *ctx, const struct link_event *ev)
{
	struct agent *a = ctx;

	for (size_t i = 0; i < PORT_MAX; i++) {
		struct agent_iface *f = &a->iface[i];

		link_hint(f, ev);
		if (f->port == NULL || f->ifindex != ev->ifindex)
			continue;
		if (!link_rebind(a, f, ev) && !link_follow(a, f, ev))
			continue;
		agent_addrs_refresh(a, (uint16_t)i);
		agent_virtual_follow(a);
		if (agent_publish(a) < 0)
			log_error("%s: no memory to tell the workers", f->name);
		agent_neigh_tick(a);
	}
}

/* Does the interface @ci want a new binding though its configuration is the same? */
static bool iface_stale(const struct agent_iface *f, const struct config_interface *ci)
{
	int now;

	if (ci->kind != CONFIG_DEVICE || ci->pcap.in != NULL || ci->pcap.out != NULL)
		return false;
	now = (int)if_nametoindex(f->name);
	if (now == 0)
		return false; /* it may come back; without it there is nothing to do */
	if (f->port == NULL || f->ifindex != now)
		return true;
	return ci->xdp.queues == 0 && xsk_port_uncovered(f->port) > 0;
}

static bool iface_rebound(const struct config_diff *d, const char *name)
{
	for (size_t i = 0; i < d->n_interfaces; i++) {
		const struct config_diff_interface *x = &d->interfaces[i];

		if (x->is != NULL && strcmp(x->is->name, name) == 0)
			return x->was == NULL || x->changed & AGENT_REBIND;
	}
	return false;
}

int agent_ifaces_renew(struct agent *a, const struct config_diff *d, const struct config *is,
                       struct why *e)
{
	for (size_t i = 0; i < is->n_interfaces; i++) {
		const struct config_interface *ci = &is->interfaces[i];
		const struct agent_iface *f = agent_iface_find(a, ci->name);
		int err;

		if (f == NULL || iface_rebound(d, ci->name) || !iface_stale(f, ci))
			continue;
		err = agent_iface_rebind(a, ci, ci, e);
		if (err < 0)
			return err;
		log_notice("%s: bound anew", ci->name);
	}
	return 0;
}
