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
#include "wire/checksum.h"
#include "wire/icmp6.h"
#include "wire/ip6.h"

#include "links.h"

#define SECOND    NS_PER_SEC
#define N_PACKETS 4096

struct bed {
	struct neigh_table *t;
	struct nexthops *nexthops;
	struct ifaces *ifaces;
	uint64_t now;
	/* what it sent last, and how much */
	uint8_t sent[128];
	uint16_t sent_len;
	uint16_t sent_iface;
	uint32_t n_sent;
	/* what it said of tentative addresses last, and how often */
	struct ip address;
	uint16_t address_iface;
	enum addr_state address_state;
	uint32_t n_address;
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

	assert_true(len >= ETHER_MIN_LEN && len <= sizeof(bed->sent));
	memcpy(bed->sent, frame, len);
	bed->sent_len = len;
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

static inline void bed_on_address(void *ctx, uint16_t iface, struct ip addr, enum addr_state state)
{
	struct bed *bed = ctx;

	bed->address = addr;
	bed->address_iface = iface;
	bed->address_state = state;
	bed->n_address++;
}

/* Put a snapshot of these two in force. */
static inline void bed_set_ifaces(struct bed *bed, const struct iface *f0, const struct iface *f1)
{
	struct ifaces *s = ifaces_new(2);

	assert_non_null(s);
	assert_int_equal(ifaces_set(s, f0), 0);
	assert_int_equal(ifaces_set(s, f1), 0);
	ifaces_lend4(s);
	ifaces_lend6(s);
	neigh_set_ifaces(bed->t, s, bed->now);
	ifaces_free(bed->ifaces);
	bed->ifaces = s;
}

/* Without interfaces yet. */
static inline struct bed *bed_open_bare(const struct neigh_limits *limits)
{
	static const struct neigh_ops ops = {bed_on_send, bed_on_resume, bed_on_drop,
	                                     bed_on_address};
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	bed->now = 1000 * SECOND;
	assert_int_equal(nexthops_new(&bed->nexthops), 0);
	assert_int_equal(neigh_new(&bed->t, &ops, bed, bed->nexthops, limits, NULL), 0);
	return bed;
}

/* With both interfaces up and their announcements done. */
static inline struct bed *bed_open_with(const struct neigh_limits *limits, const struct iface *f0,
                                        const struct iface *f1)
{
	struct bed *bed = bed_open_bare(limits);

	bed_set_ifaces(bed, f0, f1);
	bed->now += 2 * SECOND;
	neigh_tick(bed->t, bed->now);
	bed->n_sent = 0;
	return bed;
}

static inline struct bed *bed_open(const struct neigh_limits *limits)
{
	struct iface f0 = bed_iface(0), f1 = bed_iface(1);

	return bed_open_with(limits, &f0, &f1);
}

/* With addresses of both families. */
static inline struct bed *bed_open6(const struct neigh_limits *limits)
{
	struct iface f0 = bed_iface6(0), f1 = bed_iface6(1);

	return bed_open_with(limits, &f0, &f1);
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

/* Addresses are given as struct ip, or as a number, which is IPv4's. */
static inline struct ip bed_ip_same(struct ip ip)
{
	return ip;
}
#define bed_ip(x) _Generic((x), struct ip : bed_ip_same, default : ip_from4)(x)

/* Packet @id waits for @ip. */
static inline void bed_want_ip(struct bed *bed, uint16_t iface, struct ip ip, uint32_t id)
{
	const struct report r = {
		.kind = REPORT_NEIGH_WANTED,
		.iface = iface,
		.ip = ip,
		.data = &bed->packet[id],
		.len = 100,
	};

	neigh_report(bed->t, &r, bed->now);
}
#define bed_want(bed, iface, ip, id) bed_want_ip(bed, iface, bed_ip(ip), id)

static inline void bed_use_ip(struct bed *bed, uint16_t iface, struct ip ip)
{
	const struct report r = {.kind = REPORT_NEIGH_USED, .iface = iface, .ip = ip};

	neigh_report(bed->t, &r, bed->now);
}
#define bed_use(bed, iface, ip) bed_use_ip(bed, iface, bed_ip(ip))

static inline void bed_hear(struct bed *bed, enum report_kind kind, uint16_t iface, uint8_t claim,
                            struct ip ip, uint64_t mac)
{
	const struct report r = {
		.kind = (uint8_t)kind,
		.claim = claim,
		.iface = iface,
		.ip = ip,
		.mac = mac,
	};

	neigh_report(bed->t, &r, bed->now);
}

static inline void bed_arp(struct bed *bed, uint16_t iface, uint8_t claim, uint32_t ip,
                           uint64_t mac)
{
	bed_hear(bed, REPORT_ARP, iface, claim, ip_from4(ip), mac);
}

static inline void bed_nd(struct bed *bed, uint16_t iface, uint8_t claim, struct ip ip,
                          uint64_t mac)
{
	bed_hear(bed, REPORT_ND, iface, claim, ip, mac);
}

/* The neighbour answers our question from @mac. */
static inline void bed_answer_ip(struct bed *bed, uint16_t iface, struct ip ip, uint64_t mac)
{
	if (ip_is4(ip))
		bed_arp(bed, iface, ARP_CLAIM_REPLY, ip_to4(ip), mac);
	else
		bed_nd(bed, iface, ND_CLAIM_ADVERT | ND_CLAIM_SOLICITED | ND_CLAIM_OVERRIDE, ip,
		       mac);
}
#define bed_answer(bed, iface, ip, mac) bed_answer_ip(bed, iface, bed_ip(ip), mac)

/* The neighbour asks for us. */
static inline void bed_asks_us(struct bed *bed, uint16_t iface, struct ip ip, uint64_t mac)
{
	if (ip_is4(ip))
		bed_arp(bed, iface, ARP_CLAIM_REQUEST, ip_to4(ip), mac);
	else
		bed_nd(bed, iface, ND_CLAIM_SOLICIT, ip, mac);
}

static inline bool bed_find_ip(const struct bed *bed, uint16_t iface, struct ip ip,
                               struct neigh_info *info)
{
	const struct neigh_info before = {.iface = iface, .ip = {ip.hi - (ip.lo == 0), ip.lo - 1}};

	return neigh_next(bed->t, &before, info) && info->iface == iface && ip_equal(info->ip, ip);
}
#define bed_find(bed, iface, ip, info) bed_find_ip(bed, iface, bed_ip(ip), info)

/* A neighbour that must be there. */
static inline struct neigh_info bed_info(const struct bed *bed, uint16_t iface, struct ip ip)
{
	struct neigh_info info;

	assert_true(bed_find_ip(bed, iface, ip, &info));
	return info;
}
#define bed_state(bed, iface, ip) (bed_info(bed, iface, bed_ip(ip)).state)
#define bed_mac(bed, iface, ip)   (bed_info(bed, iface, bed_ip(ip)).mac)

static inline bool bed_knows_ip(const struct bed *bed, uint16_t iface, struct ip ip)
{
	struct neigh_info info;

	return bed_find_ip(bed, iface, ip, &info);
}
#define bed_knows(bed, iface, ip) bed_knows_ip(bed, iface, bed_ip(ip))

/* What workers see of it, NULL: nothing. */
static inline const struct nexthop *bed_line_ip(const struct bed *bed, uint16_t iface, struct ip ip)
{
	const struct neigh_reader *r = neigh_reader(bed->t);
	uint64_t word[3];
	uint32_t id;

	neigh_key_words(neigh_key(iface, ip), word);
	id = exact_find(ip_is4(ip) ? rcu_get(&r->table) : rcu_get(&r->table6), word);
	return id == 0 ? NULL : idtab_get(r->lines, id);
}
#define bed_line(bed, iface, ip) bed_line_ip(bed, iface, bed_ip(ip))

/* The MAC that workers send to, 0: none. */
static inline uint64_t bed_line_mac_ip(const struct bed *bed, uint16_t iface, struct ip ip)
{
	const struct nexthop *line = bed_line_ip(bed, iface, ip);

	return line == NULL ? 0 : mac_load(line->header);
}
#define bed_line_mac(bed, iface, ip) bed_line_mac_ip(bed, iface, bed_ip(ip))

/* The last frame sent is an ARP request for @ip to @dst. */
static inline void bed_asked4(const struct bed *bed, uint16_t iface, uint32_t ip, uint64_t dst)
{
	const uint8_t *a = bed->sent + ETHER_LEN;

	assert_int_equal(bed->sent_len, ETHER_MIN_LEN);
	assert_true(mac_load(bed->sent) == dst);
	assert_int_equal(ether_type(bed->sent), ETHERTYPE_ARP);
	assert_int_equal(arp_op(a), ARP_REQUEST);
	assert_true(arp_sender_mac(a) == bed->ifaces->iface[iface].mac);
	assert_int_equal(arp_sender(a), iface_source4(&bed->ifaces->iface[iface], ip));
	assert_int_equal(arp_target(a), ip);
}

/* The last frame sent is a sound neighbour discovery message of @type, with one option. */
static inline const uint8_t *bed_said6(const struct bed *bed, uint8_t type)
{
	const uint8_t *h = bed->sent + ETHER_LEN, *m = h + IP6_LEN;

	assert_int_equal(bed->sent_len, ND_FRAME_MAX);
	assert_int_equal(ether_type(bed->sent), ETHERTYPE_IP6);
	assert_int_equal(ip6_first(h), 6u << 28);
	assert_int_equal(ip6_payload_len(h), 32);
	assert_int_equal(ip6_next(h), IP6_ICMP);
	assert_int_equal(ip6_hop_limit(h), 255);
	assert_int_equal(csum_fold(csum_add(m, 32, csum_pseudo6(h, IP6_ICMP, 32))), 0xffff);
	assert_int_equal(m[0], type);
	assert_int_equal(m[1], 0);
	assert_int_equal(m[25], 1);
	return m;
}

/* The last frame sent is a solicitation for @ip to @dst, from an address of the interface. */
static inline void bed_asked6(const struct bed *bed, uint16_t iface, struct ip ip, uint64_t dst)
{
	const uint8_t *h = bed->sent + ETHER_LEN, *m = bed_said6(bed, ICMP6_NS);
	struct ip group = ip6_solicited_node(ip);

	assert_true(mac_load(bed->sent) == (dst == MAC_BROADCAST ? ip6_group_mac(group) : dst));
	assert_true(ip_equal(ip6_dst(h), dst == MAC_BROADCAST ? group : ip));
	assert_true(iface_speaks6(&bed->ifaces->iface[iface], ip6_src(h)));
	assert_true(ip_equal(ip_load(m + 8), ip));
	assert_int_equal(m[24], ND_OPT_SOURCE_LLADDR);
	assert_memory_equal(m + 26, bed->sent + 6, 6);
}

/* The last frame sent is the question for @ip to @dst; MAC_BROADCAST: to all who may be it. */
static inline void bed_asked_ip(const struct bed *bed, uint16_t iface, struct ip ip, uint64_t dst)
{
	assert_int_equal(bed->sent_iface, iface);
	assert_true(mac_load(bed->sent + 6) == bed->ifaces->iface[iface].mac);
	if (ip_is4(ip))
		bed_asked4(bed, iface, ip_to4(ip), dst);
	else
		bed_asked6(bed, iface, ip, dst);
}
#define bed_asked(bed, iface, ip, dst) bed_asked_ip(bed, iface, bed_ip(ip), dst)

/* Asked for and answered: REACHABLE. */
static inline void bed_meet_ip(struct bed *bed, uint16_t iface, struct ip ip, uint64_t mac)
{
	bed_want(bed, iface, ip, 0);
	bed_answer_ip(bed, iface, ip, mac);
	assert_int_equal(bed_state(bed, iface, ip), NEIGH_REACHABLE);
	bed->n_sent = 0;
	bed->n_resumed = 0;
}
#define bed_meet(bed, iface, ip, mac) bed_meet_ip(bed, iface, bed_ip(ip), mac)

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

/* A test of both families: @fn gets which by its state, and opens the bed with bed_open_for(). */
#define BOTH_FAMILIES(fn)                                            \
	{#fn, fn, NULL, NULL, (void *)&bed_ip4_case},                \
	{                                                            \
#fn " (IPv6)", fn, NULL, NULL, (void *)&bed_ip6_case \
	}

static const struct ip bed_ip4_case = {0, IP4_MAPPED | HOST};
static const struct ip bed_ip6_case = {NET0, 7};

/* The address of a host of interface 0 that stands @i behind the case's. */
static inline struct ip bed_host(void **state, uint32_t i)
{
	const struct ip *host = *state;

	return (struct ip){host->hi, host->lo + i};
}

#endif
