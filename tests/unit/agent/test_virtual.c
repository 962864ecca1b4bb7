/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces without a port: slots, and what they get from what they are on. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/agent.h"
#include "wire/ether.h"

#define MAC 0x0100005e0002ull /* 02:00:5e:00:00:01 */

enum { LAN0, LAN0_10, LAN0_100, LAN1, N_INTERFACES };

/* lan0, and on it a VLAN, and an S-VLAN with one of its own; lan1. Sorted by name. */
static struct config_interface conf_iface[N_INTERFACES] = {
	[LAN0] = {.name = "lan0", .kind = CONFIG_DEVICE},
	[LAN0_10] = {.name = "lan0.10", .kind = CONFIG_VLAN, .vlan = 10, .on = LAN0},
	[LAN0_100] = {.name = "lan0.100",
                      .kind = CONFIG_VLAN,
                      .vlan = 100,
                      .on = LAN0,
                      .protocol = CONFIG_8021AD},
	[LAN1] = {.name = "lan1", .kind = CONFIG_DEVICE},
};

static struct config conf = {.n_interfaces = N_INTERFACES, .interfaces = conf_iface};

/* A device in slot @id, in service. */
static void device_set(struct agent *a, uint16_t id, const char *name, struct port *port)
{
	struct agent_iface *f = &a->iface[id];

	snprintf(f->name, sizeof(f->name), "%s", name);
	f->port = port;
	f->up = true;
	f->carrier = true;
	f->mac = MAC + ((uint64_t)id << 40);
	f->mtu = 1500;
	a->iface_top = (uint16_t)(id + 1);
}

static struct port ports[2];

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
	device_set(a, 0, "lan0", &ports[0]);
	device_set(a, 1, "lan1", &ports[1]);
	*state = a;
	return 0;
}

