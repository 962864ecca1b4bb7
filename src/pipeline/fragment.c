/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fragment: a packet that is too long for its next hop is cut (RFC 791 3.2); one of IPv6 only if it
 * is the router's own (RFC 8200 4.5), with a fragment header in each piece. Off the hot path. All
 * pieces are written before the first is sent, for the later ones are read from the packet's own
 * frames; until then they are strung together in their headroom.
 */
#include "pipeline/chain.h"
#include "pipeline/pipeline.h"
#include "wire/checksum.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

/* In the headroom of a piece that is written and not sent. */
struct piece {
	uint8_t *data;
	uint32_t len;
	struct piece *next;
};
static_assert(sizeof(struct piece) + 2ul * VLAN_TAG_LEN <= FRAME_HEADROOM,
              "it lies before what is sent");

/* How a packet is cut. */
struct cut {
	const struct nexthop *nh;
	bool ip6;
	uint8_t head[IP4_MAX_LEN];  /* of the packet as it came; of IPv6 with the fragment header */
	uint8_t later[IP4_MAX_LEN]; /* of all pieces but the first */
	uint32_t head_len, later_len;
	uint32_t payload;                /* bytes behind the header */
	uint32_t first_size, later_size; /* payload of the pieces, multiples of 8 */
	uint32_t count;                  /* pieces */
};

/* The header of later pieces has the options that want to be copied (RFC 791 3.1), and zeros up to
 * a multiple of four. One that is malformed ends the list. */
static uint32_t cut_options(const uint8_t *h, uint32_t hlen, uint8_t *later)
{
	uint32_t to = IP4_LEN;

	memset(later, IP4_OPT_END, IP4_MAX_LEN);
	memcpy(later, h, IP4_LEN);
	for (uint32_t at = IP4_LEN; at < hlen && h[at] != IP4_OPT_END;) {
		if (h[at] == IP4_OPT_NOP) {
			at++;
			continue;
		}
		if (at + 2 > hlen || h[at + 1] < 2 || at + h[at + 1] > hlen)
			break;
		if (h[at] & IP4_OPT_COPIED) {
			memcpy(later + to, h + at, h[at + 1]);
			to += h[at + 1];
		}
		at += h[at + 1];
	}
	to = (to + 3) & ~3u;
	later[0] = (uint8_t)(0x40 | to / 4);
	return to;
}

/* Payload of a piece whose header has @hlen bytes, in a frame with @room bytes from the Ethernet
 * header on; 0 if there is no room for 8. */
static uint32_t cut_size(const struct cut *c, uint32_t room, uint32_t hlen)
{
	uint32_t len = c->nh->max_len < room ? c->nh->max_len : room;

	/* RFC 8200 5: so much finds its way without its sender knowing of it. */
	if (c->ip6 && len > ETHER_LEN + IP6_MIN_MTU)
		len = ETHER_LEN + IP6_MIN_MTU;
	return len < ETHER_LEN + hlen ? 0 : (len - ETHER_LEN - hlen) & ~7u;
}

/* Where @k is cut; its header, and that of later pieces, are there. Return: KEEP, or why it cannot
 * be. */
static enum verdict cut_places(struct cut *c, const struct frames *f, const struct pkt *k)
{
	uint32_t room = f->chunk - (uint32_t)(frame_addr(f, k->data) & (f->chunk - 1));

	c->payload = k->len - ETHER_LEN - c->head_len;
	c->first_size = cut_size(c, room, c->head_len);
	c->later_size = cut_size(c, f->chunk - FRAME_HEADROOM, c->later_len);
	if (c->first_size == 0 || c->later_size == 0)
		return DROP_TOO_BIG;
	c->count = 1 + (c->payload - c->first_size + c->later_size - 1) / c->later_size;
	return KEEP;
}

/* Return: KEEP, or why @k cannot be cut. */
static enum verdict cut_plan4(struct cut *c, const struct frames *f, const struct pkt *k)
{
	const uint8_t *h = k->data + ETHER_LEN;
	enum verdict v;
	uint32_t last;

