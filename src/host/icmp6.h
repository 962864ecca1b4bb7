/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMPv6 of the router (RFC 4443): errors about packets, and what is sent to it. Private to host/.
 */
#ifndef HOST_ICMP6_H
#define HOST_ICMP6_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/pkt.h"
#include "packet/verdict.h"
#include "wire/ip.h"

/* The most that an error quotes: it has at most 1280 bytes itself (RFC 4443 2.4 c). */
#define ICMP6_QUOTE_MAX (1280 - 40 - 8)

/* An error to send. @value: the second word of the message, host order (MTU, pointer). */
struct icmp6_error {
	uint8_t type, code;
	uint32_t value;
};

/* Which error answers @v? @value: of the packet that ended by it. Return: false if none does.
 * Context: any. */
bool icmp6_error_of(enum verdict v, uint16_t value, struct icmp6_error *e);

/**
 * icmp6_may_answer - may error @e be sent about @p (RFC 4443 2.4 e)?
 *
 * All of it but anycast sources, which only interfaces tell: not about an ICMPv6 error or redirect,
 * behind whatever extension headers; not to :: or a group; about packets to a group, or that came
 * in one, nothing but packet too big and parameter problem 2. Context: any.
 */
bool icmp6_may_answer(const struct pkt *p, const struct icmp6_error *e);

/**
 * icmp6_write_error - make the error about @p in its own frame
 * @p:   the packet; its frame's headroom is used
 * @src: address the router speaks from
 * @a:   set to the answer
 *
 * The quote stays where it is, cut so that the error has at most 1280 bytes; the new headers are
 * written before it. Context: worker.
 */
void icmp6_write_error(const struct pkt *p, const struct icmp6_error *e, struct ip src,
                       struct pkt *a);

/* Of a redirect (RFC 4861 4.5). */
struct icmp6_redirect {
	struct ip src;      /* link-local address of the interface */
	struct ip target;   /* the better next hop's link-local address, or the destination */
	const uint8_t *mac; /* the target's */
};

/**
 * icmp6_write_redirect - tell @p's source of a better next hop, in a frame of the message's own
 * @p: the packet, as it is sent on; of a chain its first frame
 * @a: a->data is where the message's Ethernet header goes; the rest is set. The hop limit is such
 *     that 255 is left when output has taken one off
 *
 * Context: worker.
 */
void icmp6_write_redirect(const struct pkt *p, const struct icmp6_redirect *r, struct pkt *a);

/**
 * icmp6_write_echo - turn the echo request @p into its reply, in place
 * @m:   the message
 * @src: address to reply from: the one asked, unless that is a group's or anycast
 * @a:   set to the reply; of a chain it is one
 *
 * Traffic class and flow label are the request's. Context: worker.
 */
void icmp6_write_echo(const struct pkt *p, uint8_t *m, struct ip src, struct pkt *a);

#endif
