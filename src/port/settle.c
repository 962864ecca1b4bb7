/* SPDX-License-Identifier: BSD-2-Clause */
#include "port/settle.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK 4096

/* The least that the kernel binds: one frame, rings of two. */
static int probe_prepare(int fd, void *memory)
{
	const struct xdp_umem_reg reg = {
		.addr = (uint64_t)(uintptr_t)memory,
		.len = CHUNK,
		.chunk_size = CHUNK,
	};
	static const int rings[] = {XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING};
	const int entries = 2;

	if (setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)) < 0)
		return -errno;
	for (int i = 0; i < 3; i++) {
		if (setsockopt(fd, SOL_XDP, rings[i], &entries, sizeof(entries)) < 0)
			return -errno;
	}
	return 0;
}

bool queue_settled(uint32_t ifindex, uint32_t queue)
{
	const struct sockaddr_xdp to = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = XDP_COPY,
		.sxdp_ifindex = ifindex,
		.sxdp_queue_id = queue,
	};
	bool settled = true;
	void *memory;
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return true;
	memory = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		goto close_fd;
	if (probe_prepare(fd, memory) == 0 &&
	    bind(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		settled = errno != EBUSY;
	munmap(memory, CHUNK);

close_fd:
	close(fd);
	return settled;
}
