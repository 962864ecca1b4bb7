/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "road.h"

#define JUMBO 9000

/* Ports of 9000 bytes, and p2 of 65535. */
static int setup(void **state)
{
	static const struct router_config cfg = {.mtu = {JUMBO, JUMBO, 65535}};

	*state = road_open(&cfg);
	return 0;
}

#define chain_test(f) cmocka_unit_test_setup_teardown(f, setup, road_teardown)

/* In goes t->in in pieces of @part, and ends as @v. */
static void parts_end(struct road *t, uint16_t port, uint32_t part, enum verdict v)
{
	uint64_t before = router_count(t->r, v);

	assert_true(router_inject_parts(t->r, port, &t->in, part));
	router_run(t->r);
	assert_int_equal(router_count(t->r, v), before + 1);
	road_silent(t);
}

/* frag4-jumbo-in, ip4-sizes beyond a frame */
static void jumbo_packets_are_forwarded_whole(void **state)
{
	struct road *t = *state;

	for (uint32_t payload = 1700; payload <= JUMBO - 20; payload += 73) {
		router_udp(&t->in, 0, HOST_IP(1), payload);
		road_forwards(t, 0, 1);
	}
	assert_int_equal(t->r->worker.pipeline.counters.moved, 0);
}

/* Wherever the driver cuts. */
static void pieces_may_have_any_size(void **state)
{
	struct road *t = *state;

	for (uint32_t part = 1260; part <= 1792; part += 19) {
		router_udp(&t->in, 0, HOST_IP(1), 4000 + part);
		assert_true(router_inject_parts(t->r, 0, &t->in, part));
		router_run(t->r);
		road_out(t, 1);
		assert_int_equal(t->out.len, t->in.len);
		assert_memory_equal(t->in.bytes + 34, t->out.bytes + 34, t->in.len - 34);
	}
}

/* Headers, and what an ICMP error quotes, must lie in the first frame. */
static void a_first_piece_without_the_headers_is_too_short(void **state)
{
	struct road *t = *state;
	uint8_t options[40] = {1};

	for (uint32_t part = 4; part < 60; part += 8) {
		router_ip4(&t->in, 0,
		           &(struct packet_ip4){
				   .dst = HOST_IP(1), .options = options, .n_options = 40},
		           10);
		parts_end(t, 0, part, DROP_SHORT);
	}
}

