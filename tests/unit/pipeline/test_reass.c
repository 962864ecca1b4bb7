/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store of fragments, without a pipeline: against a model that keeps each datagram as a flat
 * array of bytes, and at its bounds.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "base/clock.h"
#include "packet.h"
#include "pipeline/chain.h"
#include "pipeline/reass.h"
#include "port/census.h"

#define SOURCE  IP(10, 0, 0, 2)
#define LONGEST 40000

struct world {
	struct reass s;
	struct frames *frames;
	struct frame_cache cache;
	struct packet packet;
	uint8_t data[LONGEST];
	uint8_t there[LONGEST]; /* of the model: bytes that have come */
	uint8_t model[LONGEST];
	uint32_t random;
	uint64_t now;
};

static struct world *world_open(uint32_t frames, uint32_t chunk)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	assert_int_equal(frames_new(&w->frames, frames, chunk, FRAMES_HUGE_NEVER), 0);
	assert_int_equal(frame_cache_init(&w->cache, w->frames), 0);
	frame_cache_fill(&w->cache);
	assert_int_equal(reass_init(&w->s, &w->cache), 0);
	for (uint32_t i = 0; i < LONGEST; i++)
		w->data[i] = (uint8_t)(i * 13 + (i >> 7));
	w->random = 1;
	w->now = 5 * NS_PER_SEC;
	return w;
}

static int setup(void **state)
{
	*state = world_open(1024, 2048);
	return 0;
}

/* Return: the frames that the entry has. */
static uint32_t census_entry(struct census *c, const struct reass_entry *e)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < REASS_PARTS; i++) {
		if (e->frame[i] == REASS_NO_FRAME)
			continue;
		census_frame(c, e->frame[i], "reassembly");
		n++;
	}
	return n;
}

/* I2: every frame is free or in an entry. */
static int teardown(void **state)
{
	struct world *w = *state;
	struct census *c = census_new(w->frames);
	struct reass_entry *e;
	uint32_t held = 0;
	const char *flaw;

	census_cache(c, &w->cache);
	for (int family = 0; family < 2; family++) {
		cds_list_for_each_entry(e, &w->s.age[family], age)
			held += census_entry(c, e);
	}
	if (held != w->s.held)
		fail_msg("entries have %u frames, the gauge says %u", held, (uint32_t)w->s.held);
	flaw = census_result(c);
	if (flaw != NULL)
		print_error("%s\n", flaw);
	census_free(c);
	frame_cache_fini(&w->cache);
	frames_free(w->frames);
	free(w);
	return flaw != NULL ? -1 : 0;
}

#define reass_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static uint32_t roll(struct world *w, uint32_t below)
{
	w->random = w->random * 1664525 + 1013904223;
	return (w->random >> 8) % below;
}

struct part {
	uint32_t src, at, len;
	uint16_t id;
	bool more;
	bool ip6;     /* from 2001:db8::, and so many */
	uint32_t ext; /* bytes of a destination options header before the fragment header */
};

/* w->packet is bytes of @from as a fragment of IPv6. */
static void make6(struct world *w, const struct part *x, const uint8_t *from)
{
	static const uint8_t zero[256]; /* Pad1 */
	const struct packet_ip6 f = {
		.src = IP6(0x20010db800000000 | x->src, 2),
		.dst = IP6(0x20010db800000000, 1),
		.next = IP_PROTO_UDP,
	};

	packet_ether(&w->packet, 1, 2, 0x86dd);
	packet_ip6(&w->packet, &f, x->len);
	memcpy(w->packet.bytes + 54, from + x->at, x->len);
	packet_frag6(&w->packet, (uint16_t)(x->at | (x->more ? IP6_MF : 0)), x->id);
	if (x->ext > 0)
		packet_ext6(&w->packet, IP6_DEST_OPTIONS, zero, x->ext - 2);
}

