/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the neighbour table stand on: a table on two interfaces, a clock moved by hand,
 * and a record of what it sent, resumed and dropped.
 */
#ifndef TEST_NEIGH_BED_H
#define TEST_NEIGH_BED_H

#include <string.h>

#include "base/clock.h"
#include "neigh/entry.h"
#include "neigh/neigh.h"
#include "wire/arp.h"

#include "links.h"

#define SECOND    NS_PER_SEC
#define N_PACKETS 4096

struct bed {
	struct neigh_table *t;
	struct nexthops *nexthops;
	struct ifaces *ifaces;
	uint64_t now;
	/* what it sent last, and how much */
	uint8_t sent[ETHER_MIN_LEN];
	uint16_t sent_iface;
	uint32_t n_sent;
	/* what became of held packets; a packet is a byte of this array */
	uint8_t packet[N_PACKETS];
	uint32_t resumed[N_PACKETS]; /* in this order */
	uint32_t n_resumed;
	uint32_t n_dropped;
	uint32_t last_dropped;
	enum verdict dropped_as;
};

static inline void bed_on_send(void *ctx, uint16_t iface, const uint8_t *frame, uint16_t len)
{
	struct bed *bed = ctx;

	assert_int_equal(len, ETHER_MIN_LEN);
	memcpy(bed->sent, frame, len);
	bed->sent_iface = iface;
	bed->n_sent++;
}

static inline void bed_on_resume(void *ctx, const struct neigh_held *h)
{
	struct bed *bed = ctx;

	bed->resumed[bed->n_resumed++ % N_PACKETS] = (uint32_t)(h->data - bed->packet);
}

static inline void bed_on_drop(void *ctx, const struct neigh_held *h, enum verdict v)
{
	struct bed *bed = ctx;

	bed->last_dropped = (uint32_t)(h->data - bed->packet);
	bed->dropped_as = v;
	bed->n_dropped++;
}

/* Put a snapshot of these two in force. */
static inline void bed_set_ifaces(struct bed *bed, const struct iface *f0, const struct iface *f1)
{
	struct ifaces *s = ifaces_new(2);

	assert_non_null(s);
	assert_int_equal(ifaces_set(s, f0), 0);
	assert_int_equal(ifaces_set(s, f1), 0);
	ifaces_lend4(s);
	neigh_set_ifaces(bed->t, s, bed->now);
	ifaces_free(bed->ifaces);
	bed->ifaces = s;
}

/* Without interfaces yet. */
static inline struct bed *bed_open_bare(const struct neigh_limits *limits)
{
	static const struct neigh_ops ops = {bed_on_send, bed_on_resume, bed_on_drop, NULL};
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	bed->now = 1000 * SECOND;
	assert_int_equal(nexthops_new(&bed->nexthops), 0);
	assert_int_equal(neigh_new(&bed->t, &ops, bed, bed->nexthops, limits, NULL), 0);
	return bed;
}

/* With both interfaces up and their announcements done. */
static inline struct bed *bed_open(const struct neigh_limits *limits)
{
	struct bed *bed = bed_open_bare(limits);
	struct iface f0 = bed_iface(0), f1 = bed_iface(1);

	bed_set_ifaces(bed, &f0, &f1);
	bed->now += 2 * SECOND;
	neigh_tick(bed->t, bed->now);
	bed->n_sent = 0;
	return bed;
}

static inline void bed_close(struct bed *bed)
{
	neigh_free(bed->t);
	nexthops_free(bed->nexthops);
	ifaces_free(bed->ifaces);
	free(bed);
}

/* Let time pass, with each timer run at its time. */
static inline void bed_pass(struct bed *bed, uint64_t ns)
{
	uint64_t end = bed->now + ns;
	uint64_t next;

	while ((next = neigh_tick(bed->t, bed->now)) <= end) {
		assert_true(next > bed->now);
		bed->now = next;
	}
	bed->now = end;
}

/* Packet @id waits for @ip. */
static inline void bed_want(struct bed *bed, uint16_t iface, uint32_t ip, uint32_t id)
{
	const struct report r = {
		.kind = REPORT_NEIGH_WANTED,
		.iface = iface,
		.ip = ip_from4(ip),
		.data = &bed->packet[id],
		.len = 100,
	};

	neigh_report(bed->t, &r, bed->now);
}

