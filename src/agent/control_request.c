/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/control_request.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <viaduct/control.h>

/* What is wrong with @request, or NULL. */
static const char *request_fault(const json_t *request)
{
	const json_t *version = json_object_get(request, "viaduct");
	const json_t *command = json_object_get(request, "command");
	size_t n = json_array_size(command);

	if (!json_is_object(request))
		return "not a JSON object";
	if (!json_is_integer(version))
		return "\"viaduct\", the protocol's version, is missing";
	if (json_integer_value(version) != VIADUCT_CONTROL_VERSION)
		return "this daemon speaks version 1 of the protocol only";
	if (n == 0 || n > VIADUCT_CONTROL_WORDS_MAX)
		return "\"command\" is not an array of 1 to 256 words";
	for (size_t i = 0; i < n; i++)
		if (!json_is_string(json_array_get(command, i)))
			return "a word of \"command\" is not a string";
	return NULL;
}

static int request_copy(const json_t *command, struct control_request *out)
{
	struct control_request r = {.word = calloc(json_array_size(command) + 1, sizeof(char *))};

	if (r.word == NULL)
		return -ENOMEM;
	while (r.n < json_array_size(command)) {
		char *word = strdup(json_string_value(json_array_get(command, r.n)));

		if (word == NULL) {
			control_request_fini(&r);
			return -ENOMEM;
		}
		r.word[r.n++] = word;
	}
	*out = r;
	return 0;
}

int control_request_parse(const char *line, size_t len, struct control_request *out, char *error,
                          size_t error_size)
{
	json_error_t at;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &at);
	const char *fault;
	int err = -EINVAL;

	if (request == NULL) {
		snprintf(error, error_size, "not JSON: %s", at.text);
		return -EINVAL;
	}
	fault = request_fault(request);
	if (fault == NULL) {
		err = request_copy(json_object_get(request, "command"), out);
		fault = "out of memory";
	}
	if (err < 0)
		snprintf(error, error_size, "%s", fault);
	json_decref(request);
	return err;
}

void control_request_fini(struct control_request *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->word[i]);
	free(r->word);
	*r = (struct control_request){0};
}
