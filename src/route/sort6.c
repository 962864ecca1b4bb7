/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * By the upper halves of addresses digit by digit, from the last one on: comparisons whose outcome
 * nobody can foresee would take three times as long. Where these are equal, by merging.
 */
#include "route/sort6.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "route/rib6.h"

#define DIGIT_BITS 11u
#define DIGITS     (1u << DIGIT_BITS)

static bool sorted(const struct fib6_route *r, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (rib6_compare(&r[i - 1], &r[i]) > 0)
			return false;
	}
	return true;
}

static uint32_t digit(const struct fib6_route *r, unsigned int shift)
{
	return (uint32_t)(r->dst.hi >> shift) & (DIGITS - 1);
}

/* From @from to @to in the order of one digit. Return: false if all have the same; then not. */
static bool digit_sort(const struct fib6_route *from, struct fib6_route *to, size_t n,
                       unsigned int shift)
{
	size_t at[DIGITS] = {}, sum = 0;

	for (size_t i = 0; i < n; i++)
		at[digit(&from[i], shift)]++;
	if (at[digit(&from[0], shift)] == n)
		return false;
	for (uint32_t d = 0; d < DIGITS; d++) {
		size_t here = at[d];

		at[d] = sum;
		sum += here;
	}
	for (size_t i = 0; i < n; i++)
		to[at[digit(&from[i], shift)]++] = from[i];
	return true;
}

/* Runs of @run, side by side in @from, become such of twice the length in @to. */
static void runs_merge(const struct fib6_route *from, struct fib6_route *to, size_t n, size_t run)
{
	for (size_t start = 0; start < n; start += 2 * run) {
		size_t a = start, a_end = start + run < n ? start + run : n;
		size_t b = a_end, b_end = start + 2 * run < n ? start + 2 * run : n;

		while (a < a_end || b < b_end) {
			bool right =
				a == a_end || (b < b_end && rib6_compare(&from[b], &from[a]) < 0);

			*to++ = from[right ? b : a];
			b += right;
			a += !right;
		}
	}
}

static void merge_sort(struct fib6_route *r, size_t n, struct fib6_route *spare)
{
	struct fib6_route *from = r, *to = spare;

	if (sorted(r, n))
		return;
	for (size_t run = 1; run < n; run *= 2) {
		struct fib6_route *t = from;

		runs_merge(from, to, n, run);
		from = to;
		to = t;
	}
	if (from != r)
		memcpy(r, from, n * sizeof(*r));
}

int sort6(struct fib6_route *r, size_t n)
{
	struct fib6_route *spare, *from = r, *to;

	if (sorted(r, n))
		return 0;
	spare = malloc(n * sizeof(*spare));
	if (spare == NULL)
		return -ENOMEM;
	to = spare;
	for (unsigned int shift = 0; shift < 64; shift += DIGIT_BITS) {
		struct fib6_route *t = from;

		if (!digit_sort(from, to, n, shift))
			continue;
		from = to;
		to = t;
	}
	if (from != r)
		memcpy(r, from, n * sizeof(*r));
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && r[end].dst.hi == r[i].dst.hi;)
			end++;
		merge_sort(&r[i], end - i, spare);
	}
	free(spare);
	return 0;
}
