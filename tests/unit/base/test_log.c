/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* Standard error is a pipe of four pages, and this is its reader. */
struct reader {
	int fd, saved;
};

static int reader_setup(void **state)
{
	struct reader *r = calloc(1, sizeof(*r));
	int ends[2];

	assert_non_null(r);
	unsetenv("JOURNAL_STREAM");
	assert_int_equal(pipe(ends), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 16384) >= 16384);
	r->saved = dup(STDERR_FILENO);
	r->fd = ends[0];
	assert_true(r->saved >= 0 && dup2(ends[1], STDERR_FILENO) >= 0);
	close(ends[1]);
	fcntl(r->fd, F_SETFL, O_NONBLOCK);
	alarm(60); /* whoever waits for a reader waits for ever */
	*state = r;
	return 0;
}

static int reader_teardown(void **state)
{
	struct reader *r = *state;

	dup2(r->saved, STDERR_FILENO);
	close(r->saved);
	if (r->fd >= 0)
		close(r->fd);
	free(r);
	alarm(0);
	return 0;
}

/* All that there is to read. */
static const char *reader_text(struct reader *r)
{
	static char text[65536];
	size_t n = 0;
	ssize_t got;

	while ((got = read(r->fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = '\0';
	return text;
}

static unsigned int lines(const char *text)
{
	unsigned int n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static void a_line_is_written_as_it_is_said(void **state)
{
	log_warning("%s is %d", "x", 7);
	assert_string_equal(reader_text(*state), "viaductd: warning: x is 7\n");
}

static void a_reader_that_stopped_is_not_waited_for(void **state)
{
	const unsigned int said = 1000;
	unsigned int taken, lost;
	const char *text;
	char want[128];

	for (unsigned int i = 0; i < said; i++)
		log_notice("line %u", i);
	text = reader_text(*state);
	taken = lines(text);
	lost = said - taken;
	assert_in_range(taken, 1, said - 1);
	snprintf(want, sizeof(want), "viaductd: line %u\n", taken - 1);
	assert_string_equal(text + strlen(text) - strlen(want), want); /* the first ones, whole */
	log_notice("again");
	snprintf(want, sizeof(want),
	         "viaductd: warning: %u lines of the log were lost\nviaductd: again\n", lost);
	assert_string_equal(reader_text(*state), want);
	log_notice("and again"); /* told once */
	assert_string_equal(reader_text(*state), "viaductd: and again\n");
}

static void what_was_lost_is_told_without_another_line(void **state)
{
	unsigned int lost;
	char want[128];

	log_flush();
	assert_string_equal(reader_text(*state), ""); /* nothing was */
	for (unsigned int i = 0; i < 1000; i++)
		log_notice("line %u", i);
	log_flush(); /* still nobody reads */
	lost = 1000 - lines(reader_text(*state));
	log_flush();
	snprintf(want, sizeof(want), "viaductd: warning: %u lines of the log were lost\n", lost);
	assert_string_equal(reader_text(*state), want);
}

static void a_reader_that_is_gone_is_no_loss(void **state)
{
	struct reader *r = *state;

	signal(SIGPIPE, SIG_IGN);
	close(r->fd);
	r->fd = -1;
	for (unsigned int i = 0; i < 1000; i++)
		log_notice("line %u", i);
}

#define reader_test(f) cmocka_unit_test_setup_teardown(f, reader_setup, reader_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		reader_test(a_line_is_written_as_it_is_said),
		reader_test(a_reader_that_stopped_is_not_waited_for),
		reader_test(what_was_lost_is_told_without_another_line),
		reader_test(a_reader_that_is_gone_is_no_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
