/* SPDX-License-Identifier: BSD-2-Clause */
/* viaduct: the command line. Takes the arguments apart; run.c does the rest. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <viaduct/control.h>

#include "cli/command.h"
#include "cli/run.h"

static void usage(FILE *to)
{
	fputs("usage: viaduct [--run-dir DIR] [-j] COMMAND\n\n", to);
	command_list(to, NULL);
	fputs("\n"
	      "  -j, --json     show in JSON\n"
	      "  --run-dir DIR  the daemon's run directory, default " VIADUCT_RUN_DIR "\n"
	      "  --help         print this and exit\n"
	      "  --version      print the version of this program and exit\n\n"
	      "Exit status: 0 done, 1 refused or failed, 2 usage, 3 no daemon, 4 configuration "
	      "invalid,\n"
	      "5 conflict, 6 a check found a difference, 7 timed out. More in viaduct(1).\n",
	      to);
}

static bool want_colour(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0') && term != NULL &&
	       strcmp(term, "dumb") != 0;
}

/* The words name no command: say what could have been meant. */
static enum viaduct_exit unknown(char *const *words, size_t n)
{
	const struct command *meant;

	if (n == 1 && command_list(stdout, words[0]) > 0)
		return VIADUCT_EXIT_DONE;
	meant = command_suggest(words, n);
	fprintf(stderr, "viaduct: %s%s%s: unknown command", words[0], n > 1 ? " " : "",
	        n > 1 ? words[1] : "");
	if (meant != NULL)
		fprintf(stderr, ", did you mean \"%s\"?\n", meant->words);
	else
		fputs(", see viaduct --help\n", stderr);
	return VIADUCT_EXIT_USAGE;
}

static enum viaduct_exit command(const struct run *r, char *const *words, size_t n)
{
	const struct command *c;

	if (n == 0) {
		usage(stderr);
		return VIADUCT_EXIT_USAGE;
	}
	c = command_find(words, n);
	return c != NULL ? run_command(r, c, words, n) : unknown(words, n);
}

/* Close the output; what failed before was told where it failed. */
static enum viaduct_exit finish(enum viaduct_exit exit)
{
	bool told = ferror(stdout) != 0;

	if (fclose(stdout) == 0 || told)
		return exit;
	if (errno != EPIPE)
		fprintf(stderr, "viaduct: standard output: %s\n", strerror(errno));
	return VIADUCT_EXIT_FAILED;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"run-dir", required_argument, NULL, 'r'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{0},
	};
	static char name[] = "viaduct"; /* for getopt's complaints */
	struct run r = {.run_dir = VIADUCT_RUN_DIR, .colour = want_colour(), .out = stdout};

	argv[0] = name;
	for (int opt; (opt = getopt_long(argc, argv, "jh", options, NULL)) != -1;) {
		switch (opt) {
		case 'r':
			r.run_dir = optarg;
			break;
		case 'j':
			r.json = true;
			break;
		case 'h':
			usage(stdout);
			return finish(VIADUCT_EXIT_DONE);
		case 'V':
			puts("viaduct " VIADUCT_VERSION);
			return finish(VIADUCT_EXIT_DONE);
		default:
			return VIADUCT_EXIT_USAGE;
		}
	}
	return finish(command(&r, argv + optind, (size_t)(argc - optind)));
}
