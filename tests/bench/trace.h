/* SPDX-License-Identifier: BSD-2-Clause */
/* trace: destinations to look up, in the order in which they are. Always the same for a table. */
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

#include "prefixes.h"

#define TRACE_LEN ((size_t)1 << 22)

enum trace_kind {
	TRACE_UNIFORM, /* all addresses alike */
	TRACE_TABLE,   /* a random host of a random prefix */
	TRACE_ZIPF,    /* a million such hosts, the k-th of them 1/k as often as the first */
	TRACE_KINDS,
};

#define TRACE_HOSTS 1000000u

/* Which of the TRACE_HOSTS hosts of TRACE_ZIPF comes next. */
uint32_t trace_rank(uint64_t *rng);

/* "uniform", "table", "zipf" */
const char *trace_name(enum trace_kind kind);

/* TRACE_LEN destinations, host byte order, on a cache line; to be freed. NULL: no memory. */
uint32_t *trace_make(const struct prefixes *p, enum trace_kind kind);

#endif
