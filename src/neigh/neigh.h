/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * neigh: who is at which MAC. The agent runs the states of RFC 4861 7.3 (used for IPv4 too) for
 * each neighbour, holds the packets that wait for one, and publishes each neighbour as a next-hop
 * line that workers find by (iface, address) in an exact-match table. Next hops by gateway
 * (route/nexthop.h) are kept in step.
 *
 * Everything that reaches outside (frames to send, held packets to release) goes through the ops
 * handed to neigh_new(), and time is an argument: a test needs neither threads nor a clock.
 */
#ifndef NEIGH_NEIGH_H
#define NEIGH_NEIGH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iface/iface.h"
#include "packet/batch.h"
#include "packet/report.h"
#include "packet/verdict.h"
#include "route/nexthop.h"

struct neigh_table;
struct exact;

enum neigh_state {
	NEIGH_INCOMPLETE, /* asked, no answer yet: packets are held */
	NEIGH_REACHABLE,  /* confirmed lately */
	NEIGH_STALE,      /* to be confirmed when it is used next */
	NEIGH_DELAY,      /* used while stale: a probe goes out soon */
	NEIGH_PROBE,      /* unicast probes are out */
	NEIGH_FAILED,     /* no answer: packets are refused for a while */
	NEIGH_STATIC,     /* of the configuration: never changes */
};

/* A packet that waits. Its frame belongs to the neighbour table until resume or drop. */
struct neigh_held {
	uint8_t *data;
	uint16_t len;
	uint16_t in;
	uint8_t flags;   /* enum pkt_flag */
	uint16_t worker; /* that had it */
};

/* None of these may call the table back. */
struct neigh_ops {
	/* Send a whole frame of @len bytes by @iface; the bytes are copied. */
	void (*send)(void *ctx, uint16_t iface, const uint8_t *frame, uint16_t len);
	/* Take up @h again: its neighbour is resolved. */
	void (*resume)(void *ctx, const struct neigh_held *h);
	/* End @h with @v (DROP_NEIGH_FAILED, DROP_NEIGH_QUEUE). */
	void (*drop)(void *ctx, const struct neigh_held *h, enum verdict v);
	/* The tentative @addr of @iface is ADDR_USABLE or ADDR_DUPLICATE from now on (RFC
	 * 4862 5.4): to be said by the next snapshot. */
	void (*address)(void *ctx, uint16_t iface, struct ip addr, enum addr_state state);
};

struct neigh_limits {
	uint32_t entries;    /* neighbours in all, static ones too */
	uint32_t incomplete; /* of these, not yet or no longer resolved */
	uint32_t held;       /* packets held in all; a neighbour holds at most 16 */
	uint32_t asked;      /* strangers asked for a second, an eighth of them for packets of one
	                      * subnet; 0: any number */
};

/* The timers of RFC 4861 section 10, in ns. */
struct neigh_timers {
	uint64_t retrans;   /* between requests: 1 s */
	uint64_t reachable; /* REACHABLE to STALE: 30 s, times 0.5 to 1.5 */
	uint64_t delay;     /* DELAY to PROBE: 5 s */
	uint64_t failed;    /* how long FAILED refuses: 3 s; then the entry goes */
	uint64_t gc;        /* an unused STALE entry goes after: 20 min */
	uint64_t watch;     /* a gateway of a group is asked after every: 5 s */
};

/* The workers' view, followed once a batch. */
struct neigh_reader {
	RCU_PTR(const struct exact) table;  /* (iface, IPv4 address) to id */
	RCU_PTR(const struct exact) table6; /* (iface, IPv6 address) to id */
	struct idtab *lines;                /* id to const struct nexthop */
};

/**
 * neigh_new - an empty table
 * @out: set on success
 * @ops, @ctx: how it reaches outside
 * @nexthops: kept in step with what becomes of gateways
 * @limits, @timers: NULL for the defaults (65536 entries, 8192 incomplete, 4096 held, 4096 asked)
 *
 * Context: agent. Return: 0 or -ENOMEM.
 */
[[nodiscard]] int neigh_new(struct neigh_table **out, const struct neigh_ops *ops, void *ctx,
                            struct nexthops *nexthops, const struct neigh_limits *limits,
                            const struct neigh_timers *timers);

/* Drop all held packets and free everything; no reader is left. */
void neigh_free(struct neigh_table *t);

/* What workers look up in. Context: any; valid as long as @t. */
struct neigh_reader *neigh_reader(struct neigh_table *t);

/**
 * neigh_set_ifaces - the interfaces changed
 * @s: the new snapshot, valid until the next call
 *
 * Neighbours of an interface that went down, whose subnet is gone or whose MAC changed are removed
 * or published anew; a link that came up announces its addresses (gratuitous ARP, RFC 5227 3;
 * advertisements, RFC 4861 7.2.6), and finds out about tentative ones (RFC 4862 5.4).
 * Context: agent.
 */
void neigh_set_ifaces(struct neigh_table *t, const struct ifaces *s, uint64_t now_ns);

/* Act on REPORT_NEIGH_WANTED, REPORT_NEIGH_USED, REPORT_ARP, REPORT_ND, and on the mapping in a
 * REPORT_SOLICIT. Context: agent. */
