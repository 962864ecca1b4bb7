/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * agent: the one thread that writes. Owns the configuration in force and everything made from it:
 * ports, the interface snapshot, routes, next hops, neighbours, workers. Private to agent/, but for
 * main.c, which starts and runs it.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/control.h"
#include "agent/load.h"
#include "agent/loop.h"
#include "agent/watchdog.h"
#include "base/why.h"
#include "config/config.h"
#include "iface/iface.h"
#include "neigh/neigh.h"
#include "netlink/monitor.h"
#include "netlink/netlink.h"
#include "pipeline/worker.h"
#include "port/depot.h"
#include "port/port.h"
#include "route/fib4.h"
#include "route/fib6.h"
#include "route/nexthop.h"

/* What the command line says. */
struct agent_options {
	const char *config_path;
	const char *run_dir;
	const char *state_dir;
};

/* Addresses of an interface. */
struct agent_addrs {
	uint16_t n4, n6;
	struct iface_addr4 *addr4; /* in the configuration's order; NULL if none */
	struct iface_addr6 *addr6; /* the same */
};

#define AGENT_STRIPS_C 1 /* of 802.1Q */
#define AGENT_STRIPS_S 2 /* of 802.1ad */

/* An interface in force. Its id is its slot, its port's id if it has one and its iface's id. */
struct agent_iface {
	char name[CONFIG_NAME_LEN]; /* empty: the slot is free */
	uint8_t kind;               /* enum iface_kind */
	struct port *port;          /* of IFACE_PORT; NULL: its device could not be bound again */
	bool open;                  /* of the others: in service, and not about to be closed */
	uint16_t parent;            /* of IFACE_VLAN: id of what it is a VLAN of */
	uint16_t vid;               /* of IFACE_VLAN, and of a foot in a VLAN: else 0 */
	uint32_t tag;               /* of IFACE_VLAN: TPID and VID as load32() finds them */
	uint32_t mtu_wish;          /* of these: as configured, 0: as what it is on */
	struct agent_addrs conf;    /* as configured */
	struct agent_addrs addrs;   /* in use: those, and a link-local one, which comes first */
	uint64_t addrs_mac;         /* the MAC, and the link, that the states of @addrs go by */
	bool addrs_up;
	bool addrs_changed;    /* a state did, and is not yet published */
	bool dad;              /* as configured; never where nobody could answer */
	bool bridged;          /* a bridge's port: of its own it says nothing, not even fe80:: */
	uint64_t addrs_due_ns; /* until when READY waits for tentative ones */
	uint16_t nh_link;      /* next-hop id of what is on its link, with a reference */
	uint16_t nh_local;     /* that of the router itself, the same */
	uint8_t urpf;          /* enum iface_urpf */
	uint64_t mac;          /* in use */
	uint32_t mtu;          /* in use */
	uint32_t frames;       /* taken from the spare ones for its rings */
	int ifindex; /* of the kernel device that is taken, its state in the journal; 0: none */
	bool up;     /* administratively */
	bool carrier;
	bool gone;            /* its device went away */
	uint8_t strips;       /* tags that its driver takes off: AGENT_STRIPS_ */
	bool strips_told;     /* the log has that */
	bool sees_tags;       /* its device was told to show others as they are */
	bool filters;         /* and drops VLANs all the same, unless promiscuous */
	bool redirects;       /* as configured */
	int successor;        /* the device of its name that came then, as the log has told */
	uint64_t link_due_ns; /* until when READY waits for its link */
	uint64_t verdict_base[VERDICT_COUNT]; /* what the slot's last user left */
	struct watchdog *watchdog;            /* NULL before the first look */
	/* For rates: the totals of the last second and the one before. */
	struct agent_rate {
		uint64_t at_ns, rx, tx, drops;
		double rx_pps, tx_pps, drops_ps;
	} rate;
};

