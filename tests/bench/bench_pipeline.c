/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_pipeline: cycles a packet of the whole way, RX descriptor to TX descriptor, completion and
 * refill, without a NIC. The same core plays the NIC in between, untimed, and copies each packet
 * into its frame just before. With NAME.cold some 4,000 packets lie between the copy and the
 * pipeline, so that headers come from beyond L1.
 *
 * Before anything is timed, every packet of the workload goes through once and what comes out is
 * compared with what a router has to make of it (I1). Each measurement has a second line,
 * NAME.quiet: the tenth percentile of slices of 4096 packets, for machines that others use too.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cycles.h"
#include "dut.h"
#include "netarg.h"
#include "packet/batch.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "workload.h"

#define WARM_RING  256
#define COLD_RING  4096
#define COLD_DEPTH (COLD_RING - BATCH_MAX) /* packets on the rx ring before a batch is taken */
#define WARM_UP    32                      /* batches before each run */
#define SLICE      64                      /* batches between two looks at the clock */
#define SLICES_MAX 16384                   /* remembered of a run */

static const char usage[] = "usage: bench_pipeline [OPTION...] [NAME...]\n"
			    "  NAME           ip4_1, ip4_1.cold, ... (default: all)\n"
			    "  --cpu N        core to run on\n"
			    "  --runs N       1 to 64 (default 5)\n"
			    "  --seconds S    of a run (default 0.4)\n"
			    "  --chunk BYTES  2048 (default) or 4096\n";

struct options {
	int64_t cpu;
	uint64_t runs, chunk;
	double seconds;
};

struct bench {
	struct dut *dut;
	const struct workload *workload;
	size_t at; /* next frame to receive */
	uint64_t overhead;
	double *slice; /* SLICES_MAX of them: cycles a packet */
};

/* Expected and seen, by the verification pass. */
struct check {
	const struct workload *workload;
	/* The frame that should come out, by each way, of IPv4 and IPv6: of a batch the one goes
	 * before the other. */
	size_t next[2][2];
	uint64_t seen, wrong;
};

static uint32_t nic_rx(struct bench *b, uint32_t n)
{
	n = dut_rx(b->dut, b->at, n);
	b->at = (b->at + n) % b->workload->n_frames;
	return n;
}

static uint16_t sum_of(const uint8_t *h)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < ip4_header_len(h); i += 2)
		sum += load16(h + i);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The next frame of @way, of EtherType @type, from number @i on; n_frames if there is none. */
static size_t check_next(const struct workload *w, size_t i, enum workload_way way, uint16_t type)
{
	while (i < w->n_frames &&
	       (workload_way(w, i) != way || ether_type(workload_frame(w, i)) != type))
		i++;
	return i;
}

/* What the naive router makes of @frame: new MACs, another VLAN, TTL one less, the checksum from
 * scratch, nothing else. Return: its length. */
static uint32_t check_route(const struct workload *w, uint8_t *frame)
{
	static const uint8_t to[] = DUT_NEXTHOP_MAC, from[] = DUT_EGRESS_MAC;
	uint32_t tag = w->vlan != 0 ? VLAN_TAG_LEN : 0;
	uint8_t *ip = frame + ETHER_LEN + tag;

	memcpy(frame, to, sizeof(to));
	memcpy(frame + ETHER_ADDR_LEN, from, sizeof(from));
	if (tag > 0)
		store16(frame + ETHER_LEN, __builtin_bswap16(w->vlan + 1));
	if (ether_type(frame + tag) == ETHERTYPE_IP4) {
		ip[8]--;
		store16(ip + 10, 0);
		store16(ip + 10, sum_of(ip));
		return ETHER_LEN + tag + ip4_total_len(ip);
	}
	ip[7]--;
	return w->frame_len;
}

/* Of a bridge: nothing is changed. */
static void check_frame(void *ctx, enum workload_way way, const uint8_t *frame, uint32_t len)
{
	struct check *c = ctx;
	const struct workload *w = c->workload;
	uint8_t expect[WORKLOAD_SLOT];
	uint32_t out_len = w->frame_len;
	size_t *next = &c->next[way][ether_type(frame) == ETHERTYPE_IP6];
	size_t i = check_next(w, *next, way, ether_type(frame));

	c->seen++;
	if (i == w->n_frames) {
		c->wrong++;
		return;
	}
	memcpy(expect, workload_frame(w, i), WORKLOAD_SLOT);
	if (!w->bridged)
		out_len = check_route(w, expect);
	if (len != out_len || memcmp(frame, expect, len) != 0)
		c->wrong++;
	*next = i + 1;
}

/* How many frames have to come out. */
static size_t check_total(const struct workload *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_frames; i++)
		n += workload_way(w, i) != WORKLOAD_ENDS;
	return n;
}

/* Every packet of the workload once. */
static bool verify(struct bench *b, const char *name)
{
	struct check c = {.workload = b->workload};
	size_t sent = 0, total = check_total(b->workload);
	const char *drop;
	uint64_t drops;

	while (sent < b->workload->n_frames) {
		size_t left = b->workload->n_frames - sent;
		uint32_t n = nic_rx(b, left < BATCH_MAX ? (uint32_t)left : BATCH_MAX);

		if (n == 0)
			break;
		sent += n;
		dut_run(b->dut);
		dut_tx(b->dut, check_frame, &c);
	}
	if (c.seen == total && c.wrong == 0 && dut_balanced(b->dut))
		return true;
	drop = dut_drop(b->dut, &drops);
	fprintf(stderr,
	        "bench_pipeline: %s: of %zu packets %" PRIu64 " came out, %" PRIu64
	        " wrong, %" PRIu64 " %s; frames %s\n",
	        name, total, c.seen, c.wrong, drops, drop == NULL ? "dropped" : drop,
	        dut_balanced(b->dut) ? "conserved" : "lost");
	return false;
}

