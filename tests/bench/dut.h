/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dut: the device under test, a pipeline between memory ports, one to receive by and two to send
 * by, with everything around it that a worker has, and the NIC's part of the work apart. The only
 * file here that knows the pipeline's and the ports' insides.
 */
#ifndef BENCH_DUT_H
#define BENCH_DUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workload.h"

struct dut;

/* What dut_tx() hands out a transmitted frame by, and the way it took. */
typedef void dut_seen(void *ctx, enum workload_way way, const uint8_t *frame, uint32_t len);

struct dut_config {
	const struct workload *workload;
	uint32_t chunk;   /* bytes a frame's chunk: 2048 or 4096 */
	uint32_t frames;  /* chunks */
	uint32_t ring;    /* entries of each ring, a power of two */
	uint32_t workers; /* 1 or 2, of which each has a queue of each port; 0 is 1 */
	bool handover;    /* but ports to send by have one queue, port 1 the last worker's */
};

/* The next hops behind both ports have one MAC; frames leave with these. Behind the first port
 * there may be more: the last byte of the i-th one's MAC is DUT_NEXTHOP_BYTE + i. */
#define DUT_NEXTHOPS     32
#define DUT_NEXTHOP_BYTE 0xbb
#define DUT_NEXTHOP_MAC                            \
	{                                          \
		0x02, 0, 0, 0, 0, DUT_NEXTHOP_BYTE \
	}
#define DUT_EGRESS_MAC                 \
	{                              \
		0x02, 0, 0, 0, 0, 0x02 \
	}

/* Return: 0 or -errno. */
[[nodiscard]] int dut_open(struct dut **out, const struct dut_config *cfg);
void dut_close(struct dut *d);

/* All below of one worker and its queues, which are those of the calling thread; what is without
 * _at is the first one's. The thread has told RCU that it is there. */
uint32_t dut_rx_at(struct dut *d, uint32_t w, size_t at, uint32_t n);
uint32_t dut_run_at(struct dut *d, uint32_t w);
uint32_t dut_tx_at(struct dut *d, uint32_t w, dut_seen *seen, void *ctx);

/* Packets that are on their way from one worker to another. Context: any thread. */
uint64_t dut_handed(const struct dut *d);

/* The NIC receives the @n frames from number @at of the workload on, wrapping, into frames of the
 * fill ring. Return: how many it had frames and room for. */
uint32_t dut_rx(struct dut *d, size_t at, uint32_t n);

/* What a worker does for one batch: take completions back, refill, pipeline. This is what is
 * timed. Return: packets received. */
uint32_t dut_run(struct dut *d);

/* The NIC sends what is in the transmit ring and completes it. Return: how many frames. */
uint32_t dut_tx(struct dut *d, dut_seen *seen, void *ctx);

/* The agent's part, in any one thread while another runs the worker: let a route of the workload
 * have the next hop that @to says, or take it out. Return: 0 or -errno. */
[[nodiscard]] int dut_route_set(struct dut *d, const struct workload_route *to);
[[nodiscard]] int dut_route_remove(struct dut *d, const struct workload_route *to);

/* Is every frame where it can be accounted for? Asked when all that was received is sent. */
bool dut_balanced(const struct dut *d);

/* The most frequent end of received packets that were not sent, and how many; NULL if none. */
const char *dut_drop(const struct dut *d, uint64_t *n);

#endif
