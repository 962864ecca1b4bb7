/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bridge: ports among which frames are switched by the MAC of their destination (IEEE 802.1Q). What
 * workers see is an immutable snapshot, built anew by the agent for each change of ports, VLANs or
 * links and reached through the interface snapshot: of each of its ports, and of the router's feet
 * in it. What it learns lives on beside the snapshots (struct bridge_live).
 *
 * Ports are named by their ids everywhere, so that a set of them is a word with a bit each.
 */
#ifndef BRIDGE_BRIDGE_H
#define BRIDGE_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limit.h"
#include "base/rcu.h"
#include "iface/iface.h"

struct fdb;

/* What a port does with frames (IEEE 802.1Q 8.4). */
enum bridge_state {
	BRIDGE_FORWARDING,
	BRIDGE_LEARNING, /* learns from frames, and drops them */
	BRIDGE_BLOCKING, /* drops all */
};

/* What outlives snapshots. Words are relaxed: each means something by itself. */
struct bridge_live {
	struct fdb *fdb;
	/* Written by the agent, read by workers: the port has as many stations as it may. */
	uint8_t full[IFACE_PORTS];
	struct limit storm[IFACE_PORTS]; /* what each port may flood */
};

/* A VLAN of a bridge. */
struct bridge_vlan {
	uint64_t members;  /* ports that frames of it come in and leave by (802.1Q 8.8.10) */
	uint64_t untagged; /* of these: ports by which they leave without a tag */
	uint16_t iface;    /* id of the router's foot in it; 0: none */
};

/* An immutable snapshot. */
struct bridge {
	struct rcu_head rcu;
	struct bridge_live *live;
	uint64_t mac;        /* of the router's feet in it */
	uint64_t ports;      /* in service, with carrier or without */
	uint64_t learning;   /* of these: whose frames are learned from */
	uint64_t forwarding; /* of these: with carrier, and forwarding */
	uint64_t isolated;   /* never forward to each other */
	uint64_t no_tagged;  /* take frames without a VID only: access ports (802.1Q 6.9) */
	bool vlan_aware;     /* else all frames are of vlan[0], and tags are nobody's business */
	uint16_t pvid[IFACE_PORTS]; /* VLAN of frames without a VID; 0: these are dropped */
	char name[16];
	struct bridge_vlan vlan[]; /* by VID: VLAN_VIDS of them if vlan_aware, else 1 */
};

#endif
