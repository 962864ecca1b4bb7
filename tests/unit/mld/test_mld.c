/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mld/mld.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/icmp6.h"
#include "wire/ip6.h"

#define SECOND   NS_PER_SEC
#define OUR_MAC  0x010000000002ull
#define OUR_LINK ((struct ip){0xfe80ull << 48, 0x111111})
#define GLOBAL   ((struct ip){0x20010db800010000, 0x222222})
#define N_SAID   1024
#define NONE     ((struct ip){0, 0})

/* Of a record or a message of MLDv1 that was sent: what it said of which group, and when. */
struct said {
	uint64_t at;
	uint8_t what; /* type of the record; of MLDv1 that of the message */
	struct ip group, source;
};

struct bed {
	struct mld *m;
	uint64_t now;
	uint32_t n_frames, n_said;
	struct said said[N_SAID];
};

static void say(struct bed *bed, uint8_t what, const uint8_t *group, const uint8_t *ip)
{
	bed->said[bed->n_said++ % N_SAID] =
		(struct said){bed->now, what, ip_load(group), ip6_src(ip)};
}

/* RFC 3810 5.2: the records, one behind the other, without sources. */
static void records(struct bed *bed, const uint8_t *ip, const uint8_t *m, uint32_t len)
{
	uint32_t n = __builtin_bswap16(load16(m + 6));

	assert_true(ip_equal(ip6_dst(ip), IP6_ALL_MLDV2));
	assert_int_equal(len, 8 + 20 * n);
	assert_int_equal(load16(m + 4), 0);
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *r = m + 8 + 20ul * i;

		assert_int_equal(r[1] | r[2] | r[3], 0);
		say(bed, r[0], r + 4, ip);
	}
}

/* What holds of all that is sent: hop limit 1, router alert (RFC 3810 5, RFC 2710 3). */
static void on_send(void *ctx, uint16_t iface, const uint8_t *frame, uint16_t len)
{
	const uint8_t *ip = frame + ETHER_LEN, *alert = ip + IP6_LEN, *m = alert + 8;
	uint32_t n = len - ICMP6_FRAME_HEAD(true);
	struct bed *bed = ctx;

	assert_int_equal(iface, 0);
	assert_in_range(len, ICMP6_FRAME_HEAD(true) + 24, ETHER_LEN + IP6_MIN_MTU);
	assert_true(mac_load(frame) == ip6_group_mac(ip6_dst(ip)));
	assert_true(mac_load(frame + 6) == OUR_MAC);
	assert_int_equal(ip6_payload_len(ip), n + 8);
	assert_int_equal(ip6_hop_limit(ip), 1);
	assert_int_equal(ip6_next(ip), IP6_HOP_BY_HOP);
	assert_memory_equal(alert, "\x3a\0\5\2\0\0\1\0", 8);
	assert_int_equal(csum_fold(csum_add(m, n, csum_pseudo6(ip, IP6_ICMP, n))), 0xffff);
	assert_int_equal(m[1], 0);
	bed->n_frames++;
	if (m[0] == ICMP6_MLD2_REPORT) {
		records(bed, ip, m, n);
		return;
	}
	assert_int_equal(n, 24);
	assert_true(
		ip_equal(ip6_dst(ip), m[0] == ICMP6_MLD1_DONE ? IP6_ALL_ROUTERS : ip_load(m + 8)));
	say(bed, m[0], m + 8, ip);
}

static const struct mld_ops ops = {.send = on_send};

/* Interface 0 has the @n addresses @addr6. */
static void bed_ifaces(struct bed *bed, bool up, const struct iface_addr6 *addr6, uint16_t n)
{
	const struct iface f = {
		.mac = OUR_MAC, .mtu = 1500, .up = up, .n_addr6 = n, .addr6 = addr6, .name = "p1"};
	struct ifaces *s = ifaces_new(2);

	assert_non_null(s);
	assert_int_equal(ifaces_set(s, &f), 0);
	assert_int_equal(mld_reserve(bed->m, s), 0);
	mld_set_ifaces(bed->m, s, bed->now);
	ifaces_free(s);
}

static const struct iface_addr6 two[] = {{OUR_LINK, 64, ADDR_USABLE}, {GLOBAL, 64, ADDR_USABLE}};

