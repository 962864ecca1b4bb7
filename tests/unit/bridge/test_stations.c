/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rcu.h"
#include "bridge/stations.h"

#define SECOND NS_PER_SEC
#define NOW    (1000 * SECOND)

/* A bridge of ports 0 to 3, its stations, and what it was told. */
struct bed {
	struct stations *s;
	struct bridge *b;
	unsigned int told;
	uint16_t told_port;
	uint32_t told_limit;
};

static void note_reached(void *ctx, uint16_t port, uint32_t limit)
{
	struct bed *bed = ctx;

	bed->told++;
	bed->told_port = port;
	bed->told_limit = limit;
}

static void bed_open(struct bed *bed, uint32_t limit, uint64_t ageing_ns)
{
	const struct stations_config config = {
		.limit = limit,
		.ageing_ns = ageing_ns,
		.reached = note_reached,
		.ctx = bed,
	};

	memset(bed, 0, sizeof(*bed));
	assert_int_equal(stations_new(&bed->s, &config), 0);
	bed->b = calloc(1, sizeof(*bed->b) + VLAN_VIDS * sizeof(bed->b->vlan[0]));
	assert_non_null(bed->b);
	bed->b->live = stations_live(bed->s);
	bed->b->ports = bed->b->learning = bed->b->forwarding = 0xf;
	bed->b->vlan[0].members = 0xf;
}

static void bed_close(struct bed *bed)
{
	stations_free(bed->s);
	free(bed->b);
}

static uint64_t mac_of(uint32_t i)
{
	return 0x020000000000 + i;
}

static uint64_t key_of(uint32_t i)
{
	return fdb_key(mac_of(i), 0);
}

static void report_new(struct bed *bed, uint32_t i, uint16_t port, uint64_t now_ns)
{
	const struct report r = {
		.kind = REPORT_STATION, .claim = STATION_NEW, .mac = mac_of(i), .iface = port};

	stations_report(bed->s, bed->b, &r, now_ns);
}

/* A frame of station @i comes in by @port, as a worker does it. Return: was it told of a move? */
static bool hear(struct bed *bed, uint32_t i, uint16_t port, uint64_t now_ns, struct report *r)
{
	struct fdb_heard heard;
	uint64_t key = key_of(i);

	fdb_hear(bed->b->live->fdb, &key, 1, port, fdb_tick(now_ns), bed->b->live->full[port],
	         &heard);
	*r = (struct report){.kind = REPORT_STATION,
	                     .claim = STATION_MOVED,
	                     .mac = mac_of(i),
	                     .iface = port,
	                     .in = heard.old[0]};
	return heard.moved != 0;
}

static void move(struct bed *bed, uint32_t i, uint16_t port, uint64_t now_ns)
{
	struct report r;

	assert_true(hear(bed, i, port, now_ns, &r));
	stations_report(bed->s, bed->b, &r, now_ns);
}

static bool has(const struct bed *bed, uint32_t i)
{
	struct station st;

	return stations_get(bed->s, key_of(i), NOW, &st);
}

static uint16_t port_of(const struct bed *bed, uint32_t i)
{
	struct station st = {.port = 999};

	assert_true(stations_get(bed->s, key_of(i), NOW, &st));
	return st.port;
}

static struct stations_stats stats(const struct bed *bed)
{
	struct stations_stats st;

	stations_get_stats(bed->s, &st);
	return st;
}

/* What the counts say is what the table has. */
static void assert_counts(const struct bed *bed)
{
	uint32_t port[IFACE_PORTS] = {}, all = 0, n_static = 0;
	struct stations_stats st = stats(bed);
	struct station one;
	size_t at = 0;

	while (stations_next(bed->s, &at, NOW, &one)) {
		if (one.port == FDB_ROUTER)
			continue;
		port[one.port]++;
		all++;
		n_static += one.is_static;
	}
	assert_int_equal(st.stations, all);
	assert_int_equal(st.n_static, n_static);
	assert_memory_equal(st.port, port, sizeof(port));
}

