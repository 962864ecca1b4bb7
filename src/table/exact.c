/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How reader and writer get along. A slot of a bucket is written index first, then tag (release);
 * a reader that sees the tag (acquire) sees the index or a later one. Whatever it finds is verified
 * against the key in the entry, which stays unchanged until a grace period after its removal; so a
 * reader never takes one key for another, and all that could go wrong is to miss a key.
 *
 * A key is missed when its slot moves from the bucket that the reader reads last to the one that it
 * has read. A move therefore is: copy to the new bucket, count the move (release), and only then
 * reuse the old slot. A reader that missed compares the count with what it was before it began: if
 * it is the same, no old slot was reused meanwhile, and the key is not there; else it looks again.
 */
#include "table/exact.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/compiler.h"
#include "base/rcu.h"
#include "table/exact_bucket.h"
#include "table/idpool.h"
#include "table/pages.h"

#define MAX_CAPACITY (1u << 26)

/* Buckets that a search for a free slot visits at most: the first two and three moves from them. */
#define SEARCH_MAX 256

struct exact {
	struct bucket *bucket;
	uint32_t mask; /* number of buckets, less one */
	unsigned int words;
	uint64_t *entry; /* of stride() words each: the key, and at the end the id */
	uint64_t seed[EXACT_MAX_WORDS];
	uint64_t moves; /* of keys to their other bucket */

	/* The agent's own. */
	uint64_t *live;       /* a bit an entry: is it in the table? */
	struct idpool *slots; /* of entries */
	uint32_t capacity;
	struct rcu_head rcu;
};

/* An entry does not straddle lines: 16 or 32 bytes. */
static force_inline size_t stride(unsigned int words)
{
	return words == 1 ? 2 : 4;
}

static force_inline uint64_t *entry_at(const struct exact *t, unsigned int words, uint32_t i)
{
	return t->entry + i * stride(words);
}

static force_inline uint32_t entry_id(const uint64_t *e, unsigned int words)
{
	return (uint32_t)e[stride(words) - 1];
}

static force_inline bool key_equal(const uint64_t *a, const uint64_t *b, unsigned int words)
{
	uint64_t d = a[0] ^ b[0];

	for (unsigned int i = 1; i < words; i++)
		d |= a[i] ^ b[i];
	return d == 0;
}

/* Both halves of the 128-bit product: one multiplication mixes a word well. */
static force_inline uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Others choose the keys: the seed is secret, so that they cannot fill one bucket. */
static force_inline uint64_t key_hash(const struct exact *t, unsigned int words,
                                      const uint64_t *key)
{
	uint64_t h = 0;

	for (unsigned int i = 0; i < words; i++)
		h = mix(h ^ key[i] ^ t->seed[i], 0xa24baed4963ee407ull);
	return mix(h ^ t->seed[0], 0x9fb21c651e98df25ull);
}

/* The upper half; 0 is what a free slot has. */
static force_inline uint32_t hash_tag(uint64_t h)
{
	uint32_t tag = (uint32_t)(h >> 32);

	return tag != 0 ? tag : 1;
}

static force_inline uint32_t first_bucket(const struct exact *t, uint64_t h)
{
	return (uint32_t)h & t->mask;
}

/* The bucket that @tag may be in if not in @b. Works both ways, without the key. */
static force_inline uint32_t other_bucket(const struct exact *t, uint32_t b, uint32_t tag)
{
	return (b ^ (tag * 0x5bd1e995u >> 5 | 1)) & t->mask;
}

/* One mapping holds buckets, entries and live bits, in this order. */
static size_t bucket_bytes(const struct exact *t)
{
	return (t->mask + (size_t)1) * sizeof(struct bucket);
}

static size_t entry_bytes(const struct exact *t)
{
	return t->capacity * stride(t->words) * sizeof(uint64_t);
}

static size_t map_bytes(const struct exact *t)
{
	return bucket_bytes(t) + entry_bytes(t) + (t->capacity / 64 + 1) * sizeof(uint64_t);
}