/* Give the store bytes of @from. What it makes of them is in *whole. */
static enum verdict give(struct world *w, const struct part *x, const uint8_t *from,
                         struct pkt *whole)
{
	const struct packet_ip4 f = {
		.src = x->src != 0 ? x->src : SOURCE,
		.dst = IP(10, 0, 0, 1),
		.id = x->id,
		.frag = (uint16_t)((x->more ? IP4_MF : 0) | x->at / 8),
	};
	struct pkt p = {.data = w->packet.bytes, .in = 3, .flags = x->ip6 ? PKT_IP6 : 0};

	if (x->ip6) {
		make6(w, x, from);
	} else {
		packet_ether(&w->packet, 1, 2, 0x0800);
		packet_ip4(&w->packet, &f, x->len);
		memcpy(packet_payload4(&w->packet), from + x->at, x->len);
	}
	p.len = (uint16_t)w->packet.len;
	return reass_add(&w->s, &p, w->now, whole);
}

/* The headers of a whole with @len bytes. Return: how long they are. */
static uint32_t is_headed(const struct pkt *k, uint32_t len)
{
	const uint8_t *h = k->data + ETHER_LEN;
	uint32_t hlen;

	if (!(k->flags & PKT_IP6)) {
		assert_int_equal(ip4_total_len(h), 20 + len);
		assert_int_equal(ip4_frag(h), 0);
		assert_int_equal(packet_sum(h, 20), 0xffff);
		return 20;
	}
	hlen = ip6_next(h) == IP6_DEST_OPTIONS ? 48 + h[41] * 8u : 40;
	assert_int_equal(ip6_payload_len(h), hlen - 40 + len);
	assert_int_equal(hlen > 40 ? h[40] : ip6_next(h), IP_PROTO_UDP);
	return hlen;
}

/* @k is a sound packet with @len bytes of @want as payload; its frames go back. */
static void is_whole(struct world *w, const struct pkt *k, const uint8_t *want, uint32_t len)
{
	struct chain_reader r;
	uint32_t hlen;

	assert_non_null(k->data);
	if (k->data == NULL)
		return; /* for clang-tidy, which does not know that assertions end the test */
	hlen = is_headed(k, len);
	assert_int_equal(k->len, 14 + hlen + len);
	assert_int_equal(k->in, 3);
	assert_true(k->flags & PKT_WHOLE);
	chain_reader_init(&r, w->frames, k, hlen);
	chain_read(&r, w->model, len);
	assert_memory_equal(w->model, want, len);
	if (k->flags & PKT_CHAIN) {
		assert_true(chain_first_len(w->frames, k) >= CHAIN_HEAD);
		chain_free_rest(&w->cache, k->data);
	}
	frame_put(&w->cache, frame_addr(w->frames, k->data));
}

#define PARTS_MAX 64

/* Cut @len bytes anywhere, into two parts at least. Return: how many. */
static uint32_t cut_at_random(struct world *w, uint16_t id, uint32_t len, struct part *part)
{
	uint32_t n = 0;
	bool ip6 = id % 2;

	for (uint32_t at = 0; at < len; n++) {
		uint32_t size = 8 + 8 * roll(w, len / 80 + 1);

		if (n == PARTS_MAX - 1 || at + size >= len)
			size = at == 0 ? 8 : len - at;
		part[n] = (struct part){.id = id,
		                        .at = at,
		                        .len = size,
		                        .more = at + size < len,
		                        .ip6 = ip6,
		                        .ext = ip6 ? roll(w, 9) * 8 : 0};
		at += size;
	}
	return n;
}

/* Give all parts, and some again. Only the last makes it whole. */
static void give_at_random(struct world *w, struct part *part, uint32_t n, struct pkt *whole)
{
	for (uint32_t left = n; left > 0; left--) {
		uint32_t i = roll(w, left), again = left - 1 + roll(w, n - left + 1);
		struct part x = part[i];

		part[i] = part[left - 1];
		part[left - 1] = x;
		assert_int_equal(give(w, &x, w->data, whole), CONSUMED_FRAGMENT);
		assert_true((whole->data != NULL) == (left == 1));
		if (left == 1 || roll(w, 4) > 0)
			continue;
		assert_int_equal(give(w, &part[again], w->data, whole), CONSUMED_FRAGMENT);
		assert_null(whole->data);
	}
}

