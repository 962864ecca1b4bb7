/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the agent, workers that look up, and workers that change values get along.
 *
 * Keys change by the agent only. A slot gets another key in three steps, each of which whoever sees
 * the next one sees, too:
 *
 *	key = none;  value = another generation, and what belongs to the new key;  key = new key
 *
 * A reader loads value, key, value, in this order (fdb_find.c). If the generation is the same in
 * both values, g, then the key between them was that of g: had it been an older one, the first
 * value's generation would be older, too, for it was stored before key g; had it been a newer one,
 * the second value's would be newer, for it was stored before that key. So a reader gets a value of
 * the key it asked for, or none. (A slot would have to change its key 256 times between two loads
 * to deceive it, and have the same key again.)
 *
 * A worker changes a value by a compare-and-swap of the whole word, in the place where it found it.
 * If the slot has got another key meanwhile, the generation differs and nothing is changed; if it
 * has lost its key, what is changed is a value that nobody reads. Two that speak at once: one of
 * them is lost, and says it again with its next frame.
 *
 * A key moves to its other line, to make room, so that at no time it is in neither:
 *
 *	1. the new slot gets key and value, in the three steps above, but the value is frozen: who
 *	   looks up takes it, who would change it does not
 *	2. the old slot has no key any more, and its value is swapped for one of another generation:
 *	   from here on nobody can change it, and nobody takes it for the key's
 *	3. the new slot's value is what that swap took out, and not frozen any more
 *
 * So what a worker wrote before 2 is kept, and what one would say between 1 and 3 comes with its
 * next frame. Only who read the new line before step 1 and the old one behind step 2 misses the
 * key.
 */
#include "bridge/fdb.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "bridge/fdb_line.h"
#include "table/pages.h"

/* Lines that a search for a free slot comes by at most: two of the key, and up to three moves. */
#define SEARCH_MAX 128

static size_t line_bytes(const struct fdb *t)
{
	return (t->mask + 1) * sizeof(struct fdb_line);
}

int fdb_new(struct fdb **out, uint32_t max)
{
	struct fdb *t = calloc(1, sizeof(*t));
	struct fdb_way way[3];
	uint64_t lines = 16;

	if (t == NULL)
		return -ENOMEM;
	/* At most three quarters full: one in ten is in its second line then. */
	while (lines * 3 < max)
		lines *= 2;
	t->max = max;
	t->mask = lines - 1;
	fdb_ways(way);
	t->way = way[0];
	if (getrandom(t->seed, sizeof(t->seed), 0) != sizeof(t->seed))
		goto free_table;
	t->seed[1] |= 1;
	t->seed[2] |= 1;
	t->line = pages_map(line_bytes(t), 0);
	if (t->line == NULL)
		goto free_table;
	*out = t;
	return 0;

free_table:
	free(t);
	return -ENOMEM;
}

void fdb_free(struct fdb *t)
{
	if (t == NULL)
		return;
	pages_unmap(t->line, line_bytes(t));
	free(t);
}

void fdb_find(const struct fdb *t, const uint64_t *key, uint64_t *value, uint32_t n)
{
	t->way.find(t, key, value, n);
}

/* The slot of @key, NULL if it has none. Whoever but the agent asks may see it get another key. */
static uint64_t *slot_find(const struct fdb *t, uint64_t key)
{
	uint64_t h = fdb_hash(t, key);

	for (unsigned int i = 0; i < 2 * LINE_KEYS; i++) {
		uint64_t *slot = fdb_slot_key(t, h, i);

		if (__atomic_load_n(slot, __ATOMIC_ACQUIRE) == STORED_KEY(key))
			return slot;
	}
	return NULL;
}

static uint64_t value_make(uint64_t old, uint16_t port, uint64_t flags, uint32_t tick)
{
	return (old & GENERATION) | (uint64_t)tick << 32 | FDB_KNOWN | flags | port;
}

/* What fdb_hear() is told of all of a batch. */
struct hearing {
	uint16_t port;
	bool stay;
	uint32_t tick;
};

/*
 * Note @key where it is now: its slot may have changed since the batch was looked up. Between key
 * and key lies a value of the key's, or one that has changed by the time of the swap.
 */
static void station_hear(struct fdb *t, uint64_t key, struct hearing h, uint32_t i,
                         struct fdb_heard *heard)
{
	uint64_t *slot = slot_find(t, key), *at, value;
	uint16_t old;

	if (slot == NULL)
		return;
	at = fdb_slot_value(slot);
	value = __atomic_load_n(at, __ATOMIC_ACQUIRE);
	old = fdb_port(value);
	if (__atomic_load_n(slot, __ATOMIC_RELAXED) != STORED_KEY(key) ||
	    (value & (FDB_STATIC | FROZEN)) || (h.stay && old != h.port))
		return;
	if (__atomic_compare_exchange_n(at, &value, value_make(value, h.port, 0, h.tick), false,
	                                __ATOMIC_RELAXED, __ATOMIC_RELAXED) &&
	    old != h.port) {
		heard->moved |= 1ull << i;
		heard->old[i] = old;
	}
}

/* The value of key[@i] is not that of a station that spoke in this tick already, and from here. */
static never_inline void hear_one(struct fdb *t, const uint64_t *key, uint64_t value,
                                  struct hearing h, uint32_t i, struct fdb_heard *heard)
{
	if (value == 0)
		heard->unknown |= (uint64_t)(i == 0 || key[i] != key[i - 1]) << i;
	else if (!(value & FDB_STATIC))
		station_hear(t, key[i], h, i, heard);
	else
		heard->router |= (uint64_t)(fdb_port(value) == FDB_ROUTER) << i;
}

