/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The xsk backend on a kernel device. Runs as root in a network namespace of its own, which goes
 * with the process:
 *
 *     peer (AF_PACKET socket) -- v1 ====veth==== v0 -- xsk port under test
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "netlink/knobs.h"
#include "port/census.h"
#include "port/device.h"
#include "port/settle.h"
#include "port/steer.h"
#include "port/xsk.h"

#define ETHERTYPE_TEST 0x88b5 /* IEEE local experimental */
#define FRAMES         16384

struct rig {
	struct frames *frames;
	struct frame_cache cache;
	struct port *port;
	struct xsk_config cfg;
	int peer; /* packet socket on v1 */
	char run_dir[32];
};

static void run(const char *command)
{
	if (system(command) != 0) { /* NOLINT(cert-env33-c): a test, with constant commands */
		print_error("failed: %s\n", command);
		fail();
	}
}

static int packet_socket(const char *dev, uint16_t proto)
{
	struct sockaddr_ll sll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(proto),
		.sll_ifindex = (int)if_nametoindex(dev),
	};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(proto));

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sll, sizeof(sll)), 0);
	return fd;
}

static int rig_up(void **state)
{
	static struct rig r;
	const char *chunk = *state;

	r = (struct rig){.run_dir = "/tmp/port-xsk-XXXXXX"};
	assert_non_null(mkdtemp(r.run_dir));
	run("ip link add v0 numrxqueues 2 numtxqueues 2 type veth peer name v1 numrxqueues 2 "
	    "numtxqueues 2");
	run("ip link set v0 addrgenmode none; ip link set v1 addrgenmode none");
	run("ip link set v0 up; ip link set v1 up");
	r.peer = packet_socket("v1", ETHERTYPE_TEST);
	assert_int_equal(
		frames_new(&r.frames, FRAMES, chunk == NULL ? 2048 : 4096, FRAMES_HUGE_PREFER), 0);
	assert_int_equal(frame_cache_init(&r.cache, r.frames), 0);
	frame_cache_fill(&r.cache);
	r.cfg = (struct xsk_config){
		.name = "v0",
		.id = 1,
		.tag = 100,
		.run_dir = r.run_dir,
		.frames = r.frames,
		.cache = &r.cache,
	};
	*state = &r;
	return 0;
}

static void rig_close(struct rig *r)
{
	port_close(&r->port);
	for (uint16_t i = 0; i < PORT_QUEUE_MAX; i++)
		frames_recover(&r->cache, (uint16_t)(r->cfg.tag + i));
	assert_null(frames_check(&r->cache, NULL, 0)); /* I2 */
}

static uint32_t attached(void)
{
	struct bpf_xdp_query_opts q = {.sz = sizeof(q)};

	assert_int_equal(bpf_xdp_query((int)if_nametoindex("v0"), 0, &q), 0);
	return q.prog_id;
}

static int rig_down(void **state)
{
	struct rig *r = *state;

	rig_close(r);
	assert_int_equal(attached(), 0);
	steer_sweep(r->run_dir, NULL, 0);
	assert_int_equal(rmdir(r->run_dir), 0);
	frame_cache_fini(&r->cache);
	frames_free(r->frames);
	close(r->peer);
	run("ip link del v0");
	return 0;
}

static void rig_open(struct rig *r)
{
	struct why e = {""};

	if (xsk_port_open(&r->port, &r->cfg, &e) == 0)
		return;
	print_error("%s\n", e.text);
	fail();
}

/* One loop of a worker that sends each frame back where it came from. */
static uint32_t echo(struct rig *r, struct port_queue *q)
{
	uint32_t rx = 0, tx = 0, n;

	port_reclaim(q, &r->cache);
	port_refill(q, &r->cache);
	n = port_rx_peek(q, 64, &rx);
	if (n > 0 && !port_tx_reserve(q, n, &tx)) {
		xsk_ring_cons__cancel(&q->rx, n);
		n = 0;
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct xdp_desc *d = port_rx_desc(q, rx + i);

		r->frames->tag[frame_index(r->frames, d->addr)] = q->tag;
		*port_tx_desc(q, tx + i) = *d;
	}
	if (n > 0) {
		port_rx_release(q, n);
		port_tx_submit(q, n);
	}
	port_kick(q);
	return n;
}

