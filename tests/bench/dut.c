/* SPDX-License-Identifier: BSD-2-Clause */
#include "dut.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "bridge/bridge.h"
#include "bridge/fdb.h"
#include "pipeline/worker.h"
#include "port/census.h"
#include "port/memory.h"
#include "wire/ether.h"

#define PORTS           3
#define WORKERS         2 /* at most */
#define MTU             1500
#define BRIDGE_STATIONS 65536 /* as the configuration's default */
#define GATEWAY(port) \
	(0x0a000002u | (uint32_t)(port) << 16) /* 10.PORT.0.2, the first next hop behind a port */

struct dut {
	const struct workload *workload;
	struct frames *frames;
	struct port *port[PORTS];
	struct memory_queue *nic[WORKERS]; /* the other end of what each worker receives by */
	struct ifaces *ifaces;
	struct iface_table table;
	struct nexthops *nexthops;
	struct fib4 *fib;
	struct fib6 *fib6;
	uint16_t nh[WORKLOAD_ENDS + 1]; /* by the way of a route */
	uint16_t nh6[WORKLOAD_ENDS];    /* the same of IPv6; what ends has no family */
	uint16_t more[DUT_NEXTHOPS];    /* others behind the first port, from 1 on; 0: not there */
	int report_fd;
	struct handover *handover; /* with several workers, else NULL */
	struct depot *depot;
	unsigned int n_workers; /* made already */
	struct host_common host;
	struct bridge_live bridge_live; /* of what is bridged, else empty */
	struct bridge *bridge;
	struct worker worker[WORKERS];
};

static unsigned int workers_wanted(const struct dut_config *cfg)
{
	return cfg->workers > 0 ? cfg->workers : 1;
}

/* VLAN @vid of port @f, which has the port's addresses. */
static int vlan_make(struct dut *d, const struct iface *f, uint16_t vid)
{
	struct iface vlan = *f;

	vlan.id = IFACE_PORTS + f->id;
	vlan.kind = IFACE_VLAN;
	vlan.parent = f->id;
	vlan.vid = vid;
	vlan.tag[0] = (uint32_t)__builtin_bswap16(vid) << 16 | ETHERTYPE_VLAN;
	return ifaces_set(d->ifaces, &vlan);
}

/* A bridge of all ports that knows who sends by the first one, and who is behind the second. */
static int bridge_make(struct dut *d)
{
	const struct workload *w = d->workload;
	struct bridge *b = calloc(1, sizeof(*b) + sizeof(b->vlan[0]));
	int err = b == NULL ? -ENOMEM : fdb_new(&d->bridge_live.fdb, BRIDGE_STATIONS);

	d->bridge = b;
	if (err < 0)
		return err;
	b->live = &d->bridge_live;
	b->ports = b->learning = b->forwarding = b->vlan[0].members = (1u << PORTS) - 1;
	for (size_t i = 0; i < w->n_frames && err == 0; i++) {
		const uint8_t *frame = workload_frame(w, i);
		uint64_t from = fdb_key(mac_load(frame + ETHER_ADDR_LEN), 0);

		err = fdb_set(b->live->fdb, from, 0, 0, 0);
		if (err == 0)
			err = fdb_set(b->live->fdb, fdb_key(mac_load(frame), 0), 1, 0, 0);
	}
	return err;
}

static int ports_open(struct dut *d, const struct dut_config *cfg)
{
	static const uint8_t mac[PORTS][8] = {WORKLOAD_ROUTER_MAC, DUT_EGRESS_MAC, DUT_EGRESS_MAC};
	static const struct iface_addr4 addr[PORTS] = {
		{0x0a000001, 24}, {0x0a010001, 24}, {0x0a020001, 24}};
	static const struct iface_addr6 addr6 = {{0xfe80ull << 48, 0x100}, 64, ADDR_USABLE};

	d->ifaces = ifaces_new(IFACE_PORTS + PORTS);
	if (d->ifaces == NULL)
		return -ENOMEM;
	for (uint16_t i = 0; i < PORTS; i++) {
		struct memory_config mc = {
			.name = i == 0   ? "in"
		                : i == 1 ? "out"
		                         : "out2",
			.id = i,
			.n_queues = (uint16_t)(cfg->handover && i > 0 ? 1 : workers_wanted(cfg)),
			.tag = (uint16_t)(i * PORT_QUEUE_MAX + 1),
			.ring_size = cfg->ring,
			.mac = mac_load(mac[i]),
			.mtu = MTU,
		};
		struct iface f = {
			.mac = mc.mac,
			.id = i,
			.mtu = MTU,
			.up = true,
			.n_addr4 = 1,
			.addr4 = &addr[i],
			.n_addr6 = 1,
			.addr6 = &addr6,
			.bridge = d->bridge,
		};
		int err = memory_port_open(&d->port[i], d->frames, &mc);

		if (err == 0)
			err = ifaces_set(d->ifaces, &f);
		if (err == 0 && cfg->workload->vlan > 0)
			err = vlan_make(d, &f, (uint16_t)(cfg->workload->vlan + i));
		if (err < 0)
			return err;
	}
	if (ifaces_link(d->ifaces) < 0)
		return -ENOMEM;
	for (uint16_t k = 0; k < d->port[0]->n_queues; k++)
		d->nic[k] = memory_port_queue(d->port[0], k); /* queue k is worker k's */
	(void)rcu_swap(&d->table.current, d->ifaces);
	return 0;
}

