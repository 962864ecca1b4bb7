/* SPDX-License-Identifier: BSD-2-Clause */
#include "port/xsk.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <uapi/if_xdp.h>

#include "base/clock.h"
#include "port/device.h"
#include "port/settle.h"
#include "port/steer.h"
#include "wire/ether.h"

#define XSK_RING         2048 /* rx and tx descriptors of a socket */
#define BIND_PATIENCE_NS (3 * NS_PER_SEC)
#define DRAIN_NS         (200 * NS_PER_MS)
#define PAUSE_MIN_NS     NS_PER_MS
#define PAUSE_MAX_NS     (64 * NS_PER_MS)
#define HEADER_LEN_MAX   (ETHER_LEN + 2 * VLAN_TAG_LEN)

static_assert(PORT_QUEUE_MAX == STEER_QUEUES, "the program's map has a place for each queue");

struct xsk_queue {
	struct xsk_umem *umem;
	struct xsk_socket *socket;
};

struct xsk_port {
	struct port port;
	struct device device;
	struct steer *steer;
	struct frames *frames;
	bool generic;
	enum xsk_zero_copy zero_copy;
	bool sg;           /* packets may be longer than a frame */
	uint64_t patience; /* until when a busy queue is tried again */
	struct xsk_queue queue[PORT_QUEUE_MAX];
};

static void pause_ns(uint64_t ns)
{
	nanosleep(&(struct timespec){.tv_nsec = (long)ns}, NULL);
}

/*
 * One system call. That the kernel is busy, short of memory or the link down is no error: what
 * waits in the ring stays there for the next kick (AF_XDP row 3). In copy mode a call moves at most
 * 32 packets on kernels without XDP_MAX_TX_SKB_BUDGET.
 */
static void xsk_kick(struct port_queue *q, bool tx)
{
	ssize_t n = tx ? sendto(q->fd, NULL, 0, MSG_DONTWAIT, NULL, 0)
	               : recvfrom(q->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);

	if (n < 0 && errno != EAGAIN && errno != EBUSY && errno != ENOBUFS && errno != ENETDOWN)
		counter_add(&q->counters.kick_errors, 1);
}

static void xsk_stats(struct port_queue *q)
{
	struct xdp_statistics s = {0};
	socklen_t len = sizeof(s);

	if (getsockopt(q->fd, SOL_XDP, XDP_STATISTICS, &s, &len) < 0)
		return;
	q->kernel = (struct port_queue_kernel){
		.rx_dropped = s.rx_dropped,
		.rx_invalid_descs = s.rx_invalid_descs,
		.tx_invalid_descs = s.tx_invalid_descs,
		.rx_ring_full = s.rx_ring_full,
		.rx_fill_ring_empty_descs = s.rx_fill_ring_empty_descs,
		.tx_ring_empty_descs = s.tx_ring_empty_descs,
	};
}

/* Wait, bounded, until the kernel is through with what was handed to it for transmission: in copy
 * mode the device may still read the frames when the socket is gone. */
static void xsk_drain(struct port_queue *q)
{
	uint64_t until = clock_ns() + DRAIN_NS;

	while (__atomic_load_n(q->comp.producer, __ATOMIC_ACQUIRE) - *q->comp.consumer <
	       q->tx_pending) {
		if (clock_ns() > until)
			return;
		xsk_kick(q, true);
		pause_ns(PAUSE_MIN_NS);
	}
}

static void xsk_queue_close(struct xsk_queue *x)
{
	if (x->socket != NULL)
		xsk_socket__delete(x->socket);
	if (x->umem != NULL)
		xsk_umem__delete(x->umem);
	*x = (struct xsk_queue){0};
}

/*
 * AF_XDP row 15: out of the map, drain, close one by one, detach last. The kernel lets go of a
 * queue later than close() returns, and a zero-copy NIC writes into frames until then: not before
 * that may they be taken back.
 */
static void xsk_close(struct port *port)
{
	struct xsk_port *xp = port->backend;
	uint64_t until;

	for (uint16_t i = 0; i < port->n_queues; i++) {
		if (xp->queue[i].socket != NULL)
			(void)steer_socket_set(xp->steer, i, -1);
	}
	for (uint16_t i = 0; i < port->n_queues; i++) {
		if (xp->queue[i].socket != NULL)
			xsk_drain(&port->queue[i]);
		xsk_queue_close(&xp->queue[i]);
	}
	until = clock_ns() + BIND_PATIENCE_NS;
	for (uint16_t i = 0; i < port->n_queues; i++) {
		while (port->queue[i].fd >= 0 && !queue_settled(port->ifindex, i) &&
		       clock_ns() < until)
			pause_ns(PAUSE_MIN_NS);
	}
	steer_close(xp->steer);
	free(port->queue);
	free(xp);
}

