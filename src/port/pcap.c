/* SPDX-License-Identifier: BSD-2-Clause */
#include "port/pcap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "port/capture.h"
#include "port/memory.h"

/* A memory port at whose other end are files. */
struct pcap_port {
	void *memory; /* the memory port's own backend */
	const struct port_ops *memory_ops;
	struct capture_in *in;
	struct capture_out *out;
	uint32_t longest;                   /* packet that frames and rings can hold */
	struct capture_packet next;         /* read ahead; @ns is UINT64_MAX when there is none */
	int damage;                         /* what stopped reading, 0 at the file's proper end */
	struct why why;                     /* of the damage */
	uint8_t packet[CAPTURE_PACKET_MAX]; /* on its way to the file */
};

static void pcap_kick(struct port_queue *, bool)
{
	/* pcap_port_flush() is what sends. */
}

static void pcap_port_close(struct port *port)
{
	struct pcap_port *pp = port->backend;

	port->backend = pp->memory;
	pp->memory_ops->close(port);
	capture_in_close(pp->in);
	capture_out_close(pp->out);
	free(pp);
}

static const struct port_ops pcap_ops = {
	.kick = pcap_kick,
	.close = pcap_port_close,
};

/* Read one packet ahead. */
static void in_advance(struct pcap_port *pp)
{
	int got = capture_read(pp->in, &pp->next, &pp->why);

	if (got == 1 && pp->next.len > pp->longest)
		got = why_fail(&pp->why, -EMSGSIZE,
		               "a packet of %u bytes came in; %u are the most a chain of "
		               "frames holds",
		               pp->next.len, pp->longest);
	if (got != 1)
		pp->next.ns = UINT64_MAX;
	if (got < 0)
		pp->damage = got;
}

static int files_open(struct pcap_port *pp, const struct pcap_config *cfg, struct why *e)
{
	int err = 0;

	pp->next.ns = UINT64_MAX;
	if (cfg->in != NULL)
		err = capture_in_open(&pp->in, cfg->in, e);
	if (err == 0 && cfg->out != NULL)
		err = capture_out_open(&pp->out, cfg->out, e);
	if (err == 0 && pp->in != NULL)
		in_advance(pp);
	return err;
}

int pcap_port_open(struct port **out, struct frames *f, const struct pcap_config *cfg,
                   struct why *e)
{
	struct memory_config memory = {
		.name = cfg->name,
		.id = cfg->id,
		.n_queues = 1,
		.tag = cfg->tag,
		.ring_size = cfg->ring_size,
		.mac = cfg->mac,
		.mtu = cfg->mtu,
	};
	struct pcap_port *pp = calloc(1, sizeof(*pp));
	uint32_t chain = FRAME_CHAIN_MAX + 1;
	struct port *port;
	int err;

	if (pp == NULL)
		return why_fail(e, -ENOMEM, "%s: out of memory", cfg->name);
	err = memory_port_open(&port, f, &memory);
	if (err < 0) {
		free(pp);
		return why_fail(e, err, "%s: %s", cfg->name, strerror(-err));
	}
	pp->longest =
		(chain < cfg->ring_size ? chain : cfg->ring_size) * (f->chunk - FRAME_HEADROOM);
	pp->memory = port->backend;
	pp->memory_ops = port->ops;
	port->backend = pp;
	port->ops = &pcap_ops;
	port->queue[0].ops = &pcap_ops;
	port->queue[0].mode = PORT_MODE_PCAP;
	err = files_open(pp, cfg, e);
	if (err < 0) {
		pcap_port_close(port);
		return err;
	}
	*out = port;
	return 0;
}

uint64_t pcap_port_next_ns(const struct port *port)
{
	const struct pcap_port *pp = port->backend;

	return pp->next.ns;
}

int pcap_port_deliver(struct port *port, uint64_t until_ns, struct why *e)
{
	struct pcap_port *pp = port->backend;
	int n = 0;

	while (pp->next.ns != UINT64_MAX && pp->next.ns <= until_ns) {
		if (!memory_port_inject(port, 0, pp->next.bytes, pp->next.len))
			return n;
		n++;
		in_advance(pp);
	}
	if (n == 0 && pp->damage != 0)
		return why_fail(e, pp->damage, "%s", pp->why.text);
	return n;
}

int pcap_port_flush(struct port *port, uint64_t now_ns, struct why *e)
{
	struct pcap_port *pp = port->backend;
	struct capture_packet p = {.bytes = pp->packet, .ns = now_ns};
	int n = 0;

	p.len = sizeof(pp->packet);
	while (memory_port_take(port, 0, pp->packet, &p.len)) {
		if (pp->out != NULL)
			capture_write(pp->out, &p);
		p.len = sizeof(pp->packet);
		n++;
	}
	if (n > 0 && pp->out != NULL && capture_flush(pp->out, e) < 0)
		return -EIO;
	return n;
}
