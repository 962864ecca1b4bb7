/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bridge_run: what the three files of bridging share: bridge_in.c takes frames in, bridge.c sends
 * them by the one port that they go to, flood.c by all others, or to the router. Private to them.
 */
#ifndef PIPELINE_BRIDGE_RUN_H
#define PIPELINE_BRIDGE_RUN_H

#include "bridge/bridge.h"
#include "bridge/fdb.h"
#include "bridge/tag.h"
#include "pipeline/pipeline.h"

/* What frames of the lane have in common that cross one bridge from one port, or from the router.
 */
struct bridge_run {
	const struct bridge *bridge;
	uint64_t ports;   /* that they may leave by, if these are of their VLAN */
	uint64_t spoofed; /* places in the lane: the source is the router's own */
	uint32_t fits;    /* frames of this length and shorter ones are not too long for a port */
	uint16_t in;      /* port they came in by */
	bool own;         /* they are the router's, and @in means nothing */
};

/* The VLAN that @k is in. */
static force_inline const struct bridge_vlan *bridge_vlan_of(const struct bridge *br,
                                                             const struct pkt *k)
{
	return &br->vlan[br->vlan_aware ? k->value & TAG_VID : 0];
}

/* Learn from the lane, all of which came in by port @in. Return: where the source is the router's
 * own, a bit for each. */
uint64_t bridge_learn(struct pipeline *p, const struct bridge *br, uint16_t in);

/* Complete half-made checksums in the lane (AF_XDP row 25). */
void bridge_partial(struct pipeline *p);

/* @k, of no list, ends by @v: now, since frames that are bridged are not answered (I5). */
void bridge_end(struct pipeline *p, struct pkt *k, enum verdict v);

/* Send @k by @port, which is of its VLAN, with or without the tag as that wants it. */
void bridge_send(struct pipeline *p, const struct bridge_run *r, struct pkt *k, uint16_t port);

/* Send @k by all ports that it may leave by. */
void bridge_flood(struct pipeline *p, const struct bridge_run *r, struct pkt *k);

/* Give @k to the router's foot in its VLAN, which is there. */
void bridge_to_foot(struct pipeline *p, struct pkt *k);

#endif
