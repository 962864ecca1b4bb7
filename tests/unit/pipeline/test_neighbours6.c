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

#define NEW_IP  NET_IP6(1, 77)
#define NEW_MAC HOST_MAC(1, 77)
#define GATEWAY IP6(0x20010db800ff0000, 99) /* in no subnet */

/* UDP from host 0 to @dst, numbered by its flow label. */
static void send_numbered(struct road *t, struct ip dst, uint32_t number)
{
	router_ip6(&t->in, 0, &(struct packet_ip6){.dst = dst, .tclass_flow = number}, 40);
	packet_udp(&t->in);
	router_send(t->r, 0, &t->in);
}

static uint32_t number_out(struct road *t)
{
	return ip6_first(packet_head6(&t->out)) & 0xfffff;
}

/* A solicitation or advertisement; @option 0: none. */
struct message {
	struct ip src, dst, target;
	uint64_t mac; /* in the option */
	uint8_t type, flags, option;
};

/* Start t->in: @f, as the host of port @port sends it. */
static void message(struct road *t, uint16_t port, const struct message *f)
{
	const struct packet_ip6 head = {
		.src = f->src, .unspecified = ip_is_none(f->src), .dst = f->dst, .hop_limit = 255};
	uint8_t *m;

	router_ip6(&t->in, port, &head, f->option != 0 ? 32 : 24);
	m = packet_head6(&t->in) + IP6_LEN;
	memset(m, 0, 8);
	m[4] = f->flags;
	ip_store(m + 8, f->target);
	if (f->option != 0)
		nd_lladdr_write(m + 24, f->option, f->mac);
	packet_icmp(&t->in, f->type, 0);
}

static void solicitation(struct road *t, struct ip src, struct ip target)
{
	const struct message f = {
		.type = ICMP6_NS,
		.src = src,
		.dst = ip6_solicited_node(target),
		.target = target,
		.option = ip_is_none(src) ? 0 : ND_OPT_SOURCE_LLADDR,
		.mac = HOST_MAC(0, 2),
	};

	message(t, 0, &f);
}

/* A unicast one, without an option. */
static void bare_solicitation(struct road *t, uint16_t port, struct ip src, struct ip target)
{
	const struct message f = {.type = ICMP6_NS, .src = src, .dst = target, .target = target};

	message(t, port, &f);
}

/* @ip of port 1 answers from @mac. */
static void answer(struct road *t, struct ip ip, uint64_t mac)
{
	const struct message f = {
		.type = ICMP6_NA,
		.src = ip,
		.dst = ROUTER_IP6(1),
		.target = ip,
		.flags = ND_NA_SOLICITED | ND_NA_OVERRIDE,
		.option = ND_OPT_TARGET_LLADDR,
		.mac = mac,
	};

	message(t, 1, &f);
	router_send(t->r, 1, &t->in);
}

/* The next packet out of port 1 asks all for @ip (nd-resolve). */
static void asks_for(struct road *t, struct ip ip)
{
	const uint8_t *m = road_icmp6(t, 1, ICMP6_NS, 0), *h = packet_head6(&t->out);

	assert_int_equal(ip6_hop_limit(h), 255);
	assert_true(ip_equal(ip6_dst(h), ip6_solicited_node(ip)));
	assert_true(mac_load(t->out.bytes) == ip6_group_mac(ip6_dst(h)));
	assert_true(ip_equal(ip6_src(h), ROUTER_IP6(1)));
	assert_true(ip_equal(ip_load(m + 8), ip));
	assert_int_equal(m[24], ND_OPT_SOURCE_LLADDR);
	assert_true(mac_load(m + 26) == ROUTER_MAC(1));
}

/* The next packet out of port 0 says that @target is ours, to @to. */
static void advertises(struct road *t, struct ip target, struct ip to, uint8_t flags)
{
	const uint8_t *m = road_icmp6(t, 0, ICMP6_NA, 0), *h = packet_head6(&t->out);

	assert_int_equal(ip6_hop_limit(h), 255);
	assert_int_equal(t->out.len, 86);
	assert_true(ip_equal(ip6_dst(h), to));
	assert_true(ip_equal(ip_load(m + 8), target));
	assert_int_equal(m[4], flags);
	assert_int_equal(m[24], ND_OPT_TARGET_LLADDR);
	assert_true(mac_load(m + 26) == ROUTER_MAC(0));
}

