/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * print: the model as YAML, by the schema. The top is in blocks; what lies within an interface, and
 * each element of a list, takes one line.
 */
#include <errno.h>

#include "config/value.h"

/* Is there anything to say about field @f of @base? */
static bool is_said(const struct schema *f, const void *base)
{
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
	case SCHEMA_LIST:
		return f->said != 0 ? value_is_said(f, base) : schema_count(f, base) > 0;
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

static void print_line(FILE *out, const struct schema *f, const void *base)
{
	print_inline(out, f, base);
	(void)fputc('\n', out);
}

static void print_block(FILE *out, const struct schema *mapping, const void *base, int indent)
{
	for (const struct schema *f = mapping->fields; f->key != NULL; f++) {
		if (!is_said(f, base))
			continue;
		(void)fprintf(out, "%*s%s: ", indent, "", f->key);
		print_line(out, f, base);
	}
}

static void print_names(FILE *out, const struct schema *f, const void *base)
{
	for (size_t i = 0; i < schema_count(f, base); i++) {
		const void *element = schema_element(f, base, i);

		(void)fputs("  ", out);
		value_print_text(out, element);
		(void)fputs(":\n", out);
		print_block(out, f->fields, element, 4);
	}
}

static void print_list(FILE *out, const struct schema *f, const void *base)
{
	for (size_t i = 0; i < schema_count(f, base); i++) {
		(void)fputs("  - ", out);
		print_mapping_inline(out, f->fields, schema_element(f, base, i));
		(void)fputc('\n', out);
	}
}

int config_print(FILE *out, const struct config *c)
{
	for (const struct schema *f = config_schema.fields; f->key != NULL; f++) {
		if (!is_said(f, c))
			continue;
		(void)fprintf(out, "%s:", f->key);
		if (f->type == SCHEMA_MAPPING || f->type == SCHEMA_NAMED || f->type == SCHEMA_LIST)
			(void)fputc('\n', out);
		if (f->type == SCHEMA_MAPPING) {
			print_block(out, f, schema_peek(f, c), 2);
		} else if (f->type == SCHEMA_NAMED) {
			print_names(out, f, c);
		} else if (f->type == SCHEMA_LIST) {
			print_list(out, f, c);
		} else {
			(void)fputc(' ', out);
			print_line(out, f, c);
		}
	}
	return ferror(out) != 0 ? -EIO : 0;
}
