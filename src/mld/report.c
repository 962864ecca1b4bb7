/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of multicast listener reports: RFC 3810 5.2, RFC 2710 3. */
#include "mld/report.h"

#define V1_LEN 24

static void report_send(struct mld_report *r, struct ip dst, uint16_t len)
{
	const struct icmp6_head head = {
		.mac_dst = ip6_group_mac(dst),
		.mac_src = r->mac,
		.src = r->source,
		.dst = dst,
		.hop_limit = 1,
		.router_alert = true,
	};

	len = icmp6_frame(r->frame, &head, len);
	r->ops->send(r->ctx, r->iface, r->frame, len);
}

void mld_report_flush(struct mld_report *r)
{
	uint8_t *m = r->frame + ICMP6_FRAME_HEAD(true);

	if (r->n == 0)
		return;
	store32(m, ICMP6_MLD2_REPORT);
	store32(m + 4, (uint32_t)__builtin_bswap16(r->n) << 16);
	report_send(r, IP6_ALL_MLDV2, (uint16_t)(ICMP6_LEN + r->n * MLD_RECORD_LEN));
	r->n = 0;
}

/* A report goes to the group that it is about, and what is left is told to all routers. */
static void v1_send(struct mld_report *r, enum mld_record record, struct ip group)
{
	uint8_t *m = r->frame + ICMP6_FRAME_HEAD(true);
	bool done = record == MLD_TO_INCLUDE;

	store64(m, done ? ICMP6_MLD1_DONE : ICMP6_MLD1_REPORT);
	ip_store(m + ICMP6_LEN, group);
	report_send(r, done ? IP6_ALL_ROUTERS : group, V1_LEN);
}

void mld_report_add(struct mld_report *r, enum mld_record record, struct ip group)
{
	uint8_t *m = r->frame + ICMP6_FRAME_HEAD(true) + ICMP6_LEN + (size_t)r->n * MLD_RECORD_LEN;

	if (r->v1) {
		v1_send(r, record, group);
		return;
	}
	store32(m, record); /* no sources, no more data */
	ip_store(m + 4, group);
	if (++r->n == MLD_RECORDS)
		mld_report_flush(r);
}
