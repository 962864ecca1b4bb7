/* SPDX-License-Identifier: BSD-2-Clause */
#include "workload.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "recipe.h"
#include "rng.h"
#include "wire/ether.h"
#include "wire/ip4.h"

/* Prefix lengths of the Internet's table, percent. */
static const struct {
	uint8_t len;
	uint8_t percent;
} mix4[] = {
	{24, 58}, {22, 11}, {23, 10}, {21, 5}, {20, 5}, {19, 3},
	{16, 3},  {18, 2},  {17, 1},  {15, 1}, {14, 1},
};

static uint64_t seed_of(const char *name)
{
	uint64_t seed = 0;

	for (; *name != '\0'; name++)
		seed = (seed ^ (uint8_t)*name) * 0x100000001b3ull + 1;
	return seed;
}

static uint8_t len_draw(uint64_t *rng)
{
	uint32_t x = rng_below(rng, 100);
	size_t i = 0;

	while (x >= mix4[i].percent)
		x -= mix4[i++].percent;
	return mix4[i].len;
}

/* A bit for each prefix of 8 to 24 bits, to draw each only once: number 2^len + prefix. */
static bool seen_mark(uint64_t *seen, const struct workload_route *r)
{
	uint32_t number = (1u << r->len) + (r->dst >> (32 - r->len));
	uint64_t bit = 1ull << (number & 63);

	if (seen[number >> 6] & bit)
		return false;
	seen[number >> 6] |= bit;
	return true;
}

static bool overlap(const struct workload_route *r, uint32_t dst, uint8_t len)
{
	return ((r->dst ^ dst) & ip4_mask(r->len < len ? r->len : len)) == 0;
}

/* A router drops what goes to loopback and link-local addresses. */
static bool routable(const struct workload_route *r)
{
	return !overlap(r, 0x7f000000, 8) && !overlap(r, 0xa9fe0000, 16);
}

/* Distinct prefixes of 11.0.0.0 to 222.255.255.255. */
static int routes_make(struct workload *w, size_t n, uint64_t *rng)
{
	uint64_t *seen = calloc((1u << 25) / 64, sizeof(*seen));

	w->route = calloc(n, sizeof(*w->route));
	if (seen == NULL || w->route == NULL) {
		free(seen);
		return -ENOMEM;
	}
	while (w->n_routes < n) {
		struct workload_route r = {.len = len_draw(rng)};

		r.dst = 0x0b000000 + rng_below(rng, 0xdf000000 - 0x0b000000);
		r.dst &= ip4_mask(r.len);
		if (routable(&r) && seen_mark(seen, &r))
			w->route[w->n_routes++] = r;
	}
	free(seen);
	return 0;
}

int recipe_frames(struct workload *w, size_t n)
{
	w->frame = aligned_alloc(CACHE_LINE, n * WORKLOAD_SLOT);
	if (w->frame == NULL)
		return -ENOMEM;
	memset(w->frame, 0, n * WORKLOAD_SLOT);
	w->n_frames = n;
	return 0;
}

