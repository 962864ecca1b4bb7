/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include <errno.h>

#include "bed.h"

static void the_line_of_a_neighbour_is_ready_to_write(void **)
{
	struct bed *bed = bed_open(NULL);
	const struct nexthop *line;

	bed_meet(bed, 1, IP(16, 2, 3, 4), MAC_A);
	line = bed_line(bed, 1, IP(16, 2, 3, 4));
	assert_int_equal(line->kind, NH_FORWARD);
	assert_int_equal(line->iface, 1);
	assert_int_equal(line->max_len, 9014);
	assert_int_equal(ip_to4(line->gateway), IP(16, 2, 3, 4));
	assert_int_equal(line->header_len, 14);
	assert_true(mac_load(line->header) == MAC_A);
	assert_true(mac_load(line->header + 6) == OUR_MAC1);
	assert_int_equal(ether_type(line->header), ETHERTYPE_IP4);
	assert_ptr_equal(idtab_get(neigh_reader(bed->t)->lines, line->id), line);
	bed_close(bed);
}

static const struct nexthop *gateway(struct bed *bed, uint16_t id)
{
	return idtab_get(nexthops_idtab(bed->nexthops), id);
}

static uint16_t gateway_new(struct bed *bed, uint32_t ip)
{
	const struct nexthop_key key = {NH_RESOLVE, 0, ip_from4(ip)};
	uint16_t id;

	assert_int_equal(nexthop_get(bed->nexthops, &key, 1514, &id), 0);
	return id;
}

static void next_hops_follow_their_gateway_through_its_states(void **)
{
	struct bed *bed = bed_open(NULL);
	uint16_t id = gateway_new(bed, HOST);

	bed_want(bed, 0, HOST, 1);
	assert_int_equal(gateway(bed, id)->kind, NH_RESOLVE);
	bed_arp(bed, 0, ARP_CLAIM_REPLY, HOST, MAC_A);
	assert_int_equal(gateway(bed, id)->kind, NH_FORWARD);
	assert_true(mac_load(gateway(bed, id)->header) == MAC_A);
	assert_int_equal(gateway(bed, id)->max_len, 1514);
	bed_pass(bed, 45 * SECOND);
	assert_int_equal(gateway(bed, id)->kind, NH_STALE);
	assert_true(ip_equal(gateway(bed, id)->gateway, ip_from4(HOST)));
	bed_arp(bed, 0, ARP_CLAIM_ANNOUNCE, HOST, MAC_B);
	assert_true(mac_load(gateway(bed, id)->header) == MAC_B);
	bed_use(bed, 0, HOST);
	assert_int_equal(gateway(bed, id)->kind, NH_FORWARD);
	bed_pass(bed, 8 * SECOND);
	assert_int_equal(gateway(bed, id)->kind, NH_RESOLVE);
	bed_pass(bed, 3 * SECOND);
	assert_int_equal(gateway(bed, id)->kind, NH_FAILED);
	bed_pass(bed, 3 * SECOND);
	assert_int_equal(gateway(bed, id)->kind, NH_RESOLVE);
	assert_int_equal(gateway(bed, id)->max_len, 1514);
	bed_close(bed);
}

static void a_next_hop_made_later_learns_what_is_known(void **)
{
	struct bed *bed = bed_open(NULL);
	uint16_t known, unknown;

	bed_meet(bed, 0, HOST, MAC_A);
	known = gateway_new(bed, HOST);
	unknown = gateway_new(bed, HOST + 1);
	neigh_sync_gateway(bed->t, 0, ip_from4(HOST));
	neigh_sync_gateway(bed->t, 0, ip_from4(HOST + 1));
	assert_int_equal(gateway(bed, known)->kind, NH_FORWARD);
	assert_int_equal(gateway(bed, unknown)->kind, NH_RESOLVE);
	bed_close(bed);
}

/* Also without that call: the first packet to come by sets it right. */
static void a_packet_for_a_known_neighbour_goes_on_at_once(void **)
{
	struct bed *bed = bed_open(NULL);
	uint16_t id;

	bed_meet(bed, 0, HOST, MAC_A);
	id = gateway_new(bed, HOST);
	bed_want(bed, 0, HOST, 3);
	assert_int_equal(bed->n_resumed, 1);
	assert_int_equal(gateway(bed, id)->kind, NH_FORWARD);
	assert_int_equal(bed->n_sent, 0);
	bed_close(bed);
}

