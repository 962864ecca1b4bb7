/* SPDX-License-Identifier: BSD-2-Clause */
#include "ra/ra.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "ra/write.h"
#include "wire/ether.h"

/* RFC 4861 10 */
#define INITIAL_INTERVAL_NS (16 * NS_PER_SEC)
#define INITIAL_COUNT       3
#define FINAL_COUNT         3
#define PAUSE_NS            (3 * NS_PER_SEC) /* MIN_DELAY_BETWEEN_RAS */
#define DELAY_NS            (NS_PER_SEC / 2) /* MAX_RA_DELAY_TIME */

#define NEVER UINT64_MAX

/* An interface. It advertises if @len is not 0, and speaks if it has a source. */
struct ra_slot {
	uint8_t bytes[RA_BYTES]; /* the message, and what has ended behind it */
	uint16_t len;            /* of the message */
	uint16_t all;            /* with what has ended */
	uint8_t ended;           /* so many more messages tell of what has ended */
	uint8_t initial;         /* so many of the first ones are to be sent */
	uint8_t final;           /* so many of the last ones; not 0: it ceases */
	bool told;               /* hosts may know of it */
	uint32_t interval;
	struct ip source; /* its link-local address; :: while it cannot speak */
	uint64_t mac;
	uint64_t due_ns;
	uint64_t pause_ns; /* not before then (RFC 4861 6.2.6) */
};

struct ra {
	const struct ra_ops *ops;
	void *ctx;
	uint64_t random;
	uint16_t n;
	struct ra_slot slot[];
};

int ra_new(struct ra **out, const struct ra_ops *ops, void *ctx, uint16_t n, uint64_t seed)
{
	struct ra *ra = calloc(1, sizeof(*ra) + n * sizeof(ra->slot[0]));

	if (ra == NULL)
		return -ENOMEM;
	ra->ops = ops;
	ra->ctx = ctx;
	ra->random = seed;
	ra->n = n;
	for (uint16_t i = 0; i < n; i++)
		ra->slot[i].due_ns = NEVER;
	*out = ra;
	return 0;
}

void ra_free(struct ra *ra)
{
	free(ra);
}

static bool slot_speaks(const struct ra_slot *s)
{
	return s->len != 0 && !ip_is_none(s->source);
}

/* Nothing is advertised any more; what the interface is like stays. */
static void slot_forget(struct ra_slot *s)
{
	s->len = 0;
	s->all = 0;
	s->ended = 0;
	s->initial = 0;
	s->final = 0;
	s->told = false;
	s->due_ns = NEVER;
}

/* RFC 4861 6.2.3; to all nodes, whoever asked. */
static void slot_send(struct ra *ra, struct ra_slot *s, bool final, uint64_t now_ns)
{
	const struct icmp6_head head = {
		.mac_dst = ip6_group_mac(IP6_ALL_NODES),
		.mac_src = s->mac,
		.src = s->source,
		.dst = IP6_ALL_NODES,
		.hop_limit = ND_HOP_LIMIT,
	};
	uint8_t frame[ETHER_LEN + IP6_MIN_MTU], *m = frame + ICMP6_FRAME_HEAD(false);
	uint16_t len = s->ended > 0 ? s->all : s->len;

	memcpy(m, s->bytes, len);
	if (final)
		ra_write_final(m);
	nd_lladdr_write(m + len, ND_OPT_SOURCE_LLADDR, s->mac);
	len = icmp6_frame(frame, &head, (uint16_t)(len + ND_LLADDR_LEN));
	ra->ops->send(ra->ctx, (uint16_t)(s - ra->slot), frame, len);
	s->pause_ns = now_ns + PAUSE_NS;
	s->told = true;
	if (s->ended > 0)
		s->ended--;
}

/* Between two messages that nobody asked for: RFC 4861 6.2.1 and 6.2.4. */
static uint64_t slot_interval(struct ra *ra, const struct ra_slot *s)
{
	uint64_t max = s->interval * NS_PER_SEC;
	/* MinRtrAdvInterval: 0.33 of the other from 9 s on; below that 0.75 (erratum 3154, since it
	 * may not be more); never less than 3 s. */
	uint64_t min = s->interval >= 9 ? max / 100 * 33 : max / 4 * 3, wait;

	wait = random_between(&ra->random, min < PAUSE_NS ? PAUSE_NS : min, max);
	if ((s->initial > 0 || s->final > 0) && wait > INITIAL_INTERVAL_NS)
		return INITIAL_INTERVAL_NS;
	return wait;
}

