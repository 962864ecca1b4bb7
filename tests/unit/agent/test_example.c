/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "agent/example.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

/* An IPv6 packet with @n bytes behind its header, the first of type @next. */
static struct drop_example packet6(uint8_t next, const uint8_t *behind, size_t n)
{
	struct drop_example e = {.len = (uint16_t)(IP6_LEN + n), .type = ETHERTYPE_IP6};
	struct ip src, dst;

	assert_true(ip_parse("2001:db8::2", &src));
	assert_true(ip_parse("2001:db8:1::2", &dst));
	ip6_write(e.bytes, 0, (uint16_t)n, next, 64);
	ip_store(e.bytes + 8, src);
	ip_store(e.bytes + 24, dst);
	memcpy(e.bytes + IP6_LEN, behind, n);
	return e;
}

static void says(const struct drop_example *e, const char *wanted)
{
	char text[EXAMPLE_TEXT];

	assert_string_equal(example_format(text, e), wanted);
}

#define PAIR "2001:db8::2 > 2001:db8:1::2 "

static void transports_are_told_with_their_port(void **)
{
	const uint8_t to[] = {0x12, 0x34, 33434 >> 8, 33434 & 255};
	struct drop_example e = packet6(IP_PROTO_UDP, to, sizeof(to));

	says(&e, PAIR "udp 33434");
	e = packet6(IP_PROTO_TCP, to, sizeof(to));
	says(&e, PAIR "tcp 33434");
	e.len--;
	says(&e, PAIR "proto 6");
}

static void icmp6_is_told_with_its_type(void **)
{
	const uint8_t echo[] = {128, 0};
	struct drop_example e = packet6(IP6_ICMP, echo, sizeof(echo));

	says(&e, PAIR "icmp6 128");
	e.len = IP6_LEN;
	says(&e, PAIR "proto 58");
}

static void extension_headers_are_gone_over(void **)
{
	const uint8_t chain[] = {
		IP6_DEST_OPTIONS,
		0,
		1,
		4,
		0,
		0,
		0,
		0, /* hop-by-hop: 8 bytes */
		IP_PROTO_UDP,
		0,
		1,
		4,
		0,
		0,
		0,
		0, /* destination options: the same */
		0x12,
		0,
		0,
		53,
	};
	struct drop_example e = packet6(IP6_HOP_BY_HOP, chain, sizeof(chain));

	says(&e, PAIR "udp 53");
	e.len = IP6_LEN + 16; /* what they stand before is cut off */
	says(&e, PAIR "proto 17");
	e.len = IP6_LEN + 12; /* the second is */
	says(&e, PAIR "proto 60");
	e.len = IP6_LEN + 4; /* the first is */
	says(&e, PAIR "proto 0");
}

static void an_extension_header_that_claims_too_much_ends_it(void **)
{
	const uint8_t chain[24] = {IP_PROTO_TCP, 255};
	struct drop_example e = packet6(IP6_ROUTING, chain, sizeof(chain));

	says(&e, PAIR "proto 6");
	e = packet6(IP6_AH, chain, sizeof(chain));
	says(&e, PAIR "proto 6");
}

static void the_middle_of_a_packet_has_no_ports(void **)
{
	uint8_t fragment[16] = {IP_PROTO_UDP, 0, 0, 1, 0, 0, 0, 7, 0x12, 0x34, 0, 53};
	struct drop_example e = packet6(IP6_FRAGMENT, fragment, sizeof(fragment));

	says(&e, PAIR "udp 53"); /* the first fragment */
	fragment[3] = 9;         /* eight bytes behind it */
	e = packet6(IP6_FRAGMENT, fragment, sizeof(fragment));
	says(&e, PAIR "proto 17");
}

static void ipv4_is_told_as_before(void **)
{
	struct drop_example e = {.len = 28, .type = ETHERTYPE_IP4};

	memcpy(e.bytes,
	       (const uint8_t[]){0x45, [8] = 1, [9] = 17, [12] = 10, 0, 10, 77, 198, 51, 100, 1, 0,
	                         9, 33434 >> 8, 33434 & 255},
	       24);
	says(&e, "10.0.10.77 > 198.51.100.1 udp 33434");
	e.bytes[9] = 1;
	says(&e, "10.0.10.77 > 198.51.100.1 icmp 0");
	e.bytes[7] = 1; /* eight bytes into it */
	says(&e, "10.0.10.77 > 198.51.100.1 proto 1");
}

static void what_is_neither_or_too_short_is_told_by_its_ethertype(void **)
{
	struct drop_example e = {.len = 39, .type = ETHERTYPE_IP6};

	says(&e, "ethertype 0x86dd");
	e.type = ETHERTYPE_IP4;
	e.len = 19;
	says(&e, "ethertype 0x0800");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transports_are_told_with_their_port),
		cmocka_unit_test(icmp6_is_told_with_its_type),
		cmocka_unit_test(extension_headers_are_gone_over),
		cmocka_unit_test(an_extension_header_that_claims_too_much_ends_it),
		cmocka_unit_test(the_middle_of_a_packet_has_no_ports),
		cmocka_unit_test(ipv4_is_told_as_before),
		cmocka_unit_test(what_is_neither_or_too_short_is_told_by_its_ethertype),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
