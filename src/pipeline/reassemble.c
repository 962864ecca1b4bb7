/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reassemble: fragments to the router itself go into the store, and what they complete goes on in
 * their place, as if it had come in whole. What is forwarded is never looked at here (RFC 1812
 * 5.2.6, RFC 8200 4.5).
 *
 * Each worker has a store. Ports and queues may spread the fragments of one datagram over several
 * workers: a hash of the addresses and the protocol, the same for all, names the one that they are
 * handed to.
 */
#include <uapi/if_xdp.h>

#include "host/walk6.h"
#include "pipeline/chain.h"
#include "pipeline/pipeline.h"
#include "wire/checksum.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

/*
 * Is @k a fragment for the store? Of IPv6 one that is all of its packet is none (RFC 6946), and
 * what is wrong with the headers up to there, or with the fragment, is the host stage's to tell.
 */
static bool is_fragment(struct pkt *k)
{
	struct walk6 w;

	if (!(k->flags & PKT_IP6))
		return ip4_frag(k->data + ETHER_LEN) & (IP4_MF | IP4_OFFSET);
	if (k->flags & PKT_WHOLE || walk6(k, &w) != KEEP)
		return false;
	if (w.next == IP6_FRAGMENT)
		return true;
	if (w.fragment)
		k->flags |= PKT_WHOLE;
	return false;
}

/* A number that all fragments of a datagram have in common. Of IPv6 only addresses are that: what
 * stands before the fragment header may differ (RFC 8200 4.5). */
static uint32_t fragment_hash(const struct route_seed *seed, const struct pkt *k)
{
	const uint8_t *h = k->data + ETHER_LEN;
	uint8_t same[IP6_LEN] = {0};

	if (!(k->flags & PKT_IP6))
		return flow_hash4(seed, h, k->len - ETHER_LEN);
	memcpy(same + 8, h + 8, IP6_LEN - 8);
	same[6] = IP6_FRAGMENT;
	return flow_hash6(seed, same, IP6_LEN);
}

/* Put the fragment @k into the ring to worker @to. Return: KEEP, or why it ends here. */
static enum verdict reassemble_elsewhere(struct pipeline *p, const struct pkt *k, uint32_t to)
{
	const struct frames *f = p->cache.frames;
	bool chain = k->flags & PKT_CHAIN;
	const struct xdp_desc d = {
		.addr = frame_addr(f, k->data),
		.len = chain ? chain_first_len(f, k) : k->len,
		.options = chain ? XDP_PKT_CONTD : 0,
	};

	return transmit_elsewhere(p, handover_ring(p->handover, p->worker, to), &d,
	                          k->in | HANDOVER_HOST);
}

/* Return: how the fragment @k ends, with what it completed in *whole, or KEEP: it ends elsewhere.
 */
static enum verdict reassemble_one(struct pipeline *p, const struct pkt *k, struct pkt *whole)
{
	uint32_t to = p->worker;

	whole->data = NULL;
	if (p->handover != NULL)
		to = fragment_hash(&p->route.seed, k) % p->handover->n;
	if (to != p->worker)
		return reassemble_elsewhere(p, k, to);
	return reass_add(&p->reass, k, p->now_ns, whole);
}

void reassemble_stage(struct pipeline *p)
{
	struct batch *b = &p->batch;
	struct pkt_list *l = &b->host;
	uint32_t n = 0, ended = b->ended.n;

	for (uint32_t i = 0; i < l->n; i++) {
		struct pkt *k = &l->pkt[i], whole;
		enum verdict v;

		if (!is_fragment(k)) {
			l->pkt[n++] = *k;
			continue;
		}
		v = reassemble_one(p, k, &whole);
		if (v != KEEP)
			pkt_list_add(&b->ended, k, v);
		if (whole.data == NULL)
			continue;
		counter_add(&p->counters.copies, 1);
		l->pkt[n++] = whole;
	}
	l->n = n;
	transmit_handed(p);
	/* Who answers sees one frame: what the others have is summed here. */
	for (uint32_t i = 0; i < n; i++) {
		if (l->pkt[i].flags & PKT_CHAIN)
			l->pkt[i].value = csum_fold(chain_csum(p->cache.frames, &l->pkt[i]));
	}
	finish_behind(p, ended);
}

size_t reassemble_expire(struct pipeline *p, size_t max)
{
	struct pkt k;
	size_t n;

	for (n = 0; n < max && reass_expire(&p->reass, p->now_ns, &k); n++) {
		if (k.data == NULL)
			continue;
		counter_add(&p->counters.copies, 1);
		pkt_list_add(&p->batch.ended, &k, DROP_REASSEMBLY);
	}
	return n;
}
