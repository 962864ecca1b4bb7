/* SPDX-License-Identifier: BSD-2-Clause */
/* The table as others see it: made, told, walked, freed. */
#include "neigh/neigh.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "neigh/entry.h"
#include "wire/ether.h"
#include "wire/ip4.h"

static const struct neigh_limits default_limits = {
	.entries = 65536,
	.incomplete = 8192,
	.held = 4096,
	.asked = 4096,
};

static const struct neigh_timers default_timers = {
	.retrans = NS_PER_SEC,
	.reachable = 30 * NS_PER_SEC,
	.delay = 5 * NS_PER_SEC,
	.failed = 3 * NS_PER_SEC,
	.gc = 1200 * NS_PER_SEC,
	.watch = 5 * NS_PER_SEC,
};

const struct iface *neigh_iface(const struct neigh_table *t, struct neigh_key key)
{
	uint16_t id = key.iface;

	if (t->ifaces == NULL || id >= t->ifaces->n || !t->ifaces->iface[id].up)
		return NULL;
	return &t->ifaces->iface[id];
}

/* Not nobody's address, not ours, and no broadcast of the interface's subnets. */
static bool is_others4(const struct iface *f, uint32_t ip)
{
	if (ip == 0 || iface_speaks4(f, ip))
		return false;
	for (unsigned int i = 0; i < f->n_addr4; i++) {
		uint32_t mask = ip4_mask(f->addr4[i].len);

		if (((f->addr4[i].addr ^ ip) & mask) != 0 || f->addr4[i].len >= 31)
			continue; /* RFC 3021: a /31 has no broadcast */
		if ((ip | mask) == ~0u || (ip & ~mask) == 0)
			return false;
	}
	return true;
}

/* Nor a group, and not ours in any state: one that is tentative may turn out to be. What is every
 * router's of the subnet is no host's. */
static bool is_others6(const struct iface *f, struct ip ip)
{
	return !ip_is_none(ip) && !ip_equal(ip, IP6_LOOPBACK) && !ip6_is_multicast(ip) &&
	       iface_own6(f, ip) == NULL && !iface_anycast6(f, ip);
}

static bool is_others(const struct iface *f, struct ip ip)
{
	return ip_is4(ip) ? is_others4(f, ip_to4(ip)) : is_others6(f, ip);
}

bool neigh_is_host(const struct iface *f, struct ip ip)
{
	return iface_on_link(f, ip) && is_others(f, ip);
}

uint64_t neigh_random(struct neigh_table *t)
{
	t->random ^= t->random << 13;
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return t->random;
}

int neigh_new(struct neigh_table **out, const struct neigh_ops *ops, void *ctx,
              struct nexthops *nexthops, const struct neigh_limits *limits,
              const struct neigh_timers *timers)
{
	struct neigh_table *t = calloc(1, sizeof(*t));
	int err = -ENOMEM;

	if (t == NULL)
		return -ENOMEM;
	t->ops = *ops;
	t->ctx = ctx;
	t->nexthops = nexthops;
	t->limits = limits != NULL ? *limits : default_limits;
	t->timers = timers != NULL ? *timers : default_timers;
	t->again_ns = UINT64_MAX;
	t->retry_ns = UINT64_MAX;
	t->watch_ns = UINT64_MAX;
	CDS_INIT_LIST_HEAD(&t->unresolved);
	CDS_INIT_LIST_HEAD(&t->stale);
	CDS_INIT_LIST_HEAD(&t->holding);
	if (getrandom(&t->random, sizeof(t->random), GRND_NONBLOCK) != sizeof(t->random))
		t->random = clock_ns();
	t->random |= 1; /* never the zero that xorshift stays at */
	t->heap = calloc(t->limits.entries, sizeof(*t->heap));
	if (t->heap == NULL)
		goto free_table;
	err = neigh_index_init(t);
	if (err < 0)
		goto free_heap;
	err = neigh_publish_init(t);
	if (err < 0)
		goto free_index;
	*out = t;
	return 0;

free_index:
	neigh_index_fini(t);
free_heap:
	free(t->heap);
free_table:
	free(t);
	return err;
}

