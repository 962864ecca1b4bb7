/* SPDX-License-Identifier: BSD-2-Clause */
/* fdbrace: a bridge's stations, looked up in turn with the peer. Part of bench_lookup. */
#ifndef BENCH_FDBRACE_H
#define BENCH_FDBRACE_H

#include <stdint.h>

/* Tables of 4096 to a million stations. Return: 0, -EIO when a table is wrong, -ENOMEM. */
[[nodiscard]] int fdbrace_bench(uint64_t runs);

#endif