static int bed_teardown(void **state)
{
	struct agent *a = *state;

	for (uint16_t i = 0; i < a->iface_top; i++)
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

static struct agent_iface *opened(struct agent *a, const struct config_interface *ci)
{
	struct why e;

	assert_int_equal(agent_virtual_open(a, &conf, ci, &e), 0);
	return agent_iface_find(a, ci->name);
}

static void a_vlan_has_the_link_the_mac_and_the_mtu_of_its_parent(void **state)
{
	struct agent *a = *state;
	struct agent_iface *f = opened(a, &conf_iface[LAN0_10]);

	assert_int_equal(f->kind, IFACE_VLAN);
	assert_true(f >= &a->iface[PORT_MAX]);
	assert_true(agent_iface_up(f));
	assert_int_equal(f->mac, a->iface[0].mac);
	assert_int_equal(f->mtu, 1500);
	assert_int_equal(f->parent, 0);
	assert_int_equal((uint16_t)f->tag, ETHERTYPE_VLAN);
	assert_int_equal(__builtin_bswap16((uint16_t)(f->tag >> 16)), 10);
	assert_int_equal(agent_iface_port(a, (uint16_t)(f - a->iface)), 0);
}

static void it_follows_its_parent(void **state)
{
	struct agent *a = *state;
	struct agent_iface *f = opened(a, &conf_iface[LAN0_10]);

	a->iface[0].carrier = false;
	a->iface[0].mac = MAC + (9ull << 40);
	a->iface[0].mtu = 1400;
	agent_virtual_follow(a);
	assert_false(agent_iface_up(f));
	assert_int_equal(f->mac, MAC + (9ull << 40));
	assert_int_equal(f->mtu, 1400);
	a->iface[0].carrier = true;
	agent_virtual_follow(a);
	assert_true(agent_iface_up(f));
}

static void a_vlan_of_a_vlan_follows_in_one_go(void **state)
{
	struct config_interface inner = {
		.name = "lan0.100.7", .kind = CONFIG_VLAN, .vlan = 7, .on = LAN0_100};
	struct agent *a = *state;
	struct agent_iface *outer = opened(a, &conf_iface[LAN0_100]), *f = opened(a, &inner);

	assert_int_equal((uint16_t)outer->tag, ETHERTYPE_QINQ);
	assert_int_equal(f->parent, outer - a->iface);
	a->iface[0].mac = MAC + (9ull << 40);
	a->iface[0].up = false;
	agent_virtual_follow(a);
	assert_int_equal(f->mac, MAC + (9ull << 40));
	assert_false(agent_iface_up(f));
	assert_int_equal(agent_iface_port(a, (uint16_t)(f - a->iface)), 0);
}

static void its_link_local_address_is_that_of_its_mac(void **state)
{
	struct agent *a = *state;
	struct agent_iface *f = opened(a, &conf_iface[LAN0_10]);
	uint16_t id = (uint16_t)(f - a->iface);

	assert_int_equal(agent_addrs_set(a, id, &conf_iface[LAN0_10]), 0);
	assert_true(ip_equal(f->addrs.addr6[0].addr, ip6_link_local(MAC)));
	a->iface[0].mac = MAC + (9ull << 40);
	agent_virtual_follow(a);
	assert_true(ip_equal(f->addrs.addr6[0].addr, ip6_link_local(MAC + (9ull << 40))));
}

static void an_mtu_of_its_own_counts_while_the_parent_can_carry_it(void **state)
{
	struct config_interface ci = conf_iface[LAN0_10];
	struct agent *a = *state;
	struct agent_iface *f;
	struct why e;

	ci.mtu = 1300;
	f = opened(a, &ci);
	assert_int_equal(f->mtu, 1300);
	assert_int_equal(agent_virtual_check(a, &conf, &ci, &e), 0);
	a->iface[0].mtu = 1280;
	agent_virtual_follow(a);
	assert_int_equal(f->mtu, 1280);
	assert_int_equal(agent_virtual_check(a, &conf, &ci, &e), -EINVAL);
	assert_string_equal(e.text,
	                    "interfaces.lan0.10.mtu: 1300 is more than lan0 can carry, 1280");
}

static void a_change_of_its_tag_begins_anew_in_the_same_slot(void **state)
{
	struct config_interface ci = conf_iface[LAN0_10];
	struct agent *a = *state;
	struct agent_iface *f = opened(a, &ci);
	uint16_t id = (uint16_t)(f - a->iface);

	ci.dad = true;
	assert_int_equal(agent_addrs_set(a, id, &ci), 0);
	agent_addr_report(a, id, ip6_link_local(MAC), ADDR_USABLE);
	assert_int_equal(agent_addrs_follow(a, id), 0);
	assert_int_equal(f->addrs.addr6[0].state, ADDR_USABLE);
	ci.on = LAN1;
	ci.vlan = 20;
	agent_virtual_change(a, &conf, &ci, true);
	assert_ptr_equal(agent_iface_find(a, "lan0.10"), f);
	assert_int_equal(f->parent, 1);
	assert_int_equal(f->vid, 20);
	assert_int_equal(f->mac, a->iface[1].mac);
	assert_int_equal(f->addrs.addr6[0].state, ADDR_TENTATIVE);
}

/* lan0's driver insists on @strips, and the agent knows. */
static void strips_set(struct agent *a, uint8_t strips)
{
	ports[0].ifindex = 1;
	a->iface[0].sees_tags = true;
	a->iface[0].strips = strips;
}

static void a_driver_that_takes_tags_off_has_no_vlans(void **state)
{
	struct config devices = {.n_interfaces = 1, .interfaces = conf_iface};
	struct agent *a = *state;
	struct why e;

	conf_iface[LAN0].bridge = CONFIG_NO_BRIDGE;
	conf_iface[LAN1].bridge = CONFIG_NO_BRIDGE;
	strips_set(a, 0);
	assert_int_equal(agent_tags_check(a, &conf, &e), 0);
	strips_set(a, AGENT_STRIPS_C);
	assert_int_equal(agent_tags_check(a, &devices, &e), 0);
	assert_int_equal(agent_tags_check(a, &conf, &e), -EOPNOTSUPP);
	assert_string_equal(e.text,
	                    "interfaces.lan0.10: lan0's driver takes VLAN tags off received "
	                    "frames and cannot be told not to: no such VLAN can be on it");
	strips_set(a, AGENT_STRIPS_S);
	assert_int_equal(agent_tags_check(a, &conf, &e), -EOPNOTSUPP);
	assert_string_equal(e.text,
	                    "interfaces.lan0.100: lan0's driver takes 802.1ad VLAN tags off "
	                    "received frames and cannot be told not to: no such VLAN can "
	                    "be on it");
	strips_set(a, 0);
	ports[0].ifindex = 0;
}

static void nor_is_it_a_bridges_port(void **state)
{
	struct config_bridge br0 = {.name = "br0"};
	struct config_interface lan0 = {.name = "lan0", .kind = CONFIG_DEVICE, .bridge = 0};
	struct config c = {.n_interfaces = 1, .interfaces = &lan0, .n_bridges = 1, .bridges = &br0};
	struct agent *a = *state;
	struct why e;

	strips_set(a, AGENT_STRIPS_C);
	assert_int_equal(agent_tags_check(a, &c, &e), -EOPNOTSUPP);
	assert_string_equal(e.text,
	                    "bridges.br0.ports.lan0: the driver takes VLAN tags off received "
	                    "frames and cannot be told not to: it cannot be a bridge's port");
	ports[0].ifindex = 0;
}

static void slots_run_out(void **state)
{
	struct config_interface ci = conf_iface[LAN0_10];
	struct agent *a = *state;
	struct why e;

	for (int i = 0; i < IFACE_MAX - PORT_MAX; i++) {
		snprintf(ci.name, sizeof(ci.name), "lan0.%d", i);
		assert_int_equal(agent_virtual_open(a, &conf, &ci, &e), 0);
	}
	assert_string_equal(agent_iface_find(a, "lan0.959")->name, "lan0.959");
	assert_null(agent_iface_find(a, "lan0.960"));
	assert_null(agent_iface_find(a, ""));
	assert_int_equal(agent_virtual_open(a, &conf, &ci, &e), -ENOSPC);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_setup, bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_vlan_has_the_link_the_mac_and_the_mtu_of_its_parent),
		TEST(it_follows_its_parent),
		TEST(a_vlan_of_a_vlan_follows_in_one_go),
		TEST(its_link_local_address_is_that_of_its_mac),
		TEST(an_mtu_of_its_own_counts_while_the_parent_can_carry_it),
		TEST(a_change_of_its_tag_begins_anew_in_the_same_slot),
		TEST(a_driver_that_takes_tags_off_has_no_vlans),
		TEST(nor_is_it_a_bridges_port),
		TEST(slots_run_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
