/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/rcu.h"
#include "route/fib4.h"
#include "route/fib6.h"
#include "table/lpm6.h"

static int setup(void **state)
{
	struct fib6 *fib = NULL;
	int err = fib6_new(&fib);

	*state = fib;
	return err;
}

static int teardown(void **state)
{
	fib6_free(*state);
	return 0;
}

static struct ip ip(const char *text)
{
	uint8_t addr[16];

	assert_int_equal(inet_pton(AF_INET6, text, addr), 1);
	return ip_load(addr);
}

static struct fib6_route route(const char *dst, uint8_t len, uint16_t nh)
{
	return (struct fib6_route){.dst = ip(dst), .len = len, .source = ROUTE_STATIC, .nh = nh};
}

static void add(struct fib6 *fib, const char *dst, uint8_t len, uint16_t nh)
{
	const struct fib6_route r = route(dst, len, nh);
	uint16_t old;

	assert_int_equal(fib6_insert(fib, &r, &old), 0);
	assert_int_equal(old, 0);
}

static void del(struct fib6 *fib, const char *dst, uint8_t len, uint16_t nh)
{
	const struct fib6_route r = route(dst, len, 0);
	uint16_t old;

	assert_int_equal(fib6_remove(fib, &r, &old), 0);
	assert_int_equal(old, nh);
}

static uint32_t find(const struct fib6 *fib, const char *dst)
{
	return fib6_lookup_one(fib, ip(dst));
}

static void longest_prefix_wins(void **state)
{
	struct fib6 *fib = *state;

	add(fib, "2001:db8:1:2::3", 128, 7);
	add(fib, "::", 0, 1);
	add(fib, "2001:db8:1:2::", 64, 6);
	add(fib, "2001:db8:1::", 48, 5);
	add(fib, "2000::", 3, 2);
	add(fib, "2001::", 16, 3);
	add(fib, "2001:db8::", 32, 4);
	assert_int_equal(find(fib, "fd00::1"), 1);
	assert_int_equal(find(fib, "1fff:ffff::"), 1);
	assert_int_equal(find(fib, "4000::"), 1);
	assert_int_equal(find(fib, "2400::"), 2);
	assert_int_equal(find(fib, "2001:db9::"), 3);
	assert_int_equal(find(fib, "2001:db8:2::"), 4);
	assert_int_equal(find(fib, "2001:db8:1:3::"), 5);
	assert_int_equal(find(fib, "2001:db8:1:2::4"), 6);
	assert_int_equal(find(fib, "2001:db8:1:2::2"), 6);
	assert_int_equal(find(fib, "2001:db8:1:2::3"), 7);
}

static void a_removed_prefix_uncovers_the_next_shorter_one(void **state)
{
	struct fib6 *fib = *state;

	longest_prefix_wins(state);
	del(fib, "2001:db8:1:2::", 64, 6);
	assert_int_equal(find(fib, "2001:db8:1:2::4"), 5);
	assert_int_equal(find(fib, "2001:db8:1:2::3"), 7);
	del(fib, "2001:db8:1:2::3", 128, 7);
	assert_int_equal(find(fib, "2001:db8:1:2::3"), 5);
	del(fib, "2001:db8:1::", 48, 5);
	assert_int_equal(find(fib, "2001:db8:1:2::3"), 4);
	del(fib, "::", 0, 1);
	assert_int_equal(find(fib, "fd00::1"), 0);
	assert_int_equal(find(fib, "2400::"), 2);
	del(fib, "2001:db8::", 32, 4);
	del(fib, "2000::", 3, 2);
	assert_int_equal(find(fib, "2400::"), 0);
	del(fib, "2001::", 16, 3);
	assert_int_equal(find(fib, "2001:db8:1:2::3"), 0);
}

