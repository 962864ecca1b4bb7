/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * idtab: small ids that name immutable objects. A slot is an RCU pointer, so that one store changes
 * what an id means, whatever the number of places that hold the id. Id 0 means "none" and its slot
 * is never set.
 * The agent allocates, sets and frees ids; workers follow them with idtab_get().
 */
#ifndef TABLE_IDTAB_H
#define TABLE_IDTAB_H

#include <stdint.h>

#include "base/compiler.h"
#include "base/rcu.h"

struct idtab {
	uint32_t size; /* ids are 1 .. size - 1 */
	uint32_t used;
	uint32_t *next_free; /* agent's free list, threaded through the ids */
	uint32_t free_head;
	RCU_PTR(const void) slot[];
};

/* What @id names now; NULL for 0 and for an id that was freed. Context: any reader. */
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

/* Take a free id and let it name @object. Return: 0 and *id, or -ENOSPC. Context: agent. */
[[nodiscard]] int idtab_add(struct idtab *t, const void *object, uint32_t *id);

/* Let @id name @object. Return: the old one, for call_rcu(). Context: agent. */
[[nodiscard]] const void *idtab_set(struct idtab *t, uint32_t id, const void *object);

/*
 * Free @id. Return: its object, for call_rcu(). Readers may still hold the id itself until the next
 * grace period, so the caller frees ids only after what leads to them is gone for that long, or
 * accepts that such a reader finds NULL or the id's next object. Context: agent.
 */
[[nodiscard]] const void *idtab_del(struct idtab *t, uint32_t id);

#endif
