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

#define GATEWAY  IP(10, 0, 0, 7) /* on the link of host 0, to 198.18/16 */
#define BEYOND   IP(198, 18, 0, 1)
#define OFF_LINK IP(203, 0, 113, 9)

static const struct router_config telling = {.redirects = true};

static int setup(void **state)
{
	struct road *t = road_open(&telling);

	*state = t;
	router_static(t->r, 0, GATEWAY, HOST_MAC(0, 7));
	router_static(t->r, 0, IP(10, 0, 0, 8), HOST_MAC(0, 8));
	router_route(t->r, IP(198, 18, 0, 0), 16, 0, GATEWAY);
	router_route(t->r, OFF_LINK, 32, 0, GATEWAY);
	return 0;
}

/* t->in is sent on by port 0, and its source is told of @gateway. */
static void redirected(struct road *t, uint32_t gateway)
{
	uint32_t total = ip4_total_len(packet_head4(&t->in)), quoted = total < 548 ? total : 548;
	const uint8_t *h = packet_head4(&t->out), *m;

	router_send(t->r, 0, &t->in);
	road_out(t, 0); /* ip4-hairpin */
	assert_int_equal(ip4_dst(h), ip4_dst(packet_head4(&t->in)));
	packet_head4(&t->in)[8]--;
	packet_fix_ip4(&t->in);
	m = road_icmp(t, 0, ICMP4_REDIRECT, ICMP4_REDIRECT_HOST);
	assert_int_equal(__builtin_bswap32(load32(m + 4)), gateway);
	assert_int_equal(ip4_src(h), ROUTER_IP(0));
	assert_int_equal(ip4_dst(h), ip4_src(packet_head4(&t->in)));
	assert_int_equal(ip4_ttl(h), 64);
	assert_int_equal(h[1], 0xc0);
	assert_int_equal(packet_payload4_len(&t->out), 8 + quoted);
	assert_memory_equal(m + 8, packet_head4(&t->in), quoted);
	road_silent(t);
}

/* icmp4-redirect */
static void a_host_is_told_of_a_better_gateway_and_of_its_own_link(void **state)
{
	struct road *t = *state;

	for (uint32_t size = 8; size < 1480; size += 92) {
		router_udp(&t->in, 0, BEYOND, size);
		redirected(t, GATEWAY);
		router_udp(&t->in, 0, IP(10, 0, 0, 8), size);
		redirected(t, IP(10, 0, 0, 8));
		router_pass(t->r, NS_PER_SEC);
	}
}

static void once_a_second_is_enough(void **state)
{
	struct road *t = *state;

	router_udp(&t->in, 0, BEYOND, 64);
	redirected(t, GATEWAY);
	for (int i = 0; i < 9; i++) {
		router_pass(t->r, NS_PER_SEC / 10);
		router_udp(&t->in, 0, BEYOND, 64);
		road_forwards(t, 0, 0);
	}
	/* Another gateway, and another source, are other news. */
	router_udp(&t->in, 0, IP(10, 0, 0, 8), 64);
	redirected(t, IP(10, 0, 0, 8));
	router_ip4(&t->in, 0, &(struct packet_ip4){.src = IP(10, 0, 0, 8), .dst = BEYOND}, 64);
	redirected(t, GATEWAY);
	router_pass(t->r, NS_PER_SEC / 10);
	router_udp(&t->in, 0, BEYOND, 64);
	redirected(t, GATEWAY);
}

/* icmp4-no-redirect-offlink, and whatever else is none of a redirect's business. */
static void who_could_not_follow_is_not_redirected(void **state)
{
	static const struct packet_ip4 f[] = {
		{.src = OFF_LINK, .dst = BEYOND},        /* not on the link */
		{.src = GATEWAY, .dst = BEYOND},         /* to itself */
		{.src = IP(10, 0, 1, 2), .dst = BEYOND}, /* of another link */
		{.dst = BEYOND, .frag = 8},              /* a later fragment */
	};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(f); i++) {
		router_ip4(&t->in, 0, &f[i], 64);
		road_forwards(t, 0, 0);
	}
	/* RFC 1812 4.3.2.7: nothing is said about errors; a query is none. */
	for (uint32_t type = 0; type < 256; type++) {
		router_ip4(&t->in, 0, &(struct packet_ip4){.dst = BEYOND, .proto = IP_PROTO_ICMP},
		           64);
		packet_icmp(&t->in, (uint8_t)type, 0);
		router_send(t->r, 0, &t->in);
		assert_int_equal(router_drain(t->r), icmp4_is_error((uint8_t)type) ? 1 : 2);
		router_pass(t->r, NS_PER_SEC);
	}
	/* To another port, from another port. */
	router_udp(&t->in, 0, HOST_IP(1), 64);
	road_forwards(t, 0, 1);
	router_udp(&t->in, 1, BEYOND, 64);
	road_forwards(t, 1, 0);
	/* A next hop on another subnet of the same wire cannot be spoken to. */
	router_static(t->r, 0, IP(10, 9, 0, 1), HOST_MAC(0, 9));
	router_route(t->r, IP(198, 19, 0, 0), 16, 0, IP(10, 9, 0, 1));
	router_udp(&t->in, 0, IP(198, 19, 0, 1), 64);
	road_forwards(t, 0, 0);
}

