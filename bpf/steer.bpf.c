/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * steer: whose is this packet? To the AF_XDP socket of its queue, or to the kernel; nothing else is
 * decided here. A queue without a socket, also because its owner died, gets the interface's
 * on-failure verdict.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "steer.h"

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, STEER_QUEUES);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct steer_config);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STEER_DECISIONS);
	__type(key, __u32);
	__type(value, __u64);
} decisions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, STEER_LOCAL);
	__type(key, struct steer_key4);
	__type(value, struct steer_local);
} local4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, STEER_LOCAL);
	__type(key, struct steer_key6);
	__type(value, struct steer_local);
} local6 SEC(".maps");

static __always_inline int decide(enum steer_decision decision, int action)
{
	__u32 key = decision;
	__u64 *n = bpf_map_lookup_elem(&decisions, &key);

	if (n)
		(*n)++; /* per CPU, and XDP is not preempted by XDP */
	return action;
}

/* 01:80:c2:00:00:00 to 0f, which no bridge forwards (IEEE 802.1Q table 8-1). */
static __always_inline bool is_link_protocol(const struct ethhdr *eth)
{
	return eth->h_dest[0] == 0x01 && eth->h_dest[1] == 0x80 && eth->h_dest[2] == 0xc2 &&
	       eth->h_dest[3] == 0 && eth->h_dest[4] == 0 && eth->h_dest[5] < 0x10;
}

/* Could a router send it on: unicast, beyond the link, and not to the kernel itself? */
static __always_inline bool is_transit4(const struct iphdr *ip)
{
	struct steer_key4 key = {.addr = ip->daddr};
	__u32 dst = bpf_ntohl(ip->daddr);

	if (dst >> 28 >= 0xe || dst >> 24 == 0 || dst >> 24 == 127 || dst >> 16 == 0xa9fe)
		return false;
	return !bpf_map_lookup_elem(&local4, &key);
}

static __always_inline bool is_transit6(const struct ipv6hdr *ip)
{
	const __u8 *dst = ip->daddr.in6_u.u6_addr8;
	struct steer_key6 key;

	if (dst[0] == 0xff || (dst[0] == 0xfe && (dst[1] & 0xc0) == 0x80))
		return false;
	__builtin_memcpy(key.addr, dst, sizeof(key.addr));
	return !bpf_map_lookup_elem(&local6, &key);
}

static __always_inline bool is_transit(const struct ethhdr *eth, const void *end)
{
	const char *net = (const char *)(eth + 1);

	if (eth->h_dest[0] & 1)
		return false;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return net + sizeof(struct iphdr) <= (const char *)end &&
		       is_transit4((const void *)net);
	if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		return net + sizeof(struct ipv6hdr) <= (const char *)end &&
		       is_transit6((const void *)net);
	return false;
}

SEC("xdp.frags")
int steer(struct xdp_md *ctx)
{
	const void *end = (const void *)(long)ctx->data_end;
	const struct ethhdr *eth = (const void *)(long)ctx->data;
	__u32 zero = 0;
	const struct steer_config *c = bpf_map_lookup_elem(&config, &zero);
	int verdict;

	if (!c)
		return XDP_ABORTED; /* an array's only entry is always there */
	if (c->bridge_port && (const void *)(eth + 1) <= end && is_link_protocol(eth))
		return decide(STEER_PASSED_LINK, XDP_PASS);
	if (c->kernel && ((const void *)(eth + 1) > end || !is_transit(eth, end)))
		return decide(STEER_PASSED_LOCAL, XDP_PASS);

	/* The map answers with the verdict given here where it has no socket. */
	verdict = c->drop ? XDP_DROP : XDP_PASS;
	switch (bpf_redirect_map(&sockets, ctx->rx_queue_index, verdict)) {
	case XDP_REDIRECT:
		return decide(STEER_TO_SOCKET, XDP_REDIRECT);
	case XDP_DROP:
		return decide(STEER_DROPPED_NO_SOCKET, XDP_DROP);
	default:
		return decide(STEER_PASSED_NO_SOCKET, XDP_PASS);
	}
}

char LICENSE[] SEC("license") = "GPL";
