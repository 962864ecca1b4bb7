/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/agent.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/bridges.h"
#include "base/clock.h"
#include "base/log.h"
#include "netlink/device.h"
#include "port/steer.h"
#include "port/xsk.h"

#define FRAMES_MIN 16384

/* The chunk that every interface of @c can live with. */
static uint32_t chunk_needed(const struct config *c)
{
	for (size_t i = 0; i < c->n_interfaces; i++) {
		const struct config_interface *ci = &c->interfaces[i];

		if (ci->kind == CONFIG_DEVICE && ci->pcap.in == NULL && ci->pcap.out == NULL &&
		    xsk_port_chunk(ci->name, ci->mtu) > 2048)
			return 4096;
	}
	return 2048;
}

static int tables_open(struct agent *a, const struct config *c, struct why *e)
{
	struct neigh_limits limits = {
		.entries = CONFIG_NEIGHBOURS_MAX, .incomplete = 8192, .asked = 4096};
	uint32_t n = c->system.frames, chunk = chunk_needed(c);
	int err;

	if (n == 0) {
		n = agent_frames_needed(c) + agent_workers_frames(a, c) + AGENT_FRAMES_MORE;
		n = n < FRAMES_MIN ? FRAMES_MIN : n;
	}
	limits.held = n / 8; /* what waits must not starve the rings */
	err = frames_new(&a->frames, n, chunk, (enum frames_huge)c->system.hugepages);
	if (err < 0)
		return why_fail(e, err, "system.frames: %u frames of %u bytes%s cannot be had: %s",
		                n, chunk,
		                c->system.hugepages == CONFIG_HUGEPAGES_REQUIRE ? " on huge pages"
		                                                                : "",
		                strerror(-err));
	err = frame_cache_init(&a->spare, a->frames);
	if (err == 0) {
		frame_cache_fill(&a->spare);
		err = fib4_new(&a->fib4);
	}
	if (err == 0)
		err = fib6_new(&a->fib6);
	if (err == 0)
		err = nexthops_new(&a->nexthops);
	if (err == 0)
		err = neigh_new(&a->neigh, &agent_neigh_ops, a, a->nexthops, &limits, NULL);
	return err == 0 ? 0 : why_fail(e, err, "out of memory");
}

static void on_report(void *ctx, uint32_t)
{
	struct agent *a = ctx;
	uint64_t n;

	a->now_ns = clock_ns();
	if (read(a->report_fd, &n, sizeof(n)) == sizeof(n))
		agent_reports(a);
}

static void on_monitor(void *ctx, uint32_t)
{
	struct agent *a = ctx;
	struct why why;

	a->now_ns = clock_ns();
	if (monitor_dispatch(a->monitor, &why) < 0)
		log_error("%s", why.text);
	agent_ready_check(a);
}

static void on_neigh(void *ctx, uint64_t now_ns)
{
	struct agent *a = ctx;

	a->now_ns = now_ns;
	agent_neigh_tick(a);
}

static void on_second(void *ctx, uint64_t now_ns)
{
	struct agent *a = ctx;

	a->now_ns = now_ns;
	agent_wall_set(a); /* it may be set, or slewed */
	agent_rates(a, now_ns);
	agent_watch(a, now_ns);
	log_flush();
}

static void on_ready(void *ctx, uint64_t now_ns)
{
	struct agent *a = ctx;

	a->now_ns = now_ns;
	agent_ready_check(a);
}

/* As --check prints them, a line each. */
static void errors_log(const struct config_errors *errs, const char *name)
{
	char *text = NULL, *rest = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return;
	config_errors_print(errs, name, out);
	if (fclose(out) == 0) {
		for (char *s = strtok_r(text, "\n", &rest); s != NULL;
		     s = strtok_r(NULL, "\n", &rest))
			log_error("%s", s);
	}
	free(text);
}

static void on_signal(void *ctx, int signal)
{
	struct agent *a = ctx;
	struct config_errors errs = {0};
	struct why e;

	a->now_ns = clock_ns();
	if (signal != SIGHUP) {
		loop_stop(a->loop);
		return;
	}
	notify("RELOADING=1");
	if (agent_reload(a, &errs, &e) == 0)
		log_notice("%s is in force", a->options.config_path);
	else if (errs.n > 0)
		errors_log(&errs, a->options.config_path);
	else
		log_error("%s: %s", a->options.config_path, e.text);
	config_errors_fini(&errs);
	a->ready = false;
	agent_ready_check(a);
}

