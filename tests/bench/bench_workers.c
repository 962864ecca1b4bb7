/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_workers: one worker against two, on memory ports: do two do twice the work? Each is a
 * thread on its core and plays the NIC of its own queues in between, untimed, as bench_pipeline
 * does; frames, tables and depot are shared. Figures are cycles of all threads a packet sent, so
 * that two that do not disturb each other cost as much a packet as one, and
 *
 *     ratio = 2 * cycles of one / cycles of two
 *
 * is what the second is worth. With .handover the port to send by has one queue: half of the
 * packets go from one worker to the other. NAME.quiet is the tenth percentile of slices, for
 * machines that others use too.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rcu.h"
#include "cycles.h"
#include "dut.h"
#include "netarg.h"
#include "packet/batch.h"
#include "workload.h"

#define RING       256
#define FRAMES     16384
#define WARM_UP    256   /* batches before each run */
#define SLICE      64    /* batches between two looks at the clock */
#define SLICES_MAX 16384 /* remembered of a run */
#define HANDED_MAX 512   /* packets on their way: more, and the other thread does not run now */
#define WORKERS    2

static const char usage[] = "usage: bench_workers [OPTION...] [NAME...]\n"
			    "  NAME         ip4_1, ip4_100k, ... (default: ip4_1 and ip4_100k)\n"
			    "  --cpus A,B   cores to run on (default 0,1)\n"
			    "  --runs N     1 to 64 (default 5)\n"
			    "  --seconds S  of a run (default 0.4)\n";

struct options {
	uint64_t cpu[WORKERS], runs;
	double seconds;
};

/* A thread that is a worker and its NIC. */
struct player {
	pthread_t id;
	struct dut *dut;
	const struct workload *workload;
	uint32_t number;
	uint64_t cpu, until, overhead;
	pthread_barrier_t *start;
	size_t at; /* next frame to receive */
	uint64_t cycles, sent;
	double quiet;
	double slice[SLICES_MAX]; /* cycles a packet received */
};

/* One batch. Return: packets received; p->cycles and p->sent grow. */
static uint32_t batch(struct player *p)
{
	bool wait = dut_handed(p->dut) > HANDED_MAX;
	uint32_t n = wait ? 0 : dut_rx_at(p->dut, p->number, p->at, BATCH_MAX);
	uint64_t t;

	p->at = (p->at + n) % p->workload->n_frames;
	t = cycles_now();
	dut_run_at(p->dut, p->number);
	if (n > 0)
		p->cycles += cycles_now() - t - p->overhead;
	p->sent += dut_tx_at(p->dut, p->number, NULL, NULL);
	if (wait)
		sched_yield(); /* to the other, which may want this core */
	return n;
}

static void *play(void *arg)
{
	struct player *p = arg;
	size_t n = 0;

	(void)netarg_pin((unsigned int)p->cpu);
	rcu_register_thread();
	pthread_barrier_wait(p->start);
	for (int i = 0; i < WARM_UP; i++)
		batch(p);
	p->cycles = 0;
	p->sent = 0;
	do {
		uint64_t before = p->cycles;
		uint32_t packets = 0;

		for (int i = 0; i < SLICE; i++)
			packets += batch(p);
		if (packets > 0)
			p->slice[n++] = (double)(p->cycles - before) / packets;
	} while (clock_ns() < p->until && n < SLICES_MAX);
	p->quiet = n > 0 ? cycles_percentile(p->slice, n, 10) : 0;
	rcu_unregister_thread();
	return NULL;
}

/* All threads at once, for a run. Return: cycles a packet, and in *quiet those of quiet slices. */
static double run(struct player *p, uint32_t n, double seconds, double *quiet)
{
	uint64_t cycles = 0, sent = 0, until = clock_ns() + (uint64_t)(seconds * 1e9);
	pthread_barrier_t start;

	pthread_barrier_init(&start, NULL, n);
	*quiet = 0;
	for (uint32_t i = 0; i < n; i++) {
		p[i].start = &start;
		p[i].until = until;
		if (pthread_create(&p[i].id, NULL, play, &p[i]) != 0)
			abort();
	}
	rcu_thread_offline();
	for (uint32_t i = 0; i < n; i++) {
		pthread_join(p[i].id, NULL);
		cycles += p[i].cycles;
		sent += p[i].sent;
		*quiet += p[i].quiet / n;
	}
	rcu_thread_online();
	pthread_barrier_destroy(&start);
	return (double)cycles / (double)(sent > 0 ? sent : 1);
}

/* Let what is on its way arrive, so that the count of frames comes out. */
static void settle(struct dut *d, uint32_t n)
{
	for (int k = 0; k < 64; k++) {
		for (uint32_t i = 0; i < n; i++) {
			dut_run_at(d, i);
			dut_tx_at(d, i, NULL, NULL);
		}
	}
}

/* A set-up: so many threads, with ports to send by of one queue or not. */
struct variant {
	const char *name;
	uint32_t workers;
	bool handover;
	struct cycles_runs runs, quiet;
};

/* The threads of @v on the device @d. */
static void players_make(const struct variant *v, struct player *p, struct dut *d,
                         const struct workload *w, const struct options *o)
{
	for (uint32_t i = 0; i < v->workers; i++) {
		p[i].dut = d;
		p[i].number = i;
		p[i].workload = w;
		p[i].cpu = o->cpu[v->workers == 1 ? WORKERS - 1 : i]; /* the last is quieter */
		p[i].overhead = cycles_overhead();
		p[i].at = i * w->n_frames / v->workers;
	}
}

