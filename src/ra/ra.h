/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ra: what the router advertises of itself on its links (RFC 4861 6.2), and when. The agent says
 * for each interface what that is; what is to be sent goes out through the ops, and time is an
 * argument: a test needs neither threads nor a clock.
 *
 * What is advertised is kept as the message, made once; so nothing here can fail but for length.
 */
#ifndef RA_RA_H
#define RA_RA_H

#include <stdbool.h>
#include <stdint.h>

#include "iface/iface.h"
#include "wire/ip.h"

/* Of the router among others that advertise on the link (RFC 4191 2.1). */
enum ra_preference {
	RA_PREFERENCE_LOW,
	RA_PREFERENCE_MEDIUM,
	RA_PREFERENCE_HIGH,
};

#define RA_FOREVER UINT32_MAX /* as a lifetime */

struct ra_prefix {
	struct ip addr; /* bits beyond @len are ignored */
	uint8_t len;
	bool on_link, autonomous;
	uint32_t valid, preferred; /* s */
};

/* What one interface advertises. What is pointed to is the caller's. */
struct ra_config {
	uint32_t interval;  /* MaxRtrAdvInterval, s: 4..1800 */
	uint32_t reachable; /* ms; 0: not said */
	uint32_t retrans;   /* ms; 0: not said */
	uint32_t mtu;       /* 0: not said */
	uint16_t lifetime;  /* as a default router, s; 0: it is none */
	uint8_t hop_limit;  /* for packets of hosts; 0: not said */
	uint8_t preference; /* enum ra_preference */
	bool managed, other;
	uint16_t n_prefixes, n_dns_servers, n_dns_search;
	uint32_t dns_lifetime; /* s */
	const struct ra_prefix *prefixes;
	const struct ip *dns_servers;
	const char *const *dns_search; /* domains, labels of at most 63 bytes */
};

/* None of these may call the advertiser back. */
struct ra_ops {
	/* Send a whole frame of @len bytes by @iface; the bytes are copied. */
	void (*send)(void *ctx, uint16_t iface, const uint8_t *frame, uint16_t len);
};

struct ra;

/**
 * ra_length - how long a packet @c makes, from the IPv6 header on
 *
 * 64, and 8 with an MTU, and 32 a prefix, and 8 + 16 * n with n DNS servers, and with domains 8 +
 * the sum of their lengths, each 2 more, rounded up to a multiple of 8. At most IP6_MIN_MTU can be
 * sent. Context: any.
 */
uint32_t ra_length(const struct ra_config *c);

/**
 * ra_new - an advertiser for @n interfaces that advertises nothing yet
 * @out: set on success
 * @seed: of what its timers are spread with, not 0
 *
 * Context: agent. Return: 0 or -ENOMEM.
 */
[[nodiscard]] int ra_new(struct ra **out, const struct ra_ops *ops, void *ctx, uint16_t n,
                         uint64_t seed);
void ra_free(struct ra *ra);

/**
 * ra_set - what interface @iface advertises from now on; NULL: nothing
 *
 * What changed is made known as if the interface had begun anew; prefixes, DNS servers and domains
 * that went are in the next three messages, with lifetimes of 0, if there is room. Ceasing takes
 * three messages that say that the router is none (RFC 4861 6.2.5).
 * Context: agent. Return: 0; -EMSGSIZE with nothing changed, see ra_length().
 */
[[nodiscard]] int ra_set(struct ra *ra, uint16_t iface, const struct ra_config *c, uint64_t now_ns);

/*
 * The interfaces changed: who has no link, or no link-local address that is usable, waits; who has
 * them again begins anew. An address that goes while there is a link is retired. @s is not kept.
 * Context: agent.
 */
void ra_set_ifaces(struct ra *ra, const struct ifaces *s, uint64_t now_ns);

/* A sound solicitation came in by @iface (RFC 4861 6.2.6). Context: agent. */
void ra_solicited(struct ra *ra, uint16_t iface, uint64_t now_ns);

/*
 * Interface @iface goes, at once: one last message says so, if there was one before. That may be
 * less than three seconds ago. Context: agent. Return: was it sent?
 */
bool ra_stop(struct ra *ra, uint16_t iface, uint64_t now_ns);

/* Send what is due. Return: when something is next, UINT64_MAX if nothing; any other call may bring
 * that forward. Context: agent. */
uint64_t ra_tick(struct ra *ra, uint64_t now_ns);

#endif
