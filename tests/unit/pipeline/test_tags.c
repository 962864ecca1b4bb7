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
#include "wire/arp.h"

#define PRIORITY 0xa000 /* PCP 5, VID 0 */

static void to_host(struct road *t)
{
	router_udp(&t->in, 0, HOST_IP(1), 64);
}

/* Put a tag behind the MACs. */
static void tag(struct packet *p, uint16_t type, uint16_t tci)
{
	memmove(p->bytes + 16, p->bytes + 12, p->len - 12);
	store16(p->bytes + 12, ETHERTYPE_BE(type));
	store16(p->bytes + 14, __builtin_bswap16(tci));
	p->len += 4;
}

/* t->in goes in at port 0 with a priority tag, and comes out at 1 as if it had none. */
static void forwards_untagged(struct road *t)
{
	struct packet *plain = malloc(sizeof(*plain));
	uint32_t total = ip4_total_len(packet_head4(&t->in));

	assert_non_null(plain);
	memcpy(plain, &t->in, sizeof(*plain));
	router_send(t->r, 0, plain);
	road_out(t, 1);
	memcpy(plain, &t->out, sizeof(*plain));
	tag(&t->in, 0x8100, PRIORITY);
	router_send(t->r, 0, &t->in);
	road_out(t, 1);
	assert_int_equal(t->out.len, total < 46 ? 60 : 14 + total);
	assert_int_equal(t->out.len, plain->len);
	assert_memory_equal(t->out.bytes, plain->bytes, plain->len);
	road_silent(t);
	free(plain);
}

/* eth-priority-tag: of every length, the longest that the link takes too. */
static void a_priority_tag_is_taken_off(void **state)
{
	struct road *t = *state;

	for (uint32_t payload = 8; payload <= 1480; payload += 23) {
		router_udp(&t->in, 0, HOST_IP(1), payload);
		forwards_untagged(t);
	}
	router_udp(&t->in, 0, HOST_IP(1), 1480);
	forwards_untagged(t);
}

static void behind_a_priority_tag_the_checks_are_the_same(void **state)
{
	struct road *t = *state;

	to_host(t);
	tag(&t->in, 0x8100, PRIORITY);
	mac_store(t->in.bytes, ROUTER_MAC(1));
	road_ends(t, 0, DROP_OTHER_MAC);
	mac_store(t->in.bytes, MAC_BROADCAST);
	road_ends(t, 0, DROP_L2_GROUP);
	to_host(t);
	packet_head4(&t->in)[10] ^= 1;
	tag(&t->in, 0x8100, PRIORITY);
	road_ends(t, 0, DROP_IP_CHECKSUM);
	to_host(t);
	store16(t->in.bytes + 12, ETHERTYPE_IP6);
	tag(&t->in, 0x8100, PRIORITY);
	road_ends(t, 0, DROP_IP_VERSION);
	to_host(t);
	tag(&t->in, 0x8100, PRIORITY);
	t->r->iface[0].up = false;
	router_publish(t->r);
	road_ends(t, 0, DROP_IFACE_DOWN);
}

static void arp_and_echo_with_a_priority_tag_are_answered_without(void **state)
{
	struct road *t = *state;

	packet_arp(&t->in, &(struct packet_arp){.dst = MAC_BROADCAST,
	                                        .sender_mac = HOST_MAC(0, 2),
	                                        .sender = HOST_IP(0),
	                                        .target = ROUTER_IP(0),
	                                        .op = 1});
	tag(&t->in, 0x8100, PRIORITY);
	router_send(t->r, 0, &t->in);
	road_out(t, 0);
	assert_int_equal(ether_type(t->out.bytes), ETHERTYPE_ARP);
	assert_int_equal(mac_load(t->out.bytes), HOST_MAC(0, 2));
	assert_int_equal(arp_sender(t->out.bytes + 14), ROUTER_IP(0));

	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = ROUTER_IP(0), .proto = 1}, 64);
	packet_icmp(&t->in, ICMP4_ECHO, 0);
	tag(&t->in, 0x8100, PRIORITY);
	router_send(t->r, 0, &t->in);
	road_icmp(t, 0, ICMP4_ECHO_REPLY, 0);

	router_ip4(&t->in, 0, &(struct packet_ip4){.dst = HOST_IP(1), .ttl = 1}, 600);
	tag(&t->in, 0x8100, PRIORITY);
	router_send(t->r, 0, &t->in);
	road_icmp(t, 0, ICMP4_TIME_EXCEEDED, 0);
	road_silent(t);
}

