/* SPDX-License-Identifier: BSD-2-Clause */
#include "table/lines.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/rcu.h"
#include "table/pages.h"

struct run {
	uint32_t line, n;
};

struct runs {
	struct run *run;
	size_t n, room;
};

struct lines {
	char *base;
	uint32_t size, reserve;
	uint32_t fresh;                   /* from here on never used */
	uint32_t used;                    /* taken */
	uint32_t idle;                    /* in the lists below */
	uint32_t free[LINES_RUN_MAX + 1]; /* by length, threaded through the runs; 0: none */
	struct runs ripening;             /* free when the call under way ends */
	struct runs waiting;              /* retired since that call was made */
	bool calling;
	bool called; /* set by the callback: the call has ended */
	struct rcu_head rcu;
};

static uint32_t *next_of(const struct lines *l, uint32_t line)
{
	return (uint32_t *)(void *)(l->base + (size_t)line * CACHE_LINE);
}

static void list_push(struct lines *l, uint32_t line, uint32_t n)
{
	*next_of(l, line) = l->free[n];
	l->free[n] = line;
	l->idle += n;
}

static uint32_t list_pop(struct lines *l, uint32_t n)
{
	uint32_t line = l->free[n];

	l->free[n] = *next_of(l, line);
	l->idle -= n;
	return line;
}

static void runs_release(struct lines *l, struct runs *r)
{
	for (size_t i = 0; i < r->n; i++)
		list_push(l, r->run[i].line, r->run[i].n);
	r->n = 0;
}

static void lines_called(struct rcu_head *head)
{
	struct lines *l = caa_container_of(head, struct lines, rcu);

	__atomic_store_n(&l->called, true, __ATOMIC_RELEASE);
}

/* Take up what a call that ended has freed, and make the next call if something waits for it. */
static void lines_turn(struct lines *l)
{
	struct runs t;

	if (l->calling && __atomic_load_n(&l->called, __ATOMIC_ACQUIRE)) {
		l->calling = false;
		runs_release(l, &l->ripening);
	}
	if (l->calling || l->waiting.n == 0)
		return;
	t = l->ripening;
	l->ripening = l->waiting;
	l->waiting = t;
	l->calling = true;
	__atomic_store_n(&l->called, false, __ATOMIC_RELAXED);
	call_rcu(&l->rcu, lines_called);
}

int lines_new(struct lines **out, uint32_t size, uint32_t reserve)
{
	struct lines *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return -ENOMEM;
	l->base = pages_map((size_t)size * CACHE_LINE, 0);
	if (l->base == NULL) {
		free(l);
		return -ENOMEM;
	}
	l->size = size;
	l->reserve = reserve;
	l->fresh = 1;
	*out = l;
	return 0;
}

void lines_free(struct lines *l)
{
	if (l == NULL)
		return;
	if (l->calling && !__atomic_load_n(&l->called, __ATOMIC_ACQUIRE))
		rcu_barrier();
	pages_unmap(l->base, (size_t)l->size * CACHE_LINE);
	free(l->ripening.run);
	free(l->waiting.run);
	free(l);
}

void *lines_base(const struct lines *l)
{
	return l->base;
}

/* The front of a longer run; the rest stays free. Return: 0 if there is none. */
static uint32_t cut(struct lines *l, uint32_t n)
{
	for (uint32_t m = n + 1; m <= LINES_RUN_MAX; m++) {
		uint32_t line;

		if (l->free[m] == 0)
			continue;
		line = list_pop(l, m);
		list_push(l, line + n, m - n);
		return line;
	}
	return 0;
}

/* Return: 0 if there is none. */
static uint32_t take(struct lines *l, uint32_t n, uint32_t limit)
{
	uint32_t line = 0;

	if (l->free[n] != 0)
		return list_pop(l, n);
	/* Longer runs lie idle where what is stored has changed its kind: better cut them up. */
	if (l->idle > l->fresh / 8)
		line = cut(l, n);
	if (line == 0 && l->fresh + n <= limit) {
		line = l->fresh;
		l->fresh += n;
	}
	return line != 0 ? line : cut(l, n);
}

int lines_get(struct lines *l, uint32_t n, bool last, uint32_t *line)
{
	uint32_t limit = last ? l->size : l->size - l->reserve;
	uint32_t got;

	assert(n > 0 && n <= LINES_RUN_MAX);
	lines_turn(l);
	got = take(l, n, limit);
	if (got == 0 && l->ripening.n + l->waiting.n > 0) {
		synchronize_rcu();
		runs_release(l, &l->ripening);
		runs_release(l, &l->waiting);
		got = take(l, n, limit);
	}
	if (got == 0)
		return -ENOSPC;
	l->used += n;
	*line = got;
	return 0;
}

void lines_put(struct lines *l, uint32_t line, uint32_t n)
{
	list_push(l, line, n);
	l->used -= n;
}

/* Return: false if there is no memory. */
static bool runs_grow(struct runs *r)
{
	size_t room = r->room * 2 + 256;
	struct run *run = realloc(r->run, room * sizeof(*run));

	if (run == NULL)
		return false;
	r->run = run;
	r->room = room;
	return true;
}

void lines_retire(struct lines *l, uint32_t line, uint32_t n)
{
	struct runs *w = &l->waiting;

	if (w->n == w->room && !runs_grow(w)) {
		synchronize_rcu();
		lines_put(l, line, n);
		return;
	}
	w->run[w->n++] = (struct run){line, n};
	l->used -= n;
	lines_turn(l);
}

uint32_t lines_used(const struct lines *l)
{
	return l->used;
}

size_t lines_bytes(const struct lines *l)
{
	return (size_t)l->fresh * CACHE_LINE +
	       (l->ripening.room + l->waiting.room) * sizeof(struct run);
}
