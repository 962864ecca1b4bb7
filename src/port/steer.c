/* SPDX-License-Identifier: BSD-2-Clause */
#include "port/steer.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <steer.skel.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "port/pin.h"

/* How long a predecessor may take to die: its program leaves with its last thread. */
#define ATTACH_PATIENCE_NS NS_PER_SEC
#define ATTACH_PAUSE_NS    (10 * NS_PER_MS)

/* File descriptors of links start here. */
#define LINK_FD_MIN 512

static_assert(STEER_QUEUES >= 64, "a port's queues have room in the map");

struct steer {
	struct steer_bpf *bpf;
	struct steer_settings set;
	int link; /* file descriptor */
	bool pinned;
	bool stays; /* pinned, and left so by steer_close() */
	char name[16];
	char run_dir[]; /* of @set */
};

/*
 * What libbpf would print on stderr, the kernel's own words among it. libbpf's callback has no
 * argument to say for whom, hence a variable of the thread.
 */
static __thread char heard[200];

__attribute__((format(printf, 2, 0))) static int hear(enum libbpf_print_level level,
                                                      const char *format, va_list ap)
{
	static const char kernel[] = "libbpf: Kernel error message: ";
	char line[sizeof(heard)];

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), format, ap);
	line[strcspn(line, "\n")] = 0;
	if (strncmp(line, kernel, strlen(kernel)) == 0)
		snprintf(heard, sizeof(heard), "%s", line + strlen(kernel));
	else if (heard[0] == 0)
		snprintf(heard, sizeof(heard), "%s", line);
	return 0;
}

static libbpf_print_fn_t hear_begin(void)
{
	heard[0] = 0;
	return libbpf_set_print(hear);
}

static int steer_fail(const struct steer *s, struct why *e, int err, const char *what)
{
	return why_fail(e, err, "%s: %s: %s%s%s", s->name, what, strerror(-err),
	                heard[0] == 0 ? "" : ": ", heard);
}

static int config_write(const struct steer *s)
{
	struct steer_config config = {
		.kernel = s->set.kernel,
		.drop = s->set.drop,
		.bridge_port = s->set.bridge_port,
	};
	uint32_t zero = 0;

	return bpf_map_update_elem(bpf_map__fd(s->bpf->maps.config), &zero, &config, BPF_ANY) < 0
	               ? -errno
	               : 0;
}

static int steer_load(struct steer *s, struct why *e)
{
	libbpf_print_fn_t before = hear_begin();
	int err = 0;

	s->bpf = steer_bpf__open_and_load();
	if (s->bpf == NULL)
		err = -errno;
	libbpf_set_print(before);
	if (err == -EPERM)
		return why_fail(e, err,
		                "%s: the kernel refuses to load the XDP program: CAP_BPF and "
		                "CAP_NET_ADMIN are needed",
		                s->name);
	if (err < 0)
		return steer_fail(s, e, err, "cannot load the XDP program");
	err = config_write(s);
	return err < 0 ? steer_fail(s, e, err, "cannot configure the XDP program") : 0;
}

static uint32_t mode_flag(const struct steer *s)
{
	return s->set.generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
}

static int prog_fd(const struct steer *s)
{
	return bpf_program__fd(s->bpf->progs.steer);
}

/* Is the device's program attached in the mode wanted? */
static bool mode_fits(const struct steer *s)
{
	struct bpf_xdp_query_opts q = {.sz = sizeof(q)};

	if (bpf_xdp_query((int)s->set.ifindex, 0, &q) < 0)
		return false;
	return q.attach_mode == (s->set.generic ? XDP_ATTACHED_SKB : XDP_ATTACHED_DRV);
}

