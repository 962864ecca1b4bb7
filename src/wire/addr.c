/* SPDX-License-Identifier: BSD-2-Clause */
/* addr: addresses from text and to text. */
#include "wire/addr.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>

#include "base/compiler.h"
#include "wire/ether.h"

/* A decimal number up to @max without leading zeros at *text, which moves behind it. */
static bool number_parse(const char **text, unsigned int max, unsigned int *number)
{
	const char *s = *text;
	unsigned int n = 0;

	if (*s < '0' || *s > '9' || (s[0] == '0' && s[1] >= '0' && s[1] <= '9'))
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		n = n * 10 + (unsigned int)(*s - '0');
		if (n > max)
			return false;
	}
	*text = s;
	*number = n;
	return true;
}

static bool quad_parse(const char **text, uint32_t *addr)
{
	uint32_t sum = 0;

	for (int i = 0; i < 4; i++) {
		unsigned int byte;

		if (i > 0 && *(*text)++ != '.')
			return false;
		if (!number_parse(text, 255, &byte))
			return false;
		sum = sum << 8 | byte;
	}
	*addr = sum;
	return true;
}

bool ip4_parse(const char *text, uint32_t *addr)
{
	uint32_t a;

	if (!quad_parse(&text, &a) || *text != '\0')
		return false;
	*addr = a;
	return true;
}

bool ip4_prefix_parse(const char *text, uint32_t *addr, uint8_t *len)
{
	unsigned int l;
	uint32_t a;

	if (!quad_parse(&text, &a) || *text++ != '/')
		return false;
	if (!number_parse(&text, 32, &l) || *text != '\0')
		return false;
	*addr = a;
	*len = (uint8_t)l;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool mac_parse(const char *text, uint64_t *mac)
{
	uint64_t m = 0;

	for (unsigned int i = 0; i < ETHER_ADDR_LEN; i++) {
		int high, low;

		if (i > 0 && *text++ != ':')
			return false;
		high = hex_digit(text[0]);
		if (high < 0)
			return false;
		low = hex_digit(text[1]);
		if (low < 0)
			return false;
		m |= (uint64_t)(unsigned int)(high << 4 | low) << (8 * i);
		text += 2;
	}
	if (*text != '\0')
		return false;
	*mac = m;
	return true;
}

const char *ip4_format(char *buf, uint32_t addr)
{
	(void)snprintf(buf, IP4_TEXT, "%u.%u.%u.%u", addr >> 24, addr >> 16 & 255, addr >> 8 & 255,
	               addr & 255);
	return buf;
}

const char *ip4_prefix_format(char *buf, uint32_t addr, uint8_t len)
{
	(void)snprintf(buf, IP4_PREFIX_TEXT, "%u.%u.%u.%u/%u", addr >> 24, addr >> 16 & 255,
	               addr >> 8 & 255, addr & 255, len & 63u);
	return buf;
}

/* The zone of "fe80::1%eth0" and the like are not of the address: inet_pton() refuses them. */
static bool ip6_parse(const char *text, struct ip *addr)
{
	uint8_t bytes[16];
	struct ip a;

	if (inet_pton(AF_INET6, text, bytes) != 1)
		return false;
	a = ip_load(bytes);
	if (ip_is4(a))
		return false;
	*addr = a;
	return true;
}

bool ip_parse(const char *text, struct ip *addr)
{
	uint32_t a4;

	if (!ip4_parse(text, &a4))
		return ip6_parse(text, addr);
	*addr = ip_from4(a4);
	return true;
}

bool ip_prefix_parse(const char *text, struct ip *addr, uint8_t *len)
{
	const char *slash = strchr(text, '/');
	char address[IP_TEXT];
	unsigned int l;
	struct ip a;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(address))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (!ip_parse(address, &a))
		return false;
	text = slash + 1;
	if (!number_parse(&text, ip_is4(a) ? 32 : 128, &l) || *text != '\0')
		return false;
	*addr = a;
	*len = (uint8_t)l;
	return true;
}

const char *ip_format(char *buf, struct ip addr)
{
	uint8_t bytes[16];

	if (ip_is4(addr))
		return ip4_format(buf, ip_to4(addr));
	ip_store(bytes, addr);
	return inet_ntop(AF_INET6, bytes, buf, IP_TEXT);
}

const char *ip_prefix_format(char *buf, struct ip addr, uint8_t len)
{
	char address[IP_TEXT];

	(void)snprintf(buf, IP_PREFIX_TEXT, "%s/%u", ip_format(address, addr), len);
	return buf;
}

const char *mac_format(char *buf, uint64_t mac)
{
	(void)snprintf(buf, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", (unsigned int)mac & 255,
	               (unsigned int)(mac >> 8) & 255, (unsigned int)(mac >> 16) & 255,
	               (unsigned int)(mac >> 24) & 255, (unsigned int)(mac >> 32) & 255,
	               (unsigned int)(mac >> 40) & 255);
	return buf;
}
