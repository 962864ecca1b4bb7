/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "crossing.h"

/*
 * A bridge that is not VLAN-aware (IEEE 802.1D 7).
 *
 *   p0 --- [bridge] --- p1       p3 --- [router]
 *             |
 *             p2
 */

static int setup_with(void **state, struct router_config cfg)
{
	struct road *t;

	cfg.ports = 4;
	cfg.frames = 1024;
	t = road_open(&cfg);
	bridge_publish(bridge_new(t->r, PORTS(0, 1, 2), false));
	*state = t;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, (struct router_config){0});
}

static int setup_pair(void **state)
{
	return setup_with(state, (struct router_config){.workers = 2});
}

#define bridge_test(f) cmocka_unit_test_setup_teardown(f, setup, road_teardown)
/* The same with two workers. */
#define pair_test(f)   cmocka_unit_test_setup_teardown(f, setup_pair, road_teardown)

static void unknown_stations_are_flooded_to(void **state)
{
	struct road *t = *state;

	frame_make(&t->in, STATION(2), STATION(1), 100);
	crosses(t, 0, PORTS(1, 2));
	assert_int_equal(bridge_where(bridge_of(t), STATION(1), 0), 0);
}

static void groups_are_flooded_to(void **state)
{
	static const uint64_t group[] = {0x01017f5e0001, 0x030001003333, BROADCAST};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(group); i++) {
		frame_make(&t->in, group[i], STATION(1), 100);
		crosses(t, 1, PORTS(0, 2));
	}
}

static void known_stations_get_their_frames_alone(void **state)
{
	struct road *t = *state;

	station_speaks(t, 1, 2);
	frame_make(&t->in, STATION(2), STATION(1), 64);
	crosses(t, 0, PORTS(1));
	crosses(t, 2, PORTS(1));
}

static void frames_do_not_go_back(void **state)
{
	struct road *t = *state;

	station_speaks(t, 1, 2);
	frame_make(&t->in, STATION(2), STATION(1), 64);
	road_ends(t, 1, DROP_SAME_PORT);
}

static void a_station_that_moves_is_followed_at_once(void **state)
{
	struct road *t = *state;

	station_speaks(t, 1, 2);
	bridge_of(t)->deaf = true; /* the agent does nothing for that */
	station_speaks(t, 2, 2);
	frame_make(&t->in, STATION(2), STATION(1), 64);
	crosses(t, 0, PORTS(2));
	assert_int_equal(bridge_of(t)->moved, 1);
}

/* The answer to the very frame by which it moved goes to where it is now. */
static void one_that_moves_in_the_middle_of_a_batch_is_followed(void **state)
{
	struct road *t = *state;

	station_speaks(t, 1, 2);
	station_speaks(t, 0, 1);
	frame_make(&t->in, STATION(1), STATION(2), 64);
	assert_true(router_inject(t->r, 2, t->in.bytes, t->in.len));
	frame_make(&t->in, STATION(2), STATION(1), 64);
	assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	router_run(t->r);
	router_drain(t->r);
	crosses(t, 0, PORTS(2));
}

static void static_stations_stay(void **state)
{
	struct road *t = *state;

	bridge_static(bridge_of(t), STATION(2), 0, 1);
	station_speaks(t, 2, 2);
	frame_make(&t->in, STATION(2), STATION(1), 64);
	crosses(t, 0, PORTS(1));
	assert_int_equal(bridge_of(t)->moved, 0);
}

static void groups_are_no_sources(void **state)
{
	static const uint64_t source[] = {0x01017f5e0001, BROADCAST, 0};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(source); i++) {
		frame_make(&t->in, STATION(2), source[i], 64);
		road_ends(t, 0, DROP_SOURCE_MAC);
	}
	frame_make(&t->in, 0x01017f5e0001, STATION(1), 64);
	crosses(t, 1, PORTS(0, 2));
	assert_int_equal(bridge_of(t)->told, 1);
}

static void reserved_groups_stay_on_their_link(void **state)
{
	struct road *t = *state;

	for (uint64_t i = 0; i < 16; i++) {
		frame_make(&t->in, 0xc28001ull | i << 40, STATION(1), 64);
		road_ends(t, 0, DROP_RESERVED_MAC);
	}
	frame_make(&t->in, 0xc28001ull | 0x10ull << 40, STATION(1), 64);
	crosses(t, 0, PORTS(1, 2));
	frame_make(&t->in, 0x01000000c28001ull & MAC_MASK, STATION(1), 64);
	road_ends(t, 0, DROP_RESERVED_MAC);
}

