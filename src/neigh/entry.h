/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry: the neighbour table's own structures, private to this folder. All of it belongs to the
 * agent; workers see the reader and the lines that it leads to.
 *
 * Who finds an entry: the index (all), the timer heap (those with a timer), one of the
 * lists `unresolved` and `stale` (by state), the list `holding` (those that hold packets).
 */
#ifndef NEIGH_ENTRY_H
#define NEIGH_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <urcu/list.h>

#include "base/clock.h"
#include "neigh/neigh.h"
#include "table/exact.h"
#include "table/idpool.h"

#define NEIGH_LEVELS 8   /* of the index; each is a quarter of the one below: 4^8 entries */
#define NEIGH_HELD   16  /* packets a neighbour holds: traceroute sends so many at once */
#define NEIGH_PARTS  256 /* subnets of sources told apart by their hash, a power of two */
#define NEIGH_TRIES  3   /* requests (RFC 4861 10: MAX_MULTICAST_SOLICIT, MAX_UNICAST_SOLICIT) */

struct neigh_key {
	struct ip ip;
	uint16_t iface;
};

struct neigh {
	struct neigh_key key;
	uint64_t mac; /* 0: not known */
	uint64_t confirmed_ns;
	const struct nexthop *line; /* what its id names now */
	uint32_t id;                /* in the table of lines; 0: none taken yet */
	uint32_t timer;             /* place in the heap, from 1; 0: none runs */
	uint8_t state;              /* enum neigh_state */
	uint8_t tries;              /* requests sent in this state */
	uint8_t n_held;
	bool listed;    /* workers find it by its address */
	bool announced; /* next hops may know it by another line than NH_RESOLVE */
	bool router;    /* RFC 4861 5.1: IsRouter */
	bool off_link;  /* in no subnet of the interface: a route says that it is there */
	bool retry;     /* what workers see is behind its state, for want of memory */
	struct neigh_held held[NEIGH_HELD]; /* the oldest first */
	struct cds_list_head by_state;      /* in unresolved or stale */
	struct cds_list_head by_hold;       /* in holding, while n_held > 0 */
	struct neigh *chain;                /* the next one of its hash bucket */
	struct neigh *next[];               /* in the order of keys, a pointer a level */
};

struct neigh_timer {
	uint64_t due;
	struct neigh *n;
};

/* An address of ours on a link that is up. */
struct neigh_own {
	struct neigh_key key;
	uint64_t mac;         /* that it was announced or probed with */
	uint64_t again_ns;    /* when to announce it once more or to probe on, UINT64_MAX: done */
	uint64_t defended_ns; /* before then no other defence; 0: never defended */
	uint64_t nonce;       /* of its probe, 0: none was sent yet (RFC 7527) */
	uint8_t state;        /* enum addr_state; of IPv4 ADDR_USABLE */
	bool said;            /* it is a duplicate, and a snapshot has said so */
};

struct neigh_table {
	struct neigh_reader reader;
	struct exact *exact; /* what the reader's tables point to */
	struct exact *exact6;
	struct idpool *ids; /* of reader.lines */
	struct neigh_ops ops;
	void *ctx;
	struct nexthops *nexthops;
	struct neigh_limits limits;
	struct neigh_timers timers;
	const struct ifaces *ifaces;      /* NULL before the first snapshot */
	struct neigh *head[NEIGH_LEVELS]; /* of the order by key */
	struct neigh **bucket;            /* of the hash by key, a power of two of them */
	uint32_t n_buckets;
	uint64_t multiplier;      /* of the hash: random and odd */
	struct neigh_timer *heap; /* limits.entries of them; the next one due is the first */
	uint32_t n_heap;
	struct cds_list_head unresolved; /* INCOMPLETE and FAILED, the oldest first */
	struct cds_list_head stale;      /* the longest unused first */
	struct cds_list_head holding;    /* with held packets, the longest waiting first */
	struct neigh_own *own;
	uint32_t n_own;
	uint64_t again_ns; /* when the next of @own is due, UINT64_MAX: none */
	uint64_t retry_ns; /* when to publish again what failed, UINT64_MAX: nothing did */
	uint64_t watch_ns; /* when to look after gateways of groups, UINT64_MAX: there are none */
	uint64_t watch_round_ns; /* when the round began */
	uint16_t watch_at;       /* next-hop id that the round has come to, 0: it is over */
	uint64_t all_due;        /* of budget.c, as the next */
	uint64_t part_due[NEIGH_PARTS];
	struct neigh_stats stats;
	uint64_t random;
};

