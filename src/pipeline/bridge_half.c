/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bridge_half: half-made checksums in frames that cross a bridge (AF_XDP row 25). Nobody has looked
 * at their headers, and nobody will: a frame in which anything is odd stays as it is.
 */
#include "packet/partial.h"
#include "pipeline/bridge_run.h"
#include "pipeline/chain.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

/* Behind the tags of @k, of which there are two at most. */
static uint8_t *half_untagged(const struct pkt *k)
{
	uint8_t *data = k->data;

	for (int i = 0; i < 2; i++) {
		if (ether_type(data) != ETHERTYPE_VLAN && ether_type(data) != ETHERTYPE_QINQ)
			break;
		data += VLAN_TAG_LEN;
	}
	return data;
}

/* Bytes of the IP packet @x, of which @len are there; 0 if it is none. Sets PKT_IP6. */
static uint32_t half_total(struct pkt *x, uint32_t len)
{
	const uint8_t *h = x->data + ETHER_LEN;

	if (ether_type(x->data) == ETHERTYPE_IP4 && len >= IP4_LEN && h[0] >> 4 == 4 &&
	    ip4_header_len(h) >= IP4_LEN && ip4_header_len(h) <= ip4_total_len(h))
		return ip4_total_len(h);
	if (ether_type(x->data) != ETHERTYPE_IP6 || len < IP6_LEN || h[0] >> 4 != 6)
		return 0;
	x->flags |= PKT_IP6;
	return IP6_LEN + ip6_payload_len(h);
}

/* What is in @k as a packet of its own, without what is behind it. Return: is it IP, and there? */
static bool half_packet(const struct pkt *k, struct pkt *x)
{
	uint32_t len, total;

	*x = *k;
	x->flags = k->flags & PKT_CHAIN;
	x->data = half_untagged(k);
	x->len = (uint16_t)(k->len - (uint32_t)(x->data - k->data));
	if (k->len < (uint32_t)(x->data - k->data) + ETHER_LEN)
		return false;
	len = x->len - (uint32_t)ETHER_LEN;
	total = half_total(x, len);
	if (total == 0 || total > len)
		return false;
	/* A chain is summed to its end: local senders do not pad. */
	if (x->flags & PKT_CHAIN)
		return total == len;
	x->len = (uint16_t)(ETHER_LEN + total);
	return true;
}

static void half_complete(const struct frames *f, const struct pkt *k)
{
	uint8_t *h = k->data + ETHER_LEN;
	uint32_t total = k->len - (uint32_t)ETHER_LEN;
	struct partial6 at;

	if (k->flags & PKT_IP6) {
		if (partial6_is(h, total, &at))
			partial6_complete(h, &at, chain_csum(f, k));
	} else if (partial4_is(h, total)) {
		partial4_complete(h, chain_csum(f, k));
	}
}

void bridge_partial(struct pipeline *p)
{
	const struct l2_lane *l = &p->batch.l2;
	struct pkt x;

	for (uint32_t i = 0; i < l->n; i++) {
		if (half_packet(&l->pkt[i], &x))
			half_complete(p->cache.frames, &x);
	}
}
