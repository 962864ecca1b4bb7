/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The addresses of interfaces: which there are, whether those of IPv6 may be used yet (RFC 4862
 * 5.4), and the routes that follow from them.
 */
#include <errno.h>
#include <stdlib.h>

#include "agent/wanted.h"
#include "base/clock.h"
#include "base/log.h"
#include "wire/addr.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define ADDR_ROUTES 4 /* at most, that follow from an address */

/*
 * A probe goes out within a second, and is waited for one (RFC 4862 5.4.2, RFC 4861 10); but not
 * before the workers run, which at a start is when all devices have been bound.
 */
#define DAD_NS (10 * NS_PER_SEC)

/* The @i-th address, of either family. */
static struct iface_addr6 addr_at(const struct agent_addrs *s, unsigned int i)
{
	if (i >= s->n4)
		return s->addr6[i - s->n4];
	return (struct iface_addr6){ip_from4(s->addr4[i].addr), s->addr4[i].len, ADDR_USABLE};
}

static void addrs_fini(struct agent_addrs *s)
{
	free(s->addr4);
	free(s->addr6);
	*s = (struct agent_addrs){0};
}

void agent_addrs_free(struct agent_iface *f)
{
	addrs_fini(&f->conf);
	addrs_fini(&f->addrs);
}

/* --- Routes --- */

/* The routes that follow from an IPv4 address of interface @id. Return: how many. */
static unsigned int addr_routes4(uint16_t id, uint32_t addr, uint8_t len,
                                 struct wanted w[ADDR_ROUTES])
{
	uint32_t net = addr & ip4_mask(len);
	unsigned int n = 0;

	w[n++] = (struct wanted){
		.route = {.dst = ip_from4(addr), .len = 32, .source = ROUTE_LOCAL},
		.key = {.kind = NH_LOCAL},
	};
	if (len == 32)
		return n;
	w[n++] = (struct wanted){
		.route = {.dst = ip_from4(net), .len = len, .source = ROUTE_CONNECTED},
		.key = {.kind = NH_CONNECTED, .iface = id},
	};
	if (len == 31)
		return n;             /* RFC 3021: no broadcast address */
	for (int i = 0; i < 2; i++) { /* RFC 1812 5.3.5.2: all ones, and the old all zeros */
		w[n++] = (struct wanted){
			.route = {.dst = ip_from4(i == 0 ? net : net | ~ip4_mask(len)),
		                  .len = 32,
		                  .source = ROUTE_LOCAL,
		                  .metric = AGENT_METRIC_BESIDE},
			.key = {.kind = NH_BROADCAST, .iface = id},
		};
	}
	return n;
}

/* The same for IPv6. A link-local address has one with all others: route/scope.c tells them apart.
 */
static unsigned int addr_routes6(uint16_t id, const struct iface_addr6 *addr,
                                 struct wanted w[ADDR_ROUTES])
{
	struct ip net = ip_and(addr->addr, ip6_mask(addr->len));
	unsigned int n = 0;

	if (ip6_is_link_local(addr->addr)) {
		w[n++] = (struct wanted){
			.route = {.dst = {0xfe80ull << 48, 0},
		                  .len = 10,
		                  .source = ROUTE_CONNECTED},
			.key = {.kind = NH_LINK},
		};
		return n;
	}
	if (addr->len < 128)
		w[n++] = (struct wanted){
			.route = {.dst = net, .len = addr->len, .source = ROUTE_CONNECTED},
			.key = {.kind = NH_CONNECTED, .iface = id},
		};
	if (addr->state != ADDR_USABLE)
		return n;
	w[n++] = (struct wanted){
		.route = {.dst = addr->addr, .len = 128, .source = ROUTE_LOCAL},
		.key = {.kind = NH_LOCAL},
	};
	if (addr->len < 127) /* RFC 4291 2.6.1: the subnet's routers; RFC 6164: not where two are */
		w[n++] = (struct wanted){
			.route = {.dst = net,
		                  .len = 128,
		                  .source = ROUTE_LOCAL,
		                  .metric = AGENT_METRIC_BESIDE},
			.key = {.kind = NH_LOCAL},
		};
	return n;
}

