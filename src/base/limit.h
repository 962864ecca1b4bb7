/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limit: how many of something may pass in a second, with bursts of a tenth of a second's worth.
 * One for all workers, set by the agent; each takes from it what it lets pass. What the daemon
 * sends of errors (RFC 1812 4.3.2.8) goes by one, and what a bridge's port floods.
 */
#ifndef BASE_LIMIT_H
#define BASE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: no limit. Both words are relaxed: they order nothing but themselves. */
struct limit {
	uint64_t interval_ns; /* between two, 0: no limit. Written by the agent */
	uint64_t due_ns;      /* when the next one is due; in the past: all of the burst is there */
};

/* So many a second, 0 for no limit; also while workers run. Context: agent. */
void limit_set(struct limit *l, uint64_t rate);

/**
 * limit_pass - may one more pass now?
 * @l:      shared; what may pass is taken from it
 * @now_ns: the time; workers' may differ by a loop
 *
 * Context: any worker. Return: false when the limit holds it back.
 */
[[nodiscard]] bool limit_pass(struct limit *l, uint64_t now_ns);

#endif