static void a_reported_station_is_learned(void **)
{
	struct bed bed;

	bed_open(&bed, 100, 300 * SECOND);
	report_new(&bed, 1, 2, NOW);
	assert_int_equal(port_of(&bed, 1), 2);
	/* Once: more frames of it were on their way. */
	report_new(&bed, 1, 2, NOW);
	report_new(&bed, 1, 3, NOW);
	assert_int_equal(port_of(&bed, 1), 2);
	assert_int_equal(stats(&bed).learned, 1);
	assert_int_equal(stats(&bed).stations, 1);
	assert_counts(&bed);
	bed_close(&bed);
}

static void a_port_that_does_not_learn_any_more_learns_nothing(void **)
{
	struct bed bed;

	bed_open(&bed, 100, 300 * SECOND);
	bed.b->learning = 0x7;
	report_new(&bed, 1, 3, NOW);
	report_new(&bed, 2, 40, NOW);
	assert_int_equal(stats(&bed).stations, 0);
	report_new(&bed, 3, 2, NOW);
	assert_int_equal(stats(&bed).stations, 1);
	bed_close(&bed);
}

static void a_vlan_that_the_port_is_not_in_is_not_learned_in(void **)
{
	struct report r = {.kind = REPORT_STATION, .claim = STATION_NEW, .mac = 7, .iface = 1};
	struct bed bed;

	bed_open(&bed, 100, 300 * SECOND);
	r.value = 10; /* without VLANs there is 0 only */
	stations_report(bed.s, bed.b, &r, NOW);
	bed.b->vlan_aware = true;
	stations_report(bed.s, bed.b, &r, NOW);
	r.value = 5000;
	stations_report(bed.s, bed.b, &r, NOW);
	assert_int_equal(stats(&bed).stations, 0);
	r.value = 10;
	bed.b->vlan[10].members = 0x2;
	stations_report(bed.s, bed.b, &r, NOW);
	r.iface = 2;
	r.mac = 8;
	stations_report(bed.s, bed.b, &r, NOW);
	assert_int_equal(stats(&bed).stations, 1);
	bed_close(&bed);
}

static void a_move_is_counted_at_both_ports(void **)
{
	struct bed bed;

	bed_open(&bed, 100, 300 * SECOND);
	report_new(&bed, 1, 2, NOW);
	report_new(&bed, 2, 2, NOW);
	move(&bed, 1, 3, NOW);
	assert_int_equal(port_of(&bed, 1), 3);
	assert_int_equal(stats(&bed).moved, 1);
	assert_int_equal(stats(&bed).port[2], 1);
	assert_int_equal(stats(&bed).port[3], 1);
	assert_counts(&bed);
	bed_close(&bed);
}

static void a_lost_report_of_a_move_is_made_good_by_a_sweep(void **)
{
	struct report r;
	struct bed bed;

	bed_open(&bed, 100, 300 * SECOND);
	assert_int_equal(stations_set_limit(bed.s, 3, 1), 0);
	report_new(&bed, 1, 2, NOW);
	assert_true(hear(&bed, 1, 3, NOW, &r));
	assert_int_equal(stats(&bed).port[3], 0);
	stations_run(bed.s, NOW);
	assert_counts(&bed);
	assert_int_equal(stats(&bed).port[3], 1);
	assert_int_equal(bed.b->live->full[3], 1);
	/* What comes late after all is wrong until the next sweep, but no less than nothing. */
	stations_report(bed.s, bed.b, &r, NOW);
	assert_int_equal(stats(&bed).port[2], 0);
	stations_run(bed.s, NOW + 3600 * SECOND);
	assert_counts(&bed);
	bed_close(&bed);
}

