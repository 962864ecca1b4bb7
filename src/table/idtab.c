/* SPDX-License-Identifier: BSD-2-Clause */
#include "table/idtab.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int idtab_new(struct idtab **out, uint32_t size)
{
	struct idtab *t = calloc(1, sizeof(*t) + size * sizeof(t->slot[0]));

	if (t == NULL)
		return -ENOMEM;
	t->next_free = calloc(size, sizeof(*t->next_free));
	if (t->next_free == NULL) {
		free(t);
		return -ENOMEM;
	}
	t->size = size;
	/* Ascending, so that ids stay small and their slots close. */
	for (uint32_t id = 1; id + 1 < size; id++)
		t->next_free[id] = id + 1;
	t->free_head = size > 1 ? 1 : 0;
	*out = t;
	return 0;
}

void idtab_free(struct idtab *t)
{
	if (t == NULL)
		return;
	free(t->next_free);
	free(t);
}

int idtab_add(struct idtab *t, const void *object, uint32_t *id)
{
	uint32_t got = t->free_head;

	if (got == 0)
		return -ENOSPC;
	t->free_head = t->next_free[got];
	t->used++;
	(void)rcu_swap(&t->slot[got], object);
	*id = got;
	return 0;
}

const void *idtab_set(struct idtab *t, uint32_t id, const void *object)
{
	assert(id > 0 && id < t->size);
	return rcu_swap(&t->slot[id], object);
}

const void *idtab_del(struct idtab *t, uint32_t id)
{
	assert(id > 0 && id < t->size);
	t->next_free[id] = t->free_head;
	t->free_head = id;
	t->used--;
	return rcu_swap(&t->slot[id], NULL);
}
