/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * finish: the one place where packets end. Counts each by its verdict, keeps an example of each
 * kind of drop, hands held packets to the agent, and frees the frames.
 */
#include "pipeline/chain.h"
#include "pipeline/pipeline.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

/* Packets a second that one neighbour may have the agent hold. It keeps the newest 16. */
#define HOLD_RATE 64

/* The answer to an error rewrites all before the IP header, the EtherType as well. */
static uint16_t finish_type(const struct pkt *k)
{
	if (!(k->flags & PKT_TAKEN))
		return ether_type(k->data);
	return k->flags & PKT_IP6 ? ETHERTYPE_IP6 : ETHERTYPE_IP4;
}

/* Keep what the packet looked like, once a loop and reason at most: the reader wants one, not all,
 * and a flood of drops is when cycles count. */
static void finish_example(struct pipeline *p, const struct pkt *k)
{
	struct drop_example *e = &p->example[k->in][k->verdict];
	uint32_t n = k->len - ETHER_LEN;

	if (k->len <= ETHER_LEN || (e->at_ns == p->now_ns && e->len != 0))
		return;
	if (k->flags & PKT_CHAIN && k->verdict == DROP_SHORT)
		return; /* its bytes lie scattered */
	static_assert(ETHER_LEN + sizeof(e->bytes) <= CHAIN_HEAD, "a chain's first frame has it");
	if (n > sizeof(e->bytes))
		n = sizeof(e->bytes);
	__atomic_store_n(&e->seq, e->seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	e->at_ns = p->now_ns;
	e->type = finish_type(k);
	e->len = (uint16_t)n;
	memcpy(e->bytes, k->data + ETHER_LEN, n);
	__atomic_store_n(&e->seq, e->seq + 1, __ATOMIC_RELEASE);
}

/* Whom a packet is for. */
static struct ip pkt_to(const struct pkt *k)
{
	const uint8_t *h = k->data + ETHER_LEN;

	return k->flags & PKT_IP6 ? ip6_dst(h) : ip_from4(ip4_dst(h));
}

/* What tells subnets of sources apart: an IPv4 /24, a hash of an IPv6 /64. */
static uint32_t pkt_subnet(const struct pkt *k)
{
	const uint8_t *h = k->data + ETHER_LEN;
	uint64_t hi;

	if (!(k->flags & PKT_IP6))
		return ip4_src(h) >> 8;
	hi = ip6_src(h).hi * 0x9e3779b97f4a7c15ull;
	return (uint32_t)(hi >> 32);
}

/* Hand a packet to the agent until its neighbour is known. Return: HELD_NEIGH, or why not. */
static enum verdict finish_hold(struct pipeline *p, const struct pkt *k)
{
	const struct nexthop *nh = k->nh;
	struct ip ip = nh->kind == NH_CONNECTED ? pkt_to(k) : nh->gateway;
	const struct report r = {
		.kind = REPORT_NEIGH_WANTED,
		.iface = nh->iface,
		.in = k->in,
		.len = k->len,
		.value = pkt_subnet(k),
		.ip = ip,
		.data = k->data,
		.flags = k->flags,
		.worker = p->worker,
	};

	if (!ask_allowed(p, REPORT_NEIGH_WANTED, nh->iface, ip, HOLD_RATE))
		return DROP_NEIGH_QUEUE;
	/* While the agent holds it, no queue's end may take the packet's frames along (I7). */
	chain_untag(p->cache.frames, k->data, k->flags & PKT_CHAIN);
	return report_send(p, &r) ? HELD_NEIGH : DROP_AGENT_BUSY;
}

static void finish_one(struct pipeline *p, struct pkt *k)
{
	if (k->verdict == HELD_NEIGH)
		k->verdict = (uint8_t)finish_hold(p, k);
	assert(k->verdict > KEEP && k->verdict < VERDICT_COUNT); /* I4: one counter each */
	counter_add(&p->counters.verdict[k->in][k->verdict], 1);
	if (k->verdict == HELD_NEIGH)
		return;
	if (k->verdict <= DROP_LAST)
		finish_example(p, k);
	if (k->flags & PKT_CHAIN)
		chain_free_rest(&p->cache, k->data);
	if (!(k->flags & PKT_TAKEN))
		frame_put(&p->cache, frame_addr(p->cache.frames, k->data));
}

void finish_behind(struct pipeline *p, uint32_t n)
{
	struct pkt_list *l = &p->batch.ended;

	for (uint32_t i = n; i < l->n; i++)
		finish_one(p, &l->pkt[i]);
	l->n = n;
}

void finish_stage(struct pipeline *p)
{
	finish_behind(p, 0);
}
