/* SPDX-License-Identifier: BSD-2-Clause */
/* model: values as they lie in the model: defaults, printing, comparing, freeing. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "config/address.h"
#include "config/value.h"
#include "config/vids.h"
#include "wire/addr.h"

static uint32_t number_load(const struct schema *s, const void *value)
{
	if (s->size == sizeof(uint16_t))
		return *(const uint16_t *)value;
	return *(const uint32_t *)value;
}

/* From the longest to the shortest. */
static const struct {
	const char *name;
	uint32_t ms;
} units[] = {
	{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};

uint64_t duration_scale(const struct schema *s, const char *unit)
{
	uint32_t least = s->milli ? 1 : 1000;

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(unit, units[i].name) == 0)
			return units[i].ms / least;
	}
	return 0;
}

const char *duration_format(char *buf, const struct schema *s, uint32_t value)
{
	uint64_t ms = (uint64_t)value * (s->milli ? 1 : 1000);
	size_t i = 0;

	if (ms == 0)
		i = 3; /* 0s */
	while (ms % units[i].ms != 0)
		i++;
	(void)snprintf(buf, DURATION_TEXT, "%" PRIu64 "%s", ms / units[i].ms, units[i].name);
	return buf;
}

static void duration_print(FILE *out, const struct schema *s, uint32_t value)
{
	char text[DURATION_TEXT];

	if (value == UINT32_MAX && s->words != NULL)
		(void)fprintf(out, "%s", s->words[0]);
	else
		(void)fprintf(out, "%s", duration_format(text, s, value));
}

static void number_print(FILE *out, const struct schema *s, const void *value)
{
	uint32_t n = number_load(s, value);

	if (n == 0 && s->words != NULL)
		(void)fprintf(out, "%s", s->words[0]);
	else if (n == UINT32_MAX && s->words != NULL && s->words[1] != NULL)
		(void)fprintf(out, "%s", s->words[1]);
	else
		(void)fprintf(out, "%u%s", n, s->type == SCHEMA_RATE ? "/s" : "");
}

static bool cpu_is_set(const struct config_cpus *cpus, uint32_t i)
{
	return i < CONFIG_CPUS && (cpus->bits[i / 64] >> (i % 64) & 1) != 0;
}

static void cpus_print(FILE *out, const struct config_cpus *cpus)
{
	const char *comma = "";

	for (uint32_t i = 0; i < CONFIG_CPUS; i++) {
		uint32_t first = i;

		if (!cpu_is_set(cpus, i))
			continue;
		while (cpu_is_set(cpus, i + 1))
			i++;
		(void)fprintf(out, "%s%u", comma, first);
		if (i > first)
			(void)fprintf(out, "-%u", i);
		comma = ",";
	}
}

/* The code point at *@text, well-formed UTF-8 since libyaml let it pass; *@text moves behind it. */
static uint32_t utf8_next(const char **text)
{
	const unsigned char *s = (const unsigned char *)*text;
	unsigned int more = s[0] < 0x80 ? 0 : s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : 3;
	uint32_t c = more == 0 ? s[0] : s[0] & (0x3fu >> more);

	s++;
	for (; more > 0 && *s != '\0'; more--)
		c = c << 6 | (*s++ & 0x3fu);
	*text = (const char *)s;
	return c;
}

void value_print_text(FILE *out, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "-_./";

	if (text[0] != '\0' && text[0] != '-' && strspn(text, plain) == strlen(text)) {
		(void)fprintf(out, "%s", text);
		return;
	}
	(void)fputc('"', out);
	while (*text != '\0') {
		uint32_t c = utf8_next(&text);

		if (c == '"' || c == '\\')
			(void)fprintf(out, "\\%c", (char)c);
		else if (c >= ' ' && c <= '~')
			(void)fputc((int)c, out);
		else
			(void)fprintf(out, "\\U%08X", c);
	}
	(void)fputc('"', out);
}

/* YAML would take a colon for a key's: IPv6 is quoted. */
static const char *quote_of(struct ip addr)
{
	return ip_is4(addr) ? "" : "\"";
}

