/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "bed.h"

static const struct iface_addr6 tentative[] = {{OUR_LINK, 64, ADDR_TENTATIVE}};

/* RFC 4861 6.2.1, 6.2.4, for intervals of all sizes. */
static void intervals_are_random_within_their_bounds(void **)
{
	static const struct {
		uint32_t interval;
		uint64_t min_ms;
	} cases[] = {{4, 3000}, {8, 6000}, {9, 3000}, {10, 3300}, {200, 66000}, {1800, 594000}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t max = cases[i].interval * SECOND, min = cases[i].min_ms * NS_PER_MS;
		uint64_t shortest = UINT64_MAX, longest = 0;
		struct bed *bed = bed_open(i + 1);
		struct ra_config c = plain();

		c.interval = cases[i].interval;
		bed_ifaces(bed, usable);
		bed_set(bed, &c);
		bed_until(bed, 1003);
		for (uint32_t k = 3; k < 1003; k++) {
			uint64_t wait = bed->at[k] - bed->at[k - 1];

			shortest = wait < shortest ? wait : shortest;
			longest = wait > longest ? wait : longest;
			assert_in_range(wait, min, max);
		}
		/* A thousand of them come within a fiftieth of both bounds. */
		assert_in_range(shortest, min, min + (max - min) / 50);
		assert_in_range(longest, max - (max - min) / 50, max);
		bed_close(bed);
	}
}

/* RFC 4861 6.2.4: MAX_INITIAL_RTR_ADVERT_INTERVAL. */
static void the_first_three_come_soon(void **)
{
	struct bed *bed = bed_open(7);
	struct ra_config c = plain();
	uint64_t start = bed->now;

	bed_ifaces(bed, usable);
	bed_set(bed, &c);
	bed_until(bed, 4);
	assert_in_range(bed->at[0] - start, 0, SECOND / 2);
	assert_true(bed->at[1] - bed->at[0] == 16 * SECOND);
	assert_true(bed->at[2] - bed->at[1] == 16 * SECOND);
	assert_in_range(bed->at[3] - bed->at[2], 66 * SECOND, 200 * SECOND);
	bed_close(bed);
}

/* RFC 4861 6.2.6: MAX_RA_DELAY_TIME. */
static void a_solicitation_is_answered_within_half_a_second(void **)
{
	uint64_t shortest = UINT64_MAX, longest = 0;
	struct bed *bed = bed_open(3);
	struct ra_config c = plain();

	bed_ifaces(bed, usable);
	bed_set(bed, &c);
	bed_until(bed, 3);
	for (uint32_t i = 3; i < 503; i++) {
		uint64_t asked = bed->now += 4 * SECOND, wait;

		ra_solicited(bed->ra, 0, asked);
		bed_until(bed, i + 1);
		wait = bed->at[i] - asked;
		shortest = wait < shortest ? wait : shortest;
		longest = wait > longest ? wait : longest;
	}
	assert_true(shortest < SECOND / 50);
	assert_in_range(longest, SECOND / 2 - SECOND / 50, SECOND / 2);
	bed_close(bed);
}

/* RFC 4861 6.2.6: MIN_DELAY_BETWEEN_RAS, and one answer for all who ask. */
static void a_flood_of_solicitations_gets_one_answer_in_three_seconds(void **)
{
	struct bed *bed = bed_open(3);
	struct ra_config c = plain();

	bed_ifaces(bed, usable);
	bed_set(bed, &c);
	bed_until(bed, 1);
	for (int i = 0; i < 60000; i++) {
		ra_solicited(bed->ra, 0, bed->now);
		bed_pass(bed, NS_PER_MS);
	}
	for (uint32_t i = 1; i < bed->n_sent; i++)
		assert_in_range(bed->at[i] - bed->at[i - 1], 3 * SECOND, 3 * SECOND + SECOND / 2);
	assert_in_range(bed->n_sent, 17, 21);
	bed_close(bed);
}

/* RFC 4861 6.2.6: the interval's timer is reset by an answer to all nodes. */
static void an_answer_stands_for_the_next_periodic_one(void **)
{
	struct bed *bed = bed_open(5);
	struct ra_config c = plain();

	bed_ifaces(bed, usable);
	bed_set(bed, &c);
	bed_until(bed, 4);
	bed_pass(bed, 60 * SECOND);
	ra_solicited(bed->ra, 0, bed->now);
	bed_until(bed, 6);
	assert_in_range(bed->at[5] - bed->at[4], 66 * SECOND, 200 * SECOND);
	bed_close(bed);
}

static void who_does_not_advertise_is_silent(void **)
{
	struct bed *bed = bed_open(5);
	struct ra_config c = plain();

	bed_ifaces(bed, usable);
	ra_solicited(bed->ra, 0, bed->now);
	bed_pass(bed, 3600 * SECOND);
	assert_false(ra_stop(bed->ra, 0, bed->now));
	bed_set(bed, NULL);
	assert_int_equal(ra_set(bed->ra, 1, &c, bed->now), 0); /* has no link */
	ra_solicited(bed->ra, 1, bed->now);
	bed_pass(bed, 3600 * SECOND);
	assert_int_equal(bed->n_sent, 0);
	bed_close(bed);
}

