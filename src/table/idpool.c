/* SPDX-License-Identifier: BSD-2-Clause */
#include "table/idpool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/rcu.h"

#define NONE UINT32_MAX

/* Threaded through next[]; the tail lets a whole list be hung on another at once. */
struct idlist {
	uint32_t head;
	uint32_t tail;
};

struct idpool {
	uint32_t size;
	uint32_t used;
	uint32_t fresh; /* from here on never used */
	struct idlist free;
	struct idlist ripening; /* free when the call under way ends */
	struct idlist waiting;  /* retired since that call was made */
	bool calling;
	bool called; /* set by the callback: the call has ended */
	struct rcu_head rcu;
	uint32_t next[];
};

static const struct idlist empty = {NONE, NONE};

static void list_push(struct idpool *p, struct idlist *l, uint32_t id)
{
	p->next[id] = l->head;
	l->head = id;
	if (l->tail == NONE)
		l->tail = id;
}

/* Hang @from before @to, and empty it. */
static void list_splice(struct idpool *p, struct idlist *to, struct idlist *from)
{
	if (from->head == NONE)
		return;
	p->next[from->tail] = to->head;
	if (to->tail == NONE)
		to->tail = from->tail;
	to->head = from->head;
	*from = empty;
}

static void pool_called(struct rcu_head *head)
{
	struct idpool *p = caa_container_of(head, struct idpool, rcu);

	__atomic_store_n(&p->called, true, __ATOMIC_RELEASE);
}

/* Take up what a call that ended has freed, and make the next call if something waits for it. */
static void pool_turn(struct idpool *p)
{
	if (p->calling && __atomic_load_n(&p->called, __ATOMIC_ACQUIRE)) {
		p->calling = false;
		list_splice(p, &p->free, &p->ripening);
	}
	if (p->calling || p->waiting.head == NONE)
		return;
	list_splice(p, &p->ripening, &p->waiting);
	p->calling = true;
	__atomic_store_n(&p->called, false, __ATOMIC_RELAXED);
	call_rcu(&p->rcu, pool_called);
}

int idpool_new(struct idpool **out, uint32_t size)
{
	struct idpool *p = calloc(1, sizeof(*p) + size * sizeof(p->next[0]));

	if (p == NULL)
		return -ENOMEM;
	p->size = size;
	p->free = empty;
	p->ripening = empty;
	p->waiting = empty;
	*out = p;
	return 0;
}

void idpool_free(struct idpool *p)
{
	if (p == NULL)
		return;
	/*
	 * A table that goes by call_rcu() itself comes here in that thread, which may not wait for
	 * itself, and need not: it runs the calls in order.
	 */
	if (p->calling && !__atomic_load_n(&p->called, __ATOMIC_ACQUIRE))
		rcu_barrier();
	free(p);
}

int idpool_get(struct idpool *p, uint32_t *id)
{
	pool_turn(p);
	if (p->free.head == NONE && p->fresh == p->size) {
		if (p->ripening.head == NONE && p->waiting.head == NONE)
			return -ENOSPC;
		synchronize_rcu();
		list_splice(p, &p->free, &p->ripening);
		list_splice(p, &p->free, &p->waiting);
	}
	if (p->free.head == NONE) {
		*id = p->fresh++;
	} else {
		*id = p->free.head;
		p->free.head = p->next[*id];
		if (p->free.head == NONE)
			p->free = empty;
	}
	p->used++;
	return 0;
}

void idpool_put(struct idpool *p, uint32_t id)
{
	list_push(p, &p->free, id);
	p->used--;
}

void idpool_retire(struct idpool *p, uint32_t id)
{
	list_push(p, &p->waiting, id);
	p->used--;
	pool_turn(p);
}

uint32_t idpool_used(const struct idpool *p)
{
	return p->used;
}
