/* SPDX-License-Identifier: BSD-2-Clause */
#include "router.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <uapi/if_xdp.h>
#include <unistd.h>

#include "base/clock.h"
#include "bridge.h"
#include "port/census.h"
#include "router_vlan.h"

/* A test that cannot be set up says where and stops; asserts may be compiled out. */
static void must_at(bool holds, int line, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, line, what);
	abort();
}
#define must(holds) must_at(holds, __LINE__, #holds)

/* As agent_order_wait() in a replay: who tests is agent and worker. */
static void order_give(struct router *r, unsigned int w, const struct order *o)
{
	struct pipeline *p = &r->workers[w].pipeline;
	struct order *slot = ring_reserve(p->orders);

	if (slot == NULL) {
		pipeline_orders(p);
		slot = ring_reserve(p->orders);
	}
	must(slot != NULL);
	*slot = *o;
	ring_push(p->orders);
}

static void on_send(void *ctx, uint16_t iface, const uint8_t *frame, uint16_t len)
{
	struct order o = {.kind = ORDER_SEND, .iface = iface, .len = len};
	struct router *r = ctx;

	must(len <= sizeof(o.bytes));
	memcpy(o.bytes, frame, len);
	order_give(r, queue_worker(iface, 0, r->n_workers), &o);
}

static void give_held(struct router *r, const struct neigh_held *h, enum order_kind kind,
                      enum verdict v)
{
	const struct order o = {.kind = (uint8_t)kind,
	                        .verdict = (uint8_t)v,
	                        .flags = h->flags,
	                        .iface = h->in,
	                        .len = h->len,
	                        .data = h->data};

	order_give(r, h->worker, &o);
	r->held--;
}

static void on_resume(void *ctx, const struct neigh_held *h)
{
	give_held(ctx, h, ORDER_RESUME, KEEP);
}

static void on_drop(void *ctx, const struct neigh_held *h, enum verdict v)
{
	give_held(ctx, h, ORDER_DROP, v);
}

/* What is found out of an address is in force with the next router_publish(). */
static void on_address(void *ctx, uint16_t iface, struct ip addr, enum addr_state state)
{
	const struct iface *f = router_iface(ctx, iface);

	for (uint16_t i = 0; i < f->n_addr6; i++) {
		if (ip_equal(f->addr6[i].addr, addr))
			((struct iface_addr6 *)f->addr6)[i].state = (uint8_t)state;
	}
}

struct iface *router_iface(struct router *r, uint16_t id)
{
	unsigned int n = id - IFACE_PORTS; /* which of the virtual ones, if it is one */

	if (id < ROUTER_PORTS_MAX)
		return &r->iface[id];
	must(n < ARRAY_SIZE(r->virtual));
	return &r->virtual[n].iface;
}

/* Its addresses, for which there is room, and what is on its link. */
static void iface_make(struct router *r, struct iface *f, struct iface_addr4 *addr,
                       struct iface_addr6 *addr6)
{
	const struct nexthop_key local = {.kind = NH_LOCAL};
	const struct nexthop_key link = {.kind = NH_CONNECTED, .iface = f->id};

	*addr = (struct iface_addr4){ROUTER_IP(f->id), 24};
	addr6[0] = (struct iface_addr6){ip6_link_local(f->mac), 64, ADDR_USABLE};
	addr6[1] = (struct iface_addr6){ROUTER_IP6(f->id), 64, ADDR_USABLE};
	f->addr4 = addr;
	f->n_addr4 = 1;
	f->addr6 = addr6;
	f->n_addr6 = 2;
	must(nexthop_get(r->nexthops, &local, 0, &f->nh_local) == 0);
	must(nexthop_get(r->nexthops, &link, nexthop_max_len(f->mtu), &f->nh_link) == 0);
}