static void peer_send(const struct rig *r, uint8_t *frame, size_t len, uint32_t number)
{
	memset(frame, 0xff, 6);
	memset(frame + 6, 2, 6);
	frame[12] = ETHERTYPE_TEST >> 8;
	frame[13] = ETHERTYPE_TEST & 0xff;
	for (size_t i = 14; i < len; i++)
		frame[i] = (uint8_t)(i * 7 + number);
	assert_int_equal(send(r->peer, frame, len, 0), len);
}

/* What the peer sends as @frame comes back to it within a second. */
static void comes_back(struct rig *r, const uint8_t *frame, size_t len)
{
	uint64_t until = clock_ns() + NS_PER_SEC;
	uint8_t got[9100];
	ssize_t n = -1;

	while (n < 0 && clock_ns() < until) {
		for (uint16_t i = 0; i < r->port->n_queues; i++)
			echo(r, &r->port->queue[i]);
		n = recv(r->peer, got, sizeof(got), MSG_DONTWAIT);
	}
	assert_int_equal(n, len);
	assert_memory_equal(got, frame, len);
}

static void exchange(struct rig *r, uint32_t packets, size_t len)
{
	uint8_t frame[9100];

	for (uint32_t i = 0; i < packets; i++) {
		peer_send(r, frame, len, i);
		comes_back(r, frame, len);
	}
}

static void frames_go_round_and_none_is_lost(void **state)
{
	uint64_t count[STEER_DECISIONS];
	struct rig *r = *state;
	uint64_t rx = 0;

	rig_open(r);
	assert_int_equal(r->port->n_queues, 2);
	assert_int_equal(xsk_port_uncovered(r->port), 0);
	assert_int_equal(r->port->queue[0].mode, PORT_MODE_COPY);
	assert_string_equal(r->port->note, "veth offers no zero copy");
	assert_true(r->port->partial_csum);
	assert_int_equal(r->port->mtu, 1500);
	exchange(r, 20000, 1514);
	assert_int_equal(steer_read(xsk_port_steer(r->port), count), 0);
	assert_int_equal(count[STEER_TO_SOCKET], 20000);
	for (uint16_t i = 0; i < 2; i++) {
		struct port_queue *q = &r->port->queue[i];

		q->ops->stats(q);
		rx += q->counters.kick_errors + q->kernel.rx_dropped + q->kernel.tx_invalid_descs;
	}
	assert_int_equal(rx, 0);
	rig_close(r);
	rig_open(r); /* at once: the queues may still be busy */
	exchange(r, 100, 60);
}

static void generic_mode_is_used_only_when_asked_for(void **state)
{
	struct rig *r = *state;

	r->cfg.attach = XSK_ATTACH_GENERIC;
	rig_open(r);
	assert_int_equal(r->port->queue[0].mode, PORT_MODE_GENERIC);
	exchange(r, 100, 1514);
}

static void zero_copy_that_cannot_be_had_fails_whole(void **state)
{
	struct rig *r = *state;
	struct why e;

	r->cfg.zero_copy = XSK_ZERO_COPY_REQUIRE;
	assert_int_equal(xsk_port_open(&r->port, &r->cfg, &e), -EOPNOTSUPP);
	assert_string_equal(e.text, "v0: `zero-copy: require` cannot be met on queue 0: veth "
	                            "offers no zero copy");
	assert_null(r->port);
	assert_int_equal(attached(), 0);
	assert_null(frames_check(&r->cache, NULL, 0));
}

static void too_few_frames_are_refused(void **state)
{
	struct rig *r = *state;
	struct why e;

	r->cache.n = 3000;
	assert_int_equal(xsk_port_open(&r->port, &r->cfg, &e), -ENOBUFS);
	assert_non_null(strstr(e.text, "frames"));
	assert_int_equal(r->cache.n, 3000);
	r->cache.n = FRAMES;
}

