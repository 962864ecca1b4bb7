/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * batch: up to 64 packets on their way through one pipeline_run(). Input sorts them by value into a
 * dense lane a kind, with the look-up keys beside; stages are straight loops over a lane. A packet
 * is in exactly one place: a lane, the host list, the transmit list, or the ended list (I1).
 * Owned by one worker; nobody else sees it.
 */
#ifndef PACKET_BATCH_H
#define PACKET_BATCH_H

#include <assert.h>
#include <linux/if_xdp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "packet/pkt.h"
#include "packet/verdict.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define BATCH_MAX 64

/* Routed packets of one family and their keys, destinations in host byte order. Look-ups may read
 * keys and write ids up to a multiple of 16. */
struct lane {
	uint32_t n;
	uint32_t kinds; /* bit set of the enum nexthop_kind met, by the route stage */
	cache_aligned struct pkt pkt[BATCH_MAX];
	union {
		cache_aligned uint32_t dst[BATCH_MAX]; /* of IPv4 */
		struct {                               /* of IPv6: the upper and lower 64 bits */
			cache_aligned uint64_t hi[BATCH_MAX];
			cache_aligned uint64_t lo[BATCH_MAX];
		};
	};
	cache_aligned uint32_t id[BATCH_MAX]; /* next-hop ids, by the route stage */
};

/*
 * Frames that cross a bridge: data is the Ethernet header as it lies in the frame, with the VLAN
 * tag if PKT_TAGGED. Keys are fdb_key() of both stations; a source of 0 is the router, of which
 * nothing is learned.
 */
struct l2_lane {
	uint32_t n;
	cache_aligned struct pkt pkt[BATCH_MAX];
	cache_aligned uint64_t src[BATCH_MAX];
	cache_aligned uint64_t dst[BATCH_MAX];
};

/* Packets in no order that matters. */
struct pkt_list {
	uint32_t n;
	struct pkt pkt[2 * BATCH_MAX]; /* a packet and the answer to it may both end (I5) */
};

/* What may be sent beside a batch: redirects, and what other workers hand over. */
#define TX_MAX (2 * BATCH_MAX)

/* Ready transmit descriptors with the port each goes to. */
struct tx_list {
	uint32_t n;
	uint32_t mixed; /* not 0: not all to port[0], or a chain among them */
	uint64_t bytes;
	uint32_t early; /* how often packets of the batch, sent or bridged, left before its end */
	cache_aligned struct xdp_desc desc[TX_MAX];
	uint16_t port[TX_MAX];
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): what belongs together stays so */
struct batch {
	struct lane ip4, ip6;
	struct l2_lane l2;
	struct pkt_list arp; /* ARP packets, by input */
	struct pkt_list
		host; /* to the router itself: by the route stage, and IPv6 multicast by input */
	struct pkt_list ended; /* with their verdicts: for finish */
	struct tx_list tx;
};

/* Put a packet at the end of @l, field by field: gcc builds a struct copy on the stack otherwise.
 */
static force_inline void pkt_list_add(struct pkt_list *l, const struct pkt *p, enum verdict v)
{
	struct pkt *q = &l->pkt[l->n++];

	assert(l->n <= 2 * BATCH_MAX); /* I5: at most one answer a packet */
	q->data = p->data;
	q->len = p->len;
	q->in = p->in;
	q->verdict = (uint8_t)v;
	q->flags = p->flags;
	q->value = p->value;
	q->nh = p->nh;
}

/**
 * batch_route - put a packet into the lane of its family, to be routed
 * @p: with PKT_IP6 if it is that; its headers are in the frame
 *
 * For what input did not put there: packets of the router's own, and those that come back. PKT_LINK
 * is set as input sets it.
 * Context: worker.
 */
static inline void batch_route(struct batch *b, const struct pkt *p)
{
	bool ip6 = (p->flags & PKT_IP6) != 0;
	struct lane *l = ip6 ? &b->ip6 : &b->ip4;
	const uint8_t *h = p->data + ETHER_LEN;

	assert(l->n < BATCH_MAX); /* I5 */
	if (ip6) {
		l->hi[l->n] = ip6_dst(h).hi;
		l->lo[l->n] = ip6_dst(h).lo;
	} else {
		l->dst[l->n] = ip4_dst(h);
	}
	l->pkt[l->n] = *p;
	if (ip6 && ip6_is_link_local(ip6_src(h)))
		l->pkt[l->n].flags |= PKT_LINK;
	l->n++;
}

/* Between two runs of the pipeline a batch holds nothing, so nothing found under RCU either. */
static inline bool batch_is_empty(const struct batch *b)
{
	return b->ip4.n + b->ip6.n + b->l2.n + b->arp.n + b->host.n + b->ended.n + b->tx.n == 0;
}

#endif
