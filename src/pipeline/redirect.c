/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redirect: hosts that send by the router what they could send each other, or another gateway, over
 * their own link, are told so (RFC 1812 5.2.7.2, RFC 4861 8.2). Looks only at transmit descriptors
 * that go back to where the batch came in, and only where there are any.
 */
#include "pipeline/pipeline.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define REDIRECTS_MAX 8 /* a batch: who needs more has them a moment later */

/* The packet that was sent as descriptor @i, among those of the lane from *@at to @n. Both are in
 * one order. Return: NULL if it has none, as a fragment beyond the first; *@at is behind it. */
static const struct pkt *redirect_find(const struct pipeline *p, const struct lane *l, uint32_t i,
                                       uint32_t *at, uint32_t n)
{
	const uint8_t *data = frame_data(p->cache.frames, p->batch.tx.desc[i].addr);

	for (uint32_t k = *at; k < n; k++) {
		if (l->pkt[k].data == data) {
			*at = k + 1;
			return &l->pkt[k];
		}
	}
	return NULL;
}

/* Whom a packet is from, and whom it is for. */
static struct ip pkt_from(const struct pkt *k)
{
	const uint8_t *h = k->data + ETHER_LEN;

	return k->flags & PKT_IP6 ? ip6_src(h) : ip_from4(ip4_src(h));
}

/*
 * RFC 4861 8.2: is the source a neighbour? What it is told of is the destination itself, or a
 * router by its link-local address, for hosts know routers by these (8.1): one by another address
 * is not told of.
 */
static bool redirect_helps6(const struct iface *f, const struct pkt *k, struct ip source)
{
	struct ip gateway = k->nh->gateway;

	if (!ip_equal(gateway, ip6_dst(k->data + ETHER_LEN)) && !ip6_is_link_local(gateway))
		return false;
	return iface_on_link6(f, source) && !ip_is_none(iface_link6(f));
}

/*
 * Is the next hop one that the source reaches by itself, in a subnet of both, and may it be told?
 * Packets with a source route, which must not be redirected, are never sent.
 */
static bool redirect_helps(const struct iface *f, const struct pkt *k)
{
	struct ip source = pkt_from(k), gateway = k->nh->gateway;

	if (ip_equal(source, gateway) || !host_may_answer(k))
		return false;
	if (k->flags & PKT_IP6)
		return redirect_helps6(f, k, source);
	return iface_same_subnet4(f, ip_to4(source), ip_to4(gateway));
}

/* Tell @k's source, once a second at most. Return: whether it was told. */
static bool redirect_send(struct pipeline *p, const struct iface *f, const struct pkt *k)
{
	struct ip both = pkt_from(k);
	uint8_t *frame;

	/* Each gateway of one source has a key of its own. */
	both.hi ^= k->nh->gateway.hi * 0x9e3779b97f4a7c15ull;
	both.lo ^= k->nh->gateway.lo * 0x9e3779b97f4a7c15ull;
	if (!ask_allowed(p, ASK_REDIRECT, f->id, both, 1))
		return false;
	frame = frame_get_blank(&p->cache);
	if (frame == NULL)
		return false;
	if (host_redirect(&p->host, f, p->now_ns, k, &p->batch, frame))
		return true;
	frame_put(&p->cache, frame_addr(p->cache.frames, frame));
	return false;
}

/* The batch came in by @f alone. */
static void redirect_port(struct pipeline *p, const struct iface *f, struct lane *l, uint32_t n,
                          uint32_t from)
{
	const struct tx_list *t = &p->batch.tx;
	uint32_t sent = 0, at = 0;

	if (!f->redirects || t->n == from || (t->mixed == 0 && t->port[0] != f->id))
		return;
	/* Messages go to the lane's start, and what was read there is not read again: there are
	 * never more of them than packets behind. */
	for (uint32_t i = from; i < t->n && sent < REDIRECTS_MAX; i++) {
		const struct pkt *k = t->port[i] == f->id ? redirect_find(p, l, i, &at, n) : NULL;

		if (k != NULL && redirect_helps(f, k) && redirect_send(p, f, k))
			sent++;
	}
}

/* Was @k sent, by a port as one of the descriptors from *@at on, or by another interface, as its
 * mark says? That goes: who ended with it is not told anything. */
static bool redirect_was_sent(const struct pipeline *p, struct pkt *k, uint32_t *at)
{
	const struct tx_list *t = &p->batch.tx;

	if (k->flags & PKT_TAKEN) {
		k->flags &= (uint8_t)~PKT_TAKEN;
		return true;
	}
	for (uint32_t i = *at; i < t->n; i++) {
		if (frame_data(p->cache.frames, t->desc[i].addr) == k->data) {
			*at = i + 1;
			return true;
		}
	}
	return false;
}

/* Each packet came in by its own interface. */
static void redirect_each(struct pipeline *p, struct lane *l, uint32_t n, uint32_t from)
{
	uint32_t sent = 0;

	if (p->batch.tx.early > 0)
		return; /* frames of what was sent are others' by now */
	for (uint32_t i = 0; i < n && sent < REDIRECTS_MAX; i++) {
		struct pkt *k = &l->pkt[i];
		const struct iface *f = &p->ifaces->iface[k->in];

		if (k->nh->iface == k->in && f->redirects && redirect_was_sent(p, k, &from) &&
		    redirect_helps(f, k) && redirect_send(p, f, k))
			sent++;
	}
}

void redirect_stage(struct pipeline *p, uint16_t in, struct lane *l, uint32_t n, uint32_t from)
{
	const struct iface *f = &p->ifaces->iface[in];

	if (iface_is_shared(f))
		redirect_each(p, l, n, from);
	else
		redirect_port(p, f, l, n, from);
}