/* 802.1D 6.3: whatever is in a frame. */
static void what_is_in_a_frame_is_not_looked_at(void **state)
{
	const struct packet_ip4 dead = {.dst = HOST_IP(1), .src = HOST_IP(0), .ttl = 1};
	struct road *t = *state;

	packet_ether(&t->in, STATION(2), STATION(1), 0x0800);
	packet_ip4(&t->in, &dead, 50);
	crosses(t, 0, PORTS(1, 2));
	t->in.bytes[24] ^= 0x55;
	crosses(t, 0, PORTS(1, 2));
	t->in.bytes[14] = 0x95;
	crosses(t, 0, PORTS(1, 2));
	packet_ether(&t->in, STATION(2), STATION(1), 0x86dd);
	packet_ip6(&t->in, &(struct packet_ip6){.dst = HOST_IP6(1), .src = HOST_IP6(0)}, 50);
	t->in.bytes[14 + 7] = 0;
	crosses(t, 0, PORTS(1, 2));
	frame_tag(&t->in, 0x8100, 0xa005);
	crosses(t, 0, PORTS(1, 2));
	frame_tag(&t->in, 0x88a8, 0x0fff);
	crosses(t, 0, PORTS(1, 2));
}

static void frames_of_all_lengths_cross(void **state)
{
	struct road *t = *state;

	station_speaks(t, 1, 2);
	for (uint32_t len = 14; len <= 1518; len += len < 100 ? 1 : 7) {
		frame_make(&t->in, STATION(2), STATION(1), len);
		crosses(t, 0, PORTS(1));
		frame_make(&t->in, STATION(3), STATION(1), len);
		crosses(t, 0, PORTS(1, 2));
	}
	for (uint32_t len = 1; len < 14; len++) {
		frame_make(&t->in, STATION(2), STATION(1), 14);
		t->in.len = len;
		road_ends(t, 0, DROP_SHORT);
	}
}

static void the_bridge_and_routed_ports_keep_apart(void **state)
{
	struct road *t = *state;

	frame_make(&t->in, BROADCAST, STATION(1), 64);
	crosses(t, 0, PORTS(1, 2));
	router_send(t->r, 3, &t->in);
	road_silent(t);
	frame_make(&t->in, STATION(7), STATION(1), 64);
	road_ends(t, 3, DROP_OTHER_MAC);
}

/* The addresses of its ports are nothing to it, even if they have them still. */
static void nothing_is_routed_on_a_bridged_port(void **state)
{
	struct road *t = *state;

	router_udp(&t->in, 0, HOST_IP(3), 20);
	crosses(t, 0, PORTS(1, 2));
}

static void order_is_kept(void **state)
{
	struct road *t = *state;

	station_speaks(t, 1, 2);
	for (uint32_t i = 0; i < 300; i++) {
		/* Every seventh is flooded, and changes nothing of that. */
		frame_make(&t->in, i % 7 == 0 ? STATION(9) : STATION(2), STATION(1), 80);
		store32(t->in.bytes + 20, i);
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
		if (i % 20 != 19)
			continue;
		router_run(t->r);
		for (uint32_t k = i - 19; k <= i; k++) {
			assert_true(router_take(t->r, 1, &t->out));
			assert_int_equal(load32(t->out.bytes + 20), k);
		}
		router_drain(t->r);
	}
}

static void ports_that_do_not_forward_are_silent(void **state)
{
	struct road *t = *state;
	struct test_bridge *b = bridge_of(t);

	bridge_state(b, 1, BRIDGE_BLOCKING);
	bridge_state(b, 2, BRIDGE_LEARNING);
	bridge_publish(b);
	frame_make(&t->in, STATION(9), STATION(1), 64);
	road_ends(t, 1, DROP_PORT_STATE);
	assert_int_equal(bridge_where(b, STATION(1), 0), -1);
	road_ends(t, 2, DROP_PORT_STATE);
	assert_int_equal(bridge_where(b, STATION(1), 0), 2);
	frame_make(&t->in, STATION(9), STATION(3), 64);
	road_ends(t, 0, DROP_NO_PORT);
	frame_make(&t->in, STATION(1), STATION(3), 64);
	road_ends(t, 0, DROP_NO_PORT); /* where it is, nothing goes out */
	bridge_state(b, 2, BRIDGE_FORWARDING);
	bridge_publish(b);
	crosses(t, 0, PORTS(2));
}

