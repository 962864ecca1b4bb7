/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * walk6: the extension headers of an IPv6 packet (RFC 8200 4). walk6() obeys them, as the one that
 * the packet is for does, header by header as far as a fragment header or the upper layer;
 * walk6_skip() passes over them to see what a packet is. Both within bounds and in the first frame.
 */
#ifndef HOST_WALK6_H
#define HOST_WALK6_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/pkt.h"
#include "packet/verdict.h"
#include "wire/ip6.h"

/* More headers than this are nothing that anybody means well by (RFC 8504 5.3). */
#define WALK6_HEADERS 16

/* Where a walk ended. Octets are counted from the IPv6 header's start. */
struct walk6 {
	uint8_t next;     /* the header that comes there: the upper layer, or IP6_FRAGMENT */
	uint16_t at;      /* where it begins */
	uint16_t said_at; /* the octet that says which it is */
	bool fragment;    /* there was a fragment header */
	bool more;        /* of a walk6_skip() past one: others follow */
	uint16_t offset;  /* of it as well, in octets */
	/* Of a verdict: is the sender told, by parameter problem @code, of octet @flaw? */
	bool told;
	uint8_t code;
	uint16_t flaw;
};

/**
 * walk6 - obey the extension headers of a packet to the router
 * @p: IPv6, as checked by input
 * @w: set in any case
 *
 * Hop-by-hop options come first, and only there. A routing header with segments left is not
 * followed, whatever its type (RFC 5095, RFC 8200 4.4). Of unknown options the two upper bits say
 * what is done (RFC 8200 4.2). A fragment header of a packet that is all of it is passed (RFC
 * 6946); another ends the walk, unless it can be part of no packet.
 *
 * Context: worker. Return: KEEP, or how the packet ends: DROP_IP6_OPTION, DROP_IP6_HEADER,
 * DROP_ROUTING_HEADER, DROP_FRAGMENT.
 */
enum verdict walk6(const struct pkt *p, struct walk6 *w);

/**
 * walk6_skip - pass over all extension headers, whatever they say
 * @w: set as far as the way went; of fragments beyond the first the way ends behind the fragment
 *     header. Authentication headers are passed too
 *
 * Context: any. Return: is what @w says is next there, with its first octet at least?
 */
bool walk6_skip(const struct pkt *p, struct walk6 *w);

#endif
