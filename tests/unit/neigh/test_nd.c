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

#include "nd_case.h"

/* The frame is an advertisement of ours for @target, all of it written by us. */
static void is_our_advert(const struct nd_case *c, struct ip target, struct ip to, uint8_t flags)
{
	const uint8_t *h = c->frame + ETHER_LEN, *m = h + IP6_LEN;

	assert_int_equal(c->v, CONSUMED_ND);
	assert_int_equal(c->p.len, 86);
	assert_true(mac_load(c->frame + 6) == OUR_MAC0);
	assert_int_equal(ether_type(c->frame), ETHERTYPE_IP6);
	assert_int_equal(ip6_first(h), 6u << 28);
	assert_int_equal(ip6_payload_len(h), 32);
	assert_int_equal(ip6_next(h), IP6_ICMP);
	assert_int_equal(ip6_hop_limit(h), c->answer == ND_ROUTED ? 0 : 255);
	assert_true(iface_speaks6(&c->f, ip6_src(h)));
	assert_true(ip_equal(ip6_dst(h), to));
	assert_int_equal(csum_fold(csum_add(m, 32, csum_pseudo6(h, IP6_ICMP, 32))), 0xffff);
	assert_int_equal(m[0], ICMP6_NA);
	assert_int_equal(m[1], 0);
	assert_int_equal(load32(m + 4), flags); /* reserved bits are zero */
	assert_true(ip_equal(ip_load(m + 8), target));
	assert_int_equal(m[24], ND_OPT_TARGET_LLADDR);
	assert_int_equal(m[25], 1);
	assert_true(load64(m + 24) >> 16 == OUR_MAC0);
}

static void is_told(const struct nd_case *c, uint8_t claim, struct ip ip, uint64_t mac)
{
	assert_true(c->report);
	assert_int_equal(c->r.kind, REPORT_ND);
	assert_int_equal(c->r.claim, claim);
	assert_int_equal(c->r.iface, 0);
	assert_true(ip_equal(c->r.ip, ip));
	assert_true(c->r.mac == mac);
}

/* nd-ns, nd-ns-link-local; I5: one answer, in the frame of the question. */
static void a_solicitation_is_answered_to_the_asker_alone(void **)
{
	const struct ip target[] = {OUR6_0, LINK_OF_US}, asker[] = {HOST6, LINK6};

	for (int i = 0; i < 4; i++) {
		struct nd_case c = solicitation(asker[i / 2], target[i % 2]);

		judge(&c);
		assert_int_equal(c.answer, ND_DIRECT);
		assert_true(mac_load(c.frame) == MAC_A);
		is_our_advert(&c, target[i % 2], asker[i / 2], 0xe0);
		assert_true(ip_equal(ip6_src(c.frame + ETHER_LEN), target[i % 2]));
		is_told(&c, ND_CLAIM_SOLICIT, asker[i / 2], MAC_A);
	}
}

/* nd-ns-unicast */
static void a_unicast_probe_is_answered(void **)
{
	struct nd_case c = nd_case(ICMP6_NS, HOST6, OUR6_0, ND_NS_LEN);

	ip_store(c.frame + c.m + 8, OUR6_0);
	lladdr(&c, ND_OPT_SOURCE_LLADDR, MAC_B);
	judge(&c);
	assert_int_equal(c.answer, ND_DIRECT);
	assert_true(mac_load(c.frame) == MAC_B);
	is_our_advert(&c, OUR6_0, HOST6, 0xe0);
}

/* nd-ns-no-option */
static void an_asker_that_does_not_say_its_mac_is_answered_by_its_address(void **)
{
	struct nd_case c = nd_case(ICMP6_NS, HOST6, OUR6_0, ND_NS_LEN);

	ip_store(c.frame + c.m + 8, OUR6_0);
	memset(c.frame + c.p.len, 0xaa, 16);
	judge(&c);
	assert_int_equal(c.answer, ND_ROUTED);
	is_our_advert(&c, OUR6_0, HOST6, 0xe0);
	assert_false(c.report);
}

