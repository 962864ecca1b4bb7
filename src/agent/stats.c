/* SPDX-License-Identifier: BSD-2-Clause */
/* Sums over workers and queues, and rates from one second to the next. */
#include <stdlib.h>
#include <x86intrin.h>

#include "agent/agent.h"
#include "base/clock.h"

uint64_t agent_verdicts(const struct agent *a, uint16_t id, enum verdict v)
{
	uint64_t sum = -a->iface[id].verdict_base[v];

	for (unsigned int i = 0; i < a->n_workers; i++)
		sum += counter_read(&a->worker[i].pipeline.counters.verdict[id][v]);
	return sum;
}

void agent_iface_totals(const struct agent *a, uint16_t id, struct agent_totals *t)
{
	const struct port *port = a->iface[id].port;

	*t = (struct agent_totals){0};
	for (uint16_t i = 0; port != NULL && i < port->n_queues; i++) {
		const struct port_queue_counters *c = &port->queue[i].counters;

		t->rx_packets += counter_read(&c->rx_packets);
		t->rx_bytes += counter_read(&c->rx_bytes);
		t->tx_packets += counter_read(&c->tx_packets);
		t->tx_bytes += counter_read(&c->tx_bytes);
	}
	for (enum verdict v = DROP_FIRST; v <= DROP_LAST; v++)
		t->drops += agent_verdicts(a, id, v);
}

/* What worker @w has done until now. */
static void worker_sample(const struct worker *w, struct load_sample *s)
{
	const struct worker_counters *c = &w->counters;

	*s = (struct load_sample){
		.ticks = __rdtsc(),
		.at_ns = clock_ns(),
		.packets = counter_read(&c->packets),
		.batches = counter_read(&c->batches),
		.busy_cycles = counter_read(&c->busy_cycles),
		.order_cycles = counter_read(&c->order_cycles),
	};
}

static void agent_loads(struct agent *a)
{
	if (a->load == NULL)
		a->load = calloc(a->n_workers, sizeof(*a->load));
	for (unsigned int i = 0; i < a->n_workers && a->load != NULL; i++) {
		struct load_sample s;

		worker_sample(&a->worker[i], &s);
		load_update(&a->load[i], &s);
	}
}

void agent_rates(struct agent *a, uint64_t now_ns)
{
	agent_loads(a);
	for (uint16_t i = 0; i < a->iface_top; i++) {
		struct agent_rate *r = &a->iface[i].rate;
		double seconds = (double)(now_ns - r->at_ns) / NS_PER_SEC;
		struct agent_totals t;

		if (!agent_iface_serves(&a->iface[i]))
			continue;
		agent_iface_totals(a, i, &t);
		if (r->at_ns != 0 && seconds > 0) {
			r->rx_pps = (double)(t.rx_packets - r->rx) / seconds;
			r->tx_pps = (double)(t.tx_packets - r->tx) / seconds;
			r->drops_ps = (double)(t.drops - r->drops) / seconds;
		}
		*r = (struct agent_rate){now_ns,    t.rx_packets, t.tx_packets, t.drops,
		                         r->rx_pps, r->tx_pps,    r->drops_ps};
	}
}
