/* SPDX-License-Identifier: BSD-2-Clause */
/* atscale6: as atscale.h, of IPv6. Part of bench_lookup. */
#ifndef BENCH_ATSCALE6_H
#define BENCH_ATSCALE6_H

#include "atscale.h"
#include "peer6.h"
#include "prefixes6.h"
#include "route/fib4.h" /* the sources */
#include "route/fib6.h"
#include "trace.h"

struct atscale6 {
	struct prefixes6 prefixes;
	struct fib6 *fib;
	struct peer6 *peer; /* NULL: none */
	uint64_t runs;
	int64_t other_cpu; /* where readers run while the table changes; -1: anywhere */
};

/* Measure and print what @o says. Return: 0, -EIO when a table is wrong, or another negative errno.
 */
[[nodiscard]] int atscale6_bench(const struct atscale_options *o);

/* TRACE_LEN destinations as they lie on the wire, 16 bytes each, to be freed; see trace.h, but that
 * uniform ones are all in 2000::/3. NULL: no memory. */
uint8_t *atscale6_trace(const struct prefixes6 *p, enum trace_kind kind);

/* As their namesakes in atscale.h. */
[[nodiscard]] int atscale6_race(const struct atscale6 *s);
[[nodiscard]] int atscale6_updates(const struct atscale6 *s);

#endif