static unsigned int addr_routes(uint16_t id, const struct iface_addr6 *addr,
                                struct wanted w[ADDR_ROUTES])
{
	if (ip_is4(addr->addr))
		return addr_routes4(id, ip_to4(addr->addr), addr->len, w);
	return addr_routes6(id, addr, w);
}

/* All of an address's routes lie within its subnet: does @dst? */
static bool addr_covers(const struct iface_addr6 *addr, struct ip dst)
{
	if (ip6_is_link_local(addr->addr))
		return ip6_is_link_local(dst);
	return ip6_same_prefix(addr->addr, dst, ip_is4(addr->addr) ? addr->len + 96u : addr->len);
}

/* Does one of the addresses @s of interface @id want the route? @by: then, as it wants it. */
static bool route_wanted(uint16_t id, const struct agent_addrs *s, const struct agent_route *r,
                         struct wanted *by)
{
	struct wanted w[ADDR_ROUTES];

	for (unsigned int i = 0; i < (unsigned int)s->n4 + s->n6; i++) {
		const struct iface_addr6 addr = addr_at(s, i);
		unsigned int m = addr_covers(&addr, r->dst) ? addr_routes(id, &addr, w) : 0;

		while (m-- > 0) {
			*by = w[m];
			if (route_same_place(&by->route, r))
				return true;
		}
	}
	return false;
}

/*
 * Interface @id wants the route no more. While addresses move from one interface to another, that
 * one wants it: it may have replaced the route already, or be owed it back by an undo.
 */
static void route_release(struct agent *a, uint16_t id, const struct wanted *w)
{
	for (uint16_t i = 0; i < a->iface_top; i++) {
		struct wanted by;

		if (i == id || !route_wanted(i, &a->iface[i].addrs, &w->route, &by))
			continue;
		if (wanted_insert(a, &by) < 0)
			a->lost_routes++;
		return;
	}
	wanted_remove(a, w);
}

/* Remove the routes of the first @n addresses of @gone that @stay does not want. */
static void addrs_remove(struct agent *a, uint16_t id, const struct agent_addrs *gone,
                         unsigned int n, const struct agent_addrs *stay)
{
	struct wanted w[ADDR_ROUTES], by;

	for (unsigned int i = 0; i < n; i++) {
		const struct iface_addr6 addr = addr_at(gone, i);
		unsigned int m = addr_routes(id, &addr, w);

		for (unsigned int k = 0; k < m; k++) {
			if (!route_wanted(id, stay, &w[k].route, &by))
				route_release(a, id, &w[k]);
		}
	}
}

/* Insert the routes of one address. Return: 0, or an errno with some of them inserted. */
static int addr_insert(struct agent *a, uint16_t id, const struct iface_addr6 *addr)
{
	struct wanted w[ADDR_ROUTES];
	unsigned int n = addr_routes(id, addr, w);
	int err = 0;

	for (unsigned int k = 0; err == 0 && k < n; k++)
		err = wanted_insert(a, &w[k]);
	return err;
}

/* Let interface @id have @is, which is taken over on success. */
static int addrs_change(struct agent *a, uint16_t id, struct agent_addrs *is)
{
	struct agent_addrs *was = &a->iface[id].addrs;

	/* The new ones first: what both have is replaced by its equal, and never missing. */
	for (unsigned int i = 0; i < (unsigned int)is->n4 + is->n6; i++) {
		const struct iface_addr6 addr = addr_at(is, i);
		int err = addr_insert(a, id, &addr);

		if (err < 0) {
			addrs_remove(a, id, is, i + 1, was);
			return err;
		}
	}
	addrs_remove(a, id, was, (unsigned int)was->n4 + was->n6, is);
	addrs_fini(was);
	*was = *is;
	return 0;
}

/* --- Which addresses there are, and their states --- */

