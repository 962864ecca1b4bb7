/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/chain.h"

#include "packet/verdict.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

uint16_t chain_rest_len(const struct frames *f, const uint8_t *data)
{
	const struct frame_chain *chain = frame_chain(f, data);
	uint32_t len = 0;

	for (uint32_t i = 0; i < chain->n; i++)
		len += chain->part[i].len;
	return (uint16_t)len;
}

uint16_t chain_first_len(const struct frames *f, const struct pkt *p)
{
	return p->len - chain_rest_len(f, p->data);
}

/* Descriptors of the packet at @idx, 0 if its end is not among the @n. */
static uint32_t chain_count(const struct port_queue *q, uint32_t idx, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!(port_rx_desc(q, idx + i)->options & XDP_PKT_CONTD))
			return i + 1;
	}
	return 0;
}

uint32_t chain_gather(struct frame_cache *c, struct port_queue *q, uint32_t idx, uint32_t n,
                      struct pkt *p)
{
	const struct xdp_desc *d = port_rx_desc(q, idx);
	uint32_t count = chain_count(q, idx, n), len = d->len;
	struct frame_chain *chain;
	bool cut = false;

	if (count == 0)
		return 0;
	p->data = frame_data(c->frames, d->addr);
	chain = frame_chain(c->frames, p->data);
	chain->n = 0;
	for (uint32_t i = 1; i < count; i++) {
		d = port_rx_desc(q, idx + i);
		cut = cut || chain->n == FRAME_CHAIN_MAX || len + d->len > UINT16_MAX;
		if (cut) {
			frame_put(c, d->addr);
			continue;
		}
		chain->part[chain->n].addr = d->addr & 0xffffffffffffull;
		chain->part[chain->n++].len = (uint16_t)d->len;
		len += d->len;
	}
	p->len = (uint16_t)len;
	p->verdict = cut ? DROP_IP_HEADER : KEEP;
	if (chain_first_len(c->frames, p) < CHAIN_HEAD)
		p->verdict = DROP_SHORT;
	return count;
}

uint64_t chain_csum(const struct frames *f, const struct pkt *p)
{
	uint32_t hlen = p->flags & PKT_IP6 ? IP6_LEN : ip4_header_len(p->data + ETHER_LEN);
	uint32_t head = ETHER_LEN + hlen;
	const struct frame_chain *chain;
	uint64_t sum;
	uint32_t at;

	if (!(p->flags & PKT_CHAIN))
		return csum_add(p->data + head, p->len - head, 0);
	chain = frame_chain(f, p->data);
	at = chain_first_len(f, p) - head;
	sum = csum_fold(csum_add(p->data + head, at, 0));
	for (uint32_t i = 0; i < chain->n; i++) {
		uint16_t s = csum_fold(
			csum_add(frame_data(f, chain->part[i].addr), chain->part[i].len, 0));

		/* A part that starts at an odd byte is summed byte-swapped (RFC 1071 2 B). */
		sum += at % 2 == 0 ? s : __builtin_bswap16(s);
		at += chain->part[i].len;
	}
	return sum;
}

void chain_reader_init(struct chain_reader *r, const struct frames *f, const struct pkt *p,
                       uint32_t skip)
{
	bool many = (p->flags & PKT_CHAIN) != 0;

	*r = (struct chain_reader){
		.frames = f,
		.chain = many ? frame_chain(f, p->data) : NULL,
		.at = p->data + ETHER_LEN + skip,
		.left = (many ? chain_first_len(f, p) : p->len) - ETHER_LEN - skip,
	};
}

uint32_t chain_next(struct chain_reader *r, uint32_t max, const uint8_t **at)
{
	uint32_t n;

	while (r->left == 0 && r->chain != NULL && r->next < r->chain->n) {
		r->at = frame_data(r->frames, r->chain->part[r->next].addr);
		r->left = r->chain->part[r->next++].len;
	}
	n = r->left < max ? r->left : max;
	*at = r->at;
	r->at += n;
	r->left -= n;
	return n;
}

void chain_read(struct chain_reader *r, uint8_t *to, uint32_t n)
{
	while (n > 0) {
		const uint8_t *from;
		uint32_t k = chain_next(r, n, &from);

		assert(k > 0); /* input made sure of the packet's length */
		memcpy(to, from, k);
		to += k;
		n -= k;
	}
}

bool chain_trim(struct frame_cache *c, const struct pkt *p, uint32_t len)
{
	struct frame_chain *chain = frame_chain(c->frames, p->data);
	uint32_t end = chain_first_len(c->frames, p), n = 0;

	while (end < len)
		end += chain->part[n++].len;
	for (uint32_t i = n; i < chain->n; i++)
		frame_put(c, chain->part[i].addr);
	if (n > 0)
		chain->part[n - 1].len = (uint16_t)(chain->part[n - 1].len - (end - len));
	chain->n = n;
	return n > 0;
}

void chain_free_rest(struct frame_cache *c, const uint8_t *data)
{
	const struct frame_chain *chain = frame_chain(c->frames, data);

	for (uint32_t i = 0; i < chain->n; i++)
		frame_put(c, chain->part[i].addr);
}

void chain_untag(struct frames *f, const uint8_t *data, bool chain)
{
	const struct frame_chain *list = frame_chain(f, data);

	frame_tag_set(f, frame_addr(f, data), 0);
	for (uint32_t i = 0; chain && i < list->n; i++)
		frame_tag_set(f, list->part[i].addr, 0);
}
