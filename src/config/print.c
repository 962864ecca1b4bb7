/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * print: the model as YAML, by the schema. The top is in blocks, and so are interfaces and bridges;
 * what lies within, and each element of a list, takes one line.
 */
#include <errno.h>

#include "config/value.h"

static bool is_names(const struct schema *f)
{
	return f->type == SCHEMA_NAMED || f->type == SCHEMA_NUMBERED;
}

/* Is @element of the file, rather than made out of something else in it? */
static bool is_of_file(const struct schema *f, const void *element)
{
	return f->hidden == 0 || !*((const bool *)element + f->hidden);
}

static bool has_elements(const struct schema *f, const void *base)
{
	for (size_t i = 0; i < schema_count(f, base); i++) {
		if (is_of_file(f, schema_element(f, base, i)))
			return true;
	}
	return false;
}

/* Is there anything to say about field @f of @base? */
static bool is_said(const struct schema *f, const void *base)
{
	if (f->unless != NULL && f->unless(base))
		return false;
	switch ((enum schema_type)f->type) {
	case SCHEMA_MAPPING:
		if (f->said != 0)
			return value_is_said(f, base);
		for (const struct schema *g = f->fields; g->key != NULL; g++) {
			if (is_said(g, schema_peek(f, base)))
				return true;
		}
		return false;
	case SCHEMA_NAMED:
	case SCHEMA_NUMBERED:
	case SCHEMA_LIST:
		return f->said != 0 ? value_is_said(f, base) : has_elements(f, base);
	case SCHEMA_LATER:
		return false;
	case SCHEMA_NUMBER:
	case SCHEMA_RATE:
	case SCHEMA_DURATION:
	case SCHEMA_WORD:
	case SCHEMA_BOOL:
	case SCHEMA_NAME:
	case SCHEMA_FILE:
	case SCHEMA_DOMAIN:
	case SCHEMA_CPUS:
	case SCHEMA_VIDS:
	case SCHEMA_MAC:
	case SCHEMA_HOST:
	case SCHEMA_GATEWAY:
	case SCHEMA_ADDRESS:
	case SCHEMA_PREFIX:
		break;
	}
	return f->required || f->always || !value_is_default(f, schema_peek(f, base));
}

static void print_inline(FILE *out, const struct schema *f, const void *base);

static void print_mapping_inline(FILE *out, const struct schema *mapping, const void *base)
{
	const char *comma = "";

	(void)fputc('{', out);
	for (const struct schema *f = mapping->fields; f->key != NULL; f++) {
		if (!is_said(f, base))
			continue;
		(void)fprintf(out, "%s%s: ", comma, f->key);
		print_inline(out, f, base);
		comma = ", ";
	}
	(void)fputc('}', out);
}

/* Field @f without an end of line: a scalar, or a list or a mapping of what is inline, too. */
static void print_inline(FILE *out, const struct schema *f, const void *base)
{
	if (f->type == SCHEMA_MAPPING) {
		print_mapping_inline(out, f, schema_peek(f, base));
	} else if (f->type == SCHEMA_LIST) {
		(void)fputc('[', out);
		for (size_t i = 0; i < schema_count(f, base); i++) {
			(void)fputs(i == 0 ? "" : ", ", out);
			value_print(out, f->fields, schema_element(f, base, i));
		}
		(void)fputc(']', out);
	} else {
		value_print(out, f, schema_peek(f, base));
	}
}

static void print_element_name(FILE *out, const struct schema *f, const void *element)
{
	if (f->type == SCHEMA_NUMBERED)
		(void)fprintf(out, "%u", *(const uint16_t *)element);
	else
		value_print_text(out, element);
}

/* Field @f behind its key: in the line, or its elements in a line each. */
static void print_field(FILE *out, const struct schema *f, const void *base, int indent)
{
	if (!is_names(f) && (f->type != SCHEMA_LIST || f->fields->type != SCHEMA_MAPPING)) {
		(void)fputc(' ', out);
		print_inline(out, f, base);
		(void)fputc('\n', out);
		return;
	}
	(void)fputc('\n', out);
	for (size_t i = 0; i < schema_count(f, base); i++) {
		const void *element = schema_element(f, base, i);

		(void)fprintf(out, "%*s", indent + 2, "");
		if (is_names(f))
			print_element_name(out, f, element);
		(void)fputs(is_names(f) ? ": " : "- ", out);
		print_mapping_inline(out, f->fields, schema_peek(f->fields, element));
		(void)fputc('\n', out);
	}
}

static void print_block(FILE *out, const struct schema *mapping, const void *base, int indent)
{
	for (const struct schema *f = mapping->fields; f->key != NULL; f++) {
		if (!is_said(f, base))
			continue;
		(void)fprintf(out, "%*s%s:", indent, "", f->key);
		print_field(out, f, base, indent);
	}
}

static void print_names(FILE *out, const struct schema *f, const void *base)
{
	for (size_t i = 0; i < schema_count(f, base); i++) {
		const void *element = schema_element(f, base, i);

		if (!is_of_file(f, element))
			continue;
		(void)fputs("  ", out);
		print_element_name(out, f, element);
		(void)fputs(":\n", out);
		print_block(out, f->fields, element, 4);
	}
}

int config_print(FILE *out, const struct config *c)
{
	for (const struct schema *f = config_schema.fields; f->key != NULL; f++) {
		if (!is_said(f, c))
			continue;
		(void)fprintf(out, "%s:", f->key);
		if (f->type == SCHEMA_MAPPING || f->type == SCHEMA_NAMED)
			(void)fputc('\n', out);
		if (f->type == SCHEMA_MAPPING)
			print_block(out, f, schema_peek(f, c), 2);
		else if (f->type == SCHEMA_NAMED)
			print_names(out, f, c);
		else
			print_field(out, f, c, 0);
	}
	return ferror(out) != 0 ? -EIO : 0;
}
