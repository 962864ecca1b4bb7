/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iface: what carries addresses. The agent builds the table of all of them anew for each change and
 * publishes it as a whole; workers take it once a loop. An iface's id is its port's id.
 */
#ifndef IFACE_IFACE_H
#define IFACE_IFACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/rcu.h"

struct iface_addr4 {
	uint32_t addr; /* host byte order */
	uint8_t len;   /* prefix length */
};

/* Is a packet's source checked by the routes back to it (RFC 3704)? */
enum iface_urpf {
	URPF_OFF,
	URPF_STRICT, /* the route leads back by the interface it came in by */
	URPF_LOOSE,  /* there is a route at all */
};

struct iface {
	uint64_t mac; /* as mac_load() gives it */
	uint16_t id;
	uint16_t mtu;      /* of the IP packet */
	bool up;           /* in service and with carrier: packets are taken and sent */
	bool partial_csum; /* complete half-made checksums that come in (AF_XDP row 25) */
	uint8_t urpf;      /* enum iface_urpf */
	bool redirects;    /* tell hosts of better gateways on their own link (RFC 1812 5.2.7.2) */
	uint16_t n_addr4;
	const struct iface_addr4 *addr4; /* the first one is the primary; NULL if none */
	uint32_t lent4; /* address of another that one without speaks with, see ifaces_lend4() */
	char name[16];
};

/* An immutable snapshot. Slots without an interface have up == false and name[0] == 0. */
struct ifaces {
	struct rcu_head rcu;
	uint64_t not_source4[64]; /* a bit for each hash, see ifaces_maybe_not_source4() */
	uint16_t n;
	struct iface iface[];
};

/* Where workers find the snapshot in force. */
struct iface_table {
	RCU_PTR(const struct ifaces) current;
};

/* Is @addr an address of @f? Context: any. */
bool iface_has_addr4(const struct iface *f, uint32_t addr);

/* Does @f answer to @addr: its own, or the one it was lent? Context: any. */
bool iface_speaks4(const struct iface *f, uint32_t addr);

/* Is @addr an address of any interface of @s? Context: any. */
bool ifaces_has_addr4(const struct ifaces *s, uint32_t addr);

/* Are @a and @b in one connected subnet of @f? Context: any. */
bool iface_same_subnet4(const struct iface *f, uint32_t a, uint32_t b);

/* Is @addr inside a connected subnet of @f (a /31's and /32's own prefix included)? Context: any.
 */
bool iface_on_link4(const struct iface *f, uint32_t addr);

/* The address of @f to speak to @to with: of @to's subnet if there is one, else the primary, else
 * the one that it was lent, else 0. */
uint32_t iface_source4(const struct iface *f, uint32_t to);

/* Which bit of not_source4 stands for @addr. */
static force_inline uint32_t ifaces_bit4(uint32_t addr)
{
	return addr * 0x9e3779b1u >> 20;
}

/* A first look that costs next to nothing: may @addr be one that ifaces_not_source4() tells of? */
static force_inline bool ifaces_maybe_not_source4(const struct ifaces *s, uint32_t addr)
{
	uint32_t bit = ifaces_bit4(addr);

	return (s->not_source4[bit / 64] >> bit % 64 & 1) != 0;
}

/* Does nothing from outside come from @addr, because it is an address of the router's own, or the
 * broadcast address of a connected subnet? Context: any. */
bool ifaces_not_source4(const struct ifaces *s, uint32_t addr);

/**
 * ifaces_new - an empty snapshot
 * @n: slots; addresses are copied in by ifaces_set()
 *
 * Context: agent. Return: NULL without memory; freed by ifaces_free(), or ifaces_free_rcu() once
 * it was published.
 */
struct ifaces *ifaces_new(uint16_t n);

/* Fill slot @f->id with a copy of @f, its addresses too. Return: 0 or -ENOMEM. Context: agent. */
[[nodiscard]] int ifaces_set(struct ifaces *s, const struct iface *f);

/**
 * ifaces_lend4 - give interfaces without an address one to speak with
 *
 * RFC 1812 2.2.7: what an unnumbered link has is the router's id, an address of another of its
 * interfaces: here that of the first which has any, whether its link is up or not, so that it does
 * not change with the links. Context: agent, when all interfaces are set.
 */
void ifaces_lend4(struct ifaces *s);
void ifaces_free(struct ifaces *s);
void ifaces_free_rcu(struct ifaces *s);

#endif
