/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What gen.bpf.c shares with framegen and framesink: their settings and counters. */
#ifndef BENCH_GEN_H
#define BENCH_GEN_H

#include <linux/types.h>

/* Ethernet, IPv4 without options, UDP. */
#define GEN_HEADER_LEN 42
#define GEN_DPORT      9 /* discard */

/* Written by framegen before loading. */
struct gen_config {
	__u64 header[6]; /* the first 42 bytes of each frame; destination and checksum zero */
	__u32 ifindex;   /* device to send by */
	__u32 dst_first; /* destinations: dst_count of them from here, host byte order */
	__u32 dst_count;
	__u32 sport_first; /* source ports likewise */
	__u32 sport_count;
	__u32 gap; /* between frames in 1/1024 ns; 0: none */
	__u32 sum; /* of the IPv4 header as it stands in @header, 16-bit words in host order */
};

/* Written by framesink before loading. */
struct sink_config {
	__u8 dst_mac[6];
	__u8 ttl;
	__u8 check_mac; /* 0: any destination MAC will do */
};

/* One a CPU; written by the sink's program, read and summed by framesink. */
struct sink_count {
	__u64 packets; /* as expected */
	__u64 bytes;   /* of these */
	__u64 bad;     /* frames of the generator with wrong MAC, TTL or IPv4 checksum */
	__u64 other;   /* not the generator's */
};

#endif
