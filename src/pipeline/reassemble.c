/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reassemble: fragments to the router itself go into the store, and what they complete goes on in
 * their place, as if it had come in whole. What is forwarded is never looked at here (RFC 1812
 * 5.2.6).
 *
 * A store sees what its worker received. Where a NIC spreads the fragments of one datagram over
 * queues of several workers, this is the place to hand each to the worker that a hash of source,
 * destination and identification names.
 */
#include "pipeline/chain.h"
#include "pipeline/pipeline.h"
#include "wire/checksum.h"
#include "wire/ip4.h"

void reassemble_stage(struct pipeline *p)
{
	struct batch *b = &p->batch;
	struct pkt_list *l = &b->host;
	uint32_t n = 0, ended = b->ended.n;

	for (uint32_t i = 0; i < l->n; i++) {
		struct pkt *k = &l->pkt[i], whole;

		if (!(ip4_frag(k->data + ETHER_LEN) & (IP4_MF | IP4_OFFSET))) {
			l->pkt[n++] = *k;
			continue;
		}
		pkt_list_add(&b->ended, k, reass_add(&p->reass, k, p->now_ns, &whole));
		if (whole.data == NULL)
			continue;
		counter_add(&p->counters.copies, 1);
		l->pkt[n++] = whole;
	}
	l->n = n;
	/* Who answers sees one frame: what the others have is summed here. */
	for (uint32_t i = 0; i < n; i++) {
		if (l->pkt[i].flags & PKT_CHAIN)
			l->pkt[i].value = csum_fold(chain_csum4(p->cache.frames, &l->pkt[i]));
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
