/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <pthread.h>
#include <stdatomic.h>

#include "port/census.h"

#define FRAMES  1024
#define THREADS 4
#define TURNS   20000

struct bed {
	struct frames *frames;
	struct depot *depot;
	struct frame_cache cache[THREADS];
};

static int setup(void **state)
{
	static struct bed b;

	assert_int_equal(frames_new(&b.frames, FRAMES, 2048, FRAMES_HUGE_NEVER), 0);
	assert_int_equal(depot_new(&b.depot, b.frames), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(frame_cache_init(&b.cache[i], b.frames), 0);
	frame_cache_fill(&b.cache[0]);
	*state = &b;
	return 0;
}

/* I2: each frame is in one cache, or in the depot, whose count says so. */
static int teardown(void **state)
{
	struct bed *b = *state;
	struct census *s = census_new(b->frames);
	uint32_t sum = depot_frames(b->depot);
	const char *flaw;

	census_depot(s, b->depot);
	for (int i = 0; i < THREADS; i++) {
		sum += b->cache[i].n;
		census_cache(s, &b->cache[i]);
		frame_cache_fini(&b->cache[i]);
	}
	flaw = census_result(s);
	if (flaw != NULL)
		print_error("%s\n", flaw);
	census_free(s);
	depot_free(b->depot);
	frames_free(b->frames);
	return flaw == NULL && sum == FRAMES ? 0 : -1;
}

static void what_one_gives_another_takes(void **state)
{
	struct bed *b = *state;
	uint64_t given = b->cache[0].addr[FRAMES - 1];

	assert_false(depot_take(b->depot, &b->cache[1]));
	depot_give(b->depot, &b->cache[0]);
	assert_int_equal(b->cache[0].n, FRAMES - DEPOT_MAGAZINE);
	assert_int_equal(depot_frames(b->depot), DEPOT_MAGAZINE);
	assert_true(depot_take(b->depot, &b->cache[1]));
	assert_int_equal(b->cache[1].n, DEPOT_MAGAZINE);
	assert_int_equal(b->cache[1].addr[DEPOT_MAGAZINE - 1], given);
	assert_false(depot_take(b->depot, &b->cache[1]));
}

static void the_depot_has_room_for_all_frames(void **state)
{
	struct bed *b = *state;

	for (int i = 0; i < FRAMES / DEPOT_MAGAZINE; i++)
		depot_give(b->depot, &b->cache[0]);
	assert_int_equal(b->cache[0].n, 0);
	assert_int_equal(depot_frames(b->depot), FRAMES);
	for (int i = 0; i < FRAMES / DEPOT_MAGAZINE; i++)
		assert_true(depot_take(b->depot, &b->cache[i % THREADS]));
}

/* I7: who closes a queue does not take for its own what someone else has by now. */
static void frames_in_the_depot_are_no_queues(void **state)
{
	struct bed *b = *state;
	uint64_t addr = 0;

	for (uint32_t i = 0; i < FRAMES; i++)
		frame_tag_set(b->frames, (uint64_t)i << b->frames->shift, 7);
	depot_give(b->depot, &b->cache[0]);
	depot_give(b->depot, &b->cache[0]);
	assert_true(depot_take(b->depot, &b->cache[1]));
	for (int i = 0; i < 10; i++) /* that went down with the queue */
		b->cache[0].n--;
	assert_int_equal(frames_recover(&b->cache[0], 7), 10);
	assert_true(frame_get(&b->cache[1], &addr));
	frame_put(&b->cache[1], addr);
}

struct thread {
	pthread_t id;
	struct bed *bed;
	struct frame_cache *cache;
	uint32_t number;
};

/* Give and take by turns that differ from thread to thread, and write into what was taken. */
static void *trade(void *arg)
{
	struct thread *t = arg;
	uint32_t random = t->number * 2654435761u + 1;

	for (int i = 0; i < TURNS; i++) {
		random = random * 1664525 + 1013904223;
		if (random >> 30 < 2 && t->cache->n >= DEPOT_MAGAZINE)
			depot_give(t->bed->depot, t->cache);
		else if (depot_take(t->bed->depot, t->cache))
			*frame_data(t->bed->frames, t->cache->addr[t->cache->n - 1]) = 1;
	}
	return NULL;
}

static void threads_lose_nothing_and_get_nothing_twice(void **state)
{
	struct bed *b = *state;
	struct thread t[THREADS];

	for (uint32_t i = 0; i < THREADS; i++) {
		t[i] = (struct thread){.bed = b, .cache = &b->cache[i], .number = i};
		assert_int_equal(pthread_create(&t[i].id, NULL, trade, &t[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(t[i].id, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_one_gives_another_takes, setup, teardown),
		cmocka_unit_test_setup_teardown(the_depot_has_room_for_all_frames, setup, teardown),
		cmocka_unit_test_setup_teardown(frames_in_the_depot_are_no_queues, setup, teardown),
		cmocka_unit_test_setup_teardown(threads_lose_nothing_and_get_nothing_twice, setup,
	                                        teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
