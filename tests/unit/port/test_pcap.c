/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/census.h"
#include "port/pcap.h"

struct bench {
	struct frames *frames;
	struct frame_cache cache;
	struct port *port;
	char in[32];
	char out[32];
	struct pcap_config cfg;
};

/* Write a capture file by hand: @n packets of @len bytes, a second and 7 ns apart, cut off after
 * @bytes. */
static void capture_make(const char *name, uint32_t link, uint32_t n, uint32_t len, size_t bytes)
{
	static uint8_t file[100000];
	const uint32_t head[6] = {0xa1b23c4d, 4 << 16 | 2, 0, 0, 262144, link};
	size_t at = sizeof(head);
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	memcpy(file, head, sizeof(head));
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t record[4] = {100 + i, 7 * i, len, len};

		memcpy(file + at, record, sizeof(record));
		memset(file + at + sizeof(record), (int)(i + 1), len);
		at += sizeof(record) + len;
	}
	bytes = bytes < at ? bytes : at;
	assert_int_equal(fwrite(file, 1, bytes, f), bytes);
	assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
	static struct bench b;
	int fd;

	b = (struct bench){.in = "/tmp/pcap-in-XXXXXX", .out = "/tmp/pcap-out-XXXXXX"};
	fd = mkstemp(b.in);
	assert_true(fd >= 0);
	close(fd);
	fd = mkstemp(b.out);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(frames_new(&b.frames, 64, 2048, FRAMES_HUGE_NEVER), 0);
	assert_int_equal(frame_cache_init(&b.cache, b.frames), 0);
	frame_cache_fill(&b.cache);
	b.cfg = (struct pcap_config){
		.name = "p0",
		.tag = 1,
		.ring_size = 8,
		.mtu = 1500,
		.in = b.in,
		.out = b.out,
	};
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	port_close(&b->port);
	frames_recover(&b->cache, b->cfg.tag);
	assert_null(frames_check(&b->cache, NULL, 0));
	frame_cache_fini(&b->cache);
	frames_free(b->frames);
	unlink(b->in);
	unlink(b->out);
	return 0;
}

static void echo(struct bench *b)
{
	struct port_queue *q = &b->port->queue[0];
	uint32_t rx = 0, tx = 0, n;

	port_reclaim(q, &b->cache);
	port_refill(q, &b->cache);
	n = port_rx_peek(q, 64, &rx);
	if (n == 0)
		return;
	assert_true(port_tx_reserve(q, n, &tx));
	for (uint32_t i = 0; i < n; i++)
		*port_tx_desc(q, tx + i) = *port_rx_desc(q, rx + i);
	port_rx_release(q, n);
	port_tx_submit(q, n);
	port_kick(q);
}

static void what_goes_in_comes_out_with_its_time(void **state)
{
	static uint8_t a[100000], z[100000];
	struct bench *b = *state;
	uint64_t now;
	uint32_t packets = 0;
	FILE *f;
	size_t n;

	capture_make(b->in, 1, 20, 1999, SIZE_MAX); /* two frames each */
	assert_int_equal(pcap_port_open(&b->port, b->frames, &b->cfg, NULL), 0);
	assert_int_equal(pcap_port_next_ns(b->port), 100000000000ull);
	assert_int_equal(pcap_port_deliver(b->port, 99999999999ull, NULL), 0);
	while ((now = pcap_port_next_ns(b->port)) != UINT64_MAX) {
		echo(b);
		assert_int_equal(pcap_port_deliver(b->port, now, NULL), 1);
		echo(b);
		assert_null(frames_check(&b->cache, &b->port, 1));
		assert_int_equal(pcap_port_flush(b->port, now, NULL), 1);
		packets++;
	}
	assert_int_equal(packets, 20);
	port_close(&b->port);
	f = fopen(b->in, "r");
	assert_non_null(f);
	n = fread(a, 1, sizeof(a), f);
	fclose(f);
	f = fopen(b->out, "r");
	assert_non_null(f);
	assert_int_equal(fread(z, 1, sizeof(z), f), n);
	fclose(f);
	assert_memory_equal(a + 24, z + 24, n - 24); /* headers differ in the snapshot length */
}