/* nd-resolve, nd-resolve-queue */
static void held_packets_leave_in_their_order(void **state)
{
	struct road *t = *state;

	for (uint32_t i = 0; i < 3; i++)
		send_numbered(t, NEW_IP, i);
	asks_for(t, NEW_IP);
	road_silent(t);
	assert_null(router_check(t->r)); /* I4 with packets held */
	answer(t, NEW_IP, NEW_MAC);
	for (uint32_t i = 0; i < 3; i++) {
		road_out(t, 1);
		assert_int_equal(number_out(t), i);
		assert_true(mac_load(t->out.bytes) == NEW_MAC);
		assert_int_equal(ip6_hop_limit(packet_head6(&t->out)), 63);
	}
	road_silent(t);
	send_numbered(t, NEW_IP, 9);
	road_out(t, 1);
	assert_int_equal(router_count(t->r, HELD_NEIGH), 3);
	assert_int_equal(router_count(t->r, CONSUMED_ND), 1);
}

/* nd-rate: at most one question a second, however many packets. */
static void a_host_that_never_answers_is_asked_once_a_second(void **state)
{
	struct road *t = *state;

	for (uint32_t i = 0; i < 100; i++)
		send_numbered(t, NEW_IP, i);
	for (int n = 0; n < 3; n++) {
		asks_for(t, NEW_IP);
		road_silent(t);
		router_pass(t->r, NS_PER_SEC - 1);
		road_silent(t);
		router_pass(t->r, 1);
	}
	assert_int_equal(t->r->held, 0);
	assert_int_equal(router_count(t->r, DROP_NEIGH_FAILED), 16);
	router_drain(t->r);
}

/* nd-ns, nd-ns-link-local, nd-learn-ns */
static void a_solicitation_is_answered_and_the_asker_known(void **state)
{
	const struct ip target[] = {ROUTER_IP6(0), ROUTER_LINK6(0)};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(target); i++) {
		struct ip asker = NET_IP6(0, 40 + i);

		solicitation(t, asker, target[i]);
		router_send(t->r, 0, &t->in);
		assert_true(router_count(t->r, CONSUMED_ND) == i + 1);
		advertises(t, target[i], asker, 0xe0);
		assert_true(mac_load(t->out.bytes) == HOST_MAC(0, 2));
		router_udp6(&t->in, 1, asker, 20);
		router_send(t->r, 1, &t->in);
		road_out(t, 0); /* at once, without a question */
		assert_int_equal(packet_proto6(&t->out), IP_PROTO_UDP);
		road_silent(t);
	}
}

/* nd-ns-no-option: the asker is asked for first, then answered with hop limit 255. */
static void an_asker_that_does_not_say_its_mac_is_asked_for_it(void **state)
{
	struct road *t = *state;

	bare_solicitation(t, 1, NEW_IP, ROUTER_IP6(1));
	router_send(t->r, 1, &t->in);
	asks_for(t, NEW_IP);
	road_silent(t);
	answer(t, NEW_IP, NEW_MAC);
	(void)road_icmp6(t, 1, ICMP6_NA, 0);
	assert_true(mac_load(t->out.bytes) == NEW_MAC);
	assert_int_equal(ip6_hop_limit(packet_head6(&t->out)), 255);
	assert_int_equal(packet_head6(&t->out)[IP6_LEN + 4], 0xe0);
	road_silent(t);
}

/* The same of one whose link-local address is known: it goes by the link it came by. */
static void a_link_local_asker_is_answered_on_its_link(void **state)
{
	struct road *t = *state;

	bare_solicitation(t, 0, HOST_LINK6(0), ROUTER_LINK6(0));
	router_send(t->r, 0, &t->in);
	advertises(t, ROUTER_LINK6(0), HOST_LINK6(0), 0xe0);
	road_silent(t);
}

/* What routes say of the asker does not take the answer, whose hop limit is 255, to another link.
 */
