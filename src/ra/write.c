/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of a router advertisement: RFC 4861 4.2 and 4.6, RFC 4191 2.2, RFC 8106 5. */
#include "ra/write.h"

#include <string.h>

#define MTU_LEN    8
#define PREFIX_LEN 32
#define DNS_LEN    8 /* of both DNS options, before what they list */

/* A domain as RFC 1035 3.1 writes it: a length before each label, and an empty one behind them. A
 * dot at the end says nothing. */
static uint32_t domain_length(const char *name)
{
	size_t n = strlen(name);

	return (uint32_t)(n > 0 && name[n - 1] == '.' ? n + 1 : n + 2);
}

static uint32_t domain_write(uint8_t *o, const char *name)
{
	uint32_t len = domain_length(name), label = 0;

	for (uint32_t i = 1; i < len; i++) {
		uint8_t c = i < len - 1 ? (uint8_t)name[i - 1] : '.';

		if (c == '.') {
			o[label] = (uint8_t)(i - label - 1);
			label = i;
		} else {
			o[i] = c;
		}
	}
	o[len - 1] = 0;
	return len;
}

static uint32_t dns_search_length(const struct ra_config *c)
{
	uint32_t len = DNS_LEN;

	if (c->n_dns_search == 0)
		return 0;
	for (uint16_t i = 0; i < c->n_dns_search; i++)
		len += domain_length(c->dns_search[i]);
	return (len + 7) & ~7u;
}

uint32_t ra_length(const struct ra_config *c)
{
	uint32_t len = IP6_LEN + ND_RA_LEN + ND_LLADDR_LEN;

	len += c->mtu != 0 ? MTU_LEN : 0;
	len += PREFIX_LEN * (uint32_t)c->n_prefixes;
	len += c->n_dns_servers > 0 ? DNS_LEN + 16 * (uint32_t)c->n_dns_servers : 0;
	return len + dns_search_length(c);
}

/* Type and length in units of eight bytes, and the rest of the first eight zeroed. */
static void option_write(uint8_t *o, uint8_t type, uint32_t len)
{
	store64(o, (uint64_t)(len / 8) << 8 | type);
}

static uint8_t *mtu_write(uint8_t *o, uint32_t mtu)
{
	option_write(o, ND_OPT_MTU, MTU_LEN);
	store32(o + 4, __builtin_bswap32(mtu));
	return o + MTU_LEN;
}

static uint8_t *prefix_write(uint8_t *o, const struct ra_prefix *p)
{
	option_write(o, ND_OPT_PREFIX, PREFIX_LEN);
	o[2] = p->len;
	o[3] = (uint8_t)((p->on_link ? ND_PREFIX_ON_LINK : 0) |
	                 (p->autonomous ? ND_PREFIX_AUTONOMOUS : 0));
	store32(o + 4, __builtin_bswap32(p->valid));
	store32(o + 8, __builtin_bswap32(p->preferred));
	store32(o + 12, 0);
	ip_store(o + 16, ip_and(p->addr, ip6_mask(p->len)));
	return o + PREFIX_LEN;
}

static uint8_t *dns_servers_write(uint8_t *o, const struct ra_config *c)
{
	uint8_t *at = o + DNS_LEN;

	if (c->n_dns_servers == 0)
		return o;
	for (uint16_t i = 0; i < c->n_dns_servers; i++, at += 16)
		ip_store(at, c->dns_servers[i]);
	option_write(o, ND_OPT_RDNSS, (uint32_t)(at - o));
	store32(o + 4, __builtin_bswap32(c->dns_lifetime));
	return at;
}

static uint8_t *dns_search_write(uint8_t *o, const struct ra_config *c)
{
	uint32_t len = dns_search_length(c), at = DNS_LEN;

	if (len == 0)
		return o;
	option_write(o, ND_OPT_DNSSL, len);
	store32(o + 4, __builtin_bswap32(c->dns_lifetime));
	for (uint16_t i = 0; i < c->n_dns_search; i++)
		at += domain_write(o + at, c->dns_search[i]);
	memset(o + at, 0, len - at); /* RFC 8106 5.2: padded with zeros */
	return o + len;
}

