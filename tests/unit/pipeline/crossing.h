/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of bridging share: frames between stations, and where they come out. Station N has
 * a MAC of its own, whatever port it is behind.
 */
#ifndef TEST_PIPELINE_CROSSING_H
#define TEST_PIPELINE_CROSSING_H

#include "bridge.h"
#include "road.h"

#define STATION(n)  (0x0a02ull | (uint64_t)(n) << 16)
#define PORTS(...)  ports_of((const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / 4)
#define BROADCAST   MAC_BROADCAST
#define FRAME_PLAIN 0x88b5 /* an EtherType for experiments */

static inline uint64_t ports_of(const int *port, size_t n)
{
	uint64_t set = 0;

	for (size_t i = 0; i < n; i++)
		set |= 1ull << port[i];
	return set;
}

static inline struct test_bridge *bridge_of(struct road *t)
{
	return t->r->bridge[0];
}

/* A frame of @len bytes, of which those behind the header count up. */
static inline void frame_make(struct packet *p, uint64_t dst, uint64_t src, uint32_t len)
{
	packet_ether(p, dst, src, FRAME_PLAIN);
	for (; p->len < len; p->len++)
		p->bytes[p->len] = (uint8_t)p->len;
}

/* Put a tag before what follows the MACs. */
static inline void frame_tag(struct packet *p, uint16_t tpid, uint16_t tci)
{
	memmove(p->bytes + 16, p->bytes + 12, p->len - 12);
	store16(p->bytes + 12, __builtin_bswap16(tpid));
	store16(p->bytes + 14, __builtin_bswap16(tci));
	p->len += 4;
}

static inline void frame_untag(struct packet *p)
{
	memmove(p->bytes + 12, p->bytes + 16, p->len - 16);
	p->len -= 4;
}

/* The next frame out of @port is @want, padded if it is short. */
static inline void crossing_out(struct road *t, uint16_t port, const struct packet *want)
{
	assert_true(router_take(t->r, port, &t->out));
	assert_int_equal(t->out.len, want->len < 60 ? 60 : want->len);
	assert_memory_equal(t->out.bytes, want->bytes, want->len);
	for (uint32_t i = want->len; i < t->out.len; i++)
		assert_int_equal(t->out.bytes[i], 0);
}

/* @want comes out of all of @ports. */
static inline void crossing_out_all(struct road *t, uint64_t ports, const struct packet *want)
{
	for (uint16_t i = 0; i < t->r->n_ports; i++) {
		if (ports >> i & 1)
			crossing_out(t, i, want);
	}
}

/* t->in goes in at @in, and comes out of @ports as it is, once each, and nowhere else. */
static inline void crosses(struct road *t, uint16_t in, uint64_t ports)
{
	router_send(t->r, in, &t->in);
	crossing_out_all(t, ports, &t->in);
	road_silent(t);
}

/* The same, with a tag of @tci by @tagged, and without its own by @untagged. */
static inline void crosses_vlan(struct road *t, uint16_t in, uint64_t untagged, uint64_t tagged,
                                uint16_t tci)
{
	static struct packet want;

	router_send(t->r, in, &t->in);
	want = t->in;
	if (load16(want.bytes + 12) == ETHERTYPE_VLAN)
		frame_untag(&want);
	crossing_out_all(t, untagged, &want);
	while (want.len < 60)
		want.bytes[want.len++] = 0;
	frame_tag(&want, 0x8100, tci);
	crossing_out_all(t, tagged, &want);
	road_silent(t);
}

/* Station @n speaks by @port, to nobody. */
static inline void station_speaks(struct road *t, uint16_t port, uint64_t n)
{
	static struct packet p;

	frame_make(&p, STATION(9999), STATION(n), 60);
	router_send(t->r, port, &p);
	router_drain(t->r);
	router_run(t->r);
}

#endif
