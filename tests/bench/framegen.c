/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * framegen: sends UDP frames by a device at many millions a second, through BPF_PROG_TEST_RUN with
 * live frames: the kernel runs generate() of gen.bpf.c over pages of its own and hands them to the
 * device as redirected XDP frames. On veth the peer must have an XDP program or GRO on.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gen.h"
#include "gen.skel.h"
#include "netarg.h"
#include "wire/ether.h"
#include "wire/ip4.h"

#define LEN_MAX   1514
#define CHUNK     131072u /* frames of the first system call */
#define CHUNK_MAX (1u << 30)
#define RATE_MIN  10000

static const char usage[] =
	"usage: framegen --dev IFNAME --dst-mac MAC --dst-ip A[-B|/LEN] [OPTION...]\n"
	"  --src-mac MAC     default 02:00:00:00:00:aa\n"
	"  --src-ip ADDRESS  default 10.0.0.2\n"
	"  --ports N         number of source ports, from 1024 (default 1024)\n"
	"  --size BYTES      of a frame without FCS, 60 to 1514 (default 60)\n"
	"  --seconds S       default 5\n"
	"  --rate PPS        10000 and more; default: as fast as it goes\n"
	"  --batch N         frames a flush, 1 to 256 (default 64)\n"
	"  --cpu N           core to run on\n";

struct options {
	const char *dev;
	uint8_t dst_mac[6], src_mac[6];
	uint32_t src, dst_first, dst_count;
	uint64_t ports, size, rate, batch;
	int64_t cpu;
	double seconds;
	bool have_mac, have_dst;
};

static volatile sig_atomic_t stopped;

static void stop(int)
{
	stopped = 1;
}

static bool option_take(struct options *o, int c, const char *arg)
{
	uint64_t cpu;

	switch (c) {
	case 'd':
		o->dev = arg;
		return true;
	case 'm':
		return o->have_mac = netarg_mac(arg, o->dst_mac);
	case 's':
		return netarg_mac(arg, o->src_mac);
	case 'a':
		return o->have_dst = netarg_range4(arg, &o->dst_first, &o->dst_count);
	case 'b':
		return netarg_ip4(arg, &o->src);
	case 'p':
		return netarg_number(arg, 1, 64512, &o->ports);
	case 'z':
		return netarg_number(arg, 60, LEN_MAX, &o->size);
	case 't':
		return netarg_seconds(arg, &o->seconds);
	case 'r':
		return netarg_number(arg, RATE_MIN, 100000000, &o->rate);
	case 'n':
		return netarg_number(arg, 1, 256, &o->batch);
	case 'c':
		o->cpu = netarg_number(arg, 0, 1023, &cpu) ? (int64_t)cpu : -1;
		return o->cpu >= 0;
	default:
		return false;
	}
}

static bool options_parse(struct options *o, int argc, char **argv)
{
	static const struct option known[] = {
		{"dev", required_argument, NULL, 'd'},
		{"dst-mac", required_argument, NULL, 'm'},
		{"src-mac", required_argument, NULL, 's'},
		{"dst-ip", required_argument, NULL, 'a'},
		{"src-ip", required_argument, NULL, 'b'},
		{"ports", required_argument, NULL, 'p'},
		{"size", required_argument, NULL, 'z'},
		{"seconds", required_argument, NULL, 't'},
		{"rate", required_argument, NULL, 'r'},
		{"batch", required_argument, NULL, 'n'},
		{"cpu", required_argument, NULL, 'c'},
		{},
	};
	int c;

	*o = (struct options){
		.src_mac = {2, 0, 0, 0, 0, 0xaa},
		.src = 0x0a000002,
		.ports = 1024,
		.size = ETHER_MIN_LEN,
		.batch = 64,
		.cpu = -1,
		.seconds = 5,
	};
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (!option_take(o, c, optarg))
			return false;
	return optind == argc && o->dev != NULL && o->have_mac && o->have_dst;
}

/* The frame without what the program fills in: destination, IPv4 checksum, source port. */
static void frame_write(uint8_t *frame, const struct options *o)
{
	uint8_t *ip = frame + ETHER_LEN;
	uint8_t *udp = ip + IP4_LEN;
	uint16_t ip_len = (uint16_t)(o->size - ETHER_LEN);

	memset(frame, 0, o->size);
	memcpy(frame, o->dst_mac, 6);
	memcpy(frame + 6, o->src_mac, 6);
	store16(frame + 12, ETHERTYPE_IP4);
	ip[0] = 0x45;
	store16(ip + 2, __builtin_bswap16(ip_len));
	ip[8] = 64;
	ip[9] = IP_PROTO_UDP;
	store32(ip + 12, __builtin_bswap32(o->src));
	store16(udp + 2, __builtin_bswap16(GEN_DPORT));
	store16(udp + 4, __builtin_bswap16((uint16_t)(ip_len - IP4_LEN)));
}

