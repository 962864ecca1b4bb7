/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pin: the file RUN_DIR/bpf/link-IFINDEX that keeps an XDP link alive without a process. Private to
 * src/port. Context: agent.
 */
#ifndef PORT_PIN_H
#define PORT_PIN_H

#include <stdint.h>

#include "base/why.h"

/* Pin the link @fd, mounting the BPF file system if need be. Return: 0 or a negative errno. */
[[nodiscard]] int pin_set(const char *run_dir, uint32_t ifindex, int fd, struct why *e);

/* The pinned link of the device, as a file descriptor, or -ENOENT. A pin of something else, or of a
 * device that is gone, is removed. */
[[nodiscard]] int pin_open(const char *run_dir, uint32_t ifindex);

/* Remove the pin if there is one. Return: 0 or a negative errno; no pin is no error. */
int pin_remove(const char *run_dir, uint32_t ifindex);

#endif
