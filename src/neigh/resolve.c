/* SPDX-License-Identifier: BSD-2-Clause */
/* The neighbour stage: from (interface, destination) to the neighbour's line, a batch at a time. */
#include "neigh/neigh.h"
#include "table/exact.h"

/* @words of a key: neigh_key_words() */
static force_inline void neigh_stage(const struct neigh_reader *n, const struct exact *table,
                                     struct lane *lane, unsigned int words)
{
	uint64_t key[BATCH_MAX * EXACT_MAX_WORDS], *next = key;
	uint32_t id[BATCH_MAX];
	uint8_t at[BATCH_MAX];
	uint32_t count = 0, left = 0;

	if (likely((lane->kinds & 1u << NH_CONNECTED) == 0))
		return;
	for (uint32_t i = 0; i < lane->n; i++) {
		const struct nexthop *nh = lane->pkt[i].nh;

		if (nh->kind != NH_CONNECTED)
			continue;
		if (words == 1) {
			*next++ = (uint64_t)nh->iface << 32 | lane->dst[i];
		} else {
			*next++ = nh->iface;
			*next++ = lane->hi[i];
			*next++ = lane->lo[i];
		}
		at[count++] = (uint8_t)i;
	}
	if (count > 0)
		exact_find_batch(table, key, id, count);
	for (uint32_t i = 0; i < count; i++) {
		/* An id that was found but freed since names nothing: as not found. */
		const struct nexthop *line = idtab_get(n->lines, id[i]);

		if (line == NULL) {
			left++;
			continue;
		}
		lane->pkt[at[i]].nh = line;
		lane->kinds |= 1u << line->kind;
	}
	if (left == 0)
		lane->kinds &= ~(1u << NH_CONNECTED);
}

void neigh4_stage(const struct neigh_reader *n, struct batch *b)
{
	neigh_stage(n, rcu_get(&n->table), &b->ip4, 1);
}

void neigh6_stage(const struct neigh_reader *n, struct batch *b)
{
	neigh_stage(n, rcu_get(&n->table6), &b->ip6, 3);
}
