/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our own addresses on links that are up: announced when they appear, defended when claimed by
 * others (RFC 5227; RFC 4861 7.2.6). IPv6's are found to be ours alone before that (dad.c).
 */
#include <stdlib.h>

#include "neigh/entry.h"
#include "wire/arp.h"
#include "wire/icmp6.h"

#define ANNOUNCE_INTERVAL_NS (2 * NS_PER_SEC)  /* RFC 5227 1.1: ANNOUNCE_NUM is 2, of IPv6 too */
#define DEFEND_INTERVAL_NS   (10 * NS_PER_SEC) /* RFC 5227 1.1 */

/* A gratuitous request: sender and target are the address (RFC 5227 3). */
static void announce4(struct neigh_table *t, const struct neigh_own *own)
{
	uint8_t frame[ETHER_MIN_LEN];
	const struct arp_fields say = {
		.ether_dst = MAC_BROADCAST,
		.sender_mac = own->mac,
		.sender = ip_to4(own->key.ip),
		.target = ip_to4(own->key.ip),
		.op = ARP_REQUEST,
	};

	arp_write(frame, &say);
	t->ops.send(t->ctx, own->key.iface, frame, sizeof(frame));
}

/* An advertisement that nobody asked for (RFC 4861 7.2.6). */
static void announce6(struct neigh_table *t, const struct neigh_own *own)
{
	uint8_t frame[ND_FRAME_MAX];
	const struct nd_fields say = {
		.ether_dst = ip6_group_mac(IP6_ALL_NODES),
		.mac = own->mac,
		.src = own->key.ip,
		.dst = IP6_ALL_NODES,
		.target = own->key.ip,
		.type = ICMP6_NA,
		.flags = ND_NA_ROUTER | ND_NA_OVERRIDE,
	};

	t->ops.send(t->ctx, own->key.iface, frame, nd_write(frame, &say));
}

static void announce(struct neigh_table *t, const struct neigh_own *own)
{
	if (ip_is4(own->key.ip))
		announce4(t, own);
	else
		announce6(t, own);
}

static struct neigh_own *own_find(struct neigh_own *own, uint32_t n, struct neigh_key key)
{
	for (uint32_t i = 0; i < n; i++) {
		if (neigh_key_equal(own[i].key, key))
			return &own[i];
	}
	return NULL;
}

struct neigh_own *neigh_own_find(struct neigh_table *t, struct neigh_key key)
{
	return own_find(t->own, t->n_own, key);
}

/* Is an address of @iface with @mac among the @n? */
static bool own_has_iface(const struct neigh_own *own, uint32_t n, uint16_t iface, uint64_t mac)
{
	for (uint32_t i = 0; i < n; i++) {
		if (own[i].key.iface == iface && own[i].mac == mac && !ip_is4(own[i].key.ip))
			return true;
	}
	return false;
}

static uint32_t own_count(const struct ifaces *s)
{
	uint32_t n = 0;

	for (uint16_t i = 0; i < s->n; i++)
		n += s->iface[i].up ? s->iface[i].n_addr4 + s->iface[i].n_addr6 : 0;
	return n;
}

static struct neigh_own *own_put(struct neigh_own *own, const struct iface *f, struct ip ip,
                                 uint8_t state)
{
	*own = (struct neigh_own){
		.key = neigh_key(f->id, ip),
		.mac = f->mac,
		.again_ns = UINT64_MAX,
		.state = state,
	};
	return own + 1;
}

static void own_fill(struct neigh_own *own, const struct ifaces *s)
{
	for (uint16_t i = 0; i < s->n; i++) {
		const struct iface *f = &s->iface[i];

		for (uint16_t j = 0; f->up && j < f->n_addr4; j++)
			own = own_put(own, f, ip_from4(f->addr4[j].addr), ADDR_USABLE);
		for (uint16_t j = 0; f->up && j < f->n_addr6; j++)
			own = own_put(own, f, f->addr6[j].addr, f->addr6[j].state);
	}
}

/* Is @own what it was? One found to be a duplicate stays that until the snapshot says so too; from
 * then on one that is tentative is to be found out about again. */
static bool own_is_known(const struct neigh_own *own, const struct neigh_own *before)
{
	if (before == NULL || before->mac != own->mac)
		return false;
	return before->state == own->state ||
	       (before->state == ADDR_DUPLICATE && !before->said && own->state == ADDR_TENTATIVE);
}

/* Keep what is known of @own from before; announce or probe it if that was not it. */
static void own_settle(struct neigh_table *t, struct neigh_own *own, const struct neigh_own *before,
                       bool fresh, uint64_t now_ns)
{
	bool said = own->state == ADDR_DUPLICATE;

	if (own_is_known(own, before)) {
		*own = *before;
	} else if (own->state == ADDR_USABLE) {
		own->again_ns = now_ns + ANNOUNCE_INTERVAL_NS;
		announce(t, own);
	} else if (own->state == ADDR_TENTATIVE) {
		neigh_dad_start(t, own, fresh, now_ns);
	}
	own->said = said;
	if (own->again_ns < t->again_ns)
		t->again_ns = own->again_ns;
}

void neigh_own_set(struct neigh_table *t, uint64_t now_ns)
{
	struct neigh_own *old = t->own;
	uint32_t n_old = t->n_own;

	t->n_own = own_count(t->ifaces);
	t->own = calloc(t->n_own + 1u, sizeof(*t->own));
	if (t->own == NULL)
		t->n_own = 0; /* unannounced and undefended until the next change, but in use */
	else
		own_fill(t->own, t->ifaces);
	t->again_ns = UINT64_MAX;
	for (uint32_t i = 0; i < t->n_own; i++) {
		struct neigh_own *own = &t->own[i];

		own_settle(t, own, own_find(old, n_old, own->key),
		           !own_has_iface(old, n_old, own->key.iface, own->mac), now_ns);
	}
	free(old);
}

static void own_step(struct neigh_table *t, struct neigh_own *own, uint64_t now_ns)
{
	if (own->state == ADDR_TENTATIVE) {
		neigh_dad_step(t, own, now_ns);
		return;
	}
	own->again_ns = UINT64_MAX;
	announce(t, own);
}

void neigh_own_tick(struct neigh_table *t, uint64_t now_ns)
{
	if (t->again_ns > now_ns)
		return;
	t->again_ns = UINT64_MAX;
	for (uint32_t i = 0; i < t->n_own; i++) {
		struct neigh_own *own = &t->own[i];

		if (own->again_ns <= now_ns)
			own_step(t, own, now_ns);
		if (own->again_ns < t->again_ns)
			t->again_ns = own->again_ns;
	}
}

void neigh_own_defend(struct neigh_table *t, struct neigh_key key, uint64_t now_ns)
{
	struct neigh_own *own = neigh_own_find(t, key);

	/* RFC 5227 2.4(c): a router must keep its address, but two that insist must not flood. */
	if (own == NULL || now_ns < own->defended_ns)
		return;
	own->defended_ns = now_ns + DEFEND_INTERVAL_NS;
	announce(t, own);
}
