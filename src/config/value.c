/* SPDX-License-Identifier: BSD-2-Clause */
/* value: reads the scalars of the schema's types. */
#include "config/value.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/address.h"
#include "config/suggest.h"
#include "config/vids.h"
#include "wire/addr.h"
#include "wire/ether.h"

#define FILE_MAX   4095
#define DOMAIN_MAX 253 /* RFC 1035 2.3.4, without the lengths of the first and the last label */

bool value_refuse(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, WHY_MAX, format, args);
	va_end(args);
	return false;
}

bool digits_parse(const char *text, const char *end, uint32_t *number)
{
	uint64_t n = 0;

	if (text == end || (text[0] == '0' && text + 1 != end))
		return false;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
		if (n > UINT32_MAX)
			return false;
	}
	*number = (uint32_t)n;
	return true;
}

static void number_store(const struct schema *s, void *value, uint32_t number)
{
	if (s->size == sizeof(uint16_t))
		*(uint16_t *)value = (uint16_t)number;
	else
		*(uint32_t *)value = number;
}

/* The first word of a number stands for 0, the second for UINT32_MAX. */
static bool number_word_parse(const struct schema *s, const char *text, void *value)
{
	for (uint32_t i = 0; s->words != NULL && s->words[i] != NULL; i++) {
		if (strcmp(text, s->words[i]) == 0) {
			number_store(s, value, i == 0 ? 0 : UINT32_MAX);
			return true;
		}
	}
	return false;
}

/* A number, of which a rate has /s behind. */
static bool number_parse(const struct schema *s, const char *text, void *value, char *why)
{
	const char *unit = s->type == SCHEMA_RATE ? "/s" : "";
	const char *kind = s->type == SCHEMA_RATE ? "rate" : "number";
	const char *words[] = {"", "", "", ""};
	size_t len = strlen(text), unit_len = strlen(unit);
	uint32_t n;

	if (number_word_parse(s, text, value))
		return true;
	if (len >= unit_len && strcmp(text + len - unit_len, unit) == 0 &&
	    digits_parse(text, text + len - unit_len, &n) && n >= s->min && n <= s->max) {
		number_store(s, value, n);
		return true;
	}
	for (size_t i = 0; s->words != NULL && s->words[i] != NULL && i < 2; i++) {
		words[2 * i] = ", nor ";
		words[2 * i + 1] = s->words[i];
	}
	return value_refuse(why, "\"%.40s\" is no %s from %u%s to %u%s%s%s%s%s", text, kind, s->min,
	                    unit, s->max, unit, words[0], words[1], words[2], words[3]);
}

/* A number and its unit, or a word for what has no end. */
static bool duration_parse(const struct schema *s, const char *text, uint32_t *value, char *why)
{
	size_t n = strspn(text, "0123456789");
	char min[DURATION_TEXT], max[DURATION_TEXT];
	uint64_t scale = duration_scale(s, text + n);
	uint32_t number;

	if (s->words != NULL && strcmp(text, s->words[0]) == 0) {
		*value = UINT32_MAX;
		return true;
	}
	if (scale != 0 && digits_parse(text, text + n, &number) && number * scale >= s->min &&
	    number * scale <= s->max) {
		*value = (uint32_t)(number * scale);
		return true;
	}
	if (s->words != NULL && s->min == 0)
		return value_refuse(why, "\"%.40s\" is no time such as 90s, 5m, 2h or 1d, nor %s",
		                    text, s->words[0]);
	return value_refuse(why, "\"%.40s\" is no time from %s to %s such as 90s, 5m, 2h or 1d%s%s",
	                    text, duration_format(min, s, s->min), duration_format(max, s, s->max),
	                    s->words != NULL ? ", nor " : "", s->words != NULL ? s->words[0] : "");
}

/* All that may be said instead of a word that resembles none of them. */
static const char *words_text(const struct schema *s, char *text, size_t room)
{
	size_t len = 0;

	text[0] = '\0';
	for (uint8_t n = 0; s->words[n] != NULL && (s->later == 0 || n < s->later); n++) {
		int put = snprintf(text + len, room - len, "%s%s",
		                   n == 0 ? ", it is one of " : ", ", s->words[n]);

		if (put < 0 || (size_t)put >= room - len)
			break;
		len += (size_t)put;
	}
	return text;
}

static bool word_parse(const struct schema *s, const char *text, uint8_t *value, char *why)
{
	struct suggest near = {.word = text};
	char hint[SUGGEST_TEXT], all[80];
	uint8_t n = 0;

	while (s->words[n] != NULL && strcmp(text, s->words[n]) != 0)
		n++;
	if (s->words[n] != NULL && (s->later == 0 || n < s->later)) {
		*value = n;
		return true;
	}
	if (s->words[n] != NULL)
		return value_refuse(why, "\"%s\" is not supported by this version", text);
	for (n = 0; s->words[n] != NULL; n++)
		suggest_try(&near, s->words[n]);
	if (suggest_text(&near, hint)[0] == '\0')
		return value_refuse(why, "unknown value \"%.40s\"%s", text,
		                    words_text(s, all, sizeof(all)));
	return value_refuse(why, "unknown value \"%.40s\"%s", text, hint);
}

static bool bool_parse(const char *text, bool *value, char *why)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(text, words[i]) == 0) {
			*value = i % 2 == 1;
			return true;
		}
	}
	return value_refuse(why, "\"%.40s\" is neither yes nor no", text);
}

