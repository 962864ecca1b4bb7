/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/control_conn.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/log.h"

#define CONTROL_REQUEST_NS  (30 * NS_PER_SEC)
#define CONTROL_STALL_NS    (300 * NS_PER_SEC)
#define CONTROL_CLIENTS     256
#define CONTROL_BACKLOG     128
#define CONTROL_ACCEPT_TURN 16               /* new clients a turn */
#define CONTROL_PAUSE_NS    (NS_PER_SEC / 5) /* when there is no descriptor or memory for more */

struct control {
	struct control_conns conns;
	struct loop_watch listen;
	struct loop_timer pause; /* takes new clients again */
	struct sockaddr_un address;
};

static int lock_holder(int fd)
{
	char text[16] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	return n > 0 ? (int)strtol(text, NULL, 10) : 0;
}

int control_lock(const char *run_dir, int *lock, int *pid)
{
	char *path;
	int err;
	int fd;

	if (mkdir(run_dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (asprintf(&path, "%s/%s", run_dir, VIADUCT_CONTROL_LOCK) < 0)
		return -ENOMEM;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	free(path);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		err = errno == EWOULDBLOCK ? -EALREADY : -errno;
		*pid = lock_holder(fd);
		goto close_lock;
	}
	if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0) {
		err = -errno;
		goto close_lock;
	}
	*lock = fd;
	return 0;

close_lock:
	close(fd);
	return err;
}

/* Take new clients while there is room for them; else they wait in the socket's backlog. */
static void control_listen(struct control *c)
{
	bool room = c->conns.n < c->conns.cfg.max_clients && !c->pause.armed;

	loop_watch_set(c->conns.loop, &c->listen, room ? EPOLLIN : 0);
}

static void control_unpause(void *ctx, uint64_t)
{
	control_listen(ctx);
}

static void control_conn_closed(struct control_conns *s)
{
	control_listen(caa_container_of(s, struct control, conns));
}

static void control_pause(struct control *c, int err)
{
	log_warning("control: no new clients for a moment: %s", strerror(-err));
	loop_timer_arm(c->conns.loop, &c->pause, clock_ns() + CONTROL_PAUSE_NS, 0);
}

/* Take one client. Return: 0, or a negative errno: -EAGAIN when none waits. */
static int control_accept(struct control *c)
{
	int fd = accept4(c->listen.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int err;

	if (fd < 0)
		return errno == ECONNABORTED || errno == EINTR ? 0 : -errno;
	err = control_conn_new(&c->conns, fd);
	if (err < 0)
		close(fd);
	return err;
}

static void control_ready(void *ctx, uint32_t)
{
	struct control *c = ctx;
	int err = 0;

	for (int i = 0; i < CONTROL_ACCEPT_TURN && err == 0; i++)
		err = c->conns.n < c->conns.cfg.max_clients ? control_accept(c) : -EAGAIN;
	if (err < 0 && err != -EAGAIN)
		control_pause(c, err);
	control_listen(c);
}

/* Listen at @address. Return: a descriptor or a negative errno. */
static int control_bind(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	/* The file takes its mode from the socket: at no time can others connect. */
	if (unlink(address->sun_path) < 0 && errno != ENOENT)
		goto close_socket;
	if (fchmod(fd, 0600) < 0)
		goto close_socket;
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		goto close_socket;
	if (listen(fd, CONTROL_BACKLOG) == 0)
		return fd;
	err = -errno;
	unlink(address->sun_path);
	close(fd);
	return err;

close_socket:
	err = -errno;
	close(fd);
	return err;
}

static int control_address(struct sockaddr_un *address, const char *run_dir)
{
	int n;

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	n = snprintf(address->sun_path, sizeof(address->sun_path), "%s/%s", run_dir,
	             VIADUCT_CONTROL_SOCKET);
	return n < (int)sizeof(address->sun_path) ? 0 : -ENAMETOOLONG;
}

static void control_defaults(struct control_config *cfg)
{
	if (cfg->request_ns == 0)
		cfg->request_ns = CONTROL_REQUEST_NS;
	if (cfg->stall_ns == 0)
		cfg->stall_ns = CONTROL_STALL_NS;
	if (cfg->max_clients == 0)
		cfg->max_clients = CONTROL_CLIENTS;
}

int control_new(struct control **out, struct loop *l, const struct control_config *cfg)
{
	struct control *c = calloc(1, sizeof(*c));
	int err;

	if (c == NULL)
		return -ENOMEM;
	c->conns = (struct control_conns){.loop = l, .cfg = *cfg, .closed = control_conn_closed};
	control_defaults(&c->conns.cfg);
	CDS_INIT_LIST_HEAD(&c->conns.list);
	c->pause = (struct loop_timer){.fire = control_unpause, .ctx = c};
	err = control_address(&c->address, cfg->run_dir);
	if (err < 0)
		goto free_control;
	err = control_bind(&c->address);
	if (err < 0)
		goto free_control;
	c->listen = (struct loop_watch){.fd = err, .ready = control_ready, .ctx = c};
	err = loop_watch_add(l, &c->listen, EPOLLIN);
	if (err < 0)
		goto close_socket;
	*out = c;
	return 0;

close_socket:
	unlink(c->address.sun_path);
	close(c->listen.fd);
free_control:
	free(c);
	return err;
}

void control_free(struct control *c)
{
	if (c == NULL)
		return;
	control_conns_close(&c->conns);
	loop_timer_disarm(&c->pause);
	loop_watch_del(c->conns.loop, &c->listen);
	unlink(c->address.sun_path);
	close(c->listen.fd);
	free(c);
}

unsigned int control_clients(const struct control *c)
{
	return c->conns.n;
}
