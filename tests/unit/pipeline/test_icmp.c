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

#define NOWHERE IP(9, 9, 9, 9) /* there is no default route */

/* ICMP of @type to @dst with @payload bytes, its header included, from host 0. */
static void icmp_to(struct road *t, uint32_t dst, uint8_t type, uint32_t payload)
{
	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = dst, .proto = IP_PROTO_ICMP}, payload);
	packet_icmp(&t->in, type, 0);
}

static uint32_t from(struct road *t)
{
	return ip4_src(packet_head4(&t->out));
}

/* t->in is answered by an error at port 0, from the address the port has. */
static const uint8_t *answered(struct road *t, uint8_t type, uint8_t code)
{
	const uint8_t *m;

	router_send(t->r, 0, &t->in);
	m = road_icmp(t, 0, type, code);
	assert_int_equal(ip4_ttl(packet_head4(&t->out)), 64);
	assert_int_equal(packet_head4(&t->out)[1], 0xc0); /* icmp4-tos */
	assert_int_equal(ip4_dst(packet_head4(&t->out)), ip4_src(packet_head4(&t->in)));
	road_silent(t);
	return m;
}

/* icmp4-echo, -echo-other-port, -echo-sizes, -echo-ttl1 */
static void echo_is_answered_with_the_same_data(void **state)
{
	struct road *t = *state;

	for (uint32_t payload = 8; payload <= 1480; payload++) {
		icmp_to(t, ROUTER_IP(payload % 3), ICMP4_ECHO, payload);
		packet_head4(&t->in)[8] = (uint8_t)(payload % 2 + 1);
		packet_head4(&t->in)[1] = (uint8_t)payload;
		packet_fix_ip4(&t->in);
		router_send(t->r, 0, &t->in);
		road_icmp(t, 0, ICMP4_ECHO_REPLY, 0);
		assert_int_equal(from(t), ROUTER_IP(payload % 3));
		assert_int_equal(ip4_ttl(packet_head4(&t->out)), 64);
		assert_int_equal(packet_head4(&t->out)[1], (uint8_t)payload);
		assert_int_equal(packet_payload4_len(&t->out), payload);
		assert_memory_equal(packet_payload4(&t->out) + 4, packet_payload4(&t->in) + 4,
		                    payload - 4);
	}
	assert_int_equal(t->r->worker.pipeline.host.originated, 1473);
}

/* icmp4-echo-offlink: the reply goes by the routing table, not back where it came from. */
static void echo_replies_are_routed(void **state)
{
	struct road *t = *state;

	router_route(t->r, IP(198, 18, 0, 0), 16, 2, HOST_IP(2));
	router_ip4(&t->in, 0,
	           &(struct packet_ip4){
			   .src = IP(198, 18, 7, 7), .dst = ROUTER_IP(0), .proto = IP_PROTO_ICMP},
	           64);
	packet_icmp(&t->in, ICMP4_ECHO, 0);
	router_send(t->r, 0, &t->in);
	road_icmp(t, 2, ICMP4_ECHO_REPLY, 0);
	assert_true(mac_load(t->out.bytes) == HOST_MAC(2, 2));
}

/* icmp4-echo-bad-icmp-cksum, -echo-short */
static void malformed_icmp_is_dropped(void **state)
{
	struct road *t = *state;

	icmp_to(t, ROUTER_IP(0), ICMP4_ECHO, 64);
	packet_payload4(&t->in)[3] ^= 1;
	road_ends(t, 0, DROP_ICMP_BAD);
	for (uint32_t n = 0; n < 8; n++) {
		router_ip4(&t->in, 0,
		           &(struct packet_ip4){.dst = ROUTER_IP(0), .proto = IP_PROTO_ICMP}, n);
		road_ends(t, 0, DROP_ICMP_BAD);
	}
}

/* icmp4-other-types */
static void other_icmp_is_ignored(void **state)
{
	struct road *t = *state;

	for (uint32_t type = 0; type < 256; type++) {
		if (type == ICMP4_ECHO)
			continue;
		icmp_to(t, ROUTER_IP(0), (uint8_t)type, 36);
		road_ends(t, 0, CONSUMED_ICMP);
	}
	icmp_to(t, ROUTER_IP(0), ICMP4_ECHO, 36);
	packet_icmp(&t->in, ICMP4_ECHO, 1);
	road_ends(t, 0, CONSUMED_ICMP);
}

