/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces of the configuration as ports: opened, published to the workers, closed. */
#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/bridges.h"
#include "base/clock.h"
#include "base/log.h"
#include "netlink/device.h"
#include "port/pcap.h"
#include "port/steer.h"
#include "port/xsk.h"
#include "wire/ether.h"

#define PCAP_RING        2048
#define PCAP_FRAMES      (3 * PCAP_RING)
#define RECOVER_NS       (5 * NS_PER_SEC) /* patience with a worker that others keep from running */
#define PUBLISH_PAUSE_US 10000
#define RESERVE_FRAMES   4096 /* for batches, held packets and the router's own */

_Static_assert(CONFIG_DEVICES_MAX <= PORT_MAX, "a device is a port");
_Static_assert(CONFIG_INTERFACES_MAX <= IFACE_MAX, "an interface is an iface");

static uint32_t name_hash(const char *name)
{
	uint32_t h = 0;

	while (*name != '\0')
		h = (h ^ (uint8_t)*name++) * 0x9e3779b1u;
	return h >> 16;
}

struct agent_iface *agent_iface_find(struct agent *a, const char *name)
{
	/* Each of a million routes asks: where it was the last time it most likely still is. */
	uint16_t *hint = &a->iface_hint[name_hash(name) % ARRAY_SIZE(a->iface_hint)];

	if (name[0] == '\0' || strcmp(a->iface[*hint].name, name) == 0)
		return name[0] == '\0' ? NULL : &a->iface[*hint];
	for (uint16_t i = 0; i < a->iface_top; i++) {
		if (strcmp(a->iface[i].name, name) == 0) {
			*hint = i;
			return &a->iface[i];
		}
	}
	return NULL;
}

uint16_t agent_iface_id(struct agent *a, const char *name)
{
	struct agent_iface *f = agent_iface_find(a, name);

	assert(f != NULL); /* the configuration was checked, and its interfaces were opened */
	return (uint16_t)(f - a->iface);
}

/* The device that @ci names, if it may be taken. Return: ifindex or a negative errno. */
static int device_allowed(struct agent *a, const struct config_interface *ci, struct why *e)
{
	int ifindex = (int)if_nametoindex(ci->name);
	bool is_default;
	struct why why;
	int err;

	if (ifindex == 0)
		return why_fail(e, -ENODEV,
		                "interfaces.%s: there is no such network device: `ip link` lists "
		                "those that there are",
		                ci->name);
	if (ci->force)
		return ifindex;
	err = device_is_default_route(a->netlink, ifindex, &is_default, &why);
	if (err < 0)
		return why_fail(e, err, "interfaces.%s: %s", ci->name, why.text);
	if (is_default)
		return why_fail(
			e, -EBUSY,
			"interfaces.%s: the host's default route leaves by it, and taking it cuts "
			"the host off: say `force: yes` if that is meant",
			ci->name);
	return ifindex;
}

static int iface_bind(struct agent *a, struct agent_iface *f, const struct config_interface *ci,
                      struct why *e)
{
	const struct xsk_config cfg = {
		.name = ci->name,
		.id = (uint16_t)(f - a->iface),
		.tag = a->next_tag,
		.max_queues = (uint16_t)ci->xdp.queues,
		.attach = (enum xsk_attach)ci->xdp.mode,
		.zero_copy = (enum xsk_zero_copy)ci->xdp.zero_copy,
		.drop = ci->on_failure == CONFIG_ON_FAILURE_DROP,
		.tentative = a->config == NULL, /* the start may still fail */
		.run_dir = a->options.run_dir,
		.frames = a->frames,
		.cache = &a->spare,
	};
	struct why why;
	int err = xsk_port_open(&f->port, &cfg, &why);

	if (err < 0)
		return why_fail(e, err, "interfaces.%s: %s", ci->name, why.text);
	return 0;
}

/*
 * Give the kernel device that slot @f has taken back, if there is one. Not what a start that fails
 * has found dropping packets, as it was told to after a crash: it stays as it was found.
 */
static void iface_give_back(struct agent *a, struct agent_iface *f, const char *name)
{
	bool stays = a->config == NULL && f->ifindex != 0 &&
	             steer_stays(a->options.run_dir, (uint32_t)f->ifindex);
	struct why why;

	if (f->ifindex != 0 && !stays &&
	    device_give_back(a->netlink, a->options.run_dir, f->ifindex, &why) != 0)
		log_warning("interfaces.%s: %s", name, why.text);
	f->ifindex = 0;
}

