/* SPDX-License-Identifier: BSD-2-Clause */
/* chain: packets longer than a frame (XDP_USE_SG). Off the hot path: jumbo frames only. */
#ifndef PIPELINE_CHAIN_H
#define PIPELINE_CHAIN_H

#include "packet/pkt.h"
#include "port/port.h"
#include <uapi/if_xdp.h>

/**
 * chain_gather - read a packet of several descriptors
 * @idx, @n: descriptors there are
 * @p: data and len (of all parts) are set; the chain is noted in the first frame's headroom
 *
 * What ends already here has its verdict set: a packet whose first frame is too short, or one with
 * more frames or bytes than a chain can hold, of which the rest goes back to @c.
 * Context: worker. Return: descriptors used, 0 if the last one is not there yet.
 */
uint32_t chain_gather(struct frame_cache *c, struct port_queue *q, uint32_t idx, uint32_t n,
                      struct pkt *p);

/* Bytes of the chain @p that lie in its first frame; an answer may begin elsewhere than what came.
 */
uint16_t chain_first_len(const struct frames *f, const struct pkt *p);

/* Bytes of the chain whose first frame holds @data that lie in the others. */
uint16_t chain_rest_len(const struct frames *f, const uint8_t *data);

/* csum_add() over what follows the IPv4 header of @p, or the 40 bytes of its IPv6 header, in one
 * frame or in several. */
uint64_t chain_csum(const struct frames *f, const struct pkt *p);

/* Let the frames of the packet at @data, a @chain or one, be no queue's: another thread gets them.
 */
void chain_untag(struct frames *f, const uint8_t *data, bool chain);

/* The bytes of a packet from front to back, wherever its frames end. */
struct chain_reader {
	const struct frames *frames;
	const struct frame_chain *chain; /* NULL: one frame */
	const uint8_t *at;
	uint32_t left; /* bytes from @at in its frame */
	uint32_t next; /* part of the chain that comes then */
};

/* Read @p, from @skip bytes behind its Ethernet header on; these lie in its first frame. Context:
 * worker, while the packet's frames are its own. */
void chain_reader_init(struct chain_reader *r, const struct frames *f, const struct pkt *p,
                       uint32_t skip);

/* The next bytes that lie together, at most @max. Return: how many, at *at; 0 at the end. */
uint32_t chain_next(struct chain_reader *r, uint32_t max, const uint8_t **at);

/* Copy the next @n bytes; there are as many. */
void chain_read(struct chain_reader *r, uint8_t *to, uint32_t n);

/**
 * chain_trim - leave the first @len bytes of the chain @p, a trailer being no part of the packet
 * @p: as it was received; the caller takes over the new length
 *
 * Frames with nothing of the packet in them go back to @c.
 * Context: worker. Return: whether it is a chain still, or lies in its first frame.
 */
bool chain_trim(struct frame_cache *c, const struct pkt *p, uint32_t len);

/* Free all frames of the chain at @data but the first. */
void chain_free_rest(struct frame_cache *c, const uint8_t *data);

#endif
