/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lpm6: 128-bit keys to 15-bit ids. What ids there are below a prefix is a row of intervals, kept
 * by where they end, and a key is looked up by comparing it with those of one cache line at once:
 *
 *   index   an entry for each value of bits 3 to 22 in 2000::/3, elsewhere of bits 0 to 15
 *   radix   where many intervals lie below an entry: more entries, by the next 4 to 11 bits
 *   fork    up to sixteen leaves behind a line that tells which of them
 *   leaf    a line of up to eleven intervals
 *
 * An entry is 32 bits and says which of these follows, or is an id. Comparisons are of a window of
 * 32 bits, 16 to 47 at first. Where intervals are finer than that a leaf has the number of a sub: a
 * table of the same kind below one entry, with a window further down. It skips what all that lies
 * in it has in common, so that two or three windows reach the end of any address.
 *
 * The agent writes while workers read. Entries are stored in place, atomically; lines are never
 * changed but made anew, and those replaced are reused after a grace period (table/lines.h).
 *
 * This is only the table that look-ups go through; what the intervals are is decided by its owner
 * (route/fib6.h).
 */
#ifndef TABLE_LPM6_H
#define TABLE_LPM6_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "table/idpool.h"
#include "table/lines.h"

#define LPM6_BATCH    64
#define LPM6_MAX_SUBS 32768u
#define LPM6_SUB      0x8000u /* set in an id: the rest is the number of a sub */

/* The index: entries by bits 0 to 15, behind them those of 2000::/3. */
#define LPM6_REST   0x10000u
#define LPM6_GLOBAL 0x100000u
#define LPM6_INDEX  (LPM6_REST + LPM6_GLOBAL)
#define LPM6_WINDOW 16 /* where the first window begins */

enum lpm6_kind {
	LPM6_ID,
	LPM6_LEAF,
	LPM6_FORK,
	LPM6_RADIX,
};

/*
 * An entry: bits 30 and 31 are its kind. Of an id bits 0 to 15 are what it is, else bits 0 to 21
 * the first line; of a radix bits 22 to 26 the shift and 27 to 29 the width less LPM6_RADIX_MIN.
 */
#define LPM6_KIND_SHIFT  30
#define LPM6_LINE_BITS   22
#define LPM6_LINE_MASK   ((1u << LPM6_LINE_BITS) - 1)
#define LPM6_WIDTH_SHIFT 27
#define LPM6_RADIX_MIN   4u
#define LPM6_RADIX_MAX   11u

#define LPM6_LEAF_KEYS   10u
#define LPM6_FORK_KEYS   15u
#define LPM6_FORK_LEAVES (LPM6_FORK_KEYS + 1)
#define LPM6_MAX_EDGES   (LPM6_FORK_LEAVES * (LPM6_LEAF_KEYS + 1))

/*
 * Of a leaf or fork, what the entry would have as its id if there were nothing of more bits below
 * it. Keys are the last ones of all intervals but the last, ascending; the rest is UINT32_MAX.
 */
struct lpm6_leaf {
	uint32_t key[LPM6_LEAF_KEYS];
	uint16_t id[LPM6_LEAF_KEYS + 1];
	uint16_t cover;
} cache_aligned;

/* The leaves follow it. */
struct lpm6_fork {
	uint32_t key[LPM6_FORK_KEYS];
	uint16_t n; /* leaves */
	uint16_t cover;
} cache_aligned;

/* What lies below @hi and @lo, of which the bits of the masks count; all else has the id @other. */
struct lpm6_sub {
	uint64_t hi, lo, mask_hi, mask_lo;
	uint32_t entry;
	uint16_t other;
	uint8_t window; /* where it begins, at most 96 */
} cache_aligned;

struct lpm6;
typedef void lpm6_lookup_fn(const struct lpm6 *t, const uint64_t *hi, const uint64_t *lo,
                            uint32_t *id, uint32_t n);

struct lpm6 {
	uint32_t *index;
	const struct lpm6_leaf *line;
	struct lpm6_sub *sub;
	lpm6_lookup_fn *lookup; /* the fastest one here, measured by lpm6_new() */
	struct lines *lines;
	struct idpool *subs;
	struct lpm6_life *life; /* of each sub, for the owner */
};

/* When a sub was made, and was last found to stay while what leads to it was made anew: numbers of
 * the owner's, ascending. */
struct lpm6_life {
	uint64_t made, kept;
};

