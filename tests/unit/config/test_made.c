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

#include "config/config.h"
#include "parse.h"

static const struct config_interface *interface_of(const struct config *c, const char *name)
{
	uint16_t i = config_find_interface(c, name);

	assert_int_not_equal(i, CONFIG_NO_IFACE);
	return &c->interfaces[i];
}

static void ports_that_are_not_listed_are_devices_all_the_same(void **)
{
	struct config *c = parse("interfaces: {p1: {control: own, mtu: 1400}, z: {control: own}}\n"
	                         "bridges: {b: {ports: {p2: {}, p1: {}}}, a: {}}\n");
	const struct config_interface *made = interface_of(c, "p2"), *listed;

	listed = interface_of(c, "p1");
	assert_int_equal(c->n_interfaces, 3);
	assert_true(made->made);
	assert_int_equal(made->kind, CONFIG_DEVICE);
	assert_string_equal(c->bridges[made->bridge].name, "b");
	assert_true(made->dad);
	assert_false(listed->made);
	assert_int_equal(listed->bridge, made->bridge);
	assert_int_equal(interface_of(c, "z")->bridge, CONFIG_NO_BRIDGE);
	for (size_t i = 0; i < 2; i++) {
		const struct config_bridge_port *p = &c->bridges[1].ports[i];

		assert_string_equal(c->interfaces[p->iface].name, p->name);
		assert_int_equal(p->storm, UINT32_MAX);
		assert_int_equal(p->mac_limit, 0);
	}
	config_free(c);
}

static void feet_are_interfaces_with_the_mac_of_their_bridge(void **)
{
	struct config *c =
		parse("bridges:\n"
	              "  b: {mac: 02:00:00:00:00:07, addresses: [192.0.2.1/24], urpf: strict}\n"
	              "  a: {vlan-aware: yes, vlans: {20: {}, 3: {addresses: [192.0.3.1/24],\n"
	              "      router-advertisement: {prefixes: [\"2001:db8::/64\"]}}}}\n"
	              "  c: {}\n"
	              "routes: [{to: default, via: 192.0.3.2}, {to: 10.0.0.0/8, interface: b}]\n");
	const struct config_interface *b = interface_of(c, "b"), *a3 = interface_of(c, "a.3");

	assert_int_equal(c->n_interfaces, 3);
	assert_int_equal(b->kind, CONFIG_BRIDGE);
	assert_int_equal(b->vlan, 0);
	assert_int_equal(b->mac, 0x070000000002);
	assert_int_equal(b->urpf, CONFIG_URPF_STRICT);
	assert_int_equal(b->n_addresses, 1);
	assert_string_equal(c->bridges[b->bridge].name, "b");
	assert_int_equal(a3->kind, CONFIG_BRIDGE);
	assert_int_equal(a3->vlan, 3);
	assert_int_equal(a3->ra.n_prefixes, 1);
	assert_string_equal(c->bridges[a3->bridge].name, "a");
	assert_int_equal(interface_of(c, "a.20")->vlan, 20);
	assert_ptr_equal(&c->interfaces[c->routes[0].iface], a3);
	assert_ptr_equal(&c->interfaces[c->routes[1].iface], b);
	config_free(c);
}

static void vlans_know_what_they_are_of(void **)
{
	struct config *c = parse("interfaces:\n"
	                         "  z.100.10: {}\n"
	                         "  z.100: {protocol: 802.1ad}\n"
	                         "  guest: {parent: z, vlan: 12}\n"
	                         "  z: {control: own}\n");
	const struct config_interface *inner = interface_of(c, "z.100.10");
	const struct config_interface *outer = interface_of(c, "z.100");

	assert_int_equal(inner->kind, CONFIG_VLAN);
	assert_int_equal(inner->vlan, 10);
	assert_int_equal(inner->protocol, CONFIG_8021Q);
	assert_ptr_equal(&c->interfaces[inner->on], outer);
	assert_int_equal(outer->vlan, 100);
	assert_int_equal(outer->protocol, CONFIG_8021AD);
	assert_string_equal(c->interfaces[outer->on].name, "z");
	assert_string_equal(c->interfaces[interface_of(c, "guest")->on].name, "z");
	assert_int_equal(interface_of(c, "guest")->vlan, 12);
	assert_int_equal(interface_of(c, "z")->on, CONFIG_NO_IFACE);
	config_free(c);
}

static void a_trunk_has_its_native_vlan(void **)
{
	struct config *c = parse("bridges: {b: {vlan-aware: yes, ports:\n"
	                         "  {p: {trunk: [10, 20-22], native: 5}, q: {trunk: all}}}}\n");
	const struct config_bridge_port *p = &c->bridges[0].ports[0], *q = &c->bridges[0].ports[1];
	unsigned int n = 0, all = 0;

	for (uint16_t vid = 0; vid < 4096; vid++) {
		n += config_vids_has(&p->trunk, vid);
		all += config_vids_has(&q->trunk, vid);
	}
	assert_int_equal(n, 5);
	assert_int_equal(all, 4094);
	assert_true(config_vids_has(&p->trunk, 5));
	assert_true(config_vids_has(&p->trunk, 22));
	assert_false(config_vids_has(&q->trunk, 0));
	assert_false(config_vids_has(&q->trunk, 4095));
	config_free(c);
}

static void stations_are_sorted_and_know_their_ports(void **)
{
	struct config *c = parse("bridges: {b: {vlan-aware: yes, ports: {p: {trunk: all}, q: "
	                         "{access: 2}}, stations: [\n"
	                         "  {lladdr: 02:00:00:00:00:01, port: q, vlan: 2},\n"
	                         "  {lladdr: 02:00:00:00:00:03, port: p, vlan: 1},\n"
	                         "  {lladdr: 02:00:00:00:00:02, port: p, vlan: 1}]}}\n");
	const struct config_station *s = c->bridges[0].stations;

	assert_int_equal(s[0].lladdr, 0x020000000002);
	assert_int_equal(s[1].lladdr, 0x030000000002);
	assert_int_equal(s[2].vlan, 2);
	assert_string_equal(c->interfaces[s[0].iface].name, "p");
	assert_string_equal(c->interfaces[s[2].iface].name, "q");
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_that_are_not_listed_are_devices_all_the_same),
		cmocka_unit_test(feet_are_interfaces_with_the_mac_of_their_bridge),
		cmocka_unit_test(vlans_know_what_they_are_of),
		cmocka_unit_test(a_trunk_has_its_native_vlan),
		cmocka_unit_test(stations_are_sorted_and_know_their_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
