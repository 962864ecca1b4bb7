/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pipeline's bridge against the naive switch of switch_model.h: random bridges, stations and
 * frames; out of each port must come the same frames in the same order, byte for byte, and each
 * frame that does not come out must have ended as the model says. The test is the agent, too: it
 * puts into the table what workers report, and the model must have heard the same.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bridge/bridge.h"
#include "bridge/fdb.h"
#include "model.h"
#include "packet.h"
#include "pipeline/worker.h"
#include "port/census.h"
#include "port/memory.h"
#include "route/fib4.h"
#include "route/fib6.h"
#include "switch_model.h"

#define RING    256
#define FRAMES  8192
#define MTU     9000
#define DESCS   60 /* that a batch may take */
#define SENT    512
#define MACS    24
#define ASKERS  8               /* of these, known in each VLAN */
#define ROUTERS 0x4200000002ull /* 02:00:00:00:42:00 */
#define FOOT_IP 0x0a000001u     /* 10.0.I.1, of the I-th VLAN */

/* The VLANs of an aware bridge; an unaware one has 0. */
static const unsigned int vids[] = {1, 10, 20, 21, 4094};

/* Ports have these ids, so that every corner of a set of them is met. */
static const uint16_t ids[SWITCH_PORTS] = {0, 3, 31, 32, 62, 63};

struct bed {
	struct worker worker;
	struct host_common host;
	struct frames *frames;
	struct port *port[SWITCH_PORTS];
	struct iface_table table;
	struct ifaces *ifaces;
	struct bridge *bridge;
	struct bridge_live live;
	struct iface_addr4 addr[ARRAY_SIZE(vids)];
	struct fib4 *fib;
	struct fib6 *fib6;
	struct nexthops *nexthops;
	struct neigh_table *neigh;
	uint64_t now, random;
	struct switch_model *model;
	uint64_t base[END_COUNT]; /* counted by the pipeline before this bridge */
	/* The batch: frames that came in, and stations heard in it that are not known. */
	struct packet *in;
	unsigned int n_in, n_new, n_told;
	struct switch_station new[64];
};

static uint32_t roll(struct bed *t, uint32_t n)
{
	return model_below(&t->random, n);
}

static bool one_in(struct bed *t, uint32_t n)
{
	return roll(t, n) == 0;
}

/* --- A worker with ports in memory -------------------------------------------------------------
 */

static void no_send(void *, uint16_t, const uint8_t *, uint16_t)
{
}

static void no_held(void *, const struct neigh_held *)
{
}

static void no_drop(void *, const struct neigh_held *, enum verdict)
{
}

static void no_address(void *, uint16_t, struct ip, enum addr_state)
{
}

static void ports_open(struct bed *t)
{
	for (uint16_t i = 0; i < SWITCH_PORTS; i++) {
		const struct memory_config mc = {
			.name = "p",
			.id = ids[i],
			.n_queues = 1,
			.tag = (uint16_t)(i + 1),
			.ring_size = RING,
			.mac = 0x02ull | (uint64_t)ids[i] << 40,
			.mtu = MTU,
		};

		assert_int_equal(memory_port_open(&t->port[i], t->frames, &mc), 0);
	}
}

static void queues_set(struct bed *t)
{
	struct pipeline_queues *q = calloc(1, sizeof(*q));

	assert_non_null(q);
	for (uint16_t i = 0; i < SWITCH_PORTS; i++) {
		q->tx[ids[i]] = &t->port[i]->queue[0];
		q->rx[q->n_rx++] = &t->port[i]->queue[0];
	}
	worker_set_queues(&t->worker, q);
}

static struct bed *bed_open(void)
{
	static const struct neigh_ops ops = {no_send, no_held, no_drop, no_address};
	size_t bytes = (sizeof(struct bed) + CACHE_LINE - 1) & -(size_t)CACHE_LINE;
	struct bed *t = aligned_alloc(CACHE_LINE, bytes);

