/* SPDX-License-Identifier: BSD-2-Clause */
#include "route/tree4.h"

#include <assert.h>
#include <errno.h>

#include "table/pages.h"

/* Blocks in the order of levels: one, one a /8, one a /16, one a group. */
#define AT_8   1u
#define AT_16  (AT_8 + (1u << 8))
#define AT_24  (AT_16 + (1u << 16))
#define BLOCKS (AT_24 + LPM4_MAX_GROUPS)

static const struct tree4_block nothing;

/* The block that a prefix of @len bits lies in; where it has none, one in which nothing is set. */
static const struct tree4_block *block_of(const struct tree4 *t, uint32_t dst, unsigned int len)
{
	uint32_t group;

	if (len <= 8)
		return &t->block[0];
	if (len <= 16)
		return &t->block[AT_8 + (dst >> 24)];
	if (len <= 24)
		return &t->block[AT_16 + (dst >> 16)];
	return lpm4_group(t->lpm, dst, &group) ? &t->block[AT_24 + group] : &nothing;
}

/* The place of a prefix in its block. */
static unsigned int place_of(uint32_t dst, unsigned int len)
{
	unsigned int depth = len == 0 ? 0 : (len - 1) % 8 + 1;
	uint64_t upper = (uint64_t)dst >> (32 - len);

	return 1u << depth | ((unsigned int)upper & ((1u << depth) - 1));
}

static bool bit_test(const uint64_t *bits, unsigned int i)
{
	return bits[i / 64] >> i % 64 & 1;
}

static void bit_set(uint64_t *bits, unsigned int i)
{
	bits[i / 64] |= 1ull << i % 64;
}

static void bit_clear(uint64_t *bits, unsigned int i)
{
	bits[i / 64] &= ~(1ull << i % 64);
}

static struct tree4_block *block_to_change(struct tree4 *t, uint32_t dst, unsigned int len)
{
	const struct tree4_block *b = block_of(t, dst, len);

	assert(b != &nothing);
	return (struct tree4_block *)b;
}

int tree4_init(struct tree4 *t, const struct lpm4 *lpm)
{
	t->lpm = lpm;
	t->block = pages_map(BLOCKS * sizeof(t->block[0]), 0);
	return t->block != NULL ? 0 : -ENOMEM;
}

void tree4_fini(struct tree4 *t)
{
	pages_unmap(t->block, BLOCKS * sizeof(t->block[0]));
}

bool tree4_has(const struct tree4 *t, uint32_t dst, unsigned int len)
{
	return bit_test(block_of(t, dst, len)->has, place_of(dst, len));
}

bool tree4_below(const struct tree4 *t, uint32_t dst, unsigned int len)
{
	return bit_test(block_of(t, dst, len)->below, place_of(dst, len));
}

void tree4_add(struct tree4 *t, uint32_t dst, unsigned int len)
{
	bit_set(block_to_change(t, dst, len)->has, place_of(dst, len));
	while (len-- > 0) {
		struct tree4_block *b = block_to_change(t, dst, len);
		unsigned int i = place_of(dst, len);

		if (bit_test(b->below, i))
			break;
		bit_set(b->below, i);
	}
}

/* Is anything in the set at this place or below it? */
static bool any(const struct tree4 *t, uint32_t dst, unsigned int len)
{
	const struct tree4_block *b = block_of(t, dst, len);
	unsigned int i = place_of(dst, len);

	return bit_test(b->has, i) || bit_test(b->below, i);
}

/* The other half of the prefix one bit shorter. */
static uint32_t sibling(uint32_t dst, unsigned int len)
{
	return dst ^ 1u << (32 - len);
}

void tree4_del(struct tree4 *t, uint32_t dst, unsigned int len)
{
	bit_clear(block_to_change(t, dst, len)->has, place_of(dst, len));
	for (; len > 0 && !any(t, dst, len) && !any(t, sibling(dst, len), len); len--) {
		struct tree4_block *b = block_to_change(t, dst, len - 1);

		bit_clear(b->below, place_of(dst, len - 1));
	}
}

int tree4_cover(const struct tree4 *t, uint32_t dst, unsigned int len)
{
	while (len > 0) {
		const struct tree4_block *b = block_of(t, dst, --len);
		unsigned int i = place_of(dst, len);

		/* Up to the block's uppermost level, which has places 2 and 3, or 1 in all. */
		while (!bit_test(b->has, i) && i > 3) {
			i /= 2;
			len--;
		}
		if (bit_test(b->has, i))
			return (int)len;
	}
	return -1;
}

/*
 * In order means: a prefix, then what lies below its first half, then below its second. From a
 * place with nothing below it goes up until it can go to a second half.
 */
bool tree4_next(const struct tree4 *t, uint32_t *dst, unsigned int *len)
{
	do {
		if (tree4_below(t, *dst, *len)) {
			++*len;
			continue;
		}
		while (*len > 0 && *dst >> (32 - *len) & 1) {
			*dst = sibling(*dst, *len);
			--*len;
		}
		if (*len == 0)
			return false;
		*dst = sibling(*dst, *len);
	} while (!tree4_has(t, *dst, *len));
	return true;
}

void tree4_prefetch(const struct tree4 *t, uint32_t dst, unsigned int len)
{
	const struct tree4_block *b = block_of(t, dst, len < 24 ? len : 24);

	prefetch(b->has);
	prefetch(b->below);
}

size_t tree4_bytes(const struct tree4 *t)
{
	return (AT_24 + lpm4_groups(t->lpm)) * sizeof(t->block[0]);
}
