/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "config/address.h"
#include "config/value.h"
#include "parse.h"
#include "wire/addr.h"

static struct ip ip(const char *text)
{
	struct ip addr;

	assert_true(ip_parse(text, &addr));
	return addr;
}

static void assert_ip(struct ip got, const char *want)
{
	char text[IP_TEXT];

	assert_string_equal(ip_format(text, got), want);
}

static void assert_prefix(const struct config_prefix *got, const char *want)
{
	char text[IP_PREFIX_TEXT];

	assert_string_equal(ip_prefix_format(text, got->addr, got->len), want);
}

/* The model of one interface with the fields @fields. */
static struct config *parse_interface(const char *fields)
{
	char *text = NULL;
	struct config *c;

	assert_true(asprintf(&text, "interfaces: {a: {control: own, %s}}\n", fields) > 0);
	c = parse(text);
	free(text);
	return c;
}

static void all_of_ipv4_comes_before_all_of_ipv6(void **)
{
	assert_true(ip_order(ip("255.255.255.255"), ip("::")) < 0);
	assert_true(ip_order(ip("::1"), ip("0.0.0.0")) > 0);
	assert_true(ip_order(ip("::1"), ip("2001:db8::")) < 0);
	assert_true(ip_order(ip("192.0.2.2"), ip("192.0.2.1")) > 0);
	assert_int_equal(ip_order(ip("2001:db8::"), ip("2001:DB8:0::")), 0);
}

