/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks of an IPv6 header that every packet gets, once, in input (RFC 8200 3, RFC 4291 2).
 * Later stages trust lengths and addresses. Of extension headers only the length of a hop-by-hop
 * header is looked at: the rest is the destination's business (RFC 8200 4, RFC 7045).
 */
#ifndef PACKET_PARSE6_H
#define PACKET_PARSE6_H

#include "base/compiler.h"
#include "packet/pkt.h"
#include "packet/verdict.h"
#include "wire/ip6.h"

/**
 * parse6_special - the second look at what few packets have
 * @h:     IPv6 header; with a hop-by-hop header, 2 bytes of that follow, if the packet has them
 * @total: the packet's length, checked
 * @flags: PKT_OPTIONS is set if there is a hop-by-hop header, PKT_LINK if the source is link-local
 *
 * Return: KEEP or the verdict; DROP_MULTICAST of all to a group, with nothing else against it: the
 * caller knows whether the router is in it. Context: any.
 */
enum verdict parse6_special(const uint8_t *h, uint32_t total, uint8_t *flags);

/* Does the address with these upper 64 bits, host order, need a second look: 00.., fe.., ff..? */
static force_inline uint32_t parse6_suspicious(uint64_t hi)
{
	return hi + (2ull << 56) < 3ull << 56;
}

/**
 * parse6 - check the IPv6 header of a frame
 * @h:     IPv6 header
 * @room:  bytes from @h to the frame's end
 * @total: set to the packet's own length, at most @room
 * @flags: as of parse6_special()
 *
 * Return: as of parse6_special(). Context: any.
 */
static force_inline enum verdict parse6(const uint8_t *h, uint32_t room, uint32_t *total,
                                        uint8_t *flags)
{
	uint32_t len;

	if (unlikely(room < IP6_LEN))
		return DROP_SHORT;
	len = IP6_LEN + ip6_payload_len(h);
	if (unlikely(ip6_version(h) != 6))
		return DROP_IP_VERSION;
	if (unlikely(len > room))
		return DROP_IP_HEADER;
	*total = len;
	if (unlikely(parse6_suspicious(ip6_src(h).hi) | parse6_suspicious(ip6_dst(h).hi) |
	             (ip6_next(h) == IP6_HOP_BY_HOP)))
		return parse6_special(h, len, flags);
	return KEEP;
}

#endif
