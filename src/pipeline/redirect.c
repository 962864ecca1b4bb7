/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redirect: hosts that send by the router what they could send each other, or another gateway, over
 * their own link, are told so (RFC 1812 5.2.7.2). Looks only at transmit descriptors that go back
 * to where the batch came in, and only where there are any.
 */
#include "pipeline/pipeline.h"
#include "wire/ip4.h"

#define REDIRECTS_MAX 8 /* a batch: who needs more has them a moment later */

/* The packet that was sent as descriptor @i, among those of the lane from *@at to @n. Both are in
 * one order. Return: NULL if it has none, as a fragment beyond the first; *@at is behind it. */
static const struct pkt *redirect_find(const struct pipeline *p, uint32_t i, uint32_t *at,
                                       uint32_t n)
{
	const struct lane *l = &p->batch.ip4;
	const uint8_t *data = frame_data(p->cache.frames, p->batch.tx.desc[i].addr);

	for (uint32_t k = *at; k < n; k++) {
		if (l->pkt[k].data == data) {
			*at = k + 1;
			return &l->pkt[k];
		}
	}
	return NULL;
}

/*
 * Is the next hop one that the source reaches by itself, in a subnet of both, and may it be told?
 * Packets with a source route, which must not be redirected, are never sent.
 */
static bool redirect_helps(const struct iface *f, const struct pkt *k)
{
	uint32_t source = ip4_src(k->data + ETHER_LEN), gateway = ip_to4(k->nh->gateway);

	return source != gateway && iface_same_subnet4(f, source, gateway) && host_may_answer(k);
}

/* Tell @k's source, once a second at most. Return: whether it was told. */
static bool redirect_send(struct pipeline *p, const struct iface *f, const struct pkt *k)
{
	uint32_t gateway = ip_to4(k->nh->gateway);
	/* Each gateway of one source has a key of its own. */
	uint32_t both = ip4_src(k->data + ETHER_LEN) ^ gateway * 0x9e3779b1u;
	uint8_t *frame;

	if (!ask_allowed(p, ASK_REDIRECT, f->id, ip_from4(both), 1))
		return false;
	frame = frame_get_blank(&p->cache);
	if (frame == NULL)
		return false;
	if (host_redirect(&p->host, f, p->now_ns, k, &p->batch, frame))
		return true;
	frame_put(&p->cache, frame_addr(p->cache.frames, frame));
	return false;
}

void redirect_stage(struct pipeline *p, uint16_t in, uint32_t n)
{
	const struct iface *f = &p->ifaces->iface[in];
	const struct tx_list *t = &p->batch.tx;
	uint32_t sent = 0, at = 0;

	if (!f->redirects || t->n == 0 || (t->mixed == 0 && t->port[0] != in))
		return;
	/* Messages go to the lane's start, and what was read there is not read again: there are
	 * never more of them than packets behind. */
	for (uint32_t i = 0; i < t->n && sent < REDIRECTS_MAX; i++) {
		const struct pkt *k = t->port[i] == in ? redirect_find(p, i, &at, n) : NULL;

		if (k != NULL && redirect_helps(f, k) && redirect_send(p, f, k))
			sent++;
	}
}
