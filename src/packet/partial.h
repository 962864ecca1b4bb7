/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Half-made checksums. veth, tap and virtio deliver TCP and UDP from a local sender with only the
 * pseudo-header's sum in the checksum field (CHECKSUM_PARTIAL). They are completed if, and only if,
 * the field equals that sum, folded and not complemented; all others, wrong ones too, stay as they
 * are, for checksums are end to end. One in 65,536 wrong sums looks half-made and gets mended: that
 * is the price, and it is paid on these devices only.
 */
#ifndef PACKET_PARTIAL_H
#define PACKET_PARTIAL_H

#include <stdbool.h>
#include <stdint.h>

/* Does the packet with IPv4 header @h, of @total bytes, have a half-made checksum? Context: any. */
bool partial4_is(const uint8_t *h, uint32_t total);

/* Complete it. @sum: csum_add() over all that follows the IPv4 header. Context: the frame's owner.
 */
void partial4_complete(uint8_t *h, uint64_t sum);

#endif
