/* SPDX-License-Identifier: BSD-2-Clause */
#include "prefixes6.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "rng.h"

#define SEED 20240101

/* How many prefixes of each length a Tier-1 network had in January 2024, but for some hundred. */
static const uint32_t internet[65] = {
	[20] = 16,   [22] = 7,     [24] = 30,   [26] = 15,    [27] = 20,   [28] = 193,
	[29] = 4371, [30] = 650,   [31] = 284,  [32] = 22548, [33] = 2926, [34] = 2603,
	[35] = 1043, [36] = 5996,  [37] = 880,  [38] = 1617,  [39] = 1377, [40] = 13418,
	[41] = 903,  [42] = 2301,  [43] = 1001, [44] = 14365, [45] = 1553, [46] = 3039,
	[47] = 3153, [48] = 75488, [56] = 24,   [64] = 184,
};

/* What the registries have given out, roughly: bits 0 to 15. */
static const struct {
	uint16_t first, count;
} given[] = {{0x2001, 1}, {0x2400, 16}, {0x2600, 32}, {0x2800, 6}, {0x2a00, 20}, {0x2c0e, 2}};

static size_t home(const struct prefixes6 *p, struct ip dst, uint8_t len)
{
	uint64_t rng = dst.hi ^ rng_next(&dst.lo) ^ len;

	return (size_t)(rng_next(&rng) >> (64 - p->bits));
}

/* Where the prefix is, or the free slot where it would be. */
static size_t slot_of(const struct prefixes6 *p, struct ip dst, uint8_t len)
{
	size_t i = home(p, dst, len);

	for (; p->slot[i] != 0; i = (i + 1) & (((size_t)1 << p->bits) - 1)) {
		const struct prefix6 *r = &p->route[p->slot[i] - 1];

		if (ip_equal(r->dst, dst) && r->len == len)
			break;
	}
	return i;
}

/* Return: was it new? */
static bool add(struct prefixes6 *p, struct ip dst, uint8_t len)
{
	size_t i = slot_of(p, dst, len);

	if (p->slot[i] != 0)
		return false;
	p->route[p->n++] = (struct prefix6){.dst = dst, .len = len, .nh = 1};
	p->slot[i] = (uint32_t)p->n;
	return true;
}

static int init(struct prefixes6 *p, size_t max)
{
	*p = (struct prefixes6){.bits = 8, .max = max};
	while ((size_t)1 << p->bits < 2 * max)
		p->bits++;
	p->route = calloc(max, sizeof(*p->route));
	p->slot = calloc((size_t)1 << p->bits, sizeof(*p->slot));
	if (p->route != NULL && p->slot != NULL)
		return 0;
	prefixes6_free(p);
	return -ENOMEM;
}

void prefixes6_free(struct prefixes6 *p)
{
	free(p->route);
	free(p->slot);
	*p = (struct prefixes6){};
}

static int line_add(struct prefixes6 *p, char *line)
{
	char *slash = strchr(line, '/'), *end;
	uint8_t addr[16];
	struct ip dst;
	long len;

	if (strchr(line, ':') == NULL)
		return 0;
	if (slash == NULL)
		return -EINVAL;
	*slash = '\0';
	len = strtol(slash + 1, &end, 10);
	if (inet_pton(AF_INET6, line, addr) != 1 || *end != '\0' || len < 0 || len > 128)
		return -EINVAL;
	if (p->n == p->max)
		return -ENOSPC;
	dst = ip_and(ip_load(addr), ip6_mask((unsigned int)len));
	add(p, dst, (uint8_t)len);
	return 0;
}

int prefixes6_read(struct prefixes6 *p, const char *path, size_t max)
{
	FILE *in = fopen(path, "re");
	char line[64];
	int err;

	if (in == NULL)
		return -errno;
	err = init(p, max);
	while (err == 0 && fgets(line, sizeof(line), in) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		err = line_add(p, line);
	}
	if (err == 0 && ferror(in) != 0)
		err = -EIO;
	if (err == 0 && p->n == 0)
		err = -ENOENT;
	(void)fclose(in);
	if (err < 0)
		prefixes6_free(p);
	return err;
}

static struct ip random_below(struct ip dst, unsigned int from, unsigned int len, uint64_t *rng)
{
	struct ip m = ip6_mask(from), any = {rng_next(rng), rng_next(rng)};

	any = (struct ip){dst.hi | (any.hi & ~m.hi), dst.lo | (any.lo & ~m.lo)};
	return ip_and(any, ip6_mask(len));
}

/* Of those up to /32 the first ones more often. */
static struct ip place_draw(const struct prefixes6 *p, size_t n_short, uint8_t len, uint64_t *rng)
{
	uint32_t at = rng_below(rng, ARRAY_SIZE(given));
	uint64_t top = given[at].first + rng_below(rng, given[at].count);
	const struct prefix6 *above;

	if (len <= 32)
		return random_below((struct ip){top << 48, 0}, 16, len, rng);
	at = rng_below(rng, (uint32_t)n_short);
	at = rng_below(rng, at + 1);
	at = rng_below(rng, at + 1);
	above = &p->route[at];
	return random_below(above->dst, above->len, len, rng);
}

int prefixes6_make(struct prefixes6 *p, size_t max)
{
	uint64_t rng = SEED;
	size_t n = 0, n_short = 0;
	int err;

	for (int len = 0; len <= 64; len++)
		n += internet[len];
	if (n > max)
		return -ENOSPC;
	err = init(p, max);
	if (err < 0)
		return err;
	for (uint8_t len = 0; len <= 64; len++) {
		if (len <= 33)
			n_short = p->n;
		for (uint32_t i = 0; i < internet[len];)
			i += add(p, place_draw(p, n_short, len, &rng), len);
	}
	return 0;
}

void prefixes6_grow(struct prefixes6 *p, size_t n)
{
	const size_t n_old = p->n;
	uint64_t rng = SEED;

	while (p->n < n) {
		const struct prefix6 *above = &p->route[rng_below(&rng, (uint32_t)n_old)];
		uint8_t len = p->route[rng_below(&rng, (uint32_t)n_old)].len;

		if (len > above->len)
			add(p, random_below(above->dst, above->len, len, &rng), len);
	}
}

void prefixes6_spread(struct prefixes6 *p, uint32_t n)
{
	uint64_t rng = SEED;

	for (size_t i = 0; i < p->n; i++)
		p->route[i].nh = (uint16_t)(1 + rng_below(&rng, n));
}

uint32_t prefixes6_cover(const struct prefixes6 *p, struct ip dst, int len)
{
	uint32_t found = PREFIXES6_NONE;

	for (; len >= 0 && found == PREFIXES6_NONE; len--) {
		size_t i = slot_of(p, ip_and(dst, ip6_mask((unsigned int)len)), (uint8_t)len);

		found = p->slot[i] - 1; /* of a free slot: PREFIXES6_NONE */
	}
	return found;
}
