/* SPDX-License-Identifier: BSD-2-Clause */
#include "prefixes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netarg.h"
#include "rng.h"
#include "wire/ip4.h"

#define SEED 20240101

/* How many prefixes of each length a Tier-1 network had in January 2024. */
static const uint32_t internet[33] = {
	[8] = 16,     [9] = 13,      [10] = 38,    [11] = 103,   [12] = 299,
	[13] = 581,   [14] = 1203,   [15] = 2100,  [16] = 13490, [17] = 8235,
	[18] = 13798, [19] = 24870,  [20] = 42611, [21] = 50750, [22] = 108623,
	[23] = 96510, [24] = 537698, [25] = 20,    [26] = 3,     [27] = 11,
	[28] = 18,    [29] = 17,     [30] = 3,     [31] = 3,     [32] = 886,
};

static size_t home(const struct prefixes *p, uint32_t dst, uint8_t len)
{
	uint64_t rng = (uint64_t)dst << 6 | len;

	return (size_t)(rng_next(&rng) >> (64 - p->bits));
}

/* Where the prefix is, or the free slot where it would be. */
static size_t slot_of(const struct prefixes *p, uint32_t dst, uint8_t len)
{
	size_t i = home(p, dst, len);

	for (; p->slot[i] != 0; i = (i + 1) & (((size_t)1 << p->bits) - 1)) {
		const struct workload_route *r = &p->route[p->slot[i] - 1];

		if (r->dst == dst && r->len == len)
			break;
	}
	return i;
}

bool prefixes_add(struct prefixes *p, uint32_t dst, uint8_t len)
{
	size_t i = slot_of(p, dst, len);

	if (p->slot[i] != 0)
		return false;
	p->route[p->n++] = (struct workload_route){.dst = dst, .len = len, .nh = 1};
	p->slot[i] = (uint32_t)p->n;
	return true;
}

static int init(struct prefixes *p, size_t max)
{
	*p = (struct prefixes){.bits = 8};
	while ((size_t)1 << p->bits < 2 * max)
		p->bits++;
	p->route = calloc(max, sizeof(*p->route));
	p->slot = calloc((size_t)1 << p->bits, sizeof(*p->slot));
	if (p->route != NULL && p->slot != NULL)
		return 0;
	prefixes_free(p);
	return -ENOMEM;
}

void prefixes_free(struct prefixes *p)
{
	free(p->route);
	free(p->slot);
	*p = (struct prefixes){};
}

static int line_add(struct prefixes *p, const char *line, size_t max)
{
	uint32_t dst, count;

	if (strchr(line, ':') != NULL)
		return 0;
	if (strchr(line, '/') == NULL || !netarg_range4(line, &dst, &count))
		return -EINVAL;
	if (p->n == max)
		return -ENOSPC;
	prefixes_add(p, dst, (uint8_t)(32 - __builtin_ctz(count)));
	return 0;
}

int prefixes_read(struct prefixes *p, const char *path, size_t max)
{
	FILE *in = fopen(path, "re");
	char line[64];
	int err;

	if (in == NULL)
		return -errno;
	err = init(p, max);
	while (err == 0 && fgets(line, sizeof(line), in) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		err = line_add(p, line, max);
	}
	if (err == 0 && (ferror(in) != 0 || p->n == 0))
		err = p->n == 0 ? -EINVAL : -EIO;
	(void)fclose(in);
	if (err < 0)
		prefixes_free(p);
	return err;
}

/* The 1.0.0.0 to 223.255.255.255 that are not loopback nor link-local. */
static uint32_t place_draw(uint64_t *rng, uint8_t len)
{
	uint32_t dst;

	do {
		dst = 0x01000000 + rng_below(rng, 0xdf000000);
		dst &= ip4_mask(len);
	} while (dst >> 24 == 0 || dst >> 24 == 127 || dst >> 16 == 0xa9fe);
	return dst;
}

int prefixes_make(struct prefixes *p, size_t max)
{
	uint64_t rng = SEED;
	size_t n = 0;
	int err;

	for (int len = 0; len <= 32; len++)
		n += internet[len];
	if (n > max)
		return -ENOSPC;
	err = init(p, max);
	if (err < 0)
		return err;
	for (uint8_t len = 0; len <= 32; len++) {
		for (uint32_t i = 0; i < internet[len];)
			i += prefixes_add(p, place_draw(&rng, len), len);
	}
	return 0;
}

void prefixes_grow(struct prefixes *p, size_t n)
{
	const size_t n_old = p->n;
	uint64_t rng = SEED;

	while (p->n < n) {
		const struct workload_route *above = &p->route[rng_below(&rng, (uint32_t)n_old)];
		uint8_t len = p->route[rng_below(&rng, (uint32_t)n_old)].len;
		uint32_t host = (uint32_t)rng_next(&rng) & ~ip4_mask(above->len);

		if (len > above->len)
			prefixes_add(p, (above->dst | host) & ip4_mask(len), len);
	}
}

void prefixes_spread(struct prefixes *p, uint32_t n)
{
	uint64_t rng = SEED;

	for (size_t i = 0; i < p->n; i++)
		p->route[i].nh = (uint16_t)(1 + rng_below(&rng, n));
}

uint32_t prefixes_find(const struct prefixes *p, uint32_t dst, uint8_t len)
{
	return p->slot[slot_of(p, dst, len)] - 1; /* of a free slot: PREFIXES_NONE */
}

uint32_t prefixes_cover(const struct prefixes *p, uint32_t dst, int len)
{
	uint32_t found = PREFIXES_NONE;

	for (; len >= 0 && found == PREFIXES_NONE; len--)
		found = prefixes_find(p, dst & ip4_mask((uint8_t)len), (uint8_t)len);
	return found;
}
