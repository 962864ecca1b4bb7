/* SPDX-License-Identifier: BSD-2-Clause */
#include "router.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <uapi/if_xdp.h>
#include <unistd.h>

#include "base/clock.h"
#include "port/census.h"

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
static void order_give(struct router *r, const struct order *o)
{
	struct order *slot = ring_reserve(r->worker.pipeline.orders);

	if (slot == NULL) {
		pipeline_run(&r->worker.pipeline, NULL);
		slot = ring_reserve(r->worker.pipeline.orders);
	}
	must(slot != NULL);
	*slot = *o;
	ring_push(r->worker.pipeline.orders);
}

static void on_send(void *ctx, uint16_t iface, const uint8_t *frame, uint16_t len)
{
	struct order o = {.kind = ORDER_SEND, .iface = iface, .len = len};

	must(len <= sizeof(o.bytes));
	memcpy(o.bytes, frame, len);
	order_give(ctx, &o);
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

	order_give(r, &o);
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

static void port_make(struct router *r, uint16_t i, const struct router_config *cfg)
{
	const struct memory_config mc = {
		.name = "p",
		.id = i,
		.n_queues = 1,
		.tag = i + 1u,
		.ring_size = cfg->ring != 0 ? cfg->ring : 64,
		.mac = ROUTER_MAC(i),
		.mtu = cfg->mtu[i] != 0 ? cfg->mtu[i] : 1500,
		.partial_csum = cfg->partial_csum[i],
	};

	must(memory_port_open(&r->port[i], r->frames, &mc) == 0);
	r->addr[i] = (struct iface_addr4){ROUTER_IP(i), 24};
	r->iface[i] = (struct iface){
		.mac = mc.mac,
		.id = i,
		.mtu = (uint16_t)mc.mtu,
		.up = true,
		.partial_csum = mc.partial_csum,
		.n_addr4 = 1,
		.addr4 = &r->addr[i],
		.name = "p",
	};
}

static void route_add(struct router *r, const struct fib4_route *want,
                      const struct nexthop_key *key)
{
	struct fib4_route route = *want;
	uint16_t max_len = 0, old = 0;

	if (key->kind == NH_RESOLVE || key->kind == NH_CONNECTED)
		max_len = nexthop_max_len(r->iface[key->iface].mtu);
	must(nexthop_get(r->nexthops, key, max_len, &route.nh) == 0);
	must(fib4_insert(r->fib, &route, &old) == 0);
	if (old != 0)
		nexthop_put(r->nexthops, old);
	if (key->kind == NH_RESOLVE)
		neigh_sync_gateway(r->neigh, key->iface, key->gateway);
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

void router_publish(struct router *r)
{
	struct ifaces *s = ifaces_new(PORT_MAX);
	struct pipeline_queues *q = calloc(1, sizeof(*q));

	must(s != NULL && q != NULL);
	for (uint16_t i = 0; i < ROUTER_PORTS; i++) {
		r->iface[i].up = r->iface[i].up && r->port[i] != NULL;
		must(ifaces_set(s, &r->iface[i]) == 0);
		if (r->port[i] == NULL)
			continue;
		q->tx[i] = &r->port[i]->queue[0];
		q->rx[q->n_rx++] = &r->port[i]->queue[0];
	}
	(void)rcu_swap(&r->table.current, s);
	neigh_set_ifaces(r->neigh, s, r->now);
	worker_set_queues(&r->worker, q);
	ifaces_free_rcu(r->ifaces);
	r->ifaces = s;
}

/* Frames, tables and the worker. */
static void router_make(struct router *r, const struct router_config *cfg)
{
	/* An eighth of the frames may wait, as in the agent. */
	struct neigh_limits limits = {.entries = 65536, .incomplete = 8192};
	static const struct neigh_ops ops = {on_send, on_resume, on_drop};

	r->report_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	must(frames_new(&r->frames, cfg->frames != 0 ? cfg->frames : 512,
	                cfg->chunk != 0 ? cfg->chunk : 2048, FRAMES_HUGE_NEVER) == 0);
	must(frame_cache_init(&r->spare, r->frames) == 0);
	must(nexthops_new(&r->nexthops) == 0 && fib4_new(&r->fib) == 0);
	limits.held = r->frames->n / 8;
	must(neigh_new(&r->neigh, &ops, r, r->nexthops, &limits, NULL) == 0);
	must(worker_init(&r->worker, r->frames, r->report_fd) == 0);
	r->worker.cpu = -1;
	r->worker.ifaces = &r->table;
	r->worker.pipeline.neigh = neigh_reader(r->neigh);
	r->worker.pipeline.route =
		(struct route){.fib4 = r->fib, .nexthops = nexthops_idtab(r->nexthops)};
	host_set_rate(&r->worker.pipeline.host, cfg->rate);
	frame_cache_fill(&r->worker.pipeline.cache);
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
	router_make(r, cfg);
	for (uint16_t i = 0; i < ROUTER_PORTS; i++)
		port_make(r, i, cfg);
	router_publish(r);
	for (uint16_t i = 0; i < ROUTER_PORTS; i++) {
		routes_of_port(r, i);
		router_static(r, i, HOST_IP(i), HOST_MAC(i, 2));
	}
	router_run(r);
	router_pass(r, 2 * NS_PER_SEC); /* the ports announce their addresses */
	router_drain(r);
	router_run(r);
	return r;
}

const char *router_close(struct router *r)
{
	const char *flaw;

	neigh_free(r->neigh); /* drops what it holds */
	while (pipeline_run(&r->worker.pipeline, NULL) > 0)
		;
	flaw = router_check(r);
	rcu_quiescent_state();
	worker_fini(&r->worker);
	rcu_unregister_thread();
	rcu_barrier();
	for (uint16_t i = 0; i < ROUTER_PORTS; i++)
		port_close(&r->port[i]);
	fib4_free(r->fib);
	nexthops_free(r->nexthops);
	ifaces_free(r->ifaces);
	frame_cache_fini(&r->spare);
	frames_free(r->frames);
	close(r->report_fd);
	free(r);
	return flaw;
}

void router_route(struct router *r, uint32_t dst, uint8_t len, uint16_t iface, uint32_t gateway)
{
	route_add(r, &(struct fib4_route){.dst = dst, .len = len, .source = ROUTE_STATIC},
	          &(struct nexthop_key){.kind = NH_RESOLVE, .iface = iface, .gateway = gateway});
}

void router_route_kind(struct router *r, uint32_t dst, uint8_t len, enum nexthop_kind kind)
{
	route_add(r, &(struct fib4_route){.dst = dst, .len = len, .source = ROUTE_STATIC},
	          &(struct nexthop_key){.kind = kind});
}

void router_static(struct router *r, uint16_t iface, uint32_t ip, uint64_t mac)
{
	must(neigh_set_static(r->neigh, iface, ip, mac, r->now) == 0);
}

static void report_take(struct router *r, const struct report *report)
{
	if (report->kind == REPORT_FRAME) {
		frame_put(&r->spare, frame_addr(r->frames, report->data));
		return;
	}
	r->held += report->kind == REPORT_NEIGH_WANTED;
	neigh_report(r->neigh, report, r->now);
}

void router_run(struct router *r)
{
	struct pipeline *p = &r->worker.pipeline;
	bool more = true;

	while (more) {
		const struct report *report;

		more = worker_poll(&r->worker, r->now) > 0;
		while ((report = ring_peek(p->reports)) != NULL) {
			report_take(r, report);
			ring_pop(p->reports);
			more = true;
		}
		neigh_tick(r->neigh, r->now);
		more = more || ring_has(p->orders);
		rcu_quiescent_state();
	}
}

void router_unplug(struct router *r, uint16_t port)
{
	const struct order recover = {.kind = ORDER_RECOVER, .value = r->port[port]->queue[0].tag};
	const struct port_queue_counters *c = &r->port[port]->queue[0].counters;
	struct port *gone = r->port[port];

	r->gone.rx_packets += c->rx_packets;
	r->gone.tx_packets += c->tx_packets;
	r->port[port] = NULL;
	router_publish(r);
	port_close(&gone);
	order_give(r, &recover);
	router_run(r);
}

bool router_inject(struct router *r, uint16_t port, const void *bytes, uint32_t len)
{
	return memory_port_inject(r->port[port], 0, bytes, len);
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

bool router_take(struct router *r, uint16_t port, struct packet *p)
{
	p->len = sizeof(p->bytes);
	return r->port[port] != NULL && memory_port_take(r->port[port], 0, p->bytes, &p->len);
}

uint32_t router_drain(struct router *r)
{
	struct packet *p = malloc(sizeof(*p));
	uint32_t n = 0;

	must(p != NULL);
	for (uint16_t i = 0; i < ROUTER_PORTS; i++) {
		while (router_take(r, i, p))
			n++;
	}
	free(p);
	return n;
}

uint64_t router_count(const struct router *r, enum verdict v)
{
	uint64_t sum = 0;

	for (uint16_t i = 0; i < PORT_MAX; i++)
		sum += r->worker.pipeline.counters.verdict[i][v];
	return sum;
}

static uint64_t count_range(const struct router *r, enum verdict first, enum verdict last)
{
	uint64_t sum = 0;

	for (enum verdict v = first; v <= last; v++)
		sum += router_count(r, v);
	return sum;
}

/* I4. Return: NULL or what does not balance. */
static const char *check_balance(const struct router *r)
{
	const struct pipeline *p = &r->worker.pipeline;
	uint64_t in = r->gone.rx_packets + p->counters.originated + p->counters.copies +
	              p->host.originated;
	uint64_t out = r->gone.tx_packets + count_range(r, DROP_FIRST, DROP_LAST) +
	               count_range(r, CONSUMED_FIRST, CONSUMED_LAST);
	uint64_t held = router_count(r, HELD_NEIGH) - p->counters.released;
	static char line[160];

	for (uint16_t i = 0; i < ROUTER_PORTS; i++) {
		if (r->port[i] == NULL)
			continue;
		in += r->port[i]->queue[0].counters.rx_packets;
		out += r->port[i]->queue[0].counters.tx_packets;
	}
	if (in == out + held && held == r->held)
		return NULL;
	(void)snprintf(line, sizeof(line), "balance: %llu in, %llu out, %llu held, agent has %u",
	               (unsigned long long)in, (unsigned long long)out, (unsigned long long)held,
	               r->held);
	return line;
}

/* I1: the batch is empty. I3: no ring is owed more than it holds. */
static const char *check_rest(const struct router *r)
{
	const struct batch *b = &r->worker.pipeline.batch;

	if (b->ip4.n + b->arp.n + b->host.n + b->ended.n + b->tx.n != 0 || b->tx.mixed != 0 ||
	    b->tx.bytes != 0)
		return "packets are left in the batch";
	for (uint16_t i = 0; i < ROUTER_PORTS; i++) {
		if (r->port[i] != NULL &&
		    r->port[i]->queue[0].tx_pending > r->port[i]->queue[0].tx.size)
			return "more is under way than the completion ring holds";
	}
	return NULL;
}

/* I2. Frames that the agent holds have no list: their number must make up the sum. */
static const char *check_frames(const struct router *r)
{
	struct census *s = census_new(r->frames);
	static char line[160];
	const char *flaw;

	must(s != NULL);
	census_cache(s, &r->worker.pipeline.cache);
	census_cache(s, &r->spare);
	for (uint16_t i = 0; i < ROUTER_PORTS; i++) {
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
