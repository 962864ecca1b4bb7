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
 *
 * Bits 0-2 all set: a frame that may be bridged or have tags, to any port. Bits 3 to 7 are as
 * above; the next byte says how it begins: bits 0-2  port 0 to 7 bits 3-4  how many tags, of two
 * bytes each that follow: VID, priority; bit 3 of the last one's makes it an S-tag bits 5-6
 * destination: the bridge's MAC, a station, all, the port's MAC bit 7     from a station that is
 * known, else from what the next byte says
 *
 *     0, 1, 2: routed, with VLAN 5 on 0 and VLAN 10 in the S-tag 100 on 1
 *     3: access port of VLAN 10, 4: trunk, 5: trunk with 20 as its native VLAN, of a bridge
 *     6, 7: of a bridge without VLANs; the router has a foot in each VLAN
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "bridge.h"
#include "fuzz.h"
#include "router.h"
#include "wire/ether.h"
#include "wire/ip6.h"

#define PIECES_MAX 40
#define FAR6(i)    IP6(0x2001067c00000000 | (uint64_t)(i) << 16, 0)
#define PORTS      8
#define STATION(n) (0x0a02ull | (uint64_t)(n) << 16)

/* What else than ports the router has, by its ids. */
enum { FOOT10 = IFACE_PORTS, FOOT20, FOOT, VLAN5, OUTER100, INNER10 };

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

/* The EtherType that @how asks for. */
static uint16_t type_of(uint8_t how)
{
	return how & 128 ? 0x86dd : how & 64 ? 0x0806 : 0x0800;
}