/* nd-dad-defend */
static void who_wants_our_address_is_told_that_it_is_taken(void **)
{
	struct nd_case c = solicitation(ANY6, OUR6_0);

	judge(&c);
	assert_int_equal(c.answer, ND_DIRECT);
	assert_true(mac_load(c.frame) == 0x010000003333ull);
	is_our_advert(&c, OUR6_0, IP6_ALL_NODES, 0xa0);
	assert_false(c.report);
}

/* RFC 4861 7.2.7; RFC 4291 2.6.1 */
static void the_subnet_routers_address_is_answered_for_without_override(void **)
{
	struct nd_case c = solicitation(HOST6, ANYCAST6);

	judge(&c);
	assert_int_equal(c.answer, ND_DIRECT);
	is_our_advert(&c, ANYCAST6, HOST6, 0xc0);
	assert_true(ip_equal(ip6_src(c.frame + ETHER_LEN), OUR6_0));
}

/* nd-no-proxy: neither a host of another link nor our own address there. */
static void others_addresses_are_not_answered_for(void **)
{
	const struct ip target[] = {HOST6, OUR6_1, {NET1, 7}, {NET1, 0}};

	for (size_t i = 0; i < ARRAY_SIZE(target); i++) {
		struct nd_case c = solicitation((struct ip){NET0, 9}, target[i]);

		is_ignored(&c);
	}
}

/* RFC 4862 5.4.3, 5.4.5 */
static void a_tentative_address_is_not_answered_for_but_its_probe_is_told(void **)
{
	struct nd_case ask = solicitation(HOST6, NEW6), probe = solicitation(ANY6, NEW6);
	struct nd_case other = solicitation(HOST6, TAKEN6), same = solicitation(ANY6, TAKEN6);

	is_ignored(&ask);
	is_ignored(&other);
	is_ignored(&same);
	judge(&probe);
	assert_int_equal(probe.v, CONSUMED_ND);
	assert_int_equal(probe.answer, ND_SILENT);
	is_told(&probe, ND_CLAIM_PROBE, NEW6, MAC_A);
	assert_int_equal(probe.r.value, 0);
}

/* RFC 7527: the agent tells by it whether the probe is its own. */
static void the_nonce_of_a_probe_is_told(void **)
{
	struct nd_case c = solicitation(ANY6, NEW6);
	uint8_t o[8];

	nd_nonce_write(o, 0x1234567890abull);
	option(&c, o, sizeof(o));
	mac_store(c.frame + 6, OUR_MAC0);
	judge(&c);
	is_told(&c, ND_CLAIM_PROBE, NEW6, OUR_MAC0);
	assert_int_equal(c.r.value, 0x567890ab);
}

/* An asker from elsewhere is answered where it says it is, never by a route, and not learned. */
static void an_asker_off_the_link_is_no_neighbour(void **)
{
	struct nd_case c = solicitation((struct ip){NET1, 7}, OUR6_0);
	struct nd_case bare = nd_case(ICMP6_NS, (struct ip){NET1, 7}, OUR6_0, ND_NS_LEN);

	judge(&c);
	assert_int_equal(c.answer, ND_DIRECT);
	assert_false(c.report);
	ip_store(bare.frame + bare.m + 8, OUR6_0);
	is_ignored(&bare);
}

static void our_own_words_come_back_without_effect(void **)
{
	struct nd_case ask = solicitation(HOST6, OUR6_0), probe = solicitation(ANY6, OUR6_0);
	struct nd_case say = advert(OUR6_0, IP6_ALL_NODES, 0xa0);
	struct nd_case forged = nd_case(ICMP6_NS, HOST6, OUR6_0, ND_NS_LEN);

	mac_store(ask.frame + 6, OUR_MAC0);
	is_ignored(&ask);
	mac_store(probe.frame + 6, OUR_MAC0);
	is_ignored(&probe);
	mac_store(say.frame + 6, OUR_MAC0);
	is_ignored(&say);
	ip_store(forged.frame + forged.m + 8, OUR6_0);
	lladdr(&forged, ND_OPT_SOURCE_LLADDR, OUR_MAC0);
	is_ignored(&forged);
}

static void an_asker_with_our_address_is_told_of_and_not_answered(void **)
{
	struct nd_case c = solicitation(OUR6_0, LINK_OF_US);

	judge(&c);
	assert_int_equal(c.answer, ND_SILENT);
	is_told(&c, ND_CLAIM_SOLICIT, OUR6_0, MAC_A);
}

