/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "wire/addr.h"

#define MAC  0x010000000002ull /* 02:00:00:00:00:01 */
#define LINK "fe80::ff:fe00:1"

/* An agent with tables and two interfaces, and nothing to send or publish with. */
static int bed_setup(void **state)
{
	const struct neigh_limits limits = {.entries = 16, .incomplete = 16, .held = 16};
	struct agent *a = calloc(1, sizeof(*a));

	assert_non_null(a);
	rcu_register_thread();
	assert_int_equal(fib4_new(&a->fib4), 0);
	assert_int_equal(fib6_new(&a->fib6), 0);
	assert_int_equal(nexthops_new(&a->nexthops), 0);
	assert_int_equal(neigh_new(&a->neigh, &agent_neigh_ops, a, a->nexthops, &limits, NULL), 0);
	a->iface_top = 2;
	for (int i = 0; i < 2; i++) {
		struct agent_iface *f = &a->iface[i];

		snprintf(f->name, sizeof(f->name), "p%d", i + 1);
		f->mac = MAC + ((uint64_t)i << 40);
		f->mtu = 1500;
	}
	*state = a;
	return 0;
}

static int bed_teardown(void **state)
{
	struct agent *a = *state;

	for (uint16_t i = 0; i < 2; i++)
		agent_addrs_free(&a->iface[i]);
	neigh_free(a->neigh);
	fib4_free(a->fib4);
	fib6_free(a->fib6);
	rcu_barrier();
	nexthops_free(a->nexthops);
	free(a);
	rcu_unregister_thread();
	return 0;
}

/* Configure interface @id with the addresses of @list, parted by blanks. */
static void configure(struct agent *a, uint16_t id, const char *list, bool dad)
{
	struct config_prefix prefix[8];
	struct config_interface ci = {.addresses = prefix, .dad = dad, .bridge = CONFIG_NO_BRIDGE};
	char text[256], *rest = NULL;

	snprintf(text, sizeof(text), "%s", list);
	for (char *s = strtok_r(text, " ", &rest); s != NULL; s = strtok_r(NULL, " ", &rest)) {
		struct config_prefix *p = &prefix[ci.n_addresses++];

		assert_true(ip_prefix_parse(s, &p->addr, &p->len));
	}
	assert_int_equal(agent_addrs_set(a, id, &ci), 0);
}

/* The IPv6 addresses of interface @id with their states: t, u or d. */
static void has(const struct agent *a, uint16_t id, const char *wanted)
{
	const struct agent_addrs *s = &a->iface[id].addrs;
	char all[512] = "", text[IP_PREFIX_TEXT];

	for (uint16_t i = 0; i < s->n6; i++) {
		size_t len = strlen(all);

		snprintf(all + len, sizeof(all) - len, "%s%s %c", i > 0 ? ", " : "",
		         ip_prefix_format(text, s->addr6[i].addr, s->addr6[i].len),
		         "tud"[s->addr6[i].state]);
	}
	assert_string_equal(all, wanted);
}

/* The kind of the next hop of @dst, and the interface it is behind. */
static enum nexthop_kind kind_of(const struct agent *a, const char *dst, uint16_t *iface)
{
	struct nexthop_key key;
	struct ip addr;
	uint32_t id;

	assert_true(ip_parse(dst, &addr));
	id = ip_is4(addr) ? fib4_lookup_one(a->fib4, ip_to4(addr)) : fib6_lookup_one(a->fib6, addr);
	if (id == 0)
		return NH_NONE;
	key = nexthop_key(a->nexthops, (uint16_t)id);
	*iface = key.iface;
	return key.kind;
}

static void goes(const struct agent *a, const char *dst, enum nexthop_kind wanted)
{
	uint16_t iface;

	assert_int_equal(kind_of(a, dst, &iface), wanted);
}

static void link_comes_up(struct agent *a, uint16_t id, struct port *port)
{
	a->iface[id].port = port;
	a->iface[id].up = true;
	a->iface[id].carrier = true;
	assert_int_equal(agent_addrs_follow(a, id), 0);
}

static void report(struct agent *a, uint16_t id, const char *addr, enum addr_state state)
{
	struct ip ip;

	assert_true(ip_parse(addr, &ip));
	agent_addr_report(a, id, ip, state);
	assert_int_equal(agent_addrs_follow(a, id), 0);
}

static void every_interface_has_a_link_local_address_of_its_mac(void **state)
{
	configure(*state, 0, "", false);
	has(*state, 0, LINK "/64 u");
	configure(*state, 0, "192.0.2.1/24 2001:db8::1/64", false);
	has(*state, 0, LINK "/64 u, 2001:db8::1/64 u");
	assert_int_equal(((struct agent *)*state)->iface[0].addrs.n4, 1);
}