/* Is @f there, and not about to be closed? */
static inline bool agent_iface_serves(const struct agent_iface *f)
{
	return f->port != NULL || f->open;
}

/* Does it take and send packets? */
static inline bool agent_iface_up(const struct agent_iface *f)
{
	return agent_iface_serves(f) && f->up && f->carrier;
}

/* Packets of an interface, or of several. */
struct agent_totals {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes, drops;
};

struct agent {
	struct agent_options options;
	struct loop *loop;
	struct control *control;
	struct loop_signals signals;
	int lock_fd;

	struct config *config;               /* in force; NULL before the first */
	struct agent_iface iface[IFACE_MAX]; /* those with ports are the first PORT_MAX */
	struct iface_table ifaces;

	struct frames *frames;
	struct frame_cache spare;  /* frames that no worker has */
	uint16_t next_tag;         /* of the last port's first queue */
	uint16_t iface_top;        /* beyond all slots that were ever used */
	uint16_t iface_hint[1024]; /* slots by the hash of their names, where they may be */

	struct fib4 *fib4;
	struct fib6 *fib6;
	bool addrs_changed; /* of some interface */
	struct nexthops *nexthops;
	struct neigh_table *neigh;
	struct loop_timer neigh_timer;

	struct worker *worker;     /* n_workers of them */
	struct load *load;         /* as many; NULL before the first second */
	struct handover *handover; /* what workers share, where there are several: else NULL */
	struct depot *depot;
	unsigned int n_workers;
	int report_fd;
	struct host_common host;
	struct loop_watch report_watch;

	struct netlink *netlink;       /* for requests */
	struct announce *announce;     /* NULL in a replay */
	struct agent_bridges *bridges; /* NULL before the first */
	struct monitor *monitor;
	struct loop_watch monitor_watch;
	struct loop_timer second_timer;
	struct loop_timer ready_timer;
	bool ready; /* the service manager was told so */

	struct agent_totals gone; /* of ports that are closed */

	bool replay; /* interfaces are capture files; time is theirs */
	uint64_t now_ns;
	uint64_t started_ns;
	uint64_t lost_routes; /* routes that an undo could not put back */
	uint64_t held;        /* packets that the neighbour table has, as a gauge */
};

/**
 * agent_open - make the agent, with the configuration @c in force and its workers running
 * @a: zeroed
 * @c: taken over on success
 * @e: why it failed
 *
 * Return: 0 or a negative errno, with everything as it was before.
 */
[[nodiscard]] int agent_open(struct agent *a, const struct agent_options *o, struct config *c,
                             struct why *e);

/* Run until a signal or command stops it. Return: 0 or a negative errno. */
[[nodiscard]] int agent_run(struct agent *a);

/* Stop workers, give devices back, free everything. */
void agent_close(struct agent *a);

/* --- apply.c: from the configuration in force to the next one --- */

/**
 * agent_apply - put @next in force: all of it, or nothing
 * @next: taken over on success
 *
 * What did not change is not touched. Return: 0; -ENOTSUP if it takes a restart; other errno.
 */
[[nodiscard]] int agent_apply(struct agent *a, struct config *next, struct why *e);

/* Read the daemon's own file and apply it. @errs: initialised; the file's errors. */
[[nodiscard]] int agent_reload(struct agent *a, struct config_errors *errs, struct why *e);

/* --- workers.c --- */

#define AGENT_FRAMES_MORE 8192 /* that the agent keeps for interfaces that a reload may add */

/* Frames that the workers of @c need for themselves. */
uint32_t agent_workers_frames(const struct agent *a, const struct config *c);

/* Make the workers that @c wants; they do not run yet. */
[[nodiscard]] int agent_workers_open(struct agent *a, const struct config *c, struct why *e);

/* Give the workers the frames that nothing else needs, and start them, but in a replay. */
[[nodiscard]] int agent_workers_start(struct agent *a, struct why *e);

