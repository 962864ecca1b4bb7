/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP of the router: errors about packets, and what is sent to it. Private to host/. */
#ifndef HOST_ICMP4_H
#define HOST_ICMP4_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/pkt.h"
#include "packet/verdict.h"

/* The most that an error quotes: it has at most 576 bytes itself (RFC 1812 4.3.2.3). */
#define ICMP4_QUOTE_MAX (576 - 20 - 8)

/* An error to send. @value: the second word of the message, host order (next-hop MTU, gateway). */
struct icmp4_error {
	uint8_t type, code;
	uint32_t value;
};

/* Which error answers @v? Return: false if none does. Context: any. */
bool icmp4_error_of(enum verdict v, uint16_t value, struct icmp4_error *e);

/* May an error be sent about @p (RFC 1812 4.3.2.7)? Context: any. */
bool icmp4_may_answer(const struct pkt *p);

/**
 * icmp4_write_error - make the error about @p in its own frame
 * @p:    the packet; its frame's headroom is used
 * @src:  address the router speaks from, host order
 * @id:   IP identification
 * @a:    set to the answer
 *
 * The quote stays where it is, cut so that the error has at most 576 bytes (RFC 1812 4.3.2.3); the
 * new headers are written before it. Context: worker.
 */
void icmp4_write_error(const struct pkt *p, const struct icmp4_error *e, uint32_t src, uint16_t id,
                       struct pkt *a);

/**
 * icmp4_write_redirect - tell @p's source of a better gateway, in a frame of the message's own
 * @p:       the packet, as it is sent on; of a chain its first frame
 * @gateway: the better one on the source's own link, host order
 * @src, @id: as of icmp4_write_error()
 * @a:       a->data is where the message's Ethernet header goes; the rest is set
 *
 * Context: worker.
 */
void icmp4_write_redirect(const struct pkt *p, uint32_t gateway, uint32_t src, uint16_t id,
                          struct pkt *a);

/**
 * icmp4_write_echo - turn the echo request @p into its reply, in place
 * @head: bytes of the reply's header: those of the request's with the options as they stand there,
 *        or 20 to leave them out
 * @a:    set to the reply; of a chain it is one
 *
 * Context: worker.
 */
void icmp4_write_echo(const struct pkt *p, uint32_t head, uint16_t id, struct pkt *a);

#endif