static const struct port_ops xsk_ops = {
	.kick = xsk_kick,
	.stats = xsk_stats,
	.close = xsk_close,
};

/* Fill ring's size: what the NIC's ring and the socket's hold, so that it never runs dry while
 * frames are under way (AF_XDP row 7). */
static uint32_t fill_size(const struct device *d)
{
	uint32_t want = d->rx_ring + XSK_RING;
	uint32_t size = XSK_RING;

	while (size < want)
		size *= 2;
	return size;
}

static int umem_create(struct xsk_port *xp, uint16_t i, struct why *e)
{
	struct port_queue *q = &xp->port.queue[i];
	struct frames *f = xp->frames;
	struct xsk_umem_config config = {
		.fill_size = fill_size(&xp->device),
		.comp_size = XSK_RING,
		.frame_size = f->chunk,
	};
	int err = xsk_umem__create(&xp->queue[i].umem, f->base, (uint64_t)f->n * f->chunk, &q->fill,
	                           &q->comp, &config);

	if (err == -ENOBUFS || err == -ENOMEM)
		return why_fail(e, err,
		                "%s: the kernel may not lock %llu MiB of frame memory: raise "
		                "the limit (LimitMEMLOCK=infinity in the unit, ulimit -l)",
		                xp->port.name, (unsigned long long)(f->bytes >> 20));
	if (err == -EPERM)
		return why_fail(e, err, "%s: no permission for AF_XDP sockets (CAP_NET_RAW)",
		                xp->port.name);
	if (err == -EAFNOSUPPORT)
		return why_fail(e, err, "%s: the kernel has no AF_XDP (CONFIG_XDP_SOCKETS)",
		                xp->port.name);
	if (err < 0)
		return why_fail(e, err, "%s: queue %u: cannot register the frame memory: %s",
		                xp->port.name, i, strerror(-err));
	return 0;
}

/* Bind in one mode, trying again while the queue's last owner is still closing (AF_XDP row 2). */
static int socket_bind(struct xsk_port *xp, uint16_t i, uint16_t copy_flag)
{
	struct port_queue *q = &xp->port.queue[i];
	struct xsk_socket_config config = {
		.rx_size = XSK_RING,
		.tx_size = XSK_RING,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
	};
	uint64_t pause = PAUSE_MIN_NS;
	int err;

	config.bind_flags = (uint16_t)(copy_flag | XDP_USE_NEED_WAKEUP);
	if (xp->sg)
		config.bind_flags |= XDP_USE_SG;
	for (;;) {
		err = xsk_socket__create(&xp->queue[i].socket, xp->device.name, i,
		                         xp->queue[i].umem, &q->rx, &q->tx, &config);
		if (err != -EBUSY || clock_ns() > xp->patience)
			return err;
		pause_ns(pause);
		pause = pause * 2 > PAUSE_MAX_NS ? PAUSE_MAX_NS : pause * 2;
	}
}

static int bind_error(const struct xsk_port *xp, uint16_t i, int err, struct why *e)
{
	const char *name = xp->port.name;

	if (err == -EBUSY)
		return why_fail(e, err, "%s: queue %u is held by another AF_XDP socket", name, i);
	if (xp->sg && err == -EINVAL)
		return why_fail(e, err,
		                "%s: an MTU of %u needs packets of several frames, which "
		                "this kernel or driver lacks (Linux 6.6): lower the MTU",
		                name, xp->port.mtu);
	return why_fail(e, err, "%s: queue %u: cannot bind an AF_XDP socket: %s", name, i,
	                strerror(-err));
}

static void note_copy(struct xsk_port *xp, int err)
{
	const char *driver = xp->device.driver[0] == 0 ? "the driver" : xp->device.driver;

	if (err == -EOPNOTSUPP)
		snprintf(xp->port.note, sizeof(xp->port.note), "%s offers no zero copy%s", driver,
		         xp->sg ? " at this MTU" : "");
	else
		snprintf(xp->port.note, sizeof(xp->port.note), "%s refuses zero copy: %s", driver,
		         strerror(-err));
}

