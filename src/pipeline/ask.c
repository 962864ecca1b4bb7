/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ask: what the agent is told, and how often: workers must not flood it with one question. A small
 * direct-mapped table counts what was told of each neighbour within the last second, each kind of
 * report for itself: packets that wait for a neighbour must not drown its answer. Two that share a
 * slot only forget each other's count, so that none is ever starved.
 */
#include "base/clock.h"
#include "pipeline/pipeline.h"

#define WANTED_SPARE 256 /* slots of the ring to the agent */
#define NEWS_RATE    8   /* a second, of one station and kind */

/* Of all stations of one link, a second: who asks, which is half the ring and no loss if there are
 * more, since who is not known is asked for when there is something to send; and who answers, which
 * no more can do than the agent asks for. */
#define LINK_ASKERS  512
#define LINK_ANSWERS 4096

/* Of stations behind one port of a bridge, a second: who is new, and who moved. Anyone can be as
 * many as there are addresses: half of the ring is not for them. */
#define PORT_STATIONS  16384
#define STATIONS_SPARE 512

/* Slots of the ring that are not for @r: a flood of packets to nobody, or from nobody, must leave
 * room for the answers of who is there. */
static uint32_t report_spare(const struct report *r)
{
	if (r->kind == REPORT_STATION)
		return STATIONS_SPARE;
	return r->kind == REPORT_NEIGH_WANTED ? WANTED_SPARE : 0;
}

bool report_send(struct pipeline *p, const struct report *r)
{
	struct report *slot = ring_reserve_but(p->reports, report_spare(r));

	if (slot == NULL)
		return false;
	*slot = *r;
	ring_push(p->reports);
	p->told = true;
	return true;
}

/* Which of the slots is that of @key? */
static uint64_t slot_of(uint64_t key)
{
	static_assert(ASK_SLOTS == 256, "the hash has eight bits");
	return key * 0x9e3779b97f4a7c15ull >> 56;
}

/* May @key, of those that share the slots at @s, be told of once more? */
static bool slot_allowed(struct ask_slot *s, uint64_t key, uint64_t now_ns, uint32_t limit)
{
	s += slot_of(key);
	if (s->key != key || now_ns - s->since_ns >= NS_PER_SEC) {
		s->key = key;
		s->since_ns = now_ns;
		s->count = 0;
	}
	return s->count++ < limit;
}

bool ask_allowed(struct pipeline *p, uint16_t topic, uint16_t iface, struct ip ip, uint32_t limit)
{
	/* Two addresses of one key only share their counts. */
	uint64_t far = (ip.hi ^ ip.hi >> 29) * 0xbf58476d1ce4e5b9ull;
	uint64_t key = ((uint64_t)topic << 48 | (uint64_t)iface << 32) ^ ip.lo ^ far;

	return slot_allowed(p->ask, key, p->now_ns, limit);
}

/* One more of @limit a second. */
static bool rate_allowed(struct news_rate *rate, uint64_t now_ns, uint32_t limit)
{
	if (now_ns - rate->since_ns >= NS_PER_SEC) {
		rate->since_ns = now_ns;
		rate->count = 0;
	}
	return rate->count++ < limit;
}

/* Does somebody speak of itself because it wants something of the router, not because it was asked?
 */
static bool news_is_asker(const struct report *r)
{
	if (r->kind == REPORT_ARP)
		return (r->claim & ARP_CLAIM_REPLY) == 0;
	return r->kind == REPORT_SOLICIT ||
	       (r->kind == REPORT_ND && (r->claim & (ND_CLAIM_ADVERT | ND_CLAIM_PROBE)) == 0);
}

/*
 * May the link that @r is of be heard once more? On a link anyone can be anybody, and a /64 has no
 * end of them (RFC 6583): it fills no more of the ring than this, so that the others are heard.
 */
static bool news_allowed(struct pipeline *p, const struct report *r)
{
	bool asker = news_is_asker(r);

	return rate_allowed(&p->news[r->iface][asker], p->now_ns,
	                    asker ? LINK_ASKERS : LINK_ANSWERS);
}

void report_news(struct pipeline *p, const struct report *r)
{
	/* A few a second of one station are news, more are noise. Each way of claiming for itself:
	 * whoever announces another's address may not drown its answer to our question. */
	uint16_t topic = (uint16_t)(r->claim << 8 | r->kind);

	if (!ask_allowed(p, topic, r->iface, r->ip, NEWS_RATE))
		return;
	if (!news_allowed(p, r) || !report_send(p, r))
		counter_add(&p->counters.reports_lost, 1);
}

void report_station(struct pipeline *p, const struct report *r)
{
	bool moved = r->claim == STATION_MOVED;
	uint64_t key = r->mac << 16 | (uint64_t)moved << 15 | r->value;

	/* Not beside the others: as many stations as there are addresses forget all counts. */
	if (!slot_allowed(p->station_ask, key, p->now_ns, NEWS_RATE))
		return;
	p->station_ask[slot_of(key)].port = r->iface;
	if (!rate_allowed(&p->station_news[r->iface][moved], p->now_ns, PORT_STATIONS) ||
	    !report_send(p, r))
		counter_add(&p->counters.reports_lost, 1);
}

int station_heard(const struct pipeline *p, uint64_t key)
{
	const struct ask_slot *s = &p->station_ask[slot_of(key)];

	return s->key == key && s->since_ns == p->now_ns ? s->port : -1;
}
