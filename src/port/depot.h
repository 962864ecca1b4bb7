/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * depot: free frames on their way from workers that have too many to those that have too few.
 * Packets carry frames from the worker that received them to the one that sends; the depot carries
 * them back, 64 at a time. Lock-free: any number of threads give and take at once.
 *
 * A magazine needs no memory of its own: it is a free frame, in which the addresses of 64 frames,
 * itself the first, are written. Magazines form one stack (Treiber's). Its top is a frame's number
 * and a count of changes in one word, so that a top that went and came back is not taken for one
 * that stayed.
 */
#ifndef PORT_DEPOT_H
#define PORT_DEPOT_H

#include "port/frames.h"

#define DEPOT_MAGAZINE 64

struct depot {
	/* Changes << 32 | number of the frame on top plus one; 0 there: the depot is empty. */
	cache_aligned uint64_t top;
	uint32_t magazines; /* added and taken off relaxed, beside @top: a moment off while it moves
	                     */
	struct frames *frames;
	/* Of the magazine in frame i, at [i]: the one below it, as in @top. Relaxed: a reader that
	 * meets a changed one fails to swap @top. */
	uint32_t *below;
};
static_assert(DEPOT_MAGAZINE * sizeof(uint64_t) <= 2048, "a frame has room for it");

/* An empty depot for frames of @f. Return: 0 or -ENOMEM. Context: agent. */
[[nodiscard]] int depot_new(struct depot **out, struct frames *f);
void depot_free(struct depot *d);

/**
 * depot_give - put DEPOT_MAGAZINE frames of @c into the depot
 * @c: the caller's own; it has so many
 *
 * The frames lose their tags first: they are no queue's any more, so that the end of a queue does
 * not take them along (I7, frames_recover()). Context: any.
 */
void depot_give(struct depot *d, struct frame_cache *c);

/* Take DEPOT_MAGAZINE frames into @c, the caller's own. Return: false if the depot is empty.
 * Context: any. */
[[nodiscard]] bool depot_take(struct depot *d, struct frame_cache *c);

/* Frames in the depot; exact when nobody gives or takes. Context: any. */
static inline uint32_t depot_frames(const struct depot *d)
{
	return __atomic_load_n(&d->magazines, __ATOMIC_RELAXED) * DEPOT_MAGAZINE;
}

/* The addresses in the magazine that @top or @below call @at. */
static inline uint64_t *depot_magazine(const struct depot *d, uint32_t at)
{
	return (uint64_t *)frame_data(d->frames, (uint64_t)(at - 1) << d->frames->shift);
}

#endif