/* The state of @addr, if it is interface @f's from now on. @anew: duplicates are looked for. */
static uint8_t addr_state(const struct agent_iface *f, struct ip addr, bool anew)
{
	if (!f->dad)
		return ADDR_USABLE;
	for (uint16_t i = 0; !anew && i < f->addrs.n6; i++) {
		if (ip_equal(f->addrs.addr6[i].addr, addr))
			return f->addrs.addr6[i].state;
	}
	return ADDR_TENTATIVE;
}

/* Fill in the IPv6 addresses of @is out of @conf; there is room for one more than @conf has. */
static void addrs_fill6(const struct agent_iface *f, const struct agent_addrs *conf, bool anew,
                        struct agent_addrs *is)
{
	for (int link = 1; link >= 0; link--) { /* link-local ones come first */
		for (uint16_t i = 0; i < conf->n6; i++) {
			if (ip6_is_link_local(conf->addr6[i].addr) == link)
				is->addr6[is->n6++] = conf->addr6[i];
		}
		if (link && is->n6 == 0) /* RFC 4862 5.3 */
			is->addr6[is->n6++] = (struct iface_addr6){ip6_link_local(f->mac), 64, 0};
	}
	for (uint16_t i = 0; i < is->n6; i++)
		is->addr6[i].state = addr_state(f, is->addr6[i].addr, anew);
}

/* What interface @f is to have when @conf is configured. */
static int addrs_make(const struct agent_iface *f, const struct agent_addrs *conf, bool anew,
                      struct agent_addrs *is)
{
	*is = (struct agent_addrs){.n4 = conf->n4};
	is->addr4 = calloc(conf->n4 + 1u, sizeof(*is->addr4));
	is->addr6 = calloc(conf->n6 + 1u, sizeof(*is->addr6));
	if (is->addr4 == NULL || is->addr6 == NULL) {
		addrs_fini(is);
		return -ENOMEM;
	}
	for (uint16_t i = 0; i < conf->n4; i++)
		is->addr4[i] = conf->addr4[i];
	if (f->mtu >= IP6_MIN_MTU && !f->bridged) /* RFC 8200 5 */
		addrs_fill6(f, conf, anew, is);
	return 0;
}

static bool addrs_has(const struct agent_addrs *s, uint8_t state)
{
	for (uint16_t i = 0; i < s->n6; i++) {
		if (s->addr6[i].state == state)
			return true;
	}
	return false;
}

/* Let interface @id have what @conf and the link make of it. */
static int addrs_renew(struct agent *a, uint16_t id, const struct agent_addrs *conf)
{
	struct agent_iface *f = &a->iface[id];
	bool up = agent_iface_up(f), anew = (up && !f->addrs_up) || f->mac != f->addrs_mac;
	bool had6 = f->addrs.n6 > 0;
	struct agent_addrs is;
	int err = addrs_make(f, conf, anew, &is);

	if (err < 0)
		return err;
	if (addrs_has(&is, ADDR_TENTATIVE) && (anew || !addrs_has(&f->addrs, ADDR_TENTATIVE)))
		f->addrs_due_ns = clock_ns() + DAD_NS;
	err = addrs_change(a, id, &is);
	if (err < 0) {
		addrs_fini(&is);
		return err;
	}
	if (f->addrs.n6 == 0 && !f->bridged && (had6 || (conf != &f->conf && conf->n6 > 0)))
		log_warning("%s: no IPv6: its MTU, %u, is less than %u", f->name, f->mtu,
		            IP6_MIN_MTU);
	f->addrs_mac = f->mac;
	f->addrs_up = up;
	return 0;
}

int agent_addrs_follow(struct agent *a, uint16_t id)
{
	/* Without a configuration it has no addresses, not even of the link. */
	if (a->iface[id].conf.addr6 == NULL)
		return 0;
	return addrs_renew(a, id, &a->iface[id].conf);
}

void agent_addrs_refresh(struct agent *a, uint16_t id)
{
	int err = agent_addrs_follow(a, id);

	if (err < 0)
		log_error("%s: its IPv6 addresses stay as they were: %s", a->iface[id].name,
		          err == -ENOSPC ? "no room for one more route" : strerror(-err));
}

