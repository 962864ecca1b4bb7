/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_churn: does forwarding suffer while routes change? The pipeline on memory ports as in
 * bench_pipeline, a million routes; slices in which another thread changes some take turns with
 * slices in which it sleeps as often and does nothing. Each packet that comes out, all the time, is
 * looked at: it must have left by a next hop that its destination had before or after a change.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "churn.h"
#include "cycles.h"
#include "netarg.h"
#include "packet/batch.h"
#include "wire/ether.h"

#define RING      256
#define CHUNK     2048
#define PART      64 /* batches whose time is one figure */
#define PARTS_MAX (1u << 20)
#define SLICE_NS  (20 * NS_PER_MS)

static const char usage[] = "usage: bench_churn [OPTION...]\n"
			    "  --cpu N       core to forward on\n"
			    "  --other-cpu N core that changes routes\n"
			    "  --runs N      1 to 64 (default 5)\n"
			    "  --seconds S   of a run (default 2)\n"
			    "  --rate N      changes a second (default 100000)\n"
			    "  --table FILE  prefixes, one a line (default: made up)\n";

struct options {
	int64_t cpu, other_cpu;
	uint64_t runs, rate;
	double seconds;
	const char *table;
};

/* What is known of all parts with, or without, changes. */
struct figures {
	double *part; /* cycles a packet */
	size_t n;
	double median; /* of the slice's parts: without those that the scheduler took part in */
	uint64_t ns;
};

struct bench {
	struct churn churn;
	struct figures with, without;
	double *ratio; /* a figure a pair of slices */
	size_t n_ratios;
	uint64_t overhead;
	size_t at, out;                  /* next frame to go in, to come out */
	uint64_t seen, wrong, contested; /* contested: more than one next hop was allowed */
};

static void check_frame(void *ctx, enum workload_way, const uint8_t *frame, uint32_t)
{
	struct bench *b = ctx;
	const struct workload *w = &b->churn.workload;
	uint32_t allowed = b->churn.allowed[b->out];
	uint8_t nh = (uint8_t)(frame[ETHER_ADDR_LEN - 1] - DUT_NEXTHOP_BYTE);

	/* The same destination: no packet before it was lost. */
	if (memcmp(frame + ETHER_LEN + 16, workload_frame(w, b->out) + ETHER_LEN + 16, 4) != 0 ||
	    !churn_allows(&b->churn, b->out, nh))
		b->wrong++;
	b->contested += (allowed & (allowed - 1)) != 0;
	b->seen++;
	b->out = (b->out + 1) % w->n_frames;
}

static uint32_t batch_time(struct bench *b, uint64_t *cycles)
{
	uint64_t t;
	uint32_t n = dut_rx(b->churn.dut, b->at, BATCH_MAX);

	b->at = (b->at + n) % b->churn.workload.n_frames;
	t = cycles_now();
	n = dut_run(b->churn.dut);
	*cycles += cycles_now() - t - b->overhead;
	dut_tx(b->churn.dut, check_frame, b);
	return n;
}

static void slice(struct bench *b, struct figures *f)
{
	uint64_t start = clock_ns(), now;
	size_t first = f->n;

	__atomic_store_n(&b->churn.on, f == &b->with, __ATOMIC_RELAXED);
	do {
		uint64_t cycles = 0, packets = 0;

		for (int i = 0; i < PART; i++)
			packets += batch_time(b, &cycles);
		f->part[f->n++] = (double)cycles / (double)packets;
		now = clock_ns();
	} while (now - start < SLICE_NS && f->n < PARTS_MAX);
	f->median = cycles_percentile(f->part + first, f->n - first, 50);
	f->ns += now - start;
}

/* Pairs of slices, each kind first as often as second. */
static void run(struct bench *b, double seconds, size_t pairs_max)
{
	uint64_t end = clock_ns() + (uint64_t)(seconds * 1e9);

	for (size_t i = 0; clock_ns() < end && i < pairs_max; i++) {
		if (b->with.n == PARTS_MAX || b->without.n == PARTS_MAX)
			break;
		slice(b, i % 2 == 0 ? &b->with : &b->without);
		slice(b, i % 2 == 0 ? &b->without : &b->with);
		b->ratio[b->n_ratios++] = b->without.median / b->with.median;
	}
	__atomic_store_n(&b->churn.on, false, __ATOMIC_RELAXED);
}

static void figures_print(const char *name, struct figures *f)
{
	double quiet = cycles_percentile(f->part, f->n, 10);

	printf("churn.%s quiet=%.1f median=%.1f unit=" CYCLES_UNIT "\n", name, quiet,
	       cycles_percentile(f->part, f->n, 50));
}

