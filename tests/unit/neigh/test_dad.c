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

/* Interface 0 has one IPv6 address here, interface 1 none. */
static void set(struct bed *bed, struct ip addr, enum addr_state state, bool up)
{
	const struct iface_addr6 one = {addr, 64, (uint8_t)state};
	struct iface f0 = bed_iface(0), f1 = bed_iface(1);

	f0.addr4 = f1.addr4 = NULL;
	f0.n_addr4 = f1.n_addr4 = 0;
	f0.addr6 = &one;
	f0.n_addr6 = 1;
	f0.up = up;
	bed_set_ifaces(bed, &f0, &f1);
}

static struct bed *tentative(void)
{
	struct bed *bed = bed_open_bare(NULL);

	set(bed, OUR6_0, ADDR_TENTATIVE, true);
	return bed;
}

/* Let the first random second pass up to the probe. Return: its nonce. */
static uint32_t probe(struct bed *bed)
{
	uint64_t due = neigh_tick(bed->t, bed->now);

	assert_int_equal(bed->n_sent, 0);
	assert_true(due - bed->now < SECOND);
	bed->now = due;
	neigh_tick(bed->t, bed->now);
	assert_int_equal(bed->n_sent, 1);
	return (uint32_t)(load64(bed->sent + 54 + ND_NS_LEN) >> 16);
}

static void claim(struct bed *bed, uint8_t how, uint64_t mac, uint32_t nonce)
{
	const struct report r = {
		.kind = REPORT_ND, .claim = how, .ip = OUR6_0, .mac = mac, .value = nonce};

	neigh_report(bed->t, &r, bed->now);
}

static void is_said(const struct bed *bed, enum addr_state state)
{
	assert_int_equal(bed->n_address, 1);
	assert_int_equal(bed->address_iface, 0);
	assert_true(ip_equal(bed->address, OUR6_0));
	assert_int_equal(bed->address_state, state);
}

/* nd-dad: RFC 4862 5.4.2; RFC 7527 has the nonce. */
static void a_tentative_address_is_asked_for_once_from_nobody(void **)
{
	struct bed *bed = tentative();
	const uint8_t *h = bed->sent + ETHER_LEN, *m;

	assert_int_not_equal(probe(bed), 0);
	m = bed_said6(bed, ICMP6_NS);
	assert_true(ip_is_none(ip6_src(h)));
	assert_true(ip_equal(ip6_dst(h), ip6_solicited_node(OUR6_0)));
	assert_true(mac_load(bed->sent) == ip6_group_mac(ip6_dst(h)));
	assert_true(mac_load(bed->sent + 6) == OUR_MAC0);
	assert_true(ip_equal(ip_load(m + 8), OUR6_0));
	assert_int_equal(m[24], ND_OPT_NONCE);
	bed_close(bed);
}

static void an_address_that_nobody_objects_to_is_usable_a_second_later(void **)
{
	struct bed *bed = tentative();

	(void)probe(bed);
	bed_pass(bed, SECOND - 1);
	assert_int_equal(bed->n_address, 0);
	bed_pass(bed, 1);
	is_said(bed, ADDR_USABLE);
	bed_pass(bed, 10 * SECOND);
	is_said(bed, ADDR_USABLE);
	assert_int_equal(bed->n_sent, 1);
	assert_true(neigh_tick(bed->t, bed->now) == UINT64_MAX);
	bed_close(bed);
}

/* So that all that came up at once do not speak at once. */
static void the_first_probe_of_a_link_comes_at_a_random_time(void **)
{
	uint64_t first = UINT64_MAX, last = 0;

	for (int i = 0; i < 64; i++) {
		struct bed *bed = tentative();
		uint64_t wait = neigh_tick(bed->t, bed->now) - bed->now;

		first = wait < first ? wait : first;
		last = wait > last ? wait : last;
		bed_close(bed);
	}
	assert_true(first < SECOND / 4);
	assert_true(last > SECOND * 3 / 4 && last < SECOND);
}

