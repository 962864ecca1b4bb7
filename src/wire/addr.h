/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * addr: addresses as people write them. Parsing is strict: four decimal numbers without leading
 * zeros, prefix lengths and MACs in full, and nothing before or behind.
 */
#ifndef WIRE_ADDR_H
#define WIRE_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/ip.h"

#define IP4_TEXT        16 /* 255.255.255.255 and NUL */
#define IP4_PREFIX_TEXT 19 /* 255.255.255.255/32 and NUL */
#define IP_TEXT         46 /* of either family, and NUL */
#define IP_PREFIX_TEXT  50 /* with a length, and NUL */
#define MAC_TEXT        18 /* 02:00:00:00:00:01 and NUL */

/* Read "192.0.2.1". @addr (host byte order) is set on success. Context: any. */
[[nodiscard]] bool ip4_parse(const char *text, uint32_t *addr);

/* Read "192.0.2.1/24"; host bits stay. @addr and @len are set on success. Context: any. */
[[nodiscard]] bool ip4_prefix_parse(const char *text, uint32_t *addr, uint8_t *len);

/* Read an address of either family: "192.0.2.1", "2001:db8::1" (RFC 4291 2.2, in either case,
 * without a zone). Of IPv6 those that stand for IPv4 here, IPv4-mapped, are none. Context: any. */
[[nodiscard]] bool ip_parse(const char *text, struct ip *addr);

/* The same with a length, up to 32 or 128; host bits stay. Context: any. */
[[nodiscard]] bool ip_prefix_parse(const char *text, struct ip *addr, uint8_t *len);

/* Read "02:00:00:00:00:01", in either case. @mac is as mac_load() gives it. Context: any. */
[[nodiscard]] bool mac_parse(const char *text, uint64_t *mac);

/* Write to @buf of IP_TEXT or IP_PREFIX_TEXT bytes: IPv6 as RFC 5952 has it. Return: @buf. Context:
 * any. */
const char *ip_format(char *buf, struct ip addr);
const char *ip_prefix_format(char *buf, struct ip addr, uint8_t len);

/* Write to @buf of IP4_TEXT, IP4_PREFIX_TEXT or MAC_TEXT bytes. Return: @buf. Context: any. */
const char *ip4_format(char *buf, uint32_t addr);
const char *ip4_prefix_format(char *buf, uint32_t addr, uint8_t len);
const char *mac_format(char *buf, uint64_t mac);

#endif
