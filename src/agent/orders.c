/* SPDX-License-Identifier: BSD-2-Clause */
/* What workers tell the agent, and what it asks them to do. */
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/bridges.h"
#include "base/log.h"
#include "wire/ether.h"
#include "wire/ip6.h"

/* Slots of the ring to a worker that packets which come back leave to what the agent says: of a
 * flood of them there is always one more (RFC 6583 7.2). */
#define SAY_SPARE 128

bool agent_order(struct worker *w, const struct order *o)
{
	bool back = o->kind == ORDER_RESUME || o->kind == ORDER_DROP;
	struct order *slot = ring_reserve_but(w->pipeline.orders, back ? SAY_SPARE : 0);

	if (slot == NULL)
		return false;
	memcpy(slot, o, offsetof(struct order, bytes) + (o->kind == ORDER_SEND ? o->len : 0));
	ring_push(w->pipeline.orders);
	worker_wake(w);
	return true;
}

/* One that has a queue to send by @iface, so that a frame need not be handed over. */
static struct worker *worker_by(struct agent *a, uint16_t iface)
{
	return &a->worker[queue_worker(agent_iface_port(a, iface), 0, a->n_workers)];
}

static bool order_frame(struct order *o, uint16_t iface, const uint8_t *frame, uint16_t len)
{
	*o = (struct order){.kind = ORDER_SEND, .iface = iface, .len = len};
	if (len > sizeof(o->bytes))
		return false;
	memcpy(o->bytes, frame, len);
	return true;
}

void agent_send(void *agent, uint16_t iface, const uint8_t *frame, uint16_t len)
{
	struct worker *w = worker_by(agent, iface);
	struct order o;

	if (order_frame(&o, iface, frame, len) && !agent_order(w, &o))
		w->orders_lost++;
}

void agent_send_wait(void *agent, uint16_t iface, const uint8_t *frame, uint16_t len)
{
	struct order o;

	if (order_frame(&o, iface, frame, len))
		agent_order_wait(agent, worker_by(agent, iface), &o);
}

/* Does it ask whether an address is somebody's (RFC 4862 5.4.2)? */
static bool is_probe(const uint8_t *frame, uint16_t len)
{
	return len >= ETHER_LEN + IP6_LEN && ether_type(frame) == ETHERTYPE_IP6 &&
	       ip_is_none(ip6_src(frame + ETHER_LEN));
}

/* neigh_ops.send: a question is asked again; but of an address that nobody was asked about nobody
 * says that it is his. */
static void neigh_send(void *agent, uint16_t iface, const uint8_t *frame, uint16_t len)
{
	if (is_probe(frame, len))
		agent_send_wait(agent, iface, frame, len);
	else
		agent_send(agent, iface, frame, len);
}

/*
 * A full ring is emptied within the time of a worker's loop; in a replay, and while the workers do
 * not run, the agent is the worker.
 */
void agent_order_wait(struct agent *a, struct worker *w, const struct order *o)
{
	while (!agent_order(w, o)) {
		if (w->running)
			usleep(20);
		else
			worker_orders(w, a->now_ns);
	}
}

void agent_orders_done(struct agent *a, struct worker *w)
{
	while (ring_has(w->pipeline.orders)) {
		if (w->running)
			usleep(20);
		else
			worker_poll(w, a->now_ns);
	}
	agent_reports(a);
}

/* A held packet goes back to the worker that had it, where it stays in order: a frame may wait,
 * never leak. */
static void agent_release(struct agent *a, const struct neigh_held *h, const struct order *o)
{
	agent_order_wait(a, &a->worker[h->worker], o);
	a->held--;
}

static void neigh_resume(void *ctx, const struct neigh_held *h)
{
	const struct order o = {.kind = ORDER_RESUME,
	                        .flags = h->flags,
	                        .iface = h->in,
	                        .len = h->len,
	                        .data = h->data};

	agent_release(ctx, h, &o);
}

static void neigh_drop(void *ctx, const struct neigh_held *h, enum verdict v)
{
	const struct order o = {.kind = ORDER_DROP,
	                        .verdict = (uint8_t)v,
	                        .flags = h->flags,
	                        .iface = h->in,
	                        .len = h->len,
	                        .data = h->data};

	agent_release(ctx, h, &o);
}

const struct neigh_ops agent_neigh_ops = {
	.send = neigh_send,
	.resume = neigh_resume,
	.drop = neigh_drop,
	.address = agent_addr_report,
};

void agent_neigh_tick(struct agent *a)
{
	uint64_t next = neigh_tick(a->neigh, a->now_ns);

	while (agent_addrs_settle(a)) {
		next = neigh_tick(a->neigh, a->now_ns); /* of what it tells in turn */
		if (!a->ready && a->config != NULL && !a->replay)
			agent_ready_check(a);
	}
	if (next == UINT64_MAX)
		loop_timer_disarm(&a->neigh_timer);
	else if (!a->replay)
		loop_timer_arm(a->loop, &a->neigh_timer, next, 0);
}

static void agent_report(struct agent *a, const struct report *r)
{
	switch ((enum report_kind)r->kind) {
	case REPORT_NEIGH_WANTED:
		assert(a->frames->tag[frame_index(a->frames, frame_addr(a->frames, r->data))] ==
		       0); /* I7 */
		a->held++;
		neigh_report(a->neigh, r, a->now_ns);
		break;
	case REPORT_NEIGH_USED:
	case REPORT_ARP:
	case REPORT_ND:
		neigh_report(a->neigh, r, a->now_ns);
		break;
	case REPORT_SOLICIT: /* says who asks, too */
		neigh_report(a->neigh, r, a->now_ns);
		agent_announce_report(a, r);
		break;
	case REPORT_MLD_QUERY:
		agent_announce_report(a, r);
		break;
	case REPORT_STATION:
		agent_station_report(a, r);
		break;
	case REPORT_FRAME:
		frame_put(&a->spare, frame_addr(a->frames, r->data));
		break;
	}
}

void agent_reports(struct agent *a)
{
	for (unsigned int i = 0; i < a->n_workers; i++) {
		struct ring *ring = a->worker[i].pipeline.reports;
		const struct report *r;

		/* At most a ring's worth: the other duties get their turn. */
		for (int n = 0; n < 1024 && (r = ring_peek(ring)) != NULL; n++) {
			agent_report(a, r);
			ring_pop(ring);
		}
	}
	agent_neigh_tick(a);
	agent_announce_tick(a);
	agent_bridges_tick(a);
}
