/* SPDX-License-Identifier: BSD-2-Clause */
/* What the router itself says in IPv6 (RFC 4443). */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "road.h"

#define NOWHERE    IP6(0x20010db8ffff0000, 9) /* there is no default route */
#define NET(n)     IP6(0x20010db8ff000000 | (uint64_t)(n) << 16, 0)
#define HOST_OF(n) IP6(0x20010db8ff000000 | (uint64_t)(n) << 16, 7)

/* ICMPv6 of @type to @dst with @payload bytes, its header included, from host 0. */
static void icmp_to(struct road *t, struct ip dst, uint8_t type, uint32_t payload)
{
	router_ip6(&t->in, 0, &(struct packet_ip6){.dst = dst, .next = IP6_ICMP}, payload);
	packet_icmp(&t->in, type, 0);
}

static struct ip from(struct road *t)
{
	return ip6_src(packet_head6(&t->out));
}

static uint32_t value(const uint8_t *m)
{
	return __builtin_bswap32(load32(m + 4));
}

/* t->in is answered by an error at port 0. */
static const uint8_t *answered(struct road *t, uint8_t type, uint8_t code)
{
	const uint8_t *h = packet_head6(&t->out), *m;

	router_send(t->r, 0, &t->in);
	m = road_icmp6(t, 0, type, code);
	assert_int_equal(ip6_hop_limit(h), 64);
	assert_int_equal(ip6_first(h), 6u << 28);
	assert_true(ip_equal(ip6_dst(h), ip6_src(packet_head6(&t->in))));
	road_silent(t);
	return m;
}

static void answered_from(struct road *t, uint8_t type, uint8_t code, struct ip src)
{
	answered(t, type, code);
	assert_true(ip_equal(from(t), src));
}

/* t->in ends by @v, and nothing is said. */
static void unanswered(struct road *t, enum verdict v)
{
	road_ends(t, 0, v);
}

/* The reply to t->in, from @src at port 0. */
static void replied(struct road *t, struct ip src)
{
	uint8_t *was = packet_payload6(&t->in), *m = packet_payload6(&t->out);

	router_send(t->r, 0, &t->in);
	road_icmp6(t, 0, ICMP6_ECHO_REPLY, 0);
	assert_true(ip_equal(from(t), src));
	assert_int_equal(ip6_hop_limit(packet_head6(&t->out)), 64);
	assert_int_equal(packet_payload6_len(&t->out), packet_payload6_len(&t->in));
	assert_memory_equal(m + 4, was + 4, packet_payload6_len(&t->in) - 4);
	road_silent(t);
}

/* icmp6-echo, -other-port, -hlim1, -link-local */
static void echo_is_answered_with_the_same_data(void **state)
{
	struct road *t = *state;

	for (uint32_t payload = 8; payload <= 1460; payload++) {
		struct ip dst = payload % 4 == 3 ? ROUTER_LINK6(0) : ROUTER_IP6(payload % 4);
		struct packet_ip6 f = {.dst = dst,
		                       .next = IP6_ICMP,
		                       .hop_limit = (uint8_t)(payload % 2 + 1),
		                       .tclass_flow = payload << 8};

		router_ip6(&t->in, 0, &f, payload);
		packet_icmp(&t->in, ICMP6_ECHO, 0);
		replied(t, dst);
		assert_int_equal(ip6_first(packet_head6(&t->out)), 6u << 28 | payload << 8);
	}
	assert_int_equal(t->r->worker.pipeline.host.originated, 1453);
	assert_int_equal(router_count(t->r, CONSUMED_ICMP_ECHO), 1453);
}

