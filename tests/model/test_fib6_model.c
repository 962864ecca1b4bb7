/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fib6 against a list of routes searched from end to end, over random changes of prefixes of all
 * lengths, near each other so that they nest; readers look up beside, in every way there is.
 *
 * A result's id names its prefix: what readers find is legal if that prefix covers the address.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/rcu.h"
#include "model.h"
#include "route/fib4.h"
#include "route/fib6.h"
#include "table/lpm6.h"
#include "table/lpm6_lookup.h"

#define N_PREFIXES 600u
#define N_ROUTES   1800u /* three a prefix */
#define N_READERS  2
#define BATCH      64

/* Where prefixes lie: @few values of each stretch of bits. */
struct shape {
	const char *name;
	uint64_t top[8]; /* of bits 0 to 15 */
	uint64_t mid;    /* which of bits 16 to 63 are drawn */
	uint64_t low;    /* which of bits 64 to 127 */
	uint8_t len_min, len_max;
};

static const struct shape shapes[] = {
	/* Everywhere, each length. */
	{"all",
         {0x2001, 0x2001, 0x2a00, 0xfd00, 0xfe80, 0xff02, 0x0000, 0x3fff},
         0x8003010400810003,
         0xc000000100000003,
         0,
         128},
	/* One bucket of the index full of /33 to /48: radix nodes come and go. */
	{"dense",
         {0x2001, 0x2001, 0x2001, 0x2001, 0x2001, 0x2001, 0x2001, 0x2001},
         0x0000ffff0000,
         0,
         20,
         48},
	/* One /48 full of /49 to /64, and hosts. */
	{"subnets",
         {0xfd00, 0xfd00, 0xfd00, 0xfd00, 0xfd00, 0xfd00, 0xfd00, 0x2001},
         0x1ff,
         0x3,
         44,
         128},
	/* One /64 full of hosts. */
	{"hosts",
         {0x2a00, 0x2a00, 0x2a00, 0x2a00, 0x2a00, 0x2a00, 0x2a00, 0x2a00},
         0x1,
         0xf0000000000003ff,
         60,
         128},
};

/* Prefix i is named by the ids 1 + i + N_PREFIXES * (0 .. 2). */
struct universe {
	struct fib6 *fib;
	const struct shape *shape;
	struct {
		struct ip dst;
		uint8_t len;
	} prefix[N_PREFIXES];
	struct fib6_route route[N_ROUTES]; /* the model: nh 0 where there is none */
	uint64_t random;
	bool stop;
	uint64_t illegal;
};

static uint64_t random64(uint64_t *random)
{
	uint64_t upper = model_random(random);

	return upper << 32 | model_random(random);
}

static struct ip random_addr(const struct shape *s, uint64_t *random)
{
	uint64_t top = s->top[model_below(random, 8)] << 48;
	struct ip a = {top | (random64(random) & s->mid), random64(random) & s->low};

	/* Next to an edge. */
	if (model_below(random, 8) == 0)
		a.lo--;
	return a;
}

static uint32_t prefix_of(uint32_t id)
{
	return (id - 1) % N_PREFIXES;
}

static void universe_init(struct universe *u, const struct shape *shape)
{
	memset(u, 0, sizeof(*u));
	u->shape = shape;
	u->random = model_seed();
	assert_int_equal(fib6_new(&u->fib), 0);
	/* The first one covers all and is never removed. */
	for (uint32_t i = 1; i < N_PREFIXES; i++) {
		uint32_t range = shape->len_max - shape->len_min + 1u;
		uint8_t len = (uint8_t)(shape->len_min + model_below(&u->random, range));

		/* The longest ones are the most. */
		if (model_below(&u->random, 2) == 0)
			len = shape->len_max;
		if (len == 0)
			len = 1;
		u->prefix[i].dst = ip_and(random_addr(shape, &u->random), ip6_mask(len));
		u->prefix[i].len = len;
		/* Each prefix once, so that its ids tell all. */
		for (uint32_t j = 0; j < i; j++) {
			if (!ip_equal(u->prefix[j].dst, u->prefix[i].dst) ||
			    u->prefix[j].len != len)
				continue;
			i--;
			break;
		}
	}
}

static bool beats(const struct fib6_route *r, const struct fib6_route *best)
{
	if (best == NULL || r->len != best->len)
		return best == NULL || r->len > best->len;
	return r->metric < best->metric || (r->metric == best->metric && r->source < best->source);
}

/* The id that the model finds. */
static uint32_t model_lookup(const struct universe *u, struct ip addr)
{
	const struct fib6_route *best = NULL;

	for (uint32_t i = 0; i < N_ROUTES; i++) {
		const struct fib6_route *r = &u->route[i];

		if (r->nh != 0 && ip6_same_prefix(addr, r->dst, r->len) && beats(r, best))
			best = r;
	}
	return best != NULL ? best->nh : 0;
}

