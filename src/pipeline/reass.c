/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipeline/reass.h"

#include <errno.h>
#include <sys/random.h>

#include "base/counter.h"
#include "host/walk6.h"
#include "pipeline/chain.h"
#include "wire/checksum.h"

/* A fragment, taken apart. */
struct fragment {
	const struct pkt *p;
	struct ip src, dst;
	uint32_t id;   /* as loaded */
	uint32_t link; /* that @src is of alone, counted from 1; 0: of none */
	uint32_t hlen;
	uint32_t at, end; /* of its payload, in the whole's */
	uint8_t proto;    /* of IPv4 */
	uint8_t next_at;  /* of IPv6: octet of the packet that names the fragment header */
	uint8_t ecn;      /* its codepoint, as a bit */
	bool ip6;
	bool more;
};

/* Codepoints, as bits. */
#define ECN_NONE (1u << 0)
#define ECN_CE   (1u << 3)
#define ECN_MASK 0x03

/* Return: false if it can be part of no datagram (RFC 791 3.1, CVE-1999-0128). */
static bool fragment_read4(struct fragment *x, const uint8_t *h)
{
	uint32_t frag = ip4_frag(h);

	x->src = ip_from4(ip4_src(h));
	x->dst = ip_from4(ip4_dst(h));
	x->id = load16(h + 4);
	x->proto = ip4_proto(h);
	x->hlen = ip4_header_len(h);
	x->more = (frag & IP4_MF) != 0;
	x->ecn = (uint8_t)(1u << (h[1] & ECN_MASK));
	x->at = (frag & IP4_OFFSET) * 8;
	return x->hlen + x->at + (x->p->len - ETHER_LEN - x->hlen) <= UINT16_MAX;
}

/* The same of IPv6 (RFC 8200 4.5). */
static bool fragment_read6(struct fragment *x, const uint8_t *h)
{
	struct walk6 w;

	if (walk6(x->p, &w) != KEEP || w.next != IP6_FRAGMENT || w.at > IP6_LEN + REASS_EXT)
		return false;
	x->ip6 = true;
	x->src = ip6_src(h);
	x->dst = ip6_dst(h);
	x->id = load32(h + w.at + 4);
	x->link = x->p->flags & PKT_LINK ? x->p->in + 1u : 0; /* RFC 4007 6 */
	x->next_at = (uint8_t)(ETHER_LEN + w.said_at);
	x->hlen = w.at + IP6_FRAG_LEN;
	x->more = w.more;
	x->ecn = (uint8_t)(1u << (h[1] >> 4 & ECN_MASK));
	x->at = w.offset;
	return true; /* walk6() has looked at the lengths */
}

static bool fragment_read(struct fragment *x, const struct pkt *p)
{
	const uint8_t *h = p->data + ETHER_LEN;
	uint32_t len;

	*x = (struct fragment){.p = p};
	if (!(p->flags & PKT_IP6 ? fragment_read6(x, h) : fragment_read4(x, h)))
		return false;
	len = p->len - ETHER_LEN - x->hlen;
	x->end = x->at + len;
	return len > 0 && !(x->more && len % 8 != 0);
}

/* --- Blocks --- */

/* The bits of word @i that lie in [@from, @to). */
static uint64_t word_mask(uint32_t i, uint32_t from, uint32_t to)
{
	uint64_t mask = ~0ull;

	if (from > i * 64)
		mask &= ~0ull << (from - i * 64);
	if (to < (i + 1) * 64)
		mask &= ~(~0ull << (to - i * 64));
	return mask;
}

/* How many blocks of [@from, @to) are there. */
static uint32_t blocks_count(const struct reass_entry *e, uint32_t from, uint32_t to)
{
	uint32_t n = 0;

	for (uint32_t i = from / 64; i * 64 < to; i++)
		n += (uint32_t)__builtin_popcountll(e->seen[i] & word_mask(i, from, to));
	return n;
}

static void blocks_set(struct reass_entry *e, uint32_t from, uint32_t to)
{
	for (uint32_t i = from / 64; i * 64 < to; i++)
		e->seen[i] |= word_mask(i, from, to);
}

/* --- Frames --- */