static int table_map(struct exact *t)
{
	char *p = pages_map(map_bytes(t), 0);

	if (p == NULL)
		return -ENOMEM;
	t->bucket = (struct bucket *)p;
	t->entry = (uint64_t *)(p + bucket_bytes(t));
	t->live = (uint64_t *)(p + bucket_bytes(t) + entry_bytes(t));
	return 0;
}

int exact_new(struct exact **out, unsigned int words, uint32_t capacity)
{
	struct exact *t;
	uint32_t n = 2;
	int err;

	if (words < 1 || words > EXACT_MAX_WORDS || capacity < 1 || capacity > MAX_CAPACITY)
		return -EINVAL;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return -ENOMEM;
	/* At most 85 % full, where a free slot is still few moves away. */
	while ((uint64_t)n * BUCKET_SLOTS * 85 < (uint64_t)capacity * 100)
		n *= 2;
	t->mask = n - 1;
	t->words = words;
	t->capacity = capacity;
	err = -ENOMEM;
	if (getrandom(t->seed, sizeof(t->seed), 0) != sizeof(t->seed))
		goto free_table;
	err = table_map(t);
	if (err < 0)
		goto free_table;
	err = idpool_new(&t->slots, capacity);
	if (err < 0)
		goto unmap;
	*out = t;
	return 0;

unmap:
	pages_unmap(t->bucket, map_bytes(t));
free_table:
	free(t);
	return err;
}

void exact_free(struct exact *t)
{
	if (t == NULL)
		return;
	idpool_free(t->slots);
	pages_unmap(t->bucket, map_bytes(t));
	free(t);
}

static void table_reclaim(struct rcu_head *head)
{
	exact_free(caa_container_of(head, struct exact, rcu));
}

void exact_free_rcu(struct exact *t)
{
	if (t != NULL)
		call_rcu(&t->rcu, table_reclaim);
}

/* What a key comes down to. */
struct probe {
	const struct bucket *a, *b;
	uint32_t tag;
};

static force_inline struct probe key_probe(const struct exact *t, unsigned int words,
                                           const uint64_t *key)
{
	uint64_t h = key_hash(t, words, key);
	uint32_t tag = hash_tag(h), a = first_bucket(t, h);

	return (struct probe){&t->bucket[a], &t->bucket[other_bucket(t, a, tag)], tag};
}

/* Look in both buckets once. Return: the slot as bucket_match() counts them, or -1. */
static force_inline int probe_once(const struct exact *t, unsigned int words, const struct probe *p,
                                   const uint64_t *key, uint32_t *index)
{
	uint32_t found = bucket_match(p->a, p->b, p->tag);

	for (; found != 0; found &= found - 1) {
		int slot = __builtin_ctz(found);

		*index = bucket_index(p->a, p->b, (unsigned int)slot);
		if (key_equal(entry_at(t, words, *index), key, words))
			return slot;
	}
	return -1;
}

static force_inline uint32_t find_one(const struct exact *t, unsigned int words,
                                      const uint64_t *key)
{
	struct probe p = key_probe(t, words, key);
	uint64_t moves;
	uint32_t index;

	do {
		moves = __atomic_load_n(&t->moves, __ATOMIC_ACQUIRE);
		if (probe_once(t, words, &p, key, &index) >= 0)
			return entry_id(entry_at(t, words, index), words);
	} while (unlikely(__atomic_load_n(&t->moves, __ATOMIC_ACQUIRE) != moves));
	return 0;
}

uint32_t exact_find(const struct exact *t, const uint64_t *key)
{
	switch (t->words) {
	case 1:
		return find_one(t, 1, key);
	case 2:
		return find_one(t, 2, key);
	default:
		return find_one(t, 3, key);
	}
}

/*
 * Fetch the buckets of all keys; compare the tags and fetch the entry of the first that fits;
 * verify the keys. What that leaves open - two keys of one tag, or a move meanwhile - is looked up
 * again by itself.
 */
