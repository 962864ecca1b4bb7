/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces on interfaces: which frame is whose, by its tags. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "iface/iface.h"
#include "wire/ether.h"

/* Its own tag, as it came from the agent; then those of its parent before it. */
static void tags_stack(struct iface *f, const struct iface *parent)
{
	uint32_t own = f->tag[0];

	f->n_tags = (uint8_t)(parent->n_tags + 1);
	f->tag[0] = parent->n_tags > 0 ? parent->tag[0] : own;
	f->tag[1] = parent->n_tags > 0 ? own : 0;
}

/* The tables of @f, made if need be. */
static struct iface_vlans *vlans_of(struct iface *f)
{
	if (f->vlans == NULL)
		f->vlans = calloc(1, sizeof(*f->vlans));
	return (struct iface_vlans *)f->vlans;
}

/* Let @f be found by its own tag on @parent, which is complete. */
static int vlan_link(struct iface *f, struct iface *parent)
{
	struct iface_vlans *v = vlans_of(parent);

	assert(f->vid > 0 && f->vid < VLAN_VIDS - 1); /* 802.1Q table 9-2 */
	if (v == NULL)
		return -ENOMEM;
	if ((uint16_t)f->tag[0] == ETHERTYPE_QINQ)
		v->s[f->vid] = f->id;
	else
		v->c[f->vid] = f->id;
	tags_stack(f, parent);
	f->port = parent->port;
	f->up = f->up && parent->up;
	return 0;
}

/* Those on interfaces with @depth tags. */
static int vlans_link(struct ifaces *s, uint8_t depth)
{
	int err = 0;

	for (uint16_t i = IFACE_PORTS; i < s->n && err == 0; i++) {
		struct iface *f = &s->iface[i];
		struct iface *parent = &s->iface[f->parent];

		if (f->kind != IFACE_VLAN || f->n_tags > 0 || parent->n_tags != depth)
			continue;
		if (depth > 0 || parent->kind == IFACE_PORT)
			err = vlan_link(f, parent);
	}
	return err;
}

int ifaces_link(struct ifaces *s)
{
	int err = vlans_link(s, 0);

	if (err == 0)
		err = vlans_link(s, 1);
	for (uint16_t i = IFACE_PORTS; i < s->n; i++) {
		struct iface *f = &s->iface[i];

		if (f->kind == IFACE_VLAN && f->n_tags == 0)
			f->up = false; /* on nothing that has frames of VLANs */
	}
	return err;
}
