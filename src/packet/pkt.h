/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pkt: what the pipeline knows of a packet while it is in a batch. It lives in the worker's batch,
 * not in the frame, and dies with the batch: what outlives it is copied into a small record.
 * Written by input, then by the stage that holds it; read by everyone behind.
 */
#ifndef PACKET_PKT_H
#define PACKET_PKT_H

#include <stdint.h>

struct nexthop;
struct bridge;

/*
 * The least that the first frame has of a packet in several: headers, and what an ICMP error quotes
 * (1232 octets of IPv6, RFC 4443 2.4 c), are read there. Drivers fill a frame before they go on to
 * the next.
 */
#define CHAIN_HEAD 1246

enum pkt_flag {
	PKT_ORIGINATED = 1 << 0, /* the router's own: never answered by an ICMP error */
	PKT_TAGGED = 1 << 1,  /* in the bridged lane: the VLAN tag of its value is in the frame */
	PKT_OPTIONS = 1 << 1, /* in the routed ones: the IPv4 header has options, or IPv6 a
	                         hop-by-hop header */
	PKT_CHAIN = 1 << 2,   /* more frames follow: frame_chain() of the first one */
	PKT_TAKEN = 1 << 3,   /* ended, but its first frame went on as the router's answer; behind
	                         output: it was sent by an interface without a port */
	PKT_IP6 = 1 << 4,     /* an IPv6 header, checked by input, follows the Ethernet header */
	PKT_GROUP = 1 << 5,   /* came as a multicast: few errors answer it (RFC 4443 2.4 e) */
	PKT_WHOLE = 1 << 6,   /* was made of fragments, or came as an atomic one (RFC 6980) */
	/* Stays on its link: from a link-local address (RFC 4007 9), or neighbour discovery. */
	PKT_LINK = 1 << 7,
};

struct pkt {
	uint8_t *data; /* Ethernet header, in the frame */
	uint16_t len;  /* bytes from @data, without padding */
	uint16_t in;   /* iface it came in by; in the bridged lane of a received frame: its port */
	uint8_t verdict;
	uint8_t flags;
	/* For the verdict: the MTU of DROP_TOO_BIG, the octet of DROP_IP_OPTION and of the
	 * DROP_IP6_ ones that are answered. Of a chain for the router itself: the folded sum of
	 * what follows the IPv4 header, or the 40 octets of the IPv6 header. In the bridged lane:
	 * its tag control information, host byte order: priority, DEI and the VLAN it is in. */
	uint16_t value;
	union {
		const struct nexthop *nh;
		const struct bridge *bridge; /* in the bridged lane: that it crosses */
	};
};

/* Bytes of @p that can be read at its data: all of it, or what the first frame has for certain. */
static inline uint16_t pkt_head_len(const struct pkt *p)
{
	return p->flags & PKT_CHAIN && p->len > CHAIN_HEAD ? CHAIN_HEAD : p->len;
}

#endif