void neigh_report(struct neigh_table *t, const struct report *r, uint64_t now_ns);

/*
 * Run the timers that are due. Return: when the next one is, UINT64_MAX if none; any other call may
 * bring that forward, so ask again after those. Context: agent.
 */
uint64_t neigh_tick(struct neigh_table *t, uint64_t now_ns);

/*
 * Publish what is known of @ip to the next hops that go by it: for who has just made one, which
 * knows nothing yet. A gateway of a group is asked for by the next neigh_tick(). Context: agent.
 */
void neigh_sync_gateway(struct neigh_table *t, uint16_t iface, struct ip ip);

/* A static neighbour. Return: 0, -ENOSPC, -ENOMEM. Context: agent. */
[[nodiscard]] int neigh_set_static(struct neigh_table *t, uint16_t iface, struct ip ip,
                                   uint64_t mac, uint64_t now_ns);
/* Remove it. Return: 0 or -ENOENT. Context: agent. */
[[nodiscard]] int neigh_del_static(struct neigh_table *t, uint16_t iface, struct ip ip);

/* Forget what was learned, on @iface or on all (@iface -1); static ones stay. Context: agent. */
void neigh_clear(struct neigh_table *t, int iface);

struct neigh_info {
	uint16_t iface;
	struct ip ip;
	uint64_t mac; /* 0 if not known */
	enum neigh_state state;
	uint64_t confirmed_ns; /* when last confirmed, 0 never */
	uint32_t held;
	bool router; /* it says of itself that it is one (RFC 4861 5.1) */
};

/* Walk by (iface, address): the first one behind @after (NULL: from the start). Context: agent. */
bool neigh_next(const struct neigh_table *t, const struct neigh_info *after,
                struct neigh_info *info);
const char *neigh_state_name(enum neigh_state s);

struct neigh_stats {
	uint32_t entries, incomplete, held;
	uint64_t limit_entries; /* times a limit refused a neighbour, or made one give way */
	uint64_t limit_asked;   /* packets whose neighbour was not asked for, too many being so */
	uint64_t limit_held;    /* times the limit made a held packet give way */
	uint64_t conflicts;     /* others that claimed one of our addresses */
};
void neigh_stats(const struct neigh_table *t, struct neigh_stats *s);

/**
 * neigh4_stage - give packets to connected subnets their neighbour's line
 *
 * For each packet of the lane whose next hop is NH_CONNECTED and whose (next hop's iface,
 * destination) is known, pkt.nh becomes the neighbour's line. Others stay as they are: output holds
 * them. Context: worker.
 */
void neigh4_stage(const struct neigh_reader *n, struct batch *b);
void neigh6_stage(const struct neigh_reader *n, struct batch *b);

/**
 * arp_input - judge an ARP packet, and answer it in place if it asks for us
 * @f: iface it came in by
 * @p: the packet; @p->data is rewritten to the reply, and @p->len set, if *answer
 * @r: filled in when the agent should know; then *report is set
 *
 * Context: worker. Return: CONSUMED_ARP, DROP_ARP_BAD, or DROP_OTHER_MAC (a port that hears all).
 */
enum verdict arp_input(const struct iface *f, struct pkt *p, struct report *r, bool *report,
                       bool *answer);

/* What nd_input() wants done with the packet that it was given. */
enum nd_answer {
	ND_SILENT,
	ND_DIRECT, /* it is a whole frame now, to be sent by the interface that it came in by */
	ND_ROUTED, /* it is an IPv6 packet of the router's own now, to be routed to its destination
	            */
};

/**
 * nd_input - judge a neighbour discovery message, and answer it in place if it asks for us
 * @f: iface it came in by
 * @p: an IPv6 packet to the router or a group it is in; rewritten if *answer says so
 * @m: the ICMPv6 message in it, of type 133 to 137, right behind the IPv6 header or a hop-by-hop
 * one
 * @r: filled in when the agent should know; then *report is set
 *
 * RFC 4861 6.1, 7.1, 7.2.4, 8.1; RFC 6980. Context: worker. Return: CONSUMED_ND, DROP_ND_BAD.
 */
enum verdict nd_input(const struct iface *f, struct pkt *p, const uint8_t *m, struct report *r,
                      bool *report, enum nd_answer *answer);

/* Write an ARP request or reply of 60 bytes, padding zeroed, to @frame. Context: any. */
struct arp_fields {
	uint64_t ether_dst;
	uint64_t sender_mac, target_mac;
	uint32_t sender, target; /* host byte order */
	uint16_t op;             /* enum arp_op */
};
void arp_write(uint8_t *frame, const struct arp_fields *a);

#define ND_FRAME_MAX 86 /* longest frame of nd_write() */

/* Write a neighbour solicitation or advertisement with one option: that of @mac, or @nonce if it is
 * not 0. Context: any. Return: bytes of the frame. */
struct nd_fields {
	uint64_t ether_dst, mac; /* @mac: ours */
	struct ip src, dst, target;
	uint64_t nonce;
	uint8_t type;  /* ICMP6_NS or ICMP6_NA */
	uint8_t flags; /* enum nd_na_flag */
	bool routed;   /* the hop limit is 0: output makes it 255 */
};
uint16_t nd_write(uint8_t *frame, const struct nd_fields *a);

#endif
