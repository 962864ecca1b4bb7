/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet: frames as a test wants them, and a second opinion on those that come out. Checksums are
 * made byte by byte here, so that they do not share a mistake with what is tested.
 */
#ifndef TEST_PACKET_H
#define TEST_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/ip.h"

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

#define IP6(high, low) ((struct ip){high, low})

#define PACKET_MAX 66000

/* A frame being built. */
struct packet {
	uint32_t len;
	uint8_t bytes[PACKET_MAX];
};

/* What of an IPv4 header is not the usual. Zero: TTL 64, UDP, no options. */
struct packet_ip4 {
	uint32_t src, dst; /* host byte order */
	uint8_t proto, ttl, tos;
	uint16_t id, frag;
	const void *options;
	uint32_t n_options; /* bytes, a multiple of 4 */
};

/* Ones' complement sum in network byte order, folded, not complemented. */
uint16_t packet_sum(const uint8_t *p, uint32_t len);

/* The same with the pseudo-header of the IPv4 header @h, over @len bytes behind it. */
uint16_t packet_sum4(const uint8_t *h, const uint8_t *l4, uint32_t len);

/* The same of the IPv6 header @h, with @proto as the upper-layer protocol. */
uint16_t packet_sum6(const uint8_t *h, uint8_t proto, const uint8_t *l4, uint32_t len);

/* Start @p: an Ethernet header with MACs as mac_load() gives them. @type: host byte order. */
void packet_ether(struct packet *p, uint64_t dst, uint64_t src, uint16_t type);

/* Add an IPv4 header, and @payload bytes that count up. */
void packet_ip4(struct packet *p, const struct packet_ip4 *f, uint32_t payload);

/* The same of an IPv6 header. Zero: hop limit 64, UDP. */
struct packet_ip6 {
	struct ip src, dst;
	bool unspecified; /* @src is meant to be :: */
	uint8_t next, hop_limit;
	uint32_t
		tclass_flow; /* traffic class and flow label, the lower 28 bits of the first word */
};

/* Add an IPv6 header, and @payload bytes that count up. */
void packet_ip6(struct packet *p, const struct packet_ip6 *f, uint32_t payload);

/**
 * packet_ext6 - put an extension header right behind the IPv6 header, before those that are there
 * @type: its number
 * @body: what follows its first two bytes
 * @n:    bytes of that: 6, 14, 22, ...
 */
void packet_ext6(struct packet *p, uint8_t type, const void *body, uint32_t n);

/* The same of a fragment header. @frag: offset in octets, a multiple of 8, and the flag IP6_MF. */
void packet_frag6(struct packet *p, uint16_t frag, uint32_t id);

/* Make the IPv4 header's checksum right again. */
void packet_fix_ip4(struct packet *p);

/* Turn the payload into UDP (ports 1024 and 9), ICMP of @type and @code; checksums are right. Of
 * IPv6 the number of the next header, too, where there are no extension headers yet. */
void packet_udp(struct packet *p);
void packet_icmp(struct packet *p, uint8_t type, uint8_t code);

/* The same of TCP, from port 1024 to 80. @words: of its header, 5 if 0; the rest is data. */
struct packet_tcp {
	uint32_t seq, ack;
	uint8_t flags, words;
};
void packet_tcp(struct packet *p, const struct packet_tcp *f);

/* The IPv4 header in a frame, and what follows it. */
static inline uint8_t *packet_head4(struct packet *p)
{
	return p->bytes + 14;
}
uint8_t *packet_payload4(struct packet *p);
uint32_t packet_payload4_len(struct packet *p);

/* The IPv6 header in a frame, and what follows it and its extension headers, as far as these are of
 * RFC 8200. */
static inline uint8_t *packet_head6(struct packet *p)
{
	return p->bytes + 14;
}
uint8_t *packet_payload6(struct packet *p);
uint32_t packet_payload6_len(struct packet *p);
uint8_t packet_proto6(struct packet *p);

/* An ARP packet in a frame of 60 bytes. */
struct packet_arp {
	uint64_t dst; /* of the frame */
	uint64_t sender_mac, target_mac;
	uint32_t sender, target; /* host byte order */
	uint16_t op;
};
void packet_arp(struct packet *p, const struct packet_arp *a);

/**
 * packet_flaw - what is wrong with a frame that the router sent
 * @mac: of the port it came out of
 * @mtu: of the port
 *
 * Return: NULL if it is well-formed, else a line for the reader.
 */
const char *packet_flaw(const uint8_t *frame, uint32_t len, uint64_t mac, uint32_t mtu);

#endif
