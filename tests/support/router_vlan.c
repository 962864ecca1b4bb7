/* SPDX-License-Identifier: BSD-2-Clause */
#include "router_vlan.h"

#include <stdlib.h>

struct packet *packet_new(void)
{
	struct packet *p = malloc(sizeof(*p));

	if (p == NULL)
		abort();
	return p;
}

static uint32_t tag_word(uint16_t tpid, uint16_t tci)
{
	return (uint32_t)__builtin_bswap16(tci) << 16 | __builtin_bswap16(tpid);
}

uint16_t router_vlan(struct router *r, uint16_t parent, uint16_t tpid, uint16_t vid)
{
	const struct iface *p = router_iface(r, parent);
	const struct iface like = {
		.kind = IFACE_VLAN,
		.parent = parent,
		.vid = vid,
		.tag = {tag_word(tpid, vid)},
		.mtu = p->mtu,
		.redirects = p->redirects,
		.name = "v",
	};

	return router_virtual(r, &like);
}

uint16_t router_vlan_port(struct router *r, uint16_t id)
{
	while (id >= IFACE_PORTS)
		id = router_iface(r, id)->parent;
	return id;
}

void packet_tag(struct packet *p, uint16_t tpid, uint16_t tci)
{
	memmove(p->bytes + 16, p->bytes + 12, p->len - 12);
	store32(p->bytes + 12, tag_word(tpid, tci));
	p->len += 4;
}

void router_vlan_tag(struct router *r, uint16_t id, struct packet *p, uint16_t priority)
{
	for (const struct iface *f; id >= IFACE_PORTS; id = f->parent) {
		f = router_iface(r, id);
		packet_tag(p, (uint16_t)f->tag[0] == ETHERTYPE_QINQ ? S_TAG : C_TAG,
		           priority | f->vid);
	}
}

const char *router_vlan_untag(struct router *r, uint16_t id, struct packet *p)
{
	const char *flaw = NULL;
	const struct iface *f;

	if (id < IFACE_PORTS)
		return NULL;
	f = router_iface(r, id);
	flaw = router_vlan_untag(r, f->parent, p); /* the outer ones first */
	if (flaw != NULL)
		return flaw;
	if (p->len < 64)
		return "without its tag it is a runt";
	if (load32(p->bytes + 12) != f->tag[0])
		return "its tag is not the interface's";
	memmove(p->bytes + 12, p->bytes + 16, p->len - 16);
	p->len -= 4;
	return NULL;
}
