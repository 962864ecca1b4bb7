/* SPDX-License-Identifier: BSD-2-Clause */
/* The message, as it is kept: without the option that bears the MAC, which is added when it goes
 * out. Private to ra/. */
#ifndef RA_WRITE_H
#define RA_WRITE_H

#include <stdint.h>

#include "ra/ra.h"
#include "wire/icmp6.h"
#include "wire/ip6.h"

/* The longest: with the MAC's option it makes a packet that any link carries. */
#define RA_BYTES (IP6_MIN_MTU - IP6_LEN - ND_LLADDR_LEN)

/* Write the message of @c, of which ra_length() is within bounds, to @m. Return: bytes. */
uint16_t ra_write(uint8_t *m, const struct ra_config *c);

/*
 * Append to the message @m of @len bytes, as far as RA_BYTES go, with lifetimes of 0, what the
 * message @was of @n_was bytes had and @m has not: prefixes (RFC 4861 4.6.2), DNS servers and
 * domains (RFC 8106 5.1, 5.2). Return: the new length.
 */
uint16_t ra_write_ended(uint8_t *m, uint16_t len, const uint8_t *was, uint16_t n_was);

/* Make the message say that the router is none (RFC 4861 6.2.5, RFC 4191 2.2). */
static inline void ra_write_final(uint8_t *m)
{
	m[5] &= (uint8_t)~ND_RA_PREFERENCE;
	store16(m + 6, 0);
}

#endif
