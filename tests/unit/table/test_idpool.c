/* SPDX-License-Identifier: BSD-2-Clause */
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

#include "base/rcu.h"
#include "table/idpool.h"

static void each_number_is_given_once(void **)
{
	bool seen[100] = {};
	struct idpool *p;
	uint32_t id;

	assert_int_equal(idpool_new(&p, 100), 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(idpool_get(p, &id), 0);
		assert_true(id < 100);
		assert_false(seen[id]);
		seen[id] = true;
	}
	assert_int_equal(idpool_used(p), 100);
	assert_int_equal(idpool_get(p, &id), -ENOSPC);
	idpool_put(p, 7);
	assert_int_equal(idpool_get(p, &id), 0);
	assert_int_equal(id, 7);
	idpool_free(p);
}

static void retired_numbers_come_back_when_nothing_else_is_left(void **)
{
	bool seen[10] = {};
	struct idpool *p;
	uint32_t id;

	assert_int_equal(idpool_new(&p, 10), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(idpool_get(p, &id), 0);
	for (uint32_t i = 0; i < 10; i++)
		idpool_retire(p, i);
	assert_int_equal(idpool_used(p), 0);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(idpool_get(p, &id), 0);
		assert_false(seen[id]);
		seen[id] = true;
	}
	assert_int_equal(idpool_get(p, &id), -ENOSPC);
	idpool_free(p);
}

/* A reader that stays in its critical section until told to go. */
struct reader {
	pthread_t thread;
	pthread_barrier_t step;
};

static void *reader_run(void *arg)
{
	struct reader *r = arg;

	rcu_register_thread();
	pthread_barrier_wait(&r->step); /* reading */
	pthread_barrier_wait(&r->step); /* may go */
	rcu_unregister_thread();
	return NULL;
}

static void a_retired_number_stays_away_while_a_reader_reads(void **)
{
	struct reader r;
	struct idpool *p;
	uint32_t id;

	assert_int_equal(idpool_new(&p, 1000), 0);
	assert_int_equal(idpool_get(p, &id), 0);
	pthread_barrier_init(&r.step, NULL, 2);
	assert_int_equal(pthread_create(&r.thread, NULL, reader_run, &r), 0);
	pthread_barrier_wait(&r.step);
	idpool_retire(p, id);
	for (int i = 0; i < 999; i++) {
		uint32_t other;

		assert_int_equal(idpool_get(p, &other), 0);
		assert_int_not_equal(other, id);
	}
	pthread_barrier_wait(&r.step);
	pthread_join(r.thread, NULL);
	pthread_barrier_destroy(&r.step);
	rcu_barrier();
	assert_int_equal(idpool_get(p, &id), 0);
	assert_int_equal(id, 0);
	idpool_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_number_is_given_once),
		cmocka_unit_test(retired_numbers_come_back_when_nothing_else_is_left),
		cmocka_unit_test(a_retired_number_stays_away_while_a_reader_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