static void port_make(struct router *r, uint16_t i, const struct router_config *cfg)
{
	struct memory_config *mc = &r->memory[i];

	*mc = (struct memory_config){
		.name = "p",
		.id = i,
		.n_queues = cfg->queues[i] != 0 ? cfg->queues[i] : 1,
		.tag = (uint16_t)(i * PORT_QUEUE_MAX + 1),
		.ring_size = cfg->ring != 0 ? cfg->ring : 64,
		.mac = ROUTER_MAC(i),
		.mtu = cfg->mtu[i] != 0 ? cfg->mtu[i] : 1500,
		.partial_csum = cfg->partial_csum[i],
	};
	must(memory_port_open(&r->port[i], r->frames, mc) == 0);
	r->iface[i] = (struct iface){
		.mac = mc->mac,
		.id = i,
		.mtu = (uint16_t)mc->mtu,
		.up = true,
		.partial_csum = mc->partial_csum,
		.redirects = cfg->redirects,
		.name = "p",
	};
	iface_make(r, &r->iface[i], &r->addr[i], r->addr6[i]);
}

/* A reference to the next hop of @key, for a route. */
static uint16_t route_nexthop(struct router *r, const struct nexthop_key *key)
{
	uint16_t max_len = 0, nh;

	if (key->kind == NH_RESOLVE || key->kind == NH_CONNECTED)
		max_len = nexthop_max_len(router_iface(r, key->iface)->mtu);
	must(nexthop_get(r->nexthops, key, max_len, &nh) == 0);
	return nh;
}

/* A route by @key is in, instead of one by next hop @old, 0: none. */
static void route_added(struct router *r, const struct nexthop_key *key, uint16_t old)
{
	if (old != 0)
		nexthop_put(r->nexthops, old);
	if (key->kind == NH_RESOLVE)
		neigh_sync_gateway(r->neigh, key->iface, key->gateway);
}

static void route_add(struct router *r, const struct fib4_route *want,
                      const struct nexthop_key *key)
{
	struct fib4_route route = *want;
	uint16_t old = 0;

	route.nh = route_nexthop(r, key);
	must(fib4_insert(r->fib, &route, &old) == 0);
	route_added(r, key, old);
}

static void route_add6(struct router *r, const struct fib6_route *want,
                       const struct nexthop_key *key)
{
	struct fib6_route route = *want;
	uint16_t old = 0;

	route.nh = route_nexthop(r, key);
	must(fib6_insert(r->fib6, &route, &old) == 0);
	route_added(r, key, old);
}

/* What the agent makes of an address: itself, its subnet and both broadcasts. */
static void routes_of_port(struct router *r, uint16_t i)
{
	const struct fib4_route own = {.dst = ROUTER_IP(i), .len = 32, .source = ROUTE_LOCAL};
	struct fib4_route net = {.dst = IP(10, 0, i, 0), .len = 24, .source = ROUTE_CONNECTED};

	route_add(r, &own, &(struct nexthop_key){.kind = NH_LOCAL});
	route_add(r, &net, &(struct nexthop_key){.kind = NH_CONNECTED, .iface = i});
	net.len = 32;
	net.source = ROUTE_LOCAL;
	net.metric = 1;
	route_add(r, &net, &(struct nexthop_key){.kind = NH_BROADCAST, .iface = i});
	net.dst |= 255;
	route_add(r, &net, &(struct nexthop_key){.kind = NH_BROADCAST, .iface = i});
}

/* The same of its IPv6 addresses: the global one and its anycast address, and its subnet; the
 * link-local one's way is that of all. */
static void routes6_of_port(struct router *r, uint16_t i)
{
	struct fib6_route own = {.dst = ROUTER_IP6(i), .len = 128, .source = ROUTE_LOCAL};
	const struct fib6_route net = {.dst = NET_IP6(i, 0), .len = 64, .source = ROUTE_CONNECTED};
	const struct fib6_route near = {
		.dst = IP6(0xfe80ull << 48, 0), .len = 10, .source = ROUTE_LOCAL};

	route_add6(r, &own, &(struct nexthop_key){.kind = NH_LOCAL});
	own.dst = net.dst;
	route_add6(r, &own, &(struct nexthop_key){.kind = NH_LOCAL});
	route_add6(r, &net, &(struct nexthop_key){.kind = NH_CONNECTED, .iface = i});
	route_add6(r, &near, &(struct nexthop_key){.kind = NH_LINK});
}