/* A gateway behind a port to send by, resolved to the MAC that ends with @last. */
static int nexthop_make(struct dut *d, uint16_t port, struct ip gateway, uint8_t last, uint16_t *nh)
{
	static const uint8_t header[ETHER_LEN + 2] = {0x02, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 2};
	uint16_t iface = d->workload->vlan > 0 ? IFACE_PORTS + port : port;
	const struct nexthop_key key = {NH_RESOLVE, iface, gateway};
	struct nexthop line = {
		.kind = NH_FORWARD,
		.header_len = iface == port ? ETHER_LEN : 0,
		.iface = iface,
		.max_len = MTU + ETHER_LEN,
		.gateway = gateway,
	};
	int err = nexthop_get(d->nexthops, &key, line.max_len, nh);

	if (err < 0)
		return err;
	memcpy(line.header, header, sizeof(header));
	line.header[ETHER_ADDR_LEN - 1] = last;
	store16(line.header + 12, ip_is4(gateway) ? ETHERTYPE_IP4 : ETHERTYPE_IP6);
	return nexthop_resolve(d->nexthops, iface, gateway, &line);
}

/* The @i-th of IPv4. */
static int nexthop_make4(struct dut *d, uint16_t port, uint8_t i, uint16_t *nh)
{
	return nexthop_make(d, port, ip_from4(GATEWAY(port) + i), (uint8_t)(DUT_NEXTHOP_BYTE + i),
	                    nh);
}

/* One of either family behind each port, and nothing for what ends. */
static int nexthops_make(struct dut *d)
{
	const struct nexthop_key nowhere = {.kind = NH_BLACKHOLE};
	int err = nexthop_get(d->nexthops, &nowhere, 0, &d->nh[WORKLOAD_ENDS]);

	for (uint16_t way = 0; err == 0 && way < WORKLOAD_ENDS; way++) {
		uint16_t port = (uint16_t)(way + 1);

		err = nexthop_make4(d, port, 0, &d->nh[way]);
		if (err == 0)
			err = nexthop_make(d, port, (struct ip){0xfe80ull << 48, port},
			                   DUT_NEXTHOP_BYTE, &d->nh6[way]);
	}
	return err;
}

static struct fib4_route route_of(const struct dut *d, const struct workload_route *r)
{
	return (struct fib4_route){
		.dst = r->dst,
		.len = r->len,
		.source = ROUTE_STATIC,
		.nh = r->nh != 0 ? d->more[r->nh] : d->nh[r->way],
	};
}

static int routes_load(struct dut *d)
{
	const struct workload *w = d->workload;
	struct fib4_route *r = calloc(w->n_routes, sizeof(*r));
	int err = r != NULL || w->n_routes == 0 ? 0 : -ENOMEM;

	for (size_t i = 0; err == 0 && i < w->n_routes; i++) {
		uint16_t nh = w->route[i].nh;

		if (nh != 0 && d->more[nh] == 0)
			err = nexthop_make4(d, 1, (uint8_t)nh, &d->more[nh]);
		r[i] = route_of(d, &w->route[i]);
	}
	if (err == 0)
		err = fib4_load(d->fib, r, w->n_routes);
	free(r);
	return err;
}

static int routes6_load(struct dut *d)
{
	const struct workload *w = d->workload;
	struct fib6_route *r = calloc(w->n_routes6, sizeof(*r));
	int err = r != NULL || w->n_routes6 == 0 ? 0 : -ENOMEM;

	for (size_t i = 0; err == 0 && i < w->n_routes6; i++) {
		uint8_t way = w->route6[i].way;

		r[i] = (struct fib6_route){
			.dst = w->route6[i].dst,
			.len = w->route6[i].len,
			.source = ROUTE_STATIC,
			.nh = way == WORKLOAD_ENDS ? d->nh[way] : d->nh6[way],
		};
	}
	if (err == 0)
		err = fib6_load(d->fib6, r, w->n_routes6);
	free(r);
	return err;
}

int dut_route_set(struct dut *d, const struct workload_route *to)
{
	struct fib4_route r = route_of(d, to);
	uint16_t old;

	return fib4_insert(d->fib, &r, &old);
}

