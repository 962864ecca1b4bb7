/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All keys of a batch go from stage to stage together, so that their misses overlap: index, radix
 * nodes, forks, leaves. Which keys have to do with a stage is a list, made without branches.
 */
#include "table/lpm6_lookup.h"

#include <assert.h>

#include "base/clock.h"
#include "base/rcu.h" /* __SANITIZE_THREAD__ of clang */

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* Enough batches that the clock's own cost does not show, and rounds for a quiet one among them. */
#define TRIAL_BATCHES 64
#define TRIAL_ROUNDS  8

/* What is under way of a batch. */
struct walk {
	cache_aligned uint32_t key[LPM6_BATCH];
	cache_aligned uint32_t entry[LPM6_BATCH];
	uint32_t line[LPM6_BATCH];                             /* where its leaf is */
	uint32_t fork[LPM6_BATCH + 16], leaf[LPM6_BATCH + 16]; /* which of the keys */
	uint32_t forks, leaves;
};

/* How many keys of a fork or leaf lie before @key. */
struct ranks {
	uint32_t (*fork)(const struct lpm6_leaf *line, uint32_t key);
	uint32_t (*leaf)(const struct lpm6_leaf *line, uint32_t key);
};

/* As lpm6_walk(). */
static force_inline uint32_t entry_walk(const struct lpm6 *t, uint32_t entry, uint32_t key,
                                        struct ranks rank)
{
	const struct lpm6_leaf *leaf;

	while (lpm6_kind(entry) == LPM6_RADIX)
		entry = lpm6_load(&lpm6_entries(t, entry)[lpm6_digit(entry, key)]);
	if (lpm6_kind(entry) == LPM6_ID)
		return entry & 0xffff;
	leaf = &t->line[lpm6_line(entry)];
	if (lpm6_kind(entry) == LPM6_FORK)
		leaf += 1 + rank.fork(leaf, key);
	return leaf->id[rank.leaf(leaf, key)];
}

/* The ids that are numbers of subs: most packets' to subnets of the router's own, else few. */
static force_inline void subs_follow(const struct lpm6 *t, const uint64_t *hi, const uint64_t *lo,
                                     uint32_t *id, uint32_t n, struct ranks rank)
{
	uint64_t which = 0;

	static_assert(LPM6_BATCH == 64, "a bit a key");
	for (uint32_t i = 0; i < n; i++)
		which |= (uint64_t)((id[i] & LPM6_SUB) != 0) << i;
	for (; which != 0; which &= which - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(which), v = id[i];

		while (v & LPM6_SUB) {
			const struct lpm6_sub *sub = &t->sub[v & ~LPM6_SUB];

			uint32_t e = lpm6_load(&sub->entry);

			if (!lpm6_sub_has(sub, hi[i], lo[i]))
				e = __atomic_load_n(&sub->other, __ATOMIC_RELAXED);
			v = e;
			if (lpm6_kind(e) != LPM6_ID)
				v = entry_walk(t, e, lpm6_key(hi[i], lo[i], sub->window), rank);
		}
		id[i] = v;
	}
}

static force_inline void leaves_walk(const struct lpm6 *t, struct walk *w, uint32_t *id,
                                     struct ranks rank)
{
	for (uint32_t i = 0; i < w->forks; i++) {
		uint32_t at = w->fork[i];

		w->line[at] += 1 + rank.fork(&t->line[w->line[at]], w->key[at]);
		prefetch(&t->line[w->line[at]]);
	}
	for (uint32_t i = 0; i < w->leaves; i++) {
		uint32_t at = w->leaf[i];
		const struct lpm6_leaf *leaf = &t->line[w->line[at]];

		id[at] = leaf->id[rank.leaf(leaf, w->key[at])];
	}
}