static void host_print(FILE *out, struct ip addr)
{
	char text[IP_TEXT];

	(void)fprintf(out, "%s%s%s", quote_of(addr), ip_format(text, addr), quote_of(addr));
}

static void prefix_print(FILE *out, const struct schema *s, const struct config_prefix *p)
{
	char text[IP_PREFIX_TEXT];

	if (s->words != NULL && p->len == 0 && ip_is4(p->addr))
		(void)fprintf(out, "%s", s->words[0]);
	else
		(void)fprintf(out, "%s%s%s", quote_of(p->addr),
		              ip_prefix_format(text, p->addr, p->len), quote_of(p->addr));
}

static void via_print(FILE *out, const struct config_via *via)
{
	if (via->n == 0)
		host_print(out, via->addr);
	for (uint16_t i = 0; i < via->n; i++) {
		(void)fputs(i == 0 ? "[" : ", ", out);
		host_print(out, via->list[i].addr);
	}
	if (via->n > 0)
		(void)fputc(']', out);
}

void value_print(FILE *out, const struct schema *s, const void *value)
{
	char text[MAC_TEXT];

	switch ((enum schema_type)s->type) {
	case SCHEMA_NUMBER:
	case SCHEMA_RATE:
		number_print(out, s, value);
		break;
	case SCHEMA_DURATION:
		duration_print(out, s, *(const uint32_t *)value);
		break;
	case SCHEMA_WORD:
		(void)fprintf(out, "%s", s->words[*(const uint8_t *)value]);
		break;
	case SCHEMA_BOOL:
		(void)fprintf(out, "%s", *(const bool *)value ? "yes" : "no");
		break;
	case SCHEMA_NAME:
		value_print_text(out, value);
		break;
	case SCHEMA_FILE:
	case SCHEMA_DOMAIN:
		value_print_text(out, *(char *const *)value);
		break;
	case SCHEMA_CPUS:
		cpus_print(out, value);
		break;
	case SCHEMA_VIDS:
		vids_print(out, value);
		break;
	case SCHEMA_MAC:
		(void)fprintf(out, "%s", mac_format(text, *(const uint64_t *)value));
		break;
	case SCHEMA_GATEWAY:
		via_print(out, value);
		break;
	case SCHEMA_HOST:
		host_print(out, *(const struct ip *)value);
		break;
	case SCHEMA_ADDRESS:
	case SCHEMA_PREFIX:
		prefix_print(out, s, value);
		break;
	case SCHEMA_MAPPING:
	case SCHEMA_NAMED:
	case SCHEMA_NUMBERED:
	case SCHEMA_LIST:
	case SCHEMA_LATER:
		break;
	}
}

static bool fields_equal(const struct schema *mapping, const void *a, const void *b)
{
	for (const struct schema *f = mapping->fields; f->key != NULL; f++) {
		if (!value_equal(f, a, b))
			return false;
	}
	return true;
}

/* Have the elements @a and @b of @s the same name, if it has names? */
static bool names_equal(const struct schema *s, const void *a, const void *b)
{
	if (s->type == SCHEMA_NUMBERED)
		return *(const uint16_t *)a == *(const uint16_t *)b;
	return s->type != SCHEMA_NAMED || strcmp(a, b) == 0;
}

static bool lists_equal(const struct schema *s, const void *a, const void *b)
{
	size_t n = schema_count(s, a);

	if (n != schema_count(s, b))
		return false;
	for (size_t i = 0; i < n; i++) {
		const void *x = schema_element(s, a, i), *y = schema_element(s, b, i);

		if (!names_equal(s, x, y) || !value_equal(s->fields, x, y))
			return false;
	}
	return true;
}

static bool vias_equal(const struct config_via *a, const struct config_via *b)
{
	if (!ip_equal(a->addr, b->addr) || a->n != b->n)
		return false;
	for (uint16_t i = 0; i < a->n; i++) {
		if (!ip_equal(a->list[i].addr, b->list[i].addr))
			return false;
	}
	return true;
}

