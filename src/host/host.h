/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host: what the router itself says. Takes the packets addressed to it and the ones that ended in a
 * way that is answered, and leaves its answers in the IPv4 lane, which by then is empty. An answer
 * is made in the frame of what it answers.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "iface/iface.h"
#include "packet/batch.h"

/* Of ICMP errors: @rate a second, and bursts of a tenth of that (RFC 1812 4.3.2.8). */
struct host_limit {
	uint64_t interval_ns; /* between two errors, 0: no limit. Written by the agent, relaxed */
	uint64_t due_ns;      /* when the next one is due; in the past: all of the burst is there */
};

struct host {
	struct host_limit limit;
	uint16_t ip_id;      /* of the next packet */
	uint64_t originated; /* packets made; one writer, the worker */
};

/* Errors a second, 0 for no limit; also while the worker runs. Context: agent. */
void host_set_rate(struct host *h, uint64_t rate);

/**
 * host_stage - answer what is for the router and what asks for an ICMP error
 * @h:      the worker's own
 * @ifaces: snapshot of this loop
 * @now_ns: the time
 * @b:      host and ended lists are read; answered entries are marked PKT_TAKEN. Answers are put in
 *          the IPv4 lane, with a TTL that output lowers to 64
 *
 * RFC 792, RFC 1122 3.2.2, RFC 1812 4.3. Context: worker.
 */
void host_stage(struct host *h, const struct ifaces *ifaces, uint64_t now_ns, struct batch *b);

#endif