/* An interval, from @key to before that of the next one. */
struct lpm6_edge {
	uint32_t key;
	uint32_t id;
};

static force_inline uint32_t lpm6_load(const uint32_t *entry)
{
	return __atomic_load_n(entry, __ATOMIC_ACQUIRE);
}

static force_inline enum lpm6_kind lpm6_kind(uint32_t entry)
{
	return (enum lpm6_kind)(entry >> LPM6_KIND_SHIFT);
}

static force_inline uint32_t lpm6_line(uint32_t entry)
{
	return entry & LPM6_LINE_MASK;
}

static force_inline unsigned int lpm6_width(uint32_t entry)
{
	return (entry >> LPM6_WIDTH_SHIFT & 7) + LPM6_RADIX_MIN;
}

static force_inline unsigned int lpm6_shift(uint32_t entry)
{
	return entry >> LPM6_LINE_BITS & 31;
}

/* Where the entry of an address lies in the index, by its upper half. */
static force_inline uint32_t lpm6_index(uint64_t hi)
{
	return hi >> 61 == 1 ? LPM6_REST + (uint32_t)(hi >> 41 & (LPM6_GLOBAL - 1))
	                     : (uint32_t)(hi >> 48);
}

static force_inline unsigned __int128 lpm6_whole(uint64_t hi, uint64_t lo)
{
	return (unsigned __int128)hi << 64 | lo;
}

/* Bits @window to @window + 31 of a key. */
static force_inline uint32_t lpm6_key(uint64_t hi, uint64_t lo, unsigned int window)
{
	return (uint32_t)(lpm6_whole(hi, lo) >> (96 - window));
}

/* Has a key the bits that all in @sub have in common? */
static force_inline bool lpm6_sub_has(const struct lpm6_sub *sub, uint64_t hi, uint64_t lo)
{
	return (((hi ^ sub->hi) & sub->mask_hi) | ((lo ^ sub->lo) & sub->mask_lo)) == 0;
}

/* Let @sub, which no reader knows, be below the first @window bits of an address. */
static inline void lpm6_sub_set(struct lpm6_sub *sub, uint64_t hi, uint64_t lo, unsigned int window)
{
	unsigned __int128 mask;

	assert(window > 0 && window <= 96);
	mask = ~(unsigned __int128)0 << (128 - window);
	*sub = (struct lpm6_sub){
		.hi = hi,
		.lo = lo,
		.mask_hi = (uint64_t)(mask >> 64),
		.mask_lo = (uint64_t)mask,
		.window = (uint8_t)window,
	};
}

static force_inline const uint32_t *lpm6_entries(const struct lpm6 *t, uint32_t radix)
{
	return (const uint32_t *)&t->line[lpm6_line(radix)];
}

/* Which entry of a radix node. */
static force_inline uint32_t lpm6_digit(uint32_t radix, uint32_t key)
{
	return key >> lpm6_shift(radix) & ((1u << lpm6_width(radix)) - 1);
}

/* How many of @n keys lie before @key. */
static force_inline uint32_t lpm6_rank(const uint32_t *keys, unsigned int n, uint32_t key)
{
	uint32_t rank = 0;

	for (unsigned int i = 0; i < n; i++)
		rank += keys[i] < key;
	return rank;
}

/* What @entry leads to for a key of its window: an id, or the number of a sub. */
static inline uint32_t lpm6_walk(const struct lpm6 *t, uint32_t entry, uint32_t key)
{
	const struct lpm6_leaf *leaf;

	while (lpm6_kind(entry) == LPM6_RADIX)
		entry = lpm6_load(&lpm6_entries(t, entry)[lpm6_digit(entry, key)]);
	if (lpm6_kind(entry) == LPM6_ID)
		return entry & 0xffff;
	leaf = &t->line[lpm6_line(entry)];
	if (lpm6_kind(entry) == LPM6_FORK)
		leaf += 1 + lpm6_rank(leaf->key, LPM6_LEAF_KEYS, key) +
		        lpm6_rank(((const struct lpm6_fork *)(const void *)leaf)->key +
		                          LPM6_LEAF_KEYS,
		                  LPM6_FORK_KEYS - LPM6_LEAF_KEYS, key);
	return leaf->id[lpm6_rank(leaf->key, LPM6_LEAF_KEYS, key)];
}

