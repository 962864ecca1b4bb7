/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/load.h"

#include "base/clock.h"

static double ratio(uint64_t a, uint64_t b)
{
	return b > 0 ? (double)a / (double)b : 0;
}

/* A loop that is longer than what lies between two samples makes a share of more than all. */
static double percent_left(uint64_t used, uint64_t whole)
{
	return used < whole ? 100.0 - 100.0 * ratio(used, whole) : 0;
}

void load_update(struct load *l, const struct load_sample *s)
{
	const struct load_sample *was = &l->last;
	uint64_t packets = s->packets - was->packets, ticks = s->ticks - was->ticks;
	uint64_t cycles = s->busy_cycles - was->busy_cycles;
	uint64_t orders = s->order_cycles - was->order_cycles;

	if (was->at_ns != 0 && s->at_ns > was->at_ns && ticks > 0) {
		l->known = true;
		l->pps = ratio(packets * NS_PER_SEC, s->at_ns - was->at_ns);
		l->packets_per_batch = ratio(packets, s->batches - was->batches);
		l->cycles_per_packet = ratio(cycles, packets);
		l->idle_percent = percent_left(cycles + orders, ticks);
	}
	l->last = *s;
}
