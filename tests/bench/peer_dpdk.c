/* SPDX-License-Identifier: BSD-2-Clause */
/* The peer where DPDK is. This file alone is built with its flags. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_malloc.h>
#include <rte_memory.h>
#include <rte_vect.h>

#include "peer.h"
#include "table/pages.h"

#define EAL_MIB    "64" /* its own */
#define HEAP       "bench"
#define HEAP_BYTES ((size_t)1 << 30)
#define GROUPS     32767 /* of two-byte next hops */

/* Its library has the rest. */
static struct rte_fib *the_fib(const struct peer *p)
{
	return (struct rte_fib *)p;
}

/*
 * DPDK pins the thread that starts it: to the core it is on, which is where it was pinned. It may
 * change its arguments.
 */
static int eal_start(void)
{
	char text[256];
	char *argv[16], *rest = text;
	int n = 0;

	snprintf(text, sizeof(text),
	         "bench_lookup --no-huge --no-pci --no-shconf --no-telemetry "
	         "--log-level=3 --force-max-simd-bitwidth=512 --lcores 0@%d -m " EAL_MIB,
	         sched_getcpu());
	while (n < 15 && (argv[n] = strsep(&rest, " ")) != NULL)
		n++;
	argv[n] = NULL;
	return rte_eal_init(n, argv);
}

/* Memory of the same kind as the router's own tables have. Return: its number, or negative. */
static int heap_make(void)
{
	void *memory = pages_map(HEAP_BYTES, 0);

	if (memory == NULL || rte_malloc_heap_create(HEAP) < 0)
		return -1;
	if (rte_malloc_heap_memory_add(HEAP, memory, HEAP_BYTES, NULL, 0, PAGES_HUGE) < 0)
		return -1;
	return rte_malloc_heap_get_socket(HEAP);
}

int peer_open(struct peer **out, size_t max_routes, const char **why)
{
	struct rte_fib_conf conf = {
		.type = RTE_FIB_DIR24_8,
		.max_routes = (int)max_routes,
		.dir24_8 = {.nh_sz = RTE_FIB_DIR24_8_2B, .num_tbl8 = GROUPS},
	};
	struct rte_fib *fib;
	int heap;

	*why = "DPDK does not start";
	if (eal_start() < 0)
		return -ENOTSUP;
	*why = "rte_fib has no memory";
	heap = heap_make();
	fib = heap >= 0 ? rte_fib_create("bench", heap, &conf) : NULL;
	if (fib == NULL)
		goto cleanup;
	*why = "rte_fib has no AVX-512 here";
	if (rte_fib_select_lookup(fib, RTE_FIB_LOOKUP_DIR24_8_VECTOR_AVX512) < 0)
		goto free_fib;
	*out = (struct peer *)fib;
	return 0;

free_fib:
	rte_fib_free(fib);
cleanup:
	rte_eal_cleanup();
	return -ENOTSUP;
}

void peer_close(struct peer *p)
{
	rte_fib_free(the_fib(p));
	rte_eal_cleanup();
}

void peer_lookup(const struct peer *p, const uint32_t *dst, uint64_t *nh, uint32_t n)
{
	(void)rte_fib_lookup_bulk(the_fib(p), (uint32_t *)dst, nh, (int)n);
}

int peer_insert(struct peer *p, const struct workload_route *r, uint16_t nh)
{
	return rte_fib_add(the_fib(p), r->dst, r->len, nh);
}

int peer_remove(struct peer *p, const struct workload_route *r)
{
	return rte_fib_delete(the_fib(p), r->dst, r->len);
}