/* The Ethernet header that @how asks for. */
static void ether_fill(struct packet *p, uint8_t how)
{
	uint16_t port = how & 3;
	uint64_t to = ROUTER_MAC(port);

	if ((how & (64 | 128)) == 64)
		to = MAC_BROADCAST;
	packet_ether(p, to, HOST_MAC(port, 2), type_of(how));
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

/* Bytes of the input behind what is there, with the checksums that @how asks for. */
static void payload_fill(struct packet *p, struct input *in, uint8_t how)
{
	uint32_t len = next(in);

	len |= (uint32_t)next(in) << 8;
	len %= 9015;
	for (uint32_t i = 0; i < len; i++)
		p->bytes[p->len++] = in->left > 0 ? next(in) : (uint8_t)i;
	if (how & 8 && how & 128)
		ip6_right(p);
	else if (how & 8)
		ip4_right(p);
}

static void packet_fill(struct packet *p, struct input *in, uint8_t how)
{
	p->len = 0;
	if (how & 4)
		ether_fill(p, how);
	payload_fill(p, in, how);
	if ((how & (4 | 64 | 128)) == (4 | 64 | 128) && p->len >= 54)
		mac_store(p->bytes, ip6_group_mac(ip6_dst(packet_head6(p))));
}

/* Tags before what follows the MACs, the last one of the input innermost. */
static void tags_put(struct packet *p, struct input *in, uint32_t n)
{
	memmove(p->bytes + 12 + 4ul * n, p->bytes + 12, p->len - 12);
	p->len += 4 * n;
	for (uint32_t i = 0; i < n; i++) {
		uint8_t vid = next(in), more = next(in), *tag = p->bytes + 12 + 4ul * i;

		store16(tag, more & 8 ? ETHERTYPE_QINQ : ETHERTYPE_VLAN);
		tag[2] = more; /* bit 3 counts as the VID's too */
		tag[3] = vid;
	}
}

/* A frame with its Ethernet header and tags. Return: the port that it is to come in by. */
static uint16_t frame_fill(struct packet *p, struct input *in, uint8_t how)
{
	uint8_t what = next(in);
	uint16_t port = what & 7;
	uint64_t to[] = {BRIDGE_MAC, STATION(next(in) % 8), MAC_BROADCAST, ROUTER_MAC(port)};

	packet_ether(p, to[what >> 5 & 3], STATION(what & 128 ? port : next(in)), type_of(how));
	payload_fill(p, in, how);
	if ((what >> 5 & 3) == 2 && how & 128 && p->len >= 54)
		mac_store(p->bytes, ip6_group_mac(ip6_dst(packet_head6(p))));
	tags_put(p, in, what >> 3 & 3);
	return port;
}

/* Take the outermost tag off, which is to be @tpid and @vid. */
static bool untag(struct packet *p, uint16_t tpid, uint32_t vid)
{
	if (ether_type(p->bytes) != tpid || vlan_vid(p->bytes) != vid)
		return false;
	memmove(p->bytes + 12, p->bytes + 16, p->len - 16);
	p->len -= 4;
	return true;
}

/* Whose is what came out of @port: the port's, or, without the tags that this adds, one of its
 * VLANs'. */
static const struct iface *sender(struct router *r, struct packet *p, uint16_t port)
{
	uint16_t id = port;

	if (port == 0 && untag(p, ETHERTYPE_VLAN, 5))
		id = VLAN5;
	else if (port == 1 && untag(p, ETHERTYPE_QINQ, 100))
		id = untag(p, ETHERTYPE_VLAN, 10) ? INNER10 : OUTER100;
	return router_iface(r, id);
}

/* Out of a port of a bridge: of VLANs that it is in, and with a tag or without as it is said; what
 * is not the router's is as it came, and may be anything. */
static const char *bridged_flaw(struct packet *p, uint16_t port)
{
	bool tagged = ether_type(p->bytes) == ETHERTYPE_VLAN;
	uint32_t vid = tagged ? vlan_vid(p->bytes) : 0;

	if (p->len < 60)
		return "a runt";
	if ((port == 3 && tagged) || (port == 4 && vid != 10 && vid != 20) ||
	    (port == 5 && tagged && vid != 10))
		return "a tag that the port does not have";
	if (mac_load(p->bytes + 6) != BRIDGE_MAC)
		return NULL;
	if (port < 6 && tagged)
		(void)untag(p, ETHERTYPE_VLAN, vid);
	return packet_flaw(p->bytes, p->len, BRIDGE_MAC, 1500);
}

/* What came out must be well-formed. */
static void look(struct router *r, struct packet *p)
{
	for (uint16_t i = 0; i < PORTS; i++) {
		while (router_take(r, i, p)) {
			const struct iface *f = sender(r, p, i);
			const char *flaw = i < ROUTER_PORTS
			                           ? packet_flaw(p->bytes, p->len, f->mac, f->mtu)
			                           : bridged_flaw(p, i);

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

	if ((how & 7) == 3) {
		router_pass(r, next(in) * (NS_PER_SEC / 10));
		look(r, p);
		return;
	}
	if (how & 16)
		part = next(in) % 25 * 64u + 1;
	if ((how & 7) == 7)
		port = frame_fill(p, in, how);
	else
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

/* Stations that the input made known are forgotten. */
static void stations_forget(struct fdb *t)
{
	uint64_t key, value;
	size_t at = 0;

	while (fdb_next(t, &at, &key, &value)) {
		if (!(value & FDB_STATIC))
			must(fdb_remove(t, key));
	}
}

/* Good packets behind the input: bridged, and routed into bridges, out of them and by VLANs. */
static void bridges_work(struct router *r, struct packet *p)
{
	packet_ether(p, STATION(4), STATION(3), 0x0800);
	packet_ip4(p, &(struct packet_ip4){.src = 1, .dst = 2}, 100);
	router_send(r, 3, p);
	must(router_take(r, 4, p) && p->len == 138 && untag(p, ETHERTYPE_VLAN, 10));
	router_send(r, 6, p); /* nobody knows them there */
	must(router_take(r, 7, p) && p->len == 134);
	router_udp(p, 0, HOST_IP(FOOT10), 100);
	router_send(r, 0, p);
	must(router_take(r, 3, p) && p->len == 134 && mac_load(p->bytes + 6) == BRIDGE_MAC);
	router_udp6(p, 0, HOST_IP6(INNER10), 100);
	router_send(r, 0, p);
	must(router_take(r, 1, p) && p->len == 162 && untag(p, ETHERTYPE_QINQ, 100));
	router_udp(p, FOOT10, HOST_IP(VLAN5), 100);
	mac_store(p->bytes, BRIDGE_MAC);
	router_send(r, 3, p);
	must(router_take(r, 0, p) && p->len == 138 && untag(p, ETHERTYPE_VLAN, 5));
	look(r, p);
	router_run(r);
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
	stations_forget(r->bridge[0]->live.fdb);
	stations_forget(r->bridge[1]->live.fdb);
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
	bridges_work(r, p);
}

/* What the head of this file draws. */
static void bridges_make(struct router *r)
{
	struct test_bridge *b = bridge_new(r, 7 << 3, true), *plain = bridge_new(r, 3 << 6, false);

	bridge_access(b, 3, 10);
	bridge_tagged(b, 4, 10);
	bridge_tagged(b, 4, 20);
	bridge_native(b, 5, 20);
	bridge_tagged(b, 5, 10);
	bridge_publish(b);
	bridge_publish(plain);
	must(bridge_foot(b, 10) == FOOT10 && bridge_foot(b, 20) == FOOT20 &&
	     bridge_foot(plain, 0) == FOOT);
	bridge_static(b, STATION(3), 10, 3);
	bridge_static(b, STATION(4), 10, 4);
	bridge_static(b, STATION(5), 20, 5);
	bridge_static(b, HOST_MAC(FOOT10, 2), 10, 3);
	bridge_static(plain, STATION(6), 0, 6);
}

static void vlans_make(struct router *r)
{
	struct iface vlan = {.kind = IFACE_VLAN, .parent = 0, .vid = 5, .name = "v5"};

	vlan.mac = ROUTER_MAC(0);
	vlan.tag[0] = ETHERTYPE_VLAN | (uint32_t)ETHERTYPE_BE(5) << 16;
	must(router_virtual(r, &vlan) == VLAN5);
	vlan = (struct iface){.kind = IFACE_VLAN, .parent = 1, .vid = 100, .mac = ROUTER_MAC(1)};
	vlan.mtu = 9000;
	vlan.tag[0] = ETHERTYPE_QINQ | (uint32_t)ETHERTYPE_BE(100) << 16;
	must(router_virtual(r, &vlan) == OUTER100);
	vlan.parent = OUTER100;
	vlan.vid = 10;
	vlan.tag[0] = ETHERTYPE_VLAN | (uint32_t)ETHERTYPE_BE(10) << 16;
	must(router_virtual(r, &vlan) == INNER10);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct router_config cfg = {
		.ports = PORTS,
		.frames = 1024,
		.mtu = {9000, 9000, 1500},
		.partial_csum = {false, false, true},
		.redirects = true,
	};
	struct input in = {.at = data, .left = size};
	static struct router *r;
	static struct packet p;

	if (r == NULL) {
		r = router_open(&cfg);
		bridges_make(r);
		vlans_make(r);
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
