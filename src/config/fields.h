/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fields: what the files of the schema's tables share: macros, and the keys that are those of
 * interfaces and of the router's feet in bridges alike, which lie in different structs. Private to
 * config/.
 */
#ifndef CONFIG_FIELDS_H
#define CONFIG_FIELDS_H

#include <stddef.h>

#include "config/check.h"

/* Where a value lies, for designated initialisers. */
#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define ARRAY_AT(type, array, n)                                                   \
	.offset = offsetof(type, array), .size = sizeof(((type *)NULL)->array[0]), \
	.count = offsetof(type, n)
#define SAID_AT(type, member) .said = offsetof(type, member)

extern const struct schema address_element;
extern const struct schema ra_fields[];
extern const struct schema bridge_element;
extern const char *const none_words[], *const urpf_words[];

/* These of the struct config_interface that lies in @around as @foot, with a dot or empty. */
#define FIELD_ADDRESSES(around, foot)                                                           \
	{                                                                                       \
		.key = "addresses", .type = SCHEMA_LIST,                                        \
		.help = "addresses with the length of their subnet; the first is "              \
			"the primary one",                                                      \
		ARRAY_AT(around, foot addresses, foot n_addresses), .fields = &address_element, \
		.max = 1024, .change = CONFIG_CHANGE_ADDRESSES,                                 \
	}
#define FIELD_MTU(around, foot)                                                         \
	{                                                                               \
		.key = "mtu", .type = SCHEMA_NUMBER,                                    \
		.help = "longest IP packet; that of the device or devices if not said", \
		AT(around, foot mtu), .min = 68 /* RFC 791 3.2 */, .max = 9216,         \
		.change = CONFIG_CHANGE_MTU,                                            \
	}
#define FIELD_URPF(around, foot)                                                       \
	{                                                                              \
		.key = "urpf", .type = SCHEMA_WORD,                                    \
		.help = "whether packets are refused whose source has no route back: " \
			"strict, by this interface; loose, by any",                    \
		AT(around, foot urpf), .words = urpf_words, .fallback = "off",         \
		.change = CONFIG_CHANGE_URPF,                                          \
	}
#define FIELD_REDIRECTS(around, foot)                                                             \
	{                                                                                         \
		.key = "redirects", .type = SCHEMA_BOOL,                                          \
		.help = "tell hosts of better gateways on their own link",                        \
		AT(around, foot redirects), .fallback = "yes", .change = CONFIG_CHANGE_REDIRECTS, \
	}
#define FIELD_DAD(around, foot)                                                       \
	{                                                                             \
		.key = "dad", .type = SCHEMA_BOOL,                                    \
		.help = "look for duplicates before an IPv6 address is used",         \
		AT(around, foot dad), .fallback = "yes", .change = CONFIG_CHANGE_DAD, \
	}
#define FIELD_RA(around, foot, place)                                                          \
	{                                                                                      \
		.key = "router-advertisement", .type = SCHEMA_MAPPING,                         \
		.help = "announce the router and the link to IPv6 hosts", .fields = ra_fields, \
		.offset = (place), SAID_AT(around, foot ra.send), .check = check_ra,           \
		.change = CONFIG_CHANGE_RA,                                                    \
	}

#endif
