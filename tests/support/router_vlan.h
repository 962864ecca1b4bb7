/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VLANs of a router's ports. Frames of a test have no tags: what goes in by a VLAN gets its tags on
 * the way, and what comes out must have them, behind the shortest frame too, and loses them.
 */
#ifndef TEST_ROUTER_VLAN_H
#define TEST_ROUTER_VLAN_H

#include "router.h"

#define C_TAG 0x8100
#define S_TAG 0x88a8

/* Let @r have VLAN @vid of interface @parent, with the addresses, routes and host that its id says.
 * Its MAC is its own, ROUTER_MAC() of its id, so that a test sees which interface is meant.
 * Return: its id. */
uint16_t router_vlan(struct router *r, uint16_t parent, uint16_t tpid, uint16_t vid);

/* Memory for a packet; aborts without. Freed with free(). */
struct packet *packet_new(void);

/* The port that frames of interface @id go by. */
uint16_t router_vlan_port(struct router *r, uint16_t id);

/* Put a tag behind the MACs of @p, before those that are there. @tci: priority and VID. */
void packet_tag(struct packet *p, uint16_t tpid, uint16_t tci);

/* Put the tags of interface @id into @p; with @priority, bits 13 to 15, in each. */
void router_vlan_tag(struct router *r, uint16_t id, struct packet *p, uint16_t priority);

/* Take the tags of interface @id off @p. Return: NULL, or what is wrong with them. */
const char *router_vlan_untag(struct router *r, uint16_t id, struct packet *p);

#endif
