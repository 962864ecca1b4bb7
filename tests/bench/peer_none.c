/* SPDX-License-Identifier: BSD-2-Clause */
/* The peer where DPDK is not: it cannot be opened, and nothing else is called. */
#include <errno.h>

#include "peer.h"

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
