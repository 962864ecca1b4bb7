/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * census: where is every frame? Counts free lists, rings and frames held elsewhere, and tells
 * whether each frame was met exactly once (I2). Rings tell the truth with the memory and pcap
 * backends; the kernel takes frames out of its rings without saying so at once.
 */
#ifndef PORT_CENSUS_H
#define PORT_CENSUS_H

#include "port/depot.h"
#include "port/port.h"

struct census;

/* Begin to count the frames of @f. Return: NULL without memory. Context: nobody moves a frame. */
struct census *census_new(const struct frames *f);

/* Count what is in a free list, in the depot, in the four rings of each queue, one frame held
 * elsewhere. */
void census_cache(struct census *s, const struct frame_cache *c);
void census_depot(struct census *s, const struct depot *d);
void census_port(struct census *s, const struct port *port);
void census_frame(struct census *s, uint64_t addr, const char *where);

/* Return: NULL if each frame was met once, else one line saying what is wrong, valid until
 * census_free(). */
const char *census_result(struct census *s);
void census_free(struct census *s);

/**
 * frames_check - the whole count for one thread and some ports
 * @c:     the thread's free list
 * @ports: NULL entries are skipped
 * @n:     how many ports
 *
 * Return: NULL if every frame is in @c or in a ring of @ports exactly once, else one line saying
 * what is wrong, in static memory of the calling thread.
 */
const char *frames_check(const struct frame_cache *c, struct port *const *ports, uint16_t n);

#endif
