/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "iface/iface.h"
#include "wire/addr.h"

static struct ip ip(const char *text)
{
	struct ip a;

	assert_true(ip_parse(text, &a));
	return a;
}

static void is(struct ip addr, const char *wanted)
{
	char text[IP_TEXT];

	assert_string_equal(ip_format(text, addr), wanted);
}

#define LINK (&addr[0])

/* A link-local address, two global ones and one that is tentative. */
static struct iface_addr6 addr[4];
static const struct iface p1 = {.id = 1, .n_addr6 = 4, .addr6 = addr};

static int setup(void **)
{
	addr[0] = (struct iface_addr6){ip("fe80::1"), 64, ADDR_USABLE};
	addr[1] = (struct iface_addr6){ip("2001:db8::1"), 64, ADDR_USABLE};
	addr[2] = (struct iface_addr6){ip("2001:db8:1::1"), 48, ADDR_USABLE};
	addr[3] = (struct iface_addr6){ip("2001:db8:2::1"), 64, ADDR_TENTATIVE};
	return 0;
}

static void only_usable_addresses_are_answered_for(void **)
{
	assert_true(iface_speaks6(&p1, ip("fe80::1")));
	assert_true(iface_speaks6(&p1, ip("2001:db8::1")));
	assert_false(iface_speaks6(&p1, ip("2001:db8::2")));
	assert_false(iface_speaks6(&p1, ip("2001:db8:2::1")));
	assert_non_null(iface_addr6_find(&p1, ip("2001:db8:2::1")));
}

static void a_tentative_address_has_its_subnet_already(void **)
{
	assert_true(iface_on_link6(&p1, ip("2001:db8:2::77")));
	assert_true(iface_same_subnet6(&p1, ip("2001:db8:1:2::3"), ip("2001:db8:1:4::5")));
	assert_false(iface_same_subnet6(&p1, ip("2001:db8::3"), ip("2001:db8:1::5")));
	assert_true(iface_on_link6(&p1, ip("febf::1"))); /* all of fe80::/10 */
	assert_false(iface_on_link6(&p1, ip("2001:db8:3::1")));
}

static void the_source_is_of_the_askers_subnet_if_there_is_one(void **)
{
	is(iface_source6(&p1, ip("2001:db8:1:9::9")), "2001:db8:1::1");
	is(iface_source6(&p1, ip("2001:db8:9::9")), "2001:db8::1");
	is(iface_source6(&p1, ip("2001:db8:2::9")), "2001:db8::1");
	is(iface_source6(&p1, ip("ff0e::1")), "2001:db8::1");
	is(iface_source6(&p1, ip("fe80::9")), "fe80::1");
	is(iface_source6(&p1, ip("ff02::1")), "fe80::1");
}

static void without_a_usable_address_there_is_no_source(void **)
{
	for (int i = 0; i < 4; i++)
		addr[i].state = ADDR_TENTATIVE;
	is(iface_source6(&p1, ip("2001:db8::9")), "::");
	is(iface_link6(&p1), "::");
	LINK->state = ADDR_USABLE;
	is(iface_source6(&p1, ip("2001:db8::9")), "fe80::1");
}

/* RFC 4291 2.8 */
static void it_is_in_the_groups_of_its_addresses(void **)
{
	assert_true(iface_in_group6(&p1, ip("ff02::1")));
	assert_true(iface_in_group6(&p1, ip("ff02::2")));
	assert_true(iface_in_group6(&p1, ip("ff02::1:ff00:1")));
	assert_false(iface_in_group6(&p1, ip("ff02::1:ff00:2")));
	for (int i = 0; i < 4; i++)
		addr[i].state = i == 3 ? ADDR_TENTATIVE : ADDR_DUPLICATE;
	assert_true(iface_in_group6(&p1, ip("ff02::1:ff00:1"))); /* to hear of a duplicate */
	addr[3].state = ADDR_DUPLICATE;
	assert_false(iface_in_group6(&p1, ip("ff02::1:ff00:1")));
}

/* A link too short for IPv6 has no address and hears nothing; an address without an anycast one is
 * in no group but its own. */
static void it_is_in_no_group_without_an_address(void **)
{
	struct iface f = {.id = 1};

	assert_false(iface_in_group6(&f, ip("ff02::1")));
	assert_false(iface_in_group6(&f, ip("ff02::2")));
	f.addr6 = addr;
	f.n_addr6 = 4;
	assert_true(iface_in_group6(&f, ip("ff02::1:ff00:0")));
	for (int i = 0; i < 4; i++)
		addr[i].len = 127;
	assert_true(iface_in_group6(&f, ip("ff02::1")));
	assert_false(iface_in_group6(&f, ip("ff02::1:ff00:0")));
}

static void a_duplicate_is_not_the_routers_own(void **)
{
	struct ifaces *s = ifaces_new(2);

	assert_non_null(s);
	addr[2].state = ADDR_DUPLICATE;
	assert_int_equal(ifaces_set(s, &p1), 0);
	assert_true(ifaces_maybe_own6(s, ip("2001:db8::1")));
	assert_true(ifaces_own6(s, ip("2001:db8::1")));
	assert_true(ifaces_own6(s, ip("2001:db8:2::1"))); /* it may become one */
	assert_false(ifaces_own6(s, ip("2001:db8:1::1")));
	assert_false(ifaces_own6(s, ip("2001:db8::2")));
	ifaces_free(s);
}

static void who_has_no_global_address_is_lent_the_first_of_another(void **)
{
	struct iface_addr6 link = {ip("fe80::2"), 64, ADDR_USABLE};
	const struct iface bare = {.id = 2, .n_addr6 = 1, .addr6 = &link};
	struct ifaces *s = ifaces_new(3);

	assert_non_null(s);
	assert_int_equal(ifaces_set(s, &bare), 0);
	ifaces_lend6(s);
	is(iface_source6(&s->iface[2], ip("2001:db8:9::9")), "fe80::2");
	addr[1].state = ADDR_TENTATIVE;
	assert_int_equal(ifaces_set(s, &p1), 0);
	ifaces_lend6(s);
	is(iface_source6(&s->iface[2], ip("2001:db8:9::9")), "2001:db8:1::1");
	is(iface_source6(&s->iface[2], ip("fe80::9")), "fe80::2");
	assert_true(ip_is_none(s->iface[1].lent6));
	assert_false(iface_speaks6(&s->iface[2], ip("2001:db8:1::1"))); /* nobody asks it there */
	ifaces_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(only_usable_addresses_are_answered_for, setup),
		cmocka_unit_test_setup(a_tentative_address_has_its_subnet_already, setup),
		cmocka_unit_test_setup(the_source_is_of_the_askers_subnet_if_there_is_one, setup),
		cmocka_unit_test_setup(without_a_usable_address_there_is_no_source, setup),
		cmocka_unit_test_setup(it_is_in_the_groups_of_its_addresses, setup),
		cmocka_unit_test_setup(it_is_in_no_group_without_an_address, setup),
		cmocka_unit_test_setup(a_duplicate_is_not_the_routers_own, setup),
		cmocka_unit_test_setup(who_has_no_global_address_is_lent_the_first_of_another,
	                               setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
