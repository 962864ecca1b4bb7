/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Agent-side, a next hop is an entry of an array by id: its key, its references, and the chain of
 * the hash by key. A key of kind NH_RESOLVE is a gateway on an interface, so the index by key is
 * also the one that nexthop_resolve() needs.
 */
#include "route/nexthop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/rcu.h"
#include "route/nexthop_table.h"

static uint32_t key_bucket(const struct nexthop_key *k)
{
	uint64_t h =
		k->gateway.lo << 24 ^ k->gateway.hi ^ (uint64_t)k->iface << 8 ^ (uint64_t)k->kind;

	return (uint32_t)((h * 0x9e3779b97f4a7c15ull) >> 40) % NEXTHOP_HASH;
}

bool nexthop_key_equal(const struct nexthop_key *a, const struct nexthop_key *b)
{
	return a->kind == b->kind && a->iface == b->iface && ip_equal(a->gateway, b->gateway);
}

/* Does the key name an interface? Elsewhere its iface is 0 and means nothing. */
static bool key_has_iface(const struct nexthop_key *k)
{
	return k->kind == NH_RESOLVE || k->kind == NH_CONNECTED || k->kind == NH_BROADCAST;
}

uint16_t nexthop_bucket(const struct nexthops *t, const struct nexthop_key *key)
{
	return t->bucket[key_bucket(key)];
}

static bool iface_is_down(const struct nexthops *t, uint16_t iface)
{
	return (t->down[iface / 64] >> iface % 64 & 1) != 0;
}

static uint16_t index_find(const struct nexthops *t, const struct nexthop_key *key)
{
	uint16_t id = nexthop_bucket(t, key);

	while (id != 0 && !nexthop_key_equal(&t->entry[id].key, key))
		id = t->entry[id].next;
	return id;
}

static void index_add(struct nexthops *t, uint16_t id)
{
	uint16_t *head = &t->bucket[key_bucket(&t->entry[id].key)];

	t->entry[id].next = *head;
	*head = id;
}

static void index_del(struct nexthops *t, uint16_t id)
{
	uint16_t *at = &t->bucket[key_bucket(&t->entry[id].key)];

	while (*at != id)
		at = &t->entry[*at].next;
	*at = t->entry[id].next;
}

struct nexthop *nexthop_line_new(void)
{
	struct nexthop *line = aligned_alloc(CACHE_LINE, sizeof(*line));

	if (line != NULL)
		*line = (struct nexthop){};
	return line;
}

void nexthop_line_free(struct nexthop *line)
{
	if (line != NULL && line->kind == NH_GROUP)
		free((void *)line->group);
	free(line);
}

static void line_reclaim(struct rcu_head *head)
{
	nexthop_line_free(caa_container_of(head, struct nexthop, rcu));
}

void nexthop_publish(struct nexthops *t, uint16_t id, const struct nexthop *line)
{
	struct nexthop *old = (struct nexthop *)idtab_set(t->lines, id, line);

	if (old != NULL)
		call_rcu(&old->rcu, line_reclaim);
}

int nexthops_new(struct nexthops **out)
{
	struct nexthops *t = calloc(1, sizeof(*t));
	int err;

	if (t == NULL)
		return -ENOMEM;
	err = idtab_new(&t->lines, NEXTHOP_MAX);
	if (err < 0)
		goto free_table;
	/* The pool counts from 0, ids from 1. */
	err = idpool_new(&t->ids, NEXTHOP_MAX - 1);
	if (err < 0)
		goto free_lines;
	*out = t;
	return 0;

free_lines:
	idtab_free(t->lines);
free_table:
	free(t);
	return err;
}

void nexthops_free(struct nexthops *t)
{
	if (t == NULL)
		return;
	idpool_free(t->ids);
	for (uint32_t id = 1; id < NEXTHOP_MAX; id++) {
		nexthop_line_free((struct nexthop *)nexthop_line(t, (uint16_t)id));
		free(t->entry[id].members);
	}
	idtab_free(t->lines);
	free(t);
}

struct idtab *nexthops_idtab(struct nexthops *t)
{
	return t->lines;
}

int nexthop_add(struct nexthops *t, const struct nexthop_key *key, struct nexthop *line,
                uint16_t *id)
{
	uint32_t slot;
	int err = idpool_get(t->ids, &slot);

	if (err < 0)
		return err;
	line->id = slot + 1;
	*id = (uint16_t)line->id;
	t->entry[*id] = (struct nexthop_entry){.key = *key, .refs = 1};
	if (*id > t->top)
		t->top = *id;
	index_add(t, *id);
	nexthop_publish(t, *id, line);
	return 0;
}

