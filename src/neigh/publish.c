/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What workers see of a neighbour: an immutable line under an id of the entry's own, and, unless
 * packets are to wait for it, the way from (interface, address) to that id. Lines are replaced,
 * never changed. An entry keeps its id to its end, and the id is given out again only when no
 * worker can still hold it: the entry itself waits for that grace period with the id and the last
 * line.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "neigh/entry.h"
#include "wire/ether.h"

#define RETRY_NS NS_PER_SEC

static void line_reclaim(struct rcu_head *head)
{
	free(caa_container_of(head, struct nexthop, rcu));
}

/* Let @id name @line; what it named goes when no worker follows it any more. */
static void line_swap(struct neigh_table *t, uint32_t id, const struct nexthop *line)
{
	struct nexthop *old = (struct nexthop *)idtab_set(t->reader.lines, id, line);

	if (old != NULL)
		call_rcu(&old->rcu, line_reclaim);
}

static enum nexthop_kind line_kind(enum neigh_state state)
{
	switch (state) {
	case NEIGH_REACHABLE:
	case NEIGH_DELAY:
	case NEIGH_PROBE:
	case NEIGH_STATIC:
		return NH_FORWARD;
	case NEIGH_STALE:
		return NH_STALE;
	case NEIGH_FAILED:
		return NH_FAILED;
	case NEIGH_INCOMPLETE:
		break;
	}
	return NH_RESOLVE;
}

/* The line of @kind for @n. @f is its interface, NULL if that is down: nobody is known there. */
static void line_write(struct nexthop *line, const struct neigh *n, const struct iface *f,
                       enum nexthop_kind kind)
{
	memset(line, 0, sizeof(*line));
	line->kind = NH_RESOLVE;
	line->iface = n->key.iface;
	line->gateway = n->key.ip;
	line->id = n->id;
	if (f == NULL) {
		line->max_len = n->line != NULL ? n->line->max_len : 0;
		return;
	}
	line->kind = (uint8_t)kind;
	line->max_len = nexthop_max_len(f->mtu);
	if (kind != NH_FORWARD && kind != NH_STALE)
		return;
	line->header_len = f->kind == IFACE_PORT ? ETHER_LEN : 0;
	mac_store(line->header, n->mac);
	mac_store(line->header + 6, f->mac);
	store16(line->header + 12, ip_is4(n->key.ip) ? ETHERTYPE_IP4 : ETHERTYPE_IP6);
}

static bool line_is(const struct nexthop *a, const struct nexthop *b)
{
	return a->kind == b->kind && a->max_len == b->max_len && a->header_len == b->header_len &&
	       memcmp(a->header, b->header, sizeof(a->header)) == 0;
}

static void retry_later(struct neigh_table *t, struct neigh *n)
{
	n->retry = true;
	t->retry_ns = 0; /* the next tick says when */
}

static void gateway_tell(struct neigh_table *t, struct neigh *n, const struct nexthop *line)
{
	n->announced = true;
	if (nexthop_resolve(t->nexthops, line->iface, line->gateway, line) < 0)
		retry_later(t, n); /* the old line stays in force */
	else
		n->announced = line->kind != NH_RESOLVE;
}

/* Let workers find @n by its address. Return: 0 or -ENOSPC. */
static int list(struct neigh_table *t, const struct neigh *n)
{
	uint64_t word[3];

	neigh_key_words(n->key, word);
	return exact_insert(ip_is4(n->key.ip) ? t->exact : t->exact6, word, n->id);
}

static void unlist(struct neigh_table *t, const struct neigh *n)
{
	uint64_t word[3];

	neigh_key_words(n->key, word);
	exact_remove(ip_is4(n->key.ip) ? t->exact : t->exact6, word, NULL);
}

static void withdraw(struct neigh_table *t, struct neigh *n, const struct nexthop *line)
{
	if (n->listed)
		unlist(t, n);
	n->listed = false;
	if (n->announced)
		gateway_tell(t, n, line);
}

