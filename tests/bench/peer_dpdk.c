/* SPDX-License-Identifier: BSD-2-Clause */
/* The peer where DPDK is. This file alone is built with its flags. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_malloc.h>
#include <rte_memory.h>
#include <rte_vect.h>

#include "peer.h"
#include "peer6.h"
#include "peer_mac.h"
#include "table/pages.h"

#define EAL_MIB    "64" /* its own */
#define HEAP       "bench"
#define HEAP_BYTES ((size_t)2 << 30)
#define GROUPS     32767   /* of two-byte next hops */
#define GROUPS6    0x40000 /* of IPv6 */

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

static void eal_end(void)
{
	rte_eal_cleanup();
}

/* DPDK is started for the first table. Return: the heap's number, or negative. */
static int dpdk_start(const char **why)
{
	*why = "DPDK does not start";
	if (rte_malloc_heap_get_socket(HEAP) < 0) {
		if (eal_start() < 0)
			return -1;
		if (atexit(eal_end) != 0)
			return -1;
		*why = "DPDK has no memory";
		return heap_make();
	}
	return rte_malloc_heap_get_socket(HEAP);
}

int peer_open(struct peer **out, size_t max_routes, const char **why)
{
	struct rte_fib_conf conf = {
		.type = RTE_FIB_DIR24_8,
		.max_routes = (int)max_routes,
		.dir24_8 = {.nh_sz = RTE_FIB_DIR24_8_2B, .num_tbl8 = GROUPS},
	};
	int heap = dpdk_start(why);
	struct rte_fib *fib;

	if (heap < 0)
		return -ENOTSUP;
	*why = "rte_fib has no memory";
	fib = rte_fib_create("bench", heap, &conf);
	if (fib == NULL)
		return -ENOTSUP;
	*why = "rte_fib has no AVX-512 here";
	if (rte_fib_select_lookup(fib, RTE_FIB_LOOKUP_DIR24_8_VECTOR_AVX512) < 0) {
		rte_fib_free(fib);
		return -ENOTSUP;
	}
	*out = (struct peer *)fib;
	return 0;
}

void peer_close(struct peer *p)
{
	rte_fib_free(the_fib(p));
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

static struct rte_fib6 *the_fib6(const struct peer6 *p)
{
	return (struct rte_fib6 *)p;
}

int peer6_open(struct peer6 **out, size_t max_routes, const char **why)
{
	struct rte_fib6_conf conf = {
		.type = RTE_FIB6_TRIE,
		.max_routes = (int)max_routes,
		.trie = {.nh_sz = RTE_FIB6_TRIE_4B, .num_tbl8 = GROUPS6},
	};
	int heap = dpdk_start(why);
	struct rte_fib6 *fib;

	if (heap < 0)
		return -ENOTSUP;
	*why = "rte_fib6 has no memory";
	fib = rte_fib6_create("bench6", heap, &conf);
	if (fib == NULL)
		return -ENOTSUP;
	*why = "rte_fib6 has no AVX-512 here";
	if (rte_fib6_select_lookup(fib, RTE_FIB6_LOOKUP_TRIE_VECTOR_AVX512) < 0) {
		rte_fib6_free(fib);
		return -ENOTSUP;
	}
	*out = (struct peer6 *)fib;
	return 0;
}

void peer6_close(struct peer6 *p)
{
	rte_fib6_free(the_fib6(p));
}

void peer6_lookup(const struct peer6 *p, const uint8_t *dst, uint64_t *nh, uint32_t n)
{
	(void)rte_fib6_lookup_bulk(the_fib6(p), (uint8_t(*)[16])dst, nh, (int)n);
}

int peer6_insert(struct peer6 *p, const struct prefix6 *r, uint16_t nh)
{
	uint8_t dst[16];

	ip_store(dst, r->dst);
	return rte_fib6_add(the_fib6(p), dst, r->len, nh);
}

int peer6_remove(struct peer6 *p, const struct prefix6 *r)
{
	uint8_t dst[16];

	ip_store(dst, r->dst);
	return rte_fib6_delete(the_fib6(p), dst, r->len);
}

size_t peer6_bytes(void)
{
	struct rte_malloc_socket_stats s;
	int heap = rte_malloc_heap_get_socket(HEAP);

	return heap >= 0 && rte_malloc_get_socket_stats(heap, &s) == 0 ? s.heap_allocsz_bytes : 0;
}

static struct rte_hash *the_hash(const struct peer_mac *p)
{
	return (struct rte_hash *)p;
}

int peer_mac_open(struct peer_mac **out, uint32_t max, const char *name, const char **why)
{
	struct rte_hash_parameters conf = {
		.name = name,
		.entries = max + max / 2,
		.key_len = sizeof(uint64_t),
		.hash_func = rte_hash_crc,
	};
	int heap = dpdk_start(why);
	struct rte_hash *hash;

	if (heap < 0)
		return -ENOTSUP;
	*why = "rte_hash has no memory";
	conf.socket_id = heap;
	hash = rte_hash_create(&conf);
	if (hash == NULL)
		return -ENOTSUP;
	*out = (struct peer_mac *)hash;
	return 0;
}

void peer_mac_close(struct peer_mac *p)
{
	rte_hash_free(the_hash(p));
}

int peer_mac_insert(struct peer_mac *p, uint64_t key, uint64_t value)
{
	return rte_hash_add_key_data(the_hash(p), &key, (void *)(uintptr_t)value);
}

uint64_t peer_mac_lookup(const struct peer_mac *p, const uint64_t *key, uint64_t *value, uint32_t n)
{
	const void *at[RTE_HASH_LOOKUP_BULK_MAX];
	uint64_t hits = 0;

	for (uint32_t i = 0; i < n; i++)
		at[i] = &key[i];
	(void)rte_hash_lookup_bulk_data(the_hash(p), at, n, &hits, (void **)value);
	return hits;
}
