/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the packet path begin and end with: a router, and the count of its frames and
 * packets when the test is over (I1 to I4). The packets are too big for a stack.
 */
#ifndef TEST_PIPELINE_ROAD_H
#define TEST_PIPELINE_ROAD_H

#include "base/clock.h"
#include "router.h"
#include "wire/ether.h"
#include "wire/icmp4.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

struct road {
	struct router *r;
	struct packet in, out;
};

static inline struct road *road_open(const struct router_config *cfg)
{
	struct road *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->r = router_open(cfg);
	return t;
}

static inline int road_setup(void **state)
{
	*state = road_open(NULL);
	return 0;
}

static inline int road_teardown(void **state)
{
	struct road *t = *state;
	const char *flaw;

	router_run(t->r);
	flaw = router_close(t->r);
	free(t);
	if (flaw != NULL)
		print_error("%s\n", flaw);
	return flaw != NULL ? -1 : 0;
}

/* The next packet out of @port, or a VLAN, is well-formed, and lies in t->out. */
static inline void road_out(struct road *t, uint16_t port)
{
	const struct iface *f = router_iface(t->r, port);
	const char *flaw;

	assert_true(router_take(t->r, port, &t->out));
	flaw = packet_flaw(t->out.bytes, t->out.len, f->mac, f->mtu);
	if (flaw != NULL)
		fail_msg("%s", flaw);
}

/* Nothing comes out anywhere. */
static inline void road_silent(struct road *t)
{
	assert_int_equal(router_drain(t->r), 0);
}

/* t->in goes in at @port, does not come out, and is counted as @v. */
static inline void road_ends(struct road *t, uint16_t port, enum verdict v)
{
	uint64_t before = router_count(t->r, v);

	router_send(t->r, port, &t->in);
	assert_int_equal(router_count(t->r, v), before + 1);
	road_silent(t);
}

/* t->in goes in at @from and comes out at @to with nothing changed but MACs and TTL. */
static inline void road_forwards(struct road *t, uint16_t from, uint16_t to)
{
	bool ip6 = ether_type(t->in.bytes) == ETHERTYPE_IP6;
	uint8_t *h = t->in.bytes + 14;
	uint32_t total = ip6 ? IP6_LEN + ip6_payload_len(h) : ip4_total_len(h);

	router_send(t->r, from, &t->in);
	road_out(t, to);
	assert_int_equal(t->out.len, total < 46 ? 60 : 14 + total);
	mac_store(t->in.bytes, mac_load(t->out.bytes));
	mac_store(t->in.bytes + 6, ROUTER_MAC(to));
	h[ip6 ? 7 : 8]--;
	if (!ip6)
		packet_fix_ip4(&t->in);
	assert_memory_equal(t->in.bytes, t->out.bytes, 14 + total);
	road_silent(t);
}

/* The next packet out of @port is ICMP of @type and @code with a right checksum. */
static inline const uint8_t *road_icmp(struct road *t, uint16_t port, uint8_t type, uint8_t code)
{
	const uint8_t *m;

	road_out(t, port);
	m = packet_payload4(&t->out);
	assert_int_equal(ip4_proto(packet_head4(&t->out)), IP_PROTO_ICMP);
	assert_int_equal(m[0], type);
	assert_int_equal(m[1], code);
	assert_int_equal(packet_sum(m, packet_payload4_len(&t->out)), 0xffff);
	return m;
}

/* The same of ICMPv6, of which the router is the source. */
static inline const uint8_t *road_icmp6(struct road *t, uint16_t port, uint8_t type, uint8_t code)
{
	const uint8_t *h = packet_head6(&t->out), *m;

	road_out(t, port);
	m = packet_payload6(&t->out);
	assert_int_equal(packet_proto6(&t->out), IP6_ICMP);
	assert_int_equal(m[0], type);
	assert_int_equal(m[1], code);
	assert_int_equal(packet_sum6(h, IP6_ICMP, m, packet_payload6_len(&t->out)), 0xffff);
	return m;
}

#define road_test(f) cmocka_unit_test_setup_teardown(f, road_setup, road_teardown)

#endif
