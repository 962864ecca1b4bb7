/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcap: a port between two capture files. Packets of one come in at their timestamps, as far as
 * the caller's clock has got; what is sent goes into the other. One queue, no device, no root, and
 * the same output for the same input. One thread turns the crank:
 *
 *     while ((now = the least pcap_port_next_ns() of all ports) != UINT64_MAX)
 *             pcap_port_deliver(each, now), the pipeline, pcap_port_flush(each, now)
 */
#ifndef PORT_PCAP_H
#define PORT_PCAP_H

#include "base/why.h"
#include "port/port.h"

struct pcap_config {
	const char *name;
	uint16_t id;
	uint16_t tag;
	uint32_t ring_size; /* a power of two */
	uint64_t mac;       /* as mac_load() gives it */
	uint32_t mtu;
	const char
		*in; /* capture file of Ethernet frames, pcap or pcapng; NULL: nothing comes in */
	const char
		*out; /* capture file to write, pcap with nanoseconds; NULL: sent into the void */
};

/**
 * pcap_port_open - a port that reads one file and writes another
 * @out: set on success; closed with port_close()
 * @f:   frame memory
 * @cfg: what it pretends to be
 * @e:   file and reason when it fails
 *
 * Return: 0, -EINVAL, -ENOMEM, or -EIO for what libpcap complains of.
 */
[[nodiscard]] int pcap_port_open(struct port **out, struct frames *f, const struct pcap_config *cfg,
                                 struct why *e);

/* When the next packet comes in, in ns since 1970; UINT64_MAX when none is left. */
uint64_t pcap_port_next_ns(const struct port *port);

/**
 * pcap_port_deliver - let packets come in whose time has come
 * @until_ns: those with this timestamp are the last
 * @e:        file and reason when it fails
 *
 * Stops when the fill ring is empty or the rx ring full: refill, and call again.
 * Return: how many packets came in, or a negative errno when the file is damaged there.
 */
[[nodiscard]] int pcap_port_deliver(struct port *port, uint64_t until_ns, struct why *e);

/**
 * pcap_port_flush - write what waits in the tx ring and complete it
 * @now_ns: its timestamp
 * @e:      file and reason when it fails
 *
 * Return: how many packets went out, or -EIO.
 */
[[nodiscard]] int pcap_port_flush(struct port *port, uint64_t now_ns, struct why *e);

#endif
