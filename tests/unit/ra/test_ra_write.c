/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>

#include "bed.h"

/* RFC 4861 4.2, 4.6.1, 4.6.2, 4.6.4; RFC 4191 2.2; RFC 8106 5.1, 5.2 */
static void head_set(struct ra_config *c)
{
	c->managed = true;
	c->preference = RA_PREFERENCE_HIGH;
	c->reachable = 30000;
	c->retrans = 1000;
	c->mtu = 1400;
}

/* What head_set() has set, and the link-layer address. */
static void head_is(const struct bed *bed)
{
	const uint8_t *m = message(bed), *o;

	assert_int_equal(m[4], 64);
	assert_int_equal(m[5], 0x88); /* M, and 01 */
	assert_int_equal(__builtin_bswap16(load16(m + 6)), 1800);
	assert_int_equal(word(m + 8), 30000);
	assert_int_equal(word(m + 12), 1000);
	o = option(bed, ND_OPT_SOURCE_LLADDR, 0);
	assert_int_equal(o[1], 1);
	assert_true(mac_load(o + 2) == OUR_MAC);
	o = option(bed, ND_OPT_MTU, 0);
	assert_int_equal(o[1], 1);
	assert_int_equal(word(o + 4), 1400);
}

/* 2001:db8:1::/64 for SLAAC, and another one's /48, off the link. */
static void two_prefixes_are(const struct bed *bed)
{
	const uint8_t *o = option(bed, ND_OPT_PREFIX, 0);

	assert_int_equal(o[1], 4);
	assert_int_equal(o[2], 64);
	assert_int_equal(o[3], 0xc0);
	assert_int_equal(word(o + 4), 86400);
	assert_int_equal(word(o + 8), 14400);
	assert_int_equal(word(o + 12), 0);
	assert_true(ip_equal(ip_load(o + 16), (struct ip){0x20010db800010000, 0}));
	o = option(bed, ND_OPT_PREFIX, 1);
	assert_int_equal(o[2], 48);
	assert_int_equal(o[3], 0);
	assert_int_equal(word(o + 4), RA_FOREVER);
}

static void the_message_says_what_is_configured(void **)
{
	static const struct ra_prefix prefixes[] = {
		{{0x20010db800010000, 0x77}, 64, true, true, 86400, 14400},
		{{0x20010db800020000, 0}, 48, false, false, RA_FOREVER, RA_FOREVER},
	};
	static const struct ip servers[] = {{0x20010db800010000, 0x53}, {0xfe80ull << 48, 0x53}};
	static const char *const search[] = {"example.org", "a.b."};
	static const uint8_t domains[] = "\7example\3org\0\1a\1b\0\0\0\0\0\0";
	struct ra_config c = plain();
	struct bed *bed = bed_open(1);
	const uint8_t *o;

	head_set(&c);
	c.prefixes = prefixes;
	c.n_prefixes = 2;
	c.dns_servers = servers;
	c.n_dns_servers = 2;
	c.dns_search = search;
	c.n_dns_search = 2;
	bed_ifaces(bed, usable);
	bed_set(bed, &c);
	bed_until(bed, 1);
	assert_int_equal(bed->iface, 0);
	assert_int_equal(bed->len, ETHER_LEN + ra_length(&c));
	assert_true(ip_equal(ip6_src(bed->frame + ETHER_LEN), OUR_LINK));
	head_is(bed);
	two_prefixes_are(bed);
	o = option(bed, ND_OPT_RDNSS, 0);
	assert_int_equal(o[1], 5);
	assert_int_equal(word(o + 4), 600);
	assert_true(ip_equal(ip_load(o + 8), servers[0]));
	assert_true(ip_equal(ip_load(o + 24), servers[1]));
	o = option(bed, ND_OPT_DNSSL, 0);
	assert_int_equal(o[1], 4);
	assert_int_equal(load16(o + 2), 0);
	assert_int_equal(word(o + 4), 600);
	assert_memory_equal(o + 8, domains, 24);
	bed_close(bed);
}

/* RFC 4191 2.2: both ends of the preference, and none in what is no default router. */
static void a_preference_goes_with_a_lifetime(void **)
{
	struct bed *bed = bed_open(1);
	struct ra_config c = plain();

	bed_ifaces(bed, usable);
	c.preference = RA_PREFERENCE_LOW;
	c.other = true;
	bed_set(bed, &c);
	bed_until(bed, 1);
	assert_int_equal(message(bed)[5], 0x58);
	c.lifetime = 0;
	bed_set(bed, &c);
	bed_until(bed, 2);
	assert_int_equal(message(bed)[5], 0x40);
	bed_close(bed);
}

/* The second prefix is @addr's, and ends. */
static void prefix_ends(const struct bed *bed, struct ip addr)
{
	const uint8_t *o = option(bed, ND_OPT_PREFIX, 1);

	assert_true(ip_equal(ip_load(o + 16), addr));
	assert_int_equal(o[3], 0xc0);
	assert_int_equal(word(o + 4) | word(o + 8), 0);
}

/* The second search list, of 24 bytes, ends. */
static void names_end(const struct bed *bed, const uint8_t *names)
{
	const uint8_t *o = option(bed, ND_OPT_DNSSL, 1);

	assert_int_equal(o[1], 4);
	assert_int_equal(word(o + 4), 0);
	assert_memory_equal(o + 8, names, 24);
}

