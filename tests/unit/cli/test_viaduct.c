/* SPDX-License-Identifier: BSD-2-Clause */
/* The program `viaduct`, run by a shell, against the real server with commands of this test. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <jansson.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/control.h"
#include "base/rcu.h"

static const char *program;

struct daemon {
	struct loop *loop;
	struct control *control;
	char dir[32];
	pid_t pid;
	char out[65536]; /* of the last run: standard output and error, then "exit N" */
};

struct count {
	uint64_t at, end;
	bool dies;
};

static bool count_next(struct control_reply *r, struct json *row)
{
	struct count *c = r->state;

	if (c->at == c->end && c->dies)
		_exit(0);
	if (c->at == c->end)
		return false;
	json_add_string(row, "dst", "10.0.0.0/8");
	json_add_uint(row, "metric", c->at++);
	return true;
}

static void count_close(struct control_reply *r)
{
	free(r->state);
}

static int count_open(struct control_reply *r, uint64_t n, bool dies)
{
	struct count *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return VIADUCT_EXIT_FAILED;
	*c = (struct count){.end = n, .dies = dies};
	r->next = count_next;
	r->close = count_close;
	r->state = c;
	return VIADUCT_EXIT_DONE;
}

static int routes_open(void *, struct control_reply *r, char *const *args, size_t n)
{
	return count_open(r, n > 0 ? strtoull(args[0], NULL, 10) : 2, false);
}

static int neighbours_open(void *, struct control_reply *r, char *const *, size_t)
{
	return count_open(r, 1, true);
}

static bool late_failure(struct control_reply *r, struct json *row)
{
	if (r->state != NULL) {
		control_refuse(r, VIADUCT_EXIT_FAILED, "eth9: gone");
		return false;
	}
	r->state = r;
	json_add_string(row, "ifname", "eth9");
	return true;
}

static int counters_open(void *, struct control_reply *r, char *const *, size_t)
{
	r->next = late_failure;
	return VIADUCT_EXIT_DONE;
}

static bool version_next(struct control_reply *r, struct json *row)
{
	if (r->state != NULL)
		return false;
	r->state = r;
	json_add_string(row, "version", "0.1.0");
	json_add_string(row, "compiler", "gcc");
	return true;
}

static int version_open(void *, struct control_reply *r, char *const *, size_t)
{
	r->next = version_next;
	return VIADUCT_EXIT_DONE;
}

static int reload_open(void *, struct control_reply *r, char *const *, size_t)
{
	control_say(r, "in force in 3.1 ms");
	return VIADUCT_EXIT_DONE;
}

static int workers_open(void *, struct control_reply *r, char *const *, size_t)
{
	control_refuse(r, VIADUCT_EXIT_INVALID, "a.yaml:1:1: first");
	return control_refuse(r, VIADUCT_EXIT_INVALID, "a.yaml:2:1: second\033[2J");
}

static const struct control_command commands[] = {
	{"show routes", 1, routes_open},     {"show neighbours", 0, neighbours_open},
	{"show counters", 0, counters_open}, {"show version", 0, version_open},
	{"show workers", 0, workers_open},   {"reload", 0, reload_open},
};

static int setup(void **state)
{
	struct daemon *d = calloc(1, sizeof(*d));
	struct control_config cfg = {
		.run_dir = d->dir,
		.commands = commands,
		.n_commands = sizeof(commands) / sizeof(commands[0]),
	};

	strcpy(d->dir, "/tmp/viaduct-test-XXXXXX");
	assert_non_null(mkdtemp(d->dir));
	assert_int_equal(loop_new(&d->loop), 0);
	assert_int_equal(control_new(&d->control, d->loop, &cfg), 0);
	d->pid = fork();
	assert_true(d->pid >= 0);
	if (d->pid == 0) {
		rcu_register_thread();
		_exit(loop_run(d->loop) < 0);
	}
	setenv("VIADUCT", program, 1);
	setenv("RUN", d->dir, 1);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct daemon *d = *state;

	kill(d->pid, SIGKILL);
	waitpid(d->pid, NULL, 0);
	control_free(d->control);
	loop_free(d->loop);
	rmdir(d->dir);
	free(d);
	return 0;
}

