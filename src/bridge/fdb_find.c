/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines of all keys of a batch are fetched before any is compared, and the second ones of those
 * that were not in their first: few, as long as a table is not full.
 *
 * A line is read values, keys, values: that a generation is the same before and after says that the
 * key between was the value's own (fdb.c says why).
 */
#include "base/rcu.h" /* __SANITIZE_THREAD__ of clang */
#include "bridge/fdb_line.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define FDB_BATCH 64

/* The value of @key in a line, 0 if it is not there. */
typedef uint64_t line_find_fn(const struct fdb_line *l, uint64_t key);

static force_inline uint64_t line_find_scalar(const struct fdb_line *l, uint64_t key)
{
	for (unsigned int k = 0; k < LINE_KEYS; k++) {
		uint64_t before = __atomic_load_n(&l->value[k], __ATOMIC_ACQUIRE);
		uint64_t found = __atomic_load_n(&l->key[k], __ATOMIC_ACQUIRE), after;

		if (found != STORED_KEY(key))
			continue;
		after = __atomic_load_n(&l->value[k], __ATOMIC_RELAXED);
		if (((before ^ after) & GENERATION) == 0)
			return after;
	}
	return 0;
}

/* Are all keys the same, as between two stations? The test of two fails for most others. */
static force_inline bool one_key(const uint64_t *key, uint32_t n)
{
	uint64_t differ = key[0] ^ key[n - 1];

	if (likely(differ != 0))
		return false;
	for (uint32_t i = 1; i < n; i++)
		differ |= key[0] ^ key[i];
	return differ == 0;
}

static force_inline uint64_t find_one(const struct fdb *t, uint64_t key, line_find_fn *line_find)
{
	uint64_t h = fdb_hash(t, key);
	uint64_t v = line_find(fdb_first(t, h), key);

	return v != 0 ? v : line_find(fdb_second(t, h), key);
}

static force_inline void find_batch(const struct fdb *t, const uint64_t *key, uint64_t *value,
                                    uint32_t n, line_find_fn *line_find)
{
	const struct fdb_line *line[FDB_BATCH];
	uint64_t hash[FDB_BATCH];
	uint32_t open[FDB_BATCH], n_open = 0;

	for (uint32_t i = 0; i < n; i++) {
		hash[i] = fdb_hash(t, key[i]);
		line[i] = fdb_first(t, hash[i]);
		prefetch(line[i]);
	}
	for (uint32_t i = 0; i < n; i++) {
		value[i] = line_find(line[i], key[i]);
		open[n_open] = i;
		n_open += value[i] == 0;
	}
	if (n_open == 0)
		return;
	for (uint32_t i = 0; i < n_open; i++) {
		line[i] = fdb_second(t, hash[open[i]]);
		prefetch(line[i]);
	}
	for (uint32_t i = 0; i < n_open; i++)
		value[open[i]] = line_find(line[i], key[open[i]]);
}

static force_inline void find(const struct fdb *t, const uint64_t *key, uint64_t *value, uint32_t n,
                              line_find_fn *line_find)
{
	if (n > 1 && !one_key(key, n)) {
		find_batch(t, key, value, n, line_find);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		value[i] = i == 0 ? find_one(t, key[0], line_find) : value[0];
}

static void find_scalar(const struct fdb *t, const uint64_t *key, uint64_t *value, uint32_t n)
{
	find(t, key, value, n, line_find_scalar);
}

static uint64_t differ_scalar(const uint64_t *value, uint32_t n, uint64_t expect, uint64_t mask)
{
	uint64_t differ = 0;

	for (uint32_t i = 0; i < n; i++)
		differ |= (uint64_t)(((value[i] ^ expect) & mask) != 0) << i;
	return differ;
}

/* ThreadSanitizer takes a vector load for a plain one; it gets the loop. */
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)

/* x86 keeps loads in order, so only the compiler has to be told. */
static force_inline void loads_in_order(void)
{
	__atomic_signal_fence(__ATOMIC_ACQUIRE);
}

#define AVX2 __attribute__((target("avx2")))

AVX2 static force_inline __m256i line_half(const uint64_t *half)
{
	return _mm256_load_si256((const __m256i *)(const void *)half);
}

AVX2 static force_inline uint64_t line_find_avx2(const struct fdb_line *l, uint64_t key)
{
	__m256i before = line_half(l->value), found, after, changed;
	__m128i v;

	loads_in_order();
	found = _mm256_cmpeq_epi64(line_half(l->key), _mm256_set1_epi64x((int64_t)STORED_KEY(key)));
	loads_in_order();
	after = line_half(l->value);
	changed = _mm256_and_si256(_mm256_xor_si256(before, after),
	                           _mm256_set1_epi64x((int64_t)GENERATION));
	found = _mm256_and_si256(found, _mm256_cmpeq_epi64(changed, _mm256_setzero_si256()));
	/* One at most has it; all others are 0 now. */
	found = _mm256_and_si256(found, after);
	v = _mm_or_si128(_mm256_castsi256_si128(found), _mm256_extracti128_si256(found, 1));
	return (uint64_t)_mm_cvtsi128_si64(_mm_or_si128(v, _mm_unpackhi_epi64(v, v)));
}

AVX2 static void find_avx2(const struct fdb *t, const uint64_t *key, uint64_t *value, uint32_t n)
{
	find(t, key, value, n, line_find_avx2);
}

#define AVX512 __attribute__((target("avx512f,avx512vl,avx512dq")))