/* Payload that the first frame has room for. */
static uint32_t first_room(const struct reass *s)
{
	return s->cache->frames->chunk - REASS_FIRST;
}

/* Which frame byte @at of the payload lies in. */
static uint32_t part_of(const struct reass *s, uint32_t at)
{
	return at < first_room(s) ? 0 : 1 + (at - first_room(s)) / s->cache->frames->chunk;
}

/* Where byte @at lies; @room: bytes from there to its frame's end. */
static uint8_t *place_of(const struct reass *s, const struct reass_entry *e, uint32_t at,
                         uint32_t *room)
{
	const struct frames *f = s->cache->frames;
	uint32_t i = part_of(s, at), in = at + REASS_FIRST;

	if (i > 0)
		in = (at - first_room(s)) & (f->chunk - 1);
	*room = f->chunk - in;
	return frame_data(f, e->frame[i]) + in;
}

static void held_add(struct reass *s, uint64_t n)
{
	__atomic_store_n(&s->held, s->held + n, __ATOMIC_RELAXED);
}

/* Give back all frames of @e but that of part @keep, which is the caller's. */
static void frames_drop(struct reass *s, struct reass_entry *e, uint32_t keep)
{
	for (uint32_t i = 0; i < REASS_PARTS; i++) {
		if (e->frame[i] == REASS_NO_FRAME)
			continue;
		if (i != keep)
			frame_put(s->cache, e->frame[i]);
		held_add(s, -1ull);
		e->frame[i] = REASS_NO_FRAME;
	}
}

/* --- Entries --- */

static uint8_t slot_of(const struct reass *s, struct ip src)
{
	uint64_t h = ((ip_is4(src) ? src.lo : src.hi) ^ s->seed) * 0x9fb21c651e98df25ull;

	return (uint8_t)((h ^ h << 29) >> 59);
}
static_assert(REASS_SOURCES == 1 << (64 - 59), "slot_of() gives that many");

/* The first of @list but @self. Return: NULL if there is none. */
static struct cds_list_head *list_oldest(const struct cds_list_head *list,
                                         const struct cds_list_head *self)
{
	struct cds_list_head *first = list->next == self ? list->next->next : list->next;

	return first == list ? NULL : first;
}

/* The oldest entry of a family that is not @self. Return: NULL if there is none. */
static struct reass_entry *age_oldest(const struct reass *s, bool ip6,
                                      const struct reass_entry *self)
{
	struct cds_list_head *l = list_oldest(&s->age[ip6], self != NULL ? &self->age : &s->unused);

	return l != NULL ? cds_list_entry(l, struct reass_entry, age) : NULL;
}

static uint64_t entry_due(const struct reass_entry *e)
{
	return e->since_ns + (e->ip6 ? REASS6_NS : REASS_NS);
}

/* The entry whose time is up first. Return: NULL if there is none. */
static struct reass_entry *entry_first(const struct reass *s)
{
	struct reass_entry *a = age_oldest(s, false, NULL), *b = age_oldest(s, true, NULL);

	if (a == NULL || b == NULL)
		return a != NULL ? a : b;
	return entry_due(a) <= entry_due(b) ? a : b;
}

static void due_update(struct reass *s)
{
	const struct reass_entry *e = entry_first(s);

	s->due_ns = e != NULL ? entry_due(e) : UINT64_MAX;
}

/* Forget @e, which has no frames any more. */
static void entry_close(struct reass *s, struct reass_entry *e)
{
	cds_list_del(&e->age);
	cds_list_del(&e->source);
	s->slot[e->slot].n--;
	cds_list_add(&e->age, &s->unused);
	due_update(s);
}

static void entry_evict(struct reass *s, struct reass_entry *e)
{
	frames_drop(s, e, REASS_PARTS);
	entry_close(s, e);
	counter_add(&s->evicted, 1);
}

/* The oldest entry of @slot, or else of all, that is not @self. Return: NULL if there is none. */
static struct reass_entry *entry_victim(struct reass *s, uint8_t slot,
                                        const struct reass_entry *self)
{
	struct reass_entry *a = age_oldest(s, false, self), *b = age_oldest(s, true, self);
	struct cds_list_head *l;

	l = list_oldest(&s->slot[slot].entries, self != NULL ? &self->source : &s->unused);
	if (l != NULL)
		return cds_list_entry(l, struct reass_entry, source);
	if (a == NULL || b == NULL)
		return a != NULL ? a : b;
	return a->since_ns <= b->since_ns ? a : b;
}

