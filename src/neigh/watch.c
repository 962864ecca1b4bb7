/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gateways that share their flows with others are asked after all the time. One that is dead gets
 * no packets that would ask for it, and has to be found when it comes back; one that dies should
 * lose its flows to the others within seconds. Rounds over all of them, some at a time.
 */
#include "neigh/entry.h"

#define WATCH_BURST 32                /* asked at a time */
#define WATCH_GAP   (100 * NS_PER_MS) /* until the next ones are */

/* Ask for a gateway that there is no entry of. */
static void watch_unknown(struct neigh_table *t, struct neigh_key key, uint64_t now_ns)
{
	const struct iface *f = neigh_iface(t, key);
	struct ip ip = key.ip;
	struct neigh *n;

	if (f == NULL || (iface_on_link(f, ip) && !neigh_is_host(f, ip)))
		return;
	n = neigh_add(t, key, true);
	if (n == NULL)
		return;
	n->off_link = !iface_on_link(f, ip);
	neigh_resolve(t, n, now_ns);
}

static void watch_gateway(struct neigh_table *t, const struct nexthop_key *gateway, uint64_t now_ns)
{
	struct neigh_key key = neigh_key(gateway->iface, gateway->gateway);
	struct neigh *n = neigh_index_find(t, key);

	if (n == NULL)
		watch_unknown(t, key, now_ns);
	else if (n->state == NEIGH_FAILED)
		neigh_resolve(t, n, now_ns);
	else if (n->state == NEIGH_STALE ||
	         (n->state == NEIGH_REACHABLE && now_ns - n->confirmed_ns >= t->timers.watch))
		neigh_probe(t, n, now_ns);
}

void neigh_watch_tick(struct neigh_table *t, uint64_t now_ns)
{
	if (t->watch_ns > now_ns)
		return;
	nexthop_groups_retry(t->nexthops);
	if (t->watch_at == 0)
		t->watch_round_ns = now_ns;
	for (unsigned int i = 0; i < WATCH_BURST; i++) {
		struct nexthop_key gateway;

		t->watch_at = nexthop_next_member(t->nexthops, t->watch_at);
		if (t->watch_at == 0)
			break;
		gateway = nexthop_key(t->nexthops, t->watch_at);
		watch_gateway(t, &gateway, now_ns);
	}
	if (t->watch_at != 0)
		t->watch_ns = now_ns + WATCH_GAP;
	else if (nexthop_next_member(t->nexthops, 0) != 0)
		t->watch_ns = t->watch_round_ns + t->timers.watch;
	else
		t->watch_ns = UINT64_MAX;
	if (t->watch_ns <= now_ns)
		t->watch_ns = now_ns + 1;
}
