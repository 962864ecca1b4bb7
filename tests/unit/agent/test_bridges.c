/* SPDX-License-Identifier: BSD-2-Clause */
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
#include <string.h>

#include "agent/bridges.h"
#include "base/clock.h"

#define MAC(n) (0x000000000002ull | (uint64_t)(n) << 40) /* 02:00:00:00:00:n */
#define PORTS  3
#define FOOT   IFACE_PORTS

/* An agent with three ports that are up, and nothing to send with. */
struct bed {
	struct agent a;
	struct port port[PORTS];
	struct config config;
	struct config_bridge bridge[2];
	struct config_bridge_port conf[2][PORTS];
	struct config_bridge_vlan vlan[2];
	struct config_station station[2];
};

static int bed_setup(void **state)
{
	const struct neigh_limits limits = {.entries = 16, .incomplete = 16, .held = 16};
	struct bed *bed = calloc(1, sizeof(*bed));
	struct agent *a = &bed->a;

	assert_non_null(bed);
	rcu_register_thread();
	assert_int_equal(fib4_new(&a->fib4), 0);
	assert_int_equal(fib6_new(&a->fib6), 0);
	assert_int_equal(nexthops_new(&a->nexthops), 0);
	assert_int_equal(neigh_new(&a->neigh, &agent_neigh_ops, a, a->nexthops, &limits, NULL), 0);
	a->now_ns = NS_PER_SEC;
	a->iface_top = PORTS;
	for (int i = 0; i < PORTS; i++) {
		struct agent_iface *f = &a->iface[i];

		snprintf(f->name, sizeof(f->name), "p%d", i + 1);
		f->mac = MAC(3 - i);
		f->mtu = 1500 + (uint32_t)i;
		f->port = &bed->port[i];
		f->up = f->carrier = true;
	}
	*state = bed;
	return 0;
}

static int bed_teardown(void **state)
{
	struct bed *bed = *state;
	struct agent *a = &bed->a;

	ifaces_free_rcu((struct ifaces *)rcu_swap(&a->ifaces.current, NULL));
	neigh_free(a->neigh);
	fib4_free(a->fib4);
	fib6_free(a->fib6);
	rcu_barrier();
	agent_bridges_close(a);
	rcu_barrier();
	nexthops_free(a->nexthops);
	free(bed);
	rcu_unregister_thread();
	return 0;
}

/* Bridge @k of the configuration: called brK, with ports p1 to pN. */
static struct config_bridge *bridge_conf(struct bed *bed, size_t k, size_t n)
{
	struct config_bridge *c = &bed->bridge[k];

	memset(c, 0, sizeof(*c));
	memset(bed->conf[k], 0, sizeof(bed->conf[k]));
	snprintf(c->name, sizeof(c->name), "br%zu", k);
	c->ageing = 300;
	c->mac_limit = 100;
	c->n_ports = n;
	c->ports = bed->conf[k];
	for (size_t i = 0; i < n; i++) {
		snprintf(c->ports[i].name, sizeof(c->ports[i].name), "p%zu", i + 1);
		c->ports[i].storm = UINT32_MAX;
	}
	bed->config.bridges = bed->bridge;
	bed->config.n_bridges = k + 1;
	return c;
}

static void apply(struct bed *bed)
{
	struct why e;

	assert_int_equal(agent_bridges_apply(&bed->a, &bed->config, &e), 0);
	assert_int_equal(agent_publish(&bed->a), 0);
	agent_bridges_finish(&bed->a);
}

static const struct bridge *snapshot(const struct bed *bed, uint16_t id)
{
	return rcu_get(&bed->a.ifaces.current)->iface[id].bridge;
}

static void hear(struct bed *bed, uint16_t port, uint64_t mac, uint16_t vid)
{
	const struct report r = {.kind = REPORT_STATION,
	                         .claim = STATION_NEW,
	                         .iface = port,
	                         .mac = mac,
	                         .value = vid};

	agent_station_report(&bed->a, &r);
}

/* The port that the station is behind by the table of workers; -1: unknown. */
static int behind(const struct bed *bed, uint16_t port, uint64_t mac, uint16_t vid)
{
	const uint64_t key = fdb_key(mac, vid);
	uint64_t value = 0;

	fdb_find(snapshot(bed, port)->live->fdb, &key, &value, 1);
	return value == 0 ? -1 : fdb_port(value);
}

