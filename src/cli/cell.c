/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/cell.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Length of the control character at @s, of C0 or, in UTF-8, of C1; 0 if it is none. */
static size_t control_len(const char *s)
{
	if ((unsigned char)s[0] < 0x20 || s[0] == 0x7f)
		return 1;
	return (unsigned char)s[0] == 0xc2 && (unsigned char)s[1] < 0xa0 ? 2 : 0;
}

/* Put @s behind what @cell holds; "..." ends a cell that has no room. */
static void cell_append(char *cell, const char *s)
{
	size_t len = strlen(cell);

	while (*s != '\0' && len < CELL_BYTES - 1) {
		size_t skip = control_len(s);

		cell[len++] = *s;
		if (skip > 0)
			cell[len - 1] = '?';
		s += skip > 0 ? skip : 1;
	}
	cell[len] = '\0';
	if (*s != '\0')
		memcpy(cell + CELL_BYTES - 4, "...", 4);
}

/* A value that is neither list nor object. */
static void cell_append_scalar(char *cell, const json_t *value)
{
	char text[32];

	switch (json_typeof(value)) {
	case JSON_STRING:
		cell_append(cell, json_string_value(value));
		break;
	case JSON_INTEGER:
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		cell_append(cell, text);
		break;
	case JSON_REAL:
		snprintf(text, sizeof(text), "%.10g", json_real_value(value));
		cell_append(cell, text);
		break;
	case JSON_TRUE:
		cell_append(cell, "yes");
		break;
	case JSON_FALSE:
		cell_append(cell, "no");
		break;
	case JSON_NULL:
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		cell_append(cell, "...");
		break;
	}
}

void cell_text(char *cell, const json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;

	cell[0] = '\0';
	if (!json_is_array(value) && !json_is_object(value)) {
		cell_append_scalar(cell, value);
		return;
	}
	json_array_foreach(value, i, member)
	{
		if (i > 0)
			cell_append(cell, ", ");
		cell_append_scalar(cell, member);
	}
	json_object_foreach((json_t *)value, key, member)
	{
		if (cell[0] != '\0')
			cell_append(cell, " ");
		cell_append(cell, key);
		cell_append(cell, "=");
		cell_append_scalar(cell, member);
	}
}

void cell_gateways(char *cell, const json_t *value)
{
	json_t *hop, *flag;
	size_t i, k;

	if (!json_is_array(value)) {
		cell_text(cell, value);
		return;
	}
	cell[0] = '\0';
	json_array_foreach(value, i, hop)
	{
		const char *gateway = json_string_value(json_object_get(hop, "gateway"));
		const char *dev = json_string_value(json_object_get(hop, "dev"));

		cell_append(cell, i > 0 ? ", " : "");
		cell_append(cell, gateway != NULL ? gateway : "");
		cell_append(cell, dev != NULL ? " " : "");
		cell_append(cell, dev != NULL ? dev : "");
		json_array_foreach(json_object_get(hop, "flags"), k, flag)
		{
			cell_append(cell, " ");
			cell_append_scalar(cell, flag);
		}
	}
}

static bool is_whole(double v)
{
	return v == (double)(int64_t)v;
}

void cell_human(char *cell, const json_t *value)
{
	static const char *const unit[] = {"", "k", "M", "G", "T", "P", "E"};
	double v = json_number_value(value);
	size_t i = 0;

	if (!json_is_number(value) || v < 0) {
		cell_text(cell, value);
		return;
	}
	/* 999.5 and more would be rounded to a fourth digit. */
	for (; v >= 999.5 && i < 6; i++)
		v /= 1000;
	if (i == 0 && v > 0 && v < 0.05)
		snprintf(cell, CELL_BYTES, "<0.1");
	else if (i == 0)
		snprintf(cell, CELL_BYTES, "%.*f", v < 9.95 && !is_whole(v) ? 1 : 0, v);
	else
		snprintf(cell, CELL_BYTES, "%.*f%s", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v, unit[i]);
}

void cell_decimal(char *cell, const json_t *value)
{
	if (json_is_number(value))
		snprintf(cell, CELL_BYTES, "%.1f", json_number_value(value));
	else
		cell_text(cell, value);
}

void cell_age(char *cell, const json_t *value)
{
	double v = json_number_value(value);
	uint64_t s;

	if (!json_is_number(value) || v < 0 || v > 1e15) {
		cell_text(cell, value);
		return;
	}
	s = (uint64_t)v;
	if (v < 9.95 && !is_whole(v))
		snprintf(cell, CELL_BYTES, "%.1fs", v);
	else if (s < 60)
		snprintf(cell, CELL_BYTES, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(cell, CELL_BYTES, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(cell, CELL_BYTES, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(cell, CELL_BYTES, "%" PRIu64 "d%02" PRIu64 "h", s / 86400, s / 3600 % 24);
}