/* icmp4-ttl, -ttl-0, -ttl-echo, -ttl-tcp, ip4-ttl-0, ip4-ttl-1 */
static void a_ttl_that_runs_out_is_told_to_the_sender(void **state)
{
	static const uint8_t proto[] = {IP_PROTO_UDP, IP_PROTO_TCP, 253, IP_PROTO_ICMP};
	struct road *t = *state;

	for (uint32_t i = 0; i < 8; i++) {
		router_ip4(&t->in, 0,
		           &(struct packet_ip4){.dst = HOST_IP(1), .proto = proto[i / 2]}, 64);
		if (proto[i / 2] == IP_PROTO_ICMP)
			packet_icmp(&t->in, ICMP4_ECHO, 0);
		packet_head4(&t->in)[8] = i % 2;
		packet_fix_ip4(&t->in);
		answered(t, ICMP4_TIME_EXCEEDED, 0);
		assert_int_equal(from(t), ROUTER_IP(0));
	}
	assert_int_equal(router_count(t->r, DROP_TTL_EXPIRED), 8);
}

/* icmp4-no-route, -unreachable-route, -port-unreach, -proto-unreach */
static void the_unreachable_is_told_with_its_reason(void **state)
{
	struct road *t = *state;

	router_route_kind(t->r, IP(198, 18, 0, 0), 16, NH_UNREACHABLE);
	router_route_kind(t->r, IP(198, 19, 0, 0), 16, NH_PROHIBIT);
	router_udp(&t->in, 0, NOWHERE, 64);
	answered(t, ICMP4_UNREACHABLE, ICMP4_NET_UNREACHABLE);
	router_udp(&t->in, 0, IP(198, 18, 0, 1), 64);
	answered(t, ICMP4_UNREACHABLE, ICMP4_HOST_UNREACHABLE);
	router_udp(&t->in, 0, IP(198, 19, 0, 1), 64);
	answered(t, ICMP4_UNREACHABLE, ICMP4_ADMIN_PROHIBITED);
	router_udp(&t->in, 0, ROUTER_IP(1), 64);
	answered(t, ICMP4_UNREACHABLE, ICMP4_PORT_UNREACHABLE);
	assert_int_equal(from(t), ROUTER_IP(1)); /* the address asked */
	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = ROUTER_IP(2), .proto = 253}, 64);
	answered(t, ICMP4_UNREACHABLE, ICMP4_PROTO_UNREACHABLE);
	assert_int_equal(from(t), ROUTER_IP(2));
	assert_int_equal(router_count(t->r, CONSUMED_UNREACH), 2);
	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = ROUTER_IP(0), .proto = 6}, 64);
	road_ends(t, 0, CONSUMED_LOCAL);
}

/* RFC 1122 4.1.3.4: who could be told is as doubtful as what was received. */
static void udp_that_is_malformed_is_not_answered(void **state)
{
	struct road *t = *state;
	uint8_t *u;

	router_udp(&t->in, 0, ROUTER_IP(0), 64);
	packet_payload4(&t->in)[20] ^= 1;
	road_ends(t, 0, CONSUMED_LOCAL);
	for (uint32_t n = 0; n < 8; n++) {
		router_ip4(&t->in, 0, &(struct packet_ip4){.dst = ROUTER_IP(0)}, n);
		road_ends(t, 0, CONSUMED_LOCAL);
	}
	for (uint32_t n = 0; n < 70; n += n == 7 ? 58 : 1) { /* of 64 bytes, without a checksum */
		router_udp(&t->in, 0, ROUTER_IP(0), 64);
		u = packet_payload4(&t->in);
		u[5] = (uint8_t)n;
		u[6] = u[7] = 0;
		road_ends(t, 0, CONSUMED_LOCAL);
	}
}

static void udp_without_a_checksum_or_with_more_behind_it_is_answered(void **state)
{
	struct road *t = *state;

	router_udp(&t->in, 0, ROUTER_IP(0), 64);
	packet_payload4(&t->in)[6] = packet_payload4(&t->in)[7] = 0;
	answered(t, ICMP4_UNREACHABLE, ICMP4_PORT_UNREACHABLE);
	router_udp(&t->in, 0, ROUTER_IP(0), 64);
	packet_head4(&t->in)[3] += 6; /* the packet goes on behind the datagram */
	t->in.len += 6;
	packet_fix_ip4(&t->in);
	answered(t, ICMP4_UNREACHABLE, ICMP4_PORT_UNREACHABLE);
}

