/* SPDX-License-Identifier: BSD-2-Clause */
#include "bridge/fdb.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

#define LINE_KEYS 4
#define NO_KEY    1 /* of a slot that is being changed; no station has it, for its MAC is 0 */

struct fdb_line {
	uint64_t key[LINE_KEYS];
	uint64_t value[LINE_KEYS];
} cache_aligned;

struct fdb {
	uint32_t n, max;
	uint64_t mask;
	struct fdb_line *line;
};

static uint64_t key_hash(uint64_t key)
{
	uint64_t h = key * 0x9e3779b97f4a7c15ull;

	h ^= h >> 32;
	return h * 0xd6e8feb86659fd93ull;
}

static struct fdb_line *key_line(const struct fdb *t, uint64_t key, unsigned int which)
{
	uint64_t h = key_hash(key);

	return &t->line[(which == 0 ? h >> 32 : h) & t->mask];
}

int fdb_new(struct fdb **out, uint32_t max)
{
	struct fdb *t = calloc(1, sizeof(*t));
	uint64_t lines = 16;

	if (t == NULL)
		return -ENOMEM;
	while (lines * 2 < max)
		lines *= 2;
	t->max = max;
	t->mask = lines - 1;
	t->line = aligned_alloc(CACHE_LINE, lines * sizeof(*t->line));
	if (t->line == NULL) {
		free(t);
		return -ENOMEM;
	}
	memset(t->line, 0, lines * sizeof(*t->line));
	*out = t;
	return 0;
}

void fdb_free(struct fdb *t)
{
	if (t == NULL)
		return;
	free(t->line);
	free(t);
}

/* Where the value of @key is, and what it is; NULL if there is none. */
static uint64_t *slot_find(const struct fdb *t, uint64_t key, uint64_t *value)
{
	for (unsigned int i = 0; i < 2 * LINE_KEYS; i++) {
		struct fdb_line *l = key_line(t, key, i / LINE_KEYS);
		unsigned int k = i % LINE_KEYS;

		if (__atomic_load_n(&l->key[k], __ATOMIC_ACQUIRE) != key)
			continue;
		*value = __atomic_load_n(&l->value[k], __ATOMIC_ACQUIRE);
		/* The key is still the same, so the value is its own. */
		if (__atomic_load_n(&l->key[k], __ATOMIC_RELAXED) == key)
			return &l->value[k];
	}
	return NULL;
}

void fdb_find(const struct fdb *t, const uint64_t *key, uint64_t *value, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (key[i] == 0 || slot_find(t, key[i], &value[i]) == NULL)
			value[i] = 0;
	}
}

static uint64_t value_make(uint64_t old, uint16_t port, uint64_t flags, uint32_t tick)
{
	return (old & 0xff000000) | (uint64_t)tick << 32 | FDB_KNOWN | flags | port;
}

static void hear_one(uint64_t *slot, uint64_t old, uint16_t port, uint32_t tick, uint32_t i,
                     struct fdb_heard *heard)
{
	uint64_t new = value_make(old, port, 0, tick);

	/* Lost to another worker, or to the agent: the next frame says it again. */
	if (!__atomic_compare_exchange_n(slot, &old, new, false, __ATOMIC_RELAXED,
	                                 __ATOMIC_RELAXED) ||
	    fdb_port(old) == port)
		return;
	heard->moved |= 1ull << i;
	heard->old[i] = fdb_port(old);
}

void fdb_hear(struct fdb *t, const uint64_t *key, uint32_t n, uint16_t port, uint32_t tick,
              bool stay, struct fdb_heard *heard)
{
	heard->unknown = heard->moved = heard->router = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t v = 0, *slot = key[i] == 0 ? NULL : slot_find(t, key[i], &v);

		if (key[i] == 0)
			continue;
		if (slot == NULL)
			heard->unknown |= 1ull << i;
		else if (fdb_port(v) == FDB_ROUTER)
			heard->router |= 1ull << i;
		else if (!(v & FDB_STATIC) && !(stay && fdb_port(v) != port) &&
		         (fdb_port(v) != port || fdb_seen(v) != tick))
			hear_one(slot, v, port, tick, i, heard);
	}
}

/* A slot without a key for @key. */
static struct fdb_line *slot_free(const struct fdb *t, uint64_t key, unsigned int *k)
{
	for (unsigned int i = 0; i < 2 * LINE_KEYS; i++) {
		struct fdb_line *l = key_line(t, key, i / LINE_KEYS);

		*k = i % LINE_KEYS;
		if (l->key[*k] == 0)
			return l;
	}
	return NULL;
}

int fdb_set(struct fdb *t, uint64_t key, uint16_t port, uint64_t flags, uint32_t tick)
{
	struct fdb_line *l;
	uint64_t v, *slot = slot_find(t, key, &v);
	unsigned int k;

	assert(key >> 16 != 0);
	if (slot != NULL) {
		__atomic_store_n(slot, value_make(v, port, flags, tick), __ATOMIC_RELEASE);
		return 0;
	}
	l = t->n < t->max ? slot_free(t, key, &k) : NULL;
	if (l == NULL)
		return -ENOSPC;
	/* Another generation: who still has the value of the slot's last key changes nothing. */
	v = value_make((l->value[k] & 0xff000000) + 0x1000000, port, flags, tick);
	__atomic_store_n(&l->key[k], NO_KEY, __ATOMIC_RELAXED);
	__atomic_store_n(&l->value[k], v, __ATOMIC_RELEASE);
	__atomic_store_n(&l->key[k], key, __ATOMIC_RELEASE);
	t->n++;
	return 0;
}

bool fdb_remove(struct fdb *t, uint64_t key)
{
	uint64_t v, *slot = slot_find(t, key, &v);

	if (slot == NULL)
		return false;
	/* The key lies as far before its value as a line has keys. */
	__atomic_store_n(slot - LINE_KEYS, 0, __ATOMIC_RELEASE);
	t->n--;
	return true;
}

uint32_t fdb_count(const struct fdb *t)
{
	return t->n;
}

bool fdb_next(const struct fdb *t, size_t *at, uint64_t *key, uint64_t *value)
{
	for (; *at < (t->mask + 1) * LINE_KEYS; ++*at) {
		const struct fdb_line *l = &t->line[*at / LINE_KEYS];
		size_t k = *at % LINE_KEYS;

		if (l->key[k] == 0)
			continue;
		*key = l->key[k];
		*value = __atomic_load_n(&l->value[k], __ATOMIC_RELAXED);
		++*at;
		return true;
	}
	return false;
}
