/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reader: walks the events of libyaml and the schema side by side. Every read function starts with
 * the value's first event as the current one and ends with its last.
 */
#include "config/reader.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "config/suggest.h"
#include "config/value.h"

/* Deeper than the schema by far; what is skipped may be as deep. */
#define DEPTH_MAX 32

struct reader {
	struct check *check;
	struct config_errors *errs;
	const char *text;
	size_t len;
	yaml_parser_t yaml;
	yaml_event_t event;
	struct path path;
	uint32_t depth; /* of open mappings and lists */
	bool stop;      /* there is no next event */
};

/* A value on its way: where the schema wants it, and where the file has it. */
struct value {
	const struct schema *schema;
	void *base;     /* the struct around it */
	uint32_t index; /* among its siblings */
	struct mark at;
};

static void read_value(struct reader *r, const struct value *v);

static struct mark mark_of(yaml_mark_t m)
{
	return (struct mark){(uint32_t)m.line + 1, (uint32_t)m.column + 1};
}

static struct mark here(const struct reader *r)
{
	return mark_of(r->event.start_mark);
}

static void push_key(struct reader *r, const char *key)
{
	r->path.step[r->path.n++] = (struct path_step){.key = key};
}

static void push_index(struct reader *r, uint32_t index)
{
	r->path.step[r->path.n++] = (struct path_step){.index = index};
}

static void pop(struct reader *r)
{
	r->path.n--;
}

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

/* Step to the next event. Return: false if there is none. */
static bool next(struct reader *r)
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

/* Step on until only @depth mappings and lists are open. */
static void close_to(struct reader *r, uint32_t depth)
{
	while (r->depth > depth && next(r))
		;
}

/* Go to the last event of the value that starts with the current one. */
static void skip(struct reader *r)
{
	if (r->event.type == YAML_MAPPING_START_EVENT || r->event.type == YAML_SEQUENCE_START_EVENT)
		close_to(r, r->depth - 1);
}

