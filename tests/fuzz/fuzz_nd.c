/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_nd: whatever is sent, nd_input() says what a slower reading of RFC 4861 says of it; an
 * answer is one that we wrote as a whole, and what is told names no group and not ourselves. An
 * input is a byte (bit 0: keep its checksum) and an IPv6 packet whose lengths are put right here.
 */
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "fuzz.h"
#include "neigh/neigh.h"
#include "wire/checksum.h"
#include "wire/icmp6.h"
#include "wire/ip6.h"

#define NET     0x20010db800000000ull
#define OUR_MAC 0x020100000002ull
#define HEAD    (ETHER_LEN + IP6_LEN)

static const struct iface_addr6 addr[] = {
	{{0xfe80ull << 48, 0xfffe000102ull}, 64, ADDR_USABLE},
	{{NET, 1}, 64, ADDR_USABLE},
	{{NET, 2}, 64, ADDR_TENTATIVE},
	{{NET, 3}, 64, ADDR_DUPLICATE},
};
static const struct iface our = {.mac = OUR_MAC,
                                 .id = 3,
                                 .mtu = 1500,
                                 .up = true,
                                 .n_addr6 = ARRAY_SIZE(addr),
                                 .addr6 = addr};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static uint16_t sum(const uint8_t *h, uint32_t len)
{
	return csum_fold(csum_add(h + IP6_LEN, len, csum_pseudo6(h, IP6_ICMP, len)));
}

static bool all_zero(const uint8_t *p, uint32_t len)
{
	while (len > 0 && p[len - 1] == 0)
		len--;
	return len == 0;
}

/* Are the options right; has one of @type been seen? */
static bool slow_options(const uint8_t *o, uint32_t len, uint8_t type, bool *seen)
{
	*seen = false;
	while (len >= 8) {
		uint32_t n = 8u * o[1];

		if (n == 0 || n > len)
			return false;
		if ((o[0] == 1 || o[0] == 2) && (n != 8 || o[2] & 1 || all_zero(o + 2, 6)))
			return false;
		*seen |= o[0] == type;
		o += n;
		len -= n;
	}
	return len == 0;
}

static uint32_t least(uint8_t type)
{
	if (type == 133)
		return 8;
	if (type == 134)
		return 16;
	return type == 137 ? 40 : 24;
}

static bool slow_type(const uint8_t *h, bool source_option)
{
	static const uint8_t zero[16], group[13] = {0xff, 2, [11] = 1, 0xff};
	const uint8_t *m = h + IP6_LEN;
	bool from_none = memcmp(h + 8, zero, 16) == 0;
	bool from_link = h[8] == 0xfe && (h[9] & 0xc0) == 0x80;
	bool to_link = m[8] == 0xfe && (m[9] & 0xc0) == 0x80;

	switch (m[0]) {
	case 133:
		return !(from_none && source_option);
	case 134:
		return from_link;
	case 135:
		if (from_none && (source_option || memcmp(h + 24, group, 13) != 0))
			return false;
		return m[8] != 0xff;
	case 136:
		return m[8] != 0xff && !(h[24] == 0xff && m[4] & 0x40);
	default:
		return from_link && m[24] != 0xff && (to_link || memcmp(m + 8, m + 24, 16) == 0);
	}
}

static bool slow_sound(const uint8_t *frame, uint32_t len)
{
	const uint8_t *h = frame + ETHER_LEN, *m = h + IP6_LEN;
	bool source_option;

	if (len < 8 || h[7] != 255 || m[1] != 0 || len < least(m[0]) || sum(h, len) != 0xffff)
		return false;
	if (frame[6] & 1 || h[8] == 0xff)
		return false;
	return slow_options(m + least(m[0]), len - least(m[0]), 1, &source_option) &&
	       slow_type(h, source_option);
}

/* The answer is an advertisement of an address that is ours, and nothing else. */
static void check_answer(const struct pkt *p, enum nd_answer answer)
{
	const uint8_t *h = p->data + ETHER_LEN, *m = h + IP6_LEN;
	struct ip target = ip_load(m + 8), to = ip6_dst(h);
	bool to_all = ip_equal(to, IP6_ALL_NODES);

	must(p->len == ND_FRAME_MAX && ether_type(p->data) == ETHERTYPE_IP6);
	must(mac_load(p->data + 6) == OUR_MAC && sum(h, 32) == 0xffff);
	must(ip6_first(h) == 6u << 28 && ip6_payload_len(h) == 32 && ip6_next(h) == IP6_ICMP);
	must(ip6_hop_limit(h) == (answer == ND_ROUTED ? 0 : 255));
	must(iface_speaks6(&our, ip6_src(h)));
	must(iface_speaks6(&our, target) || iface_anycast6(&our, target));
	must(m[0] == 136 && m[1] == 0 && all_zero(m + 5, 3));
	must(((m[4] & 0x40) != 0) == !to_all && (m[4] & 0x80) && (m[4] & 0x1f) == 0);
	must(to_all || !ip6_is_multicast(to));
	must(m[24] == 2 && m[25] == 1 && load64(m + 24) >> 16 == OUR_MAC);
	must(answer == ND_ROUTED || mac_is_group(mac_load(p->data)) == to_all);
}

static void check_report(const struct report *r, uint8_t type)
{
	must(r->kind == (type == 133 ? REPORT_SOLICIT : REPORT_ND) && r->iface == our.id);
	must(!mac_is_group(r->mac) && !ip6_is_multicast(r->ip));
	must(r->mac != OUR_MAC || r->claim == ND_CLAIM_PROBE);
	must(type != 137 && r->claim != 0);
}

static void try(uint8_t *frame, uint32_t len)
{
	struct pkt p = {.data = frame, .len = (uint16_t)(HEAD + len), .flags = PKT_IP6};
	uint8_t type = frame[HEAD];
	bool sound = slow_sound(frame, len), report = true;
	enum nd_answer answer = ND_ROUTED;
	struct report r;
	enum verdict v;

	v = nd_input(&our, &p, frame + HEAD, &r, &report, &answer);
	must(v == (sound ? CONSUMED_ND : DROP_ND_BAD));
	must(sound || (!report && answer == ND_SILENT));
	if (answer != ND_SILENT)
		check_answer(&p, answer);
	if (report)
		check_report(&r, type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t len = (uint32_t)size - 1 - IP6_LEN;
	uint8_t *frame, *h;

	if (size < 1 + IP6_LEN + 4 || size > 2000)
		return 0;
	/* No longer than it has to be, so that reading on is found out. */
	frame = malloc(HEAD + len < ND_FRAME_MAX ? ND_FRAME_MAX : HEAD + len);
	must(frame != NULL);
	h = frame + ETHER_LEN;
	mac_store(frame, OUR_MAC);
	mac_store(frame + 6, data[0] & 2 ? OUR_MAC : 0x990100000002ull);
	store16(frame + 12, ETHERTYPE_IP6);
	memcpy(h, data + 1, IP6_LEN + len);
	h[0] = 0x60 | (h[0] & 15);
	store16(h + 4, __builtin_bswap16((uint16_t)len));
	h[6] = IP6_ICMP;
	h[IP6_LEN] = (uint8_t)(ICMP6_RS + h[IP6_LEN] % 5);
	if (!(data[0] & 1)) {
		store16(h + IP6_LEN + 2, 0);
		store16(h + IP6_LEN + 2, (uint16_t)~sum(h, len));
	}
	try(frame, len);
	free(frame);
	return 0;
}