/* Give @n's id, taken now if it has none, a copy of @line. Return: 0, -ENOMEM or -ENOSPC. */
static int line_set(struct neigh_table *t, struct neigh *n, const struct nexthop *line)
{
	struct nexthop *copy = aligned_alloc(CACHE_LINE, sizeof(*copy));
	uint32_t slot;
	int err;

	if (copy == NULL)
		return -ENOMEM;
	if (n->id == 0) {
		err = idpool_get(t->ids, &slot);
		if (err < 0) {
			free(copy);
			return err;
		}
		n->id = slot + 1; /* the pool counts from 0, ids from 1 */
	}
	*copy = *line;
	copy->id = n->id;
	line_swap(t, n->id, copy);
	n->line = copy;
	return 0;
}

bool neigh_publish(struct neigh_table *t, struct neigh *n)
{
	struct nexthop line;
	bool tell = n->retry || !n->listed;

	n->retry = false;
	line_write(&line, n, neigh_iface(t, n->key), line_kind(n->state));
	if (line.kind == NH_RESOLVE) {
		withdraw(t, n, &line);
		return false;
	}
	if (n->line == NULL || !line_is(n->line, &line)) {
		tell = true;
		if (line_set(t, n, &line) < 0)
			goto no_memory;
	}
	if (!n->listed && list(t, n) < 0)
		goto no_memory;
	n->listed = true;
	if (tell)
		neigh_publish_gateway(t, n);
	return line.kind != NH_FAILED;

no_memory:
	/* Better none than an old one: packets come to the agent meanwhile. */
	line.kind = NH_RESOLVE;
	withdraw(t, n, &line);
	retry_later(t, n);
	return false;
}

void neigh_publish_gateway(struct neigh_table *t, struct neigh *n)
{
	if (n->listed)
		gateway_tell(t, n, n->line);
}

void neigh_publish_retire(struct neigh_table *t, struct neigh *n)
{
	struct nexthop line;

	line_write(&line, n, neigh_iface(t, n->key), NH_RESOLVE);
	withdraw(t, n, &line);
	if (n->id != 0) {
		line_swap(t, n->id, NULL); /* to a worker that has the id it is not there */
		idpool_retire(t->ids, n->id - 1);
	}
	n->id = 0;
	n->line = NULL;
}

void neigh_publish_retry(struct neigh_table *t, uint64_t now_ns)
{
	if (t->retry_ns > now_ns)
		return;
	if (t->retry_ns == 0) {
		t->retry_ns = now_ns + RETRY_NS;
		return;
	}
	t->retry_ns = UINT64_MAX; /* what fails again sets it to 0 */
	for (struct neigh *n = neigh_index_from(t, (struct neigh_key){0}); n != NULL;
	     n = n->next[0]) {
		if (n->retry)
			neigh_publish(t, n);
	}
	if (t->retry_ns == 0)
		t->retry_ns = now_ns + RETRY_NS;
}

int neigh_publish_init(struct neigh_table *t)
{
	/* Twice, so that ids that wait for their grace period are not missed. */
	uint32_t ids = 2 * t->limits.entries;
	int err;

	err = idtab_new(&t->reader.lines, ids + 1);
	if (err < 0)
		return err;
	err = idpool_new(&t->ids, ids);
	if (err < 0)
		goto free_lines;
	err = exact_new(&t->exact, 1, t->limits.entries);
	if (err < 0)
		goto free_ids;
	err = exact_new(&t->exact6, 3, t->limits.entries);
	if (err < 0)
		goto free_exact;
	(void)rcu_swap(&t->reader.table, t->exact);
	(void)rcu_swap(&t->reader.table6, t->exact6);
	return 0;

free_exact:
	exact_free(t->exact);
free_ids:
	idpool_free(t->ids);
free_lines:
	idtab_free(t->reader.lines);
	return err;
}

void neigh_publish_fini(struct neigh_table *t)
{
	exact_free(t->exact);
	exact_free(t->exact6);
	idpool_free(t->ids);
	idtab_free(t->reader.lines);
}
