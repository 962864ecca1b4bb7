/* SPDX-License-Identifier: BSD-2-Clause */
#include "port/capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct capture_in {
	pcap_t *pcap;
	char name[];
};

struct capture_out {
	pcap_t *form; /* gives the file its format */
	pcap_dumper_t *dumper;
	char name[];
};

/* libpcap's text names the file in some cases. */
static int capture_fail(struct why *e, const char *name, const char *why)
{
	if (strstr(why, name) != NULL)
		return why_fail(e, -EIO, "%s", why);
	return why_fail(e, -EIO, "%s: %s", name, why);
}

int capture_in_open(struct capture_in **out, const char *name, struct why *e)
{
	char why[PCAP_ERRBUF_SIZE];
	size_t name_bytes = strlen(name) + 1;
	struct capture_in *c = calloc(1, sizeof(*c) + name_bytes);
	int link;

	if (c == NULL)
		return why_fail(e, -ENOMEM, "%s: out of memory", name);
	memcpy(c->name, name, name_bytes);
	c->pcap = pcap_open_offline_with_tstamp_precision(name, PCAP_TSTAMP_PRECISION_NANO, why);
	if (c->pcap == NULL) {
		free(c);
		return capture_fail(e, name, why);
	}
	link = pcap_datalink(c->pcap);
	if (link != DLT_EN10MB) {
		capture_in_close(c);
		return why_fail(e, -EIO, "%s: holds no Ethernet frames (link type %d)", name, link);
	}
	*out = c;
	return 0;
}

void capture_in_close(struct capture_in *c)
{
	if (c == NULL)
		return;
	pcap_close(c->pcap);
	free(c);
}

int capture_read(struct capture_in *c, struct capture_packet *p, struct why *e)
{
	struct pcap_pkthdr *h;
	int got = pcap_next_ex(c->pcap, &h, &p->bytes);

	if (got == PCAP_ERROR_BREAK)
		return 0;
	if (got != 1)
		return capture_fail(e, c->name, pcap_geterr(c->pcap));
	if (h->caplen > CAPTURE_PACKET_MAX)
		return capture_fail(e, c->name, "a packet is longer than 65535 bytes");
	p->len = h->caplen;
	/* tv_usec counts nanoseconds: the file was opened so. */
	p->ns = (uint64_t)h->ts.tv_sec * NS_PER_SEC + (uint64_t)h->ts.tv_usec;
	return 1;
}

int capture_out_open(struct capture_out **out, const char *name, struct why *e)
{
	size_t name_bytes = strlen(name) + 1;
	struct capture_out *c = calloc(1, sizeof(*c) + name_bytes);
	int err;

	if (c == NULL)
		return why_fail(e, -ENOMEM, "%s: out of memory", name);
	memcpy(c->name, name, name_bytes);
	c->form = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, CAPTURE_PACKET_MAX,
	                                               PCAP_TSTAMP_PRECISION_NANO);
	if (c->form == NULL) {
		free(c);
		return why_fail(e, -ENOMEM, "%s: out of memory", name);
	}
	c->dumper = pcap_dump_open(c->form, name);
	if (c->dumper == NULL) {
		err = capture_fail(e, name, pcap_geterr(c->form));
		capture_out_close(c);
		return err;
	}
	*out = c;
	return 0;
}

void capture_out_close(struct capture_out *c)
{
	if (c == NULL)
		return;
	if (c->dumper != NULL)
		pcap_dump_close(c->dumper);
	pcap_close(c->form);
	free(c);
}

void capture_write(struct capture_out *c, const struct capture_packet *p)
{
	struct pcap_pkthdr h = {.len = p->len};

	h.caplen = p->len < CAPTURE_PACKET_MAX ? p->len : CAPTURE_PACKET_MAX;
	h.ts.tv_sec = (time_t)(p->ns / NS_PER_SEC);
	h.ts.tv_usec = (suseconds_t)(p->ns % NS_PER_SEC); /* nanoseconds, as above */
	pcap_dump((u_char *)c->dumper, &h, p->bytes);
}

int capture_flush(struct capture_out *c, struct why *e)
{
	if (pcap_dump_flush(c->dumper) < 0)
		return capture_fail(e, c->name, strerror(errno));
	return 0;
}
