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

#define ADVERT    ND_CLAIM_ADVERT
#define SOLICITED ND_CLAIM_SOLICITED
#define OVERRIDE  ND_CLAIM_OVERRIDE
#define ROUTER    ND_CLAIM_ROUTER

static void is(const struct bed *bed, struct ip ip, enum neigh_state state, uint64_t mac)
{
	assert_int_equal(bed_state(bed, 0, ip), state);
	assert_true(bed_mac(bed, 0, ip) == mac);
	assert_true(bed_line_mac(bed, 0, ip) == mac);
}

/* nd-learn-ns: RFC 4861 7.2.3 */
static void who_asks_us_is_known(void **)
{
	const struct ip host[] = {HOST6, LINK6};
	struct bed *bed = bed_open6(NULL);

	for (size_t i = 0; i < ARRAY_SIZE(host); i++) {
		bed_nd(bed, 0, ND_CLAIM_SOLICIT, host[i], MAC_A);
		is(bed, host[i], NEIGH_STALE, MAC_A);
		bed_want(bed, 0, host[i], 4);
		assert_int_equal(bed->n_resumed, i + 1);
		assert_int_equal(bed_state(bed, 0, host[i]), NEIGH_DELAY);
	}
	assert_int_equal(bed->n_sent, 0);
	bed_close(bed);
}

/* RFC 4861 6.2.6: who asks for routers is a host. */
static void who_asks_for_routers_is_known_and_is_none(void **)
{
	struct bed *bed = bed_open6(NULL);

	bed_hear(bed, REPORT_SOLICIT, 0, ND_CLAIM_SOLICIT, LINK6, MAC_A);
	is(bed, LINK6, NEIGH_STALE, MAC_A);
	bed_nd(bed, 0, ROUTER, LINK6, MAC_A);
	assert_true(bed_info(bed, 0, LINK6).router);
	bed_hear(bed, REPORT_SOLICIT, 0, ND_CLAIM_SOLICIT, LINK6, MAC_A);
	assert_false(bed_info(bed, 0, LINK6).router);
	bed_hear(bed, REPORT_SOLICIT, 0, ND_CLAIM_SOLICIT, (struct ip){0, 0}, 0);
	bed_hear(bed, REPORT_SOLICIT, 0, ND_CLAIM_SOLICIT, HOST6, 0);
	assert_int_equal(bed_stats(bed).entries, 1);
	bed_close(bed);
}

static void a_known_host_that_asks_from_a_new_mac_is_followed(void **)
{
	struct bed *bed = bed_open6(NULL);

	bed_meet(bed, 0, HOST6, MAC_A);
	bed_nd(bed, 0, ND_CLAIM_SOLICIT, HOST6, MAC_A);
	is(bed, HOST6, NEIGH_REACHABLE, MAC_A);
	bed_nd(bed, 0, ND_CLAIM_SOLICIT, HOST6, MAC_B);
	is(bed, HOST6, NEIGH_STALE, MAC_B);
	bed_close(bed);
}

/* nd-na-unsolicited, and answers that nobody asked for */
static void advertisements_of_strangers_leave_no_trace(void **)
{
	struct bed *bed = bed_open6(NULL);

	for (unsigned int flags = 0; flags < 8; flags++)
		bed_nd(bed, 0, (uint8_t)(ADVERT | flags << 3), HOST6, MAC_A);
	bed_nd(bed, 0, ROUTER, LINK6, MAC_A);
	assert_int_equal(bed_stats(bed).entries, 0);
	bed_close(bed);
}

/* What RFC 4861 7.2.5 says of each: of a known host with MAC_A, an advertisement, what it makes. */
struct rule {
	enum neigh_state before;
	uint8_t flags;
	uint64_t mac;
	enum neigh_state after;
	uint64_t mac_after;
};

static void bring_to(struct bed *bed, enum neigh_state state)
{
	bed_meet(bed, 0, HOST6, MAC_A);
	if (state == NEIGH_REACHABLE)
		return;
	bed_pass(bed, 45 * SECOND);
	if (state == NEIGH_STALE)
		return;
	bed_use(bed, 0, HOST6);
	if (state == NEIGH_PROBE)
		bed_pass(bed, 5 * SECOND);
	assert_int_equal(bed_state(bed, 0, HOST6), state);
}

