/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the router believes of neighbour discovery: RFC 4861 7.2.3 and 7.2.5, with the same
 * strictness as of ARP (learn.c). Nothing makes an entry but a solicitation, or our own asking.
 */
#include "neigh/entry.h"
#include "wire/ether.h"

/* An advertisement while nobody knows its MAC: INCOMPLETE, or late, in FAILED. */
static void advert_unknown(struct neigh_table *t, struct neigh *n, const struct report *r,
                           uint64_t now_ns)
{
	if (r->mac == 0)
		return;
	n->router = r->claim & ND_CLAIM_ROUTER;
	if (r->claim & ND_CLAIM_SOLICITED)
		neigh_confirm(t, n, r->mac, now_ns);
	else
		neigh_hear(t, n, r->mac, now_ns);
}

/* RFC 4861 7.2.5, in its order. */
static void advert_known(struct neigh_table *t, struct neigh *n, const struct report *r,
                         uint64_t now_ns)
{
	uint64_t mac = r->mac != 0 ? r->mac : n->mac;

	if (mac != n->mac && !(r->claim & ND_CLAIM_OVERRIDE)) {
		if (n->state == NEIGH_REACHABLE)
			neigh_hear(t, n, n->mac, now_ns); /* in doubt: STALE, its MAC kept */
		return;
	}
	n->router = r->claim & ND_CLAIM_ROUTER;
	if (r->claim & ND_CLAIM_SOLICITED)
		neigh_confirm(t, n, mac, now_ns);
	else if (mac != n->mac)
		neigh_hear(t, n, mac, now_ns);
}

static void advert(struct neigh_table *t, struct neigh *n, const struct report *r, uint64_t now_ns)
{
	if (n->mac == 0)
		advert_unknown(t, n, r, now_ns);
	else
		advert_known(t, n, r, now_ns);
}

/* RFC 4861 7.2.3, and 6.2.6 of a solicitation for routers, which is a host's. */
static void solicitation(struct neigh_table *t, struct neigh *n, const struct report *r,
                         uint64_t now_ns)
{
	if (r->mac == 0)
		return;
	if (n == NULL) /* a flood of askers pushes nobody out */
		n = neigh_add(t, neigh_key(r->iface, r->ip), false);
	if (n == NULL)
		return;
	if (r->kind == REPORT_SOLICIT)
		n->router = false;
	if (n->mac != r->mac)
		neigh_hear(t, n, r->mac, now_ns);
}

/* Another speaks of an address of ours as if it were its own. */
static void claimed(struct neigh_table *t, const struct report *r, enum addr_state state,
                    uint64_t now_ns)
{
	if (state == ADDR_TENTATIVE && r->claim & (ND_CLAIM_PROBE | ND_CLAIM_ADVERT)) {
		neigh_dad_claim(t, r);
	} else if (state == ADDR_USABLE && !(r->claim & ND_CLAIM_PROBE)) {
		t->stats.conflicts++;
		neigh_own_defend(t, neigh_key(r->iface, r->ip), now_ns);
	}
}

void neigh_learn6(struct neigh_table *t, const struct report *r, uint64_t now_ns)
{
	struct neigh_key key = neigh_key(r->iface, r->ip);
	const struct iface *f = neigh_iface(t, key);
	const struct iface_addr6 *own;
	struct neigh *n;

	if (f == NULL)
		return;
	own = iface_own6(f, r->ip);
	if (own != NULL) {
		claimed(t, r, (enum addr_state)own->state, now_ns);
		return;
	}
	n = neigh_index_find(t, key);
	if (mac_is_group(r->mac) || r->mac == f->mac || (n != NULL && n->state == NEIGH_STATIC))
		return;
	if (!neigh_is_host(f, r->ip) && (n == NULL || !n->off_link))
		return;
	if (r->claim & ND_CLAIM_SOLICIT)
		solicitation(t, n, r, now_ns);
	else if (n != NULL && r->claim & ND_CLAIM_ADVERT)
		advert(t, n, r, now_ns);
	else if (n != NULL && r->claim & ND_CLAIM_ROUTER)
		n->router = true; /* who sends router advertisements */
}
