/* SPDX-License-Identifier: BSD-2-Clause */
/* control_request: the one line that a client sends, taken apart (viaduct/control.h). */
#ifndef AGENT_CONTROL_REQUEST_H
#define AGENT_CONTROL_REQUEST_H

#include <stddef.h>

struct control_request {
	size_t n;
	char **word; /* @n words, then NULL */
};

/**
 * control_request_parse - read a request
 * @line:  @len bytes without the newline, any bytes at all
 * @out:   set on success, freed with control_request_fini()
 * @error: @error_size bytes for a sentence that says what is wrong
 *
 * Return: 0; -EINVAL with *@error set; -ENOMEM, with *@error set too.
 */
[[nodiscard]] int control_request_parse(const char *line, size_t len, struct control_request *out,
                                        char *error, size_t error_size);
void control_request_fini(struct control_request *r);

#endif