static void delivery_stops_at_the_rings_and_goes_on(void **state)
{
	struct bench *b = *state;

	capture_make(b->in, 1, 20, 60, SIZE_MAX);
	b->cfg.out = NULL;
	assert_int_equal(pcap_port_open(&b->port, b->frames, &b->cfg, NULL), 0);
	assert_int_equal(pcap_port_deliver(b->port, UINT64_MAX, NULL), 0); /* no frames yet */
	echo(b);
	assert_int_equal(pcap_port_deliver(b->port, UINT64_MAX, NULL), 8);
	echo(b);
	assert_int_equal(pcap_port_flush(b->port, 0, NULL), 8);
	echo(b);
	assert_int_equal(pcap_port_deliver(b->port, UINT64_MAX, NULL), 8);
	assert_int_equal(pcap_port_next_ns(b->port), 116000000112ull);
}

static void files_that_are_wrong_are_named_with_the_reason(void **state)
{
	struct bench *b = *state;
	struct why e;
	char want[200];

	b->cfg.in = "/nonexistent/in.pcap";
	assert_int_equal(pcap_port_open(&b->port, b->frames, &b->cfg, &e), -EIO);
	assert_string_equal(e.text, "/nonexistent/in.pcap: No such file or directory");
	b->cfg.in = b->in;
	assert_int_equal(pcap_port_open(&b->port, b->frames, &b->cfg, &e), -EIO);
	assert_non_null(strstr(e.text, b->in)); /* empty: the words are libpcap's */
	capture_make(b->in, 101, 1, 60, SIZE_MAX);
	assert_int_equal(pcap_port_open(&b->port, b->frames, &b->cfg, &e), -EIO);
	snprintf(want, sizeof(want), "%s: holds no Ethernet frames (link type 12)", b->in);
	assert_string_equal(e.text, want);
	capture_make(b->in, 1, 1, 60, SIZE_MAX);
	b->cfg.out = "/nonexistent/out.pcap";
	assert_int_equal(pcap_port_open(&b->port, b->frames, &b->cfg, &e), -EIO);
	assert_string_equal(e.text, "/nonexistent/out.pcap: No such file or directory");
	assert_null(b->port);
}

static void a_damaged_file_is_told_from_a_finished_one(void **state)
{
	struct bench *b = *state;
	struct why e = {""};

	capture_make(b->in, 1, 2, 60, 24 + 76 + 40);
	assert_int_equal(pcap_port_open(&b->port, b->frames, &b->cfg, &e), 0);
	echo(b);
	assert_int_equal(pcap_port_deliver(b->port, UINT64_MAX, &e), 1);
	assert_int_equal(pcap_port_deliver(b->port, UINT64_MAX, &e), -EIO);
	assert_non_null(strstr(e.text, b->in));
	assert_non_null(strstr(e.text, "truncated"));
}

static void a_packet_too_long_for_the_rings_stops_the_file(void **state)
{
	struct bench *b = *state;
	struct why e = {""};

	capture_make(b->in, 1, 1, 8 * 1792 + 1, SIZE_MAX);
	assert_int_equal(pcap_port_open(&b->port, b->frames, &b->cfg, &e), 0);
	echo(b);
	assert_int_equal(pcap_port_deliver(b->port, UINT64_MAX, &e), -EMSGSIZE);
	assert_non_null(strstr(e.text, "14337"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_goes_in_comes_out_with_its_time, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(delivery_stops_at_the_rings_and_goes_on, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(files_that_are_wrong_are_named_with_the_reason,
	                                        setup, teardown),
		cmocka_unit_test_setup_teardown(a_damaged_file_is_told_from_a_finished_one, setup,
	                                        teardown),
		cmocka_unit_test_setup_teardown(a_packet_too_long_for_the_rings_stops_the_file,
	                                        setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