/* nd-unsolicited: RFC 4861 7.2.6 */
static void a_usable_address_is_announced_twice_to_all_nodes(void **)
{
	struct bed *bed = bed_open_bare(NULL);
	const uint8_t *h = bed->sent + ETHER_LEN, *m;

	set(bed, OUR6_0, ADDR_USABLE, true);
	for (uint32_t n = 1; n <= 2; n++) {
		assert_int_equal(bed->n_sent, n);
		m = bed_said6(bed, ICMP6_NA);
		assert_true(ip_equal(ip6_src(h), OUR6_0));
		assert_true(ip_equal(ip6_dst(h), IP6_ALL_NODES));
		assert_true(mac_load(bed->sent) == 0x010000003333ull);
		assert_int_equal(load32(m + 4), ND_NA_ROUTER | ND_NA_OVERRIDE);
		assert_true(ip_equal(ip_load(m + 8), OUR6_0));
		assert_int_equal(m[24], ND_OPT_TARGET_LLADDR);
		assert_true(load64(m + 24) >> 16 == OUR_MAC0);
		bed_pass(bed, 2 * SECOND);
	}
	bed_pass(bed, 100 * SECOND);
	assert_int_equal(bed->n_sent, 2);
	bed_close(bed);
}

static void the_snapshot_that_makes_it_usable_announces_it(void **)
{
	struct bed *bed = tentative();

	(void)probe(bed);
	bed_pass(bed, SECOND);
	set(bed, OUR6_0, ADDR_USABLE, true);
	assert_int_equal(bed->n_sent, 2);
	(void)bed_said6(bed, ICMP6_NA);
	bed_pass(bed, 10 * SECOND);
	assert_int_equal(bed->n_sent, 3);
	is_said(bed, ADDR_USABLE);
	bed_close(bed);
}

/* RFC 4862 5.4.3, 5.4.4: before our probe as well as behind it. */
static void an_objection_makes_it_a_duplicate(void **)
{
	static const uint8_t how[] = {ND_CLAIM_PROBE, ND_CLAIM_ADVERT,
	                              ND_CLAIM_ADVERT | ND_CLAIM_OVERRIDE};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(how); i++) {
		struct bed *bed = tentative();

		if (i % 2 == 0)
			(void)probe(bed);
		claim(bed, how[i / 2], MAC_A, 0);
		is_said(bed, ADDR_DUPLICATE);
		claim(bed, how[i / 2], MAC_A, 0);
		bed_pass(bed, 10 * SECOND);
		is_said(bed, ADDR_DUPLICATE);
		assert_int_equal(bed->n_sent, i % 2 == 0);
		assert_int_equal(bed_stats(bed).conflicts, 1);

		/* The snapshot may say so only later, and says nothing more. */
		set(bed, OUR6_0, ADDR_TENTATIVE, true);
		bed_pass(bed, 10 * SECOND);
		set(bed, OUR6_0, ADDR_DUPLICATE, true);
		bed_pass(bed, 10 * SECOND);
		is_said(bed, ADDR_DUPLICATE);
		assert_int_equal(bed->n_sent, i % 2 == 0);
		bed_close(bed);
	}
}

/* Once a snapshot has said so, one that is tentative again is probed for again. */
static void a_duplicate_is_looked_at_again_when_the_snapshot_asks(void **)
{
	struct bed *bed = tentative();

	(void)probe(bed);
	claim(bed, ND_CLAIM_ADVERT, MAC_A, 0);
	is_said(bed, ADDR_DUPLICATE);
	set(bed, OUR6_0, ADDR_DUPLICATE, true);
	set(bed, OUR6_0, ADDR_TENTATIVE, true);
	bed->n_address = 0;
	bed_pass(bed, SECOND);
	assert_int_equal(bed->n_sent, 2);
	is_said(bed, ADDR_USABLE);
	bed_close(bed);
}

/* Who has an address that was to be ours is a neighbour like others. */
static void the_holder_of_a_duplicate_is_a_neighbour(void **)
{
	struct bed *bed = tentative();
	const struct report r = {
		.kind = REPORT_ND, .claim = ND_CLAIM_SOLICIT, .ip = OUR6_0, .mac = MAC_A};
	struct neigh_info info;

	neigh_report(bed->t, &r, bed->now);
	assert_false(neigh_next(bed->t, NULL, &info));
	set(bed, OUR6_0, ADDR_DUPLICATE, true);
	neigh_report(bed->t, &r, bed->now);
	assert_true(neigh_next(bed->t, NULL, &info));
	assert_true(ip_equal(info.ip, OUR6_0));
	assert_true(info.mac == MAC_A);
	bed_close(bed);
}