static inline struct neigh_key neigh_key(uint16_t iface, struct ip ip)
{
	return (struct neigh_key){.ip = ip, .iface = iface};
}

static inline bool neigh_key_equal(struct neigh_key a, struct neigh_key b)
{
	return a.iface == b.iface && ip_equal(a.ip, b.ip);
}

/* Does @a come before @b in the order of the index: by interface, then by address? */
static inline bool neigh_key_before(struct neigh_key a, struct neigh_key b)
{
	return a.iface != b.iface ? a.iface < b.iface : ip_compare(a.ip, b.ip) < 0;
}

/* The words of @key as the tables of workers have them: one of IPv4, three of IPv6. */
static inline void neigh_key_words(struct neigh_key key, uint64_t word[3])
{
	word[0] = (uint64_t)key.iface << 32 | ip_to4(key.ip);
	if (ip_is4(key.ip))
		return;
	word[0] = key.iface;
	word[1] = key.ip.hi;
	word[2] = key.ip.lo;
}

/* The interface of @key if it is up, else NULL. */
const struct iface *neigh_iface(const struct neigh_table *t, struct neigh_key key);

/* Can a host of @f's links have the address? Not off them, and not their broadcasts or ours. */
bool neigh_is_host(const struct iface *f, struct ip ip);

/* A random number (xorshift): for spreading timers and levels, not for secrets. */
uint64_t neigh_random(struct neigh_table *t);

/* index.c: all entries by their keys, hashed and in order. */

/* Room for @t's limit of entries. Return: 0 or -ENOMEM. */
[[nodiscard]] int neigh_index_init(struct neigh_table *t);
/* The index is empty again. */
void neigh_index_fini(struct neigh_table *t);
/* The first entry whose key is @key or more, NULL at the end. */
struct neigh *neigh_index_from(const struct neigh_table *t, struct neigh_key key);
struct neigh *neigh_index_find(const struct neigh_table *t, struct neigh_key key);
/* A new entry of @key, all else zero, in the index. Return: NULL without memory. */
struct neigh *neigh_index_new(struct neigh_table *t, struct neigh_key key);
/* Take @n out of the index; the caller frees it. */
void neigh_index_del(struct neigh_table *t, struct neigh *n);

/* timer.c: a heap with the next one due at its top. */

/* Let @n's timer run out at @due; one that runs is moved. */
void neigh_timer_set(struct neigh_table *t, struct neigh *n, uint64_t due);
void neigh_timer_cancel(struct neigh_table *t, struct neigh *n);

/* publish.c: what workers see of a neighbour. */

/* The tables that workers read. Return: 0 or -ENOMEM with nothing left behind. */
[[nodiscard]] int neigh_publish_init(struct neigh_table *t);
/* Free them; no entry has an id any more. */
void neigh_publish_fini(struct neigh_table *t);
/* Bring the line of @n into agreement with its state. Return: do workers forward to it now? */
bool neigh_publish(struct neigh_table *t, struct neigh *n);
/* Tell the next hops of @n's address its line, whether they heard it before or not. */
void neigh_publish_gateway(struct neigh_table *t, struct neigh *n);
/* Hide @n from workers for good. */
void neigh_publish_retire(struct neigh_table *t, struct neigh *n);
/* Try again where memory was short. */
void neigh_publish_retry(struct neigh_table *t, uint64_t now_ns);

