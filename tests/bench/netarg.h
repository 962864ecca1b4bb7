/* SPDX-License-Identifier: BSD-2-Clause */
/* netarg: command-line values of framegen and framesink. All return false and leave *out alone when
 * @text is not such a value. */
#ifndef BENCH_NETARG_H
#define BENCH_NETARG_H

#include <stdbool.h>
#include <stdint.h>

/* 02:00:00:00:00:01 */
bool netarg_mac(const char *text, uint8_t out[6]);

/* 10.0.0.1, host byte order. */
bool netarg_ip4(const char *text, uint32_t *out);

/* 10.0.0.1, 10.0.0.1-10.0.0.9 or 10.0.0.0/24: the first address and how many. */
bool netarg_range4(const char *text, uint32_t *first, uint32_t *count);

/* A decimal number of @min to @max. */
bool netarg_number(const char *text, uint64_t min, uint64_t max, uint64_t *out);

/* Seconds, 0.001 to 86400, with a fraction. */
bool netarg_seconds(const char *text, double *out);

/* Run this thread on core @cpu alone. Return: 0 or -errno. */
int netarg_pin(unsigned int cpu);

#endif
