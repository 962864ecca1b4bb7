/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exact against an array, the table as full as it may be, so that some insertions displace.
 * Of the keys the lower quarter is never removed: readers beside must find each of them always, and
 * of the others nothing but an id that the key has had.
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

#include "base/rcu.h"
#include "model.h"
#include "table/exact.h"

#define CAPACITY  6963u /* 85 % of 1024 buckets */
#define N_KEYS    8000u
#define N_STAY    2000u
#define N_READERS 2

struct universe {
	struct exact *t;
	unsigned int words;
	uint32_t id[N_KEYS]; /* the model: 0 where a key is not there */
	uint32_t n;
	uint64_t random;
	bool stop;
	uint64_t missed, illegal;
};

/* Ids tell their key: id % N_KEYS. */
static uint32_t new_id(struct universe *u, uint32_t k)
{
	return k + N_KEYS * (1 + model_below(&u->random, 1000));
}

static void key_write(uint64_t *key, unsigned int words, uint32_t k)
{
	for (unsigned int w = 0; w < words; w++)
		key[w] = w + 1 == words ? k : 0xabcdef;
}

static void change_one(struct universe *u)
{
	uint32_t k = N_STAY + model_below(&u->random, N_KEYS - N_STAY), id = new_id(u, k), gone;
	uint64_t key[EXACT_MAX_WORDS];

	key_write(key, u->words, k);
	/* Mostly full: only a removal in ten where there is room. */
	if (u->n < CAPACITY && model_below(&u->random, 10) > 0) {
		assert_int_equal(exact_insert(u->t, key, id), u->id[k] == 0 ? 0 : -EEXIST);
		u->n += u->id[k] == 0;
		u->id[k] = u->id[k] == 0 ? id : u->id[k];
		return;
	}
	assert_int_equal(exact_remove(u->t, key, &gone), u->id[k] != 0 ? 0 : -ENOENT);
	if (u->id[k] == 0)
		return;
	assert_int_equal(gone, u->id[k]);
	u->id[k] = 0;
	u->n--;
}

static void compare(const struct universe *u)
{
	uint64_t key[EXACT_BATCH * EXACT_MAX_WORDS];
	uint32_t id[EXACT_BATCH];

	assert_int_equal(exact_count(u->t), u->n);
	for (uint32_t k = 0; k < N_KEYS; k += EXACT_BATCH) {
		for (uint32_t i = 0; i < EXACT_BATCH; i++)
			key_write(key + (size_t)i * u->words, u->words, k + i);
		exact_find_batch(u->t, key, id, EXACT_BATCH);
		for (uint32_t i = 0; i < EXACT_BATCH; i++)
			assert_int_equal(id[i], u->id[k + i]);
	}
}

static void *read_on(void *arg)
{
	struct universe *u = arg;
	uint64_t key[EXACT_BATCH * EXACT_MAX_WORDS], random = 3, missed = 0, illegal = 0;
	uint32_t k[EXACT_BATCH], id[EXACT_BATCH];

	rcu_register_thread();
	while (!__atomic_load_n(&u->stop, __ATOMIC_RELAXED)) {
		for (uint32_t i = 0; i < EXACT_BATCH; i++) {
			k[i] = model_below(&random, i % 4 == 0 ? N_KEYS : N_STAY);
			key_write(key + (size_t)i * u->words, u->words, k[i]);
		}
		exact_find_batch(u->t, key, id, EXACT_BATCH);
		for (uint32_t i = 0; i < EXACT_BATCH; i++) {
			missed += k[i] < N_STAY && id[i] == 0;
			illegal += id[i] != 0 && id[i] % N_KEYS != k[i];
		}
		missed += exact_find(u->t, key + u->words) == 0;
		rcu_quiescent_state();
	}
	rcu_unregister_thread();
	__atomic_add_fetch(&u->missed, missed, __ATOMIC_RELAXED);
	__atomic_add_fetch(&u->illegal, illegal, __ATOMIC_RELAXED);
	return NULL;
}

static void run(unsigned int words)
{
	struct universe u = {.words = words, .random = model_seed()};
	uint64_t end = model_end_ns();
	pthread_t reader[N_READERS];

	assert_int_equal(exact_new(&u.t, words, CAPACITY), 0);
	for (uint32_t k = 0; k < N_STAY; k++) {
		uint64_t key[EXACT_MAX_WORDS];

		key_write(key, words, k);
		u.id[k] = new_id(&u, k);
		assert_int_equal(exact_insert(u.t, key, u.id[k]), 0);
		u.n++;
	}
	for (int i = 0; i < N_READERS; i++)
		assert_int_equal(pthread_create(&reader[i], NULL, read_on, &u), 0);
	while (clock_ns() < end) {
		for (int i = 0; i < 5000; i++)
			change_one(&u);
		compare(&u);
	}
	__atomic_store_n(&u.stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < N_READERS; i++)
		pthread_join(reader[i], NULL);
	assert_int_equal(u.missed, 0);
	assert_int_equal(u.illegal, 0);
	exact_free(u.t);
}

static void readers_never_miss_a_key_of_one_word(void **)
{
	run(1);
}

static void readers_never_miss_a_key_of_two_words(void **)
{
	run(2);
}

static void readers_never_miss_a_key_of_three_words(void **)
{
	run(3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_never_miss_a_key_of_one_word),
		cmocka_unit_test(readers_never_miss_a_key_of_two_words),
		cmocka_unit_test(readers_never_miss_a_key_of_three_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