static void a_bridge_has_the_ports_that_are_there(void **state)
{
	struct bed *bed = *state;
	const struct bridge *s;

	bridge_conf(bed, 0, 2)->ports[1].isolated = true;
	bed->a.iface[1].carrier = false;
	apply(bed);
	s = snapshot(bed, 0);
	assert_non_null(s);
	assert_ptr_equal(snapshot(bed, 1), s);
	assert_null(snapshot(bed, 2));
	assert_string_equal(s->name, "br0");
	assert_false(s->vlan_aware);
	assert_int_equal(s->ports, 3);
	assert_int_equal(s->forwarding, 1);
	assert_int_equal(s->learning, 1);
	assert_int_equal(s->isolated, 2);
	assert_int_equal(s->vlan[0].members, 3);
	assert_true(s->mac == MAC(2));
	bed->a.iface[0].port = NULL; /* its device went away */
	assert_int_equal(agent_publish(&bed->a), 0);
	assert_int_equal(snapshot(bed, 1)->ports, 2);
	assert_null(snapshot(bed, 0));
}

static void vlans_of_access_ports_and_trunks_are_masks(void **state)
{
	struct bed *bed = *state;
	struct config_bridge *c = bridge_conf(bed, 0, 3);
	const struct bridge *s;

	c->vlan_aware = true;
	c->ports[0].access = 10;
	c->ports[1].trunk.bits[0] = 1 << 10 | 1 << 20;
	c->ports[1].native = 20;
	c->ports[2].trunk.bits[4094 / 64] = 1ull << 4094 % 64;
	apply(bed);
	s = snapshot(bed, 0);
	assert_true(s->vlan_aware);
	assert_int_equal(s->vlan[10].members, 3);
	assert_int_equal(s->vlan[10].untagged, 1);
	assert_int_equal(s->vlan[20].members, 2);
	assert_int_equal(s->vlan[20].untagged, 2);
	assert_int_equal(s->vlan[4094].members, 4);
	assert_int_equal(s->vlan[1].members, 0);
	assert_int_equal(s->pvid[0], 10);
	assert_int_equal(s->pvid[1], 20);
	assert_int_equal(s->pvid[2], 0);
	assert_int_equal(s->no_tagged, 1);
}

static void foot_open(struct bed *bed, uint16_t id, const char *name)
{
	struct agent_iface *f = &bed->a.iface[id];

	snprintf(f->name, sizeof(f->name), "%s", name);
	f->kind = IFACE_BRIDGE;
	f->open = true;
	bed->a.iface_top = (uint16_t)(id + 1);
}

static void the_foot_is_what_its_bridge_makes_it(void **state)
{
	struct bed *bed = *state;
	struct config_bridge *c = bridge_conf(bed, 0, 2);
	struct agent_foot foot;

	c->vlan_aware = true;
	c->ports[0].access = 10;
	c->ports[1].access = 20;
	c->vlans = bed->vlan;
	c->n_vlans = 2;
	c->vlans[0].vid = 10;
	c->vlans[1].vid = 20;
	apply(bed);
	assert_true(agent_foot(&bed->a, "br0.10", &foot));
	assert_true(foot.up);
	assert_int_equal(foot.mtu, 1500);
	assert_true(foot.mac == MAC(2));
	bed->a.iface[0].carrier = false;
	assert_true(agent_foot(&bed->a, "br0.10", &foot));
	assert_false(foot.up);
	assert_true(agent_foot(&bed->a, "br0.20", &foot));
	assert_true(foot.up);
	assert_false(agent_foot(&bed->a, "br0.30", &foot));
	assert_false(agent_foot(&bed->a, "br0", &foot));
	assert_false(agent_foot(&bed->a, "br1.10", &foot));
}

static void the_routers_own_mac_is_in_the_table_while_it_has_a_foot(void **state)
{
	struct bed *bed = *state;

	bridge_conf(bed, 0, 2)->mac = MAC(9);
	foot_open(bed, FOOT, "br0");
	apply(bed);
	assert_int_equal(snapshot(bed, 0)->vlan[0].iface, FOOT);
	assert_int_equal(behind(bed, 0, MAC(9), 0), FDB_ROUTER);
	assert_ptr_equal(snapshot(bed, FOOT), snapshot(bed, 0));
	bridge_conf(bed, 0, 2)->mac = MAC(8);
	apply(bed);
	assert_int_equal(behind(bed, 0, MAC(9), 0), -1);
	assert_int_equal(behind(bed, 0, MAC(8), 0), FDB_ROUTER);
	bed->a.iface[FOOT] = (struct agent_iface){0};
	assert_int_equal(agent_publish(&bed->a), 0);
	assert_int_equal(behind(bed, 0, MAC(8), 0), -1);
}

