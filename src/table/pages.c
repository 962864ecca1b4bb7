/* SPDX-License-Identifier: BSD-2-Clause */
#include "table/pages.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

#define PROT  (PROT_READ | PROT_WRITE)
#define FLAGS (MAP_PRIVATE | MAP_ANONYMOUS)

static size_t round_up(size_t n)
{
	return (n + PAGES_HUGE - 1) & ~(PAGES_HUGE - 1);
}

/* Put reserved pages, or else fresh ordinary ones, in the place of the first @eager bytes. */
static bool map_reserved(char *base, size_t eager)
{
	void *p = mmap(base, eager, PROT, FLAGS | MAP_FIXED | MAP_HUGETLB, -1, 0);

	if (p != MAP_FAILED)
		return true;
	p = mmap(base, eager, PROT, FLAGS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return false;
	madvise(p, eager, MADV_HUGEPAGE);
	return true;
}

void *pages_map(size_t bytes, size_t eager)
{
	size_t size = round_up(bytes);
	char *p = mmap(NULL, size + PAGES_HUGE, PROT, FLAGS | MAP_NORESERVE, -1, 0);
	size_t skip;

	if (p == MAP_FAILED)
		return NULL;
	skip = -(uintptr_t)p & (PAGES_HUGE - 1);
	if (skip > 0)
		munmap(p, skip);
	if (skip < PAGES_HUGE)
		munmap(p + skip + size, PAGES_HUGE - skip);
	p += skip;
	if (eager > 0 && !map_reserved(p, eager)) {
		munmap(p, size);
		return NULL;
	}
	/* Refused on kernels without it; small pages do as well. */
	madvise(p + eager, size - eager, MADV_HUGEPAGE);
	return p;
}

void pages_unmap(void *p, size_t bytes)
{
	if (p != NULL)
		munmap(p, round_up(bytes));
}