/* Free the workers; they are stopped. */
void agent_workers_close(struct agent *a);

/* The settings of @s that workers can take over while they run. */
void agent_worker_settings(struct worker *w, const struct config_system *s);

/* Tell the workers the time of day; that of a replay is one already. */
void agent_wall_set(struct agent *a);

/* --- ports.c: interfaces as ports --- */

/* Changes of an interface that take a new binding. */
#define AGENT_REBIND                                                                         \
	(CONFIG_CHANGE_CONTROL | CONFIG_CHANGE_MTU | CONFIG_CHANGE_MAC | CONFIG_CHANGE_XDP | \
	 CONFIG_CHANGE_PCAP)

/* The slot of the interface called @name, or NULL. */
struct agent_iface *agent_iface_find(struct agent *a, const char *name);

/* Its id; the interface is there. */
uint16_t agent_iface_id(struct agent *a, const char *name);

/* Open the interface @ci into a free slot. */
[[nodiscard]] int agent_iface_open(struct agent *a, const struct config_interface *ci,
                                   struct why *e);

/* Close the interface of @was and open it as @is, in the same slot; undone on failure. */
[[nodiscard]] int agent_iface_rebind(struct agent *a, const struct config_interface *was,
                                     const struct config_interface *is, struct why *e);

/* Put the on-failure verdict of @is in force, without a new binding. */
[[nodiscard]] int agent_iface_on_failure(struct agent *a, const struct config_interface *is,
                                         struct why *e);

/* The start has succeeded: what it found of a predecessor is ours, to be taken off at the end. */
void agent_ifaces_settle(struct agent *a);

/* Close the interface in slot @id: workers let go first. */
void agent_iface_close(struct agent *a, uint16_t id);

/* A free slot from @first to before @end for the interface called @name: its drops are counted from
 * nothing. Return: NULL if there is none. */
struct agent_iface *agent_iface_slot(struct agent *a, uint16_t first, uint16_t end);

/* The next hops that every interface has, whatever its addresses. Return: 0 or a negative errno. */
[[nodiscard]] int agent_iface_nexthops(struct agent *a, struct agent_iface *f);

/* Build and publish the interface snapshot and the workers' queue lists from the slots. */
[[nodiscard]] int agent_publish(struct agent *a);

/* Frames that @c's interfaces need, and the agent. */
uint32_t agent_frames_needed(const struct config *c);

/* --- virtual.c: interfaces without a port of their own, VLANs and feet in bridges --- */

/* Changes of such an interface that agent_virtual_change() makes. */
#define AGENT_REMADE (CONFIG_CHANGE_VLAN | CONFIG_CHANGE_MTU)

/* Open @ci of the configuration @c into a free slot; what it is on has been opened. */
[[nodiscard]] int agent_virtual_open(struct agent *a, const struct config *c,
                                     const struct config_interface *ci, struct why *e);

/**
 * agent_virtual_change - let the interface that is there under @ci's name be as @ci of @c says
 * @anew: it gets another tag, or is on something else: who was on its link is forgotten, and
 *        duplicates are looked for
 */
void agent_virtual_change(struct agent *a, const struct config *c,
                          const struct config_interface *ci, bool anew);

/* Can what the interface @ci of @c is on carry packets as long as it says? What becomes of that
 * later is another thing. Return: 0 or -EINVAL. */
[[nodiscard]] int agent_virtual_check(struct agent *a, const struct config *c,
                                      const struct config_interface *ci, struct why *e);

/**
 * agent_virtual_follow - a port, a VLAN's parent or a bridge has changed
 *
 * Link, MAC and MTU of those that are on others are theirs again, with all that follows from that.
 * In force with the next snapshot.
 */
void agent_virtual_follow(struct agent *a);

/**
 * agent_feet_follow - bridges are as a new configuration wants them, which is hardly refused any
 * more
 *
 * While bridges change, agent_virtual_follow() leaves feet alone: they would give up addresses for
 * a MAC that may not come to be, and had to look for duplicates of the old ones (RFC 4862 5.4).
 */
