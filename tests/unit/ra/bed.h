/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of router advertisements stand on. */
#ifndef TEST_RA_BED_H
#define TEST_RA_BED_H

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ra/ra.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/icmp6.h"
#include "wire/ip6.h"

#define SECOND   NS_PER_SEC
#define N_SENT   4096
#define OUR_MAC  0x010000000002ull
#define OUR_LINK ((struct ip){0xfe80ull << 48, 1})

/* An advertiser on two interfaces, a clock moved by hand, and what it sent. */
struct bed {
	struct ra *ra;
	uint64_t now;
	uint32_t n_sent;
	uint64_t at[N_SENT];
	bool final[N_SENT];
	uint16_t iface;
	uint16_t len;
	uint8_t frame[ETHER_LEN + IP6_MIN_MTU]; /* the last one */
};

static inline const uint8_t *message(const struct bed *bed)
{
	return bed->frame + ICMP6_FRAME_HEAD(false);
}

/* What holds of every message: RFC 4861 6.1.2, as those that hear it check. */
static inline void on_send(void *ctx, uint16_t iface, const uint8_t *frame, uint16_t len)
{
	struct bed *bed = ctx;
	const uint8_t *ip = frame + ETHER_LEN, *m = ip + IP6_LEN;
	uint32_t n = len - ETHER_LEN - IP6_LEN;

	assert_in_range(len, ETHER_LEN + IP6_LEN + ND_RA_LEN, sizeof(bed->frame));
	assert_true(mac_load(frame) == ip6_group_mac(IP6_ALL_NODES));
	assert_true(mac_load(frame + 6) == OUR_MAC);
	assert_int_equal(ip6_payload_len(ip), n);
	assert_int_equal(ip6_next(ip), IP6_ICMP);
	assert_int_equal(ip6_hop_limit(ip), 255);
	assert_true(ip6_is_link_local(ip6_src(ip)));
	assert_true(ip_equal(ip6_dst(ip), IP6_ALL_NODES));
	assert_int_equal(csum_fold(csum_add(m, n, csum_pseudo6(ip, IP6_ICMP, n))), 0xffff);
	assert_int_equal(m[0], ICMP6_RA);
	assert_int_equal(m[1], 0);
	for (const uint8_t *o = m + ND_RA_LEN; o < m + n; o += 8ul * o[1]) {
		assert_in_range(o[1], 1, 255);
		assert_true(o + 8ul * o[1] <= m + n);
	}
	bed->iface = iface;
	bed->len = len;
	memcpy(bed->frame, frame, len);
	bed->at[bed->n_sent % N_SENT] = bed->now;
	bed->final[bed->n_sent++ % N_SENT] = load16(m + 6) == 0;
}

static const struct ra_ops ops = {.send = on_send};

static const struct iface_addr6 usable[] = {{OUR_LINK, 64, ADDR_USABLE}};

/* Interface 0 is up with @addr6, or down if NULL; interface 1 is down. */
static inline void bed_ifaces(struct bed *bed, const struct iface_addr6 *addr6)
{
	const struct iface f = {.mac = OUR_MAC,
	                        .mtu = 1500,
	                        .up = addr6 != NULL,
	                        .n_addr6 = 1,
	                        .addr6 = addr6 != NULL ? addr6 : usable,
	                        .name = "p1"};
	struct ifaces *s = ifaces_new(2);

	assert_non_null(s);
	assert_int_equal(ifaces_set(s, &f), 0);
	ra_set_ifaces(bed->ra, s, bed->now);
	ifaces_free(s);
}

static inline void bed_set(struct bed *bed, const struct ra_config *c)
{
	assert_int_equal(ra_set(bed->ra, 0, c, bed->now), 0);
}

static inline struct bed *bed_open(uint64_t seed)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	bed->now = 1000 * SECOND;
	assert_int_equal(ra_new(&bed->ra, &ops, bed, 2, seed), 0);
	return bed;
}

static inline void bed_close(struct bed *bed)
{
	ra_free(bed->ra);
	free(bed);
}

/* Let @ns pass, with every timer at its time. */
static inline void bed_pass(struct bed *bed, uint64_t ns)
{
	uint64_t end = bed->now + ns, next;

	while ((next = ra_tick(bed->ra, bed->now)) <= end) {
		assert_true(next > bed->now); /* what was due is done */
		bed->now = next;
	}
	bed->now = end;
}

/* Go on until @n have been sent, a hundred days at most. */
static inline void bed_until(struct bed *bed, uint32_t n)
{
	uint64_t end = bed->now + 100ull * 86400 * SECOND, next;

	while (bed->n_sent < n && (next = ra_tick(bed->ra, bed->now)) <= end) {
		if (bed->n_sent < n)
			bed->now = next;
	}
	assert_int_equal(bed->n_sent, n);
}

static inline struct ra_config plain(void)
{
	return (struct ra_config){.interval = 200,
	                          .lifetime = 1800,
	                          .hop_limit = 64,
	                          .preference = RA_PREFERENCE_MEDIUM,
	                          .dns_lifetime = 600};
}

static inline const uint8_t *option(const struct bed *bed, uint8_t type, unsigned int nth)
{
	const uint8_t *o = message(bed) + ND_RA_LEN;

	for (; o < bed->frame + bed->len; o += 8ul * o[1]) {
		if (o[0] == type && nth-- == 0)
			return o;
	}
	return NULL;
}

static inline uint32_t word(const uint8_t *p)
{
	return __builtin_bswap32(load32(p));
}

#endif