/* A worker that does not know yet that a port has left follows a station there. */
static void a_move_to_a_port_that_has_left_is_undone(void **)
{
	struct bed bed;

	bed_open(&bed, 100, 300 * SECOND);
	report_new(&bed, 1, 2, NOW);
	bed.b->learning = 0x7;
	stations_flush_port(bed.s, 3);
	move(&bed, 1, 3, NOW);
	assert_false(has(&bed, 1));
	assert_counts(&bed);
	bed_close(&bed);
}

static void a_full_bridge_learns_nothing_until_there_is_room(void **)
{
	struct bed bed;

	bed_open(&bed, 16, 300 * SECOND);
	for (uint32_t i = 0; i < 15; i++)
		report_new(&bed, i, (uint16_t)(i % 4), NOW);
	assert_int_equal(bed.told, 0);
	for (uint32_t i = 15; i < 40; i++)
		report_new(&bed, i, 1, NOW);
	assert_int_equal(stats(&bed).stations, 16);
	assert_int_equal(stats(&bed).limit_bridge, 24);
	assert_int_equal(bed.told, 1);
	assert_int_equal(bed.told_port, STATIONS_BRIDGE);
	assert_int_equal(bed.told_limit, 16);
	/* Stations may still move. */
	assert_int_equal(bed.b->live->full[2], 0);
	/* A little room is taken without a word, */
	assert_true(stations_flush_port(bed.s, 3) == 3);
	report_new(&bed, 50, 1, NOW);
	assert_true(has(&bed, 50));
	for (uint32_t i = 60; i < 70; i++)
		report_new(&bed, i, 1, NOW);
	assert_int_equal(bed.told, 2);
	bed_close(&bed);
}

static void at_its_limit_a_bridge_is_told_of_once(void **)
{
	struct bed bed;

	bed_open(&bed, 16, 300 * SECOND);
	for (uint32_t i = 0; i < 16; i++)
		report_new(&bed, i, 0, NOW);
	assert_int_equal(bed.told, 1);
	for (uint32_t i = 0; i < 10; i++) {
		/* One goes, and one comes. */
		assert_int_equal(stations_set(bed.s, key_of(100 + i), 1, NOW), 0);
		assert_true(stations_unset(bed.s, key_of(100 + i)));
		report_new(&bed, 200 + i, 0, NOW);
	}
	assert_int_equal(stats(&bed).stations, 16);
	assert_int_equal(bed.told, 1);
	bed_close(&bed);
}

static void a_full_port_is_shown_to_workers_and_others_learn_on(void **)
{
	struct report r;
	struct bed bed;

	bed_open(&bed, 100, 2 * SECOND);
	assert_int_equal(stations_set_limit(bed.s, 1, 2), 0);
	report_new(&bed, 1, 1, NOW);
	assert_int_equal(bed.b->live->full[1], 0);
	report_new(&bed, 2, 1, NOW);
	assert_int_equal(bed.b->live->full[1], 1);
	assert_int_equal(bed.told, 1);
	assert_int_equal(bed.told_port, 1);
	assert_int_equal(bed.told_limit, 2);
	report_new(&bed, 3, 1, NOW);
	assert_false(has(&bed, 3));
	assert_int_equal(stats(&bed).limit_port, 1);
	report_new(&bed, 4, 2, NOW);
	assert_true(has(&bed, 4));
	assert_false(hear(&bed, 4, 1, NOW, &r));
	assert_int_equal(port_of(&bed, 4), 2);
	/* Room again, by a move and by age. */
	move(&bed, 2, 3, NOW);
	assert_int_equal(bed.b->live->full[1], 0);
	report_new(&bed, 3, 1, NOW);
	assert_int_equal(bed.b->live->full[1], 1);
	stations_run(bed.s, NOW + 10 * SECOND);
	assert_int_equal(bed.b->live->full[1], 0);
	bed_close(&bed);
}

