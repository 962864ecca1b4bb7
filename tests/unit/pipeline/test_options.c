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

#define OWN(port) 10, 0, (port), 1
#define DAY_MS    (24ull * 3600 * 1000)

/* UDP from host 0 to @dst with @n bytes of options. */
static void make(struct road *t, uint32_t dst, const uint8_t *options, uint32_t n)
{
	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = dst, .options = options, .n_options = n},
	           40);
}

/* What time it is, as the packets say it. */
static uint32_t now_ms(const struct road *t)
{
	return (uint32_t)((t->r->now + t->r->host.wall_ns) / NS_PER_MS % DAY_MS);
}

/* t->in goes through once more: @options, of 40 bytes, is what it must have then. */
static void goes_round(struct road *t, const uint8_t *options)
{
	uint8_t ttl = ip4_ttl(packet_head4(&t->in));

	router_send(t->r, 0, &t->in);
	road_out(t, 1);
	assert_memory_equal(packet_head4(&t->out) + 20, options, 40);
	assert_int_equal(ip4_ttl(packet_head4(&t->out)), ttl - 1);
	road_silent(t);
	t->in = t->out;
	mac_store(t->in.bytes, ROUTER_MAC(0));
}

/* ip4-opt-rr, -rr-full: each time round one more router, until there is no room. */
static void a_route_is_recorded_until_it_is_full(void **state)
{
	static const uint8_t own[] = {OWN(1)};
	struct road *t = *state;

	for (uint8_t slots = 0; slots <= 9; slots++) {
		uint8_t options[40] = {7, (uint8_t)(3 + 4 * slots), 4};

		make(t, HOST_IP(1), options, 40);
		while (options[2] < options[1]) {
			memcpy(options + options[2] - 1, own, sizeof(own));
			options[2] += 4;
			goes_round(t, options);
		}
		goes_round(t, options);
		goes_round(t, options);
	}
}

/* ip4-opt-ts, by its three kinds; UT is not the monotonic clock's. */
static void times_are_those_of_the_day(void **state)
{
	static const uint8_t kind[][12] = {{68, 12, 5, 0},
	                                   {68, 12, 5, 1},
	                                   {68, 12, 5, 3, OWN(2)},
	                                   {68, 12, 5, 3, 10, 0, 2, 9}};
	struct road *t = *state;

	t->r->host.wall_ns = 12345678 * NS_PER_SEC + 300 * NS_PER_MS;
	for (uint32_t i = 0; i < 200; i++) {
		const uint8_t *o = packet_head4(&t->out) + 20, *want = kind[i % 4];
		uint32_t at = i % 4 == 0 ? 4 : 8;

		make(t, HOST_IP(1), want, 12);
		router_send(t->r, 0, &t->in);
		road_out(t, 1);
		if (i % 4 == 3) {
			assert_memory_equal(o, want, 12); /* it is another router's turn */
		} else {
			assert_int_equal(o[2], at + 5);
			assert_int_equal(__builtin_bswap32(load32(o + at)), now_ms(t));
			assert_true(now_ms(t) < DAY_MS);
		}
		if (i % 4 == 1)
			assert_int_equal(__builtin_bswap32(load32(o + 4)), ROUTER_IP(1));
		router_pass(t->r, 1777 * NS_PER_SEC);
		router_drain(t->r);
	}
}

static void who_finds_no_room_for_a_time_is_counted_up_to_fifteen(void **state)
{
	uint8_t options[8] = {68, 8, 9, 0, 1, 2, 3, 4};
	struct road *t = *state;

	make(t, HOST_IP(1), options, 8);
	for (uint8_t n = 1; n <= 15; n++) {
		router_send(t->r, 0, &t->in);
		road_out(t, 1);
		options[3] = (uint8_t)(n << 4);
		assert_memory_equal(packet_head4(&t->out) + 20, options, 8);
		t->in = t->out;
		mac_store(t->in.bytes, ROUTER_MAC(0));
	}
	router_send(t->r, 0, &t->in);
	assert_int_equal(road_icmp(t, 0, ICMP4_PARAMETER, 0)[4], 23);
	road_silent(t);
	assert_int_equal(router_count(t->r, DROP_IP_OPTION), 1);
}

/* ip4-opt-malformed: parameter problem with the octet (RFC 1812 4.3.3.5), whoever it is for. */
static void the_malformed_is_answered_with_the_octet_that_is_wrong(void **state)
{
	static const struct {
		uint8_t octet, options[8];
	} bad[] = {
		{21, {7, 0}},
		{21, {7, 1}},
		{21, {68, 255}},
		{22, {7, 7, 3}},
		{22, {68, 8, 0}},
		{22, {7, 5, 4}},
		{23, {68, 8, 5, 9}},
		{26, {1, 1, 1, 1, 1, 94}},
		{27, {1, 1, 1, 1, 1, 1, 1, 94}},
	};
	struct road *t = *state;

	router_route(t->r, IP(198, 18, 0, 0), 16, 1, IP(10, 0, 1, 77)); /* would have to wait */
	for (uint32_t i = 0; i < 3 * ARRAY_SIZE(bad); i++) {
		static const uint32_t to[] = {HOST_IP(1), ROUTER_IP(1), IP(198, 18, 0, 1)};
		const uint8_t *m;

		make(t, to[i % 3], bad[i / 3].options, 8);
		router_send(t->r, 0, &t->in);
		m = road_icmp(t, 0, ICMP4_PARAMETER, 0);
		if (bad[i / 3].octet != 26) /* a zero length ends on the octet behind */
			assert_int_equal(m[4], bad[i / 3].octet);
		assert_int_equal(m[5] | m[6] | m[7], 0);
		assert_memory_equal(m + 8, packet_head4(&t->in), 68);
		assert_int_equal(ip4_src(packet_head4(&t->out)),
		                 i % 3 == 1 ? ROUTER_IP(1) : ROUTER_IP(0));
		road_silent(t);
		assert_int_equal(router_count(t->r, DROP_IP_OPTION), i + 1);
	}
	/* About an ICMP error there is no other (RFC 1812 4.3.2.7). */
	router_ip4(&t->in, 0,
	           &(struct packet_ip4){.dst = HOST_IP(1),
	                                .proto = IP_PROTO_ICMP,
	                                .options = bad[0].options,
	                                .n_options = 8},
	           16);
	packet_icmp(&t->in, ICMP4_UNREACHABLE, 0);
	road_ends(t, 0, DROP_IP_OPTION);
}

