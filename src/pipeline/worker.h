/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker: a thread that runs a pipeline over the queues it owns. It is a reader under QSBR: one
 * quiescent state a loop, offline while it sleeps. The agent steers it by published queue lists,
 * interface snapshots and orders.
 */
#ifndef PIPELINE_WORKER_H
#define PIPELINE_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "pipeline/pipeline.h"

enum worker_idle { WORKER_IDLE_ADAPTIVE, WORKER_IDLE_BUSY };

/* One writer, the worker. Cycles are ticks of the time stamp counter. */
struct worker_counters {
	uint64_t loops;
	uint64_t busy_loops;   /* that moved packets */
	uint64_t busy_cycles;  /* of these */
	uint64_t order_cycles; /* of loops that only carried out orders */
	uint64_t batches;
	uint64_t packets;
	uint64_t sleeps;
	uint64_t sleep_ns;
};

struct depot;

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): a line for what others look at */
struct worker {
	struct pipeline pipeline;
	struct worker_counters counters;
	struct iface_table *ifaces; /* the agent's */
	RCU_PTR(const struct pipeline_queues) queues;
	struct worker *peer;   /* all workers by their numbers; NULL: there is no other one */
	struct depot *depot;   /* then, to balance free frames by */
	enum worker_idle idle; /* written by the agent, relaxed */
	int cpu;               /* -1: wherever */
	int wake_fd;           /* eventfd: the agent writes it to wake a sleeping worker */
	int report_fd;         /* eventfd: the worker writes it when it has reported */
	pthread_t thread;
	bool running;
	uint64_t started_ns;
	uint64_t orders_lost; /* agent: frames to send that found the order ring full */
	/* On a line of their own: others look at them for each batch that they hand over. */
	cache_aligned atomic_bool stop;
	atomic_bool asleep;
};

/**
 * worker_init - make a worker ready to run
 * @w:       zeroed; its pipeline's route, neigh and host, and what several workers share
 *           (pipeline.worker, pipeline.handover, depot, peer), are set by the caller
 * @frames:  frame memory; the worker's free list starts empty, see worker_give()
 * @report_fd: eventfd that tells the agent of reports
 *
 * Context: agent. Return: 0 or a negative errno.
 */
[[nodiscard]] int worker_init(struct worker *w, struct frames *frames, int report_fd);
void worker_fini(struct worker *w);

/* Start the thread, pinned to w->cpu. Return: 0 or a negative errno. Context: agent. */
[[nodiscard]] int worker_start(struct worker *w);

/* Stop the thread and wait for its end; the pipeline is the caller's again. Context: agent. */
void worker_stop(struct worker *w);

/*
 * One loop over all queues: transmit, then receive (AF_XDP row 47), then the agent's orders. What
 * worker_start()'s thread does, and what a replay calls itself. Return: packets and orders handled.
 * Context: worker, registered with RCU.
 */
size_t worker_poll(struct worker *w, uint64_t now_ns);

/* Carry out up to a batch of the agent's orders, and nothing else. Return, context: as above. */
size_t worker_orders(struct worker *w, uint64_t now_ns);

/* Let @w see new queues, interfaces, orders or packets that were handed to it soon, even if it
 * sleeps. Context: agent, or a worker. */
void worker_wake(struct worker *w);

/* Replace the queue list; the old one is freed after a grace period. Context: agent. */
void worker_set_queues(struct worker *w, struct pipeline_queues *queues);

#endif
