/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frames: the one frame memory that every socket registers as its UMEM, and the private free lists
 * that threads take frames from. A frame is an aligned chunk; its address is the offset of a byte
 * of it from the memory's start, as AF_XDP writes it. Frames are conserved (I2): each is in a free
 * list, or in one ring, or in a batch, or held: by the agent, or in a worker's reassembly.
 */
#ifndef PORT_FRAMES_H
#define PORT_FRAMES_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

/* The kernel leaves this much before received data (XDP_PACKET_HEADROOM); the other backends do
 * too. The router prepends headers there, and keeps the chain of a multi-buffer packet there. */
#define FRAME_HEADROOM 256

/* In a tag: the frame was not last handed to a fill ring, so what lies in it did not come in there:
 * it was sent since, or is from a free list. */
#define FRAME_TAG_OTHER 0x8000

enum frames_huge { FRAMES_HUGE_PREFER, FRAMES_HUGE_REQUIRE, FRAMES_HUGE_NEVER };

struct frames {
	uint8_t *base;
	uint64_t bytes;
	uint32_t n;
	uint32_t chunk; /* 2048 or 4096 */
	uint32_t shift; /* log2(chunk) */
	bool huge;      /* lies on 2 MiB pages */
	/* Tag of the queue that a frame was last handed to (fill or transmit ring), a frame: when a
	 * queue is closed, its tag and the free lists tell which frames went down with it. 0 is no
	 * queue's. Written relaxed by who has the frame; read by others in frames_recover() alone.
	 */
	uint16_t *tag;
};

/* A thread's private stack of free frames. */
struct frame_cache {
	struct frames *frames;
	uint32_t n;
	uint32_t size; /* room: all frames of the memory */
	uint64_t *addr;
	uint64_t *seen; /* bitmap over all frames, scratch of frames_recover() */
};

/**
 * frames_new - map and touch the frame memory
 * @out:   set on success; freed with frames_free()
 * @n:     how many frames
 * @chunk: bytes a frame, 2048 or 4096
 * @huge:  whether 2 MiB pages are wanted
 *
 * Context: agent. Return: 0, -EINVAL, -ENOMEM (also when FRAMES_HUGE_REQUIRE cannot be met).
 */
[[nodiscard]] int frames_new(struct frames **out, uint32_t n, uint32_t chunk,
                             enum frames_huge huge);
void frames_free(struct frames *f);

/* An empty free list over @f, with room for all its frames. Return: 0 or -ENOMEM. Context: agent.
 */
[[nodiscard]] int frame_cache_init(struct frame_cache *c, struct frames *f);
void frame_cache_fini(struct frame_cache *c);

/* Put every frame of the memory into @c; done once, at start. Context: agent. */
void frame_cache_fill(struct frame_cache *c);

static force_inline uint64_t frame_addr(const struct frames *f, const uint8_t *data)
{
	return (uint64_t)(data - f->base);
}

static force_inline uint8_t *frame_data(const struct frames *f, uint64_t addr)
{
	return f->base + addr;
}

/* The frame's number, 0 .. n - 1. */
static force_inline uint32_t frame_index(const struct frames *f, uint64_t addr)
{
	return (uint32_t)(addr >> f->shift);
}

/* Start of the chunk that @addr lies in (the RX address is not the chunk's base, AF_XDP row 22). */
static force_inline uint64_t frame_base(const struct frames *f, uint64_t addr)
{
	return addr & ~((uint64_t)f->chunk - 1);
}

/* Note whose the frame that holds @addr is. Context: who has the frame. */
static force_inline void frame_tag_set(struct frames *f, uint64_t addr, uint16_t tag)
{
	__atomic_store_n(&f->tag[addr >> f->shift], tag, __ATOMIC_RELAXED);
}

/* Give the frame that holds @addr back. Context: the cache's owner. */
static force_inline void frame_put(struct frame_cache *c, uint64_t addr)
{
	assert(c->n < c->size); /* I2: no frame is freed twice */
	c->addr[c->n++] = frame_base(c->frames, addr);
}

/* Take a free frame to write into: *addr is its chunk's start, and it is no queue's any more.
 * Return: false if there is none. Context: owner. */
static force_inline bool frame_get(struct frame_cache *c, uint64_t *addr)
{
	if (unlikely(c->n == 0))
		return false;
	*addr = c->addr[--c->n];
	frame_tag_set(c->frames, *addr, FRAME_TAG_OTHER);
	return true;
}

/* Take a free frame for a packet that is written here: its tag says that nothing in it came in.
 * Return: where the packet is to begin, or NULL if there is no frame. Context: owner. */
static inline uint8_t *frame_get_blank(struct frame_cache *c)
{
	uint64_t addr;

	if (!frame_get(c, &addr))
		return NULL;
	frame_tag_set(c->frames, addr, 0);
	return frame_data(c->frames, addr) + FRAME_HEADROOM;
}

/**
 * frames_recover - take back the frames that went down with a closed queue
 * @c:   the free list of the worker that owned the queue
 * @tag: the queue's
 *
 * Every frame with @tag that is not in @c goes into @c. That is exact: of the frames last handed to
 * this queue, those that came back are in its owner's list, because a frame that goes to another
 * queue gets that one's tag, and whoever hands a frame to another thread (the agent, a worker, the
 * depot) clears its tag first. So no other thread has a frame with @tag, or writes @tag meanwhile:
 * what it writes instead does not matter here. The tag is cleared everywhere, those in @c included.
 *
 * Context: the cache's owner, between batches; no frame of the queue is in a batch. The kernel must
 * have let go of the queue. Return: how many frames came back.
 */
uint32_t frames_recover(struct frame_cache *c, uint16_t tag);

/*
 * A packet longer than a frame (XDP_USE_SG) lies in several; the first one's headroom lists the
 * others, in order. @len of struct pkt is the whole packet's.
 */
#define FRAME_CHAIN_MAX 17 /* the kernel's MAX_SKB_FRAGS */
struct frame_chain {
	uint32_t n;
	struct {
		uint64_t addr : 48;
		uint64_t len : 16;
	} part[FRAME_CHAIN_MAX];
};
static_assert(sizeof(struct frame_chain) <= FRAME_HEADROOM - 64, "leave room to prepend headers");

/* The chain record of the packet whose first frame holds @data. */
static inline struct frame_chain *frame_chain(const struct frames *f, const uint8_t *data)
{
	return (struct frame_chain *)(f->base + frame_base(f, frame_addr(f, data)));
}

#endif
