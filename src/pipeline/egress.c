/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * egress: a frame without tags to any interface: by a port as it is, by a VLAN with its tags, into
 * a bridge as one of its stations' frames. What goes by a port alone, and needs nothing else, is
 * sent by output itself.
 */
#include "bridge/fdb.h"
#include "pipeline/chain.h"
#include "pipeline/pipeline.h"
#include "wire/ether.h"

/* Chains: bytes that two tags and an Ethernet header may need before what came in. */
static_assert(sizeof(struct frame_chain) + 64 <= FRAME_HEADROOM, "tags reach no chain's record");

/* To no port: it is counted like a port's that is gone. */
static void egress_nowhere(struct pipeline *p, const struct pkt *k)
{
	struct pkt gone = *k;

	gone.flags &= (uint8_t)~PKT_TAKEN;
	pkt_list_add(&p->batch.ended, &gone, DROP_TX_DOWN);
}

/* Zeros behind what is shorter than the shortest frame, and that before tags are added: who takes
 * them off again has a frame that is long enough (802.3 4.2.3.3, 802.1Q 6.5.1). */
static uint32_t egress_pad(uint8_t *data, uint32_t len)
{
	if (len >= ETHER_MIN_LEN)
		return len;
	memset(data + len, 0, ETHER_MIN_LEN - len); /* AF_XDP row 45, no EtherLeak */
	return ETHER_MIN_LEN;
}

/* The MACs of @data move up, and the @n tags of @f stand behind them. Return: where they begin. */
static uint8_t *egress_tag(uint8_t *data, const struct iface *f)
{
	uint64_t macs = load64(data);
	uint32_t rest = load32(data + 8);
	uint8_t *to = data - (ptrdiff_t)f->n_tags * VLAN_TAG_LEN;

	store64(to, macs);
	store32(to + 8, rest);
	store32(to + 2ul * ETHER_ADDR_LEN, f->tag[0]);
	if (f->n_tags > 1)
		store32(to + 2ul * ETHER_ADDR_LEN + VLAN_TAG_LEN, f->tag[1]);
	return to;
}

/* By @port, with the tags of @f, of which a port has none. */
static void egress_port(struct pipeline *p, const struct pkt *k, const struct iface *f,
                        uint16_t port)
{
	bool chain = (k->flags & PKT_CHAIN) != 0;
	struct frames *frames = p->cache.frames;
	struct tx_list *t = &p->batch.tx;
	uint32_t len = chain ? chain_first_len(frames, k) : egress_pad(k->data, k->len);
	uint8_t *data = f->n_tags > 0 ? egress_tag(k->data, f) : k->data;

	tx_list_add(t, frames, data, len + f->n_tags * VLAN_TAG_LEN, port);
	if (!chain)
		return;
	t->desc[t->n - 1].options = XDP_PKT_CONTD;
	t->mixed |= UINT32_MAX;
}

/* Into the bridge, as a frame of the router's own station there. */
static void egress_bridge(struct pipeline *p, const struct pkt *k, const struct iface *f)
{
	struct l2_lane *l = &p->batch.l2;
	struct pkt *x;

	if (l->n == BATCH_MAX) {
		bridge_stage(p);
		p->batch.tx.early++;
	}
	x = &l->pkt[l->n];
	*x = *k;
	x->flags = k->flags & PKT_CHAIN;
	x->value = f->vid;
	x->bridge = f->bridge;
	l->src[l->n] = 0;
	l->dst[l->n++] = fdb_key(mac_load(k->data), f->vid);
}

bool egress_knows(const struct pipeline *p, uint16_t iface)
{
	const struct iface *f = &p->ifaces->iface[iface];

	return iface < IFACE_PORTS || (f->kind == IFACE_VLAN && f->n_tags > 0) ||
	       (f->kind == IFACE_BRIDGE && f->bridge != NULL);
}

void egress_send(struct pipeline *p, struct pkt *k, uint16_t iface)
{
	const struct iface *f = &p->ifaces->iface[iface];

	if (!egress_knows(p, iface))
		egress_nowhere(p, k);
	else if (f->kind == IFACE_BRIDGE)
		egress_bridge(p, k, f);
	else
		egress_port(p, k, f, iface < IFACE_PORTS ? iface : f->port);
}
