/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exact: keys of one to three 64-bit words to ids, for the packet path. A bucket is one cache line
 * of eight tags and eight indexes of entries; a key has two buckets to be in. Batches are looked up
 * in passes, so that the misses of 64 keys overlap.
 *
 * The agent is the only writer; readers need no lock and never miss a key that is there. (An entry
 * on its way to its other bucket is in both for a moment; a reader that overtook it sees by the
 * table's count of moves that it must look again.) A table does not grow: its owner makes a larger
 * one, fills it by exact_copy(), publishes it, and gives the old one to exact_free_rcu().
 */
#ifndef TABLE_EXACT_H
#define TABLE_EXACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exact;

#define EXACT_MAX_WORDS 3
#define EXACT_BATCH     64

/**
 * exact_new - an empty table
 * @out:      set on success
 * @words:    length of a key in 64-bit words, 1 .. EXACT_MAX_WORDS
 * @capacity: how many keys fit, 1 .. 2^26
 *
 * Context: agent. Return: 0, -EINVAL, -ENOMEM.
 */
[[nodiscard]] int exact_new(struct exact **out, unsigned int words, uint32_t capacity);

/* Free @t, which no reader can see any more; NULL is allowed. Context: agent. */
void exact_free(struct exact *t);

/* Free @t, which is no longer published, when the last reader has let go. Context: agent. */
void exact_free_rcu(struct exact *t);

/**
 * exact_insert - add a key
 * @key: as many words as the table was made for
 * @id:  what look-ups give; not 0
 *
 * Context: agent. Return: 0, -EINVAL if @id is 0, -EEXIST, or -ENOSPC with nothing changed.
 */
[[nodiscard]] int exact_insert(struct exact *t, const uint64_t *key, uint32_t id);

/**
 * exact_remove - take a key out
 * @id: set to what it named; may be NULL
 *
 * Readers may still come by @id until the next grace period.
 * Context: agent. Return: 0 or -ENOENT.
 */
int exact_remove(struct exact *t, const uint64_t *key, uint32_t *id);

/* The id of @key; 0 if it is not there. Context: any reader. */
uint32_t exact_find(const struct exact *t, const uint64_t *key);

/**
 * exact_find_batch - the ids of up to EXACT_BATCH keys
 * @keys: @n keys one behind the other, each of the table's number of words
 * @id:   @n ids, 0 where a key is not there
 *
 * Context: any reader.
 */
void exact_find_batch(const struct exact *t, const uint64_t *keys, uint32_t *id, uint32_t n);

/**
 * exact_copy - insert all keys of one table into another
 * @to: of the same number of words
 *
 * Context: agent. Return: 0, or the error of the first insertion that failed.
 */
[[nodiscard]] int exact_copy(struct exact *to, const struct exact *from);

/**
 * exact_next - walk the keys, in no particular order
 * @cursor: 0 to begin with, then left alone. Keys inserted meanwhile may or may not be seen
 * @key:    set to the key
 * @id:     set to its id
 *
 * Context: agent. Return: false at the end.
 */
bool exact_next(const struct exact *t, uint32_t *cursor, uint64_t *key, uint32_t *id);

/* Keys in the table, and the capacity it was made with. Context: agent. */
uint32_t exact_count(const struct exact *t);
uint32_t exact_capacity(const struct exact *t);

/* Memory it takes. Context: agent. */
size_t exact_bytes(const struct exact *t);

#endif