static void nobody_is_asked_for_what_no_host_can_have(void **)
{
	static const uint32_t ip[] = {OUR_IP0, IP(10, 0, 0, 255), IP(10, 0, 0, 0), 0};
	struct bed *bed = bed_open(NULL);

	for (uint32_t i = 0; i < ARRAY_SIZE(ip); i++) {
		bed_want(bed, 0, ip[i], i);
		assert_int_equal(bed->n_dropped, i + 1);
	}
	bed_want(bed, 9, HOST, 0);
	assert_int_equal(bed->n_dropped, 5);
	assert_int_equal(bed->n_sent, 0);
	assert_int_equal(bed_stats(bed).entries, 0);
	bed_close(bed);
}

/* arp-flood: 2000 packets to 250 unanswering hosts, then one to a new good host. */
static void a_flood_to_silent_hosts_leaves_static_and_new_neighbours_working(void **)
{
	struct bed *bed = bed_open(NULL);

	assert_int_equal(neigh_set_static(bed->t, 1, ip_from4(IP(16, 0, 0, 2)), MAC_A, bed->now),
	                 0);
	for (uint32_t i = 0; i < 2000; i++)
		bed_want(bed, 1, IP(16, 1, 0, 1) + i % 250, i);
	assert_int_equal(bed_stats(bed).held, 2000);
	assert_int_equal(bed_stats(bed).incomplete, 250);
	assert_int_equal(bed->n_sent, 250);
	bed_want(bed, 0, HOST, 2001);
	bed_arp(bed, 0, ARP_CLAIM_REPLY, HOST, MAC_A);
	assert_int_equal(bed->resumed[0], 2001);
	assert_int_equal(bed_line(bed, 1, IP(16, 0, 0, 2))->kind, NH_FORWARD);
	bed_pass(bed, 6 * SECOND);
	assert_int_equal(bed->n_dropped, 2000);
	assert_int_equal(bed_stats(bed).entries, 2);
	assert_int_equal(bed_stats(bed).held, 0);
	bed_close(bed);
}

/* 100,000 addresses of a connected /8, with small limits so that it is quickly beyond them. */
static void a_scan_neither_grows_the_table_nor_touches_who_is_known(void **)
{
	static const struct neigh_limits limits = {.entries = 512, .incomplete = 128, .held = 64};
	struct bed *bed = bed_open(&limits);

	for (uint32_t i = 0; i < 200; i++)
		bed_meet(bed, 0, IP(10, 0, 0, 2) + i, MAC_A);
	bed->n_dropped = 0;
	for (uint32_t i = 0; i < 100000; i++) {
		bed_want(bed, 1, IP(16, 1, 0, 1) + i * 7, i % N_PACKETS);
		assert_true(bed_stats(bed).entries <= 512);
		assert_true(bed_stats(bed).incomplete <= 128);
		assert_true(bed_stats(bed).held <= 64);
		if (i % 1000 != 0)
			continue;
		/* A good host answers some packets of the scan later. */
		bed_want(bed, 1, IP(16, 200, 0, 1) + i, 4000);
		for (uint32_t j = 0; j < 50; j++)
			bed_want(bed, 1, IP(16, 220, 0, 1) + i + j, j);
		bed->n_resumed = 0;
		bed_arp(bed, 1, ARP_CLAIM_REPLY, IP(16, 200, 0, 1) + i, MAC_B);
		assert_int_equal(bed->n_resumed, 1);
		assert_int_equal(bed->resumed[0], 4000);
		assert_int_equal(bed_state(bed, 1, IP(16, 200, 0, 1) + i), NEIGH_REACHABLE);
	}
	for (uint32_t i = 0; i < 200; i++)
		assert_int_equal(bed_state(bed, 0, IP(10, 0, 0, 2) + i), NEIGH_REACHABLE);
	assert_true(bed_stats(bed).limit_entries > 99000);
	bed_close(bed);
}

