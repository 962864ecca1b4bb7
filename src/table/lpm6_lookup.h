/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lpm6_lookup: the ways to look a batch up, all with the contract of lpm6_lookup(). Private to
 * table/ and its tests.
 */
#ifndef TABLE_LPM6_LOOKUP_H
#define TABLE_LPM6_LOOKUP_H

#include "table/lpm6.h"

/* For any machine. */
void lpm6_lookup_scalar(const struct lpm6 *t, const uint64_t *hi, const uint64_t *lo, uint32_t *id,
                        uint32_t n);

/* Whole lines compared at once, by AVX2 or AVX-512; NULL where the machine has none. */
lpm6_lookup_fn *lpm6_lookup_avx2(void);
lpm6_lookup_fn *lpm6_lookup_avx512(void);

/**
 * lpm6_lookup_choose - the fastest way here
 * @t: an empty table, no reader has it yet; it is empty again afterwards
 *
 * Context: agent.
 */
lpm6_lookup_fn *lpm6_lookup_choose(struct lpm6 *t);

#endif
