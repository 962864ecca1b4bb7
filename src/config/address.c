/* SPDX-License-Identifier: BSD-2-Clause */
/* address: reads addresses, and says what is wrong with those that are nobody's. */
#include "config/address.h"

#include <arpa/inet.h>
#include <string.h>

#include "config/value.h"
#include "wire/addr.h"

static const char *ip4_martian(uint32_t addr)
{
	if (addr == UINT32_MAX)
		return "the broadcast address";
	switch (addr >> 24) {
	case 0:
		return "an address of \"this network\"";
	case 127:
		return "a loopback address";
	default:
		break;
	}
	if (addr >> 28 == 0xe)
		return "a multicast address";
	if (addr >> 28 == 0xf)
		return "a reserved address";
	return NULL;
}

const char *ip_martian(struct ip addr)
{
	if (ip_is4(addr))
		return ip4_martian(ip_to4(addr));
	if (ip_is_none(addr))
		return "the unspecified address";
	if (ip_equal(addr, IP6_LOOPBACK))
		return "the loopback address";
	if (ip6_is_multicast(addr))
		return "a multicast address";
	return NULL;
}

const char *prefix_martian(const struct config_prefix *p)
{
	/* A default route, and halves of it, hold martians among others: that is fine. */
	if (ip_is4(p->addr))
		return p->len >= 4 && ip4_martian(ip_to4(p->addr)) != NULL
		               ? "no packet is forwarded there (RFC 1812 5.3.7); a blackhole "
		                 "route may say so"
		               : NULL;
	if ((p->len >= 8 && ip6_is_multicast(p->addr)) ||
	    (p->len == 128 && ip_martian(p->addr) != NULL))
		return "no packet is forwarded there (RFC 4291 2.4); a blackhole route may say so";
	return NULL;
}

/* Say why @text is no address of an IPv6 host; only the first @len bytes are its address. */
static bool refuse_ip6(const char *text, size_t len, const char *what, char *why)
{
	char address[IP_TEXT];
	uint8_t bytes[16];

	if (memchr(text, '%', len) != NULL)
		return value_refuse(why, "the link of %.60s is said by \"interface\" alone", text);
	(void)snprintf(address, sizeof(address), "%.*s", (int)len, text);
	if (len < sizeof(address) && inet_pton(AF_INET6, address, bytes) == 1 &&
	    ip_is4(ip_load(bytes)))
		return value_refuse(why, "%.60s is IPv4-mapped, say it as IPv4", text);
	return value_refuse(why, "\"%.60s\" is no %s", text, what);
}

bool host_parse(const char *text, struct ip *value, char *why)
{
	struct ip addr;

	if (!ip_parse(text, &addr))
		return strchr(text, ':') != NULL
		               ? refuse_ip6(text, strlen(text), "IPv6 address", why)
		               : value_refuse(why, "\"%.40s\" is no IP address", text);
	if (ip_martian(addr) != NULL)
		return value_refuse(why, "%s is %s", text, ip_martian(addr));
	*value = addr;
	return true;
}

static bool prefix_read(const char *text, struct config_prefix *value, char *why)
{
	uint32_t addr4;

	if (likely(ip4_prefix_parse(text, &addr4, &value->len))) { /* as a million routes are */
		value->addr = ip_from4(addr4);
		return true;
	}
	if (ip_prefix_parse(text, &value->addr, &value->len))
		return true;
	if (strchr(text, ':') != NULL)
		return refuse_ip6(text, strcspn(text, "/"), "IPv6 prefix such as 2001:db8::/64",
		                  why);
	return value_refuse(why, "\"%.40s\" is no IP prefix such as 192.0.2.0/24", text);
}

/* Is the interface's own address @p one that a host of its subnet may have? */
static bool is_host_of_subnet(const char *text, const struct config_prefix *p, char *why)
{
	bool is4 = ip_is4(p->addr);

	if (!prefix_has_first(p))
		return true;
	if (ip_equal(p->addr, prefix_first(p)))
		return value_refuse(why,
		                    is4 ? "%s is the address of the network itself"
		                        : "%s is the anycast address of all routers of its subnet",
		                    text);
	if (is4 && ip_equal(p->addr, prefix_last(p)))
		return value_refuse(why, "%s is the broadcast address of its network", text);
	return true;
}

bool address_parse(const char *text, struct config_prefix *value, char *why)
{
	struct config_prefix p = {};
	struct ip bare;

	if (ip_parse(text, &bare))
		return value_refuse(why, "the length of the subnet is missing, as in %s/%d", text,
		                    ip_is4(bare) ? 24 : 64);
	if (!prefix_read(text, &p, why))
		return false;
	if (ip_martian(p.addr) != NULL)
		return value_refuse(why, "%s is %s", text, ip_martian(p.addr));
	if (p.len == 0)
		return value_refuse(why, "a subnet of length 0 would hold every address");
	if (ip6_is_link_local(p.addr) && p.len < 10)
		return value_refuse(why, "the subnet of a link-local address is within fe80::/10, "
		                         "as in fe80::1/64");
	if (!is_host_of_subnet(text, &p, why))
		return false;
	*value = p;
	return true;
}

bool prefix_parse(const char *text, struct config_prefix *value, char *why)
{
	struct config_prefix p = {};
	char right[IP_PREFIX_TEXT];
	struct ip first;

	if (!prefix_read(text, &p, why))
		return false;
	first = prefix_first(&p);
	if (!ip_equal(first, p.addr))
		return value_refuse(why, "host bits are set, the prefix is %s",
		                    ip_prefix_format(right, first, p.len));
	*value = p;
	return true;
}
