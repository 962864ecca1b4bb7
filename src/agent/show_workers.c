/* SPDX-License-Identifier: BSD-2-Clause */
/* show workers: what each has done since its start, and in the last second (agent/load.h). */
#include "agent/show.h"

/* What ended by @v on worker @w, on whatever interface. */
static uint64_t worker_verdicts(const struct worker *w, enum verdict v)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < IFACE_MAX; i++)
		sum += counter_read(&w->pipeline.counters.verdict[i][v]);
	return sum;
}

/* Refills cut short, of the queues that @w serves now. */
static uint64_t worker_fill_short(struct worker *w)
{
	const struct pipeline_queues *own = rcu_get(&w->queues);
	uint64_t sum = 0;

	for (uint32_t i = 0; own != NULL && i < own->n_rx; i++)
		sum += counter_read(&own->rx[i]->counters.fill_short);
	return sum;
}

static const char *worker_state(struct worker *w, const struct load *l)
{
	if (atomic_load(&w->asleep))
		return "asleep";
	return l != NULL && l->known && l->idle_percent < 100 ? "busy" : "idle";
}

/* Of the last second; what has no value then, as cycles a packet without packets, is left out. */
static void worker_load(struct json *row, const struct load *l)
{
	if (l == NULL || !l->known)
		return;
	json_add_real(row, "pps", l->pps);
	if (l->pps > 0) {
		json_add_real(row, "packets_per_batch", l->packets_per_batch);
		json_add_real(row, "cycles_per_packet", l->cycles_per_packet);
	}
	json_add_real(row, "idle_percent", l->idle_percent);
}

static void worker_row(struct json *row, struct worker *w)
{
	const struct worker_counters *c = &w->counters;

	json_add_uint(row, "packets", counter_read(&c->packets));
	json_add_uint(row, "batches", counter_read(&c->batches));
	json_add_uint(row, "busy_cycles", counter_read(&c->busy_cycles));
	json_add_uint(row, "order_cycles", counter_read(&c->order_cycles));
	json_add_uint(row, "loops", counter_read(&c->loops));
	json_add_uint(row, "busy_loops", counter_read(&c->busy_loops));
	json_add_uint(row, "sleeps", counter_read(&c->sleeps));
	json_add_uint(row, "sleep_ns", counter_read(&c->sleep_ns));
	json_add_uint(row, "tx_full", worker_verdicts(w, DROP_TX_FULL));
	json_add_uint(row, "fill_short", worker_fill_short(w));
	json_add_uint(row, "handover_full", worker_verdicts(w, DROP_HANDOVER_FULL));
	json_add_uint(row, "orders_lost", w->orders_lost);
	json_add_uint(row, "reports_lost", counter_read(&w->pipeline.counters.reports_lost));
	json_add_uint(row, "free_frames", __atomic_load_n(&w->pipeline.cache.n, __ATOMIC_RELAXED));
}

static bool workers_next(struct control_reply *r, struct json *row)
{
	struct cursor *c = r->state;
	const struct load *l = c->a->load != NULL ? &c->a->load[c->index] : NULL;
	struct worker *w = &c->a->worker[c->index];

	if (c->index >= c->a->n_workers)
		return false;
	json_add_uint(row, "worker", c->index++);
	if (w->cpu >= 0)
		json_add_int(row, "cpu", w->cpu);
	json_add_string(row, "state", worker_state(w, l));
	worker_load(row, l);
	worker_row(row, w);
	return true;
}

int show_workers(void *ctx, struct control_reply *r, char *const *args, size_t n)
{
	return show_start(ctx, r, args, n, workers_next);
}