/* Sort out the keys by what their entries are, and fetch what they need. */
static force_inline void entries_find(const struct lpm6 *t, struct walk *w, const uint64_t *hi,
                                      uint32_t *id, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		prefetch(&t->index[lpm6_index(hi[i])]);
	w->forks = 0;
	w->leaves = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t key = (uint32_t)(hi[i] >> 16), e = lpm6_load(&t->index[lpm6_index(hi[i])]);

		while (lpm6_kind(e) == LPM6_RADIX)
			e = lpm6_load(&lpm6_entries(t, e)[lpm6_digit(e, key)]);
		id[i] = e & 0xffff;
		w->key[i] = key;
		w->line[i] = lpm6_line(e);
		w->fork[w->forks] = i;
		w->leaf[w->leaves] = i;
		w->forks += lpm6_kind(e) == LPM6_FORK;
		w->leaves += lpm6_kind(e) != LPM6_ID;
	}
	for (uint32_t i = 0; i < w->leaves; i++)
		prefetch(&t->line[w->line[w->leaf[i]]]);
}

static force_inline bool any_sub(const uint32_t *id, uint32_t n)
{
	uint32_t all = 0;

	for (uint32_t i = 0; i < n; i++)
		all |= id[i];
	return all & LPM6_SUB;
}

static force_inline void lookup_batch(const struct lpm6 *t, const uint64_t *hi, const uint64_t *lo,
                                      uint32_t *id, uint32_t n, struct ranks rank)
{
	struct walk w;

	entries_find(t, &w, hi, id, n);
	leaves_walk(t, &w, id, rank);
	if (any_sub(id, n))
		subs_follow(t, hi, lo, id, n, rank);
}

static force_inline uint32_t fork_rank_scalar(const struct lpm6_leaf *line, uint32_t key)
{
	return lpm6_rank(((const struct lpm6_fork *)(const void *)line)->key, LPM6_FORK_KEYS, key);
}

static force_inline uint32_t leaf_rank_scalar(const struct lpm6_leaf *line, uint32_t key)
{
	return lpm6_rank(line->key, LPM6_LEAF_KEYS, key);
}

void lpm6_lookup_scalar(const struct lpm6 *t, const uint64_t *hi, const uint64_t *lo, uint32_t *id,
                        uint32_t n)
{
	lookup_batch(t, hi, lo, id, n, (struct ranks){fork_rank_scalar, leaf_rank_scalar});
}

/* ThreadSanitizer does not see into gathers. */
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)

#define AVX2 __attribute__((target("avx2,popcnt")))

/* Bit i: key i of the first or second eight lies before @key. Signed comparisons are all there is.
 */
AVX2 static force_inline uint32_t eight_before(const uint32_t *keys, uint32_t key)
{
	const __m256i sign = _mm256_set1_epi32(INT32_MIN);
	__m256i k = _mm256_xor_si256(_mm256_load_si256((const __m256i *)(const void *)keys), sign);
	__m256i x = _mm256_set1_epi32((int32_t)(key ^ 0x80000000u));

	return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(x, k)));
}

AVX2 static force_inline uint32_t rank_avx2(const struct lpm6_leaf *line, uint32_t key,
                                            uint32_t mask)
{
	uint32_t before = eight_before(line->key, key) | eight_before(line->key + 8, key) << 8;

	return (uint32_t)__builtin_popcount(before & mask);
}

AVX2 static force_inline uint32_t fork_rank_avx2(const struct lpm6_leaf *line, uint32_t key)
{
	return rank_avx2(line, key, (1u << LPM6_FORK_KEYS) - 1);
}

AVX2 static force_inline uint32_t leaf_rank_avx2(const struct lpm6_leaf *line, uint32_t key)
{
	return rank_avx2(line, key, (1u << LPM6_LEAF_KEYS) - 1);
}

AVX2 static void lookup_avx2(const struct lpm6 *t, const uint64_t *hi, const uint64_t *lo,
                             uint32_t *id, uint32_t n)
{
	lookup_batch(t, hi, lo, id, n, (struct ranks){fork_rank_avx2, leaf_rank_avx2});
}

