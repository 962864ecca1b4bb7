/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "bed.h"

/*
 * Random events, with what must hold after each: no packet is lost or ends twice (I2), limits are
 * kept, what workers see agrees with the states. Seeded: a failure repeats.
 */
#define STEPS 30000
#define HOSTS 48
#define LIMIT 32
#define UNRES 12
#define HELD  20

struct model {
	struct bed *bed;
	uint64_t seed;
	struct iface f[2];
	uint16_t gateway[HOSTS];
	uint32_t ended[N_PACKETS]; /* times each packet was resumed or dropped */
	uint32_t wanted;           /* packets given */
};

static void on_send(void *ctx, uint16_t iface, const uint8_t *frame, uint16_t len)
{
	bool arp = ether_type(frame) == ETHERTYPE_ARP;
	struct model *m = ctx;

	assert_int_equal(len, arp ? ETHER_MIN_LEN : ND_FRAME_MAX);
	assert_true(iface < 2 && m->f[iface].up);
	assert_true(mac_load(frame + 6) == m->f[iface].mac);
}

static void end(struct model *m, const struct neigh_held *h)
{
	m->ended[h->data - m->bed->packet]++;
}

static void on_resume(void *ctx, const struct neigh_held *h)
{
	end(ctx, h);
}

static void on_drop(void *ctx, const struct neigh_held *h, enum verdict v)
{
	assert_true(v == DROP_NEIGH_FAILED || v == DROP_NEIGH_QUEUE);
	end(ctx, h);
}

static uint32_t pick(struct model *m, uint32_t n)
{
	m->seed = m->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(m->seed >> 33) % n;
}

/* Hosts 0 to 23 are on the first interface, the rest on the second; of IPv6 is every third. */
static uint16_t host_iface(uint32_t host)
{
	return host < HOSTS / 2 ? 0 : 1;
}

static struct ip host_ip(uint32_t host)
{
	bool first = host_iface(host) == 0;

	if (host % 3 == 2) /* link-local ones among them */
		return (struct ip){host % 2 ? 0xfe80ull << 48 : first ? NET0 : NET1, 100 + host};
	return ip_from4((first ? IP(10, 0, 0, 0) : IP(16, 0, 0, 0)) + host);
}

static uint64_t any_mac(struct model *m)
{
	static const uint64_t mac[] = {MAC_A, MAC_B, 0x0c0000000002ull, OUR_MAC0, 0, MAC_BROADCAST};

	return mac[pick(m, ARRAY_SIZE(mac))];
}

/* Something is heard of @host. */
static void hear(struct model *m, uint32_t host)
{
	uint16_t iface = host_iface(host);
	struct ip ip = host_ip(host);
	uint64_t mac = any_mac(m);

	if (ip_is4(ip))
		bed_arp(m->bed, iface, (uint8_t)(1u << pick(m, 4)) & 7, ip_to4(ip), mac);
	else if (pick(m, 8) == 0)
		bed_hear(m->bed, REPORT_SOLICIT, iface, ND_CLAIM_SOLICIT, ip, mac);
	else
		bed_nd(m->bed, iface, (uint8_t)pick(m, 64), ip, mac);
}

static void want(struct model *m, uint32_t host)
{
	uint32_t id = m->wanted % N_PACKETS;

	assert_int_equal(m->ended[id], m->wanted / N_PACKETS);
	m->wanted++;
	bed_want(m->bed, host_iface(host), host_ip(host), id);
}

static void set_ifaces(struct model *m)
{
	struct iface *f = &m->f[pick(m, 2)];

	f->up = pick(m, 4) != 0;
	f->mtu = (uint16_t)(1300 + pick(m, 3));
	bed_set_ifaces(m->bed, &m->f[0], &m->f[1]);
}

static void act(struct model *m)
{
	struct bed *bed = m->bed;
	uint32_t host = pick(m, HOSTS);
	uint16_t iface = host_iface(host);
	uint32_t what = pick(m, 100);

	if (what < 40)
		want(m, host);
	else if (what < 65)
		hear(m, host);
	else if (what < 75)
		bed_use(bed, iface, host_ip(host));
	else if (what < 92)
		bed_pass(bed, pick(m, 3) == 0 ? pick(m, 60) * SECOND : pick(m, 2000) * NS_PER_MS);
	else if (what < 94)
		(void)!neigh_set_static(bed->t, iface, host_ip(host), MAC_A, bed->now);
	else if (what < 97)
		(void)!neigh_del_static(bed->t, iface, host_ip(host));
	else if (what < 98)
		set_ifaces(m);
	else if (what < 99)
		neigh_clear(bed->t, (int)pick(m, 3) - 1);
	else
		neigh_sync_gateway(bed->t, iface, host_ip(host));
}