static void print(struct bench *b)
{
	uint64_t changes = b->churn.changes;
	double quiet;

	figures_print("undisturbed", &b->without);
	figures_print("changing", &b->with);
	quiet = cycles_percentile(b->without.part, b->without.n, 10) /
	        cycles_percentile(b->with.part, b->with.n, 10);
	printf("churn.ratio quiet=%.3f median=%.3f low=%.3f high=%.3f unit=x\n", quiet,
	       cycles_percentile(b->ratio, b->n_ratios, 50),
	       cycles_percentile(b->ratio, b->n_ratios, 10),
	       cycles_percentile(b->ratio, b->n_ratios, 90));
	printf("churn.changes total=%" PRIu64 " rate=%.0f unit=/s\n", changes,
	       (double)changes * 1e9 / (double)b->with.ns);
	printf("churn.packets total=%" PRIu64 " contested=%" PRIu64 " wrong=%" PRIu64 "\n", b->seen,
	       b->contested, b->wrong);
	fflush(stdout);
}

/* All frames once more, now that nothing changes: each has exactly one right next hop. */
static void settle(struct bench *b)
{
	uint64_t cycles = 0;
	size_t n = 0;

	churn_settle(&b->churn);
	while (n < b->churn.workload.n_frames) {
		uint32_t done = batch_time(b, &cycles);

		if (done == 0)
			break;
		n += done;
	}
}

/* Return: 0, -EIO when a packet went wrong or was lost, or another negative errno. */
static int measure(struct bench *b, const struct options *o, size_t pairs)
{
	uint64_t sent = 0;
	int err = churn_start(&b->churn);

	if (err < 0)
		return err;
	for (uint64_t i = 0; i < o->runs; i++)
		run(b, o->seconds, pairs / o->runs);
	err = churn_stop(&b->churn);
	if (err < 0)
		return err;
	settle(b);
	sent = b->seen % b->churn.workload.n_frames;
	print(b);
	if (b->wrong > 0 || sent != b->at || !dut_balanced(b->churn.dut)) {
		fprintf(stderr, "bench_churn: packets went wrong or were lost\n");
		return -EIO;
	}
	return 0;
}

static int bench(struct bench *b, const struct options *o)
{
	struct dut_config cfg = {
		.workload = &b->churn.workload, .chunk = CHUNK, .frames = 4 * RING, .ring = RING};
	size_t pairs = o->runs * (1 + (size_t)(o->seconds * 1e9 / (2.0 * SLICE_NS)));
	int err = dut_open(&b->churn.dut, &cfg);

	if (err < 0)
		return err;
	b->with.part = calloc(PARTS_MAX, sizeof(double));
	b->without.part = calloc(PARTS_MAX, sizeof(double));
	b->ratio = calloc(pairs, sizeof(double));
	err = -ENOMEM;
	if (b->with.part != NULL && b->without.part != NULL && b->ratio != NULL)
		err = measure(b, o, pairs);
	free(b->with.part);
	free(b->without.part);
	free(b->ratio);
	dut_close(b->churn.dut);
	return err;
}

static bool option_take(struct options *o, int c)
{
	uint64_t number;

	switch (c) {
	case 't':
		o->table = optarg;
		return true;
	case 's':
		return netarg_seconds(optarg, &o->seconds);
	case 'r':
		return netarg_number(optarg, 1, 64, &o->runs);
	case 'n':
		return netarg_number(optarg, 1000, 10000000, &o->rate);
	case 'c':
	case 'o':
		if (!netarg_number(optarg, 0, 1023, &number))
			return false;
		*(c == 'c' ? &o->cpu : &o->other_cpu) = (int64_t)number;
		return true;
	default:
		return false;
	}
}

static bool options_parse(struct options *o, int argc, char **argv)
{
	static const struct option known[] = {
		{"cpu", required_argument, NULL, 'c'},
		{"other-cpu", required_argument, NULL, 'o'},
		{"runs", required_argument, NULL, 'r'},
		{"seconds", required_argument, NULL, 's'},
		{"rate", required_argument, NULL, 'n'},
		{"table", required_argument, NULL, 't'},
		{},
	};
	bool good = true;
	int c;

	*o = (struct options){.cpu = -1, .other_cpu = -1, .runs = 5, .rate = 100000, .seconds = 2};
	while (good && (c = getopt_long(argc, argv, "", known, NULL)) != -1)
		good = option_take(o, c);
	return good && optind == argc;
}

int main(int argc, char **argv)
{
	struct bench b = {};
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
	b.overhead = cycles_overhead();
	b.churn.rate = o.rate;
	b.churn.cpu = o.other_cpu;
	if (err == 0)
		err = churn_init(&b.churn, o.table);
	if (err == 0) {
		err = bench(&b, &o);
		churn_fini(&b.churn);
	}
	if (err < 0) {
		fprintf(stderr, "bench_churn: %s\n", strerror(-err));
		return 1;
	}
	return 0;
}
