/* SPDX-License-Identifier: BSD-2-Clause */
#include "route/spread.h"

#include <assert.h>
#include <string.h>

/* How many buckets each member has. */
struct load {
	uint32_t n[NEXTHOP_MEMBERS];
};

static struct load load_of(const uint8_t *bucket)
{
	struct load load = {};

	for (uint32_t b = 0; b < NEXTHOP_BUCKETS; b++) {
		if (bucket[b] != SPREAD_NONE)
			load.n[bucket[b]]++;
	}
	return load;
}

/* The member of @set with the least load, the first of several; with the most if @most. */
static uint8_t load_pick(const struct load *load, uint32_t set, bool most)
{
	uint8_t best = SPREAD_NONE;

	for (uint8_t i = 0; i < NEXTHOP_MEMBERS; i++) {
		if ((set >> i & 1) == 0)
			continue;
		if (best == SPREAD_NONE ||
		    (most ? load->n[i] > load->n[best] : load->n[i] < load->n[best]))
			best = i;
	}
	return best;
}

/* Give the buckets that have none a member of @set, the least loaded each time. */
static void fill(uint8_t *bucket, uint32_t set)
{
	struct load load = load_of(bucket);

	for (uint32_t b = 0; b < NEXTHOP_BUCKETS; b++) {
		if (bucket[b] != SPREAD_NONE)
			continue;
		bucket[b] = load_pick(&load, set, false);
		load.n[bucket[b]]++;
	}
}

static uint32_t set_of_all(const struct spread *s)
{
	return (1u << s->n) - 1;
}

/* Take from each member the homes beyond its share, the last ones first. */
static void trim(struct spread *s)
{
	struct load load = load_of(s->home);
	uint32_t share = NEXTHOP_BUCKETS / s->n, rest = NEXTHOP_BUCKETS % s->n;
	uint32_t left = set_of_all(s);

	/* Who has most keeps one more, as long as there is a rest. */
	while (left != 0) {
		uint8_t i = load_pick(&load, left, true);
		uint32_t quota = share + (rest > 0);

		rest -= rest > 0;
		left &= ~(1u << i);
		for (uint32_t b = NEXTHOP_BUCKETS; b-- > 0 && load.n[i] > quota;) {
			if (s->home[b] != i)
				continue;
			s->home[b] = SPREAD_NONE;
			load.n[i]--;
		}
	}
}

void spread_init(struct spread *s, uint8_t n, const struct spread *was, const uint8_t *from)
{
	assert(n > 0 && n <= NEXTHOP_MEMBERS);
	s->n = n;
	memset(s->home, SPREAD_NONE, sizeof(s->home));
	memset(s->at, SPREAD_NONE, sizeof(s->at));
	for (uint32_t b = 0; was != NULL && b < NEXTHOP_BUCKETS; b++) {
		s->home[b] = from[was->home[b]];
		s->at[b] = from[was->at[b]];
	}
	trim(s);
	fill(s->home, set_of_all(s));
}

/* A bucket at @i that is not at home there; there is one where @i has more than all homes. */
static uint32_t guest_of(const struct spread *s, uint8_t i)
{
	uint32_t b = 0;

	while (s->at[b] != i || s->home[b] == i)
		b++;
	return b;
}

void spread_settle(struct spread *s, uint32_t alive)
{
	struct load load;
	uint8_t most, least;

	alive &= set_of_all(s);
	if (alive == 0)
		alive = set_of_all(s);
	for (uint32_t b = 0; b < NEXTHOP_BUCKETS; b++) {
		if (alive >> s->home[b] & 1)
			s->at[b] = s->home[b];
		else if (s->at[b] != SPREAD_NONE && (alive >> s->at[b] & 1) == 0)
			s->at[b] = SPREAD_NONE;
	}
	fill(s->at, alive);
	/* Homes are even, so who has two more than another has guests to spare. */
	for (load = load_of(s->at);; load.n[most]--, load.n[least]++) {
		most = load_pick(&load, alive, true);
		least = load_pick(&load, alive, false);
		if (load.n[most] - load.n[least] <= 1)
			break;
		s->at[guest_of(s, most)] = least;
	}
}
