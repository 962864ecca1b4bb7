/* SPDX-License-Identifier: BSD-2-Clause */
/* errors: collects what is wrong with a file, and prints it. */
#include "config/errors.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 512

/* The file may be anyone's: what it says must not reach a terminal as control codes. */
static void make_harmless(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
		bool c1 = c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f; /* U+0080 to U+009f */

		if (*c < 0x20 || *c == 0x7f || c1)
			*c = '?';
		if (c1)
			*++c = '?';
	}
}

static char *path_text(const struct path *path)
{
	char text[TEXT_MAX] = "";
	size_t used = 0;

	for (uint32_t i = 0; i < path->n && used < sizeof(text); i++) {
		const struct path_step *s = &path->step[i];
		size_t room = sizeof(text) - used;
		int n;

		if (s->key == NULL)
			n = snprintf(text + used, room, "[%u]", s->index);
		else
			n = snprintf(text + used, room, "%s%.40s", i > 0 ? "." : "", s->key);
		if (n > 0)
			used += (size_t)n;
	}
	make_harmless(text);
	return strdup(text);
}

void errors_add(struct config_errors *errs, struct mark at, const struct path *path,
                const char *format, ...)
{
	struct config_error *e;
	char text[TEXT_MAX];
	va_list args;

	if (errors_full(errs)) {
		errs->more++;
		return;
	}
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	make_harmless(text);
	e = &errs->list[errs->n++];
	/* Without memory for the words the place is still told. */
	*e = (struct config_error){
		.line = at.line,
		.column = at.column,
		.path = path_text(path),
		.message = strdup(text),
	};
}

static int by_place(const void *a, const void *b)
{
	const struct config_error *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return strcmp(x->path != NULL ? x->path : "", y->path != NULL ? y->path : "");
}

void errors_sort(struct config_errors *errs)
{
	qsort(errs->list, errs->n, sizeof(errs->list[0]), by_place);
}

void config_errors_fini(struct config_errors *errs)
{
	for (size_t i = 0; i < errs->n; i++) {
		free(errs->list[i].path);
		free(errs->list[i].message);
	}
	errs->n = 0;
	errs->more = 0;
}

void config_errors_print(const struct config_errors *errs, const char *name, FILE *out)
{
	for (size_t i = 0; i < errs->n; i++) {
		const struct config_error *e = &errs->list[i];

		(void)fprintf(out, "%s:", name);
		if (e->line > 0)
			(void)fprintf(out, "%u:%u:", e->line, e->column);
		if (e->path != NULL && e->path[0] != '\0')
			(void)fprintf(out, " %s:", e->path);
		(void)fprintf(out, " %s\n", e->message != NULL ? e->message : "out of memory");
	}
	if (errs->more > 0)
		(void)fprintf(out, "%s: and %zu more\n", name, errs->more);
}