/* Any cuts, in any order, some of them twice: whole with the last that was missing. Of IPv6 the
 * headers before the fragment header are as long as they like. */
static void any_fragmentation_in_any_order_becomes_whole(void **state)
{
	struct world *w = *state;

	for (uint32_t round = 0; round < 400; round++) {
		uint32_t len = 9 + roll(w, round % 10 == 0 ? 36000 : 5000);
		struct part part[PARTS_MAX];
		uint32_t n = cut_at_random(w, (uint16_t)round, len, part);
		struct pkt whole = {0};

		give_at_random(w, part, n, &whole);
		assert_non_null(whole.data);
		is_whole(w, &whole, w->data, len);
		assert_int_equal(w->s.held, 0);
		assert_int_equal(w->s.due_ns, UINT64_MAX);
	}
}

/* A datagram as the model knows it, beside w->there and w->model. */
struct naive {
	uint32_t end, last; /* of the whole, 0: not known; of what is there */
	bool given_up;
};

/* Does @x say another end than what is there? */
static bool naive_contradicts(const struct naive *m, const struct part *x)
{
	uint32_t stop = x->at + x->len;

	if (x->more)
		return m->end != 0 && stop >= m->end;
	return (m->end != 0 && m->end != stop) || m->last > stop;
}

/* What a naive reader of the rules says of fragment @x. */
static enum verdict naive_add(struct world *w, struct naive *m, const struct part *x,
                              const uint8_t *from)
{
	uint32_t stop = x->at + x->len, there = 0, blocks = (stop + 7) / 8 * 8;
	bool same = true;

	if (x->len == 0 || (x->more && x->len % 8 != 0) || m->given_up)
		return DROP_FRAGMENT;
	for (uint32_t i = x->at; i < blocks; i++) {
		there += w->there[i];
		same = same && (i >= stop || w->model[i] == from[i]);
	}
	if (!naive_contradicts(m, x) && there == blocks - x->at && same)
		return CONSUMED_FRAGMENT;
	if (naive_contradicts(m, x) || there > 0) {
		m->given_up = true;
		return DROP_FRAGMENT;
	}
	memset(w->there + x->at, 1, blocks - x->at);
	memcpy(w->model + x->at, from + x->at, x->len);
	m->last = stop > m->last ? stop : m->last;
	m->end = x->more ? m->end : stop;
	return CONSUMED_FRAGMENT;
}

static bool naive_is_whole(const struct world *w, const struct naive *m)
{
	return !m->given_up && m->end > 0 && memchr(w->there, 0, m->end) == NULL;
}

/* A fragment at random of a datagram of about @longest bytes. */
static struct part part_at_random(struct world *w, uint16_t id, uint32_t longest)
{
	struct part x = {.id = id, .at = roll(w, longest / 8) * 8, .more = true, .ip6 = id % 2};

	x.len = roll(w, 20) == 0 ? roll(w, 20) : 8 + 8 * roll(w, 4);
	if (x.at + x.len >= longest) {
		x.more = roll(w, 20) == 0;
		x.len = longest - x.at;
	}
	return x;
}

/* One datagram's fragments. Return: it became whole. */
static bool round_at_random(struct world *w, const uint8_t *other, uint16_t id, struct naive *m)
{
	static uint8_t want[LONGEST];
	uint32_t steps = 3 + roll(w, 12), longest = 24 + roll(w, 200);
	bool done = false;

	memset(w->there, 0, sizeof(w->there));
	for (uint32_t i = 0; i < steps && !done; i++) {
		const uint8_t *from = roll(w, 30) == 0 ? other : w->data;
		struct part x = part_at_random(w, id, longest);
		struct pkt whole = {0};
		enum verdict v;

		if (x.ip6 && x.at == 0 && !x.more)
			continue; /* RFC 6946: none for the store */
		v = give(w, &x, from, &whole);
		assert_int_equal(v, naive_add(w, m, &x, from));
		done = naive_is_whole(w, m);
		assert_true((whole.data != NULL) == done);
		if (whole.data == NULL)
			continue;
		memcpy(want, w->model, m->end);
		is_whole(w, &whole, want, m->end);
	}
	return done;
}

