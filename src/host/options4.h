/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options4: the options of an IPv4 header (RFC 791 3.1). Functions over a header whose length was
 * checked; read by host/ for what is addressed to the router, by pipeline/output.c for what goes
 * on. What is not record route, timestamp or a source route is left alone, router alert too (RFC
 * 2113: there is nothing here that listens).
 */
#ifndef HOST_OPTIONS4_H
#define HOST_OPTIONS4_H

#include <stdbool.h>
#include <stdint.h>

#include "iface/iface.h"
#include "packet/verdict.h"

/* Where things are, in octets from the header's start; 0: nowhere. */
struct options4 {
	uint8_t record; /* record route */
	uint8_t timestamp;
	uint8_t flaw; /* the octet that is wrong, of DROP_IP_OPTION */
};

/**
 * options4_check - look at all options of a header, and change nothing
 * @h:     IPv4 header, as long as it says
 * @local: for the router itself: a source route that ends here has done no harm
 * @o:     set in any case, as far as the look went
 *
 * Each is looked at up to the end of the list; what comes behind that is no option. A source route
 * is not followed (RFC 7126 4.3, 4.4), whatever else it has. Context: any.
 * Return: KEEP, DROP_SOURCE_ROUTE, or DROP_IP_OPTION for a length or pointer that makes no sense,
 * an option that may be there once and is there twice, or a timestamp's overflow that overflows.
 */
enum verdict options4_check(const uint8_t *h, bool local, struct options4 *o);

/* What a router writes into the options of what it sends. */
struct options4_stamp {
	uint32_t addr;               /* its own, host byte order */
	uint32_t ms;                 /* since midnight UT */
	const struct ifaces *ifaces; /* whose addresses others may have asked times of */
};

/**
 * options4_stamp - record route and timestamp, where there is room (RFC 1812 5.3.13.3, 5.3.13.5)
 * @h: IPv4 header that options4_check() found nothing wrong with
 * @o: what that found
 *
 * The header's checksum is right afterwards. Context: the frame's owner.
 */
void options4_stamp(uint8_t *h, const struct options4 *o, const struct options4_stamp *s);

/* Make all options but record route and timestamp no-operations; the checksum is left alone. @o: of
 * @h, by options4_check(). Context: the frame's owner. */
void options4_strip(uint8_t *h, const struct options4 *o);

#endif
