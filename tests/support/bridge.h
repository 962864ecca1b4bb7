/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bridge: ports of a router as those of a bridge. The test is the agent here as well: what workers
 * report of stations goes into the FDB at once, by the router's run. What is changed is in force
 * with bridge_publish().
 */
#ifndef TEST_BRIDGE_H
#define TEST_BRIDGE_H

#include "bridge/bridge.h"
#include "bridge/fdb.h"
#include "router.h"

struct test_bridge {
	struct router *r;
	struct bridge_live live;
	struct bridge *next;          /* the snapshot that bridge_publish() is going to copy */
	const struct bridge *current; /* that in force */
	bool deaf;                    /* the agent takes no notice of new stations */
	uint64_t told, moved;         /* reports of new stations, and of such that moved */
	uint64_t refused;             /* new stations without room */
};

#define BRIDGE_STATIONS 1024 /* that a bridge has room for */

/**
 * bridge_new - make a bridge of ports
 * @ports: a bit for each; forwarding all
 *
 * Of a VLAN-aware one no port is in a VLAN yet; of another all are in VLAN 0. Not in force yet.
 * Return: the bridge, which is freed with the router.
 */
struct test_bridge *bridge_new(struct router *r, uint64_t ports, bool vlan_aware);

/* Frames of @vid, untagged or tagged, come and go by @port, an access port or a trunk's native VLAN
 * or one of its others. */
void bridge_access(struct test_bridge *b, uint16_t port, uint16_t vid);
void bridge_native(struct test_bridge *b, uint16_t port, uint16_t vid);
void bridge_tagged(struct test_bridge *b, uint16_t port, uint16_t vid);

void bridge_state(struct test_bridge *b, uint16_t port, enum bridge_state state);

/* Let the router have a foot in @vid, 0 if the bridge is not VLAN-aware, with addresses as those of
 * router_virtual() and the MAC of @b. Return: its id. */
uint16_t bridge_foot(struct test_bridge *b, uint16_t vid);

/* Let what was changed be in force, with the interfaces. */
void bridge_publish(struct test_bridge *b);

/* The MAC of the feet of @b. */
#define BRIDGE_MAC 0xb00000000002ull

/* A static station of @b. */
void bridge_static(struct test_bridge *b, uint64_t mac, uint16_t vid, uint16_t port);

/* The port that @mac is known behind, -1: none. */
int bridge_where(const struct test_bridge *b, uint64_t mac, uint16_t vid);

/* The router's: a worker has reported a station; the end. */
void bridge_station(struct router *r, const struct report *report);
void bridge_free(struct test_bridge *b);

#endif
