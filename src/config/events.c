/* SPDX-License-Identifier: BSD-2-Clause */
/* events: the events of libyaml, without the frills. */
#include "config/events.h"

#include <errno.h>
#include <string.h>

/* Deeper than the schema by far; what is skipped may be as deep. */
#define DEPTH_MAX 32

/* Line and column of the byte at @offset, for the errors that libyaml gives no mark for. */
static struct mark mark_of_offset(const struct reader *r, size_t offset)
{
	struct mark m = {1, 1};

	for (size_t i = 0; i < offset && i < r->len; i++) {
		if (r->text[i] == '\n') {
			m.line++;
			m.column = 1;
		} else if (((unsigned char)r->text[i] & 0xc0) != 0x80) {
			m.column++;
		}
	}
	return m;
}

/* Is there a tab where libyaml stopped? It says only that it found a character it cannot use. */
static bool at_tab(const struct reader *r)
{
	const char *s = r->text, *end = r->text + r->len;

	for (size_t line = 0; line < r->yaml.problem_mark.line && s != NULL; line++) {
		s = memchr(s, '\n', (size_t)(end - s));
		if (s != NULL)
			s++;
	}
	for (size_t column = 0; s != NULL && s < end && column <= r->yaml.problem_mark.column;
	     column++, s++) {
		if (*s == '\t')
			return true;
	}
	return false;
}

static void report_syntax(struct reader *r)
{
	const yaml_parser_t *y = &r->yaml;
	const char *problem = y->problem != NULL ? y->problem : "not YAML";

	if (y->error == YAML_MEMORY_ERROR)
		r->check->err = -ENOMEM;
	else if (y->error == YAML_READER_ERROR)
		errors_add(r->errs, mark_of_offset(r, y->problem_offset), &r->path, "%s", problem);
	else if (at_tab(r))
		errors_add(r->errs, mark_of(y->problem_mark), &r->path,
		           "a tab does not indent in YAML, use spaces");
	else if (y->context != NULL)
		errors_add(r->errs, mark_of(y->problem_mark), &r->path, "%s %s of line %zu",
		           problem, y->context, y->context_mark.line + 1);
	else
		errors_add(r->errs, mark_of(y->problem_mark), &r->path, "%s", problem);
}

static void refuse_frills(struct reader *r)
{
	const yaml_event_t *e = &r->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (e->type == YAML_SCALAR_EVENT) {
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
	} else if (e->type == YAML_MAPPING_START_EVENT) {
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
	} else if (e->type == YAML_SEQUENCE_START_EVENT) {
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
	} else if (e->type == YAML_ALIAS_EVENT) {
		errors_add(r->errs, here(r), &r->path, "aliases are not allowed");
	}
	if (anchor != NULL)
		errors_add(r->errs, here(r), &r->path, "anchors are not allowed");
	if (tag != NULL)
		errors_add(r->errs, here(r), &r->path, "tags are not allowed");
}

bool reader_next(struct reader *r)
{
	if (r->stop)
		return false;
	yaml_event_delete(&r->event);
	if (!yaml_parser_parse(&r->yaml, &r->event)) {
		report_syntax(r);
		r->stop = true;
		return false;
	}
	refuse_frills(r);
	if (r->event.type == YAML_MAPPING_START_EVENT || r->event.type == YAML_SEQUENCE_START_EVENT)
		r->depth++;
	else if (r->event.type == YAML_MAPPING_END_EVENT ||
	         r->event.type == YAML_SEQUENCE_END_EVENT)
		r->depth--;
	if (r->depth > DEPTH_MAX) {
		errors_add(r->errs, here(r), &r->path, "more than %d levels deep", DEPTH_MAX);
		r->stop = true;
	}
	return !r->stop;
}

void reader_close(struct reader *r, uint32_t depth)
{
	while (r->depth > depth && reader_next(r))
		;
}

void reader_skip(struct reader *r)
{
	if (r->event.type == YAML_MAPPING_START_EVENT || r->event.type == YAML_SEQUENCE_START_EVENT)
		reader_close(r, r->depth - 1);
}

const char *scalar_text(struct reader *r)
{
	const char *text = (const char *)r->event.data.scalar.value;

	if (r->event.type == YAML_ALIAS_EVENT)
		return NULL;
	if (r->event.type != YAML_SCALAR_EVENT) {
		errors_add(r->errs, here(r), &r->path, "a single value is expected, not a %s",
		           r->event.type == YAML_MAPPING_START_EVENT ? "mapping" : "list");
		reader_skip(r);
		return NULL;
	}
	if (strlen(text) != r->event.data.scalar.length) {
		errors_add(r->errs, here(r), &r->path, "a NUL character in a value");
		return NULL;
	}
	return text;
}

bool reader_expect(struct reader *r, yaml_event_type_t type, const char *what)
{
	if (r->event.type == type)
		return true;
	if (r->event.type != YAML_ALIAS_EVENT)
		errors_add(r->errs, here(r), &r->path, "%s is expected", what);
	reader_skip(r);
	return false;
}
