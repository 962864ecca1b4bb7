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

/* IPv6 to groups: what input hands to the router itself. */

/* t->in goes in at @port, in pieces of @part if that is not 0, as far as input only. Return: how
 * many packets are in the host list now. */
static uint32_t input(struct road *t, uint16_t port, uint32_t part)
{
	struct pipeline *p = &t->r->worker.pipeline;

	router_run(t->r);
	if (part > 0)
		assert_true(router_inject_parts(t->r, port, &t->in, part));
	else
		assert_true(router_inject(t->r, port, t->in.bytes, t->in.len));
	assert_int_equal(input_stage(p, &t->r->port[port]->queue[0]), 1);
	return p->batch.host.n;
}

/* What input left comes to its end. */
static void finish(struct road *t)
{
	struct batch *b = &t->r->worker.pipeline.batch;

	for (uint32_t i = 0; i < b->host.n; i++)
		pkt_list_add(&b->ended, &b->host.pkt[i], CONSUMED_LOCAL);
	b->host.n = 0;
	finish_stage(&t->r->worker.pipeline);
	assert_true(batch_is_empty(b));
}

/* t->in reaches the router as a packet to a group, with @flags besides. */
static void is_taken(struct road *t, uint16_t port, uint8_t flags)
{
	const struct pkt *k = &t->r->worker.pipeline.batch.host.pkt[0];

	assert_int_equal(input(t, port, 0), 1);
	assert_int_equal(k->flags, PKT_IP6 | PKT_GROUP | flags);
	assert_int_equal(k->in, port);
	assert_int_equal(k->len, 54 + ip6_payload_len(packet_head6(&t->in)));
	assert_memory_equal(k->data + 14, packet_head6(&t->in), k->len - 14);
	finish(t);
}

/* t->in ends by @v. */
static void is_refused(struct road *t, uint16_t port, enum verdict v)
{
	const struct pkt *k = &t->r->worker.pipeline.batch.ended.pkt[0];

	assert_int_equal(input(t, port, 0), 0);
	assert_int_equal(t->r->worker.pipeline.batch.ended.n, 1);
	assert_int_equal(k->verdict, v);
	finish(t);
}

static void to(struct road *t, struct ip group)
{
	router_ip6(&t->in, 1, &(struct packet_ip6){.dst = group}, 64);
}

/* RFC 4291 2.8 */
static void groups_that_the_interface_is_in_are_the_routers(void **state)
{
	const struct ip in[] = {IP6_ALL_NODES, IP6_ALL_ROUTERS, ip6_solicited_node(ROUTER_IP6(1)),
	                        ip6_solicited_node(ROUTER_LINK6(1))};
	const struct ip out[] = {
		ip6_solicited_node(HOST_LINK6(1)),
		ip6_solicited_node(ROUTER_LINK6(2)),
		IP6_ALL_MLDV2,
		{0xff01ull << 48, 1},
		{0xff05ull << 48, 2},
		{0xff0eull << 48, 1},
	};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(in); i++) {
		to(t, in[i]);
		is_taken(t, 1, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(out); i++) {
		to(t, out[i]);
		is_refused(t, 1, DROP_MULTICAST);
	}
}

static void an_address_that_is_anothers_has_no_group(void **state)
{
	struct road *t = *state;
	struct ip group = ip6_solicited_node(ROUTER_LINK6(1));

	t->r->addr6[1][0].state = ADDR_TENTATIVE;
	router_publish(t->r);
	to(t, group);
	is_taken(t, 1, 0);
	t->r->addr6[1][0].state = ADDR_DUPLICATE;
	router_publish(t->r);
	to(t, group);
	is_refused(t, 1, DROP_MULTICAST);
}

/* RFC 6085, and RFC 2464 7 */
static void a_group_may_come_by_the_routers_own_mac_but_no_other(void **state)
{
	struct road *t = *state;

	to(t, IP6_ALL_ROUTERS);
	mac_store(t->in.bytes, ROUTER_MAC(1));
	is_taken(t, 1, 0);
	mac_store(t->in.bytes, HOST_MAC(1, 9));
	is_refused(t, 1, DROP_OTHER_MAC);
	mac_store(t->in.bytes, MAC_BROADCAST);
	is_refused(t, 1, DROP_L2_GROUP);
}

