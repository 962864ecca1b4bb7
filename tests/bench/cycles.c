/* SPDX-License-Identifier: BSD-2-Clause */
#include "cycles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE  64
#define LINES 16384 /* 1 MiB: more than L1, within L2 */
#define STEPS (LINES * 16)

uint64_t cycles_overhead(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 100000; i++) {
		uint64_t t0 = cycles_now();
		uint64_t t = cycles_now() - t0;

		if (t < least)
			least = t;
	}
	return least;
}

void cycles_runs_add(struct cycles_runs *r, double figure)
{
	if (r->n < CYCLES_RUNS_MAX)
		r->figure[r->n++] = figure;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double cycles_percentile(double *figure, size_t n, unsigned int percent)
{
	qsort(figure, n, sizeof(*figure), compare);
	return figure[(n - 1) * percent / 100];
}

void cycles_runs_print(struct cycles_runs *r, const char *name, int digits, const char *unit)
{
	if (r->n == 0)
		return;
	qsort(r->figure, r->n, sizeof(r->figure[0]), compare);
	printf("%s best=%.*f median=%.*f unit=%s\n", name, digits, r->figure[0], digits,
	       r->figure[r->n / 2], unit);
	fflush(stdout);
}

/* One cycle through all lines, in an order by a full-period generator (a - 1 is a multiple of 4 and
 * c is odd, modulo a power of two). */
static void walk_lay(uint8_t *memory)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < LINES; i++) {
		uint32_t next = (at * 8533u + 4057u) % LINES;

		*(uint32_t *)(void *)(memory + (size_t)at * LINE) = next;
		at = next;
	}
}

static double walk(const uint8_t *memory, uint64_t overhead)
{
	uint64_t x = 1, t = cycles_now();
	uint32_t at = 0;

	for (int i = 0; i < STEPS; i++) {
		at = *(const uint32_t *)(const void *)(memory + (size_t)at * LINE);
		x = (x + at) * 0x9e3779b97f4a7c15ull;
		x ^= x >> 32;
	}
	__asm__ volatile("" : : "r"(x)); /* the result is wanted */
	return (double)(cycles_now() - t - overhead) / STEPS;
}

int cycles_calibrate(size_t runs)
{
	uint64_t overhead = cycles_overhead();
	struct cycles_runs r = {0};
	uint8_t *memory = aligned_alloc(LINE, (size_t)LINES * LINE);

	if (memory == NULL)
		return -ENOMEM;
	walk_lay(memory);
	walk(memory, overhead);
	for (size_t i = 0; i < runs; i++)
		cycles_runs_add(&r, walk(memory, overhead));
	cycles_runs_print(&r, "calibration.loop", 1, CYCLES_UNIT);
	free(memory);
	return 0;
}
