/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reass: fragments of datagrams to the router itself, until they are whole (RFC 791 3.2, RFC 1122
 * 3.3.2). A store of bounded size with frames of its own, a worker each; nobody else touches it.
 *
 * An entry is a datagram: (source, destination, protocol, identification). Its payload is copied
 * to where it will lie in a chain of frames, so that what is whole needs no more than its header.
 * Which blocks of 8 bytes are there is kept in a bitmap. An entry whose fragments contradict each
 * other (overlaps, two ends; RFC 1858, RFC 5722's rule) gives up its frames, and remains until its
 * time is up so that the rest of it finds no second chance.
 *
 * Everything is bounded: entries, those of one source, frames. Who needs room pushes out the oldest
 * of its own source, or else the oldest of all. Sources are told apart by a seeded hash: those that
 * share a slot share its bound.
 */
#ifndef PIPELINE_REASS_H
#define PIPELINE_REASS_H

#include <stdbool.h>
#include <stdint.h>
#include <urcu/list.h>

#include "packet/pkt.h"
#include "packet/verdict.h"
#include "port/frames.h"
#include "wire/ether.h"
#include "wire/ip4.h"

#define REASS_NS         30000000000ull /* an entry's time, from its first fragment on */
#define REASS_ENTRIES    64
#define REASS_SOURCES    32  /* slots that sources are hashed to */
#define REASS_PER_SOURCE 16  /* entries of one slot */
#define REASS_FRAMES_MAX 256 /* of a worker; see reass_share() */

/* Where the payload begins in the first frame: the longest header has room before it. A multiple of
 * 8, so that each frame has whole blocks. */
#define REASS_FIRST 336
static_assert(REASS_FIRST % 8 == 0 && REASS_FIRST >= FRAME_HEADROOM + ETHER_LEN + IP4_MAX_LEN,
              "the header goes before the payload");

#define REASS_PARTS (FRAME_CHAIN_MAX + 1) /* frames of one datagram */
#define REASS_BYTES 65536

struct reass_entry {
	struct cds_list_head age;    /* among all, oldest first */
	struct cds_list_head source; /* among those of its slot, oldest first */
	uint64_t due_ns;
	uint32_t src, dst; /* as loaded */
	uint16_t id;       /* as loaded */
	uint16_t in;       /* iface that @head came in by */
	uint8_t proto;
	uint8_t slot;
	bool given_up;      /* contradictory: holds no frames, takes no fragments */
	uint8_t ecn;        /* codepoints of the fragments that are there, a bit each */
	bool has_first;     /* @head is that of the fragment with offset 0 */
	uint8_t head_len;   /* bytes of @head: Ethernet and IPv4 header as they came */
	uint32_t first_len; /* payload of the fragment with offset 0 */
	uint32_t end;       /* length of the whole payload, 0: not known yet */
	uint32_t max;       /* end of the payload that is there */
	uint32_t blocks;    /* that are there */
	uint8_t head[ETHER_LEN + IP4_MAX_LEN];
	uint64_t frame[REASS_PARTS]; /* REASS_NO_FRAME where there is none yet */
	uint64_t seen[REASS_BYTES / 8 / 64];
};
#define REASS_NO_FRAME UINT64_MAX

struct reass_slot {
	struct cds_list_head entries;
	uint32_t n;
};

struct reass {
	uint64_t due_ns;  /* when the oldest entry's time is up; UINT64_MAX: there is none */
	uint64_t held;    /* frames it has, a gauge; one writer, the worker, read relaxed */
	uint64_t evicted; /* entries that gave way to newer ones; a counter */
	uint64_t seed;
	struct frame_cache *cache; /* the worker's */
	uint32_t limit;            /* frames it may have */
	uint32_t room;             /* the longest payload */
	struct cds_list_head age;  /* entries in use, oldest first */
	struct cds_list_head unused;
	struct reass_slot slot[REASS_SOURCES];
	struct reass_entry entry[REASS_ENTRIES];
};

/**
 * reass_init - an empty store
 * @s: does not move from then on
 * @c: where frames are taken from and given back to
 *
 * What it holds at its end is not given back. Context: agent, before the worker runs.
 * Return: 0 or a negative errno.
 */
[[nodiscard]] int reass_init(struct reass *s, struct frame_cache *c);

/* @s is one of @n that share the memory: all together may have a sixteenth of it, or one longest
 * datagram each. Context: agent, before the worker runs. */
void reass_share(struct reass *s, unsigned int n);

/**
 * reass_add - take a fragment in
 * @p:     the fragment, checked by input; its bytes are copied, its frames stay the caller's
 * @whole: data is NULL, or the datagram that it completed, whose frames are the caller's
 *
 * Exact repetitions change nothing. Context: worker.
 * Return: CONSUMED_FRAGMENT; DROP_FRAGMENT if it is malformed or contradicts others, DROP_NO_FRAME.
 */
enum verdict reass_add(struct reass *s, const struct pkt *p, uint64_t now_ns, struct pkt *whole);

/**
 * reass_expire - end the oldest entry, if its time is up
 * @k: data is NULL, or what there is to be answered: the first fragment, with its header as it came
 *     in and at most one frame, or another one's header. Its frame is the caller's
 *
 * Context: worker. Return: false if none is due.
 */
bool reass_expire(struct reass *s, uint64_t now_ns, struct pkt *k);

#endif
