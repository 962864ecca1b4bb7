/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipeline: the way of a packet through one worker. pipeline_run() is its table of contents.
 * One worker owns a pipeline; the agent sets it up before the worker starts, and reads its
 * counters.
 */
#ifndef PIPELINE_PIPELINE_H
#define PIPELINE_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/counter.h"
#include "base/ring.h"
#include "host/host.h"
#include "iface/iface.h"
#include "neigh/neigh.h"
#include "packet/batch.h"
#include "packet/report.h"
#include "pipeline/handover.h"
#include "pipeline/reass.h"
#include "port/port.h"
#include "route/route.h"
#include "wire/ether.h"

static_assert(IFACE_PORTS == PORT_MAX, "an interface of a port has its id");

/* The last packet that ended by a drop verdict, as users see it; a sequence lock of one writer. */
struct drop_example {
	uint32_t seq;      /* odd: being written */
	uint16_t len;      /* 0: none yet */
	uint16_t type;     /* EtherType as loaded */
	uint64_t at_ns;    /* when; of several workers' the newest is shown */
	uint8_t bytes[64]; /* from behind the Ethernet header */
};

/* One writer, the worker. The balance (I4): rx + originated + copies = tx + drops + consumed +
 * held. */
struct pipeline_counters {
	uint64_t verdict[IFACE_MAX][VERDICT_COUNT]; /* by the iface the packet came in by */
	uint64_t originated;                        /* packets the router itself made */
	uint64_t copies; /* packets made of others: fragments beyond the first, wholes of fragments,
	                  * copies of what is flooded */
	uint64_t flooded;   /* frames that went to more than one port of a bridge, or would have */
	uint64_t released;  /* held packets that came back */
	uint64_t moved;     /* packets that left at another address than they came in at */
	uint64_t recovered; /* frames that closed queues gave back */
	uint64_t reports_lost;
	uint64_t handed_over; /* packets that went to the worker with the queue to send by, */
	uint64_t relayed;     /* and those that came from others so */
};

/* The queues a worker serves, replaced as a whole by the agent. */
struct pipeline_queues {
	struct rcu_head rcu;
	struct port_queue *tx[PORT_MAX]; /* to send by, by port id; NULL: none of the worker's */
	struct handover_ring *via[PORT_MAX]; /* then, to the worker that has one; NULL: no port */
	uint32_t n_rx;
	struct port_queue *rx[PORT_MAX * PORT_QUEUE_MAX];
};

/* How often a worker asks the agent about the same neighbour; see pipeline/ask.c. */
#define ASK_SLOTS 256
struct ask_slot {
	uint64_t key;
	uint64_t since_ns;
	uint32_t count;
	uint16_t port; /* of a station */
};

/* What was heard of the stations of one link within a second. */
struct news_rate {
	uint64_t since_ns;
	uint32_t count;
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): what belongs together stays so */
struct pipeline {
	struct batch batch;

	/* Taken out of RCU once a loop. */
	const struct ifaces *ifaces;
	const struct pipeline_queues *queues;
	uint64_t now_ns;

	/* The features' own. */
	struct route route;
	struct neigh_reader *neigh;
	struct host host;

	struct handover *handover; /* shared by all workers; NULL: there is no other one */
	uint32_t handed;           /* bits of workers that were handed something and not woken */
	uint16_t worker;           /* number of the worker that runs it */
	bool told;                 /* something was reported since the agent was last woken */
	struct ring *reports;      /* to the agent */
	struct ring *orders;       /* from the agent */
	struct frame_cache cache;
	struct ask_slot ask[ASK_SLOTS];
	struct news_rate news[IFACE_MAX][2]; /* answers, and those who ask */
	/* The same of stations behind ports of bridges: new ones, and those that moved. */
	struct ask_slot station_ask[ASK_SLOTS];
	struct news_rate station_news[PORT_MAX][2];

	struct pipeline_counters counters;
	struct drop_example example[IFACE_MAX][DROP_LAST + 1];

	struct reass reass; /* fragments to the router itself; the last, for it is long */
};

/**
 * pipeline_run - take a batch through to transmit rings, drops and the agent
 * @q: queue to receive from
 *
 * Context: the worker that owns @p and @q. Return: packets received.
 */
