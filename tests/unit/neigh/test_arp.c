/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "neigh/neigh.h"
#include "wire/arp.h"

#include "links.h"

/* ARP packets built here, judged by arp_input() on iface 0 of the bed. */
struct arp_case {
	struct iface f;
	uint8_t frame[128];
	struct pkt p;
	struct report r;
	bool report, answer;
	enum verdict v;
};

static struct arp_case arp_case(uint64_t ether_dst, uint16_t op, uint32_t sender, uint32_t target)
{
	struct arp_case c = {.f = bed_iface(0)};
	const struct arp_fields fields = {
		.ether_dst = ether_dst,
		.sender_mac = MAC_A,
		.sender = sender,
		.target = target,
		.op = op,
	};

	memset(c.frame, 0xaa, sizeof(c.frame));
	arp_write(c.frame, &fields);
	memset(c.frame + ETHER_LEN + ARP_LEN, 0xaa, 18); /* padding of the sender */
	c.p.len = ETHER_MIN_LEN;
	return c;
}

static void judge(struct arp_case *c)
{
	c->p.data = c->frame;
	c->report = c->answer = true;
	c->v = arp_input(&c->f, &c->p, &c->r, &c->report, &c->answer);
}

static void is_our_reply(const struct arp_case *c, uint32_t target)
{
	static const uint8_t fixed[] = {0, 1, 8, 0, 6, 4, 0, 2};
	const uint8_t *a = c->frame + ETHER_LEN;

	assert_int_equal(c->v, CONSUMED_ARP);
	assert_true(c->answer);
	assert_int_equal(c->p.len, ETHER_MIN_LEN);
	assert_true(mac_load(c->frame) == MAC_A);
	assert_true(mac_load(c->frame + 6) == OUR_MAC0);
	assert_int_equal(ether_type(c->frame), ETHERTYPE_ARP);
	assert_memory_equal(a, fixed, sizeof(fixed));
	assert_true(arp_sender_mac(a) == OUR_MAC0);
	assert_int_equal(arp_sender(a), OUR_IP0);
	assert_true(mac_load(a + 18) == MAC_A);
	assert_int_equal(arp_target(a), target);
	for (int i = ETHER_LEN + ARP_LEN; i < ETHER_MIN_LEN; i++)
		assert_int_equal(c->frame[i], 0); /* eth-pad-leak */
}

/* The packet had no effect. */
static void is_refused(struct arp_case *c, enum verdict v)
{
	judge(c);
	assert_int_equal(c->v, v);
	assert_false(c->answer);
	assert_false(c->report);
}

/* arp-reply; I5: one answer, in the frame of the question. */
static void a_request_for_us_is_answered_to_the_asker_alone(void **)
{
	struct arp_case c = arp_case(MAC_BROADCAST, ARP_REQUEST, HOST, OUR_IP0);

	judge(&c);
	is_our_reply(&c, HOST);
	assert_true(c.report);
	assert_int_equal(c.r.kind, REPORT_ARP);
	assert_int_equal(c.r.claim, ARP_CLAIM_REQUEST);
	assert_int_equal(c.r.iface, 0);
	assert_int_equal(ip_to4(c.r.ip), HOST);
	assert_true(c.r.mac == MAC_A);
}

/* arp-reply-unicast */
static void a_unicast_request_is_answered(void **)
{
	struct arp_case c = arp_case(OUR_MAC0, ARP_REQUEST, HOST, OUR_IP0);

	judge(&c);
	is_our_reply(&c, HOST);
}

/* A frame of 42 bytes, without padding, becomes one of 60. */
static void an_unpadded_request_gets_a_padded_reply(void **)
{
	struct arp_case c = arp_case(MAC_BROADCAST, ARP_REQUEST, HOST, OUR_IP0);

	c.p.len = ETHER_LEN + ARP_LEN;
	judge(&c);
	is_our_reply(&c, HOST);
}

/* arp-probe */
static void a_probe_is_answered_and_not_learned(void **)
{
	struct arp_case c = arp_case(MAC_BROADCAST, ARP_REQUEST, 0, OUR_IP0);

	judge(&c);
	is_our_reply(&c, 0);
	assert_false(c.report);
}

/* arp-not-mine: no reply, and a flood of such requests does not reach the agent. */
static void a_request_for_another_is_left_alone(void **)
{
	struct arp_case c = arp_case(MAC_BROADCAST, ARP_REQUEST, HOST, IP(10, 0, 0, 9));

	is_refused(&c, CONSUMED_ARP);
}

/* arp-no-proxy: neither a host of another link nor our own address there. */
static void addresses_of_another_link_are_not_answered_for(void **)
{
	struct arp_case host = arp_case(MAC_BROADCAST, ARP_REQUEST, HOST, IP(16, 0, 0, 9));
	struct arp_case ours = arp_case(MAC_BROADCAST, ARP_REQUEST, HOST, OUR_IP1);

	is_refused(&host, CONSUMED_ARP);
	is_refused(&ours, CONSUMED_ARP);
}