/* What lies outside 2000::/3 goes by an index of its own; some prefixes cover both. */
static void prefixes_of_few_bits_cover_what_they_should(void **state)
{
	static const char *const top[] = {
		"::", "2000::", "4000::", "6000::", "8000::", "a000::", "c000::", "e000::"};
	struct fib6 *fib = *state;

	for (uint8_t len = 1; len <= 3; len++) {
		for (unsigned int i = 0; i < 8; i += 8u >> len)
			add(fib, top[i], len, (uint16_t)(len * 10 + (i >> (3 - len))));
	}
	for (uint8_t len = 3; len >= 1; len--) {
		for (unsigned int i = 0; i < 8; i++) {
			struct ip a = ip(top[i]);
			uint32_t want = len * 10u + (i >> (3 - len));

			assert_int_equal(fib6_lookup_one(fib, a), want);
			a = (struct ip){a.hi | ~0ull >> 3, ~0ull};
			assert_int_equal(fib6_lookup_one(fib, a), want);
		}
		for (unsigned int i = 0; i < 8; i += 8u >> len)
			del(fib, top[i], len, (uint16_t)(len * 10 + (i >> (3 - len))));
	}
	assert_int_equal(find(fib, "2001::"), 0);
}

static void link_local_unique_local_and_multicast_addresses_are_routed(void **state)
{
	struct fib6 *fib = *state;

	add(fib, "::", 0, 1);
	add(fib, "fe80::", 10, 2);
	add(fib, "fc00::", 7, 3);
	add(fib, "fd12:3456:789a::", 48, 4);
	add(fib, "fd12:3456:789a:1::", 64, 5);
	add(fib, "ff00::", 8, 6);
	assert_int_equal(find(fib, "fe80::1"), 2);
	assert_int_equal(find(fib, "febf:ffff::1"), 2);
	assert_int_equal(find(fib, "fec0::1"), 1);
	assert_int_equal(find(fib, "fc00::1"), 3);
	assert_int_equal(find(fib, "fd12:3456:7899:ffff::"), 3);
	assert_int_equal(find(fib, "fd12:3456:789a:2::1"), 4);
	assert_int_equal(find(fib, "fd12:3456:789a:1:2:3:4:5"), 5);
	assert_int_equal(find(fib, "ff02::1"), 6);
	assert_int_equal(find(fib, "fe00::1"), 1);
}

/* A subnet with the router's address and anycast address in it. */
static void a_host_route_does_not_disturb_its_neighbours(void **state)
{
	struct fib6 *fib = *state;

	add(fib, "::", 0, 1);
	add(fib, "2001:db8:0:1::", 64, 2);
	add(fib, "2001:db8:0:1::", 128, 3);
	add(fib, "2001:db8:0:1::1", 128, 4);
	add(fib, "2001:db8:0:1:ffff:ffff:ffff:ffff", 128, 5);
	add(fib, "2001:db8:0:2::", 127, 6);
	assert_int_equal(find(fib, "2001:db8:0:0:ffff:ffff:ffff:ffff"), 1);
	assert_int_equal(find(fib, "2001:db8:0:1::"), 3);
	assert_int_equal(find(fib, "2001:db8:0:1::1"), 4);
	assert_int_equal(find(fib, "2001:db8:0:1::2"), 2);
	assert_int_equal(find(fib, "2001:db8:0:1:ffff:ffff:ffff:fffe"), 2);
	assert_int_equal(find(fib, "2001:db8:0:1:ffff:ffff:ffff:ffff"), 5);
	assert_int_equal(find(fib, "2001:db8:0:2::"), 6);
	assert_int_equal(find(fib, "2001:db8:0:2::1"), 6);
	assert_int_equal(find(fib, "2001:db8:0:2::2"), 1);
	assert_int_equal(find(fib, "2001:db8:0:3::"), 1);
}

