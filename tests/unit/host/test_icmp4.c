/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "base/clock.h"
#include "host/host.h"
#include "host/icmp4.h"
#include "packet.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"

#define ROOM 256

/* A packet with room before it, as frames have. */
struct desk {
	uint8_t before[ROOM];
	struct packet p;
};

static struct pkt about(struct desk *d)
{
	return (struct pkt){.data = d->p.bytes, .len = (uint16_t)d->p.len, .in = 3};
}

static void make(struct desk *d, const struct packet_ip4 *f, uint32_t payload)
{
	struct packet_ip4 full = *f;

	full.src = IP(10, 0, 0, 2);
	full.dst = IP(10, 0, 1, 2);
	packet_ether(&d->p, 1, 2, 0x0800);
	packet_ip4(&d->p, &full, payload);
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
	} want[] = {
		{DROP_TTL_EXPIRED, 11, 0}, {DROP_NO_ROUTE, 3, 0},   {DROP_UNREACHABLE, 3, 1},
		{DROP_NEIGH_FAILED, 3, 1}, {DROP_TOO_BIG, 3, 4},    {DROP_PROHIBIT, 3, 13},
		{DROP_REASSEMBLY, 11, 1},  {DROP_IP_OPTION, 12, 0},
	};
	uint32_t answered = 0;

	for (enum verdict v = KEEP; v < VERDICT_COUNT; v++) {
		struct icmp4_error e;

		if (!icmp4_error_of(v, 1400, &e))
			continue;
		answered++;
		for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
			if (want[i].v != v)
				continue;
			assert_int_equal(e.type, want[i].type);
			assert_int_equal(e.code, want[i].code);
			if (v == DROP_IP_OPTION) /* the octet, in the top byte */
				assert_int_equal(e.value, 1400u << 24);
			else
				assert_int_equal(e.value, v == DROP_TOO_BIG ? 1400 : 0);
		}
	}
	assert_int_equal(answered, sizeof(want) / sizeof(want[0]));
}

/* RFC 1812 4.3.2.7 */
static void errors_fragments_and_own_packets_are_not_answered(void **state)
{
	struct desk *d = *state;
	struct pkt p;

	for (uint32_t type = 0; type < 256; type++) {
		make(d, &(struct packet_ip4){.proto = 1}, 8);
		packet_icmp(&d->p, (uint8_t)type, 0);
		p = about(d);
		assert_int_equal(icmp4_may_answer(&p), !icmp4_is_error((uint8_t)type));
	}
	make(d, &(struct packet_ip4){.frag = IP4_MF}, 8);
	p = about(d);
	assert_true(icmp4_may_answer(&p));
	p.flags = PKT_ORIGINATED;
	assert_false(icmp4_may_answer(&p));
	p.flags = PKT_TAKEN;
	assert_false(icmp4_may_answer(&p));
	make(d, &(struct packet_ip4){.frag = 1}, 8);
	p = about(d);
	assert_false(icmp4_may_answer(&p));
}

/* icmp4-quote, -quote-options, -tos */
static void an_error_is_made_in_the_headroom_and_nothing_else(void **state)
{
	static const struct icmp4_error e = {.type = 3, .code = 4, .value = 1400};
	static const uint8_t nops[40] = {1};
	struct desk *d = *state;

	for (uint32_t payload = 0; payload < 1400; payload += 7) {
		uint32_t options = payload % 11 * 4, total = 20 + options + payload;
		uint32_t quoted = total < 548 ? total : 548;
		struct packet_ip4 f = {.options = nops, .n_options = options};
		static struct packet before;
		struct pkt p, a;
		const uint8_t *h, *m;

		memset(d->before, 0x5a, ROOM);
		make(d, &f, payload);
		before = d->p;
		p = about(d);
		icmp4_write_error(&p, &e, IP(10, 0, 0, 1), 77, &a);
		h = a.data + 14;
		m = h + 20;
		assert_ptr_equal(m + 8, d->p.bytes + 14);
		assert_memory_equal(m + 8, before.bytes + 14, before.len - 14);
		assert_int_equal(a.len, 14 + 28 + quoted);
		assert_int_equal(a.flags, PKT_ORIGINATED);
		assert_int_equal(a.in, 3);
		assert_int_equal(packet_sum(h, 20), 0xffff);
		assert_int_equal(packet_sum(m, 8 + quoted), 0xffff);
		assert_int_equal(h[1], 0xc0);
		assert_int_equal(h[8], 65); /* output takes one off */
		assert_int_equal(ip4_total_len(h), 28 + quoted);
		assert_int_equal(ip4_src(h), IP(10, 0, 0, 1));
		assert_int_equal(ip4_dst(h), IP(10, 0, 0, 2));
		assert_int_equal(m[6] << 8 | m[7], 1400);
		for (int i = 0; i < ROOM - 28; i++)
			assert_int_equal(d->before[i], 0x5a); /* chains are listed there */
	}
}

