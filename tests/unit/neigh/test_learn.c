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

static void line_leads_to(const struct bed *bed, uint32_t ip, uint64_t mac)
{
	const struct nexthop *line = bed_line(bed, 0, ip);

	assert_non_null(line);
	assert_true(line->kind == NH_FORWARD || line->kind == NH_STALE);
	assert_true(mac_load(line->header) == mac);
}

/* arp-learn-request: traffic to it needs no request of ours. */
static void who_asks_us_is_known(void **)
{
	struct bed *bed = bed_open(NULL);

	bed_arp(bed, 0, ARP_CLAIM_REQUEST, HOST, MAC_A);
	assert_int_equal(bed_state(bed, 0, HOST), NEIGH_STALE);
	line_leads_to(bed, HOST, MAC_A);
	bed_want(bed, 0, HOST, 4); /* it left the worker before the line was there */
	assert_int_equal(bed->n_resumed, 1);
	assert_int_equal(bed->n_sent, 0);
	assert_int_equal(bed_state(bed, 0, HOST), NEIGH_DELAY);
	bed_close(bed);
}

/* arp-update */
static void a_known_host_that_asks_from_a_new_mac_is_followed(void **)
{
	struct bed *bed = bed_open(NULL);

	bed_meet(bed, 0, HOST, MAC_A);
	bed_arp(bed, 0, ARP_CLAIM_REQUEST, HOST, MAC_B);
	line_leads_to(bed, HOST, MAC_B);
	assert_true(bed_mac(bed, 0, HOST) == MAC_B);
	assert_int_equal(bed_state(bed, 0, HOST), NEIGH_STALE);
	bed_close(bed);
}

/* arp-gratuitous */
static void a_known_host_that_announces_a_new_mac_is_followed(void **)
{
	struct bed *bed = bed_open(NULL);

	bed_meet(bed, 0, HOST, MAC_A);
	bed_arp(bed, 0, ARP_CLAIM_ANNOUNCE, HOST, MAC_B);
	line_leads_to(bed, HOST, MAC_B);
	bed_close(bed);
}

static void a_known_host_that_says_what_is_known_changes_nothing(void **)
{
	static const uint8_t claim[] = {ARP_CLAIM_REQUEST, ARP_CLAIM_REPLY, ARP_CLAIM_ANNOUNCE};
	struct bed *bed = bed_open(NULL);
	const struct nexthop *line;

	bed_meet(bed, 0, HOST, MAC_A);
	line = bed_line(bed, 0, HOST);
	for (size_t i = 0; i < ARRAY_SIZE(claim); i++) {
		bed_arp(bed, 0, claim[i], HOST, MAC_A);
		assert_int_equal(bed_state(bed, 0, HOST), NEIGH_REACHABLE);
		assert_ptr_equal(bed_line(bed, 0, HOST), line);
	}
	bed_close(bed);
}

static void replies_and_announcements_of_strangers_leave_no_trace(void **)
{
	struct bed *bed = bed_open(NULL);

	bed_arp(bed, 0, ARP_CLAIM_REPLY, HOST, MAC_A);
	bed_arp(bed, 0, ARP_CLAIM_ANNOUNCE, HOST, MAC_A);
	bed_arp(bed, 0, 0, HOST, MAC_A);
	assert_int_equal(bed_stats(bed).entries, 0);
	bed_close(bed);
}

/* A reply that nobody asked for updates who is known, but proves nothing (RFC 4861 7.2.5). */
static void an_unasked_reply_from_a_new_mac_is_no_confirmation(void **)
{
	struct bed *bed = bed_open(NULL);

	bed_meet(bed, 0, HOST, MAC_A);
	bed_arp(bed, 0, ARP_CLAIM_REPLY, HOST, MAC_B);
	line_leads_to(bed, HOST, MAC_B);
	assert_int_equal(bed_state(bed, 0, HOST), NEIGH_STALE);
	bed_close(bed);
}

/* arp-static-wins */
static void a_static_neighbour_never_changes(void **)
{
	static const uint8_t claim[] = {ARP_CLAIM_REQUEST, ARP_CLAIM_REPLY, ARP_CLAIM_ANNOUNCE};
	struct bed *bed = bed_open(NULL);

	assert_int_equal(neigh_set_static(bed->t, 0, ip_from4(HOST), MAC_A, bed->now), 0);
	for (size_t i = 0; i < ARRAY_SIZE(claim); i++) {
		bed_arp(bed, 0, claim[i], HOST, MAC_B);
		assert_int_equal(bed_state(bed, 0, HOST), NEIGH_STATIC);
		line_leads_to(bed, HOST, MAC_A);
	}
	bed_close(bed);
}

static void not_believed(uint8_t claim, uint32_t ip, uint64_t mac)
{
	struct bed *bed = bed_open(NULL);

	bed_arp(bed, 0, claim, ip, mac);
	assert_int_equal(bed_stats(bed).entries, 0);
	if (ip == HOST) {
		bed_want(bed, 0, HOST, 1);
		bed_arp(bed, 0, claim, HOST, mac);
		assert_int_equal(bed_state(bed, 0, HOST), NEIGH_INCOMPLETE);
		assert_int_equal(bed->n_resumed, 0);
		assert_null(bed_line(bed, 0, HOST));
	}
	bed_close(bed);
}