static struct bed *bed_open(uint64_t seed)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	bed->now = 1000 * SECOND;
	assert_int_equal(mld_new(&bed->m, &ops, bed, 2, seed), 0);
	return bed;
}

static void bed_close(struct bed *bed)
{
	mld_free(bed->m);
	free(bed);
}

/* Let @ns pass, with every timer at its time. */
static void bed_pass(struct bed *bed, uint64_t ns)
{
	uint64_t end = bed->now + ns, next;

	while ((next = mld_tick(bed->m, bed->now)) <= end) {
		assert_true(next > bed->now); /* what was due is done */
		bed->now = next;
	}
	bed->now = end;
}

/* In the two groups and all routers, and everything said about it. */
static struct bed *bed_joined(uint64_t seed)
{
	struct bed *bed = bed_open(seed);

	bed_ifaces(bed, true, two, 2);
	bed_pass(bed, 2 * SECOND);
	bed->n_said = 0;
	bed->n_frames = 0;
	return bed;
}

static void ask(struct bed *bed, struct ip group, uint16_t code, uint16_t version)
{
	mld_query(bed->m, 0, &(struct mld_query){group, code, version}, bed->now);
}

/* How often from the @from-th on @what was said of @group; 0: whatever. */
static uint32_t count(const struct bed *bed, uint32_t from, uint8_t what, struct ip group)
{
	uint32_t n = 0;

	for (uint32_t i = from; i < bed->n_said; i++)
		n += (what == 0 || bed->said[i].what == what) &&
		     ip_equal(bed->said[i].group, group);
	return n;
}

enum { IS_EX = 2, TO_IN = 3, TO_EX = 4 };

/* RFC 4291 2.8 */
static void an_interface_is_in_the_groups_of_its_addresses(void **)
{
	static const struct iface_addr6 addr6[] = {
		{OUR_LINK, 64, ADDR_TENTATIVE},
		{{0x20010db800010000, 0x111111}, 64, ADDR_USABLE}, /* the same group */
		{{0x20010db800010000, 0x333333}, 64, ADDR_DUPLICATE},
		{GLOBAL, 64, ADDR_USABLE},
	};
	struct iface f = {.n_addr6 = 4, .addr6 = addr6};
	struct ip groups[5];

	assert_int_equal(mld_groups(&f, groups), 3);
	assert_true(ip_equal(groups[0], IP6_ALL_ROUTERS));
	assert_true(ip_equal(groups[1], ip6_solicited_node(OUR_LINK)));
	assert_true(ip_equal(groups[2], ip6_solicited_node(GLOBAL)));
	f.n_addr6 = 0;
	assert_int_equal(mld_groups(&f, groups), 0);
}

/* RFC 3810 6.1, 9.1, 9.11 */
static void groups_are_reported_at_once_and_once_more_within_a_second(void **)
{
	uint64_t shortest = UINT64_MAX, longest = 0;

	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct bed *bed = bed_open(seed);
		uint64_t start = bed->now, wait;

		bed_ifaces(bed, true, two, 2);
		assert_int_equal(bed->n_frames, 1);
		bed_pass(bed, 3600 * SECOND);
		assert_int_equal(bed->n_frames, 2);
		assert_int_equal(bed->n_said, 6);
		for (uint32_t i = 0; i < 6; i++) {
			assert_int_equal(bed->said[i].what, TO_EX);
			assert_true(ip_equal(bed->said[i].source, OUR_LINK));
		}
		assert_int_equal(count(bed, 0, TO_EX, IP6_ALL_ROUTERS), 2);
		assert_int_equal(count(bed, 0, TO_EX, ip6_solicited_node(OUR_LINK)), 2);
		assert_int_equal(count(bed, 0, TO_EX, ip6_solicited_node(GLOBAL)), 2);
		wait = bed->said[3].at - start;
		assert_in_range(wait, 1, SECOND);
		shortest = wait < shortest ? wait : shortest;
		longest = wait > longest ? wait : longest;
		bed_close(bed);
	}
	assert_true(shortest < SECOND / 20 && longest > SECOND - SECOND / 20);
}

static void only_what_is_new_is_reported(void **)
{
	struct bed *bed = bed_open(1);

	bed_ifaces(bed, true, two, 1);
	bed_pass(bed, 2 * SECOND);
	bed_ifaces(bed, true, two, 1);
	bed_pass(bed, 2 * SECOND);
	assert_int_equal(bed->n_said, 4);
	bed_ifaces(bed, true, two, 2);
	bed_pass(bed, 2 * SECOND);
	assert_int_equal(bed->n_said, 6);
	assert_int_equal(count(bed, 4, TO_EX, ip6_solicited_node(GLOBAL)), 2);
	bed_close(bed);
}

