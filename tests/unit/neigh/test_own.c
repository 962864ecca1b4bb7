/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "bed.h"

/* The last frame is a gratuitous request for our @ip (RFC 5227 3). */
static void announced(const struct bed *bed, uint16_t iface, uint32_t ip, uint64_t mac)
{
	const uint8_t *a = bed->sent + ETHER_LEN;

	assert_int_equal(bed->sent_iface, iface);
	assert_true(mac_load(bed->sent) == MAC_BROADCAST);
	assert_true(mac_load(bed->sent + 6) == mac);
	assert_int_equal(arp_op(a), ARP_REQUEST);
	assert_true(arp_sender_mac(a) == mac);
	assert_int_equal(arp_sender(a), ip);
	assert_int_equal(arp_target(a), ip);
}

static void a_link_that_comes_up_announces_its_addresses_twice(void **)
{
	struct bed *bed = bed_open_bare(NULL);
	struct iface f0 = bed_iface(0), f1 = bed_iface(1);

	f1.up = false;
	bed_set_ifaces(bed, &f0, &f1);
	assert_int_equal(bed->n_sent, 1);
	announced(bed, 0, OUR_IP0, OUR_MAC0);
	assert_true(neigh_tick(bed->t, bed->now) == bed->now + 2 * SECOND);
	bed_pass(bed, 2 * SECOND);
	assert_int_equal(bed->n_sent, 2);
	announced(bed, 0, OUR_IP0, OUR_MAC0);
	assert_true(neigh_tick(bed->t, bed->now) == UINT64_MAX);

	f1.up = true;
	bed_set_ifaces(bed, &f0, &f1);
	assert_int_equal(bed->n_sent, 4);
	announced(bed, 1, IP(192, 0, 2, 1), OUR_MAC1);
	bed_pass(bed, 10 * SECOND);
	assert_int_equal(bed->n_sent, 6);
	bed_close(bed);
}

static void only_what_is_new_is_announced(void **)
{
	static const struct iface_addr4 two[] = {{OUR_IP0, 24}, {IP(10, 0, 5, 1), 24}};
	struct bed *bed = bed_open(NULL);
	struct iface f0 = bed_iface(0), f1 = bed_iface(1);

	bed_set_ifaces(bed, &f0, &f1);
	assert_int_equal(bed->n_sent, 0);
	f0.addr4 = two;
	f0.n_addr4 = 2;
	bed_set_ifaces(bed, &f0, &f1);
	assert_int_equal(bed->n_sent, 1);
	announced(bed, 0, IP(10, 0, 5, 1), OUR_MAC0);
	bed_close(bed);
}

static void a_new_mac_is_announced(void **)
{
	struct bed *bed = bed_open(NULL);
	struct iface f0 = bed_iface(0), f1 = bed_iface(1);

	f0.mac = MAC_B;
	bed_set_ifaces(bed, &f0, &f1);
	assert_int_equal(bed->n_sent, 1);
	announced(bed, 0, OUR_IP0, MAC_B);
	bed_close(bed);
}

static void a_change_elsewhere_keeps_the_second_announcement(void **)
{
	struct bed *bed = bed_open_bare(NULL);
	struct iface f0 = bed_iface(0), f1 = bed_iface(1);

	f1.up = false;
	bed_set_ifaces(bed, &f0, &f1);
	bed->now += SECOND;
	bed_set_ifaces(bed, &f0, &f1);
	assert_int_equal(bed->n_sent, 1);
	bed_pass(bed, SECOND);
	assert_int_equal(bed->n_sent, 2);
	bed_close(bed);
}

/* arp-own-address: RFC 5227 2.4(c), one defence in 10 s. */
static void a_claim_to_our_address_is_counted_and_defended(void **)
{
	struct bed *bed = bed_open(NULL);

	bed_arp(bed, 0, ARP_CLAIM_ANNOUNCE, OUR_IP0, MAC_A);
	assert_int_equal(bed->n_sent, 1);
	announced(bed, 0, OUR_IP0, OUR_MAC0);
	for (int i = 0; i < 10; i++) {
		bed_pass(bed, SECOND - 1);
		bed_arp(bed, 0, 0, OUR_IP0, MAC_A);
	}
	assert_int_equal(bed->n_sent, 1);
	bed_pass(bed, 10);
	bed_arp(bed, 0, ARP_CLAIM_REPLY, OUR_IP0, MAC_A);
	assert_int_equal(bed->n_sent, 2);
	assert_int_equal(bed_stats(bed).conflicts, 12);
	assert_int_equal(bed_stats(bed).entries, 0);
	bed_close(bed);
}

static void each_address_is_defended_for_itself(void **)
{
	struct bed *bed = bed_open(NULL);

	bed_arp(bed, 1, ARP_CLAIM_ANNOUNCE, OUR_IP1, MAC_A);
	bed_arp(bed, 1, ARP_CLAIM_ANNOUNCE, IP(192, 0, 2, 1), MAC_A);
	assert_int_equal(bed->n_sent, 2);
	announced(bed, 1, IP(192, 0, 2, 1), OUR_MAC1);
	bed_close(bed);
}

static void reloading_does_not_shorten_the_defence_interval(void **)
{
	struct bed *bed = bed_open(NULL);
	struct iface f0 = bed_iface(0), f1 = bed_iface(1);

	bed_arp(bed, 0, ARP_CLAIM_ANNOUNCE, OUR_IP0, MAC_A);
	bed_set_ifaces(bed, &f0, &f1);
	bed_arp(bed, 0, ARP_CLAIM_ANNOUNCE, OUR_IP0, MAC_A);
	assert_int_equal(bed->n_sent, 1);
	bed_close(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_that_comes_up_announces_its_addresses_twice),
		cmocka_unit_test(only_what_is_new_is_announced),
		cmocka_unit_test(a_new_mac_is_announced),
		cmocka_unit_test(a_change_elsewhere_keeps_the_second_announcement),
		cmocka_unit_test(a_claim_to_our_address_is_counted_and_defended),
		cmocka_unit_test(each_address_is_defended_for_itself),
		cmocka_unit_test(reloading_does_not_shorten_the_defence_interval),
	};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
