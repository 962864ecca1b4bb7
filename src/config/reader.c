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

#include "config/events.h"
#include "config/suggest.h"
#include "config/value.h"
#include "config/vids.h"

/* A value on its way: where the schema wants it, and where the file has it. */
struct value {
	const struct schema *schema;
	void *base;     /* the struct around it */
	uint32_t index; /* among its siblings */
	struct mark at;
};

static void read_value(struct reader *r, const struct value *v);

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

/* VLANs, or a list of them: each adds to the same set. */
static void read_vids(struct reader *r, const struct value *v)
{
	uint32_t n = 0;

	if (r->event.type != YAML_SEQUENCE_START_EVENT) {
		read_scalar(r, v);
		return;
	}
	while (reader_next(r) && r->event.type != YAML_SEQUENCE_END_EVENT) {
		push_index(r, n++);
		read_scalar(r, v);
		pop(r);
	}
	if (n == 0 && !r->stop)
		errors_add(r->errs, v->at, &r->path, "a VLAN is missing");
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
	while (reader_next(r) && r->event.type != YAML_SEQUENCE_END_EVENT) {
		if (via->n == v->schema->max) {
			errors_add(r->errs, here(r), &r->path, "more than %u gateways",
			           v->schema->max);
			reader_close(r, outside);
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
	if (reader_next(r))
		reader_skip(r);
}

/* The value of field @f, whose key is the current event; @at is where it was said before. */
static void read_field(struct reader *r, const struct schema *f, void *base, struct mark *at)
{
	push_key(r, f->key);
	if (f->type == SCHEMA_LATER) {
		errors_add(r->errs, here(r), &r->path, "%s is not supported by this version",
		           f->key);
		if (reader_next(r))
			reader_skip(r);
	} else if (at->line != 0) {
		errors_add(r->errs, here(r), &r->path, "said before, in line %u", at->line);
		if (reader_next(r))
			reader_skip(r);
	} else if (reader_next(r)) {
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
	else if (reader_next(r))
		reader_skip(r);
}

static void require_fields(struct reader *r, const struct schema *mapping, const void *base,
                           const struct mark *at)
{
	for (const struct schema *f = mapping->fields; f->key != NULL; f++) {
		if (!f->required || at[1 + (f - mapping->fields)].line != 0 ||
		    (f->unless != NULL && f->unless(base)))
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
		if (!reader_expect(r, YAML_MAPPING_START_EVENT, "a mapping"))
			return;
		while (reader_next(r) && r->event.type != YAML_MAPPING_END_EVENT)
			read_pair(r, v->schema, base, at);
	}
	if (!r->stop)
		require_fields(r, v->schema, base, at);
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
	struct config_station station;
};

static void read_list(struct reader *r, const struct value *v)
{
	size_t errors = errors_count(r->errs);
	union blank blank = {};
	uint32_t index = 0;

	assert(v->schema->size <= sizeof(blank));
	if (v->schema->fields->type == SCHEMA_MAPPING)
		value_set_defaults(v->schema->fields, &blank);
	if (is_nothing(r) || !reader_expect(r, YAML_SEQUENCE_START_EVENT, "a list"))
		return;
	while (reader_next(r) && r->event.type != YAML_SEQUENCE_END_EVENT) {
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

/* A name: an interface's, or a VID. */
union name {
	char text[CONFIG_NAME_LEN];
	uint16_t vid;
};

static bool name_equal(const struct schema *s, const union name *a, const void *b)
{
	if (s->type == SCHEMA_NUMBERED)
		return a->vid == *(const uint16_t *)b;
	return strcmp(a->text, b) == 0;
}

/* Is @name none of the names before? They are few: has_room() sees to that. */
static bool name_is_new(struct reader *r, const struct value *v, const union name *name)
{
	for (size_t i = 0; i < *count_of(v); i++) {
		if (name_equal(v->schema, name, schema_element(v->schema, v->base, i))) {
			errors_add(r->errs, here(r), &r->path, "said before");
			return false;
		}
	}
	return true;
}

/* Read @text, the current event, as a @name that may be added to those of @v. */
static bool name_read(struct reader *r, const struct value *v, const char *text, union name *name)
{
	char why[WHY_MAX];
	bool fine;

	push_key(r, text);
	if (v->schema->type == SCHEMA_NUMBERED)
		fine = vid_parse(text, &name->vid, why);
	else
		fine = name_parse(text, name->text, why);
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
	const char *text = scalar_text(r);
	struct mark at = here(r);
	uint32_t index = (uint32_t)*count_of(v);
	union name name = {};
	char step[CONFIG_NAME_LEN];
	char *slot;

	if (text == NULL || !name_read(r, v, text, &name)) {
		r->check->names_missing = true;
		if (reader_next(r))
			reader_skip(r);
		return;
	}
	slot = new_element(r, v);
	if (slot == NULL)
		return;
	value_set_defaults(v->schema->fields, schema_value(v->schema->fields, slot));
	memcpy(slot, &name, v->schema->type == SCHEMA_NUMBERED ? sizeof(name.vid) : sizeof(name));
	(void)snprintf(step, sizeof(step), "%s", text); /* name_read() knows that it fits */
	push_key(r, step);
	if (reader_next(r))
		read_value(r, &(struct value){v->schema->fields, slot, index, at});
	pop(r);
	/* Counted with errors too: routes that name it are not to be blamed. */
	++*count_of(v);
}

static void read_named(struct reader *r, const struct value *v)
{
	size_t errors = errors_count(r->errs);
	uint32_t n = 0;

	if (is_nothing(r) || !reader_expect(r, YAML_MAPPING_START_EVENT, "a mapping"))
		return;
	while (reader_next(r) && r->event.type != YAML_MAPPING_END_EVENT && has_room(r, v, n++))
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
	else if (s->type == SCHEMA_NAMED || s->type == SCHEMA_NUMBERED)
		read_named(r, v);
	else if (s->type == SCHEMA_LIST)
		read_list(r, v);
	else if (s->type == SCHEMA_GATEWAY)
		read_gateways(r, v);
	else if (s->type == SCHEMA_VIDS)
		read_vids(r, v);
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

	if (!reader_next(r)) /* the stream */
		return;
	if (!reader_next(r) || e->type == YAML_STREAM_END_EVENT)
		return;
	if (e->data.document_start.version_directive != NULL ||
	    e->data.document_start.tag_directives.start !=
	            e->data.document_start.tag_directives.end)
		errors_add(r->errs, here(r), &r->path, "directives are not allowed");
	if (reader_next(r))
		read_value(r, &(struct value){
				      .schema = &config_schema,
				      .base = r->check->config,
				      .at = here(r),
			      });
	if (!reader_next(r)) /* the document's end */
		return;
	if (reader_next(r) && e->type != YAML_STREAM_END_EVENT)
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
