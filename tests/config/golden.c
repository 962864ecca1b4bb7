/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * golden: reads every configuration of a folder and compares with what lies beside it: NAME.ok is
 * what it prints back, NAME.err are its errors. With --examples there is nothing beside it: each
 * must be valid. What is valid must also be the same again when its print is read. Speaks TAP.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

#define PATH_MAX_LEN 4096

static char *read_file(const char *path)
{
	FILE *in = fopen(path, "re");
	char *text = NULL;
	size_t len = 0;

	if (in == NULL)
		return NULL;
	if (getdelim(&text, &len, '\0', in) < 0) {
		free(text);
		text = strdup("");
	}
	(void)fclose(in);
	return text;
}

static char *print_config(const struct config *c)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (config_print(out, c) != 0)
		abort();
	(void)fclose(out);
	return text;
}

static char *print_errors(const struct config_errors *errs, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	config_errors_print(errs, slash != NULL ? slash + 1 : path, out);
	(void)fclose(out);
	return text;
}

static bool texts_equal(const char *what, const char *got, const char *want)
{
	if (want != NULL && strcmp(got, want) == 0)
		return true;
	(void)fprintf(stderr, "--- %s: expected\n%s--- got\n%s---\n", what,
	              want != NULL ? want : "(no such file)\n", got);
	return false;
}

/* Is @c, printed as @text, the same when that is read? */
static bool reads_back(const struct config *c, const char *text)
{
	struct config_errors errs = {};
	struct config_diff diff;
	struct config *again;
	char *errors, *twice;
	bool same;

	if (config_parse(&again, text, strlen(text), &errs) != 0) {
		errors = print_errors(&errs, "print");
		(void)texts_equal("read back", errors, "");
		free(errors);
		config_errors_fini(&errs);
		return false;
	}
	if (config_diff(&diff, c, again) != 0)
		abort();
	twice = print_config(again);
	same = texts_equal("printed twice", twice, text) && diff.system == 0 &&
	       diff.n_interfaces + diff.n_bridges + diff.n_routes + diff.n_neighbours == 0;
	free(twice);
	config_diff_fini(&diff);
	config_free(again);
	return same;
}

/* The file beside @path that ends in @ending. */
static char *read_beside(const char *path, const char *ending)
{
	char name[PATH_MAX_LEN];
	const char *dot = strrchr(path, '.');

	(void)snprintf(name, sizeof(name), "%.*s%s", (int)(dot - path), path, ending);
	return read_file(name);
}

static bool check_valid(const struct config *c, const char *path, bool example)
{
	char *text = print_config(c);
	bool fine = reads_back(c, text);

	if (!example) {
		char *want = read_beside(path, ".ok");

		fine = texts_equal(path, text, want) && fine;
		free(want);
	}
	free(text);
	return fine;
}

static bool check_invalid(struct config_errors *errs, const char *path, bool example)
{
	char *text = print_errors(errs, path);
	char *want = example ? strdup("") : read_beside(path, ".err");
	bool fine = texts_equal(path, text, want);

	free(want);
	free(text);
	config_errors_fini(errs);
	return fine;
}

static bool check_file(const char *path, bool example)
{
	struct config_errors errs = {};
	struct config *c;
	bool fine;

	if (config_load(&c, path, &errs) != 0)
		return check_invalid(&errs, path, example);
	fine = check_valid(c, path, example);
	config_free(c);
	return fine;
}

static void find(glob_t *files, const char *folder, const char *ending, int flags)
{
	char pattern[PATH_MAX_LEN];

	(void)snprintf(pattern, sizeof(pattern), "%s/*%s", folder, ending);
	(void)glob(pattern, flags, NULL, files);
}

int main(int argc, char **argv)
{
	bool example = argc == 3 && strcmp(argv[1], "--examples") == 0;
	glob_t files = {};
	size_t failed = 0;

	if (argc != 2 && !example) {
		(void)fprintf(stderr, "usage: golden [--examples] FOLDER\n");
		return 2;
	}
	find(&files, argv[argc - 1], ".yaml", 0);
	find(&files, argv[argc - 1], ".json", GLOB_APPEND);
	printf("1..%zu\n", files.gl_pathc);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		bool fine = check_file(files.gl_pathv[i], example);

		printf("%sok %zu - %s\n", fine ? "" : "not ", i + 1,
		       strrchr(files.gl_pathv[i], '/') + 1);
		failed += !fine;
	}
	if (files.gl_pathc == 0)
		(void)fprintf(stderr, "golden: no files in %s\n", argv[argc - 1]);
	failed += files.gl_pathc == 0;
	globfree(&files);
	return failed != 0;
}
