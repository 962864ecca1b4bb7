/* SPDX-License-Identifier: BSD-2-Clause */
/* reader: YAML events, by the schema, into the model. Private to config/. */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include "config/check.h"

/**
 * reader_run - read a configuration
 * @k:    whose config, zeroed, is filled in, and whose errors are added to
 * @text: @len bytes
 *
 * Context: any. Return: true when the text was YAML to its end, with or without errors.
 */
[[nodiscard]] bool reader_run(struct check *k, const char *text, size_t len);

#endif
