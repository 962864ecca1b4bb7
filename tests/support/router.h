/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * router: the whole packet path with memory ports, driven in one thread on a clock moved by hand.
 *
 *   host 10.0.0.2 --- p0 .1 [router] p1 10.0.1.1 --- host 10.0.1.2
 *                             p2 10.0.2.1 --- host 10.0.2.2
 *
 * Port N has 2001:db8:N::1 and the link-local address of its MAC too, its host 2001:db8:N::2 and
 * the one of its own. The hosts .2 are static neighbours by all their addresses; any other
 * neighbour has to be asked for. The test is the agent: what workers report goes to the neighbour
 * table, and what that says becomes orders.
 */
#ifndef TEST_ROUTER_H
#define TEST_ROUTER_H

#include "neigh/neigh.h"
#include "packet.h"
#include "pipeline/worker.h"
#include "port/memory.h"
#include "route/fib4.h"
#include "route/fib6.h"

#define ROUTER_PORTS     3  /* unless router_config says else */
#define ROUTER_PORTS_MAX 16 /* at most */
#define ROUTER_VIRTUAL   8  /* interfaces without a port of their own, at most */
#define ROUTER_BRIDGES   2
#define ROUTER_WORKERS   2 /* at most */

#define ROUTER_IP(port)     IP(10, 0, port, 1)
#define HOST_IP(port)       IP(10, 0, port, 2)
#define NET_IP6(port, low)  IP6(0x20010db800000000 | (uint64_t)(port) << 16, low)
#define ROUTER_IP6(port)    NET_IP6(port, 1)
#define HOST_IP6(port)      NET_IP6(port, 2)
#define ROUTER_LINK6(port)  ip6_link_local(ROUTER_MAC(port))
#define HOST_LINK6(port)    ip6_link_local(HOST_MAC(port, 2))
#define ROUTER_MAC(port)    (0x02ull | (uint64_t)((port) + 1) << 40)
#define HOST_MAC(port, low) (0x02ull | (uint64_t)((port) + 1) << 32 | (uint64_t)(low) << 40)

/* What is not the usual; zero means the default. */
struct router_config {
	uint32_t frames;                /* 512 */
	uint32_t chunk;                 /* 2048 */
	uint32_t ring;                  /* 64 */
	uint64_t rate;                  /* ICMP errors a second; none: no limit */
	uint16_t ports;                 /* 3 */
	uint16_t mtu[ROUTER_PORTS_MAX]; /* 1500 */
	bool partial_csum[ROUTER_PORTS_MAX];
	unsigned int workers;              /* 1 */
	uint16_t queues[ROUTER_PORTS_MAX]; /* 1 */
	bool redirects;
};

struct test_bridge;

/* An interface with the addresses that a test gives it. */
struct router_iface {
	struct iface iface;
	struct iface_addr4 addr;
	struct iface_addr6 addr6[2]; /* the link-local one first */
};

struct router {
	union {
		struct worker worker; /* the only one, or the first */
		struct worker workers[ROUTER_WORKERS];
	};
	unsigned int n_workers;
	struct handover *handover; /* what several workers share, or NULL */
	struct depot *depot;
	struct frames *frames;
	uint16_t n_ports, n_virtual;
	struct port *port[ROUTER_PORTS_MAX];
	struct memory_config memory[ROUTER_PORTS_MAX]; /* that they were opened with */
	struct iface iface[ROUTER_PORTS_MAX];
	struct iface_addr4 addr[ROUTER_PORTS_MAX];
	struct iface_addr6 addr6[ROUTER_PORTS_MAX][2]; /* the link-local one first */
	struct router_iface virtual[ROUTER_VIRTUAL];   /* ids from IFACE_PORTS on */
	struct test_bridge *bridge[ROUTER_BRIDGES];    /* of bridge.h; closed with the router */
	struct ifaces *ifaces;
	struct iface_table table;
	struct nexthops *nexthops;
	struct fib4 *fib;
	struct fib6 *fib6;
	struct neigh_table *neigh;
	struct host_common host;
	struct frame_cache spare; /* frames that came back by ORDER_RETURN */
	uint64_t now;
	uint32_t held;
	int report_fd;
	struct port_queue_counters gone; /* of ports that were unplugged */
};

/* Open a router; anything that goes wrong here aborts. @cfg may be NULL. */
struct router *router_open(const struct router_config *cfg);