static void a_prefix_reaches_from_its_first_to_its_last_address(void **)
{
	static const struct {
		const char *prefix, *first, *last;
	} rows[] = {
		{"192.0.2.77/24", "192.0.2.0", "192.0.2.255"},
		{"192.0.2.77/32", "192.0.2.77", "192.0.2.77"},
		{"0.0.0.0/0", "0.0.0.0", "255.255.255.255"},
		{"2001:db8::1/64", "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff"},
		{"2001:db8:ffff::/33", "2001:db8:8000::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"2001:db8::7/126", "2001:db8::4", "2001:db8::7"},
		{"2001:db8::7/128", "2001:db8::7", "2001:db8::7"},
		{"::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config_prefix p;

		assert_true(ip_prefix_parse(rows[i].prefix, &p.addr, &p.len));
		assert_ip(prefix_first(&p), rows[i].first);
		assert_ip(prefix_last(&p), rows[i].last);
	}
}

static void an_advertisement_of_nothing_has_the_defaults(void **)
{
	struct config *c = parse_interface("router-advertisement: {}");
	const struct config_ra *ra = &c->interfaces[0].ra;

	assert_true(c->interfaces[0].dad);
	assert_true(ra->send);
	assert_int_equal(ra->interval, 200);
	assert_int_equal(ra->lifetime, 1800);
	assert_int_equal(ra->hop_limit, 64);
	assert_int_equal(ra->mtu, CONFIG_MTU_AUTO);
	assert_int_equal(ra->preference, CONFIG_PREFERENCE_MEDIUM);
	assert_int_equal(ra->reachable + ra->retrans, 0);
	assert_false(ra->managed || ra->other);
	assert_true(ra->on_link && ra->autonomous);
	assert_int_equal(ra->valid, 2592000); /* RFC 4861 6.2.1 */
	assert_int_equal(ra->preferred, 604800);
	assert_int_equal(ra->dns_lifetime, 1800);
	assert_int_equal(ra->n_prefixes + ra->n_dns_servers + ra->n_dns_search, 0);
	config_free(c);
	c = parse_interface("addresses: [\"2001:db8::1/64\"]");
	assert_false(c->interfaces[0].ra.send);
	assert_int_equal(c->interfaces[0].ra.n_prefixes, 0);
	config_free(c);
}

static void what_an_advertisement_says_reaches_the_model(void **)
{
	struct config *c = parse_interface(
		"router-advertisement: {prefixes: [\"2001:DB8:1::/64\"], interval: 4s,\n"
		"lifetime: 2h, managed: yes, other: yes, hop-limit: 255, mtu: none,\n"
		"preference: low, reachable-time: 30s, retrans-timer: 250ms, on-link: no,\n"
		"valid-lifetime: infinite, preferred-lifetime: 1d, autonomous: no,\n"
		"dns-servers: [\"2001:db8::53\"], dns-search: [example.org.], dns-lifetime: 0s}");
	const struct config_ra *ra = &c->interfaces[0].ra;

	assert_int_equal(ra->n_prefixes, 1);
	assert_prefix(&ra->prefixes[0], "2001:db8:1::/64");
	assert_int_equal(ra->interval, 4);
	assert_int_equal(ra->lifetime, 7200);
	assert_true(ra->managed && ra->other);
	assert_int_equal(ra->hop_limit, 255);
	assert_int_equal(ra->mtu, 0);
	assert_int_equal(ra->preference, CONFIG_PREFERENCE_LOW);
	assert_int_equal(ra->reachable, 30000);
	assert_int_equal(ra->retrans, 250);
	assert_int_equal(ra->valid, CONFIG_INFINITE);
	assert_int_equal(ra->preferred, 86400);
	assert_false(ra->on_link || ra->autonomous);
	assert_int_equal(ra->n_dns_servers, 1);
	assert_ip(ra->dns_servers[0], "2001:db8::53");
	assert_int_equal(ra->n_dns_search, 1);
	assert_string_equal(ra->dns_search[0], "example.org");
	assert_int_equal(ra->dns_lifetime, 0);
	config_free(c);
}

static void prefixes_not_said_are_those_of_the_addresses(void **)
{
	static const char addresses[] = "addresses: [\"2001:db8:1::1/64\", \"fe80::1/64\",\n"
					"\"2001:db8:2::1/48\", 192.0.2.1/24, \"2001:db8:1::2/64\"]";
	char fields[256];
	struct config *c;

	(void)snprintf(fields, sizeof(fields), "router-advertisement: {}, %s", addresses);
	c = parse_interface(fields);
	assert_int_equal(c->interfaces[0].ra.n_prefixes, 1);
	assert_prefix(&c->interfaces[0].ra.prefixes[0], "2001:db8:1::/64");
	config_free(c);

	/* Hosts can be told of a prefix that is no /64 if they are to make no addresses of it. */
	(void)snprintf(fields, sizeof(fields), "router-advertisement: {autonomous: no}, %s",
	               addresses);
	c = parse_interface(fields);
	assert_int_equal(c->interfaces[0].ra.n_prefixes, 2);
	assert_prefix(&c->interfaces[0].ra.prefixes[1], "2001:db8:2::/48");
	config_free(c);

	(void)snprintf(fields, sizeof(fields), "router-advertisement: {prefixes: []}, %s",
	               addresses);
	c = parse_interface(fields);
	assert_int_equal(c->interfaces[0].ra.n_prefixes, 0);
	config_free(c);
}

/* An advertisement with the MTU @mtu, @n servers and, if @domain_bytes is not 0, a domain that
 * takes as many. */
static int parse_long(const char *mtu, unsigned int n, int domain_bytes)
{
	struct config_errors errs = {};
	struct config *c = NULL;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int err;

	(void)fprintf(out,
	              "interfaces: {a: {control: own, router-advertisement: {mtu: %s, "
	              "dns-servers: [",
	              mtu);
	for (unsigned int i = 0; i < n; i++)
		(void)fprintf(out, "%s\"2001:db8::%x\"", i == 0 ? "" : ", ", i + 1);
	(void)fprintf(out, "]");
	if (domain_bytes > 0)
		(void)fprintf(out, ", dns-search: [%.*s]", domain_bytes - 2,
		              "a123456789012345678901234567890123456789");
	(void)fprintf(out, "}}}\n");
	(void)fclose(out);
	err = config_parse(&c, text, len, &errs);
	if (err == 0)
		config_free(c);
	else
		assert_string_equal(errs.list[0].path, "interfaces.a.router-advertisement");
	config_errors_fini(&errs);
	free(text);
	return err;
}

static void an_advertisement_fits_the_smallest_mtu(void **)
{
	/* 64 bytes, 8 with an MTU, 8 + 16 a server, 8 + 8 a domain of up to 8 bytes */
	assert_int_equal(parse_long("auto", 75, 0), 0); /* 1280 */
	assert_int_equal(parse_long("auto", 76, 0), -EINVAL);
	assert_int_equal(parse_long("none", 74, 16), 0); /* 1280 */
	assert_int_equal(parse_long("auto", 74, 16), -EINVAL);
	assert_int_equal(parse_long("auto", 73, 8), 0); /* 1264 */
	assert_int_equal(parse_long("auto", 74, 8), 0); /* 1280 */
	assert_int_equal(parse_long("auto", 74, 9), -EINVAL);
	assert_int_equal(parse_long("auto", 73, 24), 0); /* 1280 */
	assert_int_equal(parse_long("auto", 73, 25), -EINVAL);
}

static void the_gateway_says_of_which_family_a_default_route_is(void **)
{
	struct config *c =
		parse("interfaces:\n"
	              "  a: {control: own, addresses: [192.0.2.1/24]}\n"
	              "routes:\n"
	              "  - {to: default, via: [\"fe80::3\", \"fe80::2\"], interface: a}\n"
	              "  - {to: default, via: 192.0.2.2}\n"
	              "  - {to: \"::/0\", type: blackhole, metric: 9}\n"
	              "  - {to: default, type: blackhole, metric: 9}\n");

	assert_int_equal(c->n_routes, 4);
	assert_prefix(&c->routes[0].to, "0.0.0.0/0");
	assert_int_equal(c->routes[0].type, CONFIG_ROUTE_UNICAST);
	assert_prefix(&c->routes[1].to, "0.0.0.0/0");
	assert_int_equal(c->routes[1].type, CONFIG_ROUTE_BLACKHOLE);
	assert_prefix(&c->routes[2].to, "::/0");
	assert_int_equal(c->routes[2].via.n, 2);
	assert_ip(c->routes[2].via.list[0].addr, "fe80::2");
	assert_int_equal(c->routes[2].via.list[0].iface, 0);
	assert_prefix(&c->routes[3].to, "::/0");
	assert_int_equal(c->routes[3].metric, 9);
	config_free(c);
}

static void a_gateway_finds_its_interface_in_either_family(void **)
{
	struct config *c = parse("interfaces:\n"
	                         "  a: {control: own, addresses: [192.0.2.1/24]}\n"
	                         "  b: {control: own, addresses: [\"2001:db8::1/48\"]}\n"
	                         "  c: {control: own, addresses: [\"::c000:201/96\"]}\n"
	                         "routes:\n"
	                         "  - {to: \"2001:db8:9::/48\", via: \"2001:db8:0:9::9\"}\n"
	                         "  - {to: 10.0.0.0/8, via: 192.0.2.9}\n"
	                         "  - {to: \"2001:db8:a::/48\", via: \"::c000:209\"}\n"
	                         "neighbours:\n"
	                         "  - {address: \"2001:db8::9\", lladdr: 02:00:00:00:00:01}\n");

	assert_int_equal(c->routes[0].iface, 0);
	assert_prefix(&c->routes[1].to, "2001:db8:9::/48");
	assert_int_equal(c->routes[1].iface, 1);
	assert_int_equal(c->routes[2].iface, 2);
	assert_int_equal(c->neighbours[0].iface, 1);
	config_free(c);
}

static void times_are_written_with_the_largest_unit(void **)
{
	static const struct {
		uint32_t value;
		bool milli;
		const char *text;
	} rows[] = {
		{0, false, "0s"},      {59, false, "59s"},      {60, false, "1m"},
		{90, false, "90s"},    {7200, false, "2h"},     {86400, false, "1d"},
		{0, true, "0s"},       {1, true, "1ms"},        {1500, true, "1500ms"},
		{3600000, true, "1h"}, {2592000, false, "30d"}, {UINT32_MAX, true, "4294967295ms"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct schema s = {
			.type = SCHEMA_DURATION, .milli = rows[i].milli, .max = UINT32_MAX};
		char text[DURATION_TEXT], why[WHY_MAX];
		uint32_t value = 7;

		assert_string_equal(duration_format(text, &s, rows[i].value), rows[i].text);
		assert_true(value_parse(&s, rows[i].text, &value, why));
		assert_int_equal(value, rows[i].value);
	}
}

static void times_without_a_unit_or_beyond_bounds_are_refused(void **)
{
	static const char *const texts[] = {"",    "s",   "10",   "10x",         "1 s",
	                                    "-1s", "01s", "1.5s", "4294967296s", "999s",
	                                    "1d",  "1ms", "9s",   "infinite",    "71582789m"};
	const struct schema s = {.type = SCHEMA_DURATION, .min = 10, .max = 998};
	char why[WHY_MAX];
	uint32_t value;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_false(value_parse(&s, texts[i], &value, why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_ipv4_comes_before_all_of_ipv6),
		cmocka_unit_test(a_prefix_reaches_from_its_first_to_its_last_address),
		cmocka_unit_test(an_advertisement_of_nothing_has_the_defaults),
		cmocka_unit_test(what_an_advertisement_says_reaches_the_model),
		cmocka_unit_test(prefixes_not_said_are_those_of_the_addresses),
		cmocka_unit_test(an_advertisement_fits_the_smallest_mtu),
		cmocka_unit_test(the_gateway_says_of_which_family_a_default_route_is),
		cmocka_unit_test(a_gateway_finds_its_interface_in_either_family),
		cmocka_unit_test(times_are_written_with_the_largest_unit),
		cmocka_unit_test(times_without_a_unit_or_beyond_bounds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
