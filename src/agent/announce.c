/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the router makes known of itself on its links: router advertisements, and the multicast
 * groups that it is in, to other devices and to its own. A replay does neither: its captures are
 * all that happens there.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "mld/mld.h"
#include "port/groups.h"
#include "ra/ra.h"
#include "wire/ip6.h"

#define LAST_WAIT_NS  (100 * NS_PER_MS) /* at most, until the last words have left the rings */
#define LAST_PAUSE_US 200

#define PREFIXES_MAX (IP6_MIN_MTU / 32) /* 32 bytes each: what fits is less */

struct announce {
	struct ra *ra;
	struct mld *mld;
	struct loop_timer timer;
	struct groups groups[PORT_MAX]; /* of each interface's device */
};

static void announce_free(struct announce *n)
{
	ra_free(n->ra);
	mld_free(n->mld);
	loop_timer_disarm(&n->timer);
	for (size_t i = 0; i < PORT_MAX; i++)
		groups_close(&n->groups[i]);
	free(n);
}

static void on_announce(void *ctx, uint64_t now_ns)
{
	struct agent *a = ctx;

	a->now_ns = now_ns;
	agent_announce_tick(a);
}

int agent_announce_open(struct agent *a)
{
	static const struct ra_ops ra_ops = {.send = agent_send_wait};
	static const struct mld_ops mld_ops = {.send = agent_send_wait};
	uint64_t seed[2] = {0, 0};
	struct announce *n;
	int err;

	if (a->replay)
		return 0;
	n = calloc(1, sizeof(*n));
	if (n == NULL)
		return -ENOMEM;
	n->timer = (struct loop_timer){.fire = on_announce, .ctx = a};
	if (getrandom(seed, sizeof(seed), GRND_NONBLOCK) < 0)
		seed[0] = seed[1] = clock_ns();
	err = ra_new(&n->ra, &ra_ops, a, IFACE_MAX, seed[0] | 1);
	if (err == 0)
		err = mld_new(&n->mld, &mld_ops, a, IFACE_MAX, seed[1] | 1);
	if (err < 0) {
		announce_free(n);
		return err;
	}
	a->announce = n;
	return 0;
}

int agent_announce_reserve(struct agent *a, const struct ifaces *s)
{
	return a->announce == NULL ? 0 : mld_reserve(a->announce->mld, s);
}

/* MACs of multicast groups. */
struct macs {
	uint32_t n;
	uint64_t *mac;
};

static int mac_order(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return a < b ? -1 : a > b;
}

/* VLANs of one port often are in the same groups: let each be in @m once. */
static void macs_unique(struct macs *m)
{
	uint32_t n = 0;

	qsort(m->mac, m->n, sizeof(*m->mac), mac_order);
	for (uint32_t i = 0; i < m->n; i++) {
		if (n == 0 || m->mac[i] != m->mac[n - 1])
			m->mac[n++] = m->mac[i];
	}
	m->n = n;
}

/* Add the groups of @f, and all nodes. */
static int macs_add(struct macs *m, const struct iface *f)
{
	uint32_t room = m->n + f->n_addr6 + 2u;
	struct ip *groups = calloc(f->n_addr6 + 1u, sizeof(*groups));
	uint64_t *mac = groups != NULL ? realloc(m->mac, room * sizeof(*mac)) : NULL;
	uint16_t n;

	if (mac != NULL) {
		m->mac = mac;
		n = mld_groups(f, groups);
		for (uint16_t k = 0; k < n; k++)
			mac[m->n++] = ip6_group_mac(groups[k]);
		mac[m->n++] = ip6_group_mac(IP6_ALL_NODES);
	}
	free(groups);
	return mac != NULL ? 0 : -ENOMEM;
}

/* Let the device of slot @id hear the groups of its interface and of the VLANs on it, and all
 * nodes. A bridge's port hears everything. */
