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

static const struct neigh_limits small = {.entries = 8, .incomplete = 4, .held = 4};

/* Let the workers' table refuse insertions; its keys are of an interface that there is not. */
static uint32_t choke(struct bed *bed)
{
	uint32_t n = 0;
	uint64_t key;

	do
		key = (uint64_t)0xffff << 32 | n++;
	while (exact_insert(bed->t->exact, &key, 1) == 0);
	return n - 1;
}

static void unchoke(struct bed *bed, uint32_t n)
{
	while (n-- > 0) {
		uint64_t key = (uint64_t)0xffff << 32 | n;

		assert_int_equal(exact_remove(bed->t->exact, &key, NULL), 0);
	}
}

static void what_cannot_be_published_is_tried_again(void **)
{
	struct bed *bed = bed_open(&small);
	uint32_t n = choke(bed);

	bed_want(bed, 0, HOST, 1);
	bed_arp(bed, 0, ARP_CLAIM_REPLY, HOST, MAC_A);
	assert_int_equal(bed_state(bed, 0, HOST), NEIGH_REACHABLE);
	assert_null(bed_line(bed, 0, HOST));
	/* Resumed packets would come back for ever. */
	assert_int_equal(bed->n_resumed, 0);
	assert_int_equal(bed->n_dropped, 1);
	assert_int_equal(bed->dropped_as, DROP_NEIGH_QUEUE);
	bed_want(bed, 0, HOST, 2);
	assert_int_equal(bed->n_dropped, 2);
	assert_int_equal(bed->dropped_as, DROP_NEIGH_QUEUE);

	bed_pass(bed, 3 * SECOND);
	assert_null(bed_line(bed, 0, HOST));
	unchoke(bed, n);
	bed_pass(bed, SECOND);
	assert_non_null(bed_line(bed, 0, HOST));
	assert_true(bed_line_mac(bed, 0, HOST) == MAC_A);
	assert_true(neigh_tick(bed->t, bed->now) > bed->now + SECOND);
	bed_close(bed);
}

static void a_packet_is_a_reason_to_try_at_once(void **)
{
	struct bed *bed = bed_open(&small);
	uint32_t n = choke(bed);

	bed_want(bed, 0, HOST, 1);
	bed_arp(bed, 0, ARP_CLAIM_REPLY, HOST, MAC_A);
	unchoke(bed, n);
	bed_want(bed, 0, HOST, 2);
	assert_int_equal(bed->n_resumed, 1);
	assert_int_equal(bed->resumed[0], 2);
	assert_non_null(bed_line(bed, 0, HOST));
	bed_close(bed);
}

static void what_was_never_published_goes_quietly(void **)
{
	struct bed *bed = bed_open(&small);
	uint32_t n = choke(bed);

	bed_want(bed, 0, HOST, 1);
	bed_pass(bed, 4 * SECOND);
	assert_int_equal(bed_state(bed, 0, HOST), NEIGH_FAILED);
	assert_null(bed_line(bed, 0, HOST));
	bed_pass(bed, 3 * SECOND);
	assert_false(bed_knows(bed, 0, HOST));
	unchoke(bed, n);
	bed_close(bed);
}

static void a_replaced_line_stays_whole_for_who_still_reads_it(void **)
{
	struct bed *bed = bed_open(&small);
	const struct nexthop *before;

	bed_meet(bed, 0, HOST, MAC_A);
	before = bed_line(bed, 0, HOST);
	bed_arp(bed, 0, ARP_CLAIM_ANNOUNCE, HOST, MAC_B);
	assert_ptr_not_equal(bed_line(bed, 0, HOST), before);
	/* This thread has reported no quiescent state since, as a worker in its batch (I6). */
	assert_int_equal(before->kind, NH_FORWARD);
	assert_true(mac_load(before->header) == MAC_A);
	assert_int_equal(bed_line(bed, 0, HOST)->id, before->id);
	bed_close(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_published_is_tried_again),
		cmocka_unit_test(a_packet_is_a_reason_to_try_at_once),
		cmocka_unit_test(what_was_never_published_goes_quietly),
		cmocka_unit_test(a_replaced_line_stays_whole_for_who_still_reads_it),
	};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