size_t pipeline_run(struct pipeline *p, struct port_queue *q);

/* Carry out up to a batch of the agent's orders, and end datagrams whose fragments did not come in
 * time. Context: as above. Return: orders and datagrams. */
size_t pipeline_orders(struct pipeline *p);

/* Send up to a batch of what each other worker hands over. Context: as above, where @p->handover is
 * not NULL. Return: packets. */
size_t pipeline_relay(struct pipeline *p);

/*
 * The stages that are the pipeline's own, in their order; the others are in their features'
 * folders. Context: worker.
 */

/* Parse, check and sort received packets into @p->batch. Return: packets. */
size_t input_stage(struct pipeline *p, struct port_queue *q);

/* Take the agent's orders: packets to send, to take up again, to end. Return: how many. */
size_t orders_stage(struct pipeline *p);

/* Take what is bridged to where it goes: learn its source, send it by the port of its station,
 * flood it, or hand it to the router's foot in the bridge by input_iface(). The lane is empty
 * behind it; before a flood the transmit list is sent. */
void bridge_stage(struct pipeline *p);

/**
 * bridge_input - put received frames of a bridge's port into the bridged lane
 *
 * The other half of input_stage(), for ports with iface.bridge. Return: packets.
 */
size_t bridge_input(struct pipeline *p, struct port_queue *q);

/* @k, a frame or chain without tags, came in by interface @k->in: put it where it belongs, a lane,
 * the ARP list or the host list, or end it. */
void input_iface(struct pipeline *p, struct pkt *k);

/**
 * egress_send - send a frame by any interface
 * @k:     whole, with an Ethernet header without tags at @k->data, room before it for two of them;
 *         its length is at most that of the interface; a chain if PKT_CHAIN
 * @iface: id: of a port, to the transmit list; of a VLAN, with its tags; of a bridge, to the
 * bridged lane, which is emptied by bridge_stage() when it is full
 *
 * Whoever made the frame has counted it as originated. Context: worker.
 */
void egress_send(struct pipeline *p, struct pkt *k, uint16_t iface);

/* Is @iface one that egress_send() can send by? A next hop may be found when its interface is not
 * there yet, or not any more: what goes there ends as DROP_TX_DOWN, each piece of it for itself. */
bool egress_knows(const struct pipeline *p, uint16_t iface);

/* Look at ARP packets: answers go to the transmit list, news to the agent. */
void arp_stage(struct pipeline *p);

/* Take neighbour discovery, and queries for multicast listeners, from the packets for the router:
 * answers go to the transmit list or the IPv6 lane, news to the agent. The others stay in order. */
void nd_stage(struct pipeline *p);

/* Fragments among the packets for the router go into the store, or to the worker in whose store the
 * others are; what they complete takes their place. The value of chains is set to the sum that
 * host_stage() wants. */
void reassemble_stage(struct pipeline *p);

/* End up to @max datagrams whose fragments did not come in time. Return: how many. */
size_t reassemble_expire(struct pipeline *p, size_t max);

/* Every change to routed frames, in one loop; what cannot be sent is sorted out. */
void output4_stage(struct pipeline *p);
void output6_stage(struct pipeline *p);

/**
 * redirect_stage - tell hosts of better gateways on their own link (RFC 1812 5.2.7.2, RFC 4861 8.2)
 * @in:   port that the batch came in by
 * @l:    lane of either family
 * @n:    packets that it had; output has left them in their places, without counting them
 * @from: the first of the transmit list that may be one of them
 *
 * Messages go to that lane, in frames of their own. A few a batch, one a second, source and
 * gateway, and within the limit on errors. Of a port with other interfaces on it, or in a bridge,
 * each packet came in by its own.
 */
void redirect_stage(struct pipeline *p, uint16_t in, struct lane *l, uint32_t n, uint32_t from);

/* Take what worker @from hands over onto the transmit list, fragments to the router onto the host
 * list. Return: packets. */
size_t relay_stage(struct pipeline *p, unsigned int from);

/* Put the transmit list on the ports' rings, or hand it over to those who can. */
void transmit_stage(struct pipeline *p);

/* Send what is in the transmit list now. What finds no room ends at once, so that what one packet
 * becomes needs no more room in either list than the packet (I5). */
