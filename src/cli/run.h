/* SPDX-License-Identifier: BSD-2-Clause */
/* run: carry out one command with the daemon and show its answer. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include <stdbool.h>
#include <viaduct/control.h>

#include "cli/command.h"

struct run {
	const char *run_dir;
	bool json;   /* rows as one JSON array */
	bool colour; /* in tables */
	FILE *out;
};

/**
 * run_command - send @words, @n of them, and print what comes back
 * @r: how; rows and messages go to @r->out, errors to stderr, a line each
 *
 * Return: how it went, for exit().
 */
[[nodiscard]] enum viaduct_exit run_command(const struct run *r, const struct command *command,
                                            char *const *words, size_t n);

#endif