static void a_port_that_is_lost_takes_its_stations_along(void **state)
{
	struct bed *bed = *state;

	bridge_conf(bed, 0, 3);
	apply(bed);
	for (uint16_t i = 0; i < PORTS; i++)
		hear(bed, i, MAC(0x10 + i), 0);
	assert_int_equal(behind(bed, 0, MAC(0x11), 0), 1);
	bed->a.iface[1].carrier = false;
	assert_int_equal(agent_publish(&bed->a), 0);
	assert_int_equal(behind(bed, 0, MAC(0x10), 0), 0);
	assert_int_equal(behind(bed, 0, MAC(0x11), 0), -1);
	hear(bed, 1, MAC(0x11), 0); /* an old report */
	assert_int_equal(behind(bed, 0, MAC(0x11), 0), -1);
	bridge_conf(bed, 0, 2); /* without p3 */
	apply(bed);
	assert_int_equal(behind(bed, 0, MAC(0x12), 0), -1);
	assert_int_equal(behind(bed, 0, MAC(0x10), 0), 0);
}

static void stations_outlive_a_reload_and_another_limit(void **state)
{
	struct bed *bed = *state;
	const struct bridge_live *live;

	bridge_conf(bed, 0, 2);
	apply(bed);
	hear(bed, 1, MAC(0x20), 0);
	live = snapshot(bed, 0)->live;
	bridge_conf(bed, 0, 2)->ageing = 10;
	apply(bed);
	assert_ptr_equal(snapshot(bed, 0)->live, live);
	bridge_conf(bed, 0, 2)->mac_limit = 100000;
	apply(bed);
	assert_ptr_not_equal(snapshot(bed, 0)->live, live);
	assert_int_equal(behind(bed, 0, MAC(0x20), 0), 1);
}

/* Which copies what it finds. */
static void a_port_that_goes_with_another_limit_takes_its_stations_along(void **state)
{
	struct bed *bed = *state;

	bridge_conf(bed, 0, 3);
	apply(bed);
	hear(bed, 1, MAC(0x11), 0);
	hear(bed, 2, MAC(0x12), 0);
	bridge_conf(bed, 0, 2)->mac_limit = 100000;
	apply(bed);
	assert_int_equal(behind(bed, 0, MAC(0x11), 0), 1);
	assert_int_equal(behind(bed, 0, MAC(0x12), 0), -1);
}

static void what_fails_is_undone(void **state)
{
	struct bed *bed = *state;
	const struct bridge_live *live;
	struct config_bridge was;
	struct why e;

	was = *bridge_conf(bed, 0, 2);
	apply(bed);
	hear(bed, 1, MAC(0x20), 0);
	live = snapshot(bed, 0)->live;
	assert_int_equal(
		agent_bridges_apply(
			&bed->a,
			&(struct config){.n_bridges = 1,
	                                 .bridges = &(struct config_bridge){.name = "br1",
	                                                                    .mac_limit = 8,
	                                                                    .n_ports = 2,
	                                                                    .ports = was.ports}},
			&e),
		0);
	assert_int_equal(agent_publish(&bed->a), 0); /* as when a port is bound anew */
	assert_string_equal(snapshot(bed, 0)->name, "br1");
	agent_bridges_undo(&bed->a);
	assert_int_equal(agent_publish(&bed->a), 0);
	assert_string_equal(snapshot(bed, 0)->name, "br0");
	assert_ptr_equal(snapshot(bed, 0)->live, live);
	assert_int_equal(bed->a.bridges->n, 1);
}

/* Its addresses would be looked at again, and be nobody's for a second (RFC 4862 5.4). */
static void the_foot_of_a_bridge_that_was_to_go_has_its_link(void **state)
{
	struct bed *bed = *state;
	struct agent_iface *f = &bed->a.iface[FOOT];
	struct why e;

	bridge_conf(bed, 0, 2);
	foot_open(bed, FOOT, "br0");
	apply(bed);
	agent_virtual_follow(&bed->a);
	assert_true(f->carrier);
	assert_int_equal(agent_bridges_apply(&bed->a, &(struct config){}, &e), 0);
	agent_virtual_follow(&bed->a);
	assert_true(f->carrier);
	agent_bridges_undo(&bed->a);
	agent_virtual_follow(&bed->a);
	assert_true(f->carrier);
}

