/* SPDX-License-Identifier: BSD-2-Clause */
#include "route/compile6.h"

#include <assert.h>
#include <errno.h>

#include "route/place6.h"
#include "route/width6.h"

/*
 * As many routes below an entry become a leaf or a fork, each of them two intervals at most; more
 * become a radix node. Half as many in a radix node, and it goes again. With fewer a change takes
 * less time, and a look-up more, by further radix nodes on the way.
 */
#define ROUTES_MAX 60

static_assert(2 * ROUTES_MAX + 1 <= LPM6_MAX_EDGES, "so many fit");

/* Routes that are stepped over before a search for the next one of interest pays. */
#define STEPS_MAX 16

static int range_build(struct compile6 *c, const struct place *p, uint32_t cover, uint32_t old,
                       struct rib6_at *at, uint32_t *entry);

static struct rib6_at seek_below(const struct compile6 *c, const struct place *p)
{
	return rib6_seek_prefix(c->rib, p->base, p->len + 1);
}

static uint32_t cover_id(const struct compile6 *c, struct ip dst, unsigned int len)
{
	const struct fib6_route *r = rib6_cover(c->rib, dst, len);

	return r != NULL ? r->nh : 0;
}

/* To the first route of another prefix than that of @r, which is the one at @at. */
static void prefix_skip(struct rib6_at *at, const struct fib6_route *r)
{
	const struct fib6_route *next;

	do {
		rib6_step(at);
		next = rib6_at(at);
	} while (next != NULL && next->len == r->len && ip_equal(next->dst, r->dst));
}

/* To the first route that does not have the same first @len bits. */
static void group_skip(const struct compile6 *c, struct rib6_at *at, unsigned int len)
{
	const struct fib6_route *r = rib6_at(at);
	const struct ip dst = r->dst;
	unsigned __int128 next;

	for (int i = 0; i < STEPS_MAX; i++) {
		rib6_step(at);
		r = rib6_at(at);
		if (r == NULL || !ip6_same_prefix(r->dst, dst, len))
			return;
	}
	next = ((whole(dst) >> (128 - len)) + 1) << (128 - len);
	if (next == 0)
		*at = (struct rib6_at){};
	else
		*at = rib6_seek_prefix(c->rib, halves(next), 0);
}

/*
 * How many routes there are below @p, as far as its window tells them apart, but no more than
 * @max + 1; leaves @at behind the last of these.
 */
static size_t routes_count(const struct compile6 *c, const struct place *p, struct rib6_at *at,
                           size_t max)
{
	const struct ip mask = ip6_mask(p->len);
	size_t n = 0;

	for (const struct fib6_route *r = rib6_at(at); n <= max && inside(r, p, mask);
	     r = rib6_at(at)) {
		if (r->len <= window_end(p))
			prefix_skip(at, r);
		else
			group_skip(c, at, window_end(p));
		n++;
	}
	return n;
}

static struct slots radix_slots(const struct compile6 *c, uint32_t radix, const struct place *p)
{
	return (struct slots){
		.slot = lpm6_slots(c->lpm, radix), .place = *p, .width = lpm6_width(radix)};
}

/* Entries below which there is no route. */
static void slots_fill(struct compile6 *c, const struct slots *s, uint32_t i, uint32_t end,
                       uint32_t id)
{
	for (; i < end; i++) {
		uint32_t old = s->slot[i];

		if (old == id)
			continue;
		lpm6_store(&s->slot[i], id);
		lpm6_drop(c->lpm, old, LPM6_RETIRE, ++c->made);
	}
}

/* Make one entry anew, unless it is a radix node already. */
static int slot_build(struct compile6 *c, const struct slots *s, uint32_t i, uint32_t cover,
                      struct rib6_at *at)
{
	const uint64_t since = ++c->made;
	const struct place p = slot_place(s, i);
	uint32_t old = s->fresh ? s->old : s->slot[i], new;
	int err = range_build(c, &p, cover, old, at, &new);

	if (err < 0)
		return err;
	lpm6_store(&s->slot[i], new);
	if (!s->fresh)
		lpm6_drop(c->lpm, old, LPM6_RETIRE, since);
	return 0;
}

/*
 * Go through the entries that the prefix @p covers, and the routes below it from @at on: what has
 * no route below it becomes an id, the rest is made anew.
 */
