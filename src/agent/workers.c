/* SPDX-License-Identifier: BSD-2-Clause */
/* The workers: how many, on which CPUs, with what they share. */
#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "port/xsk.h"

/* Of each of several: what it may keep (worker_share()), and as much on its way to others. */
#define WORKER_FRAMES 2048

static_assert(CONFIG_WORKERS == WORKERS_MAX, "what the configuration allows");

/* The CPUs for workers: the configuration's list, or all that we may use but the first. */
static void cpus_usable(const struct config_system *s, cpu_set_t *cpus)
{
	cpu_set_t all;

	CPU_ZERO(cpus);
	for (int cpu = 0; cpu < CONFIG_CPUS && cpu < CPU_SETSIZE; cpu++) {
		if (s->cpus.bits[cpu / 64] >> (cpu % 64) & 1)
			CPU_SET(cpu, cpus);
	}
	if (CPU_COUNT(cpus) > 0 || sched_getaffinity(0, sizeof(all), &all) < 0)
		return;
	*cpus = all;
	if (CPU_COUNT(cpus) > 1)
		CPU_CLR(0, cpus);
}

/* The @k-th of @cpus, round and round; -1: wherever. */
static int cpu_of(const cpu_set_t *cpus, unsigned int k)
{
	int n = CPU_COUNT(cpus), left = n > 0 ? (int)k % n : -1, cpu = -1;

	while (left >= 0)
		left -= CPU_ISSET(++cpu, cpus) != 0;
	return cpu;
}

/* How many workers @c wants; by itself one a queue of the widest port, as far as CPUs go. */
static unsigned int workers_wanted(const struct agent *a, const struct config *c)
{
	unsigned int n = 1, queues, cpu_count;
	cpu_set_t cpus;

	if (a->replay)
		return 1;
	if (c->system.workers != 0)
		return c->system.workers;
	for (size_t i = 0; i < c->n_interfaces; i++) {
		if (c->interfaces[i].kind != CONFIG_DEVICE)
			continue;
		queues = xsk_port_queues(c->interfaces[i].name,
		                         (uint16_t)c->interfaces[i].xdp.queues);
		n = queues > n ? queues : n;
	}
	cpus_usable(&c->system, &cpus);
	cpu_count = CPU_COUNT(&cpus) > 0 ? (unsigned int)CPU_COUNT(&cpus) : 1;
	n = n < cpu_count ? n : cpu_count;
	return n < WORKERS_MAX ? n : WORKERS_MAX;
}

uint32_t agent_workers_frames(const struct agent *a, const struct config *c)
{
	unsigned int n = workers_wanted(a, c);

	return n > 1 ? n * WORKER_FRAMES : 0;
}

void agent_worker_settings(struct worker *w, const struct config_system *s)
{
	limit_set(&w->pipeline.host.common->limit, s->icmp_errors);
	__atomic_store_n(&w->idle, (enum worker_idle)s->idle, __ATOMIC_RELAXED);
}

void agent_wall_set(struct agent *a)
{
	uint64_t wall_ns = a->replay ? 0 : clock_wall_ns();

	__atomic_store_n(&a->host.wall_ns, wall_ns, __ATOMIC_RELAXED);
}

static int worker_make(struct agent *a, unsigned int i, unsigned int n)
{
	struct worker *w = &a->worker[i];
	int err = worker_init(w, a->frames, a->report_fd);

	if (err < 0)
		return err;
	reass_share(&w->pipeline.reass, n);
	w->ifaces = &a->ifaces;
	w->depot = a->depot;
	w->peer = a->handover != NULL ? a->worker : NULL;
	w->pipeline.worker = (uint16_t)i;
	w->pipeline.handover = a->handover;
	w->pipeline.route.fib4 = a->fib4;
	w->pipeline.route.fib6 = a->fib6;
	w->pipeline.route.nexthops = nexthops_idtab(a->nexthops);
	if (i == 0)
		route_seed_draw(&w->pipeline.route.seed);
	w->pipeline.route.seed = a->worker[0].pipeline.route.seed; /* a flow has one way */
	w->pipeline.neigh = neigh_reader(a->neigh);
	w->pipeline.host.common = &a->host;
	w->pipeline.host.ip_id = (uint16_t)(i * 65536 / n); /* far from the others' */
	return 0;
}

static int workers_make(struct agent *a, unsigned int n)
{
	int err = 0;

	assert(n > 0);
	/* calloc() knows nothing of the batch's cache lines. */
	a->worker = aligned_alloc(CACHE_LINE, n * sizeof(*a->worker));
	if (a->worker == NULL)
		return -ENOMEM;
	memset(a->worker, 0, n * sizeof(*a->worker));
	if (n > 1) {
		err = handover_new(&a->handover, n);
		if (err == 0)
			err = depot_new(&a->depot, a->frames);
	}
	while (err == 0 && a->n_workers < n) {
		err = worker_make(a, a->n_workers, n);
		a->n_workers += err == 0;
	}
	return err;
}

int agent_workers_open(struct agent *a, const struct config *c, struct why *e)
{
	unsigned int n = workers_wanted(a, c);
	int err = workers_make(a, n);
	cpu_set_t cpus;

	if (err < 0)
		return why_fail(e, err, "out of memory");
	cpus_usable(&c->system, &cpus);
	if (n > 1 && n > (unsigned int)CPU_COUNT(&cpus))
		log_notice("system.workers: %u workers share %d CPU%s: fewer would do more", n,
		           CPU_COUNT(&cpus), CPU_COUNT(&cpus) == 1 ? "" : "s");
	for (unsigned int i = 0; i < n; i++) {
		a->worker[i].cpu = cpu_of(&cpus, i);
		agent_worker_settings(&a->worker[i], &c->system);
	}
	agent_wall_set(a);
	return 0;
}

/* What the rings do not have and is not kept for new interfaces: the only worker's, or the depot's,
 * where several take what they need. */
static void workers_endow(struct agent *a)
{
	uint32_t keep = a->spare.n > 2 * AGENT_FRAMES_MORE ? AGENT_FRAMES_MORE : a->spare.n / 2;
	uint64_t addr;

	while (a->depot != NULL && a->spare.n >= keep + DEPOT_MAGAZINE)
		depot_give(a->depot, &a->spare);
	while (a->depot == NULL && a->spare.n > keep && frame_get(&a->spare, &addr))
		frame_put(&a->worker[0].pipeline.cache, addr);
}

int agent_workers_start(struct agent *a, struct why *e)
{
	workers_endow(a);
	for (unsigned int i = 0; i < a->n_workers && !a->replay; i++) {
		int err = worker_start(&a->worker[i]), cpu = a->worker[i].cpu;

		if (err == -EINVAL && cpu >= 0) /* of a list: else it is one that we may use */
			return why_fail(e, err,
			                "system.cpus: there is no CPU %d, or it is not for us: "
			                "`taskset -cp $$` says which are",
			                cpu);
		if (err < 0)
			return why_fail(e, err,
			                "system.cpus: no worker can be started on CPU %d: %s",
			                a->worker[i].cpu, strerror(-err));
	}
	return 0;
}

void agent_workers_close(struct agent *a)
{
	while (a->n_workers > 0)
		worker_fini(&a->worker[--a->n_workers]);
	free(a->worker);
	handover_free(a->handover);
	depot_free(a->depot);
}
