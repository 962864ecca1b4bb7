/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports as they are sent. Private to mld/. */
#ifndef MLD_REPORT_H
#define MLD_REPORT_H

#include <stdint.h>

#include "mld/mld.h"
#include "wire/ether.h"
#include "wire/icmp6.h"
#include "wire/ip6.h"

/* What a record of a report says of a group (RFC 3810 5.2.12), for who listens to all sources or to
 * none. */
enum mld_record {
	MLD_IS_EXCLUDE = 2, /* it is listened to */
	MLD_TO_INCLUDE = 3, /* it is not any more */
	MLD_TO_EXCLUDE = 4, /* it is from now on */
};

#define MLD_RECORD_LEN 20
#define MLD_RECORDS    ((IP6_MIN_MTU - IP6_LEN - 8 - ICMP6_LEN) / MLD_RECORD_LEN)

/* Gathers records into as few reports as there can be, or sends each as a message of MLDv1. */
struct mld_report {
	const struct mld_ops *ops;
	void *ctx;
	uint16_t iface;
	uint16_t n; /* records in @frame */
	bool v1;
	uint64_t mac;
	struct ip source; /* of the reports; :: while there is no better one */
	uint8_t frame[ETHER_LEN + IP6_MIN_MTU];
};

/* Say @record of @group. */
void mld_report_add(struct mld_report *r, enum mld_record record, struct ip group);

/* Send what has been gathered. */
void mld_report_flush(struct mld_report *r);

#endif