static void what_is_left_is_reported_and_then_forgotten(void **)
{
	struct bed *bed = bed_joined(1);

	bed_ifaces(bed, true, two, 1);
	assert_int_equal(bed->n_said, 1);
	bed_pass(bed, 2 * SECOND);
	assert_int_equal(bed->n_said, 2);
	assert_int_equal(count(bed, 0, TO_IN, ip6_solicited_node(GLOBAL)), 2);
	ask(bed, NONE, 1000, 2);
	bed_pass(bed, 2 * SECOND);
	assert_int_equal(count(bed, 2, 0, ip6_solicited_node(GLOBAL)), 0);
	assert_int_equal(bed->n_said, 4);
	bed_close(bed);
}

static void what_is_joined_again_is_not_left(void **)
{
	struct bed *bed = bed_joined(1);

	bed_ifaces(bed, true, two, 1);
	bed_ifaces(bed, true, two, 2);
	bed_pass(bed, 2 * SECOND);
	assert_int_equal(count(bed, 0, TO_IN, ip6_solicited_node(GLOBAL)), 1);
	assert_int_equal(count(bed, 0, TO_EX, ip6_solicited_node(GLOBAL)), 2);
	assert_int_equal(bed->said[bed->n_said - 1].what, TO_EX);
	bed_close(bed);
}