/* Take over the link a predecessor left pinned: the new program replaces the old one atomically. */
static bool steer_adopt(struct steer *s)
{
	int fd = pin_open(s->set.run_dir, s->set.ifindex);

	if (fd < 0)
		return false;
	if (mode_fits(s) && bpf_link_update(fd, prog_fd(s), NULL) == 0) {
		s->link = fd;
		s->pinned = true;
		s->stays = s->set.tentative && s->set.drop;
		return true;
	}
	bpf_link_detach(fd);
	close(fd);
	pin_remove(s->set.run_dir, s->set.ifindex);
	return false;
}

/* bpf_link_create() keeps the driver's reasons to itself; attaching by netlink tells them. */
static void hear_driver(const struct steer *s)
{
	uint32_t flags = mode_flag(s) | XDP_FLAGS_UPDATE_IF_NOEXIST;
	libbpf_print_fn_t before = hear_begin();

	if (bpf_xdp_attach((int)s->set.ifindex, prog_fd(s), flags, NULL) == 0)
		bpf_xdp_detach((int)s->set.ifindex, mode_flag(s), NULL);
	libbpf_set_print(before);
}

static int steer_attach(struct steer *s, struct why *e)
{
	struct bpf_link_create_opts opts = {.sz = sizeof(opts), .flags = mode_flag(s)};
	uint64_t patience = clock_ns() + ATTACH_PATIENCE_NS;
	int err;

	for (;;) {
		s->link = bpf_link_create(prog_fd(s), (int)s->set.ifindex, BPF_XDP, &opts);
		if (s->link >= 0)
			return 0;
		err = -errno;
		if (err != -EBUSY || clock_ns() > patience)
			break;
		nanosleep(&(struct timespec){.tv_nsec = ATTACH_PAUSE_NS}, NULL);
	}
	hear_driver(s);
	if (err == -EBUSY || err == -EEXIST)
		return why_fail(e, err,
		                "%s: another XDP program is attached; `ip link set %s xdp "
		                "off` removes it%s%s",
		                s->name, s->name, heard[0] == 0 ? "" : ": ", heard);
	if (err == -EOPNOTSUPP && !s->set.generic)
		return why_fail(e, err,
		                "%s: the driver has no native XDP; `xdp: {mode: generic}` "
		                "goes without it%s%s",
		                s->name, heard[0] == 0 ? "" : ": ", heard);
	return steer_fail(s, e, err, "cannot attach the XDP program");
}

/*
 * A dying process releases its files from the highest descriptor down, and each AF_XDP socket takes
 * a grace period or two. The link must not wait for them, or traffic is lost for 40 ms and more
 * after kill -9 instead of 5: give it a number above theirs.
 */
static void link_raise(struct steer *s)
{
	int fd = fcntl(s->link, F_DUPFD_CLOEXEC, LINK_FD_MIN);

	if (fd < 0)
		return; /* few descriptors allowed: works as well, dies more slowly */
	close(s->link);
	s->link = fd;
}

/* Bring the pin into line with on-failure. */
static int steer_pin(struct steer *s, struct why *e)
{
	int err;

	if (s->set.drop == s->pinned)
		return 0;
	if (s->set.drop)
		err = pin_set(s->set.run_dir, s->set.ifindex, s->link, e);
	else
		err = pin_remove(s->set.run_dir, s->set.ifindex);
	if (err == 0)
		s->pinned = s->set.drop;
	return err;
}

int steer_open(struct steer **out, const struct steer_settings *set, struct why *e)
{
	size_t dir_bytes = strlen(set->run_dir) + 1;
	struct steer *s = calloc(1, sizeof(*s) + dir_bytes);
	int err;

	if (s == NULL)
		return why_fail(e, -ENOMEM, "%s: out of memory", set->name);
	s->set = *set;
	memcpy(s->run_dir, set->run_dir, dir_bytes);
	snprintf(s->name, sizeof(s->name), "%s", set->name);
	s->set.run_dir = s->run_dir;
	s->set.name = s->name;
	s->link = -1;
	heard[0] = 0;
	err = steer_load(s, e);
	if (err == 0 && !steer_adopt(s))
		err = steer_attach(s, e);
	if (err < 0)
		goto close_steer;
	link_raise(s);
	err = steer_pin(s, e);
	if (err < 0)
		goto close_steer;
	*out = s;
	return 0;

close_steer:
	steer_close(s);
	return err;
}

