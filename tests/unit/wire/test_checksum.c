/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "packet.h"
#include "wire/checksum.h"

/* The machine's order of the naive sum, which is made in the network's. */
static uint16_t naive(const uint8_t *p, uint32_t len)
{
	return __builtin_bswap16(packet_sum(p, len));
}

static void sums_equal_the_naive_one_at_every_length_and_alignment(void **)
{
	static uint8_t buf[300];
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)((x = x * 1103515245 + 12345) >> 16);
	for (uint32_t at = 0; at < 8; at++) {
		for (uint32_t len = 0; len < 290; len++)
			assert_int_equal(csum_fold(csum_add(buf + at, len, 0)),
			                 naive(buf + at, len));
	}
}

/* All ones carry at every step; 65535 bytes are the most a packet has. */
static void no_carry_is_lost(void **)
{
	static uint8_t buf[65536];

	for (int fill = 0xff; fill >= 0xfe; fill--) {
		memset(buf, fill, sizeof(buf));
		for (uint32_t len = 65500; len <= 65536; len++)
			assert_int_equal(csum_fold(csum_add(buf, len, 0)), naive(buf, len));
	}
	assert_int_equal(csum_fold(0), 0);
	assert_int_equal(csum_fold(0xffff), 0xffff);
	assert_int_equal(csum_fold(0x10000), 1);
	assert_int_equal(csum_fold(0x1fffe), 0xffff);
	assert_int_equal(csum_fold(0xffffffff), 0xffff);
	assert_int_equal(csum_fold(0x100000000), 1);
	assert_int_equal(csum_fold(UINT64_MAX), 0xffff);
	assert_int_equal(csum_fold(0xfffffffeffffffff), 0xffff - 1);
}

static void pieces_of_even_length_may_be_summed_one_after_the_other(void **)
{
	static uint8_t buf[101];

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(255 - i);
	for (uint32_t cut = 0; cut <= 100; cut += 2)
		assert_int_equal(csum_fold(csum_add(buf + cut, 101 - cut, csum_add(buf, cut, 0))),
		                 naive(buf, 101));
}

/* ip4-cksum-edges: every value of a word of the header, and every checksum with it. */
static void a_header_is_right_if_and_only_if_the_naive_sum_says_so(void **)
{
	static struct packet p;
	uint8_t *h = packet_head4(&p);
	uint8_t options[40] = {0};

	for (uint32_t n = 0; n <= 40; n += 4) {
		for (uint32_t id = 0; id < 65536; id += n == 0 ? 1 : 13) {
			memset(options, (int)id, sizeof(options));
			packet_ip4(&p,
			           &(struct packet_ip4){.src = 0xffffffff,
			                                .dst = 0xffffffff,
			                                .id = (uint16_t)id,
			                                .options = options,
			                                .n_options = n},
			           0);
			assert_true(ip4_checksum_ok(h, 20 + n));
			h[id % 20] ^= (uint8_t)(1 << id % 8);
			assert_false(ip4_checksum_ok(h, 20 + n));
		}
	}
	memset(h, 0, 20);
	assert_false(ip4_checksum_ok(h, 20)); /* a sum of zero is not all ones */
	memset(h, 0xff, 60);
	assert_true(ip4_checksum_ok(h, 60));
}

static void the_pseudo_header_is_that_of_rfc_9293(void **)
{
	static struct packet p;
	uint8_t pseudo[12] = {0};

	for (uint32_t len = 8; len < 1400; len += 11) {
		packet_ip4(&p, &(struct packet_ip4){.src = 0xfedcba98, .dst = len * 0x01010101},
		           len);
		memcpy(pseudo, packet_head4(&p) + 12, 8);
		pseudo[9] = 17;
		pseudo[10] = (uint8_t)(len >> 8);
		pseudo[11] = (uint8_t)len;
		assert_int_equal(csum_fold(csum_pseudo4(packet_head4(&p), len)), naive(pseudo, 12));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_equal_the_naive_one_at_every_length_and_alignment),
		cmocka_unit_test(no_carry_is_lost),
		cmocka_unit_test(pieces_of_even_length_may_be_summed_one_after_the_other),
		cmocka_unit_test(a_header_is_right_if_and_only_if_the_naive_sum_says_so),
		cmocka_unit_test(the_pseudo_header_is_that_of_rfc_9293),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
