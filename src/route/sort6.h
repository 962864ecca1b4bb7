/* SPDX-License-Identifier: BSD-2-Clause */
/* sort6: routes put in the order of fib6_next(). Private to route/. */
#ifndef ROUTE_SORT6_H
#define ROUTE_SORT6_H

#include <stddef.h>

#include "route/fib6.h"

/* Sort in place; equal ones keep their order. Return: 0, or -ENOMEM with nothing changed. */
[[nodiscard]] int sort6(struct fib6_route *r, size_t n);

#endif
