/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer_mac: the table of MACs to compare with: DPDK's rte_hash of 8-byte keys with its CRC hash and
 * its bulk look-up, in this process. It has half as many slots again as ours asks for, which is the
 * same power of two.
 */
#ifndef BENCH_PEER_MAC_H
#define BENCH_PEER_MAC_H

#include <stdint.h>

#define PEER_MAC_NAME "rte_hash"

struct peer_mac;

/* As peer_open(), more than once in a process. @name: another for each. */
[[nodiscard]] int peer_mac_open(struct peer_mac **out, uint32_t max, const char *name,
                                const char **why);
void peer_mac_close(struct peer_mac *p);

/* Return: 0 or a negative errno. */
[[nodiscard]] int peer_mac_insert(struct peer_mac *p, uint64_t key, uint64_t value);

/* Values of up to 64 keys; those that are not there are left alone. Return: bits of those found. */
uint64_t peer_mac_lookup(const struct peer_mac *p, const uint64_t *key, uint64_t *value,
                         uint32_t n);

#endif
