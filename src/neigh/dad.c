/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is an address ours alone (RFC 4862 5.4)? One probe, and a second in which someone may object; the
 * agent hears what came of it and says so in its next snapshot. Our own probe may come back to us
 * from the link: its nonce tells it from another's (RFC 7527), or its MAC where it came without.
 */
#include "neigh/entry.h"
#include "wire/icmp6.h"

#define FIRST_DELAY_NS NS_PER_SEC /* RFC 4862 5.4.2: MAX_RTR_SOLICITATION_DELAY, for hosts too */

void neigh_dad_start(struct neigh_table *t, struct neigh_own *own, bool fresh, uint64_t now_ns)
{
	/* So that all who lost power at once do not speak at once. */
	own->again_ns = now_ns + (fresh ? neigh_random(t) % FIRST_DELAY_NS : 0);
	own->nonce = 0;
}

/* RFC 4862 5.4.2: from nobody, to those who have addresses like it. */
static void dad_probe(struct neigh_table *t, struct neigh_own *own)
{
	struct ip group = ip6_solicited_node(own->key.ip);
	const struct nd_fields ask = {
		.ether_dst = ip6_group_mac(group),
		.mac = own->mac,
		.dst = group,
		.target = own->key.ip,
		.nonce = neigh_random(t) | 1,
		.type = ICMP6_NS,
	};
	uint8_t frame[ND_FRAME_MAX];

	own->nonce = ask.nonce;
	t->ops.send(t->ctx, own->key.iface, frame, nd_write(frame, &ask));
}

void neigh_dad_step(struct neigh_table *t, struct neigh_own *own, uint64_t now_ns)
{
	if (own->nonce == 0) {
		dad_probe(t, own);
		own->again_ns = now_ns + t->timers.retrans;
		return;
	}
	own->again_ns = UINT64_MAX;
	t->ops.address(t->ctx, own->key.iface, own->key.ip, ADDR_USABLE);
}

/* Is the probe that @r tells of the one that we sent for @own? */
static bool dad_is_ours(const struct neigh_own *own, const struct report *r)
{
	if (!(r->claim & ND_CLAIM_PROBE))
		return false;
	return r->value != 0 ? r->value == (uint32_t)own->nonce : r->mac == own->mac;
}

void neigh_dad_claim(struct neigh_table *t, const struct report *r)
{
	struct neigh_own *own = neigh_own_find(t, neigh_key(r->iface, r->ip));

	if (own == NULL || own->state != ADDR_TENTATIVE || dad_is_ours(own, r))
		return;
	own->state = ADDR_DUPLICATE; /* one that insists is told of once */
	own->again_ns = UINT64_MAX;
	t->stats.conflicts++;
	t->ops.address(t->ctx, own->key.iface, own->key.ip, ADDR_DUPLICATE);
}
