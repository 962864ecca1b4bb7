/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip: an address of either family, where the two are treated alike: next hops, neighbours, routes,
 * configuration. 128 bits in host byte order; an IPv4 address is the IPv4-mapped one of RFC 4291
 * 2.5.5.2, which never is on a wire (docs/rfc.md), so that there is no other mark of the family.
 */
#ifndef WIRE_IP_H
#define WIRE_IP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

struct ip {
	uint64_t hi, lo; /* both 0: ::, which stands for "none" */
};

#define IP4_MAPPED 0xffff00000000ull

static force_inline struct ip ip_from4(uint32_t addr)
{
	return (struct ip){.lo = IP4_MAPPED | addr};
}

static force_inline bool ip_is4(struct ip a)
{
	return a.hi == 0 && a.lo >> 32 == IP4_MAPPED >> 32;
}

/* The IPv4 address, host byte order, of one that ip_is4(). */
static force_inline uint32_t ip_to4(struct ip a)
{
	return (uint32_t)a.lo;
}

static force_inline bool ip_equal(struct ip a, struct ip b)
{
	return ((a.hi ^ b.hi) | (a.lo ^ b.lo)) == 0;
}

static force_inline bool ip_is_none(struct ip a)
{
	return (a.hi | a.lo) == 0;
}

/* Below 0, 0 or above 0, as memcmp(): IPv4 comes before all of IPv6 but ::. */
static inline int ip_compare(struct ip a, struct ip b)
{
	if (a.hi != b.hi)
		return a.hi < b.hi ? -1 : 1;
	return a.lo < b.lo ? -1 : a.lo > b.lo;
}

/* The sixteen bytes at @p. */
static force_inline struct ip ip_load(const uint8_t *p)
{
	return (struct ip){__builtin_bswap64(load64(p)), __builtin_bswap64(load64(p + 8))};
}

static force_inline void ip_store(uint8_t *p, struct ip a)
{
	store64(p, __builtin_bswap64(a.hi));
	store64(p + 8, __builtin_bswap64(a.lo));
}

/* The netmask of an IPv6 prefix length 0..128. */
static inline struct ip ip6_mask(unsigned int len)
{
	if (len == 0)
		return (struct ip){0, 0};
	if (len <= 64)
		return (struct ip){~0ull << (64 - len), 0};
	return (struct ip){~0ull, ~0ull << (128 - len)};
}

static inline struct ip ip_and(struct ip a, struct ip mask)
{
	return (struct ip){a.hi & mask.hi, a.lo & mask.lo};
}

/* Are the first @len bits (of 128) of both the same? */
static inline bool ip6_same_prefix(struct ip a, struct ip b, unsigned int len)
{
	struct ip m = ip6_mask(len);

	return (((a.hi ^ b.hi) & m.hi) | ((a.lo ^ b.lo) & m.lo)) == 0;
}

static force_inline bool ip6_is_multicast(struct ip a)
{
	return a.hi >> 56 == 0xff; /* RFC 4291 2.7 */
}

/* Of multicast addresses: 1 interface, 2 link, 5 site, 14 global (RFC 4291 2.7). */
static inline unsigned int ip6_multicast_scope(struct ip a)
{
	return (unsigned int)(a.hi >> 48) & 0xf;
}

static force_inline bool ip6_is_link_local(struct ip a)
{
	return a.hi >> 54 == 0xfe80 >> 6; /* RFC 4291 2.5.6: fe80::/10 */
}

#define IP6_LOOPBACK    ((struct ip){0, 1})
#define IP6_ALL_NODES   ((struct ip){0xff02ull << 48, 1})
#define IP6_ALL_ROUTERS ((struct ip){0xff02ull << 48, 2})
#define IP6_ALL_MLDV2   ((struct ip){0xff02ull << 48, 0x16}) /* RFC 3810 5.2.14 */

/* ff02::1:ff00:0/104 and the last 24 bits (RFC 4291 2.7.1). */
static inline struct ip ip6_solicited_node(struct ip a)
{
	return (struct ip){0xff02ull << 48, 0x1ff000000ull | (a.lo & 0xffffff)};
}

/* Is @a the group of some address in the sense of ip6_solicited_node()? */
static inline bool ip6_is_solicited_node(struct ip a)
{
	return a.hi == 0xff02ull << 48 && a.lo >> 24 == 0x1ff;
}

/* The interface identifier made of a MAC, as mac_load() gives it (RFC 4291 appendix A). */
static inline uint64_t ip6_eui64(uint64_t mac)
{
	uint64_t m = __builtin_bswap64(mac) >> 16; /* the first byte on top of 48 bits */

	return ((m >> 24) << 40 | 0xfffe000000ull | (m & 0xffffff)) ^ 0x0200000000000000ull;
}

/* The link-local address of an interface (RFC 4862 5.3). */
static inline struct ip ip6_link_local(uint64_t mac)
{
	return (struct ip){0xfe80ull << 48, ip6_eui64(mac)};
}

/* The MAC, as mac_load() gives it, that the multicast address @group goes to (RFC 2464 7). */
static inline uint64_t ip6_group_mac(struct ip group)
{
	return 0x3333ull | (uint64_t)__builtin_bswap32((uint32_t)group.lo) << 16;
}

#endif