/* Zero copy first where it may be, then copy. A zero-copy bind also succeeds under a generic-mode
 * program, which then never sees a packet: not tried there. */
static int socket_create(struct xsk_port *xp, uint16_t i, struct why *e)
{
	int err = -EOPNOTSUPP;

	if (xp->zero_copy != XSK_ZERO_COPY_NEVER && !xp->generic) {
		err = socket_bind(xp, i, XDP_ZEROCOPY);
		if (err == 0)
			return 0;
		if (err == -EBUSY)
			return bind_error(xp, i, err, e);
		note_copy(xp, err);
	}
	if (xp->zero_copy == XSK_ZERO_COPY_REQUIRE)
		return why_fail(e, err, "%s: `zero-copy: require` cannot be met on queue %u: %s",
		                xp->port.name, i,
		                xp->generic ? "generic mode copies" : xp->port.note);
	err = socket_bind(xp, i, XDP_COPY);
	return err < 0 ? bind_error(xp, i, err, e) : 0;
}

/* What the kernel says of the socket, not what it was asked for (AF_XDP row 1). */
static enum port_mode mode_read(const struct xsk_port *xp, int fd)
{
	struct xdp_options options = {0};
	socklen_t len = sizeof(options);

	if (getsockopt(fd, SOL_XDP, XDP_OPTIONS, &options, &len) == 0 &&
	    (options.flags & XDP_OPTIONS_ZEROCOPY) != 0)
		return PORT_MODE_ZERO_COPY;
	return xp->generic ? PORT_MODE_GENERIC : PORT_MODE_COPY;
}

static int queue_open(struct xsk_port *xp, uint16_t i, struct frame_cache *cache, struct why *e)
{
	struct port_queue *q = &xp->port.queue[i];
	const uint32_t budget = XSK_RING;
	int err = umem_create(xp, i, e);

	if (err < 0)
		return err;
	if (port_refill(q, cache) < fill_size(&xp->device))
		return why_fail(e, -ENOBUFS,
		                "%s: queue %u: no frames left for its rings: raise "
		                "`system: {frames: N}`",
		                xp->port.name, i);
	err = socket_create(xp, i, e);
	if (err < 0)
		return err;
	q->fd = xsk_socket__fd(xp->queue[i].socket);
	q->mode = mode_read(xp, q->fd);
	/* Older kernels refuse this and move 32 packets a call. */
	(void)setsockopt(q->fd, SOL_XDP, XDP_MAX_TX_SKB_BUDGET, &budget, sizeof(budget));
	return 0;
}

static int queues_open(struct xsk_port *xp, const struct xsk_config *cfg, struct why *e)
{
	xp->patience = clock_ns() + BIND_PATIENCE_NS;
	for (uint16_t i = 0; i < xp->port.n_queues; i++) {
		struct port_queue *q = &xp->port.queue[i];

		q->port = cfg->id;
		q->index = i;
		q->tag = (uint16_t)(cfg->tag + i);
		q->need_wakeup = true;
		q->fd = -1;
		q->ops = &xsk_ops;
		q->backend = &xp->queue[i];
	}
	for (uint16_t i = 0; i < xp->port.n_queues; i++) {
		int err = queue_open(xp, i, cfg->cache, e);

		if (err < 0)
			return err;
	}
	/* All sockets stand before the first packet comes. */
	for (uint16_t i = 0; i < xp->port.n_queues; i++) {
		int err = steer_socket_set(xp->steer, i, xp->port.queue[i].fd);

		if (err < 0)
			return why_fail(e, err,
			                "%s: queue %u: cannot steer to its socket: "
			                "%s",
			                xp->port.name, i, strerror(-err));
	}
	return 0;
}

static int program_attach(struct xsk_port *xp, const struct xsk_config *cfg, struct why *e)
{
	struct steer_settings set = {
		.name = xp->device.name,
		.ifindex = xp->device.ifindex,
		.run_dir = cfg->run_dir,
		.generic = cfg->attach == XSK_ATTACH_GENERIC,
		.kernel = cfg->kernel,
		.drop = cfg->drop,
		.bridge_port = cfg->bridge_port,
		.tentative = cfg->tentative,
	};

	return steer_open(&xp->steer, &set, e);
}