static void a_limit_may_change_while_stations_are_there(void **)
{
	struct bed bed;

	bed_open(&bed, 100, 300 * SECOND);
	for (uint32_t i = 0; i < 10; i++)
		report_new(&bed, i, 1, NOW);
	assert_int_equal(stations_set_limit(bed.s, 1, 5), 0);
	assert_int_equal(stats(&bed).port[1], 10);
	assert_int_equal(bed.b->live->full[1], 1);
	assert_int_equal(stations_set_limit(bed.s, 1, 0), 0);
	assert_int_equal(bed.b->live->full[1], 0);
	assert_int_equal(stations_set_limit(bed.s, STATIONS_BRIDGE, 5), 0);
	report_new(&bed, 20, 1, NOW);
	assert_false(has(&bed, 20));
	assert_int_equal(stations_set_limit(bed.s, STATIONS_BRIDGE, 100), 0);
	report_new(&bed, 20, 1, NOW);
	assert_true(has(&bed, 20));
	assert_int_equal(stations_set_limit(bed.s, STATIONS_BRIDGE, 101), -ENOSPC);
	bed_close(&bed);
}

static void a_silent_station_goes_after_the_ageing_time_and_not_before(void **)
{
	/* All phases of ticks and sweeps. */
	for (uint64_t phase = 0; phase < 40; phase++) {
		const uint64_t start = NOW + phase * 31 * NS_PER_MS;
		uint64_t now = NOW, gone = 0;
		struct bed bed;

		bed_open(&bed, 100, 2 * SECOND);
		while (now < start)
			now = stations_run(bed.s, now);
		report_new(&bed, 1, 1, start);
		while (gone == 0 && now < start + 10 * SECOND) {
			uint64_t next = stations_run(bed.s, now);

			if (!has(&bed, 1))
				gone = now;
			assert_true(next > now);
			now = next;
		}
		assert_true(gone >= start + 2 * SECOND);
		assert_true(gone <= start + 4 * SECOND);
		assert_int_equal(stats(&bed).aged, 1);
		assert_counts(&bed);
		bed_close(&bed);
	}
}

static void a_station_that_speaks_each_second_stays(void **)
{
	struct report r;
	struct bed bed;

	bed_open(&bed, 100, 2 * SECOND);
	report_new(&bed, 1, 1, NOW);
	for (uint64_t now = NOW; now < NOW + 60 * SECOND; now += SECOND / 10) {
		if (now % SECOND == 0)
			assert_false(hear(&bed, 1, 1, now, &r));
		stations_run(bed.s, now);
		assert_true(has(&bed, 1));
	}
	bed_close(&bed);
}

static void without_ageing_stations_stay(void **)
{
	struct bed bed;

	bed_open(&bed, 100, 0);
	report_new(&bed, 1, 1, NOW);
	assert_true(stations_run(bed.s, NOW + 100000 * SECOND) > NOW + 100000 * SECOND);
	assert_true(has(&bed, 1));
	/* Until a reload says otherwise. */
	stations_set_ageing(bed.s, 10 * SECOND);
	stations_run(bed.s, NOW + 100000 * SECOND);
	assert_false(has(&bed, 1));
	bed_close(&bed);
}

static void ticks_may_come_round_and_clocks_differ(void **)
{
	const uint64_t round = 1ull << 60; /* of fdb_tick() */
	struct report r;
	struct bed bed;

	bed_open(&bed, 100, 10 * SECOND);
	report_new(&bed, 1, 1, round - SECOND);
	stations_run(bed.s, round + SECOND);
	assert_true(has(&bed, 1));
	assert_false(hear(&bed, 1, 1, round + 3 * SECOND, &r));
	/* The worker was ahead. */
	stations_run(bed.s, round + 2 * SECOND + SECOND / 2);
	assert_true(has(&bed, 1));
	stations_run(bed.s, round + 15 * SECOND);
	assert_false(has(&bed, 1));
	bed_close(&bed);
}