static void a_full_table_lets_the_longest_unused_go_for_whom_is_wanted(void **)
{
	static const struct neigh_limits limits = {.entries = 4, .incomplete = 2, .held = 4};
	struct bed *bed = bed_open(&limits);

	bed_meet(bed, 0, HOST, MAC_A);
	for (uint32_t i = 1; i < 4; i++)
		bed_arp(bed, 0, ARP_CLAIM_REQUEST, HOST + i, MAC_A);
	bed_meet(bed, 0, HOST + 4, MAC_A);
	assert_true(bed_knows(bed, 0, HOST));
	assert_false(bed_knows(bed, 0, HOST + 1));
	assert_null(bed_line(bed, 0, HOST + 1));
	assert_int_equal(bed_stats(bed).entries, 4);
	assert_int_equal(bed_stats(bed).limit_entries, 1);
	bed_close(bed);
}

static void a_table_full_of_reachable_neighbours_refuses(void **)
{
	static const struct neigh_limits limits = {.entries = 2, .incomplete = 2, .held = 4};
	struct bed *bed = bed_open(&limits);

	bed_meet(bed, 0, HOST, MAC_A);
	assert_int_equal(neigh_set_static(bed->t, 0, ip_from4(HOST + 1), MAC_A, bed->now), 0);
	bed_want(bed, 0, HOST + 2, 1);
	assert_int_equal(bed->n_dropped, 1);
	assert_int_equal(bed->dropped_as, DROP_NEIGH_QUEUE);
	assert_int_equal(neigh_set_static(bed->t, 0, ip_from4(HOST + 3), MAC_A, bed->now), -ENOSPC);
	assert_int_equal(bed_stats(bed).limit_entries, 2);
	bed_close(bed);
}

static void a_static_neighbour_takes_over_from_a_learned_one(void **)
{
	struct bed *bed = bed_open(NULL);

	bed_want(bed, 0, HOST, 1);
	assert_int_equal(neigh_set_static(bed->t, 0, ip_from4(HOST), MAC_B, bed->now), 0);
	assert_int_equal(bed->n_resumed, 1);
	assert_int_equal(bed_stats(bed).incomplete, 0);
	assert_true(bed_line_mac(bed, 0, HOST) == MAC_B);
	bed_pass(bed, 10000 * SECOND);
	assert_int_equal(bed_state(bed, 0, HOST), NEIGH_STATIC);
	assert_int_equal(neigh_set_static(bed->t, 0, ip_from4(HOST), MAC_A, bed->now), 0);
	assert_true(bed_line_mac(bed, 0, HOST) == MAC_A);
	assert_int_equal(neigh_del_static(bed->t, 0, ip_from4(HOST)), 0);
	assert_null(bed_line(bed, 0, HOST));
	assert_int_equal(neigh_del_static(bed->t, 0, ip_from4(HOST)), -ENOENT);
	bed_meet(bed, 0, HOST, MAC_A);
	assert_int_equal(neigh_del_static(bed->t, 0, ip_from4(HOST)), -ENOENT);
	bed_close(bed);
}

static void a_static_neighbour_waits_for_its_interface(void **)
{
	struct bed *bed = bed_open_bare(NULL);
	struct iface f0 = bed_iface(0), f1 = bed_iface(1);

	assert_int_equal(neigh_set_static(bed->t, 0, ip_from4(HOST), MAC_A, bed->now), 0);
	assert_null(bed_line(bed, 0, HOST));
	bed_want(bed, 0, HOST, 1);
	assert_int_equal(bed->n_dropped, 1);
	bed_set_ifaces(bed, &f0, &f1);
	assert_int_equal(bed_line(bed, 0, HOST)->kind, NH_FORWARD);
	f0.up = false;
	bed_set_ifaces(bed, &f0, &f1);
	assert_null(bed_line(bed, 0, HOST));
	assert_int_equal(bed_state(bed, 0, HOST), NEIGH_STATIC);
	bed_close(bed);
}

static void neighbours_go_with_their_link(void **)
{
	struct bed *bed = bed_open(NULL);
	struct iface f0 = bed_iface(0), f1 = bed_iface(1);
	uint16_t id = gateway_new(bed, HOST);

	bed_meet(bed, 0, HOST, MAC_A);
	bed_meet(bed, 1, IP(16, 0, 0, 9), MAC_A);
	bed_want(bed, 0, HOST + 1, 1);
	f0.up = false;
	bed_set_ifaces(bed, &f0, &f1);
	assert_int_equal(bed_stats(bed).entries, 1);
	assert_int_equal(bed->n_dropped, 1);
	assert_null(bed_line(bed, 0, HOST));
	assert_int_equal(gateway(bed, id)->kind, NH_RESOLVE);
	assert_non_null(bed_line(bed, 1, IP(16, 0, 0, 9)));
	bed_close(bed);
}

