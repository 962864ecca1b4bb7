/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/run.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/filter.h"

#define TIMEOUT_S 30
#define LAST_LINE "{\"exit\":" /* how an answer's last line starts */

/* An answer on its way to the screen. */
struct show {
	const struct run *run;
	const struct command *command;
	const char *path;    /* of the socket, for errors */
	struct table *table; /* NULL: JSON */
	bool any;            /* there was a row */
};

/* Print @text to stderr, each of its lines behind our name; nothing in it moves the cursor. */
static void complain(const char *text)
{
	fputs("viaduct: ", stderr);
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			fputs("\nviaduct: ", stderr);
		else
			fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, stderr);
	}
	fputc('\n', stderr);
}

static enum viaduct_exit fail(enum viaduct_exit exit, const char *path, const char *text)
{
	fprintf(stderr, "viaduct: %s: %s\n", path, text);
	return exit;
}

/* Writing the output has just failed. A reader that had enough is no fault worth a word. */
static enum viaduct_exit fail_output(void)
{
	if (errno == EPIPE)
		return VIADUCT_EXIT_FAILED;
	return fail(VIADUCT_EXIT_FAILED, "standard output", strerror(errno));
}

static enum viaduct_exit fail_errno(const struct show *s, int err)
{
	switch (-err) {
	case ENOENT:
	case ECONNREFUSED:
		return fail(VIADUCT_EXIT_NO_DAEMON, s->path,
		            "no daemon listens here, is viaductd running?");
	case EAGAIN:
		return fail(VIADUCT_EXIT_TIMEOUT, s->path, "the daemon did not answer in time");
	case EMSGSIZE:
		return fail(VIADUCT_EXIT_USAGE, s->command->words, "too many arguments");
	default:
		return fail(VIADUCT_EXIT_FAILED, s->path, strerror(-err));
	}
}

/* Show the members of @row as a list. Return: 0 or -ENOMEM. */
static int show_members(struct show *s, json_t *row)
{
	const char *key;
	json_t *value;

	json_object_foreach(row, key, value)
	{
		json_t *member = json_pack("{s:s, s:O}", "name", key, "value", value);
		int err = member != NULL ? table_row(s->table, member) : -ENOMEM;

		json_decref(member);
		if (err < 0)
			return err;
	}
	return 0;
}

static int show_row(struct show *s, const char *line, size_t len)
{
	bool first = !s->any;
	json_t *row;
	int err;

	s->any = true;
	if (s->table == NULL) {
		fputs(first ? "[\n " : ",\n ", s->run->out);
		fwrite(line, 1, len, s->run->out);
		return 0;
	}
	row = json_loadb(line, len, 0, NULL);
	if (!json_is_object(row)) {
		json_decref(row);
		return -EPROTO;
	}
	err = s->command->columns != NULL ? table_row(s->table, row) : show_members(s, row);
	json_decref(row);
	return err;
}

/* All rows were shown: print what is left of the table, or end the array. */
static void show_end(struct show *s)
{
	if (s->table != NULL)
		table_end(s->table);
	else
		fputs(s->any ? "\n]\n" : "[]\n", s->run->out);
}

/* The answer's last line. */
static enum viaduct_exit show_last(struct show *s, const char *line, size_t len)
{
	json_t *last = json_loadb(line, len, 0, NULL);
	const char *message = json_string_value(json_object_get(last, "message"));
	const char *error = json_string_value(json_object_get(last, "error"));
	json_int_t exit = json_integer_value(json_object_get(last, "exit"));
	bool rows = strncmp(s->command->words, "show ", 5) == 0;

	if (last == NULL || exit < 0 || exit > UCHAR_MAX) {
		json_decref(last);
		return fail_errno(s, -EPROTO);
	}
	if (rows && (exit == VIADUCT_EXIT_DONE || s->any))
		show_end(s);
	if (message != NULL && !(rows && s->run->json))
		fprintf(s->run->out, "%s\n", message);
	if (fflush(s->run->out) != 0)
		exit = fail_output();
	if (error != NULL)
		complain(error);
	json_decref(last);
	return (enum viaduct_exit)exit;
}

static enum viaduct_exit show_answer(struct show *s, struct client *c)
{
	for (;;) {
		ssize_t n = client_line(c);
		int err = 0;

		if (n > 0 && strncmp(c->line, LAST_LINE, strlen(LAST_LINE)) == 0)
			return show_last(s, c->line, (size_t)n);
		if (n > 0)
			err = show_row(s, c->line, (size_t)n);
		if (ferror(s->run->out))
			return fail_output();
		if (n > 0 && err == 0)
			continue;
		if (s->table != NULL && s->any)
			table_end(s->table);
		if (fflush(s->run->out) != 0)
			return fail_output();
		if (n == 0)
			return fail(VIADUCT_EXIT_FAILED, s->path,
			            "the daemon closed the connection before its answer was over");
		return fail_errno(s, n < 0 ? (int)n : err);
	}
}

/* Ready the table if there is to be one. Return: 0 or -ENOMEM. */
static int show_begin(struct show *s)
{
	const struct command *c = s->command;

	if (s->run->json)
		return 0;
	if (c->columns == NULL)
		return table_new(&s->table, s->run->out, command_list_columns, 2, s->run->colour);
	return table_new(&s->table, s->run->out, c->columns, c->n_columns, s->run->colour);
}

enum viaduct_exit run_command(const struct run *r, const struct command *command,
                              char *const *words, size_t n)
{
	char path[PATH_MAX];
	struct show s = {.run = r, .command = command, .path = path};
	enum viaduct_exit exit;
	char **request = filters_new(words, n);
	struct client c;
	int err;

	snprintf(path, sizeof(path), "%s/%s", r->run_dir, VIADUCT_CONTROL_SOCKET);
	if (request == NULL)
		return fail_errno(&s, -ENOMEM);
	err = client_open(&c, path, request, n,
	                  command->timeout_s > 0 ? command->timeout_s : TIMEOUT_S);
	free(request);
	if (err < 0)
		return fail_errno(&s, err);
	err = show_begin(&s);
	exit = err < 0 ? fail_errno(&s, err) : show_answer(&s, &c);
	table_free(s.table);
	client_close(&c);
	return exit;
}