static void an_answer_stays_on_the_link_of_the_question(void **state)
{
	struct road *t = *state;
	struct ip asker = NET_IP6(0, 50);

	router_route6(t->r, asker, 128, 1, HOST_LINK6(1));
	bare_solicitation(t, 0, asker, ROUTER_LINK6(0));
	router_send(t->r, 0, &t->in);
	assert_int_equal(router_count(t->r, DROP_SCOPE), 1);
	bare_solicitation(t, 0, asker, ROUTER_IP6(0));
	router_send(t->r, 0, &t->in);
	assert_int_equal(router_count(t->r, DROP_SCOPE), 2);
	assert_int_equal(router_count(t->r, CONSUMED_ND), 2);
	road_silent(t);
}

/* nd-dad-defend */
static void who_wants_our_address_hears_that_it_is_taken(void **state)
{
	struct road *t = *state;

	solicitation(t, (struct ip){0, 0}, ROUTER_IP6(0));
	router_send(t->r, 0, &t->in);
	advertises(t, ROUTER_IP6(0), IP6_ALL_NODES, 0xa0);
	road_silent(t);
}

/* RFC 4291 2.8: the group of the subnet-router anycast address is ours too. */
static void the_subnet_routers_address_is_answered_for(void **state)
{
	struct road *t = *state;

	solicitation(t, NET_IP6(0, 40), NET_IP6(0, 0));
	router_send(t->r, 0, &t->in);
	advertises(t, NET_IP6(0, 0), NET_IP6(0, 40), 0xc0);
	road_silent(t);
}

/* RFC 4861 4.4: an advertisement is from an address of the interface; here none could be it. */
static void nothing_is_advertised_from_the_unspecified_address(void **state)
{
	struct road *t = *state;

	t->r->addr6[0][0].state = ADDR_DUPLICATE;
	router_publish(t->r);
	router_run(t->r);
	router_drain(t->r);
	solicitation(t, (struct ip){0, 0}, NET_IP6(0, 0));
	road_ends(t, 0, CONSUMED_ND);
}

/* nd-hbh; options that ask for an answer are for those who give it, and the message is not taken.
 */
static void options_before_the_message_are_skipped(void **state)
{
	static const uint8_t skipped[6] = {0x1e, 2, 0, 0, 1, 0};
	struct road *t = *state;

	solicitation(t, NET_IP6(0, 40), ROUTER_IP6(0));
	packet_ext6(&t->in, IP6_HOP_BY_HOP, skipped, sizeof(skipped));
	router_send(t->r, 0, &t->in);
	advertises(t, ROUTER_IP6(0), NET_IP6(0, 40), 0xe0);
	road_silent(t);
}

/* nd-fragmented: RFC 6980 5, an atomic fragment */
static void nothing_behind_a_fragment_header_is_neighbour_discovery(void **state)
{
	struct road *t = *state;

	solicitation(t, NET_IP6(0, 40), ROUTER_IP6(0));
	packet_frag6(&t->in, 0, 7);
	router_send(t->r, 0, &t->in);
	assert_int_equal(router_count(t->r, CONSUMED_ND), 0);
	road_silent(t);
	router_udp6(&t->in, 1, NET_IP6(0, 40), 20);
	router_send(t->r, 1, &t->in);
	(void)road_icmp6(t, 0, ICMP6_NS, 0); /* it is not known */
	router_drain(t->r);
}

static void a_malformed_message_has_its_own_counter(void **state)
{
	struct road *t = *state;

	solicitation(t, NET_IP6(0, 40), ROUTER_IP6(0));
	packet_head6(&t->in)[7] = 64;
	road_ends(t, 0, DROP_ND_BAD);
}

/* A flood to a neighbour must not make the router deaf to that neighbour's answer. */
static void an_answer_is_heard_however_many_packets_wait(void **state)
{
	struct road *t = *state;

	for (uint32_t i = 0; i < 100; i++)
		send_numbered(t, NEW_IP, i);
	asks_for(t, NEW_IP);
	answer(t, NEW_IP, NEW_MAC);
	assert_int_equal(router_drain(t->r), 16);
}

/* Askers that do not exist, as many as there are packets, must not make the router deaf to what is
 * said on other links (RFC 6583 7.3). */