/* The entry that @x belongs to, among at most REASS_PER_SOURCE. */
static struct reass_entry *entry_find(struct reass *s, const struct fragment *x, uint8_t slot)
{
	struct cds_list_head *at;

	cds_list_for_each(at, &s->slot[slot].entries)
	{
		struct reass_entry *e = cds_list_entry(at, struct reass_entry, source);

		if (ip_equal(e->src, x->src) && ip_equal(e->dst, x->dst) && e->id == x->id &&
		    e->proto == x->proto && e->link == x->link)
			return e;
	}
	return NULL;
}

/* A new entry; the oldest of its source, or of all, gives way. */
static struct reass_entry *entry_open(struct reass *s, const struct fragment *x, uint8_t slot,
                                      uint64_t now_ns)
{
	struct reass_entry *e, *old = entry_victim(s, slot, NULL);

	if (old != NULL && (s->slot[slot].n == REASS_PER_SOURCE || cds_list_empty(&s->unused)))
		entry_evict(s, old);
	e = cds_list_first_entry(&s->unused, struct reass_entry, age);
	cds_list_del(&e->age);
	*e = (struct reass_entry){
		.since_ns = now_ns,
		.src = x->src,
		.dst = x->dst,
		.id = x->id,
		.link = x->link,
		.ip6 = x->ip6,
		.proto = x->proto,
		.slot = slot,
	};
	for (uint32_t i = 0; i < REASS_PARTS; i++)
		e->frame[i] = REASS_NO_FRAME;
	cds_list_add_tail(&e->age, &s->age[e->ip6]);
	cds_list_add_tail(&e->source, &s->slot[slot].entries);
	s->slot[slot].n++;
	due_update(s);
	return e;
}

/* Take the frames that @x is copied to; older entries give way. Return: false without. */
static bool entry_grow(struct reass *s, struct reass_entry *e, const struct fragment *x)
{
	for (uint32_t i = part_of(s, x->at); i <= part_of(s, x->end - 1); i++) {
		struct reass_entry *old;

		if (e->frame[i] != REASS_NO_FRAME)
			continue;
		while (s->held >= s->limit && (old = entry_victim(s, e->slot, e)) != NULL)
			entry_evict(s, old);
		if (s->held >= s->limit || !frame_get(s->cache, &e->frame[i])) {
			e->frame[i] = REASS_NO_FRAME;
			return false;
		}
		/* No queue's, and what is sent from it did not come in in it (I7,
		 * frame_get_blank()). */
		frame_tag_set(s->cache->frames, e->frame[i], 0);
		held_add(s, 1);
	}
	return true;
}

/* --- Fragments --- */

/*
 * Does @x contradict what is known of the datagram's length, or is that too much? Or has one met
 * congestion though others cannot be marked (RFC 3168 5.3)?
 */
static bool fragment_contradicts(const struct reass *s, const struct reass_entry *e,
                                 const struct fragment *x)
{
	uint8_t ecn = e->ecn | x->ecn;

	if (x->end > s->room[x->ip6] || (ecn & (ECN_NONE | ECN_CE)) == (ECN_NONE | ECN_CE))
		return true;
	if (x->more)
		return e->end != 0 && x->end >= e->end;
	return (e->end != 0 && x->end != e->end) || e->max > x->end;
}

/* Are the bytes of @x those that are there? */
static bool fragment_repeats(const struct reass *s, const struct reass_entry *e,
                             const struct fragment *x)
{
	struct chain_reader r;

	chain_reader_init(&r, s->cache->frames, x->p, x->hlen);
	for (uint32_t at = x->at; at < x->end;) {
		const uint8_t *to, *from;
		uint32_t room, n;

		to = place_of(s, e, at, &room);
		n = chain_next(&r, x->end - at < room ? x->end - at : room, &from);
		if (memcmp(to, from, n) != 0)
			return false;
		at += n;
	}
	return true;
}

