/* SPDX-License-Identifier: BSD-2-Clause */
/* own4: the IPv4 header of what the router itself says. Private to host/. */
#ifndef HOST_OWN4_H
#define HOST_OWN4_H

#include <stdint.h>

#include "packet/pkt.h"

struct own4 {
	uint32_t src, dst; /* host byte order */
	uint16_t head, l4; /* bytes of the header, and behind it */
	uint16_t id;       /* IP identification */
	uint8_t tos, proto;
};

/**
 * own4_write - write a header, and the packet that begins with it
 * @h:    where the header is to be, with room for an Ethernet header before it; what is beyond its
 *        first 20 bytes stands there already
 * @in:   interface that what is answered came in by
 *
 * The TTL is one more than what is to be on the wire, for output takes one off. Context: the
 * frame's owner. Return: the packet, not answered by anything (PKT_ORIGINATED).
 */
struct pkt own4_write(uint8_t *h, const struct own4 *o, uint16_t in);

#endif
