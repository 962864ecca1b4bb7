/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/own6.h"

#include "wire/ether.h"
#include "wire/ip6.h"

struct pkt own6_write(uint8_t *h, const struct own6 *o, uint16_t in)
{
	ip6_write(h, o->tclass_flow, o->l4, o->next, o->hop_limit);
	ip_store(h + 8, o->src);
	ip_store(h + 24, o->dst);
	return (struct pkt){
		.data = h - ETHER_LEN,
		.len = (uint16_t)(ETHER_LEN + IP6_LEN + o->l4),
		.in = in,
		.flags = (uint8_t)(PKT_ORIGINATED | PKT_IP6 |
	                           (ip6_is_link_local(o->src) ? PKT_LINK : 0)),
	};
}