/* The queue list of worker @w, as the agent builds it. */
static struct pipeline_queues *queues_make(struct router *r, unsigned int w)
{
	struct pipeline_queues *q = calloc(1, sizeof(*q));

	must(q != NULL);
	for (uint16_t i = 0; i < r->n_ports; i++) {
		struct port *port = r->port[i];

		if (port == NULL)
			continue;
		uint16_t send = queue_to_send(port, w, r->n_workers);
		unsigned int owner = queue_worker(i, send, r->n_workers);

		if (owner == w)
			q->tx[i] = &port->queue[send];
		else
			q->via[i] = handover_ring(r->handover, w, owner);
		for (uint16_t k = 0; k < port->n_queues; k++) {
			if (queue_worker(i, k, r->n_workers) == w)
				q->rx[q->n_rx++] = &port->queue[k];
		}
	}
	return q;
}

void router_publish(struct router *r)
{
	struct ifaces *s = ifaces_new(IFACE_MAX);

	must(s != NULL);
	for (uint16_t i = 0; i < r->n_ports; i++) {
		r->iface[i].up = r->iface[i].up && r->port[i] != NULL;
		must(ifaces_set(s, &r->iface[i]) == 0);
	}
	for (uint16_t i = 0; i < r->n_virtual; i++)
		must(ifaces_set(s, &r->virtual[i].iface) == 0);
	must(ifaces_link(s) == 0);
	ifaces_lend4(s);
	ifaces_lend6(s);
	(void)rcu_swap(&r->table.current, s);
	neigh_set_ifaces(r->neigh, s, r->now);
	for (unsigned int w = 0; w < r->n_workers; w++)
		worker_set_queues(&r->workers[w], queues_make(r, w));
	ifaces_free_rcu(r->ifaces);
	r->ifaces = s;
}

static void worker_make(struct router *r, unsigned int i, const struct router_config *cfg)
{
	struct worker *w = &r->workers[i];

	must(worker_init(w, r->frames, r->report_fd) == 0);
	w->cpu = -1;
	w->ifaces = &r->table;
	w->depot = r->depot;
	w->peer = r->handover != NULL ? r->workers : NULL;
	w->pipeline.worker = (uint16_t)i;
	w->pipeline.handover = r->handover;
	w->pipeline.neigh = neigh_reader(r->neigh);
	w->pipeline.route = (struct route){
		.fib4 = r->fib,
		.fib6 = r->fib6,
		.nexthops = nexthops_idtab(r->nexthops),
		.seed = {{0x6c62272e07bb0142, 0x9ae16a3b2f90404f, 3}},
	};
	w->pipeline.host.common = &r->host;
	limit_set(&r->host.limit, cfg->rate);
}

static void workers_make(struct router *r, const struct router_config *cfg)
{
	r->n_workers = cfg->workers != 0 ? cfg->workers : 1;
	must(r->n_workers <= ROUTER_WORKERS);
	if (r->n_workers > 1)
		must(handover_new(&r->handover, r->n_workers) == 0 &&
		     depot_new(&r->depot, r->frames) == 0);
	for (unsigned int i = 0; i < r->n_workers; i++)
		worker_make(r, i, cfg);
	frame_cache_fill(&r->worker.pipeline.cache); /* the first gives what others need */
}

