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

#include "base/compiler.h"
#include "config/config.h"
#include "parse.h"

#define TWO                                                \
	"interfaces:\n"                                    \
	"  a: {control: own, addresses: [192.0.2.1/24]}\n" \
	"  b: {control: own, addresses: [198.51.100.1/24]}\n"

static void the_same_twice_differs_in_nothing(void **)
{
	static const char text[] =
		TWO "system: {cpus: 1-3}\n"
		    "routes: [{to: default, via: 192.0.2.2}]\n"
		    "neighbours: [{address: 192.0.2.2, lladdr: 02:00:00:00:00:01}]\n";
	struct config *was = parse(text), *is = parse(text);
	struct config_diff d;

	assert_int_equal(config_diff(&d, was, is), 0);
	assert_int_equal(d.system, 0);
	assert_int_equal(d.n_interfaces + d.n_bridges + d.n_routes + d.n_neighbours, 0);
	config_diff_fini(&d);
	config_free(was);
	config_free(is);
}

static void before_the_first_one_everything_is_added(void **)
{
	struct config *is = parse(TWO "routes: [{to: default, via: 192.0.2.2}]\n"
	                              "system: {workers: 2}\n");
	struct config_diff d;

	assert_int_equal(config_diff(&d, NULL, is), 0);
	assert_int_equal(d.n_interfaces, 2);
	assert_null(d.interfaces[0].was);
	assert_string_equal(d.interfaces[0].is->name, "a");
	assert_int_equal(d.n_routes, 1);
	assert_null(d.routes[0].was);
	assert_ptr_equal(d.routes[0].is, &is->routes[0]);
	assert_int_equal(d.system, 0);
	config_diff_fini(&d);
	config_free(is);
}

static void each_change_of_an_interface_has_its_bit(void **)
{
	static const struct {
		const char *text;
		uint32_t bit;
	} changes[] = {
		{"addresses: [192.0.2.1/24, 192.0.2.3/24]", CONFIG_CHANGE_ADDRESSES},
		{"addresses: [192.0.2.1/25]", CONFIG_CHANGE_ADDRESSES},
		{"addresses: [192.0.2.1/24], mtu: 1400", CONFIG_CHANGE_MTU},
		{"addresses: [192.0.2.1/24], mac: 02:00:00:00:00:01", CONFIG_CHANGE_MAC},
		{"addresses: [192.0.2.1/24], on-failure: drop", CONFIG_CHANGE_ON_FAILURE},
		{"addresses: [192.0.2.1/24], xdp: {queues: 2}", CONFIG_CHANGE_XDP},
		{"addresses: [192.0.2.1/24], xdp: {mode: native}", CONFIG_CHANGE_XDP},
		{"addresses: [192.0.2.1/24], pcap: {in: x}", CONFIG_CHANGE_PCAP},
		{"addresses: [192.0.2.1/24], force: yes", CONFIG_CHANGE_FORCE},
		{"addresses: [192.0.2.1/24], redirects: no", CONFIG_CHANGE_REDIRECTS},
		{"mtu: 68", CONFIG_CHANGE_MTU | CONFIG_CHANGE_ADDRESSES},
		{"addresses: [192.0.2.1/24, \"2001:db8::1/64\"]", CONFIG_CHANGE_ADDRESSES},
		{"addresses: [192.0.2.1/24], dad: no", CONFIG_CHANGE_DAD},
		{"addresses: [192.0.2.1/24], router-advertisement: {}", CONFIG_CHANGE_RA},
	};
	struct config *was = parse("interfaces: {a: {control: own, addresses: [192.0.2.1/24]}}\n");

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct config_diff d;
		struct config *is;
		char text[200];

		(void)snprintf(text, sizeof(text), "interfaces: {a: {control: own, %s}}\n",
		               changes[i].text);
		is = parse(text);
		assert_int_equal(config_diff(&d, was, is), 0);
		assert_int_equal(d.n_interfaces, 1);
		assert_ptr_equal(d.interfaces[0].was, was->interfaces);
		assert_ptr_equal(d.interfaces[0].is, is->interfaces);
		assert_int_equal(d.interfaces[0].changed, changes[i].bit);
		config_diff_fini(&d);
		config_free(is);
	}
	config_free(was);
}

