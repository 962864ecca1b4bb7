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

/* nd-cksum: any bit of it, and of the pseudo-header. */
static void a_message_with_a_wrong_checksum_is_refused(void **)
{
	for (uint32_t at = ETHER_LEN + 8; at < ETHER_LEN + IP6_LEN + ND_NS_LEN + 8; at++) {
		struct nd_case c = solicitation(HOST6, OUR6_0);

		checksum(&c);
		c.frame[at] ^= 4;
		if (at == c.m || at == c.m + 1)
			continue; /* another type, or another fault */
		judge_raw(&c);
		is_refused(&c, DROP_ND_BAD);
	}
}

/* nd-code, nd-short, and RFC 4861 11.2: a hop limit below 255 was forwarded. */
static void a_message_of_the_wrong_shape_is_refused(void **)
{
	static const uint8_t type[] = {ICMP6_RS, ICMP6_RA, ICMP6_NS, ICMP6_NA, ICMP6_REDIRECT};

	for (size_t i = 0; i < ARRAY_SIZE(type); i++) {
		for (uint16_t len = 4; len < 8; len++) {
			struct nd_case c = nd_case(type[i], LINK6, IP6_ALL_NODES, len);

			is_bad(&c);
		}
	}
	for (uint16_t len = 8; len < ND_NS_LEN; len++) {
		struct nd_case c = nd_case(ICMP6_NS, HOST6, OUR6_0, len);

		is_bad(&c);
	}
	for (int fault = 0; fault < 2; fault++) {
		struct nd_case c = solicitation(HOST6, OUR6_0);

		c.frame[fault == 0 ? c.m + 1 : ETHER_LEN + 7] -= 1;
		is_bad(&c);
	}
}

/* RFC 6980; a chain of frames holds none either. */
static void a_message_that_came_in_pieces_is_refused(void **)
{
	static const uint8_t flag[] = {PKT_WHOLE, PKT_CHAIN};

	for (size_t i = 0; i < ARRAY_SIZE(flag); i++) {
		struct nd_case c = solicitation(HOST6, OUR6_0);

		c.p.flags |= flag[i];
		is_bad(&c);
	}
}

/* nd-dad-option, nd-dad-unicast, nd-tgt-multicast */
static void a_solicitation_that_breaks_the_rules_is_refused(void **)
{
	struct nd_case with = solicitation(ANY6, OUR6_0);
	struct nd_case unicast = nd_case(ICMP6_NS, ANY6, OUR6_0, ND_NS_LEN);
	struct nd_case all = nd_case(ICMP6_NS, ANY6, IP6_ALL_NODES, ND_NS_LEN);
	struct nd_case group = solicitation(HOST6, IP6_ALL_NODES);
	struct nd_case from = solicitation(IP6_ALL_NODES, OUR6_0);

	lladdr(&with, ND_OPT_SOURCE_LLADDR, MAC_A);
	is_bad(&with);
	ip_store(unicast.frame + unicast.m + 8, OUR6_0);
	is_bad(&unicast);
	ip_store(all.frame + all.m + 8, OUR6_0);
	is_bad(&all);
	is_bad(&group);
	is_bad(&from);
}

/* nd-na-bad */
static void an_advertisement_that_breaks_the_rules_is_refused(void **)
{
	struct nd_case group = advert(HOST6, IP6_ALL_NODES, 0x60);
	struct nd_case target = advert(IP6_ALL_NODES, OUR6_0, 0x60);

	is_bad(&group);
	ip_store(target.frame + ETHER_LEN + 8, HOST6);
	is_bad(&target);
}

/* nd-group-mac */
static void macs_of_groups_and_of_nobody_are_not_believed(void **)
{
	static const uint64_t mac[] = {0, MAC_BROADCAST, 0x010000003333ull};

	for (size_t i = 0; i < ARRAY_SIZE(mac); i++) {
		struct nd_case ask = nd_case(ICMP6_NS, HOST6, OUR6_0, ND_NS_LEN);
		struct nd_case say = nd_case(ICMP6_NA, HOST6, OUR6_0, ND_NA_LEN);

		ip_store(ask.frame + ask.m + 8, OUR6_0);
		lladdr(&ask, ND_OPT_SOURCE_LLADDR, mac[i]);
		is_bad(&ask);
		ip_store(say.frame + say.m + 8, HOST6);
		lladdr(&say, ND_OPT_TARGET_LLADDR, mac[i]);
		is_bad(&say);
	}
}

/* nd-opt-zero, and options that go beyond the message */
static void broken_options_are_refused(void **)
{
	static const uint8_t broken[][16] = {
		{1, 0, 2, 0, 0, 0, 0, 9}, /* no length */
		{200, 0},                 /* nor has the unknown one */
		{1, 2, 2, 0, 0, 0, 0, 9}, /* longer than the packet */
		{200, 255},
	};

	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct nd_case c = solicitation(HOST6, OUR6_0);

		option(&c, broken[i], 8);
		is_bad(&c);
	}
	for (uint32_t len = 1; len < 8; len++) {
		struct nd_case c = solicitation(HOST6, OUR6_0);

		option(&c, (const uint8_t[8]){200, 1}, len);
		is_bad(&c);
	}
	for (uint8_t type = 1; type <= 2; type++) { /* an address of 14 bytes is not Ethernet's */
		struct nd_case c = solicitation(HOST6, OUR6_0);

		option(&c, (const uint8_t[16]){type, 2, 2, 0, 0, 0, 0, 9}, 16);
		is_bad(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_with_a_wrong_checksum_is_refused),
		cmocka_unit_test(a_message_of_the_wrong_shape_is_refused),
		cmocka_unit_test(a_message_that_came_in_pieces_is_refused),
		cmocka_unit_test(a_solicitation_that_breaks_the_rules_is_refused),
		cmocka_unit_test(an_advertisement_that_breaks_the_rules_is_refused),
		cmocka_unit_test(macs_of_groups_and_of_nobody_are_not_believed),
		cmocka_unit_test(broken_options_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
