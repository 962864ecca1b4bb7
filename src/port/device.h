/* SPDX-License-Identifier: BSD-2-Clause */
/* device: what a port needs to know of its kernel network device. Context: agent. */
#ifndef PORT_DEVICE_H
#define PORT_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

struct device {
	char name[16]; /* the device's own name, not an alternative one */
	char driver[32];
	uint32_t ifindex;
	uint32_t mtu;
	uint32_t rx_queues;
	uint32_t tx_queues;
	uint32_t rx_ring;  /* descriptors of the NIC's receive ring; 0: it has none */
	uint64_t mac;      /* as mac_load() gives it */
	bool partial_csum; /* delivers half-made checksums (AF_XDP row 25) */
};

/**
 * device_read - find a device by name and ask the kernel about it
 * @d:    set on success
 * @name: its name, or an alternative name of at most 15 characters
 *
 * The number of queues can change when an XDP program is attached: read again after that.
 * Return: 0, -ENODEV, or another negative errno.
 */
[[nodiscard]] int device_read(struct device *d, const char *name);

#endif
