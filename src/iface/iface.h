/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iface: what carries addresses. The agent builds the table of all of them anew for each change and
 * publishes it as a whole; workers take it once a loop. Ids below IFACE_PORTS are those of ports;
 * above are interfaces without a port of their own: VLANs of a port, and the router's own feet in
 * bridges.
 */
#ifndef IFACE_IFACE_H
#define IFACE_IFACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/rcu.h"
#include "wire/ip.h"

#define IFACE_PORTS 64   /* PORT_MAX */
#define IFACE_MAX   1024 /* interfaces of one daemon, ports too */
#define VLAN_VIDS   4096

struct bridge;

struct iface_addr4 {
	uint32_t addr; /* host byte order */
	uint8_t len;   /* prefix length */
};

/* May an IPv6 address be used (RFC 4862 5.4)? */
enum addr_state {
	ADDR_TENTATIVE, /* others may have it: it is neither spoken from nor answered for */
	ADDR_USABLE,
	ADDR_DUPLICATE, /* someone else has it */
};

struct iface_addr6 {
	struct ip addr;
	uint8_t len;   /* prefix length */
	uint8_t state; /* enum addr_state */
};

/* Is a packet's source checked by the routes back to it (RFC 3704)? */
enum iface_urpf {
	URPF_OFF,
	URPF_STRICT, /* the route leads back by the interface it came in by */
	URPF_LOOSE,  /* there is a route at all */
};

enum iface_kind {
	IFACE_PORT,   /* frames without a VLAN, and with VID 0 */
	IFACE_VLAN,   /* frames of a port with one tag, or two */
	IFACE_BRIDGE, /* what stations of a bridge, or of a VLAN of it, send to the router */
};

/* Interfaces by the tag that comes next in frames of another: ids, 0: none. */
struct iface_vlans {
	uint16_t c[VLAN_VIDS]; /* tags of 802.1Q, TPID 0x8100 */
	uint16_t s[VLAN_VIDS]; /* tags of 802.1ad, TPID 0x88a8 */
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
	uint16_t n_addr6;
	uint16_t nh_link;  /* next-hop id of what is on its link (NH_CONNECTED), for fe80::/10 */
	uint16_t nh_local; /* that of the router itself */
	const struct iface_addr6 *addr6; /* the link-local one first; NULL if none */
	struct ip lent6;                 /* as lent4: of an interface without a global one */
	uint8_t kind;                    /* enum iface_kind */
	uint8_t n_tags;                  /* of IFACE_VLAN: 1 or 2 */
	uint16_t port;   /* that its frames come and go by; of IFACE_BRIDGE nothing */
	uint16_t parent; /* of IFACE_VLAN: id of the interface that it is a VLAN of */
	uint16_t vid;    /* of IFACE_VLAN: of its last tag; of IFACE_BRIDGE: 0: not VLAN-aware */
	uint32_t tag[2]; /* of IFACE_VLAN: TPID and VID as load32() finds them, outermost first */
	const struct iface_vlans *vlans; /* of a port or VLAN with VLANs of its own; else NULL */
	const struct bridge *bridge; /* that it is a port of, or the router's foot in; or NULL */
	char name[16];
};

/* Do frames of other interfaces too come in by port @f? */
static inline bool iface_is_shared(const struct iface *f)
{
	return f->vlans != NULL || f->bridge != NULL;
}