/* Fragments at random, most of which contradict others sooner or later. */
static void contradictions_end_as_in_the_model(void **state)
{
	static uint8_t other[LONGEST];
	struct world *w = *state;
	uint32_t wholes = 0, lost = 0;

	memcpy(other, w->data, sizeof(other));
	for (uint32_t i = 0; i < sizeof(other); i += 97)
		other[i] ^= 1;
	for (uint32_t round = 0; round < 4000; round++) {
		struct naive m = {0};

		wholes += round_at_random(w, other, (uint16_t)round, &m);
		lost += m.given_up;
		w->now += round % 2 ? REASS6_NS : REASS_NS;
		for (struct pkt k; reass_expire(&w->s, w->now, &k);) {
			if (k.data != NULL)
				frame_put(&w->cache, frame_addr(w->frames, k.data));
		}
		assert_int_equal(w->s.held, 0);
	}
	assert_true(wholes > 50 && lost > 50); /* both are met */
}

/* RFC 791: 65535 bytes are the end of it (CVE-1999-0128); nothing is kept of what goes beyond. */
static void malformed_fragments_leave_no_trace(void **state)
{
	static uint8_t zero[80000];
	static const struct part bad[] = {
		{.at = 65528, .len = 8, .more = true},
		{.at = 65528, .len = 1480},
		{.at = 64800, .len = 744},
		{.at = 0, .len = 7, .more = true},
		{.at = 8, .len = 1001, .more = true},
		{.at = 8, .len = 0},
		{.at = 0, .len = 0, .more = true},
	};
	struct world *w = *state;

	for (uint32_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct pkt whole;

		assert_int_equal(give(w, &bad[i], zero, &whole), DROP_FRAGMENT);
		assert_null(whole.data);
		assert_int_equal(w->s.due_ns, UINT64_MAX);
	}
}

/* A datagram that no chain holds is given up as soon as that shows. */
static void what_no_chain_holds_is_given_up(void **state)
{
	static uint8_t zero[80000];
	const struct part first = {.at = 0, .len = 1480, .more = true};
	const struct part far = {.at = 60000, .len = 800, .more = true};
	struct world *w = *state;
	struct pkt whole;

	assert_int_equal(w->s.room[0], 1664 + 17 * 2048);
	assert_int_equal(give(w, &first, zero, &whole), CONSUMED_FRAGMENT);
	assert_int_equal(w->s.held, 1);
	assert_int_equal(give(w, &far, zero, &whole), DROP_FRAGMENT);
	assert_int_equal(w->s.held, 0);
	assert_int_equal(give(w, &first, zero, &whole), DROP_FRAGMENT);
}

/* With frames of 4096 bytes that is nearly all that IPv4 has. */
static void long_frames_hold_the_longest_datagrams(void **state)
{
	static uint8_t zero[80000];
	struct world *w = world_open(1024, 4096);
	struct pkt whole = {0};

	*state = w;
	for (uint32_t at = 0; at < 65456; at += 1448) {
		struct part x = {.at = at, .len = 1448, .more = true};

		if (at + x.len >= 65456)
			x = (struct part){.at = at, .len = 65456 - at};
		assert_int_equal(give(w, &x, zero, &whole), CONSUMED_FRAGMENT);
	}
	assert_non_null(whole.data);
	assert_int_equal(whole.len, 34 + 65456);
	chain_free_rest(&w->cache, whole.data);
	frame_put(&w->cache, frame_addr(w->frames, whole.data));
}

/* Entries and frames stay within their bounds, and the newest gets its place. */
static void the_oldest_give_way(void **state)
{
	struct world *w = *state;
	struct pkt whole;

	for (uint32_t i = 0; i < 3000; i++) {
		const struct part x = {.src = IP(10, 9, i >> 8, i), .len = 1480, .more = true};

		assert_int_equal(give(w, &x, w->data, &whole), CONSUMED_FRAGMENT);
		assert_true(w->s.held <= w->s.limit);
	}
	assert_int_equal(w->s.held, REASS_ENTRIES);
	assert_int_equal(w->s.evicted, 3000 - REASS_ENTRIES);
	give(w, &(struct part){.id = 1, .len = 1480, .more = true}, w->data, &whole);
	give(w, &(struct part){.id = 1, .at = 1480, .len = 1000}, w->data, &whole);
	assert_non_null(whole.data);
	is_whole(w, &whole, w->data, 2480);
}