/* Go on from a sub's number to an id, or to the number of one further down. */
static inline uint32_t lpm6_sub_walk(const struct lpm6 *t, uint32_t id, uint64_t hi, uint64_t lo)
{
	const struct lpm6_sub *sub = &t->sub[id & ~LPM6_SUB];

	if (!lpm6_sub_has(sub, hi, lo))
		return __atomic_load_n(&sub->other, __ATOMIC_RELAXED);
	return lpm6_walk(t, lpm6_load(&sub->entry), lpm6_key(hi, lo, sub->window));
}

/* The id of one key; 0 where none was stored. Context: any reader. */
static inline uint32_t lpm6_lookup_one(const struct lpm6 *t, uint64_t hi, uint64_t lo)
{
	uint32_t id =
		lpm6_walk(t, lpm6_load(&t->index[lpm6_index(hi)]), lpm6_key(hi, lo, LPM6_WINDOW));

	while (id & LPM6_SUB)
		id = lpm6_sub_walk(t, id, hi, lo);
	return id;
}

/**
 * lpm6_lookup - the ids of up to LPM6_BATCH keys
 * @hi, @lo: their halves; readable up to a multiple of 16; what is there beyond @n does not matter
 * @id:      writable up to a multiple of 16
 *
 * Context: any reader.
 */
static force_inline void lpm6_lookup(const struct lpm6 *t, const uint64_t *hi, const uint64_t *lo,
                                     uint32_t *id, uint32_t n)
{
	t->lookup(t, hi, lo, id, n);
}

/**
 * lpm6_new - a table in which every key has id 0
 * @out: set on success; freed with lpm6_free() when no reader is left
 *
 * Context: agent. Return: 0 or -ENOMEM.
 */
[[nodiscard]] int lpm6_new(struct lpm6 **out);
void lpm6_free(struct lpm6 *t);

/**
 * lpm6_pack - make a leaf or a fork of intervals
 * @e, @n: 1 to LPM6_MAX_EDGES of them, ascending; the first begins where the entry's range does
 * @cover: see struct lpm6_leaf
 * @last:  may take of the reserve
 * @entry: set on success; no reader knows it yet
 *
 * Context: agent. Return: 0 or -ENOSPC.
 */
[[nodiscard]] int lpm6_pack(struct lpm6 *t, const struct lpm6_edge *e, unsigned int n,
                            uint32_t cover, bool last, uint32_t *entry);

/**
 * lpm6_radix - make a radix node of 1 << @width entries, all of them id 0
 * @shift: bits of the window below those that it looks at
 *
 * Context: agent. Return: 0 and *entry, or -ENOSPC.
 */
[[nodiscard]] int lpm6_radix(struct lpm6 *t, unsigned int width, unsigned int shift, bool last,
                             uint32_t *entry);

/* The entries of a radix node, to be changed by lpm6_store(). Context: agent. */
uint32_t *lpm6_slots(struct lpm6 *t, uint32_t radix);

/* Let readers find @entry at @slot. Context: agent. */
/* NOLINTNEXTLINE(readability-non-const-parameter): it does not know what stores */
static inline void lpm6_store(uint32_t *slot, uint32_t entry)
{
	__atomic_store_n(slot, entry, __ATOMIC_RELEASE);
}

/* The id that @entry, no radix, would have with nothing below it. Context: agent. */
uint32_t lpm6_cover(const struct lpm6 *t, uint32_t entry);

/* Take a sub's number; its fields are the caller's to fill in, then to store its number somewhere.
 * Context: agent. Return: 0 or -ENOSPC. */
[[nodiscard]] int lpm6_sub_get(struct lpm6 *t, uint32_t *n);

enum lpm6_end {
	LPM6_UNSEEN, /* no reader has seen it */
	LPM6_RETIRE, /* readers may until the next grace period */
};

/**
 * lpm6_drop - give back an entry with all below it
 * @since: of its subs those go that no reader has seen if they were made then or later, the others
 *         if they were kept last before
 *
 * Context: agent.
 */
void lpm6_drop(struct lpm6 *t, uint32_t entry, enum lpm6_end end, uint64_t since);

/* Give back a sub with all below it. Context: agent. */
void lpm6_sub_drop(struct lpm6 *t, uint32_t n, enum lpm6_end end);

/* How many subs are in use. Context: agent. */
uint32_t lpm6_subs(const struct lpm6 *t);

/* Memory it takes. Context: agent. */
size_t lpm6_bytes(const struct lpm6 *t);

#endif