/* Frames, tables and workers. */
static void router_make(struct router *r, const struct router_config *cfg)
{
	/* An eighth of the frames may wait, as in the agent. */
	struct neigh_limits limits = {.entries = 65536, .incomplete = 8192};
	static const struct neigh_ops ops = {on_send, on_resume, on_drop, on_address};

	r->report_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	must(frames_new(&r->frames, cfg->frames != 0 ? cfg->frames : 512,
	                cfg->chunk != 0 ? cfg->chunk : 2048, FRAMES_HUGE_NEVER) == 0);
	must(frame_cache_init(&r->spare, r->frames) == 0);
	must(nexthops_new(&r->nexthops) == 0 && fib4_new(&r->fib) == 0);
	must(fib6_new(&r->fib6) == 0);
	limits.held = r->frames->n / 8;
	must(neigh_new(&r->neigh, &ops, r, r->nexthops, &limits, NULL) == 0);
	workers_make(r, cfg);
}

/* What is on the link of interface @i: routes to it, and its host. */
static void link_make(struct router *r, uint16_t i)
{
	routes_of_port(r, i);
	routes6_of_port(r, i);
	router_static(r, i, HOST_IP(i), HOST_MAC(i, 2));
	router_static6(r, i, HOST_IP6(i), HOST_MAC(i, 2));
	router_static6(r, i, HOST_LINK6(i), HOST_MAC(i, 2));
}

uint16_t router_virtual(struct router *r, const struct iface *like)
{
	struct router_iface *v = &r->virtual[r->n_virtual];
	struct iface *f = &v->iface;

	must(r->n_virtual < ROUTER_VIRTUAL);
	*f = *like;
	f->id = (uint16_t)(IFACE_PORTS + r->n_virtual++);
	f->mac = f->mac != 0 ? f->mac : ROUTER_MAC(f->id);
	f->mtu = f->mtu != 0 ? f->mtu : 1500;
	f->up = true;
	iface_make(r, f, &v->addr, v->addr6);
	router_publish(r);
	link_make(r, f->id);
	return f->id;
}

struct router *router_open(const struct router_config *cfg)
{
	static const struct router_config usual;
	size_t bytes = (sizeof(struct router) + CACHE_LINE - 1) & -(size_t)CACHE_LINE;
	struct router *r = aligned_alloc(CACHE_LINE, bytes);

	must(r != NULL);
	memset(r, 0, bytes);
	rcu_register_thread();
	r->now = 1000 * NS_PER_SEC;
	cfg = cfg != NULL ? cfg : &usual;
	r->n_ports = cfg->ports != 0 ? cfg->ports : ROUTER_PORTS;
	must(r->n_ports <= ROUTER_PORTS_MAX);
	router_make(r, cfg);
	for (uint16_t i = 0; i < r->n_ports; i++)
		port_make(r, i, cfg);
	router_publish(r);
	for (uint16_t i = 0; i < r->n_ports; i++)
		link_make(r, i);
	router_run(r);
	router_pass(r, 2 * NS_PER_SEC); /* the ports announce their addresses */
	router_drain(r);
	router_run(r);
	return r;
}

/* What the neighbour table gave back when it went, to its end. */
static void router_settle(struct router *r)
{
	size_t more = 1;

	while (more > 0) {
		more = 0;
		for (unsigned int i = 0; i < r->n_workers; i++) {
			struct pipeline *p = &r->workers[i].pipeline;

			more += pipeline_orders(p);
			more += p->handover != NULL ? pipeline_relay(p) : 0;
		}
	}
}

const char *router_close(struct router *r)
{
	const char *flaw;

	neigh_free(r->neigh); /* drops what it holds */
	router_settle(r);
	flaw = router_check(r);
	rcu_quiescent_state();
	for (unsigned int i = 0; i < r->n_workers; i++)
		worker_fini(&r->workers[i]);
	rcu_unregister_thread();
	rcu_barrier();
	for (uint16_t i = 0; i < r->n_ports; i++)
		port_close(&r->port[i]);
	fib4_free(r->fib);
	fib6_free(r->fib6);
	nexthops_free(r->nexthops);
	ifaces_free(r->ifaces);
	handover_free(r->handover);
	depot_free(r->depot);
	frame_cache_fini(&r->spare);
	frames_free(r->frames);
	close(r->report_fd);
	for (int i = 0; i < ROUTER_BRIDGES; i++)
		bridge_free(r->bridge[i]);
	free(r);
	return flaw;
}

