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
	t->size = size;
	*out = t;
	return 0;
}

void idtab_free(struct idtab *t)
{
	free(t);
}

const void *idtab_set(struct idtab *t, uint32_t id, const void *object)
{
	assert(id > 0 && id < t->size);
	return rcu_swap(&t->slot[id], object);
}