/* The second option of servers ends @a and @b. */
static void servers_end(const struct bed *bed, struct ip a, struct ip b)
{
	const uint8_t *o = option(bed, ND_OPT_RDNSS, 1);

	assert_int_equal(o[1], 5);
	assert_int_equal(word(o + 4), 0);
	assert_true(ip_equal(ip_load(o + 8), a));
	assert_true(ip_equal(ip_load(o + 24), b));
}

static void what_went_is_ended_in_the_next_three(void **)
{
	static const struct ra_prefix prefixes[] = {
		{{0x20010db800010000, 0}, 64, true, true, 86400, 14400},
		{{0x20010db800020000, 0}, 64, true, true, 86400, 14400},
	};
	static const struct ip servers[] = {{1, 1}, {2, 2}, {3, 3}};
	static const char *const search[] = {"a.example", "b.example", "c.example"};
	static const uint8_t gone[] = "\1b\7example\0\1c\7example\0\0";
	struct bed *bed = bed_open(5);
	struct ra_config c = plain();

	c.prefixes = prefixes;
	c.n_prefixes = 2;
	c.dns_servers = servers;
	c.n_dns_servers = 3;
	c.dns_search = search;
	c.n_dns_search = 3;
	bed_ifaces(bed, usable);
	bed_set(bed, &c);
	bed_until(bed, 1);
	c.prefixes = prefixes + 1;
	c.n_prefixes = 1;
	c.dns_servers = servers + 1;
	c.n_dns_servers = 1;
	c.n_dns_search = 1;
	bed_set(bed, &c);
	for (uint32_t i = 2; i <= 4; i++) {
		bed_until(bed, i);
		prefix_ends(bed, prefixes[0].addr);
		assert_int_equal(word(option(bed, ND_OPT_PREFIX, 0) + 4), 86400);
		servers_end(bed, servers[0], servers[2]);
		names_end(bed, gone);
		assert_null(option(bed, ND_OPT_DNSSL, 2));
	}
	bed_until(bed, 5);
	assert_null(option(bed, ND_OPT_PREFIX, 1));
	assert_null(option(bed, ND_OPT_RDNSS, 1));
	assert_null(option(bed, ND_OPT_DNSSL, 1));
	bed_close(bed);
}

/* Back and forth: what has come again is not ended, and what ended before is not forgotten. */
static void what_comes_again_is_not_ended(void **)
{
	static const struct ra_prefix prefixes[] = {
		{{0x20010db800010000, 0}, 64, true, true, 86400, 14400},
		{{0x20010db800020000, 0}, 64, true, true, 86400, 14400},
		{{0x20010db800030000, 0}, 64, true, true, 86400, 14400},
	};
	struct bed *bed = bed_open(5);
	struct ra_config c = plain();

	c.n_prefixes = 1;
	bed_ifaces(bed, usable);
	for (uint32_t i = 0; i < 3; i++) {
		c.prefixes = &prefixes[i];
		bed_set(bed, &c);
		bed_until(bed, i + 1);
	}
	assert_non_null(option(bed, ND_OPT_PREFIX, 2));
	assert_null(option(bed, ND_OPT_PREFIX, 3));
	c.prefixes = &prefixes[0];
	bed_set(bed, &c);
	bed_until(bed, 4);
	assert_int_equal(word(option(bed, ND_OPT_PREFIX, 0) + 4), 86400);
	assert_true(ip_equal(ip_load(option(bed, ND_OPT_PREFIX, 1) + 16), prefixes[2].addr));
	assert_true(ip_equal(ip_load(option(bed, ND_OPT_PREFIX, 2) + 16), prefixes[1].addr));
	assert_null(option(bed, ND_OPT_PREFIX, 3));
	bed_close(bed);
}

/* ORDER_BYTES, and RFC 8200 5: every link carries 1280. */
static void the_longest_message_is_one_that_any_link_carries(void **)
{
	struct ra_prefix prefixes[39];
	struct bed *bed = bed_open(5);
	struct ra_config c = plain();

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		prefixes[i] = (struct ra_prefix){{0x20010db800000000 + i, 0}, 64, 1, 1, 9, 9};
	c.prefixes = prefixes;
	c.n_prefixes = 38;
	assert_int_equal(ra_length(&c), 1280);
	bed_ifaces(bed, usable);
	bed_set(bed, &c);
	bed_until(bed, 1);
	assert_int_equal(bed->len, 1294);
	c.n_prefixes = 39;
	assert_int_equal(ra_set(bed->ra, 0, &c, bed->now), -EMSGSIZE);
	bed_until(bed, 2);
	assert_int_equal(bed->len, 1294);

	/* There is no room to end the first one; the others that went are. */
	c.prefixes = prefixes + 3;
	c.n_prefixes = 36;
	bed_set(bed, &c);
	bed_until(bed, 3);
	assert_int_equal(bed->len, 1294);
	assert_int_equal(word(option(bed, ND_OPT_PREFIX, 37) + 4), 0);
	bed_close(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_message_says_what_is_configured),
		cmocka_unit_test(a_preference_goes_with_a_lifetime),
		cmocka_unit_test(what_went_is_ended_in_the_next_three),
		cmocka_unit_test(what_comes_again_is_not_ended),
		cmocka_unit_test(the_longest_message_is_one_that_any_link_carries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
