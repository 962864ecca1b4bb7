/* SPDX-License-Identifier: BSD-2-Clause */
#include "table/lpm6.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "table/lpm6_lookup.h"
#include "table/pages.h"

#define INDEX_BYTES ((size_t)LPM6_INDEX * sizeof(uint32_t))
#define SUB_BYTES   (LPM6_MAX_SUBS * sizeof(struct lpm6_sub))
#define LIFE_BYTES  (LPM6_MAX_SUBS * sizeof(struct lpm6_life))

/* For what takes away routes, which may not fail: far more than one change needs at once. */
#define RESERVE 4096u

static_assert(sizeof(struct lpm6_leaf) == CACHE_LINE, "a leaf is one line");
static_assert(sizeof(struct lpm6_fork) == CACHE_LINE, "and what leads to several is one more");
static_assert(sizeof(uint32_t) << LPM6_RADIX_MAX <= (size_t)LINES_RUN_MAX * CACHE_LINE,
              "the widest radix node is one run");

int lpm6_new(struct lpm6 **out)
{
	struct lpm6 *t = calloc(1, sizeof(*t));
	int err = -ENOMEM;

	if (t == NULL)
		return -ENOMEM;
	t->index = pages_map(INDEX_BYTES, (size_t)LPM6_GLOBAL * sizeof(uint32_t));
	t->sub = pages_map(SUB_BYTES, 0);
	t->life = pages_map(LIFE_BYTES, 0);
	if (t->index == NULL || t->sub == NULL || t->life == NULL)
		goto free_table;
	err = lines_new(&t->lines, 1u << LPM6_LINE_BITS, RESERVE);
	if (err < 0)
		goto free_table;
	t->line = lines_base(t->lines);
	err = idpool_new(&t->subs, LPM6_MAX_SUBS);
	if (err < 0)
		goto free_table;
	t->lookup = lpm6_lookup_choose(t);
	*out = t;
	return 0;

free_table:
	lpm6_free(t);
	return err;
}

void lpm6_free(struct lpm6 *t)
{
	if (t == NULL)
		return;
	idpool_free(t->subs);
	lines_free(t->lines);
	pages_unmap(t->life, LIFE_BYTES);
	pages_unmap(t->sub, SUB_BYTES);
	pages_unmap(t->index, INDEX_BYTES);
	free(t);
}

/* Lines no reader knows. */
static void *line_to_fill(struct lpm6 *t, uint32_t line)
{
	return (char *)lines_base(t->lines) + (size_t)line * CACHE_LINE;
}

static void leaf_fill(struct lpm6_leaf *leaf, const struct lpm6_edge *e, unsigned int n,
                      uint32_t cover)
{
	for (unsigned int i = 0; i < LPM6_LEAF_KEYS; i++) {
		leaf->key[i] = i + 1 < n ? e[i + 1].key - 1 : UINT32_MAX;
		leaf->id[i] = (uint16_t)e[i < n ? i : n - 1].id;
	}
	leaf->id[LPM6_LEAF_KEYS] = (uint16_t)e[n - 1].id;
	leaf->cover = (uint16_t)cover;
}

static uint32_t entry_of(enum lpm6_kind kind, uint32_t line)
{
	return (uint32_t)kind << LPM6_KIND_SHIFT | line;
}

int lpm6_pack(struct lpm6 *t, const struct lpm6_edge *e, unsigned int n, uint32_t cover, bool last,
              uint32_t *entry)
{
	const unsigned int per = LPM6_LEAF_KEYS + 1, leaves = (n + per - 1) / per;
	struct lpm6_leaf *leaf;
	struct lpm6_fork *fork;
	uint32_t line;
	int err;

	assert(n > 0 && n <= LPM6_MAX_EDGES);
	err = lines_get(t->lines, leaves > 1 ? leaves + 1 : 1, last, &line);
	if (err < 0)
		return err;
	leaf = line_to_fill(t, line);
	*entry = entry_of(leaves > 1 ? LPM6_FORK : LPM6_LEAF, line);
	if (leaves > 1) {
		fork = (struct lpm6_fork *)(void *)leaf++;
		memset(fork->key, 0xff, sizeof(fork->key));
		for (unsigned int i = 1; i < leaves; i++)
			fork->key[i - 1] = e[(size_t)i * per].key - 1;
		fork->n = (uint16_t)leaves;
		fork->cover = (uint16_t)cover;
	}
	for (; n > per; n -= per, e += per)
		leaf_fill(leaf++, e, per, cover);
	leaf_fill(leaf, e, n, cover);
	return 0;
}

