/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define JOURNAL "/run/systemd/journal/socket"

/* Lines that nobody took, not yet told of. A log has no object to keep it in, and one writer. */
static uint64_t lines_lost;

/* Is stderr the journal's stream? JOURNAL_STREAM names its device and inode (systemd.exec(5)). */
static int journal_is_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) < 0)
		return 0;
	snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(own, stream) == 0;
}

/* The journal's native protocol: one datagram of FIELD=VALUE lines. Return: whether it was taken.
 */
static int journal_send(enum log_level level, const char *text)
{
	const struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = JOURNAL};
	char message[1200];
	int n, fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t sent;

	if (fd < 0)
		return 0;
	n = snprintf(message, sizeof(message),
	             "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=viaductd\n", text, (int)level);
	sent = sendto(fd, message, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT,
	              (const struct sockaddr *)&to, sizeof(to));
	close(fd);
	return sent == n;
}

/*
 * Would a line be taken at once? Whoever reads a pipe may have stopped, and the agent must not wait
 * for it. A pipe that polls as writable has a page free. Not by O_NONBLOCK, which the
 * terminal or pipe would have for all who share it.
 */
static bool stderr_takes(void)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
	int n;

	do
		n = poll(&p, 1, 0);
	while (n < 0 && errno == EINTR);
	return n != 0;
}

/* Return: whether the line was taken, or never will be. */
static bool line_write(const char *level, const char *text)
{
	char line[1100];
	int n = snprintf(line, sizeof(line), "viaductd: %s%s\n", level, text);

	if (!stderr_takes())
		return false;
	/* One write a line, so that lines of several processes do not mix. */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return true; /* nowhere left to complain */
	return true;
}

void log_flush(void)
{
	char text[64];

	if (lines_lost == 0)
		return;
	snprintf(text, sizeof(text), "%ju lines of the log were lost", (uintmax_t)lines_lost);
	if (line_write("warning: ", text))
		lines_lost = 0;
}

void log_write(enum log_level level, const char *format, ...)
{
	static const char *const word[] = {
		[LOG_LEVEL_ERROR] = "error: ",
		[LOG_LEVEL_WARNING] = "warning: ",
		[LOG_LEVEL_NOTICE] = "",
		[LOG_LEVEL_INFO] = "",
	};
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (journal_is_stderr() && journal_send(level, text))
		return;
	log_flush();
	if (lines_lost > 0 || !line_write(word[level], text))
		lines_lost++;
}
