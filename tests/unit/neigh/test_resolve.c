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

/* Two next hops as the route stage leaves them: a connected subnet, and a gateway's. */
static const struct nexthop connected = {.kind = NH_CONNECTED, .iface = 0};
static const struct nexthop other = {.kind = NH_FORWARD, .iface = 1};

static void add(struct batch *b, uint32_t dst, const struct nexthop *nh)
{
	b->ip4.pkt[b->ip4.n].nh = nh;
	b->ip4.dst[b->ip4.n++] = dst;
	b->ip4.kinds |= 1u << nh->kind;
}

static struct batch *batch_new(void)
{
	struct batch *b = aligned_alloc(CACHE_LINE, (sizeof(*b) + 63) & ~63ul);

	assert_non_null(b);
	memset(b, 0, sizeof(*b));
	return b;
}

static void known_destinations_get_their_lines(void **)
{
	struct bed *bed = bed_open(NULL);
	struct batch *b = batch_new();

	bed_meet(bed, 0, HOST, MAC_A);
	bed_arp(bed, 0, ARP_CLAIM_REQUEST, HOST + 1, MAC_B);
	add(b, HOST, &connected);
	add(b, IP(1, 2, 3, 4), &other);
	add(b, HOST + 1, &connected);
	neigh4_stage(neigh_reader(bed->t), b);
	assert_ptr_equal(b->ip4.pkt[0].nh, bed_line(bed, 0, HOST));
	assert_ptr_equal(b->ip4.pkt[1].nh, &other);
	assert_ptr_equal(b->ip4.pkt[2].nh, bed_line(bed, 0, HOST + 1));
	assert_int_equal(b->ip4.kinds, 1 << NH_FORWARD | 1 << NH_STALE);
	assert_int_equal(b->ip4.n, 3);
	free(b);
	bed_close(bed);
}

static void add6(struct batch *b, struct ip dst, const struct nexthop *nh)
{
	b->ip6.pkt[b->ip6.n].nh = nh;
	b->ip6.hi[b->ip6.n] = dst.hi;
	b->ip6.lo[b->ip6.n++] = dst.lo;
	b->ip6.kinds |= 1u << nh->kind;
}

/* IPv6 neighbours in a table of their own, by all 128 bits and the interface. */
static void neighbours_of_ip6_are_found_by_the_whole_address(void **)
{
	static const struct nexthop elsewhere = {.kind = NH_CONNECTED, .iface = 1};
	const struct ip a = {0x20010db800000000, 9}, high = {a.hi ^ 1, a.lo},
			low = {a.hi, a.lo ^ 1};
	struct bed *bed = bed_open(NULL);
	struct batch *b = batch_new();

	assert_int_equal(neigh_set_static(bed->t, 0, a, MAC_A, 1), 0);
	add6(b, high, &connected);
	add6(b, a, &connected);
	add6(b, a, &other);
	add6(b, low, &connected);
	add6(b, a, &elsewhere);
	neigh4_stage(neigh_reader(bed->t), b); /* the other lane's business */
	assert_ptr_equal(b->ip6.pkt[1].nh, &connected);
	neigh6_stage(neigh_reader(bed->t), b);
	assert_int_equal(b->ip6.pkt[1].nh->kind, NH_FORWARD);
	assert_true(ip_equal(b->ip6.pkt[1].nh->gateway, a));
	assert_ptr_equal(b->ip6.pkt[0].nh, &connected);
	assert_ptr_equal(b->ip6.pkt[2].nh, &other);
	assert_ptr_equal(b->ip6.pkt[3].nh, &connected);
	assert_ptr_equal(b->ip6.pkt[4].nh, &elsewhere);
	assert_int_equal(b->ip6.kinds, 1 << NH_FORWARD | 1 << NH_CONNECTED);
	free(b);
	bed_close(bed);
}

static void unknown_destinations_stay_for_output_to_hold(void **)
{
	struct bed *bed = bed_open(NULL);
	struct batch *b = batch_new();

	bed_meet(bed, 0, HOST, MAC_A);
	bed_meet(bed, 1, IP(16, 0, 0, 9), MAC_A);
	bed_want(bed, 0, HOST + 1, 1);
	add(b, HOST, &connected);
	add(b, HOST + 1, &connected);        /* asked for, not answered */
	add(b, HOST + 2, &connected);        /* never asked for */
	add(b, IP(16, 0, 0, 9), &connected); /* known, but on another interface */
	neigh4_stage(neigh_reader(bed->t), b);
	assert_ptr_equal(b->ip4.pkt[0].nh, bed_line(bed, 0, HOST));
	for (uint32_t i = 1; i < 4; i++)
		assert_ptr_equal(b->ip4.pkt[i].nh, &connected);
	assert_int_equal(b->ip4.kinds, 1 << NH_FORWARD | 1 << NH_CONNECTED);
	free(b);
	bed_close(bed);
}

static void a_failed_destination_says_so(void **)
{
	struct bed *bed = bed_open(NULL);
	struct batch *b = batch_new();

	bed_want(bed, 0, HOST, 1);
	bed_pass(bed, 3 * SECOND);
	add(b, HOST, &connected);
	neigh4_stage(neigh_reader(bed->t), b);
	assert_int_equal(b->ip4.pkt[0].nh->kind, NH_FAILED);
	assert_int_equal(b->ip4.kinds, 1 << NH_FAILED);
	free(b);
	bed_close(bed);
}

static void a_full_batch_is_looked_up_whole(void **)
{
	struct bed *bed = bed_open(NULL);
	struct batch *b = batch_new();

	for (uint32_t i = 0; i < BATCH_MAX; i++) {
		bed_meet(bed, 0, HOST + i, MAC_A + ((uint64_t)i << 24));
		add(b, HOST + BATCH_MAX - 1 - i, &connected);
	}
	neigh4_stage(neigh_reader(bed->t), b);
	for (uint32_t i = 0; i < BATCH_MAX; i++)
		assert_int_equal(ip_to4(b->ip4.pkt[i].nh->gateway), b->ip4.dst[i]);
	free(b);
	bed_close(bed);
}

static void a_batch_without_connected_destinations_is_left_alone(void **)
{
	struct bed *bed = bed_open(NULL);
	struct batch *b = batch_new();

	neigh4_stage(neigh_reader(bed->t), b);
	add(b, HOST, &other);
	neigh4_stage(neigh_reader(bed->t), b);
	assert_ptr_equal(b->ip4.pkt[0].nh, &other);
	assert_int_equal(b->ip4.kinds, 1 << NH_FORWARD);
	free(b);
	bed_close(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_destinations_get_their_lines),
		cmocka_unit_test(neighbours_of_ip6_are_found_by_the_whole_address),
		cmocka_unit_test(unknown_destinations_stay_for_output_to_hold),
		cmocka_unit_test(a_failed_destination_says_so),
		cmocka_unit_test(a_full_batch_is_looked_up_whole),
		cmocka_unit_test(a_batch_without_connected_destinations_is_left_alone),
	};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
