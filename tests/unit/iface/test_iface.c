/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base/compiler.h"
#include "iface/iface.h"
#include "packet.h"

static const struct iface_addr4 addrs[] = {
	{IP(10, 0, 0, 1), 24},    {IP(10, 0, 0, 9), 24},   {IP(192, 0, 2, 0), 31},
	{IP(203, 0, 113, 5), 32}, {IP(172, 16, 0, 1), 12},
};

static struct iface full(void)
{
	return (struct iface){
		.id = 1, .up = true, .n_addr4 = ARRAY_SIZE(addrs), .addr4 = addrs, .name = "f"};
}

static void own_addresses_are_known(void **)
{
	struct iface f = full();

	for (size_t i = 0; i < ARRAY_SIZE(addrs); i++)
		assert_true(iface_has_addr4(&f, addrs[i].addr));
	assert_false(iface_has_addr4(&f, IP(10, 0, 0, 2)));
	f.n_addr4 = 0;
	assert_false(iface_has_addr4(&f, IP(10, 0, 0, 1)));
}

static void a_subnet_is_on_the_link(void **)
{
	const struct iface f = full();

	assert_true(iface_on_link4(&f, IP(10, 0, 0, 77)));
	assert_false(iface_on_link4(&f, IP(10, 0, 1, 77)));
	assert_true(iface_on_link4(&f, IP(192, 0, 2, 1)));
	assert_false(iface_on_link4(&f, IP(192, 0, 2, 2)));
	assert_true(iface_on_link4(&f, IP(203, 0, 113, 5)));
	assert_false(iface_on_link4(&f, IP(203, 0, 113, 4)));
	assert_true(iface_on_link4(&f, IP(172, 31, 255, 255)));
}

static void two_hosts_share_a_subnet_or_not(void **)
{
	const struct iface f = full();

	assert_true(iface_same_subnet4(&f, IP(10, 0, 0, 77), IP(10, 0, 0, 2)));
	assert_true(iface_same_subnet4(&f, IP(172, 31, 0, 1), IP(172, 16, 0, 2)));
	assert_true(iface_same_subnet4(&f, IP(192, 0, 2, 0), IP(192, 0, 2, 1)));
	assert_false(iface_same_subnet4(&f, IP(10, 0, 0, 77), IP(172, 16, 0, 2)));
	assert_false(iface_same_subnet4(&f, IP(10, 0, 0, 77), IP(10, 0, 1, 77)));
	assert_false(iface_same_subnet4(&f, IP(8, 8, 8, 8), IP(8, 8, 8, 9)));
}

static void any_interfaces_address_is_the_routers(void **)
{
	struct ifaces *s = ifaces_new(3);
	const struct iface f = full();

	assert_non_null(s);
	assert_int_equal(ifaces_set(s, &f), 0);
	for (size_t i = 0; i < ARRAY_SIZE(addrs); i++)
		assert_true(ifaces_has_addr4(s, addrs[i].addr));
	assert_false(ifaces_has_addr4(s, IP(10, 0, 0, 255)));
	assert_false(ifaces_has_addr4(s, IP(10, 0, 0, 2)));
	ifaces_free(s);
}

/* RFC 1812 4.3.2.4: of the asker's subnet, else the primary one. */
static void the_source_is_of_the_askers_subnet_if_there_is_one(void **)
{
	struct iface f = full();

	assert_int_equal(iface_source4(&f, IP(10, 0, 0, 77)), IP(10, 0, 0, 1));
	assert_int_equal(iface_source4(&f, IP(172, 20, 1, 1)), IP(172, 16, 0, 1));
	assert_int_equal(iface_source4(&f, IP(8, 8, 8, 8)), IP(10, 0, 0, 1));
	f.n_addr4 = 0;
	assert_int_equal(iface_source4(&f, IP(8, 8, 8, 8)), 0);
}

