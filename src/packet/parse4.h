/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks of an IPv4 header that every packet gets, once, in input (RFC 1812 5.2.2, 5.3.7).
 * Later stages trust lengths and addresses.
 */
#ifndef PACKET_PARSE4_H
#define PACKET_PARSE4_H

#include "base/compiler.h"
#include "packet/pkt.h"
#include "packet/verdict.h"
#include "wire/checksum.h"
#include "wire/ip4.h"

/* First octets of addresses that need a second look: 0/8, 127/8, 169.254/16, 224/4 and beyond. */
extern const uint8_t parse4_suspicious[256];

/* The second look: may a packet with these addresses, in host order, go on? Context: any. */
enum verdict parse4_addresses(uint32_t src, uint32_t dst);

/**
 * parse4 - check the IPv4 header of a frame
 * @h:     IPv4 header
 * @room:  bytes from @h to the frame's end
 * @total: set to the packet's own length, at most @room
 * @flags: PKT_OPTIONS is set if there are any
 *
 * Return: KEEP or the verdict. Context: any.
 */
static force_inline enum verdict parse4(const uint8_t *h, uint32_t room, uint32_t *total,
                                        uint8_t *flags)
{
	uint32_t first = h[0];
	uint32_t len, hlen;

	if (unlikely(room < IP4_LEN))
		return DROP_SHORT;
	hlen = (first & 15) * 4;
	len = ip4_total_len(h);
	if (unlikely(first != 0x45)) {
		if (first >> 4 != 4)
			return DROP_IP_VERSION;
		if (hlen < IP4_LEN || hlen > room)
			return DROP_IP_HEADER;
		*flags |= PKT_OPTIONS;
	}
	if (unlikely(len < hlen || len > room))
		return DROP_IP_HEADER;
	if (unlikely(!ip4_checksum_ok(h, hlen)))
		return DROP_IP_CHECKSUM;
	*total = len;
	if (unlikely(parse4_suspicious[h[12]] | parse4_suspicious[h[16]]))
		return parse4_addresses(ip4_src(h), ip4_dst(h));
	return KEEP;
}

#endif
