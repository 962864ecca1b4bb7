/* SPDX-License-Identifier: BSD-2-Clause */
/* census: where all frames are, and what became of all packets. Private to agent/. */
#ifndef AGENT_CENSUS_H
#define AGENT_CENSUS_H

#include "agent/agent.h"

/**
 * census_counter - the @i-th counter of the daemon as a whole
 *
 * frames.*: total = free + fill + rx + tx + held (I2); balance.*: rx + originated + copies =
 * tx + drops + consumed + held (I4). Both hold to the last one while no packet is on its way.
 *
 * Return: its name, or NULL behind the last. Context: agent.
 */
const char *census_counter(const struct agent *a, unsigned int i, uint64_t *value);

#endif
