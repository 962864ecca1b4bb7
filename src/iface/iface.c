/* SPDX-License-Identifier: BSD-2-Clause */
#include "iface/iface.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/ip4.h"

bool iface_has_addr4(const struct iface *f, uint32_t addr)
{
	for (unsigned int i = 0; i < f->n_addr4; i++) {
		if (f->addr4[i].addr == addr)
			return true;
	}
	return false;
}

bool iface_speaks4(const struct iface *f, uint32_t addr)
{
	return iface_has_addr4(f, addr) || (f->lent4 != 0 && addr == f->lent4);
}

bool iface_same_subnet4(const struct iface *f, uint32_t a, uint32_t b)
{
	for (unsigned int i = 0; i < f->n_addr4; i++) {
		uint32_t mask = ip4_mask(f->addr4[i].len), own = f->addr4[i].addr;

		if (((own ^ a) & mask) == 0 && ((own ^ b) & mask) == 0)
			return true;
	}
	return false;
}

bool iface_on_link4(const struct iface *f, uint32_t addr)
{
	for (unsigned int i = 0; i < f->n_addr4; i++) {
		if (((f->addr4[i].addr ^ addr) & ip4_mask(f->addr4[i].len)) == 0)
			return true;
	}
	return false;
}

uint32_t iface_source4(const struct iface *f, uint32_t to)
{
	for (unsigned int i = 0; i < f->n_addr4; i++) {
		if (((f->addr4[i].addr ^ to) & ip4_mask(f->addr4[i].len)) == 0)
			return f->addr4[i].addr;
	}
	return f->n_addr4 > 0 ? f->addr4[0].addr : f->lent4;
}

bool ifaces_has_addr4(const struct ifaces *s, uint32_t addr)
{
	if (!ifaces_maybe_not_source4(s, addr))
		return false;
	for (uint16_t i = 0; i < s->n; i++) {
		if (iface_has_addr4(&s->iface[i], addr))
			return true;
	}
	return false;
}

/* Is @addr the interface's own @own, or a broadcast of its subnet, the old all zeros too? */
static bool addr_not_source4(const struct iface_addr4 *own, uint32_t addr)
{
	uint32_t host = ~ip4_mask(own->len);

	if (addr == own->addr)
		return true;
	if (own->len > 30 || ((own->addr ^ addr) & ~host) != 0)
		return false; /* RFC 3021: a /31 has no broadcast address */
	return (addr & host) == 0 || (addr & host) == host;
}

bool ifaces_not_source4(const struct ifaces *s, uint32_t addr)
{
	for (uint16_t i = 0; i < s->n; i++) {
		for (uint16_t k = 0; k < s->iface[i].n_addr4; k++) {
			if (addr_not_source4(&s->iface[i].addr4[k], addr))
				return true;
		}
	}
	return false;
}

static void ifaces_mark4(struct ifaces *s, uint32_t addr)
{
	uint32_t bit = ifaces_bit4(addr);

	s->not_source4[bit / 64] |= 1ull << bit % 64;
}

struct ifaces *ifaces_new(uint16_t n)
{
	/* All slots: a worker may find a next hop by an interface that is newer than @s. Those that
	 * nobody touches take no memory. */
	struct ifaces *s = calloc(1, sizeof(*s) + IFACE_MAX * sizeof(s->iface[0]));

	if (s == NULL)
		return NULL;
	s->n = n;
	for (uint16_t i = 0; i < n; i++)
		s->iface[i].id = i;
	return s;
}

static void ifaces_mark6(struct ifaces *s, struct ip addr)
{
	uint32_t bit = ifaces_bit6(addr);

	s->own6[bit / 64] |= 1ull << bit % 64;
}

/* Set *copy to a copy of @bytes bytes, or leave it NULL if there are none. Return: false without
 * memory. */
static bool addr_copy(void **copy, const void *addr, size_t bytes)
{
	if (bytes == 0)
		return true;
	*copy = malloc(bytes);
	if (*copy == NULL)
		return false;
	memcpy(*copy, addr, bytes);
	return true;
}

int ifaces_set(struct ifaces *s, const struct iface *f)
{
	struct iface *slot = &s->iface[f->id];
	struct iface_addr4 *copy = NULL;
	struct iface_addr6 *copy6 = NULL;

	if (!addr_copy((void **)&copy, f->addr4, f->n_addr4 * sizeof(*copy)))
		return -ENOMEM;
	if (!addr_copy((void **)&copy6, f->addr6, f->n_addr6 * sizeof(*copy6))) {
		free(copy);
		return -ENOMEM;
	}
	for (uint16_t i = 0; i < f->n_addr4; i++) {
		uint32_t host = ~ip4_mask(f->addr4[i].len);

		ifaces_mark4(s, f->addr4[i].addr);
		ifaces_mark4(s, f->addr4[i].addr & ~host);
		ifaces_mark4(s, f->addr4[i].addr | host);
	}
	for (uint16_t i = 0; i < f->n_addr6; i++)
		ifaces_mark6(s, f->addr6[i].addr);
	free((void *)slot->addr4);
	free((void *)slot->addr6);
	*slot = *f;
	slot->addr4 = copy;
	slot->addr6 = copy6;
	if (f->kind == IFACE_PORT)
		slot->port = f->id;
	return 0;
}

void ifaces_lend4(struct ifaces *s)
{
	uint32_t addr = 0;

	for (uint16_t i = 0; i < s->n && addr == 0; i++) {
		if (s->iface[i].n_addr4 > 0)
			addr = s->iface[i].addr4[0].addr;
	}
	for (uint16_t i = 0; i < s->n; i++)
		s->iface[i].lent4 = s->iface[i].n_addr4 == 0 ? addr : 0;
}

void ifaces_free(struct ifaces *s)
{
	if (s == NULL)
		return;
	for (uint16_t i = 0; i < s->n; i++) {
		free((void *)s->iface[i].addr4);
		free((void *)s->iface[i].addr6);
		free((void *)s->iface[i].vlans);
	}
	free(s);
}

static void ifaces_reclaim(struct rcu_head *head)
{
	ifaces_free(caa_container_of(head, struct ifaces, rcu));
}

void ifaces_free_rcu(struct ifaces *s)
{
	if (s != NULL)
		call_rcu(&s->rcu, ifaces_reclaim);
}
