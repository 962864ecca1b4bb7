/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nexthop_table: the next hops' own structures, private to route/: nexthop.c has next hops,
 * members.c the groups of them. All of it belongs to the agent; workers see the lines.
 */
#ifndef ROUTE_NEXTHOP_TABLE_H
#define ROUTE_NEXTHOP_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "iface/iface.h"
#include "route/nexthop.h"
#include "route/spread.h"
#include "table/idpool.h"

#define NEXTHOP_HASH NEXTHOP_MAX /* buckets of the index by key */

/* What a group is made of. */
struct members {
	uint16_t id[NEXTHOP_MEMBERS]; /* by interface and gateway; a reference each */
	struct spread spread;
	bool behind; /* its line is older than its spread, for want of memory */
};

struct nexthop_entry {
	struct nexthop_key key;
	uint32_t refs;           /* 0: the id is free, or waits for a grace period */
	uint16_t next;           /* in the bucket; 0 ends it */
	bool known;              /* of a gateway: it was told what it is */
	bool dead;               /* of a gateway: it was known, and does not answer any more */
	uint32_t groups;         /* that it is a member of */
	struct nexthop *line;    /* prepared, not yet published: see nexthop_set_max_len() */
	struct members *members; /* of a group */
};

struct nexthops {
	struct idtab *lines;
	struct idpool *ids;
	uint64_t down[IFACE_MAX / 64]; /* a bit for each interface */
	uint32_t n_groups;
	uint16_t top; /* no id beyond this one was ever taken */
	uint16_t bucket[NEXTHOP_HASH];
	struct nexthop_entry entry[NEXTHOP_MAX];
};

static inline const struct nexthop *nexthop_line(const struct nexthops *t, uint16_t id)
{
	return idtab_get(t->lines, id);
}

/* The first id in the bucket of @key. */
uint16_t nexthop_bucket(const struct nexthops *t, const struct nexthop_key *key);
bool nexthop_key_equal(const struct nexthop_key *a, const struct nexthop_key *b);

/* An id of @key with one reference that means @line, which is taken over. Return: 0, -ENOSPC. */
[[nodiscard]] int nexthop_add(struct nexthops *t, const struct nexthop_key *key,
                              struct nexthop *line, uint16_t *id);

/* A zeroed line, NULL without memory. */
struct nexthop *nexthop_line_new(void);
void nexthop_line_free(struct nexthop *line);

/* Let @id mean @line, and free what it meant once no reader follows that any more. */
void nexthop_publish(struct nexthops *t, uint16_t id, const struct nexthop *line);

/* Settle the groups that @member is in, 0: all, and publish those that changed. What memory is too
 * short for is left to nexthop_groups_retry(). */
void members_settle(struct nexthops *t, uint16_t member);

/* Group @id has lost its last reference: give back its members'. */
void members_release(struct nexthops *t, uint16_t id);

#endif
