/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netlink/journal.h"

static void example_fill(struct journal *j, int ifindex)
{
	uint8_t bytes[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	*j = (struct journal){
		.link = {.ifindex = ifindex, .mtu = 1500, .mac = 0x0102, .up = 1, .name = "wan0"},
	};
	for (size_t i = 0; i < 5; i++) {
		nlh = mnl_nlmsg_put_header(bytes);
		nlh->nlmsg_type = i % 2 == 0 ? RTM_NEWADDR : RTM_NEWROUTE;
		mnl_nlmsg_put_extra_header(nlh, 12);
		mnl_attr_put(nlh, 1, 2 * i + 1, "abcdefghijkl");
		assert_int_equal(journal_add(j, nlh), 0);
	}
}

static void assert_same(const struct journal *a, const struct journal *b)
{
	assert_memory_equal(&a->link, &b->link, sizeof(a->link));
	assert_int_equal(a->bytes, b->bytes);
	assert_memory_equal(a->messages, b->messages, a->bytes);
}

static int dir_make(void **state)
{
	char *dir = strdup("/tmp/test_journal.XXXXXX");

	*state = dir;
	return dir == NULL || mkdtemp(dir) == NULL;
}

static int dir_remove(void **state)
{
	static const char *const left[] = {"journal-7", "journal-7.bad", "journal-9", "journal-x",
	                                   "journal-0", "journal-7.new", "journal-12"};
	char path[128];

	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", (char *)*state, left[i]);
		unlink(path);
	}
	rmdir(*state);
	free(*state);
	return 0;
}

