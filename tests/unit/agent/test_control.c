/* SPDX-License-Identifier: BSD-2-Clause */
/* Server and clients share one loop: what is waited for is always an event. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/control.h"
#include "agent/control_conn.h"
#include "base/clock.h"
#include "base/rcu.h"

struct fixture {
	struct loop *loop;
	struct control *control;
	struct control_config cfg;
	char dir[32];
	char socket[64];
	struct control_reply *later;
	unsigned int opened, closed;
	uint64_t rows; /* made in all */
};

struct client {
	struct fixture *f;
	struct loop_watch watch;
	bool over;
	uint64_t lines;
	char tail[512];
	size_t tail_len;
};

struct cursor {
	struct fixture *f;
	uint64_t at, end, every;
};

static bool cursor_next(struct control_reply *r, struct json *row)
{
	struct cursor *c = r->state;

	if (c->at == c->end)
		return false;
	c->f->rows++;
	if (c->at++ % c->every != 0)
		return true;
	json_add_uint(row, "n", c->at - 1);
	json_add_string(row, "text", "0123456789012345678901234567890123456789");
	return true;
}

static void cursor_close(struct control_reply *r)
{
	struct cursor *c = r->state;

	c->f->closed++;
	free(c);
}

static int rows_open(void *ctx, struct control_reply *r, char *const *args, size_t n)
{
	struct fixture *f = ctx;
	struct cursor *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->f = f;
	c->end = n > 0 ? strtoull(args[0], NULL, 10) : 3;
	c->every = n > 1 ? strtoull(args[1], NULL, 10) : 1;
	r->next = cursor_next;
	r->close = cursor_close;
	r->state = c;
	f->opened++;
	return VIADUCT_EXIT_DONE;
}

static int broken_open(void *, struct control_reply *r, char *const *, size_t)
{
	control_refuse(r, VIADUCT_EXIT_INVALID, "a.yaml:1:1: first");
	return control_refuse(r, VIADUCT_EXIT_INVALID, "a.yaml:2:1: second");
}

static void later_close(struct control_reply *r)
{
	struct fixture *f = r->state;

	f->closed++;
	f->later = NULL;
}

static int later_open(void *ctx, struct control_reply *r, char *const *, size_t)
{
	struct fixture *f = ctx;

	f->later = r;
	f->opened++;
	r->close = later_close;
	r->state = f;
	return CONTROL_LATER;
}

static int now_open(void *, struct control_reply *r, char *const *, size_t)
{
	control_say(r, "done before anyone asked");
	control_finish(r, VIADUCT_EXIT_DIFFERENT);
	return CONTROL_LATER;
}

static const struct control_command commands[] = {
	{"show", 0, broken_open},
	{"show rows", 2, rows_open},
	{"reload", 0, later_open},
	{"now", 0, now_open},
};