static void a_port_that_is_down_takes_nothing(void **state)
{
	struct road *t = *state;

	t->r->iface[0].up = false;
	bridge_publish(bridge_of(t));
	frame_make(&t->in, STATION(9), STATION(1), 64);
	road_ends(t, 0, DROP_IFACE_DOWN);
	assert_int_equal(bridge_where(bridge_of(t), STATION(1), 0), -1);
}

static void isolated_ports_do_not_talk_to_each_other(void **state)
{
	struct road *t = *state;
	struct test_bridge *b = bridge_of(t);

	b->next->isolated = PORTS(0, 1);
	bridge_publish(b);
	station_speaks(t, 0, 1);
	station_speaks(t, 1, 2);
	station_speaks(t, 2, 3);
	frame_make(&t->in, STATION(2), STATION(1), 64);
	road_ends(t, 0, DROP_ISOLATED);
	frame_make(&t->in, STATION(3), STATION(1), 64);
	crosses(t, 0, PORTS(2));
	frame_make(&t->in, STATION(1), STATION(3), 64);
	crosses(t, 2, PORTS(0));
	frame_make(&t->in, BROADCAST, STATION(1), 64);
	crosses(t, 0, PORTS(2));
	crosses(t, 2, PORTS(0, 1));
}

/* What is too long for one of them reaches the others (802.1D 6.3.8). */
static void ports_get_nothing_longer_than_they_take(void **state)
{
	struct road *t = *state;

	t->r->iface[1].mtu = 1000;
	bridge_publish(bridge_of(t));
	station_speaks(t, 1, 2);
	frame_make(&t->in, STATION(2), STATION(1), 1018);
	crosses(t, 0, PORTS(1));
	frame_make(&t->in, STATION(2), STATION(1), 1019);
	road_ends(t, 0, DROP_TOO_BIG);
	frame_make(&t->in, STATION(9), STATION(1), 1019);
	crosses(t, 0, PORTS(2));
	frame_make(&t->in, STATION(9), STATION(1), 1019);
	crosses(t, 2, PORTS(0));
	assert_int_equal(router_count(t->r, DROP_TOO_BIG), 3);
}

/* 802.1D 7.9, X-bridge-limit: others learn on, and who is known is served. */
static void a_flood_of_stations_disturbs_nobody(void **state)
{
	struct road *t = *state;
	struct test_bridge *b = bridge_of(t);

	station_speaks(t, 0, 1);
	station_speaks(t, 1, 2);
	for (uint64_t i = 0; i < 20000; i++) {
		frame_make(&t->in, STATION(1), STATION(100000 + i), 64);
		assert_true(router_inject(t->r, 2, t->in.bytes, t->in.len));
		if (i % 32 != 31)
			continue;
		router_run(t->r);
		assert_int_equal(router_drain(t->r), 32);
	}
	assert_true(b->refused > 10000);
	frame_make(&t->in, STATION(2), STATION(1), 64);
	crosses(t, 0, PORTS(1));
	frame_make(&t->in, STATION(1), STATION(2), 64);
	crosses(t, 1, PORTS(0));
}

/* An agent that does not keep up hears of half a ring of stations, and of everybody else. */
static void a_flood_of_stations_leaves_room_for_other_reports(void **state)
{
	struct road *t = *state;
	struct ring *reports = t->r->worker.pipeline.reports;
	const struct report *r;
	uint32_t n = 0;

	station_speaks(t, 0, 1);
	for (uint64_t i = 0; i < 2048; i++) {
		frame_make(&t->in, STATION(1), STATION(100000 + i), 64);
		assert_true(router_inject(t->r, 2, t->in.bytes, t->in.len));
		if (i % 32 == 31) {
			router_poll(t->r, 0);
			router_drain(t->r);
		}
	}
	router_udp(&t->in, 3, IP(10, 0, 3, 77), 20); /* somebody who has to be asked for */
	assert_true(router_inject(t->r, 3, t->in.bytes, t->in.len));
	router_poll(t->r, 0);
	while ((r = ring_peek(reports)) != NULL && r->kind == REPORT_STATION) {
		ring_pop(reports);
		n++;
	}
	assert_int_equal(n, 512);
	assert_non_null(r);
	assert_int_equal(r->kind, REPORT_NEIGH_WANTED);
	assert_int_equal(t->r->worker.pipeline.counters.reports_lost, 2048 - 512);
}

static void the_agent_is_not_told_the_same_all_the_time(void **state)
{
	struct road *t = *state;
	struct test_bridge *b = bridge_of(t);

	b->deaf = true;
	for (int i = 0; i < 200; i++)
		station_speaks(t, 0, 1);
	assert_in_range(b->told, 1, 8);
	router_pass(t->r, NS_PER_SEC);
	station_speaks(t, 0, 1);
	assert_in_range(b->told, 2, 9);
}

