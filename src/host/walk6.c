/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/walk6.h"

#include "wire/ether.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"
#include "wire/tcp.h"
#include "wire/udp.h"

#define OPTION_ACTION(type) ((type) >> 6) /* of unknown ones (RFC 8200 4.2) */
enum option_action {
	OPTION_SKIP,
	OPTION_DISCARD,
	OPTION_REPORT,
	OPTION_REPORT_UNICAST, /* but not if it went to a group */
};

static void walk_start(struct walk6 *w, const uint8_t *h)
{
	*w = (struct walk6){.next = ip6_next(h), .at = IP6_LEN, .said_at = 6};
}

/* Go to the header behind one of @len octets. */
static void walk_on(struct walk6 *w, const uint8_t *h, uint32_t len)
{
	w->next = h[w->at];
	w->said_at = w->at;
	w->at = (uint16_t)(w->at + len);
}

static enum verdict walk_tells(struct walk6 *w, enum verdict v, uint8_t code, uint32_t flaw)
{
	w->told = true;
	w->code = code;
	w->flaw = (uint16_t)flaw;
	return v;
}

/* Take the fragment header at @w->at apart. */
static void fragment_read(struct walk6 *w, const uint8_t *h)
{
	uint16_t word = __builtin_bswap16(load16(h + w->at + 2));

	w->fragment = true;
	w->more = (word & IP6_MF) != 0;
	w->offset = word & IP6_OFFSET;
}

/* --- Passing over --- */

/* Octets of the extension header @next at @x, of which two are there; 0: it is none. */
static uint32_t header_len(uint8_t next, const uint8_t *x)
{
	switch (next) {
	case IP6_HOP_BY_HOP:
	case IP6_ROUTING:
	case IP6_DEST_OPTIONS:
	case IP6_MOBILITY:
	case IP6_HIP:
	case IP6_SHIM6:
		return (x[1] + 1u) * 8;
	case IP6_FRAGMENT:
		return IP6_FRAG_LEN;
	case IP6_AH:
		return (x[1] + 2u) * 4; /* RFC 4302 2.2 */
	default:
		return 0;
	}
}

bool walk6_skip(const struct pkt *p, struct walk6 *w)
{
	const uint8_t *h = p->data + ETHER_LEN;
	uint32_t room = pkt_head_len(p) - ETHER_LEN;

	walk_start(w, h);
	for (uint32_t n = 0; n < WALK6_HEADERS && w->at + 2u <= room; n++) {
		uint32_t len = header_len(w->next, h + w->at);

		if (len == 0)
			return true;
		if (w->at + len > room)
			return false;
		if (w->next == IP6_FRAGMENT)
			fragment_read(w, h);
		walk_on(w, h, len);
		if (w->offset != 0)
			return w->at < room;
	}
	return w->at < room && header_len(w->next, h) == 0; /* one octet of it, or too many */
}

/* --- Fragments --- */

/* Octets of an upper layer's header without which a first fragment is no use (RFC 7112 3). */
static uint32_t upper_len(uint8_t next)
{
	switch (next) {
	case IP_PROTO_TCP:
		return TCP_LEN;
	case IP_PROTO_UDP:
	case IP6_ICMP:
		return UDP_LEN; /* and ICMP6_LEN */
	case IP6_NO_NEXT:
		return 0;
	default:
		return 1;
	}
}

/* RFC 7112 5: does the first fragment @p have all headers, the upper layer's too? */
static bool chain_is_whole(const struct pkt *p)
{
	uint32_t room = p->len - ETHER_LEN;
	struct walk6 w;

	if (!walk6_skip(p, &w) && w.next != IP6_NO_NEXT)
		return false;
	return w.at + upper_len(w.next) <= room;
}

/* The fragment header at @w->at is there. KEEP: the walk ends at it. */
static enum verdict walk_fragment(struct walk6 *w, const struct pkt *p)
{
	uint32_t len = p->len - ETHER_LEN - (w->at + IP6_FRAG_LEN);

	/* RFC 8200 4.5: the length is not a multiple of 8; the packet would be too long. */
	if (w->more && len % 8 != 0)
		return walk_tells(w, DROP_FRAGMENT, ICMP6_BAD_FIELD, 4);
	if (w->at - IP6_LEN + w->offset + len > UINT16_MAX)
		return walk_tells(w, DROP_FRAGMENT, ICMP6_BAD_FIELD, w->at + 2u);
	if (w->offset == 0 && !chain_is_whole(p))
		return walk_tells(w, DROP_FRAGMENT, ICMP6_BAD_FIRST_FRAGMENT, 0);
	return KEEP;
}

/* --- Options --- */