static void a_configured_link_local_address_takes_its_place_and_comes_first(void **state)
{
	configure(*state, 0, "2001:db8::1/64 fe80::1/64", false);
	has(*state, 0, "fe80::1/64 u, 2001:db8::1/64 u");
}

static void an_mtu_that_is_too_small_takes_ipv6_away_and_one_that_is_not_brings_it(void **state)
{
	struct agent *a = *state;

	a->iface[0].mtu = 1279;
	configure(a, 0, "192.0.2.1/24 2001:db8::1/64", false);
	has(a, 0, "");
	goes(a, "2001:db8::1", NH_NONE);
	goes(a, "fe80::1", NH_NONE);
	goes(a, "192.0.2.1", NH_LOCAL);
	a->iface[0].mtu = 1280;
	assert_int_equal(agent_addrs_follow(a, 0), 0);
	has(a, 0, LINK "/64 u, 2001:db8::1/64 u");
	goes(a, "2001:db8::1", NH_LOCAL);
	a->iface[0].mtu = 1279;
	assert_int_equal(agent_addrs_follow(a, 0), 0);
	has(a, 0, "");
	goes(a, "2001:db8::1", NH_NONE);
}

static void an_address_has_its_subnet_and_its_routers(void **state)
{
	configure(*state, 0, "2001:db8::1/64", false);
	goes(*state, "2001:db8::1", NH_LOCAL);
	goes(*state, "2001:db8::", NH_LOCAL); /* RFC 4291 2.6.1 */
	goes(*state, "2001:db8::2", NH_CONNECTED);
	goes(*state, "2001:db8::ffff:ffff:ffff:ffff", NH_CONNECTED); /* there is no broadcast */
	goes(*state, "2001:db8:0:1::", NH_NONE);
	goes(*state, "fe80::2", NH_LINK);
	goes(*state, "febf::2", NH_LINK);
	goes(*state, LINK, NH_LINK);
	goes(*state, "ff02::1", NH_NONE);
}

static void a_link_of_two_has_no_anycast_address(void **state)
{
	configure(*state, 0, "2001:db8::1/127 2001:db8::9/128", false);
	goes(*state, "2001:db8::1", NH_LOCAL);
	goes(*state, "2001:db8::", NH_CONNECTED); /* RFC 6164 */
	goes(*state, "2001:db8::9", NH_LOCAL);
	goes(*state, "2001:db8::8", NH_NONE);
}

static void a_tentative_address_is_not_yet_the_routers(void **state)
{
	configure(*state, 0, "2001:db8::1/64", true);
	has(*state, 0, LINK "/64 t, 2001:db8::1/64 t");
	goes(*state, "2001:db8::1", NH_CONNECTED);
	goes(*state, "2001:db8::", NH_CONNECTED);
	report(*state, 0, "2001:db8::1", ADDR_USABLE);
	has(*state, 0, LINK "/64 t, 2001:db8::1/64 u");
	goes(*state, "2001:db8::1", NH_LOCAL);
	goes(*state, "2001:db8::", NH_LOCAL);
}

static void a_duplicate_never_is_and_is_looked_at_again_when_asked(void **state)
{
	configure(*state, 0, "2001:db8::1/64", true);
	report(*state, 0, "2001:db8::1", ADDR_DUPLICATE);
	report(*state, 0, LINK, ADDR_USABLE);
	has(*state, 0, LINK "/64 u, 2001:db8::1/64 d");
	goes(*state, "2001:db8::1", NH_CONNECTED);
	report(*state, 0, "2001:db8::1", ADDR_USABLE); /* news of before */
	has(*state, 0, LINK "/64 u, 2001:db8::1/64 d");
	agent_addrs_retry(*state);
	has(*state, 0, LINK "/64 u, 2001:db8::1/64 t");
}

static void addresses_that_stay_are_not_looked_at_again(void **state)
{
	configure(*state, 0, "2001:db8::1/64", true);
	report(*state, 0, "2001:db8::1", ADDR_USABLE);
	report(*state, 0, LINK, ADDR_USABLE);
	configure(*state, 0, "2001:db8:1::1/64 2001:db8::1/64", true);
	has(*state, 0, LINK "/64 u, 2001:db8:1::1/64 t, 2001:db8::1/64 u");
	goes(*state, "2001:db8::1", NH_LOCAL);
	configure(*state, 0, "2001:db8:1::1/64", true);
	has(*state, 0, LINK "/64 u, 2001:db8:1::1/64 t");
	goes(*state, "2001:db8::1", NH_NONE);
	configure(*state, 0, "2001:db8:1::1/64", false);
	has(*state, 0, LINK "/64 u, 2001:db8:1::1/64 u");
}

