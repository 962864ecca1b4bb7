/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table: rows of JSON as lines of text. The first rows are kept until the widths of the columns are
 * known from them; what follows is printed as it comes, and a cell that is wider then shifts the
 * rest of its line. Values that a row does not have are blank.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/cell.h"

#define TABLE_COLUMNS   16   /* of one table at most */
#define TABLE_KEPT_ROWS 1000 /* that the widths come from */

struct column {
	const char *key;  /* member of the row */
	const char *also; /* member of rows that lack that one; NULL: none */
	const char *heading;
	cell_format format;  /* NULL: cell_text() */
	bool right;          /* aligned to the right */
	bool state;          /* coloured by what it says */
	unsigned char width; /* no narrower than this */
};

struct table;

/**
 * table_new - an empty table
 * @columns: @n of them, at most TABLE_COLUMNS, kept and not copied
 * @colour:  bold heading, coloured states
 *
 * Return: 0 or -ENOMEM.
 */
[[nodiscard]] int table_new(struct table **out, FILE *to, const struct column *columns, size_t n,
                            bool colour);

/* Add a row, an object. Return: 0 or -ENOMEM. */
[[nodiscard]] int table_row(struct table *t, const json_t *row);

/* Print what is kept, and the heading in any case. */
void table_end(struct table *t);
void table_free(struct table *t);

#endif
