/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * journal: what a device was like before Viaduct took it, in RUN_DIR/journal-IFINDEX, one file a
 * device. Written whole (temporary file, fsync, rename) before the first change, removed after the
 * device was given back. Addresses and routes are kept as the netlink messages that make them, so
 * that nothing the kernel knows of them is lost. Pure storage: talks to no kernel.
 */
#ifndef NETLINK_JOURNAL_H
#define NETLINK_JOURNAL_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#include "base/why.h"

#define JOURNAL_SYSCTLS 4
#define JOURNAL_UNKNOWN (-1) /* the kernel has no such setting here */

/* As it lies in the file: fixed widths, no holes. A change of it is a new JOURNAL_VERSION. */
struct journal_link {
	uint64_t taken_ns; /* when it was taken, CLOCK_BOOTTIME */
	uint64_t mac;
	uint64_t perm_mac; /* 0: none */
	uint64_t
		own_macs[2]; /* that Viaduct gave it since, or 0: the device is known by them too */
	int32_t ifindex;
	uint32_t mtu;
	int32_t up;
	int32_t rxvlan;                  /* or JOURNAL_UNKNOWN */
	int32_t tag_features;            /* enum tag_feature bits, or JOURNAL_UNKNOWN */
	int32_t addr_gen_mode;           /* or JOURNAL_UNKNOWN */
	int32_t sysctl[JOURNAL_SYSCTLS]; /* in the order of device.c's table, or JOURNAL_UNKNOWN */
	char name[16];
	char boot_id[40]; /* of the kernel whose settings these are */
};

struct journal {
	struct journal_link link;
	uint8_t *messages; /* RTM_NEWADDR and RTM_NEWROUTE, each aligned */
	size_t bytes, room;
};

/* Free what @j holds; a zeroed journal is empty. Context: agent. */
void journal_fini(struct journal *j);

/* Add a copy of the message @nlh. Context: agent. Return: 0, -ENOMEM. */
[[nodiscard]] int journal_add(struct journal *j, const struct nlmsghdr *nlh);

/**
 * journal_encode - the bytes of the file
 * @j:     journal
 * @out:   set on success; the caller frees it
 * @bytes: set on success
 *
 * Context: any. Return: 0, -ENOMEM.
 */
[[nodiscard]] int journal_encode(const struct journal *j, uint8_t **out, size_t *bytes);

/**
 * journal_decode - the journal out of the bytes of its file
 * @j:     zeroed; filled on success, freed with journal_fini()
 * @file:  bytes
 * @bytes: how many
 *
 * Context: any. Return: 0, -EBADMSG when the file is truncated or garbled, -EPROTONOSUPPORT when
 * another version wrote it, -ENOMEM.
 */
[[nodiscard]] int journal_decode(struct journal *j, const uint8_t *file, size_t bytes);

/**
 * journal_write - put the journal on disk, in place of an older one of the same device
 *
 * Context: agent. Return: 0 when it is on disk; a negative errno with the older one untouched.
 */
[[nodiscard]] int journal_write(const char *run_dir, const struct journal *j, struct why *why);

/**
 * journal_read - find the journal of a device
 * @run_dir: directory
 * @ifindex: device
 * @j:       zeroed; filled on success, freed with journal_fini()
 * @why:     set on failure, but for -ENOENT
 *
 * A file that cannot be understood is renamed to journal-IFINDEX.bad, out of the way and kept.
 *
 * Context: agent. Return: 0, -ENOENT when there is none, -EBADMSG when it was put aside.
 */
[[nodiscard]] int journal_read(const char *run_dir, int ifindex, struct journal *j,
                               struct why *why);

/* Remove the journal of @ifindex; none is fine. Context: agent. */
[[nodiscard]] int journal_remove(const char *run_dir, int ifindex, struct why *why);

/**
 * journal_list - which devices have a journal
 * @run_dir:   directory; one that does not exist has none
 * @ifindexes: set on success; the caller frees it
 * @n:         set on success
 * @why:       set on failure
 *
 * Drafts that a crash within journal_write() has left are removed.
 *
 * Context: agent. Return: 0 or a negative errno.
 */
[[nodiscard]] int journal_list(const char *run_dir, int **ifindexes, size_t *n, struct why *why);

#endif