/* icmp4-quote, -quote-options: as much as 576 bytes hold, the whole header in any case. */
static void errors_quote_what_fits(void **state)
{
	static const uint8_t nops[40] = {1};
	struct road *t = *state;

	for (uint32_t payload = 0; payload <= 1400; payload += payload < 540 ? 1 : 37) {
		uint32_t options = payload % 11 * 4, total = 20 + options + payload;
		uint32_t quoted = total < 548 ? total : 548;
		const uint8_t *m;

		router_ip4(
			&t->in, 0,
			&(struct packet_ip4){.dst = NOWHERE, .options = nops, .n_options = options},
			payload);
		m = answered(t, ICMP4_UNREACHABLE, ICMP4_NET_UNREACHABLE);
		assert_int_equal(packet_payload4_len(&t->out), 8 + quoted);
		assert_memory_equal(m + 8, packet_head4(&t->in), quoted);
	}
}

/* frag4-need-frag, -need-frag-edge, -df-fragment, -fits */
static void a_packet_too_big_learns_the_mtu(void **state)
{
	static const struct router_config cfg = {.mtu = {1500, 1400, 1500}};
	struct road *t = road_open(&cfg);
	const uint8_t *m;

	*state = t;
	for (uint32_t total = 1399; total <= 1500; total++) {
		router_ip4(&t->in, 0, &(struct packet_ip4){.dst = HOST_IP(1), .frag = IP4_DF},
		           total - 20);
		if (total <= 1400) {
			road_forwards(t, 0, 1);
			continue;
		}
		m = answered(t, ICMP4_UNREACHABLE, ICMP4_FRAG_NEEDED);
		assert_int_equal(m[4] << 8 | m[5], 0);
		assert_int_equal(m[6] << 8 | m[7], 1400);
	}
	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = HOST_IP(1), .frag = IP4_DF | IP4_MF},
	           1480);
	answered(t, ICMP4_UNREACHABLE, ICMP4_FRAG_NEEDED);
	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = HOST_IP(1), .frag = IP4_DF, .ttl = 1},
	           1480);
	answered(t, ICMP4_TIME_EXCEEDED, 0); /* RFC 1812 5.3.1 comes first */
}

/* icmp4-no-error-icmp-error, -ttl-exceeded (RFC 1812 4.3.2.7) */
static void no_error_is_sent_about_an_error(void **state)
{
	struct road *t = *state;

	for (uint32_t type = 0; type < 256; type++) {
		icmp_to(t, NOWHERE, (uint8_t)type, 36);
		router_send(t->r, 0, &t->in);
		assert_int_equal(router_drain(t->r), icmp4_is_error((uint8_t)type) ? 0 : 1);
	}
	/* An ICMP message without its first byte is none that may be answered. */
	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = NOWHERE, .proto = IP_PROTO_ICMP}, 0);
	road_ends(t, 0, DROP_NO_ROUTE);
}

static void only_first_fragments_are_answered(void **state)
{
	struct road *t = *state;

	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = NOWHERE, .frag = IP4_MF}, 64);
	answered(t, ICMP4_UNREACHABLE, ICMP4_NET_UNREACHABLE);
	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = NOWHERE, .frag = 8}, 64);
	road_ends(t, 0, DROP_NO_ROUTE);
	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = ROUTER_IP(0), .frag = 8}, 64);
	road_ends(t, 0, CONSUMED_FRAGMENT);
}

/* icmp4-rate-limit, -rate-limit-forward */
static void errors_are_limited_and_forwarding_is_not(void **state)
{
	static const struct router_config cfg = {.rate = 100};
	struct road *t = road_open(&cfg);

	*state = t;
	for (int i = 0; i < 50; i++) {
		router_udp(&t->in, 0, NOWHERE, 64);
		router_send(t->r, 0, &t->in);
		router_drain(t->r);
		router_udp(&t->in, 0, HOST_IP(1), 64);
		road_forwards(t, 0, 1);
	}
	assert_int_equal(t->r->worker.pipeline.host.originated, 10);
	router_udp(&t->in, 0, ROUTER_IP(0), 64);
	road_ends(t, 0, DROP_ICMP_LIMIT);
	icmp_to(t, ROUTER_IP(0), ICMP4_ECHO, 64); /* echo is not an error */
	router_send(t->r, 0, &t->in);
	road_icmp(t, 0, ICMP4_ECHO_REPLY, 0);
	router_pass(t->r, 10 * NS_PER_MS);
	router_udp(&t->in, 0, NOWHERE, 64);
	router_send(t->r, 0, &t->in);
	router_send(t->r, 0, &t->in);
	assert_int_equal(router_drain(t->r), 1);
}

