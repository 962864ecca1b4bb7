/* SPDX-License-Identifier: BSD-2-Clause */
#include "trace.h"

#include <math.h>
#include <stdlib.h>

#include "rng.h"
#include "wire/ip4.h"

const char *trace_name(enum trace_kind kind)
{
	static const char *const name[] = {"uniform", "table", "zipf"};

	return name[kind];
}

static uint32_t host_draw(const struct prefixes *p, uint64_t *rng)
{
	const struct workload_route *r = &p->route[rng_below(rng, (uint32_t)p->n)];

	return r->dst | ((uint32_t)rng_next(rng) & ~ip4_mask(r->len));
}

/* A rank from 0 on: the distribution's continuous sister, whose integral is a logarithm. */
uint32_t trace_rank(uint64_t *rng)
{
	double u = (double)(rng_next(rng) >> 11) * 0x1p-53;

	return (uint32_t)(exp(u * log(TRACE_HOSTS)) - 1);
}

static uint32_t *zipf_make(const struct prefixes *p, uint32_t *dst, uint64_t *rng)
{
	uint32_t *host = calloc(TRACE_HOSTS, sizeof(*host));

	if (host == NULL) {
		free(dst);
		return NULL;
	}
	for (size_t i = 0; i < TRACE_HOSTS; i++)
		host[i] = host_draw(p, rng);
	for (size_t i = 0; i < TRACE_LEN; i++)
		dst[i] = host[trace_rank(rng)];
	free(host);
	return dst;
}

uint32_t *trace_make(const struct prefixes *p, enum trace_kind kind)
{
	uint32_t *dst = aligned_alloc(CACHE_LINE, TRACE_LEN * sizeof(*dst));
	uint64_t rng = 1 + kind;

	if (dst == NULL)
		return NULL;
	if (kind == TRACE_ZIPF)
		return zipf_make(p, dst, &rng);
	for (size_t i = 0; i < TRACE_LEN; i++)
		dst[i] = kind == TRACE_UNIFORM ? (uint32_t)rng_next(&rng) : host_draw(p, &rng);
	return dst;
}