/* The addresses of @ci, each family in its order. */
static int conf_make(const struct config_interface *ci, struct agent_addrs *conf)
{
	*conf = (struct agent_addrs){0};
	conf->addr4 = calloc(ci->n_addresses + 1, sizeof(*conf->addr4));
	conf->addr6 = calloc(ci->n_addresses + 1, sizeof(*conf->addr6));
	if (conf->addr4 == NULL || conf->addr6 == NULL) {
		addrs_fini(conf);
		return -ENOMEM;
	}
	for (size_t i = 0; i < ci->n_addresses; i++) {
		const struct config_prefix *p = &ci->addresses[i];

		if (ip_is4(p->addr))
			conf->addr4[conf->n4++] = (struct iface_addr4){ip_to4(p->addr), p->len};
		else
			conf->addr6[conf->n6++] = (struct iface_addr6){p->addr, p->len, 0};
	}
	return 0;
}

int agent_addrs_set(struct agent *a, uint16_t id, const struct config_interface *ci)
{
	struct agent_addrs conf, none = {0};
	struct agent_iface *f = &a->iface[id];
	bool dad = f->dad, bridged = f->bridged;
	int err;

	if (ci == NULL) {
		err = addrs_change(a, id, &none); /* which takes no memory */
		addrs_fini(&f->conf);
		return err;
	}
	err = conf_make(ci, &conf);
	if (err < 0)
		return err;
	/* Time is that of the captures in a replay, and who is in them cannot be asked. */
	f->dad = ci->dad && !a->replay;
	f->bridged = ci->kind == CONFIG_DEVICE && ci->bridge != CONFIG_NO_BRIDGE;
	err = addrs_renew(a, id, &conf);
	if (err < 0) {
		f->dad = dad;
		f->bridged = bridged;
		addrs_fini(&conf);
		return err;
	}
	addrs_fini(&f->conf);
	f->conf = conf;
	return 0;
}

/* --- What is found out --- */

void agent_addr_report(void *ctx, uint16_t iface, struct ip addr, enum addr_state state)
{
	struct agent *a = ctx;
	struct agent_iface *f = &a->iface[iface];
	char text[IP_TEXT];

	for (uint16_t i = 0; i < f->addrs.n6; i++) {
		struct iface_addr6 *own = &f->addrs.addr6[i];

		if (!ip_equal(own->addr, addr) || own->state != ADDR_TENTATIVE)
			continue; /* it was another state that the news are of */
		own->state = (uint8_t)state;
		f->addrs_changed = true;
		a->addrs_changed = true;
		if (state == ADDR_DUPLICATE) /* RFC 4862 5.4.5 */
			log_error("%s: %s is in use by someone else on its link, and not used "
			          "here: give one of the two another%s, then `viaduct reload`",
			          f->name, ip_format(text, addr),
			          ip6_is_link_local(addr) ? " (MAC) address" : "");
	}
}

bool agent_addrs_settle(struct agent *a)
{
	if (!a->addrs_changed)
		return false;
	a->addrs_changed = false;
	for (uint16_t i = 0; i < a->iface_top; i++) {
		if (a->iface[i].addrs_changed)
			agent_addrs_refresh(a, i);
		a->iface[i].addrs_changed = false;
	}
	if (agent_publish(a) == 0)
		return true;
	log_error("no memory to tell the workers of addresses");
	a->addrs_changed = true; /* the next time */
	return false;
}

void agent_addrs_retry(struct agent *a)
{
	for (uint16_t i = 0; i < a->iface_top; i++) {
		struct agent_iface *f = &a->iface[i];

		for (uint16_t k = 0; k < f->addrs.n6; k++) {
			if (f->addrs.addr6[k].state != ADDR_DUPLICATE)
				continue;
			f->addrs.addr6[k].state = ADDR_TENTATIVE; /* neither has a local route */
			f->addrs_due_ns = clock_ns() + DAD_NS;
		}
	}
}