static void neighbours_go_with_their_subnet(void **)
{
	static const struct iface_addr4 only[] = {{OUR_IP1, 16}};
	struct bed *bed = bed_open(NULL);
	struct iface f0 = bed_iface(0), f1 = bed_iface(1);

	bed_meet(bed, 1, IP(16, 0, 0, 9), MAC_A);
	bed_meet(bed, 1, IP(16, 1, 0, 9), MAC_A);
	bed_meet(bed, 1, IP(192, 0, 2, 0), MAC_A);
	f1.addr4 = only;
	f1.n_addr4 = 1;
	bed_set_ifaces(bed, &f0, &f1);
	assert_int_equal(bed_stats(bed).entries, 1);
	assert_true(bed_knows(bed, 1, IP(16, 0, 0, 9)));
	bed_close(bed);
}

static void a_new_mac_or_mtu_of_ours_is_in_all_lines_at_once(void **)
{
	struct bed *bed = bed_open(NULL);
	struct iface f0 = bed_iface(0), f1 = bed_iface(1);
	const struct nexthop *other;

	bed_meet(bed, 0, HOST, MAC_A);
	bed_meet(bed, 1, IP(16, 0, 0, 9), MAC_A);
	other = bed_line(bed, 1, IP(16, 0, 0, 9));
	f0.mac = MAC_B;
	f0.mtu = 1400;
	bed_set_ifaces(bed, &f0, &f1);
	assert_memory_equal(bed_line(bed, 0, HOST)->header + 6, "\x02\0\0\0\0\x0b", 6);
	assert_int_equal(bed_line(bed, 0, HOST)->max_len, 1414);
	assert_int_equal(bed_state(bed, 0, HOST), NEIGH_REACHABLE);
	assert_ptr_equal(bed_line(bed, 1, IP(16, 0, 0, 9)), other);
	bed_close(bed);
}

static void clearing_forgets_what_was_learned(void **)
{
	struct bed *bed = bed_open(NULL);

	bed_meet(bed, 0, HOST, MAC_A);
	bed_meet(bed, 1, IP(16, 0, 0, 9), MAC_A);
	bed_want(bed, 1, IP(16, 0, 0, 10), 1);
	assert_int_equal(neigh_set_static(bed->t, 1, ip_from4(IP(16, 0, 0, 2)), MAC_A, bed->now),
	                 0);
	neigh_clear(bed->t, 1);
	assert_int_equal(bed_stats(bed).entries, 2);
	assert_int_equal(bed->n_dropped, 1);
	assert_int_equal(bed_state(bed, 0, HOST), NEIGH_REACHABLE);
	neigh_clear(bed->t, -1);
	assert_int_equal(bed_stats(bed).entries, 1);
	assert_int_equal(bed_state(bed, 1, IP(16, 0, 0, 2)), NEIGH_STATIC);
	bed_close(bed);
}

static void the_walk_goes_by_interface_and_address(void **)
{
	static const uint32_t ip[] = {IP(16, 200, 0, 1), IP(16, 0, 0, 9), IP(16, 127, 0, 1)};
	struct bed *bed = bed_open(NULL);
	struct neigh_info info;

	for (size_t i = 0; i < ARRAY_SIZE(ip); i++)
		bed_arp(bed, 1, ARP_CLAIM_REQUEST, ip[i], MAC_A);
	bed_want(bed, 0, HOST, 1);
	bed_want(bed, 0, HOST, 2);
	assert_true(neigh_next(bed->t, NULL, &info));
	assert_int_equal(info.iface, 0);
	assert_int_equal(ip_to4(info.ip), HOST);
	assert_int_equal(info.held, 2);
	assert_true(info.mac == 0);
	assert_true(neigh_next(bed->t, &info, &info));
	assert_int_equal(ip_to4(info.ip), ip[1]);
	neigh_clear(bed->t, 0); /* the table may change meanwhile */
	assert_true(neigh_next(bed->t, &info, &info));
	assert_int_equal(ip_to4(info.ip), ip[2]);
	assert_true(neigh_next(bed->t, &info, &info));
	assert_int_equal(ip_to4(info.ip), ip[0]);
	assert_int_equal(info.iface, 1);
	assert_true(info.mac == MAC_A);
	assert_false(neigh_next(bed->t, &info, &info));
	bed_close(bed);
}

