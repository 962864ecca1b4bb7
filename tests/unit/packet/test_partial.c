/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "packet.h"
#include "packet/partial.h"
#include "wire/checksum.h"
#include "wire/ip4.h"

static struct packet p;

static void make(uint8_t proto, uint32_t payload)
{
	packet_ip4(&p,
	           &(struct packet_ip4){
			   .src = IP(10, 0, 0, 2), .dst = IP(10, 0, 1, 2), .proto = proto},
	           payload);
}

/* Of all the values the field can have, one looks half-made, and that one is the pseudo-header's.
 */
static void one_value_in_65536_is_taken_for_half_made(void **)
{
	static const uint8_t proto[] = {IP_PROTO_UDP, IP_PROTO_TCP};

	for (int i = 0; i < 2; i++) {
		uint32_t at = i == 0 ? 6 : 16, met = 0;

		make(proto[i], 40);
		for (uint32_t c = 0; c < 65536; c++) {
			store16(packet_payload4(&p) + at, (uint16_t)c);
			if (!partial4_is(packet_head4(&p), 60))
				continue;
			met++;
			partial4_complete(packet_head4(&p), csum_add(packet_payload4(&p), 40, 0));
			assert_int_equal(csum_fold(csum_pseudo4(packet_head4(&p), 40) +
			                           csum_add(packet_payload4(&p), 40, 0)),
			                 0xffff);
		}
		assert_int_equal(met, 1);
	}
}

static void only_whole_udp_and_tcp_with_a_field_are_looked_at(void **)
{
	for (uint32_t proto = 1; proto < 256; proto++) {
		uint32_t at = proto == IP_PROTO_UDP ? 6 : 16;
		uint16_t sum;

		for (uint32_t payload = 0; payload < 24; payload++) {
			bool known = proto == IP_PROTO_UDP || proto == IP_PROTO_TCP;

			make((uint8_t)proto, payload);
			sum = csum_fold(csum_pseudo4(packet_head4(&p), payload));
			store16(packet_payload4(&p) + at, sum);
			assert_int_equal(partial4_is(packet_head4(&p), 20 + payload),
			                 known && payload >= at + 2);
			store16(packet_head4(&p) + 6, __builtin_bswap16(IP4_MF));
			assert_false(partial4_is(packet_head4(&p), 20 + payload));
			store16(packet_head4(&p) + 6, __builtin_bswap16(1));
			assert_false(partial4_is(packet_head4(&p), 20 + payload));
			store16(packet_head4(&p) + 6, __builtin_bswap16(IP4_DF));
			assert_int_equal(partial4_is(packet_head4(&p), 20 + payload),
			                 known && payload >= at + 2);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_value_in_65536_is_taken_for_half_made),
		cmocka_unit_test(only_whole_udp_and_tcp_with_a_field_are_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