static force_inline void find_batch(const struct exact *t, unsigned int words, const uint64_t *keys,
                                    uint32_t *id, uint32_t n)
{
	const uint64_t moves = __atomic_load_n(&t->moves, __ATOMIC_ACQUIRE);
	const uint64_t *entry[EXACT_BATCH];
	struct probe probe[EXACT_BATCH];
	uint32_t found[EXACT_BATCH], open[EXACT_BATCH], n_open = 0;

	for (uint32_t i = 0; i < n; i++) {
		probe[i] = key_probe(t, words, keys + (size_t)i * words);
		prefetch(probe[i].a);
		prefetch(probe[i].b);
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct probe *p = &probe[i];
		unsigned int slot;

		found[i] = bucket_match(p->a, p->b, p->tag);
		slot = (unsigned int)__builtin_ctz(found[i] | 1u << (2 * BUCKET_SLOTS - 1));
		entry[i] = entry_at(t, words, bucket_index(p->a, p->b, slot));
		prefetch(entry[i]);
	}
	for (uint32_t i = 0; i < n; i++) {
		bool hit = key_equal(entry[i], keys + (size_t)i * words, words) & (found[i] != 0);

		id[i] = hit ? entry_id(entry[i], words) : 0;
		open[n_open] = i;
		n_open += !hit;
	}
	if (likely(n_open == 0))
		return;
	for (uint32_t j = 0; j < n_open; j++) {
		uint32_t i = open[j];

		if (found[i] != 0 || __atomic_load_n(&t->moves, __ATOMIC_ACQUIRE) != moves)
			id[i] = find_one(t, words, keys + (size_t)i * words);
	}
}

void exact_find_batch(const struct exact *t, const uint64_t *keys, uint32_t *id, uint32_t n)
{
	assert(n <= EXACT_BATCH);
	switch (t->words) {
	case 1:
		find_batch(t, 1, keys, id, n);
		break;
	case 2:
		find_batch(t, 2, keys, id, n);
		break;
	default:
		find_batch(t, 3, keys, id, n);
		break;
	}
}

/* A bucket that the search for a free slot came by. */
struct step {
	uint32_t bucket;
	int parent; /* step whose bucket a key could leave for this one; -1: a key's own bucket */
	unsigned int slot; /* where that key is in the parent's bucket */
};

/* Is there a way to @bucket already? One that came by a bucket twice could move a slot twice. */
static bool step_known(const struct step *q, int n, uint32_t bucket)
{
	for (int i = 0; i < n; i++) {
		if (q[i].bucket == bucket)
			return true;
	}
	return false;
}

/* Free slots of a bucket, as a set of bits. */
static uint32_t bucket_free(const struct bucket *b)
{
	return bucket_match(b, b, 0) & ((1u << BUCKET_SLOTS) - 1);
}

/* Let each key on the way to step @at move up; then a slot of the first bucket is free. */
static struct step path_move(struct exact *t, const struct step *q, int at, unsigned int slot)
{
	for (; q[at].parent >= 0; at = q[at].parent) {
		struct bucket *from = &t->bucket[q[q[at].parent].bucket];
		struct bucket *to = &t->bucket[q[at].bucket];
		unsigned int old = q[at].slot;

		bucket_set(to, slot, from->index[old], from->tag[old]);
		__atomic_store_n(&t->moves, t->moves + 1, __ATOMIC_RELEASE);
		slot = old;
	}
	return (struct step){.bucket = q[at].bucket, .slot = slot};
}

/*
 * Find a slot for a key of buckets @a and @b, breadth first, so that the fewest keys move.
 * Return: 0 and the slot, which may still show the key that moved away; or -ENOSPC.
 */
