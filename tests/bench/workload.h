/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * workload: routing tables and packets to measure with, made in memory and the same on each run:
 * a workload's name is its seed. Routes lead to the next hop behind one of two ports, or nowhere.
 */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "wire/ip.h"

/* A frame's slot; frames are copied as whole cache lines. */
#define WORKLOAD_SLOT 64

#define WORKLOAD_ROUTER_MAC            \
	{                              \
		0x02, 0, 0, 0, 0, 0x01 \
	} /* frames go to */
#define WORKLOAD_HOST_MAC              \
	{                              \
		0x02, 0, 0, 0, 0, 0xaa \
	} /* and come from */

/* Where a route leads, and where a frame is to come out. */
enum workload_way {
	WORKLOAD_FIRST,  /* the first port to send by: the only one but for mixes */
	WORKLOAD_SECOND, /* the second */
	WORKLOAD_ENDS,   /* nowhere: a blackhole route, or a frame that is dropped */
};

struct workload_route {
	uint32_t dst; /* host byte order */
	uint8_t len;
	uint8_t way; /* enum workload_way */
	uint16_t nh; /* which of several behind the first port; 0: the first one */
};

/* The same of IPv6. */
struct workload_route6 {
	struct ip dst;
	uint8_t len;
	uint8_t way;
};

struct workload {
	const char *name;
	struct workload_route *route; /* distinct; NULL if there are none */
	size_t n_routes;
	struct workload_route6 *route6;
	size_t n_routes6;
	uint8_t *frame; /* n_frames slots, on a cache line each */
	size_t n_frames;
	uint8_t *way;       /* of each frame, enum workload_way; NULL: all WORKLOAD_FIRST */
	uint32_t frame_len; /* the same for all; a frame of IPv4 may have a trailer then */
	bool bridged;       /* not routed: the ports are a bridge's, and frames stay as they are */
	uint16_t vlan; /* frames come with its tag and leave with that of the next; 0: without */
};

/* The names of all workloads, NULL behind the last. */
const char *const *workload_names(void);

/**
 * workload_make - make a workload
 * @w:    filled in; given back by workload_free()
 * @name: one of workload_names()
 *
 * Return: 0, -ENOENT for an unknown name, -ENOMEM.
 */
[[nodiscard]] int workload_make(struct workload *w, const char *name);

/* Packets to the @n destinations of @dst, with routes of the caller's, who fills them in.
 * Return: 0 or -ENOMEM. */
[[nodiscard]] int workload_make_to(struct workload *w, const char *name, const uint32_t *dst,
                                   size_t n);
void workload_free(struct workload *w);

/* Put the tag of VLAN @vid into the shortest frame, which lies in a slot. */
void workload_tag(uint8_t *frame, uint16_t vid);

static inline enum workload_way workload_way(const struct workload *w, size_t i)
{
	return w->way == NULL ? WORKLOAD_FIRST : (enum workload_way)w->way[i];
}

static inline const uint8_t *workload_frame(const struct workload *w, size_t i)
{
	return w->frame + i * WORKLOAD_SLOT;
}

#endif
