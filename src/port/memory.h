/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory: a port whose rings are ordinary memory. Tests and benchmarks are the other end: they take
 * frames from the fill ring, put packets on the rx ring, take them off the tx ring and complete
 * them, with the same rings' other halves. The pcap backend is built on it too.
 *
 * Context: one thread at the other end; it may be another one than the queue's worker.
 */
#ifndef PORT_MEMORY_H
#define PORT_MEMORY_H

#include "port/port.h"

struct memory_config {
	const char *name;
	uint16_t id;
	uint16_t n_queues;
	uint16_t n_tx;      /* of these that can be sent by; 0: all */
	uint16_t tag;       /* of queue 0; queue i has tag + i */
	uint32_t ring_size; /* of each of the four rings, a power of two */
	uint64_t mac;       /* as mac_load() gives it */
	uint32_t mtu;
	bool partial_csum;
};

/* The other halves of one queue's rings: libxdp's verbs work on them. */
struct memory_queue {
	struct xsk_ring_prod rx;
	struct xsk_ring_cons tx;
	struct xsk_ring_cons fill;
	struct xsk_ring_prod comp;
	struct frames *frames;
	uint64_t kicks; /* calls of the port's kick */
	void *memory;   /* of the rings */
};

/**
 * memory_port_open - a port without a device
 * @out: set on success; closed with port_close()
 * @f:   frame memory that its descriptors lie in
 * @cfg: what it pretends to be
 *
 * Return: 0, -EINVAL if a number in @cfg is impossible, -ENOMEM.
 */
[[nodiscard]] int memory_port_open(struct port **out, struct frames *f,
                                   const struct memory_config *cfg);

/* The other end of @queue. */
struct memory_queue *memory_port_queue(struct port *port, uint16_t queue);

/**
 * memory_port_inject - let a packet come in, by copying it into frames of the fill ring
 * @len: of the packet; more than a frame holds makes a chain (XDP_PKT_CONTD)
 *
 * Return: false, with nothing taken, when the fill ring has too few frames or the rx ring no room.
 */
[[nodiscard]] bool memory_port_inject(struct port *port, uint16_t queue, const void *bytes,
                                      uint32_t len);

/**
 * memory_port_take - copy the oldest packet of the tx ring out and complete its frames
 * @buf: room for *@len bytes
 * @len: in: room; out: the packet's length, also when it was longer than the room and cut
 *
 * Return: false when the ring has no whole packet.
 */
[[nodiscard]] bool memory_port_take(struct port *port, uint16_t queue, void *buf, uint32_t *len);

/* Take up to @max frames off the fill ring; they are the caller's. Return: how many. */
uint32_t memory_port_fill_take(struct port *port, uint16_t queue, uint64_t *addr, uint32_t max);

/* Put @n descriptors of own frames on the rx ring. Return: false, with none put, without room. */
[[nodiscard]] bool memory_port_rx_put(struct port *port, uint16_t queue,
                                      const struct xdp_desc *desc, uint32_t n);

/* How many descriptors the tx ring holds, at most @max, without taking them; *idx is the first
 * one's index for memory_port_tx_desc(). */
uint32_t memory_port_tx_peek(struct port *port, uint16_t queue, uint32_t max, uint32_t *idx);
const struct xdp_desc *memory_port_tx_desc(struct port *port, uint16_t queue, uint32_t idx);

/* Take the @n oldest descriptors off the tx ring and complete their frames. */
void memory_port_tx_complete(struct port *port, uint16_t queue, uint32_t n);

/* Raise or clear the need-wakeup flags of the tx and the fill ring. */
void memory_port_want_kick(struct port *port, uint16_t queue, bool tx, bool fill);

#endif
