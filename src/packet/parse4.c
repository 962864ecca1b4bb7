/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/parse4.h"

const uint8_t parse4_suspicious[256] = {
	[0] = 1,
	[127] = 1,
	[169] = 1,
	[224 ... 255] = 1,
};

/* 0/8, 127/8 and 169.254/16 are neither source nor destination of anything that is forwarded. */
static bool martian_both(uint32_t a)
{
	return a >> 24 == 0 || a >> 24 == 127 || a >> 16 == 0xa9fe;
}

enum verdict parse4_addresses(uint32_t src, uint32_t dst)
{
	if (martian_both(src) || src >= 0xe0000000) /* RFC 1812 5.3.7, RFC 6890, RFC 3927 2.7 */
		return DROP_MARTIAN_SOURCE;
	if (dst == 0xffffffff)
		return DROP_BROADCAST; /* RFC 1812 5.3.5.1 */
	if (dst >> 28 == 0xe)
		return DROP_MULTICAST;
	if (martian_both(dst) || dst >= 0xf0000000)
		return DROP_MARTIAN_DEST;
	return KEEP;
}
