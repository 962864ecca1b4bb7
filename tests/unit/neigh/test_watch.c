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

/* A next hop by two gateways of interface 0: the case's host, and the address behind it. */
static uint16_t group(struct bed *bed, void **state)
{
	uint16_t member[2], id;

	for (uint32_t i = 0; i < 2; i++) {
		const struct nexthop_key key = {NH_RESOLVE, 0, bed_host(state, i)};

		assert_int_equal(nexthop_get(bed->nexthops, &key, 1514, &member[i]), 0);
	}
	assert_int_equal(nexthop_get_group(bed->nexthops, member, 2, 0, &id), 0);
	for (uint32_t i = 0; i < 2; i++)
		neigh_sync_gateway(bed->t, 0, bed_host(state, i));
	return id;
}

static void gateways_of_a_group_are_asked_for_before_any_packet(void **state)
{
	struct bed *bed = bed_open6(NULL);

	(void)group(bed, state);
	neigh_tick(bed->t, bed->now);
	assert_int_equal(bed->n_sent, 2);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(bed_state(bed, 0, bed_host(state, i)), NEIGH_INCOMPLETE);
		bed_answer(bed, 0, bed_host(state, i), MAC_A);
	}
	bed_close(bed);
}

/* Is the neighbour in that state within @seconds? */
static bool comes_to_be(struct bed *bed, struct ip ip, enum neigh_state state, int seconds)
{
	for (int s = 0; s <= seconds; s++) {
		if (bed_knows(bed, 0, ip) && bed_state(bed, 0, ip) == state)
			return true;
		bed_pass(bed, SECOND);
	}
	return false;
}

static void a_gateway_that_dies_is_found_out_and_found_again(void **state)
{
	struct bed *bed = bed_open6(NULL);
	struct ip gateway = bed_host(state, 0);
	uint16_t member[NEXTHOP_MEMBERS];
	uint16_t id = group(bed, state);

	neigh_tick(bed->t, bed->now);
	for (uint32_t i = 0; i < 2; i++)
		bed_answer(bed, 0, bed_host(state, i), MAC_A);
	assert_int_equal(nexthop_members(bed->nexthops, id, member), 2);
	if (!ip_equal(nexthop_key(bed->nexthops, member[0]).gateway, gateway))
		member[0] = member[1];
	/* Probed within 5 s, by a question to all 3 s later, given up after 3 more. */
	for (int s = 0; s < 12; s++) {
		if (nexthop_is_dead(bed->nexthops, member[0]))
			break;
		bed_pass(bed, SECOND);
		bed_answer(bed, 0, bed_host(state, 1), MAC_A);
	}
	assert_true(nexthop_is_dead(bed->nexthops, member[0]));
	assert_true(comes_to_be(bed, gateway, NEIGH_FAILED, 3));
	/* No packet goes to it any more; the watch asks. */
	assert_true(comes_to_be(bed, gateway, NEIGH_INCOMPLETE, 6));
	bed_answer(bed, 0, gateway, MAC_B);
	assert_false(nexthop_is_dead(bed->nexthops, member[0]));
	bed_close(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_FAMILIES(gateways_of_a_group_are_asked_for_before_any_packet),
		BOTH_FAMILIES(a_gateway_that_dies_is_found_out_and_found_again),
	};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
