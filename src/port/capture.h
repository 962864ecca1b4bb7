/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capture: a capture file of Ethernet frames to read, or one to write. Apart from pcap.c because
 * libpcap's headers and the kernel's both define struct bpf_insn. Private to src/port.
 */
#ifndef PORT_CAPTURE_H
#define PORT_CAPTURE_H

#include <stdint.h>

#include "base/why.h"

#define CAPTURE_PACKET_MAX 65535

struct capture_in;
struct capture_out;

/* A packet in a file; @bytes are the reader's until the next one is read. */
struct capture_packet {
	const uint8_t *bytes;
	uint32_t len;
	uint64_t ns; /* since 1970 */
};

[[nodiscard]] int capture_in_open(struct capture_in **out, const char *name, struct why *e);
void capture_in_close(struct capture_in *c);

/* Return: 1, 0 at the end of the file, or -EIO when it is damaged. */
[[nodiscard]] int capture_read(struct capture_in *c, struct capture_packet *p, struct why *e);

[[nodiscard]] int capture_out_open(struct capture_out **out, const char *name, struct why *e);
void capture_out_close(struct capture_out *c);

/* @p->len may exceed CAPTURE_PACKET_MAX; the bytes beyond are not written. */
void capture_write(struct capture_out *c, const struct capture_packet *p);

/* Bring what was written to the file. Return: 0 or -EIO. */
[[nodiscard]] int capture_flush(struct capture_out *c, struct why *e);

#endif
