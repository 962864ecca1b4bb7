/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cycles: time in TSC ticks, fenced so that nothing of what is measured leaks out of the brackets,
 * with the brackets' own cost known; and the figures that come of it.
 */
#ifndef BENCH_CYCLES_H
#define BENCH_CYCLES_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <x86intrin.h>

#define CYCLES_UNIT "cycles"

/* The time now; what stands before is done, what stands behind is not begun. */
static inline __attribute__((always_inline)) uint64_t cycles_now(void)
{
	uint64_t t;

	_mm_lfence();
	t = __rdtsc();
	_mm_lfence();
	return t;
}
#else
#include "base/clock.h"

#define CYCLES_UNIT "ns"

static inline uint64_t cycles_now(void)
{
	return clock_ns();
}
#endif

/* What two cycles_now() in a row are apart: to be taken off each measured span. */
uint64_t cycles_overhead(void);

#define CYCLES_RUNS_MAX 64

/* One figure a run. */
struct cycles_runs {
	size_t n;
	double figure[CYCLES_RUNS_MAX];
};

void cycles_runs_add(struct cycles_runs *r, double figure);

/* Print "@name best=... median=... unit=@unit" with @digits decimals to stdout; sorts @r. */
void cycles_runs_print(struct cycles_runs *r, const char *name, int digits, const char *unit);

/* The @percent-th percentile of the @n > 0 figures; sorts them. */
double cycles_percentile(double *figure, size_t n, unsigned int percent);

/**
 * cycles_calibrate - the machine's own figure, to divide others by
 * @runs: how many
 *
 * Always the same work: a chain of dependent multiplications and a walk over 1 MiB in an order that
 * no prefetcher guesses. Prints "calibration.loop ...", cycles a step of both.
 * Return: 0 or -ENOMEM.
 */
[[nodiscard]] int cycles_calibrate(size_t runs);

#endif