/* nd-na-override, nd-na-no-override */
static void a_known_host_follows_the_rules_of_the_flags(void **)
{
	static const struct rule rule[] = {
		/* the same MAC, or none said */
		{NEIGH_REACHABLE, 0, MAC_A, NEIGH_REACHABLE, MAC_A},
		{NEIGH_REACHABLE, OVERRIDE, MAC_A, NEIGH_REACHABLE, MAC_A},
		{NEIGH_REACHABLE, OVERRIDE, 0, NEIGH_REACHABLE, MAC_A},
		{NEIGH_STALE, 0, MAC_A, NEIGH_STALE, MAC_A},
		{NEIGH_STALE, OVERRIDE, 0, NEIGH_STALE, MAC_A},
		{NEIGH_STALE, SOLICITED, MAC_A, NEIGH_REACHABLE, MAC_A},
		{NEIGH_STALE, SOLICITED, 0, NEIGH_REACHABLE, MAC_A},
		{NEIGH_DELAY, SOLICITED | OVERRIDE, MAC_A, NEIGH_REACHABLE, MAC_A},
		{NEIGH_DELAY, 0, MAC_A, NEIGH_DELAY, MAC_A},
		{NEIGH_PROBE, SOLICITED, MAC_A, NEIGH_REACHABLE, MAC_A},
		{NEIGH_PROBE, SOLICITED, 0, NEIGH_REACHABLE, MAC_A},
		{NEIGH_PROBE, OVERRIDE, MAC_A, NEIGH_PROBE, MAC_A},
		/* another one, which does not override: in doubt, at most */
		{NEIGH_REACHABLE, 0, MAC_B, NEIGH_STALE, MAC_A},
		{NEIGH_REACHABLE, SOLICITED, MAC_B, NEIGH_STALE, MAC_A},
		{NEIGH_STALE, SOLICITED, MAC_B, NEIGH_STALE, MAC_A},
		{NEIGH_DELAY, SOLICITED, MAC_B, NEIGH_DELAY, MAC_A},
		{NEIGH_PROBE, SOLICITED, MAC_B, NEIGH_PROBE, MAC_A},
		{NEIGH_PROBE, 0, MAC_B, NEIGH_PROBE, MAC_A},
		/* and which does */
		{NEIGH_REACHABLE, OVERRIDE, MAC_B, NEIGH_STALE, MAC_B},
		{NEIGH_STALE, OVERRIDE, MAC_B, NEIGH_STALE, MAC_B},
		{NEIGH_DELAY, OVERRIDE, MAC_B, NEIGH_STALE, MAC_B},
		{NEIGH_PROBE, OVERRIDE, MAC_B, NEIGH_STALE, MAC_B},
		{NEIGH_REACHABLE, SOLICITED | OVERRIDE, MAC_B, NEIGH_REACHABLE, MAC_B},
		{NEIGH_STALE, SOLICITED | OVERRIDE, MAC_B, NEIGH_REACHABLE, MAC_B},
		{NEIGH_PROBE, SOLICITED | OVERRIDE, MAC_B, NEIGH_REACHABLE, MAC_B},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rule); i++) {
		struct bed *bed = bed_open6(NULL);

		bring_to(bed, rule[i].before);
		bed_nd(bed, 0, ADVERT | rule[i].flags, HOST6, rule[i].mac);
		is(bed, HOST6, rule[i].after, rule[i].mac_after);
		bed_close(bed);
	}
}

static void who_is_asked_for_is_known_by_any_advertisement_with_a_mac(void **)
{
	for (unsigned int flags = 0; flags < 8; flags++) {
		struct bed *bed = bed_open6(NULL);
		uint8_t claim = (uint8_t)(ADVERT | flags << 3);

		bed_want(bed, 0, HOST6, 1);
		bed_nd(bed, 0, claim, HOST6, 0);
		assert_int_equal(bed_state(bed, 0, HOST6), NEIGH_INCOMPLETE);
		bed_nd(bed, 0, claim, HOST6, MAC_A);
		assert_int_equal(bed->n_resumed, 1);
		is(bed, HOST6, claim & SOLICITED ? NEIGH_REACHABLE : NEIGH_DELAY, MAC_A);
		assert_int_equal(bed_info(bed, 0, HOST6).router, (claim & ROUTER) != 0);
		bed_close(bed);
	}
}

