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
#include "wire/checksum.h"

/* Frames to many: all of a bridge's 16 ports, and what is not there for all of them. */

#define ALL 0xffffull

static int setup_with(void **state, struct router_config cfg)
{
	struct road *t;

	cfg.ports = 16;
	cfg.ring = cfg.ring != 0 ? cfg.ring : 64;
	cfg.frames = cfg.frames != 0 ? cfg.frames : 4096;
	t = road_open(&cfg);
	bridge_publish(bridge_new(t->r, ALL, false));
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

/* Some 40 frames beside those in the fill rings. */
static int setup_scarce(void **state)
{
	return setup_with(state, (struct router_config){.frames = 16 * 16 + 40, .ring = 16});
}

/* Jumbo frames, half-made checksums from port 0. */
static int setup_jumbo(void **state)
{
	struct router_config cfg = {.partial_csum = {true}};

	for (int i = 0; i < 16; i++)
		cfg.mtu[i] = 9000;
	return setup_with(state, cfg);
}

#define flood_test(f)  cmocka_unit_test_setup_teardown(f, setup, road_teardown)
#define pair_test(f)   cmocka_unit_test_setup_teardown(f, setup_pair, road_teardown)
#define scarce_test(f) cmocka_unit_test_setup_teardown(f, setup_scarce, road_teardown)
#define jumbo_test(f)  cmocka_unit_test_setup_teardown(f, setup_jumbo, road_teardown)

static uint64_t copies(const struct router *r)
{
	uint64_t sum = 0;

	for (unsigned int w = 0; w < r->n_workers; w++)
		sum += r->workers[w].pipeline.counters.copies;
	return sum;
}

static void each_port_gets_one(void **state)
{
	struct road *t = *state;

	for (uint16_t in = 0; in < 16; in++) {
		frame_make(&t->in, BROADCAST, STATION(in), 300);
		crosses(t, in, ALL & ~(1ull << in));
	}
	assert_int_equal(copies(t->r), 16 * 14);
}

/* Whoever writes into one writes into no other. */
static void copies_share_no_frame(void **state)
{
	struct road *t = *state;
	uint32_t idx, n = 0;
	uint64_t seen[16];

	frame_make(&t->in, BROADCAST, STATION(1), 300);
	router_send(t->r, 0, &t->in);
	for (uint16_t i = 1; i < 16; i++) {
		assert_int_equal(memory_port_tx_peek(t->r->port[i], 0, 4, &idx), 1);
		seen[n] =
			frame_base(t->r->frames, memory_port_tx_desc(t->r->port[i], 0, idx)->addr);
		for (uint32_t k = 0; k < n; k++)
			assert_true(seen[k] != seen[n]);
		n++;
	}
}

static void a_batch_of_floods_goes_out_whole(void **state)
{
	struct road *t = *state;

	for (uint32_t i = 0; i < 60; i++) {
		frame_make(&t->in, BROADCAST, STATION(1), 100);
		store32(t->in.bytes + 20, i);
		assert_true(router_inject(t->r, 3, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	for (uint16_t port = 0; port < 16; port++) {
		for (uint32_t i = 0; port != 3 && i < 60; i++) {
			assert_true(router_take(t->r, port, &t->out));
			assert_int_equal(load32(t->out.bytes + 20), i);
		}
	}
	road_silent(t);
	assert_int_equal(copies(t->r), 60 * 14);
}

/* The worker that floods may have no frames left, and hands most of them over. */
static void what_two_workers_flood_is_in_order_and_accounted_for(void **state)
{
	struct road *t = *state;
	uint64_t lost;
	uint32_t n = 0;

	for (uint32_t i = 0; i < 60; i++) {
		frame_make(&t->in, BROADCAST, STATION(1), 100);
		store32(t->in.bytes + 20, i);
		assert_true(router_inject(t->r, 3, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	for (uint16_t port = 0; port < 16; port++) {
		for (uint32_t next = 0; router_take(t->r, port, &t->out); n++) {
			assert_true(load32(t->out.bytes + 20) >= next);
			next = load32(t->out.bytes + 20) + 1;
		}
	}
	lost = router_count(t->r, DROP_NO_FRAME) + router_count(t->r, DROP_HANDOVER_FULL);
	assert_int_equal(n + lost, 60 * 15);
	assert_true(n >= 60);
}

/* All ports flood at once, to rings that nobody empties. */
static void full_rings_are_counted(void **state)
{
	struct road *t = *state;

	for (uint16_t in = 0; in < 16; in++) {
		frame_make(&t->in, BROADCAST, STATION(in), 100);
		for (uint32_t i = 0; i < 30; i++)
			assert_true(router_inject(t->r, in, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	assert_int_equal(router_count(t->r, DROP_TX_FULL), 16 * (15 * 30 - 64));
	assert_int_equal(router_drain(t->r), 16 * 64);
}

static void a_batch_may_have_floods_and_drops_and_others(void **state)
{
	struct road *t = *state;

	station_speaks(t, 5, 9);
	for (uint32_t i = 0; i < 60; i++) {
		uint64_t to = i % 3 == 0 ? BROADCAST : STATION(9);

		frame_make(&t->in, to, i % 3 == 2 ? BROADCAST : STATION(1), 100);
		assert_true(router_inject(t->r, 3, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	assert_int_equal(router_drain(t->r), 20 * 15 + 20);
	assert_int_equal(router_count(t->r, DROP_SOURCE_MAC), 20);
}

static void ports_that_are_gone_take_nothing_of_it(void **state)
{
	struct road *t = *state;

	router_unplug(t->r, 4);
	router_unplug(t->r, 5);
	frame_make(&t->in, BROADCAST, STATION(1), 100);
	crosses(t, 0, ALL & ~(PORTS(0, 4, 5)));
	assert_int_equal(router_count(t->r, DROP_TX_DOWN), 2);
}

/* A copy without a frame is a copy that was dropped: all others go out. */
static void without_frames_what_there_is_goes_out(void **state)
{
	struct road *t = *state;
	uint64_t before = router_count(t->r, DROP_NO_FRAME), missing;
	uint32_t n;

	frame_make(&t->in, BROADCAST, STATION(1), 100);
	for (uint32_t i = 0; i < 16; i++)
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	router_run(t->r);
	missing = router_count(t->r, DROP_NO_FRAME) - before;
	assert_true(missing > 0);
	n = router_drain(t->r);
	assert_int_equal(n + missing, 16 * 15);
	assert_true(n > 16); /* not only the originals */
	router_run(t->r);
	crosses(t, 1, ALL & ~PORTS(1));
}

static void storms_are_held_back(void **state)
{
	struct road *t = *state;
	struct test_bridge *b = bridge_of(t);

	limit_set(&b->live.storm[0], 100); /* ten at once */
	station_speaks(t, 1, 9);
	for (uint32_t i = 0; i < 30; i++) {
		static const uint64_t to[] = {BROADCAST, 0x01017f5e0001, STATION(77)};

		frame_make(&t->in, to[i % 3], STATION(1), 100);
		router_send(t->r, 0, &t->in);
		assert_int_equal(router_drain(t->r), i < 10 ? 15 : 0);
	}
	assert_int_equal(router_count(t->r, DROP_STORM), 20);
	/* Others flood on, and who is known gets what is for it. */
	crosses(t, 2, ALL & ~PORTS(2));
	frame_make(&t->in, STATION(9), STATION(1), 100);
	crosses(t, 0, PORTS(1));
	router_pass(t->r, NS_PER_SEC / 100);
	frame_make(&t->in, BROADCAST, STATION(1), 100);
	crosses(t, 0, ALL & ~PORTS(0));
	router_send(t->r, 0, &t->in);
	road_silent(t);
}

/* A storm of one that can be flooded to nobody is none. */
static void what_goes_nowhere_takes_nothing_of_the_limit(void **state)
{
	struct road *t = *state;
	struct test_bridge *b = bridge_of(t);

	limit_set(&b->live.storm[0], 10);
	b->next->forwarding = PORTS(0);
	bridge_publish(b);
	frame_make(&t->in, BROADCAST, STATION(1), 100);
	for (int i = 0; i < 5; i++)
		road_ends(t, 0, DROP_NO_PORT);
	b->next->forwarding = ALL;
	bridge_publish(b);
	crosses(t, 0, ALL & ~PORTS(0));
	road_ends(t, 0, DROP_STORM);
}

/* In 2048-byte frames, a driver's way and in odd pieces. */
static void jumbo_frames_are_copied_whole(void **state)
{
	static const uint32_t part[] = {1792, 1247, 1500};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(part); i++) {
		for (uint32_t len = 1800; len <= 9018; len += 1801) {
			frame_make(&t->in, BROADCAST, STATION(1), len);
			assert_true(router_inject_parts(t->r, 1, &t->in, part[i]));
			router_run(t->r);
			crossing_out_all(t, ALL & ~PORTS(1), &t->in);
			road_silent(t);
		}
	}
}

static void jumbo_frames_reach_known_stations(void **state)
{
	struct road *t = *state;

	station_speaks(t, 7, 9);
	frame_make(&t->in, STATION(9), STATION(1), 9014);
	crosses(t, 1, PORTS(7));
	road_ends(t, 7, DROP_SAME_PORT);
	t->r->iface[7].mtu = 8999;
	bridge_publish(bridge_of(t));
	frame_make(&t->in, STATION(9), STATION(1), 9018);
	road_ends(t, 1, DROP_TOO_BIG);
}

/* Frames are missing for all of a chain, or for none of it. */
static void a_chain_without_frames_ends_whole(void **state)
{
	struct road *t = *state;
	struct frame_cache *c = &t->r->worker.pipeline.cache;
	uint64_t kept[4096];
	uint32_t n = 0;

	router_run(t->r);
	while (c->n > 7) /* one copy needs 6 */
		kept[n++] = c->addr[--c->n];
	frame_make(&t->in, BROADCAST, STATION(1), 9000);
	assert_true(router_inject(t->r, 1, t->in.bytes, t->in.len));
	assert_int_equal(pipeline_run(&t->r->worker.pipeline, &t->r->port[1]->queue[0]), 1);
	while (n > 0)
		c->addr[c->n++] = kept[--n];
	assert_int_equal(router_count(t->r, DROP_NO_FRAME), 13);
	crossing_out(t, 0, &t->in);
	crossing_out(t, 15, &t->in);
	road_silent(t);
}

/* t->in: UDP of either family behind @tags tags, whose checksum is half-made. t->out: the same as a
 * network should see it. */
static void half_made(struct road *t, bool ip6, uint32_t payload, int tags)
{
	const struct packet_ip4 f4 = {.src = HOST_IP(0), .dst = HOST_IP(1)};
	const struct packet_ip6 f6 = {.src = HOST_IP6(0), .dst = HOST_IP6(1)};
	uint8_t *h = t->in.bytes + ETHER_LEN;

	packet_ether(&t->in, BROADCAST, STATION(1), ip6 ? 0x86dd : 0x0800);
	if (ip6)
		packet_ip6(&t->in, &f6, payload);
	else
		packet_ip4(&t->in, &f4, payload);
	packet_udp(&t->in);
	t->out = t->in;
	store16(h + (ip6 ? IP6_LEN : IP4_LEN) + 6,
	        csum_fold(ip6 ? csum_pseudo6(h, IP_PROTO_UDP, payload) : csum_pseudo4(h, payload)));
	for (int i = 0; i < tags; i++) {
		frame_tag(&t->in, i == 0 ? 0x8100 : 0x88a8, 10);
		frame_tag(&t->out, i == 0 ? 0x8100 : 0x88a8, 10);
	}
}

static void half_made_checksums_are_completed(void **state)
{
	static struct packet want;
	struct road *t = *state;

	for (int i = 0; i < 6; i++) {
		for (uint32_t payload = 18; payload < 8900; payload += 1111) {
			half_made(t, i % 2 != 0, payload, i / 2);
			want = t->out;
			assert_memory_not_equal(want.bytes, t->in.bytes, want.len);
			router_send(t->r, 0, &t->in);
			crossing_out_all(t, ALL & ~PORTS(0), &want);
			road_silent(t);
			/* From elsewhere it is none of the bridge's business. */
			crosses(t, 1, ALL & ~PORTS(1));
		}
	}
}

/* Headers that contradict each other, cut off anywhere: the frame crosses as it is. */
static void odd_headers_are_left_alone(void **state)
{
	struct road *t = *state;

	for (int ip6 = 0; ip6 < 2; ip6++) {
		for (uint32_t len = 14; len < 80; len++) {
			half_made(t, ip6, 100, 2);
			t->in.len = len;
			crosses(t, 0, ALL & ~PORTS(0));
		}
	}
	half_made(t, false, 100, 0);
	t->in.bytes[14] = 0x41;
	crosses(t, 0, ALL & ~PORTS(0));
	t->in.bytes[14] = 0x4f;
	store16(t->in.bytes + 16, 0);
	crosses(t, 0, ALL & ~PORTS(0));
	store16(t->in.bytes + 16, 0xffff);
	crosses(t, 0, ALL & ~PORTS(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		flood_test(each_port_gets_one),
		flood_test(copies_share_no_frame),
		flood_test(a_batch_of_floods_goes_out_whole),
		flood_test(full_rings_are_counted),
		flood_test(a_batch_may_have_floods_and_drops_and_others),
		flood_test(ports_that_are_gone_take_nothing_of_it),
		scarce_test(without_frames_what_there_is_goes_out),
		flood_test(storms_are_held_back),
		flood_test(what_goes_nowhere_takes_nothing_of_the_limit),
		jumbo_test(jumbo_frames_are_copied_whole),
		jumbo_test(jumbo_frames_reach_known_stations),
		jumbo_test(a_chain_without_frames_ends_whole),
		jumbo_test(half_made_checksums_are_completed),
		jumbo_test(odd_headers_are_left_alone),
		pair_test(each_port_gets_one),
		pair_test(what_two_workers_flood_is_in_order_and_accounted_for),
		pair_test(ports_that_are_gone_take_nothing_of_it),
	};

	return cmocka_run_group_tests_name("flood", tests, NULL, NULL);
}
