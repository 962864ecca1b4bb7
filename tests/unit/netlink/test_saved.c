/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

#include "netlink/attr.h"
#include "netlink/saved.h"

#define DEV   7
#define OTHER 8

static uint8_t room[1024] __attribute__((aligned(8)));

/* What route_save() gave. */
struct got {
	uint8_t bytes[4][1024] __attribute__((aligned(8)));
	int n;
};

static int got_add(void *context, const struct nlmsghdr *nlh)
{
	struct got *got = context;

	assert_true(got->n < 4);
	memcpy(got->bytes[got->n++], nlh, nlh->nlmsg_len);
	return 0;
}

static struct nlmsghdr *route_begin(uint8_t family, unsigned int flags)
{
	struct nlmsghdr *nlh;
	struct rtmsg *head;

	memset(room, 0, sizeof(room));
	nlh = mnl_nlmsg_put_header(room);
	nlh->nlmsg_type = RTM_NEWROUTE;
	head = mnl_nlmsg_put_extra_header(nlh, sizeof(*head));
	head->rtm_family = family;
	head->rtm_dst_len = 8;
	head->rtm_flags = flags;
	head->rtm_table = RT_TABLE_MAIN;
	mnl_attr_put_u32(nlh, RTA_DST, htonl(0x0a000000));
	return nlh;
}

static void ways_put(struct nlmsghdr *nlh, const int *ifindexes, size_t n)
{
	struct rtnexthop hops[4] = {0};

	for (size_t i = 0; i < n; i++) {
		hops[i].rtnh_len = sizeof(hops[i]);
		hops[i].rtnh_flags = RTNH_F_DEAD | RTNH_F_ONLINK;
		hops[i].rtnh_ifindex = ifindexes[i];
	}
	mnl_attr_put(nlh, RTA_MULTIPATH, n * sizeof(hops[0]), hops);
}

static const struct nlattr *attr_of(const struct got *got, int i, uint16_t type)
{
	return attr_find((const void *)got->bytes[i], sizeof(struct rtmsg), type);
}

static struct nlmsghdr *addr_example(uint8_t family, uint8_t flags, uint32_t valid)
{
	struct ifa_cacheinfo life = {.ifa_prefered = valid / 2, .ifa_valid = valid};
	struct nlmsghdr *nlh;
	struct ifaddrmsg *head;

	memset(room, 0, sizeof(room));
	nlh = mnl_nlmsg_put_header(room);
	nlh->nlmsg_type = RTM_NEWADDR;
	head = mnl_nlmsg_put_extra_header(nlh, sizeof(*head));
	head->ifa_family = family;
	head->ifa_flags = flags;
	head->ifa_index = DEV;
	head->ifa_prefixlen = 24;
	mnl_attr_put_u32(nlh, IFA_ADDRESS, htonl(0xc0000201));
	mnl_attr_put(nlh, IFA_CACHEINFO, sizeof(life), &life);
	return nlh;
}

static struct ifa_cacheinfo life_of(const struct nlmsghdr *nlh)
{
	struct ifa_cacheinfo life;

	memcpy(&life, mnl_attr_get_payload(attr_find(nlh, sizeof(struct ifaddrmsg), IFA_CACHEINFO)),
	       sizeof(life));
	return life;
}

static void states_and_answers_are_not_asked_for(void **)
{
	struct nlmsghdr *nlh =
		route_begin(AF_INET, RTNH_F_LINKDOWN | RTNH_F_ONLINK | RTM_F_OFFLOAD);
	struct rta_cacheinfo info = {0};
	struct got got = {0};

	mnl_attr_put_u32(nlh, RTA_OIF, DEV);
	mnl_attr_put(nlh, RTA_CACHEINFO, sizeof(info), &info);
	assert_int_equal(route_save(nlh, DEV, got_add, &got), 0);
	assert_int_equal(got.n, 1);
	assert_int_equal(((struct rtmsg *)mnl_nlmsg_get_payload((void *)got.bytes[0]))->rtm_flags,
	                 RTNH_F_ONLINK);
	assert_null(attr_of(&got, 0, RTA_CACHEINFO));
	assert_null(attr_of(&got, 0, RTA_EXPIRES));
	assert_int_equal(attr_u32(attr_of(&got, 0, RTA_OIF)), DEV);
}

static void an_ipv4_route_with_several_ways_stays_whole(void **)
{
	struct nlmsghdr *nlh = route_begin(AF_INET, 0);
	struct got got = {0};
	const struct rtnexthop *hop;

	ways_put(nlh, (const int[]){OTHER, DEV}, 2);
	assert_true(route_is_through(nlh, DEV));
	assert_true(route_is_shared(nlh, DEV));
	assert_int_equal(route_save(nlh, DEV, got_add, &got), 0);
	assert_int_equal(got.n, 1);
	hop = mnl_attr_get_payload(attr_of(&got, 0, RTA_MULTIPATH));
	assert_int_equal(hop[0].rtnh_ifindex, OTHER);
	assert_int_equal(hop[1].rtnh_ifindex, DEV);
	assert_int_equal(hop[1].rtnh_flags, RTNH_F_ONLINK);
}

