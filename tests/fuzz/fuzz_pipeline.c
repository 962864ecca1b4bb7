/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_pipeline: packets and time steps through the whole router. Whatever comes in, what goes out
 * is well-formed, no frame is lost (I2), the packets balance (I4), and a good packet that comes
 * behind is forwarded.
 *
 * The input is a list of records. First a byte:
 *   bits 0-1  port 0 to 2; 3: no packet, the next byte is how many 100 ms pass
 *   bit 2     an Ethernet header for the router is put before, EtherType IPv4
 *   bit 3     IPv4: total length and header checksum are made right; IPv6: payload length and
 *             ICMPv6 checksum
 *   bit 4     the packet comes in pieces of 64 times (the next byte, at most 24) plus 1 bytes
 *   bit 5     the next record is of the same batch
 *   bit 6     EtherType ARP and broadcast instead, with bit 2
 *   bit 7     EtherType IPv6 instead, with bit 2; with bit 6 to the MAC of the destination's group
 * then two bytes of length, little-endian, at most 9014, and so many bytes; what is beyond the
 * input's end counts up.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "fuzz.h"
#include "router.h"
#include "wire/ether.h"
#include "wire/ip6.h"

#define PIECES_MAX 40
#define FAR6(i)    IP6(0x2001067c00000000 | (uint64_t)(i) << 16, 0)

static void must(bool holds)
{
	if (!holds)
		abort();
}

struct input {
	const uint8_t *at;
	size_t left;
};

static uint8_t next(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->at++;
}

/* The Ethernet header that @how asks for. */
static void ether_fill(struct packet *p, uint8_t how)
{
	uint16_t port = how & 3;
	uint64_t to = ROUTER_MAC(port);

	if ((how & (64 | 128)) == 64)
		to = MAC_BROADCAST;
	packet_ether(p, to, HOST_MAC(port, 2), how & 128 ? 0x86dd : how & 64 ? 0x0806 : 0x0800);
}

static void ip4_right(struct packet *p)
{
	if (p->len < 34 || p->len < 14 + (packet_head4(p)[0] & 15u) * 4)
		return;
	packet_head4(p)[2] = (uint8_t)((p->len - 14) >> 8);
	packet_head4(p)[3] = (uint8_t)(p->len - 14);
	packet_fix_ip4(p);
}

static void ip6_right(struct packet *p)
{
	uint8_t *h = packet_head6(p);

	if (p->len < 54)
		return;
	store16(h + 4, __builtin_bswap16((uint16_t)(p->len - 54)));
	if (packet_proto6(p) == IP6_ICMP && packet_payload6_len(p) >= 4)
		packet_icmp(p, packet_payload6(p)[0], packet_payload6(p)[1]);
}

static void packet_fill(struct packet *p, struct input *in, uint8_t how)
{
	uint32_t len = next(in);

	len |= (uint32_t)next(in) << 8;
	len %= 9015;
	p->len = 0;
	if (how & 4)
		ether_fill(p, how);
	for (uint32_t i = 0; i < len; i++)
		p->bytes[p->len++] = in->left > 0 ? next(in) : (uint8_t)i;
	if ((how & (4 | 64 | 128)) == (4 | 64 | 128) && p->len >= 54)
		mac_store(p->bytes, ip6_group_mac(ip6_dst(packet_head6(p))));
	if (how & 8 && how & 128)
		ip6_right(p);
	else if (how & 8)
		ip4_right(p);
}

/* What came out must be well-formed. */
static void look(struct router *r, struct packet *p)
{
	for (uint16_t i = 0; i < ROUTER_PORTS; i++) {
		while (router_take(r, i, p)) {
			const char *flaw =
				packet_flaw(p->bytes, p->len, ROUTER_MAC(i), r->iface[i].mtu);

			if (flaw != NULL)
				(void)fprintf(stderr, "port %u: %s\n", i, flaw);
			must(flaw == NULL);
		}
	}
}

static void record(struct router *r, struct packet *p, struct input *in)
{
	uint8_t how = next(in);
	uint16_t port = how & 3;
	uint32_t part = 0;
	bool taken;

	if (port == ROUTER_PORTS) {
		router_pass(r, next(in) * (NS_PER_SEC / 10));
		look(r, p);
		return;
	}
	if (how & 16)
		part = next(in) % 25 * 64u + 1;
	packet_fill(p, in, how);
	if (part > 0 && p->len > 0 && p->len / part < PIECES_MAX)
		taken = router_inject_parts(r, port, p, part);
	else
		taken = router_inject(r, port, p->bytes, p->len);
	if ((how & 32) != 0 && taken)
		return;
	router_run(r);
	look(r, p);
	router_run(r); /* takes the completions */
}

/* Forget what was learned, and see that the router is as it was. */
static void settle(struct router *r, struct packet *p)
{
	const char *flaw;

	router_run(r);
	look(r, p);
	router_pass(r, REASS6_NS + NS_PER_SEC);
	look(r, p);
	neigh_clear(r->neigh, -1);
	router_run(r);
	look(r, p);
	flaw = router_check(r);
	if (flaw != NULL)
		(void)fprintf(stderr, "%s\n", flaw);
	must(flaw == NULL && r->held == 0 && r->worker.pipeline.reass.held == 0);
	router_udp(p, 0, HOST_IP(1), 100);
	router_send(r, 0, p);
	must(router_take(r, 1, p) && p->len == 134);
	router_udp6(p, 0, HOST_IP6(1), 100);
	router_send(r, 0, p);
	must(router_take(r, 1, p) && p->len == 154);
	look(r, p);
	router_run(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct router_config cfg = {
		.mtu = {9000, 9000, 1500},
		.partial_csum = {false, false, true},
		.redirects = true,
	};
	struct input in = {.at = data, .left = size};
	static struct router *r;
	static struct packet p;

	if (r == NULL) {
		r = router_open(&cfg);
		router_route(r, IP(198, 18, 0, 0), 15, 1, IP(10, 0, 1, 9));
		router_route(r, IP(198, 20, 0, 0), 16, 0, HOST_IP(0));
		router_route_kind(r, IP(198, 21, 0, 0), 16, NH_BLACKHOLE);
		router_route_kind(r, IP(198, 22, 0, 0), 16, NH_UNREACHABLE);
		router_route6(r, FAR6(1), 48, 1, NET_IP6(1, 9));
		router_route6(r, FAR6(2), 48, 0, HOST_LINK6(0));
		router_route_kind6(r, FAR6(3), 48, NH_BLACKHOLE);
		router_route_kind6(r, FAR6(4), 48, NH_UNREACHABLE);
	}
	while (in.left > 0)
		record(r, &p, &in);
	settle(r, &p);
	return 0;
}
