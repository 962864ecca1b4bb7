/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call: what one call of host_stage() works with, and what both families do alike with it. Private
 * to host/. Context of all: worker.
 */
#ifndef HOST_CALL_H
#define HOST_CALL_H

#include "host/host.h"

struct host_call {
	struct host *h;
	const struct ifaces *ifaces;
	uint64_t now_ns;
	struct batch *b;
};

/* May one more error or reset be sent? What may not is counted. */
[[nodiscard]] bool call_may_say(struct host *h, uint64_t now_ns);

/* The answer @a goes to the lane of its family, to be routed like any other packet. */
void call_say(struct host *h, struct batch *b, const struct pkt *a);

/* The same about @p, whose frame it is made in: that has gone on when @p ends. */
void call_answer(const struct host_call *c, struct pkt *p, const struct pkt *a);

/* The folded sum of all from @l4 on of @p, which may lie in several frames. @l4: behind the IP
 * header and what extension headers there are. */
uint16_t call_sum(const struct pkt *p, const uint8_t *l4);

/* TCP to the router, where nothing listens. @t: the segment. Return: how @p ends. */
enum verdict call_tcp(const struct host_call *c, struct pkt *p, uint8_t *t);

/* Is the datagram @u, to the router, sound (RFC 1122 4.1.3.4, RFC 8200 8.1)? */
bool call_udp_is_sound(const struct pkt *p, const uint8_t *u);

/* An error about what has ended by a verdict that asks for one. */
void call4_ended(const struct host_call *c, struct pkt *p);
void call6_ended(const struct host_call *c, struct pkt *p);

/* A packet to the router, never a fragment of IPv4. Return: how it ends. */
enum verdict call4_one(const struct host_call *c, struct pkt *p);
enum verdict call6_one(const struct host_call *c, struct pkt *p);

/* Make the message of host_redirect() at @a->data. */
void call4_redirect(struct host *h, const struct iface *f, const struct pkt *p, struct pkt *a);
void call6_redirect(const struct iface *f, const struct pkt *p, struct pkt *a);

#endif
