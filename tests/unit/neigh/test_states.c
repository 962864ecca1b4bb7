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

/* arp-resolve */
static void the_first_packet_asks_all_and_goes_on_with_the_answer(void **state)
{
	struct ip host = bed_host(state, 0);
	struct bed *bed = bed_open6(NULL);

	bed_want(bed, 0, host, 5);
	assert_int_equal(bed->n_sent, 1);
	bed_asked(bed, 0, host, MAC_BROADCAST);
	assert_int_equal(bed_state(bed, 0, host), NEIGH_INCOMPLETE);
	assert_null(bed_line(bed, 0, host));
	assert_int_equal(bed->n_resumed, 0);

	bed_answer(bed, 0, host, MAC_A);
	assert_int_equal(bed->n_resumed, 1);
	assert_int_equal(bed->resumed[0], 5);
	assert_int_equal(bed_state(bed, 0, host), NEIGH_REACHABLE);
	assert_int_equal(bed->n_sent, 1);
	bed_close(bed);
}

/* Whoever speaks from the address answers for it, asked or not (RFC 4861 7.2.3). */
static void a_request_of_the_host_itself_resolves_it_too(void **state)
{
	struct ip host = bed_host(state, 0);
	struct bed *bed = bed_open6(NULL);

	bed_want(bed, 0, host, 5);
	bed_asks_us(bed, 0, host, MAC_A);
	assert_int_equal(bed->n_resumed, 1);
	assert_int_equal(bed_state(bed, 0, host), NEIGH_DELAY);
	bed_close(bed);
}

/* arp-unreachable: three requests a second apart, then the packets end within 5 s. */
static void a_host_that_never_answers_fails_after_three_requests(void **state)
{
	struct ip host = bed_host(state, 0);
	struct bed *bed = bed_open6(NULL);

	bed_want(bed, 0, host, 1);
	for (uint32_t sent = 1; sent <= 3; sent++) {
		assert_int_equal(bed->n_sent, sent);
		bed_asked(bed, 0, host, MAC_BROADCAST);
		bed_pass(bed, SECOND - 1);
		assert_int_equal(bed->n_sent, sent);
		assert_int_equal(bed->n_dropped, 0);
		bed_pass(bed, 1);
	}
	assert_int_equal(bed->n_sent, 3);
	assert_int_equal(bed->n_dropped, 1);
	assert_int_equal(bed->last_dropped, 1);
	assert_int_equal(bed->dropped_as, DROP_NEIGH_FAILED);
	assert_int_equal(bed_state(bed, 0, host), NEIGH_FAILED);
	bed_close(bed);
}

static void a_failed_host_is_refused_at_once_for_a_while_then_forgotten(void **state)
{
	struct ip host = bed_host(state, 0);
	struct bed *bed = bed_open6(NULL);

	bed_want(bed, 0, host, 1);
	bed_pass(bed, 3 * SECOND);
	assert_non_null(bed_line(bed, 0, host));
	assert_int_equal(bed_line(bed, 0, host)->kind, NH_FAILED);
	assert_true(ip_equal(bed_line(bed, 0, host)->gateway, host));

	/* A packet that was on its way to the agent when that was published. */
	bed_want(bed, 0, host, 2);
	assert_int_equal(bed->n_dropped, 2);
	assert_int_equal(bed->dropped_as, DROP_NEIGH_FAILED);
	assert_int_equal(bed->n_sent, 3);

	bed_pass(bed, 3 * SECOND - 1);
	assert_true(bed_knows(bed, 0, host));
	bed_pass(bed, 1);
	assert_false(bed_knows(bed, 0, host));
	assert_null(bed_line(bed, 0, host));
	assert_int_equal(bed_stats(bed).entries, 0);

	bed_want(bed, 0, host, 3);
	assert_int_equal(bed->n_sent, 4);
	assert_int_equal(bed_state(bed, 0, host), NEIGH_INCOMPLETE);
	bed_close(bed);
}