void transmit_now(struct pipeline *p);

/* The same, unless there is room for @n more to be sent, or to end. */
void transmit_room(struct pipeline *p, uint32_t n);

/**
 * transmit_elsewhere - put a packet into the ring to another worker
 * @via:  the ring; NULL: there is none
 * @d:    its first descriptor
 * @port: as of handover_fill()
 *
 * transmit_handed() makes it the other's. Return: KEEP, or why it stays here.
 */
[[nodiscard]] enum verdict transmit_elsewhere(struct pipeline *p, struct handover_ring *via,
                                              const struct xdp_desc *d, uint16_t port);

/* Let other workers have what was put into the rings to them. */
void transmit_handed(struct pipeline *p);

/* Count, report or free what has ended. Nothing else does. */
void finish_stage(struct pipeline *p);

/* The same, now, for what ended behind the first @n, none of which is answered: so that what one
 * packet becomes needs no more room in the list than the packet (I5). */
void finish_behind(struct pipeline *p, uint32_t n);

/**
 * fragment4 - cut a packet that is longer than its next hop takes, and send the pieces
 * @k: DF is clear, the next hop forwards, the TTL is at least 2; one frame or a chain
 *
 * RFC 791 3.2, RFC 1812 5.2.6. The first piece stays in the packet's frame, the others go into new
 * ones. The transmit list is sent before them, and is empty behind them, so that the order is kept
 * and the list holds what the rest of the batch may add.
 *
 * Context: worker, in the output stage, with all that is to be sent in the transmit list.
 * Return: KEEP when it is sent, else how it ends, with its frames unchanged.
 */
[[nodiscard]] enum verdict fragment4(struct pipeline *p, struct pkt *k);

/**
 * fragment6 - the same for an IPv6 packet of the router's own
 * @k: has no extension headers
 *
 * RFC 8200 4.5: the source alone cuts, to 1280 bytes. Context: as above. Return: KEEP when it is
 * sent, else how it ends; its header has changed then.
 */
[[nodiscard]] enum verdict fragment6(struct pipeline *p, struct pkt *k);

/* Hand the agent a report, and the frame it names. Return: false, with nothing handed over, when
 * the ring is full. */
bool report_send(struct pipeline *p, const struct report *r);

/* Hand the agent what was heard of a station, unless it was told enough of that lately. */
void report_news(struct pipeline *p, const struct report *r);

#define ASK_REDIRECT 255 /* beside the kinds of reports: what a host is told */

/* The same of a station behind a port of a bridge. */
void report_station(struct pipeline *p, const struct report *r);

/* The port behind which a station with @key of the FDB was first heard in this very loop, so that
 * the agent cannot know of it: where the router's answer to it goes. Return: -1 if there is none.
 */
int station_heard(const struct pipeline *p, uint64_t key);

/* May the agent get a report of @topic about (@iface, @ip) now? At most @limit times a second.
 * Topic: an enum report_kind or ASK_REDIRECT, plus what tells those of the kind apart, from bit 8
 * on. See ask.c.
 */
bool ask_allowed(struct pipeline *p, uint16_t topic, uint16_t iface, struct ip ip, uint32_t limit);

/* Add a frame to the transmit list. @len: of the whole frame, padded here to 60 bytes. */
static force_inline void tx_list_add(struct tx_list *t, const struct frames *f, uint8_t *data,
                                     uint32_t len, uint16_t port)
{
	uint32_t k = t->n++;

	assert(k < TX_MAX); /* I5 */
	if (unlikely(len < ETHER_MIN_LEN)) {
		memset(data + len, 0, ETHER_MIN_LEN - len); /* AF_XDP row 45, no EtherLeak */
		len = ETHER_MIN_LEN;
	}
	t->desc[k].addr = frame_addr(f, data);
	t->desc[k].len = len;
	t->desc[k].options = 0;
	t->port[k] = port;
	t->mixed |= port ^ t->port[0];
	t->bytes += len;
}

/* Send @k, a whole frame that answers itself now, by the interface it came in by. */
static inline void egress_answer(struct pipeline *p, struct pkt *k)
{
	counter_add(&p->counters.originated, 1);
	egress_send(p, k, k->in);
	k->flags |= PKT_TAKEN;
}

#endif