	assert_non_null(t);
	memset(t, 0, bytes);
	rcu_register_thread();
	t->now = 1000 * NS_PER_SEC;
	t->random = model_seed();
	t->model = calloc(1, sizeof(*t->model));
	t->in = calloc(DESCS, sizeof(*t->in));
	assert_true(t->model != NULL && t->in != NULL);
	t->model->max_sent = SENT;
	t->model->sent = malloc(SENT * sizeof(*t->model->sent));
	assert_non_null(t->model->sent);
	assert_int_equal(frames_new(&t->frames, FRAMES, 2048, FRAMES_HUGE_NEVER), 0);
	assert_true(nexthops_new(&t->nexthops) == 0 && fib4_new(&t->fib) == 0 &&
	            fib6_new(&t->fib6) == 0);
	assert_int_equal(neigh_new(&t->neigh, &ops, t, t->nexthops, NULL, NULL), 0);
	assert_int_equal(worker_init(&t->worker, t->frames, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
	                 0);
	t->worker.cpu = -1;
	t->worker.ifaces = &t->table;
	t->worker.pipeline.neigh = neigh_reader(t->neigh);
	t->worker.pipeline.route = (struct route){
		.fib4 = t->fib, .fib6 = t->fib6, .nexthops = nexthops_idtab(t->nexthops)};
	t->worker.pipeline.host.common = &t->host;
	frame_cache_fill(&t->worker.pipeline.cache);
	ports_open(t);
	queues_set(t);
	return t;
}

/* The bridge in force goes; nobody reads it. */
static void bridge_close(struct bed *t)
{
	fdb_free(t->live.fdb);
	free(t->bridge);
	ifaces_free(t->ifaces);
}

static void bed_close(struct bed *t)
{
	int report_fd = t->worker.report_fd;

	bridge_close(t);
	neigh_free(t->neigh);
	rcu_quiescent_state();
	worker_fini(&t->worker);
	rcu_unregister_thread();
	rcu_barrier();
	for (uint16_t i = 0; i < SWITCH_PORTS; i++)
		port_close(&t->port[i]);
	fib4_free(t->fib);
	fib6_free(t->fib6);
	nexthops_free(t->nexthops);
	frames_free(t->frames);
	close(report_fd);
	free(t->model->sent);
	free(t->model);
	free(t->in);
	free(t);
}

/* --- A random bridge ---------------------------------------------------------------------------
 */

static void mac_of_station(uint8_t *mac, uint32_t i)
{
	/* Some differ in the last byte only, some in the first, one looks like a VLAN's key. */
	memset(mac, 0, 6);
	mac[0] = (uint8_t)(i % 3 == 0 ? 0x02 : i * 4);
	mac[1] = i % 5 == 0 ? 10 : 0;
	mac[5] = (uint8_t)(i + 1);
}

static unsigned int vid_any(struct bed *t)
{
	return t->model->aware ? vids[roll(t, ARRAY_SIZE(vids))] : 0;
}

static void model_port_make(struct bed *t, struct switch_port *p)
{
	static const enum switch_state states[] = {PORT_FORWARDS, PORT_FORWARDS,  PORT_FORWARDS,
	                                           PORT_FORWARDS, PORT_FORWARDS,  PORT_LEARNS,
	                                           PORT_BLOCKS,   PORT_NO_CARRIER};

	*p = (struct switch_port){
		.there = !one_in(t, 10),
		.state = states[roll(t, ARRAY_SIZE(states))],
		.isolated = one_in(t, 3),
		.full = one_in(t, 8),
		.trunk = one_in(t, 2),
		.mtu = one_in(t, 4) ? 1500 : MTU,
		.storm = one_in(t, 8) ? 100 : UINT32_MAX,
	};
	p->native = p->trunk && one_in(t, 2) ? 0 : vid_any(t);
	for (uint32_t v = 0; v < ARRAY_SIZE(vids); v++)
		p->allowed[vids[v]] = p->trunk && !one_in(t, 4);
}

static void stations_make(struct bed *t)
{
	static const uint64_t routers = ROUTERS;
	uint32_t n = t->model->aware ? ARRAY_SIZE(vids) : 1;

	for (uint32_t v = 0; v < n; v++) {
		unsigned int vid = t->model->aware ? vids[v] : 0;

		t->model->foot[vid] = one_in(t, 2);
		if (t->model->foot[vid])
			switch_station_add(t->model, (const uint8_t *)&routers, vid, SWITCH_ROUTER,
			                   true);
		for (uint32_t i = 0; i < MACS; i++) {
			uint8_t mac[6];

			mac_of_station(mac, i);
			if (i < ASKERS || !one_in(t, 3))
				switch_station_add(t->model, mac, vid, (int)roll(t, SWITCH_PORTS),
				                   one_in(t, 6));
		}
	}
}

static void model_make(struct bed *t)
{
	struct switch_frame *sent = t->model->sent;

	*t->model = (struct switch_model){.sent = sent, .max_sent = SENT};
	t->model->aware = !one_in(t, 4);
	for (uint32_t i = 0; i < SWITCH_PORTS; i++)
		model_port_make(t, &t->model->port[i]);
	stations_make(t);
}

/* --- The same bridge as the agent would build it -----------------------------------------------
 */

static void vlan_member(struct bridge *b, unsigned int vid, uint16_t id, bool untagged)
{
	b->vlan[vid].members |= 1ull << id;
	if (untagged)
		b->vlan[vid].untagged |= 1ull << id;
}

static void bridge_port_make(struct bed *t, uint16_t i)
{
	const struct switch_port *p = &t->model->port[i];
	struct bridge *b = t->bridge;
	uint64_t bit = 1ull << ids[i];

	t->live.full[ids[i]] = p->full;
	if (p->storm != UINT32_MAX)
		limit_set(&t->live.storm[ids[i]], p->storm * 10ull); /* a burst is a tenth */
	if (!p->there)
		return;
	b->ports |= bit;
	b->learning |= p->state == PORT_FORWARDS || p->state == PORT_LEARNS ? bit : 0;
	b->forwarding |= p->state == PORT_FORWARDS ? bit : 0;
	b->isolated |= p->isolated ? bit : 0;
	if (!t->model->aware) {
		vlan_member(b, 0, ids[i], true);
		return;
	}
	b->no_tagged |= p->trunk ? 0 : bit;
	b->pvid[ids[i]] = (uint16_t)p->native;
	for (uint32_t v = 0; v < ARRAY_SIZE(vids); v++) {
		if (p->native == vids[v] || p->allowed[vids[v]])
			vlan_member(b, vids[v], ids[i], p->native == vids[v]);
	}
}

static void iface_of_port(struct bed *t, uint16_t i)
{
	const struct iface f = {
		.mac = t->port[i]->mac,
		.id = ids[i],
		.mtu = (uint16_t)t->model->port[i].mtu,
		.up = t->model->port[i].state != PORT_NO_CARRIER,
		.port = ids[i],
		.bridge = t->model->port[i].there ? t->bridge : NULL,
		.name = "p",
	};

	assert_int_equal(ifaces_set(t->ifaces, &f), 0);
}

static void foot_make(struct bed *t, uint32_t v, unsigned int vid)
{
	struct iface f = {
		.mac = ROUTERS,
		.id = (uint16_t)(IFACE_PORTS + v),
		.mtu = MTU,
		.up = true,
		.n_addr4 = 1,
		.addr4 = &t->addr[v],
		.kind = IFACE_BRIDGE,
		.vid = (uint16_t)vid,
		.bridge = t->bridge,
		.name = "br",
	};

	if (!t->model->foot[vid])
		return;
	t->addr[v] = (struct iface_addr4){FOOT_IP + (v << 8), 24};
	t->bridge->vlan[vid].iface = f.id;
	assert_int_equal(ifaces_set(t->ifaces, &f), 0);
}

static void fdb_make(struct bed *t)
{
	memset(&t->live, 0, sizeof(t->live));
	assert_int_equal(fdb_new(&t->live.fdb, 4096), 0);
	for (unsigned int i = 0; i < t->model->n_stations; i++) {
		const struct switch_station *s = &t->model->station[i];
		uint64_t mac = 0;

		memcpy(&mac, s->mac, 6);
		assert_int_equal(fdb_set(t->live.fdb, fdb_key(mac, (uint16_t)s->vid),
		                         s->port == SWITCH_ROUTER ? FDB_ROUTER : ids[s->port],
		                         s->fixed ? FDB_STATIC : 0, fdb_tick(t->now)),
		                 0);
	}
}

/* Out with the bridge there was, in with another. */
static void bridge_change(struct bed *t)
{
	uint32_t n;

	bridge_close(t);
	model_make(t);
	fdb_make(t);
	n = t->model->aware ? VLAN_VIDS : 1;
	t->bridge = calloc(1, sizeof(*t->bridge) + n * sizeof(t->bridge->vlan[0]));
	t->ifaces = ifaces_new(IFACE_MAX);
	assert_true(t->bridge != NULL && t->ifaces != NULL);
	t->bridge->live = &t->live;
	t->bridge->mac = ROUTERS;
	t->bridge->vlan_aware = t->model->aware;
	for (uint16_t i = 0; i < SWITCH_PORTS; i++) {
		bridge_port_make(t, i);
		iface_of_port(t, i);
	}
	if (!t->model->aware)
		foot_make(t, 0, 0);
	for (uint32_t v = 0; v < ARRAY_SIZE(vids) && t->model->aware; v++)
		foot_make(t, v, vids[v]);
	assert_int_equal(ifaces_link(t->ifaces), 0);
	(void)rcu_swap(&t->table.current, t->ifaces);
	neigh_set_ifaces(t->neigh, t->ifaces, t->now);
	(void)worker_poll(&t->worker, t->now); /* fills the fill rings */
}

/* --- Random frames -----------------------------------------------------------------------------
 */

static void mac_any(struct bed *t, uint8_t *mac, bool source)
{
	static const uint8_t reserved[] = {0x01, 0x80, 0xc2, 0, 0, 0},
			     group[] = {0x33, 0x33, 0, 0, 0, 1};
	uint64_t special = ROUTERS;
	uint32_t what = roll(t, 32);

	mac_of_station(mac, roll(t, MACS));
	if (what < 3) { /* a stranger */
		mac[3] = (uint8_t)(1 + roll(t, 255));
	} else if (what == 3) {
		memcpy(mac, &special, 6);
	} else if (what == 4 && source) {
		memset(mac, 0, 6);
	} else if (what == 5) {
		mac[0] |= 1;
	} else if (what < 10 && !source) {
		memset(mac, 0xff, 6);
	} else if (what == 10 && !source) {
		memcpy(mac, reserved, 6);
		mac[5] = (uint8_t)roll(t, 20);
	} else if (what < 13 && !source) {
		memcpy(mac, group, 6);
	}
}

static uint32_t tag_put(uint8_t *at, unsigned int tpid, unsigned int tci)
{
	at[0] = (uint8_t)(tpid >> 8);
	at[1] = (uint8_t)tpid;
	at[2] = (uint8_t)(tci >> 8);
	at[3] = (uint8_t)tci;
	return 4;
}

static unsigned int tci_any(struct bed *t)
{
	static const unsigned int odd[] = {0, 0, 4095, 22, 2048};
	unsigned int vid = vids[roll(t, ARRAY_SIZE(vids))];

	if (one_in(t, 4))
		vid = odd[roll(t, ARRAY_SIZE(odd))];
	return roll(t, 16) << 12 | vid;
}

/* Return: bytes of the tags at @at. */
static uint32_t tags_any(struct bed *t, uint8_t *at)
{
	uint32_t n = 0;

	while (n < 12 && one_in(t, 2))
		n += tag_put(at + n, one_in(t, 5) ? 0x88a8 : 0x8100, tci_any(t));
	return n;
}

static uint32_t length_any(struct bed *t)
{
	switch (roll(t, 16)) {
	case 0:
		return roll(t, 30); /* runts */
	case 1:
		return 56 + roll(t, 10);
	case 2:
		return 1490 + roll(t, 40);
	case 3:
		return 1780 + roll(t, 30); /* where a second frame begins */
	case 4:
		return MTU;
	default:
		return 40 + roll(t, 200);
	}
}

/* Something that no router answers. */
static void frame_any(struct bed *t, struct packet *p)
{
	static const uint16_t types[] = {0x0800, 0x86dd, 0x88b5, 0x0806, 0x8847};
	uint16_t type = types[roll(t, ARRAY_SIZE(types))];
	uint32_t at = 12;

	mac_any(t, p->bytes, false);
	mac_any(t, p->bytes + 6, true);
	at += tags_any(t, p->bytes + at);
	p->bytes[at++] = (uint8_t)(type >> 8);
	p->bytes[at++] = (uint8_t)type;
	p->len = length_any(t);
	p->len += p->len > 100 ? at : 0;
	for (uint32_t i = at; i < p->len; i++)
		p->bytes[i] = (uint8_t)(0xf5 + i * 7 + (i >> 8) + t->n_in);
}

/* Who has an address? By a station that is known, in a VLAN, to all or to the router alone. Who
 * asks by its first frame is answered where that came from, or, when a worker heard of too many at
 * once, by a flood: unit/pipeline/test_bridge_foot.c. */
static void frame_arp(struct bed *t, struct packet *p)
{
	uint32_t v = t->model->aware ? roll(t, ARRAY_SIZE(vids)) : 0;
	uint32_t who = roll(t, ASKERS);
	uint64_t mac = 0;
	uint8_t bytes[6];

	mac_of_station(bytes, who);
	memcpy(&mac, bytes, 6);
	packet_arp(p, &(struct packet_arp){
			      .dst = one_in(t, 3) ? ROUTERS : 0xffffffffffffull,
			      .sender_mac = mac,
			      .sender = FOOT_IP + (v << 8) + 1 + who,
			      .target = FOOT_IP + (v << 8) + (one_in(t, 4) ? 99 : 0),
			      .op = 1,
		      });
	p->len = one_in(t, 2) ? 60 : 42;
	if (!t->model->aware || one_in(t, 2))
		return;
	memmove(p->bytes + 16, p->bytes + 12, 48);
	p->len += tag_put(p->bytes + 12, 0x8100, roll(t, 16) << 12 | vids[v]);
}

/* --- One batch ---------------------------------------------------------------------------------
 */

/* What the router answers to @in, in VLAN @vid: 60 bytes, or nothing. */
static bool answer_make(struct bed *t, struct packet *out, const struct packet *in,
                        unsigned int vid)
{
	uint32_t at = 14, v = 0; /* of the ARP packet, of the VLAN */
	uint64_t asker = 0;
	uint8_t target[4];

	while (at + 4 < in->len && in->bytes[at - 2] == 0x81 &&
	       (t->model->aware || (at == 14 && (in->bytes[at] & 0x0f) + in->bytes[at + 1] == 0)))
		at += 4; /* of an unaware bridge a priority alone */
	if (in->bytes[at - 2] != 8 || in->bytes[at - 1] != 6 || at + 28 > in->len ||
	    in->bytes[at + 7] != 1)
		return false;
	while (t->model->aware && vids[v] != vid)
		v++;
	memcpy(target, in->bytes + at + 24, 4);
	if (target[0] != 10 || target[2] != v || target[3] != 1)
		return false;
	memcpy(&asker, in->bytes + 6, 6);
	packet_arp(out,
	           &(struct packet_arp){
			   .dst = asker,
			   .sender_mac = ROUTERS,
			   .target_mac = asker,
			   .sender = FOOT_IP + (v << 8),
			   .target = (uint32_t)in->bytes[at + 14] << 24 | in->bytes[at + 15] << 16 |
	                             in->bytes[at + 16] << 8 | in->bytes[at + 17],
			   .op = 2,
		   });
	return true;
}

static bool is_new(const struct bed *t, const uint8_t *mac, unsigned int vid)
{
	for (unsigned int i = 0; i < t->n_new; i++) {
		if (t->new[i].vid == vid && memcmp(t->new[i].mac, mac, 6) == 0)
			return true;
	}
	return false;
}

static void model_hears(struct bed *t, uint16_t i)
{
	t->n_new = 0;
	for (unsigned int k = 0; k < t->n_in; k++) {
		const struct packet *p = &t->in[k];
		struct switch_station *s = &t->new[t->n_new];

		if (!switch_hears(t->model, i, p->bytes, p->len, &s->vid))
			continue;
		memcpy(s->mac, p->bytes + 6, 6);
		s->port = i;
		t->n_new += !is_new(t, s->mac, s->vid);
	}
}

/* What the model makes of the batch, the router's answers behind all of it. */
static void model_runs(struct bed *t, uint16_t i)
{
	static struct packet answer[DESCS];
	unsigned int vid[DESCS], n = 0;

	if (!t->model->port[i].there)
		return;
	model_hears(t, i);
	for (unsigned int k = 0; k < t->n_in; k++) {
		const struct packet *p = &t->in[k];

		if (switch_takes(t->model, i, p->bytes, p->len) != END_ROUTER)
			continue;
		vid[n] = t->model->router_vid;
		n += answer_make(t, &answer[n], p, vid[n]);
	}
	for (unsigned int k = 0; k < n; k++)
		switch_router_sends(t->model, vid[k], answer[k].bytes, answer[k].len);
}

/* A station goes into both tables. */
static void station_add(struct bed *t, uint16_t i, const struct report *r, const uint8_t *mac)
{
	switch_station_add(t->model, mac, r->value, i, false);
	assert_int_equal(fdb_set(t->live.fdb, fdb_key(r->mac, (uint16_t)r->value), r->iface, 0,
	                         fdb_tick(t->now)),
	                 0);
}

/* What workers report is learned if there is room; the model must have heard it. */
static void reports_take(struct bed *t, uint16_t i)
{
	struct ring *ring = t->worker.pipeline.reports;
	const struct report *r;

	while ((r = ring_peek(ring)) != NULL) {
		uint8_t mac[6];

		memcpy(mac, &r->mac, 6);
		if (r->kind == REPORT_STATION && r->claim == STATION_NEW) {
			assert_true(is_new(t, mac, r->value));
			assert_int_equal(r->iface, ids[i]);
			t->n_told++;
			if (switch_station_find(t->model, mac, r->value) == NULL &&
			    t->model->n_stations < SWITCH_STATIONS && !t->model->port[i].full)
				station_add(t, i, r, mac);
		}
		ring_pop(ring);
	}
}

static void frame_print(const char *what, const uint8_t *bytes, uint32_t len)
{
	print_error("%s, %u bytes:", what, len);
	for (uint32_t i = 0; i < len && i < 32; i++)
		print_error(" %02x", bytes[i]);
	print_error("\n");
}

/* The test is over: what came in and what was wrong. */
static void fail_batch(struct bed *t, uint16_t i, const char *what)
{
	const struct switch_port *p = t->model->port;

	print_error("a %s bridge; in by port %u\n", t->model->aware ? "VLAN-aware" : "plain", i);
	for (uint32_t k = 0; k < SWITCH_PORTS; k++)
		print_error("port %u: %sstate %d, %s, native %u%s%s\n", k,
		            p[k].there ? "" : "routed, ", p[k].state,
		            p[k].trunk ? "trunk" : "access", p[k].native,
		            p[k].isolated ? ", isolated" : "", p[k].full ? ", full" : "");
	for (unsigned int k = 0; k < t->n_in; k++)
		frame_print("in", t->in[k].bytes, t->in[k].len);
	fail_msg("%s", what);
}

static void compare_port(struct bed *t, uint16_t in, uint16_t out)
{
	static struct packet p;

	for (unsigned int k = 0; k < t->model->n_sent; k++) {
		const struct switch_frame *want = &t->model->sent[k];

		if (want->port != out)
			continue;
		p.len = sizeof(p.bytes);
		if (!memory_port_take(t->port[out], 0, p.bytes, &p.len)) {
			frame_print("wanted", want->bytes, want->len);
			fail_batch(t, in, "a frame is missing");
		}
		if (p.len == want->len && memcmp(p.bytes, want->bytes, p.len) == 0)
			continue;
		print_error("out of port %u\n", out);
		frame_print("came", p.bytes, p.len);
		frame_print("wanted", want->bytes, want->len);
		fail_batch(t, in, "another frame than the model's");
	}
	p.len = sizeof(p.bytes);
	if (memory_port_take(t->port[out], 0, p.bytes, &p.len)) {
		print_error("out of port %u\n", out);
		frame_print("came", p.bytes, p.len);
		fail_batch(t, in, "a frame that should not come");
	}
}

/* How often the bridge's ports counted @end. */
static uint64_t pipeline_ended(const struct bed *t, enum switch_end end)
{
	static const enum verdict verdicts[END_COUNT] = {
		[END_SHORT] = DROP_SHORT,           [END_NO_CARRIER] = DROP_IFACE_DOWN,
		[END_PORT_STATE] = DROP_PORT_STATE, [END_VLAN] = DROP_VLAN,
		[END_RESERVED] = DROP_RESERVED_MAC, [END_SOURCE] = DROP_SOURCE_MAC,
		[END_SAME_PORT] = DROP_SAME_PORT,   [END_NO_PORT] = DROP_NO_PORT,
		[END_ISOLATED] = DROP_ISOLATED,     [END_DOUBLE_TAG] = DROP_DOUBLE_TAG,
		[END_STORM] = DROP_STORM,           [END_TOO_BIG] = DROP_TOO_BIG,
	};
	uint64_t sum = 0;

	for (uint16_t i = 0; i < SWITCH_PORTS && verdicts[end] != KEEP; i++) {
		if (t->model->port[i].there)
			sum += t->worker.pipeline.counters.verdict[ids[i]][verdicts[end]];
	}
	return sum;
}

static void compare_ended(struct bed *t, uint16_t in)
{
	for (enum switch_end e = END_SHORT; e < END_COUNT; e++) {
		uint64_t got = pipeline_ended(t, e) - t->base[e];

		if (got == t->model->ended[e])
			continue;
		print_error("end %d: %llu, the model says %llu\n", (int)e, (unsigned long long)got,
		            (unsigned long long)t->model->ended[e]);
		fail_batch(t, in, "frames ended in another way");
	}
}

static void batch_fill(struct bed *t, uint16_t i)
{
	uint32_t room = t->frames->chunk - FRAME_HEADROOM, descs = 0, most = 1 + roll(t, 40);

	t->n_in = 0;
	while (t->n_in < most) {
		struct packet *p = &t->in[t->n_in];

		if (one_in(t, 12))
			frame_arp(t, p);
		else
			frame_any(t, p);
		descs += p->len / room + 1;
		if (descs > DESCS)
			return;
		assert_true(memory_port_inject(t->port[i], 0, p->bytes, p->len));
		t->n_in++;
	}
}

static void batch_try(struct bed *t)
{
	uint16_t i = (uint16_t)roll(t, SWITCH_PORTS);

	batch_fill(t, i);
	t->model->n_sent = 0;
	model_runs(t, i);
	(void)worker_poll(&t->worker, t->now);
	rcu_quiescent_state();
	for (uint16_t out = 0; out < SWITCH_PORTS; out++)
		compare_port(t, i, out);
	compare_ended(t, i);
	reports_take(t, i);
	(void)worker_poll(&t->worker, t->now); /* takes the completions */
}

/* I2 and I4. */
static void accounts_check(struct bed *t)
{
	const struct pipeline *p = &t->worker.pipeline;
	uint64_t in = p->counters.originated + p->counters.copies + p->host.originated, out = 0;
	const char *flaw = frames_check(&p->cache, t->port, SWITCH_PORTS);

	if (flaw != NULL)
		fail_msg("%s", flaw);
	for (uint16_t i = 0; i < SWITCH_PORTS; i++) {
		in += t->port[i]->queue[0].counters.rx_packets;
		out += t->port[i]->queue[0].counters.tx_packets;
	}
	for (uint16_t i = 0; i < IFACE_MAX; i++) {
		for (enum verdict v = DROP_FIRST; v <= CONSUMED_LAST; v++)
			out += p->counters.verdict[i][v];
	}
	assert_int_equal(in, out);
}

static void what_comes_out_is_what_a_switch_sends(void **)
{
	struct bed *t = bed_open();
	uint64_t end = model_end_ns(), heard = 0;

	while (clock_ns() < end) {
		bridge_change(t);
		for (enum switch_end e = END_SHORT; e < END_COUNT; e++)
			t->base[e] = pipeline_ended(t, e);
		for (int i = 0; i < 40; i++) {
			batch_try(t);
			heard += t->n_new;
		}
		accounts_check(t);
		t->now += NS_PER_SEC;
	}
	assert_true(heard == 0 || t->n_told > 0);
	bed_close(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_out_is_what_a_switch_sends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