/* Take note of what could not be had of a device that was taken. */
static void flaws_note(struct agent_iface *f, const char *name, const struct device_flaws *flaws)
{
	f->strips = flaws->strips_vlan ? AGENT_STRIPS_C : 0;
	f->strips_told = false; /* those that need tags are refused before */
	f->sees_tags = false;
	f->filters = false;
	if (flaws->sysctl_readonly)
		log_warning("interfaces.%s: /proc/sys is read-only: the kernel may speak ARP and "
		            "MLD on it",
		            name);
}

/* Take a kernel device and bind it. */
static int iface_open_device(struct agent *a, struct agent_iface *f,
                             const struct config_interface *ci, struct why *e)
{
	const struct device_wish wish = {.mtu = ci->mtu, .mac = ci->mac};
	int ifindex = device_allowed(a, ci, e);
	struct device_flaws flaws;
	struct device_info info;
	bool carrier;
	struct why why;
	int err;

	if (ifindex < 0)
		return ifindex;
	carrier = device_info(a->netlink, ifindex, &info, &why) == 0 && info.carrier;
	err = device_take(a->netlink, a->options.run_dir, ifindex, &wish, &flaws, &why);
	if (err < 0)
		return why_fail(e, err, "interfaces.%s: %s", ci->name, why.text);
	f->ifindex = ifindex;
	flaws_note(f, ci->name, &flaws);
	err = iface_bind(a, f, ci, e);
	if (err < 0)
		goto give_back;
	err = device_info(a->netlink, ifindex, &info, &why);
	if (err < 0) {
		why_fail(e, err, "interfaces.%s: %s", ci->name, why.text);
		goto close_port;
	}
	f->up = info.up;
	f->carrier = info.carrier;
	f->gone = false;
	agent_link_await(f, carrier);
	return 0;

close_port:
	port_close(&f->port);
give_back:
	iface_give_back(a, f, ci->name);
	return err;
}

static int iface_open_pcap(struct agent *a, struct agent_iface *f,
                           const struct config_interface *ci, struct why *e)
{
	const struct pcap_config cfg = {
		.name = ci->name,
		.id = (uint16_t)(f - a->iface),
		.tag = a->next_tag,
		.ring_size = PCAP_RING,
		/* A locally administered address of the slot's, unless one is said. */
		.mac = ci->mac != 0 ? ci->mac : 2 | (uint64_t)(f - a->iface + 1) << 40,
		.mtu = ci->mtu != 0 ? ci->mtu : 1500,
		.in = ci->pcap.in,
		.out = ci->pcap.out,
	};
	struct why why;
	int err = pcap_port_open(&f->port, a->frames, &cfg, &why);

	if (err < 0)
		return why_fail(e, err, "interfaces.%s.pcap: %s", ci->name, why.text);
	port_refill(&f->port->queue[0], &a->spare);
	f->up = true;
	f->carrier = true;
	return 0;
}

/* The next tags that no open port has: after many bindings their numbers come round. */
static uint16_t tag_free(const struct agent *a)
{
	uint16_t tag = a->next_tag;
	bool taken = true;

	while (taken) {
		tag = (uint16_t)(tag + PORT_QUEUE_MAX) & (FRAME_TAG_OTHER - 1);
		taken = tag == 0; /* is nobody's */
		for (size_t i = 0; i < PORT_MAX && !taken; i++)
			taken = a->iface[i].port != NULL && a->iface[i].port->queue[0].tag == tag;
	}
	return tag;
}

/* Fill slot @f, which has no port, with the port of @ci. */
static int iface_attach(struct agent *a, struct agent_iface *f, const struct config_interface *ci,
                        struct why *e)
{
	uint32_t spare = a->spare.n;
	struct agent_totals t;
	int err;

	a->next_tag = tag_free(a);
	if (ci->pcap.in != NULL || ci->pcap.out != NULL)
		err = iface_open_pcap(a, f, ci, e);
	else
		err = iface_open_device(a, f, ci, e);
	if (err < 0)
		return err;
	assert(f->port != NULL); /* what opening it means */
	f->frames = spare - a->spare.n;
	f->mac = f->port->mac;
	f->mtu = f->port->mtu;
	memcpy(f->name, ci->name, sizeof(f->name));
	if (f->watchdog != NULL)
		watchdog_bound(f->watchdog);
	/* A port counts from nothing, its slot's drops go on. */
	agent_iface_totals(a, (uint16_t)(f - a->iface), &t);
	f->rate = (struct agent_rate){.at_ns = a->now_ns, .drops = t.drops};
	return 0;
}