/* As many stations as it may: the others are not learned, nor do any move to it. */
static void a_full_port_learns_no_more(void **state)
{
	struct road *t = *state;
	struct test_bridge *b = bridge_of(t);

	station_speaks(t, 0, 1);
	b->live.full[2] = 1;
	station_speaks(t, 2, 2);
	station_speaks(t, 2, 1);
	assert_int_equal(b->told, 1);
	assert_int_equal(b->moved, 0);
	assert_int_equal(bridge_where(b, STATION(1), 0), 0);
	frame_make(&t->in, STATION(2), STATION(1), 64);
	crosses(t, 0, PORTS(1, 2));
}

static void stations_are_heard_of_as_long_as_they_speak(void **state)
{
	struct road *t = *state;
	struct test_bridge *b = bridge_of(t);
	uint64_t key = fdb_key(STATION(1), 0), value, before;

	station_speaks(t, 0, 1);
	fdb_find(b->live.fdb, &key, &before, 1);
	router_pass(t->r, 2 * NS_PER_SEC);
	station_speaks(t, 0, 1);
	fdb_find(b->live.fdb, &key, &value, 1);
	assert_true(fdb_seen(value) > fdb_seen(before));
	assert_int_equal(fdb_seen(value), fdb_tick(t->r->now));
	assert_true(fdb_remove(b->live.fdb, key)); /* as the agent does when it was silent */
	frame_make(&t->in, STATION(1), STATION(2), 64);
	crosses(t, 1, PORTS(0, 2));
}

static void a_full_ring_is_counted(void **state)
{
	struct road *t = *state;

	station_speaks(t, 1, 2);
	frame_make(&t->in, STATION(2), STATION(1), 64);
	for (int i = 0; i < 2; i++) {
		for (int k = 0; k < 50; k++)
			assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
		router_run(t->r);
	}
	assert_int_equal(router_count(t->r, DROP_TX_FULL), 100 - 64);
	assert_int_equal(router_drain(t->r), 64);
}

static void a_port_that_is_gone_is_counted(void **state)
{
	struct road *t = *state;

	station_speaks(t, 1, 2);
	router_unplug(t->r, 1); /* the bridge does not know of it yet */
	frame_make(&t->in, STATION(2), STATION(1), 64);
	road_ends(t, 0, DROP_TX_DOWN);
	frame_make(&t->in, STATION(9), STATION(1), 64);
	crosses(t, 0, PORTS(2));
	assert_int_equal(router_count(t->r, DROP_TX_DOWN), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bridge_test(unknown_stations_are_flooded_to),
		bridge_test(groups_are_flooded_to),
		bridge_test(known_stations_get_their_frames_alone),
		bridge_test(frames_do_not_go_back),
		bridge_test(a_station_that_moves_is_followed_at_once),
		bridge_test(one_that_moves_in_the_middle_of_a_batch_is_followed),
		bridge_test(static_stations_stay),
		bridge_test(groups_are_no_sources),
		bridge_test(reserved_groups_stay_on_their_link),
		bridge_test(what_is_in_a_frame_is_not_looked_at),
		bridge_test(frames_of_all_lengths_cross),
		bridge_test(the_bridge_and_routed_ports_keep_apart),
		bridge_test(nothing_is_routed_on_a_bridged_port),
		bridge_test(order_is_kept),
		bridge_test(ports_that_do_not_forward_are_silent),
		bridge_test(a_port_that_is_down_takes_nothing),
		bridge_test(isolated_ports_do_not_talk_to_each_other),
		bridge_test(ports_get_nothing_longer_than_they_take),
		bridge_test(a_flood_of_stations_disturbs_nobody),
		bridge_test(a_flood_of_stations_leaves_room_for_other_reports),
		bridge_test(the_agent_is_not_told_the_same_all_the_time),
		bridge_test(a_full_port_learns_no_more),
		bridge_test(stations_are_heard_of_as_long_as_they_speak),
		bridge_test(a_full_ring_is_counted),
		bridge_test(a_port_that_is_gone_is_counted),
		pair_test(unknown_stations_are_flooded_to),
		pair_test(known_stations_get_their_frames_alone),
		pair_test(a_station_that_moves_is_followed_at_once),
		pair_test(frames_of_all_lengths_cross),
		pair_test(order_is_kept),
		pair_test(a_flood_of_stations_disturbs_nobody),
	};

	return cmocka_run_group_tests_name("bridge", tests, NULL, NULL);
}
