/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_vlans: VLAN interfaces: what single ones may say, and then what they are VLANs of. At most
 * two tags, so that a parent's parent is a device.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "config/suggest.h"
#include "config/value.h"
#include "config/vids.h"
#include "wire/ip.h"

#define TAGS_MAX 2

/* What its name says is what it is. */
static void check_named(struct check *k, const struct seen *seen)
{
	const struct config_interface *f = seen->value;
	char parent[CONFIG_NAME_LEN];
	uint16_t vid;

	name_split(f->name, parent, &vid);
	if (f->parent[0] != '\0' && strcmp(f->parent, parent) != 0)
		check_refuse_field(k, seen, INTERFACE_PARENT,
		                   "another one than the name's: change one of them");
	if (f->vlan != 0 && f->vlan != vid)
		check_refuse_field(k, seen, INTERFACE_VLAN,
		                   "another one than the name's: change one of them");
	else if (vid == 0)
		errors_add(k->errs, seen->at[0], seen->path,
		           "a name that ends in a dot and a number is a VLAN's, which is 1 to %d",
		           CONFIG_VID_MAX);
}

void check_vlan(struct check *k, const struct seen *seen)
{
	static const enum interface_field of_devices[] = {
		INTERFACE_MAC, INTERFACE_ON_FAILURE, INTERFACE_XDP, INTERFACE_FORCE, INTERFACE_PCAP,
	};
	const struct config_interface *f = seen->value;

	if (!interface_is_vlan(f)) {
		if (seen->at[1 + INTERFACE_PROTOCOL].line != 0)
			check_refuse_field(k, seen, INTERFACE_PROTOCOL,
			                   "only a VLAN has a tag: say \"parent\" and \"vlan\"");
		return;
	}
	if (name_is_vlan(f->name))
		check_named(k, seen);
	else if (f->parent[0] == '\0')
		check_refuse_field(k, seen, INTERFACE_VLAN, "\"parent\" must be said, too");
	else if (f->vlan == 0)
		check_refuse_field(k, seen, INTERFACE_PARENT, "\"vlan\" must be said, too");
	for (size_t i = 0; i < ARRAY_SIZE(of_devices); i++) {
		if (seen->at[1 + of_devices[i]].line != 0)
			check_refuse_field(k, seen, of_devices[i],
			                   "of a device, not of a VLAN: say it of the parent");
	}
}

/* Complain about where @f says its parent: in a key, or in its name. */
static void refuse_parent(struct check *k, const struct config_interface *f, const char *why)
{
	const struct check_interface *place = &k->interfaces[f->index];
	struct path path = *PATH({.key = "interfaces"}, {.key = f->name});
	struct mark at = place->field[INTERFACE_PARENT];

	if (at.line != 0)
		path.step[path.n++] = (struct path_step){.key = "parent"};
	errors_add(k->errs, at.line != 0 ? at : place->whole, &path, "%s", why);
}

static void unknown_parent(struct check *k, const struct config_interface *f, const char *parent)
{
	struct suggest near = {.word = parent};
	char hint[SUGGEST_TEXT], why[WHY_MAX];

	if (k->names_missing)
		return;
	for (size_t i = 0; i < k->config->n_interfaces && !errors_full(k->errs); i++) {
		if (!k->config->interfaces[i].made && &k->config->interfaces[i] != f)
			suggest_try(&near, k->config->interfaces[i].name);
	}
	(void)suggest_text(&near, hint);
	(void)snprintf(why, sizeof(why), "there is no interface \"%s\"%s", parent,
	               hint[0] != '\0' ? hint : " to be a VLAN of: list it, too");
	refuse_parent(k, f, why);
}

static void check_parent(struct check *k, const struct config_interface *f)
{
	const struct config *c = k->config;
	const struct config_interface *on = f->on == CONFIG_NO_IFACE ? NULL : &c->interfaces[f->on];
	char parent[CONFIG_NAME_LEN], why[WHY_MAX];

	if (!parent_of(f, parent))
		return;
	if (check_find_bridge(c, parent) != NULL) {
		(void)snprintf(why, sizeof(why), "%s is a bridge: say this in bridges.%s.vlans",
		               parent, parent);
		refuse_parent(k, f, why);
	} else if (on == NULL) {
		unknown_parent(k, f, parent);
	} else if (on->kind == CONFIG_BRIDGE) {
		(void)snprintf(why, sizeof(why),
		               "%s is of a bridge, which has no second tags: name a device, or a "
		               "VLAN of one",
		               parent);
		refuse_parent(k, f, why);
	} else if (on->bridge != CONFIG_NO_BRIDGE) {
		(void)snprintf(why, sizeof(why),
		               "%s is a port of %s, whose VLANs are said in bridges.%s.vlans",
		               parent, c->bridges[on->bridge].name, c->bridges[on->bridge].name);
		refuse_parent(k, f, why);
	}
}

