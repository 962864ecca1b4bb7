/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the configuration in force to the next one, in an order in which no packet is lost that both
 * let pass: what is new is opened, then routes and addresses change, then what is gone is closed. A
 * step that fails is undone with those before it.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "agent/agent.h"
#include "agent/bridges.h"
#include "base/log.h"
#include "port/steer.h"
#include "port/xsk.h"

/* What is being applied, and how far it got. */
struct apply {
	struct agent *a;
	const struct config *was;
	struct config *is; /* taken over when all is done */
	struct config_diff diff;
	size_t opened; /* interface differences that were opened */
	bool routes;   /* routes are the new ones */
	size_t addressed;
};

/* What has to be there before @ci of @c is opened. */
static unsigned int iface_depth(const struct config *c, const struct config_interface *ci)
{
	unsigned int depth = 0;

	assert(c != NULL); /* whose interface it is */
	for (; ci->kind == CONFIG_VLAN; ci = &c->interfaces[ci->on])
		depth++;
	return ci->kind == CONFIG_BRIDGE ? 1 : depth;
}

/* Devices come first, then what is on them, then VLANs of VLANs; each kind as it was sorted. */
static int ifaces_sort(struct apply *p)
{
	struct config_diff *d = &p->diff;
	struct config_diff_interface *sorted = calloc(d->n_interfaces + 1, sizeof(*sorted));
	size_t n = 0;

	if (sorted == NULL)
		return -ENOMEM;
	for (unsigned int depth = 0; n < d->n_interfaces; depth++) {
		for (size_t i = 0; i < d->n_interfaces; i++) {
			const struct config_diff_interface *x = &d->interfaces[i];

			if (iface_depth(x->is != NULL ? p->is : p->was,
			                x->is != NULL ? x->is : x->was) == depth)
				sorted[n++] = *x;
		}
	}
	free(d->interfaces);
	d->interfaces = sorted;
	return 0;
}

/* A port cannot become a VLAN, nor the other way round, under those who name it. */
static int kinds_check(const struct apply *p, struct why *e)
{
	static const char *const name[] = {
		[CONFIG_DEVICE] = "a device",
		[CONFIG_VLAN] = "a VLAN",
		[CONFIG_BRIDGE] = "a bridge's",
	};

	for (size_t i = 0; i < p->diff.n_interfaces; i++) {
		const struct config_diff_interface *d = &p->diff.interfaces[i];

		if (d->was != NULL && d->is != NULL &&
		    (d->was->kind == CONFIG_DEVICE) != (d->is->kind == CONFIG_DEVICE))
			return why_fail(e, -ENOTSUP,
			                "interfaces.%s: becomes %s: take it out, `viaduct reload`, "
			                "and put it in again; or restart viaductd",
			                d->is->name, name[d->is->kind]);
	}
	return 0;
}

/* Open @is of @c if it is new, else change what differs. */
static int iface_open(struct apply *p, const struct config *c, const struct config_interface *was,
                      const struct config_interface *is, uint32_t changed, struct why *e)
{
	bool device = is->kind == CONFIG_DEVICE;

	if (was == NULL)
		return device ? agent_iface_open(p->a, is, e) : agent_virtual_open(p->a, c, is, e);
	if (device && changed & AGENT_REBIND)
		return agent_iface_rebind(p->a, was, is, e);
	if (!device && changed & AGENT_REMADE)
		agent_virtual_change(p->a, c, is, changed & CONFIG_CHANGE_VLAN);
	return 0;
}

/* All ports are there: is what is on them as it should be? */
static int virtuals_check(struct apply *p, struct why *e)
{
	int err;

	err = agent_tags_check(p->a, p->is, e);
	for (size_t i = 0; i < p->diff.n_interfaces && err == 0; i++) {
		const struct config_interface *is = p->diff.interfaces[i].is;

		if (is != NULL && is->kind != CONFIG_DEVICE)
			err = agent_virtual_check(p->a, p->is, is, e);
	}
	if (err == 0) /* what is refused changes nothing */
		agent_virtual_follow(p->a);
	return err;
}

static int ifaces_open(struct apply *p, struct why *e)
{
	int renewed = agent_ifaces_renew(p->a, &p->diff, p->is, e);

	if (renewed < 0)
		return renewed;
	while (p->opened < p->diff.n_interfaces) {
		const struct config_diff_interface *d = &p->diff.interfaces[p->opened];
		int err = 0;

		if (d->is != NULL)
			err = iface_open(p, p->is, d->was, d->is, d->changed, e);
		if (err < 0)
			return err;
		p->opened++; /* what fails from here on undoes that too */
		if (d->was != NULL && d->is != NULL && d->changed & CONFIG_CHANGE_ON_FAILURE)
			err = agent_iface_on_failure(p->a, d->is, e);
		if (err < 0)
			return err;
	}
	return virtuals_check(p, e);
}