/* Nothing at all, as behind `routes:` at the end of a line. */
static bool is_nothing(const struct reader *r)
{
	return r->event.type == YAML_SCALAR_EVENT && r->event.data.scalar.length == 0 &&
	       r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* The current scalar as a string; NULL after complaining. */
static const char *scalar_text(struct reader *r)
{
	const char *text = (const char *)r->event.data.scalar.value;

	if (r->event.type == YAML_ALIAS_EVENT)
		return NULL;
	if (r->event.type != YAML_SCALAR_EVENT) {
		errors_add(r->errs, here(r), &r->path, "a single value is expected, not a %s",
		           r->event.type == YAML_MAPPING_START_EVENT ? "mapping" : "list");
		skip(r);
		return NULL;
	}
	if (strlen(text) != r->event.data.scalar.length) {
		errors_add(r->errs, here(r), &r->path, "a NUL character in a value");
		return NULL;
	}
	return text;
}

/* Is the current event the start of what @s wants? Complains if not, and skips it. */
static bool expect(struct reader *r, yaml_event_type_t type, const char *what)
{
	if (r->event.type == type)
		return true;
	if (r->event.type != YAML_ALIAS_EVENT)
		errors_add(r->errs, here(r), &r->path, "%s is expected", what);
	skip(r);
	return false;
}

static void read_scalar(struct reader *r, const struct value *v)
{
	const struct schema *s = v->schema;
	const char *text = scalar_text(r);
	char why[WHY_MAX];

	if (text == NULL)
		return;
	if (is_nothing(r))
		errors_add(r->errs, here(r), &r->path, "the value is missing");
	else if (!value_parse(s, text, schema_value(s, v->base), why))
		errors_add(r->errs, here(r), &r->path, "%s", why);
}

static void read_list_gateway(struct reader *r, const struct value *v, struct config_via *via)
{
	struct config_gateway *g = array_slot(&via->list, via->n, sizeof(*g));

	if (g == NULL) {
		r->check->err = -ENOMEM;
		r->stop = true;
		return;
	}
	g->index = via->n;
	push_index(r, via->n++);
	read_value(r, &(struct value){v->schema->fields, g, g->index, here(r)});
	pop(r);
}

/* A gateway, or a list of them that share the load. */
static void read_gateways(struct reader *r, const struct value *v)
{
	struct config_via *via = schema_value(v->schema, v->base);
	uint32_t outside = r->depth - 1;

	if (r->event.type != YAML_SEQUENCE_START_EVENT) {
		read_scalar(r, v);
		return;
	}
	while (next(r) && r->event.type != YAML_SEQUENCE_END_EVENT) {
		if (via->n == v->schema->max) {
			errors_add(r->errs, here(r), &r->path, "more than %u gateways",
			           v->schema->max);
			close_to(r, outside);
			return;
		}
		read_list_gateway(r, v, via);
	}
	if (via->n == 0 && !r->stop)
		errors_add(r->errs, v->at, &r->path, "a gateway is missing");
}

static void unknown_key(struct reader *r, const struct schema *mapping, const char *key)
{
	struct suggest near = {.word = key};
	char hint[SUGGEST_TEXT];

	for (const struct schema *f = mapping->fields; f->key != NULL && !errors_full(r->errs); f++)
		suggest_try(&near, f->key);
	push_key(r, key);
	errors_add(r->errs, here(r), &r->path, "unknown key \"%.40s\"%s", key,
	           suggest_text(&near, hint));
	pop(r);
	if (next(r))
		skip(r);
}

/* The value of field @f, whose key is the current event; @at is where it was said before. */
static void read_field(struct reader *r, const struct schema *f, void *base, struct mark *at)
{
	push_key(r, f->key);
	if (f->type == SCHEMA_LATER) {
		errors_add(r->errs, here(r), &r->path, "%s is not supported by this version",
		           f->key);
		if (next(r))
			skip(r);
	} else if (at->line != 0) {
		errors_add(r->errs, here(r), &r->path, "said before, in line %u", at->line);
		if (next(r))
			skip(r);
	} else if (next(r)) {
		*at = here(r);
		if (f->said != 0)
			*((bool *)base + f->said) = true;
		read_value(r, &(struct value){.schema = f, .base = base, .at = *at});
	}
	pop(r);
}

/* The key that is the current event, and its value. */
static void read_pair(struct reader *r, const struct schema *mapping, void *base, struct mark *at)
{
	const char *key = scalar_text(r);
	const struct schema *f = key != NULL ? schema_field(mapping, key) : NULL;

	if (f != NULL)
		read_field(r, f, base, &at[1 + (f - mapping->fields)]);
	else if (key != NULL)
		unknown_key(r, mapping, key);
	else if (next(r))
		skip(r);
}

static void require_fields(struct reader *r, const struct schema *mapping, const struct mark *at)
{
	for (const struct schema *f = mapping->fields; f->key != NULL; f++) {
		if (!f->required || at[1 + (f - mapping->fields)].line != 0)
			continue;
		if (f->type == SCHEMA_WORD)
			errors_add(r->errs, at[0], &r->path,
			           "\"%s\" must be said, as in \"%s: %s\"", f->key, f->key,
			           f->words[0]);
		else
			errors_add(r->errs, at[0], &r->path, "\"%s\" must be said", f->key);
	}
}

/* @at gets the places of the fields. */
static void read_mapping(struct reader *r, const struct value *v, struct mark *at)
{
	void *base = schema_value(v->schema, v->base);

	if (!is_nothing(r)) {
		if (!expect(r, YAML_MAPPING_START_EVENT, "a mapping"))
			return;
		while (next(r) && r->event.type != YAML_MAPPING_END_EVENT)
			read_pair(r, v->schema, base, at);
	}
	if (!r->stop)
		require_fields(r, v->schema, at);
}

static size_t *count_of(const struct value *v)
{
	return (size_t *)(void *)((char *)v->base + v->schema->count);
}

/* May there be an @index-th element of @v, kept or not? Complains, and ends the reading, if not. */
static bool has_room(struct reader *r, const struct value *v, uint32_t index)
{
	if (index < v->schema->max)
		return true;
	errors_add(r->errs, here(r), &r->path, "more than %u elements", v->schema->max);
	r->stop = true;
	return false;
}

/* A new element at the end of the array of @v, not yet counted; NULL without memory. */
static void *new_element(struct reader *r, const struct value *v)
{
	void *slot = array_slot(schema_value(v->schema, v->base), *count_of(v), v->schema->size);

	if (slot == NULL) {
		r->check->err = -ENOMEM;
		r->stop = true;
		return NULL;
	}
	return slot;
}

/* The element of a list, as it is when nothing is said: worked out once, for a million routes. */
union blank {
	struct config_route route;
	struct config_neighbour neighbour;
	struct config_prefix prefix;
};

static void read_list(struct reader *r, const struct value *v)
{
	size_t errors = errors_count(r->errs);
	union blank blank = {};
	uint32_t index = 0;

	assert(v->schema->size <= sizeof(blank));
	if (v->schema->fields->type == SCHEMA_MAPPING)
		value_set_defaults(v->schema->fields, &blank);
	if (is_nothing(r) || !expect(r, YAML_SEQUENCE_START_EVENT, "a list"))
		return;
	while (next(r) && r->event.type != YAML_SEQUENCE_END_EVENT) {
		void *slot = has_room(r, v, index) ? new_element(r, v) : NULL;

		if (slot == NULL)
			return;
		memcpy(slot, &blank, v->schema->size);
		push_index(r, index);
		read_value(r, &(struct value){v->schema->fields, slot, index, here(r)});
		pop(r);
		index++;
		/* An element with errors is not kept, so that it causes no further ones. */
		if (errors_count(r->errs) == errors && !r->stop)
			++*count_of(v);
		else
			value_free(v->schema->fields, slot);
		errors = errors_count(r->errs);
	}
}

/* Is @name none of the names before? They are few: has_room() sees to that. */
static bool name_is_new(struct reader *r, const struct value *v, const char *name)
{
	for (size_t i = 0; i < *count_of(v); i++) {
		if (strcmp(schema_element(v->schema, v->base, i), name) == 0) {
			errors_add(r->errs, here(r), &r->path, "said before");
			return false;
		}
	}
	return true;
}

/* May @name, the current event, be added to the names of @v? */
static bool name_is_fine(struct reader *r, const struct value *v, const char *name)
{
	char why[WHY_MAX];
	bool fine;

	push_key(r, name);
	fine = name_is_valid(name, why);
	if (!fine)
		errors_add(r->errs, here(r), &r->path, "%s", why);
	else
		fine = name_is_new(r, v, name);
	pop(r);
	return fine;
}

/* One name, the current event, and its mapping. Each element starts with its name. */
static void read_name(struct reader *r, const struct value *v)
{
	const char *name = scalar_text(r);
	struct mark at = here(r);
	uint32_t index = (uint32_t)*count_of(v);
	char *slot;

	if (name == NULL || !name_is_fine(r, v, name)) {
		if (next(r))
			skip(r);
		return;
	}
	slot = new_element(r, v);
	if (slot == NULL)
		return;
	value_set_defaults(v->schema->fields, slot);
	memcpy(slot, name, strlen(name) + 1); /* name_is_fine() knows that it fits */
	push_key(r, slot);
	if (next(r))
		read_value(r, &(struct value){v->schema->fields, slot, index, at});
	pop(r);
	/* Counted with errors too: routes that name it are not to be blamed. */
	++*count_of(v);
}

static void read_named(struct reader *r, const struct value *v)
{
	size_t errors = errors_count(r->errs);
	uint32_t n = 0;

	if (is_nothing(r) || !expect(r, YAML_MAPPING_START_EVENT, "a mapping"))
		return;
	while (next(r) && r->event.type != YAML_MAPPING_END_EVENT && has_room(r, v, n++))
		read_name(r, v);
	r->check->interfaces_broken |= errors_count(r->errs) != errors;
}

/* Read the value of a type with an inside, or a scalar; @at[0] is its place. */
static void read_typed(struct reader *r, const struct value *v, struct mark *at)
{
	const struct schema *s = v->schema;
	size_t errors = errors_count(r->errs);

	if (s->type == SCHEMA_MAPPING)
		read_mapping(r, v, at);
	else if (s->type == SCHEMA_NAMED)
		read_named(r, v);
	else if (s->type == SCHEMA_LIST)
		read_list(r, v);
	else if (s->type == SCHEMA_GATEWAY)
		read_gateways(r, v);
	else
		read_scalar(r, v);
	if (s->check != NULL && !r->stop && errors_count(r->errs) == errors)
		s->check(r->check, &(struct seen){.schema = s,
		                                  .value = schema_value(s, v->base),
		                                  .path = &r->path,
		                                  .index = v->index,
		                                  .at = at});
}

static void read_value(struct reader *r, const struct value *v)
{
	struct mark at = v->at;

	if (r->event.type == YAML_ALIAS_EVENT) /* refused already */
		return;
	if (v->schema->type == SCHEMA_MAPPING)
		read_typed(r, v, (struct mark[1 + SCHEMA_MAX_FIELDS]){at});
	else
		read_typed(r, v, &at);
}

static void read_document(struct reader *r)
{
	const yaml_event_t *e = &r->event;

	if (!next(r)) /* the stream */
		return;
	if (!next(r) || e->type == YAML_STREAM_END_EVENT)
		return;
	if (e->data.document_start.version_directive != NULL ||
	    e->data.document_start.tag_directives.start !=
	            e->data.document_start.tag_directives.end)
		errors_add(r->errs, here(r), &r->path, "directives are not allowed");
	if (next(r))
		read_value(r, &(struct value){
				      .schema = &config_schema,
				      .base = r->check->config,
				      .at = here(r),
			      });
	if (!next(r)) /* the document's end */
		return;
	if (next(r) && e->type != YAML_STREAM_END_EVENT)
		errors_add(r->errs, here(r), &r->path, "only one document is allowed");
}

bool reader_run(struct check *k, const char *text, size_t len)
{
	struct reader r = {.check = k, .errs = k->errs, .text = text, .len = len};
	bool done;

	if (!yaml_parser_initialize(&r.yaml)) {
		k->err = -ENOMEM;
		return false;
	}
	yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.yaml, (const unsigned char *)text, len);
	value_set_defaults(&config_schema, k->config);
	read_document(&r);
	done = !r.stop;
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.yaml);
	return done;
}