static bool scalars_equal(const struct schema *s, const void *a, const void *b)
{
	if (s->type == SCHEMA_FILE || s->type == SCHEMA_DOMAIN) {
		const char *x = *(char *const *)a, *y = *(char *const *)b;

		return x == NULL || y == NULL ? x == y : strcmp(x, y) == 0;
	}
	if (s->type == SCHEMA_ADDRESS || s->type == SCHEMA_PREFIX)
		return prefix_equal(a, b);
	if (s->type == SCHEMA_GATEWAY)
		return vias_equal(a, b);
	return memcmp(a, b, s->size) == 0;
}

bool value_equal(const struct schema *s, const void *a, const void *b)
{
	switch ((enum schema_type)s->type) {
	case SCHEMA_MAPPING:
		return (s->said == 0 || value_is_said(s, a) == value_is_said(s, b)) &&
		       fields_equal(s, schema_peek(s, a), schema_peek(s, b));
	case SCHEMA_LIST:
	case SCHEMA_NAMED:
	case SCHEMA_NUMBERED:
		return lists_equal(s, a, b);
	case SCHEMA_LATER:
		return true;
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
	return scalars_equal(s, schema_peek(s, a), schema_peek(s, b));
}

/* Room for any scalar with a default. */
union scalar {
	uint64_t word;
	struct config_cpus cpus;
	struct config_vids vids;
	struct config_prefix prefix;
	struct config_via via;
	char *file;
};

bool value_is_default(const struct schema *s, const void *value)
{
	union scalar fallback = {};
	char why[WHY_MAX];

	assert(s->size <= sizeof(fallback));
	/* The table's own defaults are readable: a unit test walks them. */
	if (s->fallback != NULL && !value_parse(s, s->fallback, &fallback, why))
		return false;
	return scalars_equal(s, value, &fallback);
}

void value_set_defaults(const struct schema *mapping, void *base)
{
	char why[WHY_MAX];

	for (const struct schema *f = mapping->fields; f->key != NULL; f++) {
		bool done = true;

		if (f->type == SCHEMA_MAPPING)
			value_set_defaults(f, schema_value(f, base));
		else if (f->fallback != NULL)
			done = value_parse(f, f->fallback, schema_value(f, base), why);
		assert(done);
		(void)done;
	}
}

static void elements_free(const struct schema *s, void *base)
{
	void **array = schema_value(s, base);

	for (size_t i = 0; i < schema_count(s, base); i++)
		value_free(s->fields, (char *)*array + i * s->size);
	free(*array);
	*array = NULL;
	*(size_t *)(void *)((char *)base + s->count) = 0;
}

/* Has a value of schema @s anything on the heap? Most of a million routes' have not. */
static bool is_owner(const struct schema *s)
{
	const uint32_t owners = 1u << SCHEMA_MAPPING | 1u << SCHEMA_NAMED | 1u << SCHEMA_LIST |
	                        1u << SCHEMA_NUMBERED | 1u << SCHEMA_FILE | 1u << SCHEMA_DOMAIN |
	                        1u << SCHEMA_GATEWAY;

	return (owners >> s->type & 1) != 0;
}

/* What lies on the heap of the value at @value. */
static void scalar_free(const struct schema *s, void *value)
{
	if (s->type == SCHEMA_GATEWAY) {
		struct config_via *via = value;

		free(via->list);
		*via = (struct config_via){};
	} else if (s->type == SCHEMA_FILE || s->type == SCHEMA_DOMAIN) {
		char **text = value;

		free(*text);
		*text = NULL;
	}
}

void value_free(const struct schema *s, void *base)
{
	if (s->type == SCHEMA_LIST || s->type == SCHEMA_NAMED || s->type == SCHEMA_NUMBERED) {
		elements_free(s, base);
	} else if (s->type == SCHEMA_MAPPING) {
		for (const struct schema *f = s->fields; f->key != NULL; f++) {
			if (is_owner(f))
				value_free(f, schema_value(s, base));
		}
	} else {
		scalar_free(s, schema_value(s, base));
	}
}