static void nothing_is_sent_before_there_is_an_address(void **)
{
	struct bed *bed = bed_open(5);
	struct ra_config c = plain();

	bed_ifaces(bed, tentative);
	bed_set(bed, &c);
	ra_solicited(bed->ra, 0, bed->now);
	bed_pass(bed, 3600 * SECOND);
	assert_int_equal(bed->n_sent, 0);
	bed_ifaces(bed, usable);
	bed_pass(bed, SECOND / 2);
	assert_int_equal(bed->n_sent, 1);
	bed_close(bed);
}

static void a_link_that_comes_up_begins_anew(void **)
{
	struct bed *bed = bed_open(5);
	struct ra_config c = plain();

	bed_ifaces(bed, usable);
	bed_set(bed, &c);
	bed_until(bed, 5);
	bed_pass(bed, 10 * SECOND);
	bed_ifaces(bed, NULL);
	bed_pass(bed, 3600 * SECOND);
	assert_int_equal(bed->n_sent, 5);
	bed_ifaces(bed, usable);
	bed_pass(bed, 33 * SECOND);
	assert_int_equal(bed->n_sent, 8);
	bed_close(bed);
}

/* MIN_DELAY_BETWEEN_RAS holds for a link that flaps too. */
static void a_link_that_flaps_does_not_hurry(void **)
{
	struct bed *bed = bed_open(5);
	struct ra_config c = plain();

	bed_ifaces(bed, usable);
	bed_set(bed, &c);
	for (int i = 0; i < 1000; i++) {
		bed_pass(bed, 700 * NS_PER_MS);
		bed_ifaces(bed, NULL);
		bed_ifaces(bed, usable);
	}
	for (uint32_t i = 1; i < bed->n_sent; i++)
		assert_true(bed->at[i] - bed->at[i - 1] >= 3 * SECOND);
	assert_true(bed->n_sent > 100);
	bed_close(bed);
}

/* RFC 4861 6.2.5: MAX_FINAL_RTR_ADVERTISEMENTS, with a lifetime of 0, preference and all. */
static void an_interface_that_ceases_says_so_three_times(void **)
{
	struct bed *bed = bed_open(5);
	struct ra_config c = plain();

	c.preference = RA_PREFERENCE_HIGH;
	bed_ifaces(bed, usable);
	bed_set(bed, &c);
	bed_until(bed, 2);
	bed_set(bed, NULL);
	bed_set(bed, NULL);
	ra_solicited(bed->ra, 0, bed->now);
	bed_pass(bed, 7200 * SECOND);
	assert_int_equal(bed->n_sent, 5);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(bed->final[i], i >= 2);
	assert_int_equal(message(bed)[5], 0);
	for (uint32_t i = 2; i < 5; i++)
		assert_in_range(bed->at[i] - bed->at[i - 1], 3 * SECOND, 16 * SECOND);
	assert_true(ra_tick(bed->ra, bed->now) == UINT64_MAX);

	bed_set(bed, &c);
	bed_until(bed, 6);
	assert_false(bed->final[5]);
	bed_close(bed);
}

static void who_advertises_again_meanwhile_takes_it_back(void **)
{
	struct bed *bed = bed_open(5);
	struct ra_config c = plain();

	bed_ifaces(bed, usable);
	bed_set(bed, &c);
	bed_until(bed, 1);
	bed_set(bed, NULL);
	bed_until(bed, 2);
	assert_true(bed->final[1]);
	bed_set(bed, &c);
	bed_pass(bed, 40 * SECOND);
	assert_int_equal(bed->n_sent, 5);
	assert_false(bed->final[2] || bed->final[3] || bed->final[4]);
	bed_close(bed);
}

static void an_interface_that_goes_says_so_at_once(void **)
{
	struct bed *bed = bed_open(5);
	struct ra_config c = plain();

	bed_ifaces(bed, usable);
	bed_set(bed, &c);
	bed_until(bed, 1);
	assert_true(ra_stop(bed->ra, 0, bed->now));
	assert_int_equal(bed->n_sent, 2);
	assert_true(bed->final[1]);
	assert_false(ra_stop(bed->ra, 0, bed->now));
	bed_pass(bed, 7200 * SECOND);
	assert_int_equal(bed->n_sent, 2);
	bed_close(bed);
}

/* RFC 4861 6.2.8 */
static void a_new_link_local_address_retires_the_old_one(void **)
{
	static const struct iface_addr6 other[] = {{{0xfe80ull << 48, 2}, 64, ADDR_USABLE}};
	struct bed *bed = bed_open(5);
	struct ra_config c = plain();

	bed_ifaces(bed, usable);
	bed_set(bed, &c);
	bed_until(bed, 1);
	bed_ifaces(bed, other);
	assert_int_equal(bed->n_sent, 2);
	assert_true(bed->final[1]);
	assert_true(ip_equal(ip6_src(bed->frame + ETHER_LEN), OUR_LINK));
	bed_until(bed, 3);
	assert_false(bed->final[2]);
	assert_true(ip_equal(ip6_src(bed->frame + ETHER_LEN), other[0].addr));
	bed_close(bed);
}