static void a_link_that_comes_up_has_all_looked_at(void **state)
{
	struct agent *a = *state;
	struct port port = {0};

	configure(a, 0, "2001:db8::1/64", true);
	link_comes_up(a, 0, &port);
	report(a, 0, "2001:db8::1", ADDR_USABLE);
	link_comes_up(a, 0, &port); /* news of a link that is up already */
	has(a, 0, LINK "/64 t, 2001:db8::1/64 u");
	a->iface[0].carrier = false;
	assert_int_equal(agent_addrs_follow(a, 0), 0);
	has(a, 0, LINK "/64 t, 2001:db8::1/64 u");
	link_comes_up(a, 0, &port);
	has(a, 0, LINK "/64 t, 2001:db8::1/64 t");
	goes(a, "2001:db8::1", NH_CONNECTED);
}

static void another_mac_makes_another_address_and_has_all_looked_at(void **state)
{
	struct agent *a = *state;

	configure(a, 0, "2001:db8::1/64", true);
	report(a, 0, "2001:db8::1", ADDR_USABLE);
	a->iface[0].mac = MAC + (8ull << 40);
	assert_int_equal(agent_addrs_follow(a, 0), 0);
	has(a, 0, "fe80::ff:fe00:9/64 t, 2001:db8::1/64 t");
}

static void the_last_interface_takes_what_all_share_away(void **state)
{
	struct agent *a = *state;
	uint16_t iface = UINT16_MAX;

	configure(a, 0, "2001:db8::1/64", false);
	configure(a, 1, "2001:db8::2/64", false);
	assert_int_equal(agent_addrs_set(a, 1, NULL), 0);
	goes(a, "fe80::2", NH_LINK);
	goes(a, "2001:db8::", NH_LOCAL);
	goes(a, "2001:db8::1", NH_LOCAL);
	assert_int_equal(kind_of(a, "2001:db8::2", &iface), NH_CONNECTED);
	assert_int_equal(iface, 0);
	assert_int_equal(agent_addrs_set(a, 0, NULL), 0);
	goes(a, "fe80::2", NH_NONE);
	goes(a, "2001:db8::1", NH_NONE);
}

static void the_walk_has_ipv4_and_then_ipv6(void **state)
{
	struct agent_route r, last;
	char all[256] = "", text[IP_PREFIX_TEXT];
	bool best, more;

	configure(*state, 0, "2001:db8::1/127 192.0.2.1/31", false);
	more = agent_route_next(*state, NULL, &r, &best);
	while (more) {
		size_t len = strlen(all);

		snprintf(all + len, sizeof(all) - len, "%s ", ip_prefix_format(text, r.dst, r.len));
		last = r;
		more = agent_route_next(*state, &last, &r, &best);
	}
	assert_string_equal(all, "192.0.2.0/31 192.0.2.1/32 2001:db8::/127 2001:db8::1/128 "
	                         "fe80::/10 ");
}

/* Binding devices takes its time, in which the agent's own clock stands still. */
static void ready_waits_from_when_an_address_comes(void **state)
{
	struct agent *a = *state;
	struct port port = {0};
	uint64_t now = clock_ns();

	a->now_ns = now - 20 * NS_PER_SEC;
	configure(a, 0, "2001:db8::1/64", true);
	link_comes_up(a, 0, &port);
	assert_true(a->iface[0].addrs_due_ns >= now + 2 * NS_PER_SEC);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_setup, bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_interface_has_a_link_local_address_of_its_mac),
		TEST(a_configured_link_local_address_takes_its_place_and_comes_first),
		TEST(an_mtu_that_is_too_small_takes_ipv6_away_and_one_that_is_not_brings_it),
		TEST(an_address_has_its_subnet_and_its_routers),
		TEST(a_link_of_two_has_no_anycast_address),
		TEST(a_tentative_address_is_not_yet_the_routers),
		TEST(a_duplicate_never_is_and_is_looked_at_again_when_asked),
		TEST(addresses_that_stay_are_not_looked_at_again),
		TEST(a_link_that_comes_up_has_all_looked_at),
		TEST(another_mac_makes_another_address_and_has_all_looked_at),
		TEST(ready_waits_from_when_an_address_comes),
		TEST(the_last_interface_takes_what_all_share_away),
		TEST(the_walk_has_ipv4_and_then_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
