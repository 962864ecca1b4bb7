/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/client.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <viaduct/control.h>

#include "base/json.h"

static int client_connect(const char *path, unsigned int timeout_s)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval timeout = {.tv_sec = timeout_s};
	int err;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* The one for sending also bounds how long connect() waits for a place in the backlog. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int client_send(int fd, const struct json *request)
{
	size_t sent = 0;

	while (sent < request->len) {
		ssize_t n = send(fd, request->text + sent, request->len - sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPIPE)
			return 0; /* it may have said why before it closed */
		if (n < 0)
			return -errno;
		sent += (size_t)n;
	}
	return 0;
}

static void client_request(struct json *j, char *const *words, size_t n)
{
	json_begin_object(j);
	json_add_int(j, "viaduct", VIADUCT_CONTROL_VERSION);
	json_key(j, "command");
	json_begin_array(j);
	for (size_t i = 0; i < n; i++)
		json_put_string(j, words[i]);
	json_end_array(j);
	json_end_object(j);
	json_end_line(j);
}

int client_open(struct client *c, const char *path, char *const *words, size_t n,
                unsigned int timeout_s)
{
	struct json request = {0};
	int err = -ENOMEM;
	int fd;

	client_request(&request, words, n);
	if (request.failed)
		goto free_request;
	err = -EMSGSIZE;
	if (request.len > VIADUCT_CONTROL_REQUEST_MAX)
		goto free_request;
	fd = client_connect(path, timeout_s);
	err = fd < 0 ? fd : client_send(fd, &request);
	if (fd < 0)
		goto free_request;
	*c = (struct client){.answer = err == 0 ? fdopen(fd, "r") : NULL};
	if (c->answer == NULL) {
		err = err < 0 ? err : -errno;
		close(fd);
	}
free_request:
	json_fini(&request);
	return err;
}

ssize_t client_line(struct client *c)
{
	ssize_t n;

	errno = 0;
	n = getline(&c->line, &c->size, c->answer);
	if (n < 0 && errno == ECONNRESET)
		return 0;
	if (n < 0)
		return -errno;
	if (c->line[n - 1] != '\n')
		return 0; /* cut short */
	c->line[n - 1] = '\0';
	return n - 1;
}

void client_close(struct client *c)
{
	fclose(c->answer);
	free(c->line);
	*c = (struct client){0};
}