static void an_advertisement_is_told_with_its_flags(void **)
{
	struct nd_case bare = nd_case(ICMP6_NA, HOST6, OUR6_0, ND_NA_LEN);
	static const uint8_t flags[][2] = {
		{0x00, ND_CLAIM_ADVERT},
		{0x80, ND_CLAIM_ADVERT | ND_CLAIM_ROUTER},
		{0x40, ND_CLAIM_ADVERT | ND_CLAIM_SOLICITED},
		{0x20, ND_CLAIM_ADVERT | ND_CLAIM_OVERRIDE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct nd_case c = advert(HOST6, OUR6_0, flags[i][0]);

		judge(&c);
		assert_int_equal(c.v, CONSUMED_ND);
		assert_int_equal(c.answer, ND_SILENT);
		is_told(&c, flags[i][1], HOST6, MAC_A);
	}
	ip_store(bare.frame + bare.m + 8, HOST6);
	judge(&bare);
	is_told(&bare, ND_CLAIM_ADVERT, HOST6, 0);
}

/* Who is not of the link may be a gateway that we asked for, and then answers us. */
static void strangers_advertise_in_vain(void **)
{
	struct nd_case answer = advert((struct ip){NET1, 7}, OUR6_0, 0x60);
	struct nd_case say = advert((struct ip){NET1, 7}, IP6_ALL_NODES, 0x20);

	judge(&answer);
	is_told(&answer, ND_CLAIM_ADVERT | ND_CLAIM_SOLICITED | ND_CLAIM_OVERRIDE,
	        (struct ip){NET1, 7}, MAC_A);
	is_ignored(&say);
}

/* RFC 4862 5.4.4: with the option or without. */
static void an_advertisement_of_our_address_is_a_conflict(void **)
{
	const struct ip ours[] = {OUR6_0, NEW6, LINK_OF_US};

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
		struct nd_case c = nd_case(ICMP6_NA, ours[i], IP6_ALL_NODES, ND_NA_LEN);

		ip_store(c.frame + c.m + 8, ours[i]);
		judge(&c);
		is_told(&c, ND_CLAIM_ADVERT, ours[i], MAC_A);
	}
}

/* nd-rs; RFC 4861 6.2.6 */
static void a_router_solicitation_is_told_with_its_mapping(void **)
{
	struct nd_case c = nd_case(ICMP6_RS, LINK6, IP6_ALL_ROUTERS, ND_RS_LEN);
	struct nd_case any = nd_case(ICMP6_RS, ANY6, IP6_ALL_ROUTERS, ND_RS_LEN);
	struct nd_case both = nd_case(ICMP6_RS, ANY6, IP6_ALL_ROUTERS, ND_RS_LEN);

	lladdr(&c, ND_OPT_SOURCE_LLADDR, MAC_A);
	judge(&c);
	assert_true(c.report);
	assert_int_equal(c.r.kind, REPORT_SOLICIT);
	assert_true(ip_equal(c.r.ip, LINK6) && c.r.mac == MAC_A);
	judge(&any);
	assert_int_equal(any.r.kind, REPORT_SOLICIT);
	assert_true(ip_is_none(any.r.ip) && any.r.mac == 0);
	lladdr(&both, ND_OPT_SOURCE_LLADDR, MAC_A);
	is_bad(&both); /* 6.1.1 */
}

/* nd-ra-in */
static void of_a_router_advertisement_only_who_sent_it_is_told(void **)
{
	struct nd_case c = nd_case(ICMP6_RA, LINK6, IP6_ALL_NODES, ND_RA_LEN);
	struct nd_case global = nd_case(ICMP6_RA, HOST6, IP6_ALL_NODES, ND_RA_LEN);
	struct nd_case brief = nd_case(ICMP6_RA, LINK6, IP6_ALL_NODES, ND_RA_LEN - 8);

	judge(&c);
	assert_int_equal(c.answer, ND_SILENT);
	is_told(&c, ND_CLAIM_ROUTER, LINK6, 0);
	is_bad(&global); /* 6.1.2 */
	is_bad(&brief);
}