void router_route(struct router *r, uint32_t dst, uint8_t len, uint16_t iface, uint32_t gateway)
{
	route_add(r, &(struct fib4_route){.dst = dst, .len = len, .source = ROUTE_STATIC},
	          &(struct nexthop_key){
			  .kind = NH_RESOLVE, .iface = iface, .gateway = ip_from4(gateway)});
}

/* The group of the hosts .2 or ::2 of ports @from to @to, for a route that has @prior. */
static uint16_t group_make(struct router *r, uint16_t from, uint16_t to, bool ip6, uint16_t prior)
{
	uint16_t member[ROUTER_PORTS_MAX], nh;
	unsigned int n = 0;

	for (uint16_t i = from; i <= to; i++) {
		const struct ip gateway = ip6 ? HOST_IP6(i) : ip_from4(HOST_IP(i));

		member[n++] = route_nexthop(r, &(struct nexthop_key){NH_RESOLVE, i, gateway});
	}
	must(nexthop_get_group(r->nexthops, member, n, prior, &nh) == 0);
	return nh;
}

/* That group is in force, instead of next hop @old. */
static void group_added(struct router *r, uint16_t from, uint16_t to, bool ip6, uint16_t old)
{
	if (old != 0)
		nexthop_put(r->nexthops, old);
	for (uint16_t i = from; i <= to; i++)
		neigh_sync_gateway(r->neigh, i, ip6 ? HOST_IP6(i) : ip_from4(HOST_IP(i)));
}

void router_route_group(struct router *r, uint32_t dst, uint8_t len, uint16_t from, uint16_t to)
{
	struct fib4_route route = {.dst = dst, .len = len, .source = ROUTE_STATIC};
	uint16_t old = 0;

	route.nh = group_make(r, from, to, false, fib4_find(r->fib, &route));
	must(fib4_insert(r->fib, &route, &old) == 0);
	group_added(r, from, to, false, old);
}

void router_route_group6(struct router *r, struct ip dst, uint8_t len, uint16_t from, uint16_t to)
{
	struct fib6_route route = {.dst = dst, .len = len, .source = ROUTE_STATIC};
	uint16_t old = 0;

	route.nh = group_make(r, from, to, true, fib6_find(r->fib6, &route));
	must(fib6_insert(r->fib6, &route, &old) == 0);
	group_added(r, from, to, true, old);
}

void router_route6(struct router *r, struct ip dst, uint8_t len, uint16_t iface, struct ip gateway)
{
	route_add6(r, &(struct fib6_route){.dst = dst, .len = len, .source = ROUTE_STATIC},
	           &(struct nexthop_key){NH_RESOLVE, iface, gateway});
}

void router_route_kind6(struct router *r, struct ip dst, uint8_t len, enum nexthop_kind kind)
{
	route_add6(r, &(struct fib6_route){.dst = dst, .len = len, .source = ROUTE_STATIC},
	           &(struct nexthop_key){.kind = kind});
}

void router_route_kind(struct router *r, uint32_t dst, uint8_t len, enum nexthop_kind kind)
{
	route_add(r, &(struct fib4_route){.dst = dst, .len = len, .source = ROUTE_STATIC},
	          &(struct nexthop_key){.kind = kind});
}

void router_static(struct router *r, uint16_t iface, uint32_t ip, uint64_t mac)
{
	must(neigh_set_static(r->neigh, iface, ip_from4(ip), mac, r->now) == 0);
}

void router_static6(struct router *r, uint16_t iface, struct ip ip, uint64_t mac)
{
	must(neigh_set_static(r->neigh, iface, ip, mac, r->now) == 0);
}

static void report_take(struct router *r, const struct report *report)
{
	if (report->kind == REPORT_FRAME) {
		frame_put(&r->spare, frame_addr(r->frames, report->data));
		return;
	}
	if (report->kind == REPORT_STATION) {
		bridge_station(r, report);
		return;
	}
	r->held += report->kind == REPORT_NEIGH_WANTED;
	neigh_report(r->neigh, report, r->now);
}