void agent_feet_follow(struct agent *a);

/* The port by which @id's frames go: its own, its VLAN's; of a foot in a bridge 0, for any may be
 * it. */
uint16_t agent_iface_port(const struct agent *a, uint16_t id);

/* --- tags.c: frames with tags, and those of bridges --- */

/**
 * agent_tags_check - do the devices of VLANs and bridges in @c show their frames with their tags?
 *
 * They are told to; where a driver insists on taking tags off, @c cannot be (AF_XDP row 23).
 * Context: all devices of @c are open. Return: 0 or -EOPNOTSUPP.
 */
[[nodiscard]] int agent_tags_check(struct agent *a, const struct config *c, struct why *e);

/* The snapshot @s is in force: devices that have become a bridge's ports, or are that no more, or
 * were bound anew, are told so. */
void agent_tags_follow(struct agent *a, const struct ifaces *s);

/* --- links.c: what becomes of the devices while we have them --- */

/* A link changed. */
void agent_link_event(void *ctx, const struct link_event *ev);

/**
 * agent_ifaces_renew - bind anew what is not bound to the device that bears its name now, or not
 * to all of its queues
 * @is: the next configuration; interfaces whose binding it changes are left alone
 *
 * Context: at a reload, before its differences. An interface whose device is away stays as it is.
 * Return: 0 or a negative errno.
 */
[[nodiscard]] int agent_ifaces_renew(struct agent *a, const struct config_diff *d,
                                     const struct config *is, struct why *e);

/* --- routes.c: routes of the configuration and of its interfaces --- */

[[nodiscard]] int agent_routes_apply(struct agent *a, const struct config *was,
                                     const struct config *is, const struct config_diff *d,
                                     struct why *e);
/* Undo agent_routes_apply(). */
void agent_routes_undo(struct agent *a, const struct config *was, const struct config *is,
                       const struct config_diff *d);
/* A route of either family: of IPv4 @dst is mapped, and @len is 0..32. */
struct agent_route {
	struct ip dst; /* bits beyond len zero */
	uint8_t len;
	uint8_t source; /* enum route_source */
	uint16_t nh;    /* next-hop id */
	uint32_t metric;
};

/* Of routes that an address brings along, broadcasts and the anycast address of a subnet's routers:
 * an own address that is the same comes first. */
#define AGENT_METRIC_BESIDE 1

/* Walk all routes as fib4_next() does: IPv4, then IPv6. */
bool agent_route_next(const struct agent *a, const struct agent_route *after, struct agent_route *r,
                      bool *best);

/* --- addrs.c: addresses of interfaces, and their routes --- */

/**
 * agent_addrs_set - give interface @id the addresses of @ci (NULL: none)
 *
 * Those it has already stay as they are, their routes are never missing; new ones of IPv6 are
 * tentative where @ci has duplicates looked for. In force with the next snapshot.
 * Return: 0, or an errno with nothing changed.
 */
[[nodiscard]] int agent_addrs_set(struct agent *a, uint16_t id, const struct config_interface *ci);

/**
 * agent_addrs_follow - the MAC, MTU, link or an address's state of interface @id changed
 *
 * An interface whose MTU is less than IPv6 asks for has no IPv6 addresses. With another MAC, or
 * when the link comes up, duplicates are looked for anew (RFC 4862 5.4). In force with the next
 * snapshot. Return: 0, or an errno with nothing changed.
 */
[[nodiscard]] int agent_addrs_follow(struct agent *a, uint16_t id);

/* The same, and a failure is logged. */
void agent_addrs_refresh(struct agent *a, uint16_t id);

/* neigh_ops.address: what became of a tentative address. */
void agent_addr_report(void *ctx, uint16_t iface, struct ip addr, enum addr_state state);

