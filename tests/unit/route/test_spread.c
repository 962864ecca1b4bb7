/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "route/spread.h"

static uint64_t rng = 2992;

static uint32_t draw(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)(rng >> 32) % n;
}

/* The members of @set have all buckets, to within one. */
static void is_even(const uint8_t *bucket, uint32_t set)
{
	uint32_t n[NEXTHOP_MEMBERS] = {}, alive = (uint32_t)__builtin_popcount(set);

	for (uint32_t b = 0; b < NEXTHOP_BUCKETS; b++) {
		assert_true(bucket[b] < NEXTHOP_MEMBERS && (set >> bucket[b] & 1) != 0);
		n[bucket[b]]++;
	}
	for (uint32_t i = 0; i < NEXTHOP_MEMBERS; i++) {
		if ((set >> i & 1) == 0)
			continue;
		assert_in_range(n[i], NEXTHOP_BUCKETS / alive, (NEXTHOP_BUCKETS - 1) / alive + 1);
	}
}

static uint32_t differences(const uint8_t *a, const uint8_t *b)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < NEXTHOP_BUCKETS; i++)
		n += a[i] != b[i];
	return n;
}

static uint32_t count(const uint8_t *bucket, uint8_t of)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < NEXTHOP_BUCKETS; i++)
		n += bucket[i] == of;
	return n;
}

static struct spread fresh(uint8_t n)
{
	struct spread s;

	spread_init(&s, n, NULL, NULL);
	spread_settle(&s, UINT32_MAX);
	return s;
}

static void members_share_evenly(void **)
{
	for (uint8_t n = 1; n <= NEXTHOP_MEMBERS; n++) {
		struct spread s = fresh(n);

		is_even(s.home, (1u << n) - 1);
		assert_memory_equal(s.home, s.at, sizeof(s.at));
	}
}

static void only_the_buckets_of_who_dies_move_and_just_those_return(void **)
{
	for (uint8_t n = 2; n <= NEXTHOP_MEMBERS; n++) {
		for (uint8_t dies = 0; dies < n; dies++) {
			struct spread s = fresh(n), before = s;

			spread_settle(&s, ~(1u << dies));
			is_even(s.at, ((1u << n) - 1) & ~(1u << dies));
			assert_int_equal(differences(s.at, before.at), count(before.at, dies));
			spread_settle(&s, UINT32_MAX);
			assert_memory_equal(s.at, before.at, sizeof(s.at));
		}
	}
}

static void if_all_are_dead_flows_go_as_if_none_were(void **)
{
	struct spread s = fresh(5);

	spread_settle(&s, 1u << 3);
	is_even(s.at, 1u << 3);
	spread_settle(&s, 0);
	assert_memory_equal(s.at, s.home, sizeof(s.at));
}

/* From @was to @s member @i died or came back: was no more moved than that asks for? */
static void moved_what_it_must(const struct spread *was, const struct spread *s, uint32_t alive,
                               uint8_t i)
{
	uint32_t moved = differences(s->at, was->at);

	if ((alive >> i & 1) == 0)
		assert_int_equal(moved, count(was->at, i));
	else if (alive == (1u << s->n) - 1)
		assert_int_equal(moved, count(s->at, i));
	for (uint32_t b = 0; b < NEXTHOP_BUCKETS; b++) {
		if (alive >> s->home[b] & 1)
			assert_int_equal(s->at[b], s->home[b]);
	}
}

/* Whoever dies and comes back, in whatever order: always even, and no bucket of a survivor that is
 * at home there ever moves. */
static void random_lives_and_deaths_move_no_more_than_they_must(void **)
{
	for (uint32_t round = 0; round < 200; round++) {
		uint8_t n = (uint8_t)(2 + draw(NEXTHOP_MEMBERS - 1));
		uint32_t all = (1u << n) - 1, alive = all;
		struct spread s = fresh(n);

		for (uint32_t step = 0; step < 50; step++) {
			struct spread was = s;
			uint8_t i = (uint8_t)draw(n);

			if (alive == 1u << i)
				continue;
			alive ^= 1u << i;
			spread_settle(&s, alive);
			is_even(s.at, alive);
			moved_what_it_must(&was, &s, alive, i);
		}
		spread_settle(&s, all);
		assert_memory_equal(s.at, s.home, sizeof(s.at));
	}
}

/* How many buckets have to move for @m members to share evenly: all that are nobody's, and those
 * that the first @kept members have beyond their share; who has most keeps one of the odd ones. */
static uint32_t moves_needed(const uint8_t *bucket, uint8_t m, uint8_t kept)
{
	uint32_t must = count(bucket, SPREAD_NONE), share = NEXTHOP_BUCKETS / m;
	uint32_t odd = NEXTHOP_BUCKETS % m;

	for (uint32_t had = NEXTHOP_BUCKETS; had > share; had--) {
		for (uint8_t i = 0; i < kept; i++) {
			if (count(bucket, i) != had)
				continue;
			must += had - share - (odd > 0);
			odd -= odd > 0;
		}
	}
	return must;
}

/* A configuration takes members away and adds others: @from tells where those of before are now. */
static void a_new_set_moves_as_few_buckets_as_evenness_allows(void **)
{
	for (uint32_t round = 0; round < 2000; round++) {
		uint8_t n = (uint8_t)(1 + draw(NEXTHOP_MEMBERS)), kept = 0;
		uint8_t m = (uint8_t)(1 + draw(NEXTHOP_MEMBERS));
		uint8_t from[NEXTHOP_MEMBERS], before[NEXTHOP_BUCKETS];
		struct spread was = fresh(n), s;

		for (uint8_t i = 0; i < n; i++)
			from[i] = draw(2) == 0 && kept < m ? kept++ : SPREAD_NONE;
		spread_init(&s, m, &was, from);
		is_even(s.home, (1u << m) - 1);
		for (uint32_t b = 0; b < NEXTHOP_BUCKETS; b++)
			before[b] = from[was.home[b]];
		assert_int_equal(differences(s.home, before), moves_needed(before, m, kept));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_share_evenly),
		cmocka_unit_test(only_the_buckets_of_who_dies_move_and_just_those_return),
		cmocka_unit_test(if_all_are_dead_flows_go_as_if_none_were),
		cmocka_unit_test(random_lives_and_deaths_move_no_more_than_they_must),
		cmocka_unit_test(a_new_set_moves_as_few_buckets_as_evenness_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
