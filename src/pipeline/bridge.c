/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bridge: what is in the bridged lane goes on: its sources are learned, its destinations looked up,
 * and one loop sends what goes to one port as it is. All else takes bridge_special().
 *
 * The lane has either what one port received, or frames of the router's own.
 */
#include "pipeline/bridge_run.h"

/* A port's id, in a value of the FDB, and what says that it is one. */
#define VALUE_PORT  (IFACE_PORTS - 1)
#define VALUE_PLAIN (FDB_KNOWN | (0xffff & ~VALUE_PORT))

/* Who was heard: the agent is told of it as far as it wants to know. */
static never_inline void bridge_tell(struct pipeline *p, uint16_t in, const struct fdb_heard *heard,
                                     bool full)
{
	const struct l2_lane *l = &p->batch.l2;

	/* No more are learned on a port that has as many as it may. */
	for (uint64_t left = heard->moved | (full ? 0 : heard->unknown); left != 0;
	     left &= left - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(left);
		bool moved = heard->moved >> i & 1;
		const struct report r = {
			.kind = REPORT_STATION,
			.claim = moved ? STATION_MOVED : STATION_NEW,
			.iface = in,
			.in = moved ? heard->old[i] : in,
			.value = fdb_key_vid(l->src[i]),
			.mac = fdb_key_mac(l->src[i]),
		};

		report_station(p, &r);
	}
}

uint64_t bridge_learn(struct pipeline *p, const struct bridge *br, uint16_t in)
{
	const struct l2_lane *l = &p->batch.l2;
	bool full = __atomic_load_n(&br->live->full[in], __ATOMIC_RELAXED) != 0;
	struct fdb_heard heard;

	fdb_hear(br->live->fdb, l->src, l->n, in, fdb_tick(p->now_ns), full, &heard);
	if (unlikely((heard.unknown | heard.moved) != 0))
		bridge_tell(p, in, &heard, full);
	return heard.router;
}

void bridge_end(struct pipeline *p, struct pkt *k, enum verdict v)
{
	struct pkt_list *ended = &p->batch.ended;

	pkt_list_add(ended, k, v);
	finish_behind(p, ended->n - 1);
}

/* The longest frame that @port sends: a tag more than its MTU, as devices take them. */
static uint32_t port_fits(const struct pipeline *p, uint16_t port)
{
	return p->ifaces->iface[port].mtu + ETHER_LEN + VLAN_TAG_LEN;
}

/* As egress.c does it: who takes the tag off again has a frame that is long enough. */
static void tag_push_padded(struct pkt *k)
{
	if (k->len < ETHER_MIN_LEN) {
		memset(k->data + k->len, 0, ETHER_MIN_LEN - k->len); /* no EtherLeak */
		k->len = ETHER_MIN_LEN;
	}
	tag_push(k);
}

/* The frame as @port wants it. Return: KEEP, or why it cannot leave by that. */
static enum verdict bridge_retag(struct pipeline *p, const struct bridge *br, struct pkt *k,
                                 uint16_t port)
{
	bool tag = (k->flags & PKT_TAGGED) != 0;
	uint32_t fits = port_fits(p, port);

	if (br->vlan_aware)
		tag = !(bridge_vlan_of(br, k)->untagged >> port & 1);
	if (tag && br->vlan_aware && !(k->flags & PKT_TAGGED)) {
		if (k->len > UINT16_MAX - VLAN_TAG_LEN)
			return DROP_TOO_BIG;
		tag_push_padded(k);
	} else if (!tag && k->flags & PKT_TAGGED) {
		/* What comes next would be taken for its VLAN. */
		if (load16(k->data + ETHER_LEN + 2) == ETHERTYPE_VLAN)
			return DROP_DOUBLE_TAG;
		tag_pop(k);
	}
	return k->len > fits ? DROP_TOO_BIG : KEEP;
}

void bridge_send(struct pipeline *p, const struct bridge_run *r, struct pkt *k, uint16_t port)
{
	enum verdict v = bridge_retag(p, r->bridge, k, port);

	if (v != KEEP) {
		bridge_end(p, k, v);
		return;
	}
	transmit_room(p, 1);
	egress_send(p, k, port);
}

/* Why a frame does not leave by @port, where its station is; KEEP: it does. */
static enum verdict bridge_why(const struct bridge_run *r, const struct pkt *k, uint16_t port)
{
	const struct bridge *br = r->bridge;

	if (!r->own && port == r->in)
		return DROP_SAME_PORT;
	if (!(bridge_vlan_of(br, k)->members & br->forwarding & 1ull << port))
		return DROP_NO_PORT;
	return r->ports >> port & 1 ? KEEP : DROP_ISOLATED;
}

/* To an address of the router's own. */
static void bridge_router(struct pipeline *p, const struct bridge_run *r, struct pkt *k)
{
	if (r->own)
		bridge_end(p, k, DROP_SAME_PORT);
	else if (bridge_vlan_of(r->bridge, k)->iface == 0)
		bridge_end(p, k, DROP_NO_PORT);
	else
		bridge_to_foot(p, k);
}

/* To the station of @key, which the FDB does not know, or to a group. What answers a station's
 * first frame goes where that came from. */
static void bridge_unknown(struct pipeline *p, const struct bridge_run *r, struct pkt *k,
                           uint64_t key)
{
	uint64_t ports = r->ports & bridge_vlan_of(r->bridge, k)->members;
	int port = r->own ? station_heard(p, key) : -1;

	if (port >= 0 && ports >> port & 1)
		bridge_send(p, r, k, (uint16_t)port);
	else
		bridge_flood(p, r, k);
}

