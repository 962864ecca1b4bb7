/* SPDX-License-Identifier: BSD-2-Clause */
/* suggest: what a misspelt word was meant to be. Private to config/. */
#ifndef CONFIG_SUGGEST_H
#define CONFIG_SUGGEST_H

#include <stddef.h>

/* The search for the candidate nearest to @word. Initialise with {.word = ...}. */
struct suggest {
	const char *word;
	const char *best; /* NULL: nothing is near enough */
	unsigned int distance;
};

/* Consider @candidate; it must outlive @s. Context: any. */
void suggest_try(struct suggest *s, const char *candidate);

#define SUGGEST_TEXT 80

/* `, did you mean "native"?`, or nothing. @buf has SUGGEST_TEXT bytes. Return: @buf. */
const char *suggest_text(const struct suggest *s, char *buf);

#endif
