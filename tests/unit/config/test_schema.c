/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "config/schema.h"
#include "config/value.h"

typedef void visit(const struct schema *s, const struct schema *parent);

/* Visit every line of the table below @s. */
static void walk(const struct schema *s, visit *v)
{
	unsigned int n = 0;

	for (const struct schema *f = s->fields; f->key != NULL; f++, n++) {
		v(f, s);
		if (f->type == SCHEMA_MAPPING)
			walk(f, v);
		else if (f->fields != NULL && f->fields->type == SCHEMA_MAPPING)
			walk(f->fields, v);
	}
	assert_in_range(n, 1, SCHEMA_MAX_FIELDS);
}

static void is_explained(const struct schema *s, const struct schema *)
{
	if (s->type != SCHEMA_LATER && s->help == NULL)
		fail_msg("%s has no help", s->key);
}

static void every_key_is_explained(void **)
{
	walk(&config_schema, is_explained);
}

static void default_is_canonical(const struct schema *s, const struct schema *)
{
	uint64_t value[sizeof(struct config_vids) / 8] = {};
	char why[WHY_MAX] = "";
	char *text = NULL;
	size_t len = 0;
	FILE *out;

	if (s->fallback == NULL)
		return;
	if (!value_parse(s, s->fallback, value, why))
		fail_msg("%s: %s", s->key, why);
	assert_true(value_is_default(s, value));
	out = open_memstream(&text, &len);
	value_print(out, s, value);
	(void)fclose(out);
	assert_string_equal(text, s->fallback);
	free(text);
}

static void every_default_is_what_the_printer_would_write(void **)
{
	walk(&config_schema, default_is_canonical);
}

static void key_is_unique(const struct schema *s, const struct schema *parent)
{
	assert_ptr_equal(schema_field(parent, s->key), s);
}

static void every_key_is_found_once(void **)
{
	walk(&config_schema, key_is_unique);
	assert_null(schema_field(&config_schema, "interface"));
}

static void has_change_bit(const struct schema *s, const struct schema *)
{
	if (s->type != SCHEMA_LATER && s->change == 0)
		fail_msg("%s has no change bit", s->key);
}

static void what_applies_at_run_time_says_what_it_changes(void **)
{
	const struct schema *system = schema_field(&config_schema, "system");
	const struct schema *interfaces = schema_field(&config_schema, "interfaces");

	for (const struct schema *f = system->fields; f->key != NULL; f++)
		has_change_bit(f, system);
	for (const struct schema *f = interfaces->fields->fields; f->key != NULL; f++)
		has_change_bit(f, interfaces);
}

static bool is_array(const struct schema *s)
{
	return s->type == SCHEMA_LIST || s->type == SCHEMA_NAMED || s->type == SCHEMA_NUMBERED;
}

static void values_do_not_overlap(const struct schema *s, const struct schema *parent)
{
	if (s->type == SCHEMA_LATER || s->type == SCHEMA_MAPPING)
		return;
	assert_int_not_equal(s->size, 0);
	for (const struct schema *f = parent->fields; f != s; f++) {
		size_t size = is_array(f) ? sizeof(void *) : f->size;

		if (f->type == SCHEMA_LATER || f->type == SCHEMA_MAPPING)
			continue;
		if (s->offset < f->offset + size && f->offset < s->offset + s->size && !is_array(s))
			fail_msg("%s and %s share memory", s->key, f->key);
	}
}

static void every_value_has_its_own_place(void **)
{
	walk(&config_schema, values_do_not_overlap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_explained),
		cmocka_unit_test(every_default_is_what_the_printer_would_write),
		cmocka_unit_test(every_key_is_found_once),
		cmocka_unit_test(what_applies_at_run_time_says_what_it_changes),
		cmocka_unit_test(every_value_has_its_own_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
