/* SPDX-License-Identifier: BSD-2-Clause */
#include "port/frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE (2ull << 20)

/* Linux 6.1: move the range to huge pages now, fail if that cannot be done for all of it. */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define MAP_COMMON (MAP_PRIVATE | MAP_ANONYMOUS)

/* Pages that the administrator set aside (vm.nr_hugepages). */
static uint8_t *frames_map_hugetlb(uint64_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	               MAP_COMMON | MAP_HUGETLB | (21 << MAP_HUGE_SHIFT) | MAP_POPULATE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Normal pages, starting at a multiple of 2 MiB so that they can be merged into huge ones. */
static uint8_t *frames_map_aligned(uint64_t bytes)
{
	uint8_t *p = mmap(NULL, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_COMMON, -1, 0);
	uint64_t before;

	if (p == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)p & (HUGE_PAGE - 1);
	if (before != 0)
		munmap(p, before);
	munmap(p + before + bytes, HUGE_PAGE - before);
	return p + before;
}

static int frames_map(struct frames *f, enum frames_huge huge)
{
	if (huge != FRAMES_HUGE_NEVER) {
		f->base = frames_map_hugetlb(f->bytes);
		f->huge = f->base != NULL;
		if (f->huge)
			return 0;
	}
	f->base = frames_map_aligned(f->bytes);
	if (f->base == NULL)
		return -ENOMEM;
	if (huge == FRAMES_HUGE_NEVER)
		madvise(f->base, f->bytes, MADV_NOHUGEPAGE);
	else
		madvise(f->base, f->bytes, MADV_HUGEPAGE);
	memset(f->base, 0, f->bytes); /* no page fault later, when a packet waits */
	if (huge == FRAMES_HUGE_NEVER)
		return 0;
	f->huge = madvise(f->base, f->bytes, MADV_COLLAPSE) == 0;
	if (f->huge || huge == FRAMES_HUGE_PREFER)
		return 0;
	munmap(f->base, f->bytes);
	return -ENOMEM;
}

int frames_new(struct frames **out, uint32_t n, uint32_t chunk, enum frames_huge huge)
{
	struct frames *f;
	int err;

	if (n == 0 || (chunk != 2048 && chunk != 4096))
		return -EINVAL;
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return -ENOMEM;
	f->n = n;
	f->chunk = chunk;
	f->shift = (uint32_t)__builtin_ctz(chunk);
	f->bytes = ((uint64_t)n * chunk + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	f->tag = calloc(n, sizeof(*f->tag));
	err = f->tag == NULL ? -ENOMEM : frames_map(f, huge);
	if (err < 0)
		goto free_frames;
	*out = f;
	return 0;

free_frames:
	free(f->tag);
	free(f);
	return err;
}

void frames_free(struct frames *f)
{
	if (f == NULL)
		return;
	munmap(f->base, f->bytes);
	free(f->tag);
	free(f);
}

int frame_cache_init(struct frame_cache *c, struct frames *f)
{
	*c = (struct frame_cache){.frames = f, .size = f->n};
	c->addr = calloc(f->n, sizeof(*c->addr));
	c->seen = calloc((f->n + 63) / 64, sizeof(*c->seen));
	if (c->addr != NULL && c->seen != NULL)
		return 0;
	frame_cache_fini(c);
	return -ENOMEM;
}

void frame_cache_fini(struct frame_cache *c)
{
	free(c->addr);
	free(c->seen);
	*c = (struct frame_cache){0};
}

void frame_cache_fill(struct frame_cache *c)
{
	/* Backwards, so that the first frame taken is the memory's first. */
	for (uint32_t i = c->frames->n; i-- > 0;)
		frame_put(c, (uint64_t)i << c->frames->shift);
}

uint32_t frames_recover(struct frame_cache *c, uint16_t tag)
{
	struct frames *f = c->frames;
	uint32_t before = c->n;

	memset(c->seen, 0, (f->n + 63) / 64 * sizeof(*c->seen));
	for (uint32_t i = 0; i < before; i++) {
		uint32_t k = frame_index(f, c->addr[i]);

		c->seen[k / 64] |= 1ull << (k % 64);
	}
	for (uint32_t k = 0; k < f->n; k++) {
		if ((__atomic_load_n(&f->tag[k], __ATOMIC_RELAXED) & ~FRAME_TAG_OTHER) != tag)
			continue;
		frame_tag_set(f, (uint64_t)k << f->shift, 0);
		if ((c->seen[k / 64] >> (k % 64) & 1) == 0)
			frame_put(c, (uint64_t)k << f->shift);
	}
	return c->n - before;
}