/* icmp6-echo-all-routers, ip6-anycast: the reply is from an address that is the port's alone. */
static void groups_and_anycast_are_answered_from_a_unicast_address(void **state)
{
	struct road *t = *state;

	icmp_to(t, IP6_ALL_ROUTERS, ICMP6_ECHO, 64);
	replied(t, ROUTER_IP6(0));
	icmp_to(t, IP6_ALL_NODES, ICMP6_ECHO, 65);
	replied(t, ROUTER_IP6(0));
	router_route_kind6(t->r, NET_IP6(1, 0), 128, NH_LOCAL);
	icmp_to(t, NET_IP6(1, 0), ICMP6_ECHO, 66);
	replied(t, ROUTER_IP6(0));
	router_ip6(&t->in, 0,
	           &(struct packet_ip6){
			   .src = HOST_LINK6(0), .dst = IP6_ALL_ROUTERS, .next = IP6_ICMP},
	           64);
	packet_icmp(&t->in, ICMP6_ECHO, 0);
	replied(t, ROUTER_LINK6(0));
}

static void echo_replies_are_routed(void **state)
{
	struct road *t = *state;

	router_route6(t->r, NET(1), 48, 2, HOST_LINK6(2));
	router_ip6(&t->in, 0,
	           &(struct packet_ip6){.src = HOST_OF(1), .dst = ROUTER_IP6(0), .next = IP6_ICMP},
	           64);
	packet_icmp(&t->in, ICMP6_ECHO, 0);
	router_send(t->r, 0, &t->in);
	road_icmp6(t, 2, ICMP6_ECHO_REPLY, 0);
	assert_true(mac_load(t->out.bytes) == HOST_MAC(2, 2));
}

/* icmp6-echo-bad-cksum, -short */
static void malformed_icmp_is_dropped(void **state)
{
	struct road *t = *state;

	for (uint32_t i = 0; i < 64; i++) {
		icmp_to(t, ROUTER_IP6(0), ICMP6_ECHO, 64);
		packet_payload6(&t->in)[i] ^= 1;
		router_send(t->r, 0, &t->in);
		road_silent(t);
	}
	assert_int_equal(router_count(t->r, DROP_ICMP_BAD), 64);
	for (uint32_t n = 0; n < 8; n++) {
		router_ip6(&t->in, 0, &(struct packet_ip6){.dst = ROUTER_IP6(0), .next = IP6_ICMP},
		           n);
		unanswered(t, DROP_ICMP_BAD);
	}
}

/* icmp6-unknown-info; RFC 4443 2.4 a, b. Neighbour discovery never comes behind other headers than
 * a hop-by-hop header's. */
static void other_icmp_is_ignored(void **state)
{
	static const uint8_t pad[6] = {1, 4};
	struct road *t = *state;

	for (uint32_t type = 0; type < 256; type++) {
		bool nd = type >= ICMP6_RS && type <= ICMP6_REDIRECT;

		if (type == ICMP6_ECHO)
			continue;
		icmp_to(t, ROUTER_IP6(0), (uint8_t)type, 48);
		packet_ext6(&t->in, IP6_DEST_OPTIONS, pad, sizeof(pad));
		unanswered(t, nd ? DROP_ND_BAD : CONSUMED_ICMP);
	}
	icmp_to(t, ROUTER_IP6(0), ICMP6_ECHO, 36);
	packet_icmp(&t->in, ICMP6_ECHO, 1);
	unanswered(t, CONSUMED_ICMP);
}

/* icmp6-hlim, -hlim-0 */
static void a_hop_limit_that_runs_out_is_told_to_the_sender(void **state)
{
	static const uint8_t next[] = {IP_PROTO_UDP, IP_PROTO_TCP, 253, IP6_NO_NEXT, IP6_ICMP};
	struct road *t = *state;

	for (uint32_t i = 0; i < 10; i++) {
		const uint8_t *m;

		router_ip6(&t->in, 0, &(struct packet_ip6){.dst = HOST_IP6(1), .next = next[i / 2]},
		           64);
		if (next[i / 2] == IP6_ICMP)
			packet_icmp(&t->in, ICMP6_ECHO, 0);
		packet_head6(&t->in)[7] = i % 2;
		m = answered(t, ICMP6_TIME_EXCEEDED, 0);
		assert_int_equal(packet_payload6_len(&t->out), 8 + 104);
		assert_memory_equal(m + 8, packet_head6(&t->in), 104);
		assert_int_equal(value(m), 0);
		assert_true(ip_equal(from(t), ROUTER_IP6(0)));
	}
	assert_int_equal(router_count(t->r, DROP_TTL_EXPIRED), 10);
}

