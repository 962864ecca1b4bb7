/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * churn: a table of a million routes of which a fifth changes, a thread in the agent's role that
 * changes them, and what may become of a packet meanwhile.
 *
 * Of ten prefixes one goes back and forth between two next hops, one comes and goes, and the others
 * stay. So the next hops that a destination may have are known: those of the longest prefix that
 * covers it, and where that may be missing, those of the next shorter one as well.
 */
#ifndef BENCH_CHURN_H
#define BENCH_CHURN_H

#include <pthread.h>
#include <stdbool.h>

#include "dut.h"
#include "prefixes.h"

#define CHURN_FRAMES 500000

struct churn {
	struct prefixes prefixes;
	uint8_t *nh;        /* of each prefix now; CHURN_ABSENT: it is not there */
	uint32_t *changing; /* numbers of the prefixes that change */
	size_t n_changing;
	struct workload workload;
	uint32_t *allowed; /* of each frame: a bit a next hop */
	struct dut *dut;
	uint64_t rate;    /* changes a second */
	int64_t cpu;      /* where they are made; -1: anywhere */
	bool on, stop;    /* atomic: what the thread is to do */
	uint64_t changes; /* made so far; atomic */
	int err;          /* of the thread, once it has ended */
	pthread_t thread;
};

#define CHURN_ABSENT 0xff

/* Return: 0 or a negative errno; the table is that of file @path, NULL: made up. */
[[nodiscard]] int churn_init(struct churn *c, const char *path);
void churn_fini(struct churn *c);

/* Start and end the thread; between them it makes changes while @on is set. */
[[nodiscard]] int churn_start(struct churn *c);
[[nodiscard]] int churn_stop(struct churn *c);

/* May frame @i go to next hop @nh? */
static inline bool churn_allows(const struct churn *c, size_t i, uint8_t nh)
{
	return nh < DUT_NEXTHOPS && c->allowed[i] >> nh & 1;
}

/* From here on only the next hops are allowed that the prefixes have now. The thread has ended. */
void churn_settle(struct churn *c);

#endif