static void an_answer_is_heard_however_many_ask(void **state)
{
	struct road *t = *state;
	struct pipeline *p = &t->r->worker.pipeline;

	send_numbered(t, NEW_IP, 1);
	asks_for(t, NEW_IP);
	for (uint32_t i = 0; i < 2048; i++) {
		solicitation(t, NET_IP6(0, 0x10000 + i), ROUTER_IP6(0));
		assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
		router_poll(t->r, 0);
		(void)router_drain(t->r);
	}
	answer(t, NEW_IP, NEW_MAC);
	road_out(t, 1);
	assert_int_equal(number_out(t), 1);
	assert_true(p->counters.reports_lost > 0);
	router_drain(t->r);
}

/* A gateway that the configuration says is on the link, though it is in no subnet of ours. */
static void a_gateway_outside_all_subnets_is_asked_for_and_believed(void **state)
{
	struct road *t = *state;

	router_route6(t->r, NET_IP6(0x100, 0), 64, 1, GATEWAY);
	send_numbered(t, NET_IP6(0x100, 1), 1);
	asks_for(t, GATEWAY);
	answer(t, GATEWAY, NEW_MAC);
	road_out(t, 1);
	assert_true(mac_load(t->out.bytes) == NEW_MAC);
	road_silent(t);
}

/* nd-dad, as the agent goes about it */
static void a_tentative_address_is_asked_for_and_then_answered_for(void **state)
{
	struct road *t = *state;

	router_pass(t->r, 10 * NS_PER_SEC);
	router_drain(t->r);
	t->r->addr6[0][1].state = ADDR_TENTATIVE;
	router_publish(t->r);
	solicitation(t, NET_IP6(0, 40), ROUTER_IP6(0));
	router_send(t->r, 0, &t->in);
	router_pass(t->r, 2 * NS_PER_SEC);
	(void)road_icmp6(t, 0, ICMP6_NS, 0); /* nothing before, so no answer either */
	assert_true(ip_is_none(ip6_src(packet_head6(&t->out))));
	assert_int_equal(ip6_hop_limit(packet_head6(&t->out)), 255);
	road_silent(t);
	assert_int_equal(t->r->addr6[0][1].state, ADDR_USABLE);
	router_publish(t->r);
	router_run(t->r);
	advertises(t, ROUTER_IP6(0), IP6_ALL_NODES, 0xa0);
	solicitation(t, NET_IP6(0, 40), ROUTER_IP6(0));
	router_send(t->r, 0, &t->in);
	advertises(t, ROUTER_IP6(0), NET_IP6(0, 40), 0xe0);
	router_drain(t->r);
}

/* RFC 4862 5.4.3: two who want the same address at once. */
static void anothers_probe_makes_a_tentative_address_a_duplicate(void **state)
{
	struct road *t = *state;

	t->r->addr6[0][1].state = ADDR_TENTATIVE;
	router_publish(t->r);
	solicitation(t, (struct ip){0, 0}, ROUTER_IP6(0));
	router_send(t->r, 0, &t->in);
	assert_int_equal(t->r->addr6[0][1].state, ADDR_DUPLICATE);
	router_drain(t->r);
}

/* t->in: a query of @len bytes for @group, from host 0's link-local address. */
static void query(struct road *t, struct ip group, uint32_t len, uint8_t hops, bool alert)
{
	const struct packet_ip6 f = {.src = HOST_LINK6(0), .dst = IP6_ALL_NODES, .hop_limit = hops};
	static const uint8_t option[6] = {IP6_OPT_ROUTER_ALERT, 2, 0, 0, 1, 0};
	uint8_t *m;

	router_ip6(&t->in, 0, &f, len);
	m = packet_head6(&t->in) + IP6_LEN;
	memset(m, 0, len);
	store16(m + 4, __builtin_bswap16(1000));
	ip_store(m + 8, group);
	packet_icmp(&t->in, ICMP6_MLD_QUERY, 0);
	if (alert)
		packet_ext6(&t->in, IP6_HOP_BY_HOP, option, sizeof(option));
}

