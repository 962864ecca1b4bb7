/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bridges: bridges as objects of the agent. The stations of each live as long as it does; its
 * snapshot is built anew with every snapshot of the interfaces, out of its configuration and what
 * has become of its ports. Ports and feet are told by their names in agent.iface, so that a bridge
 * is right whichever of them are there at the moment: opening and closing them is not its business.
 *
 * Private to agent/. Context of everything here: the agent.
 */
#ifndef AGENT_BRIDGES_H
#define AGENT_BRIDGES_H

#include "agent/agent.h"
#include "bridge/bridge.h"
#include "bridge/stations.h"

struct agent_bridge {
	struct agent *a;
	char name[CONFIG_NAME_LEN];
	const struct config_bridge *conf; /* of the next snapshot; NULL: it is not in it */
	const struct config_bridge *was;  /* while a change may be undone: in force before */
	struct stations *stations;
	struct stations *stations_was; /* the same: if they have a table of their own */
	const struct bridge *current;  /* in force; NULL if it is not */
	struct bridge *built;          /* the next one; NULL out of agent_publish() */
	bool vlan_aware;               /* @stations have VLANs */
	bool settled;                  /* @stations have been told of @conf */
	uint64_t run_ns;               /* when stations age next */
	/* By port id: what the command line says, 1 + enum bridge_state; 0: the file decides. */
	uint8_t state[IFACE_PORTS], state_was[IFACE_PORTS];
};

/* What all bridges together have, and did; those that went, too. */
struct agent_bridges_stats {
	uint64_t stations, learned, moved, aged, flushed;
	uint64_t limited; /* stations that were not learned for a limit */
};

struct agent_bridges {
	struct agent_bridges_stats gone; /* of bridges that are no more */
	struct loop_timer timer;         /* of ageing */
	bool changing;                   /* between apply, and undo or finish */
	size_t n;
	struct agent_bridge *list[2 * CONFIG_BRIDGES_MAX]; /* by name; those that go, too */
	const struct bridge *of[IFACE_MAX]; /* by slot, of the snapshots that were built last */
};

/* The router's foot in a bridge, as its bridge makes it. */
struct agent_foot {
	bool up;      /* a port of its bridge, and of its VLAN, forwards */
	uint64_t mac; /* of the bridge: as configured, or the lowest of its ports' */
	uint32_t mtu; /* the lowest of its bridge's ports' */
};

/* --- bridges.c, in the order of a change of the configuration --- */

/**
 * agent_bridges_apply - let bridges be as @is says, from the next snapshot on
 *
 * Before interfaces are opened, since feet ask their bridges what they are. A change of mac-limit
 * that asks for another table takes the stations over. Return: 0 or -ENOMEM, with everything as it
 * was.
 */
[[nodiscard]] int agent_bridges_apply(struct agent *a, const struct config *is, struct why *e);

/* Undo agent_bridges_apply(): the next snapshot is as the last one was. */
void agent_bridges_undo(struct agent *a);

/* The snapshot in force stays: free what it has no more. */
void agent_bridges_finish(struct agent *a);

/* No interfaces and no workers are left: free all. */
void agent_bridges_close(struct agent *a);

/* Free what no snapshot leads to any more, unless it may have to come back. */
void agent_bridges_reap(struct agent *a);

/* The bridge called @name, or NULL. */
struct agent_bridge *agent_bridge_find(const struct agent *a, const char *name);

/* The first bridge in force behind @name, by name; of "" the first of all. NULL: none. */
struct agent_bridge *agent_bridge_after(const struct agent *a, const char *name);

/* The port of @c called @name, or NULL; also if @c is NULL. */
const struct config_bridge_port *agent_bridge_port(const struct config_bridge *c, const char *name);

/* --- bridge_stations.c --- */

/* The snapshot b->current is in force, @was was before (or NULL): tell the stations what it says of
 * limits, static entries and addresses of the router's own. */
void agent_bridge_settle(struct agent_bridge *b, const struct bridge *was);

/* REPORT_STATION came. */
void agent_station_report(struct agent *a, const struct report *r);

/* Let stations age whose time has come, and arm the timer for the next. */
void agent_bridges_tick(struct agent *a);

void agent_bridges_get_stats(const struct agent *a, struct agent_bridges_stats *sum);

/* Add what @of has and did. */
void agent_bridge_stats_add(struct agent_bridges_stats *sum, const struct stations *of);

/* --- bridge_build.c: in agent_publish() --- */

/* Build the snapshots of all bridges, of what agent.iface says now. Return: 0 or -ENOMEM, with none
 * built. */
[[nodiscard]] int agent_bridges_build(struct agent *a);

/* iface.bridge of slot @id: what was built of the bridge that it is a port of, or a foot in; or
 * NULL. */
const struct bridge *agent_bridge_of(const struct agent *a, uint16_t id);

/* What was built is not going to be published. */
void agent_bridges_discard(struct agent *a);

/* It is in force: stations of ports that are lost are forgotten, static ones and addresses of the
 * router's own put in; the last snapshots are freed after a grace period. */
void agent_bridges_published(struct agent *a);

/* --- bridge_build.c: of ports and feet --- */

/**
 * agent_foot - what the foot called @name is, by its bridge as it is configured and its ports now
 *
 * Return: false if it is the foot of none.
 */
bool agent_foot(const struct agent *a, const char *name, struct agent_foot *foot);

/* Is @p a port of VLAN @vid of @c; if @c is not VLAN-aware, of 0? */
bool agent_bridge_member(const struct config_bridge *c, const struct config_bridge_port *p,
                         uint16_t vid);

/* What the port @p, in slot @f, is to do with frames. */
enum bridge_state agent_bridge_state(const struct agent_bridge *b,
                                     const struct config_bridge_port *p, uint16_t id);

#endif
