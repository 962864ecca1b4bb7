/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <x86intrin.h>

#include "base/clock.h"
#include "port/depot.h"

#define REPORT_SLOTS     1024
#define ORDER_SLOTS      512
#define SPIN_NS          50000 /* how long an idle worker spins before it sleeps */
#define SLEEP_MS         500   /* longest sleep: reassembly may time out that much later */
#define SLEEP_PENDING_MS 1     /* while frames wait for their completion, or there are none */

/* Free frames that a worker may have more of than it must: then it need not balance each batch. */
#define KEEP_MORE 512

int worker_init(struct worker *w, struct frames *frames, int report_fd)
{
	struct pipeline *p = &w->pipeline;
	int err;

	w->report_fd = report_fd;
	w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->wake_fd < 0)
		return -errno;
	err = frame_cache_init(&p->cache, frames);
	if (err < 0)
		goto close_wake;
	err = reass_init(&p->reass, &p->cache);
	if (err < 0)
		goto fini_cache;
	err = ring_new(&p->reports, REPORT_SLOTS, sizeof(struct report));
	if (err < 0)
		goto fini_cache;
	err = ring_new(&p->orders, ORDER_SLOTS, sizeof(struct order));
	if (err < 0)
		goto free_reports;
	return 0;

free_reports:
	ring_free(p->reports);
fini_cache:
	frame_cache_fini(&p->cache);
close_wake:
	close(w->wake_fd);
	return err;
}

void worker_fini(struct worker *w)
{
	ring_free(w->pipeline.orders);
	ring_free(w->pipeline.reports);
	frame_cache_fini(&w->pipeline.cache);
	close(w->wake_fd);
	free((void *)rcu_get(&w->queues));
}

/* Completions in, frames out to the fill ring, the kernel told: before anything is received. */
static void worker_tend(struct worker *w, struct port_queue *q)
{
	port_reclaim(q, &w->pipeline.cache);
	port_refill(q, &w->pipeline.cache);
	port_kick(q);
}

/* The agent sleeps in epoll_wait: wake it once for all that this loop has reported. */
static void worker_tell(struct worker *w)
{
	uint64_t one = 1;

	w->pipeline.told = false;
	if (write(w->report_fd, &one, sizeof(one)) < 0)
		return; /* the counter is at its limit: the agent is being woken already */
}

/* What all packets until the next quiescent state see. */
static void worker_look(struct worker *w, uint64_t now_ns)
{
	struct pipeline *p = &w->pipeline;

	p->ifaces = rcu_get(&w->ifaces->current);
	p->queues = rcu_get(&w->queues);
	p->now_ns = now_ns;
}

/*
 * What only one of several workers has to do, before its own. With fewer free frames than its
 * queues may want at once it takes some of the depot, with many more it gives. What others hand it
 * is sent; completions make room for that first. Return: packets.
 */
static size_t worker_share(struct worker *w)
{
	const struct pipeline_queues *queues = w->pipeline.queues;
	struct frame_cache *c = &w->pipeline.cache;
	uint32_t least = (queues->n_rx + 1) * BATCH_MAX;

	for (uint32_t i = 0; i < queues->n_rx; i++)
		port_reclaim(queues->rx[i], c);
	while (c->n < least && depot_take(w->depot, c))
		;
	while (c->n > least + KEEP_MORE)
		depot_give(w->depot, c);
	return pipeline_relay(&w->pipeline);
}

size_t worker_orders(struct worker *w, uint64_t now_ns)
{
	worker_look(w, now_ns);
	return pipeline_orders(&w->pipeline);
}

static void worker_wake_handed(struct worker *w)
{
	uint32_t handed = w->pipeline.handed;

	assert(w->peer != NULL); /* there was one to hand it to */
	w->pipeline.handed = 0;
	for (; handed != 0; handed &= handed - 1)
		worker_wake(&w->peer[__builtin_ctz(handed)]);
}

size_t worker_poll(struct worker *w, uint64_t now_ns)
{
	struct pipeline *p = &w->pipeline;
	const struct pipeline_queues *queues;
	size_t done = 0, n;

	worker_look(w, now_ns);
	queues = p->queues;
	if (w->peer != NULL)
		done = worker_share(w);
	for (uint32_t i = 0; i < queues->n_rx; i++) {
		worker_tend(w, queues->rx[i]);
		n = pipeline_run(p, queues->rx[i]);
		if (n > 0) {
			counter_add(&w->counters.batches, 1);
			counter_add(&w->counters.packets, n);
		}
		done += n;
	}
	if (ring_has(p->orders) || unlikely(now_ns >= p->reass.due_ns))
		done += worker_orders(w, now_ns); /* may be about what was just published */
	if (p->told)
		worker_tell(w);
	if (p->handed != 0)
		worker_wake_handed(w);
	return done;
}

/* Must a sleep be short? Copy mode sends when kicked; and that there are free frames again is
 * nothing that wakes. */
