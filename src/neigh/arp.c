/* SPDX-License-Identifier: BSD-2-Clause */
/* ARP as the worker sees it: what is well-formed, what is for us, what the agent should hear of. */
#include <string.h>

#include "neigh/neigh.h"
#include "wire/arp.h"

void arp_write(uint8_t *frame, const struct arp_fields *a)
{
	uint8_t *arp = frame + ETHER_LEN;

	memset(frame, 0, ETHER_MIN_LEN); /* nothing of an earlier packet leaves in the padding */
	mac_store(frame, a->ether_dst);
	mac_store(frame + 6, a->sender_mac);
	store16(frame + 12, ETHERTYPE_ARP);
	store64(arp, ARP_FIXED);
	store16(arp + 6, __builtin_bswap16(a->op));
	mac_store(arp + 8, a->sender_mac);
	store32(arp + 14, __builtin_bswap32(a->sender));
	mac_store(arp + 18, a->target_mac);
	store32(arp + 24, __builtin_bswap32(a->target));
}

static bool mac_is_host(uint64_t mac)
{
	return mac != 0 && !mac_is_group(mac);
}

/* RFC 826, "Packet Reception": do we speak this hardware, this protocol, this operation? */
static bool arp_is_sound(const struct pkt *p)
{
	const uint8_t *a = p->data + ETHER_LEN;

	if (p->len < ETHER_LEN + ARP_LEN || (p->flags & PKT_CHAIN) != 0)
		return false;
	if ((load64(a) & MAC_MASK) != ARP_FIXED)
		return false;
	if (arp_op(a) != ARP_REQUEST && arp_op(a) != ARP_REPLY)
		return false;
	/* RFC 1812 3.3.2: a host's MAC is never a group. */
	return mac_is_host(arp_sender_mac(a)) && mac_is_host(mac_load(p->data + 6));
}

/* How the packet claims its sender's mapping; 0 if it is none of our business. */
static uint8_t arp_claim(const uint8_t *frame, bool to_us)
{
	const uint8_t *a = frame + ETHER_LEN;

	if (arp_target(a) == arp_sender(a))
		return ARP_CLAIM_ANNOUNCE; /* RFC 5227 3 */
	if (arp_op(a) == ARP_REQUEST)
		return to_us ? ARP_CLAIM_REQUEST : 0;
	if (mac_is_group(mac_load(frame)))
		return ARP_CLAIM_ANNOUNCE;
	return to_us ? ARP_CLAIM_REPLY : 0;
}

static void arp_report(const struct iface *f, const uint8_t *a, uint8_t claim, struct report *r)
{
	*r = (struct report){
		.kind = REPORT_ARP,
		.claim = claim,
		.iface = f->id,
		.ip = ip_from4(arp_sender(a)),
		.mac = arp_sender_mac(a),
	};
}

static void arp_answer(const struct iface *f, struct pkt *p)
{
	const uint8_t *a = p->data + ETHER_LEN;
	const struct arp_fields reply = {
		.ether_dst = arp_sender_mac(a),
		.sender_mac = f->mac,
		.target_mac = arp_sender_mac(a),
		.sender = arp_target(a),
		.target = arp_sender(a),
		.op = ARP_REPLY,
	};

	arp_write(p->data, &reply);
	p->len = ETHER_MIN_LEN;
}

enum verdict arp_input(const struct iface *f, struct pkt *p, struct report *r, bool *report,
                       bool *answer)
{
	const uint8_t *a = p->data + ETHER_LEN;
	uint64_t dst;
	uint8_t claim;
	bool to_us;

	*report = false;
	*answer = false;
	if (!arp_is_sound(p))
		return DROP_ARP_BAD;
	dst = mac_load(p->data);
	if (!mac_is_group(dst) && dst != f->mac)
		return DROP_OTHER_MAC;
	if (arp_sender_mac(a) == f->mac || mac_load(p->data + 6) == f->mac)
		return CONSUMED_ARP; /* our own come back, or a forgery: no neighbour either way */
	to_us = iface_speaks4(f, arp_target(a));
	claim = arp_claim(p->data, to_us);
	if (iface_speaks4(f, arp_sender(a))) {
		/* RFC 5227 2.4: a conflict, whatever the operation. The agent defends. */
		arp_report(f, a, claim, r);
		*report = true;
		return CONSUMED_ARP;
	}
	/* A reply may be of a gateway outside all subnets: the agent knows whom it asked. */
	if (claim == ARP_CLAIM_REPLY || (claim != 0 && iface_on_link4(f, arp_sender(a)))) {
		arp_report(f, a, claim, r);
		*report = true;
	}
	if (to_us && arp_op(a) == ARP_REQUEST) {
		arp_answer(f, p); /* RFC 5227 2.1.1: also to a probe, whose sender is 0.0.0.0 */
		*answer = true;
	}
	return CONSUMED_ARP;
}
