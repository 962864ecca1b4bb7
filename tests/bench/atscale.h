/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * atscale: the IPv4 table with a table of the Internet's size: look-ups beside the peer's, changes
 * with a reader beside, loading, memory. Part of bench_lookup.
 */
#ifndef BENCH_ATSCALE_H
#define BENCH_ATSCALE_H

#include <stdbool.h>

#include "peer.h"
#include "prefixes.h"
#include "route/fib4.h"

struct atscale {
	struct prefixes prefixes;
	struct fib4 *fib;
	struct peer *peer; /* NULL: none */
	uint64_t runs;
	int64_t other_cpu; /* where readers run while the table changes; -1: anywhere */
};

struct atscale_options {
	const char *table; /* a file of prefixes; NULL: made up */
	uint64_t runs;
	int64_t other_cpu;
	bool race, updates, million; /* what to measure; of IPv6 a quarter of a million */
};

/* Measure and print. Return: 0, -EIO when a table is wrong, or another negative errno. */
[[nodiscard]] int atscale_bench(const struct atscale_options *o);

/* Prints "NAME best=... median=... unit=UNIT" of @n > 0 rates; sorts them. */
void atscale_print(const char *name, double *rate, size_t n, int digits, const char *unit);

/* Look up the three traces, in turn with the peer. Return: 0, -EIO when they find different next
 * hops, -ENOMEM. */
[[nodiscard]] int atscale_race(const struct atscale *s);

/* Change random prefixes while a thread looks up, then let the peer do the same.
 * Return: 0, -EIO when a change failed or a table is wrong afterwards, or another errno. */
[[nodiscard]] int atscale_updates(const struct atscale *s);

#endif