/* icmp6-no-route, -unreachable-route, -prohibit-route, -scope, -port-unreach */
static void the_unreachable_is_told_with_its_reason(void **state)
{
	struct road *t = *state;

	router_route_kind6(t->r, NET(1), 48, NH_UNREACHABLE);
	router_route_kind6(t->r, NET(2), 48, NH_PROHIBIT);
	router_route_kind6(t->r, NET(3), 48, NH_BLACKHOLE);
	router_udp6(&t->in, 0, NOWHERE, 64);
	answered_from(t, ICMP6_UNREACHABLE, ICMP6_NO_ROUTE, ROUTER_IP6(0));
	router_udp6(&t->in, 0, HOST_OF(1), 64);
	answered_from(t, ICMP6_UNREACHABLE, ICMP6_NO_ROUTE, ROUTER_IP6(0));
	router_udp6(&t->in, 0, HOST_OF(2), 64);
	answered_from(t, ICMP6_UNREACHABLE, ICMP6_ADMIN_PROHIBITED, ROUTER_IP6(0));
	router_udp6(&t->in, 0, HOST_OF(3), 64);
	unanswered(t, DROP_BLACKHOLE);
	router_udp6(&t->in, 0, ROUTER_IP6(1), 64);
	answered_from(t, ICMP6_UNREACHABLE, ICMP6_PORT_UNREACHABLE, ROUTER_IP6(1));
	router_udp6(&t->in, 0, ROUTER_LINK6(0), 64);
	answered_from(t, ICMP6_UNREACHABLE, ICMP6_PORT_UNREACHABLE, ROUTER_LINK6(0));
	router_ip6(&t->in, 0, &(struct packet_ip6){.src = HOST_LINK6(0), .dst = HOST_IP6(1)}, 64);
	answered_from(t, ICMP6_UNREACHABLE, ICMP6_BEYOND_SCOPE, ROUTER_LINK6(0));
	assert_int_equal(router_count(t->r, CONSUMED_UNREACH), 2);
}

/* icmp6-addr-unreach */
static void a_silent_neighbour_is_told_of(void **state)
{
	struct road *t = *state;

	t->r->iface[1].up = false;
	router_publish(t->r);
	router_udp6(&t->in, 0, NET_IP6(1, 99), 64);
	answered_from(t, ICMP6_UNREACHABLE, ICMP6_ADDR_UNREACHABLE, ROUTER_IP6(0));
}

/* RFC 8200 8.1: without a checksum it is not UDP. */
static void udp_that_is_malformed_is_not_answered(void **state)
{
	struct road *t = *state;

	router_udp6(&t->in, 0, ROUTER_IP6(0), 64);
	packet_payload6(&t->in)[20] ^= 1;
	unanswered(t, CONSUMED_LOCAL);
	router_udp6(&t->in, 0, ROUTER_IP6(0), 64);
	packet_payload6(&t->in)[6] = packet_payload6(&t->in)[7] = 0;
	unanswered(t, CONSUMED_LOCAL);
	for (uint32_t n = 0; n < 8; n++) {
		router_ip6(&t->in, 0,
		           &(struct packet_ip6){.dst = ROUTER_IP6(0), .next = IP_PROTO_UDP}, n);
		unanswered(t, CONSUMED_LOCAL);
	}
}

/* icmp6-hlim-long: as much as 1280 bytes hold. */
static void errors_quote_what_fits(void **state)
{
	struct road *t = *state;

	for (uint32_t payload = 0; payload <= 1460; payload += payload < 1180 ? 59 : 1) {
		uint32_t quoted = 40 + payload < 1232 ? 40 + payload : 1232;
		const uint8_t *m;

		router_ip6(&t->in, 0, &(struct packet_ip6){.dst = NOWHERE, .next = 253}, payload);
		m = answered(t, ICMP6_UNREACHABLE, ICMP6_NO_ROUTE);
		assert_int_equal(packet_payload6_len(&t->out), 8 + quoted);
		assert_memory_equal(m + 8, packet_head6(&t->in), quoted);
	}
	assert_int_equal(t->out.len, 14 + 1280);
}

