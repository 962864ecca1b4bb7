/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host: what the router itself says. Takes the packets addressed to it and the ones that ended in a
 * way that is answered, and leaves its answers in the lane of their family, which by then is empty.
 * An answer is made in the frame of what it answers.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limit.h"
#include "iface/iface.h"
#include "packet/batch.h"

/* The daemon's, one for all workers. */
struct host_common {
	struct limit limit;
	/* What makes workers' time that of day, UTC. Written by the agent, relaxed, at start and
	 * each second; 0 in a replay, whose time is that already. */
	uint64_t wall_ns;
};

/* A worker's. */
struct host {
	struct host_common *common;
	uint16_t ip_id;      /* of the next packet */
	uint64_t originated; /* packets made; one writer, the worker */
	uint64_t limited;    /* packets not made: the limit held them back; one writer, as above */
};

/* Milliseconds since midnight UT, as a timestamp option wants them. Context: worker. */
uint32_t host_day_ms(const struct host *h, uint64_t now_ns);

/**
 * host_stage - answer what is for the router and what asks for an ICMP error
 * @h:      the worker's own
 * @ifaces: snapshot of this loop
 * @now_ns: the time
 * @b:      host and ended lists are read; answered entries are marked PKT_TAKEN. Answers are put in
 *          the lanes, with a TTL or hop limit that output lowers to 64. The value of a chain on the
 *          host list is the folded sum of what follows its IPv4 header, or the 40 octets of IPv6's
 *
 * RFC 792, RFC 1122 3.2.2, RFC 1812 4.3; RFC 4443, RFC 8200 4; RFC 9293 3.10.7.1. Context: worker.
 */
void host_stage(struct host *h, const struct ifaces *ifaces, uint64_t now_ns, struct batch *b);

/* May the router say anything to the source of @p about it (RFC 1812 4.3.2.7, RFC 4443 2.4 e)?
 * Context: any. */
bool host_may_answer(const struct pkt *p);

/**
 * host_redirect - tell the source of a packet that is sent on of a better gateway
 * @h:       the worker's own
 * @f:       interface it came in by and is sent by
 * @now_ns:  the time
 * @p:       the packet, with its headers rewritten; host_may_answer() allows it. The better gateway
 *           is its next hop
 * @b:       gets the message into the lane of its family; room is there, see I5
 * @frame:   a free frame's place for an Ethernet header, with room behind it; taken if it is sent
 *
 * Of IPv6 (RFC 4861 4.5, 8.2) @f has a link-local address, and the next hop's line the MAC of the
 * gateway. The message's hop limit is 0, which stands for 256 in packets of the router's own:
 * output takes one off, and 255 is left.
 *
 * Context: worker. Return: whether @frame is used; not beyond the limit (RFC 1812 4.3.2.8).
 */
[[nodiscard]] bool host_redirect(struct host *h, const struct iface *f, uint64_t now_ns,
                                 const struct pkt *p, struct batch *b, uint8_t *frame);

#endif
