/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verdict: how a packet's way ends. A stage marks, pipeline/finish.c counts: every packet ends in
 * exactly one of these or in a transmit ring. Each has a name, a counter per interface and a line
 * in viaduct-drops(7).
 */
#ifndef PACKET_VERDICT_H
#define PACKET_VERDICT_H

enum verdict {
	KEEP, /* goes on */

	/* Dropped: never sent on. */
	DROP_SHORT,      /* frame shorter than its headers */
	DROP_ETHERTYPE,  /* nothing here speaks this EtherType */
	DROP_VLAN,       /* tagged, and the interface has no such VLAN */
	DROP_DOUBLE_TAG, /* bridged: without its outer tag the inner one would name a VLAN */
	DROP_SOURCE_MAC, /* bridged, from a group address, none, or the router's own (802.1D 7.8) */
	DROP_RESERVED_MAC,   /* 01:80:c2:00:00:0x: for no one beyond the link (802.1Q table 8-1) */
	DROP_PORT_STATE,     /* bridged: the port is blocking or learning */
	DROP_SAME_PORT,      /* bridged, to a station on the port it came in by (802.1D 7.7) */
	DROP_NO_PORT,        /* bridged, and no port of its VLAN is there to leave by */
	DROP_ISOLATED,       /* bridged, from one isolated port to another */
	DROP_STORM,          /* bridged: more to be flooded than storm control lets in */
	DROP_OTHER_MAC,      /* unicast to another station (RFC 1812 5.2.1) */
	DROP_L2_GROUP,       /* IP unicast in a link-layer broadcast (RFC 1812 5.3.4) */
	DROP_IFACE_DOWN,     /* interface has no link or is not in service */
	DROP_IP_VERSION,     /* IP version and EtherType disagree */
	DROP_IP_HEADER,      /* lengths contradict each other (RFC 1812 5.2.2) */
	DROP_IP_CHECKSUM,    /* RFC 1812 5.2.2 */
	DROP_MARTIAN_SOURCE, /* RFC 1812 5.3.7 */
	DROP_MARTIAN_DEST,   /* RFC 1812 5.3.7 */
	DROP_MULTICAST,      /* multicast of a group nobody here is in: not routed */
	DROP_BROADCAST,      /* limited or directed broadcast (RFC 2644) */
	DROP_URPF,           /* no way back to its source (RFC 3704) */
	DROP_SOURCE_ROUTE,   /* RFC 7126 4.3, 4.4 */
	DROP_IP_OPTION,      /* malformed option, answered by parameter problem */
	DROP_IP6_OPTION, /* option that says to tell its sender, answered by parameter problem */
	DROP_IP6_HEADER, /* extension header that nobody here knows, or malformed, answered */
	DROP_ROUTING_HEADER, /* source route for the router to follow (RFC 5095), answered */
	DROP_JUMBO,          /* jumbogram (RFC 2675) */
	DROP_SCOPE,          /* link-local to another link, answered by beyond scope (RFC 4007 9) */
	DROP_TTL_EXPIRED,    /* answered by time exceeded */
	DROP_NO_ROUTE,       /* answered by network unreachable */
	DROP_BLACKHOLE,      /* by a blackhole route, in silence */
	DROP_UNREACHABLE,    /* by an unreachable route, answered */
	DROP_PROHIBIT,       /* by a prohibit route, answered */
	DROP_TOO_BIG,        /* longer than the next hop's MTU, answered if DF is set */
	DROP_NEIGH_FAILED,   /* the neighbour does not answer, answered by host unreachable */
	DROP_NEIGH_QUEUE,    /* pushed out of a neighbour's queue of held packets */
	DROP_AGENT_BUSY,     /* report ring to the agent full */
	DROP_HANDOVER_FULL,  /* ring to the worker that owns the transmit ring full */
	DROP_TX_FULL,        /* transmit ring full */
	DROP_TX_DOWN,        /* the interface to send by is gone or down */
	DROP_ARP_BAD,        /* malformed ARP (RFC 826) */
	DROP_ND_BAD,         /* malformed neighbour discovery (RFC 4861 6.1, 7.1, RFC 6980) */
	DROP_ICMP_BAD,       /* malformed ICMP to the router */
	DROP_ICMP_LIMIT,     /* an answer of the router's own that the rate limit held back */
	DROP_FRAGMENT,       /* fragment to the router that fits no whole, or overlaps another */
	DROP_REASSEMBLY,     /* a whole of which fragments are missing; timed out, answered */
	DROP_NO_FRAME,       /* no free frame for a packet of the router's own, or a copy */

	/* Consumed: it was for the router. */
	CONSUMED_ARP,
	CONSUMED_ND,        /* neighbour discovery, and multicast listener queries */
	CONSUMED_ICMP_ECHO, /* echo request, answered */
	CONSUMED_ICMP,      /* other ICMP to the router */
	CONSUMED_UNREACH,   /* to the router, nothing listens, answered by unreachable */
	CONSUMED_RESET,     /* TCP to the router, answered by a reset (RFC 9293 3.10.7.1) */
	CONSUMED_FRAGMENT,  /* became part of a whole that is reassembled for the router */
	CONSUMED_LOCAL,     /* to the router, nothing listens, in silence */

	/* Held: the frame went to the agent and comes back. */
	HELD_NEIGH,

	VERDICT_COUNT,
};

#define DROP_FIRST     DROP_SHORT
#define DROP_LAST      DROP_NO_FRAME
#define CONSUMED_FIRST CONSUMED_ARP
#define CONSUMED_LAST  CONSUMED_LOCAL

/* The verdict's name as users see it, "ttl-expired"; never NULL for a valid one. Context: any. */
const char *verdict_name(enum verdict v);

#endif