static void the_time_of_confirmation_is_kept(void **)
{
	struct bed *bed = bed_open(NULL);
	struct neigh_info info;
	uint64_t then = bed->now;

	bed_meet(bed, 0, HOST, MAC_A);
	bed_arp(bed, 0, ARP_CLAIM_REQUEST, HOST + 1, MAC_A);
	bed_pass(bed, 60 * SECOND);
	assert_true(bed_find(bed, 0, HOST, &info));
	assert_true(info.confirmed_ns == then);
	assert_true(bed_find(bed, 0, HOST + 1, &info));
	assert_true(info.confirmed_ns == 0);
	bed_close(bed);
}

/* An id that workers may still hold means nothing, not another neighbour, until none does. */
static void an_id_is_not_given_out_again_at_once(void **)
{
	struct bed *bed = bed_open(NULL);
	struct idtab *lines = neigh_reader(bed->t)->lines;
	uint32_t id;

	bed_meet(bed, 0, HOST, MAC_A);
	id = bed_line(bed, 0, HOST)->id;
	neigh_clear(bed->t, -1);
	assert_null(idtab_get(lines, id));
	bed_meet(bed, 0, HOST + 1, MAC_B);
	assert_int_not_equal(bed_line(bed, 0, HOST + 1)->id, id);
	assert_null(idtab_get(lines, id));
	bed_close(bed);
}

static void the_default_table_takes_65536_neighbours(void **)
{
	struct bed *bed = bed_open(NULL);

	for (uint32_t i = 0; i < 65536; i++)
		bed_arp(bed, 1, ARP_CLAIM_REQUEST, IP(16, 1, 0, 0) + i, MAC_A);
	assert_int_equal(bed_stats(bed).entries, 65536);
	assert_non_null(bed_line(bed, 1, IP(16, 1, 255, 255)));
	bed_arp(bed, 1, ARP_CLAIM_REQUEST, IP(16, 9, 0, 0), MAC_A);
	assert_int_equal(bed_stats(bed).limit_entries, 1);
	for (uint32_t i = 0; i < 65536; i++)
		bed_use(bed, 1, IP(16, 1, 0, 0) + i);
	bed_pass(bed, 100 * SECOND);
	assert_int_equal(bed_stats(bed).entries, 0);
	bed_close(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_of_a_neighbour_is_ready_to_write),
		cmocka_unit_test(next_hops_follow_their_gateway_through_its_states),
		cmocka_unit_test(a_next_hop_made_later_learns_what_is_known),
		cmocka_unit_test(a_packet_for_a_known_neighbour_goes_on_at_once),
		cmocka_unit_test(nobody_is_asked_for_what_no_host_can_have),
		cmocka_unit_test(a_flood_to_silent_hosts_leaves_static_and_new_neighbours_working),
		cmocka_unit_test(a_scan_neither_grows_the_table_nor_touches_who_is_known),
		cmocka_unit_test(a_full_table_lets_the_longest_unused_go_for_whom_is_wanted),
		cmocka_unit_test(a_table_full_of_reachable_neighbours_refuses),
		cmocka_unit_test(a_static_neighbour_takes_over_from_a_learned_one),
		cmocka_unit_test(a_static_neighbour_waits_for_its_interface),
		cmocka_unit_test(neighbours_go_with_their_link),
		cmocka_unit_test(neighbours_go_with_their_subnet),
		cmocka_unit_test(a_new_mac_or_mtu_of_ours_is_in_all_lines_at_once),
		cmocka_unit_test(clearing_forgets_what_was_learned),
		cmocka_unit_test(the_walk_goes_by_interface_and_address),
		cmocka_unit_test(the_time_of_confirmation_is_kept),
		cmocka_unit_test(an_id_is_not_given_out_again_at_once),
		cmocka_unit_test(the_default_table_takes_65536_neighbours),
	};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
