/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bridges: bridges as objects of the agent. Each has a part that lives as long as it does, the
 * table of its stations with what workers write beside it, and a snapshot that is built anew with
 * every snapshot of the interfaces, out of its configuration and what has become of its ports.
 * Ports and feet are told by their names in agent.iface, so that a bridge is right whichever of
 * them are there at the moment: opening and closing them is not its business.
 *
 * Private to agent/. Context of everything here: the agent.
 */
#ifndef AGENT_BRIDGES_H
#define AGENT_BRIDGES_H

#include "agent/agent.h"
#include "bridge/bridge.h"

/* The router's foot in a bridge, as its bridge makes it. */
struct agent_foot {
	bool up;      /* a port of its bridge, and of its VLAN, forwards */
	uint64_t mac; /* of the bridge: as configured, or the lowest of its ports' */
	uint32_t mtu; /* the lowest of its bridge's ports' */
};

/* --- in the order of a change of the configuration --- */

/**
 * agent_bridges_apply - let bridges be as @is says, from the next snapshot on
 * @was: configuration in force, or NULL; both stay until finish or undo
 *
 * Before interfaces are opened, since feet ask their bridges what they are. What is gone stays
 * until agent_bridges_finish(). Return: 0 or -ENOMEM, with everything as it was.
 */
[[nodiscard]] int agent_bridges_apply(struct agent *a, const struct config *was,
                                      const struct config *is, struct why *e);

/* Undo agent_bridges_apply(). The next snapshot is that of @was again. */
void agent_bridges_undo(struct agent *a, const struct config *was);

/* @is stays: what is not in it goes, once no worker looks at it. Publish afterwards is not needed:
 * the last snapshot was without. */
void agent_bridges_finish(struct agent *a, const struct config *is);

/* No interfaces and no workers are left: free all. */
void agent_bridges_close(struct agent *a);

/* --- in agent_publish() --- */

/* Build the snapshots of all bridges, of what agent.iface says now. Return: 0 or -ENOMEM, with none
 * built. */
[[nodiscard]] int agent_bridges_build(struct agent *a);

/* iface.bridge of slot @id: what was built of the bridge that it is a port of or a foot in; NULL.
 */
const struct bridge *agent_bridge_of(const struct agent *a, uint16_t id);

/* What was built is not going to be published. */
void agent_bridges_discard(struct agent *a);

/* It is in force: the stations of ports that are lost are forgotten, those of the last snapshot are
 * freed after a grace period. */
void agent_bridges_published(struct agent *a);

/* --- of their ports and feet --- */

/**
 * agent_foot - what the foot called @name is, by its bridge as it is configured and its ports now
 *
 * Return: false if it is the foot of none.
 */
bool agent_foot(const struct agent *a, const char *name, struct agent_foot *foot);

/* REPORT_STATION came. */
void agent_station_report(struct agent *a, const struct report *r);

/* Once a second: age. */
void agent_bridges_tick(struct agent *a);

#endif