/* The checksum of the answer follows from the question's: all there are, RFC 1624 3. */
static void every_echo_checksum_is_right_in_the_reply(void **state)
{
	struct desk *d = *state;

	for (uint32_t id = 0; id < 65536; id++) {
		struct pkt p, a;
		uint8_t *m;

		make(d, &(struct packet_ip4){.proto = 1, .ttl = 1}, 9);
		m = packet_payload4(&d->p);
		m[4] = (uint8_t)(id >> 8);
		m[5] = (uint8_t)id;
		packet_icmp(&d->p, 8, 0);
		p = about(d);
		icmp4_write_echo(&p, 20, 1, &a);
		assert_int_equal(m[0], 0);
		assert_int_equal(packet_sum(m, 9), 0xffff);
		assert_int_equal(packet_sum(a.data + 14, 20), 0xffff);
		assert_int_equal(a.len, p.len);
	}
}

/* @n packets without a route at @now_ns. Return: how many errors that gave. */
static uint64_t errors_sent(struct desk *d, struct host *h, const struct ifaces *s, struct batch *b,
                            uint64_t n, uint64_t now_ns)
{
	uint64_t sent = 0;

	for (uint64_t k = 0; k < n; k++) {
		struct pkt p;

		make(d, &(struct packet_ip4){0}, 8);
		p = about(d);
		b->ip4.n = b->host.n = b->ended.n = 0;
		pkt_list_add(&b->ended, &p, DROP_NO_ROUTE);
		host_stage(h, s, now_ns, b);
		sent += b->ip4.n;
	}
	return sent;
}

/* RFC 1812 4.3.2.8: a tenth of a second's errors at once, then one an interval. */
static void the_limit_gives_a_burst_and_then_its_rate(void **state)
{
	static const uint64_t rates[] = {1, 3, 10, 100, 1000};
	struct ifaces *s = ifaces_new(4);
	const struct iface_addr4 addr = {IP(10, 0, 0, 1), 24};
	const struct iface f = {.id = 3, .up = true, .n_addr4 = 1, .addr4 = &addr};
	struct batch *b = aligned_alloc(CACHE_LINE, sizeof(*b));

	assert_true(s != NULL && b != NULL && ifaces_set(s, &f) == 0);
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		uint64_t sent, burst = rates[i] / 10 > 0 ? rates[i] / 10 : 1;
		struct host_common common = {0};
		struct host h = {.common = &common};

		limit_set(&common.limit, rates[i]);
		sent = errors_sent(*state, &h, s, b, burst + 5, 0);
		assert_int_equal(sent, burst);
		for (uint64_t ms = 1; ms < 3000; ms++)
			sent += errors_sent(*state, &h, s, b, rates[i] / 1000 + 1, ms * NS_PER_MS);
		assert_in_range(sent, burst + rates[i] * 2999 / 1000 * 99 / 100,
		                burst + rates[i] * 3);
		assert_int_equal(h.originated, sent);
		assert_true(h.limited > 0);
	}
	free(b);
	ifaces_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_that_are_answered_have_their_error),
		cmocka_unit_test_setup_teardown(errors_fragments_and_own_packets_are_not_answered,
	                                        setup, teardown),
		cmocka_unit_test_setup_teardown(an_error_is_made_in_the_headroom_and_nothing_else,
	                                        setup, teardown),
		cmocka_unit_test_setup_teardown(every_echo_checksum_is_right_in_the_reply, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(the_limit_gives_a_burst_and_then_its_rate, setup,
	                                        teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
