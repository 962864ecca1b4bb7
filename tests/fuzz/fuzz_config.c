/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_config: any bytes are refused with reasons, or are a configuration that is the same again
 * when its print is read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "fuzz.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void read_back(const struct config *c)
{
	struct config_errors errs = {};
	struct config_diff diff;
	struct config *again;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	must(out != NULL && config_print(out, c) == 0 && fclose(out) == 0);
	must(config_parse(&again, text, len, &errs) == 0);
	must(config_diff(&diff, c, again) == 0);
	must(diff.system == 0 && diff.n_interfaces + diff.n_bridges == 0 &&
	     diff.n_routes + diff.n_neighbours == 0);
	config_diff_fini(&diff);
	config_free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_errors errs = {};
	struct config *c;
	int err = config_parse(&c, (const char *)data, size, &errs);

	must((err == 0) == (errs.n == 0));
	if (err == 0) {
		read_back(c);
		config_free(c);
	}
	config_errors_fini(&errs);
	return 0;
}