int dut_route_remove(struct dut *d, const struct workload_route *to)
{
	struct fib4_route r = route_of(d, to);
	uint16_t old;

	return fib4_remove(d->fib, &r, &old);
}

static int tables_make(struct dut *d)
{
	int err = nexthops_new(&d->nexthops);

	if (err == 0)
		err = fib4_new(&d->fib);
	if (err == 0)
		err = fib6_new(&d->fib6);
	if (err == 0)
		err = nexthops_make(d);
	if (err == 0)
		err = routes_load(d);
	if (err == 0)
		err = routes6_load(d);
	return err;
}

/* As the agent deals them out. */
static struct pipeline_queues *queues_make(struct dut *d, unsigned int w, unsigned int n)
{
	struct pipeline_queues *q = calloc(1, sizeof(*q));

	for (uint16_t i = 0; q != NULL && i < PORTS; i++) {
		struct port *port = d->port[i];
		uint16_t send = queue_to_send(port, w, n);
		unsigned int owner = queue_worker(i, send, n);

		if (owner == w)
			q->tx[i] = &port->queue[send];
		else
			q->via[i] = handover_ring(d->handover, w, owner);
		for (uint16_t k = 0; k < port->n_queues; k++) {
			if (queue_worker(i, k, n) == w)
				q->rx[q->n_rx++] = &port->queue[k];
		}
	}
	return q;
}

static int worker_make(struct dut *d, unsigned int i, unsigned int n)
{
	struct worker *w = &d->worker[i];
	struct pipeline_queues *queues;
	int err = worker_init(w, d->frames, d->report_fd);

	if (err < 0)
		return err;
	d->n_workers++;
	w->ifaces = &d->table;
	w->depot = d->depot;
	w->peer = n > 1 ? d->worker : NULL;
	w->pipeline.worker = (uint16_t)i;
	w->pipeline.handover = d->handover;
	w->pipeline.route = (struct route){
		.fib4 = d->fib,
		.fib6 = d->fib6,
		.nexthops = nexthops_idtab(d->nexthops),
	};
	w->pipeline.host.common = &d->host;
	limit_set(&d->host.limit, 1000);
	queues = queues_make(d, i, n);
	if (queues == NULL)
		return -ENOMEM;
	worker_set_queues(w, queues);
	return 0;
}

static int workers_make(struct dut *d, unsigned int n)
{
	int err = 0;

	d->report_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (d->report_fd < 0)
		return -errno;
	if (n > 1) {
		err = handover_new(&d->handover, n);
		if (err == 0)
			err = depot_new(&d->depot, d->frames);
	}
	for (unsigned int i = 0; err == 0 && i < n; i++)
		err = worker_make(d, i, n);
	if (err == 0)
		frame_cache_fill(&d->worker[0].pipeline.cache);
	return err;
}

int dut_open(struct dut **out, const struct dut_config *cfg)
{
	struct dut *d = aligned_alloc(CACHE_LINE, (sizeof(*d) + CACHE_LINE - 1) & -CACHE_LINE);
	int err;

	if (d == NULL)
		return -ENOMEM;
	memset(d, 0, sizeof(*d));
	d->report_fd = -1;
	d->workload = cfg->workload;
	rcu_register_thread();
	err = frames_new(&d->frames, cfg->frames, cfg->chunk, FRAMES_HUGE_PREFER);
	if (err == 0 && cfg->workload->bridged)
		err = bridge_make(d);
	if (err == 0)
		err = ports_open(d, cfg);
	if (err == 0)
		err = tables_make(d);
	if (err == 0)
		err = workers_make(d, workers_wanted(cfg));
	if (err < 0) {
		dut_close(d);
		return err;
	}
	for (uint32_t i = 0; i < d->n_workers; i++)
		dut_run_at(d, i); /* fills the fill rings */
	*out = d;
	return 0;
}

static void nexthops_put(struct dut *d)
{
	for (int way = 0; way <= WORKLOAD_ENDS; way++) {
		if (d->nh[way] != 0)
			nexthop_put(d->nexthops, d->nh[way]);
		if (way < WORKLOAD_ENDS && d->nh6[way] != 0)
			nexthop_put(d->nexthops, d->nh6[way]);
	}
	for (int i = 0; i < DUT_NEXTHOPS; i++) {
		if (d->more[i] != 0)
			nexthop_put(d->nexthops, d->more[i]);
	}
}