#define AVX512 __attribute__((target("avx512f,avx512bw,popcnt")))

AVX512 static force_inline uint32_t rank_avx512(const struct lpm6_leaf *line, uint32_t key,
                                                __mmask16 mask)
{
	__mmask16 before = _mm512_mask_cmpgt_epu32_mask(mask, _mm512_set1_epi32((int32_t)key),
	                                                _mm512_load_si512(line));

	return (uint32_t)__builtin_popcount(before);
}

AVX512 static force_inline uint32_t fork_rank_avx512(const struct lpm6_leaf *line, uint32_t key)
{
	return rank_avx512(line, key, (1u << LPM6_FORK_KEYS) - 1);
}

AVX512 static force_inline uint32_t leaf_rank_avx512(const struct lpm6_leaf *line, uint32_t key)
{
	return rank_avx512(line, key, (1u << LPM6_LEAF_KEYS) - 1);
}

/* What is under way of a batch: by key, and of those side by side that have to do with lines. */
struct walk512 {
	cache_aligned uint32_t key[LPM6_BATCH];
	cache_aligned uint32_t entry[LPM6_BATCH];
	uint32_t of_key[LPM6_BATCH + 16];
	uint32_t line[LPM6_BATCH + 16]; /* in bytes */
	const struct lpm6_leaf *leaf[LPM6_BATCH + 8];
	uint32_t fork[LPM6_BATCH + 16]; /* all bits, if it is one */
	uint32_t id[LPM6_BATCH + 16];
	uint32_t n; /* of them, rounded up: a loop's end that is mostly the same can be foreseen */
	__mmask16 has[LPM6_BATCH / 16];
};

/* Keys and entries of sixteen addresses. */
AVX512 static force_inline void index_avx512(const struct lpm6 *t, struct walk512 *w,
                                             const uint64_t *hi, uint32_t i)
{
	const __m512i even =
		_mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
	__m512i a = _mm512_loadu_si512(hi + i), b = _mm512_loadu_si512(hi + i + 8);
	__m512i lower = _mm512_permutex2var_epi32(a, even, b);
	__m512i upper =
		_mm512_permutex2var_epi32(a, _mm512_add_epi32(even, _mm512_set1_epi32(1)), b);
	__m512i at = _mm512_srli_epi32(upper, 16);
	__mmask16 global =
		_mm512_cmpeq_epi32_mask(_mm512_srli_epi32(upper, 29), _mm512_set1_epi32(1));
	__m512i slot =
		_mm512_and_si512(_mm512_srli_epi32(upper, 9), _mm512_set1_epi32(LPM6_GLOBAL - 1));

	at = _mm512_mask_add_epi32(at, global, slot, _mm512_set1_epi32(LPM6_REST));
	_mm512_store_si512(w->key + i, _mm512_or_si512(_mm512_slli_epi32(upper, 16),
	                                               _mm512_srli_epi32(lower, 16)));
	_mm512_store_si512(w->entry + i, _mm512_i32gather_epi32(at, t->index, 4));
}

/* One level of radix nodes below those that there are. Return: are there more? */
AVX512 static force_inline bool radix_avx512(const struct lpm6 *t, struct walk512 *w, uint32_t i)
{
	const __m512i radix = _mm512_set1_epi32((int32_t)((uint32_t)LPM6_RADIX << LPM6_KIND_SHIFT));
	const __m512i one = _mm512_set1_epi32(1);
	__m512i e = _mm512_load_si512(w->entry + i), key = _mm512_load_si512(w->key + i);
	__mmask16 deep = _mm512_cmpge_epu32_mask(e, radix);
	__m512i shift, width, digit, at;

	if (deep == 0)
		return false;
	shift = _mm512_and_si512(_mm512_srli_epi32(e, LPM6_LINE_BITS), _mm512_set1_epi32(31));
	width = _mm512_add_epi32(
		_mm512_and_si512(_mm512_srli_epi32(e, LPM6_WIDTH_SHIFT), _mm512_set1_epi32(7)),
		_mm512_set1_epi32(LPM6_RADIX_MIN));
	digit = _mm512_and_si512(_mm512_srlv_epi32(key, shift),
	                         _mm512_sub_epi32(_mm512_sllv_epi32(one, width), one));
	at = _mm512_slli_epi32(_mm512_and_si512(e, _mm512_set1_epi32(LPM6_LINE_MASK)), 4);
	e = _mm512_mask_i32gather_epi32(e, deep, _mm512_add_epi32(at, digit), t->line, 4);
	_mm512_store_si512(w->entry + i, e);
	return _mm512_cmpge_epu32_mask(e, radix) != 0;
}