/* The route that slot @i of the model is about: its prefix, and one of three metrics or sources. */
static struct fib6_route slot_route(const struct universe *u, uint32_t i, uint16_t nh)
{
	uint32_t p = i % N_PREFIXES, rank = i / N_PREFIXES;

	return (struct fib6_route){.dst = u->prefix[p].dst,
	                           .len = u->prefix[p].len,
	                           .source = rank == 1 ? ROUTE_CONNECTED : ROUTE_STATIC,
	                           .metric = rank == 2 ? 100 : 50,
	                           .nh = nh};
}

static void insert_one(struct universe *u, uint32_t i)
{
	uint32_t nh = 1 + i % N_PREFIXES + N_PREFIXES * model_below(&u->random, 3);
	struct fib6_route r = slot_route(u, i, (uint16_t)nh);
	uint16_t old = 0xffff;

	assert_int_equal(fib6_insert(u->fib, &r, &old), 0);
	assert_int_equal(old, u->route[i].nh);
	u->route[i] = r;
	assert_int_equal(fib6_find(u->fib, &r), nh);
}

static void remove_one(struct universe *u, uint32_t i)
{
	struct fib6_route r = slot_route(u, i, 0);
	uint16_t old = 0;

	if (u->route[i].nh == 0) {
		assert_int_equal(fib6_remove(u->fib, &r, &old), -ENOENT);
		return;
	}
	assert_int_equal(fib6_remove(u->fib, &r, &old), 0);
	assert_int_equal(old, u->route[i].nh);
	u->route[i].nh = 0;
}

/* Look 64 keys up in way @way. Return: false if there is no such way here. */
static bool look_up(const struct fib6 *fib, unsigned int way, const struct ip *dst, uint32_t *id)
{
	lpm6_lookup_fn *const ways[3] = {lpm6_lookup_scalar, lpm6_lookup_avx2(),
	                                 lpm6_lookup_avx512()};
	uint64_t hi[BATCH], lo[BATCH];

	for (int i = 0; i < BATCH; i++) {
		hi[i] = dst[i].hi;
		lo[i] = dst[i].lo;
	}
	if (way == 0) {
		fib6_lookup(fib, hi, lo, id, BATCH);
		return true;
	}
	if (way == 1) {
		for (int i = 0; i < BATCH; i++)
			id[i] = fib6_lookup_one(fib, dst[i]);
		return true;
	}
	if (ways[way - 2] == NULL)
		return false;
	ways[way - 2](fib6_table(fib), hi, lo, id, BATCH);
	return true;
}

/* Addresses of the shape, and the edges of prefixes. */
static struct ip addr_draw(struct universe *u, uint64_t *random)
{
	uint32_t p = model_below(random, N_PREFIXES);
	struct ip m = ip6_mask(u->prefix[p].len), a = u->prefix[p].dst;

	switch (model_below(random, 4)) {
	case 0:
		return a;
	case 1:
		return (struct ip){a.hi | ~m.hi, a.lo | ~m.lo};
	case 2:
		return (struct ip){a.hi | (random64(random) & ~m.hi),
		                   a.lo | (random64(random) & ~m.lo)};
	default:
		return random_addr(u->shape, random);
	}
}

static void compare_lookups(struct universe *u)
{
	uint32_t id[BATCH], want[BATCH];
	struct ip dst[BATCH];

	for (uint32_t i = 0; i < BATCH; i++) {
		dst[i] = addr_draw(u, &u->random);
		if (i % 16 == 0)
			dst[i] = (struct ip){random64(&u->random), random64(&u->random)};
		want[i] = model_lookup(u, dst[i]);
	}
	for (unsigned int way = 0; way < 5; way++) {
		if (look_up(u->fib, way, dst, id))
			assert_memory_equal(id, want, sizeof(id));
	}
}

static int order(const struct fib6_route *a, const struct fib6_route *b)
{
	if (ip_compare(a->dst, b->dst) != 0)
		return ip_compare(a->dst, b->dst);
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	return a->source < b->source ? -1 : a->source > b->source;
}

static void compare_walks(struct universe *u)
{
	struct fib6_route r, last = {};
	size_t n = 0, want = 0, force = 0;
	struct fib6_stats s;
	bool best;

	while (fib6_next(u->fib, n > 0 ? &last : NULL, &r, &best)) {
		bool same = n > 0 && r.len == last.len && ip_equal(r.dst, last.dst);

		assert_true(n == 0 || order(&last, &r) < 0);
		assert_int_equal(best, !same);
		force += best;
		last = r;
		n++;
	}
	for (uint32_t i = 0; i < N_ROUTES; i++)
		want += u->route[i].nh != 0;
	assert_int_equal(n, want);
	fib6_stats(u->fib, &s);
	assert_int_equal(s.routes, want);
	assert_int_equal(s.prefixes, force);
}

