/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Groups of gateways. A group is a next hop whose line has a table of buckets beside it; when one
 * of its members dies or comes back, a new line with a new table is published under the same id.
 * The routes by it are not touched, and neither are the flows of the other members.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "route/nexthop_table.h"

/* Does the key of @a come after that of @b? By interface, then by address. */
static bool member_is_after(const struct nexthops *t, uint16_t a, uint16_t b)
{
	const struct nexthop_key *x = &t->entry[a].key, *y = &t->entry[b].key;

	if (x->iface != y->iface)
		return x->iface > y->iface;
	return ip_compare(x->gateway, y->gateway) > 0;
}

/* Sorted, so that who shares the gateways shares the group, whatever their order. */
static void members_sort(const struct nexthops *t, uint16_t *id, unsigned int n)
{
	for (unsigned int i = 1; i < n; i++) {
		for (unsigned int k = i; k > 0; k--) {
			uint16_t upper = id[k];

			if (!member_is_after(t, id[k - 1], upper))
				break;
			id[k] = id[k - 1];
			id[k - 1] = upper;
		}
	}
}

/* What groups are found by: of @gateway, a hash of who is in it. */
static struct nexthop_key group_key(const uint16_t *member, unsigned int n)
{
	struct nexthop_key key = {.kind = NH_GROUP};

	for (unsigned int i = 0; i < n; i++)
		key.gateway.lo = (key.gateway.lo ^ member[i]) * 0x100000001b3u;
	return key;
}

/* The group of just these members, 0 if there is none. */
static uint16_t group_find(const struct nexthops *t, const uint16_t *member, unsigned int n)
{
	const struct nexthop_key key = group_key(member, n);

	for (uint16_t id = nexthop_bucket(t, &key); id != 0; id = t->entry[id].next) {
		const struct nexthop_entry *e = &t->entry[id];

		if (nexthop_key_equal(&e->key, &key) && e->members->spread.n == n &&
		    memcmp(e->members->id, member, n * sizeof(*member)) == 0)
			return id;
	}
	return 0;
}

static uint32_t members_alive(const struct nexthops *t, const struct members *m)
{
	uint32_t alive = 0;

	for (uint8_t i = 0; i < m->spread.n; i++)
		alive |= (uint32_t)!t->entry[m->id[i]].dead << i;
	return alive;
}

/* A line that says what @m says; NULL without memory. */
static struct nexthop *members_line(const struct nexthops *t, const struct members *m)
{
	struct nexthop *line = nexthop_line_new();
	struct nexthop_group *g = calloc(1, sizeof(*g));

	if (line == NULL || g == NULL) {
		free(line);
		free(g);
		return NULL;
	}
	g->n = m->spread.n;
	for (uint16_t i = 0; i < g->n; i++)
		g->iface[i] = t->entry[m->id[i]].key.iface;
	for (uint32_t b = 0; b < NEXTHOP_BUCKETS; b++)
		g->bucket[b] = m->id[m->spread.at[b]];
	line->kind = NH_GROUP;
	line->group = g;
	return line;
}

static void group_settle(struct nexthops *t, uint16_t id)
{
	struct members *m = t->entry[id].members;
	struct spread old = m->spread;
	struct nexthop *line;

	spread_settle(&m->spread, members_alive(t, m));
	if (!m->behind && memcmp(old.at, m->spread.at, sizeof(old.at)) == 0)
		return;
	line = members_line(t, m);
	m->behind = line == NULL;
	if (line == NULL)
		return; /* what was published stays in force until nexthop_groups_retry() */
	line->id = id;
	nexthop_publish(t, id, line);
}

static bool group_has(const struct members *m, uint16_t member)
{
	for (uint8_t i = 0; i < m->spread.n; i++) {
		if (m->id[i] == member)
			return true;
	}
	return false;
}

void members_settle(struct nexthops *t, uint16_t member)
{
	for (uint16_t id = 1; id <= t->top && t->n_groups > 0; id++) {
		const struct members *m = t->entry[id].members;

		if (m != NULL && (member == 0 || group_has(m, member)))
			group_settle(t, id);
	}
}

void nexthop_groups_retry(struct nexthops *t)
{
	for (uint16_t id = 1; id <= t->top && t->n_groups > 0; id++) {
		const struct members *m = t->entry[id].members;

		if (m != NULL && m->behind)
			group_settle(t, id);
	}
}

void members_release(struct nexthops *t, uint16_t id)
{
	struct members *m = t->entry[id].members;

	t->entry[id].members = NULL;
	t->n_groups--;
	for (uint8_t i = 0; i < m->spread.n; i++) {
		t->entry[m->id[i]].groups--;
		nexthop_put(t, m->id[i]); /* a gateway: this goes no deeper */
	}
	free(m);
}

/* Who has which buckets, if possible as in @prior. */
static void members_spread(const struct nexthops *t, struct members *m, unsigned int n,
                           const struct members *prior)
{
	uint8_t from[NEXTHOP_MEMBERS];

	for (uint8_t i = 0; prior != NULL && i < prior->spread.n; i++) {
		from[i] = SPREAD_NONE;
		for (unsigned int k = 0; k < n; k++) {
			if (m->id[k] == prior->id[i])
				from[i] = (uint8_t)k;
		}
	}
	spread_init(&m->spread, (uint8_t)n, prior != NULL ? &prior->spread : NULL, from);
	spread_settle(&m->spread, members_alive(t, m));
}

/* A group of these members, who are sorted and in no group together yet. */
static int group_new(struct nexthops *t, const uint16_t *member, unsigned int n, uint16_t prior,
                     uint16_t *id)
{
	const struct nexthop_key key = group_key(member, n);
	struct members *m = calloc(1, sizeof(*m));
	struct nexthop *line;
	int err = -ENOMEM;

	if (m == NULL)
		return -ENOMEM;
	memcpy(m->id, member, n * sizeof(*member));
	members_spread(t, m, n, t->entry[prior].members);
	line = members_line(t, m);
	if (line == NULL)
		goto free_members;
	err = nexthop_add(t, &key, line, id);
	if (err < 0)
		goto free_line;
	t->entry[*id].members = m;
	t->n_groups++;
	for (unsigned int i = 0; i < n; i++)
		t->entry[member[i]].groups++;
	return 0;

free_line:
	nexthop_line_free(line);
free_members:
	free(m);
	return err;
}

int nexthop_get_group(struct nexthops *t, const uint16_t *member, unsigned int n, uint16_t prior,
                      uint16_t *id)
{
	uint16_t sorted[NEXTHOP_MEMBERS], known;

	assert(n >= 2 && n <= NEXTHOP_MEMBERS && prior < NEXTHOP_MAX);
	memcpy(sorted, member, n * sizeof(*member));
	members_sort(t, sorted, n);
	known = group_find(t, sorted, n);
	if (known == 0)
		return group_new(t, sorted, n, prior, id);
	t->entry[known].refs++;
	for (unsigned int i = 0; i < n; i++)
		nexthop_put(t, member[i]); /* the group has one already */
	*id = known;
	return 0;
}

unsigned int nexthop_members(const struct nexthops *t, uint16_t id, uint16_t *member)
{
	const struct members *m = t->entry[id].members;

	if (m == NULL)
		return 0;
	memcpy(member, m->id, m->spread.n * sizeof(*member));
	return m->spread.n;
}

uint16_t nexthop_next_member(const struct nexthops *t, uint16_t after)
{
	for (uint32_t id = after + 1u; id <= t->top && t->n_groups > 0; id++) {
		if (t->entry[id].groups > 0)
			return (uint16_t)id;
	}
	return 0;
}