static void an_answer_that_comes_too_late_is_still_an_answer(void **)
{
	struct bed *bed = bed_open6(NULL);

	bed_want(bed, 0, HOST6, 1);
	bed_pass(bed, 4 * SECOND);
	assert_int_equal(bed_state(bed, 0, HOST6), NEIGH_FAILED);
	bed_nd(bed, 0, ADVERT | SOLICITED, HOST6, MAC_A);
	is(bed, HOST6, NEIGH_REACHABLE, MAC_A);
	bed_close(bed);
}

static void the_router_flag_follows_advertisements_that_count(void **)
{
	struct bed *bed = bed_open6(NULL);

	bed_meet(bed, 0, HOST6, MAC_A);
	assert_false(bed_info(bed, 0, HOST6).router);
	bed_nd(bed, 0, ADVERT | ROUTER, HOST6, MAC_A);
	assert_true(bed_info(bed, 0, HOST6).router);
	bed_nd(bed, 0, ADVERT, HOST6, MAC_B); /* does not override: nothing of it counts */
	assert_true(bed_info(bed, 0, HOST6).router);
	bed_nd(bed, 0, ADVERT, HOST6, MAC_A);
	assert_false(bed_info(bed, 0, HOST6).router);
	bed_nd(bed, 0, ROUTER, HOST6, 0); /* by a router advertisement */
	assert_true(bed_info(bed, 0, HOST6).router);
	is(bed, HOST6, NEIGH_STALE, MAC_A);
	bed_close(bed);
}

/* nd-static-wins */
static void a_static_neighbour_never_changes(void **)
{
	struct bed *bed = bed_open6(NULL);

	assert_int_equal(neigh_set_static(bed->t, 0, HOST6, MAC_A, bed->now), 0);
	for (unsigned int claim = 0; claim < 64; claim++) {
		bed_nd(bed, 0, (uint8_t)claim, HOST6, MAC_B);
		is(bed, HOST6, NEIGH_STATIC, MAC_A);
	}
	neigh_clear(bed->t, -1);
	is(bed, HOST6, NEIGH_STATIC, MAC_A);
	assert_int_equal(neigh_del_static(bed->t, 0, HOST6), 0);
	assert_int_equal(bed_stats(bed).entries, 0);
	bed_close(bed);
}

static void not_believed(struct ip ip, uint64_t mac)
{
	struct bed *bed = bed_open6(NULL);

	bed_nd(bed, 0, ND_CLAIM_SOLICIT, ip, mac);
	assert_int_equal(bed_stats(bed).entries, 0);
	bed_want(bed, 0, HOST6, 1);
	bed_nd(bed, 0, ADVERT | SOLICITED | OVERRIDE, ip, mac);
	bed_nd(bed, 0, ND_CLAIM_SOLICIT, ip, mac);
	assert_int_equal(bed_state(bed, 0, HOST6), NEIGH_INCOMPLETE);
	assert_int_equal(bed_stats(bed).entries, 1);
	assert_int_equal(bed->n_resumed, 0);
	bed_close(bed);
}

/* nd-group-mac */
static void macs_that_no_other_host_has_are_not_believed(void **)
{
	static const uint64_t mac[] = {0, MAC_BROADCAST, 0x010000003333ull, OUR_MAC0};

	for (size_t i = 0; i < ARRAY_SIZE(mac); i++)
		not_believed(HOST6, mac[i]);
}

static void addresses_that_no_host_of_the_link_has_are_not_believed(void **)
{
	const struct ip ip[] = {{NET1, 7},     {NET0, 0},    {0xfe80ull << 48, 0},
	                        IP6_ALL_NODES, IP6_LOOPBACK, {0, 0}};

	for (size_t i = 0; i < ARRAY_SIZE(ip); i++)
		not_believed(ip[i], MAC_A);
}

