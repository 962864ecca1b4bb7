/* SPDX-License-Identifier: BSD-2-Clause */
#include "switch_model.h"

#include <stdlib.h>
#include <string.h>

/* What a frame is to the switch. */
struct seen {
	int port; /* it came in by, or SWITCH_ROUTER */
	unsigned int vid;
	bool tagged;           /* it had a tag of the switch's kind */
	unsigned int priority; /* upper four bits of the tag: PCP and DEI */
	const uint8_t *frame;  /* both addresses stand there */
	const uint8_t *rest;   /* what follows them, and the tag that the switch took as its own */
	uint32_t rest_len;
};

static bool is_broadcast(const uint8_t *mac)
{
	return memcmp(mac, "\xff\xff\xff\xff\xff\xff", 6) == 0;
}

static bool starts(const uint8_t *p, unsigned int type)
{
	return p[0] == type >> 8 && p[1] == (type & 0xff);
}

void switch_station_add(struct switch_model *m, const uint8_t *mac, unsigned int vid, int port,
                        bool fixed)
{
	struct switch_station *s = &m->station[m->n_stations++];

	if (m->n_stations > SWITCH_STATIONS)
		abort();
	memcpy(s->mac, mac, 6);
	s->vid = vid;
	s->port = port;
	s->fixed = fixed;
}

struct switch_station *switch_station_find(struct switch_model *m, const uint8_t *mac,
                                           unsigned int vid)
{
	for (unsigned int i = 0; i < m->n_stations; i++) {
		if (m->station[i].vid == vid && memcmp(m->station[i].mac, mac, 6) == 0)
			return &m->station[i];
	}
	return NULL;
}

/* Is @port in VLAN @vid (802.1Q 8.8.10)? */
static bool in_vlan(const struct switch_model *m, int port, unsigned int vid)
{
	const struct switch_port *p = &m->port[port];

	if (!p->there)
		return false;
	if (!m->aware)
		return true;
	return p->trunk ? p->allowed[vid] || p->native == vid : p->native == vid;
}

/* Of a VLAN-aware switch: whose VLAN is it (802.1Q 6.9.1), and may it come in (8.6.2)? */
static enum switch_end classify_tag(const struct switch_model *m, struct seen *s)
{
	const struct switch_port *p = &m->port[s->port];
	unsigned int tci = 0;

	if (s->rest_len >= 2 && starts(s->rest, 0x8100)) {
		if (s->rest_len < 6)
			return END_VLAN;
		tci = s->rest[2] << 8 | s->rest[3];
		s->tagged = true;
		s->rest += 4;
		s->rest_len -= 4;
	}
	s->priority = tci & 0xf000;
	s->vid = tci & 0xfff;
	if (s->vid == 4095 || (s->vid != 0 && !p->trunk))
		return END_VLAN;
	if (s->vid == 0)
		s->vid = p->native;
	return s->vid == 0 || !in_vlan(m, s->port, s->vid) ? END_VLAN : END_SENT;
}

static bool is_none(const uint8_t *mac)
{
	return memcmp(mac, "\0\0\0\0\0\0", 6) == 0;
}

/* Return: END_SENT if the frame may go on, else how it ends. */
static enum switch_end classify(const struct switch_model *m, int port, const uint8_t *frame,
                                uint32_t len, struct seen *s)
{
	enum switch_end end;

	if (len < 14)
		return END_SHORT;
	*s = (struct seen){.port = port, .frame = frame, .rest = frame + 12, .rest_len = len - 12};
	if (m->aware) {
		end = classify_tag(m, s);
		if (end != END_SENT)
			return end;
	}
	if (memcmp(frame, "\x01\x80\xc2\0\0", 5) == 0 && frame[5] < 16)
		return END_RESERVED;
	if ((frame[6] & 1) != 0 || is_none(frame + 6))
		return END_SOURCE;
	if (m->port[port].state == PORT_NO_CARRIER)
		return END_NO_CARRIER;
	return m->port[port].state == PORT_BLOCKS ? END_PORT_STATE : END_SENT;
}

bool switch_hears(struct switch_model *m, int port, const uint8_t *frame, uint32_t len,
                  unsigned int *vid)
{
	struct switch_station *known;
	struct seen s;

	if (classify(m, port, frame, len, &s) != END_SENT)
		return false;
	*vid = s.vid;
	known = switch_station_find(m, frame + 6, s.vid);
	if (known == NULL)
		return true;
	if (!known->fixed && !m->port[port].full)
		known->port = port;
	return false;
}

/* Out of @port, as that wants it. */
static enum switch_end send_by(struct switch_model *m, const struct seen *s, int port)
{
	bool tagged = m->aware && m->port[port].native != s->vid;
	struct switch_frame *out = &m->sent[m->n_sent];
	/* Who takes a new tag off again has a frame that is long enough (802.1Q 6.5.1). */
	uint32_t least = tagged && !s->tagged ? 64 : 60;
	uint8_t *at = out->bytes + 12;