static void file_put(const char *dir, const char *name, const void *bytes, size_t n)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static int file_there(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static void what_is_encoded_is_decoded(void **)
{
	struct journal j, back = {0};
	uint8_t *file;
	size_t n;

	example_fill(&j, 7);
	assert_int_equal(journal_encode(&j, &file, &n), 0);
	assert_int_equal(journal_decode(&back, file, n), 0);
	assert_same(&j, &back);
	free(file);
	journal_fini(&back);
	journal_fini(&j);
}

static void a_journal_without_messages_is_one_too(void **)
{
	struct journal j = {.link = {.ifindex = 3}}, back = {0};
	uint8_t *file;
	size_t n;

	assert_int_equal(journal_encode(&j, &file, &n), 0);
	assert_int_equal(journal_decode(&back, file, n), 0);
	assert_int_equal(back.bytes, 0);
	assert_int_equal(back.link.ifindex, 3);
	free(file);
	journal_fini(&back);
}

static void every_truncation_is_noticed(void **)
{
	struct journal j, back = {0};
	uint8_t *file;
	size_t n;

	example_fill(&j, 7);
	assert_int_equal(journal_encode(&j, &file, &n), 0);
	for (size_t cut = 0; cut < n; cut++) {
		uint8_t *part = malloc(cut + 1); /* of its own, so that ASan sees an overrun */

		memcpy(part, file, cut);
		assert_int_equal(journal_decode(&back, part, cut), -EBADMSG);
		free(part);
	}
	free(file);
	journal_fini(&j);
}

static void every_flipped_bit_is_noticed(void **)
{
	struct journal j, back = {0};
	uint8_t *file;
	size_t n;

	example_fill(&j, 7);
	assert_int_equal(journal_encode(&j, &file, &n), 0);
	for (size_t bit = 0; bit < n * 8; bit++) {
		file[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_true(journal_decode(&back, file, n) < 0);
		assert_null(back.messages);
		file[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	free(file);
	journal_fini(&j);
}

static void another_version_is_told_from_damage(void **)
{
	struct journal j, back = {0};
	uint8_t *file;
	size_t n;

	example_fill(&j, 7);
	assert_int_equal(journal_encode(&j, &file, &n), 0);
	file[8]++;
	assert_int_equal(journal_decode(&back, file, n), -EPROTONOSUPPORT);
	free(file);
	journal_fini(&j);
}

/* With a sum that is right: a bug of ours, or somebody's file. */
static void messages_of_other_kinds_are_refused(void **)
{
	uint8_t bytes[64] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(bytes);
	struct journal j = {.link = {.ifindex = 3}}, back = {0};
	uint8_t *file;
	size_t n;

	nlh->nlmsg_type = RTM_DELLINK;
	assert_int_equal(journal_add(&j, nlh), 0);
	assert_int_equal(journal_encode(&j, &file, &n), 0);
	assert_int_equal(journal_decode(&back, file, n), -EBADMSG);
	free(file);
	journal_fini(&j);
}

static void what_is_written_is_read(void **state)
{
	struct journal j, back = {0};
	struct why why;

	example_fill(&j, 7);
	assert_int_equal(journal_read(*state, 7, &back, &why), -ENOENT);
	assert_int_equal(journal_write(*state, &j, &why), 0);
	assert_false(file_there(*state, "journal-7.new"));
	assert_int_equal(journal_read(*state, 7, &back, &why), 0);
	assert_same(&j, &back);
	assert_int_equal(journal_remove(*state, 7, &why), 0);
	assert_false(file_there(*state, "journal-7"));
	assert_int_equal(journal_remove(*state, 7, &why), 0);
	journal_fini(&back);
	journal_fini(&j);
}

static void a_damaged_file_is_put_aside_and_the_others_stay(void **state)
{
	struct journal j, back = {0};
	struct why why = {""};

	example_fill(&j, 9);
	assert_int_equal(journal_write(*state, &j, &why), 0);
	file_put(*state, "journal-7", "garbage", 7);
	assert_int_equal(journal_read(*state, 7, &back, &why), -EBADMSG);
	assert_non_null(strstr(why.text, "journal-7 is damaged"));
	assert_false(file_there(*state, "journal-7"));
	assert_true(file_there(*state, "journal-7.bad"));
	assert_int_equal(journal_read(*state, 7, &back, &why), -ENOENT);
	assert_int_equal(journal_read(*state, 9, &back, &why), 0);
	assert_same(&j, &back);
	journal_fini(&back);
	journal_fini(&j);
}

static void a_journal_under_the_number_of_another_device_is_refused(void **state)
{
	struct journal j, back = {0};
	struct why why;
	uint8_t *file;
	size_t n;

	example_fill(&j, 9);
	assert_int_equal(journal_encode(&j, &file, &n), 0);
	file_put(*state, "journal-7", file, n);
	assert_int_equal(journal_read(*state, 7, &back, &why), -EBADMSG);
	assert_null(back.messages);
	free(file);
	journal_fini(&j);
}

static void a_write_that_fails_keeps_the_older_journal(void **state)
{
	struct journal j, back = {0};
	struct why why;
	char path[128];

	example_fill(&j, 7);
	assert_int_equal(journal_write(*state, &j, &why), 0);
	snprintf(path, sizeof(path), "%s/journal-7.new", (char *)*state);
	assert_int_equal(mkdir(path, 0700), 0); /* in the draft's way, root or not */
	j.link.mtu = 9000;
	assert_int_equal(journal_write(*state, &j, &why), -EISDIR);
	assert_non_null(strstr(why.text, "wan0: "));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(journal_read(*state, 7, &back, &why), 0);
	assert_int_equal(back.link.mtu, 1500);
	journal_fini(&back);
	journal_fini(&j);
}

static void only_journals_are_listed_and_drafts_removed(void **state)
{
	struct why why;
	int *found;
	size_t n;

	file_put(*state, "journal-12", "", 0);
	file_put(*state, "journal-7", "", 0);
	file_put(*state, "journal-7.new", "", 0);
	file_put(*state, "journal-7.bad", "", 0);
	file_put(*state, "journal-x", "", 0);
	file_put(*state, "journal-0", "", 0);
	assert_int_equal(journal_list(*state, &found, &n, &why), 0);
	assert_int_equal(n, 2);
	assert_int_equal(found[0] + found[1], 19);
	assert_int_equal(found[0] * found[1], 84);
	assert_false(file_there(*state, "journal-7.new"));
	assert_true(file_there(*state, "journal-7.bad"));
	free(found);
}

static void a_directory_that_is_not_there_has_no_journals(void **)
{
	struct why why;
	int *found;
	size_t n;

	assert_int_equal(journal_list("/nonexistent/viaduct", &found, &n, &why), 0);
	assert_int_equal(n, 0);
	free(found);
}

#define in_dir(test) cmocka_unit_test_setup_teardown(test, dir_make, dir_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_encoded_is_decoded),
		cmocka_unit_test(a_journal_without_messages_is_one_too),
		cmocka_unit_test(every_truncation_is_noticed),
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(another_version_is_told_from_damage),
		cmocka_unit_test(messages_of_other_kinds_are_refused),
		in_dir(what_is_written_is_read),
		in_dir(a_damaged_file_is_put_aside_and_the_others_stay),
		in_dir(a_journal_under_the_number_of_another_device_is_refused),
		in_dir(a_write_that_fails_keeps_the_older_journal),
		in_dir(only_journals_are_listed_and_drafts_removed),
		cmocka_unit_test(a_directory_that_is_not_there_has_no_journals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