static void an_mtu_of_a_foot_is_refused_where_it_is_written(void **state)
{
	struct config_interface ci = {.name = "br0.10", .kind = CONFIG_BRIDGE, .mtu = 1501};
	struct bed *bed = *state;
	struct config_bridge *c = bridge_conf(bed, 0, 2);
	struct why e;

	bed->vlan[0] = (struct config_bridge_vlan){.vid = 10};
	c->vlan_aware = true;
	c->vlans = bed->vlan;
	c->n_vlans = 1;
	ci.vlan = 10;
	foot_open(bed, FOOT, "br0.10");
	apply(bed);
	assert_int_equal(agent_virtual_check(&bed->a, &bed->config, &ci, &e), -EINVAL);
	assert_string_equal(e.text, "bridges.br0.vlans.10.mtu: 1501 is more than its bridge can "
	                            "carry, 1500");
}

static void a_larger_table_is_undone_too(void **state)
{
	struct bed *bed = *state;
	const struct bridge_live *live;
	struct config_bridge more;
	struct why e;

	more = *bridge_conf(bed, 0, 2);
	apply(bed);
	hear(bed, 1, MAC(0x20), 0);
	live = snapshot(bed, 0)->live;
	more.mac_limit = 100000;
	assert_int_equal(agent_bridges_apply(
				 &bed->a, &(struct config){.n_bridges = 1, .bridges = &more}, &e),
	                 0);
	assert_int_equal(agent_publish(&bed->a), 0);
	assert_ptr_not_equal(snapshot(bed, 0)->live, live);
	agent_bridges_undo(&bed->a);
	assert_int_equal(agent_publish(&bed->a), 0);
	assert_ptr_equal(snapshot(bed, 0)->live, live);
	assert_int_equal(behind(bed, 0, MAC(0x20), 0), 1);
	assert_ptr_equal(bed->a.bridges->list[0]->conf, bed->config.bridges);
}

/* No snapshot comes after it that would clear up. */
static void a_change_that_cannot_begin_leaves_nothing_behind(void **state)
{
	struct bed *bed = *state;
	struct config_bridge bad[3];
	struct why e;

	bad[0] = *bridge_conf(bed, 0, 2);
	apply(bed);
	bad[0].mac_limit = 100000;
	bad[1] = (struct config_bridge){.name = "br1", .mac_limit = 8};
	bad[2] = (struct config_bridge){.name = "br2", .mac_limit = UINT32_MAX};
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
			agent_bridges_apply(&bed->a,
		                            &(struct config){.n_bridges = 3, .bridges = bad}, &e),
			-EINVAL);
		assert_int_equal(bed->a.bridges->n, 1);
	}
	bridge_conf(bed, 0, 2)->mac_limit = 1000;
	apply(bed);
	assert_int_equal(bed->a.bridges->n, 1);
}

static void static_stations_are_those_of_the_file(void **state)
{
	struct bed *bed = *state;
	struct config_bridge *c = bridge_conf(bed, 0, 2);

	bed->station[0] = (struct config_station){.lladdr = MAC(0x31), .port = "p2"};
	bed->station[1] = (struct config_station){.lladdr = MAC(0x30), .port = "p1"};
	c->stations = bed->station;
	c->n_stations = 2;
	apply(bed);
	assert_int_equal(behind(bed, 0, MAC(0x30), 0), 0);
	assert_int_equal(behind(bed, 0, MAC(0x31), 0), 1);
	bed->a.iface[1].carrier = false; /* the link may come back */
	assert_int_equal(agent_publish(&bed->a), 0);
	assert_int_equal(behind(bed, 0, MAC(0x31), 0), 1);
	c->n_stations = 1;
	apply(bed);
	assert_int_equal(behind(bed, 0, MAC(0x31), 0), 1);
	assert_int_equal(behind(bed, 0, MAC(0x30), 0), -1);
	bed->a.iface[1].port = NULL; /* its device went away */
	assert_int_equal(agent_publish(&bed->a), 0);
	assert_int_equal(behind(bed, 0, MAC(0x31), 0), -1);
}

/* The bridge's MAC is that of its lowest port unless the file says another. */
static void a_station_with_the_bridges_mac_waits_until_that_is_another(void **state)
{
	struct bed *bed = *state;
	struct config_bridge *c = bridge_conf(bed, 0, 2);

	bed->station[0] = (struct config_station){.lladdr = MAC(9), .port = "p1"};
	c->stations = bed->station;
	c->n_stations = 1;
	c->mac = MAC(9);
	foot_open(bed, FOOT, "br0");
	apply(bed);
	assert_int_equal(behind(bed, 0, MAC(9), 0), FDB_ROUTER);
	c->mac = MAC(8);
	apply(bed);
	assert_int_equal(behind(bed, 0, MAC(8), 0), FDB_ROUTER);
	assert_int_equal(behind(bed, 0, MAC(9), 0), 0);
	c->mac = MAC(9);
	apply(bed);
	assert_int_equal(behind(bed, 0, MAC(9), 0), FDB_ROUTER);
}

