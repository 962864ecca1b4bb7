/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/pipeline.h"

/* From the next hop on, the way is the same for what came in and what the router says itself. */
static void forward4(struct pipeline *p)
{
	struct batch *b = &p->batch;

	route4_stage(&p->route, b);
	if (b->ip4.kinds & 1u << NH_GROUP)
		group4_stage(&p->route, b);
	if (b->ip4.kinds & 1u << NH_CONNECTED)
		neigh4_stage(p->neigh, b);
	output4_stage(p);
}

static void forward6(struct pipeline *p)
{
	struct batch *b = &p->batch;

	route6_stage(&p->route, b);
	if (b->ip6.kinds & 1u << NH_GROUP)
		group6_stage(&p->route, b);
	if (b->ip6.kinds & 1u << NH_LINK)
		scope6_stage(&p->route, p->ifaces, b);
	if (b->ip6.kinds & 1u << NH_CONNECTED)
		neigh6_stage(p->neigh, b);
	output6_stage(p);
}

/* The end of the way: what is for the router, its answers, all that is sent and all that ended. */
static void settle(struct pipeline *p)
{
	struct batch *b = &p->batch;

	if (b->host.n > 0) {
		nd_stage(p);
		reassemble_stage(p);
	}
	if (b->host.n + b->ended.n > 0) {
		host_stage(&p->host, p->ifaces, p->now_ns, b);
		finish_stage(p); /* before their frames go on as answers */
	}
	if (b->ip4.n > 0)
		forward4(p); /* the router's answers: they are not answered again */
	if (b->ip6.n > 0)
		forward6(p);
	if (b->l2.n > 0)
		bridge_stage(p);
	transmit_stage(p);
	finish_stage(p);
	assert(batch_is_empty(b)); /* I1, I6 */
}

/* Only what comes from where its source is goes on, as the interfaces want it. */
static void check_sources(struct pipeline *p, const struct iface *f)
{
	struct batch *b = &p->batch;
	bool strict = f->urpf == URPF_STRICT, shared = f->vlans != NULL || f->bridge != NULL;

	if (shared) {
		urpf_each(&p->route, p->ifaces, b);
		return;
	}
	if (f->urpf == URPF_OFF)
		return;
	if (b->ip4.n > 0)
		urpf4_stage(&p->route, strict, b);
	if (b->ip6.n > 0)
		urpf6_stage(&p->route, strict, b);
	if (b->host.n > 0)
		urpf6_groups(&p->route, strict, b);
}

/* The packet's way. What the router itself says goes the part of it from the next hop on. */
size_t pipeline_run(struct pipeline *p, struct port_queue *q)
{
	struct batch *b = &p->batch;
	const struct iface *f = &p->ifaces->iface[q->port];
	size_t n = f->bridge == NULL ? input_stage(p, q) : bridge_input(p, q);
	uint32_t n_ip4, n_ip6;

	if (n == 0)
		return 0;
	if (b->l2.n > 0)
		bridge_stage(p);
	check_sources(p, f);
	b->tx.early = 0;
	n_ip4 = b->ip4.n;
	n_ip6 = b->ip6.n;
	if (n_ip4 > 0) {
		forward4(p);
		redirect_stage(p, q->port, &b->ip4, n_ip4, 0);
	}
	if (n_ip6 > 0) {
		uint32_t first = b->tx.n;

		forward6(p);
		redirect_stage(p, q->port, &b->ip6, n_ip6, first);
	}
	if (b->arp.n > 0)
		arp_stage(p);
	settle(p);
	return n;
}

/* What the agent wants done, and what has waited for its missing fragments long enough. */
size_t pipeline_orders(struct pipeline *p)
{
	size_t n = orders_stage(p);

	n += reassemble_expire(p, BATCH_MAX - n);
	if (n == 0)
		return 0;
	if (p->batch.ip4.n > 0)
		forward4(p);
	if (p->batch.ip6.n > 0)
		forward6(p);
	settle(p);
	return n;
}

/* Others have done all of the way but its end. */
size_t pipeline_relay(struct pipeline *p)
{
	size_t sum = 0, n;

	for (unsigned int from = 0; from < p->handover->n; from++) {
		n = relay_stage(p, from);
		if (n == 0)
			continue;
		settle(p);
		sum += n;
	}
	return sum;
}
