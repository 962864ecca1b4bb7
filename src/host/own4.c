/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/own4.h"

#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ip4.h"

#define TTL_OWN 65 /* output takes one off: 64 on the wire (RFC 1700) */

struct pkt own4_write(uint8_t *h, const struct own4 *o, uint16_t in)
{
	uint32_t total = o->head + o->l4;

	h[0] = (uint8_t)(0x40 | o->head / 4);
	h[1] = o->tos;
	store16(h + 2, __builtin_bswap16((uint16_t)total));
	store16(h + 4, __builtin_bswap16(o->id));
	store16(h + 6, 0);
	h[8] = TTL_OWN;
	h[9] = o->proto;
	store32(h + 12, __builtin_bswap32(o->src));
	store32(h + 16, __builtin_bswap32(o->dst));
	ip4_checksum_set(h, o->head);
	return (struct pkt){
		.data = h - ETHER_LEN,
		.len = (uint16_t)(ETHER_LEN + total),
		.in = in,
		.flags = PKT_ORIGINATED,
	};
}