/* What is not sent just like that: the frame in place @i of the lane, to a station with @value. */
static never_inline void bridge_special(struct pipeline *p, const struct bridge_run *r, uint32_t i,
                                        uint64_t value)
{
	struct pkt *k = &p->batch.l2.pkt[i];
	uint16_t port = fdb_port(value);
	enum verdict v;

	if (r->spoofed >> i & 1) {
		bridge_end(p, k, DROP_SOURCE_MAC);
	} else if (value == 0) {
		bridge_unknown(p, r, k, p->batch.l2.dst[i]);
	} else if (port == FDB_ROUTER) {
		bridge_router(p, r, k);
	} else {
		v = bridge_why(r, k, port);
		if (v == KEEP)
			bridge_send(p, r, k, port);
		else
			bridge_end(p, k, v);
	}
}

/* What the loop keeps in registers, where others find it. A call, for it is rare: inlined, gcc
 * loads what is added to for each packet. */
static never_inline void bridge_commit(struct tx_list *t, uint32_t n, uint32_t mixed,
                                       uint64_t bytes)
{
	t->n = n;
	t->mixed |= mixed;
	t->bytes += bytes;
}

/* Send the @n frames from @first on, to stations with @value. @aware: the bridge is. */
static force_inline void bridge_cross(struct pipeline *p, const struct bridge_run *r,
                                      uint32_t first, uint32_t n, const uint64_t *value, bool aware)
{
	const struct pkt *k = &p->batch.l2.pkt[first];
	const struct bridge_vlan *vlan = r->bridge->vlan;
	const uint8_t *base = p->cache.frames->base;
	struct tx_list *t = &p->batch.tx;
	uint64_t ports = aware ? r->ports : r->ports & vlan->members, bytes = 0;
	uint32_t at = t->n, mixed = 0, fits = r->fits;

	for (uint32_t i = 0; i < n; i++, k++) {
		uint64_t v = value[i], to = ports, as_is = 1;
		uint32_t port = v & VALUE_PORT, len = k->len;

		if (aware) {
			const struct bridge_vlan *in = &vlan[k->value & TAG_VID];

			static_assert(PKT_TAGGED == 1 << 1, "as below");
			to &= in->members;
			/* Either the port wants no tag, or there is one. */
			as_is = (in->untagged >> port) ^ (k->flags >> 1);
		}
		if (unlikely(((v & VALUE_PLAIN) != FDB_KNOWN) | !(to >> port & as_is & 1) |
		             (len > fits) | (len < ETHER_MIN_LEN) | (k->flags & PKT_CHAIN))) {
			bridge_commit(t, at, mixed, bytes);
			bridge_special(p, r, first + i, v);
			at = t->n;
			mixed = 0;
			bytes = 0;
			continue;
		}
		t->desc[at].addr = (uint64_t)(k->data - base);
		t->desc[at].len = len;
		t->desc[at].options = 0;
		t->port[at] = (uint16_t)port;
		mixed |= port ^ t->port[0];
		bytes += len;
		at++;
	}
	bridge_commit(t, at, mixed, bytes);
}

/* Ports that frames may leave by which came in by @in, and what fits all of them. */
static void run_init(struct bridge_run *r, const struct pipeline *p, const struct pkt *k, bool own)
{
	const struct bridge *br = k->bridge;

	*r = (struct bridge_run){
		.bridge = br, .ports = br->forwarding, .fits = UINT32_MAX, .in = k->in, .own = own};
	if (!own) {
		r->ports &= ~(1ull << r->in);
		r->ports &= br->isolated >> r->in & 1 ? ~br->isolated : ~0ull;
	}
	for (uint64_t left = r->ports; left != 0; left &= left - 1) {
		uint32_t fits = port_fits(p, (uint16_t)__builtin_ctzll(left));

		r->fits = fits < r->fits ? fits : r->fits;
	}
}

/* Take the @n frames from @first on to where they go. */
static void run_cross(struct pipeline *p, const struct bridge_run *r, uint32_t first, uint32_t n)
{
	const struct l2_lane *l = &p->batch.l2;
	cache_aligned uint64_t value[BATCH_MAX];

	fdb_find(r->bridge->live->fdb, l->dst + first, value, n);
	for (uint64_t left = r->spoofed; left != 0; left &= left - 1)
		value[__builtin_ctzll(left)] = 0; /* whoever it is for: bridge_special() */
	if (r->bridge->vlan_aware)
		bridge_cross(p, r, first, n, value, true);
	else
		bridge_cross(p, r, first, n, value, false);
}

/* Frames of the router's own: each of its feet is in a bridge. */
static never_inline void bridge_own(struct pipeline *p)
{
	struct l2_lane *l = &p->batch.l2;

	for (uint32_t i = 0, end; i < l->n; i = end) {
		struct bridge_run r;

		run_init(&r, p, &l->pkt[i], true);
		for (end = i + 1; end < l->n && l->pkt[end].bridge == r.bridge;)
			end++;
		run_cross(p, &r, i, end - i);
	}
}

void bridge_stage(struct pipeline *p)
{
	struct l2_lane *l = &p->batch.l2;
	struct bridge_run r;

	transmit_room(p, l->n);
	if (l->src[0] == 0) {
		bridge_own(p);
	} else {
		run_init(&r, p, &l->pkt[0], false);
		r.spoofed = bridge_learn(p, r.bridge, r.in);
		run_cross(p, &r, 0, l->n);
	}
	l->n = 0;
}