static void of_an_ipv6_route_each_way_by_the_device_is_asked_for(void **)
{
	struct nlmsghdr *nlh = route_begin(AF_INET6, 0);
	struct got got = {0};

	ways_put(nlh, (const int[]){DEV, OTHER, DEV}, 3);
	assert_false(route_is_shared(nlh, DEV));
	assert_int_equal(route_save(nlh, DEV, got_add, &got), 0);
	assert_int_equal(got.n, 2);
	for (int i = 0; i < 2; i++) {
		const struct nlattr *ways = attr_of(&got, i, RTA_MULTIPATH);
		const struct rtnexthop *hop = mnl_attr_get_payload(ways);

		assert_int_equal(mnl_attr_get_payload_len(ways), sizeof(*hop));
		assert_int_equal(hop->rtnh_ifindex, DEV);
	}
}

static void a_next_hop_object_stands_for_its_ways(void **)
{
	struct nlmsghdr *nlh = route_begin(AF_INET, 0);
	struct got got = {0};

	mnl_attr_put_u32(nlh, RTA_NH_ID, 5);
	mnl_attr_put_u32(nlh, RTA_OIF, DEV);
	mnl_attr_put_u32(nlh, RTA_GATEWAY, 1);
	assert_int_equal(route_save(nlh, DEV, got_add, &got), 0);
	assert_int_equal(attr_u32(attr_of(&got, 0, RTA_NH_ID)), 5);
	assert_null(attr_of(&got, 0, RTA_OIF));
	assert_null(attr_of(&got, 0, RTA_GATEWAY));
}

static void the_life_of_an_ipv6_route_goes_on_in_seconds(void **)
{
	struct rta_cacheinfo info = {.rta_expires = (int)(100 * sysconf(_SC_CLK_TCK))};
	struct nlmsghdr *nlh = route_begin(AF_INET6, 0);
	struct got got = {0};

	mnl_attr_put(nlh, RTA_CACHEINFO, sizeof(info), &info);
	assert_int_equal(route_save(nlh, DEV, got_add, &got), 0);
	assert_int_equal(attr_u32(attr_of(&got, 0, RTA_EXPIRES)), 100);
	assert_int_equal(saved_age((void *)got.bytes[0], 60), 0);
	assert_int_equal(attr_u32(attr_of(&got, 0, RTA_EXPIRES)), 40);
	assert_int_equal(saved_age((void *)got.bytes[0], 40), -ETIME);
}

static void a_broken_list_of_ways_ends_where_it_breaks(void **)
{
	static const uint16_t lengths[] = {0, 7, 9, 0xffff};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct nlmsghdr *nlh = route_begin(AF_INET, 0);
		struct rtnexthop hop = {.rtnh_len = lengths[i], .rtnh_ifindex = DEV};

		mnl_attr_put(nlh, RTA_MULTIPATH, sizeof(hop), &hop);
		assert_false(route_is_through(nlh, DEV));
	}
}

static void an_address_ages_and_dies(void **)
{
	struct nlmsghdr *nlh = addr_example(AF_INET, 0, 100);

	assert_int_equal(saved_age(nlh, 60), 0);
	assert_int_equal(life_of(nlh).ifa_valid, 40);
	assert_int_equal(life_of(nlh).ifa_prefered, 0);
	assert_int_equal(saved_age(nlh, 40), -ETIME);
}

static void what_lives_for_ever_does_not_age(void **)
{
	struct ifa_cacheinfo life = {.ifa_prefered = UINT32_MAX, .ifa_valid = UINT32_MAX};
	struct nlmsghdr *nlh = addr_example(AF_INET, 0, 100);

	memcpy(mnl_attr_get_payload(attr_find(nlh, sizeof(struct ifaddrmsg), IFA_CACHEINFO)), &life,
	       sizeof(life));
	assert_int_equal(saved_age(nlh, 1000000), 0);
	assert_int_equal(life_of(nlh).ifa_valid, UINT32_MAX);
	assert_int_equal(life_of(nlh).ifa_prefered, UINT32_MAX);
}

static void a_secondary_ipv4_address_is_not_a_temporary_one(void **)
{
	assert_false(addr_is_temporary(addr_example(AF_INET, IFA_F_SECONDARY, 100)));
	assert_true(addr_is_temporary(addr_example(AF_INET6, IFA_F_TEMPORARY, 100)));
	assert_true(addr_is_on(addr_example(AF_INET, 0, 1), DEV));
	assert_false(addr_is_on(addr_example(AF_INET, 0, 1), OTHER));
}

static void messages_are_named_for_people(void **)
{
	char text[80];

	saved_print(route_begin(AF_INET, 0), text, sizeof(text));
	assert_string_equal(text, "route 10.0.0.0/8");
	saved_print(addr_example(AF_INET, 0, 1), text, sizeof(text));
	assert_string_equal(text, "address 192.0.2.1/24");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_and_answers_are_not_asked_for),
		cmocka_unit_test(an_ipv4_route_with_several_ways_stays_whole),
		cmocka_unit_test(of_an_ipv6_route_each_way_by_the_device_is_asked_for),
		cmocka_unit_test(a_next_hop_object_stands_for_its_ways),
		cmocka_unit_test(the_life_of_an_ipv6_route_goes_on_in_seconds),
		cmocka_unit_test(a_broken_list_of_ways_ends_where_it_breaks),
		cmocka_unit_test(an_address_ages_and_dies),
		cmocka_unit_test(what_lives_for_ever_does_not_age),
		cmocka_unit_test(a_secondary_ipv4_address_is_not_a_temporary_one),
		cmocka_unit_test(messages_are_named_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