static int device_groups(struct agent *a, uint16_t id, const struct ifaces *s)
{
	const struct port *port = a->iface[id].port;
	struct groups *g = &a->announce->groups[id];
	struct macs m = {0};
	int err = 0;

	if (port != NULL && a->iface[id].gone)
		return 0; /* there is nobody to ask */
	if (port == NULL || port->ifindex == 0)
		return groups_set(g, 0, NULL, 0);
	if (s->iface[id].bridge != NULL || (a->iface[id].filters && s->iface[id].vlans != NULL))
		return groups_set_all(g, (int)port->ifindex);
	for (uint16_t i = 0; i < s->n && err == 0; i++) {
		const struct iface *f = &s->iface[i];

		if ((i == id || (f->kind == IFACE_VLAN && f->port == id)) && f->n_addr6 > 0)
			err = macs_add(&m, f);
	}
	if (err == 0 && m.n > 0) {
		macs_unique(&m);
		err = groups_set(g, (int)port->ifindex, m.mac, (uint16_t)m.n);
	} else if (err == 0) {
		err = groups_set(g, 0, NULL, 0);
	}
	free(m.mac);
	return err;
}

void agent_announce_links(struct agent *a, const struct ifaces *s)
{
	struct announce *n = a->announce;
	int err;

	if (n == NULL)
		return;
	for (uint16_t i = 0; i < PORT_MAX; i++) {
		err = device_groups(a, i, s);
		if (err < 0)
			log_error("%s: the device may not hear all that it should: %s",
			          a->iface[i].name, strerror(-err));
	}
	mld_set_ifaces(n->mld, s, a->now_ns);
	ra_set_ifaces(n->ra, s, a->now_ns);
	agent_announce_configure(a);
}

/* The prefixes of @ra, of which no more than fit were accepted. */
static uint16_t prefixes_list(struct ra_prefix list[PREFIXES_MAX], const struct config_ra *ra)
{
	assert(ra->n_prefixes <= PREFIXES_MAX);
	for (size_t i = 0; i < ra->n_prefixes; i++) {
		list[i] = (struct ra_prefix){
			.addr = ra->prefixes[i].addr,
			.len = ra->prefixes[i].len,
			.on_link = ra->on_link,
			.autonomous = ra->autonomous,
			.valid = ra->valid,
			.preferred = ra->preferred,
		};
	}
	return (uint16_t)ra->n_prefixes;
}

static void iface_configure(struct agent *a, uint16_t id, const struct config_interface *ci)
{
	static const uint8_t preference[] = {
		[CONFIG_PREFERENCE_LOW] = RA_PREFERENCE_LOW,
		[CONFIG_PREFERENCE_MEDIUM] = RA_PREFERENCE_MEDIUM,
		[CONFIG_PREFERENCE_HIGH] = RA_PREFERENCE_HIGH,
	};
	const struct config_ra *ra = &ci->ra;
	struct ra_prefix prefixes[PREFIXES_MAX];
	struct ra_config c = {
		.interval = ra->interval,
		.reachable = ra->reachable,
		.retrans = ra->retrans,
		/* Also of a file that leaves the MTU to the device (6.2.1); "auto" is above all. */
		.mtu = ra->mtu < a->iface[id].mtu ? ra->mtu : a->iface[id].mtu,
		.lifetime = (uint16_t)ra->lifetime,
		.hop_limit = (uint8_t)ra->hop_limit,
		.preference = preference[ra->preference],
		.managed = ra->managed,
		.other = ra->other,
		.n_prefixes = prefixes_list(prefixes, ra),
		.n_dns_servers = (uint16_t)ra->n_dns_servers,
		.n_dns_search = (uint16_t)ra->n_dns_search,
		.dns_lifetime = ra->dns_lifetime,
		.prefixes = prefixes,
		.dns_servers = ra->dns_servers,
		.dns_search = (const char *const *)ra->dns_search,
	};
	int err = ra_set(a->announce->ra, id, ra->send ? &c : NULL, a->now_ns);

	assert(err == 0); /* the configuration was checked for length */
	(void)err;
}