int nexthop_get(struct nexthops *t, const struct nexthop_key *key, uint16_t max_len, uint16_t *id)
{
	uint16_t known = index_find(t, key);
	struct nexthop *line;
	int err;

	if (known != 0) {
		t->entry[known].refs++;
		*id = known;
		return 0;
	}
	line = nexthop_line_new();
	if (line == NULL)
		return -ENOMEM;
	line->kind = (uint8_t)key->kind;
	line->iface = key->iface;
	line->max_len = max_len;
	line->gateway = key->gateway;
	err = nexthop_add(t, key, line, id);
	if (err < 0)
		nexthop_line_free(line);
	else
		t->entry[*id].dead = key_has_iface(key) && iface_is_down(t, key->iface);
	return err;
}

/*
 * The line stays in its slot until the id is taken again: a reader that found the id in the FIB
 * just before its route went still forwards by it.
 */
void nexthop_put(struct nexthops *t, uint16_t id)
{
	assert(id > 0 && id < NEXTHOP_MAX && t->entry[id].refs > 0);
	if (--t->entry[id].refs > 0)
		return;
	index_del(t, id);
	if (t->entry[id].members != NULL)
		members_release(t, id);
	idpool_retire(t->ids, id - 1u);
}

struct nexthop_key nexthop_key(const struct nexthops *t, uint16_t id)
{
	assert(id > 0 && id < NEXTHOP_MAX);
	return t->entry[id].key;
}

/* A gateway is known to be of @kind now. */
static void gateway_judge(struct nexthops *t, uint16_t id, enum nexthop_kind kind)
{
	struct nexthop_entry *e = &t->entry[id];
	bool was = e->dead;

	if (kind == NH_RESOLVE) {
		e->dead = e->dead || e->known;
	} else {
		e->dead = kind == NH_FAILED;
		e->known = true;
	}
	if (e->dead != was && e->groups > 0)
		members_settle(t, id);
}

void nexthop_set_iface_up(struct nexthops *t, uint16_t iface, bool up)
{
	uint64_t bit = 1ull << iface % 64;

	if (up == !iface_is_down(t, iface))
		return;
	t->down[iface / 64] ^= bit;
	for (uint16_t id = 1; id <= t->top && !up; id++) {
		struct nexthop_entry *e = &t->entry[id];

		if (e->refs > 0 && e->key.kind == NH_RESOLVE && e->key.iface == iface)
			e->dead = true;
	}
	if (!up)
		members_settle(t, 0);
}

bool nexthop_is_dead(const struct nexthops *t, uint16_t id)
{
	return t->entry[id].dead;
}

int nexthop_resolve(struct nexthops *t, uint16_t iface, struct ip gateway,
                    const struct nexthop *line)
{
	const struct nexthop_key key = {NH_RESOLVE, iface, gateway};
	uint16_t id = index_find(t, &key);
	struct nexthop *new;

	if (id == 0)
		return 0;
	new = nexthop_line_new();
	if (new == NULL)
		return -ENOMEM;
	*new = *line;
	new->rcu = (struct rcu_head){};
	new->iface = iface;
	new->gateway = gateway;
	new->id = id;
	nexthop_publish(t, id, new);
	gateway_judge(t, id, (enum nexthop_kind)line->kind);
	return 0;
}

static bool must_change(const struct nexthops *t, uint16_t id, uint16_t iface, uint16_t max_len)
{
	const struct nexthop_entry *e = &t->entry[id];

	return e->refs > 0 && key_has_iface(&e->key) && e->key.iface == iface &&
	       nexthop_line(t, id)->max_len != max_len;
}

int nexthop_set_max_len(struct nexthops *t, uint16_t iface, uint16_t max_len)
{
	/* All lines are made before the first is published: all change, or none. */
	for (uint16_t id = 1; id < NEXTHOP_MAX; id++) {
		if (!must_change(t, id, iface, max_len))
			continue;
		t->entry[id].line = nexthop_line_new();
		if (t->entry[id].line == NULL)
			goto free_lines;
		*t->entry[id].line = *nexthop_line(t, id);
		t->entry[id].line->max_len = max_len;
	}
	for (uint16_t id = 1; id < NEXTHOP_MAX; id++) {
		if (t->entry[id].line != NULL)
			nexthop_publish(t, id, t->entry[id].line);
		t->entry[id].line = NULL;
	}
	return 0;

free_lines:
	for (uint16_t id = 1; id < NEXTHOP_MAX; id++) {
		free(t->entry[id].line);
		t->entry[id].line = NULL;
	}
	return -ENOMEM;
}
