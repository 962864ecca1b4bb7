/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * idtab: small ids that name immutable objects. A slot is an RCU pointer, so that one store changes
 * what an id means, whatever the number of places that hold the id. Id 0 means "none" and its slot
 * is never set.
 * The agent sets what ids mean and workers follow them with idtab_get(). Which ids are in use is
 * the owner's business, see table/idpool.h.
 */
#ifndef TABLE_IDTAB_H
#define TABLE_IDTAB_H

#include <stdint.h>

#include "base/compiler.h"
#include "base/rcu.h"

struct idtab {
	uint32_t size; /* ids are 1 .. size - 1 */
	RCU_PTR(const void) slot[];
};

/* What @id names now; NULL for 0 and for an id that names nothing. Context: any reader. */
static force_inline const void *idtab_get(struct idtab *t, uint32_t id)
{
	return rcu_get(&t->slot[id]);
}

/**
 * idtab_new - an empty table
 * @out:  set on success; freed with idtab_free(), which does not free the objects
 * @size: ids are 1 .. @size - 1
 *
 * Context: agent. Return: 0 or -ENOMEM.
 */
[[nodiscard]] int idtab_new(struct idtab **out, uint32_t size);
void idtab_free(struct idtab *t);

/* Let @id name @object, NULL: nothing. Return: the old one, for call_rcu(). Context: agent. */
[[nodiscard]] const void *idtab_set(struct idtab *t, uint32_t id, const void *object);

#endif