/* One source that floods pushes out its own, not those of others. */
static void a_source_has_its_share_only(void **state)
{
	struct world *w = *state;
	struct pkt whole;
	uint32_t flooder = IP(10, 9, 9, 9);

	w->s.seed = 1; /* with which the two do not share a slot */
	give(w, &(struct part){.len = 1480, .more = true}, w->data, &whole);
	for (uint32_t i = 0; i < 3000; i++) {
		const struct part x = {
			.src = flooder, .id = (uint16_t)i, .len = 1480, .more = true};

		give(w, &x, w->data, &whole);
	}
	assert_int_equal(w->s.held, REASS_PER_SOURCE + 1);
	give(w, &(struct part){.at = 1480, .len = 20}, w->data, &whole);
	assert_non_null(whole.data);
	is_whole(w, &whole, w->data, 1500);
}

static void many_workers_share_what_one_may_have(void **state)
{
	struct world *w = *state;

	reass_share(&w->s, 2);
	assert_int_equal(w->s.limit, 32);
	reass_share(&w->s, 32); /* a datagram of the greatest length always has room */
	assert_int_equal(w->s.limit, 1 + FRAME_CHAIN_MAX);
}

/* Datagrams of many frames: the limit is of frames, not of entries. */
static void frames_are_bounded(void **state)
{
	struct world *w = *state;
	struct pkt whole;

	assert_int_equal(w->s.limit, 64);
	for (uint32_t i = 0; i < 40; i++) {
		for (uint32_t at = 0; at < 30000; at += 1480) {
			const struct part x = {.src = IP(10, 9, 9, i % 3 + 1u),
			                       .id = (uint16_t)i,
			                       .at = at,
			                       .len = 1480,
			                       .more = true};

			assert_int_equal(give(w, &x, w->data, &whole), CONSUMED_FRAGMENT);
			assert_true(w->s.held <= 64);
		}
	}
	assert_true(w->s.evicted >= 36);
}

/* No frame is free: the fragment is lost, and the store as it was. */
static void without_a_frame_nothing_is_kept(void **state)
{
	struct world *w = *state;
	uint64_t *taken = calloc(1024, sizeof(*taken));
	struct pkt whole;
	uint32_t n = 0;

	assert_non_null(taken);
	give(w, &(struct part){.len = 1480, .more = true}, w->data, &whole);
	while (frame_get(&w->cache, &taken[n]))
		n++;
	assert_int_equal(give(w, &(struct part){.id = 5, .len = 8, .more = true}, w->data, &whole),
	                 DROP_NO_FRAME);
	assert_int_equal(
		give(w, &(struct part){.at = 2400, .len = 8, .more = true}, w->data, &whole),
		DROP_NO_FRAME);
	assert_int_equal(w->s.held, 1);
	while (n > 0)
		frame_put(&w->cache, taken[--n]);
	free(taken);
	give(w, &(struct part){.at = 1480, .len = 1480}, w->data, &whole);
	assert_non_null(whole.data);
	is_whole(w, &whole, w->data, 2960);
}

/* Half of a fragment found a frame; then the datagram ends before that. */
static void a_frame_beyond_the_end_comes_back(void **state)
{
	struct world *w = *state;
	uint64_t *taken = calloc(1024, sizeof(*taken));
	struct pkt whole;
	uint32_t n = 0;

	assert_non_null(taken);
	give(w, &(struct part){.len = 1480, .more = true}, w->data, &whole);
	while (w->cache.n > 1 && frame_get(&w->cache, &taken[n]))
		n++;
	assert_int_equal(
		give(w, &(struct part){.at = 3000, .len = 1480, .more = true}, w->data, &whole),
		DROP_NO_FRAME);
	while (n > 0)
		frame_put(&w->cache, taken[--n]);
	free(taken);
	give(w, &(struct part){.at = 1480, .len = 100}, w->data, &whole);
	is_whole(w, &whole, w->data, 1580);
	assert_int_equal(w->s.held, 0);
}

