/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report, order: what a worker tells the agent, and what the agent tells a worker, each by a ring
 * of its own (base/ring.h). A frame named in a record belongs to the reader from then on.
 */
#ifndef PACKET_REPORT_H
#define PACKET_REPORT_H

#include <stdint.h>

enum report_kind {
	REPORT_NEIGH_WANTED, /* the frame waits for the MAC of @ip on @iface; the agent holds it */
	REPORT_NEIGH_USED,   /* traffic went to a neighbour whose line says it is stale */
	REPORT_ARP,          /* ARP was seen: the mapping @ip is @mac on @iface */
	REPORT_FRAME,        /* a free frame, as ORDER_RETURN asked: at @data */
};

/* Of REPORT_ARP: how the mapping was claimed. */
enum arp_claim {
	ARP_CLAIM_REQUEST = 1 << 0,  /* sender of a request to us */
	ARP_CLAIM_REPLY = 1 << 1,    /* sender of a reply unicast to us */
	ARP_CLAIM_ANNOUNCE = 1 << 2, /* gratuitous: target equals sender, or a broadcast reply */
};

struct report {
	uint8_t kind;
	uint8_t claim;
	uint16_t iface;
	uint16_t in;  /* of a held frame: iface it came in by */
	uint16_t len; /* of a held frame: bytes from @data */
	uint32_t ip;  /* host byte order */
	uint32_t value;
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

#define ORDER_BYTES 128 /* longest frame of ORDER_SEND; ARP and its padding need 60 */

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