/* The same of packets in several frames. */
static void errors_about_chains_quote_as_much(void **state)
{
	static const struct router_config cfg = {.mtu = {9000, 9000, 1500}};
	struct road *t = road_open(&cfg);

	*state = t;
	for (uint32_t part = 1246; part < 1792; part += 39) {
		const uint8_t *m;

		router_udp6(&t->in, 0, HOST_IP6(2), 4000);
		assert_true(router_inject_parts(t->r, 0, &t->in, part));
		router_run(t->r);
		m = road_icmp6(t, 0, ICMP6_TOO_BIG, 0);
		assert_int_equal(value(m), 1500);
		assert_int_equal(t->out.len, 14 + 1280);
		assert_memory_equal(m + 8, packet_head6(&t->in), 1232);
		road_silent(t);
	}
}

/* A request in several frames, behind an extension header too. */
static void echo_of_a_chain_comes_back_whole(void **state)
{
	static const struct router_config cfg = {.mtu = {9000, 9000, 1500}};
	static const uint8_t pad[14] = {1, 12};
	struct road *t = road_open(&cfg);

	*state = t;
	for (uint32_t n = 3000; n < 8900; n += 577) {
		icmp_to(t, ROUTER_IP6(0), ICMP6_ECHO, n);
		if (n % 2)
			packet_ext6(&t->in, IP6_DEST_OPTIONS, pad, sizeof(pad));
		assert_true(router_inject_parts(t->r, 0, &t->in, 1250 + n % 500));
		router_run(t->r);
		road_icmp6(t, 0, ICMP6_ECHO_REPLY, 0);
		assert_int_equal(packet_payload6_len(&t->out), n);
		assert_memory_equal(packet_payload6(&t->out) + 4, packet_payload6(&t->in) + 4,
		                    n - 4);
		packet_payload6(&t->in)[n - 1] ^= 1;
		assert_true(router_inject_parts(t->r, 0, &t->in, 1250));
		router_run(t->r);
		road_silent(t);
	}
}

/* icmp6-too-big, -too-big-edge, frag6-too-big */
static void a_packet_too_big_learns_the_mtu(void **state)
{
	static const struct router_config cfg = {.mtu = {1500, 1400, 1500}};
	struct road *t = road_open(&cfg);

	*state = t;
	for (uint32_t total = 1399; total <= 1500; total++) {
		router_ip6(&t->in, 0, &(struct packet_ip6){.dst = HOST_IP6(1), .next = 253},
		           total - 40);
		if (total <= 1400) {
			road_forwards(t, 0, 1);
			continue;
		}
		assert_int_equal(value(answered(t, ICMP6_TOO_BIG, 0)), 1400);
	}
	for (uint32_t i = 0; i < 2; i++) {
		router_ip6(&t->in, 0, &(struct packet_ip6){.dst = HOST_IP6(1)}, 1448);
		packet_frag6(&t->in, i == 0 ? IP6_MF : 1448, 7);
		assert_int_equal(value(answered(t, ICMP6_TOO_BIG, 0)), 1400);
		icmp_to(t, HOST_IP6(1), ICMP6_ECHO, 1448);
		packet_frag6(&t->in, i == 0 ? IP6_MF : 1448, 7);
		answered(t, ICMP6_TOO_BIG, 0);
	}
}

/* icmp6-no-error-icmp-error, -time-exceeded, -unknown-error, -error-after-ext: RFC 4443 2.4 e.1,
 * e.2 */