static void server_start(struct fixture *f)
{
	assert_int_equal(control_new(&f->control, f->loop, &f->cfg), 0);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	rcu_register_thread();
	strcpy(f->dir, "/tmp/viaduct-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->socket, sizeof(f->socket), "%s/%s", f->dir, VIADUCT_CONTROL_SOCKET);
	f->cfg = (struct control_config){
		.run_dir = f->dir,
		.commands = commands,
		.n_commands = sizeof(commands) / sizeof(commands[0]),
		.ctx = f,
	};
	assert_int_equal(loop_new(&f->loop), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char lock[64];

	control_free(f->control);
	assert_int_equal(f->opened, f->closed);
	assert_int_equal(access(f->socket, F_OK), -1);
	snprintf(lock, sizeof(lock), "%s/%s", f->dir, VIADUCT_CONTROL_LOCK);
	unlink(lock);
	assert_int_equal(rmdir(f->dir), 0);
	loop_free(f->loop);
	free(f);
	rcu_unregister_thread();
	return 0;
}

static int client_connect(const struct fixture *f)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", f->socket);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Count lines, keep the end. */
static void client_ready(void *ctx, uint32_t)
{
	struct client *c = ctx;
	char bytes[4096];
	ssize_t n = recv(c->watch.fd, bytes, sizeof(bytes), 0);

	if (n <= 0) {
		c->over = true;
		loop_watch_del(c->f->loop, &c->watch);
		close(c->watch.fd);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (c->tail_len == sizeof(c->tail) - 1) {
			c->tail_len /= 2;
			memmove(c->tail, c->tail + sizeof(c->tail) - 1 - c->tail_len, c->tail_len);
		}
		c->tail[c->tail_len++] = bytes[i];
		c->lines += bytes[i] == '\n';
	}
	c->tail[c->tail_len] = '\0';
}

static void client_start(struct client *c, struct fixture *f, const char *request)
{
	*c = (struct client){.f = f};
	c->watch = (struct loop_watch){.fd = client_connect(f), .ready = client_ready, .ctx = c};
	assert_true(c->watch.fd >= 0);
	assert_int_equal(send(c->watch.fd, request, strlen(request), MSG_NOSIGNAL),
	                 strlen(request));
	assert_int_equal(loop_watch_add(f->loop, &c->watch, EPOLLIN), 0);
}

static void turn(struct fixture *f)
{
	assert_int_equal(loop_turn(f->loop, UINT64_MAX), 0);
}

static void client_finish(struct client *c)
{
	while (!c->over)
		turn(c->f);
}

static void ask(struct client *c, struct fixture *f, const char *request)
{
	client_start(c, f, request);
	client_finish(c);
}

#define ROWS(args) "{\"viaduct\":1,\"command\":[\"show\",\"rows\"" args "]}\n"
#define TEXT       "\"text\":\"0123456789012345678901234567890123456789\"}\n"

static void rows_then_the_last_line(void **state)
{
	struct client c;

	server_start(*state);
	ask(&c, *state, ROWS(""));
	assert_string_equal(c.tail,
	                    "{\"n\":0," TEXT "{\"n\":1," TEXT "{\"n\":2," TEXT "{\"exit\":0}\n");
}

static void the_longest_command_wins_and_errors_have_lines(void **state)
{
	struct client c;

	server_start(*state);
	ask(&c, *state, "{\"viaduct\":1,\"command\":[\"show\"]}\n");
	assert_string_equal(c.tail,
	                    "{\"exit\":4,\"error\":\"a.yaml:1:1: first\\na.yaml:2:1: second\"}\n");
}

static void what_does_not_exist_is_refused(void **state)
{
	struct client c;

	server_start(*state);
	ask(&c, *state, "{\"viaduct\":1,\"command\":[\"shows\",\"rows\"]}\n");
	assert_string_equal(c.tail, "{\"exit\":2,\"error\":\"shows: unknown command\"}\n");
	ask(&c, *state, ROWS(",\"1\",\"1\",\"x\""));
	assert_string_equal(c.tail, "{\"exit\":2,\"error\":\"show rows: unexpected \\\"x\\\"\"}\n");
}

static void garbage_gets_one_clear_error(void **state)
{
	struct client c;

	server_start(*state);
	ask(&c, *state, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(c.lines, 1);
	assert_non_null(strstr(c.tail, "{\"exit\":2,\"error\":\"request: not JSON: "));
}

static void a_request_may_come_byte_by_byte(void **state)
{
	static const char request[] = ROWS(",\"1\"");
	struct fixture *f = *state;
	struct client c;

	server_start(f);
	client_start(&c, f, "");
	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		assert_int_equal(send(c.watch.fd, request + i, 1, 0), 1);
		turn(f);
	}
	client_finish(&c);
	assert_string_equal(c.tail, "{\"n\":0," TEXT "{\"exit\":0}\n");
}

static void an_oversized_request_gets_one_clear_error(void **state)
{
	struct fixture *f = *state;
	size_t size = (size_t)2 * VIADUCT_CONTROL_REQUEST_MAX;
	char *big = malloc(size);
	struct client c;

	assert_non_null(big);
	memset(big, 'x', size - 1);
	big[size - 1] = '\0';
	server_start(f);
	ask(&c, f, big);
	assert_string_equal(c.tail,
	                    "{\"exit\":2,\"error\":\"request: longer than 65536 bytes\"}\n");
	free(big);
}

static void a_half_closed_client_gets_its_answer(void **state)
{
	struct client c;

	server_start(*state);
	client_start(&c, *state, ROWS(",\"1000\""));
	shutdown(c.watch.fd, SHUT_WR);
	client_finish(&c);
	assert_int_equal(c.lines, 1001);
}

static void an_answer_may_come_later(void **state)
{
	struct fixture *f = *state;
	struct client other;
	struct client c;

	server_start(f);
	client_start(&c, f, "{\"viaduct\":1,\"command\":[\"reload\"]}\n");
	while (f->later == NULL)
		turn(f);
	ask(&other, f, ROWS(""));
	assert_int_equal(other.lines, 4);
	assert_false(c.over);
	control_say(f->later, "revision %d in force", 42);
	control_finish(f->later, VIADUCT_EXIT_DONE);
	client_finish(&c);
	assert_string_equal(c.tail, "{\"exit\":0,\"message\":\"revision 42 in force\"}\n");
	ask(&c, f, "{\"viaduct\":1,\"command\":[\"now\"]}\n");
	assert_string_equal(c.tail, "{\"exit\":6,\"message\":\"done before anyone asked\"}\n");
}

static void a_client_that_goes_while_its_command_works_is_forgotten(void **state)
{
	struct fixture *f = *state;
	struct client c;

	server_start(f);
	client_start(&c, f, "{\"viaduct\":1,\"command\":[\"reload\"]}\n");
	while (f->later == NULL)
		turn(f);
	close(c.watch.fd);
	while (f->later != NULL)
		turn(f);
	assert_int_equal(control_clients(f->control), 0);
}

static void a_client_that_vanishes_in_mid_answer_is_forgotten(void **state)
{
	struct fixture *f = *state;
	struct client c;

	server_start(f);
	client_start(&c, f, ROWS(",\"1000000\""));
	while (c.lines == 0)
		turn(f);
	close(c.watch.fd);
	while (control_clients(f->control) > 0)
		turn(f);
	assert_int_equal(f->closed, 1);
	assert_true(f->rows < 100000);
}

/* The client's end of the socket is never read: the rows stop, then the client goes. */
static void a_stuck_client_is_dropped_and_makes_no_rows(void **state)
{
	struct fixture *f = *state;
	struct client other;
	int fd;

	f->cfg.stall_ns = 100 * NS_PER_MS;
	server_start(f);
	fd = client_connect(f);
	assert_true(send(fd, ROWS(",\"1000000\""), strlen(ROWS(",\"1000000\"")), 0) > 0);
	while (f->opened == 0)
		turn(f);
	ask(&other, f, ROWS(",\"5\""));
	assert_int_equal(other.lines, 6);
	while (control_clients(f->control) > 0)
		turn(f);
	assert_true(f->rows < 100000);
	assert_int_equal(f->closed, 2);
	close(fd);
}

static void a_client_without_a_request_is_dropped(void **state)
{
	struct fixture *f = *state;
	struct client c;

	f->cfg.request_ns = 5 * NS_PER_MS;
	server_start(f);
	client_start(&c, f, "{\"viaduct\"");
	client_finish(&c);
	assert_int_equal(c.lines, 0);
	assert_int_equal(control_clients(f->control), 0);
}

static void a_million_rows_stream_in_bounded_memory_and_turns(void **state)
{
	struct fixture *f = *state;
	size_t before = mallinfo2().uordblks;
	struct client other = {0};
	struct client c;

	server_start(f);
	client_start(&c, f, ROWS(",\"1000000\""));
	while (!c.over) {
		uint64_t rows = f->rows;

		turn(f);
		assert_true(f->rows - rows <= CONN_ROWS_PER_TURN);
		assert_true(mallinfo2().uordblks < before + (1 << 20));
		if (other.lines == 0 && f->rows > 200000) {
			ask(&other, f, ROWS(",\"1\""));
			assert_false(c.over);
		}
	}
	assert_int_equal(other.lines, 2);
	assert_int_equal(c.lines, 1000001);
	assert_non_null(strstr(c.tail, "{\"n\":999999," TEXT "{\"exit\":0}\n"));
}

static void a_cursor_that_searches_lets_others_have_turns(void **state)
{
	struct fixture *f = *state;
	struct client other;
	struct client c;

	server_start(f);
	client_start(&c, f, ROWS(",\"1000000\",\"400000\""));
	while (f->opened == 0)
		turn(f);
	ask(&other, f, ROWS(",\"1\""));
	assert_true(f->rows < 100000);
	client_finish(&c);
	assert_int_equal(c.lines, 4);
}

static void a_hundred_clients_are_served_at_once(void **state)
{
	static struct client c[100];
	struct fixture *f = *state;
	unsigned int most = 0;

	server_start(f);
	for (int i = 0; i < 100; i++)
		client_start(&c[i], f, ROWS(",\"20000\""));
	for (int i = 0; i < 100; i++) {
		while (!c[i].over) {
			turn(f);
			if (control_clients(f->control) > most)
				most = control_clients(f->control);
		}
		assert_int_equal(c[i].lines, 20001);
	}
	assert_int_equal(most, 100);
}

static void clients_beyond_the_limit_wait_for_their_turn(void **state)
{
	static struct client c[20];
	struct fixture *f = *state;

	f->cfg.max_clients = 3;
	server_start(f);
	for (int i = 0; i < 20; i++)
		client_start(&c[i], f, ROWS(",\"2000\""));
	for (int i = 0; i < 20; i++) {
		while (!c[i].over) {
			turn(f);
			assert_true(control_clients(f->control) <= 3);
		}
		assert_int_equal(c[i].lines, 2001);
	}
}

static void random_bytes_never_hurt_the_server(void **state)
{
	struct fixture *f = *state;
	unsigned short seed[3] = {3, 1, 4};
	struct client c;

	server_start(f);
	for (int round = 0; round < 2000; round++) {
		char bytes[256];
		size_t n = 1 + (size_t)(nrand48(seed) % (long)(sizeof(bytes) - 2));

		for (size_t i = 0; i < n; i++)
			bytes[i] = (char)(1 + nrand48(seed) % 255);
		bytes[n - 1] = '\n';
		bytes[n] = '\0';
		ask(&c, f, bytes);
		assert_int_equal(c.lines, 1);
	}
	ask(&c, f, ROWS(""));
	assert_int_equal(c.lines, 4);
}

static void only_the_owner_may_connect(void **state)
{
	struct fixture *f = *state;
	struct stat s;

	server_start(f);
	assert_int_equal(stat(f->socket, &s), 0);
	assert_true(S_ISSOCK(s.st_mode));
	assert_int_equal(s.st_mode & 0777, 0600);
}

static void a_dead_daemons_socket_is_replaced(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct client c;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", f->socket);
	assert_int_equal(bind(dead, (struct sockaddr *)&a, sizeof(a)), 0);
	close(dead);
	assert_int_equal(client_connect(f), -1);
	server_start(f);
	ask(&c, f, ROWS(""));
	assert_int_equal(c.lines, 4);
}

static void a_second_daemon_is_told_who_was_first(void **state)
{
	struct fixture *f = *state;
	int first;
	int second = -1;
	int pid = 0;

	assert_int_equal(control_lock(f->dir, &first, &pid), 0);
	assert_int_equal(control_lock(f->dir, &second, &pid), -EALREADY);
	assert_int_equal(pid, getpid());
	assert_int_equal(second, -1);
	close(first);
	assert_int_equal(control_lock(f->dir, &second, &pid), 0);
	close(second);
}

static void a_path_too_long_for_a_socket_is_refused(void **state)
{
	struct fixture *f = *state;
	char deep[200];
	struct control *c = NULL;

	memset(deep, 'x', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	f->cfg.run_dir = deep;
	assert_int_equal(control_new(&c, f->loop, &f->cfg), -ENAMETOOLONG);
	f->cfg.run_dir = "/nonexistent";
	assert_int_equal(control_new(&c, f->loop, &f->cfg), -ENOENT);
	assert_null(c);
}

static void what_runs_is_closed_with_the_server(void **state)
{
	struct fixture *f = *state;
	struct client a;
	struct client b;

	server_start(f);
	client_start(&a, f, "{\"viaduct\":1,\"command\":[\"reload\"]}\n");
	client_start(&b, f, ROWS(",\"1000000\""));
	while (f->later == NULL || b.lines == 0)
		turn(f);
	control_free(f->control);
	f->control = NULL;
	assert_int_equal(f->closed, 2);
	client_finish(&a);
	client_finish(&b);
}

#define server_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(rows_then_the_last_line),
		server_test(the_longest_command_wins_and_errors_have_lines),
		server_test(what_does_not_exist_is_refused),
		server_test(garbage_gets_one_clear_error),
		server_test(a_request_may_come_byte_by_byte),
		server_test(an_oversized_request_gets_one_clear_error),
		server_test(a_half_closed_client_gets_its_answer),
		server_test(an_answer_may_come_later),
		server_test(a_client_that_goes_while_its_command_works_is_forgotten),
		server_test(a_client_that_vanishes_in_mid_answer_is_forgotten),
		server_test(a_stuck_client_is_dropped_and_makes_no_rows),
		server_test(a_client_without_a_request_is_dropped),
		server_test(a_million_rows_stream_in_bounded_memory_and_turns),
		server_test(a_cursor_that_searches_lets_others_have_turns),
		server_test(a_hundred_clients_are_served_at_once),
		server_test(clients_beyond_the_limit_wait_for_their_turn),
		server_test(random_bytes_never_hurt_the_server),
		server_test(only_the_owner_may_connect),
		server_test(a_dead_daemons_socket_is_replaced),
		server_test(a_second_daemon_is_told_who_was_first),
		server_test(a_path_too_long_for_a_socket_is_refused),
		server_test(what_runs_is_closed_with_the_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