void agent_announce_configure(struct agent *a)
{
	uint16_t k;

	for (uint16_t i = 0; i < a->iface_top && a->announce != NULL && a->config != NULL; i++) {
		if (!agent_iface_serves(&a->iface[i]))
			continue; /* it is being closed, or comes again */
		k = config_find_interface(a->config, a->iface[i].name);
		if (k != CONFIG_NO_IFACE) /* else it is yet to be configured */
			iface_configure(a, i, &a->config->interfaces[k]);
	}
}

void agent_announce_report(struct agent *a, const struct report *r)
{
	const struct mld_query q = {
		.group = r->ip,
		.code = (uint16_t)r->value,
		.version = r->claim,
	};

	if (a->announce == NULL)
		return;
	if (r->kind == REPORT_SOLICIT)
		ra_solicited(a->announce->ra, r->iface, a->now_ns);
	else
		mld_query(a->announce->mld, r->iface, &q, a->now_ns);
}

void agent_announce_tick(struct agent *a)
{
	struct announce *n = a->announce;
	uint64_t next, mld;

	if (n == NULL)
		return;
	next = ra_tick(n->ra, a->now_ns);
	mld = mld_tick(n->mld, a->now_ns);
	next = mld < next ? mld : next;
	if (next == UINT64_MAX)
		loop_timer_disarm(&n->timer);
	else
		loop_timer_arm(a->loop, &n->timer, next, 0);
}

/* Has slot @i's port sent all that is in its rings? */
static bool port_is_quiet(const struct agent *a, uint16_t i)
{
	const struct port *port = a->iface[i].port;

	for (uint16_t k = 0; port != NULL && k < port->n_queues; k++) {
		if (__atomic_load_n(&port->queue[k].tx_pending, __ATOMIC_RELAXED) > 0)
			return false;
	}
	return true;
}

/*
 * The interfaces @ids go: say so, and wait until that is out. Orders that are taken are in the
 * rings when the worker's loop ends; the ring may be sent by the next one only. Traffic may keep it
 * from ever being empty, and pushes out what was there before within the time.
 */
void agent_announce_stop_all(struct agent *a, const uint64_t ids[IFACE_MAX / 64])
{
	struct announce *n = a->announce;
	uint64_t deadline, ports = 0;
	bool said = false;

	for (uint16_t i = 0; n != NULL && i < a->iface_top; i++) {
		if ((ids[i / 64] >> i % 64 & 1) == 0)
			continue;
		said |= ra_stop(n->ra, i, a->now_ns);
		said |= mld_stop(n->mld, i, a->now_ns);
		/* Of a foot in a bridge any port may be it. */
		ports |= a->iface[i].kind == IFACE_BRIDGE ? UINT64_MAX
		                                          : 1ull << agent_iface_port(a, i);
	}
	if (!said)
		return;
	for (struct worker *w = a->worker; w < a->worker + a->n_workers; w++)
		agent_orders_done(a, w);
	synchronize_rcu();
	deadline = clock_ns() + LAST_WAIT_NS;
	for (uint16_t i = 0; i < PORT_MAX; i++) {
		while ((ports >> i & 1) != 0 && !port_is_quiet(a, i) && clock_ns() < deadline)
			usleep(LAST_PAUSE_US);
	}
}

void agent_announce_stop(struct agent *a, uint16_t id)
{
	uint64_t ids[IFACE_MAX / 64] = {0};

	ids[id / 64] |= 1ull << id % 64;
	agent_announce_stop_all(a, ids);
}

void agent_announce_close(struct agent *a)
{
	uint64_t ids[IFACE_MAX / 64];

	if (a->announce == NULL)
		return;
	memset(ids, 0xff, sizeof(ids));
	agent_announce_stop_all(a, ids);
	announce_free(a->announce);
	a->announce = NULL;
}
