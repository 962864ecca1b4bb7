/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/host.h"

#include "base/clock.h"
#include "base/counter.h"
#include "host/call.h"
#include "host/icmp4.h"
#include "host/icmp6.h"
#include "host/reset.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/udp.h"

#define DAY_MS (24ull * 3600 * 1000)

uint32_t host_day_ms(const struct host *h, uint64_t now_ns)
{
	uint64_t ns = now_ns + __atomic_load_n(&h->common->wall_ns, __ATOMIC_RELAXED);

	return (uint32_t)(ns / NS_PER_MS % DAY_MS);
}

bool call_may_say(struct host *h, uint64_t now_ns)
{
	if (limit_pass(&h->common->limit, now_ns))
		return true;
	counter_add(&h->limited, 1);
	return false;
}

void call_say(struct host *h, struct batch *b, const struct pkt *a)
{
	batch_route(b, a);
	counter_add(&h->originated, 1);
}

void call_answer(const struct host_call *c, struct pkt *p, const struct pkt *a)
{
	call_say(c->h, c->b, a);
	p->flags |= PKT_TAKEN;
	if (a->flags & PKT_CHAIN)
		p->flags &= (uint8_t)~PKT_CHAIN; /* the answer has it now */
}

/* What the sum of a chain begins behind. */
static const uint8_t *ip_end(const struct pkt *p)
{
	const uint8_t *h = p->data + ETHER_LEN;

	return h + (p->flags & PKT_IP6 ? IP6_LEN : ip4_header_len(h));
}

uint16_t call_sum(const struct pkt *p, const uint8_t *l4)
{
	const uint8_t *end = ip_end(p);

	if (!(p->flags & PKT_CHAIN))
		return csum_fold(csum_add(l4, p->len - (size_t)(l4 - p->data), 0));
	if (l4 == end)
		return p->value;
	/* Extension headers have an even number of bytes. */
	return csum_fold(p->value + (uint16_t)~csum_fold(csum_add(end, (size_t)(l4 - end), 0)));
}

/* Sum of the pseudo-header of @p. */
static uint64_t pseudo_sum(const struct pkt *p, uint8_t proto, uint32_t len)
{
	const uint8_t *h = p->data + ETHER_LEN;

	return p->flags & PKT_IP6 ? csum_pseudo6(h, proto, len) : csum_pseudo4(h, len);
}

enum verdict call_tcp(const struct host_call *c, struct pkt *p, uint8_t *t)
{
	uint32_t len = p->len - (uint32_t)(t - p->data);
	uint64_t sum = call_sum(p, t) + pseudo_sum(p, IP_PROTO_TCP, len);
	struct pkt a;

	if (!reset_is_due(t, len, csum_fold(sum)))
		return CONSUMED_LOCAL;
	if (!call_may_say(c->h, c->now_ns))
		return DROP_ICMP_LIMIT;
	reset_write(p, t, p->flags & PKT_IP6 ? 0 : c->h->ip_id++, &a);
	call_answer(c, p, &a);
	return CONSUMED_RESET;
}

/* Bytes behind the datagram's end are not part of it. Of a packet in several frames the sum has
 * those too: there it must not end earlier. */
bool call_udp_is_sound(const struct pkt *p, const uint8_t *u)
{
	uint32_t room = p->len - (uint32_t)(u - p->data), len;
	uint16_t sum;

	if (room < UDP_LEN)
		return false;
	len = udp_len(u);
	if (len < UDP_LEN || len > room)
		return false;
	if (!udp_has_checksum(u))
		return !(p->flags & PKT_IP6);
	sum = p->flags & PKT_CHAIN ? call_sum(p, u) : csum_fold(csum_add(u, len, 0));
	return csum_fold(pseudo_sum(p, IP_PROTO_UDP, len) + sum) == 0xffff;
}

void host_stage(struct host *h, const struct ifaces *ifaces, uint64_t now_ns, struct batch *b)
{
	const struct host_call c = {.h = h, .ifaces = ifaces, .now_ns = now_ns, .b = b};

	for (uint32_t i = 0; i < b->ended.n; i++) {
		struct pkt *p = &b->ended.pkt[i];

		if (p->flags & PKT_IP6)
			call6_ended(&c, p);
		else
			call4_ended(&c, p);
	}
	for (uint32_t i = 0; i < b->host.n; i++) {
		struct pkt *p = &b->host.pkt[i];
		enum verdict v = p->flags & PKT_IP6 ? call6_one(&c, p) : call4_one(&c, p);

		pkt_list_add(&b->ended, p, v);
	}
	b->host.n = 0;
}

bool host_may_answer(const struct pkt *p)
{
	static const struct icmp6_error redirect = {.type = ICMP6_REDIRECT};

	return p->flags & PKT_IP6 ? icmp6_may_answer(p, &redirect) : icmp4_may_answer(p);
}

bool host_redirect(struct host *h, const struct iface *f, uint64_t now_ns, const struct pkt *p,
                   struct batch *b, uint8_t *frame)
{
	struct pkt a = {0};

	a.data = frame;
	if (!call_may_say(h, now_ns))
		return false;
	if (p->flags & PKT_IP6)
		call6_redirect(f, p, &a);
	else
		call4_redirect(h, f, p, &a);
	call_say(h, b, &a);
	return true;
}