static void a_driver_without_native_mode_is_told_from_one_with(void **state)
{
	struct rig *r = *state;
	struct why e;

	run("ip link add d0 type ifb");
	r->cfg.name = "d0";
	assert_int_equal(xsk_port_open(&r->port, &r->cfg, &e), -EOPNOTSUPP);
	assert_string_equal(e.text, "d0: the driver has no native XDP; `xdp: {mode: generic}` goes "
	                            "without it: Underlying driver does not support XDP in native "
	                            "mode");
	r->cfg.name = "nosuch0";
	assert_int_equal(xsk_port_open(&r->port, &r->cfg, &e), -ENODEV);
	assert_string_equal(e.text, "nosuch0: there is no such device");
	run("ip link del d0");
}

static void jumbo_packets_span_frames(void **state)
{
	struct rig *r = *state;

	run("ip link set v0 mtu 9000; ip link set v1 mtu 9000");
	rig_open(r);
	exchange(r, 1000, 8942);
	exchange(r, 1000, 60);
}

static void what_has_no_socket_meets_the_on_failure_verdict(void **state)
{
	uint64_t count[STEER_DECISIONS];
	struct rig *r = *state;
	struct steer *s;
	uint8_t frame[60];
	int kernel = packet_socket("v0", ETHERTYPE_TEST);

	r->cfg.max_queues = 1;
	rig_open(r);
	assert_int_equal(r->port->n_queues, 1);
	assert_int_equal(xsk_port_uncovered(r->port), 1);
	s = xsk_port_steer(r->port);
	assert_int_equal(steer_socket_set(s, 0, -1), 0);
	peer_send(r, frame, sizeof(frame), 0);
	assert_int_equal(poll(&(struct pollfd){.fd = kernel, .events = POLLIN}, 1, 1000), 1);
	assert_int_equal(recv(kernel, frame, sizeof(frame), 0), sizeof(frame));
	assert_int_equal(steer_drop_set(s, true, NULL), 0);
	peer_send(r, frame, sizeof(frame), 0);
	do {
		assert_int_equal(steer_read(s, count), 0);
	} while (count[STEER_DROPPED_NO_SOCKET] == 0);
	assert_true(recv(kernel, frame, sizeof(frame), MSG_DONTWAIT) < 0);
	assert_int_equal(count[STEER_PASSED_NO_SOCKET], 1);
	assert_int_equal(count[STEER_TO_SOCKET], 0);
	close(kernel);
}

static void the_kernel_keeps_what_is_its_own(void **state)
{
	static const uint8_t ours[4] = {10, 0, 0, 1};
	uint64_t count[STEER_DECISIONS];
	struct rig *r = *state;
	struct steer *s;
	uint8_t f[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45};

	r->cfg.kernel = true;
	rig_open(r);
	s = xsk_port_steer(r->port);
	assert_int_equal(steer_local_set(s, ours, 4, true), 0);
	memcpy(f + 30, ours, 4);
	assert_int_equal(send(r->peer, f, sizeof(f), 0), sizeof(f)); /* to an address of its own */
	f[30] = 224;
	assert_int_equal(send(r->peer, f, sizeof(f), 0), sizeof(f)); /* multicast */
	f[30] = 11;
	assert_int_equal(send(r->peer, f, sizeof(f), 0), sizeof(f)); /* transit */
	f[0] = 0xff;
	assert_int_equal(send(r->peer, f, sizeof(f), 0), sizeof(f)); /* link-layer broadcast */
	do {
		assert_int_equal(steer_read(s, count), 0);
	} while (count[STEER_TO_SOCKET] + count[STEER_PASSED_LOCAL] < 4);
	assert_int_equal(count[STEER_TO_SOCKET], 1);
	assert_int_equal(count[STEER_PASSED_LOCAL], 3);
	memcpy(f + 30, ours, 4);
	f[0] = 2;
	assert_int_equal(steer_local_set(s, ours, 4, false), 0);
	assert_int_equal(send(r->peer, f, sizeof(f), 0), sizeof(f));
	do {
		assert_int_equal(steer_read(s, count), 0);
	} while (count[STEER_TO_SOCKET] + count[STEER_PASSED_LOCAL] < 5);
	assert_int_equal(count[STEER_TO_SOCKET], 2);
}