void neigh_free(struct neigh_table *t)
{
	struct neigh *n;

	if (t == NULL)
		return;
	while ((n = t->head[0]) != NULL)
		neigh_remove(t, n, DROP_NEIGH_QUEUE);
	neigh_publish_fini(t);
	neigh_index_fini(t);
	free(t->own);
	free(t->heap);
	free(t);
}

struct neigh_reader *neigh_reader(struct neigh_table *t)
{
	return &t->reader;
}

/* What becomes of @n with the new interfaces. */
static void neigh_settle(struct neigh_table *t, struct neigh *n)
{
	const struct iface *f = neigh_iface(t, n->key);
	struct ip ip = n->key.ip;

	if (f != NULL && iface_on_link(f, ip))
		n->off_link = false;
	if (n->state == NEIGH_STATIC ||
	    (f != NULL && (neigh_is_host(f, ip) || (n->off_link && is_others(f, ip)))))
		neigh_publish(t, n);
	else
		neigh_remove(t, n, DROP_NEIGH_FAILED);
}

void neigh_set_ifaces(struct neigh_table *t, const struct ifaces *s, uint64_t now_ns)
{
	struct neigh *next;

	t->ifaces = s;
	for (uint16_t i = 0; i < s->n; i++)
		nexthop_set_iface_up(t->nexthops, i, s->iface[i].up);
	for (struct neigh *n = t->head[0]; n != NULL; n = next) {
		next = n->next[0];
		neigh_settle(t, n);
	}
	neigh_own_set(t, now_ns);
	t->watch_ns = 0; /* a link may be back: its gateways are asked at once */
}

/*
 * A packet waits for a neighbour that nobody has asked for. NULL: nor will be. Its route says that
 * it is on the link, which for a gateway outside all subnets is all there is to say so.
 */
static struct neigh *wanted_new(struct neigh_table *t, const struct report *r, enum verdict *v,
                                uint64_t now_ns)
{
	struct neigh_key key = neigh_key(r->iface, r->ip);
	const struct iface *f = neigh_iface(t, key);
	struct neigh *n;

	*v = DROP_NEIGH_FAILED;
	if (f == NULL || (!is_others(f, key.ip) && iface_own6(f, key.ip) == NULL))
		return NULL;
	*v = DROP_NEIGH_QUEUE;
	if (!is_others(f, key.ip)) /* RFC 4862 5.4: a tentative address is dropped for in silence */
		return NULL;
	if (!neigh_budget_take(t, r->value, now_ns))
		return NULL;
	n = neigh_add(t, key, true);
	if (n == NULL)
		return NULL;
	n->off_link = !iface_on_link(f, key.ip);
	neigh_resolve(t, n, now_ns);
	return n;
}

static void wanted(struct neigh_table *t, const struct report *r, uint64_t now_ns)
{
	const struct neigh_held h = {
		.data = r->data,
		.len = r->len,
		.in = r->in,
		.flags = r->flags,
		.worker = r->worker,
	};
	struct neigh_key key = neigh_key(r->iface, r->ip);
	struct neigh *n = neigh_index_find(t, key);
	enum verdict v = DROP_NEIGH_FAILED;

	if (n == NULL)
		n = wanted_new(t, r, &v, now_ns);
	if (n == NULL || n->state == NEIGH_FAILED) {
		t->ops.drop(t->ctx, &h, v);
		return;
	}
	if (n->state == NEIGH_INCOMPLETE) {
		neigh_hold(t, n, &h);
		return;
	}
	/* It answered meanwhile, or a next hop was made that does not know it. */
	neigh_use(t, n, now_ns);
	if (neigh_publish(t, n)) {
		neigh_publish_gateway(t, n);
		t->ops.resume(t->ctx, &h);
	} else {
		v = neigh_iface(t, key) == NULL ? DROP_NEIGH_FAILED : DROP_NEIGH_QUEUE;
		t->ops.drop(t->ctx, &h, v);
	}
}