/* Run @command by a shell. */
static const char *run(struct daemon *d, const char *command)
{
	char line[512];
	FILE *p;
	size_t n;

	snprintf(line, sizeof(line), "exec 2>&1; %s; echo exit $?", command);
	p = popen(line, "r");
	assert_non_null(p);
	n = fread(d->out, 1, sizeof(d->out) - 1, p);
	d->out[n] = '\0';
	pclose(p);
	return d->out;
}

/* The same, on a terminal. */
static const char *run_on_terminal(struct daemon *d, const char *command)
{
	int terminal;
	pid_t pid = forkpty(&terminal, NULL, NULL, NULL);
	size_t n = 0;
	ssize_t got;

	assert_true(pid >= 0);
	if (pid == 0) {
		setenv("TERM", "xterm", 1);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	while ((got = read(terminal, d->out + n, sizeof(d->out) - 1 - n)) > 0)
		n += (size_t)got;
	d->out[n] = '\0';
	close(terminal);
	waitpid(pid, NULL, 0);
	return d->out;
}

static void a_table_is_shown(void **state)
{
	assert_string_equal(run(*state, "$VIADUCT --run-dir $RUN show routes"),
	                    "DST         GATEWAY  DEV  METRIC  PROTOCOL  TYPE  BEST\n"
	                    "10.0.0.0/8                0\n"
	                    "10.0.0.0/8                1\n"
	                    "exit 0\n");
}

static void json_is_one_array(void **state)
{
	assert_string_equal(run(*state, "$VIADUCT --run-dir $RUN show routes -j"),
	                    "[\n {\"dst\":\"10.0.0.0/8\",\"metric\":0},\n"
	                    " {\"dst\":\"10.0.0.0/8\",\"metric\":1}\n]\nexit 0\n");
	assert_string_equal(run(*state, "$VIADUCT --run-dir $RUN -j show routes 0"),
	                    "[]\nexit 0\n");
}

static void one_row_is_shown_as_a_list(void **state)
{
	assert_string_equal(run(*state, "$VIADUCT --run-dir $RUN show version"),
	                    "NAME      VALUE\nversion   0.1.0\ncompiler  gcc\nexit 0\n");
}

static void a_message_is_printed(void **state)
{
	assert_string_equal(run(*state, "$VIADUCT --run-dir $RUN reload"),
	                    "in force in 3.1 ms\nexit 0\n");
}

static void each_error_has_a_line_and_cannot_move_the_cursor(void **state)
{
	assert_string_equal(run(*state, "$VIADUCT --run-dir $RUN show workers"),
	                    "viaduct: a.yaml:1:1: first\nviaduct: a.yaml:2:1: second?[2J\n"
	                    "exit 4\n");
}

static void json_stays_whole_when_the_command_fails_half_way(void **state)
{
	assert_string_equal(run(*state, "$VIADUCT --run-dir $RUN -j show counters 2>/dev/null"),
	                    "[\n {\"ifname\":\"eth9\"}\n]\nexit 1\n");
	assert_string_equal(run(*state, "$VIADUCT --run-dir $RUN show counters"),
	                    "IFNAME  NAME  VALUE\neth9\nviaduct: eth9: gone\nexit 1\n");
}

static void a_daemon_that_dies_half_way_is_noticed(void **state)
{
	struct daemon *d = *state;
	char want[160];

	snprintf(want, sizeof(want),
	         "viaduct: %s/control.sock: the daemon closed the connection before its answer was "
	         "over\nexit 1\n",
	         d->dir);
	assert_string_equal(run(d, "$VIADUCT --run-dir $RUN show neighbours >/dev/null"), want);
}

static void without_a_daemon_the_socket_is_named(void **state)
{
	assert_string_equal(run(*state, "$VIADUCT --run-dir /nonexistent show routes"),
	                    "viaduct: /nonexistent/control.sock: no daemon listens here, is "
	                    "viaductd running?\nexit 3\n");
}

static void wrong_words_are_usage(void **state)
{
	assert_string_equal(run(*state, "$VIADUCT show rutes"),
	                    "viaduct: show rutes: unknown command, did you mean \"show routes\"?\n"
	                    "exit 2\n");
	assert_string_equal(run(*state, "$VIADUCT interfaces"),
	                    "viaduct: interfaces: unknown command, did you mean \"show "
	                    "interfaces\"?\nexit 2\n");
	assert_string_equal(run(*state, "$VIADUCT dance"),
	                    "viaduct: dance: unknown command, see viaduct --help\nexit 2\n");
	assert_string_equal(run(*state, "$VIADUCT --nonsense 2>/dev/null"), "exit 2\n");
	assert_string_equal(run(*state, "$VIADUCT 2>/dev/null"), "exit 2\n");
	assert_string_equal(run(*state, "$VIADUCT --run-dir $RUN show routes 1 2"),
	                    "viaduct: show routes: unexpected \"2\"\nexit 2\n");
}

static void show_alone_lists_what_can_be_shown(void **state)
{
	run(*state, "$VIADUCT show");
	assert_non_null(strstr(((struct daemon *)*state)->out, "  show interfaces "));
	assert_null(strstr(((struct daemon *)*state)->out, "reload"));
	assert_non_null(strstr(((struct daemon *)*state)->out, "exit 0\n"));
}

static void a_million_routes_stream(void **state)
{
	assert_string_equal(run(*state, "$VIADUCT --run-dir $RUN show routes 1000000 | tail -n 1"),
	                    "10.0.0.0/8                999999\nexit 0\n");
	assert_string_equal(run(*state, "$VIADUCT --run-dir $RUN -j show routes 1000000 | wc -l"),
	                    "1000002\nexit 0\n");
}

static void a_reader_that_has_enough_is_no_error(void **state)
{
	static const char want[] =
		"DST         GATEWAY  DEV  METRIC  PROTOCOL  TYPE  BEST\nexit 0\n";

	assert_string_equal(run(*state, "$VIADUCT --run-dir $RUN show routes 1000000 | head -n 1"),
	                    want);
	assert_string_equal(
		run(*state,
	            "trap '' PIPE; $VIADUCT --run-dir $RUN show routes 1000000 | head -n 1"),
		want);
}

static void a_full_disk_is_an_error(void **state)
{
	assert_string_equal(run(*state, "$VIADUCT --run-dir $RUN show routes 100000 >/dev/full"),
	                    "viaduct: standard output: No space left on device\nexit 1\n");
	assert_string_equal(run(*state, "$VIADUCT --run-dir $RUN reload >/dev/full"),
	                    "viaduct: standard output: No space left on device\nexit 1\n");
}

static void colour_is_for_terminals_that_want_it(void **state)
{
	assert_non_null(strstr(run_on_terminal(*state, "$VIADUCT --run-dir $RUN show routes"),
	                       "\033[1mDST"));
	assert_null(strchr(
		run_on_terminal(*state, "NO_COLOR=1 $VIADUCT --run-dir $RUN show routes"), '\033'));
	assert_null(strchr(run(*state, "$VIADUCT --run-dir $RUN show routes"), '\033'));
}

#define daemon_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		daemon_test(a_table_is_shown),
		daemon_test(json_is_one_array),
		daemon_test(one_row_is_shown_as_a_list),
		daemon_test(a_message_is_printed),
		daemon_test(each_error_has_a_line_and_cannot_move_the_cursor),
		daemon_test(json_stays_whole_when_the_command_fails_half_way),
		daemon_test(a_daemon_that_dies_half_way_is_noticed),
		daemon_test(without_a_daemon_the_socket_is_named),
		daemon_test(wrong_words_are_usage),
		daemon_test(show_alone_lists_what_can_be_shown),
		daemon_test(a_million_routes_stream),
		daemon_test(a_reader_that_has_enough_is_no_error),
		daemon_test(a_full_disk_is_an_error),
		daemon_test(colour_is_for_terminals_that_want_it),
	};

	if (argc < 2)
		return 77; /* skipped: the program is not named */
	program = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
