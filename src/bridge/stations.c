/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts go along with what is done here. What workers do - stations move - is told by reports,
 * which may be late or lost; so each walk over the table counts anew.
 */
#include "bridge/stations.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* Between sweeps: an eighth of the ageing time, within these. */
#define SWEEP_MIN_NS NS_PER_SEC
#define SWEEP_MAX_NS (10 * NS_PER_SEC)

#define TICK_NS (1ull << 28) /* of fdb_tick() */

/* Of a port or of the bridge, the router's own entries not among them. */
struct tally {
	int64_t n;      /* below 0: a report of a move is yet to come */
	uint32_t limit; /* 0: none */
	bool told;
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): workers have lines of their own */
struct stations {
	struct bridge_live live;

	/* The agent's own. */
	cache_aligned struct stations_config config;
	uint32_t room; /* for how many the table was made */
	uint32_t n_static;
	struct tally tally[IFACE_PORTS + 1]; /* ports, and the bridge */
	uint64_t due_ns;                     /* next sweep */
	struct stations_stats stats;         /* of it, what is since the beginning */
	struct rcu_head rcu;
};

static bool tally_full(const struct tally *t)
{
	return t->limit > 0 && t->n >= t->limit;
}

/* What follows from a count that changed: the flag that workers see, and what a log says. */
static void tally_note(struct stations *s, uint16_t at)
{
	struct tally *t = &s->tally[at];
	bool full = tally_full(t);
	uint32_t eighth = t->limit / 8 > 0 ? t->limit / 8 : 1;

	if (at < IFACE_PORTS)
		__atomic_store_n(&s->live.full[at], full, __ATOMIC_RELAXED);
	if (full && !t->told) {
		t->told = true;
		if (s->config.reached != NULL)
			s->config.reached(s->config.ctx, at, t->limit);
	} else if (t->n + eighth <= t->limit || t->limit == 0) {
		t->told = false;
	}
}

static void tally_add(struct stations *s, uint16_t at, int n)
{
	s->tally[at].n += n;
	tally_note(s, at);
}

/* An entry comes (@n 1) or goes (@n -1). */
static void entry_count(struct stations *s, uint64_t value, int n)
{
	if (fdb_port(value) == FDB_ROUTER)
		return;
	if (value & FDB_STATIC)
		s->n_static += (uint32_t)n;
	tally_add(s, fdb_port(value), n);
	tally_add(s, STATIONS_BRIDGE, n);
}

static uint64_t entry_value(const struct stations *s, uint64_t key)
{
	uint64_t value;

	fdb_find(s->live.fdb, &key, &value, 1);
	return value;
}

static void entry_remove(struct stations *s, uint64_t key, uint64_t value)
{
	if (fdb_remove(s->live.fdb, key))
		entry_count(s, value, -1);
}

int stations_new(struct stations **out, const struct stations_config *config)
{
	struct stations *s;
	int err;

	if (config->limit == 0 || config->limit > UINT32_MAX - 2 * IFACE_MAX)
		return -EINVAL;
	s = aligned_alloc(CACHE_LINE, sizeof(*s));
	if (s == NULL)
		return -ENOMEM;
	memset(s, 0, sizeof(*s));
	err = fdb_new(&s->live.fdb, config->limit + 2 * IFACE_MAX);
	if (err < 0) {
		free(s);
		return err;
	}
	s->config = *config;
	s->room = config->limit;
	s->tally[STATIONS_BRIDGE].limit = config->limit;
	*out = s;
	return 0;
}

void stations_free(struct stations *s)
{
	if (s == NULL)
		return;
	fdb_free(s->live.fdb);
	free(s);
}

static void stations_reclaim(struct rcu_head *head)
{
	stations_free(caa_container_of(head, struct stations, rcu));
}

void stations_free_rcu(struct stations *s)
{
	if (s != NULL)
		call_rcu(&s->rcu, stations_reclaim);
}

struct bridge_live *stations_live(struct stations *s)
{
	return &s->live;
}

void stations_set_ageing(struct stations *s, uint64_t ageing_ns)
{
	s->config.ageing_ns = ageing_ns;
	s->due_ns = 0;
}

int stations_set_limit(struct stations *s, uint16_t port, uint32_t limit)
{
	assert(port <= STATIONS_BRIDGE);
	if (port == STATIONS_BRIDGE && (limit == 0 || limit > s->room))
		return -ENOSPC;
	s->tally[port].limit = limit;
	tally_note(s, port);
	return 0;
}

