/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A skip list: one structure for finding and for walking in order, which a hash table would need a
 * second one for. The heights are random, so keys chosen by an attacker cannot unbalance it.
 */
#include <stdlib.h>

#include "neigh/entry.h"

/* Where the pointers to the first entry of @key or more stand, a slot a level. */
static void index_slots(struct neigh_table *t, uint64_t key, struct neigh **slot[NEIGH_LEVELS])
{
	struct neigh **next = t->head;

	for (unsigned int i = NEIGH_LEVELS; i-- > 0;) {
		while (next[i] != NULL && next[i]->key < key)
			next = next[i]->next;
		slot[i] = &next[i];
	}
}

struct neigh *neigh_index_from(const struct neigh_table *t, uint64_t key)
{
	struct neigh *const *next = t->head;

	for (unsigned int i = NEIGH_LEVELS; i-- > 0;) {
		while (next[i] != NULL && next[i]->key < key)
			next = next[i]->next;
	}
	return next[0];
}

struct neigh *neigh_index_find(const struct neigh_table *t, uint64_t key)
{
	struct neigh *n = neigh_index_from(t, key);

	return n != NULL && n->key == key ? n : NULL;
}

struct neigh *neigh_index_new(struct neigh_table *t, uint64_t key)
{
	struct neigh **slot[NEIGH_LEVELS];
	uint64_t bits = neigh_random(t);
	unsigned int levels = 1;
	struct neigh *n;

	for (; levels < NEIGH_LEVELS && (bits & 3) == 0; bits >>= 2)
		levels++;
	n = calloc(1, sizeof(*n) + levels * sizeof(struct neigh *));
	if (n == NULL)
		return NULL;
	n->key = key;
	index_slots(t, key, slot);
	for (unsigned int i = 0; i < levels; i++) {
		n->next[i] = *slot[i];
		*slot[i] = n;
	}
	return n;
}

void neigh_index_del(struct neigh_table *t, struct neigh *n)
{
	struct neigh **slot[NEIGH_LEVELS];

	index_slots(t, n->key, slot);
	for (unsigned int i = 0; i < NEIGH_LEVELS && *slot[i] == n; i++)
		*slot[i] = n->next[i];
}
