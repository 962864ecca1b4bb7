/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of an FDB, for fdb.c and the ways to look up in it. Private to bridge/. */
#ifndef BRIDGE_FDB_LINE_H
#define BRIDGE_FDB_LINE_H

#include <stdint.h>

#include "base/compiler.h"
#include "bridge/fdb.h"

#define LINE_KEYS 4u

/* What lies in the slot of a key: with a bit that no key has, so that who asks for 0 finds nothing.
 */
#define STORED_KEY(key) ((key) | 1ull << 15)
#define PLAIN_KEY(key)  ((key) & ~(1ull << 15))
#define FREE_SLOT       0ull

/* Of values, besides what fdb.h says. */
#define FROZEN         (1ull << 18) /* its key is on its way here: workers do not change it */
#define GENERATION     0xff000000ull
#define GENERATION_ONE 0x01000000ull

struct fdb_line {
	uint64_t key[LINE_KEYS];
	uint64_t value[LINE_KEYS];
} cache_aligned;

/* As fdb_find(). */
typedef void fdb_find_fn(const struct fdb *t, const uint64_t *key, uint64_t *value, uint32_t n);

/* Which of up to 64 values differ from @expect in bits of @mask. */
typedef uint64_t fdb_differ_fn(const uint64_t *value, uint32_t n, uint64_t expect, uint64_t mask);

/* What this CPU can. */
struct fdb_way {
	fdb_find_fn *find;
	fdb_differ_fn *differ;
};

struct fdb {
	struct fdb_line *line;
	uint64_t mask;    /* number of lines, less one */
	uint64_t seed[3]; /* the last two are odd */
	struct fdb_way way;

	/* The agent's own. */
	uint32_t n, max;
};

/*
 * Others choose the keys: the seeds are secret, so that they cannot fill one line. Two products,
 * and between them the upper half brought down, which 8 lanes of a vector do as well as one
 * register.
 */
static force_inline uint64_t fdb_hash(const struct fdb *t, uint64_t key)
{
	uint64_t h = (key ^ t->seed[0]) * t->seed[1];

	return (h ^ h >> 32) * t->seed[2];
}

static force_inline struct fdb_line *fdb_first(const struct fdb *t, uint64_t hash)
{
	return &t->line[hash >> 32 & t->mask];
}

/* Never the first. */
static force_inline struct fdb_line *fdb_second(const struct fdb *t, uint64_t hash)
{
	return &t->line[(hash >> 32 ^ (hash >> 5 | 1)) & t->mask];
}

/* A slot at which @key may be. A slot counts as 0 to 3 of the first line, 4 to 7 of the second. */
static force_inline uint64_t *fdb_slot_key(const struct fdb *t, uint64_t hash, unsigned int i)
{
	struct fdb_line *l = i < LINE_KEYS ? fdb_first(t, hash) : fdb_second(t, hash);

	return &l->key[i % LINE_KEYS];
}

/* The value that belongs to a key's slot. */
static force_inline uint64_t *fdb_slot_value(uint64_t *key)
{
	return key + LINE_KEYS;
}

/* The ways that this CPU can go, the best one first. Return: how many. Context: any. */
unsigned int fdb_ways(struct fdb_way way[3]);

#endif
