/* SPDX-License-Identifier: BSD-2-Clause */
/* The watchdog's eyes and hands: samples of all queues, kicks, new bindings. */
#include <net/if.h>
#include <stdlib.h>

#include "agent/agent.h"
#include "base/log.h"
#include "netlink/device.h"
#include "port/steer.h"
#include "port/xsk.h"

/* Who serves @q. */
static struct worker *worker_of(struct agent *a, const struct port_queue *q)
{
	return &a->worker[queue_worker(q->port, q->index, a->n_workers)];
}

static void queue_sample(struct agent *a, const struct agent_iface *f, struct port_queue *q,
                         struct watchdog_sample *s)
{
	const struct worker *w = worker_of(a, q);

	watchdog_read(q, s);
	q->ops->stats(q);
	s->fill_empty = q->kernel.rx_fill_ring_empty_descs;
	s->up = f->up && f->carrier && !f->gone;
	s->loops = counter_read(&w->counters.loops);
}

/* What sockets got of the packets that reached the device, and what the program decided otherwise.
 */
static uint64_t iface_taken(const struct port *port)
{
	uint64_t decision[STEER_DECISIONS], sum = 0;

	for (uint16_t i = 0; i < port->n_queues; i++)
		sum += counter_read(&port->queue[i].counters.rx_packets);
	if (steer_read(xsk_port_steer(port), decision) == 0) {
		for (unsigned int i = STEER_TO_SOCKET + 1; i < STEER_DECISIONS; i++)
			sum += decision[i];
	}
	return sum;
}

static void device_look(struct agent *a, struct agent_iface *f)
{
	uint64_t packets;

	if (device_rx_packets(a->netlink, f->ifindex, &packets) == 0)
		watchdog_device(f->watchdog, packets, iface_taken(f->port));
	else
		watchdog_device_unknown(f->watchdog);
}

/* As configured, or as whoever changed the MTU since wanted it. */
static void iface_renew(struct agent *a, struct agent_iface *f)
{
	uint16_t k = config_find_interface(a->config, f->name);
	struct config_interface now;
	struct why e;

	if (k == CONFIG_NO_IFACE)
		return;
	now = a->config->interfaces[k];
	if (now.mtu == 0)
		now.mtu = (uint16_t)f->mtu;
	if (agent_iface_rebind(a, &now, &now, &e) < 0)
		log_error("%s", e.text);
	if (agent_publish(a) < 0)
		log_error("%s: no memory to tell the workers", f->name);
	agent_neigh_tick(a);
}

static void iface_rebind(struct agent *a, struct agent_iface *f, uint16_t queue, uint64_t now_ns)
{
	char text[96];

	if (watchdog_describe(f->watchdog, queue, text, sizeof(text)))
		log_warning("%s: %s: binding it anew", f->name, text);
	else
		log_notice("%s: trying to bind it again", f->name);
	if (watchdog_rebound(f->watchdog, queue, now_ns))
		log_error("%s: binding anew does not help: from now on it is tried every ten "
		          "minutes. `viaduct show counters %s` has what the kernel says",
		          f->name, f->name);
	iface_renew(a, f);
}

static void iface_watch(struct agent *a, struct agent_iface *f, uint64_t now_ns)
{
	struct watchdog_sample s[PORT_QUEUE_MAX];
	struct port *port = f->port;
	bool doubts = false;

	for (uint16_t i = 0; i < port->n_queues; i++) {
		queue_sample(a, f, &port->queue[i], &s[i]);
		doubts = doubts || watchdog_doubts(f->watchdog, i, &s[i]);
	}
	if (doubts)
		device_look(a, f);
	else
		watchdog_device_unknown(f->watchdog);
	for (uint16_t i = 0; i < port->n_queues; i++) {
		enum watchdog_action what = watchdog_look(f->watchdog, i, &s[i], now_ns);

		if (what == WATCHDOG_REBIND) {
			iface_rebind(a, f, i, now_ns);
			return;
		}
		if (what == WATCHDOG_KICK) {
			port_nudge(&port->queue[i]);
			worker_wake(worker_of(a, &port->queue[i]));
		}
	}
}

/* The last new binding has failed: is it time for the next? */
static bool iface_is_due(const struct agent_iface *f, uint64_t now_ns)
{
	return f->name[0] != '\0' && f->watchdog != NULL && f->watchdog->tries > 0 &&
	       watchdog_may_rebind(f->watchdog, now_ns) && if_nametoindex(f->name) != 0;
}

void agent_watch(struct agent *a, uint64_t now_ns)
{
	for (uint16_t i = 0; i < PORT_MAX; i++) {
		struct agent_iface *f = &a->iface[i];

		if (f->port == NULL) {
			if (iface_is_due(f, now_ns))
				iface_rebind(a, f, 0, now_ns);
			continue;
		}
		if (f->ifindex == 0 || f->gone)
			continue;
		if (f->watchdog == NULL)
			f->watchdog = calloc(1, sizeof(*f->watchdog));
		if (f->watchdog != NULL) /* else no memory: next second */
			iface_watch(a, f, now_ns);
	}
}
