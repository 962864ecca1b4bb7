/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/link.h"

#define LOWER_UP (1u << 16)

static uint8_t room[1024] __attribute__((aligned(8)));

static struct nlmsghdr *link_begin(uint16_t type, int ifindex, unsigned int flags)
{
	struct nlmsghdr *nlh;
	struct ifinfomsg *head;

	memset(room, 0, sizeof(room));
	nlh = mnl_nlmsg_put_header(room);
	nlh->nlmsg_type = type;
	head = mnl_nlmsg_put_extra_header(nlh, sizeof(*head));
	head->ifi_index = ifindex;
	head->ifi_flags = flags;
	return nlh;
}

static struct nlmsghdr *link_example(void)
{
	static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x2a}, perm[6] = {0x02, 1, 1, 1, 1, 1};
	struct nlmsghdr *nlh = link_begin(RTM_NEWLINK, 7, IFF_UP | LOWER_UP);
	struct nlattr *spec, *family;

	mnl_attr_put_strz(nlh, IFLA_IFNAME, "wan0");
	mnl_attr_put(nlh, IFLA_ADDRESS, 6, mac);
	mnl_attr_put(nlh, IFLA_PERM_ADDRESS, 6, perm);
	mnl_attr_put_u32(nlh, IFLA_MTU, 9000);
	mnl_attr_put_u32(nlh, IFLA_MASTER, 3);
	mnl_attr_put_u32(nlh, IFLA_LINK, 5);
	mnl_attr_put_u32(nlh, IFLA_NUM_RX_QUEUES, 4);
	mnl_attr_put_u32(nlh, IFLA_NUM_TX_QUEUES, 2);
	mnl_attr_put_u8(nlh, IFLA_OPERSTATE, 6);
	spec = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "vlan");
	mnl_attr_nest_end(nlh, spec);
	spec = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
	family = mnl_attr_nest_start(nlh, AF_INET6);
	mnl_attr_put_u8(nlh, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_STABLE_PRIVACY);
	mnl_attr_nest_end(nlh, family);
	mnl_attr_nest_end(nlh, spec);
	return nlh;
}

static void a_link_tells_everything(void **)
{
	struct device_info d;

	assert_int_equal(link_parse(link_example(), &d), 0);
	assert_int_equal(d.ifindex, 7);
	assert_string_equal(d.name, "wan0");
	assert_string_equal(d.kind, "vlan");
	assert_int_equal(d.mac, 0x2a0000000002);
	assert_int_equal(d.perm_mac, 0x010101010102);
	assert_int_equal(d.mtu, 9000);
	assert_int_equal(d.master, 3);
	assert_int_equal(d.lower, 5);
	assert_int_equal(d.rx_queues, 4);
	assert_int_equal(d.tx_queues, 2);
	assert_int_equal(d.addr_gen_mode, IN6_ADDR_GEN_MODE_STABLE_PRIVACY);
	assert_true(d.up);
	assert_true(d.carrier);
	assert_false(d.deleted);
}

static void a_deleted_link_is_told_as_such(void **)
{
	struct nlmsghdr *nlh = link_example();
	struct device_info d;

	nlh->nlmsg_type = RTM_DELLINK;
	assert_int_equal(link_parse(nlh, &d), 0);
	assert_true(d.deleted);
}

