/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/partial.h"

#include "wire/checksum.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

/* Extension headers are walked as far as the first frame of a chain surely reaches. */
#define WALK_MAX 512

/* Where the checksum lies behind the IP header; 0 if the protocol has none that is offloaded. */
static uint32_t checksum_offset(uint8_t proto)
{
	return proto == IP_PROTO_TCP ? 16 : proto == IP_PROTO_UDP ? 6 : 0;
}

bool partial4_is(const uint8_t *h, uint32_t total)
{
	uint32_t hlen = ip4_header_len(h);
	uint32_t at = checksum_offset(ip4_proto(h));

	if (at == 0 || total < hlen + at + 2 || (ip4_frag(h) & (IP4_MF | IP4_OFFSET)) != 0)
		return false;
	return load16(h + hlen + at) == csum_fold(csum_pseudo4(h, total - hlen));
}

void partial4_complete(uint8_t *h, uint64_t sum)
{
	/* The field holds the pseudo-header's sum already, and @sum includes the field. */
	uint16_t c = (uint16_t)~csum_fold(sum);

	if (c == 0 && ip4_proto(h) == IP_PROTO_UDP)
		c = 0xffff; /* RFC 768: 0 means none */
	store16(h + ip4_header_len(h) + checksum_offset(ip4_proto(h)), c);
}

/* Behind options, which are all that a local sender puts before what it leaves half-made. Return:
 * bytes from @h to the next header that has none, and its number in *proto; 0: too far. */
static uint32_t walk_options6(const uint8_t *h, uint32_t total, uint8_t *proto)
{
	uint32_t at = IP6_LEN;

	*proto = ip6_next(h);
	while (*proto == IP6_HOP_BY_HOP || *proto == IP6_DEST_OPTIONS) {
		if (at + 8 > total || at > WALK_MAX)
			return 0;
		*proto = h[at];
		at += (h[at + 1] + 1u) * 8;
	}
	return at <= total && at <= WALK_MAX ? at : 0;
}

bool partial6_is(const uint8_t *h, uint32_t total, struct partial6 *at)
{
	uint32_t offset;

	at->l4 = walk_options6(h, total, &at->proto);
	offset = at->proto == IP6_ICMP ? 2 : checksum_offset(at->proto);
	at->field = at->l4 + offset;
	if (at->l4 == 0 || offset == 0 || total < at->field + 2)
		return false;
	return load16(h + at->field) == csum_fold(csum_pseudo6(h, at->proto, total - at->l4));
}

void partial6_complete(uint8_t *h, const struct partial6 *at, uint64_t sum)
{
	/* @sum without what stands before the transport's header. */
	uint64_t rest =
		csum_fold(sum) + (uint16_t)~csum_fold(csum_add(h + IP6_LEN, at->l4 - IP6_LEN, 0));
	uint16_t c = (uint16_t)~csum_fold(rest);

	if (c == 0 && at->proto == IP_PROTO_UDP)
		c = 0xffff; /* RFC 8200 8.1 */
	store16(h + at->field, c);
}
