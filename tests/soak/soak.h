/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * soak: the network that tools/soak lays, as the generator knows it, and random numbers.
 *
 *     generator gN ---- pN router        ports N = 0 to 3, their subnets 10.0.N.0/24 and
 * 2001:db8:N::/64; the generator is every host of them
 *
 *     generator g5 ==== p5 trunk 10, 20 [br0.10 10.0.10.1, br0.20 10.0.20.1]     wires 4 to 6
 *               g6 ---- p6 access 10
 *               g7 ---- p7 access 20
 *
 * Hosts 2 and 3 of each subnet are static neighbours of the router, and the good packets are
 * theirs; 64 to 127 answer ARP and neighbour solicitations; the others are silent. Hosts
 * 2 of VLANs 10 and 20 are behind the trunk, hosts 3 behind the access ports.
 */
#ifndef SOAK_H
#define SOAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"

#define SOAK_PORTS     4 /* routed ones */
#define SOAK_WIRES     7 /* with those of the bridge */
#define SOAK_TRUNK     4
#define SOAK_FRAME_MAX 9018 /* with a tag */

/* MACs as packet_ether() wants them: 02:00:00:0N+1:00:HOST */
#define SOAK_MAC(port, host)  (0x02u | ((port) + 1ull) << 24 | (uint64_t)(host) << 40)
#define SOAK_ROUTER_MAC(port) SOAK_MAC(port, 1)
#define SOAK_IP(port, host)   IP(10, 0, port, host)
#define SOAK_IP6(port, host)  IP6(0x20010db800000000ull | (uint64_t)(port) << 16, host)
#define SOAK_BRIDGE           0x014200000002ull /* 02:00:00:00:42:01 */
#define SOAK_BROADCAST        0xffffffffffffull

static inline uint32_t soak_mtu(unsigned int port)
{
	static const uint32_t mtu[SOAK_PORTS] = {1500, 1400, 9000, 9000};

	return mtu[port];
}

/* splitmix64: a stream that is known by its start alone, so that each frame can be made again. */
struct dice {
	uint64_t state;
};

static inline uint64_t dice_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static inline uint32_t dice_word(struct dice *d)
{
	d->state += 0x9e3779b97f4a7c15ull;
	return (uint32_t)(dice_mix(d->state) >> 16);
}

/* 0 to @n - 1 */
static inline uint32_t dice_roll(struct dice *d, uint32_t n)
{
	return (uint32_t)((uint64_t)dice_word(d) * n >> 32);
}

static inline bool dice_one_in(struct dice *d, uint32_t n)
{
	return dice_roll(d, n) == 0;
}

static inline void soak_put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void soak_put32(uint8_t *p, uint32_t v)
{
	soak_put16(p, v >> 16);
	soak_put16(p + 2, v);
}

static inline uint32_t soak_get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t soak_get32(const uint8_t *p)
{
	return soak_get16(p) << 16 | soak_get16(p + 2);
}

/**
 * soak_fix_l4 - make the checksum of the TCP, UDP or ICMP in a frame right, where there is one
 * @p:    frame of an untagged IPv4 or IPv6 packet whose header is in it whole
 * @half: TCP and UDP over IPv4: the sum of the pseudo header alone, as a sender leaves it to its
 * NIC
 */
void soak_fix_l4(struct packet *p, bool half);

/**
 * mutant_make - a frame that no host should send, or one of the kinds that few do
 * @p:    out: the frame, of 14 to SOAK_FRAME_MAX bytes
 * @seed: of the run
 * @k:    number of the frame; together with the seed it says what the frame is
 *
 * Return: the port to send it to.
 */
unsigned int mutant_make(struct packet *p, uint64_t seed, uint64_t k);

/* --- Good packets ------------------------------------------------------------------------------
 */

/* A good packet: its flow, and its number in it. */
struct good {
	unsigned int f;
	uint32_t seq;
};

/* Two between any two ports, and an echo to the router on each; IPv4's come first. Behind them
 * those to or from hosts behind the bridge. */
#define FLOWS_EACH     (SOAK_PORTS * (SOAK_PORTS - 1) * 2 + SOAK_PORTS)
#define FLOWS_ROUTED   (FLOWS_EACH + FLOWS_EACH)
#define FLOWS_SWITCHED 16
#define FLOWS          (FLOWS_ROUTED + FLOWS_SWITCHED)

/* The wire at which flow @f comes in. */
unsigned int flow_from(unsigned int f);

/* Good packet @g as it is sent. */
void flow_make(struct packet *p, struct good g, uint64_t seed);

/* Whether a frame from the router is a good packet, and if so, which: by its mark alone. */
bool flow_known(const uint8_t *frame, uint32_t len, uint64_t seed, struct good *g);

/**
 * flow_differs - what of a good packet is not as it should be behind the router
 * @frame: what came
 * @len:   its length
 * @port:  where it came out
 * @g:     which one it is
 * @seed:  of the run
 * @want:  out: what should have come; for an echo, what was asked
 *
 * Return: NULL if all is well, else a line for the reader.
 */
const char *flow_differs(const uint8_t *frame, uint32_t len, unsigned int port, struct good g,
                         uint64_t seed, struct packet *want);

/* What all good packets bear: the run's mark, flow and number; and bytes that follow from these. */
void flow_mark(uint8_t *at, uint32_t len, struct good g, uint64_t seed);

/* The same as their namesakes for flows from FLOWS_ROUTED on. */
unsigned int switched_from(unsigned int f);
void switched_make(struct packet *p, struct good g, uint64_t seed);
const char *switched_differs(const uint8_t *frame, uint32_t len, unsigned int wire, struct good g,
                             uint64_t seed, struct packet *want);

/**
 * switched_flaw - what is wrong with a frame that came out of a port of the bridge
 * @frame: as it lies on the wire, with its tag
 *
 * What the router itself sends must be well-formed, and the tag one of the port's. Return: NULL or
 * a line for the reader.
 */
const char *switched_flaw(const uint8_t *frame, uint32_t len, unsigned int wire);

/* --- Devices -----------------------------------------------------------------------------------
 */

/* A device of the generator: a socket to send by, one to receive by. */
struct wire {
	int tx, rx;
	uint64_t sent, refused, received;
};

/* Return: 0 or -errno. */
int wire_open(struct wire *w, const char *device);

/* Send @n frames in order; what the kernel refuses (too long for the device) is counted. */
void wire_send(struct wire *w, struct packet *const *frame, unsigned int n);

/* Take what has come, @take for each frame. Return: how many. */
typedef void wire_take_fn(void *context, const uint8_t *frame, uint32_t len);
unsigned int wire_receive(struct wire *w, wire_take_fn *take, void *context);

/* Frames that came and found no room in the socket; the kernel forgets them by being asked. */
unsigned int wire_lost(const struct wire *w);

#endif
