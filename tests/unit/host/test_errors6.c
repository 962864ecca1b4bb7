/* SPDX-License-Identifier: BSD-2-Clause */
/* Errors of ICMPv6, without a pipeline: which there are, and where they are made. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "host/icmp6.h"
#include "packet.h"
#include "wire/icmp6.h"
#include "wire/ip6.h"

#define ROOM 256
#define HOST IP6(0x20010db800000000, 2)
#define FAR  IP6(0x20010db800010000, 2)
#define SELF IP6(0x20010db800000000, 1)

/* A packet with room before it, as frames have. */
struct desk {
	uint8_t before[ROOM];
	struct packet p;
};

static struct pkt about(struct desk *d)
{
	return (struct pkt){
		.data = d->p.bytes, .len = (uint16_t)d->p.len, .in = 3, .flags = PKT_IP6};
}

static void make(struct desk *d, uint8_t next, uint32_t payload)
{
	packet_ether(&d->p, 1, 2, 0x86dd);
	packet_ip6(&d->p, &(struct packet_ip6){.src = HOST, .dst = FAR, .next = next}, payload);
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct desk));
	return *state == NULL;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void verdicts_that_are_answered_have_their_error(void **)
{
	static const struct {
		enum verdict v;
		uint8_t type, code;
		bool value;
	} want[] = {
		{DROP_NO_ROUTE, 1, 0, false},     {DROP_UNREACHABLE, 1, 0, false},
		{DROP_PROHIBIT, 1, 1, false},     {DROP_SCOPE, 1, 2, false},
		{DROP_NEIGH_FAILED, 1, 3, false}, {DROP_TOO_BIG, 2, 0, true},
		{DROP_TTL_EXPIRED, 3, 0, false},  {DROP_REASSEMBLY, 3, 1, false},
		{DROP_IP6_HEADER, 4, 0, true},    {DROP_ROUTING_HEADER, 4, 0, true},
		{DROP_IP6_OPTION, 4, 2, true},
	};
	struct icmp6_error e;
	uint32_t answered = 0;

	for (enum verdict v = KEEP; v < VERDICT_COUNT; v++)
		answered += icmp6_error_of(v, 1400, &e);
	assert_int_equal(answered, ARRAY_SIZE(want));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		assert_true(icmp6_error_of(want[i].v, 1400, &e));
		assert_int_equal(e.type, want[i].type);
		assert_int_equal(e.code, want[i].code);
		assert_int_equal(e.value, want[i].value ? 1400 : 0);
	}
	assert_false(icmp6_error_of(DROP_IP6_HEADER, 0, &e)); /* no octet is wrong */
}

static void own_and_answered_packets_are_not_answered(void **state)
{
	static const struct icmp6_error e = {.type = ICMP6_TOO_BIG};
	struct desk *d = *state;
	struct pkt p;

	make(d, 17, 64);
	p = about(d);
	assert_true(icmp6_may_answer(&p, &e));
	p.flags |= PKT_ORIGINATED;
	assert_false(icmp6_may_answer(&p, &e));
	p = about(d);
	p.flags |= PKT_TAKEN;
	assert_false(icmp6_may_answer(&p, &e));
}

/* RFC 4443 2.4 e.3 to e.5: whatever says that it went to many. */
static void groups_hear_of_the_mtu_and_of_options_only(void **state)
{
	struct desk *d = *state;

	for (uint32_t type = 1; type <= 4; type++) {
		for (uint32_t code = 0; code < 8; code++) {
			const struct icmp6_error e = {.type = (uint8_t)type, .code = (uint8_t)code};
			bool may = type == ICMP6_TOO_BIG || (type == ICMP6_PARAMETER && code == 2);
			struct pkt p;

			make(d, 17, 64);
			p = about(d);
			assert_true(icmp6_may_answer(&p, &e));
			p.flags |= PKT_GROUP;
			assert_int_equal(icmp6_may_answer(&p, &e), may);
			p = about(d);
			ip_store(packet_head6(&d->p) + 24, IP6_ALL_NODES);
			assert_int_equal(icmp6_may_answer(&p, &e), may);
		}
	}
}

static void an_error_is_made_in_the_headroom_and_nothing_else(void **state)
{
	static const struct icmp6_error e = {.type = 4, .code = 1, .value = 0x10042};
	static struct packet before;
	struct desk *d = *state;

	for (uint32_t payload = 0; payload < 1400; payload += 7) {
		uint32_t quoted = 40 + payload < 1232 ? 40 + payload : 1232;
		struct pkt p, a;
		const uint8_t *h, *m;

		memset(d->before, 0x5a, ROOM);
		make(d, 17, payload);
		before = d->p;
		p = about(d);
		icmp6_write_error(&p, &e, SELF, &a);
		h = a.data + 14;
		m = h + 40;
		assert_ptr_equal(m + 8, d->p.bytes + 14);
		assert_memory_equal(m + 8, before.bytes + 14, before.len - 14);
		assert_int_equal(a.len, 14 + 48 + quoted);
		assert_int_equal(a.flags, PKT_ORIGINATED | PKT_IP6);
		assert_int_equal(a.in, 3);
		assert_int_equal(ip6_first(h), 6u << 28);
		assert_int_equal(ip6_payload_len(h), 8 + quoted);
		assert_int_equal(ip6_hop_limit(h), 65); /* output takes one off */
		assert_true(ip_equal(ip6_src(h), SELF));
		assert_true(ip_equal(ip6_dst(h), HOST));
		assert_int_equal(packet_sum6(h, IP6_ICMP, m, 8 + quoted), 0xffff);
		assert_int_equal(__builtin_bswap32(load32(m + 4)), 0x10042);
		for (int i = 0; i < ROOM - 48; i++)
			assert_int_equal(d->before[i], 0x5a); /* chains are listed there */
	}
}

#define desk_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_that_are_answered_have_their_error),
		desk_test(own_and_answered_packets_are_not_answered),
		desk_test(groups_hear_of_the_mtu_and_of_options_only),
		desk_test(an_error_is_made_in_the_headroom_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
