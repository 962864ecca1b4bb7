/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "packet.h"
#include "route/route.h"

static const struct route_seed seed = {
	{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0}};

static void udp(struct packet *p, uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport)
{
	packet_ether(p, 2, 4, 0x0800);
	packet_ip4(p, &(struct packet_ip4){.src = src, .dst = dst}, 64);
	packet_udp(p);
	store16(packet_payload4(p), __builtin_bswap16(sport));
	store16(packet_payload4(p) + 2, __builtin_bswap16(dport));
}

static uint32_t hash_of(const struct packet *p)
{
	return flow_hash4(&seed, p->bytes + 14, p->len - 14);
}

/* Chi square of 256 buckets: beyond 400 by chance about once in 10^8. */
static void is_even(const uint32_t *n, uint32_t total)
{
	double mean = total / 256.0, chi = 0;

	for (uint32_t b = 0; b < 256; b++)
		chi += (n[b] - mean) * (n[b] - mean) / mean;
	if (chi > 400)
		fail_msg("chi square is %f", chi);
}

/* Flows that differ in little: the low bits of an address, or one port. */
static void flows_that_differ_in_little_spread_evenly(void **state)
{
	struct packet *p = *state;

	for (int what = 0; what < 4; what++) {
		uint32_t n[256] = {};

		for (uint32_t i = 0; i < 25600; i++) {
			udp(p, IP(10, 0, 0, 0) + (what == 0 ? i : 2),
			    IP(10, 9, 0, 0) + (what == 1 ? i << 8 : 7),
			    (uint16_t)(what == 2 ? i : 1024), (uint16_t)(what == 3 ? i : 53));
			n[hash_of(p) % 256]++;
		}
		is_even(n, 25600);
	}
}

/* Flows of IPv6 that differ in little, in one of all that counts. */
static void flows_of_ip6_that_differ_in_little_spread_evenly(void **state)
{
	struct packet *p = *state;

	for (int what = 0; what < 7; what++) {
		uint32_t n[256] = {};

		packet_ether(p, 2, 4, 0x86dd);
		for (uint32_t i = 0; i < 25600; i++) {
			const struct packet_ip6 f = {
				.src = {0x20010db800000000 + (what == 0 ? i : 0),
			                2 + (what == 1 ? i : 0)},
				.dst = {0x20010db900000000 + (what == 2 ? (uint64_t)i << 16 : 0),
			                7 + (what == 3 ? i : 0)},
				.tclass_flow = what == 4 ? i : 0,
			};

			packet_ip6(p, &f, 64);
			store16(packet_payload6(p), (uint16_t)(what == 5 ? i : 1024));
			store16(packet_payload6(p) + 2, (uint16_t)(what == 6 ? i : 53));
			n[flow_hash6(&seed, p->bytes + 14, p->len - 14) % 256]++;
		}
		is_even(n, 25600);
	}
}

/* The traffic class does not tell flows apart, nor what follows another header than a transport's,
 * nor what the packet has no more. */
static void flows_of_ip6_are_not_torn_apart(void **state)
{
	struct packet *p = *state;
	struct packet_ip6 f = {.src = {1, 2}, .dst = {3, 4}, .next = 44};
	uint32_t hash;

	packet_ether(p, 2, 4, 0x86dd);
	packet_ip6(p, &f, 64);
	hash = flow_hash6(&seed, p->bytes + 14, p->len - 14);
	f.tclass_flow = 0xff00000;
	packet_ip6(p, &f, 64);
	memset(packet_head6(p) + 40, 0xff, 64);
	assert_int_equal(flow_hash6(&seed, p->bytes + 14, p->len - 14), hash);
	f.next = 17;
	packet_ip6(p, &f, 3);
	hash = flow_hash6(&seed, p->bytes + 14, p->len - 14);
	memset(packet_head6(p) + 40, 0xff, 8);
	assert_int_equal(flow_hash6(&seed, p->bytes + 14, p->len - 14), hash);
}