static void no_error_is_sent_about_an_error(void **state)
{
	static const uint8_t pad[14] = {1, 12};
	struct road *t = *state;

	for (uint32_t type = 0; type < 256; type++) {
		bool error = type < 128 || type == ICMP6_REDIRECT;

		for (uint32_t how = 0; how < 4; how++) {
			icmp_to(t, NOWHERE, (uint8_t)type, 48);
			if (how & 1)
				packet_frag6(&t->in, 0, 7);
			if (how & 2)
				packet_ext6(&t->in, IP6_DEST_OPTIONS, pad, sizeof(pad));
			if (how == 3)
				packet_ext6(&t->in, IP6_HOP_BY_HOP, pad, sizeof(pad));
			router_send(t->r, 0, &t->in);
			assert_int_equal(router_drain(t->r), error ? 0 : 1);
		}
	}
	/* An ICMPv6 message without its first octet is none that may be answered. */
	router_ip6(&t->in, 0, &(struct packet_ip6){.dst = NOWHERE, .next = IP6_ICMP}, 0);
	unanswered(t, DROP_NO_ROUTE);
}

/* icmp6-no-error-mcast-port, -dst-multicast, -src-unspecified: e.3, e.4, e.6 */
static void groups_hear_no_errors(void **state)
{
	struct road *t = *state;

	router_udp6(&t->in, 0, IP6_ALL_NODES, 64);
	unanswered(t, CONSUMED_LOCAL);
	router_ip6(&t->in, 0, &(struct packet_ip6){.dst = IP6_ALL_NODES, .next = 253}, 64);
	unanswered(t, DROP_IP6_HEADER);
	router_ip6(&t->in, 0, &(struct packet_ip6){.dst = IP6_ALL_NODES, .next = IP_PROTO_TCP}, 64);
	packet_tcp(&t->in, &(struct packet_tcp){.flags = 2});
	unanswered(t, CONSUMED_LOCAL);
	router_ip6(
		&t->in, 0,
		&(struct packet_ip6){.dst = IP6_ALL_NODES, .unspecified = true, .next = IP6_ICMP},
		64);
	packet_icmp(&t->in, ICMP6_ECHO, 0);
	unanswered(t, CONSUMED_ICMP);
	/* The subnet's own routers share an address: none of them asked. */
	router_ip6(&t->in, 0, &(struct packet_ip6){.src = NET_IP6(0, 0), .dst = NOWHERE}, 64);
	unanswered(t, DROP_NO_ROUTE);
}

/* icmp6-rate-limit: IPv4's errors count as well */
static void errors_are_limited_and_forwarding_is_not(void **state)
{
	static const struct router_config cfg = {.rate = 100};
	struct road *t = road_open(&cfg);

	*state = t;
	for (uint32_t i = 0; i < 50; i++) {
		if (i % 2)
			router_udp(&t->in, 0, ROUTER_IP(0), 64);
		else
			router_udp6(&t->in, 0, ROUTER_IP6(0), 64);
		router_send(t->r, 0, &t->in);
		assert_int_equal(router_drain(t->r), i < 10);
		router_udp6(&t->in, 0, HOST_IP6(1), 64);
		road_forwards(t, 0, 1);
	}
	assert_int_equal(router_count(t->r, CONSUMED_UNREACH), 10);
	assert_int_equal(router_count(t->r, DROP_ICMP_LIMIT), 40);
	assert_int_equal(t->r->worker.pipeline.host.limited, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(echo_is_answered_with_the_same_data),
		road_test(groups_and_anycast_are_answered_from_a_unicast_address),
		road_test(echo_replies_are_routed),
		road_test(malformed_icmp_is_dropped),
		road_test(other_icmp_is_ignored),
		road_test(a_hop_limit_that_runs_out_is_told_to_the_sender),
		road_test(the_unreachable_is_told_with_its_reason),
		road_test(a_silent_neighbour_is_told_of),
		road_test(udp_that_is_malformed_is_not_answered),
		road_test(errors_quote_what_fits),
		cmocka_unit_test_teardown(errors_about_chains_quote_as_much, road_teardown),
		cmocka_unit_test_teardown(echo_of_a_chain_comes_back_whole, road_teardown),
		cmocka_unit_test_teardown(a_packet_too_big_learns_the_mtu, road_teardown),
		road_test(no_error_is_sent_about_an_error),
		road_test(groups_hear_no_errors),
		cmocka_unit_test_teardown(errors_are_limited_and_forwarding_is_not, road_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