/* Event sources: signals, workers, links, the control socket. */
static int events_open(struct agent *a, struct why *e)
{
	const struct control_config control = {
		.run_dir = a->options.run_dir,
		.commands = agent_commands,
		.n_commands = agent_n_commands,
		.ctx = a,
	};
	struct why why;
	sigset_t set;
	int err;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	a->signals = (struct loop_signals){.caught = on_signal, .ctx = a};
	a->report_watch = (struct loop_watch){.fd = a->report_fd, .ready = on_report, .ctx = a};
	a->neigh_timer = (struct loop_timer){.fire = on_neigh, .ctx = a};
	a->second_timer = (struct loop_timer){.fire = on_second, .ctx = a};
	a->ready_timer = (struct loop_timer){.fire = on_ready, .ctx = a};
	err = loop_signals_add(a->loop, &a->signals, &set);
	if (err == 0)
		err = loop_watch_add(a->loop, &a->report_watch, EPOLLIN);
	if (err == 0)
		err = control_new(&a->control, a->loop, &control);
	if (err < 0)
		return why_fail(e, err, "%s: the control socket cannot be made: %s",
		                a->options.run_dir, strerror(-err));
	err = monitor_open(&a->monitor, agent_link_event, a, &why);
	if (err < 0)
		return why_fail(e, err, "%s", why.text);
	a->monitor_watch =
		(struct loop_watch){.fd = monitor_fd(a->monitor), .ready = on_monitor, .ctx = a};
	err = loop_watch_add(a->loop, &a->monitor_watch, EPOLLIN);
	if (err < 0)
		return why_fail(e, err, "epoll: %s", strerror(-err));
	loop_timer_arm(a->loop, &a->second_timer, a->now_ns + NS_PER_SEC, NS_PER_SEC);
	return 0;
}

static void on_restored(void *, int err, const char *text)
{
	if (err < 0)
		log_error("%s", text);
	else
		log_notice("%s", text);
}

/* What a crashed run left behind: devices that are not ours any more, programs pinned on them. */
static void leftovers_clear(struct agent *a, const struct config *c)
{
	int *keep = calloc(c->n_interfaces + 1, sizeof(*keep));
	size_t n = 0;

	if (keep == NULL)
		return; /* the next start tries again */
	for (size_t i = 0; i < c->n_interfaces; i++) {
		const struct config_interface *ci = &c->interfaces[i];
		int ifindex = (int)if_nametoindex(ci->name);

		if (ifindex != 0 && ci->kind == CONFIG_DEVICE && ci->pcap.in == NULL)
			keep[n++] = ifindex;
	}
	steer_sweep(a->options.run_dir, (const uint32_t *)keep, n);
	device_restore_all(a->netlink, a->options.run_dir, keep, n, on_restored, NULL);
	free(keep);
}

static int kernel_open(struct agent *a, const struct config *c, struct why *e)
{
	struct why why;
	int err = netlink_open(&a->netlink, NETLINK_ROUTE, &why);

	if (err < 0)
		return why_fail(e, err, "%s", why.text);
	leftovers_clear(a, c);
	return 0;
}

/* Is @c made of capture files only? Mixed ones make no sense: their times differ. */
static int replay_wanted(struct agent *a, const struct config *c, struct why *e)
{
	size_t files = 0, devices = 0;

	for (size_t i = 0; i < c->n_interfaces; i++) {
		files += c->interfaces[i].pcap.in != NULL || c->interfaces[i].pcap.out != NULL;
		devices += c->interfaces[i].kind == CONFIG_DEVICE;
	}
	if (files != 0 && files != devices)
		return why_fail(e, -EINVAL,
		                "interfaces: either all or none of them can be capture files");
	a->replay = files != 0;
	if (a->replay)
		a->now_ns = 0; /* its time is that of the captures */
	return 0;
}

static int directories_make(const struct agent_options *o, struct why *e)
{
	if (mkdir(o->run_dir, 0755) < 0 && errno != EEXIST)
		return why_fail(e, -errno, "%s: %s: name another one with --run-dir", o->run_dir,
		                strerror(errno));
	return 0;
}

