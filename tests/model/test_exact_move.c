/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A key that moves between its two buckets without pause is found all the time. Insertion moves a
 * key too rarely for a race to show, so this test includes the table and moves one by itself.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <pthread.h>

#include "model.h"
#include "table/exact.c" /* NOLINT(bugprone-suspicious-include) */

struct reader {
	struct exact *t;
	bool stop;
	uint64_t found, missed;
};

static const uint64_t the_key = 42;

static void *read_on(void *arg)
{
	struct reader *r = arg;

	rcu_register_thread();
	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		uint64_t keys[4] = {the_key, the_key, the_key, the_key};
		uint32_t id[4];

		exact_find_batch(r->t, keys, id, 4);
		for (int i = 0; i < 4; i++)
			r->missed += id[i] != 7;
		r->missed += exact_find(r->t, &the_key) != 7;
		r->found++;
		rcu_quiescent_state();
	}
	rcu_unregister_thread();
	return NULL;
}

static void a_key_on_the_move_is_found_all_the_time(void **)
{
	uint64_t end = model_end_ns();
	struct reader r = {};
	uint32_t from, tag;
	pthread_t thread;
	uint64_t h;

	if (exact_new(&r.t, 1, 1000) < 0) {
		fail();
		return;
	}
	assert_int_equal(exact_insert(r.t, &the_key, 7), 0);
	h = key_hash(r.t, 1, &the_key);
	tag = hash_tag(h);
	from = first_bucket(r.t, h);
	if (r.t->bucket[from].tag[0] != tag)
		from = other_bucket(r.t, from, tag);
	assert_int_equal(pthread_create(&thread, NULL, read_on, &r), 0);
	while (clock_ns() < end) {
		uint32_t to = other_bucket(r.t, from, tag);
		const struct step way[] = {{.bucket = from, .parent = -1}, {.bucket = to}};

		path_move(r.t, way, 1, 0);
		bucket_clear(&r.t->bucket[from], 0);
		from = to;
	}
	__atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_int_not_equal(r.found, 0);
	assert_int_equal(r.missed, 0);
	exact_free(r.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_on_the_move_is_found_all_the_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