/* RFC 7527: by the nonce, or, of a link that strips options, by the MAC. */
static void our_own_probe_that_comes_back_is_no_objection(void **)
{
	struct bed *bed = tentative();
	uint32_t nonce = probe(bed);

	claim(bed, ND_CLAIM_PROBE, OUR_MAC0, nonce);
	claim(bed, ND_CLAIM_PROBE, OUR_MAC0, 0);
	bed_pass(bed, SECOND);
	is_said(bed, ADDR_USABLE);
	bed_close(bed);
}

/* A machine with our MAC, or one that wants the address as we do. */
static void anothers_nonce_is_an_objection_whatever_its_mac(void **)
{
	static const uint64_t mac[] = {OUR_MAC0, MAC_A};

	for (size_t i = 0; i < ARRAY_SIZE(mac); i++) {
		struct bed *bed = tentative();
		uint32_t nonce = probe(bed);

		claim(bed, ND_CLAIM_PROBE, mac[i], nonce ^ 2);
		is_said(bed, ADDR_DUPLICATE);
		bed_close(bed);
	}
}

/* Others who ask for it or who speak from it only show what they have to find out. */
static void asking_for_a_tentative_address_is_no_objection(void **)
{
	struct bed *bed = tentative();

	(void)probe(bed);
	claim(bed, ND_CLAIM_SOLICIT, MAC_A, 0);
	bed_pass(bed, SECOND);
	is_said(bed, ADDR_USABLE);
	assert_int_equal(bed_stats(bed).entries, 0);
	bed_close(bed);
}

static void a_link_that_comes_back_asks_again(void **)
{
	struct bed *bed = tentative();

	(void)probe(bed);
	bed_pass(bed, SECOND / 2);
	set(bed, OUR6_0, ADDR_TENTATIVE, false);
	bed_pass(bed, 10 * SECOND);
	assert_int_equal(bed->n_address, 0);
	set(bed, OUR6_0, ADDR_TENTATIVE, true);
	bed->n_sent = 0;
	(void)probe(bed);
	bed_pass(bed, SECOND);
	is_said(bed, ADDR_USABLE);
	bed_close(bed);
}

static void a_new_mac_asks_again(void **)
{
	const struct iface_addr6 one = {OUR6_0, 64, ADDR_TENTATIVE};
	struct iface f0 = bed_iface(0), f1 = bed_iface(1);
	struct bed *bed = tentative();

	(void)probe(bed);
	f0.mac = MAC_B;
	f0.n_addr4 = f1.n_addr4 = 0;
	f0.addr6 = &one;
	f0.n_addr6 = 1;
	bed_set_ifaces(bed, &f0, &f1);
	bed_pass(bed, SECOND);
	assert_int_equal(bed->n_sent, 2);
	assert_true(mac_load(bed->sent + 6) == MAC_B);
	bed_pass(bed, SECOND);
	is_said(bed, ADDR_USABLE);
	bed_close(bed);
}

static void a_change_elsewhere_does_not_begin_anew(void **)
{
	struct bed *bed = tentative();

	(void)probe(bed);
	bed_pass(bed, SECOND / 2);
	set(bed, OUR6_0, ADDR_TENTATIVE, true);
	bed_pass(bed, SECOND / 2);
	is_said(bed, ADDR_USABLE);
	assert_int_equal(bed->n_sent, 1);
	bed_close(bed);
}

/* An address that comes later need not wait: the link is not new (RFC 4862 5.4.2). */
static void a_later_address_is_asked_for_at_once(void **)
{
	static const struct iface_addr6 two[] = {{OUR6_0, 64, ADDR_USABLE},
	                                         {{NET0, 2}, 64, ADDR_TENTATIVE}};
	struct iface f0 = bed_iface(0), f1 = bed_iface(1);
	struct bed *bed = bed_open_bare(NULL);

	set(bed, OUR6_0, ADDR_USABLE, true);
	bed_pass(bed, 10 * SECOND);
	bed->n_sent = 0;
	f0.n_addr4 = f1.n_addr4 = 0;
	f0.addr6 = two;
	f0.n_addr6 = 2;
	bed_set_ifaces(bed, &f0, &f1);
	neigh_tick(bed->t, bed->now);
	assert_int_equal(bed->n_sent, 1);
	assert_true(ip_equal(ip_load(bed_said6(bed, ICMP6_NS) + 8), two[1].addr));
	bed_close(bed);
}

