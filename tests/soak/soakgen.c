/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * soakgen: what tools/soak sends through a router under sanitizers, and the judge of what comes
 * out.
 *
 * It works in rounds: ROUND mutants, then a good packet of every flow. The good ones come back in
 * the order they were sent; a round is sent when all of the one WINDOW before have come. So neither
 * the kernel's queues nor the router's ever overflow, however slow it is, and a good packet that is
 * missing was lost by the router.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "soak.h"

#define ROUND      128
#define WINDOW     4
#define PATIENCE_S 30 /* for one good packet; the machine may be busy */
#define SHOWN      128

static const char usage[] = "usage: soakgen --seed N [--seconds S] [--from K] [--count M] DEVICE "
			    "DEVICE DEVICE DEVICE DEVICE DEVICE DEVICE\n";

static volatile sig_atomic_t stopped, abandoned;

static void stop(int)
{
	stopped = 1;
}

/* There is no router any more. */
static void abandon(int)
{
	abandoned = 1;
}

struct soak {
	struct wire wire[SOAK_WIRES];
	uint64_t seed, from, count;
	double seconds;
	uint64_t next;        /* mutant to be sent */
	uint64_t good, asked; /* good packets that came; hosts that were asked for, and answered */
	uint32_t round;
	uint32_t came[FLOWS]; /* number of the next good packet to come */
	const char *wrong;    /* first thing found */
};

/* Of the port being received from. */
struct look {
	struct soak *s;
	unsigned int port;
};

static double now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void frame_show(const char *what, const uint8_t *frame, uint32_t len)
{
	printf("  %s, %u bytes:", what, len);
	for (uint32_t i = 0; i < len && i < SHOWN; i++)
		printf("%s%02x", i % 16 == 0 ? "\n    " : " ", frame[i]);
	puts(len > SHOWN ? " ..." : "");
}

static void fail(struct soak *s, const char *what)
{
	/* What did it is among the mutants since the last round that was through. */
	uint64_t first = s->from, back = (WINDOW + 1ull) * ROUND;

	if (s->next - s->from > back)
		first = s->next - back;
	s->wrong = what;
	printf("FAILED: %s\n  replay: tools/soak --seed %" PRIu64 " --from %" PRIu64
	       " --count %" PRIu64 "\n",
	       what, s->seed, first, s->next - first);
}

/* --- What comes out ----------------------------------------------------------------------------
 */

static void good_take(struct look *l, const uint8_t *frame, uint32_t len, struct good g)
{
	static struct packet want;
	struct soak *s = l->s;
	const char *flaw;

	if (g.seq != s->came[g.f]) {
		printf("flow %u: packet %u came, %u is the next\n", g.f, g.seq, s->came[g.f]);
		fail(s, g.seq > s->came[g.f] ? "a good packet was lost or overtaken"
		                             : "a good packet came twice or late");
		return;
	}
	flaw = flow_differs(frame, len, l->port, g, s->seed, &want);
	if (flaw != NULL) {
		printf("flow %u: packet %u %s\n", g.f, g.seq, flaw);
		fail(s, "a good packet did not arrive as it should");
		frame_show("came", frame, len);
		frame_show("wanted", want.bytes, want.len);
		return;
	}
	s->came[g.f]++;
	s->good++;
}

/* The router asks who has an address; hosts .64 to .127 say so. */
static void arp_take(struct look *l, const uint8_t *frame)
{
	const uint8_t *body = frame + 14;
	uint32_t host = body[27];
	static struct packet p;
	struct packet *one = &p;
	struct packet_arp a = {
		.dst = SOAK_ROUTER_MAC(l->port),
		.sender_mac = SOAK_MAC(l->port, host),
		.target_mac = SOAK_ROUTER_MAC(l->port),
		.sender = soak_get32(body + 24),
		.target = SOAK_IP(l->port, 1),
		.op = 2,
	};

	if (soak_get16(body + 6) != 1 || host < 64 || host > 127 ||
	    a.sender != SOAK_IP(l->port, host))
		return;
	packet_arp(&p, &a);
	wire_send(&l->s->wire[l->port], &one, 1);
	l->s->asked++;
}

