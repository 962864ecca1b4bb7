/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mld: the multicast groups that the router itself is in, made known on its links so that switches
 * let them through: the listener's side of MLDv2 (RFC 3810 6), and of MLDv1 (RFC 2710) where a
 * querier speaks that. The groups follow from the interfaces. What is to be sent goes out through
 * the ops, and time is an argument: a test needs neither threads nor a clock.
 */
#ifndef MLD_MLD_H
#define MLD_MLD_H

#include <stdbool.h>
#include <stdint.h>

#include "iface/iface.h"
#include "wire/ip.h"

/* None of these may call the listener back. */
struct mld_ops {
	/* Send a whole frame of @len bytes by @iface; the bytes are copied. */
	void (*send)(void *ctx, uint16_t iface, const uint8_t *frame, uint16_t len);
};

/* A query that came in and was found sound (RFC 3810 6.2). */
struct mld_query {
	struct ip group;  /* ::: all of them */
	uint16_t code;    /* how long an answer may take, as it is in the message, host order */
	uint16_t version; /* 1: one of MLDv1 (24 bytes) */
};

struct mld;

/**
 * mld_groups - the groups that @f is in: all routers, and the solicited-node groups of its
 * addresses
 * @groups: room for @f->n_addr6 + 1
 *
 * All nodes, which everyone is in and nobody reports (RFC 3810 6), is not among them.
 * Context: any. Return: how many; 0 without an IPv6 address.
 */
uint16_t mld_groups(const struct iface *f, struct ip *groups);

/**
 * mld_new - a listener for @n interfaces that is in no group yet
 * @out: set on success
 * @seed: of what its timers are spread with, not 0
 *
 * Context: agent. Return: 0 or -ENOMEM.
 */
[[nodiscard]] int mld_new(struct mld **out, const struct mld_ops *ops, void *ctx, uint16_t n,
                          uint64_t seed);
void mld_free(struct mld *m);

/* Have room for what mld_set_ifaces() will do with @s. Context: agent. Return: 0 or -ENOMEM. */
[[nodiscard]] int mld_reserve(struct mld *m, const struct ifaces *s);

/*
 * The interfaces changed, and mld_reserve() has seen how. Groups that come or go are reported at
 * once, and once more within a second; all of them when a link comes up or gets a link-local
 * address that is usable (RFC 3590 4). @s is not kept. Context: agent, before a new address is
 * probed for.
 */
void mld_set_ifaces(struct mld *m, const struct ifaces *s, uint64_t now_ns);

/* A query came in by @iface. Context: agent. */
void mld_query(struct mld *m, uint16_t iface, const struct mld_query *q, uint64_t now_ns);

/* Interface @iface goes: leave its groups. Context: agent. Return: was anything sent? */
bool mld_stop(struct mld *m, uint16_t iface, uint64_t now_ns);

/* Send what is due. Return: when something is next, UINT64_MAX if nothing; any other call may bring
 * that forward. Context: agent. */
uint64_t mld_tick(struct mld *m, uint64_t now_ns);

#endif