/* Take over the entries of @from that are static, or those that are not. */
static void entries_copy(struct stations *to, const struct stations *from, uint64_t flags)
{
	uint64_t key, value;
	size_t at = 0;

	while (fdb_next(from->live.fdb, &at, &key, &value)) {
		uint16_t port = fdb_port(value);

		if ((value & FDB_STATIC) != flags)
			continue;
		if (port != FDB_ROUTER &&
		    (tally_full(&to->tally[port]) || tally_full(&to->tally[STATIONS_BRIDGE])))
			continue;
		if (fdb_set(to->live.fdb, key, port, flags, fdb_seen(value)) == 0)
			entry_count(to, value, 1);
	}
}

void stations_copy(struct stations *to, const struct stations *from)
{
	entries_copy(to, from, FDB_STATIC);
	entries_copy(to, from, 0);
	to->stats = from->stats;
}

/* Does the port learn, and what it said of the VLAN hold? */
static bool report_holds(const struct bridge *b, const struct report *r)
{
	uint64_t port = 1ull << r->iface;

	if (!(b->learning & port) || r->mac == 0)
		return false;
	if (!b->vlan_aware)
		return r->value == 0;
	return r->value < VLAN_VIDS && (b->vlan[r->value].members & port) != 0;
}

static void station_learn(struct stations *s, uint64_t key, uint16_t port, uint64_t now_ns)
{
	/* Several frames of it came in before it was there; or it has moved since. */
	if (entry_value(s, key) != 0)
		return;
	if (tally_full(&s->tally[port])) {
		s->stats.limit_port++;
		return;
	}
	if (tally_full(&s->tally[STATIONS_BRIDGE]) ||
	    fdb_set(s->live.fdb, key, port, 0, fdb_tick(now_ns)) < 0) {
		s->stats.limit_bridge++;
		return;
	}
	s->stats.learned++;
	entry_count(s, port, 1);
}

/* The table follows already. @holds: may a station be there at all? */
static void station_moved(struct stations *s, uint64_t key, const struct report *r, bool holds)
{
	uint64_t value;

	assert(r->in < IFACE_PORTS);
	s->stats.moved++;
	tally_add(s, r->in, -1);
	tally_add(s, r->iface, 1);
	if (holds)
		return;
	/* By a worker that did not know yet that the port has left. */
	value = entry_value(s, key);
	if (value != 0 && !(value & FDB_STATIC) && fdb_port(value) == r->iface)
		entry_remove(s, key, value);
}

void stations_report(struct stations *s, const struct bridge *b, const struct report *r,
                     uint64_t now_ns)
{
	uint64_t key = fdb_key(r->mac, (uint16_t)r->value);
	bool holds;

	assert(r->iface < IFACE_PORTS);
	holds = report_holds(b, r);
	if (r->claim == STATION_MOVED)
		station_moved(s, key, r, holds);
	else if (holds)
		station_learn(s, key, r->iface, now_ns);
}

/*
 * For how long it has been silent, at the least: its last frame may have come at the end of its
 * tick. A worker's clock may be ahead of the agent's.
 */
static uint64_t silence_ns(uint64_t value, uint64_t now_ns)
{
	int32_t ticks = (int32_t)(fdb_tick(now_ns) - fdb_seen(value));

	return ticks <= 0 ? 0 : (uint64_t)(ticks - 1) * TICK_NS + now_ns % TICK_NS;
}

/* Make place for one more by the learned one, behind port @at or any, that was silent longest. */
static bool room_make(struct stations *s, uint16_t at, uint64_t now_ns)
{
	uint64_t key, value, silent = 0, gone = 0, gone_value = 0;
	size_t i = 0;

	if (!tally_full(&s->tally[at]))
		return true;
	while (fdb_next(s->live.fdb, &i, &key, &value)) {
		uint64_t ns = silence_ns(value, now_ns);

		if ((value & FDB_STATIC) || (at < IFACE_PORTS && fdb_port(value) != at))
			continue;
		if (gone == 0 || ns > silent) {
			silent = ns;
			gone = key;
			gone_value = value;
		}
	}
	if (gone == 0)
		return false;
	entry_remove(s, gone, gone_value);
	return true;
}

int stations_set(struct stations *s, uint64_t key, uint16_t port, uint64_t now_ns)
{
	uint64_t old = entry_value(s, key);
	bool counted = old != 0 && fdb_port(old) != FDB_ROUTER;
	int err;

	assert(port < IFACE_PORTS || port == FDB_ROUTER);
	if (old != 0 && fdb_port(old) == FDB_ROUTER && port != FDB_ROUTER)
		return -EEXIST;
	if (port != FDB_ROUTER) {
		if (!(counted && fdb_port(old) == port) && !room_make(s, port, now_ns))
			return -ENOSPC;
		if (!counted && !room_make(s, STATIONS_BRIDGE, now_ns))
			return -ENOSPC;
	}
	err = fdb_set(s->live.fdb, key, port, FDB_STATIC, fdb_tick(now_ns));
	if (err < 0)
		return err;
	if (old != 0)
		entry_count(s, old, -1);
	entry_count(s, FDB_STATIC | port, 1);
	return 0;
}

