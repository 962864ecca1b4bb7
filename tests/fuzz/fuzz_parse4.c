/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_parse4: what parse4() lets pass is an IPv4 header by a slower reading of RFC 1812 5.2.2, and
 * what it drops has the fault that the verdict names.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "packet.h"
#include "packet/parse4.h"
#include "packet/partial.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool in(uint32_t a, uint32_t net, uint32_t len)
{
	return (a ^ net) >> (32 - len) == 0;
}

static bool martian(uint32_t a)
{
	return in(a, 0, 8) || in(a, IP(127, 0, 0, 0), 8) || in(a, IP(169, 254, 0, 0), 16) ||
	       in(a, IP(240, 0, 0, 0), 4);
}

static enum verdict slow_addresses(const uint8_t *h)
{
	uint32_t src = IP(h[12], h[13], h[14], h[15]), dst = IP(h[16], h[17], h[18], h[19]);

	if (martian(src) || in(src, IP(224, 0, 0, 0), 4))
		return DROP_MARTIAN_SOURCE;
	if (dst == IP(255, 255, 255, 255))
		return DROP_BROADCAST;
	if (in(dst, IP(224, 0, 0, 0), 4))
		return DROP_MULTICAST;
	return martian(dst) ? DROP_MARTIAN_DEST : KEEP;
}

static enum verdict slow(const uint8_t *h, uint32_t room)
{
	uint32_t hlen = (h[0] & 15u) * 4, total = (uint32_t)h[2] << 8 | h[3];

	if (h[0] >> 4 != 4)
		return DROP_IP_VERSION;
	if (hlen < 20 || hlen > room || total < hlen || total > room)
		return DROP_IP_HEADER;
	if (packet_sum(h, hlen) != 0xffff)
		return DROP_IP_CHECKSUM;
	return slow_addresses(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t total = 0, room = size > 9000 ? 9000 : (uint32_t)size;
	uint8_t flags = 0;
	enum verdict v;

	v = parse4(data, room, &total, &flags);
	if (room < 20) {
		must(v == DROP_SHORT);
		return 0;
	}
	must(v == slow(data, room));
	if (v != KEEP)
		return 0;
	must(total == ((uint32_t)data[2] << 8 | data[3]) && total <= room);
	must(((flags & PKT_OPTIONS) != 0) == ((data[0] & 15) > 5));
	(void)partial4_is(data, total); /* reads nothing beyond @total */
	return 0;
}
