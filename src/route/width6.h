/* SPDX-License-Identifier: BSD-2-Clause */
/* width6: how wide a radix node of the table is to be. Private to route/. */
#ifndef ROUTE_WIDTH6_H
#define ROUTE_WIDTH6_H

#include "route/rib6.h"

/**
 * width6 - by how many bits a radix node best tells routes apart
 * @at:   the first of them
 * @base, @len: the prefix that they are all below
 * @left: bits of the window below it
 * @n:    how many routes there are, as far as the window tells them apart
 * @few:  as many below an entry need no further node
 */
unsigned int width6(struct rib6_at at, struct ip base, unsigned int len, unsigned int left,
                    size_t n, size_t few);

#endif
