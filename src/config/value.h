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

/* Write the canonical text of @value, quoted where YAML wants it. Context: any. */
void value_print(FILE *out, const struct schema *s, const void *value);

/* Write @text as a YAML scalar. Context: any. */
void value_print_text(FILE *out, const char *text);

/* Compare two values of any type, at @a and @b inside of their structs. Context: any. */
bool value_equal(const struct schema *s, const void *a, const void *b);

/* Is the scalar @value what it is when nothing is said? Context: any. */
bool value_is_default(const struct schema *s, const void *value);

/* Set the fields of the zeroed struct @base to what they are when nothing is said. Context: any. */
void value_set_defaults(const struct schema *mapping, void *base);

/* Free what the fields of the struct @base own. Context: any. */
void value_free_fields(const struct schema *mapping, void *base);

/* What makes @addr no host's address (RFC 1122 3.2.1.3), NULL if nothing does. Context: any. */
const char *ip_martian(struct ip addr);

/* ip_compare(), but all of IPv4 comes before all of IPv6. Context: any. */
static inline int ip_order(struct ip x, struct ip y)
{
	if (unlikely(ip_is4(x) != ip_is4(y)))
		return ip_is4(x) ? -1 : 1;
	return ip_compare(x, y);
}

/* The netmask of prefix length @len, of an address of the family of @addr. */
static inline struct ip ip_mask(struct ip addr, unsigned int len)
{
	return ip6_mask(ip_is4(addr) ? 96 + len : len);
}

/* The first and the last address of a prefix, whatever its host bits. */
static inline struct ip prefix_first(const struct config_prefix *p)
{
	return ip_and(p->addr, ip_mask(p->addr, p->len));
}

static inline struct ip prefix_last(const struct config_prefix *p)
{
	struct ip m = ip_mask(p->addr, p->len);

	return (struct ip){p->addr.hi | ~m.hi, p->addr.lo | ~m.lo};
}

/* Could an interface be called so? If not, say in @why (WHY_MAX bytes) why. Context: any. */
[[nodiscard]] bool name_is_valid(const char *name, char *why);

#endif
