/* SPDX-License-Identifier: BSD-2-Clause */
#include "table/lpm4_lookup.h"

#include "base/clock.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* Enough batches that the clock's own cost does not show, and rounds for a quiet one among them. */
#define TRIAL_BATCHES 64
#define TRIAL_ROUNDS  8

void lpm4_lookup_scalar(const uint16_t *entry, const uint32_t *key, uint32_t *id, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		prefetch(&entry[key[i] >> 8]);
	for (uint32_t i = 0; i < n; i++)
		id[i] = lpm4_find(entry, key[i]);
}

/* ThreadSanitizer does not see into gathers. */
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)

/*
 * A gather loads 32 bits from a 16-bit entry: what is wanted lies in the lower half, never across
 * two lines, so that it is not torn.
 */
__attribute__((target("avx512f"))) static void lookup_avx512(const uint16_t *entry,
                                                             const uint32_t *key, uint32_t *id,
                                                             uint32_t n)
{
	const __m512i low16 = _mm512_set1_epi32(0xffff);
	const __m512i low8 = _mm512_set1_epi32(0xff);
	const __m512i group = _mm512_set1_epi32(LPM4_GROUP);
	const uint16_t *second = entry + LPM4_FIRST;

	for (uint32_t i = 0; i < n; i += 16) {
		__m512i k = _mm512_loadu_si512(key + i);
		__m512i v = _mm512_i32gather_epi32(_mm512_srli_epi32(k, 8), entry, 2);
		__mmask16 deep = _mm512_test_epi32_mask(v, group);

		v = _mm512_and_si512(v, low16);
		if (deep != 0) {
			__m512i at =
				_mm512_or_si512(_mm512_slli_epi32(_mm512_andnot_si512(group, v), 8),
			                        _mm512_and_si512(k, low8));

			v = _mm512_mask_i32gather_epi32(v, deep, at, second, 2);
			v = _mm512_and_si512(v, low16);
		}
		_mm512_storeu_si512(id + i, v);
	}
}

lpm4_lookup_fn *lpm4_lookup_gather(void)
{
	return __builtin_cpu_supports("avx512f") ? lookup_avx512 : NULL;
}

#else

lpm4_lookup_fn *lpm4_lookup_gather(void)
{
	return NULL;
}

#endif

/* The shortest time of a round, over keys of the first MiB of the table. */
static uint64_t trial(lpm4_lookup_fn *lookup, const uint16_t *entry)
{
	uint32_t key[LPM4_BATCH], id[LPM4_BATCH];
	uint64_t best = UINT64_MAX;

	for (unsigned int round = 0; round < TRIAL_ROUNDS; round++) {
		uint64_t start = clock_ns(), took;

		for (uint32_t batch = 0; batch < TRIAL_BATCHES; batch++) {
			for (uint32_t i = 0; i < LPM4_BATCH; i++)
				key[i] = ((batch * LPM4_BATCH + i) * 2654435761u) >> 5;
			lookup(entry, key, id, LPM4_BATCH);
		}
		took = clock_ns() - start;
		best = took < best ? took : best;
	}
	return best;
}

lpm4_lookup_fn *lpm4_lookup_choose(const uint16_t *entry)
{
	lpm4_lookup_fn *gather = lpm4_lookup_gather();

	if (gather != NULL && trial(gather, entry) < trial(lpm4_lookup_scalar, entry))
		return gather;
	return lpm4_lookup_scalar;
}