/* As it lies in the line: @stored. */
AVX512 static force_inline uint64_t line_find_avx512(const struct fdb_line *l, uint64_t stored)
{
	const __m256i generation = _mm256_set1_epi64x((int64_t)GENERATION);
	__m256i before = _mm256_load_si256((const __m256i *)(const void *)l->value), after, keys;
	__mmask8 found;

	loads_in_order();
	keys = _mm256_load_si256((const __m256i *)(const void *)l->key);
	found = _mm256_cmpeq_epi64_mask(keys, _mm256_set1_epi64x((int64_t)stored));
	loads_in_order();
	after = _mm256_load_si256((const __m256i *)(const void *)l->value);
	found = _mm256_mask_testn_epi64_mask(found, _mm256_xor_si256(before, after), generation);
	after = _mm256_maskz_compress_epi64(found, after);
	return (uint64_t)_mm_cvtsi128_si64(_mm256_castsi256_si128(after));
}

/* What is under way of a batch. */
struct search512 {
	cache_aligned uint64_t stored[FDB_BATCH];
	cache_aligned const struct fdb_line *line[FDB_BATCH];
};

/* Lanes of the eight from @i on that are in a batch of @n. */
static force_inline __mmask8 lanes(uint32_t n, uint32_t i)
{
	return (__mmask8)(0xff >> (n - i < 8 ? 8 - (n - i) : 0));
}

/* Fetch the first lines of eight keys; fdb_hash() and fdb_first() say why so. */
AVX512 static force_inline void first_avx512(const struct fdb *t, const uint64_t *key,
                                             struct search512 *s, uint32_t i, __mmask8 some)
{
	__m512i k = _mm512_maskz_loadu_epi64(some, key + i), h;

	_mm512_store_si512(s->stored + i, _mm512_or_si512(k, _mm512_set1_epi64(STORED_KEY(0))));
	h = _mm512_xor_si512(k, _mm512_set1_epi64((int64_t)t->seed[0]));
	h = _mm512_mullo_epi64(h, _mm512_set1_epi64((int64_t)t->seed[1]));
	h = _mm512_xor_si512(h, _mm512_srli_epi64(h, 32));
	h = _mm512_mullo_epi64(h, _mm512_set1_epi64((int64_t)t->seed[2]));
	h = _mm512_and_si512(_mm512_srli_epi64(h, 32), _mm512_set1_epi64((int64_t)t->mask));
	static_assert(sizeof(struct fdb_line) == 1 << 6, "a line of the cache");
	h = _mm512_add_epi64(_mm512_slli_epi64(h, 6), _mm512_set1_epi64((int64_t)t->line));
	_mm512_store_si512(s->line + i, h);
	for (uint32_t j = i; j < i + 8; j++)
		prefetch(s->line[j]);
}

/* Those that are not in their first lines: bits of @open. */
AVX512 static never_inline void second_avx512(const struct fdb *t, const uint64_t *key,
                                              uint64_t *value, uint64_t open)
{
	const struct fdb_line *line[FDB_BATCH];
	uint32_t n = 0;

	for (uint64_t left = open; left != 0; left &= left - 1) {
		line[n] = fdb_second(t, fdb_hash(t, key[__builtin_ctzll(left)]));
		prefetch(line[n++]);
	}
	n = 0;
	for (uint64_t left = open; left != 0; left &= left - 1) {
		int i = __builtin_ctzll(left);

		value[i] = line_find_avx512(line[n++], STORED_KEY(key[i]));
	}
}

AVX512 static void find_avx512(const struct fdb *t, const uint64_t *key, uint64_t *value,
                               uint32_t n)
{
	struct search512 s;
	uint64_t open = 0;
	bool one = n > 1 && one_key(key, n);
	uint32_t todo = one ? 1 : n;

	for (uint32_t i = 0; i < todo; i += 8)
		first_avx512(t, key, &s, i, lanes(todo, i));
	for (uint32_t i = 0; i < todo; i++)
		value[i] = line_find_avx512(s.line[i], s.stored[i]);
	for (uint32_t i = 0; i < todo; i += 8) {
		__mmask8 some = lanes(todo, i);
		__m512i v = _mm512_maskz_loadu_epi64(some, value + i);

		open |= (uint64_t)_mm512_mask_testn_epi64_mask(some, v, v) << i;
	}
	if (open != 0)
		second_avx512(t, key, value, open);
	for (uint32_t i = todo; i < n; i++)
		value[i] = value[0];
}

AVX512 static uint64_t differ_avx512(const uint64_t *value, uint32_t n, uint64_t expect,
                                     uint64_t mask)
{
	const __m512i e = _mm512_set1_epi64((int64_t)expect), m = _mm512_set1_epi64((int64_t)mask);
	uint64_t differ = 0;

	for (uint32_t i = 0; i < n; i += 8) {
		__mmask8 some = lanes(n, i);
		__m512i v = _mm512_maskz_loadu_epi64(some, value + i);

		v = _mm512_xor_si512(v, e);
		differ |= (uint64_t)_mm512_mask_test_epi64_mask(some, v, m) << i;
	}
	return differ;
}

unsigned int fdb_ways(struct fdb_way way[3])
{
	unsigned int n = 0;

	if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
		way[n++] = (struct fdb_way){find_avx512, differ_avx512};
	if (__builtin_cpu_supports("avx2"))
		way[n++] = (struct fdb_way){find_avx2, differ_scalar};
	way[n++] = (struct fdb_way){find_scalar, differ_scalar};
	return n;
}

#else

unsigned int fdb_ways(struct fdb_way way[3])
{
	way[0] = (struct fdb_way){find_scalar, differ_scalar};
	return 1;
}

#endif
