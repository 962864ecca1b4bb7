/* SPDX-License-Identifier: BSD-2-Clause */
/* suggest: edit distance between short words. */
#include "config/suggest.h"

#include <stdio.h>
#include <string.h>

#define WORD_MAX 32

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Insertions, deletions, replacements and swaps of neighbours that make @a into @b; both are
 * shorter than WORD_MAX. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int rows[3][WORD_MAX + 1];
	unsigned int *before = rows[0], *last = rows[1], *now = rows[2];
	size_t n = strlen(b);

	for (unsigned int j = 0; j <= n; j++) {
		before[j] = 0;
		last[j] = j;
	}
	for (unsigned int i = 1; a[i - 1] != '\0'; i++) {
		unsigned int *spare = before;

		now[0] = i;
		for (unsigned int j = 1; j <= n; j++) {
			unsigned int change = a[i - 1] == b[j - 1] ? 0 : 1;

			now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[n];
}

void suggest_try(struct suggest *s, const char *candidate)
{
	size_t len = strlen(s->word);
	unsigned int d;

	if (len == 0 || len >= WORD_MAX || strlen(candidate) >= WORD_MAX)
		return;
	d = distance(s->word, candidate);
	/* Two slips, but not most of a short word. */
	if (d > 2 || d > len / 2)
		return;
	if (s->best == NULL || d < s->distance) {
		s->best = candidate;
		s->distance = d;
	}
}

const char *suggest_text(const struct suggest *s, char *buf)
{
	buf[0] = '\0';
	if (s->best != NULL)
		(void)snprintf(buf, SUGGEST_TEXT, ", did you mean \"%s\"?", s->best);
	return buf;
}