static void ifaces_unopen(struct apply *p)
{
	while (p->opened-- > 0) {
		const struct config_diff_interface *d = &p->diff.interfaces[p->opened];
		struct why e;
		int err = 0;

		if (d->was == NULL)
			agent_iface_close(p->a, agent_iface_id(p->a, d->is->name));
		else if (d->is != NULL)
			err = iface_open(p, p->was, d->is, d->was, d->changed, &e);
		if (err == 0 && d->was != NULL && d->is != NULL &&
		    d->changed & CONFIG_CHANGE_ON_FAILURE)
			err = agent_iface_on_failure(p->a, d->was, &e);
		if (err < 0)
			log_error("%s (while going back to the old configuration)", e.text);
	}
	agent_virtual_follow(p->a); /* feet are their old bridges' again */
}

/* Give interface @name the addresses of @ci; NULL: none. */
static int iface_address(struct agent *a, const char *name, const struct config_interface *ci,
                         struct why *e)
{
	int err = agent_addrs_set(a, agent_iface_id(a, name), ci);

	if (err < 0)
		return why_fail(e, err, "interfaces.%s.addresses: %s", name,
		                err == -ENOSPC ? "no room for one more prefix or next hop: use "
		                                 "fewer routes"
		                               : strerror(-err));
	return 0;
}

/* What of @ci is in force with the next snapshot, and cannot fail. */
static void iface_set(struct agent *a, const struct config_interface *ci)
{
	static const enum iface_urpf urpf[] = {
		[CONFIG_URPF_OFF] = URPF_OFF,
		[CONFIG_URPF_STRICT] = URPF_STRICT,
		[CONFIG_URPF_LOOSE] = URPF_LOOSE,
	};
	struct agent_iface *f;

	if (ci == NULL)
		return;
	f = agent_iface_find(a, ci->name);
	f->urpf = (uint8_t)urpf[ci->urpf];
	f->redirects = ci->redirects;
}

static int ifaces_address(struct apply *p, struct why *e)
{
	agent_feet_follow(p->a); /* they were there before the last port */
	for (; p->addressed < p->diff.n_interfaces; p->addressed++) {
		const struct config_diff_interface *d = &p->diff.interfaces[p->addressed];
		const struct config_interface *any = d->is != NULL ? d->is : d->was;
		int err;

		iface_set(p->a, d->is);
		if (d->was != NULL && d->is != NULL &&
		    !(d->changed &
		      (CONFIG_CHANGE_ADDRESSES | CONFIG_CHANGE_DAD | CONFIG_CHANGE_BRIDGE)))
			continue;
		err = iface_address(p->a, any->name, d->is, e);
		if (err < 0)
			return err;
	}
	agent_addrs_retry(p->a);
	return 0;
}

static void ifaces_unaddress(struct apply *p)
{
	for (size_t i = 0; i < p->diff.n_interfaces; i++)
		iface_set(p->a, p->diff.interfaces[i].was);
	while (p->addressed-- > 0) {
		const struct config_diff_interface *d = &p->diff.interfaces[p->addressed];
		const struct config_interface *any = d->is != NULL ? d->is : d->was;
		struct why e;

		if (iface_address(p->a, any->name, d->was, &e) < 0)
			log_error("%s (while going back to the old configuration)", e.text);
	}
}

static void neighbour_remove(struct apply *p, const struct config_neighbour *n)
{
	uint16_t id;

	assert(p->was != NULL); /* it had the neighbour */
	id = agent_iface_id(p->a, p->was->interfaces[n->iface].name);
	if (neigh_del_static(p->a->neigh, id, n->address) < 0)
		log_warning("neighbours: one to be removed was not there");
}

static void neighbour_add(struct apply *p, const struct config_neighbour *n)
{
	uint16_t id = agent_iface_id(p->a, p->is->interfaces[n->iface].name);

	if (neigh_set_static(p->a->neigh, id, n->address, n->lladdr, p->a->now_ns) < 0)
		log_error("neighbours: no room for one more: the table is full");
}

static void neighbours_apply(struct apply *p)
{
	const struct config_diff_neighbour *d = p->diff.neighbours;

	/* Those that go make room for those that come. */
	for (size_t i = 0; i < p->diff.n_neighbours; i++) {
		if (d[i].is == NULL)
			neighbour_remove(p, d[i].was);
	}
	for (size_t i = 0; i < p->diff.n_neighbours; i++) {
		if (d[i].is != NULL)
			neighbour_add(p, d[i].is);
	}
}