static int lock_take(struct agent *a, struct why *e)
{
	int pid, err = control_lock(a->options.run_dir, &a->lock_fd, &pid);

	if (err == -EALREADY)
		return why_fail(
			e, err,
			"%s: a viaductd is already running here, process %d: stop it, or name "
			"another directory with --run-dir",
			a->options.run_dir, pid);
	if (err < 0)
		return why_fail(e, err, "%s/lock: %s", a->options.run_dir, strerror(-err));
	return 0;
}

/* The steps of agent_open() in their order; what was done is undone by agent_close(). */
static int agent_build(struct agent *a, struct config *c, struct why *e)
{
	int err = directories_make(&a->options, e);

	if (err == 0)
		err = lock_take(a, e);
	if (err == 0)
		err = replay_wanted(a, c, e);
	if (err == 0 && !a->replay)
		err = kernel_open(a, c, e);
	if (err == 0)
		err = tables_open(a, c, e);
	if (err == 0)
		err = agent_workers_open(a, c, e);
	if (err == 0)
		err = agent_announce_open(a) < 0 ? why_fail(e, -ENOMEM, "out of memory") : 0;
	if (err == 0)
		err = agent_publish(a) < 0 ? why_fail(e, -ENOMEM, "out of memory") : 0;
	if (err == 0 && !a->replay)
		err = events_open(a, e);
	if (err == 0)
		err = agent_apply(a, c, e);
	return err;
}

int agent_open(struct agent *a, const struct agent_options *o, struct config *c, struct why *e)
{
	struct why why;
	int err;

	rcu_register_thread();
	a->options = *o;
	a->lock_fd = -1;
	a->started_ns = clock_ns();
	a->now_ns = a->started_ns;
	a->report_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	err = a->report_fd < 0 ? -errno : loop_new(&a->loop);
	if (err < 0)
		why_fail(e, err, "eventfd, epoll: %s", strerror(-err));
	else
		err = agent_build(a, c, e);
	if (err == 0)
		err = agent_workers_start(a, e);
	if (err == 0 && !a->replay) {
		err = monitor_dump(a->monitor, &why);
		if (err < 0)
			why_fail(e, err, "%s", why.text);
	}
	if (err < 0) {
		if (a->config == c)
			a->config = NULL; /* the caller's still */
		agent_close(a);
		return err;
	}
	agent_ifaces_settle(a);
	return 0;
}

int agent_run(struct agent *a)
{
	int err;

	a->now_ns = clock_ns();
	agent_ready_check(a);
	err = loop_run(a->loop);
	notify("STOPPING=1");
	log_notice("stopping");
	return err;
}

static void tables_close(struct agent *a)
{
	if (a->n_workers > 0)
		ifaces_free_rcu((struct ifaces *)rcu_swap(&a->ifaces.current, NULL));
	if (a->neigh != NULL)
		neigh_free(a->neigh);
	agent_workers_close(a);
	free(a->load);
	if (a->fib4 != NULL)
		fib4_free(a->fib4);
	fib6_free(a->fib6);
	agent_bridges_close(a);
	rcu_barrier();
	if (a->nexthops != NULL)
		nexthops_free(a->nexthops);
	if (a->frames != NULL) {
		frame_cache_fini(&a->spare);
		frames_free(a->frames);
	}
}

static void events_close(struct agent *a)
{
	if (a->control != NULL)
		control_free(a->control);
	if (a->monitor != NULL) {
		loop_watch_del(a->loop, &a->monitor_watch);
		monitor_close(a->monitor);
	}
	loop_timer_disarm(&a->second_timer);
	loop_timer_disarm(&a->neigh_timer);
	loop_timer_disarm(&a->ready_timer);
}

void agent_close(struct agent *a)
{
	events_close(a);
	agent_announce_close(a);
	for (uint16_t i = PORT_MAX; i < a->iface_top; i++)
		a->iface[i].open = false; /* all at once, with the next snapshot */
	for (uint16_t i = a->iface_top; i-- > 0;) {
		if (a->iface[i].name[0] != '\0')
			agent_iface_close(a, i);
	}
	for (unsigned int i = 0; i < a->n_workers; i++)
		worker_stop(&a->worker[i]);
	tables_close(a);
	netlink_close(a->netlink);
	config_free(a->config);
	if (a->loop != NULL)
		loop_free(a->loop);
	if (a->report_fd >= 0)
		close(a->report_fd);
	if (a->lock_fd >= 0)
		close(a->lock_fd);
	rcu_unregister_thread();
}