/* Take what worker @w has reported. Return: was there anything? */
static bool reports_take(struct router *r, unsigned int w)
{
	struct ring *ring = r->workers[w].pipeline.reports;
	const struct report *report;
	bool any = false;

	while ((report = ring_peek(ring)) != NULL) {
		report_take(r, report);
		ring_pop(ring);
		any = true;
	}
	return any;
}

void router_run(struct router *r)
{
	bool more = true;

	while (more) {
		more = false;
		for (unsigned int w = 0; w < r->n_workers; w++) {
			more = worker_poll(&r->workers[w], r->now) > 0 || more;
			more = reports_take(r, w) || more;
		}
		neigh_tick(r->neigh, r->now);
		for (unsigned int w = 0; w < r->n_workers; w++)
			more = more || ring_has(r->workers[w].pipeline.orders);
		rcu_quiescent_state();
	}
}

void router_poll(struct router *r, unsigned int w)
{
	(void)worker_poll(&r->workers[w], r->now);
	rcu_quiescent_state();
}

void router_unplug(struct router *r, uint16_t port)
{
	struct port *gone = r->port[port];
	uint16_t tag = gone->queue[0].tag, n_queues = gone->n_queues;

	for (uint16_t k = 0; k < n_queues; k++) {
		r->gone.rx_packets += gone->queue[k].counters.rx_packets;
		r->gone.tx_packets += gone->queue[k].counters.tx_packets;
	}
	r->port[port] = NULL;
	router_publish(r);
	port_close(&gone);
	for (uint16_t k = 0; k < n_queues; k++)
		order_give(r, queue_worker(port, k, r->n_workers),
		           &(struct order){.kind = ORDER_RECOVER, .value = tag + k});
	router_run(r);
}

void router_plug(struct router *r, uint16_t port)
{
	const struct order give = {.kind = ORDER_RETURN, .value = r->memory[port].ring_size};

	must(r->port[port] == NULL);
	order_give(r, queue_worker(port, 0, r->n_workers), &give);
	router_run(r);
	r->memory[port].tag = (uint16_t)(r->memory[port].tag + r->n_ports * PORT_QUEUE_MAX);
	must(memory_port_open(&r->port[port], r->frames, &r->memory[port]) == 0);
	port_refill(&r->port[port]->queue[0], &r->spare);
	r->iface[port].up = true;
	router_publish(r);
	router_run(r);
}

bool router_inject(struct router *r, uint16_t port, const void *bytes, uint32_t len)
{
	struct packet *p;
	bool room;

	if (port < ROUTER_PORTS_MAX)
		return router_inject_at(r, port, 0, bytes, len);
	p = packet_new();
	p->len = len;
	memcpy(p->bytes, bytes, len);
	router_vlan_tag(r, port, p, 0);
	room = router_inject(r, router_vlan_port(r, port), p->bytes, p->len);
	free(p);
	return room;
}

bool router_inject_at(struct router *r, uint16_t port, uint16_t queue, const void *bytes,
                      uint32_t len)
{
	return memory_port_inject(r->port[port], queue, bytes, len);
}

bool router_inject_parts(struct router *r, uint16_t port, const struct packet *p, uint32_t part)
{
	uint32_t n = (p->len + part - 1) / part;
	struct xdp_desc desc[64] = {0};
	uint64_t addr[64];

	must(n <= ARRAY_SIZE(desc) && part <= r->frames->chunk - FRAME_HEADROOM);
	must(memory_port_fill_take(r->port[port], 0, addr, n) == n);
	for (uint32_t i = 0; i < n; i++) {
		desc[i].addr = addr[i] + FRAME_HEADROOM;
		desc[i].len = i + 1 < n ? part : p->len - i * part;
		desc[i].options = i + 1 < n ? XDP_PKT_CONTD : 0;
		memcpy(frame_data(r->frames, desc[i].addr), p->bytes + (size_t)i * part,
		       desc[i].len);
	}
	return memory_port_rx_put(r->port[port], 0, desc, n);
}