/* A moment from now that others do not choose as well, and not too soon behind the last message. */
static uint64_t slot_soon(struct ra *ra, const struct ra_slot *s, uint64_t now_ns)
{
	uint64_t from = now_ns > s->pause_ns ? now_ns : s->pause_ns;

	return from + random_between(&ra->random, 0, DELAY_NS);
}

static void slot_hurry(struct ra *ra, struct ra_slot *s, uint64_t now_ns)
{
	uint64_t soon = slot_soon(ra, s, now_ns);

	if (soon < s->due_ns)
		s->due_ns = soon;
}

/* Let hosts know (again) what the interface advertises. */
static void slot_begin(struct ra *ra, struct ra_slot *s, uint64_t now_ns)
{
	s->final = 0;
	s->initial = INITIAL_COUNT;
	if (slot_speaks(s))
		slot_hurry(ra, s, now_ns);
}

static void slot_cease(struct ra *ra, struct ra_slot *s, uint64_t now_ns)
{
	if (s->len == 0 || s->final > 0)
		return;
	if (!slot_speaks(s) || !s->told) {
		slot_forget(s);
		return;
	}
	s->final = FINAL_COUNT;
	s->due_ns = NEVER;
	slot_hurry(ra, s, now_ns);
}

int ra_set(struct ra *ra, uint16_t iface, const struct ra_config *c, uint64_t now_ns)
{
	struct ra_slot *s = &ra->slot[iface];
	uint8_t bytes[RA_BYTES];
	uint16_t was = s->ended > 0 ? s->all : s->len, len, all;

	if (c == NULL) {
		slot_cease(ra, s, now_ns);
		return 0;
	}
	if (ra_length(c) > IP6_MIN_MTU)
		return -EMSGSIZE;
	len = ra_write(bytes, c);
	if (s->final == 0 && s->interval == c->interval && s->len == len &&
	    memcmp(s->bytes, bytes, len) == 0)
		return 0;
	all = s->told ? ra_write_ended(bytes, len, s->bytes, was) : len;
	memcpy(s->bytes, bytes, all);
	s->len = len;
	s->all = all;
	s->ended = all > len ? INITIAL_COUNT : 0;
	s->interval = c->interval;
	slot_begin(ra, s, now_ns);
	return 0;
}

/* The interface is @f now, and speaks if it is up and has a link-local address to do so from. */
static void slot_source(struct ra *ra, struct ra_slot *s, const struct iface *f, uint64_t now_ns)
{
	struct ip source = f->up ? iface_link6(f) : (struct ip){0, 0};
	bool moved = !ip_equal(source, s->source);

	if (!moved && f->mac == s->mac)
		return;
	/* Hosts know the router by its link-local address (RFC 4861 6.2.8); what comes in its place
	 * may not be usable yet. */
	if (moved && slot_speaks(s) && s->told && f->up)
		slot_send(ra, s, true, now_ns);
	s->source = source;
	s->mac = f->mac;
	s->due_ns = NEVER;
	if (s->final > 0)
		slot_forget(s);
	else if (s->len != 0)
		slot_begin(ra, s, now_ns);
}

void ra_set_ifaces(struct ra *ra, const struct ifaces *s, uint64_t now_ns)
{
	for (uint16_t i = 0; i < ra->n && i < s->n; i++)
		slot_source(ra, &ra->slot[i], &s->iface[i], now_ns);
}

void ra_solicited(struct ra *ra, uint16_t iface, uint64_t now_ns)
{
	struct ra_slot *s = &ra->slot[iface];

	if (slot_speaks(s) && s->final == 0)
		slot_hurry(ra, s, now_ns);
}

bool ra_stop(struct ra *ra, uint16_t iface, uint64_t now_ns)
{
	struct ra_slot *s = &ra->slot[iface];
	bool last = slot_speaks(s) && s->told;

	if (last)
		slot_send(ra, s, true, now_ns);
	slot_forget(s);
	return last;
}

/* Send what is due, and say when the next is. */
static void slot_fire(struct ra *ra, struct ra_slot *s, uint64_t now_ns)
{
	slot_send(ra, s, s->final > 0, now_ns);
	if (s->final > 0 && --s->final == 0) {
		slot_forget(s);
		return;
	}
	if (s->initial > 0)
		s->initial--;
	s->due_ns = now_ns + slot_interval(ra, s);
}

uint64_t ra_tick(struct ra *ra, uint64_t now_ns)
{
	uint64_t next = NEVER;

	for (uint16_t i = 0; i < ra->n; i++) {
		struct ra_slot *s = &ra->slot[i];

		if (s->due_ns <= now_ns)
			slot_fire(ra, s, now_ns);
		if (s->due_ns < next)
			next = s->due_ns;
	}
	return next;
}