static void chains_and_packets_share_a_batch(void **state)
{
	struct road *t = *state;
	uint32_t small = 0, big = 0;

	for (uint32_t i = 0; i < 12; i++) {
		router_udp(&t->in, 0, HOST_IP(i % 2), i % 3 == 0 ? 8000 : 100);
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	for (uint16_t p = 0; p < 2; p++) {
		while (router_take(t->r, p, &t->out)) {
			assert_null(packet_flaw(t->out.bytes, t->out.len, ROUTER_MAC(p), JUMBO));
			big += t->out.len == 8034;
			small += t->out.len == 134;
		}
	}
	assert_int_equal(small, 8);
	assert_int_equal(big, 4);
}

/* The last descriptors of a full batch begin a packet: it is taken up by the next batch. */
static void a_chain_at_the_batchs_end_waits_for_the_next(void **state)
{
	const struct router_config cfg = {.ring = 128, .frames = 1024, .mtu = {JUMBO, JUMBO}};
	struct road *t = road_open(&cfg);

	*state = t;
	for (uint32_t lead = 59; lead < 64; lead++) {
		for (uint32_t i = 0; i < lead; i++) {
			router_udp(&t->in, 0, HOST_IP(1), 50);
			assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
		}
		router_udp(&t->in, 0, HOST_IP(1), 8000);
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
		router_run(t->r);
		for (uint32_t i = 0; i < lead; i++)
			road_out(t, 1);
		road_out(t, 1);
		assert_int_equal(t->out.len, 8034);
		road_silent(t);
		router_run(t->r); /* takes the completions */
	}
}

/* Each drop gives all frames back: the teardown counts them (I2). */
static void dropped_chains_free_all_their_frames(void **state)
{
	struct road *t = *state;

	router_route_kind(t->r, IP(198, 18, 0, 0), 16, NH_BLACKHOLE);
	for (int i = 0; i < 100; i++) {
		router_udp(&t->in, 0, IP(198, 18, 0, 1), 8000);
		road_ends(t, 0, DROP_BLACKHOLE);
		packet_head4(&t->in)[10] ^= 1;
		road_ends(t, 0, DROP_IP_CHECKSUM);
		packet_head4(&t->in)[10] ^= 1;
		t->in.len -= 1;
		road_ends(t, 0, DROP_IP_HEADER);
	}
}

/* ip4-trailer: wherever the packet ends, and whether frames are left over or not. */
static void trailers_of_jumbo_frames_are_taken_off(void **state)
{
	struct road *t = *state;

	for (uint32_t payload = 26; payload < 7000; payload += 131) {
		router_udp(&t->in, 0, HOST_IP(1), payload);
		for (uint32_t part = 1246; part <= 1792; part += 273) {
			uint32_t len = t->in.len;

			memset(t->in.bytes + len, 0xaa, 2000);
			t->in.len += 2000;
			assert_true(router_inject_parts(t->r, 0, &t->in, part));
			router_run(t->r);
			road_out(t, 1);
			assert_int_equal(t->out.len, len < 60 ? 60 : len);
			assert_memory_equal(t->in.bytes + 34, t->out.bytes + 34, len - 34);
			t->in.len = len;
		}
	}
}

static void long_frames_that_are_not_ours_end_like_short_ones(void **state)
{
	struct road *t = *state;

	router_udp(&t->in, 0, HOST_IP(1), 8000);
	mac_store(t->in.bytes, HOST_MAC(0, 9));
	road_ends(t, 0, DROP_OTHER_MAC);
	mac_store(t->in.bytes, MAC_BROADCAST);
	road_ends(t, 0, DROP_L2_GROUP);
	mac_store(t->in.bytes, ROUTER_MAC(0));
	store16(t->in.bytes + 12, ETHERTYPE_VLAN);
	road_ends(t, 0, DROP_VLAN);
	store16(t->in.bytes + 12, ETHERTYPE_IP6);
	road_ends(t, 0, DROP_IP_VERSION);
	store16(t->in.bytes + 12, 0xb588);
	road_ends(t, 0, DROP_ETHERTYPE);
	store16(t->in.bytes + 12, ETHERTYPE_ARP);
	road_ends(t, 0, DROP_ARP_BAD);
	t->r->iface[0].up = false;
	router_publish(t->r);
	store16(t->in.bytes + 12, ETHERTYPE_IP4);
	road_ends(t, 0, DROP_IFACE_DOWN);
}

/* More frames than a chain can name: the rest is freed, and the packet is too short for its header.
 */
static void longer_chains_than_there_can_be_are_dropped(void **state)
{
	struct road *t = *state;

	router_udp(&t->in, 0, HOST_IP(1), 22600);
	parts_end(t, 0, 1250, DROP_IP_HEADER); /* 19 pieces */
	assert_true(t->in.len > 18 * 1250);
}

/* A frame may be longer than an IPv4 packet can be: its cut head must not pass for a packet. */
static void more_than_65535_bytes_are_dropped(void **state)
{
	const struct router_config cfg = {.chunk = 4096, .ring = 64, .mtu = {65535, 65535, 65535}};
	struct road *t = road_open(&cfg);

	*state = t;
	router_udp(&t->in, 0, HOST_IP(1), 65500);
	t->in.len = 14 + 65520;
	road_forwards(t, 0, 1);
	t->in.len = 65600;
	memset(t->in.bytes + 65534, 0, 66);
	parts_end(t, 0, 3800, DROP_IP_HEADER);
	/* Pieces of which one is too much and the next would fit again. */
	for (uint32_t total = 61000; total < 65536; total += 7) {
		packet_head4(&t->in)[2] = (uint8_t)(total >> 8);
		packet_head4(&t->in)[3] = (uint8_t)total;
		packet_head4(&t->in)[8] = 64;
		mac_store(t->in.bytes, ROUTER_MAC(0));
		packet_fix_ip4(&t->in);
		t->in.len = 65900;
		parts_end(t, 0, 3840, DROP_IP_HEADER);
	}
}

/* icmp4-echo-sizes beyond a frame; with options the answer begins later than the question. */
static void echo_of_a_chain_comes_back_whole(void **state)
{
	static const uint8_t nops[40] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	                                 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	                                 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
	struct road *t = *state;

	for (uint32_t n = 0; n <= 40; n += 20) {
		router_ip4(&t->in, 0,
		           &(struct packet_ip4){.dst = ROUTER_IP(0),
		                                .proto = IP_PROTO_ICMP,
		                                .options = nops,
		                                .n_options = n},
		           8000);
		packet_icmp(&t->in, ICMP4_ECHO, 0);
		router_send(t->r, 0, &t->in);
		road_icmp(t, 0, ICMP4_ECHO_REPLY, 0);
		assert_int_equal(packet_payload4_len(&t->out), 8000);
		assert_memory_equal(packet_payload4(&t->out) + 4, packet_payload4(&t->in) + 4,
		                    7996);
	}
}

/* The error is of one frame; the others are freed. */
static void errors_about_chains_quote_their_head(void **state)
{
	struct road *t = *state;

	router_udp(&t->in, 0, HOST_IP(1), 8000);
	packet_head4(&t->in)[8] = 1;
	packet_fix_ip4(&t->in);
	router_send(t->r, 0, &t->in);
	road_icmp(t, 0, ICMP4_TIME_EXCEEDED, 0);
	assert_int_equal(t->out.len, 14 + 576);
	assert_memory_equal(packet_payload4(&t->out) + 8, packet_head4(&t->in), 548);
	router_udp(&t->in, 0, ROUTER_IP(0), 8000);
	router_send(t->r, 0, &t->in);
	road_icmp(t, 0, ICMP4_UNREACHABLE, ICMP4_PORT_UNREACHABLE);
}

static void chains_are_held_and_released(void **state)
{
	struct road *t = *state;

	for (int i = 0; i < 5; i++) {
		router_udp(&t->in, 0, IP(10, 0, 1, 77), 8000);
		router_send(t->r, 0, &t->in);
	}
	assert_int_equal(router_drain(t->r), 1); /* the question */
	packet_arp(&t->in, &(struct packet_arp){.dst = ROUTER_MAC(1),
	                                        .sender_mac = HOST_MAC(1, 77),
	                                        .target_mac = ROUTER_MAC(1),
	                                        .sender = IP(10, 0, 1, 77),
	                                        .target = ROUTER_IP(1),
	                                        .op = 2});
	router_send(t->r, 1, &t->in);
	for (int i = 0; i < 3; i++) {
		road_out(t, 1);
		assert_int_equal(t->out.len, 8034);
	}
	router_udp(&t->in, 0, IP(10, 0, 1, 78), 8000);
	router_send(t->r, 0, &t->in);
	router_pass(t->r, 5 * NS_PER_SEC); /* and one whose neighbour fails */
	road_icmp(t, 0, ICMP4_UNREACHABLE, ICMP4_HOST_UNREACHABLE);
	router_drain(t->r);
}

/* A ring with room for half a chain takes none of it. */
static void a_chain_goes_into_a_ring_whole_or_not_at_all(void **state)
{
	const struct router_config cfg = {.ring = 16, .mtu = {JUMBO, JUMBO, JUMBO}};
	struct road *t = road_open(&cfg);

	*state = t;
	for (int i = 0; i < 4; i++) {
		router_udp(&t->in, 0, HOST_IP(1), 8000); /* five frames each */
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
		router_run(t->r);
	}
	assert_int_equal(router_count(t->r, DROP_TX_FULL), 1);
	for (int i = 0; i < 3; i++)
		road_out(t, 1);
	road_silent(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		chain_test(jumbo_packets_are_forwarded_whole),
		chain_test(pieces_may_have_any_size),
		chain_test(a_first_piece_without_the_headers_is_too_short),
		chain_test(chains_and_packets_share_a_batch),
		cmocka_unit_test_teardown(a_chain_at_the_batchs_end_waits_for_the_next,
	                                  road_teardown),
		chain_test(dropped_chains_free_all_their_frames),
		chain_test(trailers_of_jumbo_frames_are_taken_off),
		chain_test(long_frames_that_are_not_ours_end_like_short_ones),
		chain_test(longer_chains_than_there_can_be_are_dropped),
		cmocka_unit_test_teardown(more_than_65535_bytes_are_dropped, road_teardown),
		chain_test(echo_of_a_chain_comes_back_whole),
		chain_test(errors_about_chains_quote_their_head),
		chain_test(chains_are_held_and_released),
		cmocka_unit_test_teardown(a_chain_goes_into_a_ring_whole_or_not_at_all,
	                                  road_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
