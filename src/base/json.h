/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json: write JSON into a buffer that grows, one value after the other, without building a tree.
 * Commas are put where they belong. Strings are escaped, and bytes that are no UTF-8 become U+FFFD,
 * so the text is valid whatever goes in. The names keep clear of jansson's, which parses.
 *
 * Running out of memory is remembered in @failed and looked at once, when the text is used.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is an empty writer. */
struct json {
	char *text; /* without a NUL at its end */
	size_t len;
	size_t size;
	bool comma;  /* a value precedes in this object or array */
	bool failed; /* out of memory: @text is not complete */
};

/* Free the buffer; @j is empty again. */
void json_fini(struct json *j);

/* Take back what was written behind the first @len bytes, which end a line or are none; the buffer
 * is kept. */
void json_rewind(struct json *j, size_t len);

/* End a line: what follows is another document. */
void json_end_line(struct json *j);

void json_begin_object(struct json *j);
void json_end_object(struct json *j);
void json_begin_array(struct json *j);
void json_end_array(struct json *j);

/* The name of the member that the next value is. */
void json_key(struct json *j, const char *key);

/* Values: elements of an array, or behind json_key(). */
void json_put_string(struct json *j, const char *s);
void json_put_bytes(struct json *j, const char *s, size_t n);
void json_put_uint(struct json *j, uint64_t v);
void json_put_int(struct json *j, int64_t v);
void json_put_bool(struct json *j, bool v);
/* With at most three decimals, which is what rates and percentages need; null if not finite. */
void json_put_real(struct json *j, double v);

/* Members: key and value. A NULL string, or a real that is not finite, is unknown: left out. */
void json_add_string(struct json *j, const char *key, const char *s);
void json_add_uint(struct json *j, const char *key, uint64_t v);
void json_add_int(struct json *j, const char *key, int64_t v);
void json_add_bool(struct json *j, const char *key, bool v);
void json_add_real(struct json *j, const char *key, double v);

#endif