static void a_snapshot_has_its_own_copy(void **)
{
	struct ifaces *s = ifaces_new(3);
	struct iface_addr4 a = {IP(10, 0, 0, 1), 24};
	struct iface f = {.id = 2, .up = true, .n_addr4 = 1, .addr4 = &a};

	assert_non_null(s);
	assert_int_equal(s->n, 3);
	assert_false(s->iface[1].up);
	assert_int_equal(s->iface[1].id, 1);
	assert_int_equal(ifaces_set(s, &f), 0);
	a.addr = 0;
	assert_int_equal(s->iface[2].addr4[0].addr, IP(10, 0, 0, 1));
	f.n_addr4 = 0;
	assert_int_equal(ifaces_set(s, &f), 0); /* once more: the old copy is freed */
	assert_null(s->iface[2].addr4);
	ifaces_free(s);
	ifaces_free(NULL);
}

/* martians-src-subnet-bcast, and the router's own. A /31 has no broadcast address (RFC 3021). */
static void nothing_comes_from_own_and_broadcast_addresses(void **)
{
	static const uint32_t none[] = {IP(10, 0, 0, 1),       IP(10, 0, 0, 9),  IP(10, 0, 0, 0),
	                                IP(10, 0, 0, 255),     IP(192, 0, 2, 0), IP(203, 0, 113, 5),
	                                IP(172, 31, 255, 255), IP(172, 16, 0, 0)};
	static const uint32_t some[] = {IP(10, 0, 0, 2),    IP(10, 0, 1, 255),     IP(192, 0, 2, 1),
	                                IP(203, 0, 113, 4), IP(172, 16, 255, 255), IP(8, 8, 8, 8)};
	struct ifaces *s = ifaces_new(2);
	const struct iface f = full();
	uint32_t maybe = 0;

	assert_non_null(s);
	assert_int_equal(ifaces_set(s, &f), 0);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		assert_true(ifaces_not_source4(s, none[i]));
		assert_true(ifaces_maybe_not_source4(s, none[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(some); i++)
		assert_false(ifaces_not_source4(s, some[i]));
	/* The first look is wrong seldom: twelve of 4096 bits are set. */
	for (uint32_t a = 0; a < 1000000; a++)
		maybe += ifaces_maybe_not_source4(s, a * 4099);
	assert_true(maybe < 6000);
	ifaces_free(s);
}

/* RFC 1812 2.2.7 */
static void who_has_no_address_is_lent_the_first_of_another(void **)
{
	static const struct iface_addr4 mine = {IP(192, 0, 2, 1), 24};
	struct ifaces *s = ifaces_new(4);
	struct iface f = {.id = 2, .n_addr4 = 1, .addr4 = &mine}; /* its link is down */
	const struct iface *none;

	assert_non_null(s);
	ifaces_lend4(s);
	assert_int_equal(iface_source4(&s->iface[3], IP(8, 8, 8, 8)), 0); /* there is none */
	assert_false(iface_speaks4(&s->iface[3], 0));
	assert_int_equal(ifaces_set(s, &f), 0);
	f = full();
	f.id = 3;
	assert_int_equal(ifaces_set(s, &f), 0);
	ifaces_lend4(s);
	none = &s->iface[1];
	assert_int_equal(iface_source4(none, IP(8, 8, 8, 8)), IP(192, 0, 2, 1));
	assert_true(iface_speaks4(none, IP(192, 0, 2, 1)));
	assert_false(iface_speaks4(none, IP(10, 0, 0, 1)));
	assert_false(iface_has_addr4(none, IP(192, 0, 2, 1)));
	assert_false(iface_speaks4(&s->iface[3], IP(192, 0, 2, 1))); /* it has its own */
	ifaces_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_addresses_are_known),
		cmocka_unit_test(a_subnet_is_on_the_link),
		cmocka_unit_test(two_hosts_share_a_subnet_or_not),
		cmocka_unit_test(any_interfaces_address_is_the_routers),
		cmocka_unit_test(the_source_is_of_the_askers_subnet_if_there_is_one),
		cmocka_unit_test(a_snapshot_has_its_own_copy),
		cmocka_unit_test(who_has_no_address_is_lent_the_first_of_another),
		cmocka_unit_test(nothing_comes_from_own_and_broadcast_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
