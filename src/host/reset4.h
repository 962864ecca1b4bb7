/* SPDX-License-Identifier: BSD-2-Clause */
/* reset4: TCP to the router, where nothing listens (RFC 9293 3.10.7.1). Private to host/. */
#ifndef HOST_RESET4_H
#define HOST_RESET4_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/pkt.h"

/**
 * reset4_is_due - is @p a TCP segment that a reset answers?
 * @p:   to the router, no fragment
 * @sum: folded sum of all that follows its IPv4 header
 *
 * Not if it is cut short, has a wrong checksum, or is a reset itself. Context: worker.
 */
bool reset4_is_due(const struct pkt *p, uint16_t sum);

/* Turn the segment @p into its reset, in place. @id: IP identification; @a: set to the answer. */
void reset4_write(const struct pkt *p, uint16_t id, struct pkt *a);

#endif