static void carrier_needs_the_wire_and_the_operational_state(void **)
{
	static const struct {
		unsigned int flags;
		int operstate;
		bool up, carrier;
	} cases[] = {
		{IFF_UP | LOWER_UP, 6, true, true},
		{IFF_UP | LOWER_UP, 0, true, true},
		{IFF_UP | LOWER_UP, -1, true, true},
		{IFF_UP | LOWER_UP, 5, true, false},
		{IFF_UP, 6, true, false},
		{IFF_UP, 2, true, false},
		{0, 2, false, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nlmsghdr *nlh = link_begin(RTM_NEWLINK, 1, cases[i].flags);
		struct device_info d;

		mnl_attr_put_strz(nlh, IFLA_IFNAME, "x");
		if (cases[i].operstate >= 0)
			mnl_attr_put_u8(nlh, IFLA_OPERSTATE, (uint8_t)cases[i].operstate);
		assert_int_equal(link_parse(nlh, &d), 0);
		assert_int_equal(d.up, cases[i].up);
		assert_int_equal(d.carrier, cases[i].carrier);
	}
}

static void a_device_without_ipv6_says_so(void **)
{
	struct nlmsghdr *nlh = link_begin(RTM_NEWLINK, 1, 0);
	struct device_info d;

	mnl_attr_put_strz(nlh, IFLA_IFNAME, "x");
	assert_int_equal(link_parse(nlh, &d), 0);
	assert_int_equal(d.addr_gen_mode, LINK_NO_IPV6);
}

static void the_peer_of_a_veth_is_not_its_lower_device(void **)
{
	struct nlmsghdr *nlh = link_begin(RTM_NEWLINK, 1, 0);
	struct nlattr *info;
	struct device_info d;

	mnl_attr_put_strz(nlh, IFLA_IFNAME, "x");
	mnl_attr_put_u32(nlh, IFLA_LINK, 5);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	mnl_attr_nest_end(nlh, info);
	assert_int_equal(link_parse(nlh, &d), 0);
	assert_int_equal(d.lower, 0);
}

static void odd_attributes_do_no_harm(void **)
{
	struct nlmsghdr *nlh = link_begin(RTM_NEWLINK, 1, IFF_UP | LOWER_UP);
	struct device_info d;

	/* A tunnel's address, a name too long and without an end, numbers too short. */
	mnl_attr_put(nlh, IFLA_ADDRESS, 4, "\1\2\3\4");
	mnl_attr_put(nlh, IFLA_IFNAME, 24, "abcdefghijklmnopqrstuvwx");
	mnl_attr_put(nlh, IFLA_MTU, 2, "\1\2");
	mnl_attr_put(nlh, IFLA_OPERSTATE, 0, "");
	assert_int_equal(link_parse(nlh, &d), 0);
	assert_string_equal(d.name, "abcdefghijklmno");
	assert_int_equal(d.mac, 0);
	assert_int_equal(d.mtu, 0);
	assert_true(d.carrier);
}

static void what_is_no_link_is_refused(void **)
{
	struct device_info d;
	struct nlmsghdr *nlh = link_example();

	nlh->nlmsg_type = RTM_NEWROUTE;
	assert_int_equal(link_parse(nlh, &d), -EBADMSG);
	assert_int_equal(link_parse(link_begin(RTM_NEWLINK, 7, 0), &d), -EBADMSG);
	nlh = link_begin(RTM_NEWLINK, 0, 0);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, "x");
	assert_int_equal(link_parse(nlh, &d), -EBADMSG);
}

static void a_truncated_link_is_never_read_beyond_its_end(void **)
{
	struct nlmsghdr *whole = link_example();
	struct device_info d;
	int refused = 0;

	for (uint32_t cut = sizeof(*whole); cut < whole->nlmsg_len; cut++) {
		struct nlmsghdr *part = malloc(cut); /* of its own, so that ASan sees an overrun */

		memcpy(part, whole, cut);
		part->nlmsg_len = cut;
		if (link_parse(part, &d) < 0)
			refused++;
		else
			assert_string_equal(d.name, "wan0");
		free(part);
	}
	assert_true(refused >= (int)sizeof(struct ifinfomsg));
}

static struct nlmsghdr *channels_example(uint8_t command, uint32_t ifindex)
{
	struct nlmsghdr *nlh;
	struct genlmsghdr *head;
	struct nlattr *nest;

	memset(room, 0, sizeof(room));
	nlh = mnl_nlmsg_put_header(room);
	nlh->nlmsg_type = 20;
	head = mnl_nlmsg_put_extra_header(nlh, sizeof(*head));
	head->cmd = command;
	nest = mnl_attr_nest_start(nlh, ETHTOOL_A_CHANNELS_HEADER);
	if (ifindex != 0)
		mnl_attr_put_u32(nlh, ETHTOOL_A_HEADER_DEV_INDEX, ifindex);
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_put_u32(nlh, ETHTOOL_A_CHANNELS_COMBINED_COUNT, 4);
	return nlh;
}

static void a_change_of_channels_names_its_device(void **)
{
	int ifindex = 0;

	assert_int_equal(channels_parse(channels_example(ETHTOOL_MSG_CHANNELS_NTF, 7), &ifindex),
	                 0);
	assert_int_equal(ifindex, 7);
}

static void other_ethtool_messages_are_not_taken_for_it(void **)
{
	int ifindex = 5;
	struct nlmsghdr *nlh;

	nlh = channels_example(ETHTOOL_MSG_RINGS_NTF, 7);
	assert_int_equal(channels_parse(nlh, &ifindex), -EBADMSG);
	nlh = channels_example(ETHTOOL_MSG_CHANNELS_NTF, 0);
	assert_int_equal(channels_parse(nlh, &ifindex), -EBADMSG);
	nlh->nlmsg_len = sizeof(*nlh) + 2;
	assert_int_equal(channels_parse(nlh, &ifindex), -EBADMSG);
	assert_int_equal(ifindex, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_tells_everything),
		cmocka_unit_test(a_deleted_link_is_told_as_such),
		cmocka_unit_test(carrier_needs_the_wire_and_the_operational_state),
		cmocka_unit_test(a_device_without_ipv6_says_so),
		cmocka_unit_test(the_peer_of_a_veth_is_not_its_lower_device),
		cmocka_unit_test(odd_attributes_do_no_harm),
		cmocka_unit_test(what_is_no_link_is_refused),
		cmocka_unit_test(a_truncated_link_is_never_read_beyond_its_end),
		cmocka_unit_test(a_change_of_channels_names_its_device),
		cmocka_unit_test(other_ethtool_messages_are_not_taken_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