static void it_can_be_turned_off(void **state)
{
	struct road *t = *state;

	t->r->iface[0].redirects = false;
	router_publish(t->r);
	router_pass(t->r, 3 * NS_PER_SEC);
	router_drain(t->r);
	router_udp(&t->in, 0, BEYOND, 64);
	road_forwards(t, 0, 0);
	t->r->iface[0].redirects = true;
	router_publish(t->r);
	router_udp(&t->in, 0, BEYOND, 64);
	redirected(t, GATEWAY);
}

/* A full batch of all kinds: redirects go beside what is forwarded, answered and dropped (I5). */
static void a_batch_has_its_redirects_beside_everything_else(void **state)
{
	static const struct packet_ip4 kind[] = {{.dst = BEYOND},
	                                         {.dst = IP(10, 0, 0, 8)},
	                                         {.dst = HOST_IP(1)},
	                                         {.dst = IP(9, 9, 9, 9)}};
	uint32_t n[2][256] = {{0}}, forwarded = 0, redirects = 0, errors = 0;
	struct road *t = *state;

	for (uint32_t i = 0; i < 64; i++) {
		struct packet_ip4 f = kind[i % 4];

		f.src = IP(10, 0, 0, 32 + i);
		f.id = (uint16_t)i;
		router_static(t->r, 0, f.src, HOST_MAC(0, 32 + i));
		router_ip4(&t->in, 0, &f, 64);
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	}
	router_run(t->r);
	for (uint16_t port = 0; port < 2; port++) {
		while (router_take(t->r, port, &t->out)) {
			const uint8_t *h = packet_head4(&t->out), *m = packet_payload4(&t->out);

			assert_null(packet_flaw(t->out.bytes, t->out.len, ROUTER_MAC(port), 1500));
			n[port][h[9]]++;
			forwarded += h[9] == IP_PROTO_UDP;
			redirects += h[9] == IP_PROTO_ICMP && m[0] == ICMP4_REDIRECT;
			errors += h[9] == IP_PROTO_ICMP && m[0] == ICMP4_UNREACHABLE;
		}
	}
	assert_int_equal(forwarded, 48);
	assert_int_equal(n[1][IP_PROTO_UDP], 16);
	assert_int_equal(redirects, 8);
	assert_int_equal(errors, 16);
	assert_int_equal(t->r->worker.pipeline.host.originated, 24);
	assert_int_equal(t->r->worker.pipeline.counters.moved, 0);
}

/* Under the limit of errors, and without a frame there is no redirect; the packet goes on. */
static void forwarding_does_not_depend_on_it(void **state)
{
	static const struct router_config cfg = {.redirects = true, .rate = 10};
	struct road *t = road_open(&cfg);
	struct frame_cache *c = &t->r->worker.pipeline.cache;
	uint32_t free_frames;

	*state = t;
	router_udp(&t->in, 0, IP(9, 9, 9, 9), 64);
	router_send(t->r, 0, &t->in);
	assert_int_equal(router_drain(t->r), 1); /* that was the burst */
	router_static(t->r, 0, GATEWAY, HOST_MAC(0, 7));
	router_route(t->r, IP(198, 18, 0, 0), 16, 0, GATEWAY);
	router_udp(&t->in, 0, BEYOND, 64);
	road_forwards(t, 0, 0);
	assert_int_equal(t->r->worker.pipeline.host.limited, 1);
	router_pass(t->r, 2 * NS_PER_SEC);

	router_udp(&t->in, 0, BEYOND, 64);
	assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	free_frames = c->n;
	while (c->n > 0)
		frame_put(&t->r->spare, c->addr[--c->n]);
	pipeline_run(&t->r->worker.pipeline, &t->r->port[0]->queue[0]);
	assert_int_equal(c->n, 0);
	while (free_frames-- > 0)
		frame_put(c, t->r->spare.addr[--t->r->spare.n]);
	road_out(t, 0);
	assert_int_equal(ip4_proto(packet_head4(&t->out)), IP_PROTO_UDP);
	road_silent(t);
}

/* Of a packet in several frames, what the first one has is quoted. */
static void jumbo_packets_are_redirected_as_well(void **state)
{
	static const struct router_config cfg = {.redirects = true, .mtu = {9000, 9000, 9000}};
	struct road *t = road_open(&cfg);
	const uint8_t *m;

	*state = t;
	router_static(t->r, 0, GATEWAY, HOST_MAC(0, 7));
	router_route(t->r, IP(198, 18, 0, 0), 16, 0, GATEWAY);
	router_udp(&t->in, 0, BEYOND, 5000);
	assert_true(router_inject_parts(t->r, 0, &t->in, 1700));
	router_run(t->r);
	road_out(t, 0);
	assert_int_equal(t->out.len, t->in.len);
	m = road_icmp(t, 0, ICMP4_REDIRECT, ICMP4_REDIRECT_HOST);
	assert_int_equal(packet_payload4_len(&t->out), 556);
	packet_head4(&t->in)[8]--;
	packet_fix_ip4(&t->in);
	assert_memory_equal(m + 8, packet_head4(&t->in), 548);
}

#define redirect_test(f) cmocka_unit_test_setup_teardown(f, setup, road_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		redirect_test(a_host_is_told_of_a_better_gateway_and_of_its_own_link),
		redirect_test(once_a_second_is_enough),
		redirect_test(who_could_not_follow_is_not_redirected),
		redirect_test(it_can_be_turned_off),
		redirect_test(a_batch_has_its_redirects_beside_everything_else),
		cmocka_unit_test_teardown(forwarding_does_not_depend_on_it, road_teardown),
		cmocka_unit_test_teardown(jumbo_packets_are_redirected_as_well, road_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
