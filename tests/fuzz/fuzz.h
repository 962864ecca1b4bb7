/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz: what every fuzz target has. With libFuzzer it finds inputs; with replay.c it tries those
 * that are kept in a folder. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Try one input; abort() where something does not hold. Return: 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
