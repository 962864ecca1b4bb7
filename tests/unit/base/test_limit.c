/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <pthread.h>

#include "base/clock.h"
#include "base/limit.h"

#define ASKERS 4

static void without_a_rate_nothing_is_held_back(void **)
{
	struct limit l = {0};

	for (int i = 0; i < 10000; i++)
		assert_true(limit_pass(&l, 0));
	limit_set(&l, 10);
	assert_true(limit_pass(&l, 0));
	assert_false(limit_pass(&l, 0));
	limit_set(&l, 0);
	assert_true(limit_pass(&l, 0));
}

/* Workers' times differ by a loop: who is behind neither gains nor loses. */
static void a_time_that_lags_gives_nothing_away(void **)
{
	struct limit l = {0};
	uint32_t passed = 0;

	limit_set(&l, 1000);
	for (int i = 0; i < 500; i++)
		passed += limit_pass(&l, NS_PER_SEC - (i % 2) * NS_PER_MS);
	assert_in_range(passed, 100, 101);
}

struct asker {
	pthread_t thread;
	struct limit *limit;
	uint64_t passed;
};

static void *ask(void *arg)
{
	struct asker *a = arg;

	for (int i = 0; i < 100000; i++)
		a->passed += limit_pass(a->limit, NS_PER_SEC);
	return NULL;
}

/* One limit for the whole daemon: at one moment there is one burst, whoever asks for it. */
static void workers_share_one_burst(void **)
{
	struct limit l = {0};
	struct asker a[ASKERS] = {{0}};
	uint64_t sum = 0;

	limit_set(&l, 1000000);
	for (int i = 0; i < ASKERS; i++) {
		a[i].limit = &l;
		assert_int_equal(pthread_create(&a[i].thread, NULL, ask, &a[i]), 0);
	}
	for (int i = 0; i < ASKERS; i++) {
		pthread_join(a[i].thread, NULL);
		sum += a[i].passed;
	}
	assert_int_equal(sum, 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_rate_nothing_is_held_back),
		cmocka_unit_test(a_time_that_lags_gives_nothing_away),
		cmocka_unit_test(workers_share_one_burst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
