/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/icmp6.h"

#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ip6.h"

/* A hop-by-hop header with router alert for MLD (RFC 2711 2.1), padded to 8 bytes. */
static void alert_write(uint8_t *o)
{
	const uint8_t alert[8] = {IP6_ICMP, 0, IP6_OPT_ROUTER_ALERT, 2, 0, 0, IP6_OPT_PADN, 0};

	store64(o, load64(alert));
}

uint16_t icmp6_frame(uint8_t *frame, const struct icmp6_head *h, uint16_t len)
{
	uint8_t *ip = frame + ETHER_LEN, *m = frame + ICMP6_FRAME_HEAD(h->router_alert);
	uint16_t payload = (uint16_t)(m + len - ip - IP6_LEN);

	mac_store(frame, h->mac_dst);
	mac_store(frame + ETHER_ADDR_LEN, h->mac_src);
	store16(frame + 12, ETHERTYPE_IP6);
	ip6_write(ip, 0, payload, h->router_alert ? IP6_HOP_BY_HOP : IP6_ICMP, h->hop_limit);
	ip_store(ip + 8, h->src);
	ip_store(ip + 24, h->dst);
	if (h->router_alert)
		alert_write(ip + IP6_LEN);
	store16(m + 2, 0);
	store16(m + 2, (uint16_t)~csum_fold(csum_add(m, len, csum_pseudo6(ip, IP6_ICMP, len))));
	return (uint16_t)(m + len - frame);
}
