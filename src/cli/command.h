/* SPDX-License-Identifier: BSD-2-Clause */
/* command: what `viaduct` can be told, and how each answer is shown. One const table. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>
#include <stdio.h>

#include "cli/table.h"

struct command {
	const char *words; /* "show routes" */
	const char *args;  /* for the help */
	const char *about;
	const struct column *columns; /* NULL: one row, shown as a list of its members */
	size_t n_columns;
	unsigned int timeout_s; /* how long the daemon may be silent; 0: the usual 30 s */
};

/* The command that the first of @n words name, or NULL. */
const struct command *command_find(char *const *words, size_t n);

/* The command that was probably meant, or NULL if none is near. */
const struct command *command_suggest(char *const *words, size_t n);

/* The column set of an answer that is a list: "name" and "value". */
extern const struct column command_list_columns[2];

/* Print the commands that start with the word @first, or all if it is NULL, a line each.
 * Return: how many there are. */
size_t command_list(FILE *to, const char *first);

#endif
