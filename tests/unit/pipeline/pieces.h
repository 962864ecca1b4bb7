/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of fragments share: a naive way to cut a packet, and one to put it together. */
#ifndef TEST_PIPELINE_PIECES_H
#define TEST_PIPELINE_PIECES_H

#include "road.h"

static inline void pieces_put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Set @p to bytes [@at, @at + @len) of the payload of @whole, which has no options. */
static inline void pieces_cut(struct packet *p, struct packet *whole, uint32_t at, uint32_t len,
                              bool more)
{
	memcpy(p->bytes, whole->bytes, 34);
	memcpy(p->bytes + 34, whole->bytes + 34 + at, len);
	p->len = 34 + len;
	pieces_put16(packet_head4(p) + 2, 20 + len);
	pieces_put16(packet_head4(p) + 6, (more ? IP4_MF : 0u) | at / 8);
	packet_fix_ip4(p);
}

/* What fragments make up. */
struct pieces {
	uint32_t n, end; /* fragments, bytes of the last one's end */
	uint32_t first_frag;
	uint8_t bytes[PACKET_MAX];
};

/*
 * Take all fragments that come out of @port in the order of their offsets, each well-formed and as
 * long as it may be; the last has flag @more. @head: the header that the first one must have but
 * for length, flags, TTL and checksum. Their payload lies in @x.
 */
static inline void pieces_take(struct road *t, uint16_t port, struct packet *whole,
                               struct pieces *x, bool more)
{
	const uint8_t *want = packet_head4(whole);
	uint32_t start = (ip4_frag(want) & IP4_OFFSET) * 8, frag = 0;

	x->n = 0;
	x->end = 0;
	do {
		const uint8_t *h = packet_head4(&t->out);
		uint32_t len;

		road_out(t, port);
		frag = ip4_frag(h);
		len = packet_payload4_len(&t->out);
		assert_int_equal((frag & IP4_OFFSET) * 8, start + x->end);
		assert_memory_equal(h + 4, want + 4, 2);   /* id */
		assert_int_equal(h[8], want[8] - 1);       /* TTL */
		assert_int_equal(h[9], want[9]);           /* protocol */
		assert_memory_equal(h + 12, want + 12, 8); /* addresses */
		assert_int_equal(h[1], want[1]);
		assert_int_equal(frag & IP4_DF, 0);
		if (x->n == 0)
			assert_memory_equal(h + 20, want + 20, ip4_header_len(want) - 20);
		memcpy(x->bytes + x->end, packet_payload4(&t->out), len);
		x->end += len;
		x->n++;
		if (x->end < packet_payload4_len(whole)) {
			assert_true(frag & IP4_MF);
			assert_int_equal(len % 8, 0);
		}
	} while (x->end < packet_payload4_len(whole));
	assert_int_equal((frag & IP4_MF) != 0, more);
	assert_int_equal(x->end, packet_payload4_len(whole));
	assert_memory_equal(x->bytes, packet_payload4(whole), x->end);
}

#endif
