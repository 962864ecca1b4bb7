/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reass: fragments of datagrams to the router itself, until they are whole (RFC 791 3.2, RFC 1122
 * 3.3.2; RFC 8200 4.5). A store of bounded size with frames of its own, a worker each, for both
 * families; nobody else touches it.
 *
 * An entry is a datagram: (source, destination, identification), of IPv4 the protocol as well, of a
 * link-local source the interface. Its
 * payload, of IPv6 what follows the fragment header, is copied
 * to where it will lie in a chain of frames, so that what is whole needs no more than its header.
 * Which blocks of 8 bytes are there is kept in a bitmap. An entry whose fragments contradict each
 * other (overlaps, two ends; RFC 1858, RFC 5722's rule) gives up its frames, and remains until its
 * time is up so that the rest of it finds no second chance.
 *
 * Everything is bounded: entries, those of one source, frames. Who needs room pushes out the oldest
 * of its own source, or else the oldest of all. Sources are told apart by a seeded hash: those that
 * share a slot share its bound. An IPv6 source is a /64, for whoever has one address of it has all.
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
#include "wire/ip.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define REASS_NS         30000000000ull /* an entry's time, from its first fragment on */
#define REASS6_NS        60000000000ull /* of IPv6 (RFC 8200 4.5) */
#define REASS_ENTRIES    64
#define REASS_SOURCES    32  /* slots that sources are hashed to */
#define REASS_PER_SOURCE 16  /* entries of one slot */
#define REASS_FRAMES_MAX 256 /* of a worker; see reass_share() */

/* Octets of extension headers before the fragment header that are kept, more is refused; and of
 * all headers, with Ethernet's and the fragment header. */
#define REASS_EXT  64
#define REASS_HEAD (ETHER_LEN + IP6_LEN + REASS_EXT + IP6_FRAG_LEN)

/* Where the payload begins in the first frame: the longest header has room before it. A multiple of
 * 8, so that each frame has whole blocks. */
#define REASS_FIRST 384
static_assert(REASS_FIRST % 8 == 0 && REASS_FIRST >= FRAME_HEADROOM + REASS_HEAD &&
                      REASS_HEAD >= ETHER_LEN + IP4_MAX_LEN,
              "the header goes before the payload");

#define REASS_PARTS (FRAME_CHAIN_MAX + 1) /* frames of one datagram */
#define REASS_BYTES 65536

struct reass_entry {
	struct cds_list_head age;    /* among its family's, oldest first */
	struct cds_list_head source; /* among those of its slot, oldest first */
	uint64_t since_ns;
	struct ip src, dst;
	uint32_t id;   /* as loaded */
	uint32_t link; /* that @src is of alone, counted from 1; 0: of none */
	uint16_t in;   /* iface that @head came in by */
	uint8_t flags; /* of @head, enum pkt_flag */
	bool ip6;
	uint8_t proto; /* of IPv4 */
	uint8_t slot;
	bool given_up;      /* contradictory: holds no frames, takes no fragments */
	uint8_t ecn;        /* codepoints of the fragments that are there, a bit each */
	bool has_first;     /* @head is that of the fragment with offset 0 */
	uint8_t head_len;   /* bytes of @head: all before the payload as it came */
	uint8_t next_at;    /* of IPv6: octet of @head that names the fragment header */
	uint32_t first_len; /* payload of the fragment with offset 0 */
	uint32_t end;       /* length of the whole payload, 0: not known yet */
	uint32_t max;       /* end of the payload that is there */
	uint32_t blocks;    /* that are there */
	uint8_t head[REASS_HEAD];
	uint64_t frame[REASS_PARTS]; /* REASS_NO_FRAME where there is none yet */
	uint64_t seen[REASS_BYTES / 8 / 64];
};
#define REASS_NO_FRAME UINT64_MAX

struct reass_slot {
	struct cds_list_head entries;
	uint32_t n;
};

struct reass {
	uint64_t due_ns;  /* when the first entry's time is up; UINT64_MAX: there is none */
	uint64_t held;    /* frames it has, a gauge; one writer, the worker, read relaxed */
	uint64_t evicted; /* entries that gave way to newer ones; a counter */
	uint64_t seed;
	struct frame_cache *cache;   /* the worker's */
	uint32_t limit;              /* frames it may have */
	uint32_t room[2];            /* the longest payload, of IPv4 and IPv6 */
	struct cds_list_head age[2]; /* entries in use of IPv4 and IPv6, oldest first */
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
 * @p:     the fragment, checked by input, and of IPv6 by walk6(); its bytes are copied, its frames
 *         stay the caller's
 * @whole: data is NULL, or the datagram that it completed, whose frames are the caller's
 *
 * Exact repetitions change nothing. Of IPv6 the whole has no fragment header. Context: worker.
 * Return: CONSUMED_FRAGMENT; DROP_FRAGMENT if it is malformed or contradicts others, DROP_NO_FRAME.
 */
enum verdict reass_add(struct reass *s, const struct pkt *p, uint64_t now_ns, struct pkt *whole);

/**
 * reass_expire - end an entry whose time is up
 * @k: data is NULL, or what there is to be answered: the first fragment, with its header as it came
 *     in and at most one frame, or another one's header. Its frame is the caller's
 *
 * Context: worker. Return: false if none is due.
 */
bool reass_expire(struct reass *s, uint64_t now_ns, struct pkt *k);

#endif