void neigh_report(struct neigh_table *t, const struct report *r, uint64_t now_ns)
{
	struct neigh *n;

	switch ((enum report_kind)r->kind) {
	case REPORT_NEIGH_WANTED:
		wanted(t, r, now_ns);
		break;
	case REPORT_NEIGH_USED:
		n = neigh_index_find(t, neigh_key(r->iface, r->ip));
		if (n != NULL)
			neigh_use(t, n, now_ns);
		break;
	case REPORT_ARP:
		neigh_learn(t, r, now_ns);
		break;
	case REPORT_ND:
	case REPORT_SOLICIT:
		neigh_learn6(t, r, now_ns);
		break;
	case REPORT_MLD_QUERY:
	case REPORT_STATION:
	case REPORT_FRAME:
		break; /* not ours */
	}
}

uint64_t neigh_tick(struct neigh_table *t, uint64_t now_ns)
{
	uint64_t next;

	while (t->n_heap > 0 && t->heap[0].due <= now_ns)
		neigh_timeout(t, t->heap[0].n, now_ns);
	neigh_own_tick(t, now_ns);
	neigh_publish_retry(t, now_ns);
	neigh_watch_tick(t, now_ns);
	next = t->again_ns < t->retry_ns ? t->again_ns : t->retry_ns;
	if (t->watch_ns < next)
		next = t->watch_ns;
	if (t->n_heap > 0 && t->heap[0].due < next)
		next = t->heap[0].due;
	return next;
}

void neigh_sync_gateway(struct neigh_table *t, uint16_t iface, struct ip ip)
{
	struct neigh *n = neigh_index_find(t, neigh_key(iface, ip));

	if (n != NULL)
		neigh_publish_gateway(t, n);
	t->watch_ns = 0;
}

int neigh_set_static(struct neigh_table *t, uint16_t iface, struct ip ip, uint64_t mac, uint64_t)
{
	struct neigh_key key = neigh_key(iface, ip);
	struct neigh *n = neigh_index_find(t, key);
	uint32_t before = t->stats.entries;

	assert(mac != 0 && !mac_is_group(mac)); /* the configuration was checked */
	if (n == NULL)
		n = neigh_add(t, key, true);
	if (n == NULL)
		return before >= t->limits.entries ? -ENOSPC : -ENOMEM;
	neigh_pin(t, n, mac);
	return 0;
}

int neigh_del_static(struct neigh_table *t, uint16_t iface, struct ip ip)
{
	struct neigh *n = neigh_index_find(t, neigh_key(iface, ip));

	if (n == NULL || n->state != NEIGH_STATIC)
		return -ENOENT;
	neigh_remove(t, n, DROP_NEIGH_QUEUE);
	return 0;
}

void neigh_clear(struct neigh_table *t, int iface)
{
	const struct neigh_key from = {.iface = iface < 0 ? 0 : (uint16_t)iface};
	struct neigh *next;

	for (struct neigh *n = neigh_index_from(t, from); n != NULL; n = next) {
		if (iface >= 0 && n->key.iface != iface)
			break;
		next = n->next[0];
		if (n->state != NEIGH_STATIC)
			neigh_remove(t, n, DROP_NEIGH_QUEUE);
	}
}

bool neigh_next(const struct neigh_table *t, const struct neigh_info *after,
                struct neigh_info *info)
{
	struct neigh_key from = {0};
	const struct neigh *n;

	if (after != NULL)
		from = neigh_key(after->iface, after->ip);
	n = neigh_index_from(t, from);
	if (n != NULL && after != NULL && neigh_key_equal(n->key, from))
		n = n->next[0];
	if (n == NULL)
		return false;
	*info = (struct neigh_info){
		.iface = n->key.iface,
		.ip = n->key.ip,
		.mac = n->mac,
		.state = n->state,
		.confirmed_ns = n->confirmed_ns,
		.held = n->n_held,
		.router = n->router,
	};
	return true;
}

const char *neigh_state_name(enum neigh_state s)
{
	static const char *const name[] = {
		[NEIGH_INCOMPLETE] = "incomplete", [NEIGH_REACHABLE] = "reachable",
		[NEIGH_STALE] = "stale",           [NEIGH_DELAY] = "delay",
		[NEIGH_PROBE] = "probe",           [NEIGH_FAILED] = "failed",
		[NEIGH_STATIC] = "static",
	};

	return name[s];
}

void neigh_stats(const struct neigh_table *t, struct neigh_stats *s)
{
	*s = t->stats;
}