/* Take @n frames back into the spare ones: out of the depot, and from each worker in its turn. */
static void spare_collect(struct agent *a, uint32_t n)
{
	uint64_t deadline = clock_ns() + RECOVER_NS;
	uint32_t want = a->spare.n + n;

	/* In helpings that the report ring holds, each read before the next is asked for: what the
	 * worker gives beyond it would lack itself. */
	for (unsigned int i = 0; a->spare.n < want && clock_ns() < deadline; i++) {
		struct worker *w = &a->worker[i % a->n_workers];
		uint32_t missing = want - a->spare.n;
		const struct order give = {.kind = ORDER_RETURN,
		                           .value = missing < 512 ? missing : 512};

		/* Not more than is missing: what is kept would grow with each reload. */
		if (missing >= DEPOT_MAGAZINE && a->depot != NULL &&
		    depot_take(a->depot, &a->spare))
			continue;
		agent_order_wait(a, w, &give);
		agent_orders_done(a, w);
	}
	if (a->spare.n < want)
		log_warning("%u frames of a closed interface did not come back", want - a->spare.n);
}

/* The frames that went down with the queues of slot @f's port, which had tags from @tag on, go back
 * to the spare ones. */
static void iface_recover(struct agent *a, const struct agent_iface *f, uint16_t tag,
                          uint16_t n_queues)
{
	struct worker *w;

	for (uint16_t i = 0; i < n_queues; i++) {
		const struct order recover = {.kind = ORDER_RECOVER, .value = tag + i};

		w = &a->worker[queue_worker((uint16_t)(f - a->iface), i, a->n_workers)];
		agent_order_wait(a, w, &recover);
	}
	for (w = a->worker; w < a->worker + a->n_workers; w++)
		agent_orders_done(a, w);
	spare_collect(a, f->frames);
}

/* Tell the workers that @f serves no more. */
static void iface_leave(struct agent *a, struct agent_iface *f)
{
	f->open = false;
	for (bool said = false; agent_publish(a) < 0; said = true) {
		if (!said)
			log_error("interfaces.%s: no memory to tell the workers: waiting for some",
			          f->name);
		usleep(PUBLISH_PAUSE_US); /* they use what is being closed until they know */
	}
}

/* Let the workers go of slot @f's port, close it and get its frames back. */
static void iface_detach(struct agent *a, struct agent_iface *f)
{
	struct port *port = f->port;
	uint16_t n_queues = port->n_queues, tag = port->queue[0].tag;
	struct agent_totals t;

	f->port = NULL;
	iface_leave(a, f);
	synchronize_rcu(); /* once an interface: no worker uses its queues from here on */
	f->port = port;    /* for the sums only */
	agent_iface_totals(a, (uint16_t)(f - a->iface), &t);
	f->port = NULL;
	a->gone.rx_packets += t.rx_packets;
	a->gone.tx_packets += t.tx_packets;
	port_close(&port);
	iface_recover(a, f, tag, n_queues);
}

/* Of its link, and the router. */
int agent_iface_nexthops(struct agent *a, struct agent_iface *f)
{
	const struct nexthop_key link = {.kind = NH_CONNECTED, .iface = (uint16_t)(f - a->iface)};
	const struct nexthop_key local = {.kind = NH_LOCAL};
	int err = nexthop_get(a->nexthops, &link, nexthop_max_len(f->mtu), &f->nh_link);

	if (err < 0)
		return err;
	err = nexthop_get(a->nexthops, &local, 0, &f->nh_local);
	if (err < 0) {
		nexthop_put(a->nexthops, f->nh_link);
		f->nh_link = 0;
	}
	return err;
}

struct agent_iface *agent_iface_slot(struct agent *a, uint16_t first, uint16_t end)
{
	uint16_t i = first;

	while (i < end && a->iface[i].name[0] != '\0')
		i++;
	if (i == end)
		return NULL;
	a->iface[i] = (struct agent_iface){0};
	for (enum verdict v = KEEP; v < VERDICT_COUNT; v++)
		a->iface[i].verdict_base[v] = agent_verdicts(a, i, v);
	if (a->iface_top <= i)
		a->iface_top = (uint16_t)(i + 1);
	return &a->iface[i];
}

