/* SPDX-License-Identifier: BSD-2-Clause */
/* tag: the tag of 802.1Q in a frame that crosses a bridge, put in and taken out. */
#ifndef BRIDGE_TAG_H
#define BRIDGE_TAG_H

#include "base/compiler.h"
#include "packet/pkt.h"
#include "wire/ether.h"

#define TAG_VID 0xfff /* of the tag control information; the rest is priority and DEI */

/* What the tag of @frame says, host byte order. */
static force_inline uint16_t tag_tci(const uint8_t *frame)
{
	return __builtin_bswap16(load16(frame + ETHER_LEN));
}

/* The same, with another VLAN in it. */
static inline void tag_set_vid(uint8_t *frame, uint16_t vid)
{
	store16(frame + ETHER_LEN, __builtin_bswap16((tag_tci(frame) & ~TAG_VID) | vid));
}

/* Take the tag of @k out: the MACs move up to what follows it. Its value stays. */
static inline void tag_pop(struct pkt *k)
{
	uint64_t macs = load64(k->data);
	uint32_t rest = load32(k->data + 8);

	k->data += VLAN_TAG_LEN;
	k->len = (uint16_t)(k->len - VLAN_TAG_LEN);
	k->flags &= (uint8_t)~PKT_TAGGED;
	store64(k->data, macs);
	store32(k->data + 8, rest);
}

/* Put one in, as the value of @k says: the MACs move back. There is room for it, and the length
 * stays below 64 KiB. */
static inline void tag_push(struct pkt *k)
{
	uint64_t macs = load64(k->data);
	uint32_t rest = load32(k->data + 8);

	k->data -= VLAN_TAG_LEN;
	k->len += VLAN_TAG_LEN;
	k->flags |= PKT_TAGGED;
	store64(k->data, macs);
	store32(k->data + 8, rest);
	store16(k->data + 12, ETHERTYPE_VLAN);
	store16(k->data + ETHER_LEN, __builtin_bswap16(k->value));
}

#endif
