/* SPDX-License-Identifier: BSD-2-Clause */
/* address: addresses and prefixes of both families, as the file may say them. Private to config/.
 */
#ifndef CONFIG_ADDRESS_H
#define CONFIG_ADDRESS_H

#include "config/config.h"

/* Of a route to `default`, until its gateway says the family. */
#define PREFIX_DEFAULT UINT8_MAX

/* Read the address of a host, an interface's own address with its subnet's length, or a prefix
 * without host bits. Return: true with @value set, or false with @why (WHY_MAX bytes) filled in.
 * Context: any. */
[[nodiscard]] bool host_parse(const char *text, struct ip *value, char *why);
[[nodiscard]] bool address_parse(const char *text, struct config_prefix *value, char *why);
[[nodiscard]] bool prefix_parse(const char *text, struct config_prefix *value, char *why);

/* What makes @addr no host's address (RFC 1122 3.2.1.3, RFC 4291 2.4), NULL if nothing does.
 * Context: any. */
const char *ip_martian(struct ip addr);

/* Why no packet is forwarded to any address of @p, as a sentence; NULL if some are. Context: any.
 */
const char *prefix_martian(const struct config_prefix *p);

/* ip_compare(), but all of IPv4 comes before all of IPv6. Context: any. */
static inline int ip_order(struct ip x, struct ip y)
{
	if (unlikely(ip_is4(x) != ip_is4(y)))
		return ip_is4(x) ? -1 : 1;
	return ip_compare(x, y);
}

/* The netmask of prefix length @len, of an address of the family of @addr. */
static inline struct ip ip_mask(struct ip addr, unsigned int len)
{
	return ip6_mask(ip_is4(addr) ? 96 + len : len);
}

/* The first and the last address of a prefix, whatever its host bits. */
static inline struct ip prefix_first(const struct config_prefix *p)
{
	return ip_and(p->addr, ip_mask(p->addr, p->len));
}

static inline struct ip prefix_last(const struct config_prefix *p)
{
	struct ip m = ip_mask(p->addr, p->len);

	return (struct ip){p->addr.hi | ~m.hi, p->addr.lo | ~m.lo};
}

static inline bool prefix_equal(const struct config_prefix *x, const struct config_prefix *y)
{
	return ip_equal(x->addr, y->addr) && x->len == y->len;
}

/* Has a subnet of this length a first address that is no host's: the network's own, or that of all
 * its routers (RFC 3021, RFC 6164)? */
static inline bool prefix_has_first(const struct config_prefix *p)
{
	return p->len < (ip_is4(p->addr) ? 31 : 127);
}

#endif