int agent_iface_open(struct agent *a, const struct config_interface *ci, struct why *e)
{
	struct agent_iface *f = agent_iface_slot(a, 0, PORT_MAX);
	int err;

	if (f == NULL)
		return why_fail(e, -ENOSPC, "interfaces.%s: more than %d devices", ci->name,
		                PORT_MAX);
	err = iface_attach(a, f, ci, e);
	if (err < 0)
		return err;
	err = agent_iface_nexthops(a, f);
	if (err < 0) {
		agent_iface_close(a, (uint16_t)(f - a->iface));
		return why_fail(e, err, "interfaces.%s: no room for its next hop: %s", ci->name,
		                strerror(-err));
	}
	return 0;
}

/* Will interface @f, opened as @is, have another link-local address, for it has another MAC? */
static bool link_local_goes(const struct agent_iface *f, const struct config_interface *was,
                            const struct config_interface *is)
{
	return is->mac != was->mac && is->mac != f->mac && f->addrs.n6 > 0 &&
	       ip_equal(f->addrs.addr6[0].addr, ip6_link_local(f->mac));
}

int agent_iface_rebind(struct agent *a, const struct config_interface *was,
                       const struct config_interface *is, struct why *e)
{
	struct agent_iface *f = agent_iface_find(a, was->name);
	int ifindex = is->pcap.in != NULL || is->pcap.out != NULL ? 0 : device_allowed(a, is, e);
	struct why again;
	int err;

	if (ifindex < 0)
		return ifindex;
	if (link_local_goes(f, was, is))
		agent_announce_stop(a, (uint16_t)(f - a->iface));
	if (f->port != NULL)
		iface_detach(a, f);
	if (f->ifindex != ifindex)
		iface_give_back(a, f, f->name);
	err = iface_attach(a, f, is, e);
	if (err == 0) {
		err = nexthop_set_max_len(a->nexthops, (uint16_t)(f - a->iface),
		                          nexthop_max_len(f->mtu));
		if (err == 0)
			err = agent_addrs_follow(a, (uint16_t)(f - a->iface));
		agent_virtual_follow(a);
		if (err == 0)
			return 0;
		why_fail(e, err, "interfaces.%s: %s", f->name, strerror(-err));
		iface_detach(a, f);
	}
	if (was != is && iface_attach(a, f, was, &again) < 0)
		log_error("%s (while going back to the old configuration)", again.text);
	else if (was != is)
		agent_addrs_refresh(a, (uint16_t)(f - a->iface));
	agent_virtual_follow(a);
	return err;
}

int agent_iface_on_failure(struct agent *a, const struct config_interface *is, struct why *e)
{
	struct agent_iface *f = agent_iface_find(a, is->name);
	struct why why;
	int err;

	if (f->port == NULL || f->port->ifindex == 0)
		return 0;
	err = steer_drop_set(xsk_port_steer(f->port), is->on_failure == CONFIG_ON_FAILURE_DROP,
	                     &why);
	if (err < 0)
		return why_fail(e, err, "interfaces.%s.on-failure: %s", is->name, why.text);
	return 0;
}

void agent_ifaces_settle(struct agent *a)
{
	for (size_t i = 0; i < PORT_MAX; i++) {
		const struct port *port = a->iface[i].port;

		if (port != NULL && port->ifindex != 0)
			steer_settle(xsk_port_steer(port));
	}
}

void agent_iface_close(struct agent *a, uint16_t id)
{
	struct agent_iface *f = &a->iface[id];

	agent_announce_stop(a, id);
	if (f->port != NULL)
		iface_detach(a, f);
	if (f->open)
		iface_leave(a, f);
	iface_give_back(a, f, f->name);
	if (f->nh_link != 0) {
		nexthop_put(a->nexthops, f->nh_link);
		nexthop_put(a->nexthops, f->nh_local);
	}
	agent_addrs_free(f);
	free(f->watchdog);
	*f = (struct agent_iface){0};
}

