/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * events: steps through the events of libyaml, complaining about what is no YAML and about what of
 * YAML is not allowed here. Private to the reader of config/.
 */
#ifndef CONFIG_EVENTS_H
#define CONFIG_EVENTS_H

#include <yaml.h>

#include "config/check.h"

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

static inline struct mark mark_of(yaml_mark_t m)
{
	return (struct mark){(uint32_t)m.line + 1, (uint32_t)m.column + 1};
}

/* Where the current event is. */
static inline struct mark here(const struct reader *r)
{
	return mark_of(r->event.start_mark);
}

static inline void push_key(struct reader *r, const char *key)
{
	r->path.step[r->path.n++] = (struct path_step){.key = key};
}

static inline void push_index(struct reader *r, uint32_t index)
{
	r->path.step[r->path.n++] = (struct path_step){.index = index};
}

static inline void pop(struct reader *r)
{
	r->path.n--;
}

/* Nothing at all, as behind `routes:` at the end of a line. */
static inline bool is_nothing(const struct reader *r)
{
	return r->event.type == YAML_SCALAR_EVENT && r->event.data.scalar.length == 0 &&
	       r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* Step to the next event. Return: false if there is none. Context: any, as of all here. */
bool reader_next(struct reader *r);

/* Step on until only @depth mappings and lists are open. */
void reader_close(struct reader *r, uint32_t depth);

/* Go to the last event of the value that starts with the current one. */
void reader_skip(struct reader *r);

/* The current scalar as a string; NULL after complaining. */
const char *scalar_text(struct reader *r);

/* Is the current event the start of what is wanted, @what? Complains if not, and skips it. */
bool reader_expect(struct reader *r, yaml_event_type_t type, const char *what);

#endif
