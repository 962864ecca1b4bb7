/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "packet.h"
#include "packet/parse6.h"

#define A IP6(0x20010db800000000, 2)
#define B IP6(0x20010db800010000, 2)

struct seen {
	enum verdict v;
	uint32_t total;
	uint8_t flags;
};

static struct packet p;

static struct seen parse(uint32_t room)
{
	struct seen s = {0};

	s.v = parse6(packet_head6(&p), room, &s.total, &s.flags);
	return s;
}

static struct seen seen_of(struct ip src, struct ip dst)
{
	packet_ip6(&p, &(struct packet_ip6){.src = src, .dst = dst}, 20);
	return parse(60);
}

static enum verdict verdict_of(struct ip src, struct ip dst)
{
	return seen_of(src, dst).v;
}

static void make(uint32_t payload)
{
	packet_ip6(&p, &(struct packet_ip6){.src = A, .dst = B}, payload);
}

/* ip6-trailer, -len-beyond, -empty, -truncated-header */
static void the_total_is_the_packets_own(void **)
{
	uint8_t *head = packet_head6(&p);

	for (uint32_t payload = 0; payload < 100; payload++) {
		struct seen s;

		make(payload);
		s = parse(40 + payload);
		assert_int_equal(s.v, KEEP);
		assert_int_equal(s.total, 40 + payload);
		assert_int_equal(s.flags, 0);
		s = parse(40 + payload + 22);
		assert_int_equal(s.v, KEEP);
		assert_int_equal(s.total, 40 + payload);
		assert_int_equal(parse(39 + payload).v, payload == 0 ? DROP_SHORT : DROP_IP_HEADER);
	}
	for (uint32_t room = 0; room < 40; room++)
		assert_int_equal(parse(room).v, DROP_SHORT);
	make(9);
	head[4] = 0xff; /* near 65535: nothing comes round */
	head[5] = 0xff;
	assert_int_equal(parse(65534).v, DROP_IP_HEADER);
}

/* ip6-version-* */
static void only_version_6_passes(void **)
{
	for (uint32_t version = 0; version < 16; version++) {
		make(20);
		packet_head6(&p)[0] = (uint8_t)(version << 4 | 0xb);
		assert_int_equal(parse(60).v, version == 6 ? KEEP : DROP_IP_VERSION);
	}
}

/* Addresses next to those that are refused are addresses like any other. */
static void only_what_is_nobodys_is_refused(void **)
{
	static const struct ip nobodys[] = {
		{0, 0}, {0, 1}, {0, 2}, {0, 0x0a000002}, {0, 0xffffffff}, {0, 0xffff0a000002},
	};
	static const struct ip somebodys[] = {
		{0, 0x100000000},        {0, 0xfffe00000001},
		{0, 0x1000000000000},    {1, 0},
		{1, 0xffff0a000002},     {0x0064ff9b00000000, 0x0a000002},
		{0xfdff000000000000, 1}, {0xfec0000000000000, 1},
		{0xfe7f000000000000, 1}, {0xfeff000000000000, 1},
		{0x2000000000000000, 0}, {0x0100000000000000, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(nobodys); i++) {
		assert_int_equal(verdict_of(nobodys[i], B), DROP_MARTIAN_SOURCE);
		assert_int_equal(verdict_of(A, nobodys[i]), DROP_MARTIAN_DEST);
	}
	for (size_t i = 0; i < ARRAY_SIZE(somebodys); i++) {
		assert_int_equal(verdict_of(somebodys[i], B), KEEP);
		assert_int_equal(verdict_of(A, somebodys[i]), KEEP);
	}
}

static void groups_are_no_source_and_told_as_destinations(void **)
{
	for (uint64_t low = 0; low < 256; low++) {
		const struct ip group = {(0xff00 | low) << 48, 5};

		assert_int_equal(verdict_of(group, B), DROP_MARTIAN_SOURCE);
		assert_int_equal(verdict_of(A, group), DROP_MULTICAST);
		assert_int_equal(verdict_of(group, group), DROP_MARTIAN_SOURCE);
	}
	/* Who has no address yet may speak to a group, who has a wrong one may not. */
	assert_int_equal(verdict_of(IP6(0, 0), IP6_ALL_ROUTERS), DROP_MULTICAST);
	assert_int_equal(verdict_of(IP6(0, 1), IP6_ALL_ROUTERS), DROP_MARTIAN_SOURCE);
}

static void a_link_local_source_is_marked(void **)
{
	for (uint64_t high = 0xfe7f; high <= 0xfec0; high++) {
		bool near = high >= 0xfe80 && high < 0xfec0;
		struct ip host = {high << 48, 9};

		assert_int_equal(seen_of(host, B).v, KEEP);
		assert_int_equal(seen_of(host, B).flags, near ? PKT_LINK : 0);
		assert_int_equal(seen_of(A, host).flags, 0);
	}
}

/* ip6-hbh-truncated, -jumbo */
static void a_hop_by_hop_header_has_to_fit(void **)
{
	static const uint8_t padding[2046];
	uint8_t *head = packet_head6(&p);

	for (uint32_t n = 6; n < sizeof(padding); n += 8) {
		struct seen s;

		make(0);
		packet_ext6(&p, IP6_HOP_BY_HOP, padding, n);
		s = parse(p.len - 14);
		assert_int_equal(s.v, KEEP);
		assert_int_equal(s.flags, PKT_OPTIONS);
		head[41]++;
		if (head[41] != 0)
			assert_int_equal(parse(p.len - 14).v, DROP_IP_HEADER);
	}
	for (uint32_t payload = 0; payload < 8; payload++) {
		make(payload);
		head[6] = IP6_HOP_BY_HOP;
		head[41] = 0;
		assert_int_equal(parse(60).v, payload == 0 ? DROP_JUMBO : DROP_IP_HEADER);
	}
}

/* RFC 7045: whatever follows, however malformed, is not looked at. */
static void other_headers_are_not_looked_at(void **)
{
	for (uint32_t next = 1; next < 256; next++) {
		for (uint32_t payload = 0; payload < 3; payload++) {
			packet_ip6(&p,
			           &(struct packet_ip6){.src = A, .dst = B, .next = (uint8_t)next},
			           payload);
			assert_int_equal(parse(40 + payload).v, KEEP);
			assert_int_equal(parse(40 + payload).flags, 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_total_is_the_packets_own),
		cmocka_unit_test(only_version_6_passes),
		cmocka_unit_test(only_what_is_nobodys_is_refused),
		cmocka_unit_test(groups_are_no_source_and_told_as_destinations),
		cmocka_unit_test(a_link_local_source_is_marked),
		cmocka_unit_test(a_hop_by_hop_header_has_to_fit),
		cmocka_unit_test(other_headers_are_not_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