/* A capture may begin at time zero: the burst is there from the start. */
static void the_first_error_is_sent_whatever_the_time(void **state)
{
	static const struct router_config cfg = {.rate = 5};
	struct road *t = road_open(&cfg);

	*state = t;
	t->r->now = 0;
	router_udp(&t->in, 0, NOWHERE, 64);
	answered(t, ICMP4_UNREACHABLE, ICMP4_NET_UNREACHABLE);
	road_ends(t, 0, DROP_NO_ROUTE);
}

/* ip4-opt-ssrr: source routes to the router end here, RFC 7126 4.3 and 4.4. */
static void source_routes_that_go_on_from_here_are_dropped(void **state)
{
	static const struct {
		uint8_t options[12];
		enum verdict v;
	} want[] = {
		{{131, 7, 4, 10, 0, 1, 2}, DROP_SOURCE_ROUTE},
		{{137, 7, 4, 10, 0, 1, 2}, DROP_SOURCE_ROUTE},
		{{1, 1, 137, 7, 4, 10, 0, 1, 2}, DROP_SOURCE_ROUTE},
		{{131, 3, 0}, DROP_SOURCE_ROUTE},
		{{131, 2, 9}, DROP_SOURCE_ROUTE},
		{{131, 11, 8, 9, 9, 9, 9, 10, 0, 1, 2}, DROP_SOURCE_ROUTE},
		{{131, 7, 8, 10, 0, 1, 2}, CONSUMED_UNREACH}, /* it ends here */
		{{0, 131, 7, 4, 10, 0, 1, 2}, CONSUMED_UNREACH},
		{{7, 7, 4, 0, 0, 0, 0}, CONSUMED_UNREACH},
	};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		uint64_t before = router_count(t->r, want[i].v);

		router_ip4(&t->in, 0,
		           &(struct packet_ip4){.dst = ROUTER_IP(0),
		                                .options = want[i].options,
		                                .n_options = 12},
		           16);
		packet_udp(&t->in);
		router_send(t->r, 0, &t->in);
		assert_int_equal(router_count(t->r, want[i].v), before + 1);
		assert_int_equal(router_drain(t->r), want[i].v == CONSUMED_UNREACH ? 1 : 0);
	}
}

/* What the router says itself is not answered either, wherever it ends. */
static void answers_are_not_answered(void **state)
{
	struct road *t = *state;

	/* From a source that there is no route back to. */
	router_ip4(&t->in, 0, &(struct packet_ip4){.src = IP(198, 18, 9, 9), .dst = NOWHERE}, 64);
	router_send(t->r, 0, &t->in);
	road_silent(t);
	assert_int_equal(router_count(t->r, DROP_NO_ROUTE), 2);
}

/* martians-loop: at the end of a loop there is one error, and nothing grows. */
static void a_loop_ends_with_the_ttl(void **state)
{
	struct road *t = *state;
	uint32_t rounds = 0;

	router_route(t->r, IP(198, 18, 0, 0), 16, 0, HOST_IP(0));
	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = IP(198, 18, 0, 1)}, 64);
	for (;;) {
		router_send(t->r, 0, &t->in);
		road_out(t, 0);
		if (ip4_proto(packet_head4(&t->out)) == IP_PROTO_ICMP)
			break;
		t->in = t->out;
		mac_store(t->in.bytes, ROUTER_MAC(0));
		rounds++;
	}
	assert_int_equal(rounds, 63);
	assert_int_equal(packet_payload4(&t->out)[0], ICMP4_TIME_EXCEEDED);
	road_silent(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(echo_is_answered_with_the_same_data),
		road_test(echo_replies_are_routed),
		road_test(malformed_icmp_is_dropped),
		road_test(other_icmp_is_ignored),
		road_test(a_ttl_that_runs_out_is_told_to_the_sender),
		road_test(the_unreachable_is_told_with_its_reason),
		road_test(udp_that_is_malformed_is_not_answered),
		road_test(udp_without_a_checksum_or_with_more_behind_it_is_answered),
		road_test(errors_quote_what_fits),
		cmocka_unit_test_teardown(a_packet_too_big_learns_the_mtu, road_teardown),
		road_test(no_error_is_sent_about_an_error),
		road_test(only_first_fragments_are_answered),
		cmocka_unit_test_teardown(errors_are_limited_and_forwarding_is_not, road_teardown),
		cmocka_unit_test_teardown(the_first_error_is_sent_whatever_the_time, road_teardown),
		road_test(source_routes_that_go_on_from_here_are_dropped),
		road_test(answers_are_not_answered),
		road_test(a_loop_ends_with_the_ttl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