AVX512 static force_inline void compress(uint32_t *to, __mmask16 which, __m512i v)
{
	_mm512_storeu_si512(to, _mm512_maskz_compress_epi32(which, v));
}

static force_inline const struct lpm6_leaf *line_at(const struct lpm6 *t, uint32_t offset)
{
	return (const void *)((const char *)t->line + offset);
}

/* Put those that have lines side by side, and fetch these. */
AVX512 static force_inline void lines_avx512(const struct lpm6 *t, struct walk512 *w, uint32_t n)
{
	const __m512i line_mask = _mm512_set1_epi32(LPM6_LINE_MASK);
	uint32_t found = 0;

	for (uint32_t i = 0; i < n; i += 16) {
		__m512i e = _mm512_load_si512(w->entry + i);
		__mmask16 has = _mm512_cmpgt_epu32_mask(e, _mm512_set1_epi32(0xffff));
		__m512i line = _mm512_slli_epi32(_mm512_and_si512(e, line_mask), 6);

		w->has[i / 16] = has;
		compress(w->of_key + found, has, _mm512_load_si512(w->key + i));
		compress(w->line + found, has, line);
		compress(w->fork + found, has, _mm512_srai_epi32(e, 31));
		found += (uint32_t)__builtin_popcount(has);
	}
	/* Line 0 for those beyond. */
	_mm512_storeu_si512(w->line + found, _mm512_setzero_si512());
	_mm512_storeu_si512(w->fork + found, _mm512_setzero_si512());
	w->n = (found + 7) & ~7u;
	for (uint32_t i = 0; i < w->n; i++)
		prefetch(line_at(t, w->line[i]));
}

AVX512 static force_inline void leaves_avx512(const struct lpm6 *t, struct walk512 *w)
{
	for (uint32_t i = 0; i < w->n; i++) {
		const struct lpm6_leaf *line = line_at(t, w->line[i]);
		uint32_t leaf = 1 + fork_rank_avx512(line, w->of_key[i]);

		line += leaf & w->fork[i];
		w->leaf[i] = line;
		prefetch(line);
	}
	for (uint32_t i = 0; i < w->n; i++) {
		const struct lpm6_leaf *leaf = w->leaf[i];

		w->id[i] = leaf->id[leaf_rank_avx512(leaf, w->of_key[i])];
	}
}

/* Return: are some of them numbers of subs? */
AVX512 static force_inline bool ids_avx512(struct walk512 *w, uint32_t *id, uint32_t n)
{
	__m512i all = _mm512_setzero_si512();
	uint32_t at = 0;

	for (uint32_t i = 0; i < n; i += 16) {
		__m512i v =
			_mm512_mask_expand_epi32(_mm512_load_si512(w->entry + i), w->has[i / 16],
		                                 _mm512_loadu_si512(w->id + at));

		at += (uint32_t)__builtin_popcount(w->has[i / 16]);
		all = _mm512_or_si512(all, v);
		_mm512_storeu_si512(id + i, v);
	}
	return _mm512_test_epi32_mask(all, _mm512_set1_epi32(LPM6_SUB)) != 0;
}

