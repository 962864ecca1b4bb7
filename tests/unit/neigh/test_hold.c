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

static void a_neighbour_holds_sixteen_and_drops_the_oldest(void **)
{
	struct bed *bed = bed_open(NULL);

	for (uint32_t id = 0; id < 18; id++)
		bed_want(bed, 0, HOST, id);
	assert_int_equal(bed->n_sent, 1);
	assert_int_equal(bed->n_dropped, 2);
	assert_int_equal(bed->last_dropped, 1);
	assert_int_equal(bed->dropped_as, DROP_NEIGH_QUEUE);
	assert_int_equal(bed_stats(bed).held, 16);

	bed_arp(bed, 0, ARP_CLAIM_REPLY, HOST, MAC_A);
	assert_int_equal(bed->n_resumed, 16);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(bed->resumed[i], 2 + i); /* in the order they came */
	assert_int_equal(bed_stats(bed).held, 0);
	bed_close(bed);
}

static void the_longest_waiting_packet_gives_way_when_all_room_is_taken(void **)
{
	static const struct neigh_limits limits = {.entries = 64, .incomplete = 64, .held = 4};
	struct bed *bed = bed_open(&limits);

	for (uint32_t id = 0; id < 6; id++)
		bed_want(bed, 0, HOST + id / 2, id);
	assert_int_equal(bed_stats(bed).held, 4);
	assert_int_equal(bed_stats(bed).limit_held, 2);
	assert_int_equal(bed->n_dropped, 2);
	assert_int_equal(bed->last_dropped, 1);
	assert_int_equal(bed->dropped_as, DROP_NEIGH_QUEUE);
	bed_arp(bed, 0, ARP_CLAIM_REPLY, HOST, MAC_A);
	assert_int_equal(bed->n_resumed, 0);
	bed_arp(bed, 0, ARP_CLAIM_REPLY, HOST + 2, MAC_A);
	assert_int_equal(bed->n_resumed, 2);
	bed_close(bed);
}

static void without_room_at_all_nothing_is_held(void **)
{
	static const struct neigh_limits limits = {.entries = 64, .incomplete = 64, .held = 0};
	struct bed *bed = bed_open(&limits);

	bed_want(bed, 0, HOST, 1);
	assert_int_equal(bed->n_dropped, 1);
	assert_int_equal(bed->n_sent, 1);
	bed_close(bed);
}

static void what_is_held_at_the_end_is_dropped(void **)
{
	static const struct neigh_ops ops = {bed_on_send, bed_on_resume, bed_on_drop, NULL};
	struct bed *bed = bed_open(NULL);
	struct neigh_table *first = bed->t;

	bed_want(bed, 0, HOST, 1);
	bed_want(bed, 0, HOST, 2);
	bed_want(bed, 0, HOST + 1, 3);
	neigh_free(first);
	assert_int_equal(bed->n_dropped, 3);
	assert_int_equal(bed->dropped_as, DROP_NEIGH_QUEUE);
	assert_int_equal(neigh_new(&bed->t, &ops, bed, bed->nexthops, NULL, NULL), 0);
	bed_close(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_neighbour_holds_sixteen_and_drops_the_oldest),
		cmocka_unit_test(the_longest_waiting_packet_gives_way_when_all_room_is_taken),
		cmocka_unit_test(without_room_at_all_nothing_is_held),
		cmocka_unit_test(what_is_held_at_the_end_is_dropped),
	};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