/* NOLINTNEXTLINE(misc-no-recursion): an address has so many bits */
static int slots_sweep(struct compile6 *c, const struct slots *s, const struct place *p,
                       uint32_t cover, struct rib6_at *at)
{
	const unsigned int len = s->place.len + s->width;
	uint32_t i = slot_of(s, p->base), end = i + (1u << (len - p->len));
	struct covers v;
	int err = 0;

	v.n = 0;
	covers_push(&v, UINT32_MAX, cover);

	while (err == 0) {
		const struct fib6_route *r = rib6_at(at);
		uint32_t next = below(r, p) ? slot_of(s, r->dst) : end;

		while (i < next) {
			uint32_t id = covers_at(&v, i), last = v.of[v.n - 1].end;
			uint32_t to = last < next ? last + 1 : next;

			slots_fill(c, s, i, to, id);
			i = to;
		}
		if (i == end)
			return 0;
		cover = covers_at(&v, i);
		if (r->len <= len) {
			covers_push(&v, i + (1u << (len - r->len)) - 1, r->nh);
			prefix_skip(at, r);
			continue;
		}
		if (!s->fresh && lpm6_kind(s->slot[i]) == LPM6_RADIX) {
			const struct place q = slot_place(s, i);
			const struct slots inner = radix_slots(c, s->slot[i], &q);

			err = slots_sweep(c, &inner, &q, cover, at);
		} else {
			err = slot_build(c, s, i, cover, at);
		}
		i++;
	}
	return err;
}

/* More routes than a fork has room for. */
static int radix_build(struct compile6 *c, const struct place *p, uint32_t cover, uint32_t old,
                       struct rib6_at *at, uint32_t *entry)
{
	const uint64_t since = ++c->made;
	struct rib6_at from = *at;
	size_t n = routes_count(c, p, at, SIZE_MAX - 1);
	unsigned int left = window_end(p) - p->len;
	unsigned int width = width6(from, p->base, p->len, left, n, ROUTES_MAX);
	struct slots s;
	uint32_t radix;
	int err;

	err = lpm6_radix(c->lpm, width, left - width, c->last, &radix);
	if (err < 0)
		return err;
	s = radix_slots(c, radix, p);
	s.fresh = true;
	s.old = old;
	err = slots_sweep(c, &s, p, cover, &from);
	if (err < 0) {
		lpm6_drop(c->lpm, radix, LPM6_UNSEEN, since);
		return err;
	}
	*entry = radix;
	return 0;
}

/* The sub for what is finer than the window: all routes from @at on that share @len bits. */
static int sub_make(struct compile6 *c, struct rib6_at *at, unsigned int len, uint32_t cover,
                    uint32_t *n)
{
	const struct fib6_route *first = rib6_at(at), *r = first;
	const struct ip dst = first->dst;
	unsigned __int128 differ = 0;
	struct rib6_at from = *at;
	unsigned int window = 96;
	struct lpm6_sub *sub;
	struct place p;
	int err = lpm6_sub_get(c->lpm, n);

	if (err < 0)
		return err;
	for (; r != NULL && ip6_same_prefix(r->dst, dst, len); r = rib6_at(at)) {
		differ |= whole(r->dst) ^ whole(dst);
		window = r->len < window ? r->len : window;
		rib6_step(at);
	}
	while (differ >> (128 - window) != 0)
		window--;
	p = (struct place){ip_and(dst, ip6_mask(window)), window, window};
	sub = &c->lpm->sub[*n];
	lpm6_sub_set(sub, p.base.hi, p.base.lo, window);
	sub->other = (uint16_t)cover;
	c->lpm->life[*n] = (struct lpm6_life){c->made, c->made};
	if (first->len == window) { /* it is all of the sub: beside it nothing is compared */
		cover = first->nh;
		prefix_skip(&from, first);
	}
	err = range_build(c, &p, cover, 0, &from, &sub->entry);
	if (err < 0)
		lpm6_sub_drop(c->lpm, *n, LPM6_UNSEEN);
	return err;
}

/* The sub, whose routes begin at @at, has another cover now. */
static int sub_cover(struct compile6 *c, struct lpm6_sub *sub, uint32_t cover, struct rib6_at at)
{
	const struct fib6_route *first = rib6_at(&at);
	const struct slots s = {
		.slot = &sub->entry,
		.place = {{sub->hi, sub->lo}, sub->window, sub->window},
	};

	if (sub->other == cover)
		return 0;
	__atomic_store_n(&sub->other, (uint16_t)cover, __ATOMIC_RELAXED);
	if (first->len == sub->window)
		return 0; /* a route of its own covers all of it */
	return slots_sweep(c, &s, &s.place, cover, &at);
}

/* May what changes lie in the sub as it is? */
static bool sub_fits(const struct compile6 *c, const struct lpm6_sub *sub)
{
	return c->len > sub->window && lpm6_sub_has(sub, c->dst.hi, c->dst.lo);
}

/*
 * The id for routes from @at on that the window of @p cannot tell apart: the number of the sub that
 * there is, if it may stay, or of a new one. Leaves @at behind them.
 */