/* Without an address that is usable there is nothing to ask with (RFC 4862 5.4). */
static void nothing_is_asked_from_a_tentative_address(void **)
{
	struct bed *bed = tentative();

	(void)probe(bed);
	bed_want(bed, 0, HOST6, 1);
	assert_int_equal(bed->n_sent, 1);
	set(bed, OUR6_0, ADDR_USABLE, true);
	bed_pass(bed, SECOND);
	assert_int_equal(bed->n_sent, 3); /* announced, and the second question for the host */
	bed_asked(bed, 0, HOST6, MAC_BROADCAST);
	bed_close(bed);
}

/* RFC 4862 5.4: nor is anybody told that it cannot be reached. */
static void what_is_for_a_tentative_address_ends_in_silence(void **)
{
	struct bed *bed = tentative();

	(void)probe(bed);
	bed_want(bed, 0, OUR6_0, 1);
	assert_int_equal(bed->n_dropped, 1);
	assert_int_equal(bed->dropped_as, DROP_NEIGH_QUEUE);
	assert_int_equal(bed->n_sent, 1);
	bed_close(bed);
}

static void a_conflict_is_counted_and_defended_once_in_10_s(void **)
{
	struct bed *bed = bed_open6(NULL);

	claim(bed, ND_CLAIM_ADVERT, MAC_A, 0);
	assert_int_equal(bed->n_sent, 1);
	assert_true(ip_equal(ip_load(bed_said6(bed, ICMP6_NA) + 8), OUR6_0));
	assert_true(ip_equal(ip6_dst(bed->sent + ETHER_LEN), IP6_ALL_NODES));
	for (int i = 0; i < 10; i++) {
		bed_pass(bed, SECOND - 1);
		claim(bed, i % 2 == 0 ? ND_CLAIM_ADVERT : ND_CLAIM_SOLICIT, MAC_A, 0);
	}
	assert_int_equal(bed->n_sent, 1);
	bed_pass(bed, 10);
	claim(bed, ND_CLAIM_ADVERT | ND_CLAIM_OVERRIDE, MAC_A, 0);
	assert_int_equal(bed->n_sent, 2);
	assert_int_equal(bed_stats(bed).conflicts, 12);
	assert_int_equal(bed_stats(bed).entries, 0);
	assert_int_equal(bed->n_address, 0);
	bed_close(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tentative_address_is_asked_for_once_from_nobody),
		cmocka_unit_test(an_address_that_nobody_objects_to_is_usable_a_second_later),
		cmocka_unit_test(the_first_probe_of_a_link_comes_at_a_random_time),
		cmocka_unit_test(a_usable_address_is_announced_twice_to_all_nodes),
		cmocka_unit_test(the_snapshot_that_makes_it_usable_announces_it),
		cmocka_unit_test(an_objection_makes_it_a_duplicate),
		cmocka_unit_test(a_duplicate_is_looked_at_again_when_the_snapshot_asks),
		cmocka_unit_test(the_holder_of_a_duplicate_is_a_neighbour),
		cmocka_unit_test(our_own_probe_that_comes_back_is_no_objection),
		cmocka_unit_test(anothers_nonce_is_an_objection_whatever_its_mac),
		cmocka_unit_test(asking_for_a_tentative_address_is_no_objection),
		cmocka_unit_test(a_link_that_comes_back_asks_again),
		cmocka_unit_test(a_new_mac_asks_again),
		cmocka_unit_test(a_change_elsewhere_does_not_begin_anew),
		cmocka_unit_test(a_later_address_is_asked_for_at_once),
		cmocka_unit_test(nothing_is_asked_from_a_tentative_address),
		cmocka_unit_test(what_is_for_a_tentative_address_ends_in_silence),
		cmocka_unit_test(a_conflict_is_counted_and_defended_once_in_10_s),
	};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
