/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BOLD  "\033[1m"
#define RED   "\033[31m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"

struct table {
	FILE *to;
	const struct column *columns;
	size_t n_columns;
	bool colour;
	bool streams; /* the heading is out, rows are printed at once */
	int width[TABLE_COLUMNS];
	size_t n_kept;
	char *kept[TABLE_KEPT_ROWS]; /* the row's cells, each ended by a NUL */
};

int table_new(struct table **out, FILE *to, const struct column *columns, size_t n, bool colour)
{
	struct table *t = calloc(1, sizeof(*t));

	assert(n > 0 && n <= TABLE_COLUMNS);
	if (t == NULL)
		return -ENOMEM;
	t->to = to;
	t->columns = columns;
	t->n_columns = n;
	t->colour = colour;
	*out = t;
	return 0;
}

void table_free(struct table *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n_kept; i++)
		free(t->kept[i]);
	free(t);
}

/* Characters of UTF-8 text, all but the bytes that continue one. */
static int text_width(const char *s)
{
	int width = 0;

	for (; *s != '\0'; s++)
		width += (*s & 0xc0) != 0x80;
	return width;
}

static const char *state_colour(const char *state)
{
	static const struct {
		const char *state, *colour;
	} colours[] = {
		{"up", GREEN}, {"reachable", GREEN}, {"running", GREEN},
		{"down", RED}, {"failed", RED},      {"absent", RED},
	};

	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		if (strcmp(state, colours[i].state) == 0)
			return colours[i].colour;
	return "";
}

/* One cell, @pad blanks before it or behind. */
static void table_print_cell(const struct table *t, const struct column *c, const char *cell,
                             int pad)
{
	const char *colour = t->colour && c->state ? state_colour(cell) : "";

	fprintf(t->to, "%*s%s%s%s%*s", c->right ? pad : 0, "", colour, cell,
	        colour[0] != '\0' ? PLAIN : "", c->right ? 0 : pad, "");
}

/* The last column that has something to show; no blanks are printed behind it. */
static size_t cells_used(const char *cells, size_t n)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (cells[0] != '\0')
			used = i + 1;
		cells += strlen(cells) + 1;
	}
	return used;
}

static void table_print_cells(const struct table *t, const char *cells)
{
	size_t used = cells_used(cells, t->n_columns);

	for (size_t i = 0; i < used; i++) {
		const struct column *c = &t->columns[i];
		int pad = t->width[i] - text_width(cells);

		if (pad < 0 || (i + 1 == used && !c->right))
			pad = 0;
		table_print_cell(t, c, cells, pad);
		if (i + 1 < used)
			fputs("  ", t->to);
		cells += strlen(cells) + 1;
	}
	fputc('\n', t->to);
}

static void table_print_heading(const struct table *t)
{
	if (t->colour)
		fputs(BOLD, t->to);
	for (size_t i = 0; i < t->n_columns; i++) {
		const struct column *c = &t->columns[i];
		bool last = i + 1 == t->n_columns;
		int pad = t->width[i] - text_width(c->heading);

		fprintf(t->to, "%*s%s%*s%s", c->right ? pad : 0, "", c->heading,
		        c->right || last ? 0 : pad, "", last ? "" : "  ");
	}
	fputs(t->colour ? PLAIN "\n" : "\n", t->to);
}

static void table_widen(struct table *t, const char *cells)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		int width = text_width(cells);

		if (width > t->width[i])
			t->width[i] = width;
		cells += strlen(cells) + 1;
	}
}

/* Print the heading and the kept rows; from now on rows go straight through. */
static void table_flush(struct table *t)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		t->width[i] = text_width(t->columns[i].heading);
		if (t->width[i] < t->columns[i].width)
			t->width[i] = t->columns[i].width;
	}
	for (size_t i = 0; i < t->n_kept; i++)
		table_widen(t, t->kept[i]);
	table_print_heading(t);
	for (size_t i = 0; i < t->n_kept; i++) {
		table_print_cells(t, t->kept[i]);
		free(t->kept[i]);
	}
	t->n_kept = 0;
	t->streams = true;
}

/* Write the cells of @row one behind the other. Return: bytes. */
static size_t table_cells(const struct table *t, const json_t *row, char *cells)
{
	char *at = cells;

	assert(t->n_columns > 0);
	for (size_t i = 0; i < t->n_columns; i++) {
		const json_t *value = json_object_get(row, t->columns[i].key);
		cell_format format = t->columns[i].format;

		if (value == NULL && t->columns[i].also != NULL)
			value = json_object_get(row, t->columns[i].also);
		at[0] = '\0';
		if (value != NULL && !json_is_null(value))
			(format != NULL ? format : cell_text)(at, value);
		at += strlen(at) + 1;
	}
	return (size_t)(at - cells);
}

int table_row(struct table *t, const json_t *row)
{
	char cells[TABLE_COLUMNS * CELL_BYTES];
	size_t bytes = table_cells(t, row, cells);
	char *kept;

	if (t->streams) {
		table_print_cells(t, cells);
		return 0;
	}
	kept = malloc(bytes);
	if (kept == NULL)
		return -ENOMEM;
	memcpy(kept, cells, bytes);
	t->kept[t->n_kept++] = kept;
	if (t->n_kept == TABLE_KEPT_ROWS)
		table_flush(t);
	return 0;
}

void table_end(struct table *t)
{
	if (!t->streams)
		table_flush(t);
}