static int group_build(struct compile6 *c, const struct place *p, uint32_t cover, uint32_t old,
                       struct rib6_at *at, uint32_t *id)
{
	const struct ip dst = rib6_at(at)->dst;
	const unsigned int len = window_end(p);
	struct rib6_at from = *at;
	uint32_t n;
	int err;

	*id = lpm6_walk(c->lpm, old, key_of(p, dst));
	if (*id & LPM6_SUB) {
		n = *id & ~LPM6_SUB;
		if (c->len <= len || !ip6_same_prefix(c->dst, dst, len) ||
		    sub_fits(c, &c->lpm->sub[n])) {
			c->lpm->life[n].kept = c->made;
			group_skip(c, at, len);
			return sub_cover(c, &c->lpm->sub[n], cover, from);
		}
	}
	err = sub_make(c, at, len, cover, &n);
	*id = n | LPM6_SUB;
	return err;
}

/* Intervals in the making. */
struct edges {
	struct lpm6_edge e[LPM6_MAX_EDGES];
	unsigned int n;
};

static void edge_add(struct edges *g, uint32_t key, uint32_t id)
{
	if (g->n > 0 && g->e[g->n - 1].key == key)
		g->n--;
	if (g->n > 0 && g->e[g->n - 1].id == id)
		return;
	assert(g->n < LPM6_MAX_EDGES);
	g->e[g->n++] = (struct lpm6_edge){key, id};
}

/* The prefixes that end before @key. */
static void edges_end(struct edges *g, struct covers *v, uint32_t key)
{
	while (v->of[v->n - 1].end < key) {
		uint32_t end = v->of[--v->n].end;

		edge_add(g, end + 1, v->of[v->n - 1].id);
	}
}

/* Return: how many routes there were, ROUTES_MAX + 1 of them at most, or -ENOSPC. */
static int edges_make(struct compile6 *c, const struct place *p, uint32_t cover, uint32_t old,
                      struct rib6_at *at, struct edges *g)
{
	uint32_t first = key_of(p, p->base), id;
	uint32_t end = first + (uint32_t)((1ull << (window_end(p) - p->len)) - 1);
	const struct ip mask = ip6_mask(p->len);
	struct covers v;
	int err, n = 0;

	v.n = 0;
	covers_push(&v, UINT32_MAX, cover);

	edge_add(g, first, cover);
	for (const struct fib6_route *r = rib6_at(at); inside(r, p, mask); r = rib6_at(at)) {
		uint32_t key = key_of(p, r->dst);

		if (n++ == ROUTES_MAX)
			return n;

		edges_end(g, &v, key);
		if (r->len <= window_end(p)) {
			uint32_t rest = (uint32_t)((1ull << (window_end(p) - r->len)) - 1);

			covers_push(&v, key | rest, r->nh);
			edge_add(g, key, r->nh);
			prefix_skip(at, r);
			continue;
		}
		err = group_build(c, p, v.of[v.n - 1].id, old, at, &id);
		if (err < 0)
			return err;
		edge_add(g, key, id);
		if (key != end)
			edge_add(g, key + 1, v.of[v.n - 1].id);
	}
	edges_end(g, &v, end);
	return n;
}

/* Subs of intervals that came to nothing. */
static void edges_undo(struct compile6 *c, const struct edges *g, uint64_t since)
{
	for (unsigned int i = 0; i < g->n; i++) {
		uint32_t n = g->e[i].id & ~LPM6_SUB;

		if (g->e[i].id & LPM6_SUB && c->lpm->life[n].made >= since)
			lpm6_sub_drop(c->lpm, n, LPM6_UNSEEN);
	}
}

/* NOLINTNEXTLINE(misc-no-recursion): an address has so many bits */
static int range_build(struct compile6 *c, const struct place *p, uint32_t cover, uint32_t old,
                       struct rib6_at *at, uint32_t *entry)
{
	const uint64_t since = ++c->made;
	struct rib6_at from = *at;
	struct edges g;
	int n, err;

	if (!below(rib6_at(at), p)) {
		*entry = cover;
		return 0;
	}
	g.n = 0;
	n = edges_make(c, p, cover, old, at, &g);
	err = n < 0 ? n : 0;
	if (n >= 0 && n <= ROUTES_MAX)
		err = lpm6_pack(c->lpm, g.e, g.n, cover, c->last, entry);
	if (err < 0 || n > ROUTES_MAX)
		edges_undo(c, &g, since);
	if (n <= ROUTES_MAX)
		return err;
	*at = from;
	return radix_build(c, p, cover, old, at, entry);
}

/* The way down to what changes: radix nodes in the same window. */
struct levels {
	struct slots at[32];
	unsigned int n;
};

