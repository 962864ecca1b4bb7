/* SPDX-License-Identifier: BSD-2-Clause */
/* errors: where in a file, and where in the configuration, something is wrong. Private to config/.
 */
#ifndef CONFIG_ERRORS_H
#define CONFIG_ERRORS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

/* A place in the file, counted from 1; line 0: nowhere. */
struct mark {
	uint32_t line;
	uint32_t column;
};

#define PATH_STEPS 8

/* The way from the top to a value: keys, or positions in a list where the key is NULL. */
struct path {
	uint32_t n;
	struct path_step {
		const char *key;
		uint32_t index;
	} step[PATH_STEPS];
};

/* The path of @...: a list of steps, {.key = "routes"}, {.index = 3}. */
#define PATH(...)                                                              \
	(&(const struct path){.n = sizeof((struct path_step[]){__VA_ARGS__}) / \
	                           sizeof(struct path_step),                   \
	                      .step = {__VA_ARGS__}})

/* Errors found so far, kept or not. */
static inline size_t errors_count(const struct config_errors *errs)
{
	return errs->n + errs->more;
}

/* Is there no room for another one? What it would say is not worth finding out then. */
static inline bool errors_full(const struct config_errors *errs)
{
	return errs->n == CONFIG_MAX_ERRORS;
}

/* Add one; control characters in it become question marks. Context: any. */
void errors_add(struct config_errors *errs, struct mark at, const struct path *path,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Put them in the order of the file. Context: any. */
void errors_sort(struct config_errors *errs);

#endif
