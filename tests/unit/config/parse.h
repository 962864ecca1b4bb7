/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests of the model begin with: a text that is right. */
#ifndef TEST_CONFIG_PARSE_H
#define TEST_CONFIG_PARSE_H

#include <string.h>

#include "config/config.h"

/* The model of @text; the test fails with what is wrong with it. */
static inline struct config *parse(const char *text)
{
	struct config_errors errs = {};
	struct config *c = NULL;
	int err = config_parse(&c, text, strlen(text), &errs);

	config_errors_print(&errs, "text", stderr);
	assert_int_equal(err, 0);
	return c;
}

#endif