/* Of the radix nodes that were passed, make the first one a leaf or fork that has so few routes. */
static void levels_join(struct compile6 *c, struct levels *l)
{
	for (unsigned int i = 0; i < l->n; i++) {
		const struct slots *s = &l->at[i];
		struct rib6_at at = seek_below(c, &s->place), from = at;

		if (routes_count(c, &s->place, &at, ROUTES_MAX / 2) > ROUTES_MAX / 2)
			continue;
		/* It need not be; where there is no room it stays. */
		(void)slot_build(c, s, 0, cover_id(c, s->place.base, s->place.len), &from);
		return;
	}
}

/* Does anything lie finer than the first @len bits of what changes? */
static bool group_alive(const struct compile6 *c, unsigned int len)
{
	const struct place p = {ip_and(c->dst, ip6_mask(len)), len, 0};
	struct rib6_at at = seek_below(c, &p);

	return below(rib6_at(&at), &p);
}

/* Go from the entry *s, which covers more than what changes, as far down as that is true. */
static void descend(const struct compile6 *c, struct slots *s, struct levels *l)
{
	for (;;) {
		uint32_t e = *s->slot, id;
		struct lpm6_sub *sub;

		if (lpm6_kind(e) == LPM6_RADIX) {
			struct slots inner = radix_slots(c, e, &s->place);
			uint32_t i = slot_of(&inner, c->dst);

			l->at[l->n++] = *s;
			if (c->len <= s->place.len + inner.width)
				return;
			*s = (struct slots){.slot = &inner.slot[i], .place = slot_place(&inner, i)};
			continue;
		}
		if (c->len <= window_end(&s->place))
			return;
		id = lpm6_walk(c->lpm, e, key_of(&s->place, c->dst));
		sub = &c->lpm->sub[id & ~LPM6_SUB];
		if (!(id & LPM6_SUB) || !sub_fits(c, sub) || !group_alive(c, window_end(&s->place)))
			return;
		*s = (struct slots){
			.slot = &sub->entry,
			.place = {{sub->hi, sub->lo}, sub->window, sub->window},
		};
		l->n = 0;
	}
}

/* What changes lies below one entry of the index. */
static int change_below(struct compile6 *c, struct slots s)
{
	const struct place change = {c->dst, c->len, 0};
	struct levels l;
	struct slots inner;
	struct rib6_at at;
	int err;

	l.n = 0;
	descend(c, &s, &l);
	if (lpm6_kind(*s.slot) == LPM6_RADIX) {
		inner = radix_slots(c, *s.slot, &s.place);
		at = seek_below(c, &change);
		err = slots_sweep(c, &inner, &change, cover_id(c, c->dst, c->len), &at);
	} else {
		at = seek_below(c, &s.place);
		err = slot_build(c, &s, 0, lpm6_cover(c->lpm, *s.slot), &at);
	}
	if (err == 0 && c->gone && lpm6_kind(*s.slot) == LPM6_ID)
		levels_join(c, &l);
	return err;
}

/* All entries of the index that a prefix covers, which is in 2000::/3 or outside. */
static int index_sweep(struct compile6 *c, const struct slots *s, struct ip dst, unsigned int len)
{
	const struct place p = {dst, len, LPM6_WINDOW};
	struct rib6_at at = seek_below(c, &p);

	return slots_sweep(c, s, &p, cover_id(c, dst, len), &at);
}

/* What is left of the address space beside 2000::/3, and that. */
static const struct {
	struct ip dst;
	unsigned int len;
} pieces[] = {{{0, 0}, 3}, {{1ull << 61, 0}, 3}, {{1ull << 62, 0}, 2}, {{1ull << 63, 0}, 1}};

int compile6_run(struct compile6 *c)
{
	const struct slots rest = {
		.slot = c->lpm->index,
		.place = {.window = LPM6_WINDOW},
		.width = 16,
	};
	const struct slots global = {
		.slot = c->lpm->index + LPM6_REST,
		.place = {{1ull << 61, 0}, 3, LPM6_WINDOW},
		.width = 20,
	};
	const struct slots *s = c->dst.hi >> 61 == 1 ? &global : &rest;
	uint32_t i = slot_of(s, c->dst);
	int err = 0;

	if (c->len > s->place.len + s->width)
		return change_below(c,
		                    (struct slots){.slot = &s->slot[i], .place = slot_place(s, i)});
	if (c->len >= 3 || !ip6_same_prefix(pieces[1].dst, c->dst, c->len))
		return index_sweep(c, s, c->dst, c->len);
	for (size_t n = 0; err == 0 && n < ARRAY_SIZE(pieces); n++) {
		struct ip dst = pieces[n].dst;

		if (ip6_same_prefix(dst, c->dst, c->len))
			err = index_sweep(c, dst.hi >> 61 == 1 ? &global : &rest, dst,
			                  pieces[n].len);
	}
	return err;
}