/* The unknown option at @at. Return: KEEP to pass it. */
static enum verdict option_unknown(struct walk6 *w, const uint8_t *h, uint32_t at)
{
	switch ((enum option_action)OPTION_ACTION(h[at])) {
	case OPTION_SKIP:
		return KEEP;
	case OPTION_DISCARD:
		return DROP_IP6_OPTION;
	case OPTION_REPORT_UNICAST:
		if (ip6_is_multicast(ip6_dst(h)))
			return DROP_IP6_OPTION;
		break;
	case OPTION_REPORT:
		break;
	}
	return walk_tells(w, DROP_IP6_OPTION, ICMP6_BAD_OPTION, at);
}

/* All options of the header of @len octets at @w->at, which is there. */
static enum verdict walk_options(struct walk6 *w, const uint8_t *h, uint32_t len)
{
	uint32_t end = w->at + len;

	for (uint32_t at = w->at + 2u; at < end;) {
		uint8_t type = h[at];
		enum verdict v;

		if (type == IP6_OPT_PAD1) {
			at++;
			continue;
		}
		if (at + 2 > end || at + 2 + h[at + 1] > end)
			return walk_tells(w, DROP_IP6_HEADER, ICMP6_BAD_FIELD,
			                  at + 1 < end ? at + 1 : at);
		/* A router alert asks for a look, which this is (RFC 2711 2.1). */
		if (type != IP6_OPT_PADN && type != IP6_OPT_ROUTER_ALERT) {
			v = option_unknown(w, h, at);
			if (v != KEEP)
				return v;
		}
		at += 2u + h[at + 1];
	}
	return KEEP;
}

/* --- Obeying --- */

/* What the extension header at @w->at, of @len octets which are there, says. */
static enum verdict walk_obey(struct walk6 *w, const struct pkt *p, uint32_t len)
{
	const uint8_t *h = p->data + ETHER_LEN;

	switch (w->next) {
	case IP6_HOP_BY_HOP:
		if (w->at != IP6_LEN) /* RFC 8200 4.1 */
			return walk_tells(w, DROP_IP6_HEADER, ICMP6_BAD_NEXT_HEADER, w->said_at);
		return walk_options(w, h, len);
	case IP6_DEST_OPTIONS:
		return walk_options(w, h, len);
	case IP6_ROUTING:
		if (h[w->at + 3] != 0)
			return walk_tells(w, DROP_ROUTING_HEADER, ICMP6_BAD_FIELD, w->at + 2u);
		return KEEP;
	default:
		return KEEP;
	}
}

/* The packet ends before the header at @w->at does. Which may be elsewhere, in a packet of several
 * frames: that is long enough to be passed over in silence (RFC 8504 5.3). */
static enum verdict walk_cut(struct walk6 *w, const struct pkt *p)
{
	uint32_t room = pkt_head_len(p) - ETHER_LEN;

	if (pkt_head_len(p) < p->len)
		return DROP_IP6_HEADER;
	return walk_tells(w, DROP_IP6_HEADER, ICMP6_BAD_FIELD,
	                  w->at + 2u <= room && w->next != IP6_FRAGMENT ? w->at + 1u : w->said_at);
}

/* Is @next an extension header that the router obeys? */
static bool is_known(uint8_t next)
{
	return next == IP6_HOP_BY_HOP || next == IP6_DEST_OPTIONS || next == IP6_ROUTING ||
	       next == IP6_FRAGMENT;
}

/* At the upper layer. What is read of it has to be in the first frame, as all headers have. */
static enum verdict walk_end(const struct walk6 *w, const struct pkt *p)
{
	if (p->flags & PKT_CHAIN && w->at + TCP_LEN > pkt_head_len(p) - ETHER_LEN)
		return DROP_IP6_HEADER;
	return KEEP;
}

enum verdict walk6(const struct pkt *p, struct walk6 *w)
{
	const uint8_t *h = p->data + ETHER_LEN;
	uint32_t room = pkt_head_len(p) - ETHER_LEN, len;

	walk_start(w, h);
	for (uint32_t n = 0; is_known(w->next); n++) {
		enum verdict v;

		if (n == WALK6_HEADERS)
			return DROP_IP6_HEADER;
		len = w->at + 2u <= room ? header_len(w->next, h + w->at) : room;
		if (w->at + len > room)
			return walk_cut(w, p);
		if (w->next == IP6_FRAGMENT) {
			fragment_read(w, h);
			if (w->more || w->offset != 0)
				return walk_fragment(w, p);
		}
		v = walk_obey(w, p, len);
		if (v != KEEP)
			return v;
		walk_on(w, h, len);
	}
	return walk_end(w, p);
}
