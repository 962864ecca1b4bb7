/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * framesink: counts framegen's packets where they arrive behind the router, by an XDP program that
 * checks destination MAC, TTL and IPv4 checksum and drops them. Says "framesink ready" when the
 * program is attached; then a line an interval, and one with the total.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "gen.h"
#include "gen.skel.h"
#include "netarg.h"

static const char usage[] = "usage: framesink --dev IFNAME [OPTION...]\n"
			    "  --dst-mac MAC  that packets must have (default: any)\n"
			    "  --ttl N        that packets must have (default 63)\n"
			    "  --seconds S    to measure (default 5)\n"
			    "  --wait S       at most, for the first packet (default 10)\n"
			    "  --skip S       from the first packet, not measured (default 0.5)\n"
			    "  --interval S   between lines (default 1)\n";

struct options {
	const char *dev;
	struct sink_config config;
	double seconds, wait, skip, interval;
};

static volatile sig_atomic_t stopped;

static void stop(int)
{
	stopped = 1;
}

static bool option_take(struct options *o, int c, const char *arg)
{
	uint64_t ttl;

	switch (c) {
	case 'd':
		o->dev = arg;
		return true;
	case 'm':
		o->config.check_mac = netarg_mac(arg, o->config.dst_mac);
		return o->config.check_mac;
	case 'l':
		if (!netarg_number(arg, 1, 255, &ttl))
			return false;
		o->config.ttl = (uint8_t)ttl;
		return true;
	case 't':
		return netarg_seconds(arg, &o->seconds);
	case 'w':
		return netarg_seconds(arg, &o->wait);
	case 'k':
		return netarg_seconds(arg, &o->skip);
	case 'i':
		return netarg_seconds(arg, &o->interval);
	default:
		return false;
	}
}

static bool options_parse(struct options *o, int argc, char **argv)
{
	static const struct option known[] = {
		{"dev", required_argument, NULL, 'd'},
		{"dst-mac", required_argument, NULL, 'm'},
		{"ttl", required_argument, NULL, 'l'},
		{"seconds", required_argument, NULL, 't'},
		{"wait", required_argument, NULL, 'w'},
		{"skip", required_argument, NULL, 'k'},
		{"interval", required_argument, NULL, 'i'},
		{},
	};
	int c;

	*o = (struct options){
		.config = {.ttl = 63}, .seconds = 5, .wait = 10, .skip = 0.5, .interval = 1};
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (!option_take(o, c, optarg))
			return false;
	return optind == argc && o->dev != NULL;
}

static int counts_read(int map, struct sink_count *sum)
{
	int n = libbpf_num_possible_cpus();
	struct sink_count *c;
	uint32_t zero = 0;
	int err;

	*sum = (struct sink_count){0};
	if (n < 0)
		return n;
	c = calloc((size_t)n, sizeof(*c));
	if (c == NULL)
		return -ENOMEM;
	err = bpf_map_lookup_elem(map, &zero, c);
	for (int i = 0; err == 0 && i < n; i++) {
		sum->packets += c[i].packets;
		sum->bytes += c[i].bytes;
		sum->bad += c[i].bad;
		sum->other += c[i].other;
	}
	free(c);
	return err;
}

static void sleep_until(uint64_t when_ns)
{
	struct timespec t = {.tv_sec = (time_t)(when_ns / NS_PER_SEC),
	                     .tv_nsec = (long)(when_ns % NS_PER_SEC)};

	while (!stopped && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static void line_print(const char *what, const struct sink_count *a, const struct sink_count *b,
                       uint64_t ns)
{
	uint64_t packets = b->packets - a->packets;

	printf("framesink %s seconds=%.3f packets=%llu bad=%llu other=%llu mpps=%.4f\n", what,
	       (double)ns * 1e-9, (unsigned long long)packets,
	       (unsigned long long)(b->bad - a->bad), (unsigned long long)(b->other - a->other),
	       (double)packets * 1e3 / (double)ns);
	fflush(stdout);
}

/* The first packet, good or bad, or the end of the wait. */
static int traffic_wait(int map, const struct options *o)
{
	uint64_t now = clock_ns(), end = now + (uint64_t)(o->wait * 1e9);
	struct sink_count c;
	int err = 0;

	do {
		sleep_until(now + 10 * NS_PER_MS);
		now = clock_ns();
		err = counts_read(map, &c);
	} while (err == 0 && !stopped && c.packets + c.bad == 0 && now < end);
	if (err == 0 && c.packets + c.bad > 0)
		sleep_until(now + (uint64_t)(o->skip * 1e9));
	return err;
}

static int measure(int map, const struct options *o)
{
	struct sink_count first = {0}, last, c;
	uint64_t begin, now, then, end;
	int err = traffic_wait(map, o);

	if (err == 0)
		err = counts_read(map, &first);
	begin = now = then = clock_ns();
	end = begin + (uint64_t)(o->seconds * 1e9);
	last = first;
	while (err == 0 && now < end && !stopped) {
		uint64_t next = then + (uint64_t)(o->interval * 1e9);

		sleep_until(next < end ? next : end);
		now = clock_ns();
		err = counts_read(map, &c);
		if (err == 0)
			line_print("interval", &last, &c, now - then);
		last = c;
		then = now;
	}
	if (err == 0 && now > begin)
		line_print("total", &first, &last, now - begin);
	return err;
}

static int run(const struct options *o)
{
	struct bpf_link_create_opts native = {
		.sz = sizeof(native),
		.flags = XDP_FLAGS_DRV_MODE,
	};
	int ifindex = (int)if_nametoindex(o->dev);
	struct gen_bpf *bpf;
	int err, link;

	if (ifindex == 0)
		return -errno;
	bpf = gen_bpf__open();
	if (bpf == NULL)
		return -errno;
	memcpy((void *)&bpf->rodata->sink_config, &o->config, sizeof(o->config));
	err = gen_bpf__load(bpf);
	if (err < 0)
		goto destroy;
	link = bpf_link_create(bpf_program__fd(bpf->progs.sink), ifindex, BPF_XDP, &native);
	if (link < 0) {
		err = link;
		goto destroy;
	}
	puts("framesink ready");
	fflush(stdout);
	err = measure(bpf_map__fd(bpf->maps.sink_counts), o);
	close(link);

destroy:
	gen_bpf__destroy(bpf);
	return err;
}

int main(int argc, char **argv)
{
	/* No SA_RESTART: the sleep has to end. */
	struct sigaction act = {.sa_handler = stop};
	struct options o;
	int err;

	if (!options_parse(&o, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	err = run(&o);
	if (err < 0) {
		fprintf(stderr, "framesink: %s: %s\n", o.dev, strerror(-err));
		return 1;
	}
	return 0;
}