static void an_answer_that_comes_too_late_is_still_an_answer(void **state)
{
	struct ip host = bed_host(state, 0);
	struct bed *bed = bed_open6(NULL);

	bed_want(bed, 0, host, 1);
	bed_pass(bed, 4 * SECOND);
	bed_answer(bed, 0, host, MAC_A);
	assert_int_equal(bed_state(bed, 0, host), NEIGH_REACHABLE);
	assert_int_equal(bed_line(bed, 0, host)->kind, NH_FORWARD);
	bed_pass(bed, 10 * SECOND);
	assert_int_equal(bed_state(bed, 0, host), NEIGH_REACHABLE);
	bed_close(bed);
}

static void a_confirmation_lasts_half_to_one_and_a_half_of_30_s(void **state)
{
	uint64_t shortest = UINT64_MAX, longest = 0;
	struct bed *bed = bed_open6(NULL);

	for (uint32_t i = 1; i < 200; i++) {
		uint64_t since = bed->now;
		uint64_t until;

		bed_meet(bed, 0, bed_host(state, i), MAC_A + ((uint64_t)i << 32));
		until = neigh_tick(bed->t, bed->now) - since;
		shortest = until < shortest ? until : shortest;
		longest = until > longest ? until : longest;
		neigh_clear(bed->t, -1);
	}
	assert_true(shortest >= 15 * SECOND && shortest < 20 * SECOND);
	assert_true(longest <= 45 * SECOND && longest > 40 * SECOND);
	bed_close(bed);
}

static void a_stale_neighbour_carries_traffic_and_asks_to_be_told(void **state)
{
	struct ip host = bed_host(state, 0);
	struct bed *bed = bed_open6(NULL);

	bed_meet(bed, 0, host, MAC_A);
	assert_int_equal(bed_line(bed, 0, host)->kind, NH_FORWARD);
	bed_pass(bed, 45 * SECOND);
	assert_int_equal(bed_state(bed, 0, host), NEIGH_STALE);
	assert_int_equal(bed_line(bed, 0, host)->kind, NH_STALE);
	assert_true(bed_line_mac(bed, 0, host) == MAC_A);
	bed_pass(bed, 60 * SECOND);
	assert_int_equal(bed_state(bed, 0, host), NEIGH_STALE);
	assert_int_equal(bed->n_sent, 0);
	bed_close(bed);
}

/* RFC 1122 2.3.2.1 (2), RFC 4861 7.3.3 */
static void a_used_stale_neighbour_is_probed_by_unicast_after_5_s(void **state)
{
	struct ip host = bed_host(state, 0);
	struct bed *bed = bed_open6(NULL);

	bed_meet(bed, 0, host, MAC_A);
	bed_pass(bed, 45 * SECOND);
	bed_use(bed, 0, host);
	assert_int_equal(bed_state(bed, 0, host), NEIGH_DELAY);
	assert_int_equal(bed_line(bed, 0, host)->kind, NH_FORWARD);
	bed_pass(bed, 5 * SECOND - 1);
	bed_use(bed, 0, host); /* a second report does not put it off */
	assert_int_equal(bed->n_sent, 0);
	bed_pass(bed, 1);
	assert_int_equal(bed->n_sent, 1);
	bed_asked(bed, 0, host, MAC_A);
	assert_int_equal(bed_state(bed, 0, host), NEIGH_PROBE);
	assert_int_equal(bed_line(bed, 0, host)->kind, NH_FORWARD);

	bed_answer(bed, 0, host, MAC_A);
	assert_int_equal(bed_state(bed, 0, host), NEIGH_REACHABLE);
	bed_pass(bed, 10 * SECOND);
	assert_int_equal(bed->n_sent, 1);
	bed_close(bed);
}

