/* SPDX-License-Identifier: BSD-2-Clause */
/* orders: what the agent wants done, put where input would have put it. */
#include "pipeline/pipeline.h"

/* Free frames go back to the agent, as many as there are and the ring has room for. */
static void order_return(struct pipeline *p, uint32_t n)
{
	uint64_t addr;

	while (n-- > 0 && frame_get(&p->cache, &addr)) {
		const struct report r = {.kind = REPORT_FRAME,
		                         .data = frame_data(p->cache.frames, addr)};

		if (!report_send(p, &r)) {
			frame_put(&p->cache, addr);
			return;
		}
	}
}

/* What the router itself says, into a frame of its own. */
static void order_say(struct pipeline *p, const struct order *o)
{
	struct pkt k = {.len = o->len, .in = o->iface, .flags = PKT_ORIGINATED | PKT_TAKEN};

	counter_add(&p->counters.originated, 1);
	k.data = frame_get_blank(&p->cache);
	if (k.data == NULL) {
		k.len = 0; /* there is nothing to show */
		pkt_list_add(&p->batch.ended, &k, DROP_NO_FRAME);
		return;
	}
	memcpy(k.data, o->bytes, o->len);
	k.flags = PKT_ORIGINATED;
	egress_send(p, &k, o->iface);
}

/* Take one order: its packet goes where input would have put it. */
static void order_take(struct pipeline *p, struct order *o)
{
	struct batch *b = &p->batch;
	struct pkt k = {.data = o->data, .len = o->len, .in = o->iface, .flags = o->flags};

	switch ((enum order_kind)o->kind) {
	case ORDER_SEND:
		order_say(p, o);
		break;
	case ORDER_RESUME:
		counter_add(&p->counters.released, 1);
		batch_route(b, &k);
		break;
	case ORDER_DROP:
		counter_add(&p->counters.released, 1);
		pkt_list_add(&b->ended, &k, (enum verdict)o->verdict);
		break;
	case ORDER_RECOVER:
		counter_add(&p->counters.recovered, frames_recover(&p->cache, (uint16_t)o->value));
		break;
	case ORDER_RETURN:
		order_return(p, o->value);
		break;
	}
}

size_t orders_stage(struct pipeline *p)
{
	struct order *o;
	size_t n = 0;

	while (n < BATCH_MAX && (o = ring_peek(p->orders)) != NULL) {
		order_take(p, o);
		ring_pop(p->orders);
		n++;
	}
	return n;
}