/* Interfaces that go have their last word while their addresses are still theirs. Should the step
 * fail that follows, they are announced anew. Those without a port are not in the snapshot that
 * comes; a device's packets are taken until it is closed. */
static void ifaces_leave(struct apply *p)
{
	uint64_t ids[IFACE_MAX / 64] = {0};

	for (size_t i = 0; i < p->diff.n_interfaces; i++) {
		const struct config_diff_interface *d = &p->diff.interfaces[i];
		uint16_t id = d->is == NULL ? agent_iface_id(p->a, d->was->name) : 0;

		if (d->is == NULL)
			ids[id / 64] |= 1ull << id % 64;
	}
	agent_announce_stop_all(p->a, ids);
	for (uint16_t i = PORT_MAX; i < p->a->iface_top; i++)
		p->a->iface[i].open &= (ids[i / 64] >> i % 64 & 1) == 0;
}

/* None of them has gone. */
static void ifaces_return(struct apply *p)
{
	for (uint16_t i = PORT_MAX; i < p->a->iface_top; i++)
		p->a->iface[i].open = p->a->iface[i].name[0] != '\0';
}

/* Nothing can fail from here on. */
static void apply_finish(struct apply *p)
{
	struct agent *a = p->a;

	neighbours_apply(p);
	for (size_t i = p->diff.n_interfaces; i-- > 0;) {
		const struct config_diff_interface *d = &p->diff.interfaces[i];

		if (d->is == NULL)
			agent_iface_close(a, agent_iface_id(a, d->was->name));
	}
	for (unsigned int i = 0; i < a->n_workers; i++)
		agent_worker_settings(&a->worker[i], &p->is->system);
	agent_bridges_finish(a);
	agent_neigh_tick(a);
	config_free(a->config);
	a->config = p->is;
	agent_announce_configure(a);
	agent_announce_tick(a);
}

/* Find out what there is to do, and whether it can be done without a restart. */
static int apply_plan(struct apply *p, struct why *e)
{
	int err;

	if (config_diff(&p->diff, p->was, p->is) < 0)
		return why_fail(e, -ENOMEM, "out of memory");
	if (p->was != NULL && p->diff.system & CONFIG_CHANGE_RESTART)
		err = why_fail(e, -ENOTSUP,
		               "system: workers, cpus, frames and hugepages take effect at start "
		               "only: restart viaductd");
	else
		err = kinds_check(p, e);
	if (err == 0 && ifaces_sort(p) < 0)
		err = why_fail(e, -ENOMEM, "out of memory");
	if (err < 0)
		config_diff_fini(&p->diff);
	return err;
}

int agent_apply(struct agent *a, struct config *next, struct why *e)
{
	struct apply p = {.a = a, .was = a->config, .is = next};
	int err = apply_plan(&p, e);

	if (err < 0)
		return err;
	err = agent_bridges_apply(a, next, e);
	if (err < 0)
		goto fini_diff;
	err = ifaces_open(&p, e);
	if (err < 0)
		goto undo_ifaces;
	err = agent_routes_apply(a, p.was, next, &p.diff, e);
	if (err < 0)
		goto undo_ifaces;
	err = ifaces_address(&p, e);
	if (err < 0)
		goto undo_routes;
	ifaces_leave(&p);
	err = agent_publish(a);
	if (err < 0) {
		why_fail(e, err, "out of memory");
		goto undo_leave;
	}
	apply_finish(&p);
	config_diff_fini(&p.diff);
	return 0;

undo_leave:
	ifaces_return(&p);
undo_routes:
	ifaces_unaddress(&p);
	agent_routes_undo(a, p.was, next, &p.diff);
undo_ifaces:
	agent_bridges_undo(a);
	ifaces_unopen(&p);
	if (agent_publish(a) < 0)
		log_error("no memory to tell the workers of the old configuration");
fini_diff:
	config_diff_fini(&p.diff);
	return err;
}

/* Time is the captures' in a replay, and the clock's here: there is no having both. */
static int captures_refuse(const struct config *next, struct why *e)
{
	for (size_t i = 0; i < next->n_interfaces; i++) {
		const struct config_interface *ci = &next->interfaces[i];

		if (ci->pcap.in != NULL || ci->pcap.out != NULL)
			return why_fail(e, -ENOTSUP,
			                "interfaces.%s.pcap: capture files are for a daemon that "
			                "was started with nothing else",
			                ci->name);
	}
	return 0;
}

int agent_reload(struct agent *a, struct config_errors *errs, struct why *e)
{
	struct config *next;
	int err;

	e->text[0] = '\0';
	err = config_load(&next, a->options.config_path, errs);
	if (err < 0)
		return err;
	err = captures_refuse(next, e);
	if (err == 0)
		err = agent_apply(a, next, e);
	if (err < 0)
		config_free(next);
	return err;
}
