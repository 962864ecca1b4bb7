/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/control_conn.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/control_request.h"
#include "base/clock.h"
#include "base/log.h"

enum conn_state {
	CONN_REQUEST, /* waits for the request's newline */
	CONN_LATER,   /* a command works on the answer */
	CONN_ROWS,    /* rows are made and sent */
	CONN_END,     /* the last line is in @out */
};

struct control_conn {
	struct control_reply reply;
	struct control_conns *shared;
	struct cds_list_head node;
	struct loop_watch watch;
	struct loop_timer timer; /* to drop the client at */
	enum conn_state state;
	char *in;
	size_t in_len;
	size_t in_size;
	struct json out;
	size_t sent; /* of @out */
};

static struct control_conn *conn_of(struct control_reply *r)
{
	return caa_container_of(r, struct control_conn, reply);
}

/* The answer is over, or nobody waits for it any more. */
static void conn_close_reply(struct control_conn *c)
{
	if (c->reply.close != NULL)
		c->reply.close(&c->reply);
	c->reply.close = NULL;
	c->reply.next = NULL;
}

static void conn_free(struct control_conn *c)
{
	struct control_conns *s = c->shared;

	conn_close_reply(c);
	loop_timer_disarm(&c->timer);
	loop_watch_del(s->loop, &c->watch);
	close(c->watch.fd);
	cds_list_del(&c->node);
	json_fini(&c->out);
	free(c->reply.error);
	free(c->reply.message);
	free(c->in);
	free(c);
	s->n--;
	s->closed(s);
}

static void conn_expired(void *ctx, uint64_t)
{
	conn_free(ctx);
}

static void conn_arm(struct control_conn *c, uint64_t wait_ns)
{
	loop_timer_arm(c->shared->loop, &c->timer, clock_ns() + wait_ns, 0);
}

/* Let the loop call while the client takes bytes, and give it time to. */
static void conn_answer(struct control_conn *c, enum conn_state state)
{
	c->state = state;
	loop_watch_set(c->shared->loop, &c->watch, EPOLLOUT);
	conn_arm(c, c->shared->cfg.stall_ns);
}

static void conn_last_line(struct control_conn *c)
{
	struct json *j = &c->out;

	conn_close_reply(c);
	json_begin_object(j);
	json_add_int(j, "exit", c->reply.exit);
	json_add_string(j, "error", c->reply.error);
	json_add_string(j, "message", c->reply.message);
	json_end_object(j);
	json_end_line(j);
	c->state = CONN_END;
}

/* Make one row. Return: false if there are no more. */
static bool conn_row(struct control_conn *c)
{
	struct control_reply *r = &c->reply;
	struct json *j = &c->out;
	size_t line = j->len;
	bool more;

	json_begin_object(j);
	more = r->next != NULL && r->exit == VIADUCT_EXIT_DONE && r->next(r, j);
	if (!more || j->len == line + 1) {
		json_rewind(j, line);
		return more;
	}
	json_end_object(j);
	json_end_line(j);
	return true;
}

static void conn_rows(struct control_conn *c)
{
	for (int i = 0; i < CONN_ROWS_PER_TURN && c->out.len < CONN_OUT_BYTES; i++) {
		if (!conn_row(c)) {
			conn_last_line(c);
			return;
		}
	}
}

