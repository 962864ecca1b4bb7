/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What steer.bpf.c and src/port/steer.c say to each other: the layout of the program's maps. All
 * belong to one interface.
 *
 * sockets    XSKMAP, index = rx_queue_index
 * config     array of one struct steer_config
 * decisions  per-CPU array of 64-bit packet counts, index = enum steer_decision
 * local4     hash, key struct steer_key4: the kernel's own addresses, with control: kernel
 * local6     hash, key struct steer_key6: the same for IPv6
 */
#ifndef STEER_H
#define STEER_H

#include <linux/types.h>

#define STEER_QUEUES 64   /* as many as a port may have */
#define STEER_LOCAL  4096 /* addresses of each family */

/* What became of a packet. */
enum steer_decision {
	STEER_TO_SOCKET,         /* to the AF_XDP socket of its queue */
	STEER_PASSED_LOCAL,      /* control: kernel: not transit, the kernel's */
	STEER_PASSED_LINK,       /* bridge port: LLDP, LACP, STP and their like */
	STEER_PASSED_NO_SOCKET,  /* queue without a socket, on-failure: pass */
	STEER_DROPPED_NO_SOCKET, /* queue without a socket, on-failure: drop */
	STEER_DECISIONS,
};

struct steer_config {
	__u8 kernel;      /* control: kernel; otherwise own */
	__u8 drop;        /* on-failure: drop; otherwise pass */
	__u8 bridge_port; /* 01:80:c2:00:00:0x goes to the kernel */
	__u8 reserved[5];
};

struct steer_key4 {
	__be32 addr;
};

struct steer_key6 {
	__u8 addr[16];
};

/* Value of both maps of local addresses; the key's presence is what counts. */
struct steer_local {
	__u32 reserved;
};

#endif
