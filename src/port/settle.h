/* SPDX-License-Identifier: BSD-2-Clause */
/* settle: has the kernel let go of a queue whose AF_XDP socket was closed? Private to src/port. */
#ifndef PORT_SETTLE_H
#define PORT_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * queue_settled - is no AF_XDP socket bound to a queue any more?
 *
 * Nothing tells, so this binds a small socket of its own, in copy mode, which a driver does not
 * notice, and closes it again; for a moment the queue is taken by that. Return: false only when the
 * kernel says that the queue is taken. Context: agent.
 */
bool queue_settled(uint32_t ifindex, uint32_t queue);

#endif