static void a_jumbo_with_a_priority_tag_is_forwarded(void **state)
{
	const struct router_config cfg = {.mtu = {9000, 9000, 1500}};
	struct road *t = road_open(&cfg);

	*state = t;
	router_udp(&t->in, 0, HOST_IP(1), 5000);
	tag(&t->in, 0x8100, PRIORITY);
	assert_true(router_inject_parts(t->r, 0, &t->in, 1792));
	router_run(t->r);
	road_out(t, 1);
	assert_int_equal(t->out.len, 14 + 20 + 5000);
	for (uint32_t i = 8; i < 5000; i++)
		assert_int_equal(t->out.bytes[34 + i], t->in.bytes[38 + i]);
	road_silent(t);
}

/* eth-tagged, -qinq, -double-prio */
static void other_tags_are_not_forwarded(void **state)
{
	static const struct {
		uint16_t inner, inner_tci, outer, outer_tci;
	} stack[] = {
		{0x8100, 5, 0x8100, 0},        /* VID 5 behind VID 0 */
		{0x8100, PRIORITY, 0x8100, 0}, /* VID 0 twice */
		{0x88a8, 5, 0x8100, 0},        {0x88a8, 0, 0x8100, PRIORITY},
		{0x8100, 6, 0x88a8, 5},        {0x8100, 0, 0x88a8, 0},
		{0x8100, 0, 0x8100, 5},
	};
	struct road *t = *state;

	to_host(t);
	tag(&t->in, 0x8100, 5);
	road_ends(t, 0, DROP_VLAN);
	to_host(t);
	tag(&t->in, 0x8100, 0xa005);
	road_ends(t, 0, DROP_VLAN);
	to_host(t);
	tag(&t->in, 0x88a8, 0);
	road_ends(t, 0, DROP_VLAN);
	for (size_t i = 0; i < ARRAY_SIZE(stack); i++) {
		to_host(t);
		tag(&t->in, stack[i].inner, stack[i].inner_tci);
		tag(&t->in, stack[i].outer, stack[i].outer_tci);
		road_ends(t, 0, DROP_VLAN);
	}
	to_host(t);
	road_forwards(t, 0, 1);
}

/* eth-runts: whatever a tag announces may be missing. */
static void runts_with_tags_do_no_harm(void **state)
{
	static const uint16_t tci[] = {0, PRIORITY, 5};
	struct road *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(tci); i++) {
		for (uint32_t len = 14; len <= 60; len++) {
			to_host(t);
			tag(&t->in, 0x8100, tci[i]);
			t->in.len = len;
			router_send(t->r, 0, &t->in);
			road_silent(t);
		}
	}
	assert_int_equal(router_count(t->r, DROP_VLAN), 47 + 2 * 4);
	to_host(t);
	road_forwards(t, 0, 1);
}

/* eth-pad-in, with and without a tag. */
static void padding_is_not_copied_out(void **state)
{
	struct road *t = *state;

	for (uint32_t payload = 8; payload < 26; payload++) {
		for (int tagged = 0; tagged < 2; tagged++) {
			router_udp(&t->in, 0, HOST_IP(1), payload);
			memset(t->in.bytes + t->in.len, 0xaa, 80);
			t->in.len = 60;
			if (tagged)
				tag(&t->in, 0x8100, PRIORITY);
			router_send(t->r, 0, &t->in);
			road_out(t, 1); /* padding that is not zero is a flaw */
			assert_int_equal(t->out.len, 60);
			assert_int_equal(ip4_total_len(packet_head4(&t->out)), 20 + payload);
			for (uint32_t k = 34 + payload; k < 60; k++)
				assert_int_equal(t->out.bytes[k], 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		road_test(a_priority_tag_is_taken_off),
		road_test(behind_a_priority_tag_the_checks_are_the_same),
		road_test(arp_and_echo_with_a_priority_tag_are_answered_without),
		cmocka_unit_test_teardown(a_jumbo_with_a_priority_tag_is_forwarded, road_teardown),
		road_test(other_tags_are_not_forwarded),
		road_test(runts_with_tags_do_no_harm),
		road_test(padding_is_not_copied_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
