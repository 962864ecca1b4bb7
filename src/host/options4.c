/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/options4.h"

#include "wire/checksum.h"
#include "wire/ip4.h"

/* An option's second octet is its length, the third of those below a pointer, counted from 1. */
#define RECORD_LEN   3 /* of record route without a slot */
#define STAMP_LEN    4 /* of timestamp without a slot */
#define STAMP_FLAGS  0x0f
#define STAMP_MISSED 0x10 /* one more that found no room */

/* What a timestamp's entry needs. */
static uint32_t stamp_len(const uint8_t *o)
{
	return (o[3] & STAMP_FLAGS) == IP4_STAMP_TIME ? 4 : 8;
}

/*
 * The octet of record route @o that is wrong, 0 if none is. RFC 791: room for less than an address
 * is an error, no room is none.
 */
static uint32_t record_flaw(const uint8_t *o)
{
	if (o[1] < RECORD_LEN)
		return 1;
	if (o[2] < RECORD_LEN + 1)
		return 2;
	if (o[2] > o[1])
		return 0;
	return o[2] % 4 != 0 || o[2] + 3 > o[1] ? 2 : 0;
}

/* The same of timestamp @o. Who has no room is counted, up to fifteen. */
static uint32_t stamp_flaw(const uint8_t *o)
{
	uint32_t flags = o[1] < STAMP_LEN ? 0 : o[3] & STAMP_FLAGS;

	if (o[1] < STAMP_LEN)
		return 1;
	if (o[2] < STAMP_LEN + 1)
		return 2;
	if (flags != IP4_STAMP_TIME && flags != IP4_STAMP_ADDRESS && flags != IP4_STAMP_SPECIFIED)
		return 3;
	if (o[2] > o[1])
		return flags != IP4_STAMP_SPECIFIED && o[3] >> 4 == 15 ? 3 : 0;
	return o[2] % 4 != 1 || o[2] + stamp_len(o) - 1 > o[1] ? 2 : 0;
}

/* An option at octet @at that may be there once. @seen: where it was met, 0: not yet.
 * Return: the octet that is wrong, 0 if none is. */
static uint8_t once_flaw(uint32_t at, uint32_t flaw, uint8_t *seen)
{
	if (*seen != 0)
		return (uint8_t)at;
	*seen = (uint8_t)at;
	return (uint8_t)(flaw != 0 ? at + flaw : 0);
}

/* Look at the option at octet @at, which is whole. */
static enum verdict option_check(const uint8_t *h, uint32_t at, bool local, struct options4 *o)
{
	const uint8_t *x = h + at;

	switch (x[0]) {
	case IP4_OPT_LSRR:
	case IP4_OPT_SSRR:
		/* Its route ends here if the pointer is beyond it. */
		if (!local || x[1] < RECORD_LEN || x[2] <= x[1])
			return DROP_SOURCE_ROUTE;
		break;
	case IP4_OPT_RR:
		o->flaw = once_flaw(at, record_flaw(x), &o->record);
		break;
	case IP4_OPT_TS:
		o->flaw = once_flaw(at, stamp_flaw(x), &o->timestamp);
		break;
	default:
		break;
	}
	return o->flaw != 0 ? DROP_IP_OPTION : KEEP;
}

enum verdict options4_check(const uint8_t *h, bool local, struct options4 *o)
{
	uint32_t hlen = ip4_header_len(h), at = IP4_LEN;

	*o = (struct options4){0};
	while (at < hlen && h[at] != IP4_OPT_END) {
		enum verdict v;

		if (h[at] == IP4_OPT_NOP) {
			at++;
			continue;
		}
		if (at + 1 == hlen)
			o->flaw = (uint8_t)at; /* without a length */
		else if (h[at + 1] < 2 || at + h[at + 1] > hlen)
			o->flaw = (uint8_t)(at + 1);
		v = o->flaw != 0 ? DROP_IP_OPTION : option_check(h, at, local, o);
		if (v != KEEP)
			return v;
		at += h[at + 1];
	}
	return KEEP;
}

static void record_put(uint8_t *o, uint32_t addr)
{
	if (o[2] > o[1])
		return; /* full: goes on as it is */
	store32(o + o[2] - 1, __builtin_bswap32(addr));
	o[2] += 4;
}

static void stamp_put(uint8_t *o, const struct options4_stamp *s)
{
	uint32_t flags = o[3] & STAMP_FLAGS;
	uint8_t *entry = o + o[2] - 1;

	if (o[2] > o[1]) {
		/* Those who are named all have their room. */
		if (flags != IP4_STAMP_SPECIFIED)
			o[3] += STAMP_MISSED;
		return;
	}
	/* RFC 1812 5.3.13.5: any address of the router's will do. */
	if (flags == IP4_STAMP_SPECIFIED &&
	    !ifaces_has_addr4(s->ifaces, __builtin_bswap32(load32(entry))))
		return;
	o[2] += (uint8_t)stamp_len(o);
	if (flags == IP4_STAMP_ADDRESS)
		store32(entry, __builtin_bswap32(s->addr));
	if (flags != IP4_STAMP_TIME)
		entry += 4;
	store32(entry, __builtin_bswap32(s->ms));
}

void options4_stamp(uint8_t *h, const struct options4 *o, const struct options4_stamp *s)
{
	if (o->record == 0 && o->timestamp == 0)
		return;
	if (o->record != 0)
		record_put(h + o->record, s->addr);
	if (o->timestamp != 0)
		stamp_put(h + o->timestamp, s);
	ip4_checksum_set(h, ip4_header_len(h));
}

void options4_strip(uint8_t *h, const struct options4 *o)
{
	uint32_t hlen = ip4_header_len(h), at = IP4_LEN;

	while (at < hlen) {
		if (at == o->record || at == o->timestamp)
			at += h[at + 1];
		else
			h[at++] = IP4_OPT_NOP;
	}
}