/* An immutable snapshot. Slots without an interface have up == false and name[0] == 0. */
struct ifaces {
	struct rcu_head rcu;
	uint64_t not_source4[64]; /* a bit for each hash, see ifaces_maybe_not_source4() */
	uint64_t own6[64];        /* the same, see ifaces_maybe_own6() */
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

/* The same for IPv6 addresses in any state; link-local ones are of @f alone. Context: any. */
const struct iface_addr6 *iface_addr6_find(const struct iface *f, struct ip addr);

/* The same, but for a duplicate, which is another's. Context: any. */
const struct iface_addr6 *iface_own6(const struct iface *f, struct ip addr);

/* Does @f answer to @addr: is it an IPv6 address of its own, and usable? Context: any. */
bool iface_speaks6(const struct iface *f, struct ip addr);

/* Is @addr the subnet-router anycast address of a usable address of @f (RFC 4291 2.6.1)? A /127 has
 * none (RFC 6164). Context: any. */
bool iface_anycast6(const struct iface *f, struct ip addr);

/* As iface_same_subnet4() and iface_on_link4(), for IPv6; all of fe80::/10 is on @f's link.
 * Context: any. */
bool iface_same_subnet6(const struct iface *f, struct ip a, struct ip b);
bool iface_on_link6(const struct iface *f, struct ip addr);

/* Is @f in the multicast group @group: all nodes, all routers of its link, the solicited-node group
 * of an address of its own in any state but duplicate, of its subnet-router anycast addresses
 * (RFC 4291 2.8)? In none if it has no address, as one whose MTU is too short for IPv6. Context:
 * any. */
bool iface_in_group6(const struct iface *f, struct ip group);

/* The link-local address of @f, :: while there is none that is usable. Context: any. */
struct ip iface_link6(const struct iface *f);

/**
 * iface_source6 - the address of @f to speak to @to with (RFC 6724, as far as a router needs it)
 *
 * To a link-local address or group the link-local one; else a usable one of @to's subnet, else the
 * first usable global one, else the one that it was lent, else the link-local one, else ::.
 * Context: any.
 */
struct ip iface_source6(const struct iface *f, struct ip to);

/* As their namesakes, for an address of either family. Context: any. */
bool iface_speaks(const struct iface *f, struct ip addr);
bool iface_on_link(const struct iface *f, struct ip addr);

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

/* Which bit of own6 stands for @addr. */
static force_inline uint32_t ifaces_bit6(struct ip addr)
{
	return (uint32_t)((addr.hi ^ addr.lo) * 0x9e3779b97f4a7c15ull >> 52);
}

/* As ifaces_maybe_not_source4(): may @addr be an IPv6 address of the router's own? */
static force_inline bool ifaces_maybe_own6(const struct ifaces *s, struct ip addr)
{
	uint32_t bit = ifaces_bit6(addr);

	return (s->own6[bit / 64] >> bit % 64 & 1) != 0;
}

/* Is @addr an IPv6 address of the router's own, or may it become one? A duplicate is another's.
 * Context: any. */
bool ifaces_own6(const struct ifaces *s, struct ip addr);

/**
 * ifaces_new - an empty snapshot
 * @n: slots that may be set, at most IFACE_MAX; the others are there, and have no interface.
 *     Addresses are copied in by ifaces_set()
 *
 * Context: agent. Return: NULL without memory; freed by ifaces_free(), or ifaces_free_rcu() once
 * it was published.
 */
struct ifaces *ifaces_new(uint16_t n);

/* Fill slot @f->id with a copy of @f, its addresses too; a port's frames go by itself, VLANs are
 * found by ifaces_link(). Return: 0 or -ENOMEM. Context: agent. */
[[nodiscard]] int ifaces_set(struct ifaces *s, const struct iface *f);

/**
 * ifaces_link - let interfaces find the VLANs on them
 *
 * Sets vlans of each that is a parent, and port, n_tags and tag of each VLAN out of its parent's,
 * vid and tag[0] (its own TPID and VID); parents are set before. Frames of a VLAN whose parent is
 * down do not come, so it is down too. Context: agent, when all interfaces are set. Return: 0 or
 * -ENOMEM.
 */
[[nodiscard]] int ifaces_link(struct ifaces *s);

/**
 * ifaces_lend4 - give interfaces without an address one to speak with
 *
 * RFC 1812 2.2.7: what an unnumbered link has is the router's id, an address of another of its
 * interfaces: here that of the first which has any, whether its link is up or not, so that it does
 * not change with the links. Context: agent, when all interfaces are set.
 */
void ifaces_lend4(struct ifaces *s);

/* The same for those without a global IPv6 address that is usable. Context: as above. */
void ifaces_lend6(struct ifaces *s);
void ifaces_free(struct ifaces *s);
void ifaces_free_rcu(struct ifaces *s);

#endif
