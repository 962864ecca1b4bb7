/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/reset4.h"

#include "host/own4.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "wire/tcp.h"

#define TOS_ECN 0x03 /* says nothing about an answer */

bool reset4_is_due(const struct pkt *p, uint16_t sum)
{
	const uint8_t *h = p->data + ETHER_LEN, *t = h + ip4_header_len(h);
	uint32_t len = p->len - (uint32_t)(t - p->data);

	if (len < TCP_LEN || tcp_header_len(t) < TCP_LEN || tcp_header_len(t) > len)
		return false;
	return csum_fold(csum_pseudo4(h, len) + sum) == 0xffff && !(tcp_flags(t) & TCP_RST);
}

void reset4_write(const struct pkt *p, uint16_t id, struct pkt *a)
{
	const uint8_t *old = p->data + ETHER_LEN;
	uint8_t *t = p->data + ETHER_LEN + ip4_header_len(old), *h = t - IP4_LEN;
	uint32_t len = p->len - (uint32_t)(t - p->data) - tcp_header_len(t);
	struct own4 o = {.src = ip4_dst(old),
	                 .dst = ip4_src(old),
	                 .head = IP4_LEN,
	                 .l4 = TCP_LEN,
	                 .id = id,
	                 .tos = old[1] & (uint8_t)~TOS_ECN,
	                 .proto = IP_PROTO_TCP};
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
	*a = own4_write(h, &o, p->in);
	store16(t + 16, (uint16_t)~csum_fold(csum_add(t, TCP_LEN, csum_pseudo4(h, TCP_LEN))));
}
