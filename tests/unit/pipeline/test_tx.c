/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "road.h"

static void inject(struct road *t, uint16_t from, uint32_t dst)
{
	router_udp(&t->in, from, dst, 64);
	assert_true(router_inject(t->r, from, t->in.bytes, t->in.len));
}

/* A question of neighbour @ip, as the agent asks it. */
static void order_send(struct road *t, uint16_t iface)
{
	struct order *o = ring_reserve(t->r->worker.pipeline.orders);

	assert_non_null(o);
	*o = (struct order){.kind = ORDER_SEND, .iface = iface, .len = 60};
	packet_arp(&t->in, &(struct packet_arp){.dst = MAC_BROADCAST,
	                                        .sender_mac = ROUTER_MAC(iface),
	                                        .sender = ROUTER_IP(iface),
	                                        .target = IP(10, 0, 1, 50),
	                                        .op = 1});
	memcpy(o->bytes, t->in.bytes, 60);
	ring_push(t->r->worker.pipeline.orders);
}

static void order(struct road *t, enum order_kind kind, uint32_t value)
{
	struct order *o = ring_reserve(t->r->worker.pipeline.orders);

	assert_non_null(o);
	*o = (struct order){.kind = (uint8_t)kind, .value = value};
	ring_push(t->r->worker.pipeline.orders);
}

static void a_full_ring_drops_and_counts(void **state)
{
	const struct router_config cfg = {.ring = 16};
	struct road *t = road_open(&cfg);

	*state = t;
	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < 10; k++)
			inject(t, 0, HOST_IP(1));
		router_run(t->r);
	}
	assert_int_equal(router_count(t->r, DROP_TX_FULL), 14);
	assert_int_equal(t->r->port[1]->queue[0].counters.tx_full, 14);
	assert_int_equal(t->r->port[1]->queue[0].tx_pending, 16); /* I3 */
	assert_int_equal(t->r->worker.pipeline.counters.verdict[1][DROP_TX_FULL], 14);
	assert_int_equal(router_drain(t->r), 16);
	router_run(t->r);
	inject(t, 0, HOST_IP(1));
	router_run(t->r);
	assert_int_equal(router_drain(t->r), 1);
}

/* One port's full ring takes nothing from the others. */
static void a_full_ring_is_no_other_ports_business(void **state)
{
	const struct router_config cfg = {.ring = 16};
	struct road *t = road_open(&cfg);

	*state = t;
	for (int i = 0; i < 16; i++)
		inject(t, 0, HOST_IP(1));
	router_run(t->r);
	for (int i = 0; i < 16; i++)
		inject(t, 0, HOST_IP(1 + i % 2));
	router_run(t->r);
	assert_int_equal(router_count(t->r, DROP_TX_FULL), 8);
	for (int i = 0; i < 8; i++)
		road_out(t, 2);
	assert_int_equal(router_drain(t->r), 16);
}

/* An answer in the packet's frame that finds no room: the frame is freed once (I2). */
static void answers_too_may_find_no_room(void **state)
{
	const struct router_config cfg = {.ring = 16};
	struct road *t = road_open(&cfg);

	*state = t;
	for (int k = 0; k < 3; k++) {
		for (int i = 0; i < 16; i++) {
			router_ip4(
				&t->in, 0,
				&(struct packet_ip4){.dst = i % 2 ? ROUTER_IP(0) : IP(9, 9, 9, 9),
			                             .proto = IP_PROTO_ICMP},
				64);
			packet_icmp(&t->in, ICMP4_ECHO, 0);
			if (i % 4 == 3)
				packet_arp(&t->in,
				           &(struct packet_arp){.dst = MAC_BROADCAST,
				                                .sender_mac = HOST_MAC(0, 2),
				                                .sender = HOST_IP(0),
				                                .target = ROUTER_IP(0),
				                                .op = 1});
			assert_true(router_inject(t->r, 0, t->in.bytes, t->in.len));
		}
		router_run(t->r);
	}
	assert_int_equal(router_count(t->r, DROP_TX_FULL), 32);
	assert_int_equal(router_drain(t->r), 16);
}

static void a_port_that_is_gone_drops_and_counts(void **state)
{
	struct road *t = *state;

	inject(t, 0, HOST_IP(1));
	router_run(t->r); /* a frame goes down with the port */
	router_unplug(t->r, 1);
	assert_null(router_check(t->r)); /* I2 */
	router_udp(&t->in, 0, HOST_IP(1), 64);
	router_send(t->r, 0, &t->in);
	router_pass(t->r, 5 * NS_PER_SEC);
	router_drain(t->r);
	order_send(t, 1);
	router_run(t->r);
	assert_true(router_count(t->r, DROP_TX_DOWN) >= 1);
	inject(t, 0, HOST_IP(2));
	router_run(t->r);
	road_out(t, 2);
}