/* arp-mcast-mac */
static void group_and_zero_macs_are_not_believed(void **)
{
	static const uint64_t mac[] = {0, MAC_BROADCAST, 0x0100005e0001ull};

	for (size_t i = 0; i < ARRAY_SIZE(mac); i++) {
		not_believed(ARP_CLAIM_REQUEST, HOST, mac[i]);
		not_believed(ARP_CLAIM_REPLY, HOST, mac[i]);
		not_believed(ARP_CLAIM_ANNOUNCE, HOST, mac[i]);
	}
}

static void our_own_mac_is_not_believed(void **)
{
	not_believed(ARP_CLAIM_REQUEST, HOST, OUR_MAC0);
	not_believed(ARP_CLAIM_REPLY, HOST, OUR_MAC0);
}

static void addresses_that_no_host_of_the_link_has_are_not_believed(void **)
{
	not_believed(ARP_CLAIM_REQUEST, IP(10, 0, 1, 7), MAC_A);
	not_believed(ARP_CLAIM_REQUEST, IP(16, 0, 0, 7), MAC_A); /* of another link */
	not_believed(ARP_CLAIM_REQUEST, IP(10, 0, 0, 255), MAC_A);
	not_believed(ARP_CLAIM_REQUEST, IP(10, 0, 0, 0), MAC_A);
	not_believed(ARP_CLAIM_REQUEST, 0, MAC_A);
	not_believed(ARP_CLAIM_REQUEST, ~0u, MAC_A);
}

/* RFC 3021: both addresses of a /31 are hosts. */
static void the_peer_of_a_point_to_point_link_is_believed(void **)
{
	struct bed *bed = bed_open(NULL);

	bed_arp(bed, 1, ARP_CLAIM_REQUEST, IP(192, 0, 2, 0), MAC_A);
	assert_int_equal(bed_state(bed, 1, IP(192, 0, 2, 0)), NEIGH_STALE);
	bed_close(bed);
}

static void reports_of_interfaces_that_are_gone_are_ignored(void **)
{
	struct bed *bed = bed_open(NULL);
	struct iface f0 = bed_iface(0), f1 = bed_iface(1);

	bed_arp(bed, 7, ARP_CLAIM_REQUEST, HOST, MAC_A);
	f0.up = false;
	bed_set_ifaces(bed, &f0, &f1);
	bed_arp(bed, 0, ARP_CLAIM_REQUEST, HOST, MAC_A);
	assert_int_equal(bed_stats(bed).entries, 0);
	bed_close(bed);
}

static void a_flood_of_askers_pushes_nobody_out(void **)
{
	static const struct neigh_limits limits = {.entries = 8, .incomplete = 4, .held = 4};
	struct bed *bed = bed_open(&limits);

	bed_meet(bed, 0, HOST, MAC_A);
	bed_want(bed, 0, IP(10, 0, 0, 8), 1);
	for (uint32_t i = 0; i < 1000; i++)
		bed_arp(bed, 1, ARP_CLAIM_REQUEST, IP(16, 1, 0, 0) + i, MAC_B);
	assert_int_equal(bed_stats(bed).entries, 8);
	assert_int_equal(bed_stats(bed).limit_entries, 994);
	assert_int_equal(bed_state(bed, 0, HOST), NEIGH_REACHABLE);
	assert_int_equal(bed_state(bed, 0, IP(10, 0, 0, 8)), NEIGH_INCOMPLETE);

	/* And whom we want to speak to still gets in, for an asker that nobody spoke to. */
	for (uint32_t i = 0; i < 6; i++)
		bed_meet(bed, 0, IP(10, 0, 0, 20 + i), MAC_B);
	assert_int_equal(bed_state(bed, 0, HOST), NEIGH_REACHABLE);
	assert_int_equal(bed_stats(bed).entries, 8);
	bed_close(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_us_is_known),
		cmocka_unit_test(a_known_host_that_asks_from_a_new_mac_is_followed),
		cmocka_unit_test(a_known_host_that_announces_a_new_mac_is_followed),
		cmocka_unit_test(a_known_host_that_says_what_is_known_changes_nothing),
		cmocka_unit_test(replies_and_announcements_of_strangers_leave_no_trace),
		cmocka_unit_test(an_unasked_reply_from_a_new_mac_is_no_confirmation),
		cmocka_unit_test(a_static_neighbour_never_changes),
		cmocka_unit_test(group_and_zero_macs_are_not_believed),
		cmocka_unit_test(our_own_mac_is_not_believed),
		cmocka_unit_test(addresses_that_no_host_of_the_link_has_are_not_believed),
		cmocka_unit_test(the_peer_of_a_point_to_point_link_is_believed),
		cmocka_unit_test(reports_of_interfaces_that_are_gone_are_ignored),
		cmocka_unit_test(a_flood_of_askers_pushes_nobody_out),
	};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