/* One batch. Return: packets; *cycles grows by what they took. */
static uint32_t batch_time(struct bench *b, uint64_t *cycles)
{
	uint64_t t;
	uint32_t n;

	nic_rx(b, BATCH_MAX);
	t = cycles_now();
	n = dut_run(b->dut);
	*cycles += cycles_now() - t - b->overhead;
	dut_tx(b->dut, NULL, NULL);
	return n;
}

/* One run. Return: cycles a packet, and in *quiet those of its tenth percentile of slices, which
 * says what it costs when nobody else wants the core or the caches. */
static double run(struct bench *b, double seconds, double *quiet)
{
	uint64_t cycles = 0, packets = 0, end;
	size_t n = 0;

	for (int i = 0; i < WARM_UP; i++)
		batch_time(b, &cycles);
	cycles = 0;
	end = clock_ns() + (uint64_t)(seconds * 1e9);
	do {
		uint64_t cycles_before = cycles, packets_before = packets;

		for (int i = 0; i < SLICE; i++)
			packets += batch_time(b, &cycles);
		b->slice[n++] =
			(double)(cycles - cycles_before) / (double)(packets - packets_before);
	} while (clock_ns() < end && n < SLICES_MAX);
	*quiet = cycles_percentile(b->slice, n, 10);
	return (double)cycles / (double)packets;
}

static void measure(struct bench *b, const char *name, const struct options *o)
{
	struct cycles_runs runs = {0}, quiet = {0};
	char quiet_name[80];

	for (uint64_t i = 0; i < o->runs; i++) {
		double q, figure = run(b, o->seconds, &q);

		cycles_runs_add(&runs, figure);
		cycles_runs_add(&quiet, q);
	}
	cycles_runs_print(&runs, name, 1, CYCLES_UNIT);
	snprintf(quiet_name, sizeof(quiet_name), "%s.quiet", name);
	cycles_runs_print(&quiet, quiet_name, 1, CYCLES_UNIT);
}

/* Return: 0, -EIO when what came out is wrong, or another negative errno. */
static int bench_case(const struct workload *w, bool cold, const struct options *o)
{
	uint32_t ring = cold ? COLD_RING : WARM_RING;
	struct dut_config cfg = {
		.workload = w, .chunk = (uint32_t)o->chunk, .frames = 4 * ring, .ring = ring};
	struct bench b = {.workload = w, .overhead = cycles_overhead()};
	char name[64];
	int err = dut_open(&b.dut, &cfg);

	if (err < 0)
		return err;
	b.slice = calloc(SLICES_MAX, sizeof(*b.slice));
	if (b.slice == NULL) {
		err = -ENOMEM;
		goto close_dut;
	}
	snprintf(name, sizeof(name), "pipeline.%s%s", w->name, cold ? ".cold" : "");
	if (!verify(&b, name)) {
		err = -EIO;
		goto free_slice;
	}
	if (cold)
		nic_rx(&b, COLD_DEPTH);
	measure(&b, name, o);

free_slice:
	free(b.slice);
close_dut:
	dut_close(b.dut);
	return err;
}

static bool wanted(const char *name, bool cold, char **names, int n)
{
	char full[64];

	snprintf(full, sizeof(full), "%s%s", name, cold ? ".cold" : "");
	for (int i = 0; i < n; i++) {
		if (strcmp(names[i], full) == 0)
			return true;
	}
	return n == 0;
}

static int bench_all(const struct options *o, char **names, int n)
{
	int failed = 0;

	for (const char *const *name = workload_names(); *name != NULL; name++) {
		struct workload w;
		int err = 0;

		if (!wanted(*name, false, names, n) && !wanted(*name, true, names, n))
			continue;
		err = workload_make(&w, *name);
		if (err < 0)
			return err;
		for (int cold = 0; cold < 2 && err == 0; cold++) {
			if (wanted(*name, cold, names, n))
				err = bench_case(&w, cold, o);
		}
		workload_free(&w);
		if (err < 0)
			failed = err;
	}
	return failed;
}

static bool options_parse(struct options *o, int argc, char **argv)
{
	static const struct option known[] = {
		{"cpu", required_argument, NULL, 'c'},
		{"runs", required_argument, NULL, 'r'},
		{"seconds", required_argument, NULL, 's'},
		{"chunk", required_argument, NULL, 'k'},
		{},
	};
	uint64_t cpu;
	int c;

	*o = (struct options){.cpu = -1, .runs = 5, .chunk = 2048, .seconds = 0.4};
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		bool good = false;

		if (c == 'c' && netarg_number(optarg, 0, 1023, &cpu)) {
			o->cpu = (int64_t)cpu;
			good = true;
		} else if (c == 'r') {
			good = netarg_number(optarg, 1, CYCLES_RUNS_MAX, &o->runs);
		} else if (c == 's') {
			good = netarg_seconds(optarg, &o->seconds);
		} else if (c == 'k') {
			good = netarg_number(optarg, 2048, 4096, &o->chunk);
		}
		if (!good)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct options o;
	int err = 0;

	if (!options_parse(&o, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	if (o.cpu >= 0)
		err = netarg_pin((unsigned int)o.cpu);
	if (err == 0)
		err = cycles_calibrate(o.runs);
	if (err == 0)
		err = bench_all(&o, argv + optind, argc - optind);
	if (err < 0) {
		fprintf(stderr, "bench_pipeline: %s\n", strerror(-err));
		return 1;
	}
	return 0;
}