bool name_parse(const char *text, char *value, char *why)
{
	size_t len = strlen(text);

	if (len >= CONFIG_NAME_LEN && name_is_vlan(text))
		return value_refuse(why,
		                    "an interface's name has 1 to %d characters; a VLAN's may be "
		                    "any, with \"parent\" and \"vlan\"",
		                    CONFIG_NAME_LEN - 1);
	if (len == 0 || len >= CONFIG_NAME_LEN)
		return value_refuse(why, "an interface's name has 1 to %d characters",
		                    CONFIG_NAME_LEN - 1);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c <= ' ' || *c > '~' || *c == '/' || *c == ':')
			return value_refuse(why,
			                    "an interface's name has no blanks, no / and no :");
	}
	if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return value_refuse(why, "\"%s\" is no name of an interface", text);
	memcpy(value, text, len + 1);
	return true;
}

static bool file_parse(const char *text, char **value, char *why)
{
	if (text[0] == '\0' || strlen(text) > FILE_MAX)
		return value_refuse(why, "a file's name has 1 to %d bytes", FILE_MAX);
	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return value_refuse(why, "a control character in a file's name");
	}
	*value = strdup(text);
	return *value != NULL || value_refuse(why, "out of memory");
}

static bool cpus_refuse(const char *text, char *why)
{
	return value_refuse(why, "\"%.40s\" is no list of CPUs from 0 to %d such as 1-3,5", text,
	                    CONFIG_CPUS - 1);
}

static bool cpus_parse(const char *text, struct config_cpus *value, char *why)
{
	struct config_cpus cpus = {};
	const char *s = text;

	for (;;) {
		const char *end = s + strcspn(s, ",");
		const char *dash = memchr(s, '-', (size_t)(end - s));
		uint32_t first, last;

		if (!digits_parse(s, dash != NULL ? dash : end, &first))
			return cpus_refuse(text, why);
		last = first;
		if (dash != NULL && !digits_parse(dash + 1, end, &last))
			return cpus_refuse(text, why);
		if (first > last || last >= CONFIG_CPUS)
			return cpus_refuse(text, why);
		for (uint32_t i = first; i <= last; i++)
			cpus.bits[i / 64] |= 1ull << (i % 64);
		if (*end == '\0')
			break;
		s = end + 1;
	}
	*value = cpus;
	return true;
}

static bool mac_value_parse(const char *text, uint64_t *value, char *why)
{
	uint64_t mac;

	if (!mac_parse(text, &mac))
		return value_refuse(why, "\"%.40s\" is no MAC address such as 02:00:00:00:00:01",
		                    text);
	if (mac == 0)
		return value_refuse(why, "the MAC address is all zero");
	if (mac_is_group(mac))
		return value_refuse(why, "%.40s is a group address, not one station's", text);
	*value = mac;
	return true;
}

static bool to_parse(const char *text, const struct schema *s, struct config_prefix *value,
                     char *why)
{
	if (s->words == NULL || strcmp(text, s->words[0]) != 0)
		return prefix_parse(text, value, why);
	value->addr = ip_from4(0);
	value->len = PREFIX_DEFAULT;
	return true;
}

/* Labels of letters, digits, - and _, parted by dots; one more may end it (RFC 1035 2.3). */
static bool domain_is_valid(const char *text, size_t len)
{
	static const char label[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-_";

	for (const char *end = text + len; text < end; text++) {
		size_t n = strspn(text, label);

		if (n < 1 || n > 63 || text[0] == '-' || text[n - 1] == '-')
			return false;
		text += n;
		if (text < end && *text != '.')
			return false;
		if (text + 1 == end) /* only a dot that was cut off ends it */
			return false;
	}
	return true;
}

static bool domain_parse(const char *text, char **value, char *why)
{
	size_t len = strlen(text);

	if (len > 1 && text[len - 1] == '.')
		len--;
	if (len < 1 || len > DOMAIN_MAX || !domain_is_valid(text, len))
		return value_refuse(why, "\"%.60s\" is no domain such as example.com", text);
	*value = strndup(text, len);
	return *value != NULL || value_refuse(why, "out of memory");
}

bool value_parse(const struct schema *s, const char *text, void *value, char *why)
{
	switch ((enum schema_type)s->type) {
	case SCHEMA_NUMBER:
	case SCHEMA_RATE:
		return number_parse(s, text, value, why);
	case SCHEMA_DURATION:
		return duration_parse(s, text, value, why);
	case SCHEMA_WORD:
		return word_parse(s, text, value, why);
	case SCHEMA_BOOL:
		return bool_parse(text, value, why);
	case SCHEMA_NAME:
		return name_parse(text, value, why);
	case SCHEMA_FILE:
		return file_parse(text, value, why);
	case SCHEMA_DOMAIN:
		return domain_parse(text, value, why);
	case SCHEMA_CPUS:
		return cpus_parse(text, value, why);
	case SCHEMA_VIDS:
		return vids_parse(text, value, why);
	case SCHEMA_MAC:
		return mac_value_parse(text, value, why);
	case SCHEMA_HOST:
		return host_parse(text, value, why);
	case SCHEMA_GATEWAY:
		return host_parse(text, &((struct config_via *)value)->addr, why);
	case SCHEMA_ADDRESS:
		return address_parse(text, value, why);
	case SCHEMA_PREFIX:
		return to_parse(text, s, value, why);
	case SCHEMA_MAPPING:
	case SCHEMA_NAMED:
	case SCHEMA_NUMBERED:
	case SCHEMA_LIST:
	case SCHEMA_LATER:
		break;
	}
	return value_refuse(why, "a single value does not go here");
}