	c->head_len = ip4_header_len(h);
	memcpy(c->head, h, c->head_len);
	c->later_len = cut_options(h, c->head_len, c->later);
	v = cut_places(c, f, k);
	if (v != KEEP)
		return v;
	/* A fragment that reaches beyond the longest packet must not come round to its start. */
	last = c->first_size + (c->count - 2) * c->later_size;
	return (ip4_frag(h) & IP4_OFFSET) + last / 8 > IP4_OFFSET ? DROP_IP_HEADER : KEEP;
}

/* The same of IPv6: all pieces have the same headers. */
static enum verdict cut_plan6(struct cut *c, const struct frames *f, const struct pkt *k)
{
	c->head_len = c->later_len = IP6_LEN + IP6_FRAG_LEN;
	memcpy(c->head, k->data + ETHER_LEN, c->head_len);
	memcpy(c->later, c->head, c->head_len);
	return cut_places(c, f, k);
}

/* The fields of an IPv4 header of @hlen bytes that differ from piece to piece. */
static void cut_head4(const struct cut *c, uint8_t *h, uint32_t hlen, uint32_t offset,
                      uint32_t size)
{
	uint32_t frag = ip4_frag(c->head);

	if (offset + size < c->payload)
		frag |= IP4_MF;
	frag += offset / 8; /* cut_plan4() made sure that it stays below the flags */
	store16(h + 2, __builtin_bswap16((uint16_t)(hlen + size)));
	store16(h + 6, __builtin_bswap16((uint16_t)frag));
	h[8]--;
	ip4_checksum_set(h, hlen);
}

/* The same of an IPv6 header and its fragment header. */
static void cut_head6(const struct cut *c, uint8_t *h, uint32_t offset, uint32_t size)
{
	uint32_t frag = offset | (offset + size < c->payload ? IP6_MF : 0);

	store16(h + 4, __builtin_bswap16((uint16_t)(IP6_FRAG_LEN + size)));
	h[7]--;
	store16(h + IP6_LEN + 2, __builtin_bswap16((uint16_t)frag));
}

/* Ethernet and IP header of the piece at @data, with @size bytes of payload from @offset on. */
static void cut_head(const struct cut *c, uint8_t *data, uint32_t offset, uint32_t size)
{
	uint8_t *h = data + ETHER_LEN;
	uint32_t hlen = offset == 0 ? c->head_len : c->later_len;

	store64(data, load64(c->nh->header));
	store64(data + 6, load64(c->nh->header + 6));
	memcpy(h, offset == 0 ? c->head : c->later, hlen);
	if (c->ip6)
		cut_head6(c, h, offset, size);
	else
		cut_head4(c, h, hlen, offset, size);
}

/* Write all pieces of @k but the first, which is what is left of it. Return: the first of them. */
static struct piece *cut_write(struct pipeline *p, const struct cut *c, const struct pkt *k)
{
	struct frames *f = p->cache.frames;
	struct piece *first = NULL, **link = &first;
	struct chain_reader r;
	uint32_t here;

	chain_reader_init(&r, f, k, c->head_len);
	/* A driver may have ended the first frame before the first piece ends. */
	here = r.left < c->first_size ? r.left : c->first_size;
	r.at += here;
	r.left -= here;
	chain_read(&r, k->data + ETHER_LEN + c->head_len + here, c->first_size - here);
	for (uint32_t at = c->first_size; at < c->payload;) {
		uint32_t left = c->payload - at, n = left < c->later_size ? left : c->later_size;
		uint8_t *data = frame_get_blank(&p->cache);
		struct piece *x;

		assert(data != NULL); /* fragment4() has counted them */
		x = (struct piece *)(data - FRAME_HEADROOM);
		*x = (struct piece){.data = data, .len = ETHER_LEN + c->later_len + n};
		cut_head(c, data, at, n);
		chain_read(&r, data + ETHER_LEN + c->later_len, n);
		*link = x;
		link = &x->next;
		at += n;
	}
	return first;
}

