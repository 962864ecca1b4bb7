/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The states of RFC 4861 7.3, for IPv4 too: ARP has no words for when a mapping ages, only that it
 * must (RFC 1122 2.3.2.1, whose unicast poll is PROBE).
 *
 *   (none) -> INCOMPLETE -> REACHABLE -> STALE -> DELAY -> PROBE -> INCOMPLETE
 *                 |  no answer   ^_______ answer _________|
 *                 v
 *              FAILED -> (none)
 */
#include <assert.h>
#include <stdlib.h>

#include "neigh/entry.h"

static bool is_unresolved(const struct neigh *n)
{
	return n->state == NEIGH_INCOMPLETE || n->state == NEIGH_FAILED;
}

/* Out of the list of its state. */
static void state_leave(struct neigh_table *t, struct neigh *n)
{
	cds_list_del_init(&n->by_state);
	if (is_unresolved(n))
		t->stats.incomplete--;
}

static void evict(struct neigh_table *t, struct cds_list_head *list)
{
	t->stats.limit_entries++;
	neigh_remove(t, cds_list_first_entry(list, struct neigh, by_state), DROP_NEIGH_QUEUE);
}

/*
 * A scan of a subnet makes unresolved entries without end. The oldest makes room for the newest: a
 * host that lives has answered long before, so what is pushed out is what the scan left, and who is
 * known is never touched.
 */
static void state_join(struct neigh_table *t, struct neigh *n)
{
	if (n->state == NEIGH_STALE)
		cds_list_add_tail(&n->by_state, &t->stale);
	if (!is_unresolved(n))
		return;
	if (t->stats.incomplete >= t->limits.incomplete && !cds_list_empty(&t->unresolved))
		evict(t, &t->unresolved);
	cds_list_add_tail(&n->by_state, &t->unresolved);
	t->stats.incomplete++;
}

/* How long @n stays in its state. */
static uint64_t state_ns(struct neigh_table *t, const struct neigh *n)
{
	const struct neigh_timers *timers = &t->timers;

	switch ((enum neigh_state)n->state) {
	case NEIGH_INCOMPLETE:
	case NEIGH_PROBE:
		return timers->retrans;
	case NEIGH_REACHABLE: /* RFC 4861 6.3.2: uniform in 0.5 to 1.5, so that hosts spread */
		return timers->reachable / 2 + neigh_random(t) % (timers->reachable + 1);
	case NEIGH_STALE:
		return timers->gc;
	case NEIGH_DELAY:
		return timers->delay;
	case NEIGH_FAILED:
		return timers->failed;
	case NEIGH_STATIC:
		break;
	}
	return UINT64_MAX;
}

static void state_set(struct neigh_table *t, struct neigh *n, enum neigh_state state,
                      uint64_t now_ns)
{
	state_leave(t, n);
	n->state = (uint8_t)state;
	n->tries = 0;
	if (is_unresolved(n))
		n->mac = 0;
	state_join(t, n);
	if (state == NEIGH_STATIC)
		neigh_timer_cancel(t, n);
	else
		neigh_timer_set(t, n, now_ns + state_ns(t, n));
}

static void solicit(struct neigh_table *t, struct neigh *n, uint64_t now_ns)
{
	n->tries++;
	neigh_timer_set(t, n, now_ns + t->timers.retrans);
	neigh_solicit(t, n);
}

/* Let what waits go on, or end it where memory is too short to tell workers the way. */
static void release(struct neigh_table *t, struct neigh *n)
{
	if (neigh_publish(t, n))
		neigh_hold_resume(t, n);
	else
		neigh_hold_drop(t, n, DROP_NEIGH_QUEUE);
}

struct neigh *neigh_add(struct neigh_table *t, struct neigh_key key, bool may_evict)
{
	struct neigh *n;

	if (t->stats.entries >= t->limits.entries) {
		if (may_evict && !cds_list_empty(&t->unresolved)) {
			evict(t, &t->unresolved);
		} else if (may_evict && !cds_list_empty(&t->stale)) {
			evict(t, &t->stale);
		} else {
			t->stats.limit_entries++;
			return NULL;
		}
	}
	n = neigh_index_new(t, key);
	if (n == NULL)
		return NULL;
	n->state = NEIGH_STATIC; /* in no list and without a timer, until the caller says more */
	CDS_INIT_LIST_HEAD(&n->by_state);
	t->stats.entries++;
	return n;
}

void neigh_remove(struct neigh_table *t, struct neigh *n, enum verdict v)
{
	neigh_index_del(t, n);
	neigh_timer_cancel(t, n);
	state_leave(t, n);
	neigh_hold_drop(t, n, v);
	t->stats.entries--;
	neigh_publish_retire(t, n);
	free(n);
}

void neigh_resolve(struct neigh_table *t, struct neigh *n, uint64_t now_ns)
{
	state_set(t, n, NEIGH_INCOMPLETE, now_ns);
	neigh_publish(t, n);
	solicit(t, n, now_ns);
}

void neigh_confirm(struct neigh_table *t, struct neigh *n, uint64_t mac, uint64_t now_ns)
{
	n->mac = mac;
	n->confirmed_ns = now_ns;
	state_set(t, n, NEIGH_REACHABLE, now_ns);
	release(t, n);
}

void neigh_hear(struct neigh_table *t, struct neigh *n, uint64_t mac, uint64_t now_ns)
{
	n->mac = mac;
	state_set(t, n, n->n_held > 0 ? NEIGH_DELAY : NEIGH_STALE, now_ns);
	release(t, n);
}

void neigh_use(struct neigh_table *t, struct neigh *n, uint64_t now_ns)
{
	if (n->state == NEIGH_STALE) {
		state_set(t, n, NEIGH_DELAY, now_ns);
		neigh_publish(t, n);
	}
}

void neigh_probe(struct neigh_table *t, struct neigh *n, uint64_t now_ns)
{
	state_set(t, n, NEIGH_PROBE, now_ns);
	neigh_publish(t, n);
	solicit(t, n, now_ns);
}

void neigh_pin(struct neigh_table *t, struct neigh *n, uint64_t mac)
{
	n->mac = mac;
	state_set(t, n, NEIGH_STATIC, 0);
	release(t, n);
}

static void fail(struct neigh_table *t, struct neigh *n, uint64_t now_ns)
{
	state_set(t, n, NEIGH_FAILED, now_ns);
	neigh_publish(t, n);
	neigh_hold_drop(t, n, DROP_NEIGH_FAILED);
}

void neigh_timeout(struct neigh_table *t, struct neigh *n, uint64_t now_ns)
{
	switch ((enum neigh_state)n->state) {
	case NEIGH_INCOMPLETE:
		if (n->tries < NEIGH_TRIES)
			solicit(t, n, now_ns);
		else
			fail(t, n, now_ns);
		break;
	case NEIGH_REACHABLE:
		state_set(t, n, NEIGH_STALE, now_ns);
		neigh_publish(t, n);
		break;
	case NEIGH_DELAY:
		neigh_probe(t, n, now_ns);
		break;
	case NEIGH_PROBE:
		if (n->tries < NEIGH_TRIES)
			solicit(t, n, now_ns);
		else
			neigh_resolve(t, n, now_ns); /* it may have moved to another MAC: ask all */
		break;
	case NEIGH_STALE:
	case NEIGH_FAILED:
		neigh_remove(t, n, DROP_NEIGH_FAILED);
		break;
	case NEIGH_STATIC:
		assert(false); /* has no timer */
		break;
	}
}
