/* SPDX-License-Identifier: BSD-2-Clause */
/* The bucket of an exact-match table and how its tags are compared. Private to table/. */
#ifndef TABLE_EXACT_BUCKET_H
#define TABLE_EXACT_BUCKET_H

#include <stdint.h>

#include "base/compiler.h"

#define BUCKET_SLOTS 8u

struct bucket {
	uint32_t tag[BUCKET_SLOTS]; /* of the key's hash; 0: the slot is free */
	uint32_t index[BUCKET_SLOTS];
} cache_aligned;

/* ThreadSanitizer takes a vector load for a plain one; it gets the loop. */
#if defined(__SSE2__) && !defined(__SANITIZE_THREAD__)
#include <emmintrin.h>

/*
 * Which slots of the two buckets have @tag: bits 0 to 7 of @a, 8 to 15 of @b. What is loaded later
 * is loaded later: x86 keeps loads in order, so only the compiler has to be told.
 */
static force_inline uint32_t bucket_match(const struct bucket *a, const struct bucket *b,
                                          uint32_t tag)
{
	const __m128i *ta = (const __m128i *)a->tag, *tb = (const __m128i *)b->tag;
	const __m128i t = _mm_set1_epi32((int)tag);
	__m128i a0 = _mm_cmpeq_epi32(_mm_load_si128(ta), t);
	__m128i a1 = _mm_cmpeq_epi32(_mm_load_si128(ta + 1), t);
	__m128i b0 = _mm_cmpeq_epi32(_mm_load_si128(tb), t);
	__m128i b1 = _mm_cmpeq_epi32(_mm_load_si128(tb + 1), t);
	__m128i all = _mm_packs_epi16(_mm_packs_epi32(a0, a1), _mm_packs_epi32(b0, b1));

	__atomic_signal_fence(__ATOMIC_ACQUIRE);
	return (uint32_t)_mm_movemask_epi8(all);
}

#else

static force_inline uint32_t bucket_match(const struct bucket *a, const struct bucket *b,
                                          uint32_t tag)
{
	uint32_t found = 0;

	for (unsigned int i = 0; i < BUCKET_SLOTS; i++) {
		found |= (uint32_t)(__atomic_load_n(&a->tag[i], __ATOMIC_ACQUIRE) == tag) << i;
		found |= (uint32_t)(__atomic_load_n(&b->tag[i], __ATOMIC_ACQUIRE) == tag)
		         << (BUCKET_SLOTS + i);
	}
	return found;
}

#endif

/* What slot @i of bucket_match() leads to. */
static force_inline uint32_t bucket_index(const struct bucket *a, const struct bucket *b,
                                          unsigned int i)
{
	const struct bucket *at = i < BUCKET_SLOTS ? a : b;

	return __atomic_load_n(&at->index[i % BUCKET_SLOTS], __ATOMIC_ACQUIRE);
}

/* The index first: whoever sees the tag sees it too. Context: the writer. */
static force_inline void bucket_set(struct bucket *b, unsigned int slot, uint32_t index,
                                    uint32_t tag)
{
	__atomic_store_n(&b->index[slot], index, __ATOMIC_RELEASE);
	__atomic_store_n(&b->tag[slot], tag, __ATOMIC_RELEASE);
}

static force_inline void bucket_clear(struct bucket *b, unsigned int slot)
{
	__atomic_store_n(&b->tag[slot], 0, __ATOMIC_RELEASE);
}

#endif