void router_send(struct router *r, uint16_t port, const struct packet *p)
{
	must(router_inject(r, port, p->bytes, p->len));
	router_run(r);
}

void router_pass(struct router *r, uint64_t ns)
{
	uint64_t end = r->now + ns, next;

	while ((next = neigh_tick(r->neigh, r->now)) <= end) {
		r->now = next > r->now ? next : r->now + 1;
		router_run(r);
	}
	r->now = end;
	router_run(r);
}

/* The same of an interface without a port. */
static bool virtual_take(struct router *r, uint16_t id, struct packet *p)
{
	const char *flaw;

	if (!router_take(r, router_vlan_port(r, id), p))
		return false;
	flaw = router_vlan_untag(r, id, p);
	if (flaw != NULL)
		(void)fprintf(stderr, "interface %u: %s\n", id, flaw);
	must(flaw == NULL);
	return true;
}

bool router_take(struct router *r, uint16_t port, struct packet *p)
{
	if (port >= ROUTER_PORTS_MAX)
		return virtual_take(r, port, p);
	p->len = sizeof(p->bytes);
	for (uint16_t k = 0; r->port[port] != NULL && k < r->port[port]->n_queues; k++) {
		if (memory_port_take(r->port[port], k, p->bytes, &p->len))
			return true;
	}
	return false;
}

uint32_t router_drain(struct router *r)
{
	struct packet *p = malloc(sizeof(*p));
	uint32_t n = 0;

	must(p != NULL);
	for (uint16_t i = 0; i < r->n_ports; i++) {
		while (router_take(r, i, p))
			n++;
	}
	free(p);
	return n;
}

uint64_t router_count(const struct router *r, enum verdict v)
{
	uint64_t sum = 0;

	for (unsigned int w = 0; w < r->n_workers; w++) {
		for (uint16_t i = 0; i < IFACE_MAX; i++)
			sum += r->workers[w].pipeline.counters.verdict[i][v];
	}
	return sum;
}

static uint64_t count_range(const struct router *r, enum verdict first, enum verdict last)
{
	uint64_t sum = 0;

	for (enum verdict v = first; v <= last; v++)
		sum += router_count(r, v);
	return sum;
}

static void ports_sum(const struct router *r, uint64_t *in, uint64_t *out)
{
	*in = r->gone.rx_packets;
	*out = r->gone.tx_packets;
	for (uint16_t i = 0; i < r->n_ports; i++) {
		for (uint16_t k = 0; r->port[i] != NULL && k < r->port[i]->n_queues; k++) {
			*in += r->port[i]->queue[k].counters.rx_packets;
			*out += r->port[i]->queue[k].counters.tx_packets;
		}
	}
}

/* I4. Return: NULL or what does not balance. */
static const char *check_balance(const struct router *r)
{
	uint64_t in, out, held = router_count(r, HELD_NEIGH);
	static char line[160];

	ports_sum(r, &in, &out);
	for (unsigned int w = 0; w < r->n_workers; w++) {
		const struct pipeline *p = &r->workers[w].pipeline;

		in += p->counters.originated + p->counters.copies + p->host.originated;
		held -= p->counters.released;
	}
	out += count_range(r, DROP_FIRST, DROP_LAST) +
	       count_range(r, CONSUMED_FIRST, CONSUMED_LAST);
	if (in == out + held && held == r->held)
		return NULL;
	(void)snprintf(line, sizeof(line), "balance: %llu in, %llu out, %llu held, agent has %u",
	               (unsigned long long)in, (unsigned long long)out, (unsigned long long)held,
	               r->held);
	return line;
}

/* I3. */
static bool port_owes(const struct port *port)
{
	for (uint16_t k = 0; port != NULL && k < port->n_queues; k++) {
		if (port->queue[k].tx_pending > port->queue[k].tx.size)
			return true;
	}
	return false;
}

