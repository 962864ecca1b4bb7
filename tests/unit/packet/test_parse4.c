/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "packet.h"
#include "packet/parse4.h"

#define A IP(10, 0, 0, 2)
#define B IP(10, 0, 1, 2)

struct seen {
	enum verdict v;
	uint32_t total;
	uint8_t flags;
};

static struct seen parse(struct packet *p, uint32_t room)
{
	struct seen s = {0};

	s.v = parse4(packet_head4(p), room, &s.total, &s.flags);
	return s;
}

static void make(struct packet *p, uint32_t n_options, uint32_t payload)
{
	static const uint8_t nops[40] = {1};

	p->len = 14;
	packet_ip4(
		p,
		&(struct packet_ip4){.src = A, .dst = B, .options = nops, .n_options = n_options},
		payload);
}

static void the_total_is_the_packets_own(void **)
{
	static struct packet p;

	for (uint32_t options = 0; options <= 40; options += 4) {
		for (uint32_t payload = 0; payload < 100; payload++) {
			struct seen s;

			make(&p, options, payload);
			s = parse(&p, 20 + options + payload);
			assert_int_equal(s.v, KEEP);
			assert_int_equal(s.total, 20 + options + payload);
			assert_int_equal(s.flags, options > 0 ? PKT_OPTIONS : 0);
			s = parse(&p, 20 + options + payload + 46); /* ip4-trailer */
			assert_int_equal(s.v, KEEP);
			assert_int_equal(s.total, 20 + options + payload);
			assert_int_equal(parse(&p, 19 + options + payload).v,
			                 options + payload == 0 ? DROP_SHORT : DROP_IP_HEADER);
		}
	}
}

/* Every first byte, with a checksum that is right for it (ip4-version-*, -ihl-*). */
static void version_and_header_length_are_checked(void **)
{
	static struct packet p;

	for (uint32_t first = 0; first < 256; first++) {
		uint32_t hlen = (first & 15) * 4;
		enum verdict want = KEEP;

		make(&p, 0, 24);
		packet_head4(&p)[0] = (uint8_t)first;
		packet_fix_ip4(&p);
		if (first >> 4 != 4)
			want = DROP_IP_VERSION;
		else if (hlen < 20 || hlen > 44)
			want = DROP_IP_HEADER;
		assert_int_equal(parse(&p, 44).v, want);
	}
}

static void every_wrong_checksum_is_seen(void **)
{
	static struct packet p;
	uint8_t *h = packet_head4(&p);
	uint32_t right = 0;

	make(&p, 0, 8);
	for (uint32_t c = 0; c < 65536; c++) {
		store16(h + 10, (uint16_t)c);
		right += parse(&p, 28).v == KEEP;
	}
	assert_int_equal(right, 1);
	for (int byte = 0; byte < 20; byte++) {
		for (int bit = 0; bit < 8; bit++) {
			make(&p, 0, 8);
			h[byte] ^= (uint8_t)(1 << bit);
			assert_int_not_equal(parse(&p, 28).v, KEEP);
		}
	}
}

static bool in(uint32_t a, uint32_t net, uint32_t len)
{
	return (a ^ net) >> (32 - len) == 0;
}

static bool nobody(uint32_t a)
{
	return in(a, 0, 8) || in(a, IP(127, 0, 0, 0), 8) || in(a, IP(169, 254, 0, 0), 16);
}

/* martians-*: both ends of every /16 as source and as destination. */
static void martians_are_told_from_all_others(void **)
{
	static struct packet p;

	for (uint32_t net = 0; net < 65536; net++) {
		uint32_t end[] = {net << 16, net << 16 | 0xffff};

		for (int i = 0; i < 2; i++) {
			uint32_t a = end[i];
			enum verdict src =
				nobody(a) || a >= IP(224, 0, 0, 0) ? DROP_MARTIAN_SOURCE : KEEP;
			enum verdict dst = KEEP;

			if (a == 0xffffffff)
				dst = DROP_BROADCAST;
			else if (in(a, IP(224, 0, 0, 0), 4))
				dst = DROP_MULTICAST;
			else if (nobody(a) || a >= IP(240, 0, 0, 0))
				dst = DROP_MARTIAN_DEST;
			packet_ip4(&p, &(struct packet_ip4){.src = a, .dst = B}, 0);
			assert_int_equal(parse(&p, 20).v, src);
			packet_ip4(&p, &(struct packet_ip4){.src = A, .dst = a}, 0);
			assert_int_equal(parse(&p, 20).v, dst);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_total_is_the_packets_own),
		cmocka_unit_test(version_and_header_length_are_checked),
		cmocka_unit_test(every_wrong_checksum_is_seen),
		cmocka_unit_test(martians_are_told_from_all_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
