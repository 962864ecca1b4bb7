/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pipeline's side of neighbour discovery, and of queries for multicast listeners: neigh/nd.c
 * judges and answers, this finds the messages among what is for the router and hands answers and
 * news on.
 */
#include "pipeline/chain.h"
#include "pipeline/pipeline.h"
#include "wire/checksum.h"
#include "wire/icmp6.h"
#include "wire/ip6.h"

#define MLD1_QUERY_LEN 24 /* RFC 2710 3 */
#define MLD2_QUERY_LEN 28 /* RFC 3810 5.1: at least */

/* An ICMPv6 message that may be for this stage; m is NULL if it is not. */
struct nd_message {
	const uint8_t *m;
	bool alert; /* a router alert option stands before it */
};

/*
 * Walk the hop-by-hop header at @o, of @len bytes. Return: is there nothing in it but what may be
 * skipped, and router alert? Others are for those who answer them.
 */
static bool nd_hop_by_hop(const uint8_t *o, uint32_t len, bool *alert)
{
	uint32_t at = 2;

	while (at < len) {
		if (o[at] == IP6_OPT_PAD1) {
			at++;
			continue;
		}
		if (len - at < 2 || o[at + 1] > len - at - 2 || o[at] >> 6 != 0)
			return false;
		if (o[at] == IP6_OPT_ROUTER_ALERT)
			*alert = true;
		at += 2u + o[at + 1];
	}
	return true;
}

/* Right behind the IPv6 header, or behind one hop-by-hop header. RFC 6980: nothing that was in
 * fragments, and nothing behind a fragment header. */
static struct nd_message nd_find(const struct pkt *k)
{
	const uint8_t *h = k->data + ETHER_LEN;
	struct nd_message none = {0}, found = {0};
	uint32_t len = k->len - ETHER_LEN, at = IP6_LEN;
	uint8_t next = ip6_next(h);

	if (k->flags & PKT_CHAIN)
		len = CHAIN_HEAD - ETHER_LEN; /* the first frame has so much */
	if (next == IP6_HOP_BY_HOP && len >= IP6_LEN + 8) {
		next = h[IP6_LEN];
		at += 8u + 8u * h[IP6_LEN + 1];
		if (at > len || !nd_hop_by_hop(h + IP6_LEN, at - IP6_LEN, &found.alert))
			return none;
	}
	if (next != IP6_ICMP || at >= len)
		return none;
	found.m = h + at;
	return found;
}

/* RFC 3810 6.2: is the query one to be believed? Of either version (8.1). */
static bool mld_is_sound(const struct pkt *k, const struct nd_message *q, uint32_t len)
{
	const uint8_t *h = k->data + ETHER_LEN;
	struct ip group;

	if (k->flags & PKT_CHAIN || !q->alert || ip6_hop_limit(h) != 1 ||
	    !ip6_is_link_local(ip6_src(h)))
		return false;
	if (len != MLD1_QUERY_LEN && len < MLD2_QUERY_LEN)
		return false;
	group = ip_load(q->m + 8);
	return (ip_is_none(group) || ip6_is_multicast(group)) &&
	       csum_fold(csum_add(q->m, len, csum_pseudo6(h, IP6_ICMP, len))) == 0xffff;
}

static enum verdict mld_query(struct pipeline *p, const struct pkt *k, const struct nd_message *q)
{
	uint32_t len = (uint32_t)(k->data + k->len - q->m);
	struct report r = {.kind = REPORT_MLD_QUERY, .iface = k->in};

	if (!mld_is_sound(k, q, len))
		return DROP_ND_BAD;
	r.claim = len == MLD1_QUERY_LEN ? 1 : 2;
	r.value = __builtin_bswap16(load16(q->m + 4));
	r.ip = ip_load(q->m + 8);
	if (ip_is_none(r.ip) || iface_in_group6(&p->ifaces->iface[k->in], r.ip))
		report_news(p, &r);
	return CONSUMED_ND;
}

/* An answer whose asker's MAC is to be found by its address goes the way of all packets, but to no
 * other link: whatever its source, it speaks of this one. */
static void nd_route(struct pipeline *p, struct pkt *k)
{
	const struct pkt a = {
		.data = k->data,
		.len = k->len,
		.in = k->in,
		.flags = PKT_ORIGINATED | PKT_IP6 | PKT_LINK,
	};

	counter_add(&p->counters.originated, 1);
	batch_route(&p->batch, &a);
	k->flags |= PKT_TAKEN;
}

static enum verdict nd_take(struct pipeline *p, struct pkt *k, const uint8_t *m)
{
	enum nd_answer answer = ND_SILENT;
	struct report r = {0};
	bool report = false;
	enum verdict v = nd_input(&p->ifaces->iface[k->in], k, m, &r, &report, &answer);

	if (report)
		report_news(p, &r);
	if (answer == ND_DIRECT)
		egress_answer(p, k);
	else if (answer == ND_ROUTED)
		nd_route(p, k);
	return v;
}

/* Take @k if it is for this stage. */
static bool nd_one(struct pipeline *p, struct pkt *k)
{
	struct nd_message found;
	enum verdict v;

	if ((k->flags & (PKT_IP6 | PKT_WHOLE)) != PKT_IP6)
		return false;
	found = nd_find(k);
	if (found.m == NULL)
		return false;
	if (found.m[0] >= ICMP6_RS && found.m[0] <= ICMP6_REDIRECT)
		v = nd_take(p, k, found.m);
	else if (found.m[0] == ICMP6_MLD_QUERY)
		v = mld_query(p, k, &found);
	else
		return false;
	pkt_list_add(&p->batch.ended, k, v);
	return true;
}

void nd_stage(struct pipeline *p)
{
	struct pkt_list *l = &p->batch.host;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		if (!nd_one(p, &l->pkt[i]))
			l->pkt[kept++] = l->pkt[i];
	}
	l->n = kept;
}