static bool worker_pending(const struct worker *w, const struct pipeline_queues *queues)
{
	if (w->pipeline.cache.n == 0)
		return true;
	for (uint32_t i = 0; i < queues->n_rx; i++) {
		if (queues->rx[i]->tx_pending > 0)
			return true;
	}
	return false;
}

/* Is there something to do that would not wake the poll? Called with asleep set. */
static bool worker_has_work(struct worker *w, const struct pipeline_queues *queues)
{
	uint32_t idx;

	if (ring_has(w->pipeline.orders) || atomic_load(&w->stop))
		return true;
	if (w->pipeline.handover != NULL && handover_has(w->pipeline.handover, w->pipeline.worker))
		return true;
	for (uint32_t i = 0; i < queues->n_rx; i++) {
		uint32_t n = port_rx_peek(queues->rx[i], 1, &idx);

		xsk_ring_cons__cancel(&queues->rx[i]->rx, n);
		if (n > 0)
			return true;
	}
	return false;
}

static void worker_sleep(struct worker *w)
{
	const struct pipeline_queues *queues;
	struct pollfd fds[1 + ARRAY_SIZE(queues->rx)];
	uint64_t before = clock_ns(), drained;
	nfds_t n = 0;

	atomic_store(&w->asleep, true);
	queues = rcu_get(&w->queues); /* now: whoever replaces them later wakes us */
	if (worker_has_work(w, queues))
		goto awake;
	fds[n++] = (struct pollfd){.fd = w->wake_fd, .events = POLLIN};
	for (uint32_t i = 0; i < queues->n_rx; i++) {
		if (queues->rx[i]->fd >= 0)
			fds[n++] = (struct pollfd){.fd = queues->rx[i]->fd, .events = POLLIN};
	}
	int timeout = worker_pending(w, queues) ? SLEEP_PENDING_MS : SLEEP_MS;

	rcu_thread_offline(); /* @queues may go from here on: only their numbers are used */
	poll(fds, n, timeout);
	rcu_thread_online();
	if (fds[0].revents != 0 && read(w->wake_fd, &drained, sizeof(drained)) < 0)
		goto awake; /* someone else's wake-up was taken: nothing to read */
	counter_add(&w->counters.sleeps, 1);
	counter_add(&w->counters.sleep_ns, clock_ns() - before);
awake:
	atomic_store(&w->asleep, false);
}

/* A loop that had work took @cycles; it moved packets if their count is not @packets any more. */
static void worker_account(struct worker *w, uint64_t packets, uint64_t cycles)
{
	struct worker_counters *c = &w->counters;

	if (c->packets == packets) {
		counter_add(&c->order_cycles, cycles);
		return;
	}
	counter_add(&c->busy_loops, 1);
	counter_add(&c->busy_cycles, cycles);
}

static void worker_loop(struct worker *w)
{
	uint64_t last_work = clock_ns();

	while (!atomic_load_explicit(&w->stop, memory_order_relaxed)) {
		uint64_t start = __rdtsc(), now = clock_ns(), packets = w->counters.packets;

		counter_add(&w->counters.loops, 1);
		if (worker_poll(w, now) > 0) {
			last_work = now;
			worker_account(w, packets, __rdtsc() - start);
		} else if (__atomic_load_n(&w->idle, __ATOMIC_RELAXED) == WORKER_IDLE_ADAPTIVE &&
		           now - last_work > SPIN_NS) {
			worker_sleep(w);
		}
		rcu_quiescent_state();
	}
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	rcu_register_thread();
	worker_loop(w);
	rcu_unregister_thread();
	return NULL;
}

int worker_start(struct worker *w)
{
	pthread_attr_t attr;
	sigset_t all, old;
	cpu_set_t cpus;
	int err;

	pthread_attr_init(&attr);
	if (w->cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET(w->cpu, &cpus);
		pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	}
	/* Signals are the agent's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	w->started_ns = clock_ns();
	err = pthread_create(&w->thread, &attr, worker_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	w->running = err == 0;
	return -err;
}

void worker_stop(struct worker *w)
{
	if (!w->running)
		return;
	atomic_store(&w->stop, true);
	worker_wake(w);
	pthread_join(w->thread, NULL);
	w->running = false;
	atomic_store(&w->stop, false);
}

void worker_wake(struct worker *w)
{
	uint64_t one = 1;

	/* Orders and stop were written before this load; the worker sets asleep before it looks for
	 * them: one of the two sees the other. */
	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load(&w->asleep))
		return;
	if (write(w->wake_fd, &one, sizeof(one)) < 0)
		return; /* it is being woken already */
}

static void queues_reclaim(struct rcu_head *head)
{
	free(caa_container_of(head, struct pipeline_queues, rcu));
}

void worker_set_queues(struct worker *w, struct pipeline_queues *queues)
{
	struct pipeline_queues *old = (void *)rcu_swap(&w->queues, queues);

	if (old != NULL)
		call_rcu(&old->rcu, queues_reclaim);
	worker_wake(w);
}