/* Frames in all four rings of a port that closes come back, and go on to the agent when asked. */
static void a_closed_ports_frames_are_recovered_and_returned(void **state)
{
	struct road *t = *state;
	uint32_t n;

	for (int i = 0; i < 7; i++)
		inject(t, 0, HOST_IP(1));
	router_run(t->r);
	memory_port_tx_complete(t->r->port[1], 0, 3); /* completion and tx ring */
	inject(t, 1, HOST_IP(0));                     /* rx ring */
	inject(t, 1, HOST_IP(0));
	router_unplug(t->r, 1);
	assert_null(router_check(t->r));
	assert_int_equal(t->r->worker.pipeline.counters.recovered, 64 + 7);
	n = t->r->worker.pipeline.cache.n;
	order(t, ORDER_RETURN, 71);
	router_run(t->r);
	assert_int_equal(t->r->spare.n, 71);
	assert_int_equal(t->r->worker.pipeline.cache.n, n - 71);
	order(t, ORDER_RETURN, 100000); /* more than there are */
	router_run(t->r);
	assert_int_equal(t->r->worker.pipeline.cache.n, 0);
	order_send(t, 0); /* and now there is none for a packet of the router's own */
	router_run(t->r);
	assert_int_equal(router_count(t->r, DROP_NO_FRAME), 1);
	assert_null(router_check(t->r));
}

/* A frame that goes out again in the batch of orders that recovers its last queue is not free. */
static void a_frame_on_its_way_is_not_recovered(void **state)
{
	struct road *t = *state;
	uint16_t tag = t->r->port[1]->queue[0].tag;
	struct port *gone = t->r->port[1];

	for (int i = 0; i < 20; i++)
		inject(t, 0, HOST_IP(1));
	router_run(t->r);
	assert_int_equal(router_drain(t->r), 20);
	router_run(t->r); /* the cache's top is frames that were sent by port 1 */
	t->r->gone.rx_packets += gone->queue[0].counters.rx_packets;
	t->r->gone.tx_packets += gone->queue[0].counters.tx_packets;
	t->r->port[1] = NULL;
	router_publish(t->r);
	rcu_quiescent_state();
	port_close(&gone);
	for (int i = 0; i < 3; i++)
		order_send(t, 2);
	order(t, ORDER_RECOVER, tag);
	router_run(t->r);
	assert_null(router_check(t->r)); /* I2 */
	for (int i = 0; i < 3; i++)
		road_out(t, 2);
}

/* A held packet is nobody's but the agent's, whatever becomes of the port it came by. */
static void a_held_packet_outlives_its_port(void **state)
{
	struct road *t = *state;

	router_udp(&t->in, 0, IP(10, 0, 1, 77), 64);
	router_send(t->r, 0, &t->in);
	router_unplug(t->r, 0);
	packet_arp(&t->in, &(struct packet_arp){.dst = ROUTER_MAC(1),
	                                        .sender_mac = HOST_MAC(1, 77),
	                                        .sender = IP(10, 0, 1, 77),
	                                        .target = ROUTER_IP(1),
	                                        .op = 2});
	router_drain(t->r);
	router_send(t->r, 1, &t->in);
	road_out(t, 1);
	assert_int_equal(ip4_dst(packet_head4(&t->out)), IP(10, 0, 1, 77));
}

/* No free frame: the fill ring runs dry, and what comes back goes on. */
static void scarce_frames_only_slow_things_down(void **state)
{
	const struct router_config cfg = {.ring = 64, .frames = 80};
	struct road *t = road_open(&cfg);
	uint32_t out = 0;

	*state = t;
	for (int i = 0; i < 1000; i++) {
		router_udp(&t->in, 0, HOST_IP(0), 64);
		if (router_inject(t->r, 0, t->in.bytes, t->in.len))
			out++;
		router_run(t->r);
		if (i % 8 == 7)
			router_drain(t->r);
	}
	assert_int_equal(out, 1000);
	assert_true(t->r->port[2]->queue[0].counters.fill_short > 0);
}

/* eth-pad-in, eth-pad-leak, ip4-trailer */
static void nothing_of_an_earlier_packet_leaves(void **state)
{
	struct road *t = *state;

	for (int i = 0; i < 300; i++) {
		router_ip4(&t->in, 0, &(struct packet_ip4){.dst = HOST_IP(1)}, 1400);
		memset(packet_payload4(&t->in), 0xee, 1400);
		router_send(t->r, 0, &t->in);
		router_drain(t->r);
	}
	for (uint32_t payload = 0; payload < 60; payload++) {
		router_ip4(&t->in, 0, &(struct packet_ip4){.dst = HOST_IP(1)}, payload);
		road_forwards(t, 0, 1); /* road_out() looks at the padding */
		router_ip4(&t->in, 0, &(struct packet_ip4){.dst = HOST_IP(1)}, payload);
		memset(t->in.bytes + t->in.len, 0xaa, 100);
		t->in.len = t->in.len < 60 ? 60 : t->in.len + 40;
		road_forwards(t, 0, 1);
		router_ip4(&t->in, 0, &(struct packet_ip4){.dst = ROUTER_IP(0), .proto = 1},
		           8 + payload);
		packet_icmp(&t->in, ICMP4_ECHO, 0);
		memset(t->in.bytes + t->in.len, 0xaa, 100);
		t->in.len += 40;
		router_send(t->r, 0, &t->in);
		road_icmp(t, 0, ICMP4_ECHO_REPLY, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_full_ring_drops_and_counts, road_teardown),
		cmocka_unit_test_teardown(a_full_ring_is_no_other_ports_business, road_teardown),
		cmocka_unit_test_teardown(answers_too_may_find_no_room, road_teardown),
		road_test(a_port_that_is_gone_drops_and_counts),
		road_test(a_closed_ports_frames_are_recovered_and_returned),
		road_test(a_frame_on_its_way_is_not_recovered),
		road_test(a_held_packet_outlives_its_port),
		cmocka_unit_test_teardown(scarce_frames_only_slow_things_down, road_teardown),
		road_test(nothing_of_an_earlier_packet_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