/* Apart, so that the registers are the others'. */
AVX512 static never_inline void subs_avx512(const struct lpm6 *t, const uint64_t *hi,
                                            const uint64_t *lo, uint32_t *id, uint32_t n)
{
	subs_follow(t, hi, lo, id, n, (struct ranks){fork_rank_avx512, leaf_rank_avx512});
}

/* What lies beyond @n is looked up along with the rest. */
AVX512 static void lookup_avx512(const struct lpm6 *t, const uint64_t *hi, const uint64_t *lo,
                                 uint32_t *id, uint32_t n)
{
	struct walk512 w;
	bool deep;

	for (uint32_t i = 0; i < n; i += 16)
		index_avx512(t, &w, hi, i);
	do {
		deep = false;
		for (uint32_t i = 0; i < n; i += 16)
			deep |= radix_avx512(t, &w, i);
	} while (deep);
	lines_avx512(t, &w, n);
	leaves_avx512(t, &w);
	if (ids_avx512(&w, id, n))
		subs_avx512(t, hi, lo, id, n);
}

lpm6_lookup_fn *lpm6_lookup_avx2(void)
{
	return __builtin_cpu_supports("avx2") ? lookup_avx2 : NULL;
}

lpm6_lookup_fn *lpm6_lookup_avx512(void)
{
	return __builtin_cpu_supports("avx512bw") ? lookup_avx512 : NULL;
}

#else

lpm6_lookup_fn *lpm6_lookup_avx2(void)
{
	return NULL;
}

lpm6_lookup_fn *lpm6_lookup_avx512(void)
{
	return NULL;
}

#endif

/* The shortest time of a round. */
static uint64_t trial(lpm6_lookup_fn *lookup, const struct lpm6 *t)
{
	static const uint64_t none[LPM6_BATCH];
	uint64_t hi[LPM6_BATCH], best = UINT64_MAX;
	uint32_t id[LPM6_BATCH];

	for (unsigned int round = 0; round < TRIAL_ROUNDS; round++) {
		uint64_t start = clock_ns(), took;

		for (uint32_t batch = 0; batch < TRIAL_BATCHES; batch++) {
			for (uint32_t i = 0; i < LPM6_BATCH; i++)
				hi[i] = (batch * LPM6_BATCH + i) * 0x9e3779b97f4a7c15ull >> 4;
			lookup(t, hi, none, id, LPM6_BATCH);
		}
		took = clock_ns() - start;
		best = took < best ? took : best;
	}
	return best;
}

/* A fork below all of 0::/4, and leaves of 2^23 keys each. */
static bool trial_table(struct lpm6 *t, uint32_t *entry)
{
	struct lpm6_edge e[LPM6_MAX_EDGES];

	for (uint32_t i = 0; i < LPM6_MAX_EDGES; i++)
		e[i] = (struct lpm6_edge){i << 24, i};
	if (lpm6_pack(t, e, LPM6_MAX_EDGES, 0, false, entry) < 0)
		return false;
	for (uint32_t i = 0; i < LPM6_REST >> 4; i++)
		lpm6_store(&t->index[i], *entry);
	return true;
}

lpm6_lookup_fn *lpm6_lookup_choose(struct lpm6 *t)
{
	lpm6_lookup_fn *const way[2] = {lpm6_lookup_avx512(), lpm6_lookup_avx2()};
	lpm6_lookup_fn *best = lpm6_lookup_scalar;
	uint64_t least;
	uint32_t entry;

	if (!trial_table(t, &entry))
		return best;
	least = trial(best, t);
	for (unsigned int i = 0; i < ARRAY_SIZE(way); i++) {
		uint64_t took = way[i] != NULL ? trial(way[i], t) : UINT64_MAX;

		if (took < least) {
			least = took;
			best = way[i];
		}
	}
	for (uint32_t i = 0; i < LPM6_REST >> 4; i++)
		lpm6_store(&t->index[i], 0);
	lpm6_drop(t, entry, LPM6_UNSEEN, 0);
	return best;
}