static void routes_are_added_removed_and_replaced(void **)
{
	struct config *was = parse(TWO "routes:\n"
	                               "  - {to: 10.0.0.0/8, via: 192.0.2.2}\n"
	                               "  - {to: 11.0.0.0/8, via: 192.0.2.2}\n"
	                               "  - {to: 12.0.0.0/8, via: 192.0.2.2}\n"
	                               "  - {to: 13.0.0.0/8, via: 192.0.2.2}\n");
	struct config *is = parse(TWO "routes:\n"
	                              "  - {to: 13.0.0.0/8, via: 192.0.2.2, metric: 1}\n"
	                              "  - {to: 12.0.0.0/8, via: 198.51.100.2}\n"
	                              "  - {to: 10.0.0.0/9, via: 192.0.2.2}\n"
	                              "  - {to: 11.0.0.0/8, via: 192.0.2.2, interface: a}\n");
	struct config_diff d;

	assert_int_equal(config_diff(&d, was, is), 0);
	assert_int_equal(d.n_routes, 5);
	assert_int_equal(d.routes[0].was->to.len, 8);
	assert_null(d.routes[0].is);
	assert_null(d.routes[1].was);
	assert_int_equal(d.routes[1].is->to.len, 9);
	assert_int_equal(ip_to4(d.routes[2].was->to.addr), 0x0c000000u);
	assert_int_equal(ip_to4(d.routes[2].is->via.addr), 0xc6336402u);
	assert_int_equal(d.routes[3].was->metric, 0);
	assert_null(d.routes[3].is);
	assert_int_equal(d.routes[4].is->metric, 1);
	config_diff_fini(&d);
	config_free(was);
	config_free(is);
}

static void a_new_interface_before_others_touches_no_route(void **)
{
	struct config *was =
		parse(TWO "routes: [{to: default, via: 198.51.100.2}]\n"
	                  "neighbours: [{address: 198.51.100.2, lladdr: 02:00:00:00:00:01}]\n");
	struct config *is =
		parse(TWO "  Z: {control: own}\n"
	                  "routes: [{to: default, via: 198.51.100.2}]\n"
	                  "neighbours: [{address: 198.51.100.2, lladdr: 02:00:00:00:00:01}]\n");
	struct config_diff d;

	assert_int_not_equal(was->routes[0].iface, is->routes[0].iface);
	assert_int_equal(config_diff(&d, was, is), 0);
	assert_int_equal(d.n_interfaces, 1);
	assert_int_equal(d.n_routes, 0);
	assert_int_equal(d.n_neighbours, 0);
	config_diff_fini(&d);
	config_free(was);
	config_free(is);
}

static void a_subnet_that_moves_takes_its_routes_along(void **)
{
	struct config *was =
		parse(TWO "routes: [{to: default, via: 198.51.100.2}]\n"
	                  "neighbours: [{address: 198.51.100.2, lladdr: 02:00:00:00:00:01}]\n");
	struct config *is =
		parse("interfaces:\n"
	              "  a: {control: own, addresses: [198.51.100.1/24]}\n"
	              "  b: {control: own, addresses: [192.0.2.1/24]}\n"
	              "routes: [{to: default, via: 198.51.100.2}]\n"
	              "neighbours: [{address: 198.51.100.2, lladdr: 02:00:00:00:00:01}]\n");
	struct config_diff d;

	assert_int_equal(config_diff(&d, was, is), 0);
	assert_int_equal(d.n_interfaces, 2);
	assert_int_equal(d.n_routes, 1);
	assert_non_null(d.routes[0].was);
	assert_non_null(d.routes[0].is);
	assert_int_equal(d.n_neighbours, 2);
	config_diff_fini(&d);
	config_free(was);
	config_free(is);
}

static void only_some_of_the_system_needs_a_restart(void **)
{
	struct config *was = parse("");
	struct config *is = parse("system: {cpus: \"2\", idle: busy, icmp-errors: 5/s}");
	struct config *idle = parse("system: {idle: busy}");
	struct config_diff d;

	assert_int_equal(config_diff(&d, was, is), 0);
	assert_int_equal(d.system,
	                 CONFIG_CHANGE_RESTART | CONFIG_CHANGE_IDLE | CONFIG_CHANGE_ICMP_ERRORS);
	config_diff_fini(&d);
	assert_int_equal(config_diff(&d, was, idle), 0);
	assert_int_equal(d.system, CONFIG_CHANGE_IDLE);
	config_diff_fini(&d);
	config_free(was);
	config_free(is);
	config_free(idle);
}

