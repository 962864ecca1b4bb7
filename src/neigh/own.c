/* SPDX-License-Identifier: BSD-2-Clause */
/* Our own addresses on links that are up: announced when they appear, defended when claimed by
 * others (RFC 5227). */
#include <stdlib.h>

#include "neigh/entry.h"
#include "wire/arp.h"

#define ANNOUNCE_INTERVAL_NS (2 * NS_PER_SEC)  /* RFC 5227 1.1: ANNOUNCE_NUM is 2 */
#define DEFEND_INTERVAL_NS   (10 * NS_PER_SEC) /* RFC 5227 1.1 */

/* A gratuitous request: sender and target are the address (RFC 5227 3). */
static void announce(struct neigh_table *t, const struct neigh_own *own)
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

static struct neigh_own *own_find(struct neigh_own *own, uint32_t n, struct neigh_key key)
{
	for (uint32_t i = 0; i < n; i++) {
		if (neigh_key_equal(own[i].key, key))
			return &own[i];
	}
	return NULL;
}

static uint32_t own_count(const struct ifaces *s)
{
	uint32_t n = 0;

	for (uint16_t i = 0; i < s->n; i++)
		n += s->iface[i].up ? s->iface[i].n_addr4 : 0;
	return n;
}

static void own_fill(struct neigh_own *own, const struct ifaces *s)
{
	for (uint16_t i = 0; i < s->n; i++) {
		const struct iface *f = &s->iface[i];

		for (uint16_t j = 0; f->up && j < f->n_addr4; j++) {
			*own++ = (struct neigh_own){
				.key = neigh_key(f->id, ip_from4(f->addr4[j].addr)),
				.mac = f->mac,
				.again_ns = UINT64_MAX,
			};
		}
	}
}

/* Keep what is known of @own from before; announce it if that was not it. */
static void own_settle(struct neigh_table *t, struct neigh_own *own, const struct neigh_own *before,
                       uint64_t now_ns)
{
	if (before != NULL && before->mac == own->mac) {
		*own = *before;
	} else {
		own->again_ns = now_ns + ANNOUNCE_INTERVAL_NS;
		announce(t, own);
	}
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
	for (uint32_t i = 0; i < t->n_own; i++)
		own_settle(t, &t->own[i], own_find(old, n_old, t->own[i].key), now_ns);
	free(old);
}

void neigh_own_tick(struct neigh_table *t, uint64_t now_ns)
{
	if (t->again_ns > now_ns)
		return;
	t->again_ns = UINT64_MAX;
	for (uint32_t i = 0; i < t->n_own; i++) {
		struct neigh_own *own = &t->own[i];

		if (own->again_ns <= now_ns) {
			own->again_ns = UINT64_MAX;
			announce(t, own);
		} else if (own->again_ns < t->again_ns) {
			t->again_ns = own->again_ns;
		}
	}
}

void neigh_own_defend(struct neigh_table *t, struct neigh_key key, uint64_t now_ns)
{
	struct neigh_own *own = own_find(t->own, t->n_own, key);

	/* RFC 5227 2.4(c): a router must keep its address, but two that insist must not flood. */
	if (own == NULL || now_ns < own->defended_ns)
		return;
	own->defended_ns = now_ns + DEFEND_INTERVAL_NS;
	announce(t, own);
}
