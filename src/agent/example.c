/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/example.h"

#include <stdio.h>

#include "base/compiler.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

/* What follows the IP headers: @rest bytes of it, none if that is the middle of something. */
struct upper {
	uint8_t proto;
	const uint8_t *at;
	uint32_t rest;
};

static struct upper upper4(const struct drop_example *e)
{
	const uint8_t *h = e->bytes;
	uint32_t hlen = ip4_header_len(h);
	struct upper u = {.proto = ip4_proto(h), .at = h + hlen};

	if (e->len >= hlen && (ip4_frag(h) & IP4_OFFSET) == 0)
		u.rest = e->len - hlen;
	return u;
}

/* The bytes of extension header @type, 0: it is none that can be gone over. */
static uint32_t extension_len(uint8_t type, const uint8_t *h)
{
	switch (type) {
	case IP6_HOP_BY_HOP:
	case IP6_ROUTING:
	case IP6_DEST_OPTIONS:
	case IP6_MOBILITY:
	case IP6_HIP:
	case IP6_SHIM6:
		return 8 + 8u * h[1];
	case IP6_AH: /* RFC 4302 2.2 */
		return 8 + 4u * h[1];
	case IP6_FRAGMENT:
		return IP6_FRAG_LEN;
	default:
		return 0;
	}
}

static struct upper upper6(const struct drop_example *e)
{
	const uint8_t *h = e->bytes;
	struct upper u = {.proto = ip6_next(h), .at = h + IP6_LEN, .rest = e->len - IP6_LEN};
	uint32_t len;

	/* Each is of 8 bytes at least, so that what was kept is soon gone over. */
	while (u.rest >= 8 && (len = extension_len(u.proto, u.at)) > 0) {
		bool middle = u.proto == IP6_FRAGMENT &&
		              (__builtin_bswap16(load16(u.at + 2)) & IP6_OFFSET) != 0;

		u.proto = u.at[0];
		u.rest = middle || len > u.rest ? 0 : u.rest - len;
		u.at += len;
	}
	return u;
}

static void upper_format(char text[12], const struct upper *u)
{
	unsigned int port = u->rest >= 4 ? __builtin_bswap16(load16(u->at + 2)) : 0;

	if (u->proto == IP_PROTO_TCP && u->rest >= 4)
		snprintf(text, 12, "tcp %u", port);
	else if (u->proto == IP_PROTO_UDP && u->rest >= 4)
		snprintf(text, 12, "udp %u", port);
	else if (u->proto == IP_PROTO_ICMP && u->rest > 0)
		snprintf(text, 12, "icmp %u", u->at[0]);
	else if (u->proto == IP6_ICMP && u->rest > 0)
		snprintf(text, 12, "icmp6 %u", u->at[0]);
	else
		snprintf(text, 12, "proto %u", u->proto);
}

const char *example_format(char *text, const struct drop_example *e)
{
	const uint8_t *h = e->bytes;
	char src[IP_TEXT], dst[IP_TEXT], what[12];
	struct upper u;

	if (e->type == ETHERTYPE_IP4 && e->len >= IP4_LEN) {
		u = upper4(e);
		ip4_format(src, ip4_src(h));
		ip4_format(dst, ip4_dst(h));
	} else if (e->type == ETHERTYPE_IP6 && e->len >= IP6_LEN) {
		u = upper6(e);
		ip_format(src, ip6_src(h));
		ip_format(dst, ip6_dst(h));
	} else {
		snprintf(text, EXAMPLE_TEXT, "ethertype 0x%04x", ETHERTYPE_BE(e->type));
		return text;
	}
	upper_format(what, &u);
	snprintf(text, EXAMPLE_TEXT, "%s > %s %s", src, dst, what);
	return text;
}
