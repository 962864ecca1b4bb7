/* SPDX-License-Identifier: BSD-2-Clause */
/* mutant: a bad packet being made. Private to mutant.c and mutant6.c, which makes those of IPv6. */
#ifndef MUTANT_H
#define MUTANT_H

#include "soak.h"

#define GROUP 8 /* frames of one kind, sender and port */

struct mutant {
	struct packet *p;
	struct dice group; /* what the eight share */
	struct dice d;
	unsigned int port, place; /* in the group */
};

/* Begin the frame: mostly to the router, sometimes to a group or another station. */
void mutant_ether(struct mutant *m, uint16_t type);

/**
 * mutant_upper6 - where in a frame the upper layer of an IPv6 packet begins
 * @p:     frame whose IPv6 header is in it whole
 * @proto: out: its protocol
 *
 * Return: 0 if the packet is longer than the frame, a fragment, or cut off before.
 */
uint32_t mutant_upper6(const struct packet *p, uint8_t *proto);

void make6_any(struct mutant *m);
void make6_ext(struct mutant *m);
void make6_icmp(struct mutant *m);
void make6_nd(struct mutant *m);
void make6_mld(struct mutant *m);
void make6_strange(struct mutant *m);
void make6_fragment(struct mutant *m);

#endif