/* What was received was sent, and no frame is missing. */
static bool all_well(struct dut *d, const struct variant *v)
{
	uint64_t drops = 0;
	const char *drop;

	settle(d, v->workers);
	drop = dut_drop(d, &drops);
	if (drop == NULL && dut_balanced(d))
		return true;
	fprintf(stderr, "bench_workers: %s: %" PRIu64 " %s; frames %s\n", v->name, drops,
	        drop != NULL ? drop : "dropped", dut_balanced(d) ? "conserved" : "lost");
	return false;
}

/* One run. Return: 0, -EIO when packets or frames are missing, another negative errno. */
static int measure(struct variant *v, const struct workload *w, const struct options *o)
{
	const struct dut_config cfg = {.workload = w,
	                               .chunk = 2048,
	                               .frames = FRAMES,
	                               .ring = RING,
	                               .workers = v->workers,
	                               .handover = v->handover};
	struct player *p = calloc(v->workers, sizeof(*p));
	double figure, quiet;
	struct dut *d;
	int err = p != NULL ? dut_open(&d, &cfg) : -ENOMEM;

	if (err < 0)
		goto free_players;
	players_make(v, p, d, w, o);
	figure = run(p, v->workers, o->seconds, &quiet);
	cycles_runs_add(&v->runs, figure);
	cycles_runs_add(&v->quiet, quiet);
	err = all_well(d, v) ? 0 : -EIO;
	dut_close(d);
free_players:
	free(p);
	return err;
}

static void ratio_print(const char *name, const struct cycles_runs *one,
                        const struct cycles_runs *two)
{
	struct cycles_runs ratio = {0};

	for (size_t i = 0; i < one->n; i++)
		cycles_runs_add(&ratio, WORKERS * one->figure[i] / two->figure[i]);
	printf("%s min=%.2f median=%.2f max=%.2f unit=ratio\n", name,
	       cycles_percentile(ratio.figure, ratio.n, 0),
	       cycles_percentile(ratio.figure, ratio.n, 50),
	       cycles_percentile(ratio.figure, ratio.n, 100));
}

static void report(struct variant *v, const struct workload *w, const struct variant *one)
{
	char name[96];

	if (v != one) {
		snprintf(name, sizeof(name), "workers.%s.%s.ratio", w->name, v->name);
		ratio_print(name, &one->runs, &v->runs);
		snprintf(name, sizeof(name), "workers.%s.%s.ratio.quiet", w->name, v->name);
		ratio_print(name, &one->quiet, &v->quiet);
	}
	snprintf(name, sizeof(name), "workers.%s.%s", w->name, v->name);
	cycles_runs_print(&v->runs, name, 1, CYCLES_UNIT);
	snprintf(name, sizeof(name), "workers.%s.%s.quiet", w->name, v->name);
	cycles_runs_print(&v->quiet, name, 1, CYCLES_UNIT);
}

/* Return: 0 or a negative errno. */
static int bench_case(const struct workload *w, const struct options *o)
{
	struct variant v[] = {{.name = "one", .workers = 1},
	                      {.name = "two", .workers = 2},
	                      {.name = "two.handover", .workers = 2, .handover = true}};

	/* By turns: what disturbs the machine disturbs all. */
	for (uint64_t r = 0; r < o->runs; r++) {
		for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
			int err = measure(&v[i], w, o);

			if (err < 0)
				return err;
		}
	}
	/* Printing sorts a variant's figures: the one that others are compared with comes last. */
	for (size_t i = ARRAY_SIZE(v); i-- > 0;)
		report(&v[i], w, &v[0]);
	return 0;
}

static bool options_parse(struct options *o, int argc, char **argv)
{
	static const struct option known[] = {
		{"cpus", required_argument, NULL, 'c'},
		{"runs", required_argument, NULL, 'r'},
		{"seconds", required_argument, NULL, 's'},
		{},
	};
	int c;

	*o = (struct options){.cpu = {0, 1}, .runs = 5, .seconds = 0.4};
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		char *comma = c == 'c' ? strchr(optarg, ',') : NULL;
		bool good = false;

		if (comma != NULL) {
			*comma = '\0';
			good = netarg_number(optarg, 0, 1023, &o->cpu[0]) &&
			       netarg_number(comma + 1, 0, 1023, &o->cpu[1]);
		} else if (c == 'r') {
			good = netarg_number(optarg, 1, CYCLES_RUNS_MAX, &o->runs);
		} else if (c == 's') {
			good = netarg_seconds(optarg, &o->seconds);
		}
		if (!good)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	static const char *const usual[] = {"ip4_1", "ip4_100k", NULL};
	const char *const *names = usual;
	struct options o;
	int err = 0;

	if (!options_parse(&o, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	if (optind < argc)
		names = (const char *const *)argv + optind;
	for (; *names != NULL && err == 0; names++) {
		struct workload w;

		err = workload_make(&w, *names);
		if (err < 0)
			break;
		err = bench_case(&w, &o);
		workload_free(&w);
	}
	if (err < 0) {
		fprintf(stderr, "bench_workers: %s\n", strerror(-err));
		return 1;
	}
	return 0;
}
