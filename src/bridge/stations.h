/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stations: the agent's half of a bridge's FDB. Workers tell of stations that the table does not
 * have; here it is decided which of them it takes: within the limits of the bridge and of the port,
 * for as long as they speak, beside those that the configuration puts there. Of time it knows what
 * it is told.
 *
 * One object a bridge, the agent's own; what workers see of it is stations_live().
 */
#ifndef BRIDGE_STATIONS_H
#define BRIDGE_STATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/bridge.h"
#include "bridge/fdb.h"
#include "packet/report.h"

struct stations;

#define STATIONS_BRIDGE IFACE_PORTS /* in the place of a port: the bridge as a whole */

/**
 * A limit is reached: nothing more is learned until something ages. Told once, and again only after
 * an eighth of the limit had become free.
 * @port: whose limit, or STATIONS_BRIDGE
 */
typedef void stations_reached(void *ctx, uint16_t port, uint32_t limit);

struct stations_config {
	uint32_t limit;            /* stations of the bridge, learned and static, at least 1 */
	uint64_t ageing_ns;        /* 0: never */
	stations_reached *reached; /* or NULL */
	void *ctx;
};

/**
 * stations_new - make an empty table and what workers see of it
 *
 * The table has room for config.limit stations and for 2 * IFACE_MAX addresses of the router's own.
 * Context: agent. Return: 0, -EINVAL (no limit), -ENOMEM.
 */
[[nodiscard]] int stations_new(struct stations **out, const struct stations_config *config);

/* No worker sees its stations_live(), or none any more. NULL is allowed. */
void stations_free(struct stations *s);

/* The same, for one that no snapshot leads to any more, but that a worker may still use. */
void stations_free_rcu(struct stations *s);

/* For struct bridge: the same object for as long as @s lives. The storm limits in it are the
 * caller's to set; fdb and full[] are not. */
struct bridge_live *stations_live(struct stations *s);

/* A reload: another ageing time (0: never). It holds for stations that are there, too; call
 * stations_run() behind it. */
void stations_set_ageing(struct stations *s, uint64_t ageing_ns);

/**
 * stations_set_limit - how many stations a port, or the bridge, may have
 * @port:  its id, or STATIONS_BRIDGE
 * @limit: 0: a port has no limit but the bridge's
 *
 * Those that are there stay, even if there are more.
 * Return: 0, or -ENOSPC: the table is too small for the bridge's new limit. Then a new one takes
 * its place: stations_new(), port limits, stations_copy(), snapshots that lead there,
 * stations_free_rcu() of the old one.
 */
[[nodiscard]] int stations_set_limit(struct stations *s, uint16_t port, uint32_t limit);

/* Take over all entries of @from, within the limits; statistics, too. @to is empty. */
void stations_copy(struct stations *to, const struct stations *from);

/**
 * stations_report - act on a REPORT_STATION
 * @b: snapshot in force of the bridge: port r->iface must be one that learns, and be in the VLAN
 *
 * What does not hold any more is passed over: reports are old by the time they are read.
 */
void stations_report(struct stations *s, const struct bridge *b, const struct report *r,
                     uint64_t now_ns);

/**
 * stations_set - a static entry: neither moves nor ages, and no flush takes it
 * @key:  fdb_key(); MAC not 0 and no group
 * @port: id of a port, or FDB_ROUTER for an address of the router's own, which no limit counts
 *
 * It takes the place of a learned one of that address, and where a limit is reached, that of the
 * learned one that was silent longest. An entry that is there gets the new port.
 * Return: 0; -ENOSPC: static ones alone reach the limit, or (next to never) the table has no slot;
 * -EEXIST: the address is the router's own.
 */
[[nodiscard]] int stations_set(struct stations *s, uint64_t key, uint16_t port, uint64_t now_ns);

/* Take a static entry out, or one of the router's own. Return: was it there? */
bool stations_unset(struct stations *s, uint64_t key);

/* Forget learned stations: all, those behind @port, those of VLAN @vid. Return: how many. */
uint32_t stations_flush(struct stations *s);
uint32_t stations_flush_port(struct stations *s, uint16_t port);
uint32_t stations_flush_vlan(struct stations *s, uint16_t vid);

/**
 * stations_run - let stations age that have been silent for as long as the ageing time
 *
 * Call it at the time it returned, or any time. None goes earlier than the ageing time after its
 * last frame (802.1Q 8.8.3); each goes within 1.3 s of it or, if that is more, an eighth of the
 * ageing time, but no more than 10.3 s. Counts per port are put right on the way: reports of moves
 * may be lost.
 * Return: when to call again, in the time of @now_ns.
 */
uint64_t stations_run(struct stations *s, uint64_t now_ns);

/* As it is shown. */
struct station {
	uint64_t mac;  /* as mac_load() gives it */
	uint16_t vid;  /* 0: the bridge is not VLAN-aware */
	uint16_t port; /* or FDB_ROUTER */
	bool is_static;
	uint64_t age_ns; /* since it was last heard of, within 0.3 s; 0 of static ones */
};

/* Walk all, as fdb_next(); *at is 0 to begin with. Return: false at the end. */
bool stations_next(const struct stations *s, size_t *at, uint64_t now_ns, struct station *out);

/* Look one up. Return: is it there? */
bool stations_get(const struct stations *s, uint64_t key, uint64_t now_ns, struct station *out);

struct stations_stats {
	/* How many there are now; those of the router's own are in none of these. */
	uint32_t stations; /* learned and static */
	uint32_t n_static;
	uint32_t limit;
	uint32_t port[IFACE_PORTS];       /* learned and static */
	uint32_t port_limit[IFACE_PORTS]; /* 0: none */
	/* Since the beginning. */
	uint64_t learned, moved, aged;
	uint64_t flushed;
	uint64_t limit_bridge, limit_port; /* not learned, by whose limit. What workers do not
	                                    * report of a port that is full is not counted */
};

void stations_get_stats(const struct stations *s, struct stations_stats *out);

#endif
