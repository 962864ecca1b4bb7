/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fdb: which station is behind which port of a bridge, VLAN by VLAN (IEEE 802.1Q 8.8). A line of
 * the cache has four keys and their values, two lines to choose from. The agent alone puts keys in
 * and takes them out; workers look up, and change values in place: when a station was last heard
 * of, and by which port, so that one that moves is followed with its first frame.
 *
 * A reader sees a value of the key it asked for, or none; how, says fdb.c. A key that moves from
 * line to line may be missed for a moment: its frame is flooded then, which is right for one that
 * is unknown.
 */
#ifndef BRIDGE_FDB_H
#define BRIDGE_FDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fdb;

/* A key: MAC and VLAN. The MAC is as mac_load() gives it, no group and not 0. */
static inline uint64_t fdb_key(uint64_t mac, uint16_t vid)
{
	return mac << 16 | vid;
}

static inline uint64_t fdb_key_mac(uint64_t key)
{
	return key >> 16;
}

static inline uint16_t fdb_key_vid(uint64_t key)
{
	return key & 0xfff;
}

/*
 * A value: bits 0 to 15 are the port, 16 says that there is a value, 17 that it is static, 18 to 31
 * are the table's own, 32 to 63 the tick in which the station was last heard of. 0: unknown.
 */
#define FDB_KNOWN  (1ull << 16)
#define FDB_STATIC (1ull << 17) /* neither moves nor ages */
#define FDB_ROUTER 0xffff       /* the port of addresses of the router's own, which are static */

static inline uint16_t fdb_port(uint64_t value)
{
	return (uint16_t)value;
}

static inline uint32_t fdb_seen(uint64_t value)
{
	return (uint32_t)(value >> 32);
}

/* Time as the table counts it: ticks of 0.27 s. They come round after 36 years. */
static inline uint32_t fdb_tick(uint64_t now_ns)
{
	return (uint32_t)(now_ns >> 28);
}

/**
 * fdb_new - an empty table
 * @out: set on success; freed with fdb_free() when no reader is left
 * @max: stations it has room for
 *
 * Context: agent. Return: 0 or -ENOMEM.
 */
[[nodiscard]] int fdb_new(struct fdb **out, uint32_t max);
void fdb_free(struct fdb *t);

/**
 * fdb_find - the values of up to 64 keys; a key of 0 has none
 *
 * Context: worker (RCU), agent.
 */
void fdb_find(const struct fdb *t, const uint64_t *key, uint64_t *value, uint32_t n);

/* Who speaks, as fdb_hear() found out: bits are positions in the batch. */
struct fdb_heard {
	uint64_t unknown; /* not in the table; of equal ones in a row, the first */
	uint64_t moved;   /* was behind another port until now: old[] */
	uint64_t router;  /* an address of the router's own */
	uint16_t old[64];
};

/**
 * fdb_hear - stations speak: note when, and where they are now
 * @key:  of up to 64 sources; 0: skip
 * @port: that all of them came in by
 * @tick: fdb_tick() of now
 * @stay: stations do not move to this port: it has as many as it may
 *
 * Static ones stay as they are. Context: worker (RCU).
 */
void fdb_hear(struct fdb *t, const uint64_t *key, uint32_t n, uint16_t port, uint32_t tick,
              bool stay, struct fdb_heard *heard);

/* Put @key in, or give it another value. @flags: 0 or FDB_STATIC. Return: 0, -ENOSPC when the table
 * has as many as it may or no slot. Context: agent. */
[[nodiscard]] int fdb_set(struct fdb *t, uint64_t key, uint16_t port, uint64_t flags,
                          uint32_t tick);

/* Return: was it there? Context: agent. */
bool fdb_remove(struct fdb *t, uint64_t key);

/* How many there are. Context: agent. */
uint32_t fdb_count(const struct fdb *t);

/* Walk all: *at is 0 to begin with. Keys that are put in or moved meanwhile may be missed or come
 * twice; the one just returned may be removed. Return: false at the end. Context: agent. */
bool fdb_next(const struct fdb *t, size_t *at, uint64_t *key, uint64_t *value);

#endif
