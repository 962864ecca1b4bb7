/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * steer: the XDP program on one interface, and the link that holds it there. With on-failure pass
 * the link is this process's alone and goes with it. With drop it is pinned in a BPF file system at
 * RUN_DIR/bpf, by ifindex, outlives the process, and the next one adopts it.
 *
 * Context: agent.
 */
#ifndef PORT_STEER_H
#define PORT_STEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/why.h"

/* The map layout that the program has too; <> because this file bears the same name. */
#include <steer.h>

struct steer;

struct steer_settings {
	const char *name;    /* of the interface, for messages */
	uint32_t ifindex;    /* what counts */
	const char *run_dir; /* for the pin */
	bool generic;        /* generic mode instead of native */
	bool kernel;         /* control: kernel */
	bool drop;           /* on-failure: drop */
	bool bridge_port;    /* leave 01:80:c2:00:00:0x to the kernel */
	bool tentative;      /* see steer_settle() */
};

/**
 * steer_open - load the program and attach it, or replace a pinned link's program by it
 * @out: set on success; freed by steer_close()
 * @s:   what to attach where; copied
 * @e:   why it failed
 *
 * Until steer_socket_set() every packet gets the on-failure verdict. Nothing is attached in
 * another mode than the one asked for.
 *
 * Return: 0; -EOPNOTSUPP when the driver has no native XDP; -EBUSY when another program is attached
 * there; another negative errno.
 */
[[nodiscard]] int steer_open(struct steer **out, const struct steer_settings *s, struct why *e);

/**
 * steer_settle - from now on steer_close() takes the program off
 *
 * Until then a program that was found pinned, a predecessor's, stays when @s is closed, if it was
 * opened as tentative: what on-failure: drop keeps out must not get in because a start fails.
 */
void steer_settle(struct steer *s);

/* Does a pinned program keep packets of the device out, without this process? */
bool steer_stays(const char *run_dir, uint32_t ifindex);

/* Detach the program, whatever on-failure says: the daemon stops on purpose. NULL is allowed. */
void steer_close(struct steer *s);

/* Let the program send @queue's packets to the socket @fd, or, with fd < 0, to none. */
[[nodiscard]] int steer_socket_set(struct steer *s, uint32_t queue, int fd);

/* Change the on-failure verdict of a program in service. Return: 0, or a negative errno with the
 * old one in force. */
[[nodiscard]] int steer_drop_set(struct steer *s, bool drop, struct why *e);

/* The device becomes, or no more is, a bridge's port: see steer_settings. Return: 0, or a negative
 * errno with nothing changed. */
[[nodiscard]] int steer_bridge_port_set(struct steer *s, bool bridge_port);

/* With control: kernel, add or remove an address of the kernel's own. @addr: 4 or 16 bytes (@bytes)
 * in network byte order. Removing what is not there is no error. */
[[nodiscard]] int steer_local_set(struct steer *s, const void *addr, size_t bytes, bool present);

/* Packets by decision, all CPUs summed. Return: 0 or a negative errno. */
[[nodiscard]] int steer_read(const struct steer *s, uint64_t count[STEER_DECISIONS]);

/**
 * steer_sweep - remove what dead processes left pinned
 * @run_dir: where RUN_DIR/bpf is
 * @keep:    ifindexes whose pins stay, to be adopted
 * @n:       how many; with 0 everything goes, the BPF file system too
 *
 * Pins of devices that are gone are removed even when kept. Return: how many pins were removed.
 */
size_t steer_sweep(const char *run_dir, const uint32_t *keep, size_t n);

/* The decision's name as users see it; never NULL for a valid one. */
const char *steer_decision_name(enum steer_decision d);

#endif