/* arp-bad-hwtype */
static void another_hardware_type_is_refused(void **)
{
	struct arp_case c = arp_case(MAC_BROADCAST, ARP_REQUEST, HOST, OUR_IP0);

	c.frame[ETHER_LEN + 1] = 7;
	is_refused(&c, DROP_ARP_BAD);
}

/* arp-bad-lengths */
static void other_lengths_are_refused(void **)
{
	static const uint8_t hlen[] = {5, 8, 255, 0}, plen[] = {16, 0, 255};

	for (size_t i = 0; i < sizeof(hlen); i++) {
		struct arp_case c = arp_case(MAC_BROADCAST, ARP_REQUEST, HOST, OUR_IP0);

		c.frame[ETHER_LEN + 4] = hlen[i];
		is_refused(&c, DROP_ARP_BAD);
	}
	for (size_t i = 0; i < sizeof(plen); i++) {
		struct arp_case c = arp_case(MAC_BROADCAST, ARP_REQUEST, HOST, OUR_IP0);

		c.frame[ETHER_LEN + 5] = plen[i];
		is_refused(&c, DROP_ARP_BAD);
	}
}

static void another_protocol_is_refused(void **)
{
	struct arp_case c = arp_case(MAC_BROADCAST, ARP_REQUEST, HOST, OUR_IP0);

	c.frame[ETHER_LEN + 2] = 0x86;
	is_refused(&c, DROP_ARP_BAD);
}

static void other_operations_are_refused(void **)
{
	static const uint16_t op[] = {0, 3, 8, 0x100, 0x200, 0xffff};

	for (size_t i = 0; i < ARRAY_SIZE(op); i++) {
		struct arp_case c = arp_case(MAC_BROADCAST, op[i], HOST, OUR_IP0);

		is_refused(&c, DROP_ARP_BAD);
	}
}

/* arp-truncated; the frame is cut in memory too, so that a sanitizer sees a read beyond it. */
static void a_truncated_packet_is_refused_at_every_length(void **)
{
	for (uint16_t len = ETHER_LEN; len < ETHER_LEN + ARP_LEN; len++) {
		struct arp_case c = arp_case(MAC_BROADCAST, ARP_REQUEST, HOST, OUR_IP0);
		uint8_t *cut = malloc(len);

		assert_non_null(cut);
		memcpy(cut, c.frame, len);
		c.p.data = cut;
		c.p.len = len;
		assert_int_equal(arp_input(&c.f, &c.p, &c.r, &c.report, &c.answer), DROP_ARP_BAD);
		assert_false(c.report || c.answer);
		free(cut);
	}
}

static void a_chain_of_frames_is_refused(void **)
{
	struct arp_case c = arp_case(MAC_BROADCAST, ARP_REQUEST, HOST, OUR_IP0);

	c.p.flags |= PKT_CHAIN;
	c.p.len = 5000;
	is_refused(&c, DROP_ARP_BAD);
}

/* arp-mcast-mac */
static void senders_that_are_no_hosts_are_refused(void **)
{
	static const uint64_t mac[] = {0, MAC_BROADCAST, 0x0100005e0001ull};

	for (size_t i = 0; i < ARRAY_SIZE(mac); i++) {
		struct arp_case arp = arp_case(OUR_MAC0, ARP_REPLY, HOST, OUR_IP0);
		struct arp_case ether = arp_case(OUR_MAC0, ARP_REPLY, HOST, OUR_IP0);

		mac_store(arp.frame + ETHER_LEN + 8, mac[i]);
		mac_store(ether.frame + 6, mac[i]);
		is_refused(&arp, DROP_ARP_BAD);
		is_refused(&ether, DROP_ARP_BAD);
	}
}

static void what_is_for_another_station_is_refused(void **)
{
	struct arp_case c = arp_case(MAC_B, ARP_REQUEST, HOST, OUR_IP0);

	is_refused(&c, DROP_OTHER_MAC);
}

static void our_own_mac_is_never_believed(void **)
{
	struct arp_case reply = arp_case(OUR_MAC0, ARP_REPLY, HOST, OUR_IP0);
	struct arp_case looped = arp_case(MAC_BROADCAST, ARP_REQUEST, HOST, OUR_IP0);
	struct arp_case echo = arp_case(MAC_BROADCAST, ARP_REQUEST, OUR_IP0, OUR_IP0);

	mac_store(reply.frame + ETHER_LEN + 8, OUR_MAC0);
	mac_store(echo.frame + ETHER_LEN + 8, OUR_MAC0);
	mac_store(echo.frame + 6, OUR_MAC0);
	mac_store(looped.frame + 6, OUR_MAC0);
	is_refused(&reply, CONSUMED_ARP);
	is_refused(&looped, CONSUMED_ARP);
	is_refused(&echo, CONSUMED_ARP);
}