/* ip4-opt-ssrr: in transit all of them, also where the route has been gone to its end. */
static void source_routes_through_the_router_are_dropped_in_silence(void **state)
{
	static const uint8_t options[][12] = {
		{131, 7, 4, 10, 0, 1, 2},
		{137, 7, 4, 10, 0, 1, 2},
		{131, 7, 8, 10, 0, 1, 1},
		{1, 1, 1, 137, 3, 4},
	};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		make(t, HOST_IP(1), options[i], 12);
		road_ends(t, 0, DROP_SOURCE_ROUTE);
	}
}

/* What waits for a neighbour is recorded when it goes, not while it waits. */
static void a_held_packet_is_recorded_once_when_it_is_sent(void **state)
{
	static const uint8_t options[] = {7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0},
			     want[] = {7, 11, 8, OWN(1), 0, 0, 0, 0, 0};
	struct road *t = *state;

	make(t, IP(10, 0, 1, 9), options, 12);
	router_send(t->r, 0, &t->in);
	assert_int_equal(t->r->held, 1);
	router_drain(t->r); /* the question for it */
	router_static(t->r, 1, IP(10, 0, 1, 9), HOST_MAC(1, 9));
	router_run(t->r);
	road_out(t, 1);
	assert_memory_equal(packet_head4(&t->out) + 20, want, 12);

	/* And one that is given up is quoted as it came. */
	make(t, IP(10, 0, 1, 10), options, 12);
	router_send(t->r, 0, &t->in);
	router_drain(t->r);
	router_pass(t->r, 3 * NS_PER_SEC + NS_PER_SEC / 2);
	assert_memory_equal(road_icmp(t, 0, ICMP4_UNREACHABLE, 1) + 8, packet_head4(&t->in), 72);
	router_drain(t->r);
}

/* RFC 1122 3.2.2.6, RFC 1812 4.3.3.6 */
static void echo_replies_bring_route_and_times_back(void **state)
{
	static const uint8_t options[] = {94, 4, 1,  2,  7, 11, 8, 10, 0, 0, 2, 0, 0, 0,
	                                  0,  1, 68, 12, 5, 1,  0, 0,  0, 0, 0, 0, 0, 0};
	struct road *t = *state;
	const uint8_t want[] = {1, 1, 1,      1, 7,  11, 12, 10, 0,
	                        0, 2, OWN(2), 1, 68, 12, 13, 1,  OWN(2)};
	const uint8_t *o;

	for (uint32_t payload = 8; payload < 1400; payload += 111) {
		router_ip4(&t->in, 0,
		           &(struct packet_ip4){.dst = ROUTER_IP(2),
		                                .proto = IP_PROTO_ICMP,
		                                .options = options,
		                                .n_options = sizeof(options)},
		           payload);
		packet_icmp(&t->in, ICMP4_ECHO, 0);
		router_send(t->r, 0, &t->in);
		road_icmp(t, 0, ICMP4_ECHO_REPLY, 0);
		o = packet_head4(&t->out) + 20;
		assert_memory_equal(o, want, sizeof(want));
		assert_int_equal(__builtin_bswap32(load32(o + sizeof(want))), now_ms(t));
		assert_int_equal(packet_payload4_len(&t->out), payload);
		assert_memory_equal(packet_payload4(&t->out) + 4, packet_payload4(&t->in) + 4,
		                    payload - 4);
		road_silent(t);
	}
}

/* Of a packet in several frames the header is in the first. */
static void jumbo_packets_are_recorded_as_well(void **state)
{
	static const struct router_config cfg = {.mtu = {9000, 9000, 9000}};
	static const uint8_t options[] = {7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0},
			     want[] = {7, 11, 8, OWN(1), 0, 0, 0, 0, 0};
	struct road *t = road_open(&cfg);

	*state = t;
	router_ip4(&t->in, 0,
	           &(struct packet_ip4){.dst = HOST_IP(1), .options = options, .n_options = 12},
	           6000);
	assert_true(router_inject_parts(t->r, 0, &t->in, 1700));
	router_run(t->r);
	road_out(t, 1);
	assert_int_equal(t->out.len, t->in.len);
	assert_memory_equal(packet_head4(&t->out) + 20, want, 12);
	assert_memory_equal(packet_payload4(&t->out), packet_payload4(&t->in), 6000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(a_route_is_recorded_until_it_is_full),
		road_test(times_are_those_of_the_day),
		road_test(who_finds_no_room_for_a_time_is_counted_up_to_fifteen),
		road_test(the_malformed_is_answered_with_the_octet_that_is_wrong),
		road_test(source_routes_through_the_router_are_dropped_in_silence),
		road_test(a_held_packet_is_recorded_once_when_it_is_sent),
		road_test(echo_replies_bring_route_and_times_back),
		cmocka_unit_test_teardown(jumbo_packets_are_recorded_as_well, road_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