/* The first fragment comes back as it came in. */
static void what_is_late_comes_back_as_it_came(void **state)
{
	const struct part first = {.len = 4000, .more = true}, later = {.id = 1, .at = 8, .len = 8};
	struct world *w = *state;
	uint8_t head[34];
	struct pkt k;

	give(w, &first, w->data, &k);
	memcpy(head, w->packet.bytes, sizeof(head));
	w->now += NS_PER_SEC;
	give(w, &later, w->data, &k);
	w->now += REASS_NS - NS_PER_SEC - 1;
	assert_false(reass_expire(&w->s, w->now, &k));
	assert_true(reass_expire(&w->s, w->now + 1, &k));
	assert_int_equal(k.len, 34 + 1664); /* as much as one frame has */
	assert_memory_equal(k.data, head, 34);
	assert_memory_equal(k.data + 34, w->data, 1664);
	frame_put(&w->cache, frame_addr(w->frames, k.data));
	assert_false(reass_expire(&w->s, w->now + 1, &k));
	assert_true(reass_expire(&w->s, w->now + NS_PER_SEC + 1, &k));
	assert_int_equal(k.len, 34);
	assert_int_equal(ip4_frag(k.data + ETHER_LEN), 1);
	frame_put(&w->cache, frame_addr(w->frames, k.data));
	assert_int_equal(w->s.due_ns, UINT64_MAX);
}

/* Each family has its own time, and the oldest of both gives way, whichever is up first. */
static void families_share_the_store(void **state)
{
	const struct part fresh = {.src = 77, .len = 800, .more = true, .ip6 = true};
	struct world *w = *state;
	const struct reass_entry *e;
	struct pkt k;

	w->s.seed = 1; /* with which no two sources share a slot */
	for (uint32_t i = 0; i < REASS_ENTRIES; i++) {
		const struct part x = {.src = i % 4 < 2 ? 1 + i % 4 : IP(10, 9, 0, i % 4),
		                       .id = (uint16_t)(i / 4),
		                       .len = 800,
		                       .more = true,
		                       .ip6 = i % 4 < 2};

		assert_int_equal(give(w, &x, w->data, &k), CONSUMED_FRAGMENT);
		w->now += NS_PER_SEC;
	}
	assert_int_equal(w->s.evicted, 0);
	assert_int_equal(w->s.due_ns, 7 * NS_PER_SEC + REASS_NS);
	give(w, &fresh, w->data, &k);
	assert_int_equal(w->s.evicted, 1);
	e = cds_list_first_entry(&w->s.age[1], struct reass_entry, age);
	assert_int_equal(e->since_ns, 6 * NS_PER_SEC);
	for (uint64_t last = 0, n = 0; w->s.due_ns != UINT64_MAX; n++) {
		assert_true(w->s.due_ns >= last);
		last = w->s.due_ns;
		assert_false(reass_expire(&w->s, last - 1, &k));
		assert_true(reass_expire(&w->s, last, &k));
		assert_int_equal(k.len, 800 + (k.flags & PKT_IP6 ? 62 : 34));
		frame_put(&w->cache, frame_addr(w->frames, k.data));
	}
	assert_int_equal(w->s.held, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		reass_test(families_share_the_store),
		reass_test(any_fragmentation_in_any_order_becomes_whole),
		reass_test(contradictions_end_as_in_the_model),
		reass_test(malformed_fragments_leave_no_trace),
		reass_test(what_no_chain_holds_is_given_up),
		cmocka_unit_test_teardown(long_frames_hold_the_longest_datagrams, teardown),
		reass_test(the_oldest_give_way),
		reass_test(a_source_has_its_share_only),
		reass_test(many_workers_share_what_one_may_have),
		reass_test(frames_are_bounded),
		reass_test(without_a_frame_nothing_is_kept),
		reass_test(a_frame_beyond_the_end_comes_back),
		reass_test(what_is_late_comes_back_as_it_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
