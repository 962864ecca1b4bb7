/* SPDX-License-Identifier: BSD-2-Clause */
#include "netarg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool netarg_mac(const char *text, uint8_t out[6])
{
	uint8_t mac[6];

	for (int i = 0; i < 6; i++) {
		char *end;
		unsigned long byte = strtoul(text, &end, 16);

		if (end == text || byte > 255 || *end != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = (uint8_t)byte;
		text = end + 1;
	}
	memcpy(out, mac, sizeof(mac));
	return true;
}

bool netarg_ip4(const char *text, uint32_t *out)
{
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) != 1)
		return false;
	*out = ntohl(a.s_addr);
	return true;
}

static bool range_prefix(uint32_t addr, const char *text, uint32_t *first, uint32_t *count)
{
	uint64_t len;

	if (!netarg_number(text, 1, 32, &len))
		return false;
	*count = 1u << (32 - len);
	*first = addr & ~(*count - 1);
	return true;
}

bool netarg_range4(const char *text, uint32_t *first, uint32_t *count)
{
	char part[64];
	size_t n = strcspn(text, "-/");
	uint32_t a, b;

	if (n >= sizeof(part))
		return false;
	memcpy(part, text, n);
	part[n] = '\0';
	if (!netarg_ip4(part, &a))
		return false;
	if (text[n] == '/')
		return range_prefix(a, text + n + 1, first, count);
	b = a;
	if (text[n] == '-' && (!netarg_ip4(text + n + 1, &b) || b < a || b - a == UINT32_MAX))
		return false;
	*first = a;
	*count = b - a + 1;
	return true;
}

bool netarg_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || v < min || v > max)
		return false;
	*out = v;
	return true;
}

bool netarg_seconds(const char *text, double *out)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end != '\0' || !(v >= 0.001 && v <= 86400))
		return false;
	*out = v;
	return true;
}

int netarg_pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}