static void the_last_address_of_all_can_be_routed(void **state)
{
	struct fib6 *fib = *state;

	add(fib, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128, 1);
	add(fib, "ffff:ffff:ffff::", 48, 2);
	add(fib, "::", 128, 3);
	assert_int_equal(find(fib, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 1);
	assert_int_equal(find(fib, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"), 2);
	assert_int_equal(find(fib, "ffff:ffff:fffe:ffff::"), 0);
	assert_int_equal(find(fib, "::"), 3);
	assert_int_equal(find(fib, "::1"), 0);
}

/* Thousands in one entry of the index, so that there are nodes below nodes; then they go. */
static void a_crowded_bucket_grows_and_shrinks(void **state)
{
	struct fib6 *fib = *state;
	const struct lines *lines = fib6_table(fib)->lines;
	uint32_t least;
	uint16_t old;

	add(fib, "2001:db8::", 32, 1);
	least = lines_used(lines);
	for (uint32_t i = 0; i < 4000; i++) {
		struct fib6_route r = route("2001:db8::", 48, (uint16_t)(2 + i));

		r.dst.hi |= (uint64_t)(i * 7 % 65536) << 16;
		assert_int_equal(fib6_insert(fib, &r, &old), 0);
	}
	for (uint32_t i = 0; i < 65536; i++) {
		struct ip a = {0x20010db800000000ull | (uint64_t)i << 16 | 5, 9};

		assert_int_equal(fib6_lookup_one(fib, a),
		                 i % 7 == 0 && i / 7 < 4000 ? 2 + i / 7 : 1);
	}
	del(fib, "2001:db8::", 32, 1);
	assert_int_equal(find(fib, "2001:db8:1::"), 0);
	assert_int_equal(find(fib, "2001:db8:7::"), 3);
	add(fib, "2001:db8::", 32, 1);
	for (uint32_t i = 0; i < 4000; i++) {
		struct fib6_route r = route("2001:db8::", 48, 0);

		r.dst.hi |= (uint64_t)(i * 7 % 65536) << 16;
		assert_int_equal(fib6_remove(fib, &r, &old), 0);
	}
	assert_int_equal(lines_used(lines), least);
	assert_int_equal(find(fib, "2001:db8:7::"), 1);
}

static void lowest_metric_wins_then_lowest_source(void **state)
{
	struct fib6_route r = route("fd00::", 8, 1);
	struct fib6 *fib = *state;
	struct fib6_stats s;
	uint16_t old;

	r.metric = 20;
	assert_int_equal(fib6_insert(fib, &r, &old), 0);
	r.metric = 10;
	r.nh = 2;
	assert_int_equal(fib6_insert(fib, &r, &old), 0);
	assert_int_equal(fib6_lookup_one(fib, r.dst), 2);
	r.metric = 30;
	r.nh = 3;
	assert_int_equal(fib6_insert(fib, &r, &old), 0);
	assert_int_equal(fib6_lookup_one(fib, r.dst), 2);
	r.metric = 10;
	r.source = ROUTE_CONNECTED;
	r.nh = 4;
	assert_int_equal(fib6_insert(fib, &r, &old), 0);
	assert_int_equal(fib6_lookup_one(fib, r.dst), 4);
	assert_int_equal(fib6_find(fib, &r), 4);
	fib6_stats(fib, &s);
	assert_int_equal(s.routes, 4);
	assert_int_equal(s.prefixes, 1);
	assert_int_equal(fib6_remove(fib, &r, &old), 0);
	assert_int_equal(old, 4);
	assert_int_equal(fib6_lookup_one(fib, r.dst), 2);
	assert_int_equal(fib6_remove(fib, &r, &old), -ENOENT);
	assert_int_equal(fib6_find(fib, &r), 0);
}

static void the_same_route_again_replaces_its_next_hop(void **state)
{
	struct fib6_route r = route("fd00::", 8, 7);
	struct fib6_stats s;
	uint16_t old;

	add(*state, "fd00::", 8, 1);
	assert_int_equal(fib6_insert(*state, &r, &old), 0);
	assert_int_equal(old, 1);
	assert_int_equal(fib6_lookup_one(*state, r.dst), 7);
	fib6_stats(*state, &s);
	assert_int_equal(s.routes, 1);
}

static void nonsense_is_refused(void **state)
{
	const struct fib6_route bad[] = {
		{.dst = {0xfd00ull << 48, 1}, .len = 8, .nh = 1},
		{.dst = {0, 1}, .len = 0, .nh = 1},
		{.dst = {0, 1}, .len = 127, .nh = 1},
		{.dst = {0, 0}, .len = 129, .nh = 1},
		{.dst = {0, 0}, .len = 0, .nh = 0},
		{.dst = {0, 0}, .len = 0, .nh = 32768},
	};
	struct fib6_route copy;
	uint16_t old;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(fib6_insert(*state, &bad[i], &old), -EINVAL);
		assert_int_equal(fib6_remove(*state, &bad[i], &old), -ENOENT);
		copy = bad[i];
		assert_int_equal(fib6_load(*state, &copy, 1), -EINVAL);
	}
}

/* Subnets, each in a /48 of its own. */
static struct fib6_route spread(uint32_t i, uint16_t nh)
{
	struct fib6_route r = route("2001:db8::", 64, nh);

	r.dst.hi += (uint64_t)i << 16 | 1;
	return r;
}

static void more_subs_than_there_are_are_refused_and_counted(void **state)
{
	struct fib6 *fib = *state;
	struct fib6_route r;
	struct fib6_stats s;
	uint16_t old;

	add(fib, "::", 0, 1);
	for (uint32_t i = 0; i < 40000; i++) {
		r = spread(i, 2);
		assert_int_equal(fib6_insert(fib, &r, &old), i < LPM6_MAX_SUBS ? 0 : -ENOSPC);
	}
	fib6_stats(fib, &s);
	assert_int_equal(s.routes, LPM6_MAX_SUBS + 1);
	assert_int_equal(s.prefixes, LPM6_MAX_SUBS + 1);
	assert_int_equal(s.refused, 40000 - LPM6_MAX_SUBS);
	for (uint32_t i = 0; i < 40000; i++) {
		struct ip a = spread(i, 0).dst;

		assert_int_equal(fib6_lookup_one(fib, a), i < LPM6_MAX_SUBS ? 2 : 1);
		a.hi ^= 1;
		assert_int_equal(fib6_lookup_one(fib, a), 1);
	}
	r = spread(9, 0);
	assert_int_equal(fib6_remove(fib, &r, &old), 0);
	assert_int_equal(fib6_lookup_one(fib, r.dst), 1);
	r = spread(39999, 4); /* takes the one given back */
	assert_int_equal(fib6_insert(fib, &r, &old), 0);
	assert_int_equal(fib6_lookup_one(fib, r.dst), 4);
}

static void a_load_of_too_many_subs_changes_nothing(void **state)
{
	struct fib6_route *r = calloc(40000, sizeof(*r));
	struct fib6_stats s;

	assert_non_null(r);
	for (uint32_t i = 0; i < 40000; i++)
		r[i] = spread(i, 2);
	assert_int_equal(fib6_load(*state, r, 40000), -ENOSPC);
	fib6_stats(*state, &s);
	assert_int_equal(s.routes, 0);
	assert_int_equal(s.prefixes, 0);
	assert_int_equal(s.refused, 1);
	assert_int_equal(lines_used(fib6_table(*state)->lines), 0);
	assert_int_equal(lpm6_subs(fib6_table(*state)), 0);
	assert_int_equal(fib6_lookup_one(*state, r[0].dst), 0);
	assert_int_equal(fib6_load(*state, r, LPM6_MAX_SUBS), 0);
	assert_int_equal(fib6_lookup_one(*state, r[0].dst), 2);
	assert_int_equal(fib6_load(*state, r, 1), -EBUSY);
	free(r);
}

static void of_equal_routes_in_a_load_the_last_one_wins(void **state)
{
	struct fib6_route r[] = {route("fd00::", 8, 1), route("fd00::", 8, 2),
	                         route("fd01::", 16, 3), route("fd00::", 8, 4),
	                         route("2001:db8::", 32, 5)};
	struct fib6_stats s;

	r[1].metric = 5;
	assert_int_equal(fib6_load(*state, r, ARRAY_SIZE(r)), 0);
	assert_int_equal(find(*state, "fd00::1"), 4);
	assert_int_equal(find(*state, "fd01::1"), 3);
	assert_int_equal(find(*state, "2001:db8::1"), 5);
	fib6_stats(*state, &s);
	assert_int_equal(s.routes, 4);
	assert_int_equal(s.prefixes, 3);
}

static void the_walk_goes_in_order_and_says_who_is_in_force(void **state)
{
	struct fib6_route want[] = {
		route("::", 0, 1),
		route("2001:db8::", 32, 2),
		route("2001:db8::", 64, 3),
		route("2001:db8::", 64, 4),
		route("2001:db8::", 64, 5),
		route("2001:db8::", 128, 6),
		route("2001:db8::1", 128, 7),
		route("8000::", 1, 8),
		route("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128, 9),
	};
	const bool force[] = {true, true, true, false, false, true, true, true, true};
	struct fib6_route r;
	uint16_t old;
	bool best;

	want[2].source = ROUTE_CONNECTED;
	want[2].metric = want[3].metric = 5;
	want[4].source = ROUTE_LOCAL;
	want[4].metric = 6;
	assert_false(fib6_next(*state, NULL, &r, &best));
	for (size_t i = ARRAY_SIZE(want); i-- > 0;)
		assert_int_equal(fib6_insert(*state, &want[i], &old), 0);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		assert_true(fib6_next(*state, i == 0 ? NULL : &r, &r, &best));
		assert_memory_equal(&r, &want[i], sizeof(r));
		assert_int_equal(best, force[i]);
	}
	assert_false(fib6_next(*state, &r, &r, &best));
}

static void the_walk_goes_on_where_the_last_route_is_gone(void **state)
{
	struct fib6_route r = route("fd00::7", 128, 0);
	bool best;

	add(*state, "fd00::6", 128, 1);
	add(*state, "fd01::", 30, 2);
	assert_true(fib6_next(*state, &r, &r, &best));
	assert_int_equal(r.nh, 2);
	assert_true(best);
	del(*state, "fd01::", 30, 2);
	assert_false(fib6_next(*state, &r, &r, &best));
}

static void a_batch_finds_what_one_key_finds(void **state)
{
	uint64_t hi[64], lo[64];
	uint32_t id[64];

	longest_prefix_wins(state);
	for (uint32_t i = 0; i < 64; i++) {
		hi[i] = 0x20010db800010000ull + (i & 3);
		lo[i] = i >> 2 & 3;
	}
	for (uint32_t n = 1; n <= 64; n++) {
		memset(id, 0xff, sizeof(id));
		fib6_lookup(*state, hi, lo, id, n);
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(id[i], fib6_lookup_one(*state, (struct ip){hi[i], lo[i]}));
	}
}

static void a_batch_to_one_address_is_told_from_one_that_only_begins_and_ends_so(void **state)
{
	uint64_t hi[64], lo[64];
	uint32_t id[64];

	longest_prefix_wins(state);
	for (uint32_t odd = 0; odd <= 64; odd++) {
		for (uint32_t i = 0; i < 64; i++) {
			hi[i] = 0x20010db800010002ull;
			lo[i] = i == odd ? 4 : 3;
		}
		for (uint32_t n = 1; n <= 64; n++) {
			memset(id, 0xff, sizeof(id));
			fib6_lookup(*state, hi, lo, id, n);
			for (uint32_t i = 0; i < n; i++)
				assert_int_equal(id[i], i == odd ? 6 : 7);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(longest_prefix_wins),
		TEST(a_removed_prefix_uncovers_the_next_shorter_one),
		TEST(prefixes_of_few_bits_cover_what_they_should),
		TEST(link_local_unique_local_and_multicast_addresses_are_routed),
		TEST(a_host_route_does_not_disturb_its_neighbours),
		TEST(the_last_address_of_all_can_be_routed),
		TEST(a_crowded_bucket_grows_and_shrinks),
		TEST(lowest_metric_wins_then_lowest_source),
		TEST(the_same_route_again_replaces_its_next_hop),
		TEST(nonsense_is_refused),
		TEST(more_subs_than_there_are_are_refused_and_counted),
		TEST(a_load_of_too_many_subs_changes_nothing),
		TEST(of_equal_routes_in_a_load_the_last_one_wins),
		TEST(the_walk_goes_in_order_and_says_who_is_in_force),
		TEST(the_walk_goes_on_where_the_last_route_is_gone),
		TEST(a_batch_finds_what_one_key_finds),
		TEST(a_batch_to_one_address_is_told_from_one_that_only_begins_and_ends_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
