/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many neighbours that nobody knows are asked for (RFC 6583 6.2, 7.2). A scan of a /64 finds no
 * end of them: it must flood neither the link with questions, nor the table so fast that who lives
 * is pushed out before it can answer. So there are so many questions a second, and what comes from
 * one subnet, as a scan does, has an eighth of them: others still find whom they look for. Known
 * neighbours are asked after without regard to this.
 */
#include "neigh/entry.h"

#define SHARES 8 /* the part of one subnet is one of these */

/* @due: when the last one taken would have been asked for at an even pace, a second ahead at most.
 */
static bool budget_has(uint64_t due, uint64_t now_ns)
{
	return due < now_ns + NS_PER_SEC;
}

static void budget_spend(uint64_t *due, uint32_t rate, uint64_t now_ns)
{
	*due = (*due > now_ns ? *due : now_ns) + NS_PER_SEC / (rate > 0 ? rate : 1);
}

bool neigh_budget_take(struct neigh_table *t, uint32_t subnet, uint64_t now_ns)
{
	uint64_t *part_due = &t->part_due[subnet * t->multiplier >> 32 & (NEIGH_PARTS - 1)];

	if (t->limits.asked == 0)
		return true;
	if (!budget_has(t->all_due, now_ns) || !budget_has(*part_due, now_ns)) {
		t->stats.limit_asked++;
		return false;
	}
	budget_spend(&t->all_due, t->limits.asked, now_ns);
	budget_spend(part_due, t->limits.asked / SHARES, now_ns);
	return true;
}
