/* SPDX-License-Identifier: BSD-2-Clause */
/* own6: the IPv6 header of what the router itself says. Private to host/. */
#ifndef HOST_OWN6_H
#define HOST_OWN6_H

#include <stdint.h>

#include "packet/pkt.h"
#include "wire/ip.h"

/* Hop limits as own6_write() wants them: output takes one off, and finds 64 and 255 left. */
#define OWN6_HOP_LIMIT 65
#define OWN6_HOP_255   0 /* stands for 256, in packets of the router's own */

struct own6 {
	struct ip src, dst;
	uint32_t tclass_flow; /* traffic class and flow label, the lower 28 bits */
	uint16_t l4;          /* bytes behind the header */
	uint8_t next, hop_limit;
};

/**
 * own6_write - write a header, and the packet that begins with it
 * @h:  where the header is to be, with room for an Ethernet header before it
 * @in: interface that what is answered came in by
 *
 * Context: the frame's owner. Return: the packet, not answered by anything (PKT_ORIGINATED).
 */
struct pkt own6_write(uint8_t *h, const struct own6 *o, uint16_t in);

#endif