static void static_ones_survive_age_flush_and_moves(void **)
{
	struct report r;
	struct bed bed;

	bed_open(&bed, 100, 2 * SECOND);
	assert_int_equal(stations_set(bed.s, key_of(1), 1, NOW), 0);
	report_new(&bed, 2, 1, NOW);
	assert_false(hear(&bed, 1, 2, NOW, &r));
	assert_int_equal(stations_flush_port(bed.s, 1), 1);
	assert_int_equal(stations_flush(bed.s), 0);
	stations_run(bed.s, NOW + 100 * SECOND);
	assert_int_equal(port_of(&bed, 1), 1);
	assert_false(has(&bed, 2));
	assert_int_equal(stats(&bed).n_static, 1);
	assert_counts(&bed);
	/* It may get another port, by who set it. */
	assert_int_equal(stations_set(bed.s, key_of(1), 2, NOW), 0);
	assert_int_equal(port_of(&bed, 1), 2);
	assert_counts(&bed);
	assert_true(stations_unset(bed.s, key_of(1)));
	assert_false(stations_unset(bed.s, key_of(1)));
	assert_counts(&bed);
	bed_close(&bed);
}

static void a_static_one_replaces_the_learned_one_of_its_address(void **)
{
	struct bed bed;

	bed_open(&bed, 2, 300 * SECOND);
	report_new(&bed, 1, 1, NOW);
	report_new(&bed, 2, 1, NOW);
	assert_int_equal(stations_set(bed.s, key_of(1), 2, NOW), 0);
	assert_int_equal(port_of(&bed, 1), 2);
	assert_true(has(&bed, 2));
	assert_counts(&bed);
	/* And is not unset while it is learned. */
	assert_false(stations_unset(bed.s, key_of(2)));
	bed_close(&bed);
}

static void a_static_one_takes_the_place_of_the_one_silent_longest(void **)
{
	struct bed bed;

	bed_open(&bed, 4, 300 * SECOND);
	assert_int_equal(stations_set_limit(bed.s, 1, 2), 0);
	report_new(&bed, 1, 0, NOW);
	report_new(&bed, 2, 1, NOW + 2 * SECOND);
	report_new(&bed, 3, 1, NOW + SECOND);
	report_new(&bed, 4, 2, NOW + 2 * SECOND);
	/* The port is full: one of its own goes, and that is room in the bridge, too. */
	assert_int_equal(stations_set(bed.s, key_of(5), 1, NOW + 3 * SECOND), 0);
	assert_false(has(&bed, 3));
	assert_true(has(&bed, 1));
	/* The bridge is full. */
	assert_int_equal(stations_set(bed.s, key_of(6), 2, NOW + 3 * SECOND), 0);
	assert_false(has(&bed, 1));
	assert_int_equal(stations_set(bed.s, key_of(7), 3, NOW + 3 * SECOND), 0);
	assert_int_equal(stations_set(bed.s, key_of(8), 3, NOW + 3 * SECOND), 0);
	assert_int_equal(stations_set(bed.s, key_of(9), 3, NOW + 3 * SECOND), -ENOSPC);
	assert_int_equal(stats(&bed).n_static, 4);
	assert_int_equal(stats(&bed).stations, 4);
	assert_counts(&bed);
	bed_close(&bed);
}

static void the_routers_own_addresses_count_for_no_limit(void **)
{
	struct bed bed;
	struct station st;

	bed_open(&bed, 2, 2 * SECOND);
	for (uint32_t i = 0; i < 2 * IFACE_MAX; i++)
		assert_int_equal(stations_set(bed.s, key_of(1000 + i), FDB_ROUTER, NOW), 0);
	assert_int_equal(stats(&bed).stations, 0);
	assert_int_equal(stats(&bed).n_static, 0);
	report_new(&bed, 1, 1, NOW);
	report_new(&bed, 2, 1, NOW);
	assert_true(has(&bed, 2));
	assert_true(stations_get(bed.s, key_of(1000), NOW, &st));
	assert_int_equal(st.port, FDB_ROUTER);
	assert_true(st.is_static);
	assert_int_equal(stations_set(bed.s, key_of(1000), 1, NOW), -EEXIST);
	stations_flush(bed.s);
	stations_run(bed.s, NOW + 100 * SECOND);
	assert_true(has(&bed, 1000));
	/* An address of a station becomes the router's. */
	report_new(&bed, 1, 1, NOW);
	assert_int_equal(stations_set(bed.s, key_of(999), 2, NOW), 0);
	assert_true(stations_unset(bed.s, key_of(1001)));
	assert_true(stations_unset(bed.s, key_of(1002)));
	assert_int_equal(stations_set(bed.s, key_of(1), FDB_ROUTER, NOW), 0);
	assert_int_equal(stations_set(bed.s, key_of(999), FDB_ROUTER, NOW), 0);
	assert_int_equal(stats(&bed).stations, 0);
	assert_counts(&bed);
	bed_close(&bed);
}