void steer_close(struct steer *s)
{
	if (s == NULL)
		return;
	if (s->pinned && !s->stays)
		pin_remove(s->set.run_dir, s->set.ifindex);
	if (s->link >= 0) {
		if (!s->stays)
			bpf_link_detach(s->link); /* at once; closing alone may take a moment */
		close(s->link);
	}
	steer_bpf__destroy(s->bpf);
	free(s);
}

void steer_settle(struct steer *s)
{
	s->stays = false;
}

bool steer_stays(const char *run_dir, uint32_t ifindex)
{
	int fd = pin_open(run_dir, ifindex);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

int steer_socket_set(struct steer *s, uint32_t queue, int fd)
{
	int map = bpf_map__fd(s->bpf->maps.sockets);

	if (fd >= 0)
		return bpf_map_update_elem(map, &queue, &fd, BPF_ANY) < 0 ? -errno : 0;
	return bpf_map_delete_elem(map, &queue) < 0 && errno != ENOENT ? -errno : 0;
}

int steer_drop_set(struct steer *s, bool drop, struct why *e)
{
	bool before = s->set.drop;
	int err;

	s->set.drop = drop;
	err = steer_pin(s, e);
	if (err < 0)
		goto restore;
	err = config_write(s);
	if (err == 0)
		return 0;
	steer_fail(s, e, err, "cannot configure the XDP program");

restore:
	s->set.drop = before;
	if (steer_pin(s, NULL) < 0)
		s->pinned = false; /* steer_sweep() of the next start finds it */
	return err;
}

int steer_bridge_port_set(struct steer *s, bool bridge_port)
{
	bool before = s->set.bridge_port;
	int err;

	if (before == bridge_port)
		return 0;
	s->set.bridge_port = bridge_port;
	err = config_write(s);
	if (err < 0)
		s->set.bridge_port = before;
	return err;
}

int steer_local_set(struct steer *s, const void *addr, size_t bytes, bool present)
{
	const struct steer_local value = {0};
	int map;

	if (bytes != sizeof(struct steer_key4) && bytes != sizeof(struct steer_key6))
		return -EINVAL;
	map = bpf_map__fd(bytes == sizeof(struct steer_key4) ? s->bpf->maps.local4
	                                                     : s->bpf->maps.local6);
	if (present)
		return bpf_map_update_elem(map, addr, &value, BPF_ANY) < 0 ? -errno : 0;
	return bpf_map_delete_elem(map, addr) < 0 && errno != ENOENT ? -errno : 0;
}

int steer_read(const struct steer *s, uint64_t count[STEER_DECISIONS])
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t *per_cpu;
	int err = 0;

	if (cpus < 0)
		return cpus;
	per_cpu = calloc((size_t)cpus, sizeof(*per_cpu));
	if (per_cpu == NULL)
		return -ENOMEM;
	for (uint32_t d = 0; d < STEER_DECISIONS && err == 0; d++) {
		if (bpf_map_lookup_elem(bpf_map__fd(s->bpf->maps.decisions), &d, per_cpu) < 0)
			err = -errno;
		count[d] = 0;
		for (int cpu = 0; cpu < cpus && err == 0; cpu++)
			count[d] += per_cpu[cpu];
	}
	free(per_cpu);
	return err;
}

const char *steer_decision_name(enum steer_decision d)
{
	static const char *const name[] = {
		[STEER_TO_SOCKET] = "to-socket",
		[STEER_PASSED_LOCAL] = "passed-local",
		[STEER_PASSED_LINK] = "passed-link",
		[STEER_PASSED_NO_SOCKET] = "passed-no-socket",
		[STEER_DROPPED_NO_SOCKET] = "dropped-no-socket",
	};

	return d < STEER_DECISIONS ? name[d] : NULL;
}