static void a_lost_neighbour_is_asked_for_again_by_all_then_fails(void **state)
{
	struct ip host = bed_host(state, 0);
	struct bed *bed = bed_open6(NULL);

	bed_meet(bed, 0, host, MAC_A);
	bed_pass(bed, 45 * SECOND);
	bed_use(bed, 0, host);
	bed_pass(bed, 5 * SECOND + 3 * SECOND - 1);
	assert_int_equal(bed->n_sent, 3);
	bed_asked(bed, 0, host, MAC_A);
	bed_pass(bed, 1);
	assert_int_equal(bed->n_sent, 4);
	bed_asked(bed, 0, host, MAC_BROADCAST);
	assert_int_equal(bed_state(bed, 0, host), NEIGH_INCOMPLETE);
	assert_null(bed_line(bed, 0, host));
	bed_want(bed, 0, host, 9);
	bed_pass(bed, 3 * SECOND);
	assert_int_equal(bed->n_sent, 6);
	assert_int_equal(bed_state(bed, 0, host), NEIGH_FAILED);
	assert_int_equal(bed->n_dropped, 1);
	bed_close(bed);
}

static void a_neighbour_that_moved_is_found_by_the_second_round(void **state)
{
	struct ip host = bed_host(state, 0);
	struct bed *bed = bed_open6(NULL);

	bed_meet(bed, 0, host, MAC_A);
	bed_pass(bed, 45 * SECOND);
	bed_use(bed, 0, host);
	bed_pass(bed, 8 * SECOND);
	bed_answer(bed, 0, host, MAC_B);
	assert_int_equal(bed_state(bed, 0, host), NEIGH_REACHABLE);
	assert_true(bed_line_mac(bed, 0, host) == MAC_B);
	bed_close(bed);
}

static void an_unused_stale_neighbour_goes_after_20_minutes(void **state)
{
	struct ip host = bed_host(state, 0);
	struct bed *bed = bed_open6(NULL);

	bed_asks_us(bed, 0, host, MAC_A);
	bed_pass(bed, 1200 * SECOND - 1);
	assert_true(bed_knows(bed, 0, host));
	bed_pass(bed, 1);
	assert_false(bed_knows(bed, 0, host));
	assert_null(bed_line(bed, 0, host));
	assert_true(neigh_tick(bed->t, bed->now) == UINT64_MAX);
	bed_close(bed);
}

/* The agent slept: what is due is run once, not once for each period missed. */
static void a_late_tick_does_not_send_a_burst(void **state)
{
	struct ip host = bed_host(state, 0);
	struct bed *bed = bed_open6(NULL);

	bed_want(bed, 0, host, 1);
	bed->now += 100 * SECOND;
	neigh_tick(bed->t, bed->now);
	assert_int_equal(bed->n_sent, 2);
	assert_int_equal(bed_state(bed, 0, host), NEIGH_INCOMPLETE);
	bed_close(bed);
}

static void states_have_names(void **)
{
	assert_string_equal(neigh_state_name(NEIGH_INCOMPLETE), "incomplete");
	assert_string_equal(neigh_state_name(NEIGH_STATIC), "static");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_FAMILIES(the_first_packet_asks_all_and_goes_on_with_the_answer),
		BOTH_FAMILIES(a_request_of_the_host_itself_resolves_it_too),
		BOTH_FAMILIES(a_host_that_never_answers_fails_after_three_requests),
		BOTH_FAMILIES(a_failed_host_is_refused_at_once_for_a_while_then_forgotten),
		BOTH_FAMILIES(an_answer_that_comes_too_late_is_still_an_answer),
		BOTH_FAMILIES(a_confirmation_lasts_half_to_one_and_a_half_of_30_s),
		BOTH_FAMILIES(a_stale_neighbour_carries_traffic_and_asks_to_be_told),
		BOTH_FAMILIES(a_used_stale_neighbour_is_probed_by_unicast_after_5_s),
		BOTH_FAMILIES(a_lost_neighbour_is_asked_for_again_by_all_then_fails),
		BOTH_FAMILIES(a_neighbour_that_moved_is_found_by_the_second_round),
		BOTH_FAMILIES(an_unused_stale_neighbour_goes_after_20_minutes),
		BOTH_FAMILIES(a_late_tick_does_not_send_a_burst),
		cmocka_unit_test(states_have_names),
	};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