/* Close it; frames and packets are counted before. Return: NULL or what router_check() said. */
const char *router_close(struct router *r);

/**
 * router_check - are all frames and packets accounted for?
 *
 * I2: each frame is in exactly one place. I4: rx + originated + copies = tx + drops + consumed +
 * held. I1 and I3: nothing is left in the batch, and no ring owes more than its size.
 * Return: NULL, or a line saying what is wrong, in static memory.
 */
const char *router_check(struct router *r);

/* A route by a gateway, or of a kind that has none (@gateway 0). */
void router_route(struct router *r, uint32_t dst, uint8_t len, uint16_t iface, uint32_t gateway);
/* A route by the hosts .2 of ports @from to @to. */
void router_route_group(struct router *r, uint32_t dst, uint8_t len, uint16_t from, uint16_t to);
void router_route_kind(struct router *r, uint32_t dst, uint8_t len, enum nexthop_kind kind);

/* The same of IPv6. */
void router_route6(struct router *r, struct ip dst, uint8_t len, uint16_t iface, struct ip gateway);
void router_route_group6(struct router *r, struct ip dst, uint8_t len, uint16_t from, uint16_t to);
void router_route_kind6(struct router *r, struct ip dst, uint8_t len, enum nexthop_kind kind);

/**
 * router_virtual - add an interface without a port of its own
 * @like: its kind and what goes with that; MTU 1500 and ROUTER_MAC() of its id unless said
 *
 * With the addresses, routes and hosts that a port has, by its id in the place of the port's
 * number. In force with the next router_publish(). Return: its id.
 */
uint16_t router_virtual(struct router *r, const struct iface *like);

/* The interface with that id. */
struct iface *router_iface(struct router *r, uint16_t id);

void router_static(struct router *r, uint16_t iface, uint32_t ip, uint64_t mac);
void router_static6(struct router *r, uint16_t iface, struct ip ip, uint64_t mac);

/* Give @iface's state to workers and neighbours anew, after a change of r->iface. */
void router_publish(struct router *r);

/* Close a port and take its frames back, as the agent does. */
void router_unplug(struct router *r, uint16_t port);

/* Open @port anew, after router_unplug(), as the agent does: with frames of the spare ones, which
 * the worker gives. */
void router_plug(struct router *r, uint16_t port);

/* A packet comes in by @port, or with the tags of a VLAN by that one's. Return: false when the fill
 * ring or the rx ring has no room. */
[[nodiscard]] bool router_inject(struct router *r, uint16_t port, const void *bytes, uint32_t len);

/* The same by the port's queue @queue, of which the usual is 0. */
[[nodiscard]] bool router_inject_at(struct router *r, uint16_t port, uint16_t queue,
                                    const void *bytes, uint32_t len);

/* The same in pieces of @part bytes, each in its own frame. */
[[nodiscard]] bool router_inject_parts(struct router *r, uint16_t port, const struct packet *p,
                                       uint32_t part);

/* Let workers and agent do what there is to do now. */
void router_run(struct router *r);

/* Let worker @w alone go round once, and no agent. */
void router_poll(struct router *r, unsigned int w);

/* Inject @p and run. Aborts if it does not fit. */
void router_send(struct router *r, uint16_t port, const struct packet *p);

/* Let time pass, running each timer at its time. */
void router_pass(struct router *r, uint64_t ns);

/* The oldest packet that came out of @port, or of a VLAN's, without the tags that it must have
 * then. Return: false if there is none. */
[[nodiscard]] bool router_take(struct router *r, uint16_t port, struct packet *p);

/* Take and forget what came out of all ports. Return: how many packets. */
uint32_t router_drain(struct router *r);

/* Packets that ended by @v, of all ports. */
uint64_t router_count(const struct router *r, enum verdict v);

/* Start @p: UDP from the host of port @in to @dst with @payload bytes behind the IPv4 header. */
void router_udp(struct packet *p, uint16_t in, uint32_t dst, uint32_t payload);

/* Start @p: any IPv4 from the host of port @in. */
void router_ip4(struct packet *p, uint16_t in, const struct packet_ip4 *f, uint32_t payload);

/* The same of IPv6; a group goes to its MAC. */
void router_udp6(struct packet *p, uint16_t in, struct ip dst, uint32_t payload);
void router_ip6(struct packet *p, uint16_t in, const struct packet_ip6 *f, uint32_t payload);

#endif