uint16_t ra_write(uint8_t *m, const struct ra_config *c)
{
	/* RFC 4191 2.1; without a lifetime there is no preference (2.2). */
	static const uint8_t preference[] = {
		[RA_PREFERENCE_LOW] = 0x18,
		[RA_PREFERENCE_MEDIUM] = 0,
		[RA_PREFERENCE_HIGH] = 0x08,
	};
	uint8_t *o = m + ND_RA_LEN;

	store32(m, ICMP6_RA);
	m[4] = c->hop_limit;
	m[5] = (uint8_t)((c->managed ? ND_RA_MANAGED : 0) | (c->other ? ND_RA_OTHER : 0) |
	                 (c->lifetime != 0 ? preference[c->preference] : 0));
	store16(m + 6, __builtin_bswap16(c->lifetime));
	store32(m + 8, __builtin_bswap32(c->reachable));
	store32(m + 12, __builtin_bswap32(c->retrans));
	if (c->mtu != 0)
		o = mtu_write(o, c->mtu);
	for (uint16_t i = 0; i < c->n_prefixes; i++)
		o = prefix_write(o, &c->prefixes[i]);
	o = dns_servers_write(o, c);
	o = dns_search_write(o, c);
	return (uint16_t)(o - m);
}

/* Bytes of an option. */
static uint32_t option_length(const uint8_t *o)
{
	return 8u * o[1];
}

/* The next option of @type in @m behind the one @after, or the first, or NULL. The messages are our
 * own: nothing is checked. */
static const uint8_t *option_next(const uint8_t *m, uint16_t len, const uint8_t *after,
                                  uint8_t type)
{
	const uint8_t *o = after == NULL ? m + ND_RA_LEN : after + option_length(after);

	while (o < m + len && o[0] != type)
		o += option_length(o);
	return o < m + len ? o : NULL;
}

static bool prefix_in(const uint8_t *m, uint16_t len, const uint8_t *prefix)
{
	for (const uint8_t *o = NULL; (o = option_next(m, len, o, ND_OPT_PREFIX)) != NULL;) {
		if (o[2] == prefix[2] && memcmp(o + 16, prefix + 16, 16) == 0)
			return true;
	}
	return false;
}

/* Bytes of what stands at @item of a DNS option that ends at @end: an address, or a domain with all
 * its labels; 0 at the padding. */
static uint32_t item_length(uint8_t type, const uint8_t *item, const uint8_t *end)
{
	const uint8_t *p = item;

	if (type == ND_OPT_RDNSS || item == end)
		return (uint32_t)(end - item < 16 ? end - item : 16);
	while (*p != 0)
		p += 1 + *p;
	return p == item ? 0 : (uint32_t)(p + 1 - item);
}

static bool item_in(const uint8_t *m, uint16_t len, uint8_t type, const uint8_t *item, uint32_t n)
{
	for (const uint8_t *o = NULL; (o = option_next(m, len, o, type)) != NULL;) {
		const uint8_t *end = o + option_length(o);
		uint32_t size;

		for (const uint8_t *p = o + DNS_LEN; (size = item_length(type, p, end)) > 0;
		     p += size) {
			if (size == n && memcmp(p, item, n) == 0)
				return true;
		}
	}
	return false;
}

/* Append an option of what the option @was lists and the message, up to @len, does not. */
static uint32_t items_ended(uint8_t *m, uint16_t len, uint32_t all, const uint8_t *was)
{
	const uint8_t *end = was + option_length(was);
	uint32_t at = all + DNS_LEN, size, padded;

	for (const uint8_t *p = was + DNS_LEN; (size = item_length(was[0], p, end)) > 0;
	     p += size) {
		padded = (at - all + size + 7) & ~7u;
		if (item_in(m, len, was[0], p, size) || all + padded > RA_BYTES)
			continue;
		memcpy(m + at, p, size);
		at += size;
	}
	if (at == all + DNS_LEN)
		return all;
	padded = (at - all + 7) & ~7u;
	memset(m + at, 0, all + padded - at);
	option_write(m + all, was[0], padded);
	return all + padded;
}

uint16_t ra_write_ended(uint8_t *m, uint16_t len, const uint8_t *was, uint16_t n_was)
{
	uint32_t all = len;

	for (const uint8_t *o = NULL; (o = option_next(was, n_was, o, ND_OPT_PREFIX)) != NULL;) {
		if (prefix_in(m, len, o) || all + PREFIX_LEN > RA_BYTES)
			continue;
		memcpy(m + all, o, PREFIX_LEN);
		store64(m + all + 4, 0);
		all += PREFIX_LEN;
	}
	for (const uint8_t *o = NULL; (o = option_next(was, n_was, o, ND_OPT_RDNSS)) != NULL;)
		all = items_ended(m, len, all, o);
	for (const uint8_t *o = NULL; (o = option_next(was, n_was, o, ND_OPT_DNSSL)) != NULL;)
		all = items_ended(m, len, all, o);
	return (uint16_t)all;
}