/* NOLINTNEXTLINE(readability-function-size): a parameter too many, and each as it is at hand */
void fdb_hear(struct fdb *t, const uint64_t *key, uint32_t n, uint16_t port, uint32_t tick,
              bool stay, struct fdb_heard *heard)
{
	const struct hearing h = {.port = port, .stay = stay, .tick = tick};
	const uint64_t expect = value_make(0, port, 0, tick);
	uint64_t value[64], differ;

	heard->unknown = heard->moved = heard->router = 0;
	t->way.find(t, key, value, n);
	differ = t->way.differ(value, n, expect, ~(GENERATION));
	for (; differ != 0; differ &= differ - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(differ);

		if (key[i] != 0)
			hear_one(t, key, value[i], h, i, heard);
	}
}

/* A line that the search for a free slot came by. */
struct step {
	struct fdb_line *line;
	int parent; /* step whose line a key could leave for this one; -1: a line of the new key */
	unsigned int slot; /* where that key is in the parent's line */
};

/* Is there a way to @line already? One that came by a line twice could move a slot twice. */
static bool step_known(const struct step *q, int n, const struct fdb_line *line)
{
	for (int i = 0; i < n; i++) {
		if (q[i].line == line)
			return true;
	}
	return false;
}

/* Return: LINE_KEYS if all are taken. */
static unsigned int line_free(const struct fdb_line *l)
{
	unsigned int k = 0;

	while (k < LINE_KEYS && l->key[k] != FREE_SLOT)
		k++;
	return k;
}

/* Give a free slot to @key. That it is free was stored before. */
static void slot_set(uint64_t *slot, uint64_t key, uint64_t value)
{
	uint64_t *at = fdb_slot_value(slot);

	value = (value & ~GENERATION) |
	        ((__atomic_load_n(at, __ATOMIC_RELAXED) + GENERATION_ONE) & GENERATION);
	__atomic_store_n(at, value, __ATOMIC_RELEASE);
	__atomic_store_n(slot, STORED_KEY(key), __ATOMIC_RELEASE);
}

/* Steps 1 to 3 above. The old slot is free then. */
static void slot_move(uint64_t *from, uint64_t *to)
{
	uint64_t *old = fdb_slot_value(from), *new = fdb_slot_value(to);
	uint64_t value = __atomic_load_n(old, __ATOMIC_ACQUIRE), generation;

	slot_set(to, *from, value | FROZEN);
	generation = __atomic_load_n(new, __ATOMIC_RELAXED) & GENERATION;
	__atomic_store_n(from, FREE_SLOT, __ATOMIC_RELAXED);
	value = __atomic_exchange_n(old, (value + GENERATION_ONE) & GENERATION, __ATOMIC_ACQ_REL);
	__atomic_store_n(new, (value & ~GENERATION) | generation, __ATOMIC_RELEASE);
}

/* Let each key on the way to the free @slot of step @at move up. Return: the slot free then. */
static uint64_t *path_move(const struct step *q, int at, unsigned int slot)
{
	for (; q[at].parent >= 0; at = q[at].parent) {
		slot_move(&q[q[at].parent].line->key[q[at].slot], &q[at].line->key[slot]);
		slot = q[at].slot;
	}
	return &q[at].line->key[slot];
}

/* The line that the key in slot @k of @l could move to. */
static struct fdb_line *other_line(const struct fdb *t, const struct fdb_line *l, unsigned int k)
{
	uint64_t h = fdb_hash(t, PLAIN_KEY(l->key[k]));
	struct fdb_line *first = fdb_first(t, h);

	return first == l ? fdb_second(t, h) : first;
}

/* A free slot for @key: of its first line, of its second, or, breadth first so that the fewest
 * move, of where others can go. Return: NULL if there is none near. */
static uint64_t *slot_make(const struct fdb *t, uint64_t key)
{
	uint64_t h = fdb_hash(t, key);
	struct step q[SEARCH_MAX] = {{fdb_first(t, h), -1, 0}, {fdb_second(t, h), -1, 0}};
	int n = 2;

	for (int at = 0; at < n; at++) {
		struct fdb_line *here = q[at].line;
		unsigned int slot = line_free(here);

		if (slot < LINE_KEYS)
			return path_move(q, at, slot);
		for (unsigned int k = 0; k < LINE_KEYS && n < SEARCH_MAX; k++) {
			struct fdb_line *next = other_line(t, here, k);

			if (!step_known(q, n, next))
				q[n++] = (struct step){next, at, k};
		}
	}
	return NULL;
}

int fdb_set(struct fdb *t, uint64_t key, uint16_t port, uint64_t flags, uint32_t tick)
{
	uint64_t *slot = slot_find(t, key);

	assert(key >> 16 != 0);
	if (slot != NULL) {
		uint64_t *at = fdb_slot_value(slot);

		__atomic_store_n(
			at, value_make(__atomic_load_n(at, __ATOMIC_RELAXED), port, flags, tick),
			__ATOMIC_RELEASE);
		return 0;
	}
	slot = t->n < t->max ? slot_make(t, key) : NULL;
	if (slot == NULL)
		return -ENOSPC;
	slot_set(slot, key, value_make(0, port, flags, tick));
	t->n++;
	return 0;
}

bool fdb_remove(struct fdb *t, uint64_t key)
{
	uint64_t *slot = slot_find(t, key);

	if (slot == NULL)
		return false;
	__atomic_store_n(slot, FREE_SLOT, __ATOMIC_RELEASE);
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

		if (l->key[k] == FREE_SLOT)
			continue;
		*key = PLAIN_KEY(l->key[k]);
		*value = __atomic_load_n(&l->value[k], __ATOMIC_RELAXED);
		++*at;
		return true;
	}
	return false;
}
