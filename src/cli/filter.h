/* SPDX-License-Identifier: BSD-2-Clause */
/* filter: what the user asks for, in the words of the daemon's rows. */
#ifndef CLI_FILTER_H
#define CLI_FILTER_H

#include <stddef.h>

/**
 * filters_new - the words of a command, addresses and prefixes among them as rows have them
 * @words: @n of them; must outlive the result
 *
 * An IPv6 address becomes that of RFC 5952.
 *
 * Return: an array of @n words, freed by free(); NULL without memory.
 */
[[nodiscard]] char **filters_new(char *const *words, size_t n);

#endif