static inline void bed_use(struct bed *bed, uint16_t iface, uint32_t ip)
{
	const struct report r = {.kind = REPORT_NEIGH_USED, .iface = iface, .ip = ip_from4(ip)};

	neigh_report(bed->t, &r, bed->now);
}

static inline void bed_arp(struct bed *bed, uint16_t iface, uint8_t claim, uint32_t ip,
                           uint64_t mac)
{
	const struct report r = {
		.kind = REPORT_ARP,
		.claim = claim,
		.iface = iface,
		.ip = ip_from4(ip),
		.mac = mac,
	};

	neigh_report(bed->t, &r, bed->now);
}

static inline bool bed_find(const struct bed *bed, uint16_t iface, uint32_t ip,
                            struct neigh_info *info)
{
	const struct neigh_info before = {.iface = iface, .ip = ip_from4(ip - 1)};

	return neigh_next(bed->t, &before, info) && info->iface == iface &&
	       ip_equal(info->ip, ip_from4(ip));
}

/* The state of a neighbour that must be there. */
static inline enum neigh_state bed_state(const struct bed *bed, uint16_t iface, uint32_t ip)
{
	struct neigh_info info;

	assert_true(bed_find(bed, iface, ip, &info));
	return info.state;
}

static inline bool bed_knows(const struct bed *bed, uint16_t iface, uint32_t ip)
{
	struct neigh_info info;

	return bed_find(bed, iface, ip, &info);
}

static inline uint64_t bed_mac(const struct bed *bed, uint16_t iface, uint32_t ip)
{
	struct neigh_info info;

	assert_true(bed_find(bed, iface, ip, &info));
	return info.mac;
}

/* What workers see of it, NULL: nothing. */
static inline const struct nexthop *bed_line(const struct bed *bed, uint16_t iface, uint32_t ip)
{
	const struct neigh_reader *r = neigh_reader(bed->t);
	uint64_t key = (uint64_t)iface << 32 | ip;
	uint32_t id = exact_find(rcu_get(&r->table), &key);

	return id == 0 ? NULL : idtab_get(r->lines, id);
}

/* The MAC that workers send to, 0: none. */
static inline uint64_t bed_line_mac(const struct bed *bed, uint16_t iface, uint32_t ip)
{
	const struct nexthop *line = bed_line(bed, iface, ip);

	return line == NULL ? 0 : mac_load(line->header);
}

/* The last frame sent is a request for @ip to @dst. */
static inline void bed_asked(const struct bed *bed, uint16_t iface, uint32_t ip, uint64_t dst)
{
	const uint8_t *a = bed->sent + ETHER_LEN;

	assert_int_equal(bed->sent_iface, iface);
	assert_true(mac_load(bed->sent) == dst);
	assert_true(mac_load(bed->sent + 6) == bed->ifaces->iface[iface].mac);
	assert_int_equal(ether_type(bed->sent), ETHERTYPE_ARP);
	assert_int_equal(arp_op(a), ARP_REQUEST);
	assert_true(arp_sender_mac(a) == bed->ifaces->iface[iface].mac);
	assert_int_equal(arp_sender(a), iface_source4(&bed->ifaces->iface[iface], ip));
	assert_int_equal(arp_target(a), ip);
}

/* Asked for and answered: REACHABLE. */
static inline void bed_meet(struct bed *bed, uint16_t iface, uint32_t ip, uint64_t mac)
{
	bed_want(bed, iface, ip, 0);
	bed_arp(bed, iface, ARP_CLAIM_REPLY, ip, mac);
	assert_int_equal(bed_state(bed, iface, ip), NEIGH_REACHABLE);
	bed->n_sent = 0;
	bed->n_resumed = 0;
}

static inline struct neigh_stats bed_stats(const struct bed *bed)
{
	struct neigh_stats s;

	neigh_stats(bed->t, &s);
	return s;
}

/* Around a group of tests: the thread is one of RCU's, and nothing is left behind. */
static inline int bed_setup(void **)
{
	rcu_register_thread();
	return 0;
}

static inline int bed_teardown(void **)
{
	rcu_barrier();
	rcu_unregister_thread();
	return 0;
}

#endif