/* I1: the batch is empty. I3: no ring is owed more than it holds. */
static const char *check_rest(const struct router *r)
{
	for (unsigned int w = 0; w < r->n_workers; w++) {
		const struct batch *b = &r->workers[w].pipeline.batch;

		if (!batch_is_empty(b) || b->tx.mixed != 0 || b->tx.bytes != 0)
			return "packets are left in the batch";
	}
	for (uint16_t i = 0; i < r->n_ports; i++) {
		if (port_owes(r->port[i]))
			return "more is under way than the completion ring holds";
	}
	if (r->handover != NULL && handover_count(r->handover) > 0)
		return "packets are left on the way between workers";
	return NULL;
}

/* Frames of an entry. Return: how many. */
static uint64_t census_entry(struct census *s, const struct reass_entry *e)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < REASS_PARTS; i++) {
		if (e->frame[i] == REASS_NO_FRAME)
			continue;
		census_frame(s, e->frame[i], "reassembly");
		n++;
	}
	return n;
}

/* Frames that fragments wait in, and the gauge that the daemon shows of them. */
static void census_reass(struct census *s, const struct reass *x)
{
	struct reass_entry *e;
	uint64_t n = 0;

	cds_list_for_each_entry(e, &x->age[0], age)
		n += census_entry(s, e);
	cds_list_for_each_entry(e, &x->age[1], age)
		n += census_entry(s, e);
	must(n == x->held && n <= x->limit);
}

/* I2. Frames that the agent holds have no list: their number must make up the sum. */
static const char *check_frames(const struct router *r)
{
	struct census *s = census_new(r->frames);
	static char line[160];
	const char *flaw;

	must(s != NULL);
	for (unsigned int w = 0; w < r->n_workers; w++) {
		census_cache(s, &r->workers[w].pipeline.cache);
		census_reass(s, &r->workers[w].pipeline.reass);
	}
	census_cache(s, &r->spare);
	if (r->depot != NULL)
		census_depot(s, r->depot);
	for (uint16_t i = 0; i < r->n_ports; i++) {
		if (r->port[i] != NULL)
			census_port(s, r->port[i]);
	}
	flaw = census_result(s);
	/* Held packets may be chains: then only the batch's end of the test tells. */
	if (flaw != NULL && r->held > 0 && strstr(flaw, "are lost") != NULL)
		flaw = NULL;
	(void)snprintf(line, sizeof(line), "%s", flaw != NULL ? flaw : "");
	census_free(s);
	return line[0] != '\0' ? line : NULL;
}

const char *router_check(struct router *r)
{
	const char *flaw = check_rest(r);

	if (flaw == NULL)
		flaw = check_frames(r);
	return flaw != NULL ? flaw : check_balance(r);
}

void router_ip4(struct packet *p, uint16_t in, const struct packet_ip4 *f, uint32_t payload)
{
	struct packet_ip4 full = *f;

	if (full.src == 0)
		full.src = HOST_IP(in);
	packet_ether(p, ROUTER_MAC(in), HOST_MAC(in, 2), 0x0800);
	packet_ip4(p, &full, payload);
}

void router_udp(struct packet *p, uint16_t in, uint32_t dst, uint32_t payload)
{
	router_ip4(p, in, &(struct packet_ip4){.dst = dst}, payload);
	packet_udp(p);
}

void router_ip6(struct packet *p, uint16_t in, const struct packet_ip6 *f, uint32_t payload)
{
	uint64_t to = ip6_is_multicast(f->dst) ? ip6_group_mac(f->dst) : ROUTER_MAC(in);
	struct packet_ip6 full = *f;

	if (ip_is_none(full.src) && !full.unspecified)
		full.src = HOST_IP6(in);
	packet_ether(p, to, HOST_MAC(in, 2), 0x86dd);
	packet_ip6(p, &full, payload);
}

void router_udp6(struct packet *p, uint16_t in, struct ip dst, uint32_t payload)
{
	router_ip6(p, in, &(struct packet_ip6){.dst = dst}, payload);
	packet_udp(p);
}
