/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xsk: a port on a kernel network device: the XDP program that steers, and an AF_XDP socket on each
 * of its receive queues. Context: agent.
 */
#ifndef PORT_XSK_H
#define PORT_XSK_H

#include "base/why.h"
#include "port/port.h"

struct steer;

enum xsk_attach { XSK_ATTACH_AUTO, XSK_ATTACH_NATIVE, XSK_ATTACH_GENERIC };
enum xsk_zero_copy { XSK_ZERO_COPY_AUTO, XSK_ZERO_COPY_REQUIRE, XSK_ZERO_COPY_NEVER };

struct xsk_config {
	const char *name; /* of the device */
	uint16_t id;
	uint16_t tag;        /* of queue 0; queue i has tag + i. PORT_QUEUE_MAX tags are reserved */
	uint16_t max_queues; /* bind at most so many; 0: all */
	enum xsk_attach attach;
	enum xsk_zero_copy zero_copy;
	bool kernel;      /* control: kernel */
	bool drop;        /* on-failure: drop */
	bool bridge_port; /* leave link protocols to the kernel */
	bool tentative;   /* a predecessor's pinned program outlives the port: steer_settle() */
	const char *run_dir;
	struct frames *frames;
	/* The fill rings are filled from here before the sockets are bound (AF_XDP row 6). */
	struct frame_cache *cache;
};

/**
 * xsk_port_open - attach the program and bind a socket on every receive queue
 * @out: set on success; closed with port_close()
 * @cfg: what and how; nothing of it is kept but @frames
 * @e:   why it failed, in one line
 *
 * port->note tells why a mode other than the best one is in use. Waits up to 3 s for a queue whose
 * last owner is still closing (AF_XDP row 2).
 *
 * Return: 0 or a negative errno with everything undone and all frames back in @cfg->cache.
 */
[[nodiscard]] int xsk_port_open(struct port **out, const struct xsk_config *cfg, struct why *e);

/**
 * xsk_port_frames - how many frames keep every ring of a device full
 * @name:       of the device
 * @max_queues: as in struct xsk_config
 * @out:        set on success
 *
 * With fewer a fill ring may run dry, which some drivers do not survive (AF_XDP row 5).
 * Return: 0 or a negative errno.
 */
[[nodiscard]] int xsk_port_frames(const char *name, uint16_t max_queues, uint32_t *out);

/* How many queues of a device would be bound; a device that is not there: 0. @max_queues as above.
 */
uint32_t xsk_port_queues(const char *name, uint16_t max_queues);

/**
 * xsk_port_chunk - how long a frame must be for one packet of @mtu bytes
 * @name: of the device
 * @mtu:  0: the device's own
 *
 * Return: 2048, or 4096 where the MTU or the driver asks for it. A device that is not there: 2048.
 */
uint32_t xsk_port_chunk(const char *name, uint32_t mtu);

/* The port's program, for steer_read(), steer_drop_set(), steer_local_set(). */
struct steer *xsk_port_steer(const struct port *port);

/**
 * xsk_port_uncovered - receive queues of the device that have no socket now
 *
 * Their packets get the on-failure verdict. Asks the kernel each time: `ethtool -L` changes the
 * number while the port is open, and then it wants to be closed and opened again (AF_XDP row 10).
 */
uint32_t xsk_port_uncovered(const struct port *port);

#endif
