/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * port: a NIC (or what stands in for one) bound to the frame memory; port_queue: one of its queues,
 * four rings of libxdp's kind owned by one worker. The verbs below move frames between the rings
 * and the worker and are the same for every backend: with xsk the kernel is at the rings' other
 * end, with memory a test or benchmark, with pcap a file. A backend differs in what a kick does.
 *
 * Ownership: fill and tx verbs give frames away; rx and completion verbs take them back.
 * Context: queue verbs belong to the one worker that owns the queue, the rest to the agent.
 */
#ifndef PORT_PORT_H
#define PORT_PORT_H

#include <stdbool.h>
#include <stdint.h>
#include <xdp/xsk.h>

#include "base/compiler.h"
#include "base/counter.h"
#include "port/frames.h"

#define PORT_MAX       64 /* ports of one daemon */
#define PORT_QUEUE_MAX 64 /* queues of one port */

enum port_mode {
	PORT_MODE_NONE,      /* no socket open */
	PORT_MODE_ZERO_COPY, /* XDP_OPTIONS says so */
	PORT_MODE_COPY,      /* native program, the kernel copies */
	PORT_MODE_GENERIC,   /* generic program, the kernel copies */
	PORT_MODE_MEMORY,
	PORT_MODE_PCAP,
};

struct port;
struct port_queue;

/* What a backend does. Context of kick: worker; of the others: agent. */
struct port_ops {
	/* Tell the other end that the tx ring has work (@tx) or the fill ring has frames. */
	void (*kick)(struct port_queue *q, bool tx);
	/* Bring the kernel's own counters (XDP_STATISTICS) into @q->kernel. May be NULL. */
	void (*stats)(struct port_queue *q);
	/* Close the queues and free @port; when it returns, nobody writes into their frames any
	 * more. Frames still in rings are taken back by their tag. */
	void (*close)(struct port *port);
};

/* One writer, the queue's worker; read relaxed by the agent. */
struct port_queue_counters {
	uint64_t rx_packets, rx_bytes;
	uint64_t tx_packets, tx_bytes;
	uint64_t tx_full;     /* packets that found no room in the tx ring */
	uint64_t tx_kicks;    /* system calls made to start transmission */
	uint64_t rx_wakeups;  /* system calls made because the fill ring asked */
	uint64_t fill_short;  /* refills cut short because no frame was free */
	uint64_t kick_errors; /* calls refused for another reason than a busy or absent link */
};

/* XDP_STATISTICS, read by the agent. */
struct port_queue_kernel {
	uint64_t rx_dropped, rx_invalid_descs, tx_invalid_descs;
	uint64_t rx_ring_full, rx_fill_ring_empty_descs, tx_ring_empty_descs;
};

struct port_queue {
	/* Read and written by the worker for each batch. */
	struct xsk_ring_cons rx;
	struct xsk_ring_prod tx;
	struct xsk_ring_prod fill;
	struct xsk_ring_cons comp;
	uint32_t tx_pending; /* handed to the tx ring and not completed */
	uint16_t port;       /* id of its port, which is the iface's id */
	uint16_t index;      /* number of the queue */
	uint16_t tag;     /* for struct frames: never 0, unique in the daemon's life of the queue */
	bool need_wakeup; /* the rings carry flags (XDP_USE_NEED_WAKEUP) */
	bool nudged;      /* kick once, whatever the flags say; see port_nudge() */
	int fd;           /* to poll, or -1 */
	const struct port_ops *ops;
	void *backend;
	cache_aligned struct port_queue_counters counters;
	struct port_queue_kernel kernel; /* agent */
	enum port_mode mode;             /* agent; as read back, never as wished */
};

struct port {
	char name[16]; /* IFNAMSIZ */
	uint16_t id;
	uint16_t n_queues;
	uint16_t n_tx;    /* of these, the first so many can be sent by: 1 .. n_queues */
	uint32_t ifindex; /* 0 where there is no kernel device */
	uint64_t mac;     /* as mac_load() gives it */
	uint32_t mtu;
	bool partial_csum; /* veth, tap, virtio: half-made checksums come in (AF_XDP row 25) */
	char note[96];     /* one line for the user: why the mode is what it is, or empty */
	const struct port_ops *ops;
	void *backend;
	struct port_queue *queue; /* n_queues of them */
};

/* How many received frames are ready, at most @max; *idx is the first one's index for
 * port_rx_desc(). */
static force_inline uint32_t port_rx_peek(struct port_queue *q, uint32_t max, uint32_t *idx)
{
	return xsk_ring_cons__peek(&q->rx, max, idx);
}

static force_inline const struct xdp_desc *port_rx_desc(const struct port_queue *q, uint32_t idx)
{
	return xsk_ring_cons__rx_desc(&q->rx, idx);
}

/* The @n peeked descriptors are read; their frames are the worker's. */
static force_inline void port_rx_release(struct port_queue *q, uint32_t n)
{
	xsk_ring_cons__release(&q->rx, n);
}

/* Of @n peeked descriptors the first @used are read, with so much in them; the others stay. */
static force_inline void port_rx_done(struct port_queue *q, uint32_t n, uint32_t used,
                                      uint64_t packets, uint64_t bytes)
{
	if (unlikely(used < n))
		xsk_ring_cons__cancel(&q->rx, n - used);
	port_rx_release(q, used);
	counter_add(&q->counters.rx_packets, packets);
	counter_add(&q->counters.rx_bytes, bytes);
}

/**
 * port_tx_reserve - room for exactly @n descriptors in the tx ring
 * @idx: index of the first for port_tx_desc()
 *
 * Return: false, with nothing reserved, when there is no room. A ring holds at most its size of
 * frames that are not completed yet, so that a completion always finds room (I3).
 */
static force_inline bool port_tx_reserve(struct port_queue *q, uint32_t n, uint32_t *idx)
{
	if (unlikely(q->tx_pending + n > q->tx.size))
		return false;
	return xsk_ring_prod__reserve(&q->tx, n, idx) == n;
}

static force_inline struct xdp_desc *port_tx_desc(struct port_queue *q, uint32_t idx)
{
	return xsk_ring_prod__tx_desc(&q->tx, idx);
}

/* Hand the @n reserved descriptors over. */
static force_inline void port_tx_submit(struct port_queue *q, uint32_t n)
{
	xsk_ring_prod__submit(&q->tx, n);
	q->tx_pending += n;
}

/* Take the frames of completed transmissions into @c. Return: how many. */
uint32_t port_reclaim(struct port_queue *q, struct frame_cache *c);

/* Fill the fill ring up from @c as far as frames and room go. Return: how many. */
uint32_t port_refill(struct port_queue *q, struct frame_cache *c);

/* Wake the kernel where the rings' flags ask for it (AF_XDP row 3): tx first, then fill. */
void port_kick(struct port_queue *q);

/* Let the next port_kick() of @q make both calls even if the flags do not ask for them: they may be
 * what is wrong (AF_XDP rows 5, 36). Context: agent. */
void port_nudge(struct port_queue *q);

/* Close @port and set the pointer to NULL; its workers have let go of it. */
void port_close(struct port **port);

/* The mode's name as users see it: "zero-copy", "copy", "generic", "memory", "pcap". */
const char *port_mode_name(enum port_mode mode);

#endif