static void an_advertisement_differs_where_it_would_say_something_else(void **)
{
	static const char from[] = "addresses: [\"2001:db8::1/64\"], router-advertisement: {}";
	static const struct {
		const char *text;
		uint32_t bits;
	} changes[] = {
		{"addresses: [\"2001:db8::2/64\"], router-advertisement: {}",
	         CONFIG_CHANGE_ADDRESSES},
		{"addresses: [\"2001:db8:1::1/64\"], router-advertisement: {}",
	         CONFIG_CHANGE_ADDRESSES | CONFIG_CHANGE_RA},
		{"addresses: [\"2001:db8::1/64\"], router-advertisement: {prefixes: []}",
	         CONFIG_CHANGE_RA},
		{"addresses: [\"2001:db8::1/64\"], router-advertisement: {lifetime: 1h}",
	         CONFIG_CHANGE_RA},
		{"addresses: [\"2001:db8::1/64\"], router-advertisement: {dns-search: [a]}",
	         CONFIG_CHANGE_RA},
		{"addresses: [\"2001:db8::1/64\"]", CONFIG_CHANGE_RA},
		{"addresses: [\"2001:db8::1/64\"], router-advertisement: {prefixes: "
	         "[\"2001:db8::/64\"]}",
	         0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		char text[200];
		struct config *was, *is;
		struct config_diff d;

		(void)snprintf(text, sizeof(text), "interfaces: {a: {control: own, %s}}\n", from);
		was = parse(text);
		(void)snprintf(text, sizeof(text), "interfaces: {a: {control: own, %s}}\n",
		               changes[i].text);
		is = parse(text);
		assert_int_equal(config_diff(&d, was, is), 0);
		assert_int_equal(d.n_interfaces, changes[i].bits != 0);
		if (d.n_interfaces > 0)
			assert_int_equal(d.interfaces[0].changed, changes[i].bits);
		config_diff_fini(&d);
		config_free(was);
		config_free(is);
	}
}

/* A naive model: is a route of @x in @c with all that counts? */
static bool has_route(const struct config *c, const struct config_route *x)
{
	for (size_t i = 0; i < c->n_routes; i++) {
		const struct config_route *r = &c->routes[i];

		if (ip_equal(r->to.addr, x->to.addr) && r->to.len == x->to.len &&
		    r->metric == x->metric && ip_equal(r->via.addr, x->via.addr))
			return true;
	}
	return false;
}

static struct config *random_routes(unsigned int *seed)
{
	struct config *c;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)fprintf(out, TWO "routes:\n");
	for (unsigned int i = 0; i < 64; i++) {
		if (rand_r(seed) % 2 == 0)
			(void)fprintf(out, "  - {to: 10.%u.0.0/16, via: 192.0.2.%d, metric: %u}\n",
			              (i * 37) % 64 / 2, 2 + rand_r(seed) % 3, (i * 37) % 2);
		if (rand_r(seed) % 2 == 0)
			(void)fprintf(out,
			              "  - {to: \"2001:db8:%x::/48\", via: \"fe80::%d\",\n"
			              "     interface: a, metric: %u}\n",
			              (i * 37) % 64 / 2, 2 + rand_r(seed) % 3, (i * 37) % 2);
	}
	(void)fclose(out);
	c = parse(text);
	free(text);
	return c;
}

