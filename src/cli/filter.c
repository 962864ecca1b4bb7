/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/filter.h"

#include <stdlib.h>

#include "wire/addr.h"

/* @word as rows have it, in @text of IP_PREFIX_TEXT bytes if that is not @word itself. */
static char *filter_word(char *text, char *word)
{
	struct ip addr;
	uint8_t len;

	if (ip_parse(word, &addr)) {
		ip_format(text, addr);
	} else if (ip_prefix_parse(word, &addr, &len)) {
		ip_prefix_format(text, addr, len);
	} else {
		return word;
	}
	return text;
}

char **filters_new(char *const *words, size_t n)
{
	/* The pointers, then room for a text each. */
	char **filters = calloc(n + 1, sizeof(*filters) + IP_PREFIX_TEXT);
	char *text;

	if (filters == NULL)
		return NULL;
	text = (char *)(filters + n);
	for (size_t i = 0; i < n; i++)
		filters[i] = filter_word(text + i * IP_PREFIX_TEXT, words[i]);
	return filters;
}