static void seeds_make_hashes_that_have_nothing_in_common(void **state)
{
	struct packet *p = *state;
	const struct route_seed other = {{seed.word[0] ^ 1, seed.word[1], seed.word[2]}};
	uint32_t n[256] = {}, taken = 0;

	/* Of the flows that one router sends by one half of its buckets, the next uses all. */
	for (uint32_t i = 0; i < 51200; i++) {
		udp(p, IP(10, 0, 0, 0) + i, IP(10, 9, 0, 1), 1024, 53);
		if (hash_of(p) % 256 >= 128)
			continue;
		n[flow_hash4(&other, p->bytes + 14, p->len - 14) % 256]++;
		taken++;
	}
	is_even(n, taken);
}

static void what_is_not_of_the_flow_does_not_count(void **state)
{
	struct packet *p = *state;
	uint32_t is;

	udp(p, IP(10, 0, 0, 2), IP(10, 9, 0, 1), 1024, 53);
	is = hash_of(p);
	packet_head4(p)[8] = 3;       /* TTL */
	packet_head4(p)[1] = 0xb8;    /* TOS */
	packet_head4(p)[5] = 77;      /* ID */
	packet_payload4(p)[20] ^= 55; /* data */
	packet_head4(p)[6] = 0x40;    /* DF */
	assert_int_equal(hash_of(p), is);
	udp(p, IP(10, 0, 0, 2), IP(10, 9, 0, 1), 1024, 54);
	assert_int_not_equal(hash_of(p), is);
	udp(p, IP(10, 0, 0, 2), IP(10, 9, 0, 1), 1025, 53);
	assert_int_not_equal(hash_of(p), is);
	packet_head4(p)[9] = 6;
	assert_int_not_equal(hash_of(p), is);
}

static void ports_count_behind_options_too(void **state)
{
	static const uint8_t nops[40] = {[0 ... 39] = 1};
	struct packet *p = *state;
	uint32_t is[2];

	for (uint16_t i = 0; i < 2; i++) {
		packet_ether(p, 2, 4, 0x0800);
		packet_ip4(p,
		           &(struct packet_ip4){.src = IP(10, 0, 0, 2),
		                                .dst = IP(10, 9, 0, 1),
		                                .options = nops,
		                                .n_options = 40},
		           64);
		packet_payload4(p)[1] = (uint8_t)i;
		is[i] = hash_of(p);
	}
	assert_int_not_equal(is[0], is[1]);
}

static void all_fragments_of_a_packet_have_one_hash(void **state)
{
	static const uint16_t frag[] = {0x2000, 0x2008, 0x0010};
	struct packet *p = *state;
	uint32_t is[3];

	for (uint16_t i = 0; i < 3; i++) {
		udp(p, IP(10, 0, 0, 2), IP(10, 9, 0, 1), (uint16_t)(i * 5), 53);
		store16(packet_head4(p) + 6, __builtin_bswap16(frag[i]));
		is[i] = hash_of(p);
	}
	assert_int_equal(is[0], is[1]);
	assert_int_equal(is[0], is[2]);
}

static void ports_that_are_not_there_are_not_read(void **state)
{
	static const uint8_t proto[] = {6, 17, 33, 132, 136};

	(void)state;
	for (size_t i = 0; i < sizeof(proto); i++) {
		for (uint32_t len = 20; len < 24; len++) {
			uint8_t *h = calloc(1, len); /* a byte too many is an error of ASan's */

			assert_non_null(h);
			h[0] = 0x45;
			h[9] = proto[i];
			(void)flow_hash4(&seed, h, len);
			free(h);
		}
	}
}

static void protocols_without_ports_have_none(void **state)
{
	struct packet *p = *state;
	uint32_t is[2];

	for (uint16_t i = 0; i < 2; i++) {
		udp(p, IP(10, 0, 0, 2), IP(10, 9, 0, 1), i, i);
		packet_head4(p)[9] = 47;
		is[i] = hash_of(p);
	}
	assert_int_equal(is[0], is[1]);
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct packet));
	return *state == NULL;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(flows_that_differ_in_little_spread_evenly),
		test(flows_of_ip6_that_differ_in_little_spread_evenly),
		test(flows_of_ip6_are_not_torn_apart),
		test(seeds_make_hashes_that_have_nothing_in_common),
		test(what_is_not_of_the_flow_does_not_count),
		test(ports_count_behind_options_too),
		test(all_fragments_of_a_packet_have_one_hash),
		test(ports_that_are_not_there_are_not_read),
		test(protocols_without_ports_have_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