	/* The inner tag would name a VLAN that the frame never was in. */
	if (m->aware && !tagged && starts(s->rest, 0x8100))
		return END_DOUBLE_TAG;
	if (12 + (tagged ? 4 : 0) + s->rest_len > m->port[port].mtu + 18)
		return END_TOO_BIG;
	if (m->n_sent++ == m->max_sent)
		abort();
	memset(out->bytes, 0, 64);
	memcpy(out->bytes, s->frame, 12);
	if (tagged) {
		*at++ = 0x81;
		*at++ = 0x00;
		*at++ = (uint8_t)((s->priority | s->vid) >> 8);
		*at++ = (uint8_t)s->vid;
	}
	memcpy(at, s->rest, s->rest_len);
	out->len = (uint32_t)(at - out->bytes) + s->rest_len;
	if (out->len < least)
		out->len = least;
	out->port = port;
	return END_SENT;
}

/* May a frame leave by @port at all? */
static enum switch_end may_leave(const struct switch_model *m, const struct seen *s, int port)
{
	if (port == s->port)
		return END_SAME_PORT;
	if (m->port[port].state != PORT_FORWARDS || !in_vlan(m, port, s->vid))
		return END_NO_PORT;
	if (s->port != SWITCH_ROUTER && m->port[s->port].isolated && m->port[port].isolated)
		return END_ISOLATED;
	return END_SENT;
}

/* Broadcast ARP is the router's business too, behind a tag that is none but a priority as well. */
static bool router_listens(const struct switch_model *m, const struct seen *s)
{
	const uint8_t *p = s->rest;

	if (!m->aware && s->rest_len >= 6 && starts(p, 0x8100) && (p[2] & 0x0f) == 0 && p[3] == 0)
		p += 4;
	return s->port != SWITCH_ROUTER && m->foot[s->vid] && is_broadcast(s->frame) &&
	       starts(p, 0x0806);
}

/* Storm control: may one more frame of that port be flooded? */
static bool storm_passes(struct switch_model *m, const struct seen *s)
{
	if (s->port == SWITCH_ROUTER || m->port[s->port].storm == UINT32_MAX)
		return true;
	if (m->port[s->port].storm == 0)
		return false;
	m->port[s->port].storm--;
	return true;
}

/* To each port of its VLAN but the one it came by, and to the router if that listens. */
static enum switch_end flood(struct switch_model *m, const struct seen *s)
{
	bool listens = router_listens(m, s), any = listens;

	for (int port = 0; port < SWITCH_PORTS; port++)
		any = any || may_leave(m, s, port) == END_SENT;
	if (!any)
		return END_NO_PORT;
	if (!storm_passes(m, s))
		return END_STORM;
	for (int port = 0; port < SWITCH_PORTS; port++) {
		enum switch_end copy = may_leave(m, s, port);

		if (copy != END_SENT)
			continue;
		copy = send_by(m, s, port);
		m->ended[copy] += copy != END_SENT;
	}
	return listens ? END_ROUTER : END_SENT;
}

/* To where its station is. */
static enum switch_end forward(struct switch_model *m, const struct seen *s)
{
	const struct switch_station *to = NULL;
	enum switch_end end;

	if ((s->frame[0] & 1) == 0)
		to = switch_station_find(m, s->frame, s->vid);
	if (to == NULL)
		return flood(m, s);
	if (to->port == SWITCH_ROUTER)
		return END_ROUTER;
	end = may_leave(m, s, to->port);
	return end == END_SENT ? send_by(m, s, to->port) : end;
}

enum switch_end switch_takes(struct switch_model *m, int port, const uint8_t *frame, uint32_t len)
{
	const struct switch_station *from;
	struct seen s;
	enum switch_end end = classify(m, port, frame, len, &s);

	if (end == END_SENT && m->port[port].state == PORT_LEARNS)
		end = END_PORT_STATE;
	if (end == END_SENT) {
		from = switch_station_find(m, frame + 6, s.vid);
		if (from != NULL && from->port == SWITCH_ROUTER)
			end = END_SOURCE;
	}
	if (end == END_SENT) {
		m->router_vid = s.vid;
		end = forward(m, &s);
	}
	m->ended[end] += end != END_SENT;
	return end;
}

void switch_router_sends(struct switch_model *m, unsigned int vid, const uint8_t *frame,
                         uint32_t len)
{
	const struct seen s = {.port = SWITCH_ROUTER,
	                       .vid = vid,
	                       .frame = frame,
	                       .rest = frame + 12,
	                       .rest_len = len - 12};

	(void)forward(m, &s); /* how it ends is no port's */
}
