/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report, order: what a worker tells the agent, and what the agent tells a worker, each by a ring
 * of its own (base/ring.h). A frame named in a record belongs to the reader from then on.
 */
#ifndef PACKET_REPORT_H
#define PACKET_REPORT_H

#include <stdint.h>

#include "wire/ip.h"

enum report_kind {
	REPORT_NEIGH_WANTED, /* the frame waits for the MAC of @ip on @iface; the agent holds it */
	REPORT_NEIGH_USED,   /* traffic went to a neighbour whose line says it is stale */
	REPORT_ARP,          /* ARP was seen: the mapping @ip is @mac on @iface */
	REPORT_ND,           /* the same by ND; @mac 0: it came without one */
	REPORT_SOLICIT,   /* @ip, :: if it has no address yet, asks for router advertisements; also
	                   * a mapping, as that of REPORT_ND, if @mac is not 0 */
	REPORT_MLD_QUERY, /* of @ip (:: of all groups), with the response code @value; @claim: MLD
	                   * version 1 or 2 */
	REPORT_STATION,   /* a bridge: @mac, VLAN @value, is behind port @iface; @claim: enum
	                   * station_claim.
	                   * @in: the port it was behind before, if it moved */
	REPORT_FRAME,     /* a free frame, as ORDER_RETURN asked: at @data */
};

/* Of REPORT_ARP: how the mapping was claimed. */
enum arp_claim {
	ARP_CLAIM_REQUEST = 1 << 0,  /* sender of a request to us */
	ARP_CLAIM_REPLY = 1 << 1,    /* sender of a reply unicast to us */
	ARP_CLAIM_ANNOUNCE = 1 << 2, /* gratuitous: target equals sender, or a broadcast reply */
};

/* Of REPORT_STATION. */
enum station_claim {
	STATION_NEW,   /* the FDB does not have it */
	STATION_MOVED, /* the FDB has been told already */
};

/* Of REPORT_ND: how it was. */
enum nd_claim {
	ND_CLAIM_SOLICIT = 1 << 0, /* source of a solicitation, of routers too, with its option */
	ND_CLAIM_PROBE = 1 << 1,  /* target of someone's duplicate address detection (from ::): @mac
	                           * sent it, @value is of its nonce (RFC 7527), 0: none */
	ND_CLAIM_ADVERT = 1 << 2, /* target of an advertisement, with the flags below */
	ND_CLAIM_ROUTER = 1 << 3, /* its R flag; also of who sends router advertisements */
	ND_CLAIM_SOLICITED = 1 << 4, /* its S flag */
	ND_CLAIM_OVERRIDE = 1 << 5,  /* its O flag */
};

struct report {
	uint8_t kind;
	uint8_t claim;
	uint16_t iface;
	uint16_t in;    /* of a held frame: iface it came in by */
	uint16_t len;   /* of a held frame: bytes from @data */
	uint32_t value; /* of a held frame: what its source's subnet is told by, see budget.c */
	struct ip ip;
	uint64_t mac;    /* as mac_load() gives it */
	uint8_t *data;   /* of a held frame: Ethernet header */
	uint8_t flags;   /* of a held frame: enum pkt_flag */
	uint16_t worker; /* of a held frame: whose it is, and who takes it up again */
};

enum order_kind {
	ORDER_SEND,   /* transmit @bytes, a whole frame, by @iface's port */
	ORDER_RESUME, /* a held frame: take it up again at the route stage */
	ORDER_DROP,   /* a held frame: end it with @verdict, answering if the verdict asks for it */
	ORDER_RECOVER, /* queue tag @value is closed: take back the frames it had */
	ORDER_RETURN,  /* give @value free frames back, one REPORT_FRAME each */
};

#define ORDER_BYTES                                                                  \
	1294 /* longest frame of ORDER_SEND: IPv6's least MTU, and Ethernet's header \
	      */

struct order {
	uint8_t kind;
	uint8_t verdict;
	uint8_t flags;
	uint16_t iface; /* ORDER_SEND: to send by; held frames: came in by */
	uint16_t len;
	uint32_t value;
	uint8_t *data;
	uint8_t bytes[ORDER_BYTES];
};

#endif