static bool legal(const struct universe *u, struct ip addr, uint32_t id)
{
	uint32_t p = prefix_of(id);

	return id != 0 && id <= N_ROUTES &&
	       ip6_same_prefix(addr, u->prefix[p].dst, u->prefix[p].len);
}

static void *read_on(void *arg)
{
	struct universe *u = arg;
	uint64_t random = 7, illegal = 0, n = 0;
	struct ip dst[BATCH];
	uint32_t id[BATCH];

	rcu_register_thread();
	while (!__atomic_load_n(&u->stop, __ATOMIC_RELAXED)) {
		for (uint32_t i = 0; i < BATCH; i++)
			dst[i] = addr_draw(u, &random);
		if (look_up(u->fib, (unsigned int)(n++ % 5), dst, id)) {
			for (uint32_t i = 0; i < BATCH; i++)
				illegal += !legal(u, dst[i], id[i]);
		}
		rcu_quiescent_state();
	}
	rcu_unregister_thread();
	__atomic_add_fetch(&u->illegal, illegal, __ATOMIC_RELAXED);
	return NULL;
}

/* Fill up for a while, then empty, and so on. */
static void change_some(struct universe *u, uint32_t round)
{
	for (int i = 0; i < 100; i++) {
		uint32_t slot = 1 + model_below(&u->random, N_ROUTES - 1);

		if (model_below(&u->random, 100) < (round / 50 % 2 ? 10u : 80u))
			insert_one(u, slot);
		else
			remove_one(u, slot);
	}
}

static void all_gone(struct universe *u)
{
	const struct lpm6 *t = fib6_table(u->fib);
	struct fib6_stats s;

	for (uint32_t i = 0; i < N_ROUTES; i++)
		remove_one(u, i);
	compare_lookups(u);
	fib6_stats(u->fib, &s);
	assert_int_equal(s.routes, 0);
	assert_int_equal(s.prefixes, 0);
	assert_int_equal(s.refused, 0);
	assert_int_equal(lpm6_subs(t), 0);
	assert_int_equal(lines_used(t->lines), 0);
}

static void change_at_random(const struct shape *shape)
{
	static struct universe u;
	pthread_t reader[N_READERS];
	uint64_t end = model_end_ns();

	universe_init(&u, shape);
	insert_one(&u, 0);
	for (int i = 0; i < N_READERS; i++)
		assert_int_equal(pthread_create(&reader[i], NULL, read_on, &u), 0);
	for (uint32_t round = 0; clock_ns() < end; round++) {
		change_some(&u, round);
		compare_lookups(&u);
		if (round % 16 == 0)
			compare_walks(&u);
	}
	for (uint32_t i = 1; i < N_ROUTES; i++)
		remove_one(&u, i);
	compare_lookups(&u);
	__atomic_store_n(&u.stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < N_READERS; i++)
		pthread_join(reader[i], NULL);
	assert_int_equal(u.illegal, 0);
	all_gone(&u);
	fib6_free(u.fib);
}

static void random_changes_match_the_model_and_readers_see_only_legal_ids(void **)
{
	change_at_random(&shapes[0]);
}

static void so_do_changes_of_a_bucket_full_of_routes(void **)
{
	change_at_random(&shapes[1]);
}

static void so_do_changes_of_a_site_full_of_subnets(void **)
{
	change_at_random(&shapes[2]);
}

static void so_do_changes_of_a_subnet_full_of_hosts(void **)
{
	change_at_random(&shapes[3]);
}

static void a_load_equals_as_many_insertions(void **)
{
	static struct universe u;
	static struct fib6_route r[N_ROUTES];

	for (size_t shape = 0; shape < sizeof(shapes) / sizeof(shapes[0]); shape++) {
		universe_init(&u, &shapes[shape]);
		for (uint32_t i = 0; i < N_ROUTES; i++) {
			uint32_t slot = model_below(&u.random, N_ROUTES);

			r[i] = slot_route(&u, slot, (uint16_t)(1 + i));
			u.route[slot] = r[i];
		}
		assert_int_equal(fib6_load(u.fib, r, N_ROUTES), 0);
		for (int i = 0; i < 200; i++)
			compare_lookups(&u);
		compare_walks(&u);
		all_gone(&u);
		fib6_free(u.fib);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_changes_match_the_model_and_readers_see_only_legal_ids),
		cmocka_unit_test(so_do_changes_of_a_bucket_full_of_routes),
		cmocka_unit_test(so_do_changes_of_a_site_full_of_subnets),
		cmocka_unit_test(so_do_changes_of_a_subnet_full_of_hosts),
		cmocka_unit_test(a_load_equals_as_many_insertions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