/* nd-redirect-in */
static void redirects_are_not_obeyed(void **)
{
	struct nd_case c = nd_case(ICMP6_REDIRECT, LINK6, OUR6_0, ND_REDIRECT_LEN);
	struct nd_case global = nd_case(ICMP6_REDIRECT, HOST6, OUR6_0, ND_REDIRECT_LEN);
	struct nd_case brief = nd_case(ICMP6_REDIRECT, LINK6, OUR6_0, ND_REDIRECT_LEN - 8);

	ip_store(c.frame + c.m + 8, LINK6);
	ip_store(c.frame + c.m + 24, (struct ip){NET1, 7});
	is_ignored(&c);
	ip_store(global.frame + global.m + 8, LINK6);
	is_bad(&global);
	is_bad(&brief);
	ip_store(c.frame + c.m + 24, IP6_ALL_NODES);
	is_bad(&c);
	ip_store(c.frame + c.m + 24, (struct ip){NET1, 7});
	ip_store(c.frame + c.m + 8, HOST6); /* neither link-local nor the destination itself */
	is_bad(&c);
}

/* nd-opt-unknown */
static void unknown_options_are_skipped_and_the_first_known_one_counts(void **)
{
	struct nd_case c = nd_case(ICMP6_NS, HOST6, OUR6_0, ND_NS_LEN);

	ip_store(c.frame + c.m + 8, OUR6_0);
	option(&c, (const uint8_t[16]){200, 2, 0xff}, 16);
	lladdr(&c, ND_OPT_SOURCE_LLADDR, MAC_B);
	lladdr(&c, ND_OPT_SOURCE_LLADDR, MAC_A);
	judge(&c);
	assert_int_equal(c.answer, ND_DIRECT);
	assert_true(mac_load(c.frame) == MAC_B);
	is_our_advert(&c, OUR6_0, HOST6, 0xe0);
	is_told(&c, ND_CLAIM_SOLICIT, HOST6, MAC_B);
}

/* nd-hbh: the message stands behind a hop-by-hop header; the answer has none. */
static void a_message_behind_options_is_answered_without_them(void **)
{
	struct nd_case c = solicitation(HOST6, OUR6_0);
	uint8_t *h = c.frame + ETHER_LEN;

	memmove(h + IP6_LEN + 8, h + IP6_LEN, 32);
	memcpy(h + IP6_LEN, (const uint8_t[8]){IP6_ICMP, 0, IP6_OPT_PADN, 4}, 8);
	h[6] = IP6_HOP_BY_HOP;
	c.m += 8;
	c.p.len += 8;
	judge(&c);
	assert_int_equal(c.answer, ND_DIRECT);
	is_our_advert(&c, OUR6_0, HOST6, 0xe0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_solicitation_is_answered_to_the_asker_alone),
		cmocka_unit_test(a_unicast_probe_is_answered),
		cmocka_unit_test(an_asker_that_does_not_say_its_mac_is_answered_by_its_address),
		cmocka_unit_test(who_wants_our_address_is_told_that_it_is_taken),
		cmocka_unit_test(the_subnet_routers_address_is_answered_for_without_override),
		cmocka_unit_test(others_addresses_are_not_answered_for),
		cmocka_unit_test(a_tentative_address_is_not_answered_for_but_its_probe_is_told),
		cmocka_unit_test(the_nonce_of_a_probe_is_told),
		cmocka_unit_test(an_asker_off_the_link_is_no_neighbour),
		cmocka_unit_test(our_own_words_come_back_without_effect),
		cmocka_unit_test(an_asker_with_our_address_is_told_of_and_not_answered),
		cmocka_unit_test(an_advertisement_is_told_with_its_flags),
		cmocka_unit_test(strangers_advertise_in_vain),
		cmocka_unit_test(an_advertisement_of_our_address_is_a_conflict),
		cmocka_unit_test(a_router_solicitation_is_told_with_its_mapping),
		cmocka_unit_test(of_a_router_advertisement_only_who_sent_it_is_told),
		cmocka_unit_test(redirects_are_not_obeyed),
		cmocka_unit_test(unknown_options_are_skipped_and_the_first_known_one_counts),
		cmocka_unit_test(a_message_behind_options_is_answered_without_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
