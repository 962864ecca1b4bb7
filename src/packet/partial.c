/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/partial.h"

#include "wire/checksum.h"
#include "wire/ip4.h"

/* Where the checksum lies behind the IPv4 header; 0 if the protocol has none that is offloaded. */
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
