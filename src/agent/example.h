/* SPDX-License-Identifier: BSD-2-Clause */
/* example: a dropped packet in a few words, out of its first bytes. Private to agent/. */
#ifndef AGENT_EXAMPLE_H
#define AGENT_EXAMPLE_H

#include "pipeline/pipeline.h"
#include "wire/addr.h"

#define EXAMPLE_TEXT (2 * IP_TEXT + 16)

/**
 * example_format - "10.0.10.77 > 198.51.100.1 udp 33434", as far as the bytes are there
 * @text: EXAMPLE_TEXT bytes
 * @e:    anything at all may stand in it; behind IPv6's extension headers as behind none
 *
 * UDP and TCP are told with the destination port, ICMP and ICMPv6 with the type, others by number.
 * Return: @text. Context: any.
 */
const char *example_format(char *text, const struct drop_example *e);

#endif
