/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load: what a worker did in the last second, from samples of its counters. The loop of a worker is
 * busy from its start to its end if it received a packet, or carried out an order; the rest of the
 * time, spinning or asleep, is idle.
 */
#ifndef AGENT_LOAD_H
#define AGENT_LOAD_H

#include <stdbool.h>
#include <stdint.h>

/* Totals at one moment. Cycles are ticks of the time stamp counter, as @ticks is. */
struct load_sample {
	uint64_t at_ns, ticks;
	uint64_t packets, batches; /* received; an order is no packet */
	uint64_t busy_cycles;      /* of loops that received packets */
	uint64_t order_cycles;     /* of loops that only carried out orders */
};

/* Zeroed is a good beginning. */
struct load {
	struct load_sample last;
	bool known;               /* two samples were taken: what follows is so */
	double pps;               /* packets a second */
	double packets_per_batch; /* 0 without packets, as the next */
	double cycles_per_packet; /* ticks of busy loops a packet */
	double idle_percent;      /* of the time between the samples */
};

/* The next sample, later than the one before. Context: agent. */
void load_update(struct load *l, const struct load_sample *s);

#endif