/* The queues of @d that are bound. */
static uint32_t device_queues(const struct device *d, uint16_t max_queues)
{
	uint32_t n = d->rx_queues < PORT_QUEUE_MAX ? d->rx_queues : PORT_QUEUE_MAX;

	return max_queues > 0 && n > max_queues ? max_queues : n;
}

/* Take over what the device is like now that the program is attached (AF_XDP row 10). */
static int port_describe(struct xsk_port *xp, const struct xsk_config *cfg, struct why *e)
{
	struct port *port = &xp->port;
	uint32_t n;
	int err = device_read(&xp->device, xp->device.name);

	if (err < 0)
		return why_fail(e, err, "%s: %s", port->name, strerror(-err));
	n = device_queues(&xp->device, cfg->max_queues);
	port->mac = xp->device.mac;
	port->mtu = xp->device.mtu;
	port->partial_csum = xp->device.partial_csum;
	xp->sg = port->mtu + HEADER_LEN_MAX > xp->frames->chunk - FRAME_HEADROOM;
	port->queue = aligned_alloc(CACHE_LINE, n * sizeof(struct port_queue));
	if (n == 0 || port->queue == NULL)
		return why_fail(e, -ENOMEM, "%s: no queues", port->name);
	memset(port->queue, 0, n * sizeof(struct port_queue));
	port->n_queues = (uint16_t)n;
	/* The kernel takes a socket's queue for one to send by without a look. */
	port->n_tx = (uint16_t)(xp->device.tx_queues < n ? xp->device.tx_queues : n);
	if (port->n_tx == 0)
		port->n_tx = 1;
	return 0;
}

int xsk_port_open(struct port **out, const struct xsk_config *cfg, struct why *e)
{
	struct xsk_port *xp = calloc(1, sizeof(*xp));
	int err;

	if (xp == NULL)
		return why_fail(e, -ENOMEM, "%s: out of memory", cfg->name);
	xp->frames = cfg->frames;
	xp->generic = cfg->attach == XSK_ATTACH_GENERIC;
	xp->zero_copy = cfg->zero_copy;
	xp->port.id = cfg->id;
	xp->port.ops = &xsk_ops;
	xp->port.backend = xp;
	err = device_read(&xp->device, cfg->name);
	if (err < 0) {
		why_fail(e, err, "%s: %s", cfg->name,
		         err == -ENODEV ? "there is no such device" : strerror(-err));
		goto close_port;
	}
	memcpy(xp->port.name, xp->device.name, sizeof(xp->port.name));
	xp->port.ifindex = xp->device.ifindex;
	err = program_attach(xp, cfg, e);
	if (err == 0)
		err = port_describe(xp, cfg, e);
	if (err == 0)
		err = queues_open(xp, cfg, e);
	if (err < 0)
		goto close_port;
	*out = &xp->port;
	return 0;

close_port:
	xsk_close(&xp->port);
	for (uint16_t i = 0; i < PORT_QUEUE_MAX; i++)
		frames_recover(cfg->cache, (uint16_t)(cfg->tag + i));
	return err;
}

int xsk_port_frames(const char *name, uint16_t max_queues, uint32_t *out)
{
	struct device d;
	int err = device_read(&d, name);

	if (err < 0)
		return err;
	/* Fill ring and rx ring; tx ring; completions share the tx ring's (I3). */
	*out = device_queues(&d, max_queues) * (fill_size(&d) + XSK_RING + XSK_RING);
	return 0;
}

uint32_t xsk_port_queues(const char *name, uint16_t max_queues)
{
	struct device d;

	return device_read(&d, name) < 0 ? 0 : device_queues(&d, max_queues);
}

uint32_t xsk_port_chunk(const char *name, uint32_t mtu)
{
	struct device d;

	if (device_read(&d, name) < 0)
		return 2048;
	/* igb splits a 1514-byte frame over 2048-byte chunks without a mark. */
	if (strcmp(d.driver, "igb") == 0)
		return 4096;
	return (mtu != 0 ? mtu : d.mtu) + HEADER_LEN_MAX > 2048 - FRAME_HEADROOM ? 4096 : 2048;
}

struct steer *xsk_port_steer(const struct port *port)
{
	const struct xsk_port *xp = port->backend;

	return xp->steer;
}

uint32_t xsk_port_uncovered(const struct port *port)
{
	struct device d;

	if (device_read(&d, port->name) < 0 || d.rx_queues < port->n_queues)
		return 0;
	return d.rx_queues - port->n_queues;
}