bool stations_unset(struct stations *s, uint64_t key)
{
	uint64_t value = entry_value(s, key);

	if (!(value & FDB_STATIC))
		return false;
	entry_remove(s, key, value);
	return true;
}

/* Does a learned one go? */
typedef bool leaves_fn(uint64_t key, uint64_t value, uint64_t now_ns, uint64_t arg);

static bool leaves_all(uint64_t, uint64_t, uint64_t, uint64_t)
{
	return true;
}

static bool leaves_port(uint64_t, uint64_t value, uint64_t, uint64_t port)
{
	return fdb_port(value) == port;
}

static bool leaves_vlan(uint64_t key, uint64_t, uint64_t, uint64_t vid)
{
	return fdb_key_vid(key) == vid;
}

static bool leaves_aged(uint64_t, uint64_t value, uint64_t now_ns, uint64_t ageing_ns)
{
	return ageing_ns > 0 && silence_ns(value, now_ns) >= ageing_ns;
}

/* Walk over all, and count those that stay. Return: how many went. */
static uint32_t table_walk(struct stations *s, leaves_fn *leaves, uint64_t now_ns, uint64_t arg)
{
	uint32_t n[IFACE_PORTS + 1] = {}, gone = 0;
	uint64_t key, value;
	size_t at = 0;

	while (fdb_next(s->live.fdb, &at, &key, &value)) {
		if (fdb_port(value) == FDB_ROUTER)
			continue;
		if (!(value & FDB_STATIC) && leaves(key, value, now_ns, arg)) {
			fdb_remove(s->live.fdb, key);
			gone++;
			continue;
		}
		n[fdb_port(value)]++;
		n[STATIONS_BRIDGE]++;
	}
	for (uint16_t i = 0; i <= STATIONS_BRIDGE; i++) {
		s->tally[i].n = n[i];
		tally_note(s, i);
	}
	return gone;
}

static uint32_t table_flush(struct stations *s, leaves_fn *leaves, uint64_t arg)
{
	uint32_t gone = table_walk(s, leaves, 0, arg);

	s->stats.flushed += gone;
	return gone;
}

uint32_t stations_flush(struct stations *s)
{
	return table_flush(s, leaves_all, 0);
}

uint32_t stations_flush_port(struct stations *s, uint16_t port)
{
	return table_flush(s, leaves_port, port);
}

uint32_t stations_flush_vlan(struct stations *s, uint16_t vid)
{
	return table_flush(s, leaves_vlan, vid);
}

static uint64_t sweep_interval(const struct stations *s)
{
	uint64_t ns = s->config.ageing_ns / 8;

	if (s->config.ageing_ns == 0 || ns > SWEEP_MAX_NS)
		return SWEEP_MAX_NS;
	return ns < SWEEP_MIN_NS ? SWEEP_MIN_NS : ns;
}

uint64_t stations_run(struct stations *s, uint64_t now_ns)
{
	if (now_ns >= s->due_ns) {
		s->stats.aged += table_walk(s, leaves_aged, now_ns, s->config.ageing_ns);
		s->due_ns = now_ns + sweep_interval(s);
	}
	return s->due_ns;
}

static void station_fill(struct station *out, uint64_t key, uint64_t value, uint64_t now_ns)
{
	*out = (struct station){
		.mac = fdb_key_mac(key),
		.vid = fdb_key_vid(key),
		.port = fdb_port(value),
		.is_static = (value & FDB_STATIC) != 0,
		.age_ns = value & FDB_STATIC ? 0 : silence_ns(value, now_ns),
	};
}

bool stations_next(const struct stations *s, size_t *at, uint64_t now_ns, struct station *out)
{
	uint64_t key, value;

	if (!fdb_next(s->live.fdb, at, &key, &value))
		return false;
	station_fill(out, key, value, now_ns);
	return true;
}

bool stations_get(const struct stations *s, uint64_t key, uint64_t now_ns, struct station *out)
{
	uint64_t value = entry_value(s, key);

	if (value == 0)
		return false;
	station_fill(out, key, value, now_ns);
	return true;
}

static uint32_t tally_shown(const struct tally *t)
{
	return t->n > 0 ? (uint32_t)t->n : 0;
}

void stations_get_stats(const struct stations *s, struct stations_stats *out)
{
	*out = s->stats;
	out->stations = tally_shown(&s->tally[STATIONS_BRIDGE]);
	out->n_static = s->n_static;
	out->limit = s->tally[STATIONS_BRIDGE].limit;
	for (unsigned int i = 0; i < IFACE_PORTS; i++) {
		out->port[i] = tally_shown(&s->tally[i]);
		out->port_limit[i] = s->tally[i].limit;
	}
}
