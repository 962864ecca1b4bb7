/* SPDX-License-Identifier: BSD-2-Clause */
#include "table/lpm4.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "table/lpm4_lookup.h"
#include "table/pages.h"

#define N_ENTRIES   (LPM4_FIRST + LPM4_MAX_GROUPS * 256)
/* A gather of the last entry reads two bytes more. */
#define TABLE_BYTES ((N_ENTRIES + 1) * sizeof(uint16_t))

/* Four entries that are stored at once. */
typedef uint64_t __attribute__((may_alias)) four_entries;

static void store_range(uint16_t *e, size_t n, uint32_t id)
{
	const uint16_t v = (uint16_t)id;

	for (; n > 0 && (uintptr_t)e % sizeof(four_entries) != 0; n--)
		__atomic_store_n(e++, v, __ATOMIC_RELAXED);
	for (; n >= 4; n -= 4, e += 4)
		__atomic_store_n((four_entries *)e, v * 0x0001000100010001ull, __ATOMIC_RELAXED);
	for (; n > 0; n--)
		__atomic_store_n(e++, v, __ATOMIC_RELAXED);
}

int lpm4_new(struct lpm4 **out)
{
	struct lpm4 *t = calloc(1, sizeof(*t));
	int err = -ENOMEM;

	if (t == NULL)
		return -ENOMEM;
	t->entry = pages_map(TABLE_BYTES, LPM4_FIRST * sizeof(uint16_t));
	if (t->entry == NULL)
		goto free_table;
	err = idpool_new(&t->groups, LPM4_MAX_GROUPS);
	if (err < 0)
		goto unmap;
	t->lookup = lpm4_lookup_choose(t->entry);
	*out = t;
	return 0;

unmap:
	pages_unmap(t->entry, TABLE_BYTES);
free_table:
	free(t);
	return err;
}

void lpm4_free(struct lpm4 *t)
{
	if (t == NULL)
		return;
	idpool_free(t->groups);
	pages_unmap(t->entry, TABLE_BYTES);
	free(t);
}

void lpm4_store(struct lpm4 *t, uint32_t key, unsigned int len, uint32_t id)
{
	uint32_t v;

	assert(id < LPM4_GROUP && len <= 32);
	if (len <= 24) {
		store_range(&t->entry[key >> 8], (size_t)1 << (24 - len), id);
		return;
	}
	v = lpm4_load(t->entry, key >> 8);
	assert(v & LPM4_GROUP);
	store_range(&t->entry[lpm4_second(v, key)], (size_t)1 << (32 - len), id);
}

int lpm4_split(struct lpm4 *t, uint32_t key)
{
	uint32_t v = lpm4_load(t->entry, key >> 8);
	uint32_t group;
	int err;

	assert(!(v & LPM4_GROUP));
	err = idpool_get(t->groups, &group);
	if (err < 0)
		return err;
	store_range(&t->entry[lpm4_second(group, 0)], 256, v);
	__atomic_store_n(&t->entry[key >> 8], (uint16_t)(group | LPM4_GROUP), __ATOMIC_RELEASE);
	return 0;
}

void lpm4_join(struct lpm4 *t, uint32_t key)
{
	uint32_t v = lpm4_load(t->entry, key >> 8);
	uint32_t id = lpm4_load(t->entry, lpm4_second(v, 0));

	assert(v & LPM4_GROUP);
	__atomic_store_n(&t->entry[key >> 8], (uint16_t)id, __ATOMIC_RELAXED);
	idpool_retire(t->groups, v & ~LPM4_GROUP);
}

bool lpm4_group(const struct lpm4 *t, uint32_t key, uint32_t *group)
{
	uint32_t v = lpm4_load(t->entry, key >> 8);

	*group = v & ~LPM4_GROUP;
	return v & LPM4_GROUP;
}

uint32_t lpm4_groups(const struct lpm4 *t)
{
	return idpool_used(t->groups);
}

size_t lpm4_bytes(const struct lpm4 *t)
{
	return (LPM4_FIRST + (size_t)256 * lpm4_groups(t)) * sizeof(uint16_t);
}
