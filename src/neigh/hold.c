/* SPDX-License-Identifier: BSD-2-Clause */
/* The packets that wait for an answer: few a neighbour, and bounded in all, since each is a frame
 * that the ports lack. */
#include <assert.h>
#include <string.h>

#include "neigh/entry.h"

/* Take what @n holds out of it, before anything outside hears of it. Return: how many. */
static unsigned int hold_take(struct neigh_table *t, struct neigh *n, struct neigh_held *held)
{
	unsigned int count = n->n_held;

	if (count == 0)
		return 0;
	memcpy(held, n->held, count * sizeof(*held));
	cds_list_del(&n->by_hold);
	t->stats.held -= count;
	n->n_held = 0;
	return count;
}

static void hold_drop_oldest(struct neigh_table *t, struct neigh *n)
{
	struct neigh_held oldest = n->held[0];

	n->n_held--;
	t->stats.held--;
	memmove(n->held, n->held + 1, n->n_held * sizeof(n->held[0]));
	if (n->n_held == 0)
		cds_list_del(&n->by_hold);
	t->ops.drop(t->ctx, &oldest, DROP_NEIGH_QUEUE);
}

void neigh_hold(struct neigh_table *t, struct neigh *n, const struct neigh_held *h)
{
	if (n->n_held == NEIGH_HELD) {
		hold_drop_oldest(t, n);
	} else if (t->stats.held >= t->limits.held) {
		t->stats.limit_held++;
		/* What has waited longest has the least hope: hosts that live answer at once. */
		if (!cds_list_empty(&t->holding))
			hold_drop_oldest(t,
			                 cds_list_first_entry(&t->holding, struct neigh, by_hold));
	}
	if (t->limits.held == 0) {
		t->ops.drop(t->ctx, h, DROP_NEIGH_QUEUE);
		return;
	}
	if (n->n_held == 0)
		cds_list_add_tail(&n->by_hold, &t->holding);
	n->held[n->n_held++] = *h;
	t->stats.held++;
}

void neigh_hold_resume(struct neigh_table *t, struct neigh *n)
{
	struct neigh_held held[NEIGH_HELD];
	unsigned int count = hold_take(t, n, held);

	for (unsigned int i = 0; i < count; i++)
		t->ops.resume(t->ctx, &held[i]);
}

void neigh_hold_drop(struct neigh_table *t, struct neigh *n, enum verdict v)
{
	struct neigh_held held[NEIGH_HELD];
	unsigned int count = hold_take(t, n, held);

	for (unsigned int i = 0; i < count; i++)
		t->ops.drop(t->ctx, &held[i], v);
}
