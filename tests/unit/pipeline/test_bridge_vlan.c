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
 * A VLAN-aware bridge (IEEE 802.1Q).
 *
 *   access 10 --- p0 [bridge] p2 --- trunk 10, 20
 *   access 20 --- p1 [      ] p3 --- trunk 20, 30, native 10
 *                          p4 --- access 10
 */

static int setup_with(void **state, struct router_config cfg)
{
	struct test_bridge *b;
	struct road *t;

	cfg.ports = 5;
	cfg.frames = 1024;
	t = road_open(&cfg);
	b = bridge_new(t->r, PORTS(0, 1, 2, 3, 4), true);
	bridge_access(b, 0, 10);
	bridge_access(b, 1, 20);
	bridge_tagged(b, 2, 10);
	bridge_tagged(b, 2, 20);
	bridge_tagged(b, 3, 20);
	bridge_tagged(b, 3, 30);
	bridge_native(b, 3, 10);
	bridge_access(b, 4, 10);
	bridge_publish(b);
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

#define vlan_test(f) cmocka_unit_test_setup_teardown(f, setup, road_teardown)
#define pair_test(f) cmocka_unit_test_setup_teardown(f, setup_pair, road_teardown)

/* t->in: a broadcast, with a tag of @tci if it is not 0. */
static void broadcast(struct road *t, uint16_t tci)
{
	frame_make(&t->in, BROADCAST, STATION(1), 100);
	if (tci != 0)
		frame_tag(&t->in, 0x8100, tci);
}

static void frames_stay_in_their_vlan(void **state)
{
	struct road *t = *state;

	broadcast(t, 0);
	crosses_vlan(t, 0, PORTS(3, 4), PORTS(2), 10);
	crosses_vlan(t, 1, 0, PORTS(2, 3), 20);
	crosses_vlan(t, 3, PORTS(0, 4), PORTS(2), 10);
	broadcast(t, 10);
	crosses_vlan(t, 2, PORTS(0, 3, 4), 0, 10);
	crosses_vlan(t, 3, PORTS(0, 4), PORTS(2), 10);
	broadcast(t, 20);
	crosses_vlan(t, 2, PORTS(1), PORTS(3), 20);
}

static void vlans_of_one_member_end_there(void **state)
{
	struct road *t = *state;

	broadcast(t, 30);
	road_ends(t, 3, DROP_NO_PORT);
	road_ends(t, 2, DROP_VLAN);
	broadcast(t, 40);
	road_ends(t, 2, DROP_VLAN);
	road_ends(t, 3, DROP_VLAN);
}

/* Not even those of the VLAN that it is in. */
static void access_ports_take_no_tags(void **state)
{
	struct road *t = *state;

	broadcast(t, 20);
	road_ends(t, 0, DROP_VLAN);
	broadcast(t, 10);
	road_ends(t, 0, DROP_VLAN);
}

static void trunks_without_a_native_vlan_take_tags_only(void **state)
{
	struct road *t = *state;

	broadcast(t, 0);
	road_ends(t, 2, DROP_VLAN);
	broadcast(t, 0xe000);
	road_ends(t, 2, DROP_VLAN);
}

static void vid_4095_is_none(void **state)
{
	struct road *t = *state;

	broadcast(t, 0xfff);
	for (uint16_t i = 0; i < 5; i++)
		road_ends(t, i, DROP_VLAN);
}

/* 802.1Q 6.9: a tag with VID 0 is one of the port's own VLAN, and its priority stays. */
static void priority_tags_are_of_no_vlan(void **state)
{
	struct road *t = *state;

	broadcast(t, 0);
	frame_tag(&t->in, 0x8100, 0xb000);
	crosses_vlan(t, 0, PORTS(3, 4), PORTS(2), 0xb00a);
	crosses_vlan(t, 3, PORTS(0, 4), PORTS(2), 0xb00a);
	crosses_vlan(t, 1, 0, PORTS(2, 3), 0xb014);
}

static void priority_and_dei_survive(void **state)
{
	struct road *t = *state;

	broadcast(t, 0xb014);
	crosses_vlan(t, 2, PORTS(1), PORTS(3), 0xb014);
	station_speaks(t, 1, 9);
	frame_make(&t->in, STATION(9), STATION(1), 64);
	frame_tag(&t->in, 0x8100, 0xf014);
	crosses_vlan(t, 3, PORTS(1), 0, 0);
}

/* VLAN hopping: the inner tag is never where a VLAN is looked for. */
static void double_tags_do_not_hop(void **state)
{
	struct road *t = *state;

	frame_make(&t->in, BROADCAST, STATION(1), 100);
	frame_tag(&t->in, 0x8100, 20);
	frame_tag(&t->in, 0x8100, 10);
	road_ends(t, 0, DROP_VLAN);
	/* From the native VLAN: by the trunk of VLAN 10, which keeps both tags, and no other. */
	crosses_vlan(t, 3, 0, PORTS(2), 10);
	assert_int_equal(router_count(t->r, DROP_DOUBLE_TAG), 2);
	/* The same with a priority tag before it. */
	frame_make(&t->in, BROADCAST, STATION(1), 100);
	frame_tag(&t->in, 0x8100, 20);
	frame_tag(&t->in, 0x8100, 0xa000);
	crosses_vlan(t, 0, 0, PORTS(2), 0xa00a);
	assert_int_equal(router_count(t->r, DROP_DOUBLE_TAG), 4);
}

static void a_double_tag_to_a_known_station_does_not_hop(void **state)
{
	struct road *t = *state;

	station_speaks(t, 0, 9);
	frame_make(&t->in, STATION(9), STATION(1), 100);
	frame_tag(&t->in, 0x8100, 20);
	frame_tag(&t->in, 0x8100, 10);
	road_ends(t, 2, DROP_DOUBLE_TAG);
}

static void trunks_pass_double_tags_on(void **state)
{
	struct road *t = *state;
	struct test_bridge *b = bridge_of(t);

	bridge_static(b, STATION(9), 20, 3);
	frame_make(&t->in, STATION(9), STATION(1), 100);
	frame_tag(&t->in, 0x8100, 10);
	frame_tag(&t->in, 0x8100, 20);
	crosses(t, 2, PORTS(3));
}

/* An S-tag is no C-tag: such a frame is one without a tag. */
static void s_tags_are_what_is_in_a_frame(void **state)
{
	struct road *t = *state;

	frame_make(&t->in, BROADCAST, STATION(1), 100);
	frame_tag(&t->in, 0x88a8, 20);
	road_ends(t, 2, DROP_VLAN); /* no native VLAN there */
	crosses_vlan(t, 0, PORTS(3, 4), PORTS(2), 10);
	frame_make(&t->in, BROADCAST, STATION(1), 100);
	frame_tag(&t->in, 0x8100, 20);
	frame_tag(&t->in, 0x88a8, 30);
	crosses_vlan(t, 0, PORTS(3, 4), PORTS(2), 10);
	frame_make(&t->in, BROADCAST, STATION(1), 100);
	frame_tag(&t->in, 0x88a8, 20);
	frame_tag(&t->in, 0x8100, 10);
	crosses_vlan(t, 2, PORTS(0, 3, 4), 0, 0);
}

static void known_stations_of_trunks_get_tags(void **state)
{
	struct road *t = *state;

	broadcast(t, 10);
	router_send(t->r, 2, &t->in);
	router_drain(t->r);
	frame_make(&t->in, STATION(1), STATION(2), 64);
	crosses_vlan(t, 0, 0, PORTS(2), 10);
	crosses_vlan(t, 4, 0, PORTS(2), 10);
	crosses_vlan(t, 3, 0, PORTS(2), 10);
	frame_tag(&t->in, 0x8100, 10);
	crosses(t, 3, PORTS(2));
	road_ends(t, 2, DROP_SAME_PORT);
}

/* Independent learning: what is known in one VLAN means nothing in another. */
static void vlans_learn_for_themselves(void **state)
{
	struct road *t = *state;

	broadcast(t, 10);
	router_send(t->r, 2, &t->in);
	router_drain(t->r);
	frame_make(&t->in, STATION(1), STATION(2), 64);
	crosses_vlan(t, 1, 0, PORTS(2, 3), 20);
	assert_int_equal(bridge_where(bridge_of(t), STATION(1), 10), 2);
	assert_int_equal(bridge_where(bridge_of(t), STATION(1), 20), -1);
	assert_int_equal(bridge_where(bridge_of(t), STATION(2), 20), 1);
}

static void one_station_may_be_elsewhere_in_another_vlan(void **state)
{
	struct road *t = *state;

	station_speaks(t, 0, 1);
	station_speaks(t, 1, 1);
	frame_make(&t->in, STATION(1), STATION(2), 64);
	crosses_vlan(t, 4, PORTS(0), 0, 0);
	frame_tag(&t->in, 0x8100, 20);
	crosses_vlan(t, 2, PORTS(1), 0, 0);
}

static void a_station_that_moves_is_followed_in_its_vlan(void **state)
{
	struct road *t = *state;

	station_speaks(t, 0, 1);
	bridge_of(t)->deaf = true;
	broadcast(t, 10);
	router_send(t->r, 2, &t->in); /* is on the trunk now */
	router_drain(t->r);
	frame_make(&t->in, STATION(1), STATION(2), 64);
	crosses_vlan(t, 4, 0, PORTS(2), 10);
}

/* What is known of a port that has left the VLAN is not where frames go. */
static void who_is_no_member_gets_nothing(void **state)
{
	struct road *t = *state;
	struct test_bridge *b = bridge_of(t);

	station_speaks(t, 0, 1);
	b->next->vlan[10].members &= ~PORTS(0);
	bridge_publish(b);
	frame_make(&t->in, STATION(1), STATION(2), 64);
	road_ends(t, 4, DROP_NO_PORT);
	road_ends(t, 0, DROP_VLAN);
}

static void frames_of_full_size_get_their_tag(void **state)
{
	struct road *t = *state;

	bridge_static(bridge_of(t), STATION(9), 10, 2);
	for (uint32_t len = 14; len <= 1514; len += len < 80 ? 1 : 13) {
		frame_make(&t->in, STATION(9), STATION(1), len);
		crosses_vlan(t, 0, 0, PORTS(2), 10);
		frame_make(&t->in, STATION(8), STATION(1), len);
		crosses_vlan(t, 0, PORTS(3, 4), PORTS(2), 10);
		frame_tag(&t->in, 0x8100, 10);
		crosses_vlan(t, 2, PORTS(0, 3, 4), 0, 10);
	}
	frame_make(&t->in, STATION(9), STATION(1), 1514);
	crosses_vlan(t, 0, 0, PORTS(2), 10);
	assert_int_equal(router_count(t->r, DROP_TOO_BIG), 0);
}

/* Packets in several frames: the tag is in the first, at whatever place that ends. */
static void jumbo_frames_get_and_lose_their_tag(void **state)
{
	static const uint32_t part[] = {1792, 1250, 1500};
	static struct packet want;
	struct road *t = *state;

	for (uint16_t i = 0; i < 5; i++)
		t->r->iface[i].mtu = 9000;
	bridge_publish(bridge_of(t));
	for (size_t i = 0; i < ARRAY_SIZE(part); i++) {
		frame_make(&t->in, BROADCAST, STATION(1), 9014);
		want = t->in;
		frame_tag(&want, 0x8100, 10);
		assert_true(router_inject_parts(t->r, 0, &t->in, part[i]));
		router_run(t->r);
		crossing_out_all(t, PORTS(3, 4), &t->in);
		crossing_out(t, 2, &want);
		road_silent(t);
		assert_true(router_inject_parts(t->r, 2, &want, part[i]));
		router_run(t->r);
		crossing_out_all(t, PORTS(0, 3, 4), &t->in);
		road_silent(t);
	}
}

static void a_tag_that_is_cut_off_is_none(void **state)
{
	struct road *t = *state;

	frame_make(&t->in, BROADCAST, STATION(1), 64);
	frame_tag(&t->in, 0x8100, 10);
	for (t->in.len = 14; t->in.len < 18; t->in.len++)
		road_ends(t, 2, DROP_VLAN);
	for (t->in.len = 12; t->in.len < 14; t->in.len++)
		road_ends(t, 2, DROP_SHORT);
	t->in.len = 68;
	crosses_vlan(t, 3, PORTS(0, 4), PORTS(2), 10);
}

static void isolation_is_between_ports_of_a_vlan(void **state)
{
	struct road *t = *state;
	struct test_bridge *b = bridge_of(t);

	b->next->isolated = PORTS(0, 4);
	bridge_publish(b);
	broadcast(t, 0);
	crosses_vlan(t, 0, PORTS(3), PORTS(2), 10);
	crosses_vlan(t, 3, PORTS(0, 4), PORTS(2), 10);
	station_speaks(t, 4, 9);
	frame_make(&t->in, STATION(9), STATION(1), 64);
	road_ends(t, 0, DROP_ISOLATED);
	crosses_vlan(t, 3, PORTS(4), 0, 0);
}

/* Of one batch each frame goes its own way, in order. */
static void vlans_mix_in_a_batch(void **state)
{
	static const uint16_t vid[] = {10, 20};
	struct road *t = *state;

	bridge_static(bridge_of(t), STATION(9), 10, 0);
	bridge_static(bridge_of(t), STATION(9), 20, 3);
	for (uint32_t i = 0; i < 40; i++) {
		frame_make(&t->in, STATION(9), STATION(1), 64);
		store32(t->in.bytes + 20, i);
		frame_tag(&t->in, 0x8100, vid[i % 2]);
		assert_true(router_inject(t->r, 2, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	for (uint32_t i = 0; i < 40; i++) {
		assert_true(router_take(t->r, i % 2 == 0 ? 0 : 3, &t->out));
		assert_int_equal(t->out.len, i % 2 == 0 ? 64 : 68);
		assert_int_equal(load32(t->out.bytes + (i % 2 == 0 ? 20 : 24)), i);
	}
	road_silent(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vlan_test(frames_stay_in_their_vlan),
		vlan_test(vlans_of_one_member_end_there),
		vlan_test(access_ports_take_no_tags),
		vlan_test(trunks_without_a_native_vlan_take_tags_only),
		vlan_test(vid_4095_is_none),
		vlan_test(priority_tags_are_of_no_vlan),
		vlan_test(priority_and_dei_survive),
		vlan_test(double_tags_do_not_hop),
		vlan_test(a_double_tag_to_a_known_station_does_not_hop),
		vlan_test(trunks_pass_double_tags_on),
		vlan_test(s_tags_are_what_is_in_a_frame),
		vlan_test(known_stations_of_trunks_get_tags),
		vlan_test(vlans_learn_for_themselves),
		vlan_test(one_station_may_be_elsewhere_in_another_vlan),
		vlan_test(a_station_that_moves_is_followed_in_its_vlan),
		vlan_test(who_is_no_member_gets_nothing),
		vlan_test(frames_of_full_size_get_their_tag),
		vlan_test(jumbo_frames_get_and_lose_their_tag),
		vlan_test(a_tag_that_is_cut_off_is_none),
		vlan_test(isolation_is_between_ports_of_a_vlan),
		vlan_test(vlans_mix_in_a_batch),
		pair_test(frames_stay_in_their_vlan),
		pair_test(known_stations_of_trunks_get_tags),
		pair_test(frames_of_full_size_get_their_tag),
		pair_test(vlans_mix_in_a_batch),
	};

	return cmocka_run_group_tests_name("bridge_vlan", tests, NULL, NULL);
}
