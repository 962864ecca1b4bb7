/* SPDX-License-Identifier: BSD-2-Clause */
/* value: scalars of the schema's types, from text, to text, compared and freed. Private to config/.
 */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stdio.h>

#include "config/schema.h"

#define WHY_MAX 256

/**
 * value_parse - read a scalar
 * @s:     its schema
 * @text:  what the file says
 * @value: zeroed; set on success
 * @why:   WHY_MAX bytes; on failure, what is wrong
 *
 * Context: any. Return: true on success.
 */
[[nodiscard]] bool value_parse(const struct schema *s, const char *text, void *value, char *why);

#define DURATION_TEXT 16

/* How many of the units that @s is kept in one @unit has (s, m, h, d, or ms), 0: no such unit. */
uint64_t duration_scale(const struct schema *s, const char *unit);

/* Write @value of schema @s with the largest unit that fits: 30m. @buf has DURATION_TEXT bytes.
 * Return: @buf. Context: any. */
const char *duration_format(char *buf, const struct schema *s, uint32_t value);

/* Write the canonical text of @value, quoted where YAML wants it. Context: any. */
void value_print(FILE *out, const struct schema *s, const void *value);

/* Write @text as a YAML scalar. Context: any. */
void value_print_text(FILE *out, const char *text);

/* Was field @s of the struct @base said, of those that keep that? Context: any. */
static inline bool value_is_said(const struct schema *s, const void *base)
{
	return *((const bool *)base + s->said);
}

/* Compare two values of any type, at @a and @b inside of their structs. Context: any. */
bool value_equal(const struct schema *s, const void *a, const void *b);

/* Is the scalar @value what it is when nothing is said? Context: any. */
bool value_is_default(const struct schema *s, const void *value);

/* Set the fields of the zeroed struct @base to what they are when nothing is said. Context: any. */
void value_set_defaults(const struct schema *mapping, void *base);

/* Free what the value of @s in the struct @base owns. Context: any. */
void value_free(const struct schema *s, void *base);

/* Say in @why (WHY_MAX bytes) what is wrong. Return: false. Context: any. */
bool value_refuse(char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Read a name that an interface could have into @value (CONFIG_NAME_LEN bytes), or say in @why
 * (WHY_MAX bytes) why none could. Context: any. */
[[nodiscard]] bool name_parse(const char *text, char *value, char *why);

/* Read decimal digits without a leading zero, up to @end. Return: false if it is something else. */
[[nodiscard]] bool digits_parse(const char *text, const char *end, uint32_t *number);

#endif