/* hold.c: packets that wait. */

/* Hold @h; the oldest goes where the neighbour or the table has no room. */
void neigh_hold(struct neigh_table *t, struct neigh *n, const struct neigh_held *h);
/* Let all that @n holds go on, the oldest first. */
void neigh_hold_resume(struct neigh_table *t, struct neigh *n);
/* End all that @n holds with @v. */
void neigh_hold_drop(struct neigh_table *t, struct neigh *n, enum verdict v);

/* states.c: RFC 4861 7.3. */

/* A new entry without a state, by pushing out a less useful one if @evict. NULL: no room. */
struct neigh *neigh_add(struct neigh_table *t, struct neigh_key key, bool evict);
/* Forget @n; what it holds ends with @v. */
void neigh_remove(struct neigh_table *t, struct neigh *n, enum verdict v);
/* Ask who has it: INCOMPLETE. */
void neigh_resolve(struct neigh_table *t, struct neigh *n, uint64_t now_ns);
/* It answered from @mac: REACHABLE. */
void neigh_confirm(struct neigh_table *t, struct neigh *n, uint64_t mac, uint64_t now_ns);
/* It spoke from @mac without being asked: STALE, or DELAY if packets wait for it. */
void neigh_hear(struct neigh_table *t, struct neigh *n, uint64_t mac, uint64_t now_ns);
/* Traffic goes to it: out of STALE. */
void neigh_use(struct neigh_table *t, struct neigh *n, uint64_t now_ns);
/* Ask it whether it is still there: PROBE. */
void neigh_probe(struct neigh_table *t, struct neigh *n, uint64_t now_ns);
/* Pin it to @mac: STATIC. */
void neigh_pin(struct neigh_table *t, struct neigh *n, uint64_t mac);
/* Its timer has run out. */
void neigh_timeout(struct neigh_table *t, struct neigh *n, uint64_t now_ns);

/* solicit.c: the question for a neighbour. */

/* Ask for @n, if its interface has an address to ask with. */
void neigh_solicit(struct neigh_table *t, const struct neigh *n);

/* budget.c: how many strangers are asked for. */

/* May one more be, for a packet from @subnet (report.value)? If so it is counted. */
bool neigh_budget_take(struct neigh_table *t, uint32_t subnet, uint64_t now_ns);

/* watch.c: gateways of groups. */

/* Ask after those whose turn it is. */
void neigh_watch_tick(struct neigh_table *t, uint64_t now_ns);

/* learn.c: what ARP says. */
void neigh_learn(struct neigh_table *t, const struct report *r, uint64_t now_ns);

/* learn6.c: what neighbour discovery says. */
void neigh_learn6(struct neigh_table *t, const struct report *r, uint64_t now_ns);

/* own.c: our addresses, announced and defended. */

/* Take the addresses of the new snapshot and announce those that are new on their link. */
void neigh_own_set(struct neigh_table *t, uint64_t now_ns);
/* Announce again, or probe, what is due. */
void neigh_own_tick(struct neigh_table *t, uint64_t now_ns);
/* Someone else claims the address of @key. */
void neigh_own_defend(struct neigh_table *t, struct neigh_key key, uint64_t now_ns);
/* The address of @key, NULL if it is none of ours on a link that is up. */
struct neigh_own *neigh_own_find(struct neigh_table *t, struct neigh_key key);

/* dad.c: is an address ours alone (RFC 4862 5.4)? */

/* Begin with @own. @fresh: it is among the first that its interface says. */
void neigh_dad_start(struct neigh_table *t, struct neigh_own *own, bool fresh, uint64_t now_ns);
/* @own's time has come: probe, or say that it is usable. */
void neigh_dad_step(struct neigh_table *t, struct neigh_own *own, uint64_t now_ns);
/* @r says that another has or wants a tentative address. */
void neigh_dad_claim(struct neigh_table *t, const struct report *r);

#endif