/* The same for IPv6, where the router asks by a solicitation. */
static void solicitation_take(struct look *l, const uint8_t *frame, uint32_t len)
{
	static struct packet p;
	struct packet *one = &p;
	struct packet_ip6 head = {.next = 58, .hop_limit = 255};
	uint8_t *m;

	if (len < 14 + 40 + 24 || frame[20] != 58 || frame[54] != 135)
		return;
	head.dst = ip_load(frame + 14 + 8);
	head.src = ip_load(frame + 14 + 48); /* the target */
	if (head.src.hi != SOAK_IP6(l->port, 0).hi || head.src.lo < 64 || head.src.lo > 127)
		return;
	packet_ether(&p, SOAK_ROUTER_MAC(l->port), SOAK_MAC(l->port, head.src.lo), 0x86dd);
	packet_ip6(&p, &head, 32);
	m = packet_payload6(&p);
	memset(m, 0, 32);
	m[0] = 136;
	m[4] = 0x60; /* solicited, override */
	memcpy(m + 8, frame + 14 + 48, 16);
	m[24] = 2; /* its MAC */
	m[25] = 1;
	memcpy(m + 26, p.bytes + 6, 6);
	soak_fix_l4(&p, false);
	wire_send(&l->s->wire[l->port], &one, 1);
	l->s->asked++;
}

static void frame_take(void *context, const uint8_t *frame, uint32_t len)
{
	struct look *l = context;
	bool bridged = l->port >= SOAK_PORTS;
	const char *flaw =
		bridged ? switched_flaw(frame, len, l->port)
			: packet_flaw(frame, len, SOAK_ROUTER_MAC(l->port), soak_mtu(l->port));
	struct good g;

	if (l->s->wrong != NULL)
		return;
	if (flaw != NULL) {
		printf("port %u: %s\n", l->port, flaw);
		fail(l->s, "the router sent a malformed frame");
		frame_show("came", frame, len);
		return;
	}
	if (flow_known(frame, len, l->s->seed, &g))
		good_take(l, frame, len, g);
	else if (bridged)
		return;
	else if (soak_get16(frame + 12) == 0x0806)
		arp_take(l, frame);
	else if (soak_get16(frame + 12) == 0x86dd)
		solicitation_take(l, frame, len);
}

static unsigned int all_receive(struct soak *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < SOAK_WIRES; i++) {
		struct look l = {s, i};

		n += wire_receive(&s->wire[i], frame_take, &l);
	}
	return n;
}

/* --- What goes in ------------------------------------------------------------------------------
 */

static void round_send(struct soak *s)
{
	static struct packet frame[SOAK_WIRES][ROUND + FLOWS];
	static struct packet scratch;
	struct packet *list[SOAK_WIRES][ROUND + FLOWS];
	unsigned int n[SOAK_WIRES] = {0};

	for (unsigned int i = 0; i < ROUND && s->next < s->from + s->count; i++) {
		unsigned int port = mutant_make(&scratch, s->seed, s->next++);
		struct packet *p = &frame[port][n[port]];

		p->len = scratch.len;
		memcpy(p->bytes, scratch.bytes, p->len);
		list[port][n[port]++] = p;
	}
	for (unsigned int f = 0; f < FLOWS; f++) {
		unsigned int port = flow_from(f);

		flow_make(&frame[port][n[port]], (struct good){f, s->round}, s->seed);
		list[port][n[port]] = &frame[port][n[port]];
		n[port]++;
	}
	s->round++;
	for (unsigned int i = 0; i < SOAK_WIRES; i++)
		wire_send(&s->wire[i], list[i], n[i]);
}

/* Of all flows the first packet that has not come. */
static uint32_t slowest(const struct soak *s)
{
	uint32_t least = UINT32_MAX;

	for (unsigned int f = 0; f < FLOWS; f++)
		least = s->came[f] < least ? s->came[f] : least;
	return least;
}