static void a_foot_is_of_the_bridge_with_its_whole_name(void **state)
{
	struct bed *bed = *state;
	struct agent_foot foot;

	for (size_t i = 0; i < 2; i++) {
		struct config_bridge *c = bridge_conf(bed, i, 1);

		bed->vlan[i] = (struct config_bridge_vlan){.vid = 7};
		c->vlan_aware = true;
		c->vlans = &bed->vlan[i];
		c->n_vlans = 1;
		c->ports[0].access = 7;
		c->mac = MAC(0x40 + i);
		snprintf(c->name, sizeof(c->name), "%s", i == 0 ? "a" : "a.7.b");
	}
	apply(bed);
	assert_true(agent_foot(&bed->a, "a.7", &foot));
	assert_int_equal(foot.mac, MAC(0x40));
	assert_true(agent_foot(&bed->a, "a.7.b.7", &foot));
	assert_int_equal(foot.mac, MAC(0x41));
	assert_false(agent_foot(&bed->a, "a.7.c", &foot));
}

static void the_command_lines_state_holds_until_the_file_says_another(void **state)
{
	struct bed *bed = *state;
	struct config_bridge next;
	struct config_bridge_port ports[2];
	struct config c = {.n_bridges = 1, .bridges = &next};
	struct why e;

	next = *bridge_conf(bed, 0, 2);
	apply(bed);
	bed->a.bridges->list[0]->state[1] = 1 + BRIDGE_LEARNING;
	assert_int_equal(agent_publish(&bed->a), 0);
	assert_int_equal(snapshot(bed, 0)->forwarding, 1);
	assert_int_equal(snapshot(bed, 0)->learning, 3);
	memcpy(ports, next.ports, sizeof(ports));
	next.ports = ports;
	next.storm = 17;
	assert_int_equal(agent_bridges_apply(&bed->a, &c, &e), 0);
	assert_int_equal(agent_publish(&bed->a), 0);
	assert_int_equal(snapshot(bed, 0)->forwarding, 1);
	agent_bridges_undo(&bed->a);
	ports[1].state = CONFIG_BLOCKING;
	assert_int_equal(agent_bridges_apply(&bed->a, &c, &e), 0);
	assert_int_equal(agent_publish(&bed->a), 0);
	agent_bridges_finish(&bed->a);
	assert_int_equal(snapshot(bed, 0)->learning, 1);
	bed->a.bridges->list[0]->conf = &bed->bridge[0]; /* outlives this frame */
}

static void a_bridge_that_goes_is_in_no_snapshot(void **state)
{
	struct bed *bed = *state;

	bridge_conf(bed, 0, 1);
	bridge_conf(bed, 1, 2);
	apply(bed);
	assert_ptr_equal(agent_bridge_after(&bed->a, "br0"), bed->a.bridges->list[1]);
	hear(bed, 1, MAC(0x20), 0);
	bed->config.n_bridges = 0;
	apply(bed);
	assert_null(snapshot(bed, 0));
	assert_int_equal(bed->a.bridges->n, 0);
	assert_null(agent_bridge_after(&bed->a, ""));
	hear(bed, 1, MAC(0x20), 0); /* an old report */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)
		TEST(a_bridge_has_the_ports_that_are_there),
		TEST(vlans_of_access_ports_and_trunks_are_masks),
		TEST(the_foot_is_what_its_bridge_makes_it),
		TEST(the_routers_own_mac_is_in_the_table_while_it_has_a_foot),
		TEST(a_port_that_is_lost_takes_its_stations_along),
		TEST(stations_outlive_a_reload_and_another_limit),
		TEST(a_port_that_goes_with_another_limit_takes_its_stations_along),
		TEST(what_fails_is_undone),
		TEST(the_foot_of_a_bridge_that_was_to_go_has_its_link),
		TEST(an_mtu_of_a_foot_is_refused_where_it_is_written),
		TEST(a_larger_table_is_undone_too),
		TEST(a_change_that_cannot_begin_leaves_nothing_behind),
		TEST(static_stations_are_those_of_the_file),
		TEST(a_station_with_the_bridges_mac_waits_until_that_is_another),
		TEST(a_foot_is_of_the_bridge_with_its_whole_name),
		TEST(the_command_lines_state_holds_until_the_file_says_another),
		TEST(a_bridge_that_goes_is_in_no_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
