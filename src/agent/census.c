/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/census.h"

#include "agent/bridges.h"

static uint64_t frames_free_count(const struct agent *a)
{
	uint64_t sum = a->spare.n + (a->depot != NULL ? depot_frames(a->depot) : 0);

	for (unsigned int i = 0; i < a->n_workers; i++)
		sum += __atomic_load_n(&a->worker[i].pipeline.cache.n, __ATOMIC_RELAXED);
	return sum;
}

/* Ring indexes only ever grow, so differences of them say what is on its way. What one worker hands
 * another is on its way to be sent (a chain counts as one frame there). */
static uint64_t frames_in_rings(const struct agent *a, bool rx, bool fill, bool tx)
{
	uint64_t sum = tx && a->handover != NULL ? handover_count(a->handover) : 0;

	for (size_t i = 0; i < PORT_MAX; i++) {
		const struct port *port = a->iface[i].port;

		for (uint16_t k = 0; port != NULL && k < port->n_queues; k++) {
			const struct port_queue *q = &port->queue[k];
			uint32_t given = __atomic_load_n(&q->fill.cached_prod, __ATOMIC_RELAXED);
			uint32_t come = __atomic_load_n(q->rx.producer, __ATOMIC_RELAXED);
			uint32_t read = __atomic_load_n(&q->rx.cached_cons, __ATOMIC_RELAXED);

			sum += rx ? come - read : 0;
			sum += fill ? given - come : 0;
			sum += tx ? __atomic_load_n(&q->tx_pending, __ATOMIC_RELAXED) : 0;
		}
	}
	return sum;
}

/* Packets of all interfaces that there are and were. */
static uint64_t verdicts(const struct agent *a, enum verdict first, enum verdict last)
{
	uint64_t sum = 0;

	for (unsigned int w = 0; w < a->n_workers; w++) {
		for (size_t i = 0; i < a->iface_top; i++) {
			for (enum verdict v = first; v <= last; v++)
				sum += counter_read(&a->worker[w].pipeline.counters.verdict[i][v]);
		}
	}
	return sum;
}

static uint64_t ports_packets(const struct agent *a, bool tx)
{
	uint64_t sum = tx ? a->gone.tx_packets : a->gone.rx_packets;

	for (uint16_t i = 0; i < PORT_MAX; i++) {
		struct agent_totals t;

		agent_iface_totals(a, i, &t);
		sum += tx ? t.tx_packets : t.rx_packets;
	}
	return sum;
}

static uint64_t originated(const struct agent *a)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < a->n_workers; i++)
		sum += counter_read(&a->worker[i].pipeline.counters.originated) +
		       counter_read(&a->worker[i].pipeline.host.originated);
	return sum;
}

static uint64_t held(const struct agent *a)
{
	uint64_t sum = verdicts(a, HELD_NEIGH, HELD_NEIGH);

	for (unsigned int i = 0; i < a->n_workers; i++)
		sum -= counter_read(&a->worker[i].pipeline.counters.released);
	return sum;
}

static uint64_t worker_sum(const struct agent *a, size_t offset)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < a->n_workers; i++)
		sum += counter_read((const uint64_t *)((const char *)&a->worker[i] + offset));
	return sum;
}

/* What waits for neighbours, and fragments that wait for others. */
static uint64_t frames_held(const struct agent *a)
{
	return a->held + worker_sum(a, offsetof(struct worker, pipeline.reass.held));
}

/* What tables say of themselves. */
struct table_stats {
	struct fib4_stats fib4;
	struct fib6_stats fib6;
	struct neigh_stats neigh;
	struct agent_bridges_stats bridge;
};

static struct table_stats table_stats(const struct agent *a)
{
	struct table_stats s;

	fib4_stats(a->fib4, &s.fib4);
	fib6_stats(a->fib6, &s.fib6);
	neigh_stats(a->neigh, &s.neigh);
	agent_bridges_get_stats(a, &s.bridge);
	return s;
}

#define PIPELINE_COUNTER(name) offsetof(struct worker, pipeline.counters.name)

const char *census_counter(const struct agent *a, unsigned int i, uint64_t *value)
{
	const struct table_stats s = table_stats(a);
	const struct {
		const char *name;
		uint64_t value;
	} counter[] = {
		{"frames.total", a->frames->n},
		{"frames.free", frames_free_count(a)},
		{"frames.fill", frames_in_rings(a, false, true, false)},
		{"frames.rx", frames_in_rings(a, true, false, false)},
		{"frames.tx", frames_in_rings(a, false, false, true)},
		{"frames.held", frames_held(a)},
		{"frames.moved", worker_sum(a, PIPELINE_COUNTER(moved))},
		{"frames.recovered", worker_sum(a, PIPELINE_COUNTER(recovered))},
		{"handover.given", worker_sum(a, PIPELINE_COUNTER(handed_over))},
		{"handover.taken", worker_sum(a, PIPELINE_COUNTER(relayed))},
		{"balance.rx", ports_packets(a, false)},
		{"balance.originated", originated(a)},
		{"balance.copies", worker_sum(a, PIPELINE_COUNTER(copies))},
		{"balance.tx", ports_packets(a, true)},
		{"balance.drops", verdicts(a, DROP_FIRST, DROP_LAST)},
		{"balance.consumed", verdicts(a, CONSUMED_FIRST, CONSUMED_LAST)},
		{"balance.held", held(a)},
		{"fib4.routes", s.fib4.routes},
		{"fib4.prefixes", s.fib4.prefixes},
		{"fib4.groups", s.fib4.groups},
		{"fib4.refused", s.fib4.refused},
		{"fib4.bytes", s.fib4.bytes},
		{"fib6.routes", s.fib6.routes},
		{"fib6.prefixes", s.fib6.prefixes},
		{"fib6.refused", s.fib6.refused},
		{"fib6.bytes", s.fib6.bytes},
		{"neigh.entries", s.neigh.entries},
		{"neigh.incomplete", s.neigh.incomplete},
		{"neigh.limit-entries", s.neigh.limit_entries},
		{"neigh.limit-asked", s.neigh.limit_asked},
		{"neigh.limit-held", s.neigh.limit_held},
		{"neigh.conflicts", s.neigh.conflicts},
		{"bridge.stations", s.bridge.stations},
		{"bridge.learned", s.bridge.learned},
		{"bridge.moved", s.bridge.moved},
		{"bridge.aged", s.bridge.aged},
		{"bridge.flushed", s.bridge.flushed},
		{"bridge.limited", s.bridge.limited},
		{"bridge.flooded", worker_sum(a, PIPELINE_COUNTER(flooded))},
		{"reports.lost", worker_sum(a, PIPELINE_COUNTER(reports_lost))},
		{"icmp.limited", worker_sum(a, offsetof(struct worker, pipeline.host.limited))},
		{"reassembly.evicted",
	         worker_sum(a, offsetof(struct worker, pipeline.reass.evicted))},
		{"orders.full", worker_sum(a, offsetof(struct worker, orders_lost))},
		{"routes.lost", a->lost_routes},
	};

	if (i >= ARRAY_SIZE(counter))
		return NULL;
	*value = counter[i].value;
	return counter[i].name;
}
