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
#include "table/idpool.h"

#define N_BUCKETS NEXTHOP_MAX

struct entry {
	struct nexthop_key key;
	uint32_t refs;        /* 0: the id is free, or waits for a grace period */
	uint16_t next;        /* in the bucket; 0 ends it */
	struct nexthop *line; /* prepared, not yet published: see nexthop_set_max_len() */
};

struct nexthops {
	struct idtab *lines;
	struct idpool *ids;
	uint16_t bucket[N_BUCKETS];
	struct entry entry[NEXTHOP_MAX];
};

static uint32_t key_bucket(const struct nexthop_key *k)
{
	uint64_t h = (uint64_t)k->gateway << 24 ^ (uint64_t)k->iface << 8 ^ (uint64_t)k->kind;

	return (uint32_t)((h * 0x9e3779b97f4a7c15ull) >> 40) % N_BUCKETS;
}

static bool key_equal(const struct nexthop_key *a, const struct nexthop_key *b)
{
	return a->kind == b->kind && a->iface == b->iface && a->gateway == b->gateway;
}

/* Does the key name an interface? Elsewhere its iface is 0 and means nothing. */
static bool key_has_iface(const struct nexthop_key *k)
{
	return k->kind == NH_RESOLVE || k->kind == NH_CONNECTED || k->kind == NH_BROADCAST;
}

static uint16_t index_find(const struct nexthops *t, const struct nexthop_key *key)
{
	uint16_t id = t->bucket[key_bucket(key)];

	while (id != 0 && !key_equal(&t->entry[id].key, key))
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

static struct nexthop *line_new(void)
{
	struct nexthop *line = aligned_alloc(CACHE_LINE, sizeof(*line));

	if (line != NULL)
		*line = (struct nexthop){};
	return line;
}

static void line_reclaim(struct rcu_head *head)
{
	free(caa_container_of(head, struct nexthop, rcu));
}

/* Let @id mean @line, and free what it meant once no reader follows that any more. */
static void line_publish(struct nexthops *t, uint16_t id, const struct nexthop *line)
{
	struct nexthop *old = (struct nexthop *)idtab_set(t->lines, id, line);

	if (old != NULL)
		call_rcu(&old->rcu, line_reclaim);
}

static const struct nexthop *line_of(const struct nexthops *t, uint16_t id)
{
	return idtab_get(t->lines, id);
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
	for (uint32_t id = 1; id < NEXTHOP_MAX; id++)
		free((void *)line_of(t, (uint16_t)id));
	idtab_free(t->lines);
	free(t);
}

struct idtab *nexthops_idtab(struct nexthops *t)
{
	return t->lines;
}

int nexthop_get(struct nexthops *t, const struct nexthop_key *key, uint16_t max_len, uint16_t *id)
{
	uint16_t known = index_find(t, key);
	struct nexthop *line;
	struct entry *e;
	uint32_t slot;
	int err;

	if (known != 0) {
		t->entry[known].refs++;
		*id = known;
		return 0;
	}
	line = line_new();
	if (line == NULL)
		return -ENOMEM;
	err = idpool_get(t->ids, &slot);
	if (err < 0) {
		free(line);
		return err;
	}
	line->kind = (uint8_t)key->kind;
	line->iface = key->iface;
	line->max_len = max_len;
	line->gateway = key->gateway;
	line->id = slot + 1;
	*id = (uint16_t)line->id;
	e = &t->entry[*id];
	*e = (struct entry){.key = *key, .refs = 1};
	index_add(t, *id);
	line_publish(t, *id, line);
	return 0;
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
	idpool_retire(t->ids, id - 1u);
}

struct nexthop_key nexthop_key(const struct nexthops *t, uint16_t id)
{
	assert(id > 0 && id < NEXTHOP_MAX);
	return t->entry[id].key;
}

int nexthop_resolve(struct nexthops *t, uint16_t iface, uint32_t gateway,
                    const struct nexthop *line)
{
	const struct nexthop_key key = {NH_RESOLVE, iface, gateway};
	uint16_t id = index_find(t, &key);
	struct nexthop *new;

	if (id == 0)
		return 0;
	new = line_new();
	if (new == NULL)
		return -ENOMEM;
	*new = *line;
	new->rcu = (struct rcu_head){};
	new->iface = iface;
	new->gateway = gateway;
	new->id = id;
	line_publish(t, id, new);
	return 0;
}

static bool must_change(const struct nexthops *t, uint16_t id, uint16_t iface, uint16_t max_len)
{
	const struct entry *e = &t->entry[id];

	return e->refs > 0 && key_has_iface(&e->key) && e->key.iface == iface &&
	       line_of(t, id)->max_len != max_len;
}

int nexthop_set_max_len(struct nexthops *t, uint16_t iface, uint16_t max_len)
{
	/* All lines are made before the first is published: all change, or none. */
	for (uint16_t id = 1; id < NEXTHOP_MAX; id++) {
		if (!must_change(t, id, iface, max_len))
			continue;
		t->entry[id].line = line_new();
		if (t->entry[id].line == NULL)
			goto free_lines;
		*t->entry[id].line = *line_of(t, id);
		t->entry[id].line->max_len = max_len;
	}
	for (uint16_t id = 1; id < NEXTHOP_MAX; id++) {
		if (t->entry[id].line != NULL)
			line_publish(t, id, t->entry[id].line);
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
