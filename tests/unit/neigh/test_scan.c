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

/*
 * RFC 6583: someone sends to a million addresses of a connected subnet, 20,000 a second, none of
 * which there is. Hosts that live answer 5 ms after they are asked.
 */
#define PACKETS  1000000
#define STEP_NS  (NS_PER_MS / 20)
#define ANSWER   100 /* in steps */
#define KNOWN    64u
#define SCANNER  0x0a0000 /* its subnet, as workers tell it */
#define OTHERS   0x0a0001
#define NEW_EACH 4000 /* packets of the scan to one new host */

static const struct neigh_limits limits = {
	.entries = 16384, .incomplete = 8192, .held = 1024, .asked = 4096};

struct scan {
	struct bed *bed;
	struct ip base; /* of interface 0's subnet */
	uint32_t n_sent;
	uint32_t n_new;
	struct ip asked[64]; /* hosts that live and were asked; answered later, at due */
	uint64_t due[64];
	uint32_t n_asked;
};

/* Known hosts have numbers from 2, new ones from 0x10000; the scan is elsewhere. */
static struct ip host(const struct scan *s, uint32_t number)
{
	return (struct ip){s->base.hi, s->base.lo + number};
}

/* Our own address, if it announces that. */
static struct ip asked_for(const uint8_t *frame)
{
	if (ether_type(frame) == ETHERTYPE_ARP)
		return ip_from4(arp_target(frame + ETHER_LEN));
	return ip_load(frame + 54 + 8);
}

static void on_send(void *ctx, uint16_t, const uint8_t *frame, uint16_t)
{
	struct scan *s = ctx;
	struct ip ip = asked_for(frame);

	s->n_sent++;
	if (ip.hi != s->base.hi || ip.lo - s->base.lo < 2 || ip.lo - s->base.lo >= 0x20000)
		return; /* nobody has it, or we */
	assert_true(s->n_asked < ARRAY_SIZE(s->asked));
	s->asked[s->n_asked] = ip;
	s->due[s->n_asked++] = s->bed->now + ANSWER * STEP_NS;
}

static void on_resume(void *ctx, const struct neigh_held *)
{
	struct scan *s = ctx;

	s->bed->n_resumed++;
}

static void on_drop(void *ctx, const struct neigh_held *, enum verdict)
{
	struct scan *s = ctx;

	s->bed->n_dropped++;
}

static void want(struct scan *s, struct ip ip, uint32_t subnet)
{
	const struct report r = {
		.kind = REPORT_NEIGH_WANTED,
		.iface = 0,
		.ip = ip,
		.value = subnet,
		.data = s->bed->packet,
		.len = 100,
	};

	neigh_report(s->bed->t, &r, s->bed->now);
}

/* Those who were asked 5 ms ago answer. */
static void answers(struct scan *s)
{
	uint32_t done = 0;

	while (done < s->n_asked && s->due[done] <= s->bed->now)
		bed_answer(s->bed, 0, s->asked[done++], MAC_A);
	s->n_asked -= done;
	memmove(s->asked, s->asked + done, s->n_asked * sizeof(s->asked[0]));
	memmove(s->due, s->due + done, s->n_asked * sizeof(s->due[0]));
}

static struct scan *scan_open(const struct ip *base)
{
	static const struct iface_addr4 wide = {OUR_IP1,
	                                        8}; /* has room for the scan as a /64 has */
	static const struct neigh_ops ops = {on_send, on_resume, on_drop, NULL};
	struct iface f0 = bed_iface6(0), f1 = bed_iface(1);
	struct scan *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->base = *base;
	s->bed = bed_open_bare(&limits);
	neigh_free(s->bed->t);
	assert_int_equal(neigh_new(&s->bed->t, &ops, s, s->bed->nexthops, &limits, NULL), 0);
	f0.addr4 = &wide;
	f1.n_addr4 = 0;
	bed_set_ifaces(s->bed, &f0, &f1);
	for (uint32_t i = 0; i < KNOWN; i++)
		bed_meet(s->bed, 0, host(s, 2 + i), MAC_A);
	s->n_asked = 0;
	return s;
}

static void scan_close(struct scan *s)
{
	bed_close(s->bed);
	free(s);
}

