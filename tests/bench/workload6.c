/* SPDX-License-Identifier: BSD-2-Clause */
/* The workloads of IPv6, and of both families. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "recipe.h"
#include "rng.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/udp.h"

#define FRAME6_LEN (ETHER_LEN + IP6_LEN + UDP_LEN)

/* Prefix lengths of the Internet's table, percent. */
static const struct {
	uint8_t len;
	uint8_t percent;
} mix6[] = {{48, 50}, {32, 15}, {44, 10}, {40, 10}, {36, 8}, {29, 7}};

static uint8_t len_draw(uint64_t *rng)
{
	uint32_t x = rng_below(rng, 100);
	size_t i = 0;

	while (x >= mix6[i].percent)
		x -= mix6[i++].percent;
	return mix6[i].len;
}

/* A set of prefixes up to /48, whose upper half has room for the length. */
struct seen {
	uint64_t *slot;
	uint64_t mask;
};

/* Return: was it not there before? */
static bool seen_mark(struct seen *s, const struct workload_route6 *r)
{
	uint64_t key = r->dst.hi | r->len, i = key * 0x9e3779b97f4a7c15ull >> 20;

	for (; s->slot[i & s->mask] != 0; i++) {
		if (s->slot[i & s->mask] == key)
			return false;
	}
	s->slot[i & s->mask] = key;
	return true;
}

static int routes6_room(struct workload *w, size_t n)
{
	w->route6 = calloc(n, sizeof(*w->route6));
	return w->route6 != NULL ? 0 : -ENOMEM;
}

/* Distinct prefixes of 2000::/4. */
static int routes6_make(struct workload *w, size_t n, uint64_t *rng)
{
	struct seen seen = {.mask = 1};
	int err = routes6_room(w, n);

	while (seen.mask < 2 * n)
		seen.mask *= 2;
	seen.slot = calloc(seen.mask--, sizeof(*seen.slot));
	if (err < 0 || seen.slot == NULL) {
		free(seen.slot);
		return -ENOMEM;
	}
	while (w->n_routes6 < n) {
		struct workload_route6 r = {.len = len_draw(rng)};

		r.dst.hi = (2ull << 60 | rng_next(rng) >> 4) & ip6_mask(r.len).hi;
		if (seen_mark(&seen, &r))
			w->route6[w->n_routes6++] = r;
	}
	free(seen.slot);
	return 0;
}

/* UDP without data. */
static void frame6_write(uint8_t *frame, struct ip dst)
{
	static const uint8_t udp[UDP_LEN] = {0x04, 0, 4, 0, 0, UDP_LEN, 0, 0};
	static const uint8_t to[] = WORKLOAD_ROUTER_MAC, from[] = WORKLOAD_HOST_MAC;
	uint8_t *ip = frame + ETHER_LEN;

	memcpy(frame, to, sizeof(to));
	memcpy(frame + ETHER_ADDR_LEN, from, sizeof(from));
	store16(frame + 12, ETHERTYPE_IP6);
	ip6_write(ip, 0, UDP_LEN, IP_PROTO_UDP, 64);
	ip_store(ip + 8, (struct ip){0x20010db800000000, 2});
	ip_store(ip + 24, dst);
	memcpy(ip + IP6_LEN, udp, sizeof(udp));
}

/* A random address in the prefix of @r. */
static struct ip address_in(const struct workload_route6 *r, uint64_t *rng)
{
	struct ip mask = ip6_mask(r->len), a = {rng_next(rng), rng_next(rng)};

	return (struct ip){r->dst.hi | (a.hi & ~mask.hi), r->dst.lo | (a.lo & ~mask.lo)};
}

int make6_one(struct workload *w, const struct recipe *r, uint64_t *)
{
	const struct ip net = {0x20010db800200000, 0};
	int err = recipe_frames(w, r->n_frames);

	if (err == 0)
		err = routes6_room(w, 1);
	if (err < 0)
		return err;
	w->route6[0] = (struct workload_route6){.dst = net, .len = 64};
	w->n_routes6 = 1;
	w->frame_len = FRAME6_LEN;
	for (size_t i = 0; i < w->n_frames; i++)
		frame6_write(w->frame + i * WORKLOAD_SLOT, (struct ip){net.hi, 1});
	return 0;
}

int make6_table(struct workload *w, const struct recipe *r, uint64_t *rng)
{
	int err = recipe_frames(w, r->n_frames);

	if (err == 0)
		err = routes6_make(w, r->n_routes, rng);
	if (err < 0)
		return err;
	w->frame_len = FRAME6_LEN;
	for (size_t i = 0; i < w->n_frames; i++) {
		uint32_t to = rng_below(rng, (uint32_t)w->n_routes6);

		frame6_write(w->frame + i * WORKLOAD_SLOT, address_in(&w->route6[to], rng));
	}
	return 0;
}

/* Neighbouring /48s with ways like those of IPv4's. */
static int routes6_mix(struct workload *w, size_t n, uint64_t *rng)
{
	int err = routes6_room(w, n);

	if (err < 0)
		return err;
	w->n_routes6 = n;
	for (size_t i = 0; i < n; i++) {
		w->route6[i] = (struct workload_route6){
			.dst = {0x2001000000000000 + ((uint64_t)i << 16), 0},
			.len = 48,
			.way = (uint8_t)recipe_way(rng),
		};
	}
	return 0;
}

/* Make the UDP header a hop-by-hop header of padding, and nothing else follow. */
static void frame_add_options(uint8_t *frame)
{
	static const uint8_t options[8] = {IP6_NO_NEXT, 0, IP6_OPT_PADN, 4};
	uint8_t *ip = frame + ETHER_LEN;

	ip[6] = IP6_HOP_BY_HOP;
	memcpy(ip + IP6_LEN, options, sizeof(options));
}

/* A packet of one family or the other, to one of the routes. Return: its way. */
static enum workload_way frame_mix(const struct workload *w, uint8_t *frame, uint64_t *rng)
{
	if (rng_below(rng, 2) == 0) {
		const struct workload_route *to = &w->route[rng_below(rng, (uint32_t)w->n_routes)];

		recipe_frame4(frame, to->dst | rng_below(rng, 256));
		return (enum workload_way)to->way;
	}
	const struct workload_route6 *to = &w->route6[rng_below(rng, (uint32_t)w->n_routes6)];

	frame6_write(frame, address_in(to, rng));
	return (enum workload_way)to->way;
}

/* Every other packet is of IPv6; some have options, some are spoilt: no branch goes the same way
 * for a whole batch. */
int make6_mix(struct workload *w, const struct recipe *r, uint64_t *rng)
{
	int err = recipe_frames(w, r->n_frames);

	if (err == 0)
		err = recipe_routes_mix(w, r->n_routes, rng);
	if (err == 0)
		err = routes6_mix(w, r->n_routes, rng);
	w->way = calloc(r->n_frames, sizeof(*w->way));
	if (err < 0 || w->way == NULL)
		return -ENOMEM;
	w->frame_len = FRAME6_LEN;
	for (size_t i = 0; i < w->n_frames; i++) {
		uint8_t *frame = w->frame + i * WORKLOAD_SLOT;
		uint32_t x = rng_below(rng, 20);

		w->way[i] = (uint8_t)frame_mix(w, frame, rng);
		if (x == 3 && ether_type(frame) == ETHERTYPE_IP6)
			frame_add_options(frame);
		if (x > 2)
			continue;
		recipe_spoil(frame, x);
		w->way[i] = WORKLOAD_ENDS;
	}
	return 0;
}