static uint16_t ip4_sum(const uint8_t *h)
{
	uint32_t sum = 0;

	for (int i = 0; i < IP4_LEN; i += 2)
		sum += load16(h + i);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

void recipe_frame4(uint8_t *frame, uint32_t dst)
{
	static const uint8_t head[] = {
		0x45, 0,    0, 46, 0, 0,  0,    0,    64, IP_PROTO_UDP, 0, 0, /* IPv4 */
		10,   0,    0, 2,  0, 0,  0,    0,                            /* addresses */
		0x04, 0x00, 4, 0,  0, 26, 0x00, 0x00,                         /* UDP */
	};
	static const uint8_t to[] = WORKLOAD_ROUTER_MAC, from[] = WORKLOAD_HOST_MAC;
	uint8_t *ip = frame + ETHER_LEN;

	memcpy(frame, to, sizeof(to));
	memcpy(frame + ETHER_ADDR_LEN, from, sizeof(from));
	store16(frame + 12, ETHERTYPE_IP4);
	memcpy(ip, head, sizeof(head));
	store32(ip + 16, __builtin_bswap32(dst));
	store16(ip + 10, ip4_sum(ip));
}

void workload_tag(uint8_t *frame, uint16_t vid)
{
	uint8_t *type = frame + 12;

	memmove(type + VLAN_TAG_LEN, type, WORKLOAD_SLOT - 12 - VLAN_TAG_LEN);
	store16(type, ETHERTYPE_VLAN);
	store16(type + 2, __builtin_bswap16(vid));
}

/* Equal packets by one route. */
static int make4_one(struct workload *w, const struct recipe *r, uint64_t *)
{
	int err = recipe_frames(w, r->n_frames);

	if (err < 0)
		return err;
	w->route = calloc(1, sizeof(*w->route));
	if (w->route == NULL)
		return -ENOMEM;
	w->route[0] = (struct workload_route){.dst = 0x14000000, .len = 24};
	w->n_routes = 1;
	w->frame_len = ETHER_MIN_LEN;
	for (size_t i = 0; i < w->n_frames; i++)
		recipe_frame4(w->frame + i * WORKLOAD_SLOT, 0x14000001);
	return 0;
}

/* The same from VLAN to VLAN. */
static int make_vlan_one(struct workload *w, const struct recipe *r, uint64_t *rng)
{
	int err = make4_one(w, r, rng);

	if (err < 0)
		return err;
	w->vlan = 10;
	w->frame_len += VLAN_TAG_LEN;
	for (size_t i = 0; i < w->n_frames; i++)
		workload_tag(w->frame + i * WORKLOAD_SLOT, w->vlan);
	return 0;
}

/* Random destinations inside random prefixes of a random table. */
static int make4_table(struct workload *w, const struct recipe *r, uint64_t *rng)
{
	int err = recipe_frames(w, r->n_frames);

	if (err == 0)
		err = routes_make(w, r->n_routes, rng);
	if (err < 0)
		return err;
	w->frame_len = ETHER_MIN_LEN;
	for (size_t i = 0; i < w->n_frames; i++) {
		const struct workload_route *to = &w->route[rng_below(rng, (uint32_t)w->n_routes)];
		uint32_t host = (uint32_t)rng_next(rng) & ~ip4_mask(to->len);

		recipe_frame4(w->frame + i * WORKLOAD_SLOT, to->dst | host);
	}
	return 0;
}

void recipe_spoil(uint8_t *frame, uint32_t how)
{
	switch (how) {
	case 0: /* IPv4's checksum; of IPv6 the source becomes a group */
		if (ether_type(frame) == ETHERTYPE_IP4)
			frame[ETHER_LEN + 10] ^= 0x55;
		else
			frame[ETHER_LEN + 8] = 0xff;
		break;
	case 1: /* another station's */
		frame[5] ^= 0x55;
		break;
	default: /* another protocol */
		store16(frame + 12, ETHERTYPE_BE(0x88b5));
		break;
	}
}

/* Make the first eight bytes behind the header no-operation options. */
static void frame_add_options(uint8_t *frame)
{
	uint8_t *ip = frame + ETHER_LEN;
	uint32_t sum = 0;

	ip[0] = 0x47;
	memset(ip + IP4_LEN, IP4_OPT_NOP, 8);
	store16(ip + 10, 0);
	for (int i = 0; i < IP4_LEN + 8; i += 2)
		sum += load16(ip + i);
	sum = (sum & 0xffff) + (sum >> 16);
	store16(ip + 10, (uint16_t) ~(sum + (sum >> 16)));
}

enum workload_way recipe_way(uint64_t *rng)
{
	uint32_t x = rng_below(rng, 20);

	if (x % 2 != 0)
		return WORKLOAD_FIRST;
	return x == 0 ? WORKLOAD_ENDS : WORKLOAD_SECOND;
}

int recipe_routes_mix(struct workload *w, size_t n, uint64_t *rng)
{
	w->route = calloc(n, sizeof(*w->route));
	if (w->route == NULL)
		return -ENOMEM;
	w->n_routes = n;
	for (uint32_t i = 0; i < n; i++) {
		w->route[i] = (struct workload_route){
			.dst = 0x14000000 + (i << 8),
			.len = 24,
			.way = (uint8_t)recipe_way(rng),
		};
	}
	return 0;
}

/*
 * Of 20 packets some 15 are forwarded by the one port or the other without ado, one has options,
 * one goes to a blackhole, three are spoilt: no branch goes the same way for a whole batch.
 */
static int make4_mix(struct workload *w, const struct recipe *r, uint64_t *rng)
{
	int err = recipe_frames(w, r->n_frames);

	if (err == 0)
		err = recipe_routes_mix(w, r->n_routes, rng);
	w->way = calloc(r->n_frames, sizeof(*w->way));
	if (err < 0 || w->way == NULL)
		return -ENOMEM;
	w->frame_len = ETHER_MIN_LEN;
	for (size_t i = 0; i < w->n_frames; i++) {
		const struct workload_route *to = &w->route[rng_below(rng, (uint32_t)w->n_routes)];
		uint8_t *frame = w->frame + i * WORKLOAD_SLOT;
		uint32_t x = rng_below(rng, 20);

		recipe_frame4(frame, to->dst | rng_below(rng, 256));
		w->way[i] = to->way;
		if (x == 3)
			frame_add_options(frame);
		if (x > 2)
			continue;
		recipe_spoil(frame, x);
		w->way[i] = WORKLOAD_ENDS;
	}
	return 0;
}

static const struct recipe recipes[] = {
	{"ip4_1", make4_one, 1, 256},
	{"ip4_100k", make4_table, 100000, 500000},
	{"ip4_1m", make4_table, 1000000, 1000000},
	{"ip4_mix", make4_mix, 1000, 65536},
	{"ip6_1", make6_one, 1, 256},
	{"ip6_100k", make6_table, 100000, 500000},
	{"ip6_1m", make6_table, 1000000, 1000000},
	{"ip6_mix", make6_mix, 100, 65536},
	{"vlan_1", make_vlan_one, 1, 256},
	{"l2_1", make_l2, 1, 256},
	{"l2_10k", make_l2, 10000, 200000},
};

static const char *const names[] = {
	"ip4_1",  "ip4_100k", "ip4_1m", "ip4_mix", "ip6_1",  "ip6_100k",
	"ip6_1m", "ip6_mix",  "vlan_1", "l2_1",    "l2_10k", NULL,
};
static_assert(ARRAY_SIZE(names) == ARRAY_SIZE(recipes) + 1, "each workload has a name");

const char *const *workload_names(void)
{
	return names;
}

int workload_make(struct workload *w, const char *name)
{
	uint64_t rng = seed_of(name);

	for (size_t i = 0; i < ARRAY_SIZE(recipes); i++) {
		int err;

		if (strcmp(recipes[i].name, name) != 0)
			continue;
		*w = (struct workload){.name = recipes[i].name};
		err = recipes[i].make(w, &recipes[i], &rng);
		if (err < 0)
			workload_free(w);
		return err;
	}
	return -ENOENT;
}

int workload_make_to(struct workload *w, const char *name, const uint32_t *dst, size_t n)
{
	int err;

	*w = (struct workload){.name = name, .frame_len = ETHER_MIN_LEN};
	err = recipe_frames(w, n);
	for (size_t i = 0; err == 0 && i < n; i++)
		recipe_frame4(w->frame + i * WORKLOAD_SLOT, dst[i]);
	return err;
}

void workload_free(struct workload *w)
{
	free(w->route);
	free(w->route6);
	free(w->frame);
	free(w->way);
	*w = (struct workload){0};
}
