/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the router believes of ARP: RFC 826's merge, and stricter. Nothing is believed of an address
 * off the link (but of a gateway that a route names there), of a group's or nobody's MAC, of our
 * own MAC, or against a static neighbour. An entry is made only for who asks us, or by our asking:
 * an announcement or reply of a host that nobody here talks to leaves no trace.
 */
#include "neigh/entry.h"
#include "wire/ether.h"

static bool is_asked(const struct neigh *n)
{
	return n->state == NEIGH_INCOMPLETE || n->state == NEIGH_PROBE ||
	       n->state == NEIGH_FAILED; /* late, but we did ask */
}

static void learn_known(struct neigh_table *t, struct neigh *n, const struct report *r,
                        uint64_t now_ns)
{
	if (n->state == NEIGH_STATIC)
		return;
	if ((r->claim & ARP_CLAIM_REPLY) != 0 && is_asked(n))
		neigh_confirm(t, n, r->mac, now_ns);
	else if (n->mac != r->mac)
		neigh_hear(t, n, r->mac, now_ns); /* RFC 826: the newer one counts */
}

static void learn_new(struct neigh_table *t, const struct report *r, uint64_t now_ns)
{
	struct neigh *n;

	if ((r->claim & ARP_CLAIM_REQUEST) == 0)
		return;
	/* Who asks us will be answered: RFC 826. But a flood of askers pushes nobody out. */
	n = neigh_add(t, neigh_key(r->iface, r->ip), false);
	if (n != NULL)
		neigh_hear(t, n, r->mac, now_ns);
}

void neigh_learn(struct neigh_table *t, const struct report *r, uint64_t now_ns)
{
	struct neigh_key key = neigh_key(r->iface, r->ip);
	const struct iface *f = neigh_iface(t, key);
	struct neigh *n;

	if (f == NULL || r->mac == 0 || mac_is_group(r->mac) || r->mac == f->mac)
		return;
	if (iface_speaks(f, r->ip)) {
		t->stats.conflicts++;
		neigh_own_defend(t, key, now_ns);
		return;
	}
	n = neigh_index_find(t, key);
	if (r->claim == 0 || !(neigh_is_host(f, r->ip) || (n != NULL && n->off_link)))
		return;
	if (n != NULL)
		learn_known(t, n, r, now_ns);
	else
		learn_new(t, r, now_ns);
}