/* arp-own-address: the agent hears of it; there is no reply to one who says he is us. */
static void a_claim_to_our_address_is_reported_and_not_answered(void **)
{
	static const struct {
		uint16_t op;
		uint32_t target;
	} claim[] = {
		{ARP_REQUEST, OUR_IP0},
		{ARP_REQUEST, HOST},
		{ARP_REPLY, OUR_IP0},
		{ARP_REPLY, HOST},
	};

	for (size_t i = 0; i < ARRAY_SIZE(claim); i++) {
		struct arp_case c = arp_case(MAC_BROADCAST, claim[i].op, OUR_IP0, claim[i].target);

		judge(&c);
		assert_int_equal(c.v, CONSUMED_ARP);
		assert_false(c.answer);
		assert_true(c.report);
		assert_int_equal(ip_to4(c.r.ip), OUR_IP0);
		assert_true(c.r.mac == MAC_A);
	}
}

static void claims(uint64_t dst, uint16_t op, uint32_t target, uint8_t claim)
{
	struct arp_case c = arp_case(dst, op, HOST, target);

	judge(&c);
	assert_int_equal(c.v, CONSUMED_ARP);
	assert_false(c.answer);
	assert_int_equal(c.report, claim != 0);
	if (claim != 0)
		assert_int_equal(c.r.claim, claim);
}

static void replies_and_announcements_are_told_apart(void **)
{
	claims(OUR_MAC0, ARP_REPLY, OUR_IP0, ARP_CLAIM_REPLY);
	claims(OUR_MAC0, ARP_REPLY, IP(10, 0, 0, 9), 0);
	claims(MAC_BROADCAST, ARP_REPLY, OUR_IP0, ARP_CLAIM_ANNOUNCE);
	claims(MAC_BROADCAST, ARP_REPLY, HOST, ARP_CLAIM_ANNOUNCE);
	claims(MAC_BROADCAST, ARP_REQUEST, HOST, ARP_CLAIM_ANNOUNCE); /* arp-gratuitous */
}

static void a_stranger_from_off_the_link_is_answered_and_not_reported(void **)
{
	struct arp_case c = arp_case(MAC_BROADCAST, ARP_REQUEST, IP(10, 9, 0, 7), OUR_IP0);

	judge(&c);
	is_our_reply(&c, IP(10, 9, 0, 7));
	assert_false(c.report);
}

static void random_bytes_are_judged_without_harm(void **)
{
	uint64_t x = 88172645463325252ull;

	for (int round = 0; round < 200000; round++) {
		struct arp_case c = arp_case(MAC_BROADCAST, ARP_REQUEST, HOST, OUR_IP0);

		for (int i = 0; i < 3; i++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			c.frame[x % (ETHER_LEN + ARP_LEN)] = (uint8_t)(x >> 32);
		}
		c.p.len = (uint16_t)(x >> 40) % 100;
		judge(&c);
		assert_true(c.v == CONSUMED_ARP || c.v == DROP_ARP_BAD || c.v == DROP_OTHER_MAC);
		if (c.answer)
			assert_int_equal(c.p.len, ETHER_MIN_LEN);
		if (c.report)
			assert_true(c.r.mac != 0 && !mac_is_group(c.r.mac));
		assert_false(c.v != CONSUMED_ARP && (c.answer || c.report));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_for_us_is_answered_to_the_asker_alone),
		cmocka_unit_test(a_unicast_request_is_answered),
		cmocka_unit_test(an_unpadded_request_gets_a_padded_reply),
		cmocka_unit_test(a_probe_is_answered_and_not_learned),
		cmocka_unit_test(a_request_for_another_is_left_alone),
		cmocka_unit_test(addresses_of_another_link_are_not_answered_for),
		cmocka_unit_test(another_hardware_type_is_refused),
		cmocka_unit_test(other_lengths_are_refused),
		cmocka_unit_test(another_protocol_is_refused),
		cmocka_unit_test(other_operations_are_refused),
		cmocka_unit_test(a_truncated_packet_is_refused_at_every_length),
		cmocka_unit_test(a_chain_of_frames_is_refused),
		cmocka_unit_test(senders_that_are_no_hosts_are_refused),
		cmocka_unit_test(what_is_for_another_station_is_refused),
		cmocka_unit_test(our_own_mac_is_never_believed),
		cmocka_unit_test(a_claim_to_our_address_is_reported_and_not_answered),
		cmocka_unit_test(replies_and_announcements_are_told_apart),
		cmocka_unit_test(a_stranger_from_off_the_link_is_answered_and_not_reported),
		cmocka_unit_test(random_bytes_are_judged_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