static void config_write(volatile struct gen_config *c, const struct options *o,
                         const uint8_t *frame, uint32_t ifindex)
{
	const uint8_t *ip = frame + ETHER_LEN;

	for (int i = 0; i < 6; i++)
		c->header[i] = load64(frame + 8ul * i);
	c->ifindex = ifindex;
	c->dst_first = o->dst_first;
	c->dst_count = o->dst_count;
	c->sport_first = 1024;
	c->sport_count = (uint32_t)o->ports;
	c->gap = o->rate == 0 ? 0 : (uint32_t)(NS_PER_SEC * 1024 / o->rate);
	c->sum = 0;
	for (int i = 0; i < IP4_LEN; i += 2)
		c->sum += __builtin_bswap16(load16(ip + i));
}

/* At low rates a flush must not wait for many frames, with soft interrupts off: 50 us. */
static uint32_t batch_size(const struct options *o)
{
	uint64_t n = o->rate / 20000;

	if (o->rate == 0 || n >= o->batch)
		return (uint32_t)o->batch;
	return n == 0 ? 1 : (uint32_t)n;
}

static int submit(int prog, const struct options *o, const uint8_t *frame, uint32_t n)
{
	struct bpf_test_run_opts t = {
		.sz = sizeof(t),
		.data_in = frame,
		.data_size_in = (uint32_t)o->size,
		.repeat = (int)n,
		.flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		.batch_size = batch_size(o),
	};

	return bpf_prog_test_run_opts(prog, &t);
}

/*
 * Frames for the next system call: what the time left takes at the speed seen. Each call waits for
 * RCU grace periods before its first frame, tens of milliseconds, so there should be few.
 */
static uint32_t chunk_next(uint64_t sent, uint64_t busy_ns, uint64_t left_ns)
{
	double n = (double)left_ns * (double)sent / (double)busy_ns;

	return n < CHUNK_MAX ? 1 + (uint32_t)n : CHUNK_MAX;
}

static int send_all(int prog, const struct options *o, const uint8_t *frame)
{
	uint64_t start = clock_ns(), length_ns = (uint64_t)(o->seconds * 1e9), sent = 0, elapsed;
	uint32_t n = o->rate > 0 && o->rate < 10ul * CHUNK ? (uint32_t)(o->rate / 10) : CHUNK;

	while ((elapsed = clock_ns() - start) < length_ns && !stopped) {
		int err = submit(prog, o, frame, n);

		if (err == -EINTR)
			continue;
		if (err < 0)
			return err;
		sent += n;
		elapsed = clock_ns() - start;
		if (elapsed < length_ns)
			n = chunk_next(sent, elapsed, length_ns - elapsed);
	}
	printf("framegen packets=%llu seconds=%.3f mpps=%.3f\n", (unsigned long long)sent,
	       (double)elapsed * 1e-9, (double)sent * 1e3 / (double)elapsed);
	return 0;
}

static int run(const struct options *o)
{
	uint8_t frame[LEN_MAX];
	uint32_t ifindex = if_nametoindex(o->dev);
	struct gen_bpf *bpf;
	int err;

	if (ifindex == 0)
		return -errno;
	bpf = gen_bpf__open();
	if (bpf == NULL)
		return -errno;
	frame_write(frame, o);
	config_write(&bpf->rodata->gen_config, o, frame, ifindex);
	err = gen_bpf__load(bpf);
	if (err == 0)
		err = send_all(bpf_program__fd(bpf->progs.generate), o, frame);
	gen_bpf__destroy(bpf);
	return err;
}

int main(int argc, char **argv)
{
	struct options o;
	int err = 0;

	if (!options_parse(&o, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	if (o.cpu >= 0)
		err = netarg_pin((unsigned int)o.cpu);
	if (err == 0)
		err = run(&o);
	if (err < 0) {
		fprintf(stderr, "framegen: %s: %s\n", o.dev, strerror(-err));
		return 1;
	}
	return 0;
}