/* Add what worker @w does for @port to its list. */
static void queues_add(struct agent *a, struct pipeline_queues *q, const struct port *port,
                       unsigned int w)
{
	uint16_t send = queue_to_send(port, w, a->n_workers);
	unsigned int owner = queue_worker(port->id, send, a->n_workers);

	if (owner == w)
		q->tx[port->id] = &port->queue[send];
	else
		q->via[port->id] = handover_ring(a->handover, w, owner);
	for (uint16_t k = 0; k < port->n_queues; k++) {
		if (queue_worker(port->id, k, a->n_workers) == w)
			q->rx[q->n_rx++] = &port->queue[k];
	}
}

/* The queue list of worker @w out of the slots. */
static struct pipeline_queues *queues_build(struct agent *a, unsigned int w)
{
	struct pipeline_queues *q = calloc(1, sizeof(*q));

	for (size_t i = 0; q != NULL && i < PORT_MAX; i++) {
		if (a->iface[i].port != NULL)
			queues_add(a, q, a->iface[i].port, w);
	}
	return q;
}

static struct ifaces *ifaces_build(struct agent *a)
{
	uint16_t n = a->iface_top > PORT_MAX ? a->iface_top : PORT_MAX;
	struct ifaces *s = ifaces_new(n);
	int err = s == NULL ? -ENOMEM : 0;

	for (uint16_t i = 0; err == 0 && i < n; i++) {
		const struct agent_iface *f = &a->iface[i];
		struct iface slot = {
			.mac = f->mac,
			.id = i,
			.mtu = (uint16_t)(nexthop_max_len(f->mtu) - ETHER_LEN),
			.up = agent_iface_up(f),
			.partial_csum = f->port != NULL && f->port->partial_csum,
			.urpf = f->urpf,
			.redirects = f->redirects,
			.n_addr4 = f->addrs.n4,
			.addr4 = f->addrs.addr4,
			.n_addr6 = f->addrs.n6,
			.addr6 = f->addrs.addr6,
			/* Not of one that is being closed: its id may be another's soon. */
			.nh_link = agent_iface_serves(f) ? f->nh_link : 0,
			.nh_local = agent_iface_serves(f) ? f->nh_local : 0,
			.kind = f->kind,
			.port = agent_iface_port(a, i),
			.parent = f->parent,
			.vid = f->vid,
			.tag = {f->tag},
			.bridge = agent_bridge_of(a, i),
		};

		/* Frames of a VLAN that goes are of none. */
		if (f->name[0] == '\0' || (f->kind != IFACE_PORT && !f->open))
			continue;
		memcpy(slot.name, f->name, sizeof(slot.name));
		err = ifaces_set(s, &slot);
	}
	if (err == 0)
		err = ifaces_link(s);
	if (err == 0) {
		ifaces_lend4(s);
		ifaces_lend6(s);
		return s;
	}
	ifaces_free(s);
	return NULL;
}

int agent_publish(struct agent *a)
{
	struct pipeline_queues *q[WORKERS_MAX] = {0};
	struct ifaces *s = agent_bridges_build(a) == 0 ? ifaces_build(a) : NULL, *old;
	bool good = s != NULL && agent_announce_reserve(a, s) == 0;

	for (unsigned int i = 0; i < a->n_workers; i++) {
		q[i] = queues_build(a, i);
		good = good && q[i] != NULL;
	}
	if (!good) {
		for (unsigned int i = 0; i < a->n_workers; i++)
			free(q[i]);
		ifaces_free(s);
		agent_bridges_discard(a);
		return -ENOMEM;
	}
	old = (struct ifaces *)rcu_swap(&a->ifaces.current, s);
	for (unsigned int i = 0; i < a->n_workers; i++)
		worker_set_queues(&a->worker[i], q[i]);
	agent_bridges_published(a);
	agent_tags_follow(a, s);
	/* What these send finds the queues to go by. */
	agent_announce_links(a, s);
	agent_announce_tick(a);
	neigh_set_ifaces(a->neigh, s, a->now_ns);
	ifaces_free_rcu(old);
	return 0;
}

uint32_t agent_frames_needed(const struct config *c)
{
	uint32_t sum = RESERVE_FRAMES, n;

	for (size_t i = 0; i < c->n_interfaces; i++) {
		const struct config_interface *ci = &c->interfaces[i];

		if (ci->kind != CONFIG_DEVICE)
			continue;
		if (ci->pcap.in != NULL || ci->pcap.out != NULL ||
		    xsk_port_frames(ci->name, (uint16_t)ci->xdp.queues, &n) < 0)
			n = PCAP_FRAMES;
		sum += n;
	}
	return sum;
}
