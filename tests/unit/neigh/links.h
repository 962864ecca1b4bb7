/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two interfaces of the neighbour tests.
 *
 *   iface 0: 10.0.0.1/24, mtu 1500        iface 1: 16.0.0.1/8 and 192.0.2.1/31, mtu 9000
 *
 * With IPv6 both have the link-local address of their MAC, and 2001:db8::1/64 and 2001:db8:1::1/64.
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

/* An address of iface 0's subnet with IPv6, and one of iface 1's. */
#define NET0   0x20010db800000000ull
#define NET1   0x20010db800010000ull
#define OUR6_0 ((struct ip){NET0, 1})
#define OUR6_1 ((struct ip){NET1, 1})
#define HOST6  ((struct ip){NET0, 7})
#define LINK6  ((struct ip){0xfe80ull << 48, 7}) /* a host's */

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

/* The same, with IPv6 beside it. */
static inline struct iface bed_iface6(uint16_t id)
{
	static const struct iface_addr6 addr[2][2] = {
		{{{0xfe80ull << 48, 0xfffe000001ull}, 64, ADDR_USABLE},
	         {{NET0, 1}, 64, ADDR_USABLE}},
		{{{0xfe80ull << 48, 0xfffe000011ull}, 64, ADDR_USABLE},
	         {{NET1, 1}, 64, ADDR_USABLE}},
	};
	struct iface f = bed_iface(id);

	f.n_addr6 = 2;
	f.addr6 = addr[id];
	return f;
}

#endif
