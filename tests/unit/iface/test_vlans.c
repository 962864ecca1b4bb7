/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>

#include "iface/iface.h"
#include "packet.h"
#include "wire/ether.h"

#define SLOTS (IFACE_PORTS + 8)

enum { A = IFACE_PORTS, B, C, D };

static uint32_t tag(uint16_t type, uint16_t vid)
{
	return (uint32_t)__builtin_bswap16(vid) << 16 | type;
}

static void port(struct ifaces *s, uint16_t id, bool up)
{
	assert_int_equal(ifaces_set(s, &(struct iface){.id = id, .up = up, .name = "p"}), 0);
}

static void vlan(struct ifaces *s, uint16_t id, uint16_t parent, uint16_t type, uint16_t vid)
{
	const struct iface f = {.kind = IFACE_VLAN,
	                        .id = id,
	                        .up = true,
	                        .parent = parent,
	                        .vid = vid,
	                        .tag = {tag(type, vid)},
	                        .name = "v"};

	assert_int_equal(ifaces_set(s, &f), 0);
}

static int setup(void **state)
{
	*state = ifaces_new(SLOTS);
	return *state == NULL;
}

static int teardown(void **state)
{
	ifaces_free(*state);
	return 0;
}

static void vlans_are_found_by_their_tags(void **state)
{
	struct ifaces *s = *state;

	port(s, 3, true);
	vlan(s, A, 3, ETHERTYPE_VLAN, 10);
	vlan(s, B, 3, ETHERTYPE_QINQ, 10);
	vlan(s, C, 3, ETHERTYPE_VLAN, 4094);
	assert_int_equal(ifaces_link(s), 0);
	for (uint16_t vid = 0; vid < VLAN_VIDS; vid++) {
		assert_int_equal(s->iface[3].vlans->c[vid], vid == 10 ? A : vid == 4094 ? C : 0);
		assert_int_equal(s->iface[3].vlans->s[vid], vid == 10 ? B : 0);
	}
	for (uint32_t id = A; id <= C; id++) {
		assert_int_equal(s->iface[id].port, 3);
		assert_int_equal(s->iface[id].n_tags, 1);
		assert_true(s->iface[id].up);
		assert_null(s->iface[id].vlans);
		assert_false(iface_is_shared(&s->iface[id]));
	}
	assert_true(iface_is_shared(&s->iface[3]));
	assert_int_equal(s->iface[B].tag[0], tag(ETHERTYPE_QINQ, 10));
}

/* Whichever has the lower id. */
static void vlans_of_vlans_have_both_tags(void **state)
{
	struct ifaces *s = *state;

	port(s, 0, true);
	vlan(s, A, C, ETHERTYPE_VLAN, 10);
	vlan(s, B, C, ETHERTYPE_VLAN, 11);
	vlan(s, C, 0, ETHERTYPE_QINQ, 100);
	assert_int_equal(ifaces_link(s), 0);
	assert_int_equal(s->iface[0].vlans->s[100], C);
	assert_int_equal(s->iface[C].vlans->c[10], A);
	assert_int_equal(s->iface[C].vlans->c[11], B);
	assert_int_equal(s->iface[A].n_tags, 2);
	assert_int_equal(s->iface[A].tag[0], tag(ETHERTYPE_QINQ, 100));
	assert_int_equal(s->iface[A].tag[1], tag(ETHERTYPE_VLAN, 10));
	assert_int_equal(s->iface[A].port, 0);
	assert_int_equal(s->iface[C].n_tags, 1);
}

/* There are no frames of what is on a VLAN of a VLAN: three tags are one too many. */
static void three_deep_is_not_found(void **state)
{
	struct ifaces *s = *state;

	port(s, 0, true);
	vlan(s, A, 0, ETHERTYPE_QINQ, 100);
	vlan(s, B, A, ETHERTYPE_VLAN, 10);
	vlan(s, C, B, ETHERTYPE_VLAN, 11);
	assert_int_equal(ifaces_link(s), 0);
	assert_null(s->iface[B].vlans);
	assert_int_equal(s->iface[C].n_tags, 0);
	assert_false(s->iface[C].up);
}

static void who_is_on_one_that_is_down_is_down(void **state)
{
	struct ifaces *s = *state;

	port(s, 0, false);
	port(s, 1, true);
	vlan(s, A, 0, ETHERTYPE_QINQ, 100);
	vlan(s, B, A, ETHERTYPE_VLAN, 10);
	vlan(s, C, 1, ETHERTYPE_VLAN, 10);
	vlan(s, D, 2, ETHERTYPE_VLAN, 10); /* on a slot without an interface */
	assert_int_equal(ifaces_link(s), 0);
	assert_false(s->iface[A].up);
	assert_false(s->iface[B].up);
	assert_true(s->iface[C].up);
	assert_false(s->iface[D].up);
}

/* A bridge has its own VLANs; neither has a slot whose interface is gone any. */
static void a_foot_in_a_bridge_has_no_vlans(void **state)
{
	const struct iface foot = {.kind = IFACE_BRIDGE, .id = A, .up = true, .name = "br0"};
	struct ifaces *s = *state;

	assert_int_equal(ifaces_set(s, &foot), 0);
	vlan(s, B, A, ETHERTYPE_VLAN, 10);
	assert_int_equal(ifaces_link(s), 0);
	assert_null(s->iface[A].vlans);
	assert_true(s->iface[A].up);
	assert_false(s->iface[B].up);
	assert_int_equal(s->iface[B].n_tags, 0);
}

/* RFC 1812 2.2.7: those without an address speak with another's, whichever kind has it. */
static void vlans_lend_and_borrow_addresses(void **state)
{
	static const struct iface_addr4 addr4 = {IP(10, 0, 0, 1), 24};
	static const struct iface_addr6 addr6 = {{0x20010db800000000, 1}, 64, ADDR_USABLE};
	struct ifaces *s = *state;
	const struct iface with = {.kind = IFACE_VLAN,
	                           .id = A,
	                           .vid = 10,
	                           .tag = {tag(ETHERTYPE_VLAN, 10)},
	                           .n_addr4 = 1,
	                           .addr4 = &addr4,
	                           .n_addr6 = 1,
	                           .addr6 = &addr6,
	                           .name = "v"};

	port(s, 0, true);
	assert_int_equal(ifaces_set(s, &with), 0);
	vlan(s, B, 0, ETHERTYPE_VLAN, 11);
	assert_int_equal(ifaces_link(s), 0);
	ifaces_lend4(s);
	ifaces_lend6(s);
	assert_int_equal(s->iface[0].lent4, addr4.addr);
	assert_int_equal(s->iface[B].lent4, addr4.addr);
	assert_int_equal(s->iface[A].lent4, 0);
	assert_true(ip_equal(s->iface[B].lent6, addr6.addr));
	assert_true(ifaces_has_addr4(s, addr4.addr));
	assert_true(ifaces_own6(s, addr6.addr));
}

#define vlans_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		vlans_test(vlans_are_found_by_their_tags),
		vlans_test(vlans_of_vlans_have_both_tags),
		vlans_test(three_deep_is_not_found),
		vlans_test(who_is_on_one_that_is_down_is_down),
		vlans_test(a_foot_in_a_bridge_has_no_vlans),
		vlans_test(vlans_lend_and_borrow_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