static enum nexthop_kind kind_of(enum neigh_state s)
{
	if (s == NEIGH_INCOMPLETE)
		return NH_RESOLVE;
	if (s == NEIGH_FAILED)
		return NH_FAILED;
	return s == NEIGH_STALE ? NH_STALE : NH_FORWARD;
}

/* What workers see of @host, by its address and by its next hop, is what its state says. */
static void check_host(const struct model *m, uint32_t host)
{
	uint16_t iface = host_iface(host);
	const struct nexthop *line = bed_line(m->bed, iface, host_ip(host));
	const struct nexthop *hop = idtab_get(nexthops_idtab(m->bed->nexthops), m->gateway[host]);
	struct neigh_info info;
	enum nexthop_kind kind = NH_RESOLVE;

	if (bed_find(m->bed, iface, host_ip(host), &info)) {
		kind = m->f[iface].up ? kind_of(info.state) : NH_RESOLVE;
		assert_true(info.held == 0 || info.state == NEIGH_INCOMPLETE);
		assert_true(info.held <= 16);
		assert_true(m->f[iface].up || info.state == NEIGH_STATIC);
	}
	assert_int_equal(hop->kind, kind);
	assert_int_equal(line != NULL, kind != NH_RESOLVE);
	if (line == NULL)
		return;
	assert_int_equal(line->kind, kind);
	assert_int_equal(line->max_len, m->f[iface].mtu + 14);
	assert_memory_equal(line->header, hop->header, sizeof(line->header));
	if (kind != NH_FAILED) {
		assert_true(mac_load(line->header) == info.mac);
		assert_true(info.mac != 0 && !mac_is_group(info.mac));
		assert_true(mac_load(line->header + 6) == m->f[iface].mac);
	}
}

static void check(const struct model *m)
{
	struct neigh_stats s = bed_stats(m->bed);
	uint32_t entries = 0, unresolved = 0, held = 0, ended = 0;
	struct neigh_info info;

	for (bool more = neigh_next(m->bed->t, NULL, &info); more;
	     more = neigh_next(m->bed->t, &info, &info)) {
		entries++;
		held += info.held;
		unresolved += info.state == NEIGH_INCOMPLETE || info.state == NEIGH_FAILED;
	}
	assert_int_equal(s.entries, entries);
	assert_int_equal(s.incomplete, unresolved);
	assert_int_equal(s.held, held);
	assert_true(entries <= LIMIT && unresolved <= UNRES && held <= HELD);
	for (uint32_t i = 0; i < N_PACKETS; i++)
		ended += m->ended[i];
	assert_int_equal(ended + held, m->wanted);
	for (uint32_t host = 2; host < HOSTS; host++)
		check_host(m, host);
}

static void run(uint64_t seed)
{
	static const struct neigh_limits limits = {LIMIT, UNRES, HELD, 0};
	static const struct neigh_ops ops = {on_send, on_resume, on_drop, NULL};
	struct model *m = calloc(1, sizeof(*m));
	uint32_t ended = 0;

	assert_non_null(m);
	m->seed = seed;
	m->f[0] = bed_iface6(0);
	m->f[1] = bed_iface6(1);
	m->bed = bed_open_bare(&limits);
	neigh_free(m->bed->t);
	assert_int_equal(neigh_new(&m->bed->t, &ops, m, m->bed->nexthops, &limits, NULL), 0);
	bed_set_ifaces(m->bed, &m->f[0], &m->f[1]);
	for (uint32_t host = 0; host < HOSTS; host++) {
		const struct nexthop_key key = {NH_RESOLVE, host_iface(host), host_ip(host)};

		assert_int_equal(nexthop_get(m->bed->nexthops, &key, 1514, &m->gateway[host]), 0);
	}
	for (int step = 0; step < STEPS; step++) {
		act(m);
		if (step % 16 == 0)
			check(m);
		rcu_quiescent_state();
	}
	check(m);
	bed_close(m->bed);
	for (uint32_t i = 0; i < N_PACKETS; i++)
		ended += m->ended[i];
	assert_int_equal(ended, m->wanted);
	free(m);
}

static void random_events_keep_every_promise(void **)
{
	for (uint64_t seed = 1; seed <= 8; seed++)
		run(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_events_keep_every_promise),
	};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
