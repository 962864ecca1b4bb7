/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * groups: the multicast MACs that a kernel network device lets in, or all MACs (AF_XDP row 31). A
 * NIC drops what nobody asked it for, whatever socket is bound to it; so they are asked for by a
 * packet socket that receives nothing itself. It goes with the process, and what it asked for with
 * it. Context: agent.
 */
#ifndef PORT_GROUPS_H
#define PORT_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

/* All zero is one that asks for nothing. */
struct groups {
	int ifindex; /* 0: there is no socket */
	int fd;
	bool all;      /* everything is */
	uint64_t *mac; /* asked for, in no order */
	uint16_t n;
};

/**
 * groups_set - let just these in, beside what others ask for
 * @ifindex: the device; another than before is begun with anew. 0: none
 * @mac: @n of them, as mac_load() gives them
 *
 * The kernel counts who asks for an address, so that nobody's is taken away. Where one cannot be
 * asked for, the device is asked for all; a driver whose filter is full does that by itself.
 * Return: 0, or a negative errno: some may not be let in.
 */
[[nodiscard]] int groups_set(struct groups *g, int ifindex, const uint64_t *mac, uint16_t n);

/* Let everything in, whoever it is for: the device is promiscuous. @ifindex as above, but not 0.
 * Return: 0, or a negative errno with things as they were. */
[[nodiscard]] int groups_set_all(struct groups *g, int ifindex);

/* Ask for nothing any more. */
void groups_close(struct groups *g);

#endif
