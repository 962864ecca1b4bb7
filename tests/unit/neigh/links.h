/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two interfaces of the neighbour tests.
 *
 *   iface 0: 10.0.0.1/24, mtu 1500        iface 1: 16.0.0.1/8 and 192.0.2.1/31, mtu 9000
 */
#ifndef TEST_NEIGH_LINKS_H
#define TEST_NEIGH_LINKS_H

#include "iface/iface.h"

#define OUR_MAC0       0x010000000002ull
#define OUR_MAC1       0x110000000002ull
#define MAC_A          0x0a0000000002ull
#define MAC_B          0x0b0000000002ull
#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))
#define OUR_IP0        IP(10, 0, 0, 1)
#define OUR_IP1        IP(16, 0, 0, 1)
#define HOST           IP(10, 0, 0, 7)

static const struct iface_addr4 bed_addr0[] = {{OUR_IP0, 24}};
static const struct iface_addr4 bed_addr1[] = {{OUR_IP1, 8}, {IP(192, 0, 2, 1), 31}};

static inline struct iface bed_iface(uint16_t id)
{
	return (struct iface){
		.mac = id == 0 ? OUR_MAC0 : OUR_MAC1,
		.id = id,
		.mtu = id == 0 ? 1500 : 9000,
		.up = true,
		.n_addr4 = id == 0 ? 1 : 2,
		.addr4 = id == 0 ? bed_addr0 : bed_addr1,
		.name = "test",
	};
}

#endif
