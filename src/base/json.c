/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void json_fini(struct json *j)
{
	free(j->text);
	*j = (struct json){0};
}

void json_rewind(struct json *j, size_t len)
{
	j->len = len;
	j->comma = false;
}

static void json_append(struct json *j, const char *s, size_t n)
{
	size_t size = j->size > 0 ? j->size : 256;
	char *text;

	while (size - j->len < n)
		size *= 2;
	if (size != j->size) {
		text = realloc(j->text, size);
		if (text == NULL) {
			j->failed = true;
			return;
		}
		j->text = text;
		j->size = size;
	}
	memcpy(j->text + j->len, s, n);
	j->len += n;
}

void json_end_line(struct json *j)
{
	json_append(j, "\n", 1);
	j->comma = false;
}

/* A value is about to be written: part it from the one before. */
static void json_part(struct json *j)
{
	if (j->comma)
		json_append(j, ",", 1);
	j->comma = true;
}

static void json_open(struct json *j, const char *bracket)
{
	json_part(j);
	json_append(j, bracket, 1);
	j->comma = false;
}

static void json_close(struct json *j, const char *bracket)
{
	json_append(j, bracket, 1);
	j->comma = true;
}

void json_begin_object(struct json *j)
{
	json_open(j, "{");
}

void json_end_object(struct json *j)
{
	json_close(j, "}");
}

void json_begin_array(struct json *j)
{
	json_open(j, "[");
}

void json_end_array(struct json *j)
{
	json_close(j, "]");
}

/* The range that the second byte of a sequence must lie in excludes overlong forms, surrogates and
 * what is beyond U+10FFFF (RFC 3629 section 4). */
static bool utf8_second(uint8_t lead, uint8_t second)
{
	uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;

	return second >= low && second <= high;
}

/* Length of the UTF-8 sequence that @s starts with, 0 if it is none. */
static size_t utf8_len(const uint8_t *s, size_t n)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (s[0] > 0xf4 || len > n)
		return 0;
	if (len > 1 && !utf8_second(s[0], s[1]))
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* The two characters that stand for @c, or NULL where it has no short form. */
static const char *json_short_escape(char c)
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

static bool json_plain(char c)
{
	return (unsigned char)c >= 0x20 && (unsigned char)c < 0x7f && c != '"' && c != '\\';
}

/* Write the one character at @s that is not plain. Return: how many bytes of @s it was. */
static size_t json_special(struct json *j, const char *s, size_t n)
{
	size_t len = utf8_len((const uint8_t *)s, n);
	const char *escape = json_short_escape(s[0]);
	char code[8];

	if (escape != NULL) {
		json_append(j, escape, 2);
	} else if (len == 0) {
		json_append(j, "\xef\xbf\xbd", 3);
	} else if (len == 1) {
		snprintf(code, sizeof(code), "\\u%04x", (unsigned int)s[0]);
		json_append(j, code, 6);
	} else {
		json_append(j, s, len);
	}
	return len > 0 ? len : 1;
}

void json_put_bytes(struct json *j, const char *s, size_t n)
{
	json_part(j);
	json_append(j, "\"", 1);
	for (size_t i = 0; i < n;) {
		size_t run = 0;

		while (i + run < n && json_plain(s[i + run]))
			run++;
		if (run > 0)
			json_append(j, s + i, run);
		i += run;
		if (i < n)
			i += json_special(j, s + i, n - i);
	}
	json_append(j, "\"", 1);
}

void json_put_string(struct json *j, const char *s)
{
	json_put_bytes(j, s, strlen(s));
}

void json_key(struct json *j, const char *key)
{
	json_put_string(j, key);
	json_append(j, ":", 1);
	j->comma = false;
}

static void json_put_raw(struct json *j, const char *text)
{
	json_part(j);
	json_append(j, text, strlen(text));
}

void json_put_uint(struct json *j, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, v);
	json_put_raw(j, text);
}

void json_put_int(struct json *j, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, v);
	json_put_raw(j, text);
}

void json_put_bool(struct json *j, bool v)
{
	json_put_raw(j, v ? "true" : "false");
}

void json_put_real(struct json *j, double v)
{
	char text[352]; /* DBL_MAX has 309 digits before the point */
	size_t n;

	if (!isfinite(v)) {
		json_put_raw(j, "null");
		return;
	}
	n = (size_t)snprintf(text, sizeof(text), "%.3f", v);
	while (text[n - 1] == '0')
		n--;
	if (text[n - 1] == '.')
		n--;
	text[n] = '\0';
	json_put_raw(j, strcmp(text, "-0") == 0 ? "0" : text);
}

void json_add_string(struct json *j, const char *key, const char *s)
{
	if (s == NULL)
		return;
	json_key(j, key);
	json_put_string(j, s);
}

void json_add_uint(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_put_uint(j, v);
}

void json_add_int(struct json *j, const char *key, int64_t v)
{
	json_key(j, key);
	json_put_int(j, v);
}

void json_add_bool(struct json *j, const char *key, bool v)
{
	json_key(j, key);
	json_put_bool(j, v);
}

void json_add_real(struct json *j, const char *key, double v)
{
	if (!isfinite(v))
		return;
	json_key(j, key);
	json_put_real(j, v);
}