static void rx_wait(const struct soak *s)
{
	struct pollfd fd[SOAK_WIRES];

	for (unsigned int i = 0; i < SOAK_WIRES; i++)
		fd[i] = (struct pollfd){.fd = s->wire[i].rx, .events = POLLIN};
	(void)poll(fd, SOAK_WIRES, 100);
}

static void lost_tell(struct soak *s, uint32_t due)
{
	for (unsigned int f = 0; f < FLOWS; f++) {
		if (s->came[f] < due)
			printf("flow %u: packet %u has not come\n", f, s->came[f]);
	}
	fail(s, "a good packet was lost");
}

/* Receive until all good packets before round @due have come. What the router says of itself, and
 * there is always some of that, is no progress. */
static void good_wait(struct soak *s, uint32_t due)
{
	double since = now_s();
	uint64_t good = s->good;

	while (s->wrong == NULL && slowest(s) < due) {
		if (all_receive(s) == 0)
			rx_wait(s);
		if (s->good != good) {
			good = s->good;
			since = now_s();
		} else if (abandoned) {
			fail(s, "the router died of what was sent");
		} else if (now_s() - since > PATIENCE_S) {
			lost_tell(s, due);
		}
	}
}

static void tell(const struct soak *s, double seconds)
{
	uint64_t refused = 0, received = 0;

	for (unsigned int i = 0; i < SOAK_WIRES; i++) {
		refused += s->wire[i].refused;
		received += s->wire[i].received;
	}
	printf("soakgen seconds=%.1f mutants=%" PRIu64 " good_sent=%" PRIu64 " good_came=%" PRIu64
	       " refused=%" PRIu64 " frames_back=%" PRIu64 " asked=%" PRIu64 " kpps=%.1f\n",
	       seconds, s->next - s->from, (uint64_t)s->round * FLOWS, s->good, refused, received,
	       s->asked, (double)(s->next - s->from) / seconds / 1e3);
	fflush(stdout);
}

static void soak(struct soak *s)
{
	double start = now_s(), told = start;
	unsigned int lost = 0;

	while (!stopped && s->wrong == NULL && s->next < s->from + s->count &&
	       now_s() - start < s->seconds) {
		round_send(s);
		(void)all_receive(s);
		good_wait(s, s->round < WINDOW ? 0 : s->round - WINDOW + 1);
		if (now_s() - told > 10) {
			told = now_s();
			tell(s, told - start);
		}
	}
	good_wait(s, s->round);
	for (unsigned int i = 0; i < SOAK_WIRES; i++)
		lost += wire_lost(&s->wire[i]);
	if (s->wrong == NULL && lost > 0)
		fail(s, "the generator's own sockets overflowed");
	tell(s, now_s() - start);
}

static bool options_parse(struct soak *s, int argc, char **argv)
{
	static const struct option known[] = {
		{"seed", required_argument, NULL, 's'},
		{"seconds", required_argument, NULL, 't'},
		{"from", required_argument, NULL, 'f'},
		{"count", required_argument, NULL, 'n'},
		{},
	};
	char *end = NULL;
	int c;

	*s = (struct soak){.seed = 1, .count = UINT64_MAX / 2, .seconds = 1e9};
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 's')
			s->seed = strtoull(optarg, &end, 10);
		else if (c == 't')
			s->seconds = strtod(optarg, &end);
		else if (c == 'f')
			s->from = strtoull(optarg, &end, 10);
		else if (c == 'n')
			s->count = strtoull(optarg, &end, 10);
		if (end == NULL || *end != '\0')
			return false;
	}
	s->next = s->from;
	return argc - optind == SOAK_WIRES;
}

int main(int argc, char **argv)
{
	static struct soak s;

	if (!options_parse(&s, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	for (unsigned int i = 0; i < SOAK_WIRES; i++) {
		int err = wire_open(&s.wire[i], argv[optind + (int)i]);

		if (err < 0) {
			fprintf(stderr, "soakgen: %s: %s\n", argv[optind + (int)i], strerror(-err));
			return 1;
		}
	}
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	signal(SIGUSR1, abandon);
	soak(&s);
	return s.wrong != NULL;
}