/* The same where the new one is yet to be found free (RFC 4862 5.4): nothing speaks for a while. */
static void a_link_local_address_that_goes_is_retired_before_there_is_another(void **)
{
	static const struct iface_addr6 unsure[] = {{{0xfe80ull << 48, 2}, 64, ADDR_TENTATIVE}};
	static const struct iface_addr6 other[] = {{{0xfe80ull << 48, 2}, 64, ADDR_USABLE}};
	struct bed *bed = bed_open(5);
	struct ra_config c = plain();

	bed_ifaces(bed, usable);
	bed_set(bed, &c);
	bed_until(bed, 1);
	bed_ifaces(bed, unsure);
	assert_int_equal(bed->n_sent, 2);
	assert_true(bed->final[1]);
	assert_true(ip_equal(ip6_src(bed->frame + ETHER_LEN), OUR_LINK));
	bed_pass(bed, 2 * SECOND);
	assert_int_equal(bed->n_sent, 2);
	bed_ifaces(bed, other);
	bed_until(bed, 3);
	assert_false(bed->final[2]);
	assert_true(ip_equal(ip6_src(bed->frame + ETHER_LEN), other[0].addr));
	bed_close(bed);
}

/* Without a link there is nobody to tell, and the address may be the same when it is back. */
static void a_link_that_goes_retires_nothing(void **)
{
	struct bed *bed = bed_open(5);
	struct ra_config c = plain();

	bed_ifaces(bed, usable);
	bed_set(bed, &c);
	bed_until(bed, 1);
	bed_ifaces(bed, NULL);
	assert_int_equal(bed->n_sent, 1);
	bed_close(bed);
}

static void what_does_not_change_is_not_said_again(void **)
{
	struct bed *bed = bed_open(5);
	struct ra_config c = plain();

	bed_ifaces(bed, usable);
	bed_set(bed, &c);
	bed_until(bed, 4);
	bed_pass(bed, 10 * SECOND);
	for (int i = 0; i < 10; i++) {
		bed_set(bed, &c);
		bed_ifaces(bed, usable);
		bed_pass(bed, 4 * SECOND);
	}
	assert_int_equal(bed->n_sent, 4);
	c.lifetime = 900;
	bed_set(bed, &c);
	bed_pass(bed, 33 * SECOND);
	assert_int_equal(bed->n_sent, 7);
	bed_close(bed);
}

/* Whatever happens, in any order: no message sooner than three seconds behind another. */
static void any_order_of_events_keeps_the_bounds(void **)
{
	static const struct ip servers[] = {{1, 1}, {2, 2}, {3, 3}};
	struct bed *bed = bed_open(11);
	struct ra_config c = plain();

	srandom(4861);
	c.dns_servers = servers;
	for (int i = 0; i < 20000; i++) {
		long dice = random();

		c.n_dns_servers = (uint16_t)((dice >> 8 & 3) % 3);
		c.lifetime = (uint16_t)(1000 + (dice >> 12 & 1));
		if (dice % 16 < 10)
			ra_solicited(bed->ra, 0, bed->now);
		else if (dice % 16 < 13)
			bed_set(bed, dice % 16 == 12 ? NULL : &c);
		else
			bed_ifaces(bed, dice % 16 == 13 ? NULL : usable);
		bed_pass(bed, (uint64_t)random() % (2 * SECOND));
	}
	assert_in_range(bed->n_sent, 1000, 1u << 20);
	for (uint32_t i = 1; i < N_SENT && i < bed->n_sent; i++) {
		if ((bed->n_sent - i) % N_SENT != 0) /* where the record wraps */
			assert_true(bed->at[i] < bed->at[i - 1] ||
			            bed->at[i] - bed->at[i - 1] >= 3 * SECOND);
	}
	bed_close(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_are_random_within_their_bounds),
		cmocka_unit_test(the_first_three_come_soon),
		cmocka_unit_test(a_solicitation_is_answered_within_half_a_second),
		cmocka_unit_test(a_flood_of_solicitations_gets_one_answer_in_three_seconds),
		cmocka_unit_test(an_answer_stands_for_the_next_periodic_one),
		cmocka_unit_test(who_does_not_advertise_is_silent),
		cmocka_unit_test(nothing_is_sent_before_there_is_an_address),
		cmocka_unit_test(a_link_that_comes_up_begins_anew),
		cmocka_unit_test(a_link_that_flaps_does_not_hurry),
		cmocka_unit_test(an_interface_that_ceases_says_so_three_times),
		cmocka_unit_test(who_advertises_again_meanwhile_takes_it_back),
		cmocka_unit_test(an_interface_that_goes_says_so_at_once),
		cmocka_unit_test(a_new_link_local_address_retires_the_old_one),
		cmocka_unit_test(a_link_local_address_that_goes_is_retired_before_there_is_another),
		cmocka_unit_test(a_link_that_goes_retires_nothing),
		cmocka_unit_test(what_does_not_change_is_not_said_again),
		cmocka_unit_test(any_order_of_events_keeps_the_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
