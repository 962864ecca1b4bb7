/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_parse6: what parse6() lets pass is an IPv6 header by a slower reading of RFC 8200 and RFC
 * 4291, and what it drops has the fault that the verdict names.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "packet/parse6.h"
#include "packet/partial.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool zeros(const uint8_t *a, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (a[i] != 0)
			return false;
	}
	return true;
}

/* ::/96 and ::ffff:0:0/96 */
static bool martian(const uint8_t *a)
{
	return zeros(a, 12) || (zeros(a, 10) && a[10] == 0xff && a[11] == 0xff);
}

static enum verdict slow_addresses(const uint8_t *src, const uint8_t *dst)
{
	if (src[0] == 0xff || (martian(src) && (dst[0] != 0xff || !zeros(src, 16))))
		return DROP_MARTIAN_SOURCE;
	if (martian(dst))
		return DROP_MARTIAN_DEST;
	return dst[0] == 0xff ? DROP_MULTICAST : KEEP;
}

static enum verdict slow(const uint8_t *h, uint32_t room)
{
	uint32_t payload = (uint32_t)h[4] << 8 | h[5];

	if (h[0] >> 4 != 6)
		return DROP_IP_VERSION;
	if (40 + payload > room)
		return DROP_IP_HEADER;
	if (h[6] == 0 && payload == 0)
		return DROP_JUMBO;
	if (h[6] == 0 && (payload < 8 || 8 * (h[41] + 1u) > payload))
		return DROP_IP_HEADER;
	return slow_addresses(h + 8, h + 24);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t total = 0, room = size > 9000 ? 9000 : (uint32_t)size;
	struct partial6 at;
	uint8_t flags = 0;
	enum verdict v;

	v = parse6(data, room, &total, &flags);
	if (room < 40) {
		must(v == DROP_SHORT);
		return 0;
	}
	must(v == slow(data, room));
	if (v != KEEP && v != DROP_MULTICAST)
		return 0;
	must(total == 40 + ((uint32_t)data[4] << 8 | data[5]) && total <= room);
	must(((flags & PKT_OPTIONS) != 0) == (data[6] == 0));
	must(((flags & PKT_LINK) != 0) == (data[8] == 0xfe && data[9] >> 6 == 2));
	/* Reads nothing beyond @total. */
	if (partial6_is(data, total, &at))
		must(at.l4 >= 40 && at.field > at.l4 && at.field + 2 <= total);
	return 0;
}