static void flushes_take_what_they_are_for(void **)
{
	struct report r = {.kind = REPORT_STATION, .claim = STATION_NEW};
	struct bed bed;

	bed_open(&bed, 100, 300 * SECOND);
	bed.b->vlan_aware = true;
	bed.b->vlan[10].members = bed.b->vlan[20].members = 0xf;
	for (uint32_t i = 0; i < 24; i++) {
		r.mac = mac_of(i);
		r.iface = (uint16_t)(i % 4);
		r.value = i < 12 ? 10 : 20;
		stations_report(bed.s, bed.b, &r, NOW);
	}
	assert_int_equal(stations_flush_port(bed.s, 2), 6);
	assert_int_equal(stats(&bed).port[2], 0);
	assert_counts(&bed);
	assert_int_equal(stations_flush_vlan(bed.s, 10), 9);
	assert_counts(&bed);
	assert_int_equal(stations_flush(bed.s), 9);
	assert_int_equal(stats(&bed).stations, 0);
	assert_int_equal(stats(&bed).flushed, 24);
	bed_close(&bed);
}

static void what_is_shown_is_what_is_there(void **)
{
	struct station st;
	struct bed bed;
	size_t at = 0;

	bed_open(&bed, 100, 300 * SECOND);
	report_new(&bed, 1, 3, NOW - 20 * SECOND);
	assert_true(stations_next(bed.s, &at, NOW, &st));
	assert_int_equal(st.mac, mac_of(1));
	assert_int_equal(st.vid, 0);
	assert_int_equal(st.port, 3);
	assert_false(st.is_static);
	assert_true(st.age_ns <= 20 * SECOND && st.age_ns > 20 * SECOND - 300 * NS_PER_MS);
	assert_false(stations_next(bed.s, &at, NOW, &st));
	assert_false(stations_get(bed.s, key_of(2), NOW, &st));
	bed_close(&bed);
}

static void a_larger_table_takes_over_from_a_smaller_one(void **)
{
	const struct stations_config config = {.limit = 1000, .ageing_ns = 300 * SECOND};
	struct stations *old;
	struct station st;
	struct bed bed;

	bed_open(&bed, 50, 300 * SECOND);
	for (uint32_t i = 0; i < 49; i++)
		report_new(&bed, i, 1, NOW - 7 * SECOND);
	assert_int_equal(stations_set(bed.s, key_of(100), 2, NOW), 0);
	assert_int_equal(stations_set(bed.s, key_of(200), FDB_ROUTER, NOW), 0);
	old = bed.s;
	assert_int_equal(stations_new(&bed.s, &config), 0);
	assert_int_equal(stations_set_limit(bed.s, 1, 20), 0);
	stations_copy(bed.s, old);
	rcu_register_thread();
	stations_free_rcu(old);
	rcu_barrier();
	rcu_unregister_thread();
	/* Of port 1 as many as it may have now. */
	assert_int_equal(stats(&bed).port[1], 20);
	assert_int_equal(stats(&bed).n_static, 1);
	assert_int_equal(stats(&bed).learned, 49);
	assert_int_equal(port_of(&bed, 100), 2);
	assert_int_equal(port_of(&bed, 200), FDB_ROUTER);
	for (uint32_t i = 0; i < 49; i++) {
		if (stations_get(bed.s, key_of(i), NOW, &st))
			assert_true(st.age_ns > 6 * SECOND);
	}
	assert_counts(&bed);
	bed_close(&bed);
}