/* @x is new: copy its payload to its place, and its header if it is the one to keep. */
static void fragment_store(struct reass *s, struct reass_entry *e, const struct fragment *x)
{
	struct chain_reader r;
	uint32_t to = (x->end + 7) / 8;

	chain_reader_init(&r, s->cache->frames, x->p, x->hlen);
	for (uint32_t at = x->at; at < x->end;) {
		uint32_t room, n;
		uint8_t *place = place_of(s, e, at, &room);

		n = x->end - at < room ? x->end - at : room;
		chain_read(&r, place, n);
		at += n;
	}
	if (x->at == 0 || e->blocks == 0) {
		e->in = x->p->in;
		e->flags = x->p->flags & (uint8_t)~PKT_CHAIN;
		e->next_at = x->next_at;
		e->head_len = (uint8_t)(ETHER_LEN + x->hlen);
		memcpy(e->head, x->p->data, e->head_len);
	}
	if (x->at == 0) {
		e->has_first = true;
		e->first_len = x->end;
	}
	if (!x->more)
		e->end = x->end;
	if (x->end > e->max)
		e->max = x->end;
	e->ecn |= x->ecn;
	blocks_set(e, x->at / 8, to);
	e->blocks += to - x->at / 8;
}

/* The headers of the whole before @to, its payload; those of IPv6 without the fragment header.
 * Return: where they begin. */
static uint8_t *whole_head4(const struct reass_entry *e, uint8_t *to)
{
	uint8_t *data = to - e->head_len, *h = data + ETHER_LEN;
	uint32_t hlen = e->head_len - ETHER_LEN;

	memcpy(data, e->head, e->head_len);
	if (e->ecn & ECN_CE)
		h[1] |= ECN_MASK; /* RFC 3168 5.3: none of them is forgotten */
	store16(h + 2, __builtin_bswap16((uint16_t)(hlen + e->end)));
	store16(h + 6, __builtin_bswap16((uint16_t)(ip4_frag(h) & ~(IP4_MF | IP4_OFFSET))));
	ip4_checksum_set(h, hlen);
	return data;
}

static uint8_t *whole_head6(const struct reass_entry *e, uint8_t *to)
{
	uint32_t len = e->head_len - IP6_FRAG_LEN;
	uint8_t *data = to - len, *h = data + ETHER_LEN;

	memcpy(data, e->head, len);
	data[e->next_at] = e->head[len]; /* the first fragment's word counts (RFC 8200 4.5) */
	if (e->ecn & ECN_CE)
		h[1] |= ECN_MASK << 4;
	store16(h + 4, __builtin_bswap16((uint16_t)(len - ETHER_LEN - IP6_LEN + e->end)));
	return data;
}

/* No hole is left: turn @e into a packet, in one frame or a chain. */
static void entry_whole(struct reass *s, struct reass_entry *e, struct pkt *whole)
{
	const struct frames *f = s->cache->frames;
	uint8_t *to = frame_data(f, e->frame[0]) + REASS_FIRST;
	uint8_t *data = e->ip6 ? whole_head6(e, to) : whole_head4(e, to);
	struct frame_chain *chain = frame_chain(f, data);
	uint32_t last = part_of(s, e->end - 1), at = first_room(s);

	chain->n = last;
	for (uint32_t i = 0; i < last; i++, at += f->chunk) {
		chain->part[i].addr = e->frame[i + 1] & 0xffffffffffffull;
		chain->part[i].len = (uint16_t)(e->end - at < f->chunk ? e->end - at : f->chunk);
	}
	*whole = (struct pkt){
		.data = data,
		.len = (uint16_t)((uint32_t)(to - data) + e->end),
		.in = e->in,
		.flags = (uint8_t)(e->flags | PKT_WHOLE | (last > 0 ? PKT_CHAIN : 0)),
	};
	for (uint32_t i = 0; i <= last; i++)
		e->frame[i] = REASS_NO_FRAME;
	held_add(s, -(uint64_t)(last + 1));
	/* What a fragment beyond the end had got before it lacked a frame itself. */
	frames_drop(s, e, REASS_PARTS);
	entry_close(s, e);
}

/* What @x is to an entry that takes it in: new, a repetition, or a reason to give it up. */
static enum verdict entry_add(struct reass *s, struct reass_entry *e, const struct fragment *x)
{
	uint32_t from = x->at / 8, to = (x->end + 7) / 8, there = blocks_count(e, from, to);