static uint32_t radix_lines(unsigned int width)
{
	return (1u << width) / (CACHE_LINE / (uint32_t)sizeof(uint32_t));
}

int lpm6_radix(struct lpm6 *t, unsigned int width, unsigned int shift, bool last, uint32_t *entry)
{
	uint32_t line;
	int err;

	assert(width >= LPM6_RADIX_MIN && width <= LPM6_RADIX_MAX && width + shift <= 32);
	err = lines_get(t->lines, radix_lines(width), last, &line);
	if (err < 0)
		return err;
	memset(line_to_fill(t, line), 0, sizeof(uint32_t) << width);
	*entry = entry_of(LPM6_RADIX, line) | (width - LPM6_RADIX_MIN) << LPM6_WIDTH_SHIFT |
	         shift << LPM6_LINE_BITS;
	return 0;
}

uint32_t *lpm6_slots(struct lpm6 *t, uint32_t radix)
{
	return line_to_fill(t, lpm6_line(radix));
}

uint32_t lpm6_cover(const struct lpm6 *t, uint32_t entry)
{
	const struct lpm6_leaf *leaf = &t->line[lpm6_line(entry)];

	assert(lpm6_kind(entry) != LPM6_RADIX);
	if (lpm6_kind(entry) == LPM6_ID)
		return entry;
	if (lpm6_kind(entry) == LPM6_FORK)
		return ((const struct lpm6_fork *)(const void *)leaf)->cover;
	return leaf->cover;
}

int lpm6_sub_get(struct lpm6 *t, uint32_t *n)
{
	return idpool_get(t->subs, n);
}

static void run_drop(struct lpm6 *t, uint32_t line, uint32_t n, enum lpm6_end end)
{
	if (end == LPM6_UNSEEN)
		lines_put(t->lines, line, n);
	else
		lines_retire(t->lines, line, n);
}

static void leaf_drop_subs(struct lpm6 *t, const struct lpm6_leaf *leaf, enum lpm6_end end,
                           uint64_t since)
{
	uint32_t last = 0;

	for (unsigned int i = 0; i <= LPM6_LEAF_KEYS; i++) {
		uint32_t id = leaf->id[i], n = id & ~LPM6_SUB;

		if (!(id & LPM6_SUB) || id == last)
			continue;
		last = id; /* the last interval's id is there several times */
		if (end == LPM6_UNSEEN ? t->life[n].made >= since : t->life[n].kept < since)
			lpm6_sub_drop(t, n, end);
	}
}

static void leaves_drop(struct lpm6 *t, uint32_t entry, enum lpm6_end end, uint64_t since)
{
	const struct lpm6_leaf *leaf = &t->line[lpm6_line(entry)];
	uint32_t n = 1, head = 0;

	if (lpm6_kind(entry) == LPM6_FORK) {
		n = ((const struct lpm6_fork *)(const void *)leaf)->n;
		head = 1;
	}
	for (uint32_t i = 0; i < n; i++)
		leaf_drop_subs(t, &leaf[head + i], end, since);
	run_drop(t, lpm6_line(entry), head + n, end);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as an address has radix nodes */
void lpm6_drop(struct lpm6 *t, uint32_t entry, enum lpm6_end end, uint64_t since)
{
	const uint32_t *below;

	if (lpm6_kind(entry) == LPM6_ID)
		return;
	if (lpm6_kind(entry) != LPM6_RADIX) {
		leaves_drop(t, entry, end, since);
		return;
	}
	below = lpm6_entries(t, entry);
	for (uint32_t i = 0; i < 1u << lpm6_width(entry); i++)
		lpm6_drop(t, below[i], end, since);
	run_drop(t, lpm6_line(entry), radix_lines(lpm6_width(entry)), end);
}

void lpm6_sub_drop(struct lpm6 *t, uint32_t n, enum lpm6_end end)
{
	/* All subs below it, whenever they were made or kept. */
	lpm6_drop(t, t->sub[n].entry, end, end == LPM6_UNSEEN ? 0 : UINT64_MAX);
	if (end == LPM6_UNSEEN)
		idpool_put(t->subs, n);
	else
		idpool_retire(t->subs, n);
}

uint32_t lpm6_subs(const struct lpm6 *t)
{
	return idpool_used(t->subs);
}

size_t lpm6_bytes(const struct lpm6 *t)
{
	return INDEX_BYTES + lines_bytes(t->lines) +
	       lpm6_subs(t) * (sizeof(struct lpm6_sub) + sizeof(struct lpm6_life));
}