static void no_limit_is_no_table(void **)
{
	const struct stations_config none = {.limit = 0}, many = {.limit = UINT32_MAX};
	struct stations *s = NULL;

	assert_int_equal(stations_new(&s, &none), -EINVAL);
	assert_int_equal(stations_new(&s, &many), -EINVAL);
	assert_null(s);
	stations_free(s);
	stations_free_rcu(s);
}

/* The limits hold whatever is said, and counts with them. */
static void counts_hold_over_random_events(void **)
{
	uint64_t now = NOW, random = 1;
	struct report r;
	struct bed bed;

	bed_open(&bed, 200, 3 * SECOND);
	assert_int_equal(stations_set_limit(bed.s, 2, 20), 0);
	for (uint32_t i = 0; i < 50000; i++) {
		uint32_t x, who;
		uint16_t port;

		random = random * 6364136223846793005ull + 1442695040888963407ull;
		x = (uint32_t)(random >> 33);
		who = x % 400;
		port = (uint16_t)(x / 400 % 4);
		if (hear(&bed, who, port, now, &r))
			stations_report(bed.s, bed.b, &r, now);
		else if (!has(&bed, who) && !bed.b->live->full[port])
			report_new(&bed, who, port, now);
		if (x % 97 == 0)
			assert_int_equal(stations_set(bed.s, key_of(who), port, now), 0);
		if (x % 7 == 0)
			stations_unset(bed.s, key_of(who));
		if (x % 5003 == 0)
			stations_flush_port(bed.s, port);
		now += x % (20 * NS_PER_MS);
		stations_run(bed.s, now);
		assert_true(stats(&bed).stations <= 200);
		assert_true(stats(&bed).port[2] <= 20);
		if (i % 64 == 0)
			assert_counts(&bed);
	}
	assert_true(stats(&bed).aged > 0 && stats(&bed).moved > 0 && stats(&bed).flushed > 0);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reported_station_is_learned),
		cmocka_unit_test(a_port_that_does_not_learn_any_more_learns_nothing),
		cmocka_unit_test(a_vlan_that_the_port_is_not_in_is_not_learned_in),
		cmocka_unit_test(a_move_is_counted_at_both_ports),
		cmocka_unit_test(a_lost_report_of_a_move_is_made_good_by_a_sweep),
		cmocka_unit_test(a_move_to_a_port_that_has_left_is_undone),
		cmocka_unit_test(a_full_bridge_learns_nothing_until_there_is_room),
		cmocka_unit_test(at_its_limit_a_bridge_is_told_of_once),
		cmocka_unit_test(a_full_port_is_shown_to_workers_and_others_learn_on),
		cmocka_unit_test(a_limit_may_change_while_stations_are_there),
		cmocka_unit_test(a_silent_station_goes_after_the_ageing_time_and_not_before),
		cmocka_unit_test(a_station_that_speaks_each_second_stays),
		cmocka_unit_test(without_ageing_stations_stay),
		cmocka_unit_test(ticks_may_come_round_and_clocks_differ),
		cmocka_unit_test(static_ones_survive_age_flush_and_moves),
		cmocka_unit_test(a_static_one_replaces_the_learned_one_of_its_address),
		cmocka_unit_test(a_static_one_takes_the_place_of_the_one_silent_longest),
		cmocka_unit_test(the_routers_own_addresses_count_for_no_limit),
		cmocka_unit_test(flushes_take_what_they_are_for),
		cmocka_unit_test(what_is_shown_is_what_is_there),
		cmocka_unit_test(a_larger_table_takes_over_from_a_smaller_one),
		cmocka_unit_test(no_limit_is_no_table),
		cmocka_unit_test(counts_hold_over_random_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