/* The pieces in their order: @k, which is cut to the first, then those that are strung to @x. */
static void cut_send(struct pipeline *p, const struct cut *c, struct pkt *k, struct piece *x)
{
	cut_head(c, k->data, 0, c->first_size);
	k->len = (uint16_t)(ETHER_LEN + c->head_len + c->first_size);
	k->flags &= (uint8_t)~PKT_CHAIN;
	egress_send(p, k, c->nh->iface);
	while (x != NULL) {
		struct pkt piece = {.data = x->data, .len = (uint16_t)x->len, .in = k->in};

		x = x->next;
		transmit_room(p, 1);
		egress_send(p, &piece, c->nh->iface);
	}
	transmit_now(p);
}

/* All pieces or none: one that is missing makes the others useless. */
static bool cut_has_room(struct pipeline *p, const struct iface *f, uint32_t count)
{
	struct port_queue *q = f->kind != IFACE_BRIDGE ? p->queues->tx[f->port] : NULL;

	if (q == NULL || q->tx_pending + count <= q->tx.size)
		return true; /* where there is no ring, transmit knows what becomes of them */
	counter_add(&q->counters.tx_full, 1);
	return false;
}

/* Return: KEEP when @k is sent as @c says, else why not. */
static enum verdict cut_packet(struct pipeline *p, const struct cut *c, struct pkt *k)
{
	const struct iface *f = &p->ifaces->iface[c->nh->iface];
	struct piece *x;

	if (!egress_knows(p, c->nh->iface))
		return DROP_TX_DOWN; /* once: so many pieces have no room in the list (I5) */
	transmit_now(p);
	if (!cut_has_room(p, f, c->count)) {
		k->in = f->port; /* where others count that find no room */
		return DROP_TX_FULL;
	}
	if (p->cache.n < c->count - 1)
		return DROP_NO_FRAME;
	x = cut_write(p, c, k);
	if (k->flags & PKT_CHAIN)
		chain_free_rest(&p->cache, k->data);
	counter_add(&p->counters.copies, c->count - 1);
	p->batch.tx.early++;
	cut_send(p, c, k, x);
	return KEEP;
}

enum verdict fragment4(struct pipeline *p, struct pkt *k)
{
	struct cut c = {.nh = k->nh};
	enum verdict v = cut_plan4(&c, p->cache.frames, k);

	return v == KEEP ? cut_packet(p, &c, k) : v;
}

/*
 * Put a fragment header behind the IPv6 header of @k, which moves into the headroom.
 * Identifications count up from where nobody knows, for each destination (RFC 7739 5.3).
 */
static void fragment_header(struct pipeline *p, struct pkt *k)
{
	uint8_t *data = k->data - IP6_FRAG_LEN, *h = data + ETHER_LEN;
	uint32_t id = flow_hash6(&p->route.seed, k->data + ETHER_LEN, IP6_LEN) + p->host.ip_id++;

	memmove(data, k->data, ETHER_LEN + IP6_LEN);
	h[IP6_LEN] = ip6_next(h);
	h[IP6_LEN + 1] = 0;
	store16(h + IP6_LEN + 2, 0);
	store32(h + IP6_LEN + 4, __builtin_bswap32(id));
	h[6] = IP6_FRAGMENT;
	k->data = data;
	k->len += IP6_FRAG_LEN;
}

enum verdict fragment6(struct pipeline *p, struct pkt *k)
{
	struct cut c = {.nh = k->nh, .ip6 = true};
	enum verdict v;

	if (k->len > UINT16_MAX - IP6_FRAG_LEN)
		return DROP_TOO_BIG;
	fragment_header(p, k);
	v = cut_plan6(&c, p->cache.frames, k);
	return v == KEEP ? cut_packet(p, &c, k) : v;
}