/* RFC 6164: both addresses of a /127 are hosts. */
static void the_peer_of_a_point_to_point_link_is_believed(void **)
{
	static const struct iface_addr6 one = {{NET0, 1}, 127, ADDR_USABLE};
	struct iface f0 = bed_iface(0), f1 = bed_iface(1);
	struct bed *bed;

	f0.addr6 = &one;
	f0.n_addr6 = 1;
	bed = bed_open_with(NULL, &f0, &f1);
	bed_nd(bed, 0, ND_CLAIM_SOLICIT, (struct ip){NET0, 0}, MAC_A);
	is(bed, (struct ip){NET0, 0}, NEIGH_STALE, MAC_A);
	bed_close(bed);
}

/* A gateway that a route names outside all subnets. */
static void an_answer_from_a_gateway_off_the_link_is_believed(void **)
{
	const struct ip gateway = {NET1, 7};
	struct bed *bed = bed_open6(NULL);

	bed_want(bed, 0, gateway, 1);
	bed_asked(bed, 0, gateway, MAC_BROADCAST);
	bed_answer(bed, 0, gateway, MAC_A);
	is(bed, gateway, NEIGH_REACHABLE, MAC_A);
	bed_close(bed);
}

static void a_subnet_that_goes_takes_its_neighbours_along(void **)
{
	struct bed *bed = bed_open6(NULL);
	struct iface f0 = bed_iface6(0), f1 = bed_iface6(1);

	bed_meet(bed, 0, HOST6, MAC_A);
	bed_meet(bed, 0, LINK6, MAC_A);
	f0.n_addr6 = 1;
	bed_set_ifaces(bed, &f0, &f1);
	assert_false(bed_knows(bed, 0, HOST6));
	assert_null(bed_line(bed, 0, HOST6));
	is(bed, LINK6, NEIGH_REACHABLE, MAC_A);
	bed_close(bed);
}

static void the_same_link_local_address_on_two_links_is_two_neighbours(void **)
{
	struct bed *bed = bed_open6(NULL);
	const struct nexthop *line;

	bed_meet(bed, 0, LINK6, MAC_A);
	bed_meet(bed, 1, LINK6, MAC_B);
	assert_true(bed_line_mac(bed, 0, LINK6) == MAC_A);
	assert_true(bed_line_mac(bed, 1, LINK6) == MAC_B);
	line = bed_line(bed, 1, LINK6);
	assert_non_null(line);
	assert_int_equal(line->iface, 1);
	assert_int_equal(load16(line->header + 12), ETHERTYPE_IP6);
	neigh_clear(bed->t, 0);
	assert_false(bed_knows(bed, 0, LINK6));
	assert_true(bed_knows(bed, 1, LINK6));
	bed_close(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_us_is_known),
		cmocka_unit_test(who_asks_for_routers_is_known_and_is_none),
		cmocka_unit_test(a_known_host_that_asks_from_a_new_mac_is_followed),
		cmocka_unit_test(advertisements_of_strangers_leave_no_trace),
		cmocka_unit_test(a_known_host_follows_the_rules_of_the_flags),
		cmocka_unit_test(who_is_asked_for_is_known_by_any_advertisement_with_a_mac),
		cmocka_unit_test(an_answer_that_comes_too_late_is_still_an_answer),
		cmocka_unit_test(the_router_flag_follows_advertisements_that_count),
		cmocka_unit_test(a_static_neighbour_never_changes),
		cmocka_unit_test(macs_that_no_other_host_has_are_not_believed),
		cmocka_unit_test(addresses_that_no_host_of_the_link_has_are_not_believed),
		cmocka_unit_test(the_peer_of_a_point_to_point_link_is_believed),
		cmocka_unit_test(an_answer_from_a_gateway_off_the_link_is_believed),
		cmocka_unit_test(a_subnet_that_goes_takes_its_neighbours_along),
		cmocka_unit_test(the_same_link_local_address_on_two_links_is_two_neighbours),
	};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
