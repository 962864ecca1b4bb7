/* SPDX-License-Identifier: BSD-2-Clause */
/* client: the caller's end of the control socket; one request, then its answer line by line. */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <stddef.h>
#include <stdio.h>

struct client {
	FILE *answer;
	char *line; /* of client_line() */
	size_t size;
};

/**
 * client_open - send a request
 * @path:      the daemon's socket
 * @words:     @n of them: the command's words and its arguments
 * @timeout_s: how long the daemon may be silent
 *
 * Return: 0 or a negative errno: -ENOENT or -ECONNREFUSED where there is no daemon, -EMSGSIZE if
 * the request is too long.
 */
[[nodiscard]] int client_open(struct client *c, const char *path, char *const *words, size_t n,
                              unsigned int timeout_s);

/* The next line of the answer, without its newline; valid until the next call. Return: its length;
 * 0 when the daemon closed; -EAGAIN when it was silent for too long; another negative errno. */
[[nodiscard]] ssize_t client_line(struct client *c);
void client_close(struct client *c);

#endif