	if (!fragment_contradicts(s, e, x)) {
		if (there == to - from && fragment_repeats(s, e, x))
			return CONSUMED_FRAGMENT;
		if (there == 0 && !entry_grow(s, e, x))
			return DROP_NO_FRAME;
		if (there == 0) {
			fragment_store(s, e, x);
			return CONSUMED_FRAGMENT;
		}
	}
	frames_drop(s, e, REASS_PARTS);
	e->given_up = true;
	return DROP_FRAGMENT;
}

enum verdict reass_add(struct reass *s, const struct pkt *p, uint64_t now_ns, struct pkt *whole)
{
	struct reass_entry *e;
	struct fragment x;
	enum verdict v;
	uint8_t slot;

	whole->data = NULL;
	if (!fragment_read(&x, p))
		return DROP_FRAGMENT;
	slot = slot_of(s, x.src);
	e = entry_find(s, &x, slot);
	if (e == NULL)
		e = entry_open(s, &x, slot, now_ns);
	if (e->given_up)
		return DROP_FRAGMENT;
	v = entry_add(s, e, &x);
	if (v == DROP_NO_FRAME && e->blocks == 0) {
		frames_drop(s, e, REASS_PARTS);
		entry_close(s, e);
	} else if (v == CONSUMED_FRAGMENT && e->end != 0 && e->blocks == (e->end + 7) / 8) {
		entry_whole(s, e, whole);
	}
	return v;
}

bool reass_expire(struct reass *s, uint64_t now_ns, struct pkt *k)
{
	struct reass_entry *e;
	uint32_t part = 0, at = REASS_FIRST, len;

	if (now_ns < s->due_ns)
		return false;
	k->data = NULL;
	e = entry_first(s);
	if (e->given_up) {
		entry_close(s, e);
		return true;
	}
	while (e->frame[part] == REASS_NO_FRAME)
		part++;
	/* Without the first fragment there is only a header to show, and any frame will do. */
	len = e->has_first ? e->first_len : 0;
	if (len > first_room(s))
		len = first_room(s);
	*k = (struct pkt){
		.data = frame_data(s->cache->frames, e->frame[part]) + at - e->head_len,
		.len = (uint16_t)(e->head_len + len),
		.in = e->in,
		.flags = e->flags,
	};
	memcpy(k->data, e->head, e->head_len);
	frames_drop(s, e, part);
	entry_close(s, e);
	return true;
}

void reass_share(struct reass *s, unsigned int n)
{
	s->limit = s->cache->frames->n / 16 / n;
	if (s->limit > REASS_FRAMES_MAX)
		s->limit = REASS_FRAMES_MAX;
	if (s->limit < 1 + FRAME_CHAIN_MAX)
		s->limit = 1 + FRAME_CHAIN_MAX;
}

int reass_init(struct reass *s, struct frame_cache *c)
{
	uint64_t room = c->frames->chunk - REASS_FIRST + FRAME_CHAIN_MAX * c->frames->chunk;
	/* What struct pkt can tell the length of. */
	const uint32_t most[2] = {UINT16_MAX - ETHER_LEN - IP4_MAX_LEN,
	                          UINT16_MAX - ETHER_LEN - IP6_LEN - REASS_EXT};

	*s = (struct reass){.cache = c, .due_ns = UINT64_MAX};
	for (uint32_t i = 0; i < 2; i++)
		s->room[i] = room < most[i] ? (uint32_t)room : most[i];
	reass_share(s, 1);
	if (getrandom(&s->seed, sizeof(s->seed), 0) != sizeof(s->seed))
		return -errno;
	CDS_INIT_LIST_HEAD(&s->age[0]);
	CDS_INIT_LIST_HEAD(&s->age[1]);
	CDS_INIT_LIST_HEAD(&s->unused);
	for (uint32_t i = 0; i < REASS_SOURCES; i++)
		CDS_INIT_LIST_HEAD(&s->slot[i].entries);
	for (uint32_t i = 0; i < REASS_ENTRIES; i++)
		cds_list_add_tail(&s->entry[i].age, &s->unused);
	return 0;
}