/* RFC 3590 4 */
static void reports_come_from_nowhere_until_there_is_an_address(void **)
{
	static const struct iface_addr6 tentative[] = {{OUR_LINK, 64, ADDR_TENTATIVE}};
	struct bed *bed = bed_open(1);

	bed_ifaces(bed, true, tentative, 1);
	bed_pass(bed, 2 * SECOND);
	assert_int_equal(bed->n_said, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_true(ip_is_none(bed->said[i].source));
	bed_ifaces(bed, true, two, 1);
	bed_pass(bed, 2 * SECOND);
	assert_int_equal(bed->n_said, 8);
	for (uint32_t i = 4; i < 8; i++) {
		assert_true(ip_equal(bed->said[i].source, OUR_LINK));
		assert_int_equal(bed->said[i].what, TO_EX);
	}
	bed_close(bed);
}

/* RFC 3810 6.2: within the time that the query gives, and at random. */
static void a_query_about_all_groups_is_answered_in_time(void **)
{
	uint64_t shortest = UINT64_MAX, longest = 0;
	struct bed *bed = bed_joined(1);

	for (uint32_t i = 0; i < 200; i++) {
		uint64_t asked = bed->now, wait;

		bed->n_said = 0;
		ask(bed, NONE, 10000, 2);
		bed_pass(bed, 10 * SECOND);
		assert_int_equal(bed->n_frames, i + 1);
		assert_int_equal(bed->n_said, 3);
		assert_int_equal(count(bed, 0, IS_EX, IP6_ALL_ROUTERS), 1);
		assert_int_equal(count(bed, 0, IS_EX, ip6_solicited_node(GLOBAL)), 1);
		assert_int_equal(count(bed, 0, IS_EX, ip6_solicited_node(OUR_LINK)), 1);
		wait = bed->said[0].at - asked;
		shortest = wait < shortest ? wait : shortest;
		longest = wait > longest ? wait : longest;
	}
	assert_true(shortest < SECOND / 2);
	assert_in_range(longest, 9 * SECOND + SECOND / 2, 10 * SECOND);
	bed_close(bed);
}

static void a_query_about_a_group_is_answered_for_that_group(void **)
{
	struct bed *bed = bed_joined(1);

	ask(bed, ip6_solicited_node(GLOBAL), 1000, 2);
	ask(bed, (struct ip){0xff02ull << 48, 0x1234}, 1000, 2); /* we are not in it */
	ask(bed, IP6_ALL_NODES, 1000, 2);                        /* never reported */
	bed_pass(bed, SECOND);
	assert_int_equal(bed->n_said, 1);
	assert_int_equal(count(bed, 0, IS_EX, ip6_solicited_node(GLOBAL)), 1);
	bed_close(bed);
}

/* RFC 3810 6.2, rules 1, 2 and 4: one answer, at the sooner time. */
static void queries_that_come_together_get_one_answer(void **)
{
	struct bed *bed = bed_joined(1);

	for (int i = 0; i < 100; i++) {
		ask(bed, NONE, 1000, 2);
		ask(bed, NONE, 20000, 2);
	}
	bed_pass(bed, SECOND);
	assert_int_equal(bed->n_frames, 1);
	bed_pass(bed, 20 * SECOND);
	assert_int_equal(bed->n_frames, 1);
	ask(bed, IP6_ALL_ROUTERS, 60000 / 2, 2);
	ask(bed, NONE, 0, 2);
	bed_pass(bed, 60 * SECOND);
	assert_int_equal(bed->n_frames, 2);
	bed_close(bed);
}

/* RFC 3810 5.1.3: 0x8000 | exp << 12 | mant is (mant | 0x1000) << (exp + 3) ms. */
/* Whoever asks all the time, for an answer at once, makes no flood of answers. */
static void a_flood_of_queries_gets_ten_answers_a_second(void **)
{
	for (uint16_t version = 1; version <= 2; version++) {
		struct bed *bed = bed_joined(3);
		uint32_t from = bed->n_said, n;

		for (int i = 0; i < 1000; i++) {
			ask(bed, i % 2 == 0 ? NONE : IP6_ALL_ROUTERS, 0, version);
			bed_pass(bed, SECOND / 1000);
		}
		n = count(bed, from, version == 1 ? ICMP6_MLD1_REPORT : IS_EX, IP6_ALL_ROUTERS);
		assert_in_range(n, 9, 11);
		bed_close(bed);
	}
}

static void long_response_times_are_floating_point(void **)
{
	static const struct {
		uint16_t code, version;
		uint64_t ms;
	} cases[] = {
		{0x7fff, 2, 32767},   {0x8000, 2, 32768}, {0x9234, 2, 0x1234ull << 4},
		{0xffff, 2, 8387584}, {0xffff, 1, 65535},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t longest = 0, max = cases[i].ms * NS_PER_MS;

		for (uint64_t seed = 1; seed <= 200; seed++) {
			struct bed *bed = bed_joined(seed);
			uint64_t asked = bed->now, wait;

			ask(bed, IP6_ALL_ROUTERS, cases[i].code, cases[i].version);
			bed_pass(bed, 9000 * SECOND);
			assert_int_equal(bed->n_said, 1);
			wait = bed->said[0].at - asked;
			longest = wait > longest ? wait : longest;
			bed_close(bed);
		}
		assert_in_range(longest, max - max / 20, max);
	}
}

static void without_a_link_nothing_is_said(void **)
{
	struct bed *bed = bed_joined(1);

	ask(bed, NONE, 10000, 2);
	bed_ifaces(bed, false, two, 2);
	ask(bed, NONE, 1000, 2);
	bed_pass(bed, 100 * SECOND);
	assert_int_equal(bed->n_said, 0);
	bed_ifaces(bed, true, two, 2);
	bed_pass(bed, 2 * SECOND);
	assert_int_equal(bed->n_said, 6);
	bed_close(bed);
}

static void an_interface_that_goes_leaves_its_groups(void **)
{
	struct bed *bed = bed_joined(1);

	assert_true(mld_stop(bed->m, 0, bed->now));
	assert_int_equal(bed->n_frames, 1);
	assert_int_equal(count(bed, 0, TO_IN, IP6_ALL_ROUTERS), 1);
	assert_int_equal(count(bed, 0, TO_IN, ip6_solicited_node(GLOBAL)), 1);
	assert_int_equal(bed->n_said, 3);
	assert_false(mld_stop(bed->m, 0, bed->now));
	assert_true(mld_tick(bed->m, bed->now) == UINT64_MAX);
	bed_close(bed);
}

/* RFC 3810 5.2.15, and ORDER_BYTES: a report is at most 1280 bytes, 61 records. */
static void many_groups_take_several_reports(void **)
{
	struct iface_addr6 many[150];
	struct bed *bed = bed_open(1);

	many[0] = two[0];
	for (size_t i = 1; i < ARRAY_SIZE(many); i++)
		many[i] = (struct iface_addr6){{GLOBAL.hi, i}, 64, ADDR_USABLE};
	bed_ifaces(bed, true, many, ARRAY_SIZE(many));
	assert_int_equal(bed->n_frames, 3);
	assert_int_equal(bed->n_said, 151);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		assert_int_equal(count(bed, 0, TO_EX, ip6_solicited_node(many[i].addr)), 1);
	bed_close(bed);
}

/* RFC 2710 4, RFC 3810 8.2.1 */
static void a_querier_of_version_1_is_answered_in_its_words(void **)
{
	struct bed *bed = bed_joined(1);

	ask(bed, NONE, 10000, 1);
	bed_pass(bed, 10 * SECOND);
	assert_int_equal(bed->n_said, 3);
	assert_int_equal(count(bed, 0, ICMP6_MLD1_REPORT, IP6_ALL_ROUTERS), 1);
	assert_int_equal(count(bed, 0, ICMP6_MLD1_REPORT, ip6_solicited_node(GLOBAL)), 1);
	assert_true(bed->said[0].at != bed->said[1].at && bed->said[1].at != bed->said[2].at);

	bed_ifaces(bed, true, two, 1);
	bed_pass(bed, 2 * SECOND);
	assert_int_equal(count(bed, 3, ICMP6_MLD1_DONE, ip6_solicited_node(GLOBAL)), 2);
	bed_ifaces(bed, true, two, 2);
	bed_pass(bed, 2 * SECOND);
	assert_int_equal(count(bed, 3, ICMP6_MLD1_REPORT, ip6_solicited_node(GLOBAL)), 2);
	assert_int_equal(bed->n_said, 7);
	bed_close(bed);
}

/* RFC 3810 9.12: 2 * 125 + 10 seconds behind the last query of the older version. */
static void version_2_comes_back_when_version_1_is_silent(void **)
{
	struct bed *bed = bed_joined(1);
	uint64_t asked = bed->now;

	ask(bed, IP6_ALL_ROUTERS, 0, 1);
	bed_pass(bed, 260 * SECOND - 2);
	ask(bed, IP6_ALL_ROUTERS, 0, 2);
	bed_pass(bed, 1);
	assert_int_equal(bed->n_said, 2);
	assert_int_equal(bed->said[1].what, ICMP6_MLD1_REPORT);
	bed_pass(bed, asked + 260 * SECOND - bed->now);
	ask(bed, IP6_ALL_ROUTERS, 0, 2);
	bed_pass(bed, SECOND / 10);
	assert_int_equal(bed->n_said, 3);
	assert_int_equal(bed->said[2].what, IS_EX);
	bed_close(bed);
}

/* RFC 3810 8.2.1: "it cancels all its pending responses and retransmission timers". */
static void a_change_of_version_cancels_what_is_pending(void **)
{
	struct bed *bed = bed_joined(1);

	ask(bed, NONE, 10000, 2);
	bed_ifaces(bed, true, two, 1);
	bed->n_said = 0;
	ask(bed, (struct ip){0xff02ull << 48, 0x1234}, 0, 1);
	bed_pass(bed, 100 * SECOND);
	assert_int_equal(bed->n_said, 0);
	bed_close(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interface_is_in_the_groups_of_its_addresses),
		cmocka_unit_test(groups_are_reported_at_once_and_once_more_within_a_second),
		cmocka_unit_test(only_what_is_new_is_reported),
		cmocka_unit_test(what_is_left_is_reported_and_then_forgotten),
		cmocka_unit_test(what_is_joined_again_is_not_left),
		cmocka_unit_test(reports_come_from_nowhere_until_there_is_an_address),
		cmocka_unit_test(a_query_about_all_groups_is_answered_in_time),
		cmocka_unit_test(a_query_about_a_group_is_answered_for_that_group),
		cmocka_unit_test(queries_that_come_together_get_one_answer),
		cmocka_unit_test(a_flood_of_queries_gets_ten_answers_a_second),
		cmocka_unit_test(long_response_times_are_floating_point),
		cmocka_unit_test(without_a_link_nothing_is_said),
		cmocka_unit_test(an_interface_that_goes_leaves_its_groups),
		cmocka_unit_test(many_groups_take_several_reports),
		cmocka_unit_test(a_querier_of_version_1_is_answered_in_its_words),
		cmocka_unit_test(version_2_comes_back_when_version_1_is_silent),
		cmocka_unit_test(a_change_of_version_cancels_what_is_pending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
