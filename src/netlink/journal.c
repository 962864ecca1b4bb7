// SPDX-License-Identifier: BSD-2-Clause
#include "netlink/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL_MAGIC   "VIADUCTJ"
#define JOURNAL_VERSION 2u
#define JOURNAL_PREFIX  "journal-"
#define JOURNAL_DRAFT   ".new"
#define JOURNAL_MAX     (1ull << 30) /* ten million routes; beyond, the file is not ours */

struct file_head {
	char magic[8];
	uint32_t version;
	uint32_t link_bytes;
	uint64_t message_bytes;
	uint64_t sum; /* of what follows */
};

_Static_assert(sizeof(struct journal_link) % 8 == 0, "no hole between the link and the messages");

void journal_fini(struct journal *j)
{
	free(j->messages);
	*j = (struct journal){0};
}

int journal_add(struct journal *j, const struct nlmsghdr *nlh)
{
	size_t n = NLMSG_ALIGN(nlh->nlmsg_len);

	if (j->bytes + n > j->room) {
		size_t room = (j->room + n) * 2;
		uint8_t *more = realloc(j->messages, room);

		if (more == NULL)
			return -ENOMEM;
		j->messages = more;
		j->room = room;
	}
	memcpy(j->messages + j->bytes, nlh, nlh->nlmsg_len);
	memset(j->messages + j->bytes + nlh->nlmsg_len, 0, n - nlh->nlmsg_len);
	j->bytes += n;
	return 0;
}

/* FNV-1a: tells a damaged file from a whole one; nobody attacks root's run directory. */
static uint64_t sum_bytes(const uint8_t *p, size_t n)
{
	uint64_t sum = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < n; i++)
		sum = (sum ^ p[i]) * 0x100000001b3ull;
	return sum;
}

int journal_encode(const struct journal *j, uint8_t **out, size_t *bytes)
{
	size_t n = sizeof(struct file_head) + sizeof(j->link) + j->bytes;
	struct file_head head = {
		.magic = JOURNAL_MAGIC,
		.version = JOURNAL_VERSION,
		.link_bytes = sizeof(j->link),
		.message_bytes = j->bytes,
	};
	uint8_t *file = malloc(n);

	if (file == NULL)
		return -ENOMEM;
	memcpy(file + sizeof(head), &j->link, sizeof(j->link));
	if (j->bytes > 0)
		memcpy(file + sizeof(head) + sizeof(j->link), j->messages, j->bytes);
	head.sum = sum_bytes(file + sizeof(head), n - sizeof(head));
	memcpy(file, &head, sizeof(head));
	*out = file;
	*bytes = n;
	return 0;
}

/* Are these whole messages of the two kinds that we write? */
static bool messages_valid(const uint8_t *p, size_t n)
{
	while (n > 0) {
		struct nlmsghdr nlh;
		size_t n_head;

		if (n < sizeof(nlh))
			return false;
		memcpy(&nlh, p, sizeof(nlh));
		if (nlh.nlmsg_len < sizeof(nlh) || NLMSG_ALIGN((size_t)nlh.nlmsg_len) > n)
			return false;
		if (nlh.nlmsg_type == RTM_NEWADDR)
			n_head = sizeof(struct ifaddrmsg);
		else if (nlh.nlmsg_type == RTM_NEWROUTE)
			n_head = sizeof(struct rtmsg);
		else
			return false;
		if (nlh.nlmsg_len < NLMSG_LENGTH(n_head))
			return false;
		p += NLMSG_ALIGN(nlh.nlmsg_len);
		n -= NLMSG_ALIGN(nlh.nlmsg_len);
	}
	return true;
}

int journal_decode(struct journal *j, const uint8_t *file, size_t bytes)
{
	const uint8_t *body;
	struct file_head head;
	struct journal_link link;

	if (file == NULL || bytes < sizeof(head))
		return -EBADMSG;
	memcpy(&head, file, sizeof(head));
	if (memcmp(head.magic, JOURNAL_MAGIC, sizeof(head.magic)) != 0)
		return -EBADMSG;
	if (head.version != JOURNAL_VERSION)
		return -EPROTONOSUPPORT;
	body = file + sizeof(head);
	bytes -= sizeof(head);
	if (head.link_bytes != sizeof(link) || bytes < sizeof(link) ||
	    head.message_bytes != bytes - sizeof(link) || head.sum != sum_bytes(body, bytes))
		return -EBADMSG;
	memcpy(&link, body, sizeof(link));
	bytes -= sizeof(link);
	if (link.ifindex <= 0 || memchr(link.name, '\0', sizeof(link.name)) == NULL ||
	    memchr(link.boot_id, '\0', sizeof(link.boot_id)) == NULL ||
	    !messages_valid(body + sizeof(link), bytes))
		return -EBADMSG;
	j->messages = malloc(bytes == 0 ? 1 : bytes);
	if (j->messages == NULL)
		return -ENOMEM;
	memcpy(j->messages, body + sizeof(link), bytes);
	j->link = link;
	j->bytes = bytes;
	j->room = bytes;
	return 0;
}

static void path_of(char path[PATH_MAX], const char *run_dir, int ifindex, const char *suffix)
{
	snprintf(path, PATH_MAX, "%s/" JOURNAL_PREFIX "%d%s", run_dir, ifindex, suffix);
}

static int write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -errno;
		p += w;
		n -= (size_t)w;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* Make a rename or an unlink in @run_dir last. */