/* Step @i of the scan, and all that goes on beside it. */
static void scan_step(struct scan *s, uint32_t i, uint32_t subnet)
{
	struct bed *bed = s->bed;
	struct neigh_stats stats;

	bed->now += STEP_NS;
	want(s, host(s, 0x100000 + i * 13), subnet);
	answers(s);
	neigh_tick(bed->t, bed->now);
	stats = bed_stats(bed);
	assert_true(stats.entries <= limits.entries);
	assert_true(stats.incomplete <= limits.incomplete && stats.held <= limits.held);
	if (i % 100 == 0) /* traffic to those who are known */
		bed_use(bed, 0, host(s, 2 + i / 100 % KNOWN));
	if (i % NEW_EACH == 0) {
		want(s, host(s, 0x10000 + s->n_new++), OTHERS);
	} else if (i % NEW_EACH == 2 * ANSWER) {
		assert_int_equal(bed_state(bed, 0, host(s, 0x10000 + s->n_new - 1)),
		                 NEIGH_REACHABLE);
		assert_int_equal(bed->n_resumed, s->n_new);
	}
}

static void known_still_forward(const struct scan *s)
{
	for (uint32_t i = 0; i < KNOWN; i++)
		assert_true(bed_line_mac(s->bed, 0, host(s, 2 + i)) == MAC_A);
}

/* Who is known is confirmed again, who is new is found by its first packet. */
static void a_scan_starves_nobody_and_floods_no_link(void **state)
{
	struct scan *s = scan_open(*state);
	uint64_t since = s->bed->now, asked;

	s->n_sent = 0;
	for (uint32_t i = 0; i < PACKETS; i++) {
		scan_step(s, i, SCANNER);
		if (i % 10000 == 0)
			known_still_forward(s);
	}
	known_still_forward(s);
	/* An eighth for one subnet, and the first second's at once; three times each at most. */
	asked = limits.asked / 8 * ((s->bed->now - since) / SECOND + 1);
	assert_true(s->n_sent < 3 * (asked + s->n_new) + 8ul * KNOWN);
	assert_true(s->n_sent > asked);
	assert_true(bed_stats(s->bed).limit_asked > PACKETS / 2);
	scan_close(s);
}

/* From forged sources of everywhere it gets the other seven eighths, and no more. */
static void a_scan_from_everywhere_is_bounded_too(void **state)
{
	struct scan *s = scan_open(*state);
	uint64_t since = s->bed->now, asked;

	s->n_sent = 0;
	for (uint32_t i = 0; i < PACKETS / 4; i++) {
		s->bed->now += STEP_NS;
		want(s, host(s, 0x100000 + i * 13), i * 2654435761u);
		answers(s);
		neigh_tick(s->bed->t, s->bed->now);
		if (i % 100 == 0)
			bed_use(s->bed, 0, host(s, 2 + i / 100 % KNOWN));
		assert_true(bed_stats(s->bed).incomplete <= limits.incomplete);
	}
	known_still_forward(s);
	asked = limits.asked * ((s->bed->now - since) / SECOND + 1);
	assert_true(s->n_sent < 3 * asked + 8ul * KNOWN && s->n_sent > asked / 2);
	scan_close(s);
}

/* Nor is an answer needed to know who speaks to us meanwhile. */
static void who_asks_us_during_a_scan_is_known(void **state)
{
	struct scan *s = scan_open(*state);

	for (uint32_t i = 0; i < 20000; i++) {
		want(s, host(s, 0x100000 + i), SCANNER);
		if (i % 100 != 0)
			continue;
		bed_asks_us(s->bed, 0, host(s, 0x10000 + i), MAC_B);
		assert_true(bed_line_mac(s->bed, 0, host(s, 0x10000 + i)) == MAC_B);
	}
	scan_close(s);
}

#define BOTH(fn)                                              \
	{#fn, fn, NULL, NULL, (void *)&base4},                \
	{                                                     \
#fn " (IPv6)", fn, NULL, NULL, (void *)&base6 \
	}

int main(void)
{
	static const struct ip base4 = {0, IP4_MAPPED | IP(16, 0, 0, 0)}, base6 = {NET0, 0};
	const struct CMUnitTest tests[] = {
		BOTH(a_scan_starves_nobody_and_floods_no_link),
		BOTH(a_scan_from_everywhere_is_bounded_too),
		BOTH(who_asks_us_during_a_scan_is_known),
	};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
