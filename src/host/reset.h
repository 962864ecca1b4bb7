/* SPDX-License-Identifier: BSD-2-Clause */
/* reset: TCP to the router, where nothing listens (RFC 9293 3.10.7.1). Private to host/. */
#ifndef HOST_RESET_H
#define HOST_RESET_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/pkt.h"

/**
 * reset_is_due - is this a TCP segment that a reset answers?
 * @t:   the segment
 * @len: of header and data
 * @sum: folded sum of both and of the pseudo-header
 *
 * Not if it is cut short, has a wrong checksum, or is a reset itself. Context: worker.
 */
bool reset_is_due(const uint8_t *t, uint32_t len, uint16_t sum);

/**
 * reset_write - turn a segment into its reset, in place
 * @p:  packet of either family that it came in; nothing is left of it
 * @t:  the segment
 * @id: IPv4 identification
 * @a:  set to the answer
 *
 * Context: worker.
 */
void reset_write(const struct pkt *p, uint8_t *t, uint16_t id, struct pkt *a);

#endif