static int dir_sync(const char *run_dir)
{
	int fd = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int file_replace(const char *run_dir, int ifindex, const uint8_t *file, size_t bytes)
{
	char path[PATH_MAX], draft[PATH_MAX];
	int fd, err;

	path_of(path, run_dir, ifindex, "");
	path_of(draft, run_dir, ifindex, JOURNAL_DRAFT);
	fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = write_all(fd, file, bytes);
	if (close(fd) < 0 && err == 0)
		err = -errno;
	if (err == 0 && rename(draft, path) < 0)
		err = -errno;
	if (err < 0) {
		unlink(draft);
		return err;
	}
	return dir_sync(run_dir);
}

int journal_write(const char *run_dir, const struct journal *j, struct why *why)
{
	uint8_t *file;
	size_t bytes;
	int err = journal_encode(j, &file, &bytes);

	if (err == 0) {
		err = file_replace(run_dir, j->link.ifindex, file, bytes);
		free(file);
	}
	if (err < 0)
		return why_fail(why, err,
		                "%s: cannot note its settings in %s: %s; they stay as they are",
		                j->link.name, run_dir, strerror(-err));
	return 0;
}

static int file_read(const char *path, uint8_t **out, size_t *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	uint8_t *file = NULL;
	size_t have = 0;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > JOURNAL_MAX)
		err = -EBADMSG;
	else if ((file = malloc((size_t)st.st_size + 1)) == NULL)
		err = -ENOMEM;
	while (err == 0 && have < (size_t)st.st_size) {
		ssize_t n = read(fd, file + have, (size_t)st.st_size - have);

		if (n < 0 && errno != EINTR)
			err = -errno;
		if (n == 0)
			break;
		have += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	if (err < 0) {
		free(file);
		return err;
	}
	*out = file;
	*bytes = have;
	return 0;
}

/* Say what is wrong with the file and move it out of the way, so that it is said once. */
static int file_refuse(const char *path, const char *aside, int err, struct why *why)
{
	const char *wrong = err == -EPROTONOSUPPORT ? "was written by another version of Viaduct"
	                                            : "is damaged";

	if (rename(path, aside) < 0)
		return why_fail(why, -EBADMSG, "%s %s and cannot be renamed: %s; remove it", path,
		                wrong, strerror(errno));
	return why_fail(why, -EBADMSG, "%s %s; kept as %s, the device's settings are not restored",
	                path, wrong, aside);
}

int journal_read(const char *run_dir, int ifindex, struct journal *j, struct why *why)
{
	char path[PATH_MAX], aside[PATH_MAX];
	uint8_t *file = NULL;
	size_t bytes = 0;
	int err;

	path_of(path, run_dir, ifindex, "");
	path_of(aside, run_dir, ifindex, ".bad");
	err = file_read(path, &file, &bytes);
	if (err == -ENOENT)
		return err;
	if (err == 0) {
		err = journal_decode(j, file, bytes);
		free(file);
	}
	if (err == 0 && j->link.ifindex != ifindex) {
		journal_fini(j);
		err = -EBADMSG; /* somebody renamed it */
	}
	if (err == -EBADMSG || err == -EPROTONOSUPPORT)
		return file_refuse(path, aside, err, why);
	if (err < 0)
		return why_fail(why, err, "cannot read %s: %s", path, strerror(-err));
	return 0;
}

int journal_remove(const char *run_dir, int ifindex, struct why *why)
{
	char path[PATH_MAX];
	int err = 0;

	path_of(path, run_dir, ifindex, "");
	if (unlink(path) < 0)
		err = errno == ENOENT ? 0 : -errno;
	else
		err = dir_sync(run_dir);
	if (err < 0)
		return why_fail(why, err, "cannot remove %s: %s", path, strerror(-err));
	return 0;
}

/* The ifindex that a file name tells, 0 if it is no journal's. */
static int name_parse(const char *name)
{
	const char *digits = name + strlen(JOURNAL_PREFIX);
	char *end;
	long value;

	if (strncmp(name, JOURNAL_PREFIX, strlen(JOURNAL_PREFIX)) != 0)
		return 0;
	if (*digits < '1' || *digits > '9')
		return 0;
	value = strtol(digits, &end, 10);
	return *end == '\0' && value <= INT_MAX ? (int)value : 0;
}

/* Left by a crash within journal_write(): the device had not been touched. */
static bool name_is_draft(const char *name)
{
	size_t n = strlen(name), suffix = strlen(JOURNAL_DRAFT);

	return strncmp(name, JOURNAL_PREFIX, strlen(JOURNAL_PREFIX)) == 0 && n > suffix &&
	       strcmp(name + n - suffix, JOURNAL_DRAFT) == 0;
}

static int dir_scan(DIR *dir, int **out, size_t *n)
{
	const struct dirent *entry;

	while ((entry = readdir(dir)) != NULL) {
		int ifindex = name_parse(entry->d_name);
		int *more;

		if (ifindex == 0) {
			if (name_is_draft(entry->d_name))
				unlinkat(dirfd(dir), entry->d_name, 0);
			continue;
		}
		more = realloc(*out, (*n + 1) * sizeof(**out));
		if (more == NULL)
			return -ENOMEM;
		more[(*n)++] = ifindex;
		*out = more;
	}
	return 0;
}

int journal_list(const char *run_dir, int **ifindexes, size_t *n, struct why *why)
{
	DIR *dir = opendir(run_dir);
	int *found = NULL;
	size_t count = 0;
	int err = dir == NULL ? -errno : 0;

	if (dir != NULL) {
		err = dir_scan(dir, &found, &count);
		closedir(dir);
	} else if (err == -ENOENT) {
		err = 0;
	}
	if (err < 0) {
		free(found);
		return why_fail(why, err, "cannot look into %s: %s", run_dir, strerror(-err));
	}
	*ifindexes = found;
	*n = count;
	return 0;
}
