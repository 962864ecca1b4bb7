/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>

#include "port/census.h"
#include "port/frames.h"

static void a_full_list_has_every_frame_once(void **)
{
	struct frame_cache c;
	struct frames *f = NULL;
	uint64_t addr = 0;

	assert_int_equal(frames_new(&f, 1000, 2048, FRAMES_HUGE_PREFER), 0);
	assert_int_equal(frame_cache_init(&c, f), 0);
	assert_string_equal(frames_check(&c, NULL, 0),
	                    "1000 of 1000 frames are lost, frame 0 first");
	frame_cache_fill(&c);
	assert_null(frames_check(&c, NULL, 0));
	assert_true(frame_get(&c, &addr));
	assert_int_equal(addr, 0);
	assert_string_equal(frames_check(&c, NULL, 0), "1 of 1000 frames are lost, frame 0 first");
	frame_put(&c, addr + 300); /* data lies somewhere in the chunk */
	assert_null(frames_check(&c, NULL, 0));
	c.addr[0] = c.addr[1];
	assert_string_equal(frames_check(&c, NULL, 0),
	                    "frame 998 is in a free list and in a free list");
	frame_cache_fini(&c);
	frames_free(f);
}

static void an_empty_list_gives_nothing(void **)
{
	struct frame_cache c;
	struct frames *f = NULL;
	uint64_t addr = 0;

	assert_int_equal(frames_new(&f, 1, 4096, FRAMES_HUGE_NEVER), 0);
	assert_false(f->huge);
	assert_int_equal(f->shift, 12);
	assert_int_equal(frame_cache_init(&c, f), 0);
	assert_false(frame_get(&c, &addr));
	frame_cache_fini(&c);
	frames_free(f);
}

static void chunks_are_2048_or_4096(void **)
{
	struct frames *f = NULL;

	assert_int_equal(frames_new(&f, 10, 1024, FRAMES_HUGE_PREFER), -EINVAL);
	assert_int_equal(frames_new(&f, 10, 3000, FRAMES_HUGE_PREFER), -EINVAL);
	assert_int_equal(frames_new(&f, 0, 2048, FRAMES_HUGE_PREFER), -EINVAL);
	assert_null(f);
}

static void the_memory_starts_on_a_huge_page(void **)
{
	struct frames *f = NULL;

	assert_int_equal(frames_new(&f, 2048, 2048, FRAMES_HUGE_PREFER), 0);
	assert_int_equal((uintptr_t)f->base % (2 << 20), 0);
	assert_int_equal(f->bytes, 4 << 20);
	f->base[f->bytes - 1] = 1;
	frames_free(f);
}

/* I7 */
static void recovery_takes_just_the_frames_of_the_tag(void **)
{
	struct frame_cache c;
	struct frames *f = NULL;
	uint64_t addr[6] = {0};

	assert_int_equal(frames_new(&f, 100, 2048, FRAMES_HUGE_NEVER), 0);
	assert_int_equal(frame_cache_init(&c, f), 0);
	frame_cache_fill(&c);
	for (int i = 0; i < 6; i++) {
		assert_true(frame_get(&c, &addr[i]));
		f->tag[frame_index(f, addr[i])] = i < 4 ? 7 : 8;
	}
	frame_put(&c, addr[0]);              /* came back from queue 7 */
	f->tag[frame_index(f, addr[1])] = 0; /* another thread's now */
	assert_int_equal(frames_recover(&c, 7), 2);
	assert_int_equal(frames_recover(&c, 7), 0);
	frame_put(&c, addr[1]);
	assert_int_equal(frames_recover(&c, 8), 2);
	assert_null(frames_check(&c, NULL, 0));
	frame_cache_fini(&c);
	frames_free(f);
}

/* The agent's order to send and the one to recover may follow each other in one batch. */
static void recovery_leaves_a_frame_that_is_being_written(void **)
{
	struct frame_cache c;
	struct frames *f = NULL;
	uint64_t addr = 0;

	assert_int_equal(frames_new(&f, 1, 2048, FRAMES_HUGE_NEVER), 0);
	assert_int_equal(frame_cache_init(&c, f), 0);
	frame_cache_fill(&c);
	f->tag[0] = 7; /* came in by queue 7, was freed */
	assert_true(frame_get(&c, &addr));
	assert_int_equal(frames_recover(&c, 7), 0);
	assert_int_equal(f->tag[0], FRAME_TAG_OTHER);
	frame_put(&c, addr);
	assert_null(frames_check(&c, NULL, 0));
	frame_cache_fini(&c);
	frames_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_list_has_every_frame_once),
		cmocka_unit_test(an_empty_list_gives_nothing),
		cmocka_unit_test(chunks_are_2048_or_4096),
		cmocka_unit_test(the_memory_starts_on_a_huge_page),
		cmocka_unit_test(recovery_takes_just_the_frames_of_the_tag),
		cmocka_unit_test(recovery_leaves_a_frame_that_is_being_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