/* Send what is there. Return: 0, or -errno when the client is lost. */
static int conn_send(struct control_conn *c)
{
	ssize_t n = send(c->watch.fd, c->out.text + c->sent, c->out.len - c->sent,
	                 MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	c->sent += (size_t)n;
	if (c->sent == c->out.len) {
		json_rewind(&c->out, 0);
		c->sent = 0;
	}
	return 0;
}

/* The client takes bytes: make some if none wait, and send. Return: false when it is over. */
static bool conn_writable(struct control_conn *c)
{
	if (c->state == CONN_ROWS && c->out.len == 0)
		conn_rows(c);
	if (c->out.failed) {
		log_warning("control: out of memory, a client is dropped");
		return false;
	}
	if (c->out.len > 0 && conn_send(c) < 0)
		return false;
	conn_arm(c, c->shared->cfg.stall_ns);
	return c->state != CONN_END || c->out.len > 0;
}

/* How many of @words, which are parted by blanks, @r starts with all of; 0 if it does not. */
static size_t command_match(const char *words, const struct control_request *r)
{
	for (size_t n = 0; n < r->n; n++) {
		size_t len = strcspn(words, " ");

		if (strlen(r->word[n]) != len || memcmp(r->word[n], words, len) != 0)
			return 0;
		if (words[len] == '\0')
			return n + 1;
		words += len + 1;
	}
	return 0;
}

static int conn_command(struct control_conn *c, const struct control_request *request)
{
	const struct control_config *cfg = &c->shared->cfg;
	const struct control_command *command = NULL;
	size_t skip = 0;

	for (size_t i = 0; i < cfg->n_commands; i++) {
		size_t n = command_match(cfg->commands[i].words, request);

		if (n > skip) {
			skip = n;
			command = &cfg->commands[i];
		}
	}
	if (command == NULL)
		return control_refuse(&c->reply, VIADUCT_EXIT_USAGE, "%s: unknown command",
		                      request->word[0]);
	if (request->n - skip > command->max_args)
		return control_refuse(&c->reply, VIADUCT_EXIT_USAGE, "%s: unexpected \"%s\"",
		                      command->words, request->word[skip + command->max_args]);
	return command->open(cfg->ctx, &c->reply, request->word + skip, request->n - skip);
}

/* Carry out the request, the first @len bytes of @in. */
static void conn_begin(struct control_conn *c, size_t len)
{
	struct control_request request;
	char error[256];
	int exit;

	/* While a command works, only the client's death is of interest. */
	c->state = CONN_LATER;
	loop_watch_set(c->shared->loop, &c->watch, 0);
	loop_timer_disarm(&c->timer);
	if (control_request_parse(c->in, len, &request, error, sizeof(error)) < 0) {
		exit = control_refuse(&c->reply, VIADUCT_EXIT_USAGE, "request: %s", error);
	} else {
		exit = conn_command(c, &request);
		control_request_fini(&request);
	}
	free(c->in);
	c->in = NULL;
	if (exit != CONTROL_LATER)
		control_finish(&c->reply, (enum viaduct_exit)exit);
}

/* Make room for more of the request. Return: 0 or -ENOMEM. */
static int conn_grow(struct control_conn *c)
{
	size_t size = c->in_size > 0 ? c->in_size * 2 : 1024;
	char *in;

	if (c->in_len < c->in_size)
		return 0;
	in = realloc(c->in, size);
	if (in == NULL)
		return -ENOMEM;
	c->in = in;
	c->in_size = size;
	return 0;
}

/* The client sent something. Return: false when it is lost. */
static bool conn_readable(struct control_conn *c)
{
	const char *newline;
	ssize_t n;

	if (conn_grow(c) < 0)
		return false;
	n = recv(c->watch.fd, c->in + c->in_len, c->in_size - c->in_len, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	newline = memchr(c->in + c->in_len, '\n', (size_t)n);
	c->in_len += (size_t)n;
	if (newline != NULL) {
		conn_begin(c, (size_t)(newline - c->in));
	} else if (c->in_len == VIADUCT_CONTROL_REQUEST_MAX) {
		control_refuse(&c->reply, VIADUCT_EXIT_USAGE, "request: longer than %d bytes",
		               VIADUCT_CONTROL_REQUEST_MAX);
		conn_answer(c, CONN_ROWS);
	}
	return true;
}

static void conn_ready(void *ctx, uint32_t events)
{
	struct control_conn *c = ctx;
	bool lives = (events & (EPOLLHUP | EPOLLERR)) == 0;

	if (lives && (events & EPOLLIN) != 0)
		lives = conn_readable(c);
	else if (lives && (events & EPOLLOUT) != 0)
		lives = conn_writable(c);
	if (!lives)
		conn_free(c);
}

int control_conn_new(struct control_conns *s, int fd)
{
	struct control_conn *c = calloc(1, sizeof(*c));
	int err;

	if (c == NULL)
		return -ENOMEM;
	c->shared = s;
	c->watch = (struct loop_watch){.fd = fd, .ready = conn_ready, .ctx = c};
	c->timer = (struct loop_timer){.fire = conn_expired, .ctx = c};
	err = loop_watch_add(s->loop, &c->watch, EPOLLIN);
	if (err < 0) {
		free(c);
		return err;
	}
	conn_arm(c, s->cfg.request_ns);
	cds_list_add(&c->node, &s->list);
	s->n++;
	return 0;
}

void control_conns_close(struct control_conns *s)
{
	struct cds_list_head *at = s->list.next;

	while (at != &s->list) {
		struct control_conn *c = cds_list_entry(at, struct control_conn, node);

		at = at->next;
		conn_free(c);
	}
}

/* Put the formatted text behind *@text, on a line of its own. */
__attribute__((format(printf, 2, 0))) static void text_add_line(char **text, const char *format,
                                                                va_list ap)
{
	char *line;
	char *all;

	if (vasprintf(&line, format, ap) < 0)
		return; /* the exit status still tells */
	if (*text == NULL) {
		*text = line;
		return;
	}
	if (asprintf(&all, "%s\n%s", *text, line) >= 0) {
		free(*text);
		*text = all;
	}
	free(line);
}

int control_refuse(struct control_reply *r, enum viaduct_exit exit, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	text_add_line(&r->error, format, ap);
	va_end(ap);
	r->exit = (int)exit;
	return (int)exit;
}

void control_say(struct control_reply *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	text_add_line(&r->message, format, ap);
	va_end(ap);
}

void control_finish(struct control_reply *r, enum viaduct_exit exit)
{
	if (r->exit == VIADUCT_EXIT_DONE)
		r->exit = (int)exit;
	conn_answer(conn_of(r), CONN_ROWS);
}