static void random_differences_agree_with_a_naive_model(void **)
{
	unsigned int seed = 1;

	for (int round = 0; round < 200; round++) {
		struct config *was = random_routes(&seed), *is = random_routes(&seed);
		size_t gone = 0, come = 0, want_gone = 0, want_come = 0;
		struct config_diff d;

		assert_int_equal(config_diff(&d, was, is), 0);
		for (size_t i = 0; i < d.n_routes; i++) {
			gone += d.routes[i].was != NULL;
			come += d.routes[i].is != NULL;
			if (d.routes[i].was != NULL)
				assert_false(has_route(is, d.routes[i].was));
			if (d.routes[i].is != NULL)
				assert_false(has_route(was, d.routes[i].is));
		}
		for (size_t i = 0; i < was->n_routes; i++)
			want_gone += !has_route(is, &was->routes[i]);
		for (size_t i = 0; i < is->n_routes; i++)
			want_come += !has_route(was, &is->routes[i]);
		assert_int_equal(gone, want_gone);
		assert_int_equal(come, want_come);
		config_diff_fini(&d);
		config_free(was);
		config_free(is);
	}
}

#define SWITCH(keys) "bridges: {br0: {vlan-aware: yes, " keys "}}\n"

static void each_change_of_a_bridge_is_one(void **)
{
	static const char from[] = SWITCH("ports: {a: {access: 10}, b: {trunk: [10, 20]}}, "
	                                  "vlans: {10: {addresses: [192.0.2.1/24]}}, "
	                                  "stations: [{lladdr: 02:00:00:00:00:01, port: a, "
	                                  "vlan: 10}]");
	static const struct {
		const char *from, *to;
		const char *interface; /* that differs, too */
		uint32_t changed;
	} changes[] = {
		{"access: 10", "isolated: yes, access: 10", NULL, 0},
		{"access: 10", "state: blocking, access: 10", NULL, 0},
		{"access: 10", "mac-limit: 7, access: 10", NULL, 0},
		{"access: 10", "storm: none, access: 10", NULL, 0},
		{"access: 10", "trunk: 10", NULL, 0},
		{"10, 20", "10, 21", NULL, 0},
		{"10, 20]", "10, 20], native: 20", NULL, 0},
		{"ports", "ageing: 10s, ports", NULL, 0},
		{"ports", "mac-limit: 100, ports", NULL, 0},
		{"ports", "storm: 9/s, ports", NULL, 0},
		{"ports", "mac: 02:00:00:00:00:09, ports", "br0.10", CONFIG_CHANGE_MAC},
		{":01, port", ":02, port", NULL, 0},
		{"192.0.2.1", "192.0.2.2", "br0.10", CONFIG_CHANGE_ADDRESSES},
		{"{addresses", "{mtu: 1400, addresses", "br0.10", CONFIG_CHANGE_MTU},
		{"vlans: {10", "vlans: {20: {}, 10", "br0.20", 0},
		{"b: {", "c: {access: 1}, b: {", "c", 0},
		{"b: {", "c: {", "b", 0},
	};
	struct config *was = parse(from);

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		const char *at = strstr(from, changes[i].from);
		struct config_diff d;
		struct config *is;
		char text[400];

		assert_non_null(at);
		(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - from), from,
		               changes[i].to, at + strlen(changes[i].from));
		is = parse(text);
		assert_int_equal(config_diff(&d, was, is), 0);
		assert_int_equal(d.n_bridges, 1);
		assert_ptr_equal(d.bridges[0].was, was->bridges);
		assert_ptr_equal(d.bridges[0].is, is->bridges);
		assert_int_equal(d.n_interfaces > 0, changes[i].interface != NULL);
		if (d.n_interfaces > 0) {
			const struct config_diff_interface *f = &d.interfaces[0];

			assert_string_equal((f->was != NULL ? f->was : f->is)->name,
			                    changes[i].interface);
			assert_int_equal(f->changed, changes[i].changed);
		}
		config_diff_fini(&d);
		config_free(is);
	}
	config_free(was);
}

static void bridges_are_added_and_removed(void **)
{
	struct config *was = parse("bridges: {a: {}, b: {ports: {p: {}}}}");
	struct config *is = parse("bridges: {b: {ports: {p: {}}}, c: {}}");
	struct config_diff d;

	assert_int_equal(config_diff(&d, was, is), 0);
	assert_int_equal(d.n_bridges, 2);
	assert_int_equal(d.n_interfaces, 0);
	assert_string_equal(d.bridges[0].was->name, "a");
	assert_null(d.bridges[0].is);
	assert_null(d.bridges[1].was);
	assert_string_equal(d.bridges[1].is->name, "c");
	config_diff_fini(&d);
	assert_int_equal(config_diff(&d, NULL, is), 0);
	assert_int_equal(d.n_bridges, 2);
	assert_int_equal(d.n_interfaces, 1);
	config_diff_fini(&d);
	config_free(was);
	config_free(is);
}

