/* SPDX-License-Identifier: BSD-2-Clause */
/* The ways to look up a batch in an lpm4 table, and the choice among them. Private to table/. */
#ifndef TABLE_LPM4_LOOKUP_H
#define TABLE_LPM4_LOOKUP_H

#include "table/lpm4.h"

/* One by one, all first-level lines prefetched before. */
lpm4_lookup_fn lpm4_lookup_scalar;

/**
 * lpm4_lookup_choose - the fastest way on this CPU
 * @entry: a table that may be read
 *
 * Whether gathers pay differs among CPUs of one instruction set, and with their microcode, so all
 * ways that this CPU can go are timed, for some hundred microseconds. Context: agent.
 */
lpm4_lookup_fn *lpm4_lookup_choose(const uint16_t *entry);

/* The way that gathers, or NULL if this CPU cannot. Context: any. */
lpm4_lookup_fn *lpm4_lookup_gather(void);

#endif
