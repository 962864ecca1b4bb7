/* SPDX-License-Identifier: BSD-2-Clause */
/* recipe: what a kind of workload is made of. Private to workload.c, which has IPv4's and the list,
 * workload6.c, which has IPv6's, and workload_l2.c, which has what is bridged. */
#ifndef BENCH_RECIPE_H
#define BENCH_RECIPE_H

#include "workload.h"

struct recipe {
	const char *name;
	int (*make)(struct workload *w, const struct recipe *r, uint64_t *rng);
	size_t n_routes;
	size_t n_frames;
};

/* Room for @n frames, zeroed. Return: 0 or -ENOMEM. */
[[nodiscard]] int recipe_frames(struct workload *w, size_t n);

/* Neighbouring IPv4 /24s that lead to the one port, the other, or nowhere. Return: as above. */
[[nodiscard]] int recipe_routes_mix(struct workload *w, size_t n, uint64_t *rng);

/* Where the @i-th of them leads. */
enum workload_way recipe_way(uint64_t *rng);

/* UDP in the shortest frame, without checksum. */
void recipe_frame4(uint8_t *frame, uint32_t dst);

/* Spoil a frame so that a router drops it, in the @how-th of three ways. */
void recipe_spoil(uint8_t *frame, uint32_t how);

/* IPv6: equal packets by one route; random destinations inside random prefixes of a random table;
 * and packets of both families, of which a batch has some of each. */
int make6_one(struct workload *w, const struct recipe *r, uint64_t *rng);
int make6_table(struct workload *w, const struct recipe *r, uint64_t *rng);
int make6_mix(struct workload *w, const struct recipe *r, uint64_t *rng);

/* Frames between n_routes pairs of stations of a bridge. */
int make_l2(struct workload *w, const struct recipe *r, uint64_t *rng);

#endif
