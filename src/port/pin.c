/* SPDX-License-Identifier: BSD-2-Clause */
#include "port/pin.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "port/steer.h"

#define PIN_PREFIX "link-"

static void pin_dir_path(char path[PATH_MAX], const char *run_dir)
{
	snprintf(path, PATH_MAX, "%s/bpf", run_dir);
}

static void pin_path(char path[PATH_MAX], const char *run_dir, uint32_t ifindex)
{
	snprintf(path, PATH_MAX, "%s/bpf/" PIN_PREFIX "%u", run_dir, ifindex);
}

static bool is_bpffs(const char *path)
{
	struct statfs st;

	return statfs(path, &st) == 0 && st.f_type == BPF_FS_MAGIC;
}

static int pin_dir_ready(const char *run_dir, struct why *e)
{
	char path[PATH_MAX];

	pin_dir_path(path, run_dir);
	if (is_bpffs(path))
		return 0;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return why_fail(e, -errno, "%s: %s", path, strerror(errno));
	if (mount("bpf", path, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		return why_fail(e, -errno,
		                "%s: cannot mount a BPF file system there, which "
		                "`on-failure: drop` needs: %s",
		                path, strerror(errno));
	return 0;
}

int pin_set(const char *run_dir, uint32_t ifindex, int fd, struct why *e)
{
	char path[PATH_MAX];
	int err = pin_dir_ready(run_dir, e);

	if (err < 0)
		return err;
	pin_path(path, run_dir, ifindex);
	if (bpf_obj_pin(fd, path) < 0)
		return why_fail(e, -errno, "%s: cannot pin the XDP link: %s", path,
		                strerror(errno));
	return 0;
}

/* The ifindex that the XDP link @fd is attached to; 0 for a link of another kind and for one whose
 * device is gone. */
static uint32_t link_ifindex(int fd)
{
	struct bpf_link_info info = {0};
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0 || info.type != BPF_LINK_TYPE_XDP)
		return 0;
	return info.xdp.ifindex;
}

int pin_open(const char *run_dir, uint32_t ifindex)
{
	char path[PATH_MAX];
	int fd;

	pin_path(path, run_dir, ifindex);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -ENOENT;
	if (link_ifindex(fd) == ifindex)
		return fd;
	close(fd);
	unlink(path);
	return -ENOENT;
}

int pin_remove(const char *run_dir, uint32_t ifindex)
{
	char path[PATH_MAX];

	pin_path(path, run_dir, ifindex);
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

static bool pin_is_kept(const char *run_dir, uint32_t ifindex, const uint32_t *keep, size_t n)
{
	int fd;

	for (size_t i = 0; i < n; i++) {
		if (keep[i] != ifindex)
			continue;
		fd = pin_open(run_dir, ifindex);
		if (fd >= 0)
			close(fd);
		return fd >= 0;
	}
	return false;
}

/* Removing the pin of a link that no process holds detaches its program. */
static bool pin_drop(const char *path)
{
	int fd = bpf_obj_get(path);

	if (fd >= 0) {
		bpf_link_detach(fd);
		close(fd);
	}
	unlink(path); /* pin_is_kept() may have done that already */
	return fd >= 0;
}

size_t steer_sweep(const char *run_dir, const uint32_t *keep, size_t n)
{
	char path[PATH_MAX];
	const struct dirent *d;
	size_t removed = 0;
	DIR *dir;

	pin_dir_path(path, run_dir);
	if (!is_bpffs(path))
		return 0;
	dir = opendir(path);
	if (dir == NULL)
		return 0;
	while ((d = readdir(dir)) != NULL) {
		unsigned long ifindex;
		char *end;

		if (strncmp(d->d_name, PIN_PREFIX, strlen(PIN_PREFIX)) != 0)
			continue;
		ifindex = strtoul(d->d_name + strlen(PIN_PREFIX), &end, 10);
		if (*end != 0 || ifindex == 0 || ifindex > UINT32_MAX)
			continue;
		if (pin_is_kept(run_dir, (uint32_t)ifindex, keep, n))
			continue;
		pin_path(path, run_dir, (uint32_t)ifindex);
		removed += pin_drop(path);
	}
	closedir(dir);
	pin_dir_path(path, run_dir);
	if (n == 0 && umount2(path, MNT_DETACH) == 0)
		rmdir(path);
	return removed;
}