void dut_close(struct dut *d)
{
	while (d->n_workers > 0)
		worker_fini(&d->worker[--d->n_workers]);
	handover_free(d->handover);
	depot_free(d->depot);
	if (d->report_fd >= 0)
		close(d->report_fd);
	nexthops_put(d);
	rcu_unregister_thread();
	rcu_barrier();
	if (d->fib != NULL)
		fib4_free(d->fib);
	fib6_free(d->fib6);
	if (d->nexthops != NULL)
		nexthops_free(d->nexthops);
	for (int i = 0; i < PORTS; i++) {
		if (d->port[i] != NULL)
			port_close(&d->port[i]);
	}
	if (d->ifaces != NULL)
		ifaces_free(d->ifaces);
	fdb_free(d->bridge_live.fdb);
	free(d->bridge);
	if (d->frames != NULL)
		frames_free(d->frames);
	free(d);
}

uint32_t dut_rx_at(struct dut *d, uint32_t worker, size_t at, uint32_t n)
{
	const struct workload *w = d->workload;
	struct memory_queue *nic = d->nic[worker];
	uint32_t fill, rx, taken = xsk_ring_cons__peek(&nic->fill, n, &fill);

	if (xsk_ring_prod__reserve(&nic->rx, taken, &rx) != taken) {
		xsk_ring_cons__cancel(&nic->fill, taken);
		return 0;
	}
	for (uint32_t i = 0; i < taken; i++) {
		uint64_t addr = *xsk_ring_cons__comp_addr(&nic->fill, fill + i) + FRAME_HEADROOM;

		memcpy(frame_data(d->frames, addr), workload_frame(w, at), WORKLOAD_SLOT);
		*xsk_ring_prod__tx_desc(&nic->rx, rx + i) =
			(struct xdp_desc){.addr = addr, .len = w->frame_len};
		if (++at == w->n_frames)
			at = 0;
	}
	xsk_ring_cons__release(&nic->fill, taken);
	xsk_ring_prod__submit(&nic->rx, taken);
	return taken;
}

uint32_t dut_run_at(struct dut *d, uint32_t w)
{
	return (uint32_t)worker_poll(&d->worker[w], d->worker[w].pipeline.now_ns);
}

/* What queue @queue of port @port has sent. */
static uint32_t port_tx(struct dut *d, uint16_t port, uint16_t queue, dut_seen *seen, void *ctx)
{
	uint32_t idx, n = memory_port_tx_peek(d->port[port], queue, UINT32_MAX, &idx);

	for (uint32_t i = 0; seen != NULL && i < n; i++) {
		const struct xdp_desc *t = memory_port_tx_desc(d->port[port], queue, idx + i);

		seen(ctx, (enum workload_way)(port - 1), frame_data(d->frames, t->addr), t->len);
	}
	memory_port_tx_complete(d->port[port], queue, n);
	return n;
}

uint32_t dut_tx_at(struct dut *d, uint32_t w, dut_seen *seen, void *ctx)
{
	uint32_t n = 0;

	for (uint16_t port = 1; port < PORTS; port++) {
		for (uint16_t k = 0; k < d->port[port]->n_queues; k++) {
			if (queue_worker(port, k, d->n_workers) == w)
				n += port_tx(d, port, k, seen, ctx);
		}
	}
	/* What a worker's loop does between two batches, as untimed here as its look at the clock.
	 */
	rcu_quiescent_state();
	d->worker[w].pipeline.now_ns = clock_ns();
	return n;
}

uint32_t dut_rx(struct dut *d, size_t at, uint32_t n)
{
	return dut_rx_at(d, 0, at, n);
}

uint32_t dut_run(struct dut *d)
{
	return dut_run_at(d, 0);
}

uint32_t dut_tx(struct dut *d, dut_seen *seen, void *ctx)
{
	return dut_tx_at(d, 0, seen, ctx);
}

uint64_t dut_handed(const struct dut *d)
{
	return d->handover != NULL ? handover_count(d->handover) : 0;
}

bool dut_balanced(const struct dut *d)
{
	struct census *s = census_new(d->frames);
	bool good;

	if (s == NULL)
		return false;
	for (unsigned int i = 0; i < d->n_workers; i++)
		census_cache(s, &d->worker[i].pipeline.cache);
	if (d->depot != NULL)
		census_depot(s, d->depot);
	for (int i = 0; i < PORTS; i++)
		census_port(s, d->port[i]);
	good = census_result(s) == NULL;
	census_free(s);
	return good;
}

const char *dut_drop(const struct dut *d, uint64_t *n)
{
	uint64_t c[VERDICT_COUNT] = {0};
	enum verdict most = DROP_FIRST;

	for (enum verdict v = DROP_FIRST; v < VERDICT_COUNT; v++) {
		for (unsigned int i = 0; i < d->n_workers * IFACE_MAX; i++)
			c[v] += d->worker[i / IFACE_MAX]
			                .pipeline.counters.verdict[i % IFACE_MAX][v];
		if (c[v] > c[most])
			most = v;
	}
	*n = c[most];
	return c[most] > 0 ? verdict_name(most) : NULL;
}