static void a_queue_is_free_when_its_port_is_closed(void **state)
{
	struct rig *r = *state;
	uint64_t until;

	rig_open(r);
	assert_false(queue_settled(r->port->ifindex, 0));
	assert_false(queue_settled(r->port->ifindex, 1));
	rig_close(r);
	until = clock_ns() + NS_PER_SEC;
	while (!queue_settled(if_nametoindex("v0"), 0)) /* the close's own probe goes away */
		assert_true(clock_ns() < until);
}

static void the_queues_are_followed(void **state)
{
	struct rig *r = *state;
	struct why e;
	uint32_t frames = 0;

	run("ethtool -L v0 rx 1");
	assert_int_equal(xsk_port_open(&r->port, &r->cfg, &e), -ENOSPC);
	assert_string_equal(e.text, "v0: cannot attach the XDP program: No space left on device: "
	                            "veth: XDP expects number of rx queues not less than peer tx "
	                            "queues");
	run("ethtool -L v1 tx 1");
	rig_open(r);
	assert_int_equal(r->port->n_queues, 1);
	run("ethtool -L v0 rx 2");
	assert_int_equal(xsk_port_uncovered(r->port), 1);
	rig_close(r);
	assert_int_equal(xsk_port_frames("v0", 0, &frames), 0);
	assert_int_equal(frames, 2 * 3 * 2048);
	assert_int_equal(xsk_port_frames("v0", 1, &frames), 0);
	assert_int_equal(frames, 3 * 2048);
}

static void a_device_is_found_by_its_other_name(void **state)
{
	struct device d = {0};

	(void)state;
	run("ip link property add dev v0 altname uplink0; ip link set v0 address "
	    "02:00:00:00:00:01");
	assert_int_equal(device_read(&d, "uplink0"), 0);
	assert_string_equal(d.name, "v0");
	assert_string_equal(d.driver, "veth");
	assert_int_equal(d.ifindex, if_nametoindex("v0"));
	assert_int_equal(d.mac, 0x010000000002);
	assert_int_equal(d.rx_queues, 2);
	assert_int_equal(device_read(&d, "nosuch0"), -ENODEV);
}

static void tag_stripping_is_switched_and_read_back(void **state)
{
	(void)state;
	assert_int_equal(rxvlan_write("v0", 0), 0);
	assert_int_equal(rxvlan_read("v0"), 0);
	assert_int_equal(rxvlan_write("v0", 1), 0);
	assert_int_equal(rxvlan_read("v0"), 1);
	assert_int_equal(rxvlan_read("nosuch0"), JOURNAL_UNKNOWN);
	assert_int_equal(rxvlan_write("nosuch0", 0), -ENODEV);
}

static void so_are_the_features_that_hide_vlans(void **state)
{
	int32_t was = tag_features_read("v0");

	(void)state;
	assert_int_equal(was, TAG_STRIP_S); /* which veth has, and no filters */
	assert_int_equal(tag_features_write("v0", 0), 0);
	assert_int_equal(tag_features_read("v0"), 0);
	assert_int_equal(tag_features_write("v0", was), 0);
	assert_int_equal(tag_features_read("v0"), was);
	assert_int_equal(tag_features_write("v0", TAG_FILTER_C | was), -EOPNOTSUPP);
	assert_int_equal(tag_features_read("nosuch0"), JOURNAL_UNKNOWN);
	assert_int_equal(tag_features_write("nosuch0", 0), -ENODEV);
}

static void *spin(void *)
{
	for (;;)
		sched_yield();
	return NULL;
}

