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

#define NEIGHBOUR NET_IP6(0, 8)                  /* on the link of host 0 */
#define GATEWAY   ip6_link_local(HOST_MAC(0, 7)) /* the same, to FAR */
#define FAR       IP6(0x20010db8ff000000, 1)
#define FARTHER   IP6(0x20010db8fe000000, 1) /* by the gateway's global address */

static int setup(void **state)
{
	static const struct router_config telling = {.redirects = true, .mtu = {9000, 9000, 1500}};
	struct road *t = road_open(&telling);

	*state = t;
	router_static6(t->r, 0, NEIGHBOUR, HOST_MAC(0, 8));
	router_static6(t->r, 0, GATEWAY, HOST_MAC(0, 7));
	router_static6(t->r, 0, NET_IP6(0, 7), HOST_MAC(0, 7));
	router_route6(t->r, IP6(0x20010db8ff000000, 0), 48, 0, GATEWAY);
	router_route6(t->r, IP6(0x20010db8fe000000, 0), 48, 0, NET_IP6(0, 7));
	return 0;
}

/* The redirected header option @o quotes t->in, in a message of @len bytes. */
static void quotes(struct road *t, const uint8_t *o, uint32_t len)
{
	uint32_t n = t->in.len - 14 < 1184 ? t->in.len - 14 : 1184, even = (n + 7) / 8 * 8;
	static const uint8_t zero[8];

	assert_int_equal(o[0], ND_OPT_REDIRECTED);
	assert_int_equal(o[1] * 8, 8 + even);
	assert_int_equal(len, 40 + 8 + 8 + even);
	assert_memory_equal(o + 2, zero, 6);
	assert_memory_equal(o + 8, packet_head6(&t->in), n);
	assert_memory_equal(o + 8 + n, zero, even - n);
}

/* t->in is sent on by port 0, and its source is told of @target, which has @mac (RFC 4861 4.5). */
static void redirected(struct road *t, struct ip target, uint64_t mac)
{
	const uint8_t *h = packet_head6(&t->out), *m;

	if (t->in.len > 1600)
		assert_true(router_inject_parts(t->r, 0, &t->in, 1500));
	else
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	router_run(t->r);
	road_out(t, 0);
	assert_true(ip_equal(ip6_dst(h), ip6_dst(packet_head6(&t->in))));
	packet_head6(&t->in)[7]--;
	m = road_icmp6(t, 0, ICMP6_REDIRECT, 0);
	assert_int_equal(ip6_hop_limit(h), 255);
	assert_true(ip_equal(ip6_src(h), ROUTER_LINK6(0)));
	assert_true(ip_equal(ip6_dst(h), ip6_src(packet_head6(&t->in))));
	assert_int_equal(load32(m + 4), 0);
	assert_true(ip_equal(ip_load(m + 8), target));
	assert_true(ip_equal(ip_load(m + 24), ip6_dst(packet_head6(&t->in))));
	assert_int_equal(m[40], ND_OPT_TARGET_LLADDR);
	assert_int_equal(m[41], 1);
	assert_true(mac_load(m + 42) == mac);
	quotes(t, m + 48, packet_payload6_len(&t->out));
	assert_true(t->out.len <= 14 + 1280);
	road_silent(t);
}

/* icmp6-redirect */
static void a_host_is_told_of_a_better_gateway_and_of_its_own_link(void **state)
{
	struct road *t = *state;

	for (uint32_t size = 8; size < 8000; size += size < 1200 ? 93 : 1361) {
		router_udp6(&t->in, 0, FAR, size);
		redirected(t, GATEWAY, HOST_MAC(0, 7));
		router_udp6(&t->in, 0, NEIGHBOUR, size);
		redirected(t, NEIGHBOUR, HOST_MAC(0, 8));
		router_pass(t->r, NS_PER_SEC);
	}
}

/* RFC 4861 8.2: sources off the link, gateways without a link-local address that is known, and
 * errors are no reason for one. */
static void others_are_not_redirected(void **state)
{
	struct road *t = *state;

	router_ip6(&t->in, 0, &(struct packet_ip6){.src = FARTHER, .dst = FAR}, 64);
	road_forwards(t, 0, 0);
	router_udp6(&t->in, 0, FARTHER, 64);
	road_forwards(t, 0, 0);
	router_ip6(&t->in, 0, &(struct packet_ip6){.dst = FAR, .next = IP6_ICMP}, 64);
	packet_icmp(&t->in, ICMP6_TIME_EXCEEDED, 0);
	road_forwards(t, 0, 0);
	t->r->addr6[0][0].state = ADDR_DUPLICATE;
	router_publish(t->r);
	router_udp6(&t->in, 0, FAR, 64);
	road_forwards(t, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_host_is_told_of_a_better_gateway_and_of_its_own_link, setup,
			road_teardown),
		cmocka_unit_test_setup_teardown(others_are_not_redirected, setup, road_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