/* What becomes of interface x between two files, beside its bridge. */
static uint32_t change_of_x(const char *before, const char *after)
{
	struct config *was = parse(before), *is = parse(after);
	uint32_t changed = 0;
	struct config_diff d;

	assert_int_equal(config_diff(&d, was, is), 0);
	for (size_t i = 0; i < d.n_interfaces; i++) {
		assert_non_null(d.interfaces[i].was);
		assert_non_null(d.interfaces[i].is);
		assert_int_equal(d.interfaces[i].was->name[0], 'x');
		changed |= d.interfaces[i].changed;
	}
	config_diff_fini(&d);
	config_free(was);
	config_free(is);
	return changed;
}

static void a_device_that_becomes_a_port_is_told(void **)
{
	static const char alone[] = "interfaces: {x: {control: own}}";
	static const char first[] = "bridges: {a: {ports: {x: {}}}, b: {}}";
	static const char second[] = "bridges: {b: {ports: {x: {}}}, a: {}}";

	assert_int_equal(change_of_x(alone, first), CONFIG_CHANGE_BRIDGE);
	assert_int_equal(change_of_x(first, second), CONFIG_CHANGE_BRIDGE);
	assert_int_equal(change_of_x(second, alone), CONFIG_CHANGE_BRIDGE);
	assert_int_equal(change_of_x(first, "interfaces: {x: {control: own}}\n"
	                                    "bridges: {a: {ports: {x: {}}}, b: {}}"),
	                 0);
}

static void a_vlan_is_what_its_tags_are(void **)
{
	static const char from[] =
		"interfaces: {a: {control: own}, b: {control: own}, x: {parent: a, vlan: 7}}";

	assert_int_equal(change_of_x(from, "interfaces: {a: {control: own}, b: {control: own}, "
	                                   "x: {parent: b, vlan: 7}}"),
	                 CONFIG_CHANGE_VLAN);
	assert_int_equal(change_of_x(from, "interfaces: {a: {control: own}, b: {control: own}, "
	                                   "x: {parent: a, vlan: 8}}"),
	                 CONFIG_CHANGE_VLAN);
	assert_int_equal(change_of_x(from, "interfaces: {a: {control: own}, b: {control: own}, "
	                                   "x: {parent: a, vlan: 7, protocol: 802.1ad}}"),
	                 CONFIG_CHANGE_VLAN);
	assert_int_equal(change_of_x(from, "interfaces: {a: {control: own}, b: {control: own}, "
	                                   "x: {control: own}}"),
	                 CONFIG_CHANGE_VLAN);
	assert_int_equal(change_of_x("interfaces: {x: {control: own}, x.7: {}}",
	                             "interfaces: {x: {control: own}, x.7: {parent: x, vlan: 7, "
	                             "control: own}}"),
	                 0);
	assert_int_equal(change_of_x("bridges: {x: {addresses: [192.0.2.1/24]}}",
	                             "interfaces: {x: {control: own, addresses: [192.0.2.1/24]}}"),
	                 CONFIG_CHANGE_VLAN | CONFIG_CHANGE_BRIDGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_twice_differs_in_nothing),
		cmocka_unit_test(before_the_first_one_everything_is_added),
		cmocka_unit_test(each_change_of_an_interface_has_its_bit),
		cmocka_unit_test(an_advertisement_differs_where_it_would_say_something_else),
		cmocka_unit_test(routes_are_added_removed_and_replaced),
		cmocka_unit_test(a_new_interface_before_others_touches_no_route),
		cmocka_unit_test(a_subnet_that_moves_takes_its_routes_along),
		cmocka_unit_test(only_some_of_the_system_needs_a_restart),
		cmocka_unit_test(each_change_of_a_bridge_is_one),
		cmocka_unit_test(bridges_are_added_and_removed),
		cmocka_unit_test(a_device_that_becomes_a_port_is_told),
		cmocka_unit_test(a_vlan_is_what_its_tags_are),
		cmocka_unit_test(random_differences_agree_with_a_naive_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
