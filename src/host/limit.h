/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limit: how many errors the whole daemon sends (RFC 1812 4.3.2.8): a rate, and bursts of a tenth
 * of a second's worth. One for all workers, in the agent's hands; each takes from it what it sends.
 */
#ifndef HOST_LIMIT_H
#define HOST_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: no limit. Both words are relaxed: they order nothing but themselves. */
struct host_limit {
	uint64_t interval_ns; /* between two errors, 0: no limit. Written by the agent */
	uint64_t due_ns;      /* when the next one is due; in the past: all of the burst is there */
};

/* Errors a second, 0 for no limit; also while workers run. Context: agent. */
void host_limit_set(struct host_limit *l, uint64_t rate);

/**
 * host_limit_pass - may one more error be sent now?
 * @l:      shared; an error that may be sent is taken from it
 * @now_ns: the time; workers' may differ by a loop
 *
 * Context: any worker. Return: false when the limit holds it back.
 */
[[nodiscard]] bool host_limit_pass(struct host_limit *l, uint64_t now_ns);

#endif
