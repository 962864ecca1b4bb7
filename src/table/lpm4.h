/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lpm4: 32-bit keys to 15-bit ids by one or two loads (DIR-24-8). The first level has an entry for
 * each value of the upper 24 bits: an id, or the number of a second-level group of 256, one for
 * each value of the lower 8. The agent writes in place while workers read: an entry is one aligned
 * 16-bit store, a group is filled before its number is published and reused only after a grace
 * period.
 *
 * This is only the table that look-ups go through; who wins where prefixes overlap is decided by
 * its owner (route/fib4.h), which says range by range what the entries are to be.
 */
#ifndef TABLE_LPM4_H
#define TABLE_LPM4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "table/idpool.h"

#define LPM4_MAX_GROUPS 32768u
#define LPM4_BATCH      64

#define LPM4_FIRST 0x1000000u /* entries of the first level; the groups lie behind them */
#define LPM4_GROUP 0x8000u    /* set: the rest is the number of a group */

typedef void lpm4_lookup_fn(const uint16_t *entry, const uint32_t *key, uint32_t *id, uint32_t n);

struct lpm4 {
	uint16_t *entry;
	lpm4_lookup_fn *lookup; /* the fastest one here, measured by lpm4_new() */
	struct idpool *groups;
};

static force_inline uint32_t lpm4_load(const uint16_t *entry, size_t i)
{
	return __atomic_load_n(&entry[i], __ATOMIC_ACQUIRE);
}

/* Where a group's entry for @key lies, by the first level's entry @v. */
static force_inline size_t lpm4_second(uint32_t v, uint32_t key)
{
	return LPM4_FIRST + ((size_t)(v & ~LPM4_GROUP) << 8 | (key & 0xff));
}

static force_inline uint32_t lpm4_find(const uint16_t *entry, uint32_t key)
{
	uint32_t v = lpm4_load(entry, key >> 8);

	if (v & LPM4_GROUP)
		v = lpm4_load(entry, lpm4_second(v, key));
	return v;
}

/* The id of one key; 0 where none was stored. Context: any reader. */
static force_inline uint32_t lpm4_lookup_one(const struct lpm4 *t, uint32_t key)
{
	return lpm4_find(t->entry, key);
}

/**
 * lpm4_lookup - the ids of up to LPM4_BATCH keys
 * @key: readable up to a multiple of 16; what is there beyond @n does not matter
 * @id:  writable up to a multiple of 16
 *
 * Context: any reader.
 */
static force_inline void lpm4_lookup(const struct lpm4 *t, const uint32_t *key, uint32_t *id,
                                     uint32_t n)
{
	t->lookup(t->entry, key, id, n);
}

/* The first-level entry of @key is wanted soon. */
static force_inline void lpm4_prefetch(const struct lpm4 *t, uint32_t key)
{
	prefetch(&t->entry[key >> 8]);
}

/**
 * lpm4_new - a table in which every key has id 0
 * @out: set on success; freed with lpm4_free() when no reader is left
 *
 * Context: agent. Return: 0 or -ENOMEM.
 */
[[nodiscard]] int lpm4_new(struct lpm4 **out);
void lpm4_free(struct lpm4 *t);

/**
 * lpm4_store - give all keys of a prefix the same id
 * @key, @len: the prefix. Up to 24 bits there must be no group below it; beyond, there must be one
 * @id: below 32768
 *
 * Readers see the old id or the new one. Context: agent.
 */
void lpm4_store(struct lpm4 *t, uint32_t key, unsigned int len, uint32_t id);

/**
 * lpm4_split - give the upper 24 bits of @key a group, in which all keep the id they have
 *
 * Context: agent. Return: 0 or -ENOSPC, when all groups are in use.
 */
[[nodiscard]] int lpm4_split(struct lpm4 *t, uint32_t key);

/* Undo lpm4_split(): all entries of the group have the same id. Context: agent. */
void lpm4_join(struct lpm4 *t, uint32_t key);

/* Does @key have a group? Then *group is its number, below LPM4_MAX_GROUPS. Context: agent. */
bool lpm4_group(const struct lpm4 *t, uint32_t key, uint32_t *group);

/* How many groups are in use. Context: agent. */
uint32_t lpm4_groups(const struct lpm4 *t);

/* Memory it takes. Context: agent. */
size_t lpm4_bytes(const struct lpm4 *t);

#endif
