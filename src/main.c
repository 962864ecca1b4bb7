/* SPDX-License-Identifier: BSD-2-Clause */
/* viaductd: start the agent and its workers, stop them in reverse order. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/log.h"

static const char usage[] =
	"usage: viaductd [--config FILE] [--run-dir DIR] [--state-dir DIR] [--check]\n"
	"\n"
	"  --config FILE     the configuration (/etc/viaduct/viaduct.yaml)\n"
	"  --run-dir DIR     sockets, pins and the journal (/run/viaduct)\n"
	"  --state-dir DIR   revisions (/var/lib/viaduct)\n"
	"  --check           check the configuration, and exit: 0 if it is good, else 4\n"
	"  --version         print the version, and exit\n";

struct arguments {
	struct agent_options options;
	bool check;
};

/* Return: -1 to go on, or the exit status. */
static int arguments_read(int argc, char **argv, struct arguments *args)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"run-dir", required_argument, NULL, 'r'},
		{"state-dir", required_argument, NULL, 's'},
		{"check", no_argument, NULL, 'k'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			args->options.config_path = optarg;
			break;
		case 'r':
			args->options.run_dir = optarg;
			break;
		case 's':
			args->options.state_dir = optarg;
			break;
		case 'k':
			args->check = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'V':
			puts("viaductd " VIADUCT_VERSION);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "viaductd: %s: interfaces are named in the configuration\n",
		        argv[optind]);
		return 2;
	}
	return -1;
}

static int serve(const struct agent_options *options, struct config *c)
{
	struct agent *a = calloc(1, sizeof(*a));
	struct why e;
	int err;

	if (a == NULL) {
		config_free(c);
		return 1;
	}
	/* That nobody reads the log any more is no reason to leave devices taken. */
	signal(SIGPIPE, SIG_IGN);
	err = agent_open(a, options, c, &e);
	if (err < 0) {
		log_error("%s", e.text);
		config_free(c);
		free(a);
		return 1;
	}
	if (a->replay && agent_replay(a, &e) < 0) {
		log_error("%s", e.text);
		err = -1;
	}
	if (!a->replay)
		err = agent_run(a);
	agent_close(a);
	free(a);
	return err < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct arguments args = {
		.options = {.config_path = "/etc/viaduct/viaduct.yaml",
	                    .run_dir = VIADUCT_RUN_DIR,
	                    .state_dir = "/var/lib/viaduct"},
	};
	struct config_errors errs = {0};
	struct config *c = NULL;
	int err = arguments_read(argc, argv, &args);

	if (err >= 0)
		return err;
	err = config_load(&c, args.options.config_path, &errs);
	if (err < 0) {
		config_errors_print(&errs, args.options.config_path, stderr);
		config_errors_fini(&errs);
		return 4;
	}
	if (args.check) {
		config_free(c);
		return 0;
	}
	return serve(&args.options, c);
}