static int slot_make(struct exact *t, uint32_t a, uint32_t b, struct step *out)
{
	struct step q[SEARCH_MAX] = {{.bucket = a, .parent = -1}, {.bucket = b, .parent = -1}};
	int n = 2;

	for (int at = 0; at < n; at++) {
		const struct bucket *here = &t->bucket[q[at].bucket];
		uint32_t free_slots = bucket_free(here);

		if (free_slots != 0) {
			*out = path_move(t, q, at, (unsigned int)__builtin_ctz(free_slots));
			return 0;
		}
		for (unsigned int i = 0; i < BUCKET_SLOTS && n < SEARCH_MAX; i++) {
			uint32_t next = other_bucket(t, q[at].bucket, here->tag[i]);

			if (!step_known(q, n, next))
				q[n++] = (struct step){next, at, i};
		}
	}
	return -ENOSPC;
}

/* The emptier bucket of a key goes first, which keeps both from filling up. */
static int slot_find(struct exact *t, uint64_t h, struct step *out)
{
	uint32_t a = first_bucket(t, h), b = other_bucket(t, a, hash_tag(h));
	int free_a = __builtin_popcount(bucket_free(&t->bucket[a]));
	int free_b = __builtin_popcount(bucket_free(&t->bucket[b]));

	return free_a >= free_b ? slot_make(t, a, b, out) : slot_make(t, b, a, out);
}

int exact_insert(struct exact *t, const uint64_t *key, uint32_t id)
{
	uint64_t h = key_hash(t, t->words, key);
	struct step slot;
	uint32_t index;
	uint64_t *e;
	int err;

	if (id == 0)
		return -EINVAL;
	if (exact_find(t, key) != 0)
		return -EEXIST;
	err = idpool_get(t->slots, &index);
	if (err < 0)
		return err;
	err = slot_find(t, h, &slot);
	if (err < 0) {
		idpool_put(t->slots, index);
		return err;
	}
	e = entry_at(t, t->words, index);
	memcpy(e, key, t->words * sizeof(*key));
	e[stride(t->words) - 1] = id;
	t->live[index / 64] |= 1ull << index % 64;
	bucket_set(&t->bucket[slot.bucket], slot.slot, index, hash_tag(h));
	return 0;
}

int exact_remove(struct exact *t, const uint64_t *key, uint32_t *id)
{
	struct probe p = key_probe(t, t->words, key);
	uint32_t index;
	int slot = probe_once(t, t->words, &p, key, &index);

	if (slot < 0)
		return -ENOENT;
	if (id != NULL)
		*id = entry_id(entry_at(t, t->words, index), t->words);
	bucket_clear((struct bucket *)(slot < (int)BUCKET_SLOTS ? p.a : p.b),
	             (unsigned int)slot % BUCKET_SLOTS);
	t->live[index / 64] &= ~(1ull << index % 64);
	idpool_retire(t->slots, index);
	return 0;
}

int exact_copy(struct exact *to, const struct exact *from)
{
	uint64_t key[EXACT_MAX_WORDS];
	uint32_t cursor = 0, id;

	assert(to->words == from->words);
	while (exact_next(from, &cursor, key, &id)) {
		int err = exact_insert(to, key, id);

		if (err < 0)
			return err;
	}
	return 0;
}

bool exact_next(const struct exact *t, uint32_t *cursor, uint64_t *key, uint32_t *id)
{
	uint32_t i = *cursor;

	while (i < t->capacity) {
		uint64_t rest = t->live[i / 64] >> i % 64;

		if (rest != 0) {
			i += (uint32_t)__builtin_ctzll(rest);
			memcpy(key, entry_at(t, t->words, i), t->words * sizeof(*key));
			*id = entry_id(entry_at(t, t->words, i), t->words);
			*cursor = i + 1;
			return true;
		}
		i = (i | 63) + 1;
	}
	*cursor = i;
	return false;
}

uint32_t exact_count(const struct exact *t)
{
	return idpool_used(t->slots);
}

uint32_t exact_capacity(const struct exact *t)
{
	return t->capacity;
}

size_t exact_bytes(const struct exact *t)
{
	return sizeof(*t) + map_bytes(t) + t->capacity * sizeof(uint32_t);
}
