/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/reset.h"

#include "host/own4.h"
#include "host/own6.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/tcp.h"

#define TOS_ECN 0x03          /* says nothing about an answer */
#define TCLASS  (0xfcu << 20) /* of IPv6's first word, without ECN */

bool reset_is_due(const uint8_t *t, uint32_t len, uint16_t sum)
{
	if (len < TCP_LEN || tcp_header_len(t) < TCP_LEN || tcp_header_len(t) > len)
		return false;
	return sum == 0xffff && !(tcp_flags(t) & TCP_RST);
}

/* The TCP header of the answer over that of the segment @t with @len bytes of data, but for the
 * checksum. */
static void reset_turn(uint8_t *t, uint32_t len)
{
	uint8_t flags = tcp_flags(t), answer = TCP_RST;
	uint32_t seq = tcp_ack(t), ack = 0, ports = load32(t);

	if (!(flags & TCP_ACK)) {
		answer |= TCP_ACK;
		seq = 0;
		ack = tcp_seq(t) + len + ((flags & TCP_SYN) != 0) + ((flags & TCP_FIN) != 0);
	}
	store32(t, ports >> 16 | ports << 16);
	store32(t + 4, __builtin_bswap32(seq));
	store32(t + 8, __builtin_bswap32(ack));
	store64(t + 12, 0); /* no window, no urgent pointer */
	t[12] = TCP_LEN / 4 << 4;
	t[13] = answer;
}

/* The IPv4 header before the reset @t. Return: the pseudo-header's sum. */
static uint64_t head4_write(const struct pkt *p, uint8_t *t, uint16_t id, struct pkt *a)
{
	const uint8_t *old = p->data + ETHER_LEN;
	struct own4 o = {.src = ip4_dst(old),
	                 .dst = ip4_src(old),
	                 .head = IP4_LEN,
	                 .l4 = TCP_LEN,
	                 .id = id,
	                 .tos = old[1] & (uint8_t)~TOS_ECN,
	                 .proto = IP_PROTO_TCP};

	*a = own4_write(t - IP4_LEN, &o, p->in);
	return csum_pseudo4(t - IP4_LEN, TCP_LEN);
}

/* The same of IPv6. */
static uint64_t head6_write(const struct pkt *p, uint8_t *t, struct pkt *a)
{
	const uint8_t *old = p->data + ETHER_LEN;
	struct own6 o = {.src = ip6_dst(old),
	                 .dst = ip6_src(old),
	                 .tclass_flow = ip6_first(old) & TCLASS,
	                 .l4 = TCP_LEN,
	                 .next = IP_PROTO_TCP,
	                 .hop_limit = OWN6_HOP_LIMIT};

	*a = own6_write(t - IP6_LEN, &o, p->in);
	return csum_pseudo6(t - IP6_LEN, IP_PROTO_TCP, TCP_LEN);
}

void reset_write(const struct pkt *p, uint8_t *t, uint16_t id, struct pkt *a)
{
	uint64_t pseudo;

	reset_turn(t, p->len - (uint32_t)(t - p->data) - tcp_header_len(t));
	pseudo = p->flags & PKT_IP6 ? head6_write(p, t, a) : head4_write(p, t, id, a);
	store16(t + 16, (uint16_t)~csum_fold(csum_add(t, TCP_LEN, pseudo)));
}