static void flags_say_what_input_has_seen(void **state)
{
	static const uint8_t alert[6] = {IP6_OPT_ROUTER_ALERT, 2, 0, 0, IP6_OPT_PADN, 0};
	struct road *t = *state;

	router_ip6(&t->in, 1, &(struct packet_ip6){.src = HOST_LINK6(1), .dst = IP6_ALL_NODES}, 64);
	is_taken(t, 1, PKT_LINK);
	packet_ext6(&t->in, IP6_HOP_BY_HOP, alert, sizeof(alert));
	is_taken(t, 1, PKT_LINK | PKT_OPTIONS);
	packet_head6(&t->in)[41] = 20;
	is_refused(t, 1, DROP_IP_HEADER);
}

/* RFC 4861 4.1, 4.3: duplicate address detection, and hosts that have none yet. */
static void who_has_no_address_is_heard_in_groups(void **state)
{
	const struct packet_ip6 f = {.unspecified = true, .dst = ip6_solicited_node(ROUTER_IP6(1))};
	struct road *t = *state;

	router_ip6(&t->in, 1, &f, 64);
	is_taken(t, 1, 0);
	store64(packet_head6(&t->in) + 16, __builtin_bswap64(1)); /* ::1 */
	is_refused(t, 1, DROP_MARTIAN_SOURCE);
}

/* RFC 4862 5.4.4: that another has our address, its advertisement says, and nothing else. */
static void of_our_own_address_only_an_advertisement_is_heard(void **state)
{
	struct road *t = *state;

	for (uint32_t type = 0; type < 256; type++) {
		const struct packet_ip6 f = {.src = type % 2 == 0 ? ROUTER_IP6(1) : ROUTER_LINK6(1),
		                             .dst = IP6_ALL_NODES};

		router_ip6(&t->in, 1, &f, 64);
		packet_icmp(&t->in, (uint8_t)type, 0);
		if (type == ICMP6_NA)
			is_taken(t, 1, 0);
		else
			is_refused(t, 1, DROP_MARTIAN_SOURCE);
	}
	router_ip6(&t->in, 1, &(struct packet_ip6){.src = ROUTER_IP6(1), .dst = IP6_ALL_NODES}, 64);
	is_refused(t, 1, DROP_MARTIAN_SOURCE);
}

static void trailers_and_tags_are_not_part_of_it(void **state)
{
	struct road *t = *state;

	to(t, IP6_ALL_NODES);
	memset(t->in.bytes + t->in.len, 0xaa, 20);
	t->in.len += 20;
	is_taken(t, 1, 0);
	memmove(t->in.bytes + 16, t->in.bytes + 12, t->in.len - 12);
	store16(t->in.bytes + 12, ETHERTYPE_VLAN);
	store16(t->in.bytes + 14, __builtin_bswap16(0xa000));
	t->in.len += 4;
	assert_int_equal(input(t, 1, 0), 1);
	assert_int_equal(t->r->worker.pipeline.batch.host.pkt[0].len, 54 + 64);
	finish(t);
}

static void chains_keep_their_frames_and_lose_their_trailer(void **state)
{
	struct road *t = *state;
	const struct pkt *k = &t->r->worker.pipeline.batch.host.pkt[0];

	to(t, IP6_ALL_NODES);
	router_ip6(&t->in, 1, &(struct packet_ip6){.dst = IP6_ALL_NODES}, 3000);
	t->in.len += 500;
	assert_int_equal(input(t, 1, 1400), 1);
	assert_int_equal(k->flags, PKT_IP6 | PKT_GROUP | PKT_CHAIN);
	assert_int_equal(k->len, 3054);
	finish(t);
	router_ip6(&t->in, 1, &(struct packet_ip6){.dst = IP6_ALL_NODES}, 600);
	t->in.len += 900;
	assert_int_equal(input(t, 1, 1300), 1); /* what is left lies in one frame */
	assert_int_equal(k->flags, PKT_IP6 | PKT_GROUP);
	assert_int_equal(k->len, 654);
	finish(t);
	router_ip6(&t->in, 1, &(struct packet_ip6){.dst = IP6_ALL_MLDV2}, 3000);
	assert_int_equal(input(t, 1, 1400), 0);
	finish(t);
}

static int setup_jumbo(void **state)
{
	static const struct router_config cfg = {.mtu = {9000, 9000, 9000}};

	*state = road_open(&cfg);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(groups_that_the_interface_is_in_are_the_routers),
		road_test(an_address_that_is_anothers_has_no_group),
		road_test(a_group_may_come_by_the_routers_own_mac_but_no_other),
		road_test(flags_say_what_input_has_seen),
		road_test(who_has_no_address_is_heard_in_groups),
		road_test(of_our_own_address_only_an_advertisement_is_heard),
		road_test(trailers_and_tags_are_not_part_of_it),
		cmocka_unit_test_setup_teardown(chains_keep_their_frames_and_lose_their_trailer,
	                                        setup_jumbo, road_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