/* Publish states that were reported. Return: were there any? */
bool agent_addrs_settle(struct agent *a);

/* Look for duplicates again where there were some: with the next snapshot. */
void agent_addrs_retry(struct agent *a);

/* Free what slot @f has, but for routes. */
void agent_addrs_free(struct agent_iface *f);

/* --- announce.c: what the router makes known of itself on its links --- */

/* Router advertisements and multicast groups, of no interface yet. Return: 0 or -ENOMEM. */
[[nodiscard]] int agent_announce_open(struct agent *a);

/* Have room for what agent_announce_links() will do. Return: 0 or -ENOMEM. */
[[nodiscard]] int agent_announce_reserve(struct agent *a, const struct ifaces *s);

/* The snapshot @s is in force. Before addresses of it are probed for: who has one may have to be
 * heard by a group. */
void agent_announce_links(struct agent *a, const struct ifaces *s);

/* The configuration, or the MTU of an interface, changed. */
void agent_announce_configure(struct agent *a);

/* Act on REPORT_SOLICIT or REPORT_MLD_QUERY. */
void agent_announce_report(struct agent *a, const struct report *r);

/* Send what is due and arm the timer for the next; after any of the above. */
void agent_announce_tick(struct agent *a);

/* Interface @id is to be closed: hosts are told so, and that has left when this returns. */
void agent_announce_stop(struct agent *a, uint16_t id);

/* The same for several: a bit for each. */
void agent_announce_stop_all(struct agent *a, const uint64_t ids[IFACE_MAX / 64]);

/* The same for all of them, for good; the workers still run. */
void agent_announce_close(struct agent *a);

/* --- orders.c: what the agent asks workers to do --- */

/* Send a frame of the router's own by @iface; where the ring is full it is lost, and counted. */
void agent_send(void *agent, uint16_t iface, const uint8_t *frame, uint16_t len);

/* The same, but wait for room: a thousand VLANs have something to say at once. */
void agent_send_wait(void *agent, uint16_t iface, const uint8_t *frame, uint16_t len);

extern const struct neigh_ops agent_neigh_ops;
/* Read all workers' reports. */
void agent_reports(struct agent *a);
/* Hand an order to worker @w. Return: false when its ring is full. */
bool agent_order(struct worker *w, const struct order *o);
/* The same, but wait for room. */
void agent_order_wait(struct agent *a, struct worker *w, const struct order *o);
/* Wait until worker @w has carried out all its orders, and read what it reports. */
void agent_orders_done(struct agent *a, struct worker *w);
/* Run the neighbours' timers and arm the next. */
void agent_neigh_tick(struct agent *a);

/* --- stats.c: sums over workers --- */

void agent_iface_totals(const struct agent *a, uint16_t id, struct agent_totals *t);
uint64_t agent_verdicts(const struct agent *a, uint16_t id, enum verdict v);
void agent_rates(struct agent *a, uint64_t now_ns);

/* --- watch.c: interfaces that stand still --- */

/* Look at all queues, and kick or bind anew what the watchdog says. Once a second. */
void agent_watch(struct agent *a, uint64_t now_ns);

/* --- show*.c --- */

extern const struct control_command agent_commands[];
extern const size_t agent_n_commands;

/* --- ready.c: when the daemon says READY --- */

/* A device was just taken and bound: its link may be away for a moment. @carrier: it had one. */
void agent_link_await(struct agent_iface *f, bool carrier);
/* Say READY if nothing is in the way any more; look again when a link came, or time is up. */
void agent_ready_check(struct agent *a);

/* --- notify.c --- */

/* Tell the service manager, if there is one: sd_notify(3)'s protocol. */
void notify(const char *state);

/* --- replay.c --- */

/* Run capture files through, to their end. Return: 0 or a negative errno. */
[[nodiscard]] int agent_replay(struct agent *a, struct why *e);

#endif