/* How many tags the frames of @f have; more than all interfaces if they go round. */
static size_t tags_of(const struct config *c, const struct config_interface *f)
{
	size_t n = 0;

	while (f->kind == CONFIG_VLAN && f->on != CONFIG_NO_IFACE && n <= c->n_interfaces) {
		f = &c->interfaces[f->on];
		n++;
	}
	return n;
}

static void check_depth(struct check *k, const struct config_interface *f)
{
	size_t n = tags_of(k->config, f);

	if (n > k->config->n_interfaces)
		refuse_parent(k, f, "this way it is a VLAN of itself");
	else if (n > TAGS_MAX)
		refuse_parent(k, f, "a frame would have a third tag: two are the most");
}

/* By what tells VLANs apart; of the same the one that was said first. */
static int by_tag(const void *a, const void *b)
{
	const struct config_interface *x = *(const struct config_interface *const *)a;
	const struct config_interface *y = *(const struct config_interface *const *)b;
	uint64_t i = (uint64_t)x->on << 32 | (uint64_t)x->protocol << 16 | x->vlan;
	uint64_t j = (uint64_t)y->on << 32 | (uint64_t)y->protocol << 16 | y->vlan;

	if (i != j)
		return i < j ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static void check_twins(struct check *k, const struct config_interface **list, size_t n)
{
	if (n > 1)
		qsort(list, n, sizeof(const void *), by_tag);
	for (size_t i = 1; i < n; i++) {
		const struct config_interface *x = list[i - 1], *y = list[i];

		if (x->on != y->on || x->protocol != y->protocol || x->vlan != y->vlan)
			continue;
		errors_add(k->errs, k->interfaces[y->index].whole,
		           PATH({.key = "interfaces"}, {.key = y->name}),
		           "the same VLAN of %s as %s", k->config->interfaces[y->on].name, x->name);
	}
}

static const struct config_interface *lowest(const struct config_interface *x,
                                             const struct config_interface *y)
{
	return x == NULL || (y->mtu != 0 && y->mtu < x->mtu) ? y : x;
}

/* The interface that bounds the MTU of @f from below by what it says; NULL if none does. */
static const struct config_interface *bound_of(const struct config *c,
                                               const struct config_interface *f)
{
	const struct config_interface *bound = NULL;

	if (f->kind == CONFIG_BRIDGE) {
		const struct config_bridge *b = &c->bridges[f->bridge];

		for (size_t i = 0; i < b->n_ports; i++) {
			if (c->interfaces[b->ports[i].iface].mtu != 0)
				bound = lowest(bound, &c->interfaces[b->ports[i].iface]);
		}
		return bound;
	}
	for (int i = 0; i < TAGS_MAX && f->kind == CONFIG_VLAN && f->on != CONFIG_NO_IFACE; i++) {
		f = &c->interfaces[f->on];
		if (f->mtu != 0)
			return f;
	}
	return NULL;
}

static bool has_ipv6(const struct config_interface *f)
{
	for (size_t i = 0; i < f->n_addresses; i++) {
		if (!ip_is4(f->addresses[i].addr))
			return true;
	}
	return f->ra.send;
}

void check_bound(struct check *k, const struct config_interface *f, struct mark whole,
                 struct mark mtu)
{
	const struct config_interface *bound = bound_of(k->config, f);
	char vid[8];
	struct path path = check_path_of(k, f, vid);

	if (bound == NULL)
		return;
	if (f->mtu > bound->mtu) {
		path.step[path.n++] = (struct path_step){.key = "mtu"};
		errors_add(k->errs, mtu, &path, "larger than the %u of %s", bound->mtu,
		           bound->name);
	} else if (f->mtu == 0 && f->ra.mtu != CONFIG_MTU_AUTO && f->ra.mtu > bound->mtu) {
		path.step[path.n++] = (struct path_step){.key = "router-advertisement"};
		path.step[path.n++] = (struct path_step){.key = "mtu"};
		errors_add(k->errs, whole, &path, "larger than the %u of %s", bound->mtu,
		           bound->name);
	} else if (f->mtu == 0 && bound->mtu < 1280 && has_ipv6(f)) {
		errors_add(k->errs, whole, &path,
		           "IPv6 needs an MTU of at least 1280 (RFC 8200 5), %s has %u: raise "
		           "that, or remove IPv6 here",
		           bound->name, bound->mtu);
	}
}

void check_vlans(struct check *k)
{
	const struct config *c = k->config;
	const struct config_interface **list = calloc(c->n_interfaces + 1, sizeof(const void *));
	size_t n = 0;

	if (list == NULL) {
		k->err = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < c->n_interfaces; i++) {
		const struct config_interface *f = &c->interfaces[i];
		struct check_interface *place =
			f->index < k->n_interfaces ? &k->interfaces[f->index] : NULL;

		if (f->kind != CONFIG_VLAN || place == NULL || place->whole.line == 0)
			continue;
		check_parent(k, f);
		if (f->on == CONFIG_NO_IFACE)
			continue;
		check_depth(k, f);
		check_bound(k, f, place->whole, place->field[INTERFACE_MTU]);
		if (f->vlan != 0)
			list[n++] = f;
	}
	check_twins(k, list, n);
	free(list);
}
