// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two ends of the veth benchmark. generate() runs under BPF_PROG_TEST_RUN with live frames: it
 * writes a frame's headers anew each time, because whoever had the page before has changed them,
 * and redirects. sink() counts what came through the router, checks it and drops it.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "gen.h"

/* Set before loading; volatile, for the compiler must not take the zeros for the truth. */
const volatile struct gen_config gen_config = {0};
const volatile struct sink_config sink_config = {0};

/* One generator runs one program in one thread. */
__u32 gen_seq = 0;
__u64 gen_due = 0; /* when the next frame may go, in 1/1024 ns */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sink_count);
} sink_counts SEC(".maps");

static __always_inline __u32 pick(__u32 random, __u32 first, __u32 count)
{
	return first + (__u32)((__u64)random * count >> 32);
}

static __always_inline __u16 sum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)sum;
}

static long frame_waits(__u32 round, void *due_ns)
{
	(void)round;
	return bpf_ktime_get_ns() >= *(__u64 *)due_ns;
}

/* Hold the rate here, for each system call that starts a run costs a grace period. Behind by more
 * than a millisecond, it forgets what was missed. */
static __always_inline void pace(void)
{
	__u64 due_ns = gen_due >> 10;
	__u64 now_ns = bpf_ktime_get_ns();

	if (due_ns + 1000000 < now_ns) {
		gen_due = now_ns << 10;
	} else if (now_ns < due_ns) {
		bpf_loop(1 << 14, frame_waits, &due_ns, 0);
	}
	gen_due += gen_config.gap;
}

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	__u8 *data = (__u8 *)(long)ctx->data;
	__u8 *end = (__u8 *)(long)ctx->data_end;
	__u64 *out = (__u64 *)data;
	__u32 random, dst;
	struct iphdr *ip;
	struct udphdr *udp;

	if (data + 48 > end)
		return XDP_ABORTED;
	if (gen_config.gap)
		pace();
	/* Two odd multipliers: addresses and ports walk through their ranges independently. */
	random = ++gen_seq * 2654435761u;
	dst = pick(random, gen_config.dst_first, gen_config.dst_count);

	for (int i = 0; i < 6; i++)
		out[i] = gen_config.header[i];
	ip = (struct iphdr *)(data + ETH_HLEN);
	ip->daddr = bpf_htonl(dst);
	ip->check = bpf_htons((__u16)~sum_fold(gen_config.sum + (dst >> 16) + (dst & 0xffff)));
	udp = (struct udphdr *)(ip + 1);
	random = gen_seq * 2246822519u;
	udp->source =
		bpf_htons((__u16)pick(random, gen_config.sport_first, gen_config.sport_count));
	return (int)bpf_redirect(gen_config.ifindex, 0);
}

static __always_inline int ip_sum_good(const struct iphdr *ip)
{
	const __u16 *words = (const __u16 *)ip;
	__u32 sum = 0;

	for (int i = 0; i < 10; i++)
		sum += words[i];
	return sum_fold(sum) == 0xffff;
}

static __always_inline int as_expected(const struct ethhdr *eth, const struct iphdr *ip)
{
	int same = 1;

	for (int i = 0; i < ETH_ALEN; i++)
		same &= eth->h_dest[i] == sink_config.dst_mac[i];
	if (sink_config.check_mac && !same)
		return 0;
	return ip->ttl == sink_config.ttl && ip_sum_good(ip);
}

SEC("xdp")
int sink(struct xdp_md *ctx)
{
	__u8 *data = (__u8 *)(long)ctx->data;
	__u8 *end = (__u8 *)(long)ctx->data_end;
	struct ethhdr *eth = (struct ethhdr *)data;
	struct iphdr *ip = (struct iphdr *)(eth + 1);
	struct udphdr *udp = (struct udphdr *)(ip + 1);
	__u32 zero = 0;
	struct sink_count *c = bpf_map_lookup_elem(&sink_counts, &zero);

	if (!c)
		return XDP_ABORTED;
	if ((__u8 *)(udp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != 17 ||
	    udp->dest != bpf_htons(GEN_DPORT)) {
		c->other++;
		return XDP_DROP;
	}
	if (!as_expected(eth, ip)) {
		c->bad++;
		return XDP_DROP;
	}
	c->packets++;
	c->bytes += (__u64)(end - data);
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