/* t->in goes in, and the agent is told of @n queries. */
static void is_told(struct road *t, uint32_t n, enum verdict v, struct report *last)
{
	struct pipeline *p = &t->r->worker.pipeline;
	uint64_t before = router_count(t->r, v);
	const struct report *r;

	assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
	router_poll(t->r, 0);
	assert_int_equal(router_count(t->r, v), before + 1);
	for (; (r = ring_peek(p->reports)) != NULL; n--) {
		assert_int_equal(r->kind, REPORT_MLD_QUERY);
		*last = *r;
		ring_pop(p->reports);
	}
	assert_int_equal(n, 0);
	road_silent(t);
}

/* RFC 3810 6.2, 8.1 */
static void queries_for_listeners_are_told_of(void **state)
{
	struct ip ours = ip6_solicited_node(ROUTER_IP6(0)), others = {0xff02ull << 48, 0x99};
	struct road *t = *state;
	struct report r;

	router_run(t->r);
	query(t, (struct ip){0, 0}, 28, 1, true);
	is_told(t, 1, CONSUMED_ND, &r);
	assert_true(ip_is_none(r.ip));
	assert_int_equal(r.value, 1000);
	assert_int_equal(r.claim, 2);
	query(t, ours, 24, 1, true);
	is_told(t, 1, CONSUMED_ND, &r);
	assert_true(ip_equal(r.ip, ours));
	assert_int_equal(r.claim, 1);
	query(t, others, 28, 1, true);
	is_told(t, 0, CONSUMED_ND, &r);
}

static void queries_that_break_the_rules_are_refused(void **state)
{
	struct road *t = *state;
	struct report r;

	router_run(t->r);
	query(t, (struct ip){0, 0}, 28, 255, true);
	is_told(t, 0, DROP_ND_BAD, &r);
	query(t, (struct ip){0, 0}, 28, 1, false);
	is_told(t, 0, DROP_ND_BAD, &r);
	for (uint32_t len = 8; len < 28; len += len == 20 ? 5 : 4) {
		query(t, (struct ip){0, 0}, len, 1, true);
		is_told(t, 0, DROP_ND_BAD, &r);
	}
	query(t, NET_IP6(0, 9), 28, 1, true);
	is_told(t, 0, DROP_ND_BAD, &r);
	query(t, (struct ip){0, 0}, 28, 1, true);
	packet_head6(&t->in)[IP6_LEN + 8 + 12] ^= 1; /* the checksum is wrong now */
	is_told(t, 0, DROP_ND_BAD, &r);
}

/* Noise of one querier does not flood the agent. */
static void of_many_queries_eight_a_second_are_told(void **state)
{
	struct road *t = *state;
	struct report r;

	router_run(t->r);
	for (uint32_t i = 0; i < 20; i++) {
		query(t, (struct ip){0, 0}, 28, 1, true);
		is_told(t, i < 8 ? 1 : 0, CONSUMED_ND, &r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(held_packets_leave_in_their_order),
		road_test(a_host_that_never_answers_is_asked_once_a_second),
		road_test(a_solicitation_is_answered_and_the_asker_known),
		road_test(an_asker_that_does_not_say_its_mac_is_asked_for_it),
		road_test(a_link_local_asker_is_answered_on_its_link),
		road_test(an_answer_stays_on_the_link_of_the_question),
		road_test(who_wants_our_address_hears_that_it_is_taken),
		road_test(the_subnet_routers_address_is_answered_for),
		road_test(nothing_is_advertised_from_the_unspecified_address),
		road_test(options_before_the_message_are_skipped),
		road_test(nothing_behind_a_fragment_header_is_neighbour_discovery),
		road_test(a_malformed_message_has_its_own_counter),
		road_test(an_answer_is_heard_however_many_packets_wait),
		road_test(an_answer_is_heard_however_many_ask),
		road_test(a_gateway_outside_all_subnets_is_asked_for_and_believed),
		road_test(a_tentative_address_is_asked_for_and_then_answered_for),
		road_test(anothers_probe_makes_a_tentative_address_a_duplicate),
		road_test(queries_for_listeners_are_told_of),
		road_test(queries_that_break_the_rules_are_refused),
		road_test(of_many_queries_eight_a_second_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