/* A process with a port open and two busy threads, ready when this returns. */
static pid_t victim(struct rig *r)
{
	int ready[2];
	char c = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		pthread_t t;

		rig_open(r);
		for (int i = 0; i < 2; i++)
			pthread_create(&t, NULL, spin, NULL);
		if (write(ready[1], "r", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

/*
 * The device's program is off about a millisecond after the kill. The kernel then still holds the
 * lock that a query needs for a grace period (the XDP dispatcher's), so a query that begins within
 * 10 ms may be answered later: what counts is that it finds nothing, and that traffic flows.
 */
static void killed_with_pass_leaves_nothing_behind(void **state)
{
	struct rig *r = *state;
	int kernel = packet_socket("v0", ETHERTYPE_TEST);
	uint64_t worst = 0, best = UINT64_MAX;

	for (int round = 0; round < 10; round++) {
		pid_t pid = victim(r);
		uint8_t frame[60];
		uint64_t start, took;

		assert_int_not_equal(attached(), 0);
		start = clock_ns();
		assert_int_equal(kill(pid, SIGKILL), 0);
		do {
			assert_true(clock_ns() - start < NS_PER_SEC);
			peer_send(r, frame, sizeof(frame), 0);
			poll(&(struct pollfd){.fd = kernel, .events = POLLIN}, 1, 0);
		} while (recv(kernel, frame, sizeof(frame), MSG_DONTWAIT) < 0);
		took = clock_ns() - start;
		worst = took > worst ? took : worst;
		best = took < best ? took : best;
		while (clock_ns() - start < 10 * NS_PER_MS)
			sched_yield();
		assert_int_equal(attached(), 0);
		waitpid(pid, NULL, 0);
		while (recv(kernel, frame, sizeof(frame), MSG_DONTWAIT) >= 0)
			continue;
	}
	print_message("# kill -9 to traffic in the kernel: %llu to %llu us\n",
	              (unsigned long long)(best / 1000), (unsigned long long)(worst / 1000));
	close(kernel);
}

static void killed_with_drop_leaks_nothing_and_is_taken_over(void **state)
{
	struct rig *r = *state;
	struct why e = {""};
	int kernel = packet_socket("v0", ETHERTYPE_TEST);
	uint8_t frame[60];
	uint32_t before;
	pid_t pid;

	r->cfg.drop = true;
	pid = victim(r);
	before = attached();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (uint32_t i = 0; i < 1000; i++)
		peer_send(r, frame, sizeof(frame), i);
	assert_int_equal(attached(), before);
	assert_int_equal(poll(&(struct pollfd){.fd = kernel, .events = POLLIN}, 1, 50), 0);
	assert_int_equal(steer_sweep(r->run_dir, &(uint32_t){if_nametoindex("v0")}, 1), 0);
	rig_open(r);
	assert_int_not_equal(attached(), before);
	exchange(r, 100, 60);
	assert_int_equal(recv(kernel, frame, sizeof(frame), MSG_DONTWAIT), -1);
	/* To pass and back while in service. */
	assert_int_equal(steer_drop_set(xsk_port_steer(r->port), false, &e), 0);
	exchange(r, 10, 60);
	assert_int_equal(steer_drop_set(xsk_port_steer(r->port), true, &e), 0);
	exchange(r, 10, 60);
	rig_close(r);
	assert_int_equal(attached(), 0);
	close(kernel);
}

static void a_pin_nobody_wants_is_swept(void **state)
{
	struct rig *r = *state;
	pid_t pid;

	r->cfg.drop = true;
	pid = victim(r);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_not_equal(attached(), 0);
	assert_int_equal(steer_sweep(r->run_dir, &(uint32_t){1}, 1), 1);
	assert_int_equal(attached(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define RIG(f) cmocka_unit_test_setup_teardown(f, rig_up, rig_down)
		RIG(frames_go_round_and_none_is_lost),
		RIG(generic_mode_is_used_only_when_asked_for),
		RIG(zero_copy_that_cannot_be_had_fails_whole),
		RIG(too_few_frames_are_refused),
		RIG(a_driver_without_native_mode_is_told_from_one_with),
		RIG(jumbo_packets_span_frames),
		RIG(what_has_no_socket_meets_the_on_failure_verdict),
		RIG(the_kernel_keeps_what_is_its_own),
		RIG(a_queue_is_free_when_its_port_is_closed),
		RIG(the_queues_are_followed),
		RIG(a_device_is_found_by_its_other_name),
		RIG(tag_stripping_is_switched_and_read_back),
		RIG(so_are_the_features_that_hide_vlans),
		RIG(killed_with_pass_leaves_nothing_behind),
		RIG(killed_with_drop_leaks_nothing_and_is_taken_over),
		RIG(a_pin_nobody_wants_is_swept),
#undef RIG
	};

	if (geteuid() != 0) {
		puts("1..0 # SKIP needs root");
		return 0;
	}
	if (unshare(CLONE_NEWNET) < 0) {
		perror("unshare");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
