/* SPDX-License-Identifier: BSD-2-Clause */
/* The IPv6 addresses of an interface: which there are, and which to speak from. */
#include <stdlib.h>
#include <string.h>

#include "iface/iface.h"

const struct iface_addr6 *iface_addr6_find(const struct iface *f, struct ip addr)
{
	for (uint16_t i = 0; i < f->n_addr6; i++) {
		if (ip_equal(f->addr6[i].addr, addr))
			return &f->addr6[i];
	}
	return NULL;
}

const struct iface_addr6 *iface_own6(const struct iface *f, struct ip addr)
{
	const struct iface_addr6 *a = iface_addr6_find(f, addr);

	return a != NULL && a->state != ADDR_DUPLICATE ? a : NULL;
}

bool iface_speaks6(const struct iface *f, struct ip addr)
{
	const struct iface_addr6 *a = iface_addr6_find(f, addr);

	return a != NULL && a->state == ADDR_USABLE;
}

/* The subnet-router anycast address of @a's subnet, :: if it has none. */
static struct ip addr6_anycast(const struct iface_addr6 *a)
{
	if (a->state != ADDR_USABLE || a->len > 126)
		return (struct ip){0, 0};
	return ip_and(a->addr, ip6_mask(a->len));
}

bool iface_anycast6(const struct iface *f, struct ip addr)
{
	for (uint16_t i = 0; i < f->n_addr6 && !ip_is_none(addr); i++) {
		if (ip_equal(addr6_anycast(&f->addr6[i]), addr))
			return true;
	}
	return false;
}

bool iface_same_subnet6(const struct iface *f, struct ip a, struct ip b)
{
	for (uint16_t i = 0; i < f->n_addr6; i++) {
		const struct iface_addr6 *own = &f->addr6[i];

		if (ip6_same_prefix(own->addr, a, own->len) &&
		    ip6_same_prefix(own->addr, b, own->len))
			return true;
	}
	return false;
}

bool iface_on_link6(const struct iface *f, struct ip addr)
{
	if (ip6_is_link_local(addr))
		return true;
	for (uint16_t i = 0; i < f->n_addr6; i++) {
		if (ip6_same_prefix(f->addr6[i].addr, addr, f->addr6[i].len))
			return true;
	}
	return false;
}

bool iface_in_group6(const struct iface *f, struct ip group)
{
	if (ip_equal(group, IP6_ALL_NODES) || ip_equal(group, IP6_ALL_ROUTERS))
		return f->n_addr6 > 0;
	for (uint16_t i = 0; i < f->n_addr6; i++) {
		const struct iface_addr6 *a = &f->addr6[i];
		struct ip anycast = addr6_anycast(a);

		if (a->state == ADDR_DUPLICATE)
			continue;
		if (ip_equal(ip6_solicited_node(a->addr), group) ||
		    (!ip_is_none(anycast) && ip_equal(ip6_solicited_node(anycast), group)))
			return true;
	}
	return false;
}

struct ip iface_link6(const struct iface *f)
{
	for (uint16_t i = 0; i < f->n_addr6; i++) {
		if (f->addr6[i].state == ADDR_USABLE && ip6_is_link_local(f->addr6[i].addr))
			return f->addr6[i].addr;
	}
	return (struct ip){0, 0};
}

/* The first global address of @f that is usable, of @to's subnet if there is one; ::. */
static struct ip source_global(const struct iface *f, struct ip to)
{
	struct ip first = {0, 0};

	for (uint16_t i = 0; i < f->n_addr6; i++) {
		const struct iface_addr6 *a = &f->addr6[i];

		if (a->state != ADDR_USABLE || ip6_is_link_local(a->addr))
			continue;
		if (ip6_same_prefix(a->addr, to, a->len))
			return a->addr;
		if (ip_is_none(first))
			first = a->addr;
	}
	return first;
}

struct ip iface_source6(const struct iface *f, struct ip to)
{
	bool near = ip6_is_link_local(to) || (ip6_is_multicast(to) && ip6_multicast_scope(to) <= 2);
	struct ip from = near ? (struct ip){0, 0} : source_global(f, to);

	if (ip_is_none(from) && !near)
		from = f->lent6;
	return ip_is_none(from) ? iface_link6(f) : from;
}

bool iface_speaks(const struct iface *f, struct ip addr)
{
	return ip_is4(addr) ? iface_speaks4(f, ip_to4(addr)) : iface_speaks6(f, addr);
}

bool iface_on_link(const struct iface *f, struct ip addr)
{
	return ip_is4(addr) ? iface_on_link4(f, ip_to4(addr)) : iface_on_link6(f, addr);
}

bool ifaces_own6(const struct ifaces *s, struct ip addr)
{
	for (uint16_t i = 0; i < s->n; i++) {
		if (iface_own6(&s->iface[i], addr) != NULL)
			return true;
	}
	return false;
}

void ifaces_lend6(struct ifaces *s)
{
	const struct ip any = {0, 0};
	struct ip addr = any;

	for (uint16_t i = 0; i < s->n && ip_is_none(addr); i++)
		addr = source_global(&s->iface[i], any);
	for (uint16_t i = 0; i < s->n; i++) {
		struct iface *f = &s->iface[i];

		f->lent6 = ip_is_none(source_global(f, any)) ? addr : any;
	}
}
