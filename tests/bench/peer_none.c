/* SPDX-License-Identifier: BSD-2-Clause */
/* The peer where DPDK is not: it cannot be opened, and nothing else is called. */
#include <errno.h>

#include "peer.h"
#include "peer6.h"
#include "peer_mac.h"

int peer_open(struct peer **, size_t, const char **why)
{
	*why = "built without DPDK (libdpdk-dev)";
	return -ENOTSUP;
}

void peer_close(struct peer *)
{
}

void peer_lookup(const struct peer *, const uint32_t *, uint64_t *, uint32_t)
{
}

int peer_insert(struct peer *, const struct workload_route *, uint16_t)
{
	return -ENOTSUP;
}

int peer_remove(struct peer *, const struct workload_route *)
{
	return -ENOTSUP;
}

int peer6_open(struct peer6 **, size_t, const char **why)
{
	*why = "built without DPDK (libdpdk-dev)";
	return -ENOTSUP;
}

void peer6_close(struct peer6 *)
{
}

void peer6_lookup(const struct peer6 *, const uint8_t *, uint64_t *, uint32_t)
{
}

int peer6_insert(struct peer6 *, const struct prefix6 *, uint16_t)
{
	return -ENOTSUP;
}

int peer6_remove(struct peer6 *, const struct prefix6 *)
{
	return -ENOTSUP;
}

size_t peer6_bytes(void)
{
	return 0;
}

int peer_mac_open(struct peer_mac **, uint32_t, const char *, const char **why)
{
	*why = "built without DPDK (libdpdk-dev)";
	return -ENOTSUP;
}

void peer_mac_close(struct peer_mac *)
{
}

int peer_mac_insert(struct peer_mac *, uint64_t, uint64_t)
{
	return -ENOTSUP;
}

uint64_t peer_mac_lookup(const struct peer_mac *, const uint64_t *, uint64_t *, uint32_t)
{
	return 0;
}
